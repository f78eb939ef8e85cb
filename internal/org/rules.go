package org

import (
	"cmp"
	"slices"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
)

// Figures of the rules about size. All of them include the figure itself.
const (
	committeeMembers     = 100 // 党委: at least that many members
	generalBranchMembers = 50  // 党总支: at least that many, fewer than 100
	branchFullMembers    = 3   // 党支部: at least that many full members
	branchCeiling        = 50  // 党支部: normally at most that many members
	branchCommitteeFull  = 7   // 支委会: from that many full members on
	jointUnits           = 5   // 联合党支部: normally at most that many units
	graceDays            = 90  // a crossed boundary is a finding after that (design)
)

// Heads is a head count. Committees and general branches go by all members,
// branches by full members.
type Heads struct{ Members, Full int }

// KindFor returns the kind the rules foresee for a head count.
func KindFor(h Heads) Kind {
	switch {
	case h.Members >= committeeMembers:
		return PartyCommittee
	case h.Members >= generalBranchMembers:
		return GeneralBranch
	case h.Full >= branchFullMembers:
		return Branch
	}
	return JointBranch
}

// NeedsCommittee reports whether a branch of that size elects a committee; a
// smaller one has a secretary and, if needed, a deputy. Probationary members
// don't count: six full and four probationary members have no committee.
func NeedsCommittee(h Heads) bool { return h.Full >= branchCommitteeFull }

// Range is a size from Min to Max, both included.
type Range struct{ Min, Max int }

// Holds reports whether n lies in the range.
func (r Range) Holds(n int) bool { return n >= r.Min && n <= r.Max }

// CommitteeSize returns the lawful size of a committee of that kind; ok is
// false where the rules name none. Standing committees have their own size.
func CommitteeSize(k Kind, l Level, standing bool) (r Range, ok bool) {
	switch {
	case k.IsBranch() && k != TempBranch:
		return Range{3, 7}, true
	case k == GeneralBranch:
		return Range{5, 9}, true
	case k == PartyCommittee && standing:
		return Range{15, 21}, true
	case k == PartyCommittee && l == LevelTownship:
		return Range{7, 9}, true
	case k == PartyCommittee:
		return Range{5, 11}, true // 5–9, in enterprises up to 11
	}
	return Range{}, false
}

// StandingSize is the size of a standing committee.
var StandingSize = Range{5, 9}

// Figure is a head count on a day.
type Figure struct {
	Day clock.Day
	Heads
}

// Finding is something that doesn't fit the rules. It warns and blocks nothing.
type Finding struct {
	ID   string // ORG-01 … of the handbook, POST-01 of the house
	Key  string
	Args errs.Args
}

// Facts is all that the rules judge an organisation by.
type Facts struct {
	Org       Org
	Today     clock.Day
	Figures   []Figure // in any order
	Posts     []Post
	Term      *Term
	Postponed []Postponement
	// RegionRetired is the successor of a retired region code, or "-".
	RegionRetired string
}

// Findings judges the facts. ORG-06 to ORG-08 need the roster and are judged by
// the member room.
func Findings(f Facts) []Finding {
	if f.Org.Status != Active {
		return nil
	}
	var out []Finding
	add := func(id, key string, args errs.Args) { out = append(out, Finding{id, key, args}) }
	slices.SortFunc(f.Figures, func(a, b Figure) int { return cmp.Compare(a.Day, b.Day) })
	sizeFindings(f, add)
	committeeFindings(f, add)
	termFindings(f, add)
	if f.Org.Kind == JointBranch && f.Org.Units > jointUnits {
		add("ORG-05", "org.finding.units", errs.Args{"Units": f.Org.Units, "Max": jointUnits})
	}
	if f.RegionRetired != "" {
		add("ORG-09", "org.finding.region", errs.Args{"Code": f.Org.RegionCode, "Successor": f.RegionRetired})
	}
	return out
}

type adder func(id, key string, args errs.Args)

func sizeFindings(f Facts, add adder) {
	if len(f.Figures) == 0 {
		return
	}
	now := f.Figures[len(f.Figures)-1]
	kind := f.Org.Kind
	if kind == PartyCommittee || kind == GeneralBranch || kind == Branch {
		if since, crossed := crossedSince(f); crossed && since.DaysUntil(f.Today) > graceDays {
			add("ORG-01", "org.finding.kind", errs.Args{"Members": now.Members, "Full": now.Full,
				"Kind": kind, "Foreseen": KindFor(now.Heads), "Since": since})
		}
	}
	if !kind.IsBranch() || kind == TempBranch {
		return
	}
	if now.Members > branchCeiling {
		add("ORG-02", "org.finding.large", errs.Args{"Members": now.Members, "Max": branchCeiling})
	}
	if now.Full < branchFullMembers && kind != JointBranch && kind != FloatingBranch {
		add("ORG-02", "org.finding.small", errs.Args{"Full": now.Full, "Min": branchFullMembers})
	}
}

// crossedSince returns the day of the first of the latest figures in a row that
// foresee another kind. A branch below its minimum is ORG-02, not this; a kind
// approved below its size fits.
func crossedSince(f Facts) (since clock.Day, crossed bool) {
	fits := func(h Heads) bool {
		foreseen := KindFor(h)
		switch {
		case foreseen == f.Org.Kind, foreseen == JointBranch && f.Org.Kind == Branch:
			return true
		case f.Org.SizeApproval == "":
			return false
		case f.Org.Kind == PartyCommittee:
			return true
		}
		return f.Org.Kind == GeneralBranch && h.Members < generalBranchMembers
	}
	for _, x := range slices.Backward(f.Figures) {
		if fits(x.Heads) {
			break
		}
		since, crossed = x.Day, true
	}
	return since, crossed
}

func committeeFindings(f Facts, add adder) {
	holders, standing := map[string]bool{}, map[string]bool{}
	by := map[PostCode]string{}
	commissioners := false
	for _, p := range f.Posts {
		if !p.Open(f.Today) || !p.Code.OnCommittee() {
			continue
		}
		holders[p.Holder] = true
		by[p.Code] = p.Holder
		commissioners = commissioners || p.Code != Secretary && p.Code != DeputySecretary
		if p.Code == StandingMember {
			standing[p.Holder] = true
		}
	}
	committee := commissioners || !f.Org.Kind.IsBranch() && len(holders) > 0
	if f.Org.Kind.IsBranch() && f.Org.Kind != TempBranch && len(f.Figures) > 0 {
		now := f.Figures[len(f.Figures)-1]
		switch needs := NeedsCommittee(now.Heads); {
		case needs && !committee:
			add("ORG-03", "org.finding.no_committee", errs.Args{"Full": now.Full})
		case !needs && committee:
			add("ORG-03", "org.finding.early_committee", errs.Args{"Full": now.Full, "Min": branchCommitteeFull})
		}
	}
	if size, ok := CommitteeSize(f.Org.Kind, f.Org.Level, len(standing) > 0); ok && committee && !size.Holds(len(holders)) {
		add("ORG-03", "org.finding.committee_size", errs.Args{"Count": len(holders), "Min": size.Min, "Max": size.Max})
	}
	if len(standing) > 0 && !StandingSize.Holds(len(standing)) {
		add("ORG-03", "org.finding.standing_size", errs.Args{"Count": len(standing), "Min": StandingSize.Min, "Max": StandingSize.Max})
	}
	if s := by[Secretary]; committee && s != "" && s == by[DisciplineCommissioner] {
		add("POST-01", "org.finding.same_person", errs.Args{"Name": s})
	}
}

func termFindings(f Facts, add adder) {
	if f.Term == nil {
		return
	}
	deadline := f.Term.Deadline(f.Postponed)
	if DueState(deadline, f.Today) == Overdue {
		add("ORG-04", "org.finding.overdue", errs.Args{"Day": deadline, "Days": deadline.DaysUntil(f.Today)})
	}
	for _, p := range f.Postponed {
		if p.TermID == f.Term.ID && p.NewDay > f.Term.Latest() {
			add("ORG-04", "org.finding.postponed_far", errs.Args{"Day": p.NewDay, "Max": f.Term.Latest()})
		}
	}
}
