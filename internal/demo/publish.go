package demo

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"lianxin/internal/article"
	"lianxin/internal/org"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/site"
)

// Who writes and who checks. 云岭镇 writes for itself.
const (
	editor   = "editor"
	reviewer = "reviewer"
	townSite = "yunling"
	townHand = "yunling"
)

// build makes the sites, each with its looks and its feature column.
func (c *county) build(ctx context.Context) error {
	ctx = c.as(ctx, editor)
	for _, s := range c.sites {
		o := c.orgIDs[s.Org]
		p, _ := c.secretary(s.Org)
		made, err := c.Sites.Create(ctx, site.New{OrgID: o.ID, Template: s.Template, Theme: s.Theme, Colour: s.Colour, Banner: s.Banner,
			Draft: site.Draft{Slug: s.Slug, Name: s.Name, Motto: s.Motto, Intro: s.Intro, Organiser: o.Name, Responsible: p.name,
				Undertaker: undertaker(s.Slug), Email: s.Slug + "@qingshan.example", Address: o.Address}})
		if err != nil {
			return fmt.Errorf("site %s: %w", s.Slug, err)
		}
		c.siteIDs[s.Slug] = made
		if s.Feature.Slug != "" {
			if err := c.feature(ctx, made, s.Feature); err != nil {
				return fmt.Errorf("site %s: %w", s.Slug, err)
			}
		}
		c.step()
	}
	return nil
}

func undertaker(slug string) string {
	if slug == statutesSite {
		return "中共青山县委组织部"
	}
	return ""
}

// feature gives a site the column that no other has, and shows it at home.
func (c *county) feature(ctx context.Context, s site.Site, f Feature) error {
	column, err := c.Sites.AddColumn(ctx, s.ID, site.ColumnDraft{Slug: f.Slug, Name: f.Name, Description: "本站特色栏目", Kind: site.Policy180, Visible: true})
	if err != nil {
		return err
	}
	blocks, err := c.Sites.Blocks(ctx, s.ID)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if b.Kind == site.Local {
			b.Config.ColumnIDs = []int64{column.ID}
			return c.Sites.EditBlock(ctx, s.ID, b.ID, f.Name, b.Config)
		}
	}
	return nil
}

// publish lets the county live through its year: everything is written, handed
// in, approved and published at its own time, by two persons.
func (c *county) publish(ctx context.Context) error {
	slices.SortStableFunc(c.articles, func(a, b story) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.title, b.title)) })
	var at time.Time
	deps := c.Articles.Deps
	deps.Now = func() time.Time { return at }
	room := article.NewService(deps)
	for _, a := range c.articles {
		at = a.at.Truncate(time.Millisecond)
		if err := c.story(ctx, room, a); err != nil {
			return fmt.Errorf("%s/%s: %w", a.site, a.slug, err)
		}
		c.step()
	}
	return nil
}

func (c *county) story(ctx context.Context, room *article.Service, a story) error {
	home := c.siteIDs[a.site]
	columns, err := c.Sites.Columns(ctx, home.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(columns, func(x site.Column) bool { return x.Slug == a.column })
	if i < 0 {
		return fmt.Errorf("no column %s", a.column)
	}
	hand := editor
	if a.site == townSite {
		hand = townHand
	}
	writer := c.as(ctx, hand)
	content, err := c.content(writer, room, a)
	if err != nil {
		return err
	}
	content.ColumnID = columns[i].ID
	made, err := room.Create(writer, home.ID, content)
	if err != nil || a.state == string(article.Draft) {
		return err
	}
	made, err = room.Submit(writer, made.ID, made.Revision, article.Declaration{NoSecret: true, Basis: "依法可以公开的工作信息", Checked: true})
	if err != nil || a.state == string(article.InReview) {
		return err
	}
	checker := c.as(ctx, reviewer)
	if a.state == string(article.Returned) {
		_, err = room.Return(checker, made.ID, made.Revision, a.reason)
		return err
	}
	if made, err = room.Approve(checker, made.ID, made.Revision); err != nil {
		return err
	}
	_, err = room.Publish(checker, made.ID, made.Revision, time.Time{})
	return err
}

// content turns a file into what an author would have entered.
func (c *county) content(ctx context.Context, room *article.Service, a story) (article.Content, error) {
	doc, err := richtext.FromMarkdown([]byte(a.markdown))
	if err != nil {
		return article.Content{}, err
	}
	out := article.Content{Title: a.title, Body: doc.HTML, Issuer: a.issuer, Dated: a.dated, Pinned: a.pinned,
		Editor: c.people[editor].Name, Rolling: a.column == "news"}
	if a.issuer == "" {
		out.Issuer = c.orgIDs[a.org].Name
	}
	// News that the county's site has from a town say so.
	if a.site == statutesSite && a.column == "news" && c.orgIDs[a.org].Level == org.LevelTownship {
		out.Source = c.orgIDs[a.org].Label()
	}
	if a.picture == "" {
		return out, nil
	}
	data, err := content.ReadFile("content/pictures/" + a.picture + ".png")
	if err != nil {
		return out, err
	}
	kept, err := room.KeepPicture(ctx, data)
	if err != nil {
		return out, err
	}
	out.Cover = kept.URL
	first, rest, _ := strings.Cut(out.Body, "</p>")
	out.Body = fmt.Sprintf(`%s</p><figure><img src="%s" alt="%s"></figure>%s`, first, kept.URL, html.EscapeString(a.alt), rest)
	return out, nil
}

// open shows the sites to the public, the main one last.
func (c *county) open(ctx context.Context) error {
	ctx = c.as(ctx, editor)
	for _, s := range slices.Backward(c.sites) {
		if err := c.Sites.Open(ctx, c.siteIDs[s.Slug].ID); err != nil {
			return fmt.Errorf("open site %s: %w", s.Slug, err)
		}
		c.step()
	}
	return nil
}
