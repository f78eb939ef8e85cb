package library

import (
	"context"
	"encoding/xml"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/search"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// Pages are the room's pages.
type Pages struct {
	s     *Service
	views *web.Views
	sites *site.Pages
}

// NewPages returns the pages of the room; those of sites stand in their frame.
func NewPages(s *Service, v *web.Views, sites *site.Pages) *Pages { return &Pages{s, v, sites} }

// Routes adds the room's pages.
func (p *Pages) Routes(rt *web.Router) {
	rt.Page("GET /search", web.Anyone, p.node)
	rt.Page("GET /opensearch.xml", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		return p.describe(w, r, site.Site{Name: p.views.NodeName(r.Context())})
	})
	p.sites.Public(rt, "GET /search", p.site)
	p.sites.Raw(rt, "GET /opensearch.xml", p.describe)
}

// page is the struct of the template library/search.
type page struct {
	Question
	Form web.Fields
	// Action is the address of the form, Site the site that is searched.
	Action string
	Site   site.Site
	// Everywhere asks the same of the whole node.
	Everywhere string
	Plain      string // the question without what narrows it
	Hits       []hit
	Total      int
	AtLeast    bool
	Sentence   bool
	Narrowed   bool
	Meant      *choice
	Similar    []search.Title
	Sorts      []choice
	Chosen     []choice // what narrows; the address leaves it out
	Facets     []facet
	Sampled    bool
	First      string
	Next       string
}

type hit struct {
	Title, Excerpt     template.HTML
	URL                string
	PublishedAt        time.Time
	Site, Org, Column  string
	Category, SiteHref string
}

// choice is a link that changes the question.
type choice struct {
	Label, Href string
	N           int
	Active      bool
}

type facet struct {
	Label   string
	Choices []choice
}

func (p *Pages) node(w http.ResponseWriter, r *http.Request) error {
	shown, err := p.page(r, site.Site{})
	if err != nil {
		return err
	}
	shown.Layout = "site/bare"
	return p.views.Render(w, r, shown)
}

func (p *Pages) site(_ context.Context, within site.Site, r *http.Request) (web.Page, error) {
	// Questions differ too much to be worth keeping.
	web.NoCache(r)
	shown, err := p.page(r, within)
	shown.Extra = site.Head{NoIndex: true}
	return shown, err
}

func (p *Pages) page(r *http.Request, within site.Site) (web.Page, error) {
	ctx := r.Context()
	q, faults := read(r.URL.Query())
	data := page{Question: q, Site: within, Action: "/search", Narrowed: q.narrowed()}
	if within.ID != 0 {
		data.Action = within.Base() + "/search"
		data.Everywhere = Question{Text: q.Text}.href("/search")
	}
	data.Plain = Question{Text: q.Text, Sort: q.Sort}.href(data.Action)
	data.Form, _ = web.Refill(ctx, formValues(r.URL.Query(), q), faults.Err())
	title := web.T(ctx, "library.title")
	if q.Text != "" {
		title = web.T(ctx, "library.title_of", errs.Args{"Text": q.Text})
		found, err := p.s.Search(ctx, within, q, perPage)
		if err != nil {
			return web.Page{}, err
		}
		data.show(ctx, found)
	}
	status := http.StatusOK
	if faults.Err() != nil {
		status = http.StatusUnprocessableEntity
	}
	return web.Page{Status: status, Title: title, Template: "library/search", Data: data}, nil
}

// formValues is what the form shows: what was typed, even where it is wrong.
func formValues(typed url.Values, q Question) url.Values {
	v := q.values()
	for _, name := range []string{"from", "to"} {
		if s := typed.Get(name); v.Get(name) == "" && len(s) < 40 {
			v.Set(name, s)
		}
	}
	return v
}

// show fills in what was found.
func (d *page) show(ctx context.Context, a Answer) {
	d.Total, d.AtLeast, d.Sentence, d.Similar, d.Sampled = a.Total, a.AtLeast, a.Sentence, a.Similar, a.Facets.Sampled
	for _, h := range a.Hits {
		home := a.Sites[h.SiteID]
		shown := hit{Title: template.HTML(h.MarkedTitle), Excerpt: template.HTML(h.Excerpt), URL: h.URL, PublishedAt: h.PublishedAt,
			Org: a.Orgs[h.OrgID], Column: a.Columns[h.ColumnID], Category: h.Category}
		if d.Site.ID == 0 && home.ID != 0 {
			shown.Site, shown.SiteHref = home.Name, home.Base()+"/"
		}
		d.Hits = append(d.Hits, shown)
	}
	if a.DidYouMean != "" {
		d.Meant = &choice{Label: a.DidYouMean, Href: Question{Text: a.DidYouMean}.href(d.Action)}
	}
	if a.Next != "" {
		v := d.values()
		v.Set("cursor", a.Next)
		d.Next = d.Action + "?" + v.Encode()
	}
	if d.Cursor != "" {
		d.First = d.href(d.Action)
	}
	d.choices(ctx, a)
}

// choices lists what the question can be narrowed to, and what narrows it now.
func (d *page) choices(ctx context.Context, a Answer) {
	with := func(change func(*Question)) string {
		q := d.Question
		change(&q)
		return q.href(d.Action)
	}
	for _, s := range []search.Sort{search.ByRelevance, search.ByDate} {
		d.Sorts = append(d.Sorts, choice{Label: web.T(ctx, "library.sort."+string(s)), Active: d.Sort == s, Href: with(func(q *Question) { q.Sort = s })})
	}
	add := func(label string, counts []search.Count, name func(search.Count) string, set func(*Question, search.Count), active func(search.Count) bool) {
		f := facet{Label: web.T(ctx, label)}
		for _, c := range counts {
			label := name(c)
			if label == "" || len(f.Choices) == facetLength {
				continue
			}
			one := choice{Label: label, N: c.N, Active: active(c), Href: with(func(q *Question) { set(q, c) })}
			if one.Active {
				one.Href = with(func(q *Question) { set(q, search.Count{}) })
				d.Chosen = append(d.Chosen, one)
			}
			f.Choices = append(f.Choices, one)
		}
		if len(f.Choices) > 0 {
			d.Facets = append(d.Facets, f)
		}
	}
	add("library.facet.column", a.Facets.Columns, func(c search.Count) string { return a.Columns[c.ID] },
		func(q *Question, c search.Count) { q.ColumnID = c.ID }, func(c search.Count) bool { return c.ID == d.ColumnID })
	if d.Site.ID == 0 {
		add("library.facet.org", a.Facets.Orgs, func(c search.Count) string { return a.Orgs[c.ID] },
			func(q *Question, c search.Count) { q.OrgID = c.ID }, func(c search.Count) bool { return c.ID == d.OrgID })
	}
	add("library.facet.year", a.Facets.Years, func(c search.Count) string { return web.T(ctx, "library.year", errs.Args{"Year": c.Value}) },
		func(q *Question, c search.Count) { q.Year = int(c.ID) }, func(c search.Count) bool { return int(c.ID) == d.Year })
	add("library.facet.category", a.Facets.Categories, func(c search.Count) string { return c.Value },
		func(q *Question, c search.Count) { q.Category = c.Value }, func(c search.Count) bool { return c.Value == d.Category })
}

// facetLength is how many values of a facet are offered.
const facetLength = 12

// description is an OpenSearch description document.
type description struct {
	XMLName       xml.Name  `xml:"http://a9.com/-/spec/opensearch/1.1/ OpenSearchDescription"`
	ShortName     string    `xml:"ShortName"`
	Description   string    `xml:"Description"`
	InputEncoding string    `xml:"InputEncoding"`
	URLs          []address `xml:"Url"`
}

type address struct {
	Type     string `xml:"type,attr"`
	Template string `xml:"template,attr"`
}

// describe tells a browser how to search here.
func (p *Pages) describe(w http.ResponseWriter, r *http.Request, within site.Site) error {
	origin, base, more := site.Origin(r), "", ""
	if within.ID != 0 {
		base, more = within.Base(), "&site="+url.QueryEscape(within.Slug)
	}
	name := []rune(within.Name)
	d := description{
		ShortName: string(name[:min(len(name), 16)]), InputEncoding: "UTF-8",
		Description: web.T(r.Context(), "library.opensearch", errs.Args{"Name": within.Name}),
		URLs: []address{
			{"text/html", origin + base + "/search?q={searchTerms}"},
			{"application/x-suggestions+json", origin + "/api/v1/search/suggestions?q={searchTerms}" + more},
		},
	}
	body, err := xml.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/opensearchdescription+xml; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(xml.Header)+len(body)))
	_, _ = w.Write(append([]byte(xml.Header), body...)) // the reader may have left
	return nil
}
