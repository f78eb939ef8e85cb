package org

import (
	"context"
	"log/slog"
	"time"

	"lianxin/internal/platform/job"
)

// remindArgs is the daily look at terms of office.
type remindArgs struct{}

func (remindArgs) Kind() string { return "org.remind" }

// Jobs is the room's background work.
type Jobs struct{ s *Service }

// NewJobs returns the room's background work.
func NewJobs(s *Service) *Jobs { return &Jobs{s} }

// Register says what the jobs do and when. Both may run any number of times.
func (j *Jobs) Register(reg *job.Registry) {
	job.Handle(reg, func(ctx context.Context, _ remindArgs) error {
		n, err := j.s.Remind(ctx)
		if n > 0 {
			slog.InfoContext(ctx, "re-elections came due", "reminders", n)
		}
		if err != nil {
			return err
		}
		return j.s.dropUploads(ctx)
	})
	reg.Every(24*time.Hour, remindArgs{})
}
