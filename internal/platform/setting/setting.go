// Package setting keeps the few facts about the node itself that people change
// while it runs, such as its name.
package setting

import (
	"context"
	"embed"
	"fmt"
	"sync"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/i18n"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations of the settings' table.
var Migrations = i18n.Sub(migrations, "migrations")

// Name is the name of the node, shown in page heads.
const Name = "node.name"

type row struct {
	bun.BaseModel `bun:"table:setting,alias:s"`

	Name  string `bun:",pk"`
	Value string
}

// Settings holds all values in memory; they are few and read on every page.
type Settings struct {
	mu     sync.RWMutex
	values map[string]string
}

// Load reads the settings.
func Load(ctx context.Context, d *db.DB) (*Settings, error) {
	s := &Settings{}
	return s, s.Reload(ctx, d)
}

// Reload reads the settings again, after another process changed them.
func (s *Settings) Reload(ctx context.Context, d *db.DB) error {
	var rows []row
	if err := d.Read().NewSelect().Model(&rows).Scan(ctx); err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	values := make(map[string]string, len(rows))
	for _, r := range rows {
		values[r.Name] = r.Value
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = values
	return nil
}

// Get returns a value, "" when it was never set.
func (s *Settings) Get(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.values[name]
}

// Set changes a value. Should tx roll back, the memory is ahead until the next
// Reload, so callers set last in their transaction.
func (s *Settings) Set(ctx context.Context, tx bun.IDB, name, value string) error {
	_, err := tx.NewInsert().Model(&row{Name: name, Value: value}).On("conflict (name) do update").Set("value = excluded.value").Exec(ctx)
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = value
	return nil
}

// SetName names the node.
func (s *Settings) SetName(ctx context.Context, tx bun.Tx, name string) error {
	return s.Set(ctx, tx, Name, name)
}
