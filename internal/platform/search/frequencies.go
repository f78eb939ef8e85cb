package search

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// frequencies remembers how many parts hold a term, and how many there are.
// Ranking needs the proportion only, so a remembered number may be old; rare
// terms are asked for each time, which costs little and misses nothing new.
type frequencies struct {
	index *Index

	mu    sync.Mutex
	known map[string]int
	parts int
	until time.Time
}

const (
	rare           = 64
	mostRemembered = 20_000
	rememberedFor  = 10 * time.Minute
	growth         = 5 // a fifth more documents make remembered numbers wrong
)

func newFrequencies(x *Index) *frequencies { return &frequencies{index: x} }

// of returns how many parts hold each term.
func (f *frequencies) of(ctx context.Context, terms []string) (map[string]int, error) {
	if err := f.renew(ctx); err != nil {
		return nil, err
	}
	out := make(map[string]int, len(terms))
	var ask []string
	f.mu.Lock()
	for _, t := range terms {
		if n, ok := f.known[t]; ok {
			out[t] = n
		} else {
			ask = append(ask, t)
		}
	}
	f.mu.Unlock()
	if len(ask) == 0 {
		return out, nil
	}
	counted, err := f.index.engine.frequencies(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("count terms: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for t, n := range counted {
		out[t] = n
		if n > rare && len(f.known) < mostRemembered {
			f.known[t] = n
		}
	}
	return out, nil
}

// renew forgets what is old.
func (f *frequencies) renew(ctx context.Context) error {
	var last int
	if err := f.index.db.Read().NewRaw("select coalesce(max(id), 0) from search_doc").Scan(ctx, &last); err != nil {
		return fmt.Errorf("count documents: %w", err)
	}
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.After(f.until) || last > f.parts+f.parts/growth {
		f.known, f.parts, f.until = map[string]int{}, last, now.Add(rememberedFor)
	}
	return nil
}

// weight is the inverse document frequency of a term held by n parts.
func (f *frequencies) weight(n int) float64 {
	f.mu.Lock()
	all := float64(max(f.parts, n))
	f.mu.Unlock()
	return math.Log(1 + all/(float64(n)+0.5))
}
