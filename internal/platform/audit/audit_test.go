package audit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
)

func TestChain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := &clock.Manual{T: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
		log := audit.New(m.Now)
		ctx := audit.WithWho(t.Context(), audit.Who{ID: 7, Name: "演示", IP: "127.0.0.1", RequestID: "r"})
		if err := d.Migrate(ctx, "audit", audit.Migrations); err != nil {
			t.Fatal(err)
		}
		act := func(action string, fail error) {
			err := d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				if err := log.Record(ctx, tx, audit.Entry{Action: action, ObjectType: "thing", ObjectID: "1", OrgPath: "/1/"}); err != nil {
					return err
				}
				return fail
			})
			if !errors.Is(err, fail) {
				t.Fatal(err)
			}
			m.Advance(time.Second)
		}
		act("a.one", nil)
		act("a.undone", errors.New("rolled back"))
		act("a.two", nil)
		act("a.three", nil)

		check := func(entries int, broken int64) {
			t.Helper()
			n, b, err := log.Verify(ctx, d)
			if err != nil || n != entries || b != broken {
				t.Errorf("verify = %d entries, broken %d, %v; want %d, %d", n, b, err, entries, broken)
			}
		}
		check(3, 0)
		list, err := log.List(ctx, d.Read(), audit.Filter{Limit: 10, ActorID: 7, Action: "a.two"})
		if err != nil || len(list) != 1 || list[0].Actor != "演示" {
			t.Fatalf("list = %+v, %v", list, err)
		}
		second := list[0].ID
		if _, err := d.SQL().Exec("update audit_entry set reason = 'x' where action = 'a.two'"); err != nil {
			t.Fatal(err)
		}
		check(1, second)
		if _, err := d.SQL().Exec("update audit_entry set reason = '' where action = 'a.two'"); err != nil {
			t.Fatal(err)
		}
		check(3, 0)
		if _, err := d.SQL().Exec("delete from audit_entry where action = 'a.three'"); err != nil {
			t.Fatal(err)
		}
		if _, broken, _ := log.Verify(ctx, d); broken == 0 {
			t.Error("a removed last entry was not noticed")
		}
	})
}
