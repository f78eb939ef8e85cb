package richtext

import (
	"io"
	"slices"
	"strings"
)

// OfficeText returns the words of a Word, Excel or PowerPoint file in OOXML,
// unordered as to sheets and slides, for searching them. The limits of
// [FromDocx] hold.
func OfficeText(r io.ReaderAt, size int64) (string, error) {
	pack, err := openPackage(r, size)
	if err != nil {
		return "", err
	}
	var names []string
	for name := range pack.files {
		if strings.HasPrefix(name, "word/") || strings.HasPrefix(name, "ppt/slides/") || name == "xl/sharedstrings.xml" || strings.HasPrefix(name, "xl/worksheets/") {
			if strings.HasSuffix(name, ".xml") {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		root, err := pack.parse(name)
		if err != nil {
			return "", err
		}
		gather(root, &b)
		if b.Len() > MaxText {
			break
		}
	}
	return b.String(), nil
}

// gather writes the text of an element; paragraphs and cells end a line.
func gather(n *node, b *strings.Builder) {
	b.WriteString(n.text)
	for _, k := range n.kids {
		gather(k, b)
	}
	switch n.name[strings.IndexByte(n.name, ':')+1:] {
	case "p", "si", "c", "br":
		b.WriteByte('\n')
	}
}
