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

func (sqliteEngine) insertTerms() string {
	return "insert into search_fts (rowid, title, body, scope, sound) values (?, ?, ?, ?, ?)"
}

func (sqliteEngine) numbered(sql string) string { return sql }

func (sqliteEngine) terms(id int64, title, body string, scope, sound []string) []any {
	return []any{id, spaced(title), spaced(body), strings.Join(scope, " "), strings.Join(sound, " ")}
}

// spaced writes the terms of s with blanks between.
func spaced(s string) string {
	buf := make([]byte, 0, 3*len(s))
	for t := range tokens(s) {
		buf = append(t.append(buf), ' ')
	}
	return string(buf)
}

func (sqliteEngine) erase(ctx context.Context, tx bun.IDB, parts []int64) error {
	_, err := tx.NewRaw("delete from search_fts where rowid in (?)", bun.In(parts)).Exec(ctx)
	return err
}

func (e sqliteEngine) find(ctx context.Context, s search, limit int) ([]int64, error) {
	match := s.expr.render(sqlitePhrase, " AND ", " OR ")
	if len(s.without) > 0 {
		match = "(" + match + `) NOT ("` + strings.Join(s.without, `" OR "`) + `")`
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
