// Package org keeps the tree of Party organisations: what they are, whom they
// answer to, who holds which post until when, and what does not fit the rules.
//
// Its ideas. Every organisation has exactly one superior (the administrative
// line, 块); authority follows it through a materialised path. Any number of
// professional lines (条: guidance, supervision, content) cross the tree and
// carry no authority. Nothing is deleted: an organisation is merged or
// dissolved on a day, a move keeps the old path, a post ends. Rules about sizes
// and terms never block work; where one is broken, the page says so as a
// [Finding] with its number (ORG-01 …).
//
// A change goes through [Service]: it asks the actor's permission at the path
// of the organisation, works in one transaction, and leaves an audit entry.
// Rooms that keep paths of their own join a move or merge as a [Follower].
package org

import (
	"embed"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/text"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

//go:embed templates locale
var files embed.FS

//go:embed migrations/*.sql
var migrations embed.FS

// Room is what this room brings to the pages.
var Room = web.Room{Name: "org", Templates: i18n.Sub(files, "templates"), Locale: i18n.Sub(files, "locale")}

// Migrations of the room's tables.
var Migrations = i18n.Sub(migrations, "migrations")

// Permissions of the room.
const (
	// View opens the inner side: figures, findings, history, all posts.
	View web.Permission = "org.view"
	// Edit creates, changes, moves, merges and ends organisations.
	Edit web.Permission = "org.edit"
	// Import reads them from a spreadsheet.
	Import web.Permission = "org.import"
	// Appoint fills and ends posts, records terms and postponements.
	Appoint web.Permission = "org.appoint"
)

// Policy says which roles carry them.
var Policy = account.Policy{
	View:    {account.Secretary, account.OrgClerk, account.Inspector},
	Edit:    {account.OrgClerk},
	Import:  {account.OrgClerk},
	Appoint: {account.OrgClerk, account.Secretary},
}

// Kind is the type of an organisation (支部条例, 机关条例, 党组条例).
type Kind string

const (
	LocalCommittee    Kind = "local-committee" // 地方委员会
	WorkCommittee     Kind = "work-committee"  // 工委
	LeadingPartyGroup Kind = "leading-group"   // 党组
	PartyCommittee    Kind = "party-committee" // 基层党委
	GeneralBranch     Kind = "general-branch"  // 党总支
	Branch            Kind = "branch"          // 党支部
	JointBranch       Kind = "joint-branch"    // 联合党支部
	ProjectBranch     Kind = "project-branch"  // 项目党支部
	TempBranch        Kind = "temp-branch"     // 临时党支部
	FloatingBranch    Kind = "floating-branch" // 流动党员党支部
	PartyCell         Kind = "cell"            // 党小组
	Department        Kind = "department"      // 工作部门: 组织部, 纪委机关, 党校 …
)

// Kinds lists all kinds, in the order forms show them.
var Kinds = []Kind{LocalCommittee, WorkCommittee, LeadingPartyGroup, PartyCommittee, GeneralBranch, Branch,
	JointBranch, ProjectBranch, TempBranch, FloatingBranch, PartyCell, Department}

// IsBranch reports whether the rules for branches apply.
func (k Kind) IsBranch() bool {
	switch k {
	case Branch, JointBranch, ProjectBranch, TempBranch, FloatingBranch:
		return true
	}
	return false
}

// MayApproveMembers reports whether the kind can have authority to approve
// members at all: a committee or work committee, never a general branch, a
// leading group or a temporary organisation (细则2026 第二十一、二十二条).
func (k Kind) MayApproveMembers() bool {
	return k == LocalCommittee || k == WorkCommittee || k == PartyCommittee
}

// Level is the place of an organisation in the country's order.
type Level string

const (
	LevelCentral  Level = "central"
	LevelProvince Level = "province"
	LevelCity     Level = "city"
	LevelCounty   Level = "county"
	LevelTownship Level = "township"
	LevelVillage  Level = "village"
	LevelUnit     Level = "unit"
)

// Levels lists all levels from the top down.
var Levels = []Level{LevelCentral, LevelProvince, LevelCity, LevelCounty, LevelTownship, LevelVillage, LevelUnit}

// Status is the stage of an organisation's life.
type Status string

const (
	Proposed  Status = "proposed"
	Approved  Status = "approved"
	Active    Status = "active"
	Merged    Status = "merged"
	Dissolved Status = "dissolved"
)

// Statuses lists all statuses in the order of life.
var Statuses = []Status{Proposed, Approved, Active, Merged, Dissolved}

// next holds the steps of life. What was only planned may also be dropped.
var next = map[Status][]Status{
	Proposed: {Approved, Dissolved},
	Approved: {Active, Dissolved},
	Active:   {Merged, Dissolved},
}

// Next returns the statuses that may follow.
func (s Status) Next() []Status { return next[s] }

// Ended reports whether nothing can follow.
func (s Status) Ended() bool { return s == Merged || s == Dissolved }

// Public reports whether outsiders may know of the organisation: plans are
// not shown, what once was active stays findable.
func (s Status) Public() bool { return s == Active || s.Ended() }

// Org is one organisation.
type Org struct {
	bun.BaseModel `bun:"table:org,alias:o"`

	ID         int64 `bun:",pk"`
	ParentID   int64 // 0 for the top of the node
	Path       tree.Path
	Code       string
	Name       string
	ShortName  string
	Kind       Kind
	Level      Level
	RegionCode string // 12 digits or none
	CreditCode string // 18 characters or none
	Status     Status
	Position   int // among its sisters; equal ones are sorted by pinyin
	SortKey    string
	FindText   string

	// Units is how many units a joint branch covers.
	Units int
	// SizeApproval is the paper that allows the kind at a smaller head count.
	SizeApproval string
	// Members and FullMembers are the last entered figures, CountedOn their day.
	Members, FullMembers int
	CountedOn            clock.Day

	FoundedOn, EndedOn clock.Day
	MergedInto         int64
	// TermDue and TermUntil mirror the current term: when it ends by the rules,
	// and when it ends with an approved postponement.
	TermDue, TermUntil clock.Day

	Phone, Address, Intro string

	CreatedAt, UpdatedAt time.Time
	// Version counts changes, so that two clerks don't overwrite each other.
	Version int64
}

// Label is the short name, or the name where there is none.
func (o Org) Label() string {
	if o.ShortName != "" {
		return o.ShortName
	}
	return o.Name
}

// Above is the path of the superior, the root for the top of the node.
func (o Org) Above() tree.Path {
	up := tree.Root
	ids := o.Path.IDs()
	for _, id := range ids[:max(0, len(ids)-1)] {
		up = up.Child(id)
	}
	return up
}

// Face is what anyone may see of the organisation: no figures, no remarks.
func (o Org) Face() Org {
	o.Members, o.FullMembers, o.CountedOn, o.SizeApproval, o.Units = 0, 0, "", "", 0
	o.TermDue, o.TermUntil, o.FindText = "", "", ""
	return o
}

// codeForm is deliberately wide: there is no confirmed national scheme for the
// codes of Party organisations.
var codeForm = regexp.MustCompile(`^[0-9A-Z][0-9A-Z._-]{0,39}$`)

// CleanCode returns the form in which codes are stored and compared.
func CleanCode(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// Limits of text fields, in characters.
const (
	maxName  = 120
	maxShort = 30
	maxLine  = 200
	maxIntro = 2000
)

// Draft is what a person enters about an organisation.
type Draft struct {
	Code, Name, ShortName  string
	Kind                   Kind
	Level                  Level
	RegionCode, CreditCode string
	Position, Units        int
	SizeApproval           string
	FoundedOn              string
	Phone, Address, Intro  string
}

// Clean brings the entries into the form in which they are stored.
func (d Draft) Clean() Draft {
	d.Code = CleanCode(d.Code)
	for _, s := range []*string{&d.Name, &d.ShortName, &d.SizeApproval, &d.FoundedOn, &d.Phone, &d.Address} {
		*s = text.Clean(*s)
	}
	d.Intro = strings.TrimSpace(d.Intro)
	d.RegionCode = CleanRegion(d.RegionCode)
	d.CreditCode = strings.ToUpper(strings.TrimSpace(d.CreditCode))
	if day, ok := clock.ParseDay(d.FoundedOn); ok {
		d.FoundedOn = string(day)
	}
	return d
}

// Check returns the faults of a cleaned draft, by field.
func (d Draft) Check() errs.Fields {
	var f errs.Fields
	switch {
	case d.Code == "":
		f.Add("code", "org.code.missing")
	case !codeForm.MatchString(d.Code):
		f.Add("code", "org.code.form")
	}
	if d.Name == "" {
		f.Add("name", "org.name.missing")
	}
	for _, x := range []struct {
		field, value string
		max          int
	}{
		{"name", d.Name, maxName}, {"short_name", d.ShortName, maxShort}, {"size_approval", d.SizeApproval, maxLine},
		{"phone", d.Phone, maxLine}, {"address", d.Address, maxLine}, {"intro", d.Intro, maxIntro},
	} {
		tooLong(&f, x.field, x.value, x.max)
		if !utf8.ValidString(x.value) {
			f.Add(x.field, "org.form.bad_text")
		}
	}
	if !slices.Contains(Kinds, d.Kind) {
		f.Add("kind", "org.kind.unknown")
	}
	if !slices.Contains(Levels, d.Level) {
		f.Add("level", "org.level.unknown")
	}
	if key := checkRegion(d.RegionCode); key != "" {
		f.Add("region_code", key)
	}
	if d.CreditCode != "" && !ValidCreditCode(d.CreditCode) {
		f.Add("credit_code", "org.credit.wrong")
	}
	if d.FoundedOn != "" {
		if _, ok := clock.ParseDay(d.FoundedOn); !ok {
			f.Add("founded_on", "org.day.form")
		}
	}
	if d.Position < 0 || d.Position > maxPosition {
		f.Add("position", "org.position.range", errs.Args{"Max": maxPosition})
	}
	if d.Units < 0 || d.Units > 1000 {
		f.Add("units", "org.units.range")
	}
	return f
}

// tooLong notes a text of more than max characters.
func tooLong(f *errs.Fields, field, value string, max int) {
	if n := utf8.RuneCountInString(value); n > max {
		f.Add(field, "org.form.too_long", errs.Args{"Max": max, "Count": n})
	}
}

// apply puts a cleaned draft into the organisation.
func (d Draft) apply(o *Org) {
	o.Code, o.Name, o.ShortName, o.Kind, o.Level = d.Code, d.Name, d.ShortName, d.Kind, d.Level
	o.RegionCode, o.CreditCode, o.Units, o.SizeApproval = d.RegionCode, d.CreditCode, d.Units, d.SizeApproval
	o.Phone, o.Address, o.Intro, o.FoundedOn = d.Phone, d.Address, d.Intro, clock.Day(d.FoundedOn)
	o.Position = d.Position
	o.index()
}

// Draft returns the entries as a form shows them again.
func (o Org) Draft() Draft {
	return Draft{Code: o.Code, Name: o.Name, ShortName: o.ShortName, Kind: o.Kind, Level: o.Level,
		RegionCode: o.RegionCode, CreditCode: o.CreditCode, Position: o.Position, Units: o.Units,
		SizeApproval: o.SizeApproval, FoundedOn: string(o.FoundedOn), Phone: o.Phone, Address: o.Address, Intro: o.Intro}
}

// guess reads kind and level from the way organisations are named.
func guess(name string) (Kind, Level) {
	for _, x := range []struct {
		word string
		k    Kind
		l    Level
	}{
		{"党总支", GeneralBranch, LevelUnit}, {"党支部", Branch, LevelUnit}, {"工委", WorkCommittee, LevelUnit}, {"工作委员会", WorkCommittee, LevelUnit},
		{"党组", LeadingPartyGroup, LevelUnit}, {"镇", PartyCommittee, LevelTownship}, {"乡", PartyCommittee, LevelTownship}, {"街道", PartyCommittee, LevelTownship},
		{"县", LocalCommittee, LevelCounty}, {"区", LocalCommittee, LevelCounty}, {"旗", LocalCommittee, LevelCounty},
		{"市", LocalCommittee, LevelCity}, {"州", LocalCommittee, LevelCity}, {"盟", LocalCommittee, LevelCity}, {"省", LocalCommittee, LevelProvince},
	} {
		if strings.Contains(name, x.word) {
			return x.k, x.l
		}
	}
	return PartyCommittee, LevelUnit
}
