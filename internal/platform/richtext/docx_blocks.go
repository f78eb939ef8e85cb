package richtext

import (
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNesting bounds tables in text boxes in tables…
const maxNesting = 20

// blocks writes the paragraphs and tables of a container.
func (d *docx) blocks(parent *node, out *strings.Builder) {
	if d.depth++; d.depth > maxNesting {
		d.depth--
		return
	}
	defer func() { d.depth-- }()
	l := lister{out: out}
	d.eachBlock(parent, out, &l)
	l.close(-1)
}

func (d *docx) eachBlock(parent *node, out *strings.Builder, l *lister) {
	for _, n := range parent.kids {
		switch n.name {
		case "w:p":
			d.paragraph(n, out, l)
		case "w:tbl":
			l.close(-1)
			d.table(n, out)
		case "w:sdt":
			if content := n.child("w:sdtContent"); content != nil && !isTOC(n) {
				d.eachBlock(content, out, l)
			}
		case "w:customXml", "w:ins", "w:moveTo", "w:smartTag":
			d.eachBlock(n, out, l)
		case "mc:AlternateContent":
			if choice := n.child("mc:Choice"); choice != nil {
				d.eachBlock(choice, out, l)
			}
		}
	}
}

// isTOC recognises Word's own table of contents; ours is made from headings.
func isTOC(sdt *node) bool {
	return sdt.child("w:sdtPr").first("w:docPartGallery").attr("w:val") == "Table of Contents"
}

func (d *docx) paragraph(p *node, out *strings.Builder, l *lister) {
	ppr := p.child("w:pPr")
	st := d.styles[ppr.val("w:pStyle")]
	if st == nil {
		st = &style{}
	}
	if strings.HasPrefix(st.name, "toc ") || strings.HasPrefix(st.name, "目录") {
		return
	}
	in := d.inline(p)
	text := strings.TrimSpace(in.html)
	it, listed := d.listItem(ppr, st)
	if text == "" && !(listed && len(in.boxes) > 0) {
		d.boxes(in, out, l)
		return
	}
	if d.takesTitle(ppr, st, in) {
		d.boxes(in, out, l)
		return
	}
	level := outlineOf(ppr, st)
	switch {
	case level > 0:
		l.close(-1)
		tag := "h" + strconv.Itoa(min(level+1, 6))
		out.WriteString("<" + tag + ">" + label(it, listed) + text + "</" + tag + ">\n")
	case listed && it.tag != "":
		l.item(it, text)
	default:
		l.close(-1)
		out.WriteString("<p" + alignment(ppr, st) + ">" + label(it, listed) + text + "</p>\n")
	}
	d.boxes(in, out, l)
}

// boxes writes text boxes after the paragraph they are anchored to.
func (d *docx) boxes(in inline, out *strings.Builder, l *lister) {
	for _, box := range in.boxes {
		l.close(-1)
		out.WriteString(`<div class="text-box">`)
		d.blocks(box, out)
		out.WriteString("</div>\n")
	}
}

func label(it item, listed bool) string {
	if !listed || it.label == "" {
		return ""
	}
	last, _ := utf8.DecodeLastRuneInString(it.label)
	gap := "　" // as after 第一条
	if strings.ContainsRune("、，）)．。", last) {
		gap = ""
	} else if last < 0x80 {
		gap = " "
	}
	return html.EscapeString(it.label) + gap
}

func outlineOf(ppr *node, st *style) int {
	if l, err := strconv.Atoi(ppr.val("w:outlineLvl")); err == nil {
		if l >= 0 && l < 9 {
			return l + 1
		}
		return 0
	}
	return st.outline
}

func (d *docx) listItem(ppr *node, st *style) (item, bool) {
	id, level := st.numID, st.numLvl
	if num := ppr.child("w:numPr"); num != nil {
		if own := num.val("w:numId"); own != "" {
			id = own
		}
		if l, err := strconv.Atoi(num.val("w:ilvl")); err == nil {
			level = l
		}
	}
	if id == "" {
		return item{}, false
	}
	return d.lists.next(id, level)
}

func alignment(ppr *node, st *style) string {
	jc := ppr.val("w:jc")
	if jc == "" {
		jc = st.center
	}
	switch jc {
	case "center":
		return ` class="align-center"`
	case "right", "end":
		return ` class="align-right"`
	}
	return ""
}

// takesTitle keeps the title out of the text: a paragraph of style Title, or a
// short centred first paragraph in large or bold type, as Chinese documents
// have it.
func (d *docx) takesTitle(ppr *node, st *style, in inline) bool {
	first := !d.started && d.depth == 1
	if d.depth == 1 {
		d.started = true
	}
	text := strings.TrimFunc(in.plain, unicode.IsSpace)
	if text == "" || utf8.RuneCountInString(text) > 120 || in.picture || d.title != "" && !first {
		return false
	}
	named := st.name == "title" || st.name == "标题"
	jc := ppr.val("w:jc")
	if jc == "" {
		jc = st.center
	}
	large := jc == "center" && (in.bold || in.size >= 32 || st.bold || st.size >= 32) && utf8.RuneCountInString(text) <= 80
	if d.depth != 1 || !named && !(first && (large || outlineOf(ppr, st) == 1)) {
		return false
	}
	d.title = text
	return true
}

// lister writes nested lists.
type lister struct {
	out  *strings.Builder
	open []string // tags, by level
}

func (l *lister) item(it item, text string) {
	l.close(it.level)
	if len(l.open) == it.level+1 && l.open[it.level] != it.tag {
		l.close(it.level - 1)
	}
	if len(l.open) == it.level+1 {
		l.out.WriteString("</li>\n")
	}
	for len(l.open) <= it.level {
		tag, attrs := it.tag, ""
		if tag == "ol" && len(l.open) == it.level {
			if it.kind != "1" {
				attrs += ` type="` + it.kind + `"`
			}
			if it.value > 1 {
				attrs += ` start="` + strconv.Itoa(it.value) + `"`
			}
		}
		l.out.WriteString("<" + tag + attrs + ">")
		l.open = append(l.open, tag)
		if len(l.open) <= it.level {
			l.out.WriteString("<li>")
		}
	}
	l.out.WriteString("<li>" + text)
}

// close ends the lists deeper than level; -1 ends all.
func (l *lister) close(level int) {
	for len(l.open) > level+1 {
		last := len(l.open) - 1
		l.out.WriteString("</li></" + l.open[last] + ">")
		l.open = l.open[:last]
		if last == 0 {
			l.out.WriteString("\n")
		}
	}
}

// table writes a table; cells merged downwards become rowspan.
func (d *docx) table(tbl *node, out *strings.Builder) {
	rows := d.rows(tbl)
	if len(rows) == 0 {
		return
	}
	out.WriteString("<table>")
	part := ""
	for i := range rows {
		want, tag := "tbody", "td"
		if rows[i].header && (part == "" || part == "thead") {
			want, tag = "thead", "th"
		}
		if part != want {
			if part != "" {
				out.WriteString("</" + part + ">")
			}
			out.WriteString("<" + want + ">")
			part = want
		}
		out.WriteString("<tr>")
		for _, c := range rows[i].cells {
			d.cell(c, rows[i+1:], tag, out)
		}
		out.WriteString("</tr>")
	}
	out.WriteString("</" + part + "></table>\n")
}

type tableRow struct {
	header bool
	cells  []tableCell
}

type tableCell struct {
	at, span int
	merge    string // restart, continue or ""
	content  *node
}

func (d *docx) rows(tbl *node) []tableRow {
	var rows []tableRow
	for _, tr := range flatten(tbl, "w:tr") {
		trpr := tr.child("w:trPr")
		row := tableRow{}
		row.header, _ = trpr.on("w:tblHeader")
		at, _ := strconv.Atoi(trpr.val("w:gridBefore"))
		for _, tc := range flatten(tr, "w:tc") {
			pr := tc.child("w:tcPr")
			c := tableCell{at: at, span: 1, content: tc}
			if n, err := strconv.Atoi(pr.val("w:gridSpan")); err == nil && n > 1 && n < 200 {
				c.span = n
			}
			if m := pr.child("w:vMerge"); m != nil {
				c.merge = "continue"
				if m.attr("w:val") == "restart" {
					c.merge = "restart"
				}
			}
			at += c.span
			row.cells = append(row.cells, c)
		}
		if len(row.cells) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

// flatten lists children of a kind, also inside content controls and insertions.
func flatten(parent *node, name string) []*node {
	var out []*node
	for _, k := range parent.kids {
		switch k.name {
		case name:
			out = append(out, k)
		case "w:sdt":
			if c := k.child("w:sdtContent"); c != nil {
				out = append(out, flatten(c, name)...)
			}
		case "w:customXml", "w:ins":
			out = append(out, flatten(k, name)...)
		}
	}
	return out
}

func (d *docx) cell(c tableCell, below []tableRow, tag string, out *strings.Builder) {
	if c.merge == "continue" {
		return
	}
	attrs := ""
	if c.span > 1 {
		attrs += ` colspan="` + strconv.Itoa(c.span) + `"`
	}
	if c.merge == "restart" {
		if n := 1 + continues(c.at, below); n > 1 {
			attrs += ` rowspan="` + strconv.Itoa(n) + `"`
		}
	}
	var inner strings.Builder
	d.blocks(c.content, &inner)
	out.WriteString("<" + tag + attrs + ">" + soleParagraph(inner.String()) + "</" + tag + ">")
}

// continues counts the rows below that go on with the merged cell at a column.
func continues(at int, below []tableRow) int {
	n := 0
rows:
	for _, row := range below {
		for _, c := range row.cells {
			if c.at == at && c.merge == "continue" {
				n++
				continue rows
			}
		}
		break
	}
	return n
}

// soleParagraph takes the tags off a cell's only paragraph.
func soleParagraph(s string) string {
	s = strings.TrimSpace(s)
	inner, ok := strings.CutPrefix(s, "<p>")
	if !ok {
		return s
	}
	inner, ok = strings.CutSuffix(inner, "</p>")
	if !ok || strings.Contains(inner, "</p>") {
		return s
	}
	return inner
}
