package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mozillazg/go-pinyin"
	"github.com/uptrace/bun"
)

// Titles are found by sound too: typed with other characters of the same
// sound, in pinyin, or by the initials of their characters. A title's sounds
// are terms of the inverted file, "~xi ~guan", and every three initials in a
// row one, "~3xga", so that nothing has to be kept in memory.
//
// Sounds that many speakers do not tell apart count as one (zh z, an ang …). A
// character has the one reading that is most common, on both sides alike.

const (
	mostSimilar   = 5
	syllableMark  = "~"
	initialsMark  = "~3"
	fewestLetters = 3
)

// readings holds the syllables, and of each basic Chinese character which is
// its own.
type readings struct {
	syllables []string
	index     map[string]uint16
	of        [0x9FFF - 0x4E00 + 1]uint16
	longest   int
}

var chinese = sync.OnceValue(func() *readings {
	r := &readings{syllables: []string{""}, index: map[string]uint16{}}
	for c := range r.of {
		written, _, _ := strings.Cut(pinyin.PinyinDict[c+0x4E00], ",")
		if written == "" {
			continue
		}
		syllable := bareText(strings.ReplaceAll(written, "ü", "v"))
		i, ok := r.index[syllable]
		if !ok {
			i = uint16(len(r.syllables))
			r.index[syllable] = i
			r.syllables = append(r.syllables, syllable)
			r.longest = max(r.longest, len(syllable))
		}
		r.of[c] = i
	}
	return r
})

// syllable is how r is read, "" if it is no common character.
func syllable(r rune) string {
	if r < 0x4E00 || r > 0x9FFF {
		return ""
	}
	all := chinese()
	return all.syllables[all.of[r-0x4E00]]
}

var alike = strings.NewReplacer("zh", "z", "ch", "c", "sh", "s", "ang", "an", "eng", "en", "ing", "in")

// sounds lists the terms by which a title is found by ear.
func sounds(title string) []string {
	var heard []string
	var initials strings.Builder
	for _, r := range title {
		if s := syllable(fold(r)); s != "" {
			heard = append(heard, syllableMark+alike.Replace(s))
			initials.WriteByte(s[0])
		}
	}
	return append(heard, initialTerms(initials.String())...)
}

func initialTerms(letters string) []string {
	var out []string
	for i := 0; i+fewestLetters <= len(letters); i++ {
		out = append(out, initialsMark+letters[i:i+fewestLetters])
	}
	return out
}

// heard returns the phrases by which typed text may be found by ear.
func heard(typed string) []phrase {
	text := bareText(typed)
	var terms []string
	letters := true
	for _, r := range text {
		letters = letters && 'a' <= r && r <= 'z'
		if s := syllable(r); s != "" {
			terms = append(terms, syllableMark+alike.Replace(s))
		}
	}
	switch {
	case len(text) == 0 || len(text) > 60:
		return nil
	case !letters:
		if len(terms) < 2 || len(terms) != len([]rune(text)) {
			return nil
		}
		return []phrase{{terms: terms}}
	}
	var out []phrase
	if spelt := spell(text); len(spelt) > 1 {
		for i, s := range spelt {
			spelt[i] = syllableMark + alike.Replace(s)
		}
		out = append(out, phrase{terms: spelt})
	}
	if terms := initialTerms(text); len(terms) > 0 {
		out = append(out, phrase{terms: terms})
	}
	return out
}

// spell divides letters into as few syllables as they can be read in, nil if
// they can't.
func spell(letters string) []string {
	all := chinese()
	best := make([]int, len(letters)+1) // length of the last syllable of the best reading up to here
	fewest := make([]int, len(letters)+1)
	for i := 1; i <= len(letters); i++ {
		for n := 1; n <= min(i, all.longest); n++ {
			if i-n > 0 && best[i-n] == 0 {
				continue
			}
			if _, ok := all.index[letters[i-n:i]]; ok && (best[i] == 0 || fewest[i-n]+1 < fewest[i]) {
				best[i], fewest[i] = n, fewest[i-n]+1
			}
		}
	}
	if best[len(letters)] == 0 {
		return nil
	}
	var out []string
	for i := len(letters); i > 0; i -= best[i] {
		out = append(out, letters[i-best[i]:i])
	}
	slices.Reverse(out)
	return out
}

// similar finds titles that sound like what was typed, and what of them was
// probably meant.
func (x *Index) similar(ctx context.Context, q *Query, typed string) ([]Title, string, error) {
	ways := heard(typed)
	if len(ways) == 0 {
		return nil, "", nil
	}
	parts, err := x.look(ctx, q, q.filter().and(ways), mostFaceted/10)
	if err != nil {
		return nil, "", err
	}
	found, err := x.titles(ctx, parts)
	if err != nil {
		return nil, "", err
	}
	meant := map[string]int{}
	best := ""
	for _, t := range found {
		for _, w := range ways {
			if m := sounding(t.Title, w.terms); m != "" {
				meant[m]++
				if meant[m] > meant[best] {
					best = m
				}
			}
		}
	}
	if bareText(best) == bareText(typed) {
		best = ""
	}
	return found[:min(len(found), mostSimilar)], best, nil
}

// titles reads the titles of parts, shorter ones first.
func (x *Index) titles(ctx context.Context, parts []int64) ([]Title, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	var rows []row
	if err := x.db.Read().NewSelect().Model(&rows).Column("kind", "ref", "title", "url").Where("id in (?)", bun.In(docsOf(parts))).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read titles: %w", err)
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(len(a.Title), len(b.Title)), cmp.Compare(a.Title, b.Title), cmp.Compare(b.Ref, a.Ref))
	})
	out := make([]Title, len(rows))
	for i, r := range rows {
		out[i] = Title{Kind: r.Kind, ID: r.Ref, Title: r.Title, URL: r.URL}
	}
	return out, nil
}

// sounding returns the characters of title that are heard as terms.
func sounding(title string, terms []string) string {
	var chars []rune
	var syllables []string
	for _, r := range title {
		if s := syllable(fold(r)); s != "" {
			chars = append(chars, r)
			syllables = append(syllables, s)
		}
	}
	n, of := len(terms), func(i int) string { return syllableMark + alike.Replace(syllables[i]) }
	if strings.HasPrefix(terms[0], initialsMark) {
		n = len(terms) + fewestLetters - 1
		of = nil
	}
	for i := 0; i+n <= len(chars); i++ {
		match := true
		for j := 0; j < len(terms) && match; j++ {
			if of != nil {
				match = of(i+j) == terms[j]
			} else {
				match = initialsMark+syllables[i+j][:1]+syllables[i+j+1][:1]+syllables[i+j+2][:1] == terms[j]
			}
		}
		if match {
			return string(chars[i : i+n])
		}
	}
	return ""
}

// Suggest completes what is being typed with titles: those that hold it, then
// those that sound like it.
func (x *Index) Suggest(ctx context.Context, q Query) ([]Title, error) {
	asked := ask(q.Text)
	if len(asked.words) == 0 {
		return nil, nil
	}
	limit := min(max(q.Limit, 1), mostLimit)
	e := q.filter()
	for i, w := range asked.words {
		if i == len(asked.words)-1 && len(w.terms) == 1 && isWord(w.terms[0]) {
			w = phrase{terms: []string{w.terms[0] + "*"}}
		}
		e = e.and(titles([]phrase{w}))
	}
	parts, err := x.look(ctx, &q, e, mostFaceted/10)
	if err != nil {
		return nil, err
	}
	out, err := x.titles(ctx, parts)
	if err != nil {
		return nil, err
	}
	if len(out) < limit {
		more, _, err := x.similar(ctx, &q, asked.text)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	seen := map[string]bool{}
	out = slices.DeleteFunc(out, func(t Title) bool {
		known := seen[t.Title]
		seen[t.Title] = true
		return known
	})
	return out[:min(len(out), limit)], nil
}

// isWord reports whether a term is a word of letters, which may be unfinished.
func isWord(term string) bool {
	return !strings.HasSuffix(term, "*") && !paired([]rune(term)[0])
}
