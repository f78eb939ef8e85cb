package article

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"lianxin/internal/org"
	"lianxin/internal/platform/tree"
)

// Follower keeps articles with the organisation of their site when it moves or
// is merged: who may write and review them follows the tree.
func (s *Service) Follower() org.Follower {
	return org.Follower{
		Moved: func(ctx context.Context, tx bun.Tx, old, now tree.Path) error {
			return org.MovePaths(ctx, tx, "article", "org_path", old, now)
		},
		Merged: func(ctx context.Context, tx bun.Tx, from, into org.Org) error {
			_, err := tx.NewUpdate().Table("article").Set("org_id = ?", into.ID).Set("org_path = ?", string(into.Path)).
				Where("org_id = ?", from.ID).Exec(ctx)
			if err != nil {
				return fmt.Errorf("give articles of organisation %d: %w", from.ID, err)
			}
			return nil
		},
	}
}
