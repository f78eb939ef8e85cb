package site

import (
	"net/url"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/errs"
)

// BlockKind is what a part of the home page shows.
type BlockKind string

const (
	Lead     BlockKind = "lead"     // picture of the leading story, with a list beside it
	Columns  BlockKind = "columns"  // up to three columns side by side
	Rolling  BlockKind = "rolling"  // one list of the newest of several columns
	Tiles    BlockKind = "tiles"    // what one can do here
	Figures  BlockKind = "figures"  // a band of figures
	Subsites BlockKind = "subsites" // the sites of the organisations below
	Local    BlockKind = "local"    // what only this place has
	Text     BlockKind = "text"
	Picture  BlockKind = "picture"
)

// BlockKinds lists all kinds in the order forms show them.
var BlockKinds = []BlockKind{Lead, Columns, Rolling, Tiles, Figures, Subsites, Local, Text, Picture}

// maxBlocks keeps a home page one that is read to its end.
const maxBlocks = 16

// Block is a part of the home page.
type Block struct {
	bun.BaseModel `bun:"table:site_block,alias:b"`

	ID       int64 `bun:",pk,autoincrement"`
	SiteID   int64
	Position int
	Kind     BlockKind
	Title    string
	Config   BlockConfig `bun:"type:jsonb"`
}

// BlockConfig is what a block shows. Each kind uses some of it.
type BlockConfig struct {
	ColumnIDs []int64  `json:"columns,omitempty"`
	Limit     int      `json:"limit,omitempty"`
	Text      string   `json:"text,omitempty"`
	Picture   string   `json:"picture,omitempty"` // a drawing, or the hash of a file
	Alt       string   `json:"alt,omitempty"`
	Href      string   `json:"href,omitempty"`
	Tiles     []Tile   `json:"tiles,omitempty"`
	Figures   []Figure `json:"figures,omitempty"`
}

// Tile is an action a visitor may take.
type Tile struct {
	Mark  string `json:"mark"`
	Title string `json:"title"`
	Note  string `json:"note"`
	Href  string `json:"href"`
}

// Figure is a number in the band: counted by the node, or written by hand.
type Figure struct {
	// Source is one of FigureSources, or empty for a number written by hand.
	Source string `json:"source,omitempty"`
	Value  string `json:"value,omitempty"`
	Label  string `json:"label"`
}

// FigureSources are the numbers the node itself counts.
var FigureSources = []string{"articles", "columns", "subsites"}

// Uses reports whether blocks of kind k use a part of the configuration.
func (k BlockKind) Uses(part string) bool {
	return slices.Contains(map[BlockKind][]string{
		Lead:     {"column", "picture"},
		Columns:  {"columns", "limit"},
		Rolling:  {"columns", "limit"},
		Tiles:    {"tiles"},
		Figures:  {"figures", "text"},
		Subsites: {"limit"},
		Local:    {"text", "columns", "picture"},
		Text:     {"text"},
		Picture:  {"picture", "text", "href"},
	}[k], part)
}

// Limits of what one block holds.
const (
	maxTiles   = 8
	maxFigures = 5
	maxList    = 20
)

// Check returns the faults of a block among the columns of its site.
func (b Block) Check(all []Column) errs.Fields {
	var f errs.Fields
	if !slices.Contains(BlockKinds, b.Kind) {
		f.Add("kind", "site.block.kind_unknown")
	}
	tooLong(&f, "title", b.Title, 30)
	tooLong(&f, "text", b.Config.Text, 600)
	tooLong(&f, "alt", b.Config.Alt, 100)
	if b.Config.Limit < 0 || b.Config.Limit > maxList {
		f.Add("limit", "site.block.limit", errs.Args{"Max": maxList})
	}
	for _, id := range b.Config.ColumnIDs {
		if len(Ancestors(all, id)) == 0 {
			f.Add("columns", "site.block.column_unknown")
		}
	}
	if (b.Kind == Columns || b.Kind == Rolling) && len(b.Config.ColumnIDs) == 0 {
		f.Add("columns", "site.block.no_columns")
	}
	if b.Config.Picture != "" && !pictureForm.MatchString(b.Config.Picture) {
		f.Add("picture", "site.banner.unknown")
	}
	if b.Config.Href != "" && !ValidLink(b.Config.Href) {
		f.Add("href", "site.link.form")
	}
	b.checkRows(&f)
	return f
}

func (b Block) checkRows(f *errs.Fields) {
	if len(b.Config.Tiles) > maxTiles {
		f.Add("tiles", "site.block.too_many_tiles", errs.Args{"Max": maxTiles})
	}
	for _, t := range b.Config.Tiles {
		if t.Title == "" || !ValidLink(t.Href) {
			f.Add("tiles", "site.block.tile_incomplete", errs.Args{"Title": t.Title})
		}
		tooLong(f, "tiles", t.Mark, 2)
		tooLong(f, "tiles", t.Title, 12)
		tooLong(f, "tiles", t.Note, 24)
	}
	if len(b.Config.Figures) > maxFigures {
		f.Add("figures", "site.block.too_many_figures", errs.Args{"Max": maxFigures})
	}
	for _, x := range b.Config.Figures {
		if x.Label == "" || x.Source == "" && x.Value == "" || x.Source != "" && !slices.Contains(FigureSources, x.Source) {
			f.Add("figures", "site.block.figure_incomplete")
		}
		tooLong(f, "figures", x.Label, 16)
		tooLong(f, "figures", x.Value, 12)
	}
}

// ValidLink reports whether href is a path on this node or a web address.
// Anything that could run as a script is neither.
func ValidLink(href string) bool {
	u, err := url.Parse(href)
	if err != nil || len(href) > 500 || strings.ContainsAny(href, " \t\r\n\\") {
		return false
	}
	if u.Scheme == "" {
		return u.Host == "" && strings.HasPrefix(href, "/")
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// MenuEntry is an entry of a site's own menu: a column, or a link.
type MenuEntry struct {
	bun.BaseModel `bun:"table:site_menu,alias:m"`

	ID       int64 `bun:",pk,autoincrement"`
	SiteID   int64
	Position int
	Label    string
	ColumnID int64
	Href     string
}

// maxMenu is how many entries a menu may have; what does not fit in the line
// is folded away, so that 60 still look well.
const maxMenu = 60

// CheckMenu returns the faults of a menu among the columns of its site, under
// the field names of the rows, e.g. "label.3".
func CheckMenu(menu []MenuEntry, all []Column) errs.Fields {
	var f errs.Fields
	if len(menu) > maxMenu {
		f.Add("menu", "site.menu.too_many", errs.Args{"Max": maxMenu})
	}
	for _, m := range menu {
		switch {
		case m.Label == "":
			f.Add("menu", "site.menu.no_label")
		case m.ColumnID == 0 && m.Href == "":
			f.Add("menu", "site.menu.no_target", errs.Args{"Label": m.Label})
		case m.ColumnID != 0 && len(Ancestors(all, m.ColumnID)) == 0:
			f.Add("menu", "site.block.column_unknown")
		case m.Href != "" && !ValidLink(m.Href):
			f.Add("menu", "site.menu.link_form", errs.Args{"Label": m.Label})
		}
		tooLong(&f, "menu", m.Label, 12)
	}
	return f
}
