package library

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"lianxin/internal/org"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/search"
	"lianxin/internal/platform/tree"
	"lianxin/internal/site"
)

// Deps is what the room stands on.
type Deps struct {
	Index *search.Index
	Sites *site.Service
	Orgs  *org.Service
}

// Service answers searches.
type Service struct{ Deps }

// NewService returns the service of the room.
func NewService(d Deps) *Service { return &Service{d} }

// Follower lets what can be found follow an organisation to its new place.
func (s *Service) Follower() org.Follower {
	return org.Follower{
		Moved: func(ctx context.Context, tx bun.Tx, old, now tree.Path) error {
			return s.Index.Move(ctx, tx, old, now)
		},
		Merged: func(ctx context.Context, tx bun.Tx, from, into org.Org) error {
			return s.Index.Move(ctx, tx, from.Path, into.Path)
		},
	}
}

// Answer is what was found, with the names of what it refers to.
type Answer struct {
	search.Result
	Orgs    map[int64]string
	Columns map[int64]string
	Sites   map[int64]site.Site
}

// Search asks the index, within one site or, with the zero site, in the whole
// node. Only what visitors may read is found.
func (s *Service) Search(ctx context.Context, within site.Site, q Question, limit int) (Answer, error) {
	query, err := s.query(ctx, within, q)
	if err != nil {
		return Answer{}, err
	}
	query.Limit, query.Cursor = limit, q.Cursor
	found, err := s.Index.Search(ctx, query)
	if err != nil {
		return Answer{}, fmt.Errorf("search: %w", err)
	}
	a := Answer{Result: found, Orgs: map[int64]string{}, Columns: map[int64]string{}, Sites: map[int64]site.Site{}}
	return a, s.name(ctx, within, &a)
}

// Suggest completes what is being typed with titles.
func (s *Service) Suggest(ctx context.Context, within site.Site, text string, limit int) ([]search.Title, error) {
	query, err := s.query(ctx, within, Question{Text: text})
	if err != nil {
		return nil, err
	}
	query.Limit = limit
	found, err := s.Index.Suggest(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("suggest titles: %w", err)
	}
	return found, nil
}

func (s *Service) query(ctx context.Context, within site.Site, q Question) (search.Query, error) {
	query := search.Query{Text: q.Text, SiteID: within.ID, ColumnID: q.ColumnID, Year: q.Year, Category: q.Category, Sort: q.Sort}
	if q.From != "" {
		query.From = q.From.Time()
	}
	if q.To != "" {
		query.To = q.To.Time()
	}
	if q.OrgID != 0 {
		paths, err := s.Orgs.Paths(ctx, q.OrgID)
		if err != nil {
			return query, fmt.Errorf("find organisation %d: %w", q.OrgID, err)
		}
		// Of an organisation that is not there, nothing is found.
		if query.OrgPath = paths[q.OrgID]; query.OrgPath == "" {
			query.OrgID = q.OrgID
		}
	}
	home := within
	if within.ID == 0 {
		var err error
		if query.ExceptSites, err = s.Sites.Hidden(ctx); err != nil {
			return query, err
		}
		if home, err = s.Sites.MainSite(ctx); err != nil && !errs.Is(err, errs.KindNotFound) {
			return query, fmt.Errorf("find the main site: %w", err)
		}
	}
	query.Here = []string{home.Name, home.Organiser, home.Address}
	return query, nil
}

// name reads the names of what hits and facets refer to.
func (s *Service) name(ctx context.Context, within site.Site, a *Answer) error {
	var ids []int64
	for _, c := range a.Facets.Orgs {
		ids = append(ids, c.ID)
	}
	for _, h := range a.Hits {
		ids = append(ids, h.OrgID)
		if _, known := a.Sites[h.SiteID]; known {
			continue
		}
		found, err := s.Sites.Get(ctx, h.SiteID)
		if err != nil && !errs.Is(err, errs.KindNotFound) {
			return fmt.Errorf("name site %d: %w", h.SiteID, err)
		}
		a.Sites[h.SiteID] = found
	}
	if len(ids) > 0 {
		var err error
		if a.Orgs, err = s.Orgs.Names(ctx, ids...); err != nil {
			return fmt.Errorf("name organisations: %w", err)
		}
	}
	if within.ID == 0 {
		return nil
	}
	columns, err := s.Sites.Columns(ctx, within.ID)
	if err != nil {
		return fmt.Errorf("name columns: %w", err)
	}
	for _, c := range columns {
		a.Columns[c.ID] = c.Name
	}
	return nil
}

// visible returns the site of an API request, the zero site for none.
func (s *Service) visible(ctx context.Context, slug string) (site.Site, error) {
	if slug == "" {
		return site.Site{}, nil
	}
	found, err := s.Sites.BySlug(ctx, slug)
	if err != nil {
		return site.Site{}, err
	}
	if !found.State.Public() {
		return site.Site{}, errs.NotFound("site.not_found")
	}
	return found, nil
}
