package article

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// List returns a page of the desk list; Scope in the filter must be the
// actor's. One entry more than Limit says that there are more.
func (s *Service) List(ctx context.Context, f Filter) ([]Row, error) {
	return page(ctx, s.DB.Read(), f)
}

func (s *Service) columnName(ctx context.Context, siteID, columnID int64) string {
	columns, err := s.Sites.Columns(ctx, siteID)
	if err != nil {
		return "" // a page is worth more than this name
	}
	for _, c := range columns {
		if c.ID == columnID {
			return c.Name
		}
	}
	return ""
}

// ApproveAndPublish is the reviewer's two steps in one, for who may do both.
func (s *Service) ApproveAndPublish(ctx context.Context, id, revision int64) (Article, error) {
	var out Article
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := s.changeIn(ctx, tx, id, revision, Review, ActApprove, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
			return s.reviewed(ctx, v)
		})
		if err != nil {
			return err
		}
		out, err = s.changeIn(ctx, tx, id, a.Revision, Publish, ActPublish, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
			actor := account.ActorFrom(ctx)
			v.PublisherID, v.Publisher = actor.ID, actor.Name
			return s.publish(ctx, tx, a, v)
		})
		return err
	})
	return out, err
}

// History is an article with its versions, and two of them to compare.
type History struct {
	Article
	Versions []Version
	From, To Version
}

// Compare returns the versions of an article and two neighbours among them: to,
// the newest if 0, and the one before it.
func (s *Service) Compare(ctx context.Context, id int64, to int) (History, error) {
	a, err := byID(ctx, s.DB.Read(), id)
	if err != nil {
		return History{}, err
	}
	if err := mayLook(ctx, a); err != nil {
		return History{}, err
	}
	h := History{Article: a}
	if h.Versions, err = versionsOf(ctx, s.DB.Read(), id); err != nil || len(h.Versions) == 0 {
		return h, err
	}
	if to == 0 {
		to = h.Versions[0].Number
	}
	if h.To, err = versionOf(ctx, s.DB.Read(), id, to); err != nil || to == 1 {
		return h, err
	}
	h.From, err = versionOf(ctx, s.DB.Read(), id, to-1)
	if errs.Is(err, errs.KindNotFound) {
		err = nil // an import has no version before
	}
	return h, err
}

// Read returns an article for readers: Gone with the notice if it was
// withdrawn, NotFound if it was never public or belongs to another site.
func (s *Service) Read(ctx context.Context, siteID, id int64) (Shown, error) {
	got, err := shown(ctx, s.DB.Read(), id)
	switch {
	case err != nil:
		return got, err
	case siteID != 0 && got.SiteID != siteID:
		return Shown{}, errs.NotFound("article.not_found")
	case got.Public:
		return got, nil
	case !got.WithdrawnAt.IsZero():
		return got, errs.Gone("article.gone", errs.Args{"Notice": got.Notice})
	}
	return Shown{}, errs.NotFound("article.not_found")
}

// Public lists what readers see, one entry more than Limit if there are more.
func (s *Service) Public(ctx context.Context, f PublicFilter) ([]Article, error) {
	return publicPage(ctx, s.DB.Read(), f)
}

// Latest is what the blocks of a site's home page show: pinned ones first. It
// makes the service a site.Content.
func (s *Service) Latest(ctx context.Context, siteID int64, columnIDs []int64, limit int) ([]site.Teaser, error) {
	f := PublicFilter{SiteID: siteID, Columns: columnIDs, Limit: limit}
	rest, err := s.Public(ctx, f)
	if err != nil {
		return nil, err
	}
	f.Pinned, f.Columns = true, nil // one walk for all columns: few are pinned
	pinned, err := s.Public(ctx, f)
	if err != nil {
		return nil, err
	}
	pinned = slices.DeleteFunc(pinned, func(a Article) bool { return len(columnIDs) > 0 && !slices.Contains(columnIDs, a.ColumnID) })
	return s.teasers(ctx, siteID, append(pinned, rest...), limit)
}

// Rolling is the rolling news of a site: what was marked for it, or the newest
// of the columns where nothing is.
func (s *Service) Rolling(ctx context.Context, siteID int64, columnIDs []int64, limit int) ([]site.Teaser, error) {
	f := PublicFilter{SiteID: siteID, Rolling: true, Limit: limit}
	list, err := s.Public(ctx, f)
	if err == nil && len(list) == 0 {
		f.Rolling, f.Columns = false, columnIDs
		list, err = s.Public(ctx, f)
	}
	if err != nil {
		return nil, err
	}
	return s.teasers(ctx, siteID, list, limit)
}

// teasers shortens articles to what a list shows, each once.
func (s *Service) teasers(ctx context.Context, siteID int64, list []Article, limit int) ([]site.Teaser, error) {
	home, err := s.Sites.Get(ctx, siteID)
	if err != nil {
		return nil, err
	}
	columns, err := s.Sites.Columns(ctx, siteID)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, c := range columns {
		names[c.ID] = c.Name
	}
	var out []site.Teaser
	seen := map[int64]bool{}
	for _, a := range list {
		if seen[a.ID] || len(out) == limit {
			continue
		}
		seen[a.ID] = true
		out = append(out, site.Teaser{
			ID: a.ID, Title: a.Title, URL: Address(home, a.ID), ColumnName: names[a.ColumnID], Summary: a.Summary,
			Picture: a.Cover, Origin: a.Source, Pinned: a.Pinned, PublishedAt: a.ListedAt,
		})
	}
	return out, nil
}

// Pulse tells how much each column of a site shows, and since when.
func (s *Service) Pulse(ctx context.Context, siteID int64) (map[int64]site.Pulse, error) {
	counts, err := countByColumn(ctx, s.DB.Read(), siteID)
	if err != nil {
		return nil, err
	}
	out := map[int64]site.Pulse{}
	for _, c := range counts {
		out[c.ColumnID] = site.Pulse{Count: c.Count, Latest: c.Latest}
	}
	return out, nil
}

// Entry is a public address, for a sitemap.
type Entry struct {
	ID        int64
	URL       string
	ChangedAt time.Time
}

// Addresses lists the public articles of a site, the newest first.
func (s *Service) Addresses(ctx context.Context, siteID int64, limit int) ([]Entry, error) {
	home, err := s.Sites.Get(ctx, siteID)
	if err != nil {
		return nil, err
	}
	var rows []Article
	err = s.DB.Read().NewSelect().Model(&rows).Column("id", "published_at", "updated_at").Where("a.site_id = ?", siteID).Where("a.public = ?", true).
		OrderExpr("a.listed_at desc, a.id desc").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list addresses of site %d: %w", siteID, err)
	}
	var out []Entry
	for _, a := range rows {
		out = append(out, Entry{a.ID, Address(home, a.ID), a.lastChange()})
	}
	return out, nil
}

// Tasks is what the signed-in person should see to next: texts that wait for
// review, and own ones that came back.
func (s *Service) Tasks(ctx context.Context) ([]web.Task, error) {
	actor := account.ActorFrom(ctx)
	var tasks []web.Task
	for _, t := range []struct {
		need  web.Permission
		state State
		key   string
		tone  string
	}{{Review, InReview, "article.task.review", web.ToneSoon}, {Publish, Approved, "article.task.publish", web.ToneSoon}, {Write, Returned, "article.task.returned", web.ToneInfo}} {
		n, err := waiting(ctx, s.DB.Read(), actor.Scope(t.need), t.state)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			tasks = append(tasks, web.Task{Group: "article.nav", Title: web.T(ctx, t.key, errs.Args{"Count": n}), Href: "/desk/articles?state=" + string(t.state), Tone: t.tone})
		}
	}
	return tasks, nil
}
