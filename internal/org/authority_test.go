package org_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
)

func asError(err error, e **errs.Error) bool { return errors.As(err, e) }

// TestEveryChangeAsksForAuthority calls each changing method as a visitor, as a
// clerk of another organisation, and in a role that may only look.
func TestEveryChangeAsksForAuthority(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		county := r.add(t, 0, "县委")
		mine, other := r.add(t, county.ID, "东镇党委"), r.add(t, county.ID, "西镇党委")
		child := r.add(t, mine.ID, "东村支部")
		post, err := r.Appoint(r.root, org.Appointment{OrgID: child.ID, Code: org.Secretary, Holder: "赵一", How: org.Elected, From: "2025-01-01"})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.BeginTerm(r.root, org.TermStart{OrgID: child.ID, From: "2025-01-01"}); err != nil {
			t.Fatal(err)
		}
		acts := map[string]func(context.Context) error{
			"create": func(ctx context.Context) error {
				_, err := r.Create(ctx, org.New{ParentID: child.ID, Draft: org.Draft{Code: "Z", Name: "子", Kind: org.PartyCell, Level: org.LevelUnit}})
				return err
			},
			"create at the top": func(ctx context.Context) error {
				_, err := r.Create(ctx, org.New{Draft: org.Draft{Code: "Z", Name: "子", Kind: org.PartyCell, Level: org.LevelUnit}})
				return err
			},
			"edit": func(ctx context.Context) error {
				_, err := r.Edit(ctx, child.ID, child.Version, child.Draft())
				return err
			},
			"move": func(ctx context.Context) error {
				return r.Move(ctx, org.Move{ID: child.ID, ParentID: other.ID, Reason: "x"})
			},
			"merge": func(ctx context.Context) error {
				return r.Merge(ctx, org.Merge{ID: child.ID, IntoID: other.ID, Reason: "x"})
			},
			"dissolve": func(ctx context.Context) error {
				return r.Advance(ctx, org.Step{ID: child.ID, Status: org.Dissolved, Reason: "x"})
			},
			"count heads": func(ctx context.Context) error {
				return r.CountHeads(ctx, child.ID, "2026-11-01", org.Heads{Members: 9, Full: 8})
			},
			"appoint": func(ctx context.Context) error {
				_, err := r.Appoint(ctx, org.Appointment{OrgID: child.ID, Code: org.Organiser, Holder: "钱二", How: org.Appointed, From: "2025-01-01"})
				return err
			},
			"end a post": func(ctx context.Context) error { return r.EndPost(ctx, child.ID, post.ID, "2026-11-01", "x") },
			"begin a term": func(ctx context.Context) error {
				return r.BeginTerm(ctx, org.TermStart{OrgID: child.ID, From: "2026-11-01"})
			},
			"postpone": func(ctx context.Context) error {
				return r.Postpone(ctx, org.Postponement{OrgID: child.ID, NewDay: "2028-06-01", ApprovedBy: "镇党委", ApprovedOn: "2026-11-01", Reason: "x"})
			},
			"link": func(ctx context.Context) error {
				return r.Link(ctx, org.Line{OrgID: child.ID, TargetID: other.ID, Kind: org.Guidance, FromDay: "2026-01-01"})
			},
			"unlink": func(ctx context.Context) error { return r.Unlink(ctx, child.ID, 1) },
			"view":   func(ctx context.Context) error { _, err := r.Dossier(ctx, child.ID); return err },
			"import": func(ctx context.Context) error {
				rep, err := org.NewImporter(r.Service).Import(ctx, "a.csv", strings.NewReader("编码,名称,类型,上级编码\nN1,新支部,党支部,"+child.Code+"\n"), org.ImportOptions{})
				if len(rep.Problems) > 0 && !rep.Written {
					return errs.Forbidden(rep.Problems[0].Reason.Key)
				}
				return err
			},
		}
		for name, act := range acts {
			if err := act(context.Background()); !errs.Is(err, errs.KindSignIn) {
				t.Errorf("%s as a visitor: %v", name, err)
			}
			if err := act(as(account.OrgClerk, other)); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s by the clerk of another town: %v", name, err)
			}
			if err := act(as(account.SysAdmin, county)); !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s by the system administrator: %v", name, err)
			}
			if err := act(as(account.Inspector, county)); name != "view" && !errs.Is(err, errs.KindForbidden) {
				t.Errorf("%s by the inspector: %v", name, err)
			}
		}
		if n := r.get(t, child.ID).Version; n != child.Version+1 {
			t.Errorf("the branch was changed: version %d", n)
		}
	})
}

func TestMoveAndMergeNeedBothEnds(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	county := r.add(t, 0, "县委")
	east, west := r.add(t, county.ID, "东镇党委"), r.add(t, county.ID, "西镇党委")
	child := r.add(t, east.ID, "东村支部")
	both := account.WithActor(context.Background(), account.NewActor(7, "两镇干事", org.Policy,
		account.Held{Role: account.OrgClerk, OrgID: child.ID, Path: child.Path}, account.Held{Role: account.OrgClerk, OrgID: west.ID, Path: west.Path}))
	for name, ctx := range map[string]context.Context{
		"clerk of the old town": as(account.OrgClerk, east), "clerk of the new town": as(account.OrgClerk, west),
		"clerk of the branch itself and of the new town": both, "secretary of the county": as(account.Secretary, county),
	} {
		if err := r.Move(ctx, org.Move{ID: child.ID, ParentID: west.ID, Reason: "x"}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("%s moved it: %v", name, err)
		}
		if err := r.Merge(ctx, org.Merge{ID: child.ID, IntoID: west.ID, Reason: "x"}); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("%s merged it: %v", name, err)
		}
	}
	if err := r.Move(as(account.OrgClerk, county), org.Move{ID: child.ID, ParentID: west.ID, Reason: "x"}); err != nil {
		t.Errorf("the county's clerk: %v", err)
	}
}

func TestVisitorsSeeThePublicFace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		county := r.add(t, 0, "县委")
		shown := r.add(t, county.ID, "东镇党委", func(n *org.New) { n.SizeApproval = "县组〔2026〕3号" })
		plan := r.add(t, county.ID, "拟设支部", func(n *org.New) { n.Status = org.Proposed })
		if err := r.CountHeads(r.root, shown.ID, "2026-11-01", org.Heads{Members: 80, Full: 70}); err != nil {
			t.Fatal(err)
		}
		for _, a := range []org.Appointment{
			{OrgID: shown.ID, Code: org.Secretary, Holder: "赵一", How: org.Elected, From: "2025-01-01", Public: true},
			{OrgID: shown.ID, Code: org.Organiser, Holder: "钱二", How: org.Appointed, From: "2025-01-01"},
		} {
			if _, err := r.Appoint(r.root, a); err != nil {
				t.Fatal(err)
			}
		}
		visitor := context.Background()
		o, err := r.Get(visitor, shown.ID)
		if err != nil || o.Members != 0 || o.SizeApproval != "" || o.Name == "" {
			t.Errorf("face %+v %v", o, err)
		}
		officers, err := r.Officers(visitor, shown.ID)
		if err != nil || len(officers) != 1 || officers[0].Holder != "赵一" {
			t.Errorf("officers %+v %v", officers, err)
		}
		if officers, _ := r.Officers(as(account.Secretary, county), shown.ID); len(officers) != 2 {
			t.Errorf("the secretary sees %d", len(officers))
		}
		if _, err := r.Get(visitor, plan.ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("a plan: %v", err)
		}
		children, err := r.Children(visitor, county.ID)
		if err != nil || names(children) != "东镇党委" {
			t.Errorf("children %s %v", names(children), err)
		}
		children, err = r.Children(as(account.OrgClerk, county), county.ID)
		if err != nil || names(children) != "东镇党委 拟设支部" {
			t.Errorf("children for the clerk %s %v", names(children), err)
		}
		mine, err := r.Mine(as(account.OrgClerk, shown))
		if err != nil || names(mine) != "东镇党委" {
			t.Errorf("mine %s %v", names(mine), err)
		}
	})
}
