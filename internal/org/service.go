package org

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/text"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

// Headcount tells how many members organisations have. Until a room knows the
// roster, the figures that clerks enter are used.
type Headcount interface {
	Heads(ctx context.Context, db bun.IDB, orgIDs ...int64) (map[int64]Heads, error)
}

// Follower joins changes of the tree in their own transaction. A nil function
// takes no interest; an error undoes the whole change.
type Follower struct {
	// Moved: everything below (and at) Old now lies below (and at) New.
	Moved func(ctx context.Context, tx bun.Tx, old, now tree.Path) error
	// Merged: what belonged to From itself belongs to Into now. Its former
	// sub-organisations have been told by Moved before. Rights held at From end:
	// they must not become rights at Into.
	Merged func(ctx context.Context, tx bun.Tx, from, into Org) error
	// Ending: the organisation is being dissolved. An error refuses it, e.g.
	// while it has members (every member belongs to one branch).
	Ending func(ctx context.Context, tx bun.Tx, o Org) error
}

// Deps is what the service needs. Headcount may be nil.
type Deps struct {
	DB        *db.DB
	Now       clock.Clock
	Audit     *audit.Log
	Headcount Headcount
}

// Service holds the use cases of the room.
type Service struct {
	Deps
	followers []Follower
}

// NewService returns the room's service.
func NewService(d Deps) *Service { return &Service{Deps: d} }

// Follow lets a room join moves, merges and endings. It is called at composition.
func (s *Service) Follow(f Follower) { s.followers = append(s.followers, f) }

// Today is the current day.
func (s *Service) Today() clock.Day { return clock.DayOf(s.Now()) }

func may(ctx context.Context, p web.Permission, at tree.Path) error {
	return account.ActorFrom(ctx).Check(p, at)
}

// record writes the audit entry of a change at o.
func (s *Service) record(ctx context.Context, tx bun.IDB, action string, o Org, reason string, detail any) error {
	return s.Audit.Record(ctx, tx, audit.Entry{Action: action, OrgID: o.ID, OrgPath: o.Path, ObjectType: "org",
		ObjectID: strconv.FormatInt(o.ID, 10), Reason: reason, Detail: detail})
}

// Paths returns the current paths of organisations, for other rooms. Those that
// don't exist are left out.
func (s *Service) Paths(ctx context.Context, ids ...int64) (map[int64]tree.Path, error) {
	out := map[int64]tree.Path{}
	if len(ids) == 0 {
		return out, nil
	}
	var list []Org
	if err := s.DB.Read().NewSelect().Model(&list).Column("id", "path").Where("id in (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read paths: %w", err)
	}
	for _, o := range list {
		out[o.ID] = o.Path
	}
	return out, nil
}

// Lookup returns an organisation as it is stored, for other rooms' services,
// which check their own permission at its path. db is their transaction or a
// reading handle.
func (s *Service) Lookup(ctx context.Context, db bun.IDB, id int64) (Org, error) {
	return byID(ctx, db, id)
}

// Names returns the short names of organisations, which are public.
func (s *Service) Names(ctx context.Context, ids ...int64) (map[int64]string, error) {
	all, err := byIDs(ctx, s.DB.Read(), ids)
	out := map[int64]string{}
	for id, o := range all {
		out[id] = o.Label()
	}
	return out, err
}

// Find returns the one organisation that a person means by its code or name,
// or by both as forms suggest them: "云岭镇党委 (QS01)". It refuses a name that
// several living organisations have.
func (s *Service) Find(ctx context.Context, said string) (int64, error) {
	said = text.Clean(said)
	if said == "" {
		return 0, errs.NotFound("org.parent.unknown")
	}
	code := said
	if i := strings.LastIndex(said, "("); i >= 0 && strings.HasSuffix(said, ")") {
		code = said[i+1 : len(said)-1]
	}
	o, err := s.ByCode(ctx, code)
	if err == nil || !errs.Is(err, errs.KindNotFound) {
		return o.ID, err
	}
	named, err := rows[Org](ctx, s.DB.Read(), "id", "(name = ? or short_name = ?) and ended_on = ''", said, said)
	if err != nil {
		return 0, err
	}
	named = slices.DeleteFunc(named, func(o Org) bool { _, err := shown(ctx, o); return err != nil })
	switch {
	case len(named) == 1:
		return named[0].ID, nil
	case len(named) > 1:
		return 0, errs.Invalid("org.parent.many", errs.Args{"Count": len(named)})
	}
	return 0, errs.NotFound("org.parent.unknown")
}

// CreateRoot makes the topmost organisation of an empty node, at set-up, which
// has its own authority. Kind and level are guessed from the name and can be
// changed later.
func (s *Service) CreateRoot(ctx context.Context, tx bun.Tx, name, code string) (int64, tree.Path, error) {
	d := Draft{Name: name, Code: code, Position: DefaultPosition}
	d.Kind, d.Level = guess(name)
	d = d.Clean()
	if err := d.Check().Err(); err != nil {
		return 0, "", err
	}
	id, err := lockTree(ctx, tx, 1)
	if err != nil {
		return 0, "", err
	}
	o := Org{ID: id, Path: tree.Root.Child(id), Status: Active, CreatedAt: s.Now(), UpdatedAt: s.Now(), Version: 1}
	if err := freeCodeAndName(ctx, tx, Org{Code: d.Code, Name: d.Name}); err != nil {
		return 0, "", err
	}
	d.apply(&o)
	if err := s.insertOrgs(ctx, tx, []Org{o}, s.Today()); err != nil {
		return 0, "", err
	}
	return id, o.Path, s.record(ctx, tx, "org.create", o, "", d)
}

// shown returns what the actor may see of o: all of it, its public face, or
// errs.NotFound for a plan that is none of the actor's business.
func shown(ctx context.Context, o Org) (Org, error) {
	switch {
	case may(ctx, View, o.Path) == nil:
		return o, nil
	case o.Status.Public():
		return o.Face(), nil
	}
	return Org{}, errs.NotFound("org.not_found")
}

// Get returns an organisation: all of it to who may view it, else its face.
func (s *Service) Get(ctx context.Context, id int64) (Org, error) {
	o, err := byID(ctx, s.DB.Read(), id)
	if err != nil {
		return o, err
	}
	return shown(ctx, o)
}

// ByCode is Get by the organisation's code.
func (s *Service) ByCode(ctx context.Context, code string) (Org, error) {
	o, err := byCode(ctx, s.DB.Read(), CleanCode(code))
	if err != nil {
		return o, err
	}
	return shown(ctx, o)
}

// Ancestors returns the superiors of o from the top down, without o.
func (s *Service) Ancestors(ctx context.Context, o Org) ([]Org, error) {
	ids := o.Path.IDs()
	ids = ids[:max(0, len(ids)-1)]
	found, err := byIDs(ctx, s.DB.Read(), ids)
	if err != nil {
		return nil, err
	}
	var out []Org
	for _, id := range ids {
		if a, ok := found[id]; ok {
			out = append(out, a.Face())
		}
	}
	return out, nil
}

// Children returns the first 500 sub-organisations that the actor may see.
func (s *Service) Children(ctx context.Context, id int64) ([]Org, error) {
	out, _, err := s.Search(ctx, Query{Parent: id, Top: id == 0, Limit: 500})
	return out, err
}

// Search returns a page of organisations. Who may not view them sees the faces
// of those that are public.
func (s *Service) Search(ctx context.Context, q Query) ([]Org, Cursor, error) {
	if q.Limit <= 0 || q.Limit > 500 {
		q.Limit = 50
	}
	all, cursor, err := s.visible(ctx, q)
	if err != nil {
		return nil, Cursor{}, err
	}
	for i, o := range all {
		if all[i], err = shown(ctx, o); err != nil {
			return nil, Cursor{}, err
		}
	}
	return all, cursor, nil
}

// visible lists by q, leaving plans to those who may view them.
func (s *Service) visible(ctx context.Context, q Query) ([]Org, Cursor, error) {
	scope := account.ActorFrom(ctx).Scope(View)
	if slices.ContainsFunc(scope, func(p tree.Path) bool { return p == tree.Root }) || onlyPublic(q.Statuses) {
		return list(ctx, s.DB.Read(), q)
	}
	q.planScope = scope
	q.hidePlans = true
	return list(ctx, s.DB.Read(), q)
}

func onlyPublic(statuses []Status) bool {
	return len(statuses) > 0 && !slices.ContainsFunc(statuses, func(s Status) bool { return !s.Public() })
}

// Mine returns the tops of the subtrees that the actor may view.
func (s *Service) Mine(ctx context.Context) ([]Org, error) {
	var ids []int64
	for _, p := range account.ActorFrom(ctx).Scope(View) {
		if p == tree.Root {
			return s.Children(ctx, 0)
		}
		if path := p.IDs(); len(path) > 0 {
			ids = append(ids, path[len(path)-1])
		}
	}
	found, err := byIDs(ctx, s.DB.Read(), ids)
	if err != nil {
		return nil, err
	}
	var out []Org
	for _, id := range ids {
		if o, ok := found[id]; ok {
			out = append(out, o)
		}
	}
	return out, nil
}

// New is an organisation to be created.
type New struct {
	Draft
	ParentID int64 // 0 for the top of the node
	// Status is Active when empty: most organisations exist before the system.
	Status Status
	// From is the day of the status, today when empty.
	From clock.Day
}

// Create adds an organisation below its parent. It refuses a taken code, a
// living sister of the same name and a parent that has ended.
func (s *Service) Create(ctx context.Context, n New) (Org, error) {
	n.Draft = n.Draft.Clean()
	faults := n.Draft.Check()
	if n.Status == "" {
		n.Status = Active
	}
	if n.Status.Ended() || !slices.Contains(Statuses, n.Status) {
		faults.Add("status", "org.status.start")
	}
	if n.From == "" {
		n.From = s.Today()
	}
	if err := faults.Err(); err != nil {
		return Org{}, err
	}
	var o Org
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		id, err := lockTree(ctx, tx, 1)
		if err != nil {
			return err
		}
		parent, err := parentFor(ctx, tx, n.ParentID, Edit)
		if err != nil {
			return err
		}
		if err := freeCodeAndName(ctx, tx, Org{ParentID: n.ParentID, Code: n.Code, Name: n.Name}); err != nil {
			return err
		}
		o = Org{ID: id, ParentID: n.ParentID, Path: parent.Path.Child(id), Status: n.Status, CreatedAt: s.Now(), UpdatedAt: s.Now(), Version: 1}
		n.Draft.apply(&o)
		if err := s.insertOrgs(ctx, tx, []Org{o}, n.From); err != nil {
			return err
		}
		return s.record(ctx, tx, "org.create", o, "", n)
	})
	return o, err
}

// insertOrgs writes new organisations with the beginnings of their history.
func (s *Service) insertOrgs(ctx context.Context, tx bun.IDB, orgs []Org, from clock.Day) error {
	var parents []ParentLink
	var statuses []StatusChange
	for _, o := range orgs {
		parents = append(parents, ParentLink{OrgID: o.ID, ParentID: o.ParentID, FromDay: from, CreatedAt: o.CreatedAt})
		statuses = append(statuses, StatusChange{OrgID: o.ID, Status: o.Status, FromDay: from, CreatedAt: o.CreatedAt})
	}
	if err := insert(ctx, tx, &orgs); err != nil {
		return err
	}
	if err := insert(ctx, tx, &parents); err != nil {
		return err
	}
	return insert(ctx, tx, &statuses)
}

// parentFor returns the organisation under which another may be put by who
// holds p there. For parent 0 it is the root above all organisations.
func parentFor(ctx context.Context, tx bun.IDB, id int64, p web.Permission) (Org, error) {
	parent := Org{Path: tree.Root}
	if id != 0 {
		var err error
		if parent, err = byID(ctx, tx, id); err != nil {
			return parent, errs.FieldErr("parent", "org.parent.unknown")
		}
	}
	if err := may(ctx, p, parent.Path); err != nil {
		return parent, err
	}
	if parent.Status.Ended() {
		return parent, errs.FieldErr("parent", "org.parent.ended", errs.Args{"Name": parent.Name})
	}
	return parent, nil
}

func freeCodeAndName(ctx context.Context, tx bun.IDB, o Org) error {
	var f errs.Fields
	if other, err := byCode(ctx, tx, o.Code); err == nil && other.ID != o.ID {
		f.Add("code", "org.code.taken", errs.Args{"Code": o.Code, "Name": other.Name})
	} else if err != nil && !errs.Is(err, errs.KindNotFound) {
		return err
	}
	taken, err := sameName(ctx, tx, o.ParentID, o.ID, o.Name)
	if err != nil {
		return err
	}
	if taken {
		f.Add("name", "org.name.taken", errs.Args{"Name": o.Name})
	}
	return f.Err()
}

// Edit changes what is known about an organisation. version is the one the
// person saw; another one since is errs.Conflict.
func (s *Service) Edit(ctx context.Context, id, version int64, d Draft) (Org, error) {
	d = d.Clean()
	if err := d.Check().Err(); err != nil {
		return Org{}, err
	}
	var o Org
	err := s.change(ctx, id, Edit, func(ctx context.Context, tx bun.Tx, was *Org) error {
		if was.Version != version {
			return errs.Conflict("org.changed")
		}
		before := was.Draft()
		d.apply(was)
		if err := freeCodeAndName(ctx, tx, *was); err != nil {
			return err
		}
		was.UpdatedAt = s.Now()
		if err := save(ctx, tx, was); err != nil {
			return err
		}
		o = *was
		return s.record(ctx, tx, "org.edit", o, "", map[string]Draft{"before": before, "after": d})
	})
	return o, err
}

// change runs a change of one organisation in a transaction, with the tree
// locked, after asking for p at its path.
func (s *Service) change(ctx context.Context, id int64, p web.Permission, do func(ctx context.Context, tx bun.Tx, o *Org) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := lockTree(ctx, tx, 0); err != nil {
			return err
		}
		o, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := may(ctx, p, o.Path); err != nil {
			return err
		}
		return do(ctx, tx, &o)
	})
}

// CountHeads notes the entered figures of a day; a second entry of the same day
// replaces the first.
func (s *Service) CountHeads(ctx context.Context, id int64, day clock.Day, h Heads) error {
	if err := s.checkHeads(day, h); err != nil {
		return err
	}
	return s.change(ctx, id, Edit, func(ctx context.Context, tx bun.Tx, o *Org) error {
		if err := putHeads(ctx, tx, s.Now(), CountedHeads{OrgID: id, Day: day, Members: h.Members, FullMembers: h.Full}); err != nil {
			return err
		}
		if day >= o.CountedOn {
			o.Members, o.FullMembers, o.CountedOn = h.Members, h.Full, day
			o.UpdatedAt = s.Now()
			if err := save(ctx, tx, o); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, "org.headcount", *o, "", map[string]any{"day": day, "members": h.Members, "full": h.Full})
	})
}

func (s *Service) checkHeads(day clock.Day, h Heads) error {
	var f errs.Fields
	if _, ok := clock.ParseDay(string(day)); !ok || day > s.Today() {
		f.Add("day", "org.day.past")
	}
	headFaults(&f, h)
	return f.Err()
}

func headFaults(f *errs.Fields, h Heads) {
	const max = 1_000_000
	if h.Members < 0 || h.Members > max {
		f.Add("members", "org.heads.range")
	}
	if h.Full < 0 || h.Full > h.Members {
		f.Add("full_members", "org.heads.full")
	}
}

func putHeads(ctx context.Context, tx bun.IDB, at time.Time, list ...CountedHeads) error {
	for i := range list {
		list[i].CreatedAt = at
	}
	_, err := tx.NewInsert().Model(&list).On("conflict (org_id, day) do update").
		Set("members = excluded.members").Set("full_members = excluded.full_members").Set("created_at = excluded.created_at").Exec(ctx)
	if err != nil {
		return fmt.Errorf("write head counts: %w", err)
	}
	return nil
}
