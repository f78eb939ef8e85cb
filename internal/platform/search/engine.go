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
	inserter(ctx context.Context, tx bun.IDB) (inserter, error)
	erase(ctx context.Context, tx bun.IDB, parts []int64) error
	// find returns the parts that match, the latest first, at most limit.
	find(ctx context.Context, q bun.IDB, s search, limit int) ([]int64, error)
	// list is the SQL that joins the column id of many rows by commas.
	list() string
	// frequency tells how many parts hold a term.
	frequency(ctx context.Context, q bun.IDB, term string) (int, error)
}

// inserter adds parts to the inverted file.
type inserter interface {
	add(ctx context.Context, id int64, title, body string, scope, sound []string) error
	close()
}

// scanIDs reads "3,2,1", the form in which both engines hand over many ids
// with the cost of one row.
func scanIDs(ctx context.Context, q *bun.RawQuery) ([]int64, error) {
	var list string
	if err := q.Scan(ctx, &list); err != nil {
		return nil, fmt.Errorf("look up terms: %w", err)
	}
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
