package org

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/text"
	"lianxin/internal/platform/tree"
)

// batchSize is how many rows go into one statement.
const batchSize = 500

// batch collects what is new until it is written.
type batch struct {
	orgs  []Org
	heads []CountedHeads
	posts []Post
	terms []Term
}

// write creates and changes what the good rows describe, superiors first.
func (w *importRun) write(ctx context.Context, tx bun.Tx) error {
	order := w.order()
	fresh := 0
	for _, n := range order {
		if n.isNew {
			fresh++
		}
	}
	id, err := lockTree(ctx, tx, fresh)
	if err != nil {
		return err
	}
	var b batch
	for i, n := range order {
		if n.isNew {
			w.create(n, id, &b)
			id++
		} else if err := w.update(ctx, tx, n, &b); err != nil {
			return err
		}
		if len(b.orgs) >= batchSize || len(b.heads) >= batchSize || i == len(order)-1 {
			if err := w.flush(ctx, tx, &b); err != nil {
				return err
			}
			w.o.Progress(i+1, w.total)
		}
	}
	return nil
}

// order lists the nodes of the good rows so that each follows its superior, also
// a superior in the database that itself is moved along by the file.
func (w *importRun) order() []*node {
	var out []*node
	done := map[*node]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil || done[n] {
			return
		}
		done[n] = true
		visit(w.above(n))
		if n.row != nil && !w.problems[n.row.num] {
			out = append(out, n)
		}
	}
	for _, row := range w.good() {
		visit(w.nodes[row.draft.Code])
	}
	return out
}

func (w *importRun) create(n *node, id int64, b *batch) {
	now, row := w.s.Now(), n.row
	o := Org{ID: id, Path: tree.Root.Child(id), Status: row.status, CreatedAt: now, UpdatedAt: now, Version: 1}
	if n.parent != nil {
		o.ParentID, o.Path = n.parent.org.ID, n.parent.org.Path.Child(id)
	}
	row.draft.apply(&o)
	if row.heads != nil {
		o.Members, o.FullMembers, o.CountedOn = row.heads.Members, row.heads.Full, row.countedOn
		b.heads = append(b.heads, w.headcount(id, row))
	}
	if from := n.termBegins(); from != "" && o.Status == Active {
		t := NewTerm(id, from, TermYears(o.Kind, o.Level))
		t.CreatedAt = now
		o.TermDue, o.TermUntil = t.Due, t.Due
		b.terms = append(b.terms, t)
	}
	n.org = o
	b.orgs = append(b.orgs, o)
	b.posts = append(b.posts, w.newPosts(n, nil)...)
	w.report.Created++
}

func (w *importRun) headcount(id int64, row *importRow) CountedHeads {
	return CountedHeads{OrgID: id, Day: row.countedOn, Members: row.heads.Members, FullMembers: row.heads.Full}
}

// newPosts returns the posts a row adds to those that are held.
func (w *importRun) newPosts(n *node, held []Post) []Post {
	from := n.row.termFrom
	if from == "" {
		from = w.s.Today()
	}
	var out []Post
	add := func(code PostCode, holder string) {
		has := func(p Post) bool { return p.Code == code && p.Holder == holder }
		if holder == "" || slices.ContainsFunc(held, has) || slices.ContainsFunc(out, has) {
			return
		}
		how := Elected
		if TermYears(n.org.Kind, n.org.Level) == 0 {
			how = Appointed // work committees, leading groups, temporary branches
		}
		out = append(out, Post{OrgID: n.org.ID, Code: code, Holder: holder, How: how, FromDay: from, Public: true, CreatedAt: w.s.Now()})
	}
	leader := Secretary
	if n.org.Kind == PartyCell {
		leader = CellLeader
	}
	add(leader, n.row.secretary)
	for _, d := range n.row.deputies {
		add(DeputySecretary, d)
	}
	return out
}

func (w *importRun) flush(ctx context.Context, tx bun.Tx, b *batch) error {
	if len(b.orgs) > 0 {
		if err := w.s.insertOrgs(ctx, tx, b.orgs, w.s.Today()); err != nil {
			return err
		}
	}
	if len(b.heads) > 0 {
		if err := putHeads(ctx, tx, w.s.Now(), b.heads...); err != nil {
			return err
		}
	}
	if len(b.posts) > 0 {
		if err := insert(ctx, tx, &b.posts); err != nil {
			return err
		}
	}
	if len(b.terms) > 0 {
		if err := insert(ctx, tx, &b.terms); err != nil {
			return err
		}
	}
	*b = batch{}
	return nil
}

// update brings an existing organisation up to date with its row.
func (w *importRun) update(ctx context.Context, tx bun.Tx, n *node, b *batch) error {
	touched := n.changed()
	if n.moves {
		if err := w.flush(ctx, tx, b); err != nil {
			return err
		}
		old := n.org.Path
		if err := w.s.rehang(ctx, tx, &n.org, n.parent.org, w.s.Today(), ""); err != nil {
			return err
		}
		for _, other := range w.nodes { // what lies below has moved along
			if other != n && old.Contains(other.org.Path) {
				other.org.Path = n.org.Path + other.org.Path[len(old):]
			}
		}
	}
	if d := n.merged(); touched {
		d.apply(&n.org)
		if h := n.row.heads; h != nil && n.row.countedOn >= n.org.CountedOn {
			n.org.Members, n.org.FullMembers, n.org.CountedOn = h.Members, h.Full, n.row.countedOn
			b.heads = append(b.heads, w.headcount(n.org.ID, n.row))
		}
		n.org.UpdatedAt = w.s.Now()
		if err := save(ctx, tx, &n.org); err != nil {
			return err
		}
		if from := n.termBegins(); from != "" && n.org.Status == Active {
			start := TermStart{OrgID: n.org.ID, From: from, Years: TermYears(n.org.Kind, n.org.Level)}
			if err := w.s.beginTerm(ctx, tx, &n.org, start); err != nil {
				return err
			}
		}
	}
	people, err := w.updatePosts(ctx, tx, n, b)
	if touched || people {
		w.report.Updated++
	} else {
		w.report.Unchanged++
	}
	return err
}

// updatePosts enters a new secretary in place of the one before and adds
// deputies; it reports whether anything changed.
func (w *importRun) updatePosts(ctx context.Context, tx bun.Tx, n *node, b *batch) (bool, error) {
	if n.row.secretary == "" && len(n.row.deputies) == 0 {
		return false, nil
	}
	held, err := rows[Post](ctx, tx, "id", "org_id = ? and until_day = ''", n.org.ID)
	if err != nil {
		return false, err
	}
	fresh := w.newPosts(n, held)
	for _, p := range fresh {
		for _, h := range held {
			if !p.Code.Single() || h.Code != p.Code {
				continue
			}
			if _, err := tx.NewUpdate().Model((*Post)(nil)).Set("until_day = ?", max(p.FromDay, h.FromDay)).Where("id = ?", h.ID).Exec(ctx); err != nil {
				return false, fmt.Errorf("end the post before: %w", err)
			}
		}
	}
	b.posts = append(b.posts, fresh...)
	return len(fresh) > 0, nil
}

// record writes one audit entry for the whole import.
func (w *importRun) record(ctx context.Context, tx bun.Tx, name string) error {
	at := Org{Path: tree.Root}
	if w.under != nil {
		at = w.under.org
	}
	var codes []string
	for _, row := range w.good() {
		codes = append(codes, row.draft.Code)
	}
	return w.s.Audit.Record(ctx, tx, audit.Entry{Action: "org.import", OrgID: at.ID, OrgPath: at.Path, ObjectType: "file", ObjectID: text.Cut(name, 100),
		Detail: map[string]any{"rows": w.total, "created": w.report.Created, "updated": w.report.Updated, "failed": w.report.Failed, "codes": text.Cut(strings.Join(codes, " "), 20_000)}})
}
