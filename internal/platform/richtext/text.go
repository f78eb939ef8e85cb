package richtext

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	chapterLine = regexp.MustCompile(`^第[零〇一二三四五六七八九十百千0-9]{1,9}([编章])(?:[\s　].*|$)`)
	sectionLine = regexp.MustCompile(`^第[零〇一二三四五六七八九十百千0-9]{1,9}节(?:[\s　].*|$)`)
)

// FromText converts plain text: every line is a paragraph, lines such as
// 第一章 总则 are headings, a short first line without a full stop is the title.
func FromText(src []byte) (Document, error) {
	decoded, err := Decode(src)
	if err != nil {
		return Document{}, err
	}
	lines := nonEmpty(decoded)
	var title string
	if len(lines) > 1 && looksLikeTitle(lines[0]) {
		title, lines = lines[0], lines[1:]
	}
	var b strings.Builder
	b.Grow(len(decoded) + 8*len(lines))
	for _, line := range lines {
		tag := "p"
		switch {
		case utf8.RuneCountInString(line) > 40:
		case chapterLine.MatchString(line):
			tag = "h2"
		case sectionLine.MatchString(line):
			tag = "h3"
		}
		b.WriteString("<" + tag + ">" + html.EscapeString(line) + "</" + tag + ">\n")
	}
	return finish(title, b.String(), 0)
}

func nonEmpty(s string) []string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimFunc(line, unicode.IsSpace); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func looksLikeTitle(line string) bool {
	last, _ := utf8.DecodeLastRuneInString(line)
	return utf8.RuneCountInString(line) <= 60 && !strings.ContainsRune("。；，、：,;:！？", last) && !chapterLine.MatchString(line)
}
