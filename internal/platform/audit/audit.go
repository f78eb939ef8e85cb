// Package audit keeps the record of who changed or looked at what. An entry is
// written in the transaction of the change itself, so that neither exists
// without the other. Each entry carries the hash of the one before it: what was
// removed or rewritten afterwards shows in [Log.Verify].
package audit

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/tree"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations of the audit tables.
var Migrations = i18n.Sub(migrations, "migrations")

// Who makes a change, and from where.
type Who struct {
	ID        int64
	Name      string
	IP        string
	RequestID string
}

type whoKey struct{}

// WithWho notes who acts; web and the account room call it.
func WithWho(ctx context.Context, w Who) context.Context {
	return context.WithValue(ctx, whoKey{}, w)
}

// WhoFrom returns who acts; the zero Who is the system itself.
func WhoFrom(ctx context.Context) Who {
	w, _ := ctx.Value(whoKey{}).(Who)
	return w
}

// Results of an act.
const (
	Done   = "done"
	Denied = "denied"
	Failed = "failed"
)

// Entry is one act. Detail is stored as JSON and must hold no secret and no
// more personal data than the act itself needs.
type Entry struct {
	Action     string
	OrgID      int64
	OrgPath    tree.Path
	ObjectType string
	ObjectID   string
	// Result is Done when empty.
	Result string
	Reason string
	Detail any
}

// Record is an entry as it is kept.
type Record struct {
	bun.BaseModel `bun:"table:audit_entry,alias:e"`

	ID         int64 `bun:",pk,autoincrement"`
	At         time.Time
	ActorID    int64
	Actor      string
	IP         string
	RequestID  string
	OrgID      int64
	OrgPath    tree.Path
	Action     string
	ObjectType string
	ObjectID   string
	Result     string
	Reason     string
	Detail     string
	Alg        string
	PrevHash   string
	Hash       string
}

type head struct {
	bun.BaseModel `bun:"table:audit_head,alias:h"`

	ID      int64 `bun:",pk"`
	EntryID int64
	Hash    string
}

// Log writes and reads entries.
type Log struct{ now clock.Clock }

// New returns a log that takes its times from now.
func New(now clock.Clock) *Log { return &Log{now: now} }

// Record writes an entry with the transaction of the act it tells of.
func (l *Log) Record(ctx context.Context, tx bun.IDB, e Entry) error {
	detail := []byte("{}")
	if e.Detail != nil {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("audit %s: %w", e.Action, err)
		}
	}
	if e.Result == "" {
		e.Result = Done
	}
	last := head{ID: 1}
	q := tx.NewSelect().Model(&last).WherePK()
	if tx.Dialect().Name().String() == "pg" {
		q = q.For("update") // the chain is one line; SQLite has one writer anyway
	}
	if err := q.Scan(ctx); err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	who := WhoFrom(ctx)
	r := Record{
		At: l.now(), ActorID: who.ID, Actor: who.Name, IP: who.IP, RequestID: who.RequestID,
		OrgID: e.OrgID, OrgPath: e.OrgPath, Action: e.Action, ObjectType: e.ObjectType, ObjectID: e.ObjectID,
		Result: e.Result, Reason: e.Reason, Detail: string(detail), Alg: "SHA-256", PrevHash: last.Hash,
	}
	r.Hash = r.digest()
	if _, err := tx.NewInsert().Model(&r).Exec(ctx); err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	last.EntryID, last.Hash = r.ID, r.Hash
	if _, err := tx.NewUpdate().Model(&last).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("audit %s: %w", e.Action, err)
	}
	return nil
}

// digest covers every field but the number the database gives. Each is preceded
// by its length, so that text can't move from one field into the next.
func (r *Record) digest() string {
	h := sha256.New()
	for _, s := range []string{
		r.PrevHash, strconv.FormatInt(r.At.UnixMilli(), 10), strconv.FormatInt(r.ActorID, 10), r.Actor, r.IP, r.RequestID,
		strconv.FormatInt(r.OrgID, 10), string(r.OrgPath), r.Action, r.ObjectType, r.ObjectID, r.Result, r.Reason, r.Detail,
	} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Verify walks the whole chain and returns the number of entries and, if one
// does not fit, its id (0 when all fit).
func (l *Log) Verify(ctx context.Context, d *db.DB) (entries int, broken int64, err error) {
	prev, last := "", int64(0)
	for {
		var batch []Record
		if err := d.Read().NewSelect().Model(&batch).Where("id > ?", last).Order("id").Limit(1000).Scan(ctx); err != nil {
			return entries, 0, fmt.Errorf("verify audit: %w", err)
		}
		for i := range batch {
			r := &batch[i]
			if r.PrevHash != prev || r.digest() != r.Hash {
				return entries, r.ID, nil
			}
			prev, last = r.Hash, r.ID
			entries++
		}
		if len(batch) < 1000 {
			break
		}
	}
	var h head
	if err := d.Read().NewSelect().Model(&h).Where("id = 1").Scan(ctx); err != nil {
		return entries, 0, fmt.Errorf("verify audit: %w", err)
	}
	if h.Hash != prev {
		return entries, h.EntryID, nil // the newest entries were cut off
	}
	return entries, 0, nil
}

// Filter narrows a list of entries; zero fields don't.
type Filter struct {
	Scopes  []tree.Path
	ActorID int64
	// Actors narrows to any of several, Actor to the name as it was then.
	Actors []int64
	Actor  string
	// Action is a whole one, or a beginning up to its dot: "org.".
	Action     string
	Result     string
	ObjectType string
	ObjectID   string
	From, To   time.Time
	// Before is the cursor: only entries with a smaller id.
	Before int64
	Limit  int64
}

// List returns entries, newest first.
func (l *Log) List(ctx context.Context, db bun.IDB, f Filter) ([]Record, error) {
	var out []Record
	q := db.NewSelect().Model(&out).Order("id desc").Limit(f.Limit)
	if f.Before > 0 {
		q = q.Where("id < ?", f.Before)
	}
	if f.ActorID > 0 {
		q = q.Where("actor_id = ?", f.ActorID)
	}
	if len(f.Actors) > 0 {
		q = q.Where("actor_id in (?)", bun.In(f.Actors))
	}
	if f.Actor != "" {
		q = q.Where("actor = ?", f.Actor)
	}
	if strings.HasSuffix(f.Action, ".") {
		q = q.Where("substr(action, 1, ?) = ?", len(f.Action), f.Action)
	} else if f.Action != "" {
		q = q.Where("action = ?", f.Action)
	}
	if f.Result != "" {
		q = q.Where("result = ?", f.Result)
	}
	if f.ObjectType != "" {
		q = q.Where("object_type = ?", f.ObjectType)
	}
	if f.ObjectID != "" {
		q = q.Where("object_id = ?", f.ObjectID)
	}
	if !f.From.IsZero() {
		q = q.Where("at >= ?", f.From)
	}
	if !f.To.IsZero() {
		q = q.Where("at < ?", f.To)
	}
	if len(f.Scopes) > 0 {
		q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			for _, p := range f.Scopes {
				lo, hi := p.Range()
				q = q.WhereOr("org_path >= ? and org_path < ?", lo, hi)
			}
			return q
		})
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list audit: %w", err)
	}
	return out, nil
}
