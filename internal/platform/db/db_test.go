package db_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
)

const thing = `-- +goose Up
create table thing (
	id {{id}},
	name text not null unique,
	path {{path}} not null,
	at {{time}} not null,
	doc {{json}} not null,
	data {{bytes}}
);
`

type thingRow struct {
	bun.BaseModel `bun:"table:thing"`
	ID            int64 `bun:",pk,autoincrement"`
	Name          string
	Path          string
	At            time.Time
	Doc           map[string]string `bun:"type:jsonb"`
	Data          []byte
}

func TestRowReadsBackAsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		for range 2 { // the second run finds nothing to do
			if err := d.Migrate(ctx, "thing", fstest.MapFS{"001_thing.sql": {Data: []byte(thing)}}); err != nil {
				t.Fatal(err)
			}
		}
		in := thingRow{Name: "甲", Path: "/1/", At: time.Date(2026, 11, 23, 1, 2, 3, 4e6, time.UTC), Doc: map[string]string{"k": "值"}, Data: []byte{0, 1}}
		err := d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewInsert().Model(&in).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var out thingRow
		if err := d.Read().NewSelect().Model(&out).Where("at <= ?", in.At).Where("at > ?", in.At.Add(-time.Millisecond)).Scan(ctx); err != nil {
			t.Fatal(err)
		}
		if out.ID == 0 || !out.At.Equal(in.At) || out.Doc["k"] != "值" || out.Name != "甲" || len(out.Data) != 2 {
			t.Errorf("read back %+v", out)
		}
		err = d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
			_, err := tx.NewInsert().Model(&thingRow{Name: "甲", Path: "/2/", At: in.At, Doc: in.Doc}).Exec(ctx)
			return err
		})
		if !db.IsUnique(err) {
			t.Errorf("a second row of that name: %v, want a unique breach", err)
		}
	})
}

func TestUnknownWordIsRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	err := d.Migrate(t.Context(), "x", fstest.MapFS{"001_x.sql": {Data: []byte("-- +goose Up\ncreate table x (a {{nonsense}});")}})
	if err == nil {
		t.Fatal("an unknown word was accepted")
	}
}

func TestFullDiskIsExplained(t *testing.T) {
	d := dbtest.SQLite(t)
	ctx := t.Context()
	if err := d.Migrate(ctx, "thing", fstest.MapFS{"001_thing.sql": {Data: []byte(thing)}}); err != nil {
		t.Fatal(err)
	}
	// max_page_count makes SQLite report SQLITE_FULL as a full disk does.
	if _, err := d.SQL().ExecContext(ctx, "pragma max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	err := d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&thingRow{Name: "乙", Path: "/", Doc: map[string]string{}, Data: make([]byte, 1<<20)}).Exec(ctx)
		return err
	})
	if !errs.Is(err, errs.KindUnavailable) {
		t.Fatalf("full disk: %v", err)
	}
	var n int
	if err := d.Read().NewRaw("select count(*) from thing").Scan(ctx, &n); err != nil || n != 0 {
		t.Errorf("after a full disk: %d rows, %v; want none, still serving", n, err)
	}
}

func TestAfterCommitRunsOnlyWhenCommitted(t *testing.T) {
	d := dbtest.SQLite(t)
	ran := 0
	note := func(fail error) error {
		return d.Tx(context.Background(), func(ctx context.Context, _ bun.Tx) error {
			db.AfterCommit(ctx, func() { ran++ })
			if ran != 0 {
				t.Error("ran before the commit")
			}
			return fail
		})
	}
	if err := note(errors.New("no")); err == nil || ran != 0 {
		t.Errorf("after a rollback: err %v, ran %d times", err, ran)
	}
	if err := note(nil); err != nil || ran != 1 {
		t.Errorf("after a commit: err %v, ran %d times", err, ran)
	}
}
