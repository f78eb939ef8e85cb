package org

import (
	"slices"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/clock"
)

// PostCode is an office inside an organisation.
type PostCode string

const (
	Secretary              PostCode = "secretary"
	DeputySecretary        PostCode = "deputy-secretary"
	StandingMember         PostCode = "standing-member"
	CommitteeMember        PostCode = "committee-member"
	OrgCommissioner        PostCode = "org-commissioner"
	PublicityCommissioner  PostCode = "publicity-commissioner"
	DisciplineCommissioner PostCode = "discipline-commissioner"
	YouthCommissioner      PostCode = "youth-commissioner"
	UnitedFrontCommission  PostCode = "united-front-commissioner"
	SecrecyCommissioner    PostCode = "secrecy-commissioner"
	CellLeader             PostCode = "cell-leader"
	Organiser              PostCode = "organiser"
)

// PostCodes lists all posts in the order of rank in which pages show them.
var PostCodes = []PostCode{Secretary, DeputySecretary, StandingMember, CommitteeMember, OrgCommissioner,
	PublicityCommissioner, DisciplineCommissioner, YouthCommissioner, UnitedFrontCommission, SecrecyCommissioner,
	CellLeader, Organiser}

// Rank orders posts; an unknown one comes last.
func (p PostCode) Rank() int {
	if i := slices.Index(PostCodes, p); i >= 0 {
		return i
	}
	return len(PostCodes)
}

// OnCommittee reports whether the holder belongs to the committee.
func (p PostCode) OnCommittee() bool {
	return p != CellLeader && p != Organiser && p.Rank() < len(PostCodes)
}

// Single reports whether only one person may hold the post at a time.
func (p PostCode) Single() bool { return p == Secretary || p == CellLeader }

// How a post was filled.
const (
	Elected   = "elected"
	Appointed = "appointed"
)

// Post is a person's time in an office. Who holds two offices has two rows.
type Post struct {
	bun.BaseModel `bun:"table:org_post,alias:p"`

	ID       int64 `bun:",pk,autoincrement"`
	OrgID    int64
	Code     PostCode
	Holder   string
	PersonID int64 // 0 until the member room links one
	How      string
	FromDay  clock.Day
	UntilDay clock.Day // empty while it lasts
	// Public posts appear on the organisation's public page.
	Public    bool
	EndReason string
	CreatedAt time.Time
}

// Open reports whether the post is held on that day.
func (p Post) Open(on clock.Day) bool {
	return p.FromDay <= on && (p.UntilDay == "" || p.UntilDay > on)
}

// TermYears is the term of office by kind and level, 0 where there is none:
// committees 5 years, general branches and branches 3, in villages and
// communities all 5 (机关条例 第五至七条, 支部条例第二十一条).
func TermYears(k Kind, l Level) int {
	switch k {
	case LocalCommittee, PartyCommittee:
		return 5
	case GeneralBranch, Branch, JointBranch:
		if l == LevelVillage {
			return 5
		}
		return 3
	}
	return 0
}

// Figures of the rules about terms.
const (
	// reminderMonths before the end of a term the superior reminds (2018 任期意见).
	reminderMonths = 6
	// maxShiftMonths is how far an election may be postponed (选举条例第三条).
	maxShiftMonths = 12
)

// Term is a term of office of an organisation's committee or secretary.
type Term struct {
	bun.BaseModel `bun:"table:org_term,alias:t"`

	ID        int64 `bun:",pk,autoincrement"`
	OrgID     int64
	FromDay   clock.Day
	Years     int
	Due       clock.Day // FromDay and Years, when the re-election is due
	EndedOn   clock.Day // empty for the current term
	CreatedAt time.Time
}

// NewTerm begins a term on a day.
func NewTerm(orgID int64, from clock.Day, years int) Term {
	return Term{OrgID: orgID, FromDay: from, Years: years, Due: from.AddYears(years)}
}

// Postponement is a superior's approval to elect later.
type Postponement struct {
	bun.BaseModel `bun:"table:org_postponement,alias:pp"`

	ID         int64 `bun:",pk,autoincrement"`
	OrgID      int64
	TermID     int64
	NewDay     clock.Day
	ApprovedBy string
	ApprovedOn clock.Day
	Reason     string
	CreatedAt  time.Time
}

// Latest is the last day to which the rules let a term be postponed.
func (t Term) Latest() clock.Day { return t.Due.AddMonths(maxShiftMonths) }

// Deadline is the day by which the election must be held: the due day, or the
// latest approved postponement within twelve months of it. One that goes
// beyond counts for nothing.
func (t Term) Deadline(postponed []Postponement) clock.Day {
	deadline := t.Due
	for _, p := range postponed {
		if p.TermID == t.ID && p.ApprovedBy != "" && p.NewDay > deadline && p.NewDay <= t.Latest() {
			deadline = p.NewDay
		}
	}
	return deadline
}

// Due says how near a re-election is.
type Due string

const (
	NotDue  Due = ""
	DueSoon Due = "soon"    // within six months
	Overdue Due = "overdue" // the day has come
)

// DueState judges a deadline on a day.
func DueState(deadline, today clock.Day) Due {
	switch {
	case deadline == "":
		return NotDue
	case today >= deadline:
		return Overdue
	case today >= deadline.AddMonths(-reminderMonths):
		return DueSoon
	}
	return NotDue
}

// Reminder is a note on the desks of the organisation and its superiors. There
// is one for each term, kind and deadline, however often the job runs.
type Reminder struct {
	bun.BaseModel `bun:"table:org_reminder,alias:r"`

	ID         int64 `bun:",pk,autoincrement"`
	OrgID      int64
	TermID     int64
	Kind       Due
	Deadline   clock.Day
	CreatedAt  time.Time
	ResolvedAt *time.Time
}
