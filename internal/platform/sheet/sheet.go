// Package sheet reads spreadsheets that people fill in: .xlsx, and .csv in UTF-8,
// UTF-16 or GB18030. It finds the header among the first rows, knows a column by
// any of its headings, and says of a file that can't be used what is wrong.
package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/text"
)

// Limits of an imported file.
const (
	MaxFile      = 20 << 20
	maxUnzipped  = 200 << 20 // a zip bomb ends here
	maxRows      = 100_000
	maxHeaderRow = 10 // a title may stand above the header
	maxSheets    = 5
)

// heading brings a heading into the form in which it is compared: without
// spaces, stars and remarks in brackets.
func heading(s string) string {
	if i := strings.IndexAny(s, "(（【["); i > 0 {
		s = s[:i]
	}
	s = strings.ToLower(text.Clean(s))
	s = strings.NewReplacer("*", "", "＊", "", "_", " ", "：", "", ":", "").Replace(s)
	if strings.ContainsFunc(s, func(r rune) bool { return r > 0x2e80 }) {
		s = strings.ReplaceAll(s, " ", "")
	}
	return strings.TrimSpace(s)
}

// Column is a column that a spreadsheet may have.
type Column struct {
	Key      string
	Required bool
	// Names are the headings it goes by, beside its key; the first is shown.
	Names []string
}

// Row is a row as it stands in the file, with its number there. Cells are by
// the keys of their columns.
type Row struct {
	Num   int
	Cells map[string]string
}

// Day reads a day that was typed, or the number by which a spreadsheet keeps one.
func Day(s string) (clock.Day, bool) {
	if d, ok := clock.ParseDay(s); ok {
		return d, true
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 1 || n > 109_000 { // until 2198
		return "", false
	}
	t, err := excelize.ExcelDateToTime(n, false)
	if err != nil {
		return "", false
	}
	return clock.ParseDay(t.Format("2006-01-02"))
}

// Whole drops the ".0" that some programs write behind whole numbers.
func Whole(s string) string { return strings.TrimSuffix(s, ".0") }

// LostDigits reports whether a long code was kept as a number, e.g. 5.32E+11.
func LostDigits(s string) bool { return len(s) > 6 && strings.Contains(s, "E+") }

// Read reads a spreadsheet of either form. It judges the file as a whole: what it
// is, whether it can be read, whether the required columns are there.
func Read(r io.Reader, columns []Column) ([]Row, error) {
	t := table{columns: columns, of: map[string]string{}}
	for _, c := range columns {
		t.of[heading(c.Key)] = c.Key
		for _, name := range c.Names {
			t.of[heading(name)] = c.Key
		}
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > MaxFile:
		return nil, errs.TooLarge("sheet.large", errs.Args{"Max": MaxFile >> 20})
	case len(data) == 0:
		return nil, errs.Invalid("sheet.empty")
	case bytes.HasPrefix(data, []byte("PK")):
		return readXLSX(data, t)
	case bytes.HasPrefix(data, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return nil, errs.Invalid("sheet.old_excel")
	}
	return readCSV(data, t)
}

func readXLSX(data []byte, empty table) ([]Row, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: 16 << 20, RawCellValue: true})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size exceeds") {
			return nil, errs.TooLarge("sheet.bomb", errs.Args{"Max": maxUnzipped >> 20}).Because(err)
		}
		return nil, errs.Invalid("sheet.not_xlsx").Because(err)
	}
	defer f.Close()
	var first error
	for i, name := range f.GetSheetList() {
		if i == maxSheets {
			break
		}
		t := empty
		rows, err := f.Rows(name)
		if err != nil {
			return nil, errs.Invalid("sheet.not_xlsx").Because(err)
		}
		for num := 1; rows.Next() && err == nil; num++ {
			var cells []string
			if cells, err = rows.Columns(); err != nil {
				err = errs.Invalid("sheet.not_xlsx").Because(err)
				break
			}
			err = t.add(num, cells)
		}
		rows.Close()
		if err == nil {
			err = t.end()
		}
		if err == nil {
			return t.rows, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

func readCSV(data []byte, t table) ([]Row, error) {
	content, err := decode(data)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(content))
	in.FieldsPerRecord, in.LazyQuotes, in.ReuseRecord = -1, true, true
	in.Comma = separator(content[:min(len(content), 4096)])
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return t.rows, t.end()
		}
		if err != nil {
			return nil, errs.Invalid("sheet.csv").Because(err)
		}
		line, _ := in.FieldPos(0)
		if err := t.add(line, cells); err != nil {
			return nil, err
		}
	}
}

// separator returns what stands most often between the first cells.
func separator(head []byte) rune {
	best, most := ',', bytes.Count(head, []byte(","))
	for _, sep := range []rune{'\t', ';', '，'} {
		if n := bytes.Count(head, []byte(string(sep))); n > most {
			best, most = sep, n
		}
	}
	return best
}

// decode returns the text as UTF-8: from UTF-8, from UTF-16 with its mark, or
// from GB18030, which spreadsheets in Chinese still write.
func decode(data []byte) ([]byte, error) {
	var enc encoding.Encoding
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		enc = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	}
	if enc == nil && utf8.Valid(data) {
		if bytes.IndexByte(data, 0) >= 0 {
			return nil, errs.Invalid("sheet.not_text")
		}
		return data, nil
	}
	if enc == nil {
		enc = simplifiedchinese.GB18030
	}
	content, err := enc.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(content, utf8.RuneError) || bytes.IndexByte(content, 0) >= 0 {
		return nil, errs.Invalid("sheet.not_text").Because(err)
	}
	return content, nil
}

// table finds the header among the first rows and collects those below it.
type table struct {
	columns []Column
	of      map[string]string // the column of each heading

	keys []string // column of each cell, "" for unknown ones
	best []string // headings of the row that came nearest to a header
	rows []Row
	seen int
}

func (t *table) add(num int, cells []string) error {
	if !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return nil
	}
	if t.keys == nil {
		return t.header(cells)
	}
	if len(t.rows) == maxRows {
		return errs.TooLarge("sheet.rows", errs.Args{"Max": maxRows})
	}
	row := Row{Num: num, Cells: make(map[string]string, len(cells))}
	for i, s := range cells {
		if i < len(t.keys) && t.keys[i] != "" {
			row.Cells[t.keys[i]] = text.Clean(s)
		}
	}
	t.rows = append(t.rows, row)
	return nil
}

func (t *table) header(cells []string) error {
	keys, known := make([]string, len(cells)), 0
	for i, s := range cells {
		key := t.of[heading(s)]
		if key != "" && slices.Contains(keys, key) {
			return errs.Invalid("sheet.column_twice", errs.Args{"Column": text.Clean(s)})
		}
		if keys[i] = key; key != "" {
			known++
		}
	}
	if t.seen++; known > 0 && len(t.missing(keys)) == 0 {
		t.keys = keys
		return nil
	}
	if t.best == nil || known > 0 && len(t.missing(keys)) < len(t.missing(t.bestKeys())) {
		t.best = slices.Clone(cells)
	}
	if t.seen == maxHeaderRow {
		return t.end()
	}
	return nil
}

func (t *table) bestKeys() []string {
	var keys []string
	for _, s := range t.best {
		keys = append(keys, t.of[heading(s)])
	}
	return keys
}

// missing lists the required columns that are not among keys.
func (t *table) missing(keys []string) []string {
	var out []string
	for _, c := range t.columns {
		if c.Required && !slices.Contains(keys, c.Key) {
			out = append(out, c.Names[0]+" ("+c.Key+")")
		}
	}
	return out
}

// end says what the header lacks, or that nothing stands below it.
func (t *table) end() error {
	switch {
	case t.keys == nil && t.best == nil:
		return errs.Invalid("sheet.empty")
	case t.keys == nil:
		var found []string
		for _, s := range t.best {
			if s = text.Clean(s); s != "" && len(found) < 12 {
				found = append(found, text.Cut(s, 20))
			}
		}
		return errs.Invalid("sheet.columns", errs.Args{"Missing": strings.Join(t.missing(t.bestKeys()), "、"), "Found": strings.Join(found, "、")})
	case len(t.rows) == 0:
		return errs.Invalid("sheet.no_rows")
	}
	return nil
}
