package richtext

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

var footnotes = extension.NewFootnote(extension.WithFootnoteLinkClass("footnote"), extension.WithFootnoteBacklinkClass("footnote-back"))

var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, footnotes),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(lowerHeadings{}, 100))),
)

// FromMarkdown converts CommonMark with tables, strike-through and footnotes.
// Raw HTML is left out. A level-1 heading at the start is the title.
func FromMarkdown(src []byte) (Document, error) {
	decoded, err := Decode(src)
	if err != nil {
		return Document{}, err
	}
	title, rest := splitTitle(decoded)
	var out bytes.Buffer
	out.Grow(len(rest) * 5 / 4)
	if err := markdown.Convert([]byte(rest), &out); err != nil {
		return Document{}, fmt.Errorf("convert markdown: %w", err)
	}
	return finish(title, out.String(), 0)
}

// splitTitle takes a level-1 heading off the start.
func splitTitle(src string) (title, rest string) {
	line, ok := strings.CutPrefix(strings.TrimLeft(src, "\n\t 　"), "# ")
	if !ok {
		return "", src
	}
	line, rest, _ = strings.Cut(line, "\n")
	return strings.TrimSpace(strings.TrimRight(strings.TrimSpace(line), "#")), rest
}

// MarkdownTitle is the title FromMarkdown would find.
func MarkdownTitle(src string) string {
	title, _ := splitTitle(src)
	return title
}

// lowerHeadings moves all headings one level down if any is of level 1, which
// belongs to the title of the page.
type lowerHeadings struct{}

func (lowerHeadings) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var all []*ast.Heading
	top := 6
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			all = append(all, h)
			top = min(top, h.Level)
		}
	}
	if top > 1 {
		return
	}
	for _, h := range all {
		h.Level = min(h.Level+1, 6)
	}
}
