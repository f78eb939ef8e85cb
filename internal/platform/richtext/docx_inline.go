package richtext

import (
	"html"
	"path"
	"slices"
	"strconv"
	"strings"
)

// inline is the content of a paragraph.
type inline struct {
	html, plain string
	boxes       []*node
	bold        bool // all of it
	size        int  // largest, half points
	picture     bool
}

// span is a stretch of the same look.
type span struct {
	look look
	html string
}

type look struct {
	bold, italic, under, strike bool
	vert                        string // sub or sup
	href                        string
}

// fieldState follows a complex field, which begins, tells its instruction,
// separates and ends in different runs.
type fieldState struct {
	stack []fieldPart
}

type fieldPart struct {
	instr   string
	showing bool
}

func (f *fieldState) mark(kind string) {
	switch kind {
	case "begin":
		f.stack = append(f.stack, fieldPart{})
	case "separate":
		if n := len(f.stack); n > 0 {
			f.stack[n-1].showing = true
		}
	case "end":
		if n := len(f.stack); n > 0 {
			f.stack = f.stack[:n-1]
		}
	}
}

// hidden reports whether text here is part of an instruction.
func (f *fieldState) hidden() bool {
	for _, p := range f.stack {
		if !p.showing {
			return true
		}
	}
	return false
}

func (f *fieldState) href() string {
	for _, p := range f.stack {
		if href := hyperlinkTarget(p.instr); href != "" {
			return href
		}
	}
	return ""
}

// hyperlinkTarget reads HYPERLINK "address".
func hyperlinkTarget(instr string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(instr), "HYPERLINK")
	if !ok || strings.Contains(rest, `\l`) {
		return ""
	}
	_, rest, _ = strings.Cut(rest, `"`)
	target, _, _ := strings.Cut(rest, `"`)
	return webLink(target)
}

// webLink returns addresses a reader can follow, "" for paths on the author's
// machine and the like.
func webLink(s string) string {
	for _, scheme := range []string{"http://", "https://", "mailto:"} {
		if strings.HasPrefix(strings.ToLower(s), scheme) {
			return s
		}
	}
	return ""
}

type inlineWriter struct {
	d     *docx
	spans []span
	plain strings.Builder
	in    inline
	sized bool
}

func (d *docx) inline(p *node) inline {
	w := &inlineWriter{d: d}
	w.in.bold = true
	w.walk(p, "")
	w.in.bold = w.in.bold && w.plain.Len() > 0
	w.in.html = w.join()
	w.in.plain = w.plain.String()
	return w.in
}

func (w *inlineWriter) walk(parent *node, href string) {
	for _, n := range parent.kids {
		switch n.name {
		case "w:r":
			w.run(n, href)
		case "w:hyperlink":
			target := href
			if rel, ok := w.d.rels[n.attr("r:id")]; ok && rel.external {
				target = webLink(rel.target)
			}
			w.walk(n, target)
		case "w:fldSimple":
			target := href
			if t := hyperlinkTarget(n.attr("w:instr")); t != "" {
				target = t
			}
			w.walk(n, target)
		case "w:sdt":
			if c := n.child("w:sdtContent"); c != nil {
				w.walk(c, href)
			}
		case "w:ins", "w:moveTo", "w:smartTag", "w:customXml", "w:dir", "w:bdo":
			w.walk(n, href)
		case "m:oMath", "m:oMathPara":
			w.math(n, look{href: href})
		case "mc:AlternateContent":
			w.alternate(n, look{href: href})
		}
	}
}

func (w *inlineWriter) run(r *node, href string) {
	rpr := r.child("w:rPr")
	if hidden, _ := rpr.on("w:vanish"); hidden {
		return
	}
	l := w.lookOf(rpr)
	l.href = href
	if l.href == "" {
		l.href = w.d.field.href()
	}
	if size, err := strconv.Atoi(rpr.val("w:sz")); err == nil {
		w.in.size = max(w.in.size, size)
	}
	for _, n := range r.kids {
		w.runPart(n, l)
	}
}

func (w *inlineWriter) lookOf(rpr *node) look {
	var l look
	st := w.d.styles[rpr.val("w:rStyle")]
	l.bold = st != nil && st.bold
	if on, set := rpr.on("w:b"); set {
		l.bold = on
	}
	l.italic, _ = rpr.on("w:i")
	l.under, _ = rpr.on("w:u")
	l.strike, _ = rpr.on("w:strike")
	if double, _ := rpr.on("w:dstrike"); double {
		l.strike = true
	}
	switch rpr.val("w:vertAlign") {
	case "superscript":
		l.vert = "sup"
	case "subscript":
		l.vert = "sub"
	}
	return l
}

func (w *inlineWriter) runPart(n *node, l look) {
	f := &w.d.field
	switch n.name {
	case "w:fldChar":
		f.mark(n.attr("w:fldCharType"))
	case "w:instrText":
		if k := len(f.stack); k > 0 {
			f.stack[k-1].instr += n.text
		}
	}
	if f.hidden() {
		return
	}
	switch n.name {
	case "w:t", "m:t":
		w.text(n.text, l)
	case "w:tab", "w:ptab":
		w.text(" ", l)
	case "w:noBreakHyphen":
		w.text("-", l)
	case "w:br", "w:cr":
		if kind := n.attr("w:type"); kind == "" || kind == "textWrapping" {
			w.add("<br>", look{})
			w.plain.WriteByte('\n')
		}
	case "w:sym":
		w.text(symbol(n.attr("w:font"), n.attr("w:char")), l)
	case "w:footnoteReference":
		w.noteMark("fn", n.attr("w:id"))
	case "w:endnoteReference":
		w.noteMark("en", n.attr("w:id"))
	case "w:ruby":
		w.ruby(n, l)
	case "w:drawing", "w:pict", "w:object":
		w.graphic(n, l)
	case "mc:AlternateContent":
		w.alternate(n, l)
	}
}

func (w *inlineWriter) text(s string, l look) {
	if s == "" {
		return
	}
	if strings.TrimSpace(s) != "" && !l.bold {
		w.in.bold = false
	}
	w.plain.WriteString(s)
	w.add(html.EscapeString(s), l)
}

func (w *inlineWriter) add(s string, l look) {
	if n := len(w.spans); n > 0 && w.spans[n-1].look == l {
		w.spans[n-1].html += s
		return
	}
	w.spans = append(w.spans, span{l, s})
}

// join writes the spans out; each closes what it opens.
func (w *inlineWriter) join() string {
	var b strings.Builder
	for i := 0; i < len(w.spans); {
		href := w.spans[i].look.href
		if href != "" {
			b.WriteString(`<a href="` + html.EscapeString(href) + `">`)
		}
		for ; i < len(w.spans) && w.spans[i].look.href == href; i++ {
			writeSpan(&b, w.spans[i])
		}
		if href != "" {
			b.WriteString("</a>")
		}
	}
	return b.String()
}

func writeSpan(b *strings.Builder, s span) {
	var tags []string
	if strings.TrimSpace(s.html) != "" {
		for _, t := range []struct {
			on  bool
			tag string
		}{{s.look.bold, "strong"}, {s.look.italic, "em"}, {s.look.under && s.look.href == "", "u"}, {s.look.strike, "s"}, {s.look.vert != "", s.look.vert}} {
			if t.on {
				tags = append(tags, t.tag)
				b.WriteString("<" + t.tag + ">")
			}
		}
	}
	b.WriteString(s.html)
	for i := len(tags) - 1; i >= 0; i-- {
		b.WriteString("</" + tags[i] + ">")
	}
}

// alternate takes the newer form if we can show something of it, else the older.
func (w *inlineWriter) alternate(n *node, l look) {
	for _, name := range []string{"mc:Choice", "mc:Fallback"} {
		option := n.child(name)
		if option.first("w:txbxContent") != nil || option.first("a:blip") != nil || option.first("v:imagedata") != nil || option.first("w:t") != nil {
			for _, k := range option.kids {
				w.runPart(k, l)
			}
			return
		}
	}
}

// graphic shows the pictures and queues the text boxes of a drawing.
func (w *inlineWriter) graphic(n *node, l look) {
	alt := n.first("wp:docPr").attr("descr")
	if alt == "" {
		alt = n.first("v:shape").attr("alt")
	}
	w.graphicParts(n, alt, l)
}

func (w *inlineWriter) graphicParts(n *node, alt string, l look) {
	for _, k := range n.kids {
		switch k.name {
		case "w:txbxContent":
			w.in.boxes = append(w.in.boxes, k)
		case "a:blip":
			w.image(k.attr("r:embed"), alt, l)
		case "v:imagedata":
			w.image(k.attr("r:id"), alt, l)
		case "mc:AlternateContent":
			w.alternate(k, l)
		default:
			w.graphicParts(k, alt, l)
		}
	}
}

func (w *inlineWriter) image(id, alt string, l look) {
	rel, ok := w.d.rels[id]
	if !ok || rel.external {
		w.d.dropped++
		return
	}
	src := w.d.picture(rel.target)
	if src == "" {
		w.d.dropped++
		return
	}
	w.in.picture = true
	w.add(`<img src="`+html.EscapeString(src)+`" alt="`+html.EscapeString(oneLine(alt))+`">`, look{href: l.href})
}

// picture stores an embedded picture once.
func (d *docx) picture(part string) string {
	if src, done := d.kept[part]; done || d.keep == nil || d.err != nil {
		return src
	}
	data, err := d.pack.part(part, maxPicture)
	if err != nil {
		if err != errNoPart {
			d.err = err
		}
		return ""
	}
	src, err := d.keep(Picture{Name: path.Base(part), Data: data})
	if err != nil {
		d.err = err
		return ""
	}
	d.kept[part] = src
	return src
}

func (w *inlineWriter) ruby(n *node, l look) {
	base, over := collectText(n.child("w:rubyBase")), collectText(n.child("w:rt"))
	w.plain.WriteString(base)
	w.add("<ruby>"+html.EscapeString(base)+"<rt>"+html.EscapeString(over)+"</rt></ruby>", l)
}

// math writes a formula as its plain characters.
func (w *inlineWriter) math(n *node, l look) {
	w.text(collectText(n), l)
}

func collectText(n *node) string {
	if n == nil {
		return ""
	}
	if holdsText(n.name) && n.name != "w:instrText" {
		return n.text
	}
	var b strings.Builder
	for _, k := range n.kids {
		b.WriteString(collectText(k))
	}
	return b.String()
}

// symbol maps the characters of Word's symbol fonts that occur in forms.
func symbol(font, code string) string {
	n, err := strconv.ParseUint(code, 16, 32)
	if err != nil {
		return ""
	}
	n &= 0xfff
	switch {
	case strings.HasPrefix(font, "Wingdings"):
		switch n {
		case 0x6f, 0xa8, 0x71:
			return "□"
		case 0xfe, 0x52:
			return "☑"
		case 0xfc:
			return "✓"
		case 0x6c:
			return "●"
		case 0x6e:
			return "■"
		case 0xe0, 0xf0:
			return "→"
		}
		return "•"
	case font == "Symbol":
		if n == 0xb7 {
			return "•"
		}
		return ""
	}
	if n >= 0x20 {
		return string(rune(n))
	}
	return ""
}

// noteMark links to a note, numbered in order of first reference.
func (w *inlineWriter) noteMark(prefix, id string) {
	d := w.d
	key := prefix + id
	if d.note[key] == nil {
		return
	}
	at, anchor := slices.Index(d.order, key)+1, ""
	if at == 0 {
		d.order = append(d.order, key)
		at = len(d.order)
		anchor = ` id="fnref-` + strconv.Itoa(at) + `"`
	}
	n := strconv.Itoa(at)
	w.add(`<sup><a class="footnote"`+anchor+` href="#fn-`+n+`">`+n+`</a></sup>`, look{})
}

// notes writes footnotes and endnotes after the text.
func (d *docx) notes() {
	if len(d.order) == 0 {
		return
	}
	mainRels := d.rels
	d.depth++ // a note has no title
	d.out.WriteString(`<section class="footnotes"><ol>`)
	for i := 0; i < len(d.order); i++ { // a note may refer to another
		key := d.order[i]
		d.rels = d.noteRel[key[:2]]
		var inner strings.Builder
		d.blocks(d.note[key], &inner)
		n := strconv.Itoa(i + 1)
		d.out.WriteString(`<li id="fn-` + n + `">` + strings.TrimSpace(soleParagraph(inner.String())) + ` <a class="footnote-back" href="#fnref-` + n + `">↩</a></li>`)
	}
	d.out.WriteString("</ol></section>\n")
	d.depth--
	d.rels = mainRels
}
