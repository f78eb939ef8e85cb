package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"lianxin/internal/platform/db"
)

type postgresEngine struct {
	db *db.DB
}

func (postgresEngine) reserve(ctx context.Context, tx bun.IDB, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	var out []int64
	err := tx.NewRaw("select nextval('search_seq') from generate_series(1, ?)", n).Scan(ctx, &out)
	return out, err
}

func (postgresEngine) insertTerms() string {
	return "insert into search_fts (id, terms) values (?, ?::tsvector)"
}

func (postgresEngine) numbered(sql string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(sql, "?") {
		if n > 0 {
			b.WriteString("$" + strconv.Itoa(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}

// soundsFrom is the position where the sounds of a title begin, beyond those
// of any part.
const soundsFrom = 12000

// maxPositions is how many positions a lexeme may have; PostgreSQL would drop
// the rest with a notice.
const maxPositions = 255

func (postgresEngine) terms(id int64, title, body string, scope, sound []string) []any {
	at := map[string][]string{}
	put := func(term string, pos int, weight string) {
		if len(at[term]) < maxPositions {
			at[term] = append(at[term], strconv.Itoa(pos)+weight)
		}
	}
	pos := 0
	for t := range tokens(title) {
		pos++
		put(t.term(), pos, "A")
	}
	pos += 2
	for t := range tokens(body) {
		pos++
		put(t.term(), pos, "")
	}
	for i, s := range sound {
		put(s, soundsFrom+i, "")
	}
	var b strings.Builder
	for term, places := range at {
		b.WriteString("'" + term + "':" + strings.Join(places, ",") + " ")
	}
	for _, s := range slices.Compact(scope) {
		b.WriteString("'" + s + "' ")
	}
	return []any{id, b.String()}
}

func (postgresEngine) erase(ctx context.Context, tx bun.IDB, parts []int64) error {
	_, err := tx.NewRaw("delete from search_fts where id in (?)", bun.In(parts)).Exec(ctx)
	return err
}

func (e postgresEngine) find(ctx context.Context, s search, limit int) ([]int64, error) {
	match := s.expr.render(postgresPhrase, " & ", " | ")
	if len(s.without) > 0 {
		match += " & !('" + strings.Join(s.without, "' | '") + "')"
	}
	some := e.db.Read().NewSelect().Table("search_fts").Column("id").Where("terms @@ ?::tsquery", match)
	if limit > 0 {
		some.Order("id desc").Limit(int64(limit))
	}
	var list string
	if err := e.db.Read().NewRaw("select coalesce(string_agg(id::text, ','), '') from (?) as found", some).Scan(ctx, &list); err != nil {
		return nil, fmt.Errorf("look up terms: %w", err)
	}
	return parseIDs(list)
}

func postgresPhrase(p phrase) string {
	lexemes := make([]string, len(p.terms))
	for i, t := range p.terms {
		suffix := ""
		if cut, ok := strings.CutSuffix(t, "*"); ok {
			t, suffix = cut, "*"
		}
		if p.title {
			suffix += "A"
		}
		if suffix != "" {
			suffix = ":" + suffix
		}
		lexemes[i] = "'" + t + "'" + suffix
	}
	if len(lexemes) == 1 {
		return lexemes[0]
	}
	return "(" + strings.Join(lexemes, " <-> ") + ")"
}

func (postgresEngine) list() string { return "coalesce(string_agg(id::text, ','), '')" }

func (e postgresEngine) frequencies(ctx context.Context, terms []string) (map[string]int, error) {
	return counts(ctx, e.db.Read().NewRaw(`select term, (select count(*) from search_fts where terms @@ quote_literal(term)::tsquery) as n
		from unnest(?::text[]) as term`, pgdialect.Array(terms)))
}
