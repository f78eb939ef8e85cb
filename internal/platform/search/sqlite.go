package search

import (
	"context"
	"database/sql"
	"strings"

	"github.com/uptrace/bun"
)

type sqliteEngine struct{}

func (sqliteEngine) reserve(ctx context.Context, tx bun.IDB, n int) ([]int64, error) {
	var last int64
	if err := tx.NewRaw("select coalesce(max(id), 0) from search_doc").Scan(ctx, &last); err != nil {
		return nil, err
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = last + int64(i) + 1
	}
	return out, nil
}

type sqliteInserter struct {
	stmt *sql.Stmt
	buf  []byte
}

func (sqliteEngine) inserter(ctx context.Context, tx bun.IDB) (inserter, error) {
	p, err := under(tx)
	if err != nil {
		return nil, err
	}
	stmt, err := p.PrepareContext(ctx, "insert into search_fts (rowid, title, body, scope, sound) values (?, ?, ?, ?, ?)")
	if err != nil {
		return nil, err
	}
	return &sqliteInserter{stmt: stmt}, nil
}

func (in *sqliteInserter) add(ctx context.Context, id int64, title, body string, scope, sound []string) error {
	_, err := in.stmt.ExecContext(ctx, id, in.spaced(title), in.spaced(body), strings.Join(scope, " "), strings.Join(sound, " "))
	return err
}

// spaced writes the terms of s with blanks between.
func (in *sqliteInserter) spaced(s string) string {
	in.buf = in.buf[:0]
	for t := range tokens(s) {
		in.buf = append(t.append(in.buf), ' ')
	}
	return string(in.buf)
}

func (in *sqliteInserter) close() { in.stmt.Close() }

func (sqliteEngine) erase(ctx context.Context, tx bun.IDB, parts []int64) error {
	_, err := tx.NewRaw("delete from search_fts where rowid in (?)", bun.In(parts)).Exec(ctx)
	return err
}

func (sqliteEngine) find(ctx context.Context, q bun.IDB, s search, limit int) ([]int64, error) {
	match := s.expr.render(sqlitePhrase, " AND ", " OR ")
	if s.public {
		match = "(" + match + `) NOT "` + restricted + `"`
	}
	return scanIDs(ctx, q.NewRaw(`select coalesce(group_concat(rowid), '') from
		(select rowid from search_fts where search_fts match ? order by rowid desc limit ?)`, match, limit))
}

// sqlitePhrase quotes a phrase; terms hold no quotation marks.
func sqlitePhrase(p phrase) string {
	s := strings.Join(p.terms, " ")
	if t, ok := strings.CutSuffix(s, "*"); ok {
		s = `"` + t + `"*`
	} else {
		s = `"` + s + `"`
	}
	if p.title {
		return "title : " + s
	}
	return s
}

func (sqliteEngine) list() string { return "coalesce(group_concat(id), '')" }

func (sqliteEngine) frequency(ctx context.Context, q bun.IDB, term string) (int, error) {
	var n int
	err := q.NewRaw("select coalesce((select doc from search_vocab where term = ?), 0)", term).Scan(ctx, &n)
	return n, err
}
