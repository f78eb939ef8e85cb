package site

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/uptrace/bun"

	"lianxin/internal/platform/bus"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// Live is a site with all that its pages need, as it is kept in memory. It is
// shared between requests and never changed.
type Live struct {
	Site
	Columns []Column
	Menu    []MenuEntry
	Blocks  []Block
}

// Column returns a column by its id; the zero Column if there is none.
func (l *Live) Column(id int64) Column {
	for _, c := range l.Columns {
		if c.ID == id {
			return c
		}
	}
	return Column{}
}

// keptSites bounds the memory; keptFor bounds how long a message that was lost
// between two app servers can be noticed.
const (
	keptSites = 4000
	keptFor   = 10 * time.Minute
	// subject on which servers tell each other of changed sites.
	subject = "site.changed"
)

// shelf holds live sites by id, and ids by slug and host.
type shelf struct {
	sites *otter.Cache[int64, *Live]
	names *otter.Cache[string, int64]
	// versions are those of the last Refresh, nil before the first.
	mu       sync.Mutex
	versions map[int64]int64
}

func newShelf() *shelf {
	return &shelf{
		sites: otter.Must(&otter.Options[int64, *Live]{MaximumSize: keptSites, ExpiryCalculator: otter.ExpiryWriting[int64, *Live](keptFor)}),
		names: otter.Must(&otter.Options[string, int64]{MaximumSize: 2 * keptSites, ExpiryCalculator: otter.ExpiryWriting[string, int64](keptFor)}),
	}
}

// live returns a site with its parts, from memory if it can.
func (s *Service) live(ctx context.Context, id int64) (*Live, error) {
	return s.shelf.sites.Get(ctx, id, otter.LoaderFunc[int64, *Live](s.load))
}

func (s *Service) load(ctx context.Context, id int64) (*Live, error) {
	read := s.DB.Read()
	l := &Live{}
	var err error
	if l.Site, err = siteByID(ctx, read, id); err != nil {
		return nil, err
	}
	if l.Columns, err = columnsOf(ctx, read, id); err != nil {
		return nil, err
	}
	if l.Menu, err = menuOf(ctx, read, id); err != nil {
		return nil, err
	}
	if l.Blocks, err = blocksOf(ctx, read, id); err != nil {
		return nil, err
	}
	return l, nil
}

// idOf finds a site by a name that is unique, such as its slug.
func (s *Service) idOf(ctx context.Context, kind, value string) (int64, error) {
	return s.shelf.names.Get(ctx, kind+":"+value, otter.LoaderFunc[string, int64](func(ctx context.Context, _ string) (int64, error) {
		var found Site
		var err error
		switch kind {
		case "slug":
			found, err = siteWhere(ctx, s.DB.Read(), "slug = ?", value)
		case "host":
			found, err = siteWhere(ctx, s.DB.Read(), "host = ? and host <> ''", value)
		default:
			found, err = siteWhere(ctx, s.DB.Read(), "main = ?", true)
		}
		return found.ID, err
	}))
}

func (s *Service) liveBy(ctx context.Context, kind, value string) (*Live, error) {
	id, err := s.idOf(ctx, kind, value)
	if err != nil {
		return nil, err
	}
	l, err := s.live(ctx, id)
	if err != nil {
		return nil, err
	}
	// A name may have passed to another site since it was noted.
	if kind == "slug" && l.Slug != value || kind == "host" && l.Host != value || kind == "main" && !l.Main {
		s.shelf.names.Invalidate(kind + ":" + value)
		return nil, errs.NotFound("site.not_found")
	}
	return l, nil
}

// Tag names a site's pages in the cache of public pages.
func Tag(siteID int64) string { return "site:" + strconv.FormatInt(siteID, 10) }

// listTag names the pages that show which sites there are.
const listTag = "sites"

// Bump raises the version of a site whose content has changed. When tx is
// committed, what is kept of it in memory is dropped, on all servers.
func (s *Service) Bump(ctx context.Context, tx bun.Tx, siteID int64) error {
	if err := raiseVersion(ctx, tx, siteID); err != nil {
		return err
	}
	s.announce(ctx, siteID)
	return nil
}

func (s *Service) announce(ctx context.Context, siteIDs ...int64) {
	db.AfterCommit(ctx, func() {
		for _, id := range siteIDs {
			s.drop(id)
			if s.Bus != nil {
				// A lost message is made good by keptFor.
				_ = s.Bus.Publish(ctx, subject, []byte(strconv.FormatInt(id, 10)))
			}
		}
	})
}

// all is announced when any site may have changed, or its name or address.
const all = 0

func (s *Service) drop(id int64) {
	if id == all {
		s.shelf.sites.InvalidateAll()
		s.shelf.names.InvalidateAll()
		s.Cache.Invalidate(listTag)
		return
	}
	s.shelf.sites.Invalidate(id)
	s.Cache.Invalidate(Tag(id))
}

// Listen hears what other servers changed, until cancel is called.
func (s *Service) Listen(b *bus.Bus) (cancel func(), err error) {
	cancel, err = b.Subscribe(subject, func(_ string, data []byte) {
		if id, err := strconv.ParseInt(string(data), 10, 64); err == nil {
			s.drop(id)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listen for changed sites: %w", err)
	}
	return cancel, nil
}

// Refresh drops from memory what other processes have changed in the database
// since the last Refresh: a command beside the running node has no bus.
func (s *Service) Refresh(ctx context.Context) error {
	now, err := versionsOf(ctx, s.DB.Read())
	if err != nil {
		return err
	}
	s.shelf.mu.Lock()
	defer s.shelf.mu.Unlock()
	before := s.shelf.versions
	s.shelf.versions = now
	if before == nil {
		return nil
	}
	for id, version := range now {
		if before[id] != version {
			s.drop(id)
		}
	}
	if len(before) != len(now) {
		s.drop(all)
	}
	return nil
}

// cached is how long a public page is kept when nothing changes. What ages by
// itself, such as "open until", ages by days.
const cached = 10 * time.Minute

// pageCache is what the room needs of web.Cache.
type pageCache interface{ Invalidate(tag string) }

var _ pageCache = (*web.Cache)(nil)
