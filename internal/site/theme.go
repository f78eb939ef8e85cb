package site

import (
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"lianxin/internal/platform/errs"
	"lianxin/themes"
)

// Theme is a look of a site: a family of colour and an arrangement.
type Theme struct {
	Key      string
	Position int
	Brand    string
	// Layout is plain, scene, press or court.
	Layout string
	// Banner is the drawing of its home page until the clerk chooses another.
	Banner string
	Emblem string
}

// Drawing is the asset with the theme's own wide drawing.
func (t Theme) Drawing() string { return "theme-" + t.Key + ".svg" }

// loadThemes reads the descriptions that are built into the program.
func loadThemes() ([]Theme, error) {
	names, err := fs.Glob(themes.Files, "*.toml")
	if err != nil {
		return nil, err
	}
	var all []Theme
	for _, name := range names {
		t := Theme{Key: strings.TrimSuffix(name, ".toml")}
		if _, err := toml.DecodeFS(themes.Files, name, &t); err != nil {
			return nil, fmt.Errorf("theme %s: %w", name, err)
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Theme) int { return a.Position - b.Position })
	return all, nil
}

// Drawings are the pictures made for the product, by the names of their assets.
var Drawings = []string{"hills", "river", "bridge", "field", "eaves", "school", "factory"}

// pictureForm is the name of a drawing, or the hash of an uploaded picture.
var pictureForm = regexp.MustCompile(`^(?:` + strings.Join(Drawings, "|") + `|[0-9a-f]{64})$`)

// Look is what a person chooses of a site's looks.
type Look struct{ Theme, Colour, Banner, Emblem, Motto string }

// minContrast is what WCAG 1.4.3 asks of text (ACC-07).
const minContrast = 4.5

// Check returns the faults of a look. A colour must carry white words and be
// readable on its own wash, or the site could not be read.
func (l Look) Check(all []Theme) errs.Fields {
	var f errs.Fields
	if !slices.ContainsFunc(all, func(t Theme) bool { return t.Key == l.Theme }) {
		f.Add("theme", "site.theme.unknown")
	}
	if l.Banner != "" && !pictureForm.MatchString(l.Banner) {
		f.Add("banner", "site.banner.unknown")
	}
	tooLong(&f, "emblem", l.Emblem, 1)
	tooLong(&f, "motto", l.Motto, 40)
	if l.Colour == "" {
		return f
	}
	c, ok := parseColour(l.Colour)
	if !ok {
		f.Add("colour", "site.colour.form")
		return f
	}
	if ratio := contrast(c, c.mixed(white, .92)); ratio < minContrast {
		f.Add("colour", "site.colour.faint", errs.Args{"Ratio": strconv.FormatFloat(math.Floor(ratio*10)/10, 'f', 1, 64)})
	}
	return f
}

type colour [3]float64 // red, green, blue, 0…255

var (
	white = colour{255, 255, 255}
	black = colour{0, 0, 0}

	hexForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

func parseColour(s string) (c colour, ok bool) {
	if !hexForm.MatchString(s) {
		return c, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	return colour{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, err == nil
}

func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}

// mixed returns c with a share of another colour.
func (c colour) mixed(with colour, share float64) colour {
	for i := range c {
		c[i] += (with[i] - c[i]) * share
	}
	return c
}

// luminance as WCAG 2 defines it.
func (c colour) luminance() float64 {
	var l float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		v := c[i] / 255
		if v <= .04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// Sheet returns the style sheet of a site: the colour family of its brand.
func Sheet(brand string) string {
	c, ok := parseColour(brand)
	if !ok {
		return ""
	}
	return fmt.Sprintf(":root{--brand:%s;--brand-fill:%s;--brand-deep:%s;--brand-wash:%s;--brand-mist:%s}\n",
		c, c, c.mixed(black, .24), c.mixed(white, .92), c.mixed(white, .80))
}
