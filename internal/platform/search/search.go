// Package search finds published things by their words.
//
// Chinese text is cut into overlapping character pairs (cut.go) and kept in an
// inverted file: SQLite FTS5 or PostgreSQL tsvector with GIN. The engines only
// answer which rows hold a term or a row of terms; everything that decides what
// a reader sees first is done here in Go, so both engines give the same hits.
//
// A question is one of two kinds (question.go). Words must all occur, each as a
// phrase of its pairs. A sentence asks for the best matches: its rarest pairs
// nominate candidates, which are then read and scored (rank.go).
//
// Three tables: search_doc, a narrow row a document; search_text, its text in
// parts; search_fts, the inverted file, a row a part. The id of a part is
// seq<<11 | part<<4 | length class: from an id alone follow the document and how
// long the part is, so candidates are weighed without reading a row.
//
// What may narrow a search (site, organisation and all above it, column, day,
// audience …) is indexed as terms of its own that no typed text can contain, so
// filters run inside the inverted file on both engines.
//
// The text is kept a second time, compressed, because FTS5 without content
// cannot give it back and neither excerpts nor scoring can do without: about
// 0.5 × the size of the text itself. Built-in ranking was measured and dropped:
// FTS5's bm25() cost ten times what handing over the bare ids does.
package search

import (
	"context"
	"embed"
	"fmt"
	"hash/fnv"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/tree"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Public is the audience of what everyone may read.
const Public = ""

// Doc is what is indexed of one published thing.
type Doc struct {
	Kind                    string // "article"
	ID                      int64
	SiteID, OrgID, ColumnID int64
	OrgPath                 tree.Path
	Category                string
	Audience                string // Public, or a name that a question must carry to see it
	Title, Body, URL        string
	At                      time.Time
}

// Sort is the order of the hits.
type Sort string

const (
	ByRelevance Sort = "relevance"
	ByDate      Sort = "date"
)

// Query is a question and what narrows it. Zero values do not narrow.
type Query struct {
	Text        string
	SiteID      int64
	OrgPath     tree.Path   // this organisation and everything below it
	Within      []tree.Path // several subtrees, any of them
	ColumnID    int64
	OrgID       int64
	Category    string
	Kind        string
	Year        int
	From, To    time.Time // days in the zone of the reader; To is included
	Audiences   []string  // what the asker may see besides Public
	ExceptSites []int64   // sites that are not open to the public
	Here        []string  // names and addresses whose places are not "elsewhere"
	Sort        Sort
	Limit       int
	Cursor      string
}

// Hit is one thing found. Excerpt and MarkedTitle are safe HTML in which only
// <mark> occurs.
type Hit struct {
	Kind                    string
	ID                      int64
	Title, MarkedTitle      string
	URL, Excerpt            string
	Category                string
	Score                   float64
	PublishedAt             time.Time
	SiteID, OrgID, ColumnID int64
}

// Count is how many of the hits have a value.
type Count struct {
	ID    int64
	Value string
	N     int
}

// Facets count the hits by what they could be narrowed to, most first.
type Facets struct {
	Columns, Orgs, Years, Kinds, Categories []Count
	Sampled                                 bool // counted over the first hits only
}

// Result is the answer to a Query.
type Result struct {
	Total   int
	AtLeast bool // there are more than Total
	// Sentence says that the hits are best matches, which need not hold every word.
	Sentence   bool
	Hits       []Hit
	Next       string // cursor of the next page, "" on the last
	Facets     Facets
	DidYouMean string
	Similar    []Title // titles that sound like the question
}

// Title names a document without its text.
type Title struct {
	Kind  string
	ID    int64
	Title string
	URL   string
}

// Index is the search of one node.
type Index struct {
	db     *db.DB
	engine engine
	terms  *frequencies
}

// New opens the index that lives in d and brings its tables up to date.
func New(ctx context.Context, d *db.DB) (*Index, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, "search", files); err != nil {
		return nil, err
	}
	x := &Index{db: d, engine: postgresEngine{d}}
	if d.Engine == db.SQLite {
		if x.engine, err = newSQLite(ctx, d); err != nil {
			return nil, fmt.Errorf("open the inverted file: %w", err)
		}
	}
	x.terms = newFrequencies(x)
	return x, nil
}

// zone is where a day begins for filters by date.
var zone = time.FixedZone("CST", 8*60*60)

// scope lists the filter terms of a document. "=" never occurs in cut text.
func (d *Doc) scope() []string {
	at := d.At.In(zone)
	terms := []string{
		"=k" + mark(d.Kind), "=g" + mark(d.Category),
		"=s" + number(d.SiteID), "=c" + number(d.ColumnID), "=i" + number(d.OrgID),
		at.Format("=y2006"), at.Format("=m200601"), at.Format("=d20060102"),
	}
	for _, id := range d.OrgPath.IDs() {
		terms = append(terms, "=o"+number(id))
	}
	if d.Audience != Public {
		terms = append(terms, restricted, "=a"+mark(d.Audience))
	}
	return terms
}

// restricted is the term of everything that not everyone may read. Questions
// leave it out, rather than ask for a term that nearly every part would hold.
const restricted = "=r"

func number(id int64) string { return strconv.FormatInt(id, 10) }

// mark makes a term of any text.
func mark(s string) string {
	if s == "" {
		return "0"
	}
	h := fnv.New64a()
	h.Write([]byte(s))
	return strconv.FormatUint(h.Sum64(), 36)
}

// filter is what q asks besides its text.
func (q *Query) filter() expr {
	var e expr
	one := func(prefix, value string) { e = append(e, anyOf(prefix+value)) }
	if q.Kind != "" {
		one("=k", mark(q.Kind))
	}
	if q.Category != "" {
		one("=g", mark(q.Category))
	}
	if q.SiteID != 0 {
		one("=s", number(q.SiteID))
	}
	if q.ColumnID != 0 {
		one("=c", number(q.ColumnID))
	}
	if q.OrgID != 0 {
		one("=i", number(q.OrgID))
	}
	if q.Year != 0 {
		one("=y", fmt.Sprintf("%04d", q.Year))
	}
	if q.OrgPath != "" && q.OrgPath != tree.Root {
		e = append(e, subtrees(q.OrgPath))
	}
	if len(q.Within) > 0 && !slices.Contains(q.Within, tree.Root) {
		e = append(e, subtrees(q.Within...))
	}
	if days := days(q.From, q.To); days != nil {
		e = append(e, anyOf(days...))
	}
	return e
}

// subtrees are the terms of what lies below any of paths; below a path without
// ids lies nothing.
func subtrees(paths ...tree.Path) []phrase {
	var terms []string
	for _, p := range paths {
		if ids := p.IDs(); len(ids) > 0 {
			terms = append(terms, "=o"+number(ids[len(ids)-1]))
		}
	}
	if terms == nil {
		terms = []string{"=nothing"}
	}
	return anyOf(terms...)
}

// days covers the days from … to by as few terms as it can: whole years, whole
// months, and single days at the edges.
func days(from, to time.Time) []string {
	if from.IsZero() && to.IsZero() {
		return nil
	}
	if from.IsZero() {
		from = time.Date(1900, 1, 1, 0, 0, 0, 0, zone)
	}
	if to.IsZero() {
		to = time.Date(2199, 12, 31, 0, 0, 0, 0, zone)
	}
	day, end := midnight(from), midnight(to).AddDate(0, 0, 1)
	var terms []string
	for day.Before(end) && len(terms) < 1000 {
		year, month := day.AddDate(1, 0, 0), day.AddDate(0, 1, 0)
		switch {
		case day.YearDay() == 1 && !year.After(end):
			terms = append(terms, day.Format("=y2006"))
			day = year
		case day.Day() == 1 && !month.After(end):
			terms = append(terms, day.Format("=m200601"))
			day = month
		default:
			terms = append(terms, day.Format("=d20060102"))
			day = day.AddDate(0, 0, 1)
		}
	}
	if terms == nil {
		terms = []string{"=nothing"}
	}
	return terms
}

func midnight(t time.Time) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// phrase is terms in a row, in the title only if so marked. A single term that
// ends in "*" stands for all that begin so.
type phrase struct {
	terms []string
	title bool
}

// expr holds where in each of its lists at least one phrase occurs.
type expr [][]phrase

// audiences splits e by who may read: what is public, and if the asker may see
// more, that.
func (e expr) audiences(q *Query) []search {
	except := make([]string, 0, len(q.ExceptSites)+1)
	for _, id := range q.ExceptSites {
		except = append(except, "=s"+number(id))
	}
	out := []search{{e, append(except, restricted)}}
	if len(q.Audiences) > 0 {
		var terms []string
		for _, a := range q.Audiences {
			terms = append(terms, "=a"+mark(a))
		}
		out = append(out, search{append(slices.Clip(e), anyOf(terms...)), except})
	}
	return out
}

// search is an expr, over the parts that hold none of the terms without.
type search struct {
	expr    expr
	without []string
}

func anyOf(terms ...string) []phrase {
	out := make([]phrase, len(terms))
	for i, t := range terms {
		out[i] = phrase{terms: []string{t}}
	}
	return out
}

// and returns e narrowed further, leaving e as it is.
func (e expr) and(more ...[]phrase) expr {
	out := make(expr, 0, len(e)+len(more))
	return append(append(out, more...), e...)
}

// titles returns the same phrases, in the title only.
func titles(ps []phrase) []phrase {
	out := make([]phrase, len(ps))
	for i, p := range ps {
		out[i] = phrase{terms: p.terms, title: true}
	}
	return out
}

// render writes e with the operators of one engine.
func (e expr) render(one func(phrase) string, and, or string) string {
	groups := make([]string, 0, len(e))
	for _, any := range e {
		parts := make([]string, len(any))
		for i, p := range any {
			parts[i] = one(p)
		}
		groups = append(groups, "("+strings.Join(parts, or)+")")
	}
	return strings.Join(groups, and)
}
