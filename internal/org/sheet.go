package org

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"lianxin/internal/platform/errs"
)

// Limits of an imported file.
const (
	MaxFile      = 20 << 20
	maxUnzipped  = 200 << 20 // a zip bomb ends here
	maxRows      = 100_000
	maxHeaderRow = 10 // a title may stand above the header
	maxSheets    = 5
)

// column is a column of the spreadsheet. The first name is the one shown.
type column struct {
	key      string
	required bool
	names    []string
}

// columns in the order of the template. Other headings that people use are
// accepted too.
var columns = []column{
	{"code", true, []string{"编码", "组织编码", "党组织编码", "组织代码", "党组织代码", "代码", "编号"}},
	{"name", true, []string{"名称", "组织名称", "党组织名称", "党组织全称", "全称"}},
	{"short_name", false, []string{"简称", "党组织简称", "short name"}},
	{"kind", true, []string{"类型", "组织类型", "党组织类型", "组织类别", "党组织类别", "类别", "type"}},
	{"level", false, []string{"层级", "级别", "组织层级"}},
	{"parent", false, []string{"上级编码", "上级组织编码", "上级党组织编码", "上级代码", "上级组织代码", "上级党组织代码", "隶属编码", "parent code", "superior"}},
	{"region_code", false, []string{"行政区划代码", "区划代码", "行政区划", "region code", "region"}},
	{"credit_code", false, []string{"统一社会信用代码", "信用代码", "credit code"}},
	{"status", false, []string{"状态"}},
	{"founded_on", false, []string{"成立日期", "成立时间", "建立日期", "founded", "founded on"}},
	{"members", false, []string{"党员人数", "党员数", "党员总数"}},
	{"full_members", false, []string{"正式党员数", "正式党员人数", "正式党员", "full members"}},
	{"counted_on", false, []string{"统计日期", "截止日期", "counted on"}},
	{"units", false, []string{"覆盖单位数", "单位数"}},
	{"position", false, []string{"排序", "序号", "顺序号", "order"}},
	{"secretary", false, []string{"书记", "书记姓名", "党组织书记"}},
	{"deputies", false, []string{"副书记", "副书记姓名", "deputy", "deputy secretary"}},
	{"term_from", false, []string{"本届换届日期", "本届任期起", "任期起始", "任期开始", "换届日期", "届起日期", "term from", "term start"}},
	{"phone", false, []string{"联系电话", "电话", "telephone"}},
	{"address", false, []string{"地址", "办公地址", "通讯地址"}},
}

// ColumnKeys lists the columns of the spreadsheet in order.
func ColumnKeys() []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.key)
	}
	return out
}

// heading brings a heading into the form in which it is compared: without
// spaces, stars and remarks in brackets.
func heading(s string) string {
	if i := strings.IndexAny(s, "(（【["); i > 0 {
		s = s[:i]
	}
	s = strings.ToLower(CleanText(s))
	s = strings.NewReplacer("*", "", "＊", "", "_", " ", "：", "", ":", "").Replace(s)
	if strings.ContainsFunc(s, func(r rune) bool { return r > 0x2e80 }) {
		s = strings.ReplaceAll(s, " ", "")
	}
	return strings.TrimSpace(s)
}

// columnOf maps the accepted headings to columns.
var columnOf = func() map[string]string {
	out := map[string]string{}
	for _, c := range columns {
		out[heading(c.key)] = c.key
		for _, name := range c.names {
			out[name] = c.key
		}
	}
	return out
}()

// sheetRow is a row as it stands in the file, with its number there.
type sheetRow struct {
	num   int
	cells map[string]string
}

// readSheet reads a spreadsheet of either form. It judges the file as a whole:
// what it is, whether it can be read, whether the columns are there.
func readSheet(r io.Reader) ([]sheetRow, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > MaxFile:
		return nil, errs.TooLarge("org.import.large", errs.Args{"Max": MaxFile >> 20})
	case len(data) == 0:
		return nil, errs.Invalid("org.import.empty")
	case bytes.HasPrefix(data, []byte("PK")):
		return readXLSX(data)
	case bytes.HasPrefix(data, []byte{0xd0, 0xcf, 0x11, 0xe0}):
		return nil, errs.Invalid("org.import.old_excel")
	}
	return readCSV(data)
}

func readXLSX(data []byte) ([]sheetRow, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: 16 << 20, RawCellValue: true})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size exceeds") {
			return nil, errs.TooLarge("org.import.bomb", errs.Args{"Max": maxUnzipped >> 20}).Because(err)
		}
		return nil, errs.Invalid("org.import.not_xlsx").Because(err)
	}
	defer f.Close()
	var first error
	for i, name := range f.GetSheetList() {
		if i == maxSheets {
			break
		}
		t := table{}
		rows, err := f.Rows(name)
		if err != nil {
			return nil, errs.Invalid("org.import.not_xlsx").Because(err)
		}
		for num := 1; rows.Next() && err == nil; num++ {
			var cells []string
			if cells, err = rows.Columns(); err != nil {
				err = errs.Invalid("org.import.not_xlsx").Because(err)
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

func readCSV(data []byte) ([]sheetRow, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord, in.LazyQuotes, in.ReuseRecord = -1, true, true
	in.Comma = separator(text[:min(len(text), 4096)])
	t := table{}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return t.rows, t.end()
		}
		if err != nil {
			return nil, errs.Invalid("org.import.csv").Because(err)
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
			return nil, errs.Invalid("org.import.not_text")
		}
		return data, nil
	}
	if enc == nil {
		enc = simplifiedchinese.GB18030
	}
	text, err := enc.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) || bytes.IndexByte(text, 0) >= 0 {
		return nil, errs.Invalid("org.import.not_text").Because(err)
	}
	return text, nil
}

// table finds the header among the first rows and collects those below it.
type table struct {
	keys []string // column of each cell, "" for unknown ones
	best []string // headings of the row that came nearest to a header
	rows []sheetRow
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
		return errs.TooLarge("org.import.rows", errs.Args{"Max": maxRows})
	}
	row := sheetRow{num: num, cells: make(map[string]string, len(cells))}
	for i, s := range cells {
		if i < len(t.keys) && t.keys[i] != "" {
			row.cells[t.keys[i]] = CleanText(s)
		}
	}
	t.rows = append(t.rows, row)
	return nil
}

func (t *table) header(cells []string) error {
	keys, known := make([]string, len(cells)), 0
	for i, s := range cells {
		key := columnOf[heading(s)]
		if key != "" && slices.Contains(keys, key) {
			return errs.Invalid("org.import.column_twice", errs.Args{"Column": CleanText(s)})
		}
		if keys[i] = key; key != "" {
			known++
		}
	}
	if t.seen++; known > 0 && len(missing(keys)) == 0 {
		t.keys = keys
		return nil
	}
	if t.best == nil || known > 0 && len(missing(keys)) < len(missing(t.bestKeys())) {
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
		keys = append(keys, columnOf[heading(s)])
	}
	return keys
}

// missing lists the required columns that are not among keys.
func missing(keys []string) []string {
	var out []string
	for _, c := range columns {
		if c.required && !slices.Contains(keys, c.key) {
			out = append(out, c.names[0]+" ("+c.key+")")
		}
	}
	return out
}

// end says what the header lacks, or that nothing stands below it.
func (t *table) end() error {
	switch {
	case t.keys == nil && t.best == nil:
		return errs.Invalid("org.import.empty")
	case t.keys == nil:
		var found []string
		for _, s := range t.best {
			if s = CleanText(s); s != "" && len(found) < 12 {
				found = append(found, cut(s, 20))
			}
		}
		return errs.Invalid("org.import.columns", errs.Args{"Missing": strings.Join(missing(t.bestKeys()), "、"), "Found": strings.Join(found, "、")})
	case len(t.rows) == 0:
		return errs.Invalid("org.import.no_rows")
	}
	return nil
}

// cut shortens text for a message.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
