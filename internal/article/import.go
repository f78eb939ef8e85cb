package article

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"lianxin/internal/account"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/search"
	"lianxin/internal/site"
)

// Order says what to import and where to.
type Order struct {
	// Site and Column are slugs; Column may be the column's name, too.
	Site, Column string
	// Paths are files and folders.
	Paths []string
	// Publish shows everything at once. It is an act of its own in the record
	// and needs both Write and Publish.
	Publish bool
	// KeepGoing stores what is good although something else is not. Without it
	// everything is read through first, and one fault keeps all out.
	KeepGoing bool
	// Progress hears how far it is; nil is fine.
	Progress func(Progress)
}

// Progress of an import. Total is 0 while it isn't known.
type Progress struct {
	Checking    bool
	Done, Total int
}

// Fault is a record that could not be imported. Row counts from 1 within a
// file of many records and is 0 for a document.
type Fault struct {
	Source string
	Row    int
	Reason errs.Message
}

// Report is the result of an import. Known were imported before.
type Report struct {
	Read, Added, Known int
	// Doubtful are stored but hold words or numbers someone should look at.
	Doubtful int
	Ignored  int
	Faults   []Fault
}

// batch is how many articles share a transaction: large enough for speed,
// small enough for the other writers of the node to get their turn.
const batch = 1000

// Import loads documents. It can be stopped and started again: what is there
// already, known by the site and the digest of its source, is left alone.
func (s *Service) Import(ctx context.Context, o Order) (Report, error) {
	home, column, err := s.target(ctx, o)
	if err != nil {
		return Report{}, err
	}
	in := &importer{Service: s, order: o, home: home, column: column, actor: account.ActorFrom(ctx)}
	if err := in.allowed(); err != nil {
		return Report{}, err
	}
	files, ignored, err := listFiles(o.Paths)
	if err != nil {
		return Report{}, err
	}
	in.report.Ignored = ignored
	if !o.KeepGoing {
		if err := in.check(ctx, files); err != nil {
			return in.report, err
		}
		if len(in.report.Faults) > 0 {
			return in.report, errs.Invalid("article.import.faults", errs.Args{"Count": len(in.report.Faults)})
		}
		in.total, in.report.Read = in.report.Read, 0
	}
	err = in.store(ctx, files)
	return in.report, err
}

// target finds the site and the column an order names.
func (s *Service) target(ctx context.Context, o Order) (site.Site, site.Column, error) {
	home, err := s.Sites.BySlug(ctx, o.Site)
	if errs.Is(err, errs.KindNotFound) {
		return home, site.Column{}, errs.Invalid("article.import.unknown_site", errs.Args{"Site": o.Site}).Because(err)
	}
	if err != nil {
		return home, site.Column{}, err
	}
	columns, err := s.Sites.Columns(ctx, home.ID)
	if err != nil {
		return home, site.Column{}, err
	}
	i := slices.IndexFunc(columns, func(c site.Column) bool { return c.Slug == o.Column || c.Name == o.Column })
	if i < 0 {
		return home, site.Column{}, errs.Invalid("article.import.unknown_column", errs.Args{"Column": o.Column, "Site": home.Name})
	}
	return home, columns[i], nil
}

type importer struct {
	*Service
	order  Order
	home   site.Site
	column site.Column
	actor  account.Actor
	total  int
	report Report
}

func (in *importer) allowed() error {
	if err := in.actor.Check(Write, in.home.OrgPath); err != nil || !in.order.Publish {
		return err
	}
	return in.actor.Check(Publish, in.home.OrgPath)
}

func (in *importer) progress(checking bool, done int) {
	if in.order.Progress != nil {
		in.order.Progress(Progress{Checking: checking, Done: done, Total: in.total})
	}
}

func (in *importer) fault(r raw, err error) {
	in.report.Faults = append(in.report.Faults, Fault{Source: r.source, Row: r.row, Reason: reasonOf(err)})
}

// reasonOf is the sentence for an error, the first field's if it is a form's.
func reasonOf(err error) errs.Message {
	var e *errs.Error
	if !errors.As(err, &e) {
		return errs.Message{Key: "article.import.unreadable"}
	}
	for _, field := range []string{"title", "body", "dated", "category", "issuer"} {
		if m, ok := e.Fields[field]; ok {
			return m
		}
	}
	return errs.Message{Key: e.Key, Args: e.Args}
}

// check reads everything through without storing.
func (in *importer) check(ctx context.Context, files []string) error {
	return parallel(ctx, records(files), func(r raw) item {
		return in.inspect(ctx, r)
	}, func(items []item) error {
		for _, it := range items {
			in.report.Read++
			if it.err != nil {
				in.fault(it.raw, it.err)
			}
		}
		in.progress(true, in.report.Read)
		return nil
	})
}

// store converts in parallel and writes in order, a batch a transaction.
func (in *importer) store(ctx context.Context, files []string) error {
	keep := func(p richtext.Picture) (string, error) {
		stored, err := in.KeepPicture(ctx, p.Data)
		if errs.Is(err, errs.KindInvalid) || errs.Is(err, errs.KindTooLarge) {
			return "", nil // not a picture the web can show
		}
		return stored.URL, err
	}
	var waiting []item
	write := func() error {
		if err := in.writeBatch(ctx, waiting); err != nil {
			return err
		}
		waiting = waiting[:0]
		in.progress(false, in.report.Read)
		return nil
	}
	err := parallel(ctx, records(files), func(r raw) item {
		return in.convert(ctx, r, keep)
	}, func(items []item) error {
		for _, it := range items {
			in.report.Read++
			if it.err != nil {
				in.fault(it.raw, it.err)
				continue
			}
			waiting = append(waiting, it)
		}
		if len(waiting) >= batch {
			return write()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return write()
}

func (in *importer) writeBatch(ctx context.Context, items []item) error {
	var added, known, doubtful int
	err := in.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		fresh, err := in.fresh(ctx, tx, items)
		if err != nil {
			return err
		}
		added, known, doubtful = len(fresh), len(items)-len(fresh), 0
		if added == 0 {
			return nil
		}
		articles, versions := make([]Article, len(fresh)), make([]Version, len(fresh))
		for i, it := range fresh {
			articles[i], versions[i] = in.rows(it)
			if it.doubtful {
				doubtful++
			}
		}
		if err := insertMany(ctx, tx, articles, versions); err != nil {
			return err
		}
		if in.order.Publish {
			docs := make([]search.Doc, len(fresh))
			for i, it := range fresh {
				docs[i] = searchDoc(in.home, articles[i], versions[i], it.text)
			}
			if err := in.Index.Put(ctx, tx, docs...); err != nil {
				return err
			}
			if err := in.Sites.Bump(ctx, tx, in.home.ID); err != nil {
				return err
			}
		}
		return in.Audit.Record(ctx, tx, audit.Entry{
			Action: "article.import", OrgID: in.home.OrgID, OrgPath: in.home.OrgPath, ObjectType: "site", ObjectID: strconv.FormatInt(in.home.ID, 10),
			Detail: map[string]any{"column": in.column.ID, "added": added, "published": in.order.Publish, "first": articles[0].ID, "last": articles[len(articles)-1].ID},
		})
	})
	if err == nil {
		in.report.Added += added
		in.report.Known += known
		in.report.Doubtful += doubtful
	}
	return err
}

// fresh leaves out what the site has already, and what the batch holds twice.
func (in *importer) fresh(ctx context.Context, tx bun.IDB, items []item) ([]item, error) {
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = it.key
	}
	known, err := knownKeys(ctx, tx, in.home.ID, keys)
	if err != nil {
		return nil, err
	}
	var out []item
	for _, it := range items {
		if _, there := known[it.key]; !there {
			known[it.key] = 0
			out = append(out, it)
		}
	}
	return out, nil
}

// rows makes the article and its only version.
func (in *importer) rows(it item) (Article, Version) {
	now := in.Now()
	a := Article{
		SiteID: in.home.ID, OrgID: in.home.OrgID, OrgPath: in.home.OrgPath, State: Draft, Face: it.content.Face(),
		Revision: 1, Working: 1, AuthorID: in.actor.ID, ListedAt: now, CreatedAt: now, ChangedAt: now, ImportKey: &it.key,
	}
	v := Version{Number: 1, Content: it.content, Toc: it.toc, Writers: []int64{in.actor.ID}, WriterName: in.actor.Name, CreatedAt: now, ChangedAt: now}
	if in.order.Publish {
		a.State, a.Public, a.Shown, a.PublishedAt, a.ListedAt = Published, true, 1, now, listedAt(it.content.Dated, now)
		v.SubmittedAt, v.SubmittedBy, v.PublishedAt, v.PublisherID, v.Publisher = now, in.actor.ID, now, in.actor.ID, in.actor.Name
		v.ItemHash = it.key
	}
	return a, v
}

// listedAt sorts an imported text by the date it bears, which never lies ahead.
func listedAt(dated string, now time.Time) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, dated, clock.Shanghai)
	if err != nil || day.After(now) {
		return now
	}
	return day.UTC()
}

// parallel runs work over the records on all cores and gives the results to
// sink in their order, from one goroutine.
func parallel(ctx context.Context, source func(yield func(raw, error) bool), work func(raw) item, sink func([]item) error) error {
	const portion = 64
	g, ctx := errgroup.WithContext(ctx)
	order := make(chan chan []item, 2*runtime.NumCPU())
	workers := make(chan struct{}, runtime.NumCPU())
	g.Go(func() error {
		defer close(order)
		var portionOf []raw
		send := func() error {
			records, result := portionOf, make(chan []item, 1)
			portionOf = nil
			select {
			case order <- result:
			case <-ctx.Done():
				return ctx.Err()
			}
			workers <- struct{}{}
			g.Go(func() error {
				defer func() { <-workers }()
				out := make([]item, len(records))
				for i, r := range records {
					out[i] = work(r)
				}
				result <- out
				return nil
			})
			return nil
		}
		for r, err := range source {
			if err != nil {
				return fmt.Errorf("read %s: %w", r.source, err)
			}
			if portionOf = append(portionOf, r); len(portionOf) == portion || r.path != "" && len(portionOf) >= 4 {
				if err := send(); err != nil {
					return err
				}
			}
		}
		if len(portionOf) > 0 {
			return send()
		}
		return nil
	})
	g.Go(func() error {
		for result := range order {
			select {
			case items := <-result:
				if err := sink(items); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}
