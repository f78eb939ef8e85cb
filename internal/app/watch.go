package app

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// watchInterval is how long a running node may show what a command beside it,
// such as an import, has changed since.
const watchInterval = 2 * time.Second

// watch looks for changes that other processes made to the database. Changes of
// other app servers come over the bus; a command line tool has none.
func (n *Node) watch(ctx context.Context) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := n.Refresh(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("look for changes", "err", err)
		}
	}
}

// Refresh forgets what is held in memory and has changed in the database.
func (n *Node) Refresh(ctx context.Context) error {
	return errors.Join(n.Settings.Reload(ctx, n.DB), n.Rooms.Sites.Refresh(ctx))
}
