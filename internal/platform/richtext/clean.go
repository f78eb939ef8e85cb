package richtext

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"lianxin/internal/platform/errs"
)

// FromHTML converts a web page: its charset is detected, its title taken, its
// body cleaned.
func FromHTML(src []byte) (Document, error) {
	decoded, err := decodeHTML(src)
	if err != nil {
		return Document{}, err
	}
	root, err := html.Parse(strings.NewReader(decoded))
	if err != nil {
		return Document{}, errs.Invalid("richtext.html_too_deep").Because(err)
	}
	title := oneLine(textOf(find(root, atom.Title)))
	body := find(root, atom.Body)
	if body == nil {
		return Document{Title: title}, nil
	}
	if first := find(body, atom.H1); first != nil && only(body, atom.H1) {
		title = oneLine(textOf(first))
		first.Parent.RemoveChild(first)
	}
	text, err := cleanNode(body)
	if err != nil {
		return Document{}, err
	}
	return finish(title, text, 0)
}

// Clean tidies HTML from an editor or pasted from Word: Office's own elements,
// fonts and styles go, its pretended lists become lists, alignment becomes a
// class, empty paragraphs vanish, headings start at level 2.
func Clean(body string) (string, error) {
	if len(body) > MaxText {
		return "", tooLarge(MaxText)
	}
	if strings.TrimSpace(body) == "" {
		return "", nil
	}
	context := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(tidyControls(strings.ToValidUTF8(body, ""))), context)
	if err != nil {
		return "", errs.Invalid("richtext.html_too_deep").Because(err)
	}
	for _, n := range nodes {
		context.AppendChild(n)
	}
	out, err := cleanNode(context)
	if err != nil {
		return "", err
	}
	return Sanitise(out), nil
}

// cleanNode cleans the children of body and writes them out.
func cleanNode(body *html.Node) (string, error) {
	c := cleaner{shift: 0}
	if find(body, atom.H1) != nil {
		c.shift = 1
	}
	c.children(body)
	wrapLists(body)
	wrapLoose(body)
	var b strings.Builder
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if err := html.Render(&b, n); err != nil {
			return "", errs.Invalid("richtext.html_too_deep").Because(err)
		}
	}
	return b.String(), nil
}

type cleaner struct{ shift int }

func (c *cleaner) children(parent *html.Node) {
	for n := parent.FirstChild; n != nil; {
		next := n.NextSibling
		switch n.Type {
		case html.CommentNode, html.DoctypeNode:
			parent.RemoveChild(n)
		case html.ElementNode:
			next = c.element(parent, n)
		}
		n = next
	}
}

// element cleans one element and returns the node to go on with.
func (c *cleaner) element(parent, n *html.Node) *html.Node {
	next := n.NextSibling
	if n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.Data == "xml" || n.Data == "o:p" && strings.TrimSpace(textOf(n)) == "" {
		parent.RemoveChild(n)
		return next
	}
	c.children(n)
	if level := listLevel(n); level > 0 {
		asListItem(n, level)
		return next
	}
	if isWrapper(n) {
		return unwrap(parent, n)
	}
	if l := strings.IndexByte("123456", lastByte(n.Data)); n.DataAtom == atom.H1 || headingLevel(n.DataAtom) > 0 {
		l = min(l+1+c.shift, 6)
		n.Data = "h" + string(rune('0'+l))
		n.DataAtom = atom.Lookup([]byte(n.Data))
	}
	if isVoidParagraph(n) {
		parent.RemoveChild(n)
		return next
	}
	c.attributes(n)
	return next
}

func lastByte(s string) byte { return s[len(s)-1] }

// isWrapper reports whether an element carries nothing but looks.
func isWrapper(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Font, atom.Span, atom.Center, atom.Big, atom.Nobr, atom.Tt, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Section, atom.Div:
		return n.DataAtom != atom.Section && n.DataAtom != atom.Div || attr(n, "class") == "" && attr(n, "align") == "" && attr(n, "style") == "" && hasBlock(n)
	}
	return strings.Contains(n.Data, ":") || n.DataAtom == atom.A && attr(n, "href") == ""
}

func hasBlock(n *html.Node) bool {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && isBlock(c.DataAtom) && c.DataAtom != atom.Br {
			return true
		}
	}
	return false
}

// unwrap replaces n by its children. Bold or italic by style alone is kept.
func unwrap(parent, n *html.Node) *html.Node {
	next := n.NextSibling
	if tag := emphasis(n); tag != 0 && n.FirstChild != nil && !hasBlock(n) {
		n.Data, n.DataAtom, n.Attr = tag.String(), tag, nil
		return next
	}
	for ch := n.FirstChild; ch != nil; ch = n.FirstChild {
		n.RemoveChild(ch)
		parent.InsertBefore(ch, n)
	}
	parent.RemoveChild(n)
	return next
}

var boldStyle = regexp.MustCompile(`font-weight:\s*(bold|[6-9]00)`)

func emphasis(n *html.Node) atom.Atom {
	style := strings.ToLower(attr(n, "style"))
	switch {
	case style == "":
		return 0
	case boldStyle.MatchString(style):
		return atom.Strong
	case strings.Contains(style, "font-style:italic"), strings.Contains(style, "font-style: italic"):
		return atom.Em
	}
	return 0
}

func isVoidParagraph(n *html.Node) bool {
	if n.DataAtom != atom.P && n.DataAtom != atom.Div && headingLevel(n.DataAtom) == 0 {
		return false
	}
	if strings.TrimSpace(textOf(n)) != "" {
		return false
	}
	return find(n, atom.Img) == nil && find(n, atom.Table) == nil && find(n, atom.Hr) == nil
}

var alignStyle = regexp.MustCompile(`text-align:\s*(center|right)`)

// attributes keeps alignment as a class and drops what the policy would refuse.
func (c *cleaner) attributes(n *html.Node) {
	align := strings.ToLower(attr(n, "align"))
	if m := alignStyle.FindStringSubmatch(strings.ToLower(attr(n, "style"))); m != nil {
		align = m[1]
	}
	if (align == "center" || align == "right") && isBlock(n.DataAtom) && n.DataAtom != atom.Table {
		setAttr(n, "class", "align-"+align)
	}
}

// listLevel reports the level of a paragraph that Word dresses up as list item.
func listLevel(n *html.Node) int {
	if n.DataAtom != atom.P {
		return 0
	}
	style := strings.ToLower(attr(n, "style"))
	i := strings.Index(style, "mso-list:")
	if i < 0 || strings.Contains(style, "mso-list:none") {
		return 0
	}
	if j := strings.Index(style[i:], "level"); j > 0 && i+j+5 < len(style) {
		if d := style[i+j+5]; d >= '1' && d <= '9' {
			return int(d - '0')
		}
	}
	return 1
}

var (
	bulletMark = regexp.MustCompile(`^[\s\x{a0}]*[·•●○■□▪◆§oØüvn►–-][\s\x{a0}]+`)
	numberMark = regexp.MustCompile(`^[\s\x{a0}]*(?:[0-9]{1,3}|[a-zA-Z]{1,2})[.)、．][\s\x{a0}]+`)
)

// asListItem turns a pretended list item into li, with its kind and level noted
// for wrapLists. The typed mark goes; a mark that is neither a bullet nor a
// plain number (一、, 第一条) says something and stays a paragraph.
func asListItem(n *html.Node, level int) {
	text := textOf(n)
	kind := ""
	switch {
	case bulletMark.MatchString(text):
		kind = "ul"
		trimStart(n, len(bulletMark.FindString(text)))
	case numberMark.MatchString(text):
		kind = "ol"
		trimStart(n, len(numberMark.FindString(text)))
	}
	n.Attr = nil
	if kind == "" {
		return
	}
	n.Data, n.DataAtom = "li", atom.Li
	n.Attr = []html.Attribute{{Key: "data-list", Val: kind + string(rune('0'+level))}}
}

// trimStart removes the first k bytes of the text below n.
func trimStart(n *html.Node, k int) int {
	for c := n.FirstChild; c != nil && k > 0; c = c.NextSibling {
		if c.Type == html.TextNode {
			cutBytes := min(k, len(c.Data))
			c.Data, k = c.Data[cutBytes:], k-cutBytes
			continue
		}
		k = trimStart(c, k)
	}
	return k
}
