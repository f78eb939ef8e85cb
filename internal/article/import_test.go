package article

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"lianxin/internal/account"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
)

// folder writes files into a temporary folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func zipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err1 := z.Write([]byte(s))
	if err2 := z.Close(); err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return b.String()
}

func TestImportOfFolder(t *testing.T) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("信访工作条例\n第一章 总则\n第一条 为了坚持党的领导。")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"一/规定.md":       "# 党费收缴规定\n\n正文",
		"一/信访.txt":      gb,
		"二/page.html":   "<title>通知</title><p>甲<script>x</script></p>",
		"laws.jsonl.gz": zipped(t, `{"title":"选举法","category":"法律","date":"1979-07-01","markdown":"第一条 根据宪法"}`+"\n\n"+`{"name":"某条例第五条","text":"违反本条例的，\n责令改正。","issuer":"省人大"}`),
		".hidden.md":    "x", "~$规定.docx": "x", "photo.jpg": "x",
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		order := Order{Site: "town", Column: "要闻", Paths: []string{folder(t, files)}, Publish: true}
		var last Progress
		order.Progress = func(p Progress) { last = p }
		report, err := w.Import(as(t, account.Reviewer), order)
		if err != nil || report.Added != 5 || report.Read != 5 || len(report.Faults) != 0 || report.Ignored != 3 {
			t.Fatalf("%+v, %v", report, err)
		}
		if last.Done != 5 || last.Total != 5 || last.Checking {
			t.Errorf("progress ended at %+v", last)
		}
		list, err := publicPage(t.Context(), d.Read(), PublicFilter{SiteID: 1, Limit: 10})
		if err != nil || len(list) != 5 {
			t.Fatalf("%d public, %v", len(list), err)
		}
		law := list[4] // the oldest by its own date
		got := ok[Shown](t)(shown(t.Context(), d.Read(), law.ID))
		if law.Title != "选举法" || law.Dated != "1979-07-01" || law.Category != "法律" || !strings.Contains(got.Version.Body, `id="tiao-1"`) || !law.PublishedAt.Equal(w.clock.T) {
			t.Errorf("the law: %+v", law)
		}
		// A second time nothing is added, whether stopped in between or not.
		report, err = w.Import(as(t, account.Reviewer), order)
		if err != nil || report.Added != 0 || report.Known != 5 {
			t.Errorf("again: %+v, %v", report, err)
		}
	})
}

func TestImportReportsEveryFault(t *testing.T) {
	lines := []string{
		`{"title":"好","text":"正文"}`,
		`not json`,
		`{"text":"没有标题"}`,
		`{"title":"没有正文"}`,
		`{"title":"日期","text":"x","date":"昨天"}`,
		`{"title":"` + strings.Repeat("长", 10_000) + `","text":"x"}`,
		`{"title":"密","text":"机密★"}`,
		`{"title":"空","text":"  "}`,
		`{"title":"也好","text":"正文二"}`,
	}
	dir := folder(t, map[string]string{"a.jsonl": strings.Join(lines, "\n"), "b.docx": "not a zip", "c.txt": "坏\xff\xfe\x80字字字字字字字字字字字字字"})
	for _, keepGoing := range []bool{false, true} {
		w := newWorld(t, dbtest.SQLite(t))
		report, err := w.Import(as(t, account.Reviewer), Order{Site: "town", Column: "news", Paths: []string{dir}, KeepGoing: keepGoing})
		var got []string
		for _, f := range report.Faults {
			got = append(got, fmt.Sprintf("%s:%d %s", filepath.Base(f.Source), f.Row, f.Reason.Key))
		}
		want := "a.jsonl:2 article.import.not_json|a.jsonl:3 article.title_missing|a.jsonl:4 article.import.no_text|a.jsonl:5 article.dated_wrong|a.jsonl:6 article.too_long|" +
			"a.jsonl:7 article.scan.blocked|a.jsonl:8 article.import.empty|b.docx:0 richtext.not_docx|c.txt:0 richtext.broken_utf8"
		if strings.Join(got, "|") != want {
			t.Errorf("keep going %t:\n got %s\nwant %s", keepGoing, strings.Join(got, "|"), want)
		}
		added := map[bool]int{false: 0, true: 2}[keepGoing]
		if report.Added != added || (err != nil) == keepGoing {
			t.Errorf("keep going %t: %d added, %v", keepGoing, report.Added, err)
		}
	}
}

func TestImportRefusals(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	dir := folder(t, map[string]string{"a.md": "# 甲\n\n乙", "x.exe": "MZ"})
	good := Order{Site: "town", Column: "news", Paths: []string{dir}}
	for name, c := range map[string]struct {
		as     account.Role
		change func(*Order)
		kind   errs.Kind
	}{
		"unknown site":         {account.Reviewer, func(o *Order) { o.Site = "no" }, errs.KindInvalid},
		"unknown column":       {account.Reviewer, func(o *Order) { o.Column = "no" }, errs.KindInvalid},
		"missing path":         {account.Reviewer, func(o *Order) { o.Paths = []string{dir + "/no"} }, errs.KindInvalid},
		"wrong kind":           {account.Reviewer, func(o *Order) { o.Paths = []string{dir + "/x.exe"} }, errs.KindInvalid},
		"empty folder":         {account.Reviewer, func(o *Order) { o.Paths = []string{t.TempDir()} }, errs.KindInvalid},
		"publishing by writer": {account.SiteEditor, func(o *Order) { o.Publish = true }, errs.KindForbidden},
		"inspector":            {account.Inspector, func(*Order) {}, errs.KindForbidden},
		"writer":               {account.SiteEditor, func(*Order) {}, 0},
	} {
		o := good
		c.change(&o)
		if _, err := w.Import(as(t, c.as), o); c.kind == 0 && err != nil || c.kind != 0 && !errs.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestImportCanBeStopped(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `{"title":"第%d篇","text":"正文%d"}`+"\n", i, i)
	}
	w := newWorld(t, dbtest.SQLite(t))
	order := Order{Site: "town", Column: "news", Paths: []string{folder(t, map[string]string{"a.jsonl": b.String()})}, KeepGoing: true, Publish: true}
	ctx, stop := context.WithCancel(as(t, account.Reviewer))
	order.Progress = func(p Progress) {
		if p.Done >= 2000 {
			stop()
		}
	}
	first, err := w.Import(ctx, order)
	if err == nil || first.Added == 0 || first.Added >= 5000 {
		t.Fatalf("stopped: %+v, %v", first.Added, err)
	}
	order.Progress = nil
	second, err := w.Import(as(t, account.Reviewer), order)
	if err != nil || first.Added+second.Added != 5000 || second.Known != first.Added {
		t.Errorf("resumed: %d + %d, %d known, %v", first.Added, second.Added, second.Known, err)
	}
}

func TestAttachments(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	editor := as(t, account.SiteEditor)
	for name, c := range map[string]struct {
		data string
		kind errs.Kind
	}{
		"表.pdf":       {"%PDF-1.7 x", 0},
		"说明.txt":      {"说明", 0},
		"page.html":   {"<html><script>", errs.KindInvalid},
		"run.exe":     {"MZ\x90\x00", errs.KindInvalid},
		"photo.pdf":   {"\x89PNG\r\n\x1a\n", errs.KindInvalid},
		"密.txt":       {"机密★", errs.KindInvalid},
		"../../x.txt": {"x", 0},
		"大.zip":       {"PK\x03\x04" + strings.Repeat("x", MaxAttachment), errs.KindTooLarge},
	} {
		a, err := w.Attach(editor, w.site, name, strings.NewReader(c.data))
		if c.kind == 0 && (err != nil || a.Hash == "" || strings.ContainsAny(a.Name, `/\`)) || c.kind != 0 && !errs.Is(err, c.kind) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if _, err := w.Attach(as(t, account.Inspector), w.site, "a.txt", strings.NewReader("x")); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("without the permission: %v", err)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"title":"甲","markdown":"# 乙","date":"2026-01-01"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		in := &importer{}
		it := in.convert(t.Context(), raw{source: "x", row: 1, line: line}, nil)
		if it.err == nil && (it.content.Title == "" || it.content.Body == "" || it.key == "") {
			t.Errorf("accepted without title, text or key: %q", line)
		}
	})
}

// BenchmarkImport measures articles of 2 KB a second, through to the index.
func BenchmarkImport(b *testing.B) {
	const n = 10_000
	var text strings.Builder
	for i := range n {
		body := strings.Repeat(fmt.Sprintf("第%d条 为了规范基层组织选举工作，保障党员行使民主权利，根据有关规定制定本条例。\n\n", i), 18)
		line, err := json.Marshal(map[string]string{"title": fmt.Sprintf("条例第%d条", i), "markdown": body})
		if err != nil {
			b.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	dir := folder(b, map[string]string{"a.jsonl": text.String()})
	for b.Loop() {
		w := newWorld(b, dbtest.SQLite(b))
		report, err := w.Import(as(b, account.Reviewer), Order{Site: "town", Column: "news", Paths: []string{dir}, Publish: true})
		if err != nil || report.Added != n {
			b.Fatal(report.Added, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "articles/s")
}
