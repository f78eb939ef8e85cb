package search

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// token is a piece of text that can be looked for: a pair of characters (a, b),
// the last character of a run (a alone), or a word of letters and digits.
type token struct {
	a, b     rune
	word     string
	from, to int // bytes in the text
}

// append writes the token as the inverted file stores it.
func (t token) append(to []byte) []byte {
	if t.word != "" {
		return append(to, t.word...)
	}
	to = utf8.AppendRune(to, t.a)
	if t.b != 0 {
		to = utf8.AppendRune(to, t.b)
	}
	return to
}

func (t token) term() string {
	if t.word != "" {
		return t.word
	}
	return string(t.append(nil))
}

// edge reports whether t is the last character of a run. Together with the
// pairs, which begin with every other character, it lets a single character be
// found by prefix; in phrases it takes no part.
func (t token) edge() bool { return t.word == "" && t.b == 0 }

const longestWord = 64

// tokens cuts s. Characters of scripts written without spaces come as pairs,
// each run closed by its last character; other letters and digits as lower-case
// words. Full width, compatibility forms, case and accents make no difference.
func tokens(s string) iter.Seq[token] {
	return func(yield func(token) bool) {
		var prev rune // the last character of the run so far
		prevFrom := 0
		for i := 0; i < len(s); {
			r, size := utf8.DecodeRuneInString(s[i:])
			folded := fold(r)
			if paired(folded) {
				if prev != 0 && !yield(token{a: prev, b: folded, from: prevFrom, to: i + size}) {
					return
				}
				prev, prevFrom = folded, i
				i += size
				continue
			}
			if unicode.Is(unicode.Mn, r) {
				i += size
				continue
			}
			if prev != 0 && !yield(token{a: prev, from: prevFrom, to: i}) {
				return
			}
			prev = 0
			if !wordly(folded) {
				i += size
				continue
			}
			end, word := readWord(s, i)
			if !yield(token{word: word, from: i, to: end}) {
				return
			}
			i = end
		}
		if prev != 0 {
			yield(token{a: prev, from: prevFrom, to: len(s)})
		}
	}
}

// readWord reads the word that begins at i. The part of a word beyond its
// longest length is read over.
func readWord(s string, i int) (end int, word string) {
	var b strings.Builder
	n := 0
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		folded := fold(r)
		if !unicode.Is(unicode.Mn, r) {
			if !wordly(folded) || paired(folded) {
				break
			}
			if n++; n <= longestWord {
				b.WriteRune(folded)
			}
		}
		i += size
	}
	return i, b.String()
}

// fold makes forms of the same character one: width, case, accents, and the
// compatibility characters that come out of old encodings and PDF files.
func fold(r rune) rune {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	case 0x4E00 <= r && r <= 0x9FFF, 0xAC00 <= r && r <= 0xD7A3, r == utf8.RuneError:
		return r
	case 0xFF01 <= r && r <= 0xFF5E:
		return fold(r - 0xFEE0)
	}
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	if p := norm.NFKD.Properties(buf[:n]).Decomposition(); len(p) > 0 {
		first, _ := utf8.DecodeRune(norm.NFKD.Append(nil, buf[:n]...))
		return unicode.ToLower(first)
	}
	return unicode.ToLower(r)
}

// paired reports whether r belongs to a script that writes no spaces.
func paired(r rune) bool {
	if r < 0x2E80 {
		return false
	}
	if 0x4E00 <= r && r <= 0x9FFF {
		return true
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

func wordly(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

// clean makes text fit to store: valid UTF-8 without NUL.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}
