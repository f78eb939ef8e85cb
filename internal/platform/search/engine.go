package search

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/uptrace/bun"
)

// engine is the inverted file of one database: what differs between the two.
type engine interface {
	// reserve gives n numbers for documents, not in use.
	reserve(ctx context.Context, tx bun.IDB, n int) ([]int64, error)
	// insertTerms is the statement that adds a part to the inverted file, terms
	// its arguments, and numbered writes placeholders as the driver wants them.
	insertTerms() string
	terms(id int64, title, body string, scope, sound []string) []any
	numbered(sql string) string
	erase(ctx context.Context, tx bun.IDB, parts []int64) error
	// find returns the latest parts that match, at most limit; 0 gives them all.
	find(ctx context.Context, s search, limit int) ([]int64, error)
	// list is the SQL that joins the column id of many rows by commas.
	list() string
	// frequencies tells how many parts hold each term; what none holds may be
	// missing.
	frequencies(ctx context.Context, terms []string) (map[string]int, error)
}

// parseIDs reads "3,2,1", the form in which both engines hand over many ids
// with the cost of one row.
func parseIDs(list string) ([]int64, error) {
	if list == "" {
		return nil, nil
	}
	ids := make([]int64, 0, strings.Count(list, ",")+1)
	for one := range strings.SplitSeq(list, ",") {
		id, err := strconv.ParseInt(one, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read ids: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// counts reads rows of term and n.
func counts(ctx context.Context, q *bun.RawQuery) (map[string]int, error) {
	var rows []struct {
		Term string
		N    int
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, err
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Term] = r.N
	}
	return out, nil
}
