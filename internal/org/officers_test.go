package org_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
)

func TestOneSecretaryAtATime(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	o := r.add(t, 0, "支部")
	appoint := func(code org.PostCode, holder string, from clock.Day, replace bool) error {
		_, err := r.Appoint(r.root, org.Appointment{OrgID: o.ID, Code: code, Holder: holder, How: org.Elected, From: from, Replace: replace, Public: true})
		return err
	}
	if err := appoint(org.Secretary, "赵一", "2024-01-01", false); err != nil {
		t.Fatal(err)
	}
	if err := appoint(org.Secretary, "钱二", "2026-01-01", false); field(err, "replace") != "org.post.taken" {
		t.Errorf("a second secretary: %v", err)
	}
	if err := appoint(org.Secretary, "钱二", "2023-01-01", true); field(err, "from") != "org.post.before" {
		t.Errorf("a successor before the predecessor: %v", err)
	}
	if err := appoint(org.Secretary, "钱二", "2026-01-01", true); err != nil {
		t.Errorf("replacing: %v", err)
	}
	if err := appoint(org.OrgCommissioner, "孙三", "2026-01-01", false); err != nil {
		t.Error(err)
	}
	if err := appoint(org.OrgCommissioner, "孙三", "2026-05-01", false); field(err, "holder") != "org.post.twice" {
		t.Errorf("twice in the same post: %v", err)
	}
	if err := appoint(org.PublicityCommissioner, "孙三", "2026-01-01", false); err != nil {
		t.Errorf("two posts by one person: %v", err)
	}
	if err := appoint("chairman", "", "x", false); field(err, "code") == "" || field(err, "holder") == "" || field(err, "from") == "" {
		t.Errorf("rubbish: %v", err)
	}
	officers, err := r.Officers(r.root, o.ID)
	if err != nil || len(officers) != 3 || officers[0].Holder != "钱二" {
		t.Errorf("officers %+v %v", officers, err)
	}
	if err := r.EndPost(r.root, o.ID, officers[0].ID, "2025-01-01", "x"); field(err, "on") == "" {
		t.Errorf("ended before it began: %v", err)
	}
	if err := r.EndPost(r.root, o.ID, officers[0].ID, "2026-11-01", "调任"); err != nil {
		t.Error(err)
	}
	if err := r.EndPost(r.root, o.ID, officers[0].ID, "2026-11-01", "调任"); !errs.Is(err, errs.KindConflict) {
		t.Errorf("ended twice: %v", err)
	}
	if err := r.EndPost(r.root, o.ID, 999, "2026-11-01", "x"); !errs.Is(err, errs.KindNotFound) {
		t.Errorf("unknown post: %v", err)
	}
}

// TestRemindersFollowTheClock walks through a term: nothing, a reminder six
// months before, overdue on the day, postponed, overdue again, elected.
func TestRemindersFollowTheClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		county := r.add(t, 0, "县委", func(n *org.New) { n.Kind, n.Level = org.LocalCommittee, org.LevelCounty })
		o := r.add(t, county.ID, "机关支部")
		village := r.add(t, county.ID, "松林村支部", func(n *org.New) { n.Level = org.LevelVillage })
		for id, from := range map[int64]clock.Day{o.ID: "2024-06-01", village.ID: "2024-06-01"} {
			if err := r.BeginTerm(r.root, org.TermStart{OrgID: id, From: from}); err != nil {
				t.Fatal(err)
			}
		}
		if due := r.get(t, village.ID).TermDue; due != "2029-06-01" {
			t.Errorf("the village branch is due %s", due)
		}
		clerk := as(account.OrgClerk, county)
		check := func(day string, wantNew int, want string) {
			t.Helper()
			at, err := time.ParseInLocation(time.DateOnly, day, clock.Shanghai)
			if err != nil {
				t.Fatal(err)
			}
			r.clock.T = at.UTC()
			for i, n := range []int{wantNew, 0} { // the second run adds nothing
				if got, err := r.Remind(context.Background()); err != nil || got != n {
					t.Errorf("%s, run %d: %d new, %v; want %d", day, i, got, err, n)
				}
			}
			notices, err := r.Reminders(clerk, 10)
			var got []string
			for _, x := range notices {
				got = append(got, x.Org.Name+" "+string(x.Kind)+" "+string(x.Deadline))
			}
			if s := strings.Join(got, ", "); err != nil || s != want {
				t.Errorf("%s: %q, %v; want %q", day, s, err, want)
			}
		}
		check("2026-11-30", 0, "")
		check("2026-12-01", 1, "机关支部 soon 2027-06-01")
		check("2027-05-31", 0, "机关支部 soon 2027-06-01")
		check("2027-06-01", 1, "机关支部 overdue 2027-06-01")
		calendar, _, err := r.Calendar(clerk, org.Cursor{}, 10)
		if err != nil || names(calendar) != "机关支部" {
			t.Errorf("calendar %s %v", names(calendar), err)
		}
		postpone := func(to clock.Day) error {
			return r.Postpone(r.root, org.Postponement{OrgID: o.ID, NewDay: to, ApprovedBy: "县委组织部", ApprovedOn: "2027-05-20", Reason: "村改居"})
		}
		if err := postpone("2028-06-02"); field(err, "new_day") != "org.postpone.late" {
			t.Errorf("by more than a year: %v", err)
		}
		if err := postpone("2027-06-01"); field(err, "new_day") != "org.postpone.early" {
			t.Errorf("by nothing: %v", err)
		}
		if err := postpone("2028-06-01"); err != nil {
			t.Fatal(err)
		}
		check("2027-06-02", 0, "")
		check("2027-12-01", 1, "机关支部 soon 2028-06-01")
		check("2028-06-01", 1, "机关支部 overdue 2028-06-01")
		dossier, err := r.Dossier(clerk, o.ID)
		if err != nil || len(dossier.Findings) != 1 || dossier.Findings[0].ID != "ORG-04" || dossier.Due != org.Overdue {
			t.Errorf("findings %+v %v", dossier.Findings, err)
		}
		if err := r.BeginTerm(as(account.OrgClerk, o), org.TermStart{OrgID: o.ID, From: "2028-06-01"}); err != nil {
			t.Fatal(err)
		}
		check("2028-06-02", 0, "")
		if notices, _ := r.Reminders(as(account.OrgClerk, village), 10); len(notices) != 0 {
			t.Error("another organisation's reminder")
		}
	})
}

func TestEarlyElectionNeedsTheSuperior(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	county := r.add(t, 0, "县委")
	o := r.add(t, county.ID, "机关支部")
	own := as(account.OrgClerk, o)
	if err := r.BeginTerm(own, org.TermStart{OrgID: o.ID, From: "2024-06-01"}); err != nil {
		t.Fatal(err)
	}
	for _, a := range []org.Appointment{{Code: org.Secretary, Holder: "赵一"}, {Code: org.Organiser, Holder: "钱二"}} {
		a.OrgID, a.How, a.From = o.ID, org.Elected, "2024-06-01"
		if _, err := r.Appoint(own, a); err != nil {
			t.Fatal(err)
		}
	}
	early := org.TermStart{OrgID: o.ID, From: "2026-11-01", EndPosts: true}
	if err := r.BeginTerm(own, early); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("by itself: %v", err)
	}
	if err := r.BeginTerm(as(account.Secretary, county), early); err != nil {
		t.Errorf("with the superior: %v", err)
	}
	if officers, _ := r.Officers(r.root, o.ID); len(officers) != 1 || officers[0].Code != org.Organiser {
		t.Errorf("the committee's posts end, others don't: %+v", officers)
	}
	if err := r.Postpone(own, org.Postponement{OrgID: o.ID, NewDay: "2030-01-01", ApprovedBy: "自己", ApprovedOn: "2026-11-01", Reason: "x"}); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("postponed by itself: %v", err)
	}
	if err := r.BeginTerm(r.root, org.TermStart{OrgID: o.ID, From: "2026-11-24"}); field(err, "from") == "" {
		t.Errorf("in the future: %v", err)
	}
}

func TestFindingsOfASubtree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		county := r.add(t, 0, "县委", func(n *org.New) { n.Kind = org.LocalCommittee })
		big, fine := r.add(t, county.ID, "大支部"), r.add(t, county.ID, "好支部")
		retired := r.add(t, county.ID, "老街支部", func(n *org.New) { n.RegionCode = "530102003" })
		for id, h := range map[int64]org.Heads{big.ID: {Members: 60, Full: 55}, fine.ID: {Members: 6, Full: 5}} {
			if err := r.CountHeads(r.root, id, "2026-11-01", h); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.CountHeads(r.root, fine.ID, "2026-11-01", org.Heads{Members: 6, Full: 6}); err != nil {
			t.Errorf("the same day again: %v", err)
		}
		if got := r.get(t, fine.ID); got.FullMembers != 6 {
			t.Errorf("full members %d", got.FullMembers)
		}
		if err := r.CountHeads(r.root, fine.ID, "2026-11-01", org.Heads{Members: 6, Full: 7}); field(err, "full_members") == "" {
			t.Errorf("more full members than members: %v", err)
		}
		if n, err := r.LoadRegions(r.root, strings.NewReader("code,name,valid_to,successor\n530102003,老街道,2020-01-01,530102004\n530102004,新街道,,\n")); err != nil || n != 2 {
			t.Fatalf("regions %d %v", n, err)
		}
		if _, err := r.LoadRegions(r.root, strings.NewReader("code,name\n98,x\n")); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("a wrong division: %v", err)
		}
		found, err := r.Findings(as(account.Secretary, county))
		var got []string
		for _, x := range found {
			for _, f := range x.Findings {
				got = append(got, x.Org.Name+" "+f.ID)
			}
		}
		if s := strings.Join(got, ", "); err != nil || s != "大支部 ORG-02, 大支部 ORG-03, 老街支部 ORG-09" {
			t.Errorf("%s %v", s, err)
		}
		if found, err := r.Findings(as(account.OrgClerk, fine)); err != nil || len(found) != 0 {
			t.Errorf("another branch's findings: %v %v", found, err)
		}
		one, err := r.Dossier(r.root, retired.ID)
		if err != nil || len(one.Findings) != 1 || one.Region != "老街道" {
			t.Errorf("%+v %q %v", one.Findings, one.Region, err)
		}
		if n, err := r.TermsUnknown(r.root); err != nil || n != 4 {
			t.Errorf("terms unknown %d %v", n, err)
		}
	})
}

func TestLines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		county := r.add(t, 0, "县委")
		dep, town := r.add(t, county.ID, "组织部", func(n *org.New) { n.Kind = org.Department }), r.add(t, county.ID, "云岭镇党委")
		line := org.Line{OrgID: town.ID, TargetID: dep.ID, Kind: org.Guidance, FromDay: "2020-01-01"}
		if err := r.Link(r.root, line); err != nil {
			t.Fatal(err)
		}
		if err := r.Link(r.root, line); field(err, "target") != "org.line.twice" {
			t.Errorf("twice: %v", err)
		}
		line.Kind = org.ContentSource
		if err := r.Link(r.root, line); err != nil {
			t.Errorf("another kind: %v", err)
		}
		line.TargetID = town.ID
		if err := r.Link(r.root, line); field(err, "target") != "org.line.self" {
			t.Errorf("to itself: %v", err)
		}
		guided, err := r.Dossier(r.root, dep.ID)
		if err != nil || len(guided.Guided) != 2 || guided.Names[town.ID] != "云岭镇党委" {
			t.Errorf("%+v %v", guided.Guided, err)
		}
		if err := r.Unlink(r.root, town.ID, guided.Guided[0].ID); err != nil {
			t.Error(err)
		}
		if err := r.Unlink(r.root, town.ID, guided.Guided[0].ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("ended twice: %v", err)
		}
	})
}
