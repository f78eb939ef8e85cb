// Package job does work after a commit. A job is added in the transaction of
// the change that causes it, so it runs if and only if the change was made, and
// it survives a restart. A job may run twice after a crash: handlers must bear
// that. Mass work is one job over many rows, never one job a row.
package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
)

// Registry collects the handlers and periodic jobs of all rooms.
type Registry struct {
	workers  *river.Workers
	periodic []*river.PeriodicJob
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{workers: river.NewWorkers()} }

type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	handle func(context.Context, T) error
}

func (w *worker[T]) Work(ctx context.Context, j *river.Job[T]) error { return w.handle(ctx, j.Args) }

// Handle says what a job of type T does. A returned error means another try
// later, with growing pauses.
func Handle[T river.JobArgs](reg *Registry, handle func(context.Context, T) error) {
	river.AddWorker(reg.workers, &worker[T]{handle: handle})
}

// Every adds a job at a steady interval and at each start. With several app
// servers one of them does it.
func (reg *Registry) Every(interval time.Duration, args river.JobArgs) {
	reg.periodic = append(reg.periodic, river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) {
			return args, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: interval}}
		}, &river.PeriodicJobOpts{RunOnStart: true}))
}

// Queue takes jobs once it is open, and works them off once it is started.
// Services hold it before the handlers exist, since those call the services.
type Queue struct {
	client *river.Client[*sql.Tx]
}

// Migrate brings the queue's own tables up to date.
func Migrate(ctx context.Context, d *db.DB) error {
	m, err := rivermigrate.New(driver(d), nil)
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return nil
}

func driver(d *db.DB) riverdriver.Driver[*sql.Tx] {
	if d.Engine == db.Postgres {
		return riverdatabasesql.New(d.SQL())
	}
	return riversqlite.New(d.SQL())
}

// Open readies the queue for jobs that the handlers in reg work off.
func (q *Queue) Open(d *db.DB, reg *Registry) error {
	config := &river.Config{
		Logger:            slog.New(quiet{slog.Default().Handler()}),
		FetchPollInterval: 500 * time.Millisecond,
		JobTimeout:        time.Hour,
		Workers:           reg.workers,
		PeriodicJobs:      reg.periodic,
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}},
	}
	client, err := river.NewClient(driver(d), config)
	if err != nil {
		return fmt.Errorf("make the job queue: %w", err)
	}
	q.client = client
	return nil
}

// At delays a job until the given time.
func At(t time.Time) func(*river.InsertOpts) {
	return func(o *river.InsertOpts) { o.ScheduledAt = t }
}

// Add puts a job into the queue when tx commits.
func (q *Queue) Add(ctx context.Context, tx bun.Tx, args river.JobArgs, opts ...func(*river.InsertOpts)) error {
	o := &river.InsertOpts{}
	for _, opt := range opts {
		opt(o)
	}
	if _, err := q.client.InsertTx(ctx, tx.Tx, args, o); err != nil {
		return fmt.Errorf("add job %s: %w", args.Kind(), err)
	}
	return nil
}

// Start works jobs off until Stop.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.client.Start(ctx); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	return nil
}

// Stop lets running jobs end, at most until ctx is done.
func (q *Queue) Stop(ctx context.Context) error {
	if err := q.client.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}

// quiet lets only warnings and errors of the library into our log.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
