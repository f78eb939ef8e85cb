package org_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
)

// rig is a service on an empty database with a clock that tests move.
type rig struct {
	*org.Service
	db    *db.DB
	clock *clock.Manual
	// root acts for everything.
	root context.Context
}

func newRig(t testing.TB, d *db.DB) *rig {
	t.Helper()
	ctx := context.Background()
	m := &clock.Manual{T: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)}
	if err := d.Migrate(ctx, "audit", audit.Migrations); err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(ctx, "org", org.Migrations); err != nil {
		t.Fatal(err)
	}
	return &rig{
		Service: org.NewService(org.Deps{DB: d, Now: m.Now, Audit: audit.New(m.Now)}), db: d, clock: m,
		root: account.WithActor(ctx, account.TestActor(account.OrgClerk, 0, tree.Root, org.Policy)),
	}
}

// as returns a context in which someone holds a role at an organisation.
func as(role account.Role, o org.Org) context.Context {
	return account.WithActor(context.Background(), account.TestActor(role, o.ID, o.Path, org.Policy))
}

var codes = 0

// add creates an organisation with defaults.
func (r *rig) add(t testing.TB, parent int64, name string, change ...func(*org.New)) org.Org {
	t.Helper()
	codes++
	n := org.New{ParentID: parent, Draft: org.Draft{Code: fmt.Sprintf("T%06d", codes), Name: name, Kind: org.Branch, Level: org.LevelUnit, Position: org.DefaultPosition}}
	for _, c := range change {
		c(&n)
	}
	o, err := r.Create(r.root, n)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (r *rig) get(t testing.TB, id int64) org.Org {
	t.Helper()
	o, err := r.Get(r.root, id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func field(err error, name string) string {
	var e *errs.Error
	if err == nil || !asError(err, &e) {
		return fmt.Sprint(err)
	}
	return e.Fields[name].Key
}

func names(orgs []org.Org) string {
	var out []string
	for _, o := range orgs {
		out = append(out, o.Name)
	}
	return strings.Join(out, " ")
}

func TestTreeIsCreatedFoundAndSorted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		county := r.add(t, 0, "中共青山县委员会", func(n *org.New) { n.Kind, n.Level, n.ShortName = org.LocalCommittee, org.LevelCounty, "青山县委" })
		yun := r.add(t, county.ID, "云岭镇党委")
		an := r.add(t, county.ID, "安平镇党委")
		zu := r.add(t, county.ID, "组织部", func(n *org.New) { n.Position = 1; n.Kind = org.Department })
		r.add(t, yun.ID, "松林村党支部")
		if yun.Path != county.Path.Child(yun.ID) {
			t.Errorf("path %s below %s", yun.Path, county.Path)
		}
		children, err := r.Children(r.root, county.ID)
		if err != nil || names(children) != "组织部 安平镇党委 云岭镇党委" {
			t.Errorf("children %s, %v", names(children), err)
		}
		for q, want := range map[string]string{"松林": "松林村党支部", "slc": "松林村党支部", "songlin": "松林村党支部", "QSXW": "中共青山县委员会",
			zu.Code: "组织部", "100%": "", "_": "", "党委": "安平镇党委 云岭镇党委"} {
			found, _, err := r.Search(r.root, org.Query{Text: q, Limit: 10})
			if err != nil || names(found) != want {
				t.Errorf("search %q: %s, %v; want %s", q, names(found), err, want)
			}
		}
		ancestors, err := r.Ancestors(r.root, r.get(t, yun.ID))
		if err != nil || names(ancestors) != county.Name {
			t.Errorf("ancestors %s %v", names(ancestors), err)
		}
		var all []string
		var after org.Cursor
		for {
			page, next, err := r.Search(r.root, org.Query{Limit: 2, After: after})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, names(page))
			if next.ID == 0 {
				break
			}
			after = next
		}
		if got := strings.Join(all, " "); got != "组织部 安平镇党委 松林村党支部 云岭镇党委 中共青山县委员会" {
			t.Errorf("pages: %s", got)
		}
		paths, err := r.Paths(r.root, an.ID, 999)
		if err != nil || len(paths) != 1 || paths[an.ID] != an.Path {
			t.Errorf("paths %v %v", paths, err)
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	county := r.add(t, 0, "青山县委")
	gone := r.add(t, county.ID, "旧支部")
	if err := r.Advance(r.root, org.Step{ID: gone.ID, Status: org.Dissolved, Reason: "任务完成"}); err != nil {
		t.Fatal(err)
	}
	base := org.Draft{Code: "X1", Name: "新支部", Kind: org.Branch, Level: org.LevelUnit}
	with := func(change func(*org.New)) org.New {
		n := org.New{ParentID: county.ID, Draft: base}
		change(&n)
		return n
	}
	for _, c := range []struct {
		name, field, key string
		n                org.New
	}{
		{"taken code", "code", "org.code.taken", with(func(n *org.New) { n.Code = " " + strings.ToLower(county.Code) })},
		{"code of an ended organisation", "code", "org.code.taken", with(func(n *org.New) { n.Code = gone.Code })},
		{"a code with spaces inside", "code", "org.code.form", with(func(n *org.New) { n.Code = "A 1" })},
		{"unknown parent", "parent", "org.parent.unknown", with(func(n *org.New) { n.ParentID = 4711 })},
		{"ended parent", "parent", "org.parent.ended", with(func(n *org.New) { n.ParentID = gone.ID })},
		{"a name of 10,000 characters", "name", "org.form.too_long", with(func(n *org.New) { n.Name = strings.Repeat("长", 10_000) })},
		{"no name", "name", "org.name.missing", with(func(n *org.New) { n.Name = " \u200b" })},
		{"wrong credit code", "credit_code", "org.credit.wrong", with(func(n *org.New) { n.CreditCode = "914403001922038217" })},
		{"wrong region", "region_code", "org.region.form", with(func(n *org.New) { n.RegionCode = "1234567" })},
		{"born ended", "status", "org.status.start", with(func(n *org.New) { n.Status = org.Merged })},
	} {
		_, err := r.Create(r.root, c.n)
		if got := field(err, c.field); got != c.key {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := r.Create(r.root, with(func(n *org.New) { n.Name = "旧支部" })); err != nil {
		t.Errorf("the name of an ended sister is free again: %v", err)
	}
	if _, err := r.Create(r.root, with(func(n *org.New) { n.Name, n.Code = "旧支部", "X2" })); field(err, "name") != "org.name.taken" {
		t.Errorf("the name of a living sister: %v", err)
	}
}

func TestMoveTakesTheSubtreeAlongAndKeepsHistory(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		a := r.add(t, 0, "甲县委")
		b := r.add(t, a.ID, "乙镇党委")
		c := r.add(t, a.ID, "丙镇党委")
		deep := b
		for i := range 14 { // deeper than any country is
			deep = r.add(t, deep.ID, fmt.Sprintf("第%d层", i))
		}
		var told []tree.Path
		r.Follow(org.Follower{Moved: func(_ context.Context, _ bun.Tx, old, now tree.Path) error { told = append(told, old, now); return nil }})
		if err := r.Move(r.root, org.Move{ID: b.ID, ParentID: c.ID, From: "2026-11-01", Reason: "撤乡并镇"}); err != nil {
			t.Fatal(err)
		}
		moved, deepest := r.get(t, b.ID), r.get(t, deep.ID)
		if moved.Path != c.Path.Child(b.ID) || moved.ParentID != c.ID || !moved.Path.Contains(deepest.Path) || deepest.Path.Depth() != 17 {
			t.Errorf("moved to %s, deepest %s", moved.Path, deepest.Path)
		}
		if len(told) != 2 || told[0] != b.Path || told[1] != moved.Path {
			t.Errorf("followers heard %v", told)
		}
		dossier, err := r.Dossier(r.root, b.ID)
		if err != nil || len(dossier.Parents) != 2 || dossier.Parents[0].ParentID != c.ID || dossier.Parents[1].UntilDay != "2026-11-01" {
			t.Errorf("history %+v %v", dossier.Parents, err)
		}
		var old int
		if err := d.Read().NewRaw("select count(*) from org_old_path where path = ?", string(deep.Path)).Scan(r.root, &old); err != nil || old != 1 {
			t.Errorf("old path of the deepest kept %d times, %v", old, err)
		}
		for name, m := range map[string]org.Move{
			"org.parent.cycle":   {ID: c.ID, ParentID: deep.ID, Reason: "x"},
			"org.parent.same":    {ID: b.ID, ParentID: c.ID, Reason: "x"},
			"org.parent.unknown": {ID: b.ID, ParentID: 999, Reason: "x"},
		} {
			if err := r.Move(r.root, m); field(err, "parent") != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := r.Move(r.root, org.Move{ID: c.ID, ParentID: c.ID, Reason: "x"}); field(err, "parent") != "org.parent.cycle" {
			t.Errorf("below itself: %v", err)
		}
		if err := r.Move(r.root, org.Move{ID: b.ID, ParentID: a.ID}); field(err, "reason") == "" {
			t.Errorf("without a reason: %v", err)
		}
		if err := r.Move(r.root, org.Move{ID: b.ID, ParentID: a.ID, From: "2026-11-24", Reason: "x"}); field(err, "from") == "" {
			t.Errorf("in the future: %v", err)
		}
	})
}

func TestMoveIsUndoneWhenAFollowerFails(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	a := r.add(t, 0, "甲")
	b, c := r.add(t, a.ID, "乙"), r.add(t, a.ID, "丙")
	r.Follow(org.Follower{Moved: func(context.Context, bun.Tx, tree.Path, tree.Path) error { return errs.Unavailable("error.disk_full") }})
	if err := r.Move(r.root, org.Move{ID: b.ID, ParentID: c.ID, Reason: "x"}); !errs.Is(err, errs.KindUnavailable) {
		t.Fatal(err)
	}
	if got := r.get(t, b.ID); got.Path != b.Path || got.Version != b.Version {
		t.Errorf("half moved: %+v", got)
	}
}

func TestMerge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		a := r.add(t, 0, "县委")
		from, into := r.add(t, a.ID, "东镇党委"), r.add(t, a.ID, "西镇党委")
		child := r.add(t, from.ID, "东村支部")
		grandchild := r.add(t, child.ID, "东村一组")
		if _, err := r.Appoint(r.root, org.Appointment{OrgID: from.ID, Code: org.Secretary, Holder: "赵一", How: org.Elected, From: "2024-01-01"}); err != nil {
			t.Fatal(err)
		}
		if err := r.Link(r.root, org.Line{OrgID: from.ID, TargetID: a.ID, Kind: org.Guidance, FromDay: "2024-01-01"}); err != nil {
			t.Fatal(err)
		}
		if err := r.BeginTerm(r.root, org.TermStart{OrgID: from.ID, From: "2024-01-01"}); err != nil {
			t.Fatal(err)
		}
		merged := 0
		r.Follow(org.Follower{Merged: func(_ context.Context, _ bun.Tx, f, i org.Org) error {
			if f.ID == from.ID && i.ID == into.ID {
				merged++
			}
			return nil
		}})
		if err := r.Merge(r.root, org.Merge{ID: from.ID, IntoID: child.ID, Reason: "x"}); field(err, "into") != "org.merge.below" {
			t.Errorf("into its own child: %v", err)
		}
		if err := r.Merge(r.root, org.Merge{ID: from.ID, IntoID: from.ID, Reason: "x"}); field(err, "into") != "org.merge.below" {
			t.Errorf("into itself: %v", err)
		}
		if err := r.Merge(r.root, org.Merge{ID: from.ID, IntoID: into.ID, Reason: "合并设镇"}); err != nil {
			t.Fatal(err)
		}
		got := r.get(t, from.ID)
		if got.Status != org.Merged || got.MergedInto != into.ID || got.EndedOn != "2026-11-23" || got.TermUntil != "" {
			t.Errorf("merged: %+v", got)
		}
		if p := r.get(t, grandchild.ID).Path; p != into.Path.Child(child.ID).Child(grandchild.ID) || merged != 1 {
			t.Errorf("grandchild at %s, told %d times", p, merged)
		}
		dossier, err := r.Dossier(r.root, from.ID)
		if err != nil || len(dossier.Posts) != 0 || len(dossier.Former) != 1 || len(dossier.Lines) != 0 || dossier.Term != nil || len(dossier.Children) != 0 {
			t.Errorf("what stayed open: %+v %v", dossier, err)
		}
		if err := r.Merge(r.root, org.Merge{ID: into.ID, IntoID: from.ID, Reason: "x"}); field(err, "into") != "org.merge.not_active" {
			t.Errorf("into an ended one: %v", err)
		}
		if err := r.Move(r.root, org.Move{ID: from.ID, ParentID: into.ID, Reason: "x"}); !errs.Is(err, errs.KindConflict) {
			t.Errorf("an ended organisation moved: %v", err)
		}
	})
}

func TestDissolveAsksFollowersAndChildren(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	a := r.add(t, 0, "县委")
	b := r.add(t, a.ID, "支部", func(n *org.New) { n.Status = org.Proposed })
	if err := r.Advance(r.root, org.Step{ID: a.ID, Status: org.Dissolved, Reason: "x"}); !errs.Is(err, errs.KindConflict) {
		t.Errorf("with living children: %v", err)
	}
	for _, step := range []struct {
		to org.Status
		ok bool
	}{{org.Active, false}, {org.Approved, true}, {org.Merged, false}, {org.Active, true}, {org.Proposed, false}} {
		err := r.Advance(r.root, org.Step{ID: b.ID, Status: step.to, Reason: "批复"})
		if (err == nil) != step.ok {
			t.Errorf("to %s: %v", step.to, err)
		}
	}
	r.Follow(org.Follower{Ending: func(context.Context, bun.Tx, org.Org) error { return errs.Conflict("member.still_there") }})
	if err := r.Advance(r.root, org.Step{ID: b.ID, Status: org.Dissolved, Reason: "x"}); !errs.Is(err, errs.KindConflict) {
		t.Errorf("with members: %v", err)
	}
}

// TestTreeStaysATree runs any sequence of creations, moves and merges and then
// holds every path against the parents.
func TestTreeStaysATree(t *testing.T) {
	d := dbtest.SQLite(t)
	r := newRig(t, d)
	rapid.Check(t, func(rt *rapid.T) {
		root := r.add(t, 0, fmt.Sprint("根", codes))
		ids := []int64{root.ID}
		pick := func(label string) int64 { return rapid.SampledFrom(ids).Draw(rt, label) }
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1, 2:
				codes++
				o, err := r.Create(r.root, org.New{ParentID: pick("parent"), Draft: org.Draft{Code: fmt.Sprintf("T%06d", codes), Name: fmt.Sprint("支部", codes), Kind: org.Branch, Level: org.LevelUnit}})
				if err == nil {
					ids = append(ids, o.ID)
				}
			case 3, 4:
				_ = r.Move(r.root, org.Move{ID: pick("moved"), ParentID: pick("to"), Reason: "x"}) // refusals are fine
			case 5:
				_ = r.Merge(r.root, org.Merge{ID: pick("from"), IntoID: pick("into"), Reason: "x"})
			}
		}
		for _, id := range ids {
			o := r.get(t, id)
			above := tree.Root
			if o.ParentID != 0 {
				above = r.get(t, o.ParentID).Path
			}
			if o.Path != above.Child(id) {
				rt.Fatalf("%d lies at %s, its parent %d at %s", id, o.Path, o.ParentID, above)
			}
			if above.Contains(o.Path) && o.Path.Contains(above) {
				rt.Fatalf("%d is its own ancestor", id)
			}
		}
	})
}

func TestEditIsRefusedAfterAnotherChange(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	a := r.add(t, 0, "县委")
	d := a.Draft()
	d.Name = "青山县委"
	if _, err := r.Edit(r.root, a.ID, a.Version, d); err != nil {
		t.Fatal(err)
	}
	d.Name = "别的名字"
	if _, err := r.Edit(r.root, a.ID, a.Version, d); !errs.Is(err, errs.KindConflict) {
		t.Errorf("from an old page: %v", err)
	}
	if got := r.get(t, a.ID); got.Name != "青山县委" {
		t.Errorf("name %s", got.Name)
	}
}

func TestFindMeansOne(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	a := r.add(t, 0, "县委")
	b := r.add(t, a.ID, "云岭镇党委", func(n *org.New) { n.ShortName = "云岭" })
	c := r.add(t, b.ID, "机关支部")
	r.add(t, a.ID, "机关支部")
	for text, want := range map[string]int64{b.Code: b.ID, " 云岭镇党委 ": b.ID, "云岭": b.ID, "随便什么 (" + c.Code + ")": c.ID} {
		if id, err := r.Find(r.root, text); err != nil || id != want {
			t.Errorf("%q: %d %v, want %d", text, id, err, want)
		}
	}
	if _, err := r.Find(r.root, "机关支部"); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("two of that name: %v", err)
	}
	for _, text := range []string{"", "没有的", "()"} {
		if _, err := r.Find(r.root, text); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRootAtSetUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		var id int64
		err := d.Tx(context.Background(), func(ctx context.Context, tx bun.Tx) (err error) {
			id, _, err = r.CreateRoot(ctx, tx, "中共青山县委员会", "qs")
			return err
		})
		o := r.get(t, id)
		if err != nil || o.Kind != org.LocalCommittee || o.Level != org.LevelCounty || o.Code != "QS" || o.Path.Depth() != 1 {
			t.Errorf("%+v %v", o, err)
		}
	})
}

// TestTwoMovesAtOnceMakeNoCircle lets each of two organisations go below the
// other at the same time: one of the moves must be refused.
func TestTwoMovesAtOnceMakeNoCircle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		top := r.add(t, 0, "县委")
		for i := range 5 {
			a, b := r.add(t, top.ID, fmt.Sprint("甲", i)), r.add(t, top.ID, fmt.Sprint("乙", i))
			done := make(chan error, 2)
			go func() { done <- r.Move(r.root, org.Move{ID: a.ID, ParentID: b.ID, Reason: "x"}) }()
			go func() { done <- r.Move(r.root, org.Move{ID: b.ID, ParentID: a.ID, Reason: "x"}) }()
			first, second := <-done, <-done
			if (first == nil) == (second == nil) {
				t.Fatalf("%v, %v", first, second)
			}
			if x, y := r.get(t, a.ID), r.get(t, b.ID); x.Path.Depth()+y.Path.Depth() != 5 {
				t.Errorf("%s and %s", x.Path, y.Path)
			}
		}
	})
}
