package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
)

// Room is what a room brings to the pages: its templates and its messages.
type Room struct {
	Name      string
	Templates fs.FS
	Locale    fs.FS
}

// NavItem is an entry of the back office's menu. Group and Key are message keys.
type NavItem struct {
	Group, Key, Href, Icon string
	Need                   Permission
}

// NavGroup is a part of the menu as it is shown.
type NavGroup struct {
	Label string
	Items []NavLink
}

// NavLink is a menu entry as it is shown.
type NavLink struct {
	Label, Href, Icon string
	Active            bool
	Badge             string
}

// Person is how the signed-in person is named in a page's head.
type Person struct {
	Name, Note string
	// SessionSeconds is how long the sign-in lasts without another request, so
	// that a script can warn in time; 0 when there is nothing to warn of.
	SessionSeconds int
}

// Page is what a handler gives to be shown.
type Page struct {
	// Status is 200 when zero.
	Status int
	// Layout is "desk" when empty, "plain", or the template of a room's own.
	Layout string
	// Title is in the reader's language.
	Title string
	// Template is room/file, e.g. "org/list".
	Template string
	// Active is the Key of the menu entry to mark.
	Active string
	// Data is the page's own struct.
	Data any
	// Extra is for layouts of rooms, e.g. the site around an article.
	Extra any
}

// Frame is what a layout gets.
type Frame struct {
	Lang, Title, NodeName, Path, Mode, Scheme, Toast string

	Body  template.HTML
	Nav   []NavGroup
	User  Person
	Extra any
}

// Choice returns the address of this page with ?lang=, ?mode= or ?scheme= set,
// for the links that change how pages are shown.
func (f Frame) Choice(param, value string) string {
	u, err := url.Parse(f.Path)
	if err != nil {
		return "/"
	}
	q := u.Query()
	q.Set(param, value)
	return (&url.URL{Path: u.Path, RawQuery: q.Encode()}).String()
}

// Views renders pages. It is filled at composition and then only read.
type Views struct {
	Catalog *i18n.Catalog
	Assets  *Assets
	// NodeName returns the name of the node, shown in titles.
	NodeName func(context.Context) string
	// Person returns how the signed-in person is shown.
	Person func(context.Context) Person
	// Badge returns the number beside a menu entry, "" for none.
	Badge func(ctx context.Context, key string) string
	Nav   []NavItem

	sets map[string]*template.Template
}

// NewViews parses the templates of all rooms, once for each language.
func NewViews(catalog *i18n.Catalog, assets *Assets, rooms ...Room) (*Views, error) {
	v := &Views{
		Catalog: catalog, Assets: assets, sets: map[string]*template.Template{},
		NodeName: func(context.Context) string { return "" },
		Person:   func(context.Context) Person { return Person{} },
		Badge:    func(context.Context, string) string { return "" },
	}
	rooms = append([]Room{Builtin}, rooms...)
	for _, lang := range i18n.Languages {
		set := template.New("").Option("missingkey=error").Funcs(v.funcs(lang))
		for _, room := range rooms {
			if err := parseRoom(set, room); err != nil {
				return nil, err
			}
		}
		v.sets[lang] = set
	}
	return v, nil
}

func parseRoom(set *template.Template, room Room) error {
	if room.Templates == nil {
		return nil
	}
	return fs.WalkDir(room.Templates, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".html" {
			return err
		}
		text, err := fs.ReadFile(room.Templates, name)
		if err != nil {
			return err
		}
		full := room.Name + "/" + strings.TrimSuffix(name, ".html")
		if _, err := set.New(full).Parse(string(text)); err != nil {
			return fmt.Errorf("template %s: %w", full, err)
		}
		return nil
	})
}

func (v *Views) funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, pairs ...any) (string, error) {
			args, err := dict(pairs...)
			return v.Catalog.T(lang, key, args), err
		},
		"lang":     func() string { return lang },
		"date":     func(t time.Time) string { return formatTime(t, time.DateOnly) },
		"monthday": func(t time.Time) string { return formatTime(t, "01-02") },
		"datetime": func(t time.Time) string { return formatTime(t, "2006-01-02 15:04") },
		"isotime":  func(t time.Time) string { return formatTime(t, time.RFC3339) },
		"weekday":  func(t time.Time) string { return v.Catalog.T(lang, fmt.Sprintf("weekday.%d", local(t).Weekday())) },
		"asset":    func(name string) string { return v.Assets.URL(name) },
		"icon": func(name string) template.HTML {
			return template.HTML(`<svg class="icon" aria-hidden="true" focusable="false"><use href="` +
				template.HTMLEscapeString(v.Assets.URL("icons.svg")+"#"+name) + `"></use></svg>`)
		},
		"file": FileURL,
		"dict": func(pairs ...any) (map[string]any, error) { return dict(pairs...) },
		"list": func(items ...any) []any { return items },
		"option": func(value, label string, help ...string) Option {
			return Option{Value: value, Label: label, Help: strings.Join(help, "")}
		},
		"add":   func(a, b int) int { return a + b },
		"bytes": byteSize,
		"safe":  func(s string) template.HTML { return template.HTML(s) },
	}
}

func local(t time.Time) time.Time { return t.In(clock.Shanghai) }

func formatTime(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return local(t).Format(layout)
}

func dict(pairs ...any) (errs.Args, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a key without a value")
	}
	m := errs.Args{}
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: key %v is no string", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

func byteSize(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// HTML renders a template by itself, e.g. a part of a page.
func (v *Views) HTML(lang, name string, data any) (template.HTML, error) {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	set, ok := v.sets[lang]
	if !ok {
		set = v.sets[i18n.Languages[0]]
	}
	if err := set.ExecuteTemplate(b, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return template.HTML(b.String()), nil
}

// Render shows a page inside its layout. Nothing is sent before all of it is
// rendered, so a fault gives an error page and never half a page.
func (v *Views) Render(w http.ResponseWriter, r *http.Request, p Page) error {
	ctx := r.Context()
	req := RequestFrom(ctx)
	body, err := v.HTML(req.Locale, p.Template, p.Data)
	if err != nil {
		return err
	}
	layout := p.Layout
	switch layout {
	case "", "desk":
		layout = "web/layout_desk"
	case "plain":
		layout = "web/layout_plain"
	}
	f := Frame{
		Lang: req.Locale, Title: p.Title, NodeName: v.NodeName(ctx), Path: r.URL.RequestURI(), Mode: req.Mode, Scheme: req.Scheme,
		Toast: takeToast(w, r), Body: body, Extra: p.Extra,
	}
	if IdentityFrom(ctx).SignedIn() {
		f.User = v.Person(ctx)
	}
	if layout == "web/layout_desk" {
		f.Nav = v.menu(ctx, p.Active)
	}
	page, err := v.HTML(req.Locale, layout, f)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "private, no-cache")
	}
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write([]byte(page)) // the reader may have left
	return nil
}

func (v *Views) menu(ctx context.Context, active string) []NavGroup {
	id := IdentityFrom(ctx)
	var groups []NavGroup
	for _, item := range v.Nav {
		if !allows(id, item.Need) {
			continue
		}
		label := T(ctx, item.Group)
		if len(groups) == 0 || groups[len(groups)-1].Label != label {
			groups = append(groups, NavGroup{Label: label})
		}
		g := &groups[len(groups)-1]
		g.Items = append(g.Items, NavLink{Label: T(ctx, item.Key), Href: item.Href, Icon: item.Icon, Active: item.Key == active, Badge: v.Badge(ctx, item.Key)})
	}
	return groups
}
