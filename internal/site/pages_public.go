package site

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

// Routes adds the room's pages.
func (p *Pages) Routes(rt *web.Router) {
	rt.Page("GET /{$}", web.Anyone, p.nodeHome)
	rt.Page("GET /sites", web.Anyone, p.nodeSites)
	rt.Page("GET /robots.txt", web.Anyone, p.robots)
	rt.Page("GET /sitemap.xml", web.Anyone, p.nodeSitemap)
	p.raw(rt, "GET /{$}", p.home)
	p.raw(rt, "GET /theme.css", p.themeSheet)
	p.raw(rt, "GET /map", p.siteMap)
	p.raw(rt, "GET /sites", p.siteSites)
	p.raw(rt, "GET /accessibility", p.statement("accessibility"))
	p.raw(rt, "GET /privacy", p.statement("privacy"))
	rt.Page("GET /s/{site}", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		http.Redirect(w, r, "/s/"+r.PathValue("site")+"/", http.StatusMovedPermanently)
		return nil
	})
	rt.Page("GET /s/{$}", web.Anyone, p.nodeSites)
	rt.Page("GET /s/{site}/{rest...}", web.Anyone, p.missing)
	p.deskRoutes(rt)
}

// nodeHome shows the main site at the node's own address.
func (p *Pages) nodeHome(w http.ResponseWriter, r *http.Request) error {
	l, err := p.service.liveBy(r.Context(), "main", "")
	if errs.Is(err, errs.KindNotFound) || err == nil && !l.State.Public() {
		return p.nodeSites(w, r)
	}
	if err != nil {
		return err
	}
	r.SetPathValue("site", l.Slug)
	if l, err = p.visible(r); err != nil {
		return err
	}
	return p.home(w, r, l)
}

// homePage is the struct of the template site/home.
type homePage struct {
	Site   Site
	Base   string
	Theme  Theme
	Blocks []shownBlock
}

// shownBlock is a block with what it shows.
type shownBlock struct {
	Block
	Site    Site
	Base    string
	Lists   []shelfList
	Story   *Teaser
	Picture string
	Figures []shownFigure
	Sites   []Site
	More    string
}

// shelfList is a column with its newest articles.
type shelfList struct {
	Column Column
	Items  []Teaser
}

type shownFigure struct{ Value, Label string }

func (p *Pages) home(w http.ResponseWriter, r *http.Request, l *Live) error {
	ctx := r.Context()
	web.CacheFor(r, cached, listTag)
	data := homePage{Site: l.Site, Base: l.Base(), Theme: p.service.Theme(l.Theme)}
	for _, b := range l.Blocks {
		shown, err := p.block(ctx, l, b)
		if err != nil {
			return fmt.Errorf("home of site %d: %w", l.ID, err)
		}
		data.Blocks = append(data.Blocks, shown)
	}
	return p.show(w, r, l, web.Page{Title: l.Name, Template: "site/home", Data: data, Extra: Head{Wide: true, Description: l.Intro}})
}

// unknown answers for a site that is not there: with a search and the list of
// those that are.
func (p *Pages) unknown(w http.ResponseWriter, r *http.Request) error {
	data, err := p.siteList(r.Context(), tree.Root)
	if err != nil {
		return err
	}
	data.Missing = r.PathValue("site")
	return p.views.Render(w, r, web.Page{Status: http.StatusNotFound, Layout: "site/bare", Title: web.T(r.Context(), "site.unknown.title"), Template: "site/sites", Data: data})
}

// missing answers for a page that a site doesn't have, inside the site.
func (p *Pages) missing(w http.ResponseWriter, r *http.Request) error {
	l, err := p.visible(r)
	if errs.Is(err, errs.KindNotFound) {
		return p.unknown(w, r)
	}
	if err != nil {
		return err
	}
	return p.show(w, r, l, web.Page{Status: http.StatusNotFound, Title: web.T(r.Context(), "site.missing.title"), Template: "site/missing", Data: l.Site, Extra: Head{NoIndex: true}})
}

func (p *Pages) themeSheet(w http.ResponseWriter, r *http.Request, l *Live) error {
	brand := l.Colour
	if brand == "" {
		brand = p.service.Theme(l.Theme).Brand
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write([]byte(Sheet(brand))) // the reader may have left
	return nil
}

// mapPage is the struct of the template site/map.
type mapPage struct {
	Base string
	Tree []ColumnTree
	Menu []menuLink
}

func (p *Pages) siteMap(w http.ResponseWriter, r *http.Request, l *Live) error {
	data := mapPage{Base: l.Base(), Tree: Tree(l.Columns, false)}
	for _, m := range l.Menu {
		if m.ColumnID == 0 {
			data.Menu = append(data.Menu, menuLink{Label: m.Label, Href: m.Href})
		}
	}
	return p.show(w, r, l, web.Page{Title: web.T(r.Context(), "site.map"), Template: "site/map", Data: data})
}

// statementPage is the struct of the accessibility and privacy pages.
type statementPage struct {
	Site Site
	Base string
	On   time.Time
}

func (p *Pages) statement(name string) func(http.ResponseWriter, *http.Request, *Live) error {
	return func(w http.ResponseWriter, r *http.Request, l *Live) error {
		on := l.OpenedAt
		if on.IsZero() {
			on = l.CreatedAt
		}
		return p.show(w, r, l, web.Page{Title: web.T(r.Context(), "site."+name), Template: "site/" + name, Data: statementPage{l.Site, l.Base(), on}})
	}
}

// SiteNode is a site with the sites of the organisations below its own.
type SiteNode struct {
	Site
	Children []*SiteNode
}

// sitesPage is the struct of the template site/sites.
type sitesPage struct {
	Missing string
	Tree    []*SiteNode
	Count   int
	// Full says that there are more sites than are listed.
	Full bool
}

const maxListed = 500

func (p *Pages) siteList(ctx context.Context, below tree.Path) (sitesPage, error) {
	found, err := p.service.Search(ctx, Query{Below: below, Limit: maxListed})
	if err != nil {
		return sitesPage{}, err
	}
	return sitesPage{Tree: nest(found), Count: len(found), Full: len(found) == maxListed}, nil
}

// nest orders sites by the paths of their organisations.
func nest(found []Site) []*SiteNode {
	slices.SortStableFunc(found, func(a, b Site) int { return strings.Compare(string(a.OrgPath), string(b.OrgPath)) })
	var roots, open []*SiteNode
	for _, s := range found {
		node := &SiteNode{Site: s}
		for len(open) > 0 && (!open[len(open)-1].OrgPath.Contains(s.OrgPath) || open[len(open)-1].OrgPath == s.OrgPath) {
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			roots = append(roots, node)
		} else {
			up := open[len(open)-1]
			up.Children = append(up.Children, node)
		}
		open = append(open, node)
	}
	return roots
}

func (p *Pages) nodeSites(w http.ResponseWriter, r *http.Request) error {
	web.CacheFor(r, cached, listTag)
	data, err := p.siteList(r.Context(), tree.Root)
	if err != nil {
		return err
	}
	return p.views.Render(w, r, web.Page{Layout: "site/bare", Title: web.T(r.Context(), "site.sites"), Template: "site/sites", Data: data})
}

func (p *Pages) siteSites(w http.ResponseWriter, r *http.Request, l *Live) error {
	web.CacheFor(r, cached, listTag)
	data, err := p.siteList(r.Context(), tree.Root)
	if err != nil {
		return err
	}
	return p.show(w, r, l, web.Page{Title: web.T(r.Context(), "site.sites"), Template: "site/sites", Data: data})
}

func (p *Pages) robots(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "User-agent: *\nDisallow: /desk/\nDisallow: /my/\nDisallow: /api/\nDisallow: /*/search\nSitemap: %s/sitemap.xml\n", Origin(r)) // the reader may have left
	return nil
}

// Origin returns scheme and host under which the visitor sees the node.
func Origin(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

type sitemapIndex struct {
	XMLName xml.Name       `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
	Maps    []sitemapEntry `xml:"sitemap"`
}

type sitemapEntry struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod"`
}

// nodeSitemap lists the site maps of all sites, which the articles' room serves.
func (p *Pages) nodeSitemap(w http.ResponseWriter, r *http.Request) error {
	web.CacheFor(r, cached, listTag)
	var index sitemapIndex
	for after := int64(0); ; {
		found, err := p.service.Search(r.Context(), Query{After: after, Limit: 500})
		if err != nil {
			return err
		}
		for _, s := range found {
			index.Maps = append(index.Maps, sitemapEntry{Origin(r) + s.Base() + "/sitemap.xml", s.UpdatedAt.Format(time.DateOnly)})
			after = s.ID
		}
		if len(found) < 500 {
			break
		}
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, _ = w.Write([]byte(xml.Header)) // the reader may have left
	_ = xml.NewEncoder(w).Encode(index)
	return nil
}
