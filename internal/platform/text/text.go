// Package text holds the few things that every room does to text people typed.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean trims text, joins inner white space and drops what can't be seen, so
// that two names that look alike are alike.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// Cut shortens text to n characters and says so by an ellipsis.
func Cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
