package article

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/job"
)

// PublishDue publishes an article whose scheduled time has come; without an id
// it looks for all that are due, in case the node was down then.
type PublishDue struct {
	ArticleID int64 `json:"article_id"`
}

// Kind names the job.
func (PublishDue) Kind() string { return "article.publish_due" }

// Jobs is the room's background work.
type Jobs struct{ service *Service }

// NewJobs returns the background work of s.
func NewJobs(s *Service) *Jobs { return &Jobs{s} }

// Register adds the handlers.
func (j *Jobs) Register(reg *job.Registry) {
	job.Handle(reg, j.service.PublishDue)
	reg.Every(10*time.Minute, PublishDue{})
}

// PublishDue publishes what is due. It may run twice: what is no longer
// scheduled, or scheduled anew for later, is left alone.
func (s *Service) PublishDue(ctx context.Context, args PublishDue) error {
	ids := []int64{args.ArticleID}
	if args.ArticleID == 0 {
		var err error
		if ids, err = due(ctx, s.DB.Read(), s.Now()); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := s.publishDue(ctx, id); err != nil && !errs.Is(err, errs.KindNotFound) {
			return err
		}
	}
	return nil
}

func (s *Service) publishDue(ctx context.Context, id int64) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.State != Scheduled || a.ScheduledAt.After(s.Now()) {
			return nil
		}
		v, err := versionOf(ctx, tx, id, a.Working)
		if err != nil {
			return err
		}
		if a.State, err = Step(a.State, ActPublish, a.Public); err != nil {
			return err
		}
		if err := s.publish(ctx, tx, &a, &v); err != nil {
			return err
		}
		a.ChangedAt = s.Now()
		if err := update(ctx, tx, &a); err != nil {
			return err
		}
		if err := updateVersion(ctx, tx, &v); err != nil {
			return err
		}
		return s.record(ctx, tx, a, "article."+string(ActPublish), "", map[string]any{"version": a.Working, "scheduled": true})
	})
}
