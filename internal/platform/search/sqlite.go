package search

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
)

type sqliteEngine struct {
	db *db.DB
	// Questions ask the inverted file a dozen times; preparing each time
	// would cost as much as the answers.
	all, latest *sql.Stmt
}

func newSQLite(ctx context.Context, d *db.DB) (engine, error) {
	p, err := under(d.Read())
	if err != nil {
		return nil, err
	}
	e := sqliteEngine{db: d}
	const list = "select coalesce(group_concat(rowid), '') from "
	if e.all, err = p.PrepareContext(ctx, list+"search_fts where search_fts match ?"); err != nil {
		return nil, err
	}
	e.latest, err = p.PrepareContext(ctx, list+"(select rowid from search_fts where search_fts match ? order by rowid desc limit ?)")
	return e, err
}

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

func (e sqliteEngine) find(ctx context.Context, s search, limit int) ([]int64, error) {
	match := s.expr.render(sqlitePhrase, " AND ", " OR ")
	if s.public {
		match = "(" + match + `) NOT "` + restricted + `"`
	}
	stmt, args := e.all, []any{match}
	if limit > 0 {
		stmt, args = e.latest, []any{match, limit}
	}
	var list string
	if err := stmt.QueryRowContext(ctx, args...).Scan(&list); err != nil {
		return nil, fmt.Errorf("look up terms: %w", err)
	}
	return parseIDs(list)
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

func (e sqliteEngine) frequencies(ctx context.Context, terms []string) (map[string]int, error) {
	return counts(ctx, e.db.Read().NewRaw("select term, doc as n from search_vocab where term in (?)", bun.In(terms)))
}
