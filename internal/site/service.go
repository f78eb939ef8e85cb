package site

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/bus"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

// Deps is what the service needs. Bus may be nil on a single server.
type Deps struct {
	DB    *db.DB
	Now   clock.Clock
	Audit *audit.Log
	Orgs  *org.Service
	Bus   *bus.Bus
	Cache *web.Cache
	// Catalog gives the first titles of a new site's blocks.
	Catalog *i18n.Catalog
}

// Service holds the use cases of the room.
type Service struct {
	Deps
	// Content is joined by the room that keeps articles.
	Content Content
	Themes  []Theme
	shelf   *shelf
}

// NewService returns the room's service.
func NewService(d Deps) (*Service, error) {
	found, err := loadThemes()
	if err != nil {
		return nil, err
	}
	return &Service{Deps: d, Content: nothing{}, Themes: found, shelf: newShelf()}, nil
}

// Theme returns a theme by its key, the first one if there is none such.
func (s *Service) Theme(key string) Theme {
	for _, t := range s.Themes {
		if t.Key == key {
			return t
		}
	}
	return s.Themes[0]
}

// Get returns a site, whatever its state; the caller decides who may see it.
func (s *Service) Get(ctx context.Context, id int64) (Site, error) {
	l, err := s.live(ctx, id)
	if err != nil {
		return Site{}, err
	}
	return l.Site, nil
}

// BySlug is Get by the site's address.
func (s *Service) BySlug(ctx context.Context, slug string) (Site, error) {
	return s.found(s.liveBy(ctx, "slug", slug))
}

// ByHost is Get by the site's own host name.
func (s *Service) ByHost(ctx context.Context, host string) (Site, error) {
	return s.found(s.liveBy(ctx, "host", host))
}

// MainSite returns the one site that is shown at the node's own address.
func (s *Service) MainSite(ctx context.Context) (Site, error) {
	return s.found(s.liveBy(ctx, "main", ""))
}

func (s *Service) found(l *Live, err error) (Site, error) {
	if err != nil {
		return Site{}, err
	}
	return l.Site, nil
}

// Columns returns the columns of a site, hidden ones too, in their order.
func (s *Service) Columns(ctx context.Context, siteID int64) ([]Column, error) {
	l, err := s.live(ctx, siteID)
	if err != nil {
		return nil, err
	}
	return slices.Clone(l.Columns), nil
}

// Search lists sites that the actor may see, by id: open ones, and those
// within its scope whatever their state.
func (s *Service) Search(ctx context.Context, q Query) ([]Site, error) {
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 50
	}
	if q.Within == nil {
		q.States = publicStates
	} else if scope := account.ActorFrom(ctx).Scope(View); !covers(scope, q.Within) {
		return nil, errs.Forbidden("error.forbidden")
	}
	return list(ctx, s.DB.Read(), q)
}

// Hidden lists the sites that visitors may not read, so that nothing of them is
// shown elsewhere.
func (s *Service) Hidden(ctx context.Context) ([]int64, error) {
	var ids []int64
	err := s.DB.Read().NewSelect().Table("site").Column("id").Where("state not in (?)", bun.In(publicStates)).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list hidden sites: %w", err)
	}
	return ids, nil
}

var publicStates = []State{Open, Suspended}

func covers(scope, within []tree.Path) bool {
	for _, p := range within {
		if !slices.ContainsFunc(scope, func(have tree.Path) bool { return have.Contains(p) }) {
			return false
		}
	}
	return true
}

// New is a site to be made.
type New struct {
	OrgID    int64
	Template string
	// Theme, Banner and Colour are the template's or the theme's when empty.
	Theme, Colour, Banner, Emblem string
	Draft
}

// Create makes a site for an organisation from a template. It refuses a taken
// address and an organisation that has ended.
func (s *Service) Create(ctx context.Context, n New) (Site, error) {
	n.Draft = n.Draft.Clean()
	faults := n.Draft.Check()
	if !knownTemplate(n.Template) {
		faults.Add("template", "site.template.unknown")
	}
	t := templateBy(n.Template)
	if n.Theme == "" {
		n.Theme = t.Theme
	}
	for field, m := range (Look{Theme: n.Theme, Colour: n.Colour, Banner: n.Banner, Emblem: n.Emblem}).Check(s.Themes) {
		faults.Add(field, m.Key, m.Args)
	}
	if err := faults.Err(); err != nil {
		return Site{}, err
	}
	made := Site{OrgID: n.OrgID, Template: n.Template, State: Preparing, Theme: n.Theme, Colour: n.Colour, Banner: n.Banner, Emblem: n.Emblem,
		CreatedAt: s.Now(), UpdatedAt: s.Now(), Version: 1}
	n.Draft.apply(&made)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		o, err := s.Orgs.Lookup(ctx, tx, n.OrgID)
		if err != nil {
			return err
		}
		made.OrgPath = o.Path
		if err := may(ctx, Manage, o.Path); err != nil {
			return err
		}
		if o.Status.Ended() {
			return errs.FieldErr("org", "site.org.ended", errs.Args{"Name": o.Name})
		}
		if made.Organiser == "" {
			made.Organiser = o.Name
		}
		return s.build(ctx, tx, &made, t)
	})
	return made, err
}

// build writes a new site with the parts of its template.
func (s *Service) build(ctx context.Context, tx bun.Tx, made *Site, t Template) error {
	if err := s.freeNames(ctx, tx, *made); err != nil {
		return err
	}
	if _, err := siteWhere(ctx, tx, "main = ?", true); errs.Is(err, errs.KindNotFound) {
		made.Main = true // the first site of the node
	} else if err != nil {
		return err
	}
	if err := insertSite(ctx, tx, made); err != nil {
		return err
	}
	if err := s.seed(ctx, tx, *made, t); err != nil {
		return err
	}
	s.announce(ctx, all)
	return s.record(ctx, tx, "site.create", *made, "", made.Draft())
}

// freeNames refuses an address or host name that another site has.
func (s *Service) freeNames(ctx context.Context, tx bun.IDB, made Site) error {
	var f errs.Fields
	for _, x := range []struct{ field, value string }{{"slug", made.Slug}, {"host", made.Host}} {
		if x.value == "" {
			continue
		}
		other, err := siteWhere(ctx, tx, x.field+" = ?", x.value)
		if err == nil && other.ID != made.ID {
			f.Add(x.field, "site."+x.field+".taken", errs.Args{"Name": other.Name})
		} else if err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
	}
	return f.Err()
}

// seed writes columns, menu and blocks of a template.
func (s *Service) seed(ctx context.Context, tx bun.Tx, made Site, t Template) error {
	columns := make([]Column, len(t.Columns))
	for i, d := range t.Columns {
		columns[i] = Column{SiteID: made.ID, Slug: d.Slug, Name: d.Name, Description: d.Description, Kind: d.Kind, Visible: true, Position: i}
	}
	if err := insertAll(ctx, tx, &columns); err != nil {
		return err
	}
	stored, err := columnsOf(ctx, tx, made.ID)
	if err != nil {
		return err
	}
	bySlug := map[string]Column{}
	for _, c := range stored {
		bySlug[c.Slug] = c
	}
	var menu []MenuEntry
	for i, slug := range menuSlugs {
		label := bySlug[slug].Name
		if short, ok := shortNames[slug]; ok {
			label = short
		}
		menu = append(menu, MenuEntry{SiteID: made.ID, Position: i, Label: label, ColumnID: bySlug[slug].ID})
	}
	if err := insertAll(ctx, tx, &menu); err != nil {
		return err
	}
	blocks := make([]Block, len(t.Blocks))
	for i, b := range t.Blocks {
		blocks[i] = s.seedBlock(made, b, bySlug)
		blocks[i].Position = i
	}
	return insertAll(ctx, tx, &blocks)
}

// seedBlock writes the words of a block in the language of the content.
func (s *Service) seedBlock(made Site, b seedBlock, bySlug map[string]Column) Block {
	say := func(key string) string {
		if key == "" {
			return ""
		}
		return s.Catalog.T(i18n.Languages[0], key, errs.Args{"Name": made.Name})
	}
	out := Block{SiteID: made.ID, Kind: b.Kind, Title: say(b.Title), Config: BlockConfig{Limit: b.Limit, Text: say(b.Text)}}
	for _, slug := range b.Columns {
		out.Config.ColumnIDs = append(out.Config.ColumnIDs, bySlug[slug].ID)
	}
	for _, t := range b.Tiles {
		href := made.Base() + t.Path
		if t.Column != "" {
			href = made.Base() + "/c/" + t.Column
		}
		key := "site.seed.tile." + t.Key
		out.Config.Tiles = append(out.Config.Tiles, Tile{Mark: say(key + ".mark"), Title: say(key + ".title"), Note: say(key + ".note"), Href: href})
	}
	for _, source := range b.Figures {
		out.Config.Figures = append(out.Config.Figures, Figure{Source: source, Label: say("site.figure." + source)})
	}
	if b.Kind == Figures && made.Motto != "" {
		out.Config.Text = made.Motto
	}
	if b.Kind == Local {
		out.Title, out.Config.Text = made.Name, made.Intro
		if out.Config.Text == "" {
			out.Config.Text = made.Motto
		}
	}
	return out
}

func may(ctx context.Context, p web.Permission, at tree.Path) error {
	return account.ActorFrom(ctx).Check(p, at)
}

// record writes the audit entry of a change to a site.
func (s *Service) record(ctx context.Context, tx bun.IDB, action string, made Site, reason string, detail any) error {
	return s.Audit.Record(ctx, tx, audit.Entry{Action: action, OrgID: made.OrgID, OrgPath: made.OrgPath, ObjectType: "site",
		ObjectID: strconv.FormatInt(made.ID, 10), Reason: reason, Detail: detail})
}

// change runs one change of a site: it checks the permission where the site
// belongs, stores what edit made of it, and tells everyone.
func (s *Service) change(ctx context.Context, id int64, p web.Permission, action, reason string, edit func(ctx context.Context, tx bun.Tx, was *Site) (detail any, err error)) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		was, err := siteByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := may(ctx, p, was.OrgPath); err != nil {
			return err
		}
		before := was
		detail, err := edit(ctx, tx, &was)
		if err != nil {
			return err
		}
		was.UpdatedAt = s.Now()
		if err := updateSite(ctx, tx, &was); err != nil {
			return err
		}
		if before.Slug != was.Slug || before.Host != was.Host || before.Name != was.Name || before.Main != was.Main || before.State != was.State {
			s.announce(ctx, all)
		}
		s.announce(ctx, id)
		return s.record(ctx, tx, action, was, reason, detail)
	})
}

// Edit changes what is known about a site. version is the one the person saw.
func (s *Service) Edit(ctx context.Context, id, version int64, d Draft) error {
	d = d.Clean()
	if err := d.Check().Err(); err != nil {
		return err
	}
	return s.change(ctx, id, Edit, "site.edit", "", func(ctx context.Context, tx bun.Tx, was *Site) (any, error) {
		if was.Version != version {
			return nil, errs.Conflict("site.changed_meanwhile")
		}
		before := was.Draft()
		d.apply(was)
		return map[string]Draft{"before": before, "after": d}, s.freeNames(ctx, tx, *was)
	})
}

// SetLook changes how a site looks.
func (s *Service) SetLook(ctx context.Context, id int64, l Look) error {
	l.Colour = strings.ToLower(strings.TrimSpace(l.Colour))
	l.Motto = strings.TrimSpace(l.Motto)
	if l.Colour == s.Theme(l.Theme).Brand {
		l.Colour = ""
	}
	if err := l.Check(s.Themes).Err(); err != nil {
		return err
	}
	return s.change(ctx, id, Edit, "site.look", "", func(_ context.Context, _ bun.Tx, was *Site) (any, error) {
		was.Theme, was.Colour, was.Banner, was.Emblem, was.Motto = l.Theme, l.Colour, l.Banner, l.Emblem, l.Motto
		return l, nil
	})
}

// Conditions returns what the site still lacks before it may be opened.
func (s *Service) Conditions(ctx context.Context, l *Live) ([]Condition, error) {
	pulse, err := s.Content.Pulse(ctx, l.ID)
	if err != nil {
		return nil, fmt.Errorf("judge conditions of site %d: %w", l.ID, err)
	}
	return Conditions(l.Site, l.Columns, pulse), nil
}

// Open shows a site to the public, for the first time or again.
func (s *Service) Open(ctx context.Context, id int64) error {
	l, err := s.live(ctx, id)
	if err != nil {
		return err
	}
	conditions, err := s.Conditions(ctx, l)
	if err != nil {
		return err
	}
	return s.change(ctx, id, Manage, "site.open", "", func(_ context.Context, _ bun.Tx, was *Site) (any, error) {
		if !was.State.May(Open) {
			return nil, errs.Conflict("site.state.not_now")
		}
		if was.State == Preparing && len(Unmet(conditions)) > 0 {
			return nil, errs.Conflict("site.open.unmet", errs.Args{"N": len(Unmet(conditions))})
		}
		was.State = Open
		was.SuspendedFrom, was.SuspendedUntil, was.SuspendReason = "", "", ""
		if was.OpenedAt.IsZero() {
			was.OpenedAt = s.Now()
		}
		return nil, nil
	})
}

// Suspend announces that a site is not kept up for a while. It stays readable.
func (s *Service) Suspend(ctx context.Context, id int64, from, until clock.Day, reason string) error {
	reason = strings.TrimSpace(reason)
	if err := CheckSuspension(from, until, reason, clock.DayOf(s.Now())).Err(); err != nil {
		return err
	}
	return s.change(ctx, id, Manage, "site.suspend", reason, func(_ context.Context, _ bun.Tx, was *Site) (any, error) {
		if !was.State.May(Suspended) {
			return nil, errs.Conflict("site.state.not_now")
		}
		was.State, was.SuspendedFrom, was.SuspendedUntil, was.SuspendReason = Suspended, from, until, reason
		return map[string]clock.Day{"from": from, "until": until}, nil
	})
}

// Close takes a site out of the public for good. confirm is its name, typed.
func (s *Service) Close(ctx context.Context, id int64, confirm string) error {
	return s.change(ctx, id, Manage, "site.close", "", func(_ context.Context, _ bun.Tx, was *Site) (any, error) {
		switch {
		case strings.TrimSpace(confirm) != was.Name:
			return nil, errs.FieldErr("confirm", "site.close.confirm", errs.Args{"Name": was.Name})
		case was.Main:
			return nil, errs.Conflict("site.close.main")
		case !was.State.May(Closed):
			return nil, errs.Conflict("site.state.not_now")
		}
		was.State, was.Host = Closed, ""
		return nil, nil
	})
}

// MakeMain shows a site at the node's own address instead of the one before.
func (s *Service) MakeMain(ctx context.Context, id int64) error {
	return s.change(ctx, id, Manage, "site.main", "", func(ctx context.Context, tx bun.Tx, was *Site) (any, error) {
		if !was.State.Public() {
			return nil, errs.Conflict("site.main.not_open")
		}
		before, err := siteWhere(ctx, tx, "main = ?", true)
		if err == nil && before.ID != was.ID {
			if err := may(ctx, Manage, before.OrgPath); err != nil {
				return nil, err
			}
			before.Main = false
			if err := updateSite(ctx, tx, &before); err != nil {
				return nil, err
			}
		} else if err != nil && !errs.Is(err, errs.KindNotFound) {
			return nil, err
		}
		was.Main = true
		return map[string]int64{"before": before.ID}, nil
	})
}

// Follower keeps the sites at the paths of their organisations.
func (s *Service) Follower() org.Follower {
	return org.Follower{
		Moved: func(ctx context.Context, tx bun.Tx, old, now tree.Path) error {
			s.announce(ctx, all)
			return movePaths(ctx, tx, old, now)
		},
		Merged: func(ctx context.Context, tx bun.Tx, from, into org.Org) error {
			s.announce(ctx, all)
			return giveSites(ctx, tx, from.ID, into)
		},
	}
}
