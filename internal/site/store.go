package site

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"lianxin/internal/org"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
)

// siteWhere returns the one site for which the condition holds.
func siteWhere(ctx context.Context, db bun.IDB, condition string, args ...any) (Site, error) {
	var s Site
	err := db.NewSelect().Model(&s).Where(condition, args...).Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return s, errs.NotFound("site.not_found")
	}
	if err != nil {
		return s, fmt.Errorf("read site: %w", err)
	}
	return s, nil
}

func siteByID(ctx context.Context, db bun.IDB, id int64) (Site, error) {
	return siteWhere(ctx, db, "id = ?", id)
}

// Query narrows a list of sites.
type Query struct {
	// Within are subtrees of organisations; nil is everywhere.
	Within []tree.Path
	States []State
	Text   string
	// Below lists the sites of organisations below this path, without its own.
	Below tree.Path
	// After is the id after which a page begins.
	After int64
	Limit int
}

// list returns sites in the order in which they were made.
func list(ctx context.Context, db bun.IDB, q Query) ([]Site, error) {
	var out []Site
	sel := db.NewSelect().Model(&out).Order("id").Limit(int64(q.Limit))
	if q.Within != nil {
		sel = sel.WhereGroup(" and ", func(sel *bun.SelectQuery) *bun.SelectQuery {
			sel = sel.Where("1 = 0")
			for _, p := range q.Within {
				lo, hi := p.Range()
				sel = sel.WhereOr("org_path >= ? and org_path < ?", lo, hi)
			}
			return sel
		})
	}
	if q.Below != "" {
		lo, hi := q.Below.Range()
		sel = sel.Where("org_path > ? and org_path < ?", lo, hi)
	}
	if len(q.States) > 0 {
		sel = sel.Where("state in (?)", bun.List(q.States))
	}
	if q.Text != "" {
		sel = sel.Where("(name like ? or slug like ?)", "%"+q.Text+"%", "%"+q.Text+"%")
	}
	if q.After > 0 {
		sel = sel.Where("id > ?", q.After)
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	return out, nil
}

func insertSite(ctx context.Context, tx bun.IDB, s *Site) error {
	if _, err := tx.NewInsert().Model(s).Exec(ctx); err != nil {
		return fmt.Errorf("insert site: %w", err)
	}
	return nil
}

// updateSite stores s if it is still at the version that was read.
func updateSite(ctx context.Context, tx bun.IDB, s *Site) error {
	read := s.Version
	s.Version++
	res, err := tx.NewUpdate().Model(s).WherePK().Where("version = ?", read).Exec(ctx)
	if err != nil {
		return fmt.Errorf("update site %d: %w", s.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.Conflict("site.changed_meanwhile").Because(err)
	}
	return nil
}

func raiseVersion(ctx context.Context, tx bun.IDB, siteID int64) error {
	_, err := tx.NewUpdate().Table("site").Set("version = version + 1").Where("id = ?", siteID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("raise version of site %d: %w", siteID, err)
	}
	return nil
}

// movePaths rewrites the paths of all sites below old.
func movePaths(ctx context.Context, tx bun.IDB, old, now tree.Path) error {
	if err := org.MovePaths(ctx, tx, "site", "org_path", old, now); err != nil {
		return err
	}
	lo, hi := now.Range()
	_, err := tx.NewUpdate().Table("site").Set("version = version + 1").Where("org_path >= ? and org_path < ?", lo, hi).Exec(ctx)
	if err != nil {
		return fmt.Errorf("raise versions of moved sites: %w", err)
	}
	return nil
}

func columnsOf(ctx context.Context, db bun.IDB, siteID int64) ([]Column, error) {
	var out []Column
	if err := db.NewSelect().Model(&out).Where("site_id = ?", siteID).Order("position", "id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read columns: %w", err)
	}
	return out, nil
}

func menuOf(ctx context.Context, db bun.IDB, siteID int64) ([]MenuEntry, error) {
	var out []MenuEntry
	if err := db.NewSelect().Model(&out).Where("site_id = ?", siteID).Order("position", "id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read menu: %w", err)
	}
	return out, nil
}

func blocksOf(ctx context.Context, db bun.IDB, siteID int64) ([]Block, error) {
	var out []Block
	if err := db.NewSelect().Model(&out).Where("site_id = ?", siteID).Order("position", "id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	return out, nil
}

// insertAll writes rows of one table; an empty list is nothing to do.
func insertAll[T any](ctx context.Context, tx bun.IDB, rows *[]T) error {
	if len(*rows) == 0 {
		return nil
	}
	if _, err := tx.NewInsert().Model(rows).Exec(ctx); err != nil {
		return fmt.Errorf("insert parts of a site: %w", err)
	}
	return nil
}

// save writes a changed column or block.
func save[T any](ctx context.Context, tx bun.IDB, row *T) error {
	if _, err := tx.NewUpdate().Model(row).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("save a part of a site: %w", err)
	}
	return nil
}

func remove[T any](ctx context.Context, tx bun.IDB, row *T) error {
	if _, err := tx.NewDelete().Model(row).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("remove a part of a site: %w", err)
	}
	return nil
}

func removeMenu(ctx context.Context, tx bun.IDB, siteID int64) error {
	if _, err := tx.NewDelete().Model((*MenuEntry)(nil)).Where("site_id = ?", siteID).Exec(ctx); err != nil {
		return fmt.Errorf("clear menu: %w", err)
	}
	return nil
}

// setPosition of a row in one of the room's ordered tables.
func setPosition(ctx context.Context, tx bun.IDB, table string, id int64, position int) error {
	if _, err := tx.NewUpdate().Table(table).Set("position = ?", position).Where("id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("order %s: %w", table, err)
	}
	return nil
}

// giveSites makes the sites of an organisation those of another.
func giveSites(ctx context.Context, tx bun.IDB, from int64, into org.Org) error {
	_, err := tx.NewUpdate().Table("site").Set("org_id = ?", into.ID).Set("org_path = ?", string(into.Path)).
		Set("version = version + 1").Where("org_id = ?", from).Exec(ctx)
	if err != nil {
		return fmt.Errorf("give sites of organisation %d: %w", from, err)
	}
	return nil
}

// countBelow counts the public sites of the organisations below path.
func countBelow(ctx context.Context, db bun.IDB, path tree.Path) (int, error) {
	lo, hi := path.Range()
	n, err := db.NewSelect().Model((*Site)(nil)).Where("org_path > ? and org_path < ?", lo, hi).
		Where("state in (?)", bun.List(publicStates)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count sites: %w", err)
	}
	return int(n), nil
}

// versionsOf reads the version of every site.
func versionsOf(ctx context.Context, db bun.IDB) (map[int64]int64, error) {
	var rows []struct{ ID, Version int64 }
	if err := db.NewSelect().Table("site").Column("id", "version").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("read versions of sites: %w", err)
	}
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Version
	}
	return out, nil
}
