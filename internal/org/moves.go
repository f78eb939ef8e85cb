package org

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
)

// Move puts an organisation with everything below it under another superior.
type Move struct {
	ID, ParentID int64
	From         clock.Day // today when empty
	Reason       string
}

// Move needs the permission to edit at the old superior and at the new one. It
// refuses a superior that is the organisation itself or lies below it.
func (s *Service) Move(ctx context.Context, m Move) error {
	if m.From == "" {
		m.From = s.Today()
	}
	if err := s.checkStep(m.From, m.Reason); err != nil {
		return err
	}
	return s.change(ctx, m.ID, View, func(ctx context.Context, tx bun.Tx, o *Org) error {
		if err := mayDetach(ctx, *o); err != nil {
			return err
		}
		parent, err := parentFor(ctx, tx, m.ParentID, Edit)
		if err != nil {
			return err
		}
		if err := movable(ctx, tx, *o, parent); err != nil {
			return err
		}
		old := o.Path
		if err := s.rehang(ctx, tx, o, parent, m.From, m.Reason); err != nil {
			return err
		}
		return s.record(ctx, tx, "org.move", *o, m.Reason, map[string]any{"old": old, "new": o.Path, "from": m.From})
	})
}

// mayDetach asks for the permission to edit at the superior of o: an
// organisation can't leave on its own.
func mayDetach(ctx context.Context, o Org) error { return may(ctx, Edit, o.Above()) }

// movable refuses what would break the tree or change nothing.
func movable(ctx context.Context, tx bun.IDB, o, parent Org) error {
	switch {
	case o.Status.Ended():
		return errs.Conflict("org.ended", errs.Args{"Name": o.Name})
	case o.Path.Contains(parent.Path):
		return errs.FieldErr("parent", "org.parent.cycle", errs.Args{"Name": o.Name, "Parent": parent.Name})
	case o.ParentID == parent.ID:
		return errs.FieldErr("parent", "org.parent.same", errs.Args{"Parent": parent.Name})
	}
	taken, err := sameName(ctx, tx, parent.ID, o.ID, o.Name)
	if err == nil && taken {
		return errs.FieldErr("parent", "org.parent.name_taken", errs.Args{"Name": o.Name, "Parent": parent.Name})
	}
	return err
}

// rehang changes the parent of o and the paths of its whole subtree, here and
// in the rooms that follow. The caller has locked the tree and judged the move.
func (s *Service) rehang(ctx context.Context, tx bun.Tx, o *Org, parent Org, from clock.Day, reason string) error {
	old, now := o.Path, parent.Path.Child(o.ID)
	if err := keepOldPaths(ctx, tx, old, s.Now()); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*ParentLink)(nil)).Set("until_day = ?", from).Where("org_id = ? and until_day = ''", o.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end the old parent link: %w", err)
	}
	link := ParentLink{OrgID: o.ID, ParentID: parent.ID, FromDay: from, Reason: reason, CreatedAt: s.Now()}
	if err := insert(ctx, tx, &link); err != nil {
		return err
	}
	o.ParentID, o.UpdatedAt = parent.ID, s.Now()
	if err := save(ctx, tx, o); err != nil {
		return err
	}
	o.Path = now
	return s.movePaths(ctx, tx, old, now)
}

func (s *Service) movePaths(ctx context.Context, tx bun.Tx, old, now tree.Path) error {
	if err := MovePaths(ctx, tx, "org", "path", old, now); err != nil {
		return err
	}
	for _, f := range s.followers {
		if f.Moved == nil {
			continue
		}
		if err := f.Moved(ctx, tx, old, now); err != nil {
			return fmt.Errorf("follow a move: %w", err)
		}
	}
	return nil
}

// Merge joins one organisation into another: its sub-organisations and whatever
// other rooms hold for it go to the target, its posts, lines and term end.
type Merge struct {
	ID, IntoID int64
	From       clock.Day
	Reason     string
}

// Merge needs the permission to edit at the superior of the one and at the
// other. The target must not lie below the merged organisation.
func (s *Service) Merge(ctx context.Context, m Merge) error {
	if m.From == "" {
		m.From = s.Today()
	}
	if err := s.checkStep(m.From, m.Reason); err != nil {
		return err
	}
	return s.change(ctx, m.ID, View, func(ctx context.Context, tx bun.Tx, o *Org) error {
		if err := mayDetach(ctx, *o); err != nil {
			return err
		}
		into, err := byID(ctx, tx, m.IntoID)
		if err != nil {
			return errs.FieldErr("into", "org.parent.unknown")
		}
		if err := may(ctx, Edit, into.Path); err != nil {
			return err
		}
		switch {
		case o.Path.Contains(into.Path):
			return errs.FieldErr("into", "org.merge.below", errs.Args{"Name": o.Name, "Into": into.Name})
		case into.Status != Active:
			return errs.FieldErr("into", "org.merge.not_active", errs.Args{"Into": into.Name})
		}
		return s.merge(ctx, tx, *o, into, m)
	})
}

func (s *Service) merge(ctx context.Context, tx bun.Tx, o, into Org, m Merge) error {
	children, err := rows[Org](ctx, tx, "id", "parent_id = ?", o.ID)
	if err != nil {
		return err
	}
	for i := range children {
		if err := s.rehang(ctx, tx, &children[i], into, m.From, m.Reason); err != nil {
			return err
		}
	}
	for _, f := range s.followers {
		if f.Merged == nil {
			continue
		}
		if err := f.Merged(ctx, tx, o, into); err != nil {
			return fmt.Errorf("follow a merge: %w", err)
		}
	}
	o.MergedInto = into.ID
	if err := s.end(ctx, tx, &o, Merged, m.From, m.Reason); err != nil {
		return err
	}
	return s.record(ctx, tx, "org.merge", o, m.Reason, map[string]any{"into": into.ID, "into_path": into.Path, "children": len(children), "from": m.From})
}

// Step takes an organisation to the next stage of its life.
type Step struct {
	ID     int64
	Status Status
	From   clock.Day
	Reason string
}

// Advance approves, activates or dissolves an organisation. Founding and ending
// are decisions of the superior, so the permission is asked for there. It
// refuses to dissolve what still has living sub-organisations.
func (s *Service) Advance(ctx context.Context, step Step) error {
	if step.From == "" {
		step.From = s.Today()
	}
	if err := s.checkStep(step.From, step.Reason); err != nil {
		return err
	}
	return s.change(ctx, step.ID, View, func(ctx context.Context, tx bun.Tx, o *Org) error {
		if err := mayDetach(ctx, *o); err != nil {
			return err
		}
		if step.Status == Merged || !slices.Contains(o.Status.Next(), step.Status) {
			return errs.Conflict("org.status.step", errs.Args{"Name": o.Name})
		}
		var err error
		if step.Status == Dissolved {
			err = s.dissolve(ctx, tx, o, step)
		} else {
			err = s.setStatus(ctx, tx, o, step.Status, step.From, step.Reason)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "org.status", *o, step.Reason, map[string]any{"status": step.Status, "from": step.From})
	})
}

func (s *Service) dissolve(ctx context.Context, tx bun.Tx, o *Org, step Step) error {
	living, err := tx.NewSelect().Model((*Org)(nil)).Where("parent_id = ? and ended_on = ''", o.ID).Count(ctx)
	if err != nil {
		return fmt.Errorf("count sub-organisations: %w", err)
	}
	if living > 0 {
		return errs.Conflict("org.dissolve.children", errs.Args{"Name": o.Name, "Count": living})
	}
	for _, f := range s.followers {
		if f.Ending == nil {
			continue
		}
		if err := f.Ending(ctx, tx, *o); err != nil {
			return err
		}
	}
	return s.end(ctx, tx, o, Dissolved, step.From, step.Reason)
}

// end closes everything that runs in an organisation and then itself.
func (s *Service) end(ctx context.Context, tx bun.Tx, o *Org, status Status, on clock.Day, reason string) error {
	for _, q := range []*bun.UpdateQuery{
		tx.NewUpdate().Model((*Post)(nil)).Set("until_day = ?", on).Set("end_reason = ?", reason).Where("org_id = ? and until_day = ''", o.ID),
		tx.NewUpdate().Model((*Line)(nil)).Set("until_day = ?", on).Where("(org_id = ? or target_id = ?) and until_day = ''", o.ID, o.ID),
		tx.NewUpdate().Model((*Term)(nil)).Set("ended_on = ?", on).Where("org_id = ? and ended_on = ''", o.ID),
		tx.NewUpdate().Model((*Reminder)(nil)).Set("resolved_at = ?", s.Now()).Where("org_id = ? and resolved_at is null", o.ID),
	} {
		if _, err := q.Exec(ctx); err != nil {
			return fmt.Errorf("end an organisation: %w", err)
		}
	}
	o.EndedOn, o.TermDue, o.TermUntil = on, "", ""
	return s.setStatus(ctx, tx, o, status, on, reason)
}

func (s *Service) setStatus(ctx context.Context, tx bun.Tx, o *Org, status Status, from clock.Day, reason string) error {
	o.Status, o.UpdatedAt = status, s.Now()
	if err := save(ctx, tx, o); err != nil {
		return err
	}
	return insert(ctx, tx, &StatusChange{OrgID: o.ID, Status: status, FromDay: from, Reason: reason, CreatedAt: s.Now()})
}

// checkStep judges the day and reason of a step: it takes effect today or
// earlier, because paths and rights change at once.
func (s *Service) checkStep(from clock.Day, reason string) error {
	var f errs.Fields
	if _, ok := clock.ParseDay(string(from)); !ok || from > s.Today() {
		f.Add("from", "org.day.past")
	}
	if strings.TrimSpace(reason) == "" {
		f.Add("reason", "org.reason.missing")
	}
	tooLong(&f, "reason", reason, maxLine)
	return f.Err()
}
