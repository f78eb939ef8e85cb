package setting_test

import (
	"context"
	"testing"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/setting"
)

func TestSetAndReload(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := d.Migrate(ctx, "setting", setting.Migrations); err != nil {
			t.Fatal(err)
		}
		s, err := setting.Load(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"青山", "青山县"} {
			if err := d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.SetName(ctx, tx, name) }); err != nil {
				t.Fatal(err)
			}
		}
		other, err := setting.Load(ctx, d)
		if err != nil || other.Get(setting.Name) != "青山县" || s.Get(setting.Name) != "青山县" || s.Get("none") != "" {
			t.Errorf("settings = %q and %q, %v", s.Get(setting.Name), other.Get(setting.Name), err)
		}
	})
}
