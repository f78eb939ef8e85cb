package article

import (
	"context"
	"html/template"
	"net/http"
	"strings"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

func (p *Pages) publicRoutes(rt *web.Router) {
	p.sites.Public(rt, "GET /a/{id}", p.read)
	p.sites.Public(rt, "GET /c/{column}", p.column)
	p.sites.Raw(rt, "GET /feed.atom", p.feed(asAtom))
	p.sites.Raw(rt, "GET /feed.json", p.feed(asJSON))
	p.sites.Raw(rt, "GET /c/{column}/feed.atom", p.feed(asAtom))
	p.sites.Raw(rt, "GET /c/{column}/feed.json", p.feed(asJSON))
	p.sites.Raw(rt, "GET /sitemap.xml", p.sitemap)
}

// readPage is the struct of article/read: an article as readers see it.
type readPage struct {
	Shown
	Site         site.Site
	Body         template.HTML
	Toc          []tocEntry
	Keywords     []string
	Newer, Older *link
	Attached     []Attachment
}

type link struct{ Title, Href string }

// tocEntry is a heading with those below it.
type tocEntry struct {
	richtext.Heading
	Below []richtext.Heading
}

// tocLeast is how many headings a text needs to be worth a table of contents.
const tocLeast = 4

func (p *Pages) read(ctx context.Context, home site.Site, r *http.Request) (web.Page, error) {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return web.Page{}, err
	}
	got, err := p.service.Read(ctx, home.ID, id)
	if errs.Is(err, errs.KindGone) {
		return web.Page{
			Status: http.StatusGone, Title: web.T(ctx, "article.gone_title"), Template: "article/gone",
			Data: gonePage{got.Article, home}, Extra: site.Head{ColumnID: got.ColumnID, NoIndex: true},
		}, nil
	}
	if err != nil {
		return web.Page{}, err
	}
	newer, older, err := neighbours(ctx, p.service.DB.Read(), got.Article)
	if err != nil {
		return web.Page{}, err
	}
	v := got.Version
	data := readPage{
		Shown: got, Site: home, Body: template.HTML(v.Body), // cleaned by richtext when it was saved
		Keywords: strings.Fields(v.Keywords), Attached: v.Attached,
		Newer: linkTo(home, newer), Older: linkTo(home, older),
	}
	if len(v.Toc) >= tocLeast {
		data.Toc = nest(v.Toc)
	}
	columns, err := p.service.Sites.Columns(ctx, home.ID)
	if err != nil {
		return web.Page{}, err
	}
	head := headOf(home, got, site.Origin(r))
	head.Crumbs = site.Crumbs(home, columns, got.ColumnID)
	return web.Page{Title: v.Title, Template: "article/read", Data: data, Extra: head}, nil
}

// gonePage is the struct of article/gone.
type gonePage struct {
	Article
	Site site.Site
}

func linkTo(home site.Site, a *Article) *link {
	if a == nil {
		return nil
	}
	return &link{a.Title, Address(home, a.ID)}
}

// nest puts headings below the nearest one of the highest level before them.
func nest(toc []richtext.Heading) []tocEntry {
	top := 6
	for _, h := range toc {
		top = min(top, h.Level)
	}
	var out []tocEntry
	for _, h := range toc {
		switch {
		case h.Level == top || len(out) == 0:
			out = append(out, tocEntry{Heading: h})
		case h.Level == top+1:
			last := &out[len(out)-1]
			last.Below = append(last.Below, h)
		}
	}
	return out
}

// headOf are the tags by which search engines and supervisors read a content
// page (accessibility.md PAGE-04).
func headOf(home site.Site, got Shown, origin string) site.Head {
	v := got.Version
	description := v.Summary
	if description == "" {
		description = richtext.Excerpt(v.Body, 120)
	}
	source := v.Source
	if source == "" {
		source = v.Issuer
	}
	address := origin + Address(home, got.ID)
	h := site.Head{ColumnID: got.ColumnID, Description: description, Canonical: address, Metas: []site.Meta{
		{Name: "ArticleTitle", Content: v.Title}, {Name: "PubDate", Content: got.PublishedAt.In(clock.Shanghai).Format("2006-01-02 15:04")},
		{Name: "ContentSource", Content: source}, {Name: "Url", Content: address}, {Name: "Description", Content: description},
	}}
	for _, m := range []site.Meta{{Name: "Keywords", Content: v.Keywords}, {Name: "Author", Content: v.Author}, {Name: "Image", Content: v.Cover}} {
		if m.Content != "" {
			h.Metas = append(h.Metas, m)
		}
	}
	return h
}

// columnPage is the struct of article/column.
type columnPage struct {
	Column   site.Column
	Site     site.Site
	Children []site.Column
	Pinned   []teaser
	List     []teaser
	First    string
	Next     string
	Feed     string
}

type teaser struct {
	Article
	Href   string
	Column string // set when the list holds more than one column
}

const columnLength = 20

func (p *Pages) column(ctx context.Context, home site.Site, r *http.Request) (web.Page, error) {
	columns, err := p.service.Sites.Columns(ctx, home.ID)
	if err != nil {
		return web.Page{}, err
	}
	slug := r.PathValue("column")
	data := columnPage{Site: home, Feed: home.Base() + "/c/" + slug + "/feed.atom"}
	for _, c := range columns {
		if c.Slug == slug && c.Visible {
			data.Column = c
		}
	}
	if data.Column.ID == 0 {
		return web.Page{}, errs.NotFound("article.no_column")
	}
	ids := site.Below(columns, data.Column.ID)
	for _, c := range columns {
		if c.ParentID == data.Column.ID && c.Visible {
			data.Children = append(data.Children, c)
		}
	}
	if err := p.fillColumn(ctx, &data, ids, ParseCursor(r.URL.Query().Get("after"))); err != nil {
		return web.Page{}, err
	}
	crumbs := site.Crumbs(home, columns, data.Column.ID)
	return web.Page{Title: data.Column.Name, Template: "article/column", Data: data, Extra: site.Head{
		Crumbs: crumbs[:max(0, len(crumbs)-1)], ColumnID: data.Column.ID, Description: data.Column.Description, Metas: []site.Meta{
			{Name: "ColumnName", Content: data.Column.Name}, {Name: "ColumnDescription", Content: data.Column.Description},
			{Name: "ColumnKeywords", Content: data.Column.Name}, {Name: "ColumnType", Content: string(data.Column.Kind)},
		},
	}}, nil
}

func (p *Pages) fillColumn(ctx context.Context, data *columnPage, ids []int64, after Cursor) error {
	f := PublicFilter{SiteID: data.Site.ID, Columns: ids, After: after, Limit: columnLength}
	list, err := p.service.Public(ctx, f)
	if err != nil {
		return err
	}
	here := data.Site.Base() + "/c/" + data.Column.Slug
	if len(list) > columnLength {
		list = list[:columnLength]
		last := list[columnLength-1]
		data.Next = here + "?after=" + Cursor{last.ListedAt, last.ID}.String()
	}
	if after.ID > 0 {
		data.First = here
	}
	for _, a := range list {
		if !a.Pinned {
			data.List = append(data.List, p.teaser(ctx, data, a, len(ids) > 1))
		}
	}
	if after.ID > 0 {
		return nil
	}
	f.Pinned = true
	pinned, err := p.service.Public(ctx, f)
	for _, a := range pinned {
		data.Pinned = append(data.Pinned, p.teaser(ctx, data, a, len(ids) > 1))
	}
	return err
}

func (p *Pages) teaser(ctx context.Context, data *columnPage, a Article, named bool) teaser {
	t := teaser{Article: a, Href: Address(data.Site, a.ID)}
	if named && a.ColumnID != data.Column.ID {
		t.Column = p.service.columnName(ctx, a.SiteID, a.ColumnID)
	}
	return t
}
