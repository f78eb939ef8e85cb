package article

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/richtext"
)

// raw is a record as found: a document by its path, or a line of a file.
type raw struct {
	source string
	row    int
	path   string
	line   []byte
	err    error // the line itself can't be read
}

// item is a record that became content.
type item struct {
	raw      raw
	key      string
	content  Content
	toc      []richtext.Heading
	text     string
	doubtful bool
	err      error
}

// documents are the kinds of files with one article each.
var documents = map[string]bool{".docx": true, ".md": true, ".markdown": true, ".html": true, ".htm": true, ".txt": true}

func isRecords(name string) bool {
	return strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".jsonl.gz")
}

// listFiles finds the importable files, folders in the order of their names.
// Files of other kinds in folders are counted; one that was named is an error.
func listFiles(paths []string) (files []string, ignored int, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, 0, errs.Invalid("article.import.no_such_file", errs.Args{"Path": path}).Because(err)
		}
		if !info.IsDir() {
			if !importable(path) {
				return nil, 0, errs.Invalid("article.import.wrong_kind", errs.Args{"Path": path})
			}
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			hidden := name != path && strings.HasPrefix(d.Name(), ".")
			switch {
			case err != nil:
				return err
			case d.IsDir() && hidden:
				return fs.SkipDir
			case d.IsDir():
			case !d.Type().IsRegular() || hidden || strings.HasPrefix(d.Name(), "~$") || !importable(name):
				ignored++
			default:
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			return nil, 0, errs.Invalid("article.import.no_such_file", errs.Args{"Path": path}).Because(err)
		}
	}
	if len(files) == 0 {
		return nil, ignored, errs.Invalid("article.import.nothing")
	}
	return files, ignored, nil
}

func importable(name string) bool {
	name = strings.ToLower(name)
	return documents[filepath.Ext(name)] || isRecords(name)
}

// records yields everything in the files.
func records(files []string) iter.Seq2[raw, error] {
	return func(yield func(raw, error) bool) {
		for _, name := range files {
			if !isRecords(strings.ToLower(name)) {
				if !yield(raw{source: name, path: name}, nil) {
					return
				}
				continue
			}
			if !lines(name, yield) {
				return
			}
		}
	}
}

// maxLine bounds a record; the text within is bounded again by richtext.
const maxLine = 2 * richtext.MaxText

// lines yields the records of one file. A file that breaks off, or a line that
// is too long, is a fault of that row.
func lines(name string, yield func(raw, error) bool) bool {
	f, err := os.Open(name)
	if err != nil {
		return yield(raw{source: name, err: errs.Invalid("article.import.unreadable").Because(err)}, nil)
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(strings.ToLower(name), ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return yield(raw{source: name, err: errs.Invalid("article.import.not_gzip").Because(err)}, nil)
		}
		defer z.Close()
		in = z
	}
	scan := bufio.NewScanner(in)
	scan.Buffer(make([]byte, 1<<16), maxLine)
	row := 0
	for scan.Scan() {
		row++
		line := bytes.TrimSpace(bytes.TrimPrefix(scan.Bytes(), []byte("\xef\xbb\xbf")))
		if len(line) == 0 {
			continue
		}
		if !yield(raw{source: name, row: row, line: bytes.Clone(line)}, nil) {
			return false
		}
	}
	if err := scan.Err(); err != nil {
		key := "article.import.unreadable"
		if errors.Is(err, bufio.ErrTooLong) {
			key = "article.import.line_too_long"
		}
		return yield(raw{source: name, row: row + 1, err: errs.Invalid(key).Because(err)}, nil)
	}
	return true
}

// record is a line of a .jsonl file.
type record struct {
	Title    string  `json:"title"`
	Name     string  `json:"name"`
	Markdown *string `json:"markdown"`
	HTML     *string `json:"html"`
	Text     *string `json:"text"`
	Date     *string `json:"date"`
	Category *string `json:"category"`
	Issuer   *string `json:"issuer"`
}

// inspect looks for faults without storing anything. The line of a record is
// judged by its source, which is quicker than converting it twice.
func (in *importer) inspect(ctx context.Context, r raw) item {
	if r.path != "" || r.err != nil {
		return in.convert(ctx, r, nil)
	}
	it := item{raw: r}
	rec, err := parse(r.line)
	if err != nil {
		it.err = err
		return it
	}
	it.text = value(rec.Markdown) + value(rec.HTML) + value(rec.Text)
	if it.err = rec.head(&it); it.err == nil {
		in.complete(&it.content)
		it.err = it.judge()
	}
	return it
}

// convert makes content of a record. What went wrong stands in the item.
func (in *importer) convert(ctx context.Context, r raw, keep richtext.Keeper) item {
	it := item{raw: r, err: r.err}
	if it.err == nil {
		it.err = ctx.Err()
	}
	if it.err != nil {
		return it
	}
	doc, err := in.read(&it, keep)
	if err != nil {
		it.err = err
		return it
	}
	c := &it.content
	if c.Title == "" {
		c.Title = doc.Title
	}
	if c.Title == "" && r.path != "" {
		c.Title = strings.TrimSuffix(filepath.Base(r.path), filepath.Ext(r.path))
	}
	if c.Body, it.toc = richtext.Outline(doc.HTML); it.toc == nil {
		it.toc = []richtext.Heading{}
	}
	it.text = richtext.Text(c.Body)
	in.complete(c)
	it.err = it.judge()
	return it
}

// complete adds what the order says.
func (in *importer) complete(c *Content) {
	if c.Issuer == "" {
		c.Issuer = issuerOf(in.home)
	}
	c.ColumnID = in.column.ID
	*c = c.Tidy()
}

// judge checks what came out.
func (it *item) judge() error {
	if err := it.content.Check(); err != nil {
		return err
	}
	if strings.TrimSpace(it.text) == "" && !strings.Contains(it.content.Body, "<img") {
		return errs.FieldErr("body", "article.import.empty")
	}
	found := Scan(it.content.Title + "\n" + it.text)
	if b := Blocking(found); len(b) > 0 {
		return errs.Invalid("article.scan.blocked", errs.Args{"Near": b[0].Near})
	}
	it.doubtful = len(found) > 0
	return nil
}

func (in *importer) read(it *item, keep richtext.Keeper) (richtext.Document, error) {
	if it.raw.path != "" {
		data, err := readFile(it.raw.path)
		if err != nil {
			return richtext.Document{}, err
		}
		it.key = digest(string(data))
		return FromFile(it.raw.path, data, keep)
	}
	rec, err := parse(it.raw.line)
	if err != nil {
		return richtext.Document{}, err
	}
	if err := rec.head(it); err != nil {
		return richtext.Document{}, err
	}
	return rec.document(it.content.Title)
}

func parse(line []byte) (rec record, err error) {
	if err := json.Unmarshal(line, &rec); err != nil {
		return rec, errs.Invalid("article.import.not_json").Because(err)
	}
	return rec, nil
}

func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, errs.Invalid("article.import.unreadable").Because(err)
	}
	if info.Size() > richtext.MaxDocument {
		return nil, errs.TooLarge("richtext.too_large", errs.Args{"Max": richtext.MaxDocument >> 20})
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, errs.Invalid("article.import.unreadable").Because(err)
	}
	return data, nil
}

// head takes over what stands beside the text.
func (rec record) head(it *item) (err error) {
	c := &it.content
	if c.Title = rec.Title; c.Title == "" {
		c.Title = rec.Name
	}
	c.Category, c.Issuer = value(rec.Category), value(rec.Issuer)
	it.key = digest(c.Title, value(rec.Markdown), value(rec.HTML), value(rec.Text))
	if rec.Markdown == nil && rec.HTML == nil && rec.Text == nil {
		return errs.Invalid("article.import.no_text")
	}
	if c.Title == "" && rec.Markdown != nil {
		c.Title = richtext.MarkdownTitle(*rec.Markdown)
	}
	c.Dated, err = dateOf(value(rec.Date))
	return err
}

func (rec record) document(title string) (richtext.Document, error) {
	switch {
	case rec.Markdown != nil:
		return richtext.FromMarkdown([]byte(*rec.Markdown))
	case rec.HTML != nil:
		return richtext.FromHTML([]byte(*rec.HTML))
	}
	doc, err := richtext.FromText([]byte(*rec.Text))
	if doc.Title != "" && doc.Title != title {
		// The record names its title; the first line is text like the others.
		doc.HTML = "<p>" + richtext.Escape(doc.Title) + "</p>\n" + doc.HTML
	}
	return doc, err
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// dateOf reads yyyy-mm-dd, also at the start of a longer time.
func dateOf(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", nil
	}
	if len(s) > 10 {
		s = s[:10]
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", errs.FieldErr("dated", "article.dated_wrong")
	}
	return s, nil
}

// FromFile converts a document by the ending of its name.
func FromFile(name string, data []byte, keep richtext.Keeper) (richtext.Document, error) {
	switch ext := strings.ToLower(filepath.Ext(name)); ext {
	case ".docx":
		return richtext.FromDocx(bytes.NewReader(data), int64(len(data)), keep)
	case ".md", ".markdown":
		return richtext.FromMarkdown(data)
	case ".html", ".htm":
		return richtext.FromHTML(data)
	case ".txt":
		return richtext.FromText(data)
	case ".doc", ".wps":
		return richtext.Document{}, errs.Invalid("richtext.old_word")
	default:
		return richtext.Document{}, errs.Invalid("article.import.wrong_kind", errs.Args{"Path": fmt.Sprintf("%.60s", filepath.Base(name))})
	}
}
