// Package site keeps the websites of organisations: what stands in them
// (columns, menus, the blocks of the home page), how they look, and the frame
// in which all public pages are shown.
//
// Its ideas. An organisation may own a site. A site is made from a [Template]
// that brings columns and blocks, so that opening one takes a minute, and is
// opened to the public when it fulfils the opening conditions (建站条件). It
// has a life: preparing → open ⇄ suspended → closed. Each column has a [Kind]
// that says how often it must be renewed; [Freshness] judges it. A look is a
// theme, a colour that is checked for legibility, a drawing and a motto.
//
// A public request finds the site in memory ([Service.live]), asks the room
// that owns the page for its content ([Pages.Public]), and wraps it in the
// site's frame. Every change raises the site's version and drops what was kept
// of it: the site in memory, its cached pages, on all servers.
package site

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
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

var (
	//go:embed migrations/*.sql
	migrations embed.FS
	//go:embed templates locale
	files embed.FS
)

// Migrations of the room's tables.
var Migrations = i18n.Sub(migrations, "migrations")

// Room is what the room brings to the pages.
var Room = web.Room{Name: "site", Templates: i18n.Sub(files, "templates"), Locale: i18n.Sub(files, "locale")}

// Permissions of the room.
const (
	// View shows a site's inner side, also before it is open.
	View web.Permission = "site.view"
	// Edit changes columns, menus, blocks and looks.
	Edit web.Permission = "site.edit"
	// Manage makes sites, opens, suspends and closes them.
	Manage web.Permission = "site.manage"
)

// Policy says which roles carry them.
var Policy = account.Policy{
	View:   {account.Secretary, account.OrgClerk, account.SiteEditor, account.Reviewer, account.Inspector},
	Edit:   {account.OrgClerk, account.SiteEditor},
	Manage: {account.OrgClerk, account.SiteEditor, account.Secretary},
}

// State is the stage of a site's life.
type State string

const (
	// Preparing 筹备 is seen only by those who work on it.
	Preparing State = "preparing"
	// Open 开通 is public.
	Open State = "open"
	// Suspended 暂停 stays readable and says until when it is not kept up.
	Suspended State = "suspended"
	// Closed 关闭 is gone for the public; nothing is deleted.
	Closed State = "closed"
)

// States lists all states in the order of life.
var States = []State{Preparing, Open, Suspended, Closed}

var next = map[State][]State{
	Preparing: {Open, Closed},
	Open:      {Suspended, Closed},
	Suspended: {Open, Closed},
}

// May reports whether a site in state s can be brought to state to.
func (s State) May(to State) bool { return slices.Contains(next[s], to) }

// Public reports whether visitors may read a site in this state.
func (s State) Public() bool { return s == Open || s == Suspended }

// Site is the website of an organisation.
type Site struct {
	bun.BaseModel `bun:"table:site,alias:s"`

	ID      int64 `bun:",pk,autoincrement"`
	OrgID   int64
	OrgPath tree.Path
	// Slug is the site's address below /s/, Host its own host name if any.
	Slug, Host string
	Name       string
	Motto      string
	Intro      string
	Template   string
	State      State
	// Main marks the one site that is shown at the node's own address.
	Main bool

	// What the footer must say (PAGE-02).
	Organiser, Undertaker, Responsible string
	Phone, Email, Address              string
	IDCode, ICP, PoliceRecord          string

	// How it looks. Colour and Banner are those of the theme when empty.
	Theme, Colour, Banner, Emblem string

	SuspendedFrom, SuspendedUntil clock.Day
	SuspendReason                 string

	CreatedAt, UpdatedAt time.Time
	OpenedAt             time.Time `bun:",nullzero"`
	Version              int64
}

// Base is the path under which the site's pages stand.
func (s Site) Base() string { return "/s/" + s.Slug }

// Mark is the character in the site's round emblem: its own, or the first of
// its name.
func (s Site) Mark() string {
	if s.Emblem != "" {
		return s.Emblem
	}
	r, _ := utf8.DecodeRuneInString(s.Name)
	return string(r)
}

// Draft is what a person enters about a site itself.
type Draft struct {
	Slug, Host, Name, Motto, Intro     string
	Organiser, Undertaker, Responsible string
	Phone, Email, Address              string
	IDCode, ICP, PoliceRecord          string
}

// Draft returns the entries as a form shows them again.
func (s Site) Draft() Draft {
	return Draft{s.Slug, s.Host, s.Name, s.Motto, s.Intro, s.Organiser, s.Undertaker, s.Responsible,
		s.Phone, s.Email, s.Address, s.IDCode, s.ICP, s.PoliceRecord}
}

func (d Draft) apply(s *Site) {
	s.Slug, s.Host, s.Name, s.Motto, s.Intro = d.Slug, d.Host, d.Name, d.Motto, d.Intro
	s.Organiser, s.Undertaker, s.Responsible = d.Organiser, d.Undertaker, d.Responsible
	s.Phone, s.Email, s.Address = d.Phone, d.Email, d.Address
	s.IDCode, s.ICP, s.PoliceRecord = d.IDCode, d.ICP, d.PoliceRecord
}

// Clean brings the entries into the form in which they are stored.
func (d Draft) Clean() Draft {
	for _, s := range []*string{&d.Slug, &d.Host, &d.Name, &d.Motto, &d.Organiser, &d.Undertaker, &d.Responsible,
		&d.Phone, &d.Email, &d.Address, &d.IDCode, &d.ICP, &d.PoliceRecord} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
	d.Slug, d.Host = strings.ToLower(d.Slug), strings.ToLower(d.Host)
	d.Intro = strings.TrimSpace(d.Intro)
	return d
}

var (
	slugForm   = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)
	hostForm   = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)
	emailForm  = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	idCodeForm = regexp.MustCompile(`^[0-9]{10}$`)
)

// Check returns the faults of a cleaned draft, by field.
func (d Draft) Check() errs.Fields {
	var f errs.Fields
	if d.Name == "" {
		f.Add("name", "site.name.missing")
	}
	if !slugForm.MatchString(d.Slug) {
		f.Add("slug", "site.slug.form")
	}
	if d.Host != "" && (!hostForm.MatchString(d.Host) || len(d.Host) > 253) {
		f.Add("host", "site.host.form")
	}
	if d.Email != "" && !emailForm.MatchString(d.Email) {
		f.Add("email", "site.email.form")
	}
	if d.IDCode != "" && !idCodeForm.MatchString(d.IDCode) {
		f.Add("id_code", "site.id_code.form")
	}
	for _, x := range []struct {
		field, value string
		max          int
	}{
		{"name", d.Name, 40}, {"motto", d.Motto, 40}, {"intro", d.Intro, 300}, {"organiser", d.Organiser, 60},
		{"undertaker", d.Undertaker, 60}, {"responsible", d.Responsible, 30}, {"phone", d.Phone, 40},
		{"email", d.Email, 80}, {"address", d.Address, 100}, {"icp", d.ICP, 40}, {"police_record", d.PoliceRecord, 60},
	} {
		tooLong(&f, x.field, x.value, x.max)
	}
	return f
}

func tooLong(f *errs.Fields, field, value string, limit int) {
	if n := utf8.RuneCountInString(value); n > limit {
		f.Add(field, "site.too_long", errs.Args{"Max": limit, "N": n})
	}
}

// maxSuspension is how long a planned suspension may last (RESP-05).
const maxSuspension = 30

// CheckSuspension returns the faults of an announced suspension: it has a
// reason, starts today or later and lasts at most 30 days.
func CheckSuspension(from, until clock.Day, reason string, today clock.Day) errs.Fields {
	var f errs.Fields
	if reason == "" {
		f.Add("reason", "site.suspend.reason_missing")
	}
	tooLong(&f, "reason", reason, 100)
	switch {
	case from == "":
		f.Add("from", "site.suspend.day_missing")
	case from < today:
		f.Add("from", "site.suspend.past")
	}
	switch days := until.Time().Sub(from.Time()).Hours()/24 + 1; {
	case until == "":
		f.Add("until", "site.suspend.day_missing")
	case from != "" && until < from:
		f.Add("until", "site.suspend.order")
	case from != "" && days > maxSuspension:
		f.Add("until", "site.suspend.too_long", errs.Args{"Max": maxSuspension})
	}
	return f
}
