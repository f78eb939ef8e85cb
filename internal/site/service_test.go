package site_test

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// shop is a service on an empty database with a county and a town below it.
type shop struct {
	*site.Service
	db           *db.DB
	orgs         *org.Service
	clock        *clock.Manual
	county, town org.Org
}

// filled is content that stands in every column.
type filled struct {
	service *site.Service
	latest  time.Time
}

func (f *filled) Latest(context.Context, int64, []int64, int) ([]site.Teaser, error) { return nil, nil }
func (f *filled) Rolling(context.Context, int64, []int64, int) ([]site.Teaser, error) {
	return nil, nil
}

func (f *filled) Pulse(ctx context.Context, siteID int64) (map[int64]site.Pulse, error) {
	columns, err := f.service.Columns(ctx, siteID)
	out := map[int64]site.Pulse{}
	for _, c := range columns {
		out[c.ID] = site.Pulse{Count: 1, Latest: f.latest}
	}
	return out, err
}

func newShop(t *testing.T, d *db.DB) shop {
	t.Helper()
	ctx := operator(t.Context())
	m := &clock.Manual{T: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)}
	must(t, d.Migrate(ctx, "audit", audit.Migrations))
	must(t, d.Migrate(ctx, "org", org.Migrations))
	must(t, d.Migrate(ctx, "site", site.Migrations))
	log := audit.New(m.Now)
	orgs := org.NewService(org.Deps{DB: d, Now: m.Now, Audit: log})
	catalog, err := i18n.New(web.Builtin.Locale, site.Room.Locale)
	must(t, err)
	s, err := site.NewService(site.Deps{DB: d, Now: m.Now, Audit: log, Orgs: orgs, Cache: web.NewCache(1<<20, m.Now), Catalog: catalog})
	must(t, err)
	orgs.Follow(s.Follower())
	var root int64
	must(t, d.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		root, _, err = orgs.CreateRoot(ctx, tx, "中共青山县委员会", "QS")
		return err
	}))
	county, err := orgs.Get(ctx, root)
	must(t, err)
	town, err := orgs.Create(ctx, org.New{ParentID: root, Draft: org.Draft{Code: "QS1", Name: "中共云岭镇委员会", Kind: org.PartyCommittee, Level: org.LevelTownship}})
	must(t, err)
	return shop{s, d, orgs, m, county, town}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func operator(ctx context.Context) context.Context {
	return account.WithActor(ctx, account.Operator(account.Merge(org.Policy, site.Policy)))
}

func as(ctx context.Context, role account.Role, at tree.Path) context.Context {
	return account.WithActor(ctx, account.TestActor(role, 0, at, site.Policy))
}

func (s shop) make(t *testing.T, ctx context.Context, o org.Org, slug string) site.Site {
	t.Helper()
	made, err := s.Create(ctx, site.New{OrgID: o.ID, Template: "town", Draft: site.Draft{Slug: slug, Name: "站点" + slug, Responsible: "舒南枝", Phone: "0000-1"}})
	must(t, err)
	return made
}

func refused(t *testing.T, err error, kind errs.Kind, what string) {
	t.Helper()
	if !errs.Is(err, kind) {
		t.Errorf("%s: %v, want kind %d", what, err, kind)
	}
}

func TestASiteComesWithItsParts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := newShop(t, d), operator(t.Context())
		made := s.make(t, ctx, s.town, "yunling")
		if !made.Main || made.State != site.Preparing || made.Theme != "pine" || made.Organiser != s.town.Name {
			t.Errorf("made %+v", made)
		}
		columns, err := s.Columns(ctx, made.ID)
		must(t, err)
		if len(columns) != 10 || columns[0].Name != "要闻" || columns[9].Name != "社会综合" {
			t.Errorf("columns %v", columns)
		}
		again, err := s.BySlug(ctx, "yunling")
		must(t, err)
		if again.ID != made.ID {
			t.Errorf("found %d", again.ID)
		}
		_, err = s.Create(ctx, site.New{OrgID: s.county.ID, Template: "county", Draft: site.Draft{Slug: "yunling", Name: "x"}})
		refused(t, err, errs.KindInvalid, "a taken address")
		_, err = s.BySlug(ctx, "nowhere")
		refused(t, err, errs.KindNotFound, "an unknown address")
		second := s.make(t, ctx, s.county, "qingshan")
		if second.Main {
			t.Error("two main sites")
		}
	})
}

func TestOnlyWhoMayManageMakesASite(t *testing.T) {
	s := newShop(t, dbtest.SQLite(t))
	draft := site.New{OrgID: s.county.ID, Template: "county", Draft: site.Draft{Slug: "a", Name: "x"}}
	_, err := s.Create(t.Context(), draft)
	refused(t, err, errs.KindSignIn, "a visitor")
	_, err = s.Create(as(t.Context(), account.SiteEditor, s.town.Path), draft)
	refused(t, err, errs.KindForbidden, "an editor of the town")
	_, err = s.Create(as(t.Context(), account.Reviewer, s.county.Path), draft)
	refused(t, err, errs.KindForbidden, "a reviewer")
	if _, err = s.Create(as(t.Context(), account.SiteEditor, s.county.Path), draft); err != nil {
		t.Error(err)
	}
}

func TestLifeOfASite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := newShop(t, d), operator(t.Context())
		s.make(t, ctx, s.county, "first")
		made := s.make(t, ctx, s.town, "yunling")
		refused(t, s.Open(ctx, made.ID), errs.KindConflict, "opening an empty site")
		s.Content = &filled{s.Service, s.clock.Now()}
		must(t, s.Open(ctx, made.ID))
		now, err := s.Get(ctx, made.ID)
		must(t, err)
		if now.State != site.Open || !now.OpenedAt.Equal(s.clock.Now()) {
			t.Errorf("opened %+v", now)
		}
		refused(t, s.Suspend(ctx, made.ID, "2026-11-24", "2027-01-31", "搬迁"), errs.KindInvalid, "ten weeks of suspension")
		must(t, s.Suspend(ctx, made.ID, "2026-11-24", "2026-12-01", "机房搬迁"))
		must(t, s.MakeMain(ctx, made.ID))
		refused(t, s.Close(ctx, made.ID, now.Name), errs.KindConflict, "closing the main site")
		must(t, s.Open(ctx, made.ID))
		main, err := s.MainSite(ctx)
		must(t, err)
		if main.ID != made.ID {
			t.Errorf("main site is %q", main.Name)
		}
		first, err := s.BySlug(ctx, "first")
		must(t, err)
		refused(t, s.Close(ctx, first.ID, "wrong"), errs.KindInvalid, "a name typed wrongly")
		must(t, s.Close(ctx, first.ID, first.Name))
		refused(t, s.Open(ctx, first.ID), errs.KindConflict, "opening a closed site")
	})
}

func TestAChangeIsSeenAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := newShop(t, d), operator(t.Context())
		made := s.make(t, ctx, s.town, "yunling")
		_, err := s.BySlug(ctx, "yunling")
		must(t, err)
		draft := made.Draft()
		draft.Slug, draft.Name, draft.Host = "lingshang", "岭上", "dj.example.cn"
		must(t, s.Edit(ctx, made.ID, made.Version, draft))
		_, err = s.BySlug(ctx, "yunling")
		refused(t, err, errs.KindNotFound, "the old address")
		found, err := s.ByHost(ctx, "dj.example.cn")
		must(t, err)
		if found.Name != "岭上" || found.Slug != "lingshang" {
			t.Errorf("found %+v", found)
		}
		refused(t, s.Edit(ctx, made.ID, made.Version, draft), errs.KindConflict, "a second change of the old version")
	})
}

func TestPartsAreOrderedAndRemoved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := newShop(t, d), operator(t.Context())
		made := s.make(t, ctx, s.town, "yunling")
		added, err := s.AddColumn(ctx, made.ID, site.ColumnDraft{Name: "微心愿", Slug: "wishes", Kind: site.News, Visible: true})
		must(t, err)
		must(t, s.MoveColumn(ctx, made.ID, added.ID, -1))
		columns, err := s.Columns(ctx, made.ID)
		must(t, err)
		if columns[9].ID != added.ID {
			t.Errorf("after a step up the order is %v", columns)
		}
		must(t, s.EditColumn(ctx, made.ID, added.ID, site.ColumnDraft{Name: "微心愿墙", Slug: "wishes", Kind: site.Static}))
		must(t, s.ConfirmColumn(ctx, made.ID, added.ID))
		refused(t, s.ConfirmColumn(ctx, made.ID, columns[0].ID), errs.KindConflict, "confirming news")
		must(t, s.RemoveColumn(ctx, made.ID, added.ID))
		s.Content = &filled{s.Service, s.clock.Now()}
		refused(t, s.RemoveColumn(ctx, made.ID, columns[0].ID), errs.KindConflict, "removing a column with articles")

		must(t, s.SetMenu(ctx, made.ID, []site.MenuEntry{{Label: "要闻", ColumnID: columns[0].ID}, {Label: "外站", Href: "https://example.cn/"}}))
		refused(t, s.SetMenu(ctx, made.ID, []site.MenuEntry{{Label: "坏", Href: "javascript:alert(1)"}}), errs.KindInvalid, "a link that runs")

		block, err := s.AddBlock(ctx, made.ID, site.Block{Kind: site.Text})
		must(t, err)
		must(t, s.EditBlock(ctx, made.ID, block.ID, "欢迎", site.BlockConfig{Text: "来坐坐"}))
		must(t, s.MoveBlock(ctx, made.ID, block.ID, -1))
		must(t, s.RemoveBlock(ctx, made.ID, block.ID))
		refused(t, s.RemoveBlock(ctx, made.ID, block.ID), errs.KindNotFound, "removing it twice")
	})
}

func TestSitesFollowTheirOrganisations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := newShop(t, d), operator(t.Context())
		made := s.make(t, ctx, s.town, "yunling")
		must(t, d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			return s.Follower().Moved(ctx, tx, s.town.Path, "/1/99/2/")
		}))
		now, err := s.Get(ctx, made.ID)
		must(t, err)
		if now.OrgPath != "/1/99/2/" || now.Version != made.Version+1 {
			t.Errorf("after the move: %s, version %d", now.OrgPath, now.Version)
		}
	})
}

func TestListsShowWhatOneMaySee(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, ctx := newShop(t, d), operator(t.Context())
		s.Content = &filled{s.Service, s.clock.Now()}
		county, town := s.make(t, ctx, s.county, "qingshan"), s.make(t, ctx, s.town, "yunling")
		must(t, s.Open(ctx, county.ID))
		public, err := s.Search(t.Context(), site.Query{})
		must(t, err)
		if len(public) != 1 || public[0].ID != county.ID {
			t.Errorf("visitors see %v", public)
		}
		editor := as(t.Context(), account.SiteEditor, s.town.Path)
		own, err := s.Search(editor, site.Query{Within: []tree.Path{s.town.Path}})
		must(t, err)
		if len(own) != 1 || own[0].ID != town.ID {
			t.Errorf("the town's editor sees %v", own)
		}
		_, err = s.Search(editor, site.Query{Within: []tree.Path{s.county.Path}})
		refused(t, err, errs.KindForbidden, "the town's editor asking for the county")
		found, err := s.Search(ctx, site.Query{Within: []tree.Path{"/"}, Text: "yun", After: county.ID})
		must(t, err)
		if len(found) != 1 {
			t.Errorf("found %v", found)
		}
	})
}
