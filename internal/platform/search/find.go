package search

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/errs"
)

const (
	// mostCounted is how many parts a question of words looks at; of more, the
	// latest indexed, and Total is a lower bound.
	mostCounted = 10_000
	// mostRead is how many candidates of a sentence are read and scored,
	// mostWeighed of words, where all that is found holds all of them.
	mostRead    = 300
	mostWeighed = 150
	// mostBytes ends the reading earlier where texts are long.
	mostBytes = 1 << 20
	// nominations is how many parts the terms of a sentence may name together.
	// Its rarest terms name first; those that nearly everything holds never.
	nominations = 8_000
	// worthShowing is the share of the best score below which a part is no
	// answer to a sentence.
	worthShowing = 0.3
	// mostFaceted is how many hits are counted for the facets.
	mostFaceted = 1000
	// mostSentence hits a sentence may have.
	mostSentence = 100
	defaultLimit = 20
	mostLimit    = 100
)

// found is the hits of a question in the order of their relevance, a part a
// document.
type found struct {
	parts    []int64
	scores   map[int64]float64
	atLeast  bool
	sentence bool
	marker   *scorer
}

// Search answers q. A question that nothing can be made of has no hits.
func (x *Index) Search(ctx context.Context, q Query) (Result, error) {
	asked := ask(q.Text)
	if len(asked.words) == 0 {
		return Result{}, nil
	}
	f, err := x.answer(ctx, &q, &asked)
	if err != nil {
		return Result{}, err
	}
	r := Result{Total: len(f.parts), AtLeast: f.atLeast, Sentence: f.sentence}
	page, next, err := x.page(ctx, &q, f)
	if err != nil {
		return Result{}, err
	}
	r.Next = next
	if r.Hits, err = x.hits(ctx, page, f); err != nil {
		return Result{}, err
	}
	if r.Facets, err = x.facets(ctx, f.parts); err != nil {
		return Result{}, err
	}
	if r.Total < 3 || f.sentence && !asked.asks {
		if r.Similar, r.DidYouMean, err = x.similar(ctx, &q, asked.text); err != nil {
			return Result{}, err
		}
	}
	return r, nil
}

// answer finds the hits: of words where they all occur, else of a sentence.
func (x *Index) answer(ctx context.Context, q *Query, asked *question) (found, error) {
	if !asked.asks {
		f, err := x.words(ctx, q, asked)
		if err != nil || len(f.parts) > 0 {
			return f, err
		}
		if len(asked.words) == len(asked.quoted) {
			return f, nil // who quotes everything means it
		}
	}
	return x.sentence(ctx, q, asked)
}

// look finds the parts, the latest first, a part a document.
func (x *Index) look(ctx context.Context, q *Query, e expr, limit int) ([]int64, error) {
	var all []int64
	for _, s := range e.audiences(q) {
		ids, err := x.engine.find(ctx, s, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	if len(q.Audiences) > 0 {
		slices.SortFunc(all, func(a, b int64) int { return cmp.Compare(b, a) })
		all = slices.Compact(all)
	}
	return all, nil
}

// words finds where every word occurs.
func (x *Index) words(ctx context.Context, q *Query, asked *question) (found, error) {
	e := q.filter()
	for _, w := range asked.words {
		e = e.and([]phrase{w})
	}
	ids, err := x.look(ctx, q, e, mostCounted)
	if err != nil {
		return found{}, err
	}
	if len(ids) == 0 && len(asked.words) > 1 {
		if ids, err = x.acrossParts(ctx, q, asked.words); err != nil {
			return found{}, err
		}
	}
	f := found{atLeast: len(ids) >= mostCounted}
	first := ids
	if len(ids) > mostWeighed { // too many to read: what has the words in its title, then the latest
		e := q.filter()
		for _, w := range asked.words {
			e = e.and(titles([]phrase{w}))
		}
		if first, err = x.look(ctx, q, e, mostWeighed/2); err != nil {
			return found{}, err
		}
		first = append(first, ids...)
	}
	known, err := x.terms.of(ctx, termsOf(asked.text))
	if err != nil {
		return found{}, err
	}
	f.marker = newScorer(asked.text, "", func(t string) float64 { return x.terms.weight(known[t]) })
	f.marker.sentences, f.marker.words = false, asked.words
	best, err := x.read(ctx, unique(first))
	if err != nil {
		return found{}, err
	}
	f.marker.rank(best)
	f.take(best, ids)
	return f, nil
}

// acrossParts finds long documents that hold every word, in different parts.
func (x *Index) acrossParts(ctx context.Context, q *Query, words []phrase) ([]int64, error) {
	var parts []int64
	for i, w := range words {
		ids, err := x.look(ctx, q, q.filter().and([]phrase{w}), mostCounted)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			parts = ids
			continue
		}
		docs := make(map[int64]bool, len(ids))
		for _, id := range ids {
			docs[id>>docShift] = true
		}
		parts = slices.DeleteFunc(parts, func(id int64) bool { return !docs[id>>docShift] })
	}
	return parts, nil
}

// sentence finds what answers best.
func (x *Index) sentence(ctx context.Context, q *Query, asked *question) (found, error) {
	subject := asked.subject()
	said := written(subject)
	known, err := x.terms.of(ctx, append(termsOf(subject), termsOf(said)...))
	if err != nil {
		return found{}, err
	}
	s := newScorer(subject, said, func(t string) float64 { return x.terms.weight(known[t]) })
	s.text, s.here = asked.text, q.Here
	named, err := x.nominate(ctx, q, asked, s, known)
	if err != nil {
		return found{}, err
	}
	best, err := x.read(ctx, named)
	if err != nil {
		return found{}, err
	}
	s.rank(best)
	f := found{sentence: true, marker: s}
	for i, c := range best {
		if len(best) > 0 && c.match < worthShowing*best[0].match {
			best[i].score = math.Inf(-1)
		}
	}
	best = slices.DeleteFunc(best, func(c candidate) bool { return math.IsInf(c.score, -1) })
	f.take(best, nil)
	f.parts = f.parts[:min(len(f.parts), mostSentence)]
	return f, nil
}

// nominate lets the terms of a sentence name candidates, the rarest first, and
// returns those named with the most weight. Longer parts need more.
func (x *Index) nominate(ctx context.Context, q *Query, asked *question, s *scorer, known map[string]int) ([]int64, error) {
	terms := s.terms()
	slices.SortFunc(terms, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(b.weight/math.Sqrt(float64(known[b.term]+1)), a.weight/math.Sqrt(float64(known[a.term]+1))), cmp.Compare(a.term, b.term))
	})
	filter := q.filter()
	for _, p := range asked.quoted {
		filter = filter.and([]phrase{p})
	}
	votes := map[int64]float64{}
	left := nominations
	for _, t := range terms {
		n := known[t.term]
		if n == 0 || n > left && left < nominations {
			continue
		}
		limit := 0
		if n > nominations {
			limit = nominations
		}
		ids, err := x.look(ctx, q, filter.and(anyOf(t.term)), limit)
		if err != nil {
			return nil, err
		}
		left -= max(len(ids), n/8)
		for _, id := range ids {
			votes[id] += t.weight
		}
	}
	return mostNamed(votes), nil
}

func mostNamed(votes map[int64]float64) []int64 {
	average := 0.0
	for id := range votes {
		average += lengthOf(id)
	}
	average = max(average/float64(max(len(votes), 1)), 1)
	all := make([]nominee, 0, len(votes))
	for id, w := range votes {
		all = append(all, nominee{id, w / (1 + saturation*(0.5+0.5*lengthOf(id)/average))})
	}
	first := firstOf(all, mostRead)
	slices.SortFunc(first, func(a, b nominee) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	out := make([]int64, len(first))
	for i, n := range first {
		out[i] = n.part
	}
	return out
}

type nominee struct {
	part int64
	vote float64
}

func (n nominee) before(m nominee) bool {
	return n.vote > m.vote || n.vote == m.vote && n.part > m.part
}

// firstOf returns the n with the most votes, in no order, by dividing around a
// middle one until the border lies at n.
func firstOf(all []nominee, n int) []nominee {
	lo, hi := 0, len(all)
	for n < hi && hi-lo > 1 {
		pivot := all[(lo+hi)/2]
		i, j := lo, hi-1
		for i <= j {
			for all[i].before(pivot) {
				i++
			}
			for pivot.before(all[j]) {
				j--
			}
			if i <= j {
				all[i], all[j] = all[j], all[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			hi = j + 1
		case n >= i:
			lo = i
		default:
			return all[:n]
		}
	}
	return all[:min(n, len(all))]
}

type weighted struct {
	term   string
	weight float64
}

// terms lists what the scorer looks for.
func (s *scorer) terms() []weighted {
	out := make([]weighted, 0, len(s.weights))
	for p, i := range s.pairs {
		out = append(out, weighted{string(p[0]) + string(p[1]), s.weights[i]})
	}
	for w, i := range s.latin {
		out = append(out, weighted{w, s.weights[i]})
	}
	return out
}

func termsOf(s string) []string {
	var out []string
	for t := range tokens(s) {
		if !t.edge() {
			out = append(out, t.term())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unique drops repeated parts, keeping the order.
func unique(ids []int64) []int64 {
	seen := make(map[int64]bool, min(len(ids), mostWeighed))
	var out []int64
	for _, id := range ids {
		if len(out) == mostWeighed {
			break
		}
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// read fetches candidates with their text, until enough has been read.
func (x *Index) read(ctx context.Context, parts []int64) ([]candidate, error) {
	out := make([]candidate, 0, len(parts))
	size := 0
	for len(parts) > 0 && size < mostBytes {
		n := min(len(parts), 100)
		rows, err := x.db.Read().QueryContext(ctx, `select t.id, t.body, d.title, d.place from search_text t join search_doc d on d.id = t.id >> ? where t.id in (?)`,
			docShift, bun.In(parts[:n]))
		if err != nil {
			return nil, fmt.Errorf("read candidates: %w", err)
		}
		for rows.Next() {
			var c candidate
			var packed sql.RawBytes
			if err := rows.Scan(&c.part, &packed, &c.title, &c.place); err != nil {
				rows.Close()
				return nil, fmt.Errorf("read a candidate: %w", err)
			}
			if c.body, err = unpack(packed); err != nil {
				rows.Close()
				return nil, err
			}
			size += len(c.body)
			out = append(out, c)
		}
		if err := rows.Close(); err != nil {
			return nil, fmt.Errorf("read candidates: %w", err)
		}
		parts = parts[n:]
	}
	return out, nil
}

// take fills f with the best part of each document, the read ones first.
func (f *found) take(best []candidate, rest []int64) {
	f.scores = make(map[int64]float64, len(best))
	seen := make(map[int64]bool, len(best)+len(rest))
	add := func(part int64) {
		if doc := part >> docShift; !seen[doc] {
			seen[doc] = true
			f.parts = append(f.parts, part)
		}
	}
	for _, c := range best {
		f.scores[c.part] = c.score
		add(c.part)
	}
	for _, id := range rest {
		add(id)
	}
}

// page picks the part of the hits that was asked for.
func (x *Index) page(ctx context.Context, q *Query, f found) (parts []int64, next string, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, mostLimit)
	from := 0
	if q.Cursor != "" {
		if from, err = strconv.Atoi(q.Cursor); err != nil || from < 0 {
			return nil, "", errs.Invalid("search.bad_cursor")
		}
	}
	all := f.parts
	if q.Sort == ByDate {
		if all, err = x.latest(ctx, f.parts, from+limit+1); err != nil {
			return nil, "", err
		}
	}
	if from >= len(all) {
		return nil, "", nil
	}
	to := min(from+limit, len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}

// latest returns the first n parts by the date of their documents. Few are
// looked up; of many it is faster to walk down all documents by date until
// enough of them have been met.
func (x *Index) latest(ctx context.Context, parts []int64, n int) ([]int64, error) {
	of := make(map[int64]int64, len(parts))
	for _, p := range parts {
		of[p>>docShift] = p
	}
	few := len(parts) <= mostFaceted
	var out []int64
	var at time.Time
	var id int64
	for len(out) < min(n, len(parts)) {
		from := x.db.Read().NewSelect().Table("search_doc").Column("id").Order("at desc", "id desc").Limit(2000)
		if few {
			from.Where("id in (?)", bun.In(docsOf(parts)))
		}
		if id != 0 {
			from.Where("(at, id) < (?, ?)", at, id)
		}
		var list string
		if err := x.db.Read().NewRaw("select "+x.engine.list()+" from (?) as d", from).Scan(ctx, &list); err != nil {
			return nil, fmt.Errorf("walk by date: %w", err)
		}
		ids, err := parseIDs(list)
		if err != nil || len(ids) == 0 {
			return out, err
		}
		for _, one := range ids {
			if p, ok := of[one]; ok {
				out = append(out, p)
			}
		}
		id = ids[len(ids)-1]
		if err := x.db.Read().NewRaw("select at from search_doc where id = ?", id).Scan(ctx, &at); err != nil {
			return nil, fmt.Errorf("walk by date: %w", err)
		}
	}
	return out[:min(len(out), n)], nil
}

func docsOf(parts []int64) []int64 {
	out := make([]int64, len(parts))
	for i, p := range parts {
		out[i] = p >> docShift
	}
	return out
}

// hits reads what a page shows.
func (x *Index) hits(ctx context.Context, parts []int64, f found) ([]Hit, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	var rows []row
	if err := x.db.Read().NewSelect().Model(&rows).Where("id in (?)", bun.In(docsOf(parts))).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read hits: %w", err)
	}
	texts, err := x.read(ctx, parts)
	if err != nil {
		return nil, err
	}
	body := make(map[int64]string, len(texts))
	for _, t := range texts {
		body[t.part] = t.body
	}
	byID := make(map[int64]row, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	out := make([]Hit, 0, len(parts))
	for _, p := range parts {
		r, ok := byID[p>>docShift]
		if !ok {
			continue // taken out since
		}
		out = append(out, Hit{
			Kind: r.Kind, ID: r.Ref, Title: r.Title, MarkedTitle: f.marker.marked(r.Title), URL: r.URL,
			Excerpt: f.marker.excerpt(body[p]), Category: r.Category, Score: math.Round(f.scores[p]*1000) / 1000,
			PublishedAt: r.At.UTC(), SiteID: r.SiteID, OrgID: r.OrgID, ColumnID: r.ColumnID,
		})
	}
	return out, nil
}

// facets counts the first hits by their values.
func (x *Index) facets(ctx context.Context, parts []int64) (Facets, error) {
	f := Facets{Sampled: len(parts) > mostFaceted}
	parts = parts[:min(len(parts), mostFaceted)]
	if len(parts) == 0 {
		return f, nil
	}
	var rows []struct {
		ColumnID, OrgID int64
		Year            int
		Kind, Category  string
		N               int
	}
	err := x.db.Read().NewRaw(`select column_id, org_id, year, kind, category, count(*) as n from search_doc where id in (?)
		group by column_id, org_id, year, kind, category`, bun.In(docsOf(parts))).Scan(ctx, &rows)
	if err != nil {
		return f, fmt.Errorf("count facets: %w", err)
	}
	columns, orgs, years, kinds, categories := tally{}, tally{}, tally{}, tally{}, tally{}
	for _, r := range rows {
		columns.add(Count{ID: r.ColumnID}, r.N)
		orgs.add(Count{ID: r.OrgID}, r.N)
		years.add(Count{ID: int64(r.Year), Value: strconv.Itoa(r.Year)}, r.N)
		kinds.add(Count{Value: r.Kind}, r.N)
		categories.add(Count{Value: r.Category}, r.N)
	}
	f.Columns, f.Orgs, f.Years, f.Kinds, f.Categories = columns.most(), orgs.most(), years.most(), kinds.most(), categories.most()
	return f, nil
}

type tally map[Count]int

func (t tally) add(c Count, n int) {
	if c.ID != 0 || c.Value != "" {
		t[c] += n
	}
}

// most lists the counts, the largest first, at most thirty.
func (t tally) most() []Count {
	out := make([]Count, 0, len(t))
	for c, n := range t {
		c.N = n
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(b.ID, a.ID), strings.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), 30)]
}
