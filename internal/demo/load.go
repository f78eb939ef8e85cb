package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/article"
	"lianxin/internal/org"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/setting"
	"lianxin/internal/site"
)

// NodeName is what the demo node calls itself.
const NodeName = "青山县党建网"

// Rooms are the services the county is built with.
type Rooms struct {
	DB       *db.DB
	Now      clock.Clock
	Policy   account.Policy
	Settings *setting.Settings
	Accounts *account.Service
	Orgs     *org.Service
	Sites    *site.Service
	Articles *article.Service
}

// SignIn is a demo account as it is told to people.
type SignIn struct{ Name, Note string }

// SignIns lists the demo accounts.
func SignIns() ([]SignIn, error) {
	accounts, err := readAccounts()
	var out []SignIn
	for _, a := range accounts {
		out = append(out, SignIn{a.Name, a.Display + "，" + a.Does})
	}
	return out, err
}

// errHalfFilled means that an earlier load was cut off.
var errHalfFilled = errors.New("the folder holds a half-loaded demo county: delete it and start again")

// Load fills an empty node and returns the sign-ins. A node that holds the
// county already is left as it is. progress hears how much of how much is done.
func Load(ctx context.Context, r Rooms, progress func(done, total int)) ([]SignIn, error) {
	signIns, err := SignIns()
	if err != nil {
		return nil, err
	}
	c, err := newCounty(ctx, r, progress)
	if err != nil {
		return nil, err
	}
	switch state, err := c.state(ctx); {
	case err != nil:
		return nil, err
	case state == filled:
		return signIns, nil
	case state == half:
		return nil, errHalfFilled
	}
	for _, step := range []func(context.Context) error{c.organise, c.appoint, c.enlist, c.build, c.publish, c.open} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("load the demo county: %w", err)
		}
	}
	return signIns, nil
}

// county is the loading on its way.
type county struct {
	Rooms
	today    time.Time
	step     func()
	orgs     []orgRow
	posts    []postRow
	accounts []Account
	sites    []Site
	articles []story

	// What is made on the way, by code, sign-in name and address.
	orgIDs  map[string]org.Org
	people  map[string]account.Actor
	siteIDs map[string]site.Site
}

func newCounty(ctx context.Context, r Rooms, progress func(done, total int)) (*county, error) {
	c := &county{Rooms: r, today: r.Now(), orgIDs: map[string]org.Org{}, people: map[string]account.Actor{}, siteIDs: map[string]site.Site{}}
	var all [5]error
	c.orgs, all[0] = readOrgs()
	c.posts, all[1] = readPosts()
	c.accounts, all[2] = readAccounts()
	c.sites, all[3] = readSites()
	c.articles, all[4] = readArticles(c.today)
	total, done := len(c.posts)+2*len(c.sites)+len(c.articles), 0
	c.step = func() {
		done++
		progress(done, total)
	}
	return c, errors.Join(all[:]...)
}

type state int

const (
	empty state = iota
	half
	filled
)

// state tells a new node from a loaded one: opening the main site is the last
// thing that is done.
func (c *county) state(ctx context.Context) (state, error) {
	free, err := c.Accounts.Empty(ctx)
	if err != nil {
		return 0, err
	}
	main, err := c.Sites.BySlug(ctx, statutesSite)
	switch {
	case err == nil && main.State.Public():
		return filled, nil
	case err == nil || !free:
		return half, nil
	}
	return empty, nil
}

// on returns the day so many days before today.
func (c *county) on(daysAgo int) clock.Day { return clock.DayOf(c.today.AddDate(0, 0, -daysAgo)) }

// organise imports the tree as a clerk would: from a spreadsheet.
func (c *county) organise(ctx context.Context) error {
	var sheet bytes.Buffer
	w := csv.NewWriter(&sheet)
	_ = w.Write([]string{"code", "name", "short name", "kind", "level", "parent", "region", "members", "full members",
		"counted on", "units", "secretary", "deputies", "term from", "address", "order"}) // a buffer takes all
	for i, o := range c.orgs {
		line := []string{o.code, o.name, o.short, o.kind, o.level, o.parent, o.region, "", "", "", "", "", "", "", o.address, strconv.Itoa(i + 1)}
		if o.full > 0 {
			line[7], line[8], line[9] = strconv.Itoa(o.full+o.probationary), strconv.Itoa(o.full), string(c.on(20))
		}
		if o.units > 0 {
			line[10] = strconv.Itoa(o.units)
		}
		if p, ok := c.secretary(o.code); ok {
			line[11] = p.name
			if p.years > 0 {
				line[13] = string(c.on(p.started))
			}
		}
		_ = w.Write(line)
	}
	w.Flush()
	operator := account.WithActor(ctx, account.Operator(c.Policy))
	report, err := org.NewImporter(c.Orgs).Import(operator, "青山县.csv", &sheet, org.ImportOptions{})
	if err != nil {
		return err
	}
	if !report.Written {
		return fmt.Errorf("organisations are refused: %+v", report.Problems)
	}
	for _, o := range c.orgs {
		made, err := c.Orgs.ByCode(operator, o.code)
		if err != nil {
			return err
		}
		c.orgIDs[o.code] = made
	}
	return nil
}

func (c *county) secretary(code string) (postRow, bool) {
	for _, p := range c.posts {
		if p.org == code && p.post == string(org.Secretary) {
			return p, true
		}
	}
	return postRow{}, false
}

// appoint fills all posts but the secretaries', which came with the import.
func (c *county) appoint(ctx context.Context) error {
	ctx = account.WithActor(ctx, account.Operator(c.Policy))
	for _, p := range c.posts {
		c.step()
		if p.post == string(org.Secretary) {
			continue
		}
		how := org.Appointed
		if p.years > 0 {
			how = org.Elected
		}
		if _, err := c.Orgs.Appoint(ctx, org.Appointment{OrgID: c.orgIDs[p.org].ID, Code: org.PostCode(p.post), Holder: p.name, How: how,
			From: c.on(p.started), Public: true}); err != nil {
			return fmt.Errorf("%s of %s: %w", p.post, p.org, err)
		}
	}
	return nil
}

// enlist makes the accounts. One hash serves them all: making it is slow on
// purpose.
func (c *county) enlist(ctx context.Context) error {
	hash, err := c.Accounts.HashPassword(ctx, Password)
	if err != nil {
		return err
	}
	return c.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := c.Settings.SetName(ctx, tx, NodeName); err != nil {
			return err
		}
		for _, a := range c.accounts {
			o := c.orgIDs[a.Org]
			held := account.Held{Role: account.Role(a.Role), OrgID: o.ID, Path: o.Path}
			id, err := c.Accounts.Seed(ctx, tx, account.NewAccount{Name: a.Name, DisplayName: a.Display}, hash, held)
			if err != nil {
				return fmt.Errorf("account %s: %w", a.Name, err)
			}
			c.people[a.Name] = account.NewActor(id, a.Display, c.Policy, held)
		}
		return nil
	})
}

// as returns ctx with a person of the county acting.
func (c *county) as(ctx context.Context, name string) context.Context {
	return account.WithActor(ctx, c.people[name])
}
