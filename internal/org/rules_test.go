package org

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lianxin/internal/platform/clock"
)

const today clock.Day = "2026-11-23"

func TestKindForBoundaries(t *testing.T) {
	for _, c := range []struct {
		members, full int
		want          Kind
	}{
		{100, 90, PartyCommittee}, {99, 90, GeneralBranch}, {50, 45, GeneralBranch}, {49, 45, Branch},
		{3, 3, Branch}, {6, 2, JointBranch}, {2, 2, JointBranch}, {0, 0, JointBranch},
	} {
		if got := KindFor(Heads{c.members, c.full}); got != c.want {
			t.Errorf("%d members, %d full: %s, want %s", c.members, c.full, got, c.want)
		}
	}
}

func TestCommitteeGoesByFullMembers(t *testing.T) {
	for _, c := range []struct {
		h    Heads
		want bool
	}{{Heads{7, 7}, true}, {Heads{6, 6}, false}, {Heads{10, 6}, false}, {Heads{20, 8}, true}} {
		if got := NeedsCommittee(c.h); got != c.want {
			t.Errorf("%+v needs a committee = %v", c.h, got)
		}
	}
}

func TestCommitteeSizes(t *testing.T) {
	for _, c := range []struct {
		k        Kind
		l        Level
		standing bool
		in, out  []int
	}{
		{Branch, LevelUnit, false, []int{3, 4, 5, 6, 7}, []int{2, 8}},
		{JointBranch, LevelUnit, false, []int{3, 7}, []int{8}},
		{GeneralBranch, LevelUnit, false, []int{5, 7, 9}, []int{4, 10}},
		{PartyCommittee, LevelUnit, false, []int{5, 9, 11}, []int{4, 12}},
		{PartyCommittee, LevelTownship, false, []int{7, 9}, []int{6, 10}},
		{PartyCommittee, LevelUnit, true, []int{15, 21}, []int{9, 14, 22}},
	} {
		r, ok := CommitteeSize(c.k, c.l, c.standing)
		for _, n := range c.in {
			if !ok || !r.Holds(n) {
				t.Errorf("%s %s of %d refused", c.k, c.l, n)
			}
		}
		for _, n := range c.out {
			if r.Holds(n) {
				t.Errorf("%s %s of %d accepted", c.k, c.l, n)
			}
		}
	}
	if _, ok := CommitteeSize(TempBranch, LevelUnit, false); ok {
		t.Error("a temporary branch has no lawful committee size")
	}
}

func figures(days string, heads ...Heads) []Figure {
	var out []Figure
	for i, d := range strings.Fields(days) {
		out = append(out, Figure{clock.Day(d), heads[i]})
	}
	return out
}

func posts(names ...string) []Post {
	var out []Post
	codes := []PostCode{Secretary, DeputySecretary, OrgCommissioner, PublicityCommissioner, DisciplineCommissioner,
		YouthCommissioner, CommitteeMember, CommitteeMember}
	for i, n := range names {
		out = append(out, Post{Code: codes[i], Holder: n, FromDay: "2025-01-01"})
	}
	return out
}

func TestFindings(t *testing.T) {
	term := Term{ID: 1, FromDay: "2023-06-01", Years: 3, Due: "2026-06-01"}
	org := func(k Kind) Org { return Org{Kind: k, Level: LevelUnit, Status: Active} }
	for _, c := range []struct {
		name string
		f    Facts
		want string
	}{
		{"nothing known", Facts{Org: org(Branch)}, ""},
		{"a fitting branch", Facts{Org: org(Branch), Figures: figures("2026-01-01", Heads{6, 6}), Posts: posts("甲")}, ""},
		{"a committee that shrank, 90 days ago", Facts{Org: org(PartyCommittee), Figures: figures("2026-01-01 2026-08-25", Heads{120, 110}, Heads{99, 90})}, ""},
		{"… 91 days ago", Facts{Org: org(PartyCommittee), Figures: figures("2026-01-01 2026-08-24", Heads{120, 110}, Heads{99, 90})}, "ORG-01"},
		{"… figures out of order", Facts{Org: org(PartyCommittee), Figures: figures("2026-08-24 2026-01-01", Heads{99, 90}, Heads{120, 110})}, "ORG-01"},
		{"… and was approved smaller", Facts{Org: Org{Kind: PartyCommittee, Status: Active, SizeApproval: "青组〔2026〕1号"}, Figures: figures("2026-01-01", Heads{80, 80})}, ""},
		{"… in between it fitted", Facts{Org: org(PartyCommittee), Figures: figures("2026-01-01 2026-08-01 2026-11-01", Heads{99, 90}, Heads{100, 90}, Heads{99, 90})}, ""},
		{"a general branch of 100", Facts{Org: org(GeneralBranch), Figures: figures("2026-01-01", Heads{100, 90})}, "ORG-01"},
		{"a general branch of 99", Facts{Org: org(GeneralBranch), Figures: figures("2026-01-01", Heads{99, 90})}, ""},
		{"a general branch of 50", Facts{Org: org(GeneralBranch), Figures: figures("2026-01-01", Heads{50, 50})}, ""},
		{"a general branch of 49", Facts{Org: org(GeneralBranch), Figures: figures("2026-01-01", Heads{49, 49})}, "ORG-01"},
		{"an approved smaller general branch grown to 100", Facts{Org: Org{Kind: GeneralBranch, Status: Active, SizeApproval: "x"}, Figures: figures("2026-01-01", Heads{100, 90})}, "ORG-01"},
		{"a branch of 51 since yesterday", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{51, 6})}, "ORG-02"},
		{"a branch of 2 full members", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{9, 2})}, "ORG-02"},
		{"a joint branch of 2 full members", Facts{Org: org(JointBranch), Figures: figures("2026-11-22", Heads{9, 2})}, ""},
		{"a temporary branch of 80", Facts{Org: org(TempBranch), Figures: figures("2026-01-22", Heads{80, 80})}, ""},
		{"7 full members, secretary only", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{7, 7}), Posts: posts("甲", "乙")}, "ORG-03"},
		{"7 full members and a committee of 3", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{7, 7}), Posts: posts("甲", "乙", "丙")}, ""},
		{"6 full and 4 probationary with a committee", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{10, 6}), Posts: posts("甲", "乙", "丙")}, "ORG-03"},
		{"a committee of 2", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{9, 9}), Posts: posts("甲", "乙", "乙")}, "ORG-03"},
		{"a committee of 8", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{9, 9}), Posts: posts("甲", "乙", "丙", "丁", "戊", "己", "庚", "辛")}, "ORG-03"},
		{"an even committee of 4", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{9, 9}), Posts: posts("甲", "乙", "丙", "丁")}, ""},
		{"secretary is also discipline commissioner", Facts{Org: org(Branch), Figures: figures("2026-11-22", Heads{9, 9}), Posts: posts("甲", "乙", "丙", "丁", "甲")}, "POST-01"},
		{"expired today", Facts{Org: org(Branch), Term: &Term{ID: 1, Due: today}}, "ORG-04"},
		{"expires tomorrow", Facts{Org: org(Branch), Term: &Term{ID: 1, Due: "2026-11-24"}}, ""},
		{"expired, postponed within a year", Facts{Org: org(Branch), Term: &term, Postponed: []Postponement{{TermID: 1, NewDay: "2027-06-01", ApprovedBy: "镇党委"}}}, ""},
		{"expired, postponed too far", Facts{Org: org(Branch), Term: &term, Postponed: []Postponement{{TermID: 1, NewDay: "2027-06-02", ApprovedBy: "镇党委"}}}, "ORG-04 ORG-04"},
		{"expired, nobody approved", Facts{Org: org(Branch), Term: &term, Postponed: []Postponement{{TermID: 1, NewDay: "2027-06-01"}}}, "ORG-04"},
		{"a joint branch over 5 units", Facts{Org: Org{Kind: JointBranch, Status: Active, Units: 5}}, ""},
		{"a joint branch over 6 units", Facts{Org: Org{Kind: JointBranch, Status: Active, Units: 6}}, "ORG-05"},
		{"a retired region", Facts{Org: org(Branch), RegionRetired: "530103000000"}, "ORG-09"},
		{"a merged organisation is not judged", Facts{Org: Org{Kind: Branch, Status: Merged}, Figures: figures("2026-11-22", Heads{51, 2})}, ""},
	} {
		c.f.Today = today
		var ids []string
		for _, x := range Findings(c.f) {
			ids = append(ids, x.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTermYears(t *testing.T) {
	for _, c := range []struct {
		k    Kind
		l    Level
		want int
	}{
		{LocalCommittee, LevelCounty, 5}, {PartyCommittee, LevelUnit, 5}, {GeneralBranch, LevelUnit, 3}, {Branch, LevelUnit, 3},
		{Branch, LevelVillage, 5}, {GeneralBranch, LevelVillage, 5}, {JointBranch, LevelUnit, 3},
		{TempBranch, LevelVillage, 0}, {WorkCommittee, LevelCounty, 0}, {LeadingPartyGroup, LevelCounty, 0}, {PartyCell, LevelUnit, 0},
	} {
		if got := TermYears(c.k, c.l); got != c.want {
			t.Errorf("%s at %s: %d years, want %d", c.k, c.l, got, c.want)
		}
	}
}

func TestDueState(t *testing.T) {
	for _, c := range []struct {
		deadline, day clock.Day
		want          Due
	}{
		{"", today, NotDue},
		{"2027-05-23", "2026-11-22", NotDue},
		{"2027-05-23", "2026-11-23", DueSoon},
		{"2026-08-31", "2026-02-28", DueSoon}, // six months before the end of August
		{"2026-08-31", "2026-02-27", NotDue},
		{"2026-11-24", today, DueSoon},
		{"2026-11-23", today, Overdue},
	} {
		if got := DueState(c.deadline, c.day); got != c.want {
			t.Errorf("due %s on %s: %q, want %q", c.deadline, c.day, got, c.want)
		}
	}
}

func TestDeadlineStaysWithinAYear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		term := NewTerm(1, clock.Day("2020-02-29").AddDays(rapid.IntRange(0, 3000).Draw(t, "from")), rapid.SampledFrom([]int{3, 5}).Draw(t, "years"))
		term.ID = 1
		var ps []Postponement
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			ps = append(ps, Postponement{TermID: 1, ApprovedBy: "上级", NewDay: term.Due.AddDays(rapid.IntRange(-800, 800).Draw(t, "shift"))})
		}
		d := term.Deadline(ps)
		if d < term.Due || d > term.Latest() {
			t.Fatalf("due %s, deadline %s", term.Due, d)
		}
	})
}

func TestLifeHasNoWayBack(t *testing.T) {
	for _, s := range Statuses {
		for _, n := range s.Next() {
			if n == Proposed || s.Ended() {
				t.Errorf("%s → %s", s, n)
			}
		}
	}
	if !Active.Public() || Proposed.Public() || !Merged.Public() {
		t.Error("plans are not public, what once was active is")
	}
}
