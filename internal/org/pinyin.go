package org

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// maxPosition bounds Org.Position; defaultPosition lets a clerk put some
// organisations before and some after those that sort by name.
const (
	maxPosition     = 9999
	DefaultPosition = 500
)

// readings corrects the characters that are read differently in names of
// places and organisations than alone.
var readings = map[rune]string{
	'长': "chang2", '重': "chong2", '会': "hui4", '行': "hang2", '校': "xiao4", '都': "du1", '区': "qu1",
	'系': "xi4", '厦': "xia4", '蚌': "beng4", '曾': "zeng1", '单': "dan1", '解': "jie3",
}

var tones = pinyin.Args{Style: pinyin.Tone3}

// syllable returns the pinyin of a character with its tone as a digit, or "".
func syllable(r rune) string {
	if s, ok := readings[r]; ok {
		return s
	}
	if r < 0x3400 {
		return ""
	}
	if all := pinyin.SinglePinyin(r, tones); len(all) > 0 {
		return all[0]
	}
	return ""
}

// SortKey orders names by pinyin with plain byte comparison, as either engine
// does it. The digit of the tone sorts before letters, so qin1 precedes qing1.
func SortKey(position int, name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%04d ", position)
	for _, r := range name {
		if s := syllable(r); s != "" {
			b.WriteString(s)
			continue
		}
		b.WriteRune(unicode.ToLower(r))
	}
	b.WriteByte(' ')
	b.WriteString(name)
	return b.String()
}

// Initials returns the first letters of a name's pinyin: 青山县委 → qsxw.
func Initials(name string) string {
	var b strings.Builder
	for _, r := range name {
		if s := syllable(r); s != "" {
			b.WriteByte(s[0])
		} else if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// letters returns the whole pinyin without tones: qingshanxianwei.
func letters(name string) string {
	var b strings.Builder
	for _, r := range name {
		if s := syllable(r); s != "" {
			b.WriteString(strings.TrimRight(s, "0123456789"))
		}
	}
	return b.String()
}

// index fills the columns by which an organisation is sorted and found.
func (o *Org) index() {
	o.SortKey = SortKey(o.Position, o.Name)
	parts := []string{strings.ToLower(o.Name), strings.ToLower(o.ShortName), strings.ToLower(o.Code),
		Initials(o.Name), letters(o.Name)}
	if o.ShortName != "" {
		parts = append(parts, Initials(o.ShortName))
	}
	o.FindText = strings.Join(parts, "\n")
}
