package main

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/search"
)

// quality measures how well laypeople's questions find the articles that
// answer them, beside plain BM25 of FTS5 over the same terms.
func (b *bench) quality() {
	articles := b.articles()
	docs := make([]search.Doc, len(articles))
	for i, a := range articles {
		docs[i] = doc(i, a.Name, a.Text)
	}
	d, x, done := b.open()
	defer done()
	took := b.put(d, x, docs)
	fmt.Printf("quality: %d articles in %.1f s, %d questions\n", len(articles), took.Seconds(), len(b.questions()))
	fmt.Printf("%-24s %18s %18s %18s %10s\n", "", "all", "fitted half", "other half", "")
	fmt.Printf("%-24s %18s %18s %18s %10s\n", "nDCG@10, recall@10", "", "", "", "a question")
	b.grade("this search", func(q string) []string {
		r := must(x.Search(b.ctx, search.Query{Text: q, Limit: 10}))
		names := make([]string, len(r.Hits))
		for i, h := range r.Hits {
			names[i] = h.Title
		}
		return names
	})
	if d.Engine == db.SQLite {
		b.grade("plain BM25 over pairs", func(q string) []string { return b.plain(d, q) })
	}
}

// plain is the measure to beat: all pairs of the question joined by OR, ranked
// by FTS5's bm25, the title weighted 2.
func (b *bench) plain(d *db.DB, q string) []string {
	var terms []string
	last := rune(0)
	for _, r := range q + " " {
		if last != 0 && unicode.Is(unicode.Han, r) {
			terms = append(terms, `"`+string(last)+string(r)+`"`)
		}
		last = 0
		if unicode.Is(unicode.Han, r) {
			last = r
		}
	}
	var names []string
	check(d.Read().NewRaw(`select title from (select rowid as part, bm25(search_fts, 2, 1, 0, 0) as score from search_fts
		where search_fts match ? order by score limit 10) join search_doc on id = part >> 11 order by score`,
		"{title body} : ("+strings.Join(terms, " OR ")+")").Scan(b.ctx, &names))
	return names
}

// grade prints nDCG and recall of the first ten names, over all questions and
// over each half.
func (b *bench) grade(name string, answer func(string) []string) {
	var ndcg, recall, n [2]float64
	var took time.Duration
	for _, q := range b.questions() {
		half := q.ID / 2 % 2
		start := time.Now()
		names := answer(q.Query)
		took += time.Since(start)
		g, r := score(names, q.Relevant)
		ndcg[half] += g
		recall[half] += r
		n[half]++
	}
	cell := func(g, r, n float64) string { return fmt.Sprintf("%.3f, %.3f", g/n, r/n) }
	fmt.Printf("%-24s %18s %18s %18s %7.1f ms\n", name, cell(ndcg[0]+ndcg[1], recall[0]+recall[1], n[0]+n[1]),
		cell(ndcg[0], recall[0], n[0]), cell(ndcg[1], recall[1], n[1]), float64(took.Microseconds())/1000/(n[0]+n[1]))
}

func score(names, relevant []string) (ndcg, recall float64) {
	wanted := map[string]bool{}
	for _, r := range relevant {
		wanted[r] = true
	}
	for i, name := range names {
		if wanted[name] {
			ndcg += 1 / math.Log2(float64(i+2))
			recall++
		}
	}
	ideal := 0.0
	for i := range min(len(wanted), 10) {
		ideal += 1 / math.Log2(float64(i+2))
	}
	return ndcg / ideal, recall / float64(len(wanted))
}
