package account

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/job"
)

// SweepArgs is the job that removes sessions and failures that have run out.
type SweepArgs struct{}

// Kind names the job.
func (SweepArgs) Kind() string { return "account.sweep" }

// Jobs are this room's background work.
type Jobs struct{ s *Service }

// NewJobs returns them.
func NewJobs(s *Service) *Jobs { return &Jobs{s} }

// Register adds the handlers and the hours.
func (j *Jobs) Register(reg *job.Registry) {
	job.Handle(reg, func(ctx context.Context, _ SweepArgs) error { return j.s.Sweep(ctx) })
	reg.Every(time.Hour, SweepArgs{})
}

// Sweep removes what has run out and counts no more.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return sweep(ctx, tx, s.Now()) })
}
