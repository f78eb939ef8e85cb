package account

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
)

func TestItTakesTwoToMakeAnAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		sys, sec := r.as(t, SysAdmin), r.as(t, SecAdmin)
		a, token, err := r.Create(sys, NewAccount{"Sun.Wu", " 孙五 "})
		if err != nil || a.Name != "sun.wu" || a.DisplayName != "孙五" || a.State != Inactive {
			t.Fatalf("created %+v, %v", a, err)
		}
		_, _, err = r.Create(sys, NewAccount{"SUN.WU", "另一人"})
		wantErr(t, "the same name", err, errs.KindInvalid, "name: account.name.taken")
		_, _, err = r.Create(sec, NewAccount{"zhou", "周六"})
		wantErr(t, "SecAdmin creates", err, errs.KindForbidden, "")
		wantErr(t, "SysAdmin activates", r.Activate(sys, a.ID), errs.KindForbidden, "")
		wantErr(t, "SysAdmin grants", r.Grant(sys, GrantOrder{AccountID: a.ID, Role: Secretary, Org: "YL"}), errs.KindForbidden, "")
		wantErr(t, "the link before activation", r.UseLink(t.Context(), token, testPassword, testPassword), errs.KindConflict, "account.link.waits")
		if err := r.Activate(sec, a.ID); err != nil {
			t.Fatal(err)
		}
		if err := r.UseLink(t.Context(), token, testPassword, testPassword); err != nil {
			t.Fatal(err)
		}
		wantErr(t, "the link again", r.UseLink(t.Context(), token, testPassword, testPassword), errs.KindGone, "")
		in := r.signIn(t, "Sun.Wu")

		forgotten, err := r.IssueLink(sys, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		newer, err := r.IssueLink(sys, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.LinkOwner(t.Context(), forgotten)
		wantErr(t, "an older link", err, errs.KindNotFound, "account.link.dead")
		wantErr(t, "SysAdmin approves", r.ApproveLink(sys, a.ID), errs.KindForbidden, "")
		if err := r.ApproveLink(sec, a.ID); err != nil {
			t.Fatal(err)
		}
		wantErr(t, "approved twice", r.ApproveLink(sec, a.ID), errs.KindConflict, "account.link.none")
		r.clock.Advance(linkTime)
		_, err = r.LinkOwner(t.Context(), newer)
		wantErr(t, "after a week", err, errs.KindGone, "")
		r.clock.Advance(-linkTime)
		if err := r.UseLink(t.Context(), newer, "River-under-8-hills", "River-under-8-hills"); err != nil {
			t.Fatal(err)
		}
		if r.lives(t, in.Token) {
			t.Error("a session outlived the new password")
		}
	})
}

func TestGrantCountsWithinItsDates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		sec := r.as(t, SecAdmin)
		id := r.ids[Inspector]
		now := r.clock.T
		err := r.Grant(sec, GrantOrder{AccountID: id, Role: OrgClerk, Org: "SL", From: now.Add(time.Hour), Until: now.Add(2 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		r.Settings.StaffIdle = 5 * time.Hour
		in := r.signIn(t, "inspector")
		for _, c := range []struct {
			after time.Duration
			may   bool
		}{{0, false}, {time.Hour - time.Second, false}, {time.Second, true}, {time.Hour - time.Second, true}, {time.Second, false}} {
			r.clock.Advance(c.after)
			a, err := r.BySession(t.Context(), in.Token)
			if err != nil || (a.Check("thing.edit", "/1/13/") == nil) != c.may {
				t.Errorf("%v after: %v, want %v", r.clock.T.Sub(now), !c.may, c.may)
			}
		}
		for what, o := range map[string]GrantOrder{
			"no role":               {AccountID: id, Org: "SL"},
			"an unknown role":       {AccountID: id, Role: "emperor", Org: "SL"},
			"an end in the past":    {AccountID: id, Role: OrgClerk, Org: "SL", Until: now},
			"an end before its own": {AccountID: id, Role: OrgClerk, Org: "SL", From: r.clock.T.Add(2 * time.Hour), Until: r.clock.T.Add(time.Hour)},
			"no organisation":       {AccountID: id, Role: OrgClerk, Org: "?"},
			"what is held":          {AccountID: id, Role: Inspector, Org: "YL"},
			"an auditor besides":    {AccountID: id, Role: AuditAdmin, Org: "QS"},
			"SysAdmin below":        {AccountID: id, Role: SysAdmin, Org: "YL"},
		} {
			wantErr(t, what, r.Grant(sec, o), errs.KindInvalid, "")
		}
		wantErr(t, "to oneself", r.Grant(sec, GrantOrder{AccountID: r.ids[SecAdmin], Role: Secretary, Org: "YL"}), errs.KindConflict, "")
		wantErr(t, "to nobody", r.Grant(sec, GrantOrder{AccountID: 999, Role: Secretary, Org: "YL"}), errs.KindNotFound, "")
	})
}

func TestWithdrawalWorksAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		sec := r.as(t, SecAdmin)
		in := r.signIn(t, "org-clerk")
		may := func() bool {
			a, err := r.BySession(t.Context(), in.Token)
			if err != nil {
				t.Fatal(err)
			}
			return a.Check("thing.edit", "/1/12/") == nil
		}
		if !may() {
			t.Fatal("the clerk may not edit")
		}
		one, err := r.Get(sec, r.ids[OrgClerk])
		if err != nil {
			t.Fatal(err)
		}
		elsewhere := NewService(r.Deps) // another server on the same database
		if err := elsewhere.Withdraw(sec, one.Grants[0].ID, "换届"); err != nil {
			t.Fatal(err)
		}
		if may() {
			t.Error("the clerk still edits")
		}
		wantErr(t, "again", r.Withdraw(sec, one.Grants[0].ID, "换届"), errs.KindConflict, "")
		one, _ = r.Get(sec, r.ids[OrgClerk])
		if g := one.Grants[0]; g.Standing != "withdrawn" || g.Reason != "换届" || g.WithdrawnByName != "演示sec-admin" {
			t.Errorf("the record of it: %+v", g)
		}
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		sec := r.as(t, SecAdmin)
		wantErr(t, "disable the last", r.Disable(sec, r.ids[AuditAdmin], "离任"), errs.KindConflict, "account.last_administrator")
		one, _ := r.Get(sec, r.ids[AuditAdmin])
		wantErr(t, "withdraw from the last", r.Withdraw(sec, one.Grants[0].ID, "离任"), errs.KindConflict, "account.last_administrator")
		wantErr(t, "disable oneself", r.Disable(sec, r.ids[SecAdmin], "离任"), errs.KindConflict, "account.not_oneself")

		a, _, err := r.Create(r.as(t, SysAdmin), NewAccount{"second", "第二位审计员"})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Grant(sec, GrantOrder{AccountID: a.ID, Role: AuditAdmin, Org: "QS"}); err != nil {
			t.Fatal(err)
		}
		wantErr(t, "while the other is inactive", r.Disable(sec, r.ids[AuditAdmin], "离任"), errs.KindConflict, "account.last_administrator")
		if err := r.Activate(sec, a.ID); err != nil {
			t.Fatal(err)
		}
		if err := r.Disable(sec, r.ids[AuditAdmin], "离任"); err != nil {
			t.Error("with another in office:", err)
		}
	})
}

func TestClosingTakesTwo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		sys, sec, id := r.as(t, SysAdmin), r.as(t, SecAdmin), r.ids[OrgClerk]
		in := r.signIn(t, "org-clerk")
		token, _, err := r.CreateToken(r.as(t, OrgClerk), TokenOrder{Label: "x", Scopes: []string{ScopeRead}})
		if err != nil {
			t.Fatal(err)
		}
		wantErr(t, "unasked", r.Close(sec, id), errs.KindConflict, "account.two_people")
		if err := r.AskClose(sys, id, "离任"); err != nil {
			t.Fatal(err)
		}
		wantErr(t, "SysAdmin confirms", r.Close(sys, id), errs.KindForbidden, "")
		if err := r.Close(sec, id); err != nil {
			t.Fatal(err)
		}
		if r.lives(t, in.Token) {
			t.Error("a session outlived the account")
		}
		if _, err := r.ByToken(t.Context(), token); !errs.Is(err, errs.KindSignIn) {
			t.Error("a token outlived the account:", err)
		}
		wantErr(t, "activate", r.Activate(sec, id), errs.KindConflict, "")
		one, _ := r.Get(sec, id)
		if one.State != Closed || one.Password != "" || one.Grants[0].Standing != "withdrawn" {
			t.Errorf("what is left: %+v", one)
		}
	})
}

func TestGrantsFollowTheTree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		in := r.signIn(t, "org-clerk")
		actor := func() Actor {
			a, err := r.BySession(t.Context(), in.Token)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		actor() // its grants are known now
		move := func(do func(ctx context.Context, tx bun.Tx) error) {
			if err := d.Tx(t.Context(), do); err != nil {
				t.Fatal(err)
			}
		}
		move(func(ctx context.Context, tx bun.Tx) error { return MoveGrants(ctx, tx, "/1/12/", "/1/40/12/") })
		if a := actor(); a.Check("thing.edit", "/1/40/12/5/") != nil || a.Check("thing.edit", "/1/12/") == nil {
			t.Errorf("after the move: %+v", a.Grants)
		}
		if a := r.as(t, SecAdmin); ActorFrom(a).Grants[0].Path != "/1/" {
			t.Error("a grant above the moved subtree moved along")
		}
		move(func(ctx context.Context, tx bun.Tx) error {
			return r.EndGrants(ctx, tx, 12, "/1/40/12/", OrgMerged)
		})
		if a := actor(); len(a.Grants) > 0 {
			t.Errorf("after the end of the organisation: %+v", a.Grants)
		}
	})
}

func TestSweepLeavesWhatCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		old := r.signIn(t, "secretary")
		for range 5 {
			if _, err := r.SignIn(t.Context(), "inspector", "wrong", ""); err == nil {
				t.Fatal("let in")
			}
		}
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := r.SignIn(t.Context(), "inspector", testPassword, "")
		wantErr(t, "a lock that was swept", err, errs.KindTooMany, "")
		if !r.lives(t, old.Token) {
			t.Error("a live session was swept")
		}
		r.clock.Advance(9 * time.Hour)
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var sessions, counts int
		if err := d.Read().NewRaw("select (select count(*) from account_session), (select count(*) from account_throttle)").Scan(t.Context(), &sessions, &counts); err != nil {
			t.Fatal(err)
		}
		if sessions != 0 || counts != 0 {
			t.Errorf("%d sessions and %d counts are left", sessions, counts)
		}
	})
}

func TestUnusedStaffAccountsAreDisabled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		token, _, err := r.CreateToken(r.as(t, Inspector), TokenOrder{Label: "x", Scopes: []string{ScopeRead}})
		if err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(80 * 24 * time.Hour)
		r.signIn(t, "secretary")
		if _, err := r.ByToken(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(11 * 24 * time.Hour)
		for range 2 { // the second finds nothing to do
			if err := r.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for role, want := range map[Role]State{
			Secretary: Active, Inspector: Active, // by browser, by token
			OrgClerk: Disabled, Reviewer: Disabled,
			SysAdmin: Active, SecAdmin: Active, AuditAdmin: Active, // each the last of its kind
		} {
			if a, err := accountByID(t.Context(), d.Read(), r.ids[role]); err != nil || a.State != want {
				t.Errorf("%s is %s, want %s; %v", role, a.State, want, err)
			}
		}
		if err := r.Activate(r.as(t, SecAdmin), r.ids[OrgClerk]); err != nil {
			t.Fatal(err)
		}
		if err := r.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.signIn(t, "org-clerk") // activated again, it has its time again
	})
}

func TestTokenForTheCommandLine(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	o := TokenOrder{Label: "import", Scopes: []string{"thing.edit"}}
	_, _, err := r.CreateTokenFor(r.as(t, SysAdmin), "org-clerk", o)
	wantErr(t, "from a browser", err, errs.KindForbidden, "")
	ctx := WithActor(t.Context(), Operator(r.Policy))
	plain, _, err := r.CreateTokenFor(ctx, "Org-Clerk", o)
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.ByToken(t.Context(), plain)
	if err != nil || a.ID != r.ids[OrgClerk] || a.Check("thing.edit", "/1/12/") != nil || a.Check("thing.view", "/1/12/") == nil {
		t.Errorf("the token's actor: %+v, %v", a, err)
	}
	_, _, err = r.CreateTokenFor(ctx, "nobody", o)
	wantErr(t, "for nobody", err, errs.KindNotFound, "")
	_, _, err = r.CreateTokenFor(ctx, "org-clerk", TokenOrder{Label: "x", Scopes: []string{"thing.burn"}})
	wantErr(t, "an unknown scope", err, errs.KindInvalid, "scopes: account.token.unknown")
}

// Every change of an account leaves an entry, and the chain of them holds.
func TestChangesAreRecorded(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	sys, sec := r.as(t, SysAdmin), r.as(t, SecAdmin)
	a, _, err := r.Create(sys, NewAccount{"sun", "孙五"})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		func() error { return r.Activate(sec, a.ID) },
		func() error { return r.Grant(sec, GrantOrder{AccountID: a.ID, Role: Reviewer, Org: "YL"}) },
		func() error { return r.Disable(sec, a.ID, "离任") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := r.AuditLog(r.as(t, AuditAdmin), audit.Filter{ObjectType: "account", ObjectID: "9", Limit: 9})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"account.disable", "account.grant", "account.activate", "account.create"}
	for i, e := range list {
		if len(list) != len(want) || e.Action != want[i] || e.ActorID == 0 {
			t.Fatalf("recorded %d: %+v", len(list), e)
		}
	}
	if v, err := r.VerifyAudit(r.as(t, AuditAdmin)); err != nil || v.Broken != 0 || v.Entries == 0 {
		t.Errorf("verified: %+v, %v", v, err)
	}
	_, err = r.VerifyAudit(sec)
	wantErr(t, "SecAdmin verifies", err, errs.KindForbidden, "")
	_, err = r.AuditLog(sys, audit.Filter{Limit: 1})
	wantErr(t, "SysAdmin reads the log", err, errs.KindForbidden, "")
}
