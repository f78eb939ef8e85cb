package richtext

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Heading is an entry of the table of contents.
type Heading struct {
	Level int    `json:"l"`
	ID    string `json:"i"`
	Text  string `json:"t"`
}

// Outline gives every heading, and every paragraph that begins an article of a
// statute (第…条), an address within the page, and lists the headings. The
// addresses of a statute follow its numbering (#zhang-2, #tiao-12, #tiao-12-1
// for 第十二条之一), so that a link to an article outlives an amendment.
func Outline(body string) (anchored string, toc []Heading) {
	if !strings.Contains(body, "<h") && !strings.Contains(body, "第") {
		return body, nil
	}
	o := outliner{taken: map[string]int{}}
	z := html.NewTokenizer(strings.NewReader(body))
	var b strings.Builder
	b.Grow(len(body) + len(body)/16)
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String(), o.toc
		}
		raw := string(z.Raw())
		if kind == html.StartTagToken {
			name, hasAttr := z.TagName()
			tag := atom.Lookup(name)
			if level := headingLevel(tag); level > 0 || tag == atom.P {
				inner, closed := untilEnd(z, tag)
				b.WriteString(o.open(raw, tag, level, hasAttr, inner))
				b.WriteString(inner + closed)
				continue
			}
		}
		b.WriteString(raw)
	}
}

type outliner struct {
	taken map[string]int
	count int
	toc   []Heading
}

// open returns the start tag with its address.
func (o *outliner) open(raw string, tag atom.Atom, level int, hasAttr bool, inner string) string {
	var text string
	if level > 0 {
		text = oneLine(Text(inner))
	} else {
		text = leadingText(inner)
	}
	id := o.id(text, level)
	if level > 0 && text != "" {
		o.toc = append(o.toc, Heading{Level: level, ID: id, Text: cut(text, 80)})
	}
	if id == "" {
		return raw
	}
	if hasAttr {
		raw = idAttr.ReplaceAllString(raw, "")
	}
	return strings.Replace(raw, "<"+tag.String(), "<"+tag.String()+` id="`+id+`"`, 1)
}

var idAttr = regexp.MustCompile(`\s+id="[^"]*"`)

func (o *outliner) id(text string, level int) string {
	id := statuteID(text)
	if level == 0 && !strings.HasPrefix(id, "tiao-") {
		return ""
	}
	if id == "" {
		o.count++
		id = fmt.Sprintf("h-%d", o.count)
	}
	o.taken[id]++
	if n := o.taken[id]; n > 1 {
		// 章节 may number anew in each part; the later ones get a running suffix.
		return fmt.Sprintf("%s-0-%d", id, n)
	}
	return id
}

var statuteUnit = regexp.MustCompile(`^\s*第([零〇一二三四五六七八九十百千两0-9]{1,9})([编章节条])(?:之([一二三四五六七八九十]{1,3}))?(.?)`)

var unitName = map[string]string{"编": "bian", "章": "zhang", "节": "jie", "条": "tiao"}

// statuteID returns the address of 第…编/章/节/条, "" for any other text. An
// article is announced by its number and a space; 第三条规定的… is not one.
func statuteID(text string) string {
	m := statuteUnit.FindStringSubmatch(text)
	if m == nil || m[4] != "" && !strings.Contains(" 　\t\u00a0【（(", m[4]) {
		return ""
	}
	n, ok := chineseNumber(m[1])
	if !ok {
		return ""
	}
	id := unitName[m[2]] + "-" + strconv.Itoa(n)
	if sub, ok := chineseNumber(m[3]); ok {
		id += "-" + strconv.Itoa(sub)
	}
	return id
}

func headingLevel(tag atom.Atom) int {
	switch tag {
	case atom.H2:
		return 2
	case atom.H3:
		return 3
	case atom.H4:
		return 4
	case atom.H5:
		return 5
	case atom.H6:
		return 6
	}
	return 0
}

// untilEnd reads up to the end tag of tag, which it returns apart.
func untilEnd(z *html.Tokenizer, tag atom.Atom) (inner, closed string) {
	var b strings.Builder
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return b.String(), ""
		}
		raw := string(z.Raw())
		if kind == html.EndTagToken {
			if name, _ := z.TagName(); atom.Lookup(name) == tag {
				return b.String(), raw
			}
		}
		b.WriteString(raw)
	}
}

// leadingText is the first few characters of a paragraph, enough to see 第…条.
func leadingText(inner string) string {
	if len(inner) > 200 {
		end := 200
		for !utf8.RuneStart(inner[end]) {
			end--
		}
		inner = inner[:end]
	}
	if !strings.Contains(inner, "第") {
		return ""
	}
	return Text(inner)
}
