package richtext

import (
	"regexp"
	"strconv"
	"strings"
)

// style is what matters of a Word style after inheritance.
type style struct {
	name    string
	basedOn string
	outline int // 1…9, 0 for text
	numID   string
	numLvl  int
	center  string
	bold    bool
	size    int // half points
	done    bool
}

var headingName = regexp.MustCompile(`^(?:heading|标题) ?([1-9])$`)

func readStyles(root *node) map[string]*style {
	all := map[string]*style{}
	for _, n := range root.kids {
		if n.name != "w:style" {
			continue
		}
		ppr, rpr := n.child("w:pPr"), n.child("w:rPr")
		s := &style{name: strings.ToLower(n.val("w:name")), basedOn: n.val("w:basedOn"), center: ppr.val("w:jc")}
		s.bold, _ = rpr.on("w:b")
		s.size, _ = strconv.Atoi(rpr.val("w:sz"))
		if m := headingName.FindStringSubmatch(s.name); m != nil {
			s.outline = int(m[1][0] - '0')
		} else if l, err := strconv.Atoi(ppr.val("w:outlineLvl")); err == nil && l >= 0 && l < 9 {
			s.outline = l + 1
		}
		if num := ppr.child("w:numPr"); num != nil {
			s.numID = num.val("w:numId")
			s.numLvl, _ = strconv.Atoi(num.val("w:ilvl"))
		}
		all[n.attr("w:styleId")] = s
	}
	for _, s := range all {
		inherit(all, s, 0)
	}
	return all
}

// inherit fills what a style leaves open from the one it is based on.
func inherit(all map[string]*style, s *style, depth int) {
	if s.done || depth > 20 { // styles based on each other in a circle
		return
	}
	s.done = true
	base := all[s.basedOn]
	if base == nil {
		return
	}
	inherit(all, base, depth+1)
	if s.outline == 0 {
		s.outline = base.outline
	}
	if s.numID == "" {
		s.numID, s.numLvl = base.numID, base.numLvl
	}
	if s.center == "" {
		s.center = base.center
	}
	if s.size == 0 {
		s.size = base.size
	}
	s.bold = s.bold || base.bold
}

// numbering is Word's list machinery: instances refer to abstract lists, whose
// levels have a number format and a text with %1, %2 … for the counters.
type numbering struct {
	abstract map[string]*abstractList
	instance map[string]*instance
}

type instance struct {
	of     string
	starts map[int]int
}

type abstractList struct {
	levels [9]listFormat
	count  [9]int
}

type listFormat struct {
	format, text string
	start        int
}

func readNumbering(root *node) *numbering {
	n := &numbering{abstract: map[string]*abstractList{}, instance: map[string]*instance{}}
	for _, k := range root.kids {
		switch k.name {
		case "w:abstractNum":
			n.abstract[k.attr("w:abstractNumId")] = readAbstract(k)
		case "w:num":
			in := &instance{of: k.val("w:abstractNumId"), starts: map[int]int{}}
			for _, o := range k.kids {
				if lvl, err := strconv.Atoi(o.attr("w:ilvl")); o.name == "w:lvlOverride" && err == nil {
					if start, err := strconv.Atoi(o.val("w:startOverride")); err == nil {
						in.starts[lvl] = start
					}
				}
			}
			n.instance[k.attr("w:numId")] = in
		}
	}
	return n
}

func readAbstract(k *node) *abstractList {
	a := &abstractList{}
	for _, l := range k.kids {
		i, err := strconv.Atoi(l.attr("w:ilvl"))
		if l.name != "w:lvl" || err != nil || i < 0 || i > 8 {
			continue
		}
		start, err := strconv.Atoi(l.val("w:start"))
		if err != nil {
			start = 1
		}
		a.levels[i] = listFormat{format: l.val("w:numFmt"), text: l.val("w:lvlText"), start: start}
	}
	return a
}

// item is the mark of a list paragraph.
type item struct {
	level int
	tag   string // ul, ol, or "" when the label has to be written out
	kind  string // type attribute of ol
	value int
	label string
}

// next counts a paragraph of list id at the level.
func (n *numbering) next(id string, level int) (item, bool) {
	in := n.instance[id]
	if in == nil || id == "0" || level < 0 || level > 8 {
		return item{}, false
	}
	a := n.abstract[in.of]
	if a == nil {
		return item{}, false
	}
	if start, ok := in.starts[level]; ok { // counts anew once
		a.count[level] = start - 1
		delete(in.starts, level)
	} else if a.count[level] == 0 {
		a.count[level] = a.levels[level].start - 1
	}
	a.count[level]++
	for deeper := level + 1; deeper < 9; deeper++ {
		a.count[deeper] = 0
	}
	f := a.levels[level]
	it := item{level: level, value: a.count[level]}
	switch {
	case f.format == "bullet":
		it.tag = "ul"
	case f.format == "none":
		return it, false
	case simpleOl[f.format] != "" && plainMark(f.text, level):
		it.tag, it.kind = "ol", simpleOl[f.format]
	default:
		it.label = a.label(level)
	}
	return it, true
}

var simpleOl = map[string]string{"decimal": "1", "lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}

// plainMark reports whether a browser would number the same way.
func plainMark(text string, level int) bool {
	mark := "%" + strconv.Itoa(level+1)
	return text == mark || text == mark+"." || text == mark+")"
}

// label writes the mark out, e.g. 第三条 or （二）, because a browser can't.
func (a *abstractList) label(level int) string {
	out := a.levels[level].text
	for i := level; i >= 0; i-- {
		count := a.count[i]
		if count == 0 {
			count = a.levels[i].start
		}
		out = strings.ReplaceAll(out, "%"+strconv.Itoa(i+1), formatCount(count, a.levels[i].format))
	}
	return out
}

func formatCount(n int, format string) string {
	switch format {
	case "chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting", "taiwaneseCountingThousand", "chineseLegalSimplified", "koreanDigital2":
		return toChinese(n)
	case "ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital":
		return strings.NewReplacer("0", "〇", "1", "一", "2", "二", "3", "三", "4", "四", "5", "五", "6", "六", "7", "七", "8", "八", "9", "九").Replace(strconv.Itoa(n))
	case "ideographTraditional":
		return pick("甲乙丙丁戊己庚辛壬癸", n)
	case "decimalEnclosedCircle", "decimalEnclosedCircleChinese":
		return pick("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", n)
	case "upperLetter":
		return pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ", n)
	case "lowerLetter":
		return pick("abcdefghijklmnopqrstuvwxyz", n)
	case "upperRoman":
		return roman(n)
	case "lowerRoman":
		return strings.ToLower(roman(n))
	}
	return strconv.Itoa(n)
}

func pick(from string, n int) string {
	runes := []rune(from)
	if n < 1 || n > len(runes) {
		return strconv.Itoa(n)
	}
	return string(runes[n-1])
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, s := range []struct {
		v int
		t string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= s.v {
			b.WriteString(s.t)
			n -= s.v
		}
	}
	return b.String()
}
