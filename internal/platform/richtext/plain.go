package richtext

import (
	"html"
	"strings"
	"unicode"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text returns the words of clean HTML, a line a block, for search and
// excerpts. Footnote marks and pictures are left out.
func Text(body string) string {
	if !strings.ContainsAny(body, "<&") {
		return strings.TrimSpace(body)
	}
	var b strings.Builder
	b.Grow(len(body))
	z := xhtml.NewTokenizer(strings.NewReader(body))
	mark := false // inside the link of a footnote
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return strings.TrimSpace(b.String())
		case xhtml.TextToken:
			if !mark {
				appendWords(&b, html.UnescapeString(string(z.Raw())))
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			tag := atom.Lookup(name)
			if tag == atom.A && hasAttr {
				mark = isFootnoteMark(z)
			}
			if isBlock(tag) {
				newLine(&b)
			}
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			switch {
			case tag == atom.A:
				mark = false
			case tag == atom.Td || tag == atom.Th:
				b.WriteByte(' ')
			case isBlock(tag):
				newLine(&b)
			}
		}
	}
}

func isFootnoteMark(z *xhtml.Tokenizer) bool {
	for {
		key, val, more := z.TagAttr()
		if string(key) == "class" && strings.HasPrefix(string(val), "footnote") {
			return true
		}
		if !more {
			return false
		}
	}
}

// appendWords adds text with white space folded, as a browser would show it.
func appendWords(b *strings.Builder, s string) {
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) && r != '　' {
			space = true
			continue
		}
		if space {
			softSpace(b)
			space = false
		}
		b.WriteRune(r)
	}
	if space {
		softSpace(b)
	}
}

func softSpace(b *strings.Builder) {
	if s := b.String(); s != "" && s[len(s)-1] != ' ' && s[len(s)-1] != '\n' {
		b.WriteByte(' ')
	}
}

func newLine(b *strings.Builder) {
	if s := b.String(); s != "" && s[len(s)-1] != '\n' {
		b.WriteByte('\n')
	}
}

func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Li, atom.Ul, atom.Ol, atom.Tr, atom.Table,
		atom.Blockquote, atom.Pre, atom.Br, atom.Hr, atom.Dt, atom.Dd, atom.Dl, atom.Figure, atom.Figcaption, atom.Section, atom.Aside,
		atom.Caption, atom.Thead, atom.Tbody:
		return true
	}
	return false
}

// Excerpt is the start of the text in at most n characters, on one line.
func Excerpt(body string, n int) string {
	// A prefix of the HTML is enough: cutting inside a tag only loses that tag.
	if limit := n*16 + 1024; len(body) > limit {
		body = strings.ToValidUTF8(body[:limit], "")
	}
	return cut(oneLine(Text(body)), n)
}

// Escape makes plain text fit to stand in HTML.
func Escape(s string) string { return html.EscapeString(s) }
