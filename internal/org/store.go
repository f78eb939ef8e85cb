package org

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/text"
	"lianxin/internal/platform/tree"
)

// Query narrows a list of organisations; zero fields don't.
type Query struct {
	// Within are subtrees; nil is everywhere, an empty list nowhere.
	Within []tree.Path
	// Parent lists the direct sub-organisations of one; Top those without a superior.
	Parent   int64
	Top      bool
	Text     string
	Kinds    []Kind
	Statuses []Status
	// DueBy lists those whose term ends by that day, by deadline.
	DueBy clock.Day
	After Cursor
	Limit int

	// hidePlans leaves out what is not public, except in planScope.
	hidePlans bool
	planScope []tree.Path
}

// Cursor is where a page of a list begins: after that key and id.
type Cursor struct {
	Key string
	ID  int64
}

// list returns a page of organisations and, if there is more, the next cursor.
func list(ctx context.Context, db bun.IDB, q Query) ([]Org, Cursor, error) {
	column, key := "sort_key", func(o Org) string { return o.SortKey }
	if q.DueBy != "" {
		column, key = "term_until", func(o Org) string { return string(o.TermUntil) }
	}
	var out []Org
	sel := q.where(db.NewSelect().Model(&out)).OrderExpr("o.?, o.id", bun.Ident(column)).Limit(int64(q.Limit) + 1)
	if q.After.ID > 0 {
		sel = sel.Where("(o.?, o.id) > (?, ?)", bun.Ident(column), q.After.Key, q.After.ID)
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, Cursor{}, fmt.Errorf("list organisations: %w", err)
	}
	if len(out) <= q.Limit {
		return out, Cursor{}, nil
	}
	last := out[q.Limit-1]
	return out[:q.Limit], Cursor{key(last), last.ID}, nil
}

func (q Query) where(sel *bun.SelectQuery) *bun.SelectQuery {
	if q.Within != nil {
		sel = within(sel, "o.path", q.Within)
	}
	if q.hidePlans {
		public := []Status{Active, Merged, Dissolved}
		sel = sel.WhereGroup(" AND ", func(g *bun.SelectQuery) *bun.SelectQuery {
			return orWithin(g.Where("o.status in (?)", bun.List(public)), "o.path", q.planScope)
		})
	}
	if q.Parent > 0 || q.Top {
		sel = sel.Where("o.parent_id = ?", q.Parent)
	}
	if text := strings.ToLower(text.Clean(q.Text)); text != "" {
		sel = sel.Where(`o.find_text like ? escape '!'`, "%"+likeSafe.Replace(text)+"%")
	}
	if len(q.Kinds) > 0 {
		sel = sel.Where("o.kind in (?)", bun.List(q.Kinds))
	}
	if len(q.Statuses) > 0 {
		sel = sel.Where("o.status in (?)", bun.List(q.Statuses))
	}
	if q.DueBy != "" {
		sel = sel.Where("o.term_until > '' and o.term_until <= ? and o.status = ?", q.DueBy, Active)
	}
	return sel
}

var likeSafe = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// within keeps the rows whose path lies in one of the subtrees.
func within(sel *bun.SelectQuery, column string, paths []tree.Path) *bun.SelectQuery {
	return sel.WhereGroup(" AND ", func(g *bun.SelectQuery) *bun.SelectQuery {
		return orWithin(g.Where("1 = 0"), column, paths)
	})
}

func orWithin(g *bun.SelectQuery, column string, paths []tree.Path) *bun.SelectQuery {
	for _, p := range paths {
		lo, hi := p.Range()
		g = g.WhereOr("? >= ? and ? < ?", bun.Ident(column), lo, bun.Ident(column), hi)
	}
	return g
}

// byID returns an organisation or errs.NotFound.
func byID(ctx context.Context, db bun.IDB, id int64) (Org, error) {
	return one(ctx, db.NewSelect().Where("o.id = ?", id))
}

// byCode returns the organisation of a code or errs.NotFound.
func byCode(ctx context.Context, db bun.IDB, code string) (Org, error) {
	return one(ctx, db.NewSelect().Where("o.code = ?", code))
}

func one(ctx context.Context, q *bun.SelectQuery) (Org, error) {
	var o Org
	err := q.Model(&o).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return o, errs.NotFound("org.not_found")
	}
	if err != nil {
		return o, fmt.Errorf("read organisation: %w", err)
	}
	return o, nil
}

// byIDs returns organisations by id; those that don't exist are left out.
func byIDs(ctx context.Context, db bun.IDB, ids []int64) (map[int64]Org, error) {
	out := map[int64]Org{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []Org
	if err := db.NewSelect().Model(&rows).Where("o.id in (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read organisations: %w", err)
	}
	for _, o := range rows {
		out[o.ID] = o
	}
	return out, nil
}

// childCounts returns how many sub-organisations that live each one has.
func childCounts(ctx context.Context, db bun.IDB, ids []int64) (map[int64]int, error) {
	out := map[int64]int{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ParentID int64
		N        int
	}
	q := db.NewSelect().Model((*Org)(nil)).Column("parent_id").ColumnExpr("count(*) as n").
		Where("parent_id in (?) and ended_on = ''", bun.List(ids)).Group("parent_id")
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("count sub-organisations: %w", err)
	}
	for _, r := range rows {
		out[r.ParentID] = r.N
	}
	return out, nil
}

// lockTree lets one change of the tree at a time happen and reserves ids. It
// returns the first of them.
func lockTree(ctx context.Context, tx bun.IDB, reserve int) (int64, error) {
	if _, err := tx.NewRaw("update org_tree set next_id = next_id + ?, version = version + 1 where id = 1", reserve).Exec(ctx); err != nil {
		return 0, fmt.Errorf("lock the tree: %w", err)
	}
	var following int64
	if err := tx.NewRaw("select next_id from org_tree where id = 1").Scan(ctx, &following); err != nil {
		return 0, fmt.Errorf("lock the tree: %w", err)
	}
	return following - int64(reserve), nil
}

func insert(ctx context.Context, tx bun.IDB, rows any) error {
	if _, err := tx.NewInsert().Model(rows).Exec(ctx); err != nil {
		return fmt.Errorf("write %T: %w", rows, err)
	}
	return nil
}

// save writes a changed organisation if nobody else changed it since.
func save(ctx context.Context, tx bun.IDB, o *Org) error {
	o.Version++
	res, err := tx.NewUpdate().Model(o).WherePK().Where("version = ?", o.Version-1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write organisation: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Conflict("org.changed").Because(err)
	}
	return nil
}

// MovePaths rewrites a column of paths after a subtree has moved. A [Follower]
// calls it for its own tables.
func MovePaths(ctx context.Context, tx bun.IDB, table, column string, old, now tree.Path) error {
	lo, hi := old.Range()
	c := bun.Ident(column)
	_, err := tx.NewRaw("update ? set ? = ? || substr(?, ?) where ? >= ? and ? < ?",
		bun.Ident(table), c, string(now), c, len(old)+1, c, lo, c, hi).Exec(ctx)
	if err != nil {
		return fmt.Errorf("move the paths of %s: %w", table, err)
	}
	return nil
}

// keepOldPaths notes the paths of a subtree before they change.
func keepOldPaths(ctx context.Context, tx bun.IDB, old tree.Path, at any) error {
	lo, hi := old.Range()
	_, err := tx.NewRaw("insert into org_old_path (org_id, path, until_at) select id, path, ? from org where path >= ? and path < ?", at, lo, hi).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep old paths: %w", err)
	}
	return nil
}

// sameName returns a living sister with that name, if there is one.
func sameName(ctx context.Context, db bun.IDB, parentID, except int64, name string) (bool, error) {
	n, err := db.NewSelect().Model((*Org)(nil)).Where("parent_id = ? and name = ? and id <> ?", parentID, name, except).
		Where("status in (?)", bun.List([]Status{Proposed, Approved, Active})).Count(ctx)
	if err != nil {
		return false, fmt.Errorf("look for the name: %w", err)
	}
	return n > 0, nil
}

// rows returns what a table holds for organisations, in the given order.
func rows[T any](ctx context.Context, db bun.IDB, order, where string, args ...any) ([]T, error) {
	var out []T
	if err := db.NewSelect().Model(&out).Where(where, args...).OrderExpr(order).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read %T: %w", out, err)
	}
	return out, nil
}

// currentTerm returns the term that runs, or nil.
func currentTerm(ctx context.Context, db bun.IDB, orgID int64) (*Term, error) {
	terms, err := rows[Term](ctx, db, "id desc", "org_id = ? and ended_on = ''", orgID)
	if err != nil || len(terms) == 0 {
		return nil, err
	}
	return &terms[0], nil
}

// retiredRegions returns the successors of those codes that are retired.
func retiredRegions(ctx context.Context, db bun.IDB, today clock.Day, codes ...string) (map[string]string, error) {
	out := map[string]string{}
	codes = slices.DeleteFunc(slices.Clone(codes), func(c string) bool { return c == "" })
	if len(codes) == 0 {
		return out, nil
	}
	list, err := rows[Region](ctx, db, "code", "code in (?) and valid_to > '' and valid_to <= ?", bun.List(codes), today)
	for _, r := range list {
		out[r.Code] = r.Successor
		if r.Successor == "" {
			out[r.Code] = "-"
		}
	}
	return out, err
}
