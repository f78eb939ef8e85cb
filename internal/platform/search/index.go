package search

import (
	"context"
	"database/sql"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/tree"
)

// The id of a part: document, part, length class.
const (
	partBits   = 7
	lengthBits = 4
	docShift   = partBits + lengthBits
	maxParts   = 1 << partBits
	// partSize is about how many characters go into a part: short enough that
	// the place of an answer can be told, and far below the 16,383 positions of
	// a tsvector. Of a text longer than maxParts × partSize, 380,000
	// characters, the rest is not searched.
	partSize = 3000
	// longestTitle bounds what of a title is indexed, in characters.
	longestTitle = 300
)

// row is a document as it is stored.
type row struct {
	bun.BaseModel `bun:"table:search_doc"`

	ID       int64 `bun:",pk"`
	Kind     string
	Ref      int64
	SiteID   int64
	OrgID    int64
	ColumnID int64
	OrgPath  tree.Path
	Category string
	Audience string
	Title    string
	URL      string
	Place    string
	Year     int
	At       time.Time
}

// Put indexes docs, each in place of what had its Kind and ID. It belongs into
// the transaction of the change. Hand over many at once where there are many.
func (x *Index) Put(ctx context.Context, tx bun.IDB, docs ...Doc) error {
	docs = lastOfEach(docs)
	for kind, ids := range byKind(docs) {
		if err := x.Delete(ctx, tx, kind, ids...); err != nil {
			return err
		}
	}
	seq, err := x.engine.reserve(ctx, tx, len(docs))
	if err != nil {
		return fmt.Errorf("number documents to index: %w", err)
	}
	insert, err := x.prepare(ctx, tx)
	if err != nil {
		return fmt.Errorf("prepare to index: %w", err)
	}
	defer insert.close()
	for i, d := range docs {
		if err := insert.put(ctx, seq[i], d); err != nil {
			return fmt.Errorf("index %s %d: %w", d.Kind, d.ID, err)
		}
	}
	return nil
}

// writer holds the statements that index a document, prepared once for many:
// bun's bulk insert writes texts as hexadecimal digits into the statement, which
// cost 0.7 × as much as the inverted file itself.
type writer struct {
	doc, text, terms *sql.Stmt
	engine           engine
}

func (x *Index) prepare(ctx context.Context, tx bun.IDB) (*writer, error) {
	p, err := under(tx)
	if err != nil {
		return nil, err
	}
	w := &writer{engine: x.engine}
	for _, s := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&w.doc, `insert into search_doc (id, kind, ref, site_id, org_id, column_id, org_path, category, audience, title, url, place, year, at)
			values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.text, "insert into search_text (id, body) values (?, ?)"},
		{&w.terms, x.engine.insertTerms()},
	} {
		if *s.to, err = p.PrepareContext(ctx, x.engine.numbered(s.sql)); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

func (w *writer) put(ctx context.Context, seq int64, d Doc) error {
	d.Title, d.Body = clean(d.Title), clean(d.Body)
	_, err := w.doc.ExecContext(ctx, seq, d.Kind, d.ID, d.SiteID, d.OrgID, d.ColumnID, string(d.OrgPath), d.Category, d.Audience,
		d.Title, clean(d.URL), placeOf(d.Title), d.At.In(zone).Year(), d.At.UTC().Truncate(time.Millisecond))
	if err != nil {
		return err
	}
	title := firstRunes(d.Title, longestTitle)
	scope, sound := d.scope(), sounds(title)
	for part, body := range parts(d.Body) {
		id := seq<<docShift | int64(part)<<lengthBits | lengthClass(len(body))
		if _, err := w.text.ExecContext(ctx, id, pack(body)); err != nil {
			return err
		}
		if _, err := w.terms.ExecContext(ctx, w.engine.terms(id, title, body, scope, sound)...); err != nil {
			return err
		}
		sound = nil // one part is enough to find the title by
	}
	return nil
}

func (w *writer) close() {
	for _, s := range []*sql.Stmt{w.doc, w.text, w.terms} {
		if s != nil {
			s.Close()
		}
	}
}

// Delete takes documents out of the index. Unknown ids are no error.
func (x *Index) Delete(ctx context.Context, tx bun.IDB, kind string, ids ...int64) error {
	for len(ids) > 0 {
		n := min(len(ids), 500)
		var seq []int64
		if err := tx.NewSelect().Table("search_doc").Column("id").Where("kind = ?", kind).Where("ref in (?)", bun.In(ids[:n])).Scan(ctx, &seq); err != nil {
			return fmt.Errorf("find %s in the index: %w", kind, err)
		}
		if err := x.remove(ctx, tx, seq); err != nil {
			return fmt.Errorf("take %s out of the index: %w", kind, err)
		}
		ids = ids[n:]
	}
	return nil
}

func (x *Index) remove(ctx context.Context, tx bun.IDB, seq []int64) error {
	if len(seq) == 0 {
		return nil
	}
	var partIDs []int64
	for _, s := range seq {
		var ids []int64
		err := tx.NewSelect().Table("search_text").Column("id").Where("id >= ? and id < ?", s<<docShift, (s+1)<<docShift).Scan(ctx, &ids)
		if err != nil {
			return err
		}
		partIDs = append(partIDs, ids...)
	}
	if err := x.engine.erase(ctx, tx, partIDs); err != nil {
		return err
	}
	if _, err := tx.NewDelete().Table("search_text").Where("id in (?)", bun.In(partIDs)).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.NewDelete().Table("search_doc").Where("id in (?)", bun.In(seq)).Exec(ctx)
	return err
}

// Move files everything below the organisation path from under to, after the
// organisation has moved.
func (x *Index) Move(ctx context.Context, tx bun.IDB, from, to tree.Path) error {
	lo, hi := from.Range()
	for {
		var rows []row
		if err := tx.NewSelect().Model(&rows).Where("org_path >= ? and org_path < ?", lo, hi).Limit(200).Scan(ctx); err != nil {
			return fmt.Errorf("find documents below %s: %w", from, err)
		}
		if len(rows) == 0 || from == to {
			return nil
		}
		docs := make([]Doc, len(rows))
		for i, r := range rows {
			var parts [][]byte
			if err := tx.NewSelect().Table("search_text").Column("body").Where("id >= ? and id < ?", r.ID<<docShift, (r.ID+1)<<docShift).Order("id").Scan(ctx, &parts); err != nil {
				return fmt.Errorf("read the text of %s %d: %w", r.Kind, r.Ref, err)
			}
			var body strings.Builder
			for _, p := range parts {
				text, err := unpack(p)
				if err != nil {
					return fmt.Errorf("read the text of %s %d: %w", r.Kind, r.Ref, err)
				}
				body.WriteString(text)
			}
			docs[i] = Doc{
				Kind: r.Kind, ID: r.Ref, SiteID: r.SiteID, OrgID: r.OrgID, ColumnID: r.ColumnID,
				OrgPath: to + tree.Path(strings.TrimPrefix(string(r.OrgPath), string(from))), Category: r.Category,
				Audience: r.Audience, Title: r.Title, Body: body.String(), URL: r.URL, At: r.At,
			}
		}
		if err := x.Put(ctx, tx, docs...); err != nil {
			return err
		}
	}
}

// parts cuts a long text, at the end of a line or sentence where one is near.
// Joined they give the text again; an empty text has one empty part.
func parts(body string) []string {
	if len(body) <= partSize {
		return []string{body}
	}
	var out []string
	for len(out) < maxParts && body != "" {
		end := byteOf(body, partSize)
		if end < len(body) {
			near := body[:end]
			for _, stop := range []string{"\n", "。", "；", ". "} {
				if i := strings.LastIndex(near, stop); i > end/2 {
					end = i + len(stop)
					break
				}
			}
		}
		out = append(out, body[:end])
		body = body[end:]
	}
	return out
}

// byteOf is where the character n of s begins, or the end of s.
func byteOf(s string, n int) int {
	if len(s) <= n {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func firstRunes(s string, n int) string { return s[:byteOf(s, n)] }

// lengthClass tells a length in doublings, so that four bits hold it.
func lengthClass(bytes int) int64 {
	return int64(min(bits.Len(uint(bytes)), 1<<lengthBits-1))
}

// lengthOf is the middle of the class of a part, in characters.
func lengthOf(part int64) float64 {
	return float64(int64(1)<<(part&(1<<lengthBits-1))) * 0.75 / 3
}

func lastOfEach(docs []Doc) []Doc {
	type key struct {
		kind string
		id   int64
	}
	last := make(map[key]int, len(docs))
	for i, d := range docs {
		last[key{d.Kind, d.ID}] = i
	}
	if len(last) == len(docs) {
		return docs
	}
	var out []Doc
	for i, d := range docs {
		if last[key{d.Kind, d.ID}] == i {
			out = append(out, d)
		}
	}
	return out
}

func byKind(docs []Doc) map[string][]int64 {
	out := map[string][]int64{}
	for _, d := range docs {
		out[d.Kind] = append(out[d.Kind], d.ID)
	}
	return out
}

// plain is what bun's transactions and handles share with database/sql.
type plain interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

func under(tx bun.IDB) (plain, error) {
	switch t := tx.(type) {
	case bun.Tx:
		return t.Tx, nil
	case *bun.DB:
		return t.DB, nil
	}
	return nil, fmt.Errorf("unknown kind of transaction %T", tx)
}
