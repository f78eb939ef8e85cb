// Command search measures the search: how good its answers are, how fast they
// come out of 300,000 passages, and how fast texts go in.
//
//	go run ./bench/search            everything, about three minutes
//	go run ./bench/search -part quality
//
// Quality is measured on questions that laypeople asked and the statute
// articles that answer them (../shared/data/statute-retrieval). Half of the
// questions, by id, were used to fit the weights of the model; the other half
// was only ever looked at as a sum.
package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/search"
	"lianxin/internal/platform/tree"
)

func main() {
	data := flag.String("data", "../shared/data", "folder with statute-retrieval and laws")
	part := flag.String("part", "", "quality, speed or index; everything if empty")
	passages := flag.Int("passages", 300_000, "how many passages to search for the speed")
	target := flag.String("database", "", "PostgreSQL URL of an empty database; SQLite if empty")
	profile := flag.String("cpuprofile", "", "write a CPU profile there")
	flag.Parse()
	if _, err := os.Stat(filepath.Join(*data, "statute-retrieval")); err != nil {
		fmt.Printf("search: no data at %s, nothing measured (give -data)\n", *data)
		return
	}
	if *profile != "" {
		f := must(os.Create(*profile))
		check(pprof.StartCPUProfile(f))
		defer pprof.StopCPUProfile()
	}
	b := &bench{data: *data, target: *target, ctx: context.Background()}
	fmt.Printf("%s, %d CPUs, %s\n", runtime.Version(), runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))
	for name, run := range b.parts(*passages) {
		if *part == "" || *part == name {
			run()
		}
	}
}

type bench struct {
	ctx          context.Context
	data, target string
}

func (b *bench) parts(passages int) func(func(string, func()) bool) {
	return func(yield func(string, func()) bool) {
		_ = yield("quality", b.quality) && yield("index", b.index) && yield("speed", func() { b.speed(passages) })
	}
}

type article struct{ Name, Text string }

type question struct {
	ID       int
	Query    string
	Relevant []string
}

func (b *bench) articles() []article {
	return readLines[article](filepath.Join(b.data, "statute-retrieval", "articles.jsonl.gz"))
}

func (b *bench) questions() []question {
	return readLines[question](filepath.Join(b.data, "statute-retrieval", "queries.jsonl"))
}

func readLines[T any](path string) []T {
	f := must(os.Open(path))
	defer f.Close()
	in := bufio.NewReader(f)
	dec := json.NewDecoder(in)
	if strings.HasSuffix(path, ".gz") {
		dec = json.NewDecoder(must(gzip.NewReader(in)))
	}
	var out []T
	for dec.More() {
		var one T
		check(dec.Decode(&one))
		out = append(out, one)
	}
	return out
}

// open makes an empty index; the caller closes it.
func (b *bench) open() (*db.DB, *search.Index, func()) {
	dir := must(os.MkdirTemp("", "lianxin-bench"))
	target := filepath.Join(dir, "bench.db")
	if b.target != "" {
		target = b.target
	}
	d := must(db.Open(b.ctx, target))
	return d, must(search.New(b.ctx, d)), func() { d.Close(); os.RemoveAll(dir) }
}

func (b *bench) put(d *db.DB, x *search.Index, docs []search.Doc) time.Duration {
	start := time.Now()
	for some := range slices.Chunk(docs, 1000) {
		check(d.Tx(b.ctx, func(ctx context.Context, tx bun.Tx) error { return x.Put(ctx, tx, some...) }))
	}
	return time.Since(start)
}

func doc(i int, title, body string) search.Doc {
	site := int64(i%200 + 1)
	return search.Doc{
		Kind: "article", ID: int64(i + 1), SiteID: site, OrgID: site, ColumnID: site*10 + int64(i%10),
		OrgPath: tree.Root.Child(1).Child(site%12 + 2).Child(site + 100), Title: title, Body: body, URL: fmt.Sprintf("/a/%d", i+1),
		At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(i) * time.Hour / 4),
	}
}

// index measures how fast texts of 2 KB go in.
func (b *bench) index() {
	type law struct{ Title, Markdown string }
	var docs []search.Doc
	size := 0
	for _, l := range readLines[law](filepath.Join(b.data, "laws", "laws.jsonl.gz")) {
		text := []rune(l.Markdown)
		for len(text) >= 680 && len(docs) < 30_000 {
			docs = append(docs, doc(len(docs), l.Title, string(text[:680])))
			size += len(docs[len(docs)-1].Body)
			text = text[680:]
		}
	}
	d, x, done := b.open()
	defer done()
	before := processor()
	took := b.put(d, x, docs)
	fmt.Printf("index: %d texts of %d bytes, 1,000 a transaction: %.0f/s, %.0f µs of CPU each\n", len(docs), size/len(docs),
		float64(len(docs))/took.Seconds(), float64((processor()-before).Microseconds())/float64(len(docs)))
}

// speed measures questions over many passages: the statute articles, and more
// of their kind made by mixing their clauses.
func (b *bench) speed(n int) {
	articles := b.articles()
	random := rand.New(rand.NewPCG(1, 2))
	docs := make([]search.Doc, 0, n)
	for i := range n {
		a := articles[i%len(articles)]
		if i >= len(articles) {
			other := articles[random.IntN(len(articles))]
			clauses := strings.SplitAfter(a.Text+other.Text, "，")
			random.Shuffle(len(clauses), func(i, j int) { clauses[i], clauses[j] = clauses[j], clauses[i] })
			a.Text = strings.Join(clauses[:len(clauses)/2+1], "")
		}
		docs = append(docs, doc(i, a.Name, a.Text))
	}
	d, x, done := b.open()
	defer done()
	took := b.put(d, x, docs)
	docs = nil
	runtime.GC()
	fmt.Printf("speed: %d passages in %.0f s (%.0f/s)\n", n, took.Seconds(), float64(n)/took.Seconds())
	var sentences, words, wordsInSite []search.Query
	for i, q := range b.questions() {
		sentences = append(sentences, search.Query{Text: q.Query, Limit: 10})
		a := []rune(articles[random.IntN(len(articles))].Text)
		if len(a) > 20 {
			at := random.IntN(len(a) - 6)
			w := strings.TrimSpace(strings.Map(letters, string(a[at:at+2+i%3])))
			if w != "" {
				words = append(words, search.Query{Text: w, Limit: 10})
				wordsInSite = append(wordsInSite, search.Query{Text: w, SiteID: int64(i%200 + 1), Limit: 10})
			}
		}
	}
	fmt.Printf("%-34s %8s %8s %8s %8s %10s\n", "questions", "n", "p50", "p95", "max", "CPU each")
	b.time(x, "sentences", sentences)
	b.time(x, "words of 2 to 4 characters", words)
	b.time(x, "the same, in one of 200 sites", wordsInSite)
	b.time(x, "the same, below one organisation", change(words, func(q *search.Query) { q.OrgPath = "/1/5/" }))
	b.time(x, "the same, by date", change(words, func(q *search.Query) { q.Sort = search.ByDate }))
	b.time(x, "the same, of one year", change(words, func(q *search.Query) { q.Year = 2023 }))
	b.time(x, "frequent words", common())
	fmt.Printf("resident memory: %d MB\n", resident())
}

func letters(r rune) rune {
	if r > 0x4E00 && r < 0x9FFF {
		return r
	}
	return ' '
}

func common() []search.Query {
	var out []search.Query
	for range 10 {
		for _, w := range strings.Fields("规定 管理 人民政府 应当 单位 责任 行政 条例 安全 处罚") {
			out = append(out, search.Query{Text: w, Limit: 10})
		}
	}
	return out
}

func change(qs []search.Query, f func(*search.Query)) []search.Query {
	out := slices.Clone(qs)
	for i := range out {
		f(&out[i])
	}
	return out
}

// time asks each question once, after a few to warm up.
func (b *bench) time(x *search.Index, name string, qs []search.Query) {
	for _, q := range qs[:min(len(qs), 20)] {
		must(x.Search(b.ctx, q))
	}
	took := make([]time.Duration, 0, len(qs))
	before := processor()
	for _, q := range qs {
		start := time.Now()
		must(x.Search(b.ctx, q))
		took = append(took, time.Since(start))
	}
	each := (processor() - before) / time.Duration(len(qs))
	slices.Sort(took)
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
	fmt.Printf("%-34s %8d %8s %8s %8s %10s\n", name, len(qs), ms(took[len(took)/2]), ms(took[len(took)*95/100]), ms(took[len(took)-1]), ms(each))
}

// processor is the time that this process has used of the CPUs: unlike the
// times beside it, it does not depend on what else the machine is doing.
func processor() time.Duration {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident reads the resident memory of this process in MB.
func resident() int {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kb int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kb); err == nil {
			return kb / 1024
		}
	}
	return 0
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "search:", err)
		os.Exit(1)
	}
}
