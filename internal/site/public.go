package site

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// Pages are the room's pages: the public ones and those of the desk.
type Pages struct {
	service *Service
	views   *web.Views
	// roots are the first parts of all public addresses below a site, by which
	// a site's own host name is served.
	roots map[string]bool
}

// NewPages returns the pages of the room.
func NewPages(s *Service, v *web.Views) *Pages {
	return &Pages{service: s, views: v, roots: map[string]bool{"": true}}
}

// Link is a label that leads somewhere; without Href it is where one is.
type Link struct{ Label, Href string }

// Meta is a <meta> element of a page's head (PAGE-04).
type Meta struct{ Name, Content string }

// Head is what a public page tells of itself beside its title. A room gives it
// in web.Page.Extra.
type Head struct {
	// Crumbs lead from the home page to this one, without either.
	Crumbs []Link
	// ColumnID is the column the page belongs to, 0 for none.
	ColumnID    int64
	Description string
	Metas       []Meta
	// Canonical is set when the page stands elsewhere in the first place.
	Canonical string
	// NoIndex keeps a page such as a search result out of search engines.
	NoIndex bool
	// Wide leaves the trail of crumbs out, as on the home page.
	Wide bool
}

// Build makes a public page of a site.
type Build func(ctx context.Context, s Site, r *http.Request) (web.Page, error)

// Public adds a page inside the frame of a site. The pattern is relative to the
// site, e.g. "GET /a/{id}"; the page stands below /s/{site} and at the site's
// own host name, and is kept for visitors until the site changes.
func (p *Pages) Public(rt *web.Router, pattern string, build Build) {
	p.raw(rt, pattern, func(w http.ResponseWriter, r *http.Request, l *Live) error {
		page, err := build(r.Context(), l.Site, r)
		if err != nil {
			return err
		}
		return p.show(w, r, l, page)
	})
}

// Raw adds an address of a site that answers with something else than a page,
// such as a feed. It is kept for visitors like a page.
func (p *Pages) Raw(rt *web.Router, pattern string, answer func(w http.ResponseWriter, r *http.Request, s Site) error) {
	p.raw(rt, pattern, func(w http.ResponseWriter, r *http.Request, l *Live) error {
		return answer(w, r, l.Site)
	})
}

func (p *Pages) raw(rt *web.Router, pattern string, answer func(w http.ResponseWriter, r *http.Request, l *Live) error) {
	method, path, _ := strings.Cut(pattern, " ")
	root, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	p.roots[strings.TrimSuffix(root, "{$}")] = true
	rt.Page(method+" /s/{site}"+path, web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		l, err := p.visible(r)
		if errs.Is(err, errs.KindNotFound) {
			return p.unknown(w, r)
		}
		if err != nil {
			return err
		}
		return answer(w, r, l)
	})
}

// visible returns the site of a request if the actor may see it. What is read
// after it belongs to the kept page.
func (p *Pages) visible(r *http.Request) (*Live, error) {
	ctx := r.Context()
	l, err := p.service.liveBy(ctx, "slug", r.PathValue("site"))
	if err != nil {
		return nil, err
	}
	if l.State.Public() {
		web.CacheFor(r, cached, Tag(l.ID))
		// What was read before the ticket might be older than it.
		return p.service.live(ctx, l.ID)
	}
	if may(ctx, View, l.OrgPath) == nil {
		return l, nil
	}
	if l.State == Closed {
		return nil, errs.Gone("site.closed", errs.Args{"Name": l.Name, "Organiser": l.Organiser})
	}
	return nil, errs.NotFound("site.not_found")
}

// frame is the struct of the template site/frame.
type frame struct {
	Head
	Site   Site
	Theme  Theme
	Base   string
	Column Column
	Menu   []menuLink
	// More is the whole menu when it does not fit into the line.
	More      []menuLink
	Notice    string
	Preparing bool
	Today     time.Time
}

// menuLink is a menu entry as it is shown.
type menuLink struct {
	Label, Href string
	Active      bool
}

// inLine is how many menu entries stand in the line before the rest folds.
const inLine = 9

func (p *Pages) frame(r *http.Request, l *Live, head Head) frame {
	ctx := r.Context()
	f := frame{Head: head, Site: l.Site, Theme: p.service.Theme(l.Theme), Base: l.Base(), Column: l.Column(head.ColumnID),
		Preparing: l.State == Preparing, Today: p.service.Now()}
	up := Ancestors(l.Columns, head.ColumnID)
	for _, m := range l.Menu {
		link := menuLink{Label: m.Label, Href: m.Href}
		if m.ColumnID != 0 {
			c := l.Column(m.ColumnID)
			if !c.Visible {
				continue
			}
			link.Href = l.Base() + "/c/" + c.Slug
			link.Active = slices.ContainsFunc(up, func(a Column) bool { return a.ID == c.ID })
		} else {
			link.Active = r.URL.Path == m.Href
		}
		f.Menu = append(f.Menu, link)
	}
	if len(f.Menu) > inLine {
		f.Menu, f.More = f.Menu[:inLine-1], f.Menu
	}
	if l.State == Suspended {
		f.Notice = web.T(ctx, "site.suspended.notice", errs.Args{"From": l.SuspendedFrom, "Until": l.SuspendedUntil, "Reason": l.SuspendReason})
	}
	return f
}

// show puts a page into the frame of its site.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, l *Live, page web.Page) error {
	head, _ := page.Extra.(Head)
	page.Layout = "site/frame"
	page.Extra = p.frame(r, l, head)
	if !l.State.Public() {
		w.Header().Set("X-Robots-Tag", "noindex")
	}
	return p.views.Render(w, r, page)
}

// Crumbs returns the trail of columns down to the given one.
func Crumbs(s Site, columns []Column, id int64) []Link {
	var out []Link
	for _, c := range Ancestors(columns, id) {
		out = append(out, Link{c.Name, s.Base() + "/c/" + c.Slug})
	}
	return out
}

// ByHost serves the sites that have a host name of their own: their public
// addresses stand at its root as well. It wraps the whole router.
func (p *Pages) ByHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		root, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if !p.roots[root] {
			next.ServeHTTP(w, r)
			return
		}
		host, _, _ := strings.Cut(r.Host, ":")
		s, err := p.service.ByHost(r.Context(), strings.ToLower(host))
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		r2 := r.Clone(r.Context())
		r2.URL.Path = s.Base() + r.URL.Path
		r2.RequestURI = ""
		next.ServeHTTP(w, r2)
	})
}
