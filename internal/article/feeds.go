package article

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/feeds"

	"lianxin/internal/platform/errs"
	"lianxin/internal/site"
)

const feedLength = 30

type feedForm int

const (
	asAtom feedForm = iota
	asJSON
)

// feed answers with the newest articles of a site, or of one of its columns.
func (p *Pages) feed(form feedForm) func(w http.ResponseWriter, r *http.Request, home site.Site) error {
	return func(w http.ResponseWriter, r *http.Request, home site.Site) error {
		f, err := p.feedOf(r, home)
		if err != nil {
			return err
		}
		if form == asJSON {
			text, err := f.ToJSON()
			if err != nil {
				return fmt.Errorf("feed of site %d: %w", home.ID, err)
			}
			w.Header().Set("Content-Type", "application/feed+json; charset=utf-8")
			_, _ = w.Write([]byte(text)) // the reader may have left
			return nil
		}
		text, err := f.ToAtom()
		if err != nil {
			return fmt.Errorf("feed of site %d: %w", home.ID, err)
		}
		w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
		_, _ = w.Write([]byte(text)) // the reader may have left
		return nil
	}
}

func (p *Pages) feedOf(r *http.Request, home site.Site) (*feeds.Feed, error) {
	ctx := r.Context()
	filter := PublicFilter{SiteID: home.ID, Limit: feedLength}
	title, address := home.Name, home.Base()+"/"
	if slug := r.PathValue("column"); slug != "" {
		columns, err := p.service.Sites.Columns(ctx, home.ID)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(columns, func(c site.Column) bool { return c.Slug == slug && c.Visible })
		if i < 0 {
			return nil, errs.NotFound("article.no_column")
		}
		filter.Columns = site.Below(columns, columns[i].ID)
		title, address = columns[i].Name+" – "+home.Name, home.Base()+"/c/"+slug
	}
	list, err := p.service.Public(ctx, filter)
	if err != nil {
		return nil, err
	}
	origin := site.Origin(r)
	f := &feeds.Feed{Title: title, Link: &feeds.Link{Href: origin + address}, Id: origin + address, Author: &feeds.Author{Name: home.Name}, Updated: home.UpdatedAt}
	for _, a := range list[:min(len(list), feedLength)] {
		link := origin + Address(home, a.ID)
		f.Items = append(f.Items, &feeds.Item{
			Id: link, Title: a.Title, Link: &feeds.Link{Href: link}, Description: a.Summary,
			Author: &feeds.Author{Name: a.Issuer}, Created: a.PublishedAt, Updated: a.lastChange(),
		})
		if at := a.lastChange(); at.After(f.Updated) {
			f.Updated = at
		}
	}
	return f, nil
}

// lastChange is when readers last saw something new in an article.
func (a Article) lastChange() time.Time {
	if a.UpdatedAt.After(a.PublishedAt) {
		return a.UpdatedAt
	}
	return a.PublishedAt
}

type siteMap struct {
	XMLName xml.Name   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	Entries []mapEntry `xml:"url"`
}

type mapEntry struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

// A site map holds at most 50,000 addresses by its standard.
const mapLength = 50_000

// sitemap lists the columns and articles of a site for search engines, the
// newest articles first.
func (p *Pages) sitemap(w http.ResponseWriter, r *http.Request, home site.Site) error {
	ctx, origin := r.Context(), site.Origin(r)
	columns, err := p.service.Sites.Columns(ctx, home.ID)
	if err != nil {
		return err
	}
	m := siteMap{Entries: []mapEntry{{Loc: origin + home.Base() + "/"}}}
	for _, c := range columns {
		if c.Visible {
			m.Entries = append(m.Entries, mapEntry{Loc: origin + home.Base() + "/c/" + c.Slug})
		}
	}
	entries, err := p.service.Addresses(ctx, home.ID, mapLength-len(m.Entries))
	if err != nil {
		return err
	}
	for _, e := range entries {
		m.Entries = append(m.Entries, mapEntry{origin + e.URL, e.ChangedAt.Format(time.RFC3339)})
	}
	text, err := xml.Marshal(m)
	if err != nil {
		return fmt.Errorf("site map of site %d: %w", home.ID, err)
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, _ = w.Write([]byte(xml.Header)) // the reader may have left
	_, _ = w.Write(text)
	return nil
}
