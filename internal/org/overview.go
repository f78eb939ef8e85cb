package org

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
)

func actor(ctx context.Context) account.Actor { return account.ActorFrom(ctx) }

// Dossier is everything the desk shows of one organisation.
type Dossier struct {
	Org       Org
	Ancestors []Org
	Children  []Org
	// Posts are those held today, Former the last twenty that ended.
	Posts, Former []Post
	// Lines lead to those that guide this organisation, Guided come from those
	// that it guides. Names holds the names of all organisations mentioned.
	Lines, Guided []Line
	Names         map[int64]string
	Term          *Term
	Postponed     []Postponement
	Due           Due
	Findings      []Finding
	Region        string
	Parents       []ParentLink
	Statuses      []StatusChange
	Figures       []CountedHeads
}

// Dossier needs the permission to view.
func (s *Service) Dossier(ctx context.Context, id int64) (d Dossier, err error) {
	db := s.DB.Read()
	if d.Org, err = byID(ctx, db, id); err != nil {
		return d, err
	}
	if err := may(ctx, View, d.Org.Path); err != nil {
		return d, err
	}
	if d.Ancestors, err = s.Ancestors(ctx, d.Org); err != nil {
		return d, err
	}
	if d.Children, _, err = list(ctx, db, Query{Parent: id, Limit: 200}); err != nil {
		return d, err
	}
	posts, err := rows[Post](ctx, db, "from_day, id", "org_id = ?", id)
	if err != nil {
		return d, err
	}
	d.Posts = officersOn(posts, s.Today(), false)
	for _, p := range slices.Backward(posts) {
		if p.UntilDay != "" && p.UntilDay <= s.Today() && len(d.Former) < 20 {
			d.Former = append(d.Former, p)
		}
	}
	if err := s.dossierHistory(ctx, &d); err != nil {
		return d, err
	}
	d.Due = DueState(d.Org.TermUntil, s.Today())
	retired, err := retiredRegions(ctx, db, s.Today(), d.Org.RegionCode)
	if err != nil {
		return d, err
	}
	d.Findings = Findings(Facts{Org: d.Org, Today: s.Today(), Figures: figuresOf(d.Figures), Posts: posts, Term: d.Term,
		Postponed: d.Postponed, RegionRetired: retired[d.Org.RegionCode]})
	return d, nil
}

func (s *Service) dossierHistory(ctx context.Context, d *Dossier) (err error) {
	db, id := s.DB.Read(), d.Org.ID
	links, err := rows[Line](ctx, db, "id", "(org_id = ? or target_id = ?) and until_day = ''", id, id)
	if err != nil {
		return err
	}
	mentioned := []int64{d.Org.MergedInto}
	for _, l := range links {
		mentioned = append(mentioned, l.OrgID, l.TargetID)
		if l.OrgID == id {
			d.Lines = append(d.Lines, l)
		} else {
			d.Guided = append(d.Guided, l)
		}
	}
	if d.Parents, err = rows[ParentLink](ctx, db, "id desc", "org_id = ?", id); err != nil {
		return err
	}
	for _, p := range d.Parents {
		mentioned = append(mentioned, p.ParentID)
	}
	if d.Names, err = s.Names(ctx, mentioned...); err != nil {
		return err
	}
	if d.Statuses, err = rows[StatusChange](ctx, db, "id desc", "org_id = ?", id); err != nil {
		return err
	}
	if d.Figures, err = rows[CountedHeads](ctx, db, "day desc", "org_id = ?", id); err != nil {
		return err
	}
	if d.Region, err = s.regionName(ctx, d.Org.RegionCode); err != nil {
		return err
	}
	if d.Term, err = currentTerm(ctx, db, id); err != nil || d.Term == nil {
		return err
	}
	d.Postponed, err = rows[Postponement](ctx, db, "id", "term_id = ?", d.Term.ID)
	return err
}

// Face is what the public page of an organisation shows.
type Face struct {
	Org       Org
	Region    string
	Ancestors []Org
	Officers  []Post
	Children  []Org
	Into      Org // what it was merged into
}

// Public returns what anyone may know of an organisation: its place, its public
// officers, its sub-organisations and how to reach it.
func (s *Service) Public(ctx context.Context, id int64) (f Face, err error) {
	o, err := s.Get(ctx, id)
	if err != nil {
		return f, err
	}
	f.Org = o.Face()
	if f.Ancestors, err = s.Ancestors(ctx, o); err != nil {
		return f, err
	}
	posts, err := rows[Post](ctx, s.DB.Read(), "from_day, id", "org_id = ? and public", id)
	if err != nil {
		return f, err
	}
	f.Officers = officersOn(posts, s.Today(), true)
	if f.Children, _, err = s.Search(ctx, Query{Parent: id, Statuses: []Status{Active}, Limit: 500}); err != nil {
		return f, err
	}
	if f.Region, err = s.regionName(ctx, o.RegionCode); err != nil {
		return f, err
	}
	if o.MergedInto > 0 {
		f.Into, err = s.Get(ctx, o.MergedInto)
	}
	return f, err
}

func figuresOf(counted []CountedHeads) []Figure {
	out := make([]Figure, 0, len(counted))
	for _, c := range counted {
		out = append(out, Figure{c.Day, Heads{c.Members, c.FullMembers}})
	}
	return out
}

// Troubled is an organisation with what doesn't fit the rules.
type Troubled struct {
	Org      Org
	Findings []Finding
}

// Findings judges all active organisations in the actor's subtrees, with a
// handful of queries however many there are.
func (s *Service) Findings(ctx context.Context) ([]Troubled, error) {
	db, today := s.DB.Read(), s.Today()
	var orgs []Org
	q := within(db.NewSelect().Model(&orgs).ExcludeColumn("find_text", "sort_key", "intro").Where("o.status = ?", Active), "o.path", scope(ctx)).Order("o.path")
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read organisations: %w", err)
	}
	inScope := func(table string) *bun.SelectQuery {
		return within(db.NewSelect().Join("join org as o on o.id = ?.org_id", bun.Ident(table)).Where("o.status = ?", Active), "o.path", scope(ctx))
	}
	counted, err := grouped[CountedHeads](ctx, inScope("hc"), func(c CountedHeads) int64 { return c.OrgID })
	if err != nil {
		return nil, err
	}
	posts, err := grouped[Post](ctx, inScope("p").Where("p.until_day = '' or p.until_day > ?", today), func(p Post) int64 { return p.OrgID })
	if err != nil {
		return nil, err
	}
	terms, err := grouped[Term](ctx, inScope("t").Where("t.ended_on = ''"), func(t Term) int64 { return t.OrgID })
	if err != nil {
		return nil, err
	}
	postponed, err := grouped[Postponement](ctx, inScope("pp"), func(p Postponement) int64 { return p.OrgID })
	if err != nil {
		return nil, err
	}
	retired, err := s.allRetired(ctx, today)
	if err != nil {
		return nil, err
	}
	var out []Troubled
	for _, o := range orgs {
		f := Facts{Org: o, Today: today, Figures: figuresOf(counted[o.ID]), Posts: posts[o.ID], Postponed: postponed[o.ID], RegionRetired: retired[o.RegionCode]}
		if t := terms[o.ID]; len(t) > 0 {
			f.Term = &t[0]
		}
		if found := Findings(f); len(found) > 0 {
			out = append(out, Troubled{o, found})
		}
	}
	return out, nil
}

func grouped[T any](ctx context.Context, q *bun.SelectQuery, of func(T) int64) (map[int64][]T, error) {
	var all []T
	if err := q.Model(&all).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read %T: %w", all, err)
	}
	out := map[int64][]T{}
	for _, x := range all {
		out[of(x)] = append(out[of(x)], x)
	}
	return out, nil
}

// Calendar lists organisations whose re-election is overdue or due within six
// months, the most urgent first.
func (s *Service) Calendar(ctx context.Context, after Cursor, limit int) ([]Org, Cursor, error) {
	return list(ctx, s.DB.Read(), Query{Within: scope(ctx), DueBy: s.Today().AddMonths(reminderMonths), After: after, Limit: limit})
}

// TermsUnknown counts organisations that should have a term but none is entered.
func (s *Service) TermsUnknown(ctx context.Context) (int, error) {
	q := s.DB.Read().NewSelect().Model((*Org)(nil)).Where("o.status = ? and o.term_until = ''", Active).
		Where("o.kind in (?)", bun.List([]Kind{LocalCommittee, PartyCommittee, GeneralBranch, Branch, JointBranch}))
	n, err := within(q, "o.path", scope(ctx)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count unknown terms: %w", err)
	}
	return int(n), nil
}

// Notice is an open reminder with its organisation.
type Notice struct {
	Reminder
	Org Org
}

// Reminders returns the open reminders in the actor's subtrees, for the desk.
func (s *Service) Reminders(ctx context.Context, limit int) ([]Notice, error) {
	var list []Reminder
	q := s.DB.Read().NewSelect().Model(&list).Join("join org as o on o.id = r.org_id").Where("r.resolved_at is null").
		OrderExpr("r.deadline, r.id").Limit(int64(limit))
	if err := within(q, "o.path", scope(ctx)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read reminders: %w", err)
	}
	var ids []int64
	for _, r := range list {
		ids = append(ids, r.OrgID)
	}
	orgs, err := byIDs(ctx, s.DB.Read(), ids)
	out := make([]Notice, 0, len(list))
	for _, r := range list {
		out = append(out, Notice{r, orgs[r.OrgID]})
	}
	return out, err
}

// Remind writes the reminders that are due today and returns how many are new.
// Running it again changes nothing.
func (s *Service) Remind(ctx context.Context) (int, error) {
	today, added := s.Today(), 0
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var due []Org
		err := tx.NewSelect().Model(&due).Where("status = ? and term_until > '' and term_until <= ?", Active, today.AddMonths(reminderMonths)).Scan(ctx)
		if err != nil {
			return fmt.Errorf("read due terms: %w", err)
		}
		terms, err := grouped[Term](ctx, tx.NewSelect().Where("ended_on = ''"), func(t Term) int64 { return t.OrgID })
		if err != nil {
			return err
		}
		for _, o := range due {
			state, t := DueState(o.TermUntil, today), terms[o.ID]
			if state == NotDue || len(t) == 0 {
				continue
			}
			n, err := s.remind(ctx, tx, Reminder{OrgID: o.ID, TermID: t[0].ID, Kind: state, Deadline: o.TermUntil, CreatedAt: s.Now()})
			if err != nil {
				return err
			}
			added += n
		}
		return nil
	})
	return added, err
}

// remind writes a reminder once; the one "soon" ends when it is overdue.
func (s *Service) remind(ctx context.Context, tx bun.IDB, r Reminder) (int, error) {
	res, err := tx.NewInsert().Model(&r).On("conflict (term_id, kind, deadline) do nothing").Returning("").Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("write reminder: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("write reminder: %w", err)
	}
	if n > 0 && r.Kind == Overdue {
		_, err = tx.NewUpdate().Model((*Reminder)(nil)).Set("resolved_at = ?", s.Now()).
			Where("term_id = ? and kind = ? and resolved_at is null", r.TermID, DueSoon).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("close reminder: %w", err)
		}
	}
	return int(n), nil
}

// Region is an administrative division. The table is data that an operator
// replaces; without it nothing is judged by it.
type Region struct {
	bun.BaseModel `bun:"table:org_region,alias:rg"`

	Code      string `bun:",pk"` // 12 digits
	Name      string
	ValidTo   clock.Day // empty while in use
	Successor string    // of a retired code
}

func (s *Service) regionName(ctx context.Context, code string) (string, error) {
	list, err := rows[Region](ctx, s.DB.Read(), "code", "code = ?", code)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].Name, nil
}

func (s *Service) allRetired(ctx context.Context, today clock.Day) (map[string]string, error) {
	list, err := rows[Region](ctx, s.DB.Read(), "code", "valid_to > '' and valid_to <= ?", today)
	out := map[string]string{}
	for _, r := range list {
		if out[r.Code] = r.Successor; r.Successor == "" {
			out[r.Code] = "-"
		}
	}
	return out, err
}

// LoadRegions reads the table of divisions from CSV with the columns code, name
// and, optional, valid_to and successor. Codes that are not in the file stay.
// It needs the permission to import at the top of the node.
func (s *Service) LoadRegions(ctx context.Context, r io.Reader) (int, error) {
	if err := may(ctx, Import, "/"); err != nil {
		return 0, err
	}
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	head, err := in.Read()
	if err != nil {
		return 0, errs.Invalid("sheet.empty").Because(err)
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	at := func(row []string, column string) string {
		if i := slices.Index(head, column); i >= 0 && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	var list []Region
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, errs.Invalid("sheet.csv").Because(err)
		}
		x := Region{Code: CleanRegion(at(row, "code")), Name: at(row, "name"), ValidTo: clock.Day(at(row, "valid_to")), Successor: CleanRegion(at(row, "successor"))}
		if x.Code == "" || checkRegion(x.Code) != "" {
			return 0, errs.Invalid("org.region.row", errs.Args{"Row": len(list) + 2, "Code": at(row, "code")})
		}
		list = append(list, x)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		for batch := range slices.Chunk(list, 500) {
			_, err := tx.NewInsert().Model(&batch).On("conflict (code) do update").
				Set("name = excluded.name").Set("valid_to = excluded.valid_to").Set("successor = excluded.successor").Exec(ctx)
			if err != nil {
				return fmt.Errorf("write divisions: %w", err)
			}
		}
		return nil
	})
	return len(list), err
}
