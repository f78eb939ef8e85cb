package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/job"
)

type noteArgs struct {
	Text string `json:"text"`
}

func (noteArgs) Kind() string { return "note" }

type tickArgs struct{}

func (tickArgs) Kind() string { return "tick" }

func TestJobRunsOnlyIfTheChangeWasCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := job.Migrate(ctx, d); err != nil {
			t.Fatal(err)
		}
		done := make(chan string, 10)
		ticked := make(chan bool, 10)
		reg := job.NewRegistry()
		failures := 1
		job.Handle(reg, func(_ context.Context, a noteArgs) error {
			if a.Text == "again" && failures > 0 {
				failures--
				return errors.New("first try fails")
			}
			done <- a.Text
			return nil
		})
		job.Handle(reg, func(context.Context, tickArgs) error { ticked <- true; return nil })
		reg.Every(time.Hour, tickArgs{})
		q := &job.Queue{}
		if err := q.Open(d, reg); err != nil {
			t.Fatal(err)
		}
		add := func(text string, fail error) {
			err := d.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
				if err := q.Add(ctx, tx, noteArgs{Text: text}); err != nil {
					return err
				}
				return fail
			})
			if !errors.Is(err, fail) {
				t.Fatal(err)
			}
		}
		add("undone", errors.New("rolled back"))
		add("kept", nil)
		if err := q.Start(context.WithoutCancel(ctx)); err != nil {
			t.Fatal(err)
		}
		add("again", nil)
		got := map[string]bool{}
		for range 2 {
			select {
			case text := <-done:
				got[text] = true
			case <-time.After(30 * time.Second):
				t.Fatal("a job did not run")
			}
		}
		<-ticked
		if !got["kept"] || !got["again"] {
			t.Errorf("ran %v", got)
		}
		if err := q.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Fatal(err)
		}
		if len(done) != 0 {
			t.Error("a job of a rolled-back change ran")
		}
	})
}
