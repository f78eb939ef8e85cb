package account

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/errs"
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

// Sweep removes what has run out and counts no more, and disables staff
// accounts that nobody uses.
func (s *Service) Sweep(ctx context.Context) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return sweep(ctx, tx, s.Now()) })
	if err != nil || s.Settings.Dormant == 0 {
		return err
	}
	ids, err := dormant(ctx, s.DB.Read(), s.Now(), s.Settings.Dormant)
	for _, id := range ids {
		if err = s.disableDormant(ctx, id); err != nil {
			return err
		}
	}
	return err
}

// disableDormant leaves the last administrator of a kind, however idle.
func (s *Service) disableDormant(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		err = s.mayGo(ctx, tx, a)
		if errs.Is(err, errs.KindConflict) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := a.step(Disabled, s.Now()); err != nil {
			return err
		}
		if err := saveAccount(ctx, tx, a); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.disable", id, audit.Entry{Reason: "account.dormant"})
	})
}
