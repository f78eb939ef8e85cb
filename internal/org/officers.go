package org

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/text"
	"lianxin/internal/platform/tree"
)

// Appointment puts a person into a post.
type Appointment struct {
	OrgID  int64
	Code   PostCode
	Holder string
	How    string // Elected or Appointed
	From   clock.Day
	Until  clock.Day // empty while it lasts
	Public bool
	// Replace ends the time of whoever holds a post that only one may hold.
	Replace bool
}

const maxHolder = 40

func (a Appointment) check() error {
	var f errs.Fields
	if a.Code.Rank() == len(PostCodes) {
		f.Add("code", "org.post.unknown")
	}
	if a.Holder == "" {
		f.Add("holder", "org.post.holder")
	}
	tooLong(&f, "holder", a.Holder, maxHolder)
	if a.How != Elected && a.How != Appointed {
		f.Add("how", "org.post.how_unknown")
	}
	if _, ok := clock.ParseDay(string(a.From)); !ok {
		f.Add("from", "org.day.form")
	}
	if a.Until != "" && a.Until <= a.From {
		f.Add("until", "org.day.order")
	}
	return f.Err()
}

// Appoint fills a post. A second secretary is refused unless Replace is set;
// the same person twice in the same post always is.
func (s *Service) Appoint(ctx context.Context, a Appointment) (Post, error) {
	a.Holder = text.Clean(a.Holder)
	if err := a.check(); err != nil {
		return Post{}, err
	}
	p := Post{OrgID: a.OrgID, Code: a.Code, Holder: a.Holder, How: a.How, FromDay: a.From, UntilDay: a.Until, Public: a.Public, CreatedAt: s.Now()}
	err := s.change(ctx, a.OrgID, Appoint, func(ctx context.Context, tx bun.Tx, o *Org) error {
		if o.Status.Ended() {
			return errs.Conflict("org.ended", errs.Args{"Name": o.Name})
		}
		if err := s.makeRoom(ctx, tx, a); err != nil {
			return err
		}
		if err := insert(ctx, tx, &p); err != nil {
			return err
		}
		return s.record(ctx, tx, "org.appoint", *o, "", map[string]any{"post": p.Code, "holder": p.Holder, "from": p.FromDay})
	})
	return p, err
}

// makeRoom refuses an appointment that overlaps another or ends that one.
func (s *Service) makeRoom(ctx context.Context, tx bun.IDB, a Appointment) error {
	held, err := rows[Post](ctx, tx, "id", "org_id = ? and code = ? and (until_day = '' or until_day > ?)", a.OrgID, a.Code, a.From)
	if err != nil {
		return err
	}
	for _, p := range held {
		overlaps := a.Until == "" || p.FromDay < a.Until
		switch {
		case !overlaps:
		case p.Holder == a.Holder:
			return errs.FieldErr("holder", "org.post.twice", errs.Args{"Name": p.Holder})
		case a.Code.Single() && !a.Replace:
			return errs.FieldErr("replace", "org.post.taken", errs.Args{"Name": p.Holder, "Since": p.FromDay})
		case a.Code.Single() && p.FromDay >= a.From:
			return errs.FieldErr("from", "org.post.before", errs.Args{"Name": p.Holder, "Since": p.FromDay})
		case a.Code.Single():
			_, err := tx.NewUpdate().Model(&p).Set("until_day = ?", a.From).WherePK().Exec(ctx)
			if err != nil {
				return fmt.Errorf("end the post before: %w", err)
			}
		}
	}
	return nil
}

// EndPost ends a person's time in a post of the organisation.
func (s *Service) EndPost(ctx context.Context, orgID, postID int64, on clock.Day, reason string) error {
	if _, ok := clock.ParseDay(string(on)); !ok {
		return errs.FieldErr("on", "org.day.form")
	}
	return s.change(ctx, orgID, Appoint, func(ctx context.Context, tx bun.Tx, o *Org) error {
		var p Post
		err := tx.NewSelect().Model(&p).Where("id = ? and org_id = ?", postID, orgID).Scan(ctx)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errs.NotFound("org.post.not_found")
		case err != nil:
			return fmt.Errorf("read post: %w", err)
		case p.UntilDay != "" && p.UntilDay <= s.Today():
			return errs.Conflict("org.post.ended", errs.Args{"Name": p.Holder})
		case on < p.FromDay:
			return errs.FieldErr("on", "org.day.order")
		}
		p.UntilDay, p.EndReason = on, text.Clean(reason)
		if _, err := tx.NewUpdate().Model(&p).WherePK().Exec(ctx); err != nil {
			return fmt.Errorf("end post: %w", err)
		}
		return s.record(ctx, tx, "org.post.end", *o, p.EndReason, map[string]any{"post": p.Code, "holder": p.Holder, "on": on})
	})
}

// TermStart records that a term of office has begun.
type TermStart struct {
	OrgID int64
	From  clock.Day
	// Years is the term by the rules when 0.
	Years int
	// EndPosts ends all posts of the committee on that day; the new ones are
	// entered after it.
	EndPosts bool
}

// BeginTerm ends the current term and begins the next. Electing before the term
// is due takes the superior's approval (选举条例第三条), so the permission is
// asked for there.
func (s *Service) BeginTerm(ctx context.Context, e TermStart) error {
	if _, ok := clock.ParseDay(string(e.From)); !ok || e.From > s.Today() {
		return errs.FieldErr("from", "org.day.past")
	}
	return s.change(ctx, e.OrgID, Appoint, func(ctx context.Context, tx bun.Tx, o *Org) error {
		if e.Years == 0 {
			e.Years = TermYears(o.Kind, o.Level)
		}
		if o.Status != Active || e.Years < 1 || e.Years > 5 {
			return errs.Conflict("org.term.none", errs.Args{"Name": o.Name})
		}
		current, err := currentTerm(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		if current != nil {
			if e.From <= current.FromDay {
				return errs.FieldErr("from", "org.term.before", errs.Args{"Since": current.FromDay})
			}
			if e.From < current.Due {
				if err := maySuperior(ctx, *o); err != nil {
					return err
				}
			}
		}
		if err := s.beginTerm(ctx, tx, o, e); err != nil {
			return err
		}
		return s.record(ctx, tx, "org.term", *o, "", map[string]any{"from": e.From, "years": e.Years})
	})
}

// maySuperior asks for the permission to appoint at the superior, or at the
// organisation itself where the node knows no superior.
func maySuperior(ctx context.Context, o Org) error {
	if o.ParentID == 0 {
		return may(ctx, Appoint, o.Path)
	}
	return may(ctx, Appoint, o.Above())
}

func (s *Service) beginTerm(ctx context.Context, tx bun.Tx, o *Org, e TermStart) error {
	ends := []*bun.UpdateQuery{
		tx.NewUpdate().Model((*Term)(nil)).Set("ended_on = ?", e.From).Where("org_id = ? and ended_on = ''", o.ID),
		tx.NewUpdate().Model((*Reminder)(nil)).Set("resolved_at = ?", s.Now()).Where("org_id = ? and resolved_at is null", o.ID),
	}
	if e.EndPosts {
		onCommittee := slices.DeleteFunc(slices.Clone(PostCodes), func(c PostCode) bool { return !c.OnCommittee() })
		ends = append(ends, tx.NewUpdate().Model((*Post)(nil)).Set("until_day = ?", e.From).
			Where("org_id = ? and until_day = '' and from_day < ? and code in (?)", o.ID, e.From, bun.List(onCommittee)))
	}
	for _, q := range ends {
		if _, err := q.Exec(ctx); err != nil {
			return fmt.Errorf("end the term: %w", err)
		}
	}
	term := NewTerm(o.ID, e.From, e.Years)
	term.CreatedAt = s.Now()
	if err := insert(ctx, tx, &term); err != nil {
		return err
	}
	o.TermDue, o.TermUntil, o.UpdatedAt = term.Due, term.Due, s.Now()
	return save(ctx, tx, o)
}

// checkPostponement judges what was entered, before the term is known.
func (s *Service) checkPostponement(p Postponement) error {
	var f errs.Fields
	if p.ApprovedBy == "" {
		f.Add("approved_by", "org.postpone.by")
	}
	if p.Reason == "" {
		f.Add("reason", "org.reason.missing")
	}
	tooLong(&f, "approved_by", p.ApprovedBy, maxLine)
	tooLong(&f, "reason", p.Reason, maxLine)
	if _, ok := clock.ParseDay(string(p.NewDay)); !ok {
		f.Add("new_day", "org.day.form")
	}
	if _, ok := clock.ParseDay(string(p.ApprovedOn)); !ok || p.ApprovedOn > s.Today() {
		f.Add("approved_on", "org.day.past")
	}
	return f.Err()
}

// Postpone records the superior's approval to hold the re-election later. It
// needs the permission at the superior and refuses more than twelve months.
func (s *Service) Postpone(ctx context.Context, p Postponement) error {
	p.ApprovedBy, p.Reason = text.Clean(p.ApprovedBy), text.Clean(p.Reason)
	if err := s.checkPostponement(p); err != nil {
		return err
	}
	return s.change(ctx, p.OrgID, View, func(ctx context.Context, tx bun.Tx, o *Org) error {
		if err := maySuperior(ctx, *o); err != nil {
			return err
		}
		term, err := currentTerm(ctx, tx, o.ID)
		switch {
		case err != nil:
			return err
		case term == nil:
			return errs.Conflict("org.term.unknown", errs.Args{"Name": o.Name})
		case p.NewDay <= term.Due:
			return errs.FieldErr("new_day", "org.postpone.early", errs.Args{"Due": term.Due})
		case p.NewDay > term.Latest():
			return errs.FieldErr("new_day", "org.postpone.late", errs.Args{"Latest": term.Latest()})
		}
		if err := s.postpone(ctx, tx, o, *term, p); err != nil {
			return err
		}
		return s.record(ctx, tx, "org.postpone", *o, p.Reason, map[string]any{"due": term.Due, "new": p.NewDay, "by": p.ApprovedBy})
	})
}

// postpone writes a judged postponement, the deadline that follows from all of
// them, and closes the reminders of the one before.
func (s *Service) postpone(ctx context.Context, tx bun.Tx, o *Org, term Term, p Postponement) error {
	p.TermID, p.CreatedAt = term.ID, s.Now()
	if err := insert(ctx, tx, &p); err != nil {
		return err
	}
	all, err := rows[Postponement](ctx, tx, "id", "term_id = ?", term.ID)
	if err != nil {
		return err
	}
	o.TermUntil, o.UpdatedAt = term.Deadline(all), s.Now()
	if err := save(ctx, tx, o); err != nil {
		return err
	}
	return s.resolveReminders(ctx, tx, term.ID, o.TermUntil)
}

// resolveReminders closes reminders of deadlines that no longer hold.
func (s *Service) resolveReminders(ctx context.Context, tx bun.IDB, termID int64, deadline clock.Day) error {
	_, err := tx.NewUpdate().Model((*Reminder)(nil)).Set("resolved_at = ?", s.Now()).
		Where("term_id = ? and deadline <> ? and resolved_at is null", termID, deadline).Exec(ctx)
	if err != nil {
		return fmt.Errorf("close reminders: %w", err)
	}
	return nil
}

// Link adds a professional line from an organisation to the one that guides,
// supervises or supplies it.
func (s *Service) Link(ctx context.Context, l Line) error {
	l.Note = text.Clean(l.Note)
	var f errs.Fields
	if !slices.Contains(LineKinds, l.Kind) {
		f.Add("kind", "org.line.kind")
	}
	if l.OrgID == l.TargetID {
		f.Add("target", "org.line.self")
	}
	tooLong(&f, "note", l.Note, maxLine)
	if _, ok := clock.ParseDay(string(l.FromDay)); !ok {
		f.Add("from", "org.day.form")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.change(ctx, l.OrgID, Edit, func(ctx context.Context, tx bun.Tx, o *Org) error {
		target, err := byID(ctx, tx, l.TargetID)
		if err != nil || !target.Status.Public() && may(ctx, View, target.Path) != nil {
			return errs.FieldErr("target", "org.parent.unknown")
		}
		if target.Status.Ended() || o.Status.Ended() {
			return errs.FieldErr("target", "org.parent.ended", errs.Args{"Name": target.Name})
		}
		n, err := tx.NewSelect().Model((*Line)(nil)).Where("org_id = ? and target_id = ? and kind = ? and until_day = ''", l.OrgID, l.TargetID, l.Kind).Count(ctx)
		if err != nil {
			return fmt.Errorf("look for the line: %w", err)
		}
		if n > 0 {
			return errs.FieldErr("target", "org.line.twice", errs.Args{"Name": target.Name})
		}
		l.CreatedAt = s.Now()
		if err := insert(ctx, tx, &l); err != nil {
			return err
		}
		return s.record(ctx, tx, "org.line", *o, l.Note, map[string]any{"target": l.TargetID, "kind": l.Kind, "from": l.FromDay})
	})
}

// Unlink ends a professional line.
func (s *Service) Unlink(ctx context.Context, orgID, lineID int64) error {
	return s.change(ctx, orgID, Edit, func(ctx context.Context, tx bun.Tx, o *Org) error {
		res, err := tx.NewUpdate().Model((*Line)(nil)).Set("until_day = ?", s.Today()).
			Where("id = ? and org_id = ? and until_day = ''", lineID, orgID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("end line: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errs.NotFound("org.line.not_found").Because(err)
		}
		return s.record(ctx, tx, "org.line.end", *o, "", map[string]any{"line": lineID})
	})
}

// officersOn returns the posts that are open on a day, by rank.
func officersOn(posts []Post, on clock.Day, publicOnly bool) []Post {
	var out []Post
	for _, p := range posts {
		if p.Open(on) && (p.Public || !publicOnly) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Post) int { return a.Code.Rank() - b.Code.Rank() })
	return out
}

// Officers returns who holds the posts of an organisation today: all of them to
// who may view it, else the public ones.
func (s *Service) Officers(ctx context.Context, id int64) ([]Post, error) {
	o, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	posts, err := rows[Post](ctx, s.DB.Read(), "from_day, id", "org_id = ?", id)
	return officersOn(posts, s.Today(), may(ctx, View, o.Path) != nil), err
}

// scope returns the subtrees in which the actor may view, for lists.
func scope(ctx context.Context) []tree.Path {
	out := actor(ctx).Scope(View)
	if out == nil {
		return []tree.Path{} // nowhere, which is not the same as everywhere
	}
	return out
}
