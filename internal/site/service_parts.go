package site

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/errs"
)

// AddColumn adds a column at the end of its level.
func (s *Service) AddColumn(ctx context.Context, siteID int64, d ColumnDraft) (Column, error) {
	d = d.clean()
	var made Column
	err := s.change(ctx, siteID, Edit, "site.column.add", "", func(ctx context.Context, tx bun.Tx, _ *Site) (any, error) {
		all, err := columnsOf(ctx, tx, siteID)
		if err != nil {
			return nil, err
		}
		if err := d.Check(0, all).Err(); err != nil {
			return nil, err
		}
		made = Column{SiteID: siteID, Position: lastPosition(all) + 1}
		d.apply(&made)
		_, err = tx.NewInsert().Model(&made).Exec(ctx)
		return d, err
	})
	return made, err
}

func lastPosition(all []Column) int {
	last := -1
	for _, c := range all {
		last = max(last, c.Position)
	}
	return last
}

func (d ColumnDraft) clean() ColumnDraft {
	d.Slug, d.Name, d.Description = strings.ToLower(strings.TrimSpace(d.Slug)), strings.TrimSpace(d.Name), strings.TrimSpace(d.Description)
	return d
}

func (d ColumnDraft) apply(c *Column) {
	c.ParentID, c.Slug, c.Name, c.Description, c.Kind, c.Visible = d.ParentID, d.Slug, d.Name, d.Description, d.Kind, d.Visible
}

// changeColumn runs a change of one column.
func (s *Service) changeColumn(ctx context.Context, siteID, id int64, action string, edit func(ctx context.Context, tx bun.Tx, all []Column, c *Column) (any, error)) error {
	return s.change(ctx, siteID, Edit, action, "", func(ctx context.Context, tx bun.Tx, _ *Site) (any, error) {
		all, err := columnsOf(ctx, tx, siteID)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(c Column) bool { return c.ID == id })
		if i < 0 {
			return nil, errs.NotFound("site.column.not_found")
		}
		return edit(ctx, tx, all, &all[i])
	})
}

// EditColumn changes a column. Its articles stay in it.
func (s *Service) EditColumn(ctx context.Context, siteID, id int64, d ColumnDraft) error {
	d = d.clean()
	return s.changeColumn(ctx, siteID, id, "site.column.edit", func(ctx context.Context, tx bun.Tx, all []Column, c *Column) (any, error) {
		if err := d.Check(id, all).Err(); err != nil {
			return nil, err
		}
		d.apply(c)
		return d, save(ctx, tx, c)
	})
}

// ConfirmColumn notes that what stands in a static column still holds.
func (s *Service) ConfirmColumn(ctx context.Context, siteID, id int64) error {
	return s.changeColumn(ctx, siteID, id, "site.column.confirm", func(ctx context.Context, tx bun.Tx, _ []Column, c *Column) (any, error) {
		if c.Kind != Static {
			return nil, errs.Conflict("site.column.not_static")
		}
		c.ConfirmedAt, c.ConfirmedBy = s.Now(), account.ActorFrom(ctx).Name
		return nil, save(ctx, tx, c)
	})
}

// MoveColumn changes places with the sister before (-1) or after it (+1).
func (s *Service) MoveColumn(ctx context.Context, siteID, id int64, step int) error {
	return s.changeColumn(ctx, siteID, id, "site.column.move", func(ctx context.Context, tx bun.Tx, all []Column, c *Column) (any, error) {
		var sisters []int64
		for _, other := range all {
			if other.ParentID == c.ParentID {
				sisters = append(sisters, other.ID)
			}
		}
		return step, reorder(ctx, tx, "site_column", sisters, id, step)
	})
}

// reorder moves id by step within ids and numbers them anew.
func reorder(ctx context.Context, tx bun.IDB, table string, ids []int64, id int64, step int) error {
	from := slices.Index(ids, id)
	to := from + step
	if from < 0 || to < 0 || to >= len(ids) {
		return nil // already at the end
	}
	ids = slices.Insert(slices.Delete(slices.Clone(ids), from, from+1), to, id)
	for i, id := range ids {
		if err := setPosition(ctx, tx, table, id, i); err != nil {
			return err
		}
	}
	return nil
}

// RemoveColumn takes an empty column away. One that ever held something can
// only be hidden, so that old addresses keep their answer.
func (s *Service) RemoveColumn(ctx context.Context, siteID, id int64) error {
	pulse, err := s.Content.Pulse(ctx, siteID)
	if err != nil {
		return err
	}
	return s.changeColumn(ctx, siteID, id, "site.column.remove", func(ctx context.Context, tx bun.Tx, all []Column, c *Column) (any, error) {
		if pulse[id].Count > 0 || len(Below(all, id)) > 1 {
			return nil, errs.Conflict("site.column.not_empty", errs.Args{"Name": c.Name})
		}
		if slices.ContainsFunc(all, func(other Column) bool { return other.ParentID == id }) {
			return nil, errs.Conflict("site.column.not_empty", errs.Args{"Name": c.Name})
		}
		if _, err := tx.NewDelete().Model((*MenuEntry)(nil)).Where("site_id = ? and column_id = ?", siteID, id).Exec(ctx); err != nil {
			return nil, err
		}
		return c, remove(ctx, tx, c)
	})
}

// SetMenu replaces the whole menu of a site by the given entries, in order.
func (s *Service) SetMenu(ctx context.Context, siteID int64, menu []MenuEntry) error {
	return s.change(ctx, siteID, Edit, "site.menu", "", func(ctx context.Context, tx bun.Tx, _ *Site) (any, error) {
		all, err := columnsOf(ctx, tx, siteID)
		if err != nil {
			return nil, err
		}
		rows := slices.Clone(menu)
		for i := range rows {
			rows[i].ID, rows[i].SiteID, rows[i].Position = 0, siteID, i
			rows[i].Label = strings.TrimSpace(rows[i].Label)
			if rows[i].ColumnID != 0 {
				rows[i].Href = ""
			}
		}
		if err := CheckMenu(rows, all).Err(); err != nil {
			return nil, err
		}
		if err := removeMenu(ctx, tx, siteID); err != nil {
			return nil, err
		}
		return len(rows), insertAll(ctx, tx, &rows)
	})
}

// Blocks returns the blocks of a site's home page in their order.
func (s *Service) Blocks(ctx context.Context, siteID int64) ([]Block, error) {
	l, err := s.live(ctx, siteID)
	if err != nil {
		return nil, err
	}
	return slices.Clone(l.Blocks), nil
}

// AddBlock puts a new block at the end of the home page.
func (s *Service) AddBlock(ctx context.Context, siteID int64, b Block) (Block, error) {
	err := s.changeBlocks(ctx, siteID, "site.block.add", func(ctx context.Context, tx bun.Tx, blocks []Block, all []Column) (any, error) {
		if len(blocks) >= maxBlocks {
			return nil, errs.Conflict("site.block.too_many", errs.Args{"Max": maxBlocks})
		}
		b.ID, b.SiteID, b.Position = 0, siteID, len(blocks)
		if len(blocks) > 0 {
			b.Position = blocks[len(blocks)-1].Position + 1
		}
		if err := b.Check(all).Err(); err != nil {
			return nil, err
		}
		_, err := tx.NewInsert().Model(&b).Exec(ctx)
		return b, err
	})
	return b, err
}

// changeBlocks runs a change of the blocks of a site.
func (s *Service) changeBlocks(ctx context.Context, siteID int64, action string, edit func(ctx context.Context, tx bun.Tx, blocks []Block, all []Column) (any, error)) error {
	return s.change(ctx, siteID, Edit, action, "", func(ctx context.Context, tx bun.Tx, _ *Site) (any, error) {
		all, err := columnsOf(ctx, tx, siteID)
		if err != nil {
			return nil, err
		}
		blocks, err := blocksOf(ctx, tx, siteID)
		if err != nil {
			return nil, err
		}
		return edit(ctx, tx, blocks, all)
	})
}

func blockIn(blocks []Block, id int64) (*Block, error) {
	i := slices.IndexFunc(blocks, func(b Block) bool { return b.ID == id })
	if i < 0 {
		return nil, errs.NotFound("site.block.not_found")
	}
	return &blocks[i], nil
}

// EditBlock changes the title and content of a block, never its kind.
func (s *Service) EditBlock(ctx context.Context, siteID, id int64, title string, c BlockConfig) error {
	return s.changeBlocks(ctx, siteID, "site.block.edit", func(ctx context.Context, tx bun.Tx, blocks []Block, all []Column) (any, error) {
		b, err := blockIn(blocks, id)
		if err != nil {
			return nil, err
		}
		b.Title, b.Config = strings.TrimSpace(title), c
		if err := b.Check(all).Err(); err != nil {
			return nil, err
		}
		return b, save(ctx, tx, b)
	})
}

// MoveBlock moves a block up (-1) or down (+1).
func (s *Service) MoveBlock(ctx context.Context, siteID, id int64, step int) error {
	return s.changeBlocks(ctx, siteID, "site.block.move", func(ctx context.Context, tx bun.Tx, blocks []Block, _ []Column) (any, error) {
		var ids []int64
		for _, b := range blocks {
			ids = append(ids, b.ID)
		}
		return step, reorder(ctx, tx, "site_block", ids, id, step)
	})
}

// RemoveBlock takes a block from the home page.
func (s *Service) RemoveBlock(ctx context.Context, siteID, id int64) error {
	return s.changeBlocks(ctx, siteID, "site.block.remove", func(ctx context.Context, tx bun.Tx, blocks []Block, _ []Column) (any, error) {
		b, err := blockIn(blocks, id)
		if err != nil {
			return nil, err
		}
		return b, remove(ctx, tx, b)
	})
}
