package richtext

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lianxin/internal/platform/errs"
)

const (
	wordNS   = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"`
	relsHead = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	office   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// word builds a document from the inside of its body and further parts.
func word(t testing.TB, body string, parts map[string]string) []byte {
	t.Helper()
	all := map[string]string{
		"_rels/.rels":       relsHead + `<Relationship Id="r1" Type="` + office + `officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml": `<w:document ` + wordNS + `><w:body>` + body + `</w:body></w:document>`,
		"word/styles.xml": `<w:styles ` + wordNS + `>
			<w:style w:styleId="1"><w:name w:val="heading 1"/></w:style>
			<w:style w:styleId="2"><w:name w:val="heading 2"/></w:style>
			<w:style w:styleId="Own"><w:name w:val="自定义标题"/><w:basedOn w:val="2"/></w:style>
			<w:style w:styleId="T"><w:name w:val="Title"/><w:pPr><w:jc w:val="center"/></w:pPr></w:style>
			<w:style w:styleId="toc1"><w:name w:val="toc 1"/></w:style></w:styles>`,
		"word/_rels/document.xml.rels": relsHead + `<Relationship Id="s" Type="` + office + `styles" Target="styles.xml"/>
			<Relationship Id="n" Type="` + office + `numbering" Target="numbering.xml"/>
			<Relationship Id="f" Type="` + office + `footnotes" Target="footnotes.xml"/>
			<Relationship Id="pic" Type="` + office + `image" Target="media/image1.png"/>
			<Relationship Id="web" Type="` + office + `hyperlink" Target="https://example.org/a?b=1&amp;c=2" TargetMode="External"/>
			<Relationship Id="js" Type="` + office + `hyperlink" Target="javascript:alert(1)" TargetMode="External"/></Relationships>`,
	}
	for name, text := range parts {
		all[name] = text
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range all {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func convert(t testing.TB, data []byte) Document {
	t.Helper()
	doc, err := FromDocx(bytes.NewReader(data), int64(len(data)), func(p Picture) (string, error) {
		return "/files/0123456789abcdef0123/" + p.Name, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func para(props, text string) string {
	return `<w:p><w:pPr>` + props + `</w:pPr><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

const listNumbering = `<w:numbering ` + wordNS + `>
	<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="·"/></w:lvl>
		<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl></w:abstractNum>
	<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="第%1条"/></w:lvl>
		<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="（%2）"/></w:lvl></w:abstractNum>
	<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>`

func numbered(id, level int) string {
	return fmt.Sprintf(`<w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr>`, level, id)
}

func TestDocxBecomesHTML(t *testing.T) {
	style := func(id string) string { return `<w:pStyle w:val="` + id + `"/>` }
	run := func(props, text string) string {
		return `<w:r><w:rPr>` + props + `</w:rPr><w:t xml:space="preserve">` + text + `</w:t></w:r>`
	}
	cell := func(props, text string) string {
		return `<w:tc><w:tcPr>` + props + `</w:tcPr>` + para("", text) + `</w:tc>`
	}
	cases := []struct{ name, body, title, want string }{
		{"title style", para(style("T"), "关于换届的通知") + para("", "正文。"), "关于换届的通知", "<p>正文。</p>"},
		{"centred large first line is the title", `<w:p><w:pPr><w:jc w:val="center"/></w:pPr>` + run(`<w:sz w:val="44"/>`, "通知") + `</w:p>` + para("", "正文"), "通知", "<p>正文</p>"},
		{"centred small first line is text", para(`<w:jc w:val="center"/>`, "（草案）") + para("", "正文"), "", `<p class="align-center">（草案）</p><p>正文</p>`},
		{"headings by style and by inheritance", para("", "引") + para(style("1"), "一") + para(style("Own"), "二"), "", "<p>引</p><h2>一</h2><h3>二</h3>"},
		{"runs merge", `<w:p>` + run("<w:b/>", "甲") + run("<w:b/>", "乙") + run(`<w:b w:val="0"/>`, "丙") + run(`<w:vertAlign w:val="superscript"/>`, "2") + `</w:p>`, "", "<p><strong>甲乙</strong>丙<sup>2</sup></p>"},
		{"deleted and hidden text goes", `<w:p><w:del>` + run("", "旧") + `</w:del><w:ins>` + run("", "新") + `</w:ins>` + run("<w:vanish/>", "藏") + `</w:p>`, "", "<p>新</p>"},
		{"links", `<w:p><w:hyperlink r:id="web">` + run("<w:u w:val=\"single\"/>", "网页") + `</w:hyperlink><w:hyperlink r:id="js">` + run("", "坏") + `</w:hyperlink></w:p>`, "",
			`<p><a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noreferrer">网页</a>坏</p>`},
		{"field link", `<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPERLINK "https://example.org/" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>` + run("", "看") + `<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`, "",
			`<p><a href="https://example.org/" rel="nofollow noreferrer">看</a></p>`},
		{"nested lists", para(numbered(1, 0), "甲") + para(numbered(1, 1), "甲一") + para(numbered(1, 1), "甲二") + para(numbered(1, 0), "乙") + para("", "完"), "",
			"<ul><li>甲<ol><li>甲一</li><li>甲二</li></ol></li><li>乙</li></ul><p>完</p>"},
		{"Chinese numbering is written out", para(numbered(2, 0), "为了") + para(numbered(2, 1), "其一") + para(numbered(2, 0), "本法"), "",
			"<p>第一条　为了</p><p>（一）其一</p><p>第二条　本法</p>"},
		{"merged cells", `<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>` + cell(`<w:gridSpan w:val="2"/>`, "头") + `</w:tr><w:tr>` + cell(`<w:vMerge w:val="restart"/>`, "左") + cell("", "一") + `</w:tr><w:tr>` + cell(`<w:vMerge/>`, "") + cell("", "二") + `</w:tr></w:tbl>`, "",
			`<table><thead><tr><th colspan="2">头</th></tr></thead><tbody><tr><td rowspan="2">左</td><td>一</td></tr><tr><td>二</td></tr></tbody></table>`},
		{"footnote", `<w:p>` + run("", "正文") + `<w:r><w:footnoteReference w:id="2"/></w:r></w:p>`, "",
			`<p>正文<sup><a class="footnote" id="fnref-1" href="#fn-1">1</a></sup></p><section class="footnotes"><ol><li id="fn-1">注 <a class="footnote-back" href="#fnref-1">↩</a></li></ol></section>`},
		{"text box in both forms is read once", `<w:p>` + run("", "前") + `<w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent>` + para("", "框") + `</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>` + para("", "框") + `</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>`, "",
			`<p>前</p><div class="text-box"><p>框</p></div>`},
		{"picture", `<w:p><w:r><w:drawing><wp:inline><wp:docPr descr="山"/><a:blip r:embed="pic"/></wp:inline></w:drawing></w:r></w:p>`, "",
			`<p><img src="/files/0123456789abcdef0123/image1.png" alt="山"></p>`},
		{"table of contents is left out", para(style("toc1"), "一、…… 3") + para("", "正文"), "", "<p>正文</p>"},
		{"markup in text stays text", para("", "a &lt;script&gt; b"), "", "<p>a &lt;script&gt; b</p>"},
	}
	parts := map[string]string{
		"word/numbering.xml":    listNumbering,
		"word/footnotes.xml":    `<w:footnotes ` + wordNS + `><w:footnote w:id="0" w:type="separator"/><w:footnote w:id="2">` + para("", "注") + `</w:footnote></w:footnotes>`,
		"word/media/image1.png": "png",
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			doc := convert(t, word(t, c.body, parts))
			if got := strings.ReplaceAll(doc.HTML, "\n", ""); got != c.want {
				t.Errorf("html\n got %s\nwant %s", got, c.want)
			}
			if doc.Title != c.title {
				t.Errorf("title %q, want %q", doc.Title, c.title)
			}
		})
	}
}

func TestBadDocxIsRefusedClearly(t *testing.T) {
	bomb := word(t, "", map[string]string{"word/media/x": strings.Repeat("0", 64<<20)})
	deep := word(t, strings.Repeat("<w:sdt><w:sdtContent>", 5000)+strings.Repeat("</w:sdtContent></w:sdt>", 5000), nil)
	good := word(t, para("", "正文"), nil)
	many := map[string]string{}
	for i := range maxEntries + 1 {
		many[fmt.Sprint("x/", i)] = ""
	}
	cases := map[string]struct {
		data []byte
		key  string
		kind errs.Kind
	}{
		"not a zip":       {[]byte("这不是压缩包"), "richtext.not_docx", errs.KindInvalid},
		"empty":           {nil, "richtext.not_docx", errs.KindInvalid},
		"old Word":        {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"), "richtext.old_word", errs.KindInvalid},
		"cut off":         {good[:len(good)/2], "richtext.broken_docx", errs.KindInvalid},
		"bomb":            {bomb, "richtext.zip_bomb", errs.KindTooLarge},
		"too many files":  {word(t, "", many), "richtext.zip_bomb", errs.KindTooLarge},
		"too deep":        {deep, "richtext.broken_docx", errs.KindInvalid},
		"broken XML":      {word(t, "<w:p>", nil), "richtext.broken_docx", errs.KindInvalid},
		"another package": {word(t, "", map[string]string{"word/document.xml": "<x/>"}), "richtext.not_docx", errs.KindInvalid},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := FromDocx(bytes.NewReader(c.data), int64(len(c.data)), nil)
			if !errs.Is(err, c.kind) || !strings.HasPrefix(err.Error(), c.key) {
				t.Errorf("got %v, want %s", err, c.key)
			}
		})
	}
	if _, err := FromDocx(bytes.NewReader(good), 200<<20, nil); !errs.Is(err, errs.KindTooLarge) {
		t.Errorf("200 MB: %v", err)
	}
}

// A declared size below the real one must not lead to an unbounded read.
func TestZipThatLiesAboutItsSizeIsStopped(t *testing.T) {
	data := word(t, "", map[string]string{"word/media/image1.png": strings.Repeat("ab", 3<<20)})
	// Set every declared uncompressed size in the central directory to 10 bytes.
	for i := 0; i+46 < len(data); i++ {
		if string(data[i:i+4]) == "PK\x01\x02" {
			copy(data[i+24:], []byte{10, 0, 0, 0})
		}
	}
	if _, err := FromDocx(bytes.NewReader(data), int64(len(data)), nil); err == nil {
		t.Error("a document with false sizes was read")
	}
}

func TestSharedDocxFiles(t *testing.T) {
	want := map[string]string{
		"single-paragraph":   "<p>Walking on imported air</p>",
		"strict-format":      "<p>Test</p>",
		"simple-list":        "<ul><li>Apple</li><li>Banana</li></ul>",
		"underline":          "<p><strong>The </strong><strong><u>Sunset</u></strong><strong> Tree</strong></p>",
		"endnotes":           `<section class="footnotes">`,
		"footnote-hyperlink": `<a href="http://www.example.com" rel="nofollow noreferrer">`,
		"text-box":           `<div class="text-box"><p>Datum plane</p></div>`,
		"tiny-picture":       `<img src="/files/0123456789abcdef0123/image1.png"`,
	}
	files, err := filepath.Glob(sharedData("docx", "*.docx"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".docx")
		if doc := convert(t, data); !strings.Contains(strings.ReplaceAll(doc.HTML, "\n", ""), want[name]) {
			t.Errorf("%s: got %s, want %s", name, doc.HTML, want[name])
		}
	}
}

// sharedData names a file of the data set beside the project, if there is one.
func sharedData(parts ...string) string {
	dir, _ := os.Getwd()
	for range 6 {
		try := filepath.Join(dir, "..", "shared", "data")
		if _, err := os.Stat(try); err == nil {
			return filepath.Join(append([]string{try}, parts...)...)
		}
		dir = filepath.Dir(dir)
	}
	return filepath.Join(append([]string{"no-shared-data"}, parts...)...)
}

func FuzzFromDocx(f *testing.F) {
	f.Add([]byte(`<w:p><w:r><w:t>x</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>`))
	f.Add([]byte(para(numbered(1, 1), "甲") + para(numbered(2, 0), "乙")))
	f.Fuzz(func(t *testing.T, body []byte) {
		data := word(t, string(body), map[string]string{"word/numbering.xml": listNumbering})
		doc, err := FromDocx(bytes.NewReader(data), int64(len(data)), nil)
		if err == nil {
			assertHarmless(t, doc.HTML)
		}
	})
}

func FuzzDocxArchive(f *testing.F) {
	f.Add(word(f, para("", "正文"), nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if doc, err := FromDocx(bytes.NewReader(data), int64(len(data)), nil); err == nil {
			assertHarmless(t, doc.HTML)
		}
	})
}

func TestOfficeTextReadsAllKinds(t *testing.T) {
	sheet := map[string]string{
		"xl/sharedStrings.xml":     `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>机密★</t></si></sst>`,
		"xl/worksheets/sheet1.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c><v>13800138000</v></c></row></sheetData></worksheet>`,
		"ppt/slides/slide1.xml":    `<p:sld xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:p><a:r><a:t>第一页</a:t></a:r></a:p></p:sld>`,
	}
	data := word(t, para("", "正文"), sheet)
	got, err := OfficeText(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"机密★", "13800138000", "第一页", "正文"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}
