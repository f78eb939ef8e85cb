package search

import (
	"html"
	"strings"
	"unicode/utf8"
)

const (
	excerptBytes = 360 // about 120 Chinese characters
	leadBytes    = 45  // how much stands before the first mark
)

// span is a marked stretch of a text and what it weighs.
type span struct {
	from, to int
	terms    []int
}

// marked returns s as safe HTML with the terms of the question in <mark>.
func (s *scorer) marked(text string) string {
	return render(text, 0, len(text), s.spans(text))
}

// excerpt returns the stretch of body that says most about the question.
func (s *scorer) excerpt(body string) string {
	spans := s.spans(body)
	from := 0
	if len(spans) > 0 {
		from = s.bestStart(spans)
		from = lead(body, from)
	}
	to := from + byteOf(body[from:], excerptBytes/3)
	if to-from > excerptBytes {
		to = from + excerptBytes
		for !utf8.RuneStart(body[to]) {
			to--
		}
	}
	out := render(body, from, to, spans)
	if from > 0 {
		out = "…" + out
	}
	if to < len(body) {
		out += "…"
	}
	return out
}

// spans finds the terms of the question in text, those that touch as one. Of
// words typed as such, only whole ones count.
func (s *scorer) spans(text string) []span {
	var out []span
	for t := range tokens(text) {
		i := s.termOf(t)
		if i < 0 {
			continue
		}
		if n := len(out); n > 0 && t.from < out[n-1].to {
			out[n-1].to = t.to
			out[n-1].terms = append(out[n-1].terms, i)
			continue
		}
		out = append(out, span{t.from, t.to, []int{i}})
	}
	if s.sentences {
		return out
	}
	whole := out[:0]
	for _, sp := range out {
		if titleShare(text[sp.from:sp.to], s.words) > 0 {
			whole = append(whole, sp)
		}
	}
	if len(whole) == 0 {
		return s.singles(text)
	}
	return whole
}

// singles marks single characters that were asked for as such.
func (s *scorer) singles(text string) []span {
	var out []span
	for _, w := range s.words {
		r, size := utf8.DecodeRuneInString(w.terms[0])
		if len(w.terms) != 1 || w.terms[0][size:] != "*" {
			continue
		}
		for i, c := range text {
			if fold(c) == r {
				out = append(out, span{i, i + utf8.RuneLen(c), nil})
			}
		}
	}
	return out
}

// bestStart is where the window begins that holds most of the question.
func (s *scorer) bestStart(spans []span) int {
	best, from := -1.0, 0
	for i := range spans {
		held := map[int]bool{}
		sum := 0.0
		for _, sp := range spans[i:] {
			if sp.to > spans[i].from+excerptBytes-leadBytes {
				break
			}
			for _, t := range sp.terms {
				if !held[t] {
					held[t] = true
					sum += s.weights[t]
				}
			}
		}
		if sum > best {
			best, from = sum, spans[i].from
		}
		if i > 200 {
			break
		}
	}
	return from
}

// lead steps back from at to the beginning of its sentence, if that is near.
func lead(body string, at int) int {
	from := max(at-leadBytes, 0)
	for from < at && !utf8.RuneStart(body[from]) {
		from++
	}
	for _, stop := range []string{"\n", "。", "；", "，", "：", ". "} {
		if i := strings.LastIndex(body[from:at], stop); i >= 0 {
			from += i + len(stop)
			break
		}
	}
	// Not in the middle of what is bracketed or listed.
	return from + strings.IndexFunc(body[from:], func(r rune) bool { return paired(fold(r)) || wordly(fold(r)) })
}

// render escapes text[from:to] and marks the spans in it.
func render(text string, from, to int, spans []span) string {
	var b strings.Builder
	write := func(s string) {
		b.WriteString(html.EscapeString(strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, s)))
	}
	for _, sp := range spans {
		if sp.to <= from || sp.from >= to || sp.from < from {
			continue
		}
		end := min(sp.to, to)
		write(text[from:sp.from])
		b.WriteString("<mark>")
		write(text[sp.from:end])
		b.WriteString("</mark>")
		from = end
	}
	write(text[from:to])
	return b.String()
}
