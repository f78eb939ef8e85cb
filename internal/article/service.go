package article

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/blob"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/job"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/search"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// Deps are what the service works with.
type Deps struct {
	DB    *db.DB
	Now   clock.Clock
	Audit *audit.Log
	Queue *job.Queue
	Files *blob.Store
	Index *search.Index
	Sites *site.Service
}

// Service holds the use cases of articles.
type Service struct{ Deps }

// NewService returns the service.
func NewService(d Deps) *Service { return &Service{d} }

// MaxSchedule bounds how far ahead a publication may be set.
const MaxSchedule = 366 * 24 * time.Hour

// Create starts an article as a draft. The actor needs Write at the site.
func (s *Service) Create(ctx context.Context, siteID int64, c Content) (Article, error) {
	home, err := s.Sites.Get(ctx, siteID)
	if err != nil {
		return Article{}, err
	}
	actor := account.ActorFrom(ctx)
	if err := actor.Check(Write, home.OrgPath); err != nil {
		return Article{}, err
	}
	c, toc, err := s.prepare(ctx, home, c)
	if err != nil {
		return Article{}, err
	}
	now := s.Now()
	a := Article{
		SiteID: home.ID, OrgID: home.OrgID, OrgPath: home.OrgPath, State: Draft, Face: c.Face(),
		Revision: 1, Working: 1, AuthorID: actor.ID, ListedAt: now, CreatedAt: now, ChangedAt: now,
	}
	v := Version{Number: 1, Content: c, Toc: toc, Writers: []int64{actor.ID}, WriterName: actor.Name, CreatedAt: now, ChangedAt: now}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insert(ctx, tx, &a, &v); err != nil {
			return err
		}
		return s.record(ctx, tx, a, "article.create", "", nil)
	})
	return a, err
}

// prepare cleans and checks what was written, and refuses what must not be on
// this system before anything is stored.
func (s *Service) prepare(ctx context.Context, home site.Site, c Content) (Content, []richtext.Heading, error) {
	c = c.Tidy()
	if len(c.Body) > MaxBody {
		return c, nil, errs.FieldErr("body", "article.body_too_long", errs.Args{"Max": MaxBody >> 20})
	}
	cleaned, err := richtext.Clean(c.Body)
	if err != nil {
		return c, nil, err
	}
	var toc []richtext.Heading
	c.Body, toc = richtext.Outline(cleaned)
	if err := c.Check(); err != nil {
		return c, nil, err
	}
	if err := s.checkColumn(ctx, home.ID, c.ColumnID); err != nil {
		return c, nil, err
	}
	if err := s.refuseSecrets(ctx, home, c.scanText()); err != nil {
		return c, nil, err
	}
	if toc == nil {
		toc = []richtext.Heading{}
	}
	return c, toc, nil
}

func (s *Service) checkColumn(ctx context.Context, siteID, columnID int64) error {
	columns, err := s.Sites.Columns(ctx, siteID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(columns, func(c site.Column) bool { return c.ID == columnID }) {
		return errs.FieldErr("column", "article.column_missing")
	}
	return nil
}

// scanText is all of the content that readers would see.
func (c Content) scanText() string {
	var b strings.Builder
	for _, part := range []string{c.Title, c.Summary, c.Source, richtext.Text(c.Body)} {
		b.WriteString(part + "\n")
	}
	for _, f := range c.Attached {
		b.WriteString(f.Name + "\n")
	}
	return b.String()
}

// refuseSecrets returns an error if text bears a mark of secrecy. Only its
// hash, the time and the person are kept (security.md §5, step 3).
func (s *Service) refuseSecrets(ctx context.Context, home site.Site, text string) error {
	found := Blocking(Scan(text))
	if len(found) == 0 {
		return nil
	}
	var rules []string
	for _, f := range found {
		rules = append(rules, f.Rule)
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return s.Audit.Record(ctx, tx, audit.Entry{
			Action: "article.blocked", OrgID: home.OrgID, OrgPath: home.OrgPath, ObjectType: "site", ObjectID: strconv.FormatInt(home.ID, 10),
			Result: audit.Denied, Detail: map[string]any{"sha256": digest(text), "rules": rules},
		})
	})
	if err != nil {
		return err
	}
	return errs.Invalid("article.scan.blocked", errs.Args{"Near": found[0].Near})
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Editable is an article with its working version, for the desk.
type Editable struct {
	Article
	Version Version
	Site    site.Site
}

// Edit returns the working version. The actor needs View at the site, or to
// have begun the article.
func (s *Service) Edit(ctx context.Context, id int64) (Editable, error) {
	a, err := byID(ctx, s.DB.Read(), id)
	if err != nil {
		return Editable{}, err
	}
	if err := mayLook(ctx, a); err != nil {
		return Editable{}, err
	}
	v, err := versionOf(ctx, s.DB.Read(), id, a.Working)
	if err != nil {
		return Editable{}, err
	}
	home, err := s.Sites.Get(ctx, a.SiteID)
	return Editable{a, v, home}, err
}

func mayLook(ctx context.Context, a Article) error {
	actor := account.ActorFrom(ctx)
	if actor.ID != 0 && actor.ID == a.AuthorID {
		return nil
	}
	return actor.Check(View, a.OrgPath)
}

// Save changes the working version. What has been handed in once is frozen: a
// further change makes a new version. revision is the one the editor saw.
func (s *Service) Save(ctx context.Context, id, revision int64, c Content) (Article, error) {
	e, err := s.Edit(ctx, id)
	if err != nil {
		return Article{}, err
	}
	if err := account.ActorFrom(ctx).Check(Write, e.OrgPath); err != nil {
		return Article{}, err
	}
	c, toc, err := s.prepare(ctx, e.Site, c)
	if err != nil {
		return Article{}, err
	}
	return s.change(ctx, id, revision, Write, ActEdit, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		actor, now := account.ActorFrom(ctx), s.Now()
		next := *v
		if v.Frozen() {
			number, err := nextNumber(ctx, tx, a.ID)
			if err != nil {
				return err
			}
			next = Version{ArticleID: a.ID, Number: number, CreatedAt: now}
		}
		next.Content, next.Toc, next.ChangedAt, next.WriterName = c, toc, now, actor.Name
		if !slices.Contains(next.Writers, actor.ID) {
			next.Writers = append(next.Writers, actor.ID)
		}
		if a.Working = next.Number; !a.Public && a.PublishedAt.IsZero() {
			a.Face = c.Face()
		}
		if v.Frozen() {
			*v = next
			return insertVersion(ctx, tx, v)
		}
		*v = next
		return nil
	})
}

// change is the frame of every step: it loads, checks permission, revision and
// state, lets f work, writes back and records, all in one transaction.
func (s *Service) change(ctx context.Context, id, revision int64, need web.Permission, act Act, reason string,
	f func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error) (Article, error) {
	var out Article
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		out, err = s.changeIn(ctx, tx, id, revision, need, act, reason, f)
		return err
	})
	return out, err
}

func (s *Service) changeIn(ctx context.Context, tx bun.Tx, id, revision int64, need web.Permission, act Act, reason string,
	f func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error) (Article, error) {
	a, err := byID(ctx, tx, id)
	if err != nil {
		return a, err
	}
	if err := account.ActorFrom(ctx).Check(need, a.OrgPath); err != nil {
		return a, err
	}
	if a.Revision != revision {
		return a, errs.Conflict("article.changed_meanwhile")
	}
	v, err := versionOf(ctx, tx, id, a.Working)
	if err != nil {
		return a, err
	}
	if a.State, err = Step(a.State, act, a.Public); err != nil {
		return a, err
	}
	if err := f(ctx, tx, &a, &v); err != nil {
		return a, err
	}
	a.ChangedAt = s.Now()
	if err := update(ctx, tx, &a); err != nil {
		return a, err
	}
	if err := updateVersion(ctx, tx, &v); err != nil {
		return a, err
	}
	return a, s.record(ctx, tx, a, "article."+string(act), reason, map[string]any{"version": a.Working})
}

func (s *Service) record(ctx context.Context, tx bun.IDB, a Article, action, reason string, detail any) error {
	return s.Audit.Record(ctx, tx, audit.Entry{
		Action: action, OrgID: a.OrgID, OrgPath: a.OrgPath, ObjectType: "article", ObjectID: strconv.FormatInt(a.ID, 10), Reason: reason, Detail: detail,
	})
}

// Submit hands the working version in for review; it is frozen from then on.
func (s *Service) Submit(ctx context.Context, id, revision int64, d Declaration) (Article, error) {
	return s.change(ctx, id, revision, Write, ActSubmit, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		d.Basis = strings.TrimSpace(d.Basis)
		if err := v.Ready(); err != nil {
			return err
		}
		if err := d.Check(Scan(v.scanText())); err != nil {
			return err
		}
		v.Declaration, v.SubmittedAt, v.SubmittedBy = d, s.Now(), account.ActorFrom(ctx).ID
		v.ItemHash = v.hash()
		return nil
	})
}

// hash binds the review to exactly this wording.
func (v Version) hash() string {
	parts := []string{v.Title, v.Body, v.Summary, v.Issuer, v.Source, v.Cover}
	for _, f := range v.Attached {
		parts = append(parts, f.Hash, f.Name)
	}
	return digest(parts...)
}

// Recall takes an article back from review. Only who wrote it may.
func (s *Service) Recall(ctx context.Context, id, revision int64) (Article, error) {
	return s.change(ctx, id, revision, Write, ActRecall, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		if !v.Wrote(account.ActorFrom(ctx).ID) {
			return errs.Forbidden("article.recall.others")
		}
		v.SubmittedAt, v.ItemHash, v.Declaration = time.Time{}, "", Declaration{}
		return nil
	})
}

// Return gives an article back with a reason.
func (s *Service) Return(ctx context.Context, id, revision int64, reason string) (Article, error) {
	reason = strings.TrimSpace(reason)
	if err := checkReason("reason", reason, "article.return.reason_missing"); err != nil {
		return Article{}, err
	}
	return s.change(ctx, id, revision, Review, ActReturn, reason, func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		a.ScheduledAt = time.Time{}
		v.Reason = reason
		return s.reviewed(ctx, v)
	})
}

func checkReason(field, reason, missing string) error {
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		return errs.FieldErr(field, missing)
	case n > MaxReason:
		return errs.FieldErr(field, "article.too_long", errs.Args{"Max": MaxReason, "Have": n})
	}
	return nil
}

// reviewed notes who reviewed; a person who wrote the text may not.
func (s *Service) reviewed(ctx context.Context, v *Version) error {
	actor := account.ActorFrom(ctx)
	if v.Wrote(actor.ID) {
		return errs.Forbidden("article.review.own")
	}
	v.ReviewerID, v.Reviewer, v.ReviewedAt = actor.ID, actor.Name, s.Now()
	return nil
}

// Approve accepts the text; publishing is a step of its own.
func (s *Service) Approve(ctx context.Context, id, revision int64) (Article, error) {
	return s.change(ctx, id, revision, Review, ActApprove, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		return s.reviewed(ctx, v)
	})
}

// Publish makes an approved text public, at once or, if at lies ahead, then.
func (s *Service) Publish(ctx context.Context, id, revision int64, at time.Time) (Article, error) {
	act := ActPublish
	if !at.IsZero() {
		act = ActSchedule
		if wait := at.Sub(s.Now()); wait <= 0 || wait > MaxSchedule {
			return Article{}, errs.FieldErr("at", "article.schedule.range")
		}
	}
	return s.change(ctx, id, revision, Publish, act, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		actor := account.ActorFrom(ctx)
		v.PublisherID, v.Publisher = actor.ID, actor.Name
		if act == ActSchedule {
			a.ScheduledAt = at.UTC().Truncate(time.Millisecond)
			return s.Queue.Add(ctx, tx, PublishDue{ArticleID: a.ID}, job.At(a.ScheduledAt))
		}
		return s.publish(ctx, tx, a, v)
	})
}

// Unschedule stops a scheduled publication.
func (s *Service) Unschedule(ctx context.Context, id, revision int64) (Article, error) {
	return s.change(ctx, id, revision, Publish, ActUnschedule, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		a.ScheduledAt = time.Time{}
		return nil
	})
}

// publish shows the working version to readers.
func (s *Service) publish(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
	now := s.Now()
	a.Face, a.Shown, a.Public, a.Notice = v.Face(), v.Number, true, ""
	a.ScheduledAt, a.WithdrawnAt = time.Time{}, time.Time{}
	if a.PublishedAt.IsZero() {
		a.PublishedAt, a.ListedAt = now, now
	} else {
		a.UpdatedAt = now
	}
	v.PublishedAt = now
	home, err := s.Sites.Get(ctx, a.SiteID)
	if err != nil {
		return err
	}
	if err := s.Index.Put(ctx, tx, searchDoc(home, *a, *v, richtext.Text(v.Body))); err != nil {
		return err
	}
	return s.Sites.Bump(ctx, tx, a.SiteID)
}

// Kind of an article in the search index.
const Kind = "article"

func searchDoc(home site.Site, a Article, v Version, body string) search.Doc {
	if v.Keywords != "" {
		body += "\n" + v.Keywords
	}
	for _, f := range v.Attached {
		body += "\n" + f.Name
	}
	return search.Doc{
		Kind: Kind, ID: a.ID, SiteID: a.SiteID, OrgID: a.OrgID, ColumnID: a.ColumnID, OrgPath: a.OrgPath,
		Category: v.Category, Title: v.Title, Body: body, URL: Address(home, a.ID), At: a.ListedAt,
	}
}

// Address of an article on its node.
func Address(home site.Site, id int64) string {
	return "/s/" + home.Slug + "/a/" + strconv.FormatInt(id, 10)
}

// Withdraw takes an article off; its address stays and shows the notice.
func (s *Service) Withdraw(ctx context.Context, id, revision int64, notice string) (Article, error) {
	notice = strings.TrimSpace(notice)
	if err := checkReason("notice", notice, "article.withdraw.notice_missing"); err != nil {
		return Article{}, err
	}
	return s.change(ctx, id, revision, Withdraw, ActWithdraw, notice, func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
		a.Public, a.Notice, a.WithdrawnAt, a.ScheduledAt = false, notice, s.Now(), time.Time{}
		if err := s.Index.Delete(ctx, tx, Kind, a.ID); err != nil {
			return err
		}
		return s.Sites.Bump(ctx, tx, a.SiteID)
	})
}

// Discard drops unfinished work: the revision of a public article, whose public
// version stays, or a draft that was never handed in, which vanishes.
func (s *Service) Discard(ctx context.Context, id, revision int64) error {
	a, err := byID(ctx, s.DB.Read(), id)
	if err != nil {
		return err
	}
	if a.Public {
		_, err := s.change(ctx, id, revision, Write, ActDiscard, "", func(ctx context.Context, tx bun.Tx, a *Article, v *Version) error {
			a.Working = a.Shown
			return nil
		})
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := account.ActorFrom(ctx).Check(Write, a.OrgPath); err != nil {
			return err
		}
		if a.Revision != revision {
			return errs.Conflict("article.changed_meanwhile")
		}
		if a.State != Draft || a.Working != 1 || !a.PublishedAt.IsZero() {
			return errs.Conflict("article.discard.reviewed")
		}
		if err := erase(ctx, tx, id); err != nil {
			return err
		}
		return s.record(ctx, tx, a, "article.discard", "", map[string]any{"title": a.Title})
	})
}
