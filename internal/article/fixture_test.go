package article

import (
	"context"
	"io/fs"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/blob"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/job"
	"lianxin/internal/platform/search"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// world is a node with one site and the people who work on it.
type world struct {
	*Service
	clock   *clock.Manual
	catalog *i18n.Catalog
	site    site.Site
	news    int64 // a column
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	ctx := t.Context()
	m := &clock.Manual{T: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)}
	for room, files := range map[string]fs.FS{"audit": audit.Migrations, "org": org.Migrations, "site": site.Migrations, "article": Migrations} {
		if err := d.Migrate(ctx, room, files); err != nil {
			t.Fatal(err)
		}
	}
	if err := job.Migrate(ctx, d); err != nil {
		t.Fatal(err)
	}
	reg := job.NewRegistry()
	NewJobs(&Service{}).Register(reg)
	queue := &job.Queue{}
	if err := queue.Open(d, reg); err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(ctx, filepath.Join(t.TempDir(), "files"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	w := &world{clock: m, catalog: ok[*i18n.Catalog](t)(i18n.New(web.Builtin.Locale, site.Room.Locale, Room.Locale))}
	sites := w.openSite(t, d, m)
	index := ok[*search.Index](t)(search.New(ctx, d))
	w.Service = NewService(Deps{DB: d, Now: m.Now, Audit: audit.New(m.Now), Queue: queue, Files: files, Index: index, Sites: sites})
	sites.Content = w.Service
	return w
}

// openSite makes the organisations /1/, /1/2/ and /1/3/, and the site of the
// second, open to the public.
func (w *world) openSite(t testing.TB, d *db.DB, m *clock.Manual) *site.Service {
	t.Helper()
	log := audit.New(m.Now)
	orgs := org.NewService(org.Deps{DB: d, Now: m.Now, Audit: log})
	ctx := account.WithActor(t.Context(), account.Operator(account.Merge(org.Policy, site.Policy)))
	err := d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, _, err := orgs.CreateRoot(ctx, tx, "中共青山县委员会", "QS")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"中共云岭镇委员会", "中共城关镇委员会"} {
		ok[org.Org](t)(orgs.Create(ctx, org.New{ParentID: 1, Draft: org.Draft{Name: name, Code: "QS-0" + strconv.Itoa(i+1), Kind: org.PartyCommittee, Level: org.LevelTownship, Position: org.DefaultPosition}}))
	}
	sites, err := site.NewService(site.Deps{DB: d, Now: m.Now, Audit: log, Orgs: orgs, Cache: web.NewCache(1<<20, m.Now), Catalog: w.catalog})
	if err != nil {
		t.Fatal(err)
	}
	w.site = ok[site.Site](t)(sites.Create(ctx, site.New{OrgID: 2, Template: "branch", Draft: site.Draft{Slug: "town", Name: "云岭镇", Organiser: "中共云岭镇委员会"}}))
	// The opening conditions are the site room's own matter.
	if _, err := d.SQL().ExecContext(ctx, "update site set state = 'open'"); err != nil {
		t.Fatal(err)
	}
	w.site.State = site.Open
	for _, c := range ok[[]site.Column](t)(sites.Columns(ctx, w.site.ID)) {
		if c.Slug == "news" {
			w.news = c.ID
		}
	}
	_, err = d.SQL().ExecContext(ctx, "delete from audit_entry")
	if err != nil {
		t.Fatal(err)
	}
	return sites
}

// as returns a context in which a person with the role acts, at the site's
// organisation unless another path is given.
func as(t testing.TB, role account.Role, at ...tree.Path) context.Context {
	t.Helper()
	path := tree.Path("/1/2/")
	if len(at) > 0 {
		path = at[0]
	}
	return account.WithActor(t.Context(), account.TestActor(role, 2, path, Policy, site.Policy))
}

// other is a second person of the same role.
func other(t testing.TB, role account.Role) context.Context {
	t.Helper()
	return account.WithActor(t.Context(), account.NewActor(99, "another", account.Merge(Policy, site.Policy), account.Held{Role: role, OrgID: 2, Path: "/1/2/"}))
}

func (w *world) content() Content {
	return Content{Title: "十二个乡镇公开承诺", Body: "<p>群众来信七个工作日内必答。</p>", Issuer: "中共青山县委", Editor: "李明", ColumnID: w.news}
}

var declared = Declaration{NoSecret: true, Basis: "县委常委会会议纪要已公开", Checked: true}

// ok fails the test on an error.
func ok[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// published walks an article to the readers.
func (w *world) published(t testing.TB, c Content) Article {
	t.Helper()
	a := w.submitted(t, c)
	a = ok[Article](t)(w.Approve(as(t, account.Reviewer), a.ID, a.Revision))
	return ok[Article](t)(w.Publish(as(t, account.Reviewer), a.ID, a.Revision, time.Time{}))
}

func (w *world) submitted(t testing.TB, c Content) Article {
	t.Helper()
	a := ok[Article](t)(w.Create(as(t, account.SiteEditor), w.site.ID, c))
	return ok[Article](t)(w.Submit(as(t, account.SiteEditor), a.ID, a.Revision, declared))
}
