package search

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func cut(s string) []string {
	var out []string
	for t := range tokens(s) {
		out = append(out, t.term())
	}
	return out
}

func TestTextIsCutIntoPairsAndWords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"税", "税"},
		{"党费", "党费 费"},
		{"集体土地。承包", "集体 体土 土地 地 承包 包"},
		{"2024年GDP增长", "2024 年 gdp 增长 长"},
		{"ＡＢＣ１２３", "abc123"},
		{"café Ångström", "cafe angstrom"},
		{"e\u0301tude", "etude"},
		{"《党章》", "党章 章"},
		{"𠀀𠮷野", "𠀀𠮷 𠮷野 野"},
		{"⼈民", "人民 民"}, // a radical that PDFs use for the character
		{"，。！？\n\t ", ""},
		{"C++ and Go", "c and go"},
	} {
		if diff := cmp.Diff(strings.Fields(c.want), cut(c.text)); diff != "" && len(cut(c.text))+len(c.want) > 0 {
			t.Errorf("%q: %s", c.text, diff)
		}
	}
}

// Every phrase that is typed from a text finds its terms in a row there.
func TestPieceOfTextIsFoundInIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []rune(rapid.StringOfN(rapid.RuneFrom([]rune("党员干部村民土地𠮷， ab1")), 1, 40, -1).Draw(t, "text"))
		from := rapid.IntRange(0, len(text)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(text)).Draw(t, "to")
		piece := string(text[from:to])
		if strings.ContainsAny(piece, "ab1") {
			return // the middle of a word is no word
		}
		whole := cut(string(text))
		for _, p := range phrases(piece, true) {
			if !holds(whole, p.terms) {
				t.Fatalf("%q of %q: %q not in %q", piece, string(text), p.terms, whole)
			}
		}
	})
}

func holds(whole, terms []string) bool {
	for i := 0; i+len(terms) <= len(whole); i++ {
		if slices.EqualFunc(whole[i:i+len(terms)], terms, func(have, want string) bool {
			start, ok := strings.CutSuffix(want, "*")
			return have == want || ok && strings.HasPrefix(have, start)
		}) {
			return true
		}
	}
	return false
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"村里修路占了我家地", "a\xffb", "\x00", "𠀀e\u0301", "ﬁ½①"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for tok := range tokens(s) {
			if tok.from < 0 || tok.to > len(s) || tok.from >= tok.to || tok.to < end {
				t.Fatalf("%q: token %q at %d..%d after %d", s, tok.term(), tok.from, tok.to, end)
			}
			end = tok.to
			if term := tok.term(); !utf8.ValidString(term) || strings.ContainsAny(term, "\"'=~*\\ ():|&!<\x00") {
				t.Fatalf("%q: term %q could be read as an operator", s, term)
			}
		}
	})
}

func TestPartsJoinToTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Repeat(rapid.StringN(1, 50, -1).Draw(t, "text"), rapid.IntRange(0, 400).Draw(t, "times"))
		all := parts(text)
		if got := strings.Join(all, ""); len(all) < maxParts && got != text {
			t.Fatal("parts do not give the text again")
		}
		for _, p := range all {
			if utf8.RuneCountInString(p) > partSize {
				t.Fatalf("a part of %d characters", utf8.RuneCountInString(p))
			}
			got, err := unpack(pack(p))
			if err != nil || got != p {
				t.Fatalf("unpacked text differs: %v", err)
			}
		}
	})
}

func TestFirstOfAreTheMostNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(rapid.Custom(func(t *rapid.T) nominee {
			return nominee{rapid.Int64Range(0, 1000).Draw(t, "part"), float64(rapid.IntRange(0, 5).Draw(t, "vote"))}
		})).Draw(t, "all")
		n := rapid.IntRange(0, 20).Draw(t, "n")
		byVote := func(a, b nominee) int {
			if a.before(b) {
				return -1
			}
			if b.before(a) {
				return 1
			}
			return 0
		}
		want := slices.Clone(all)
		slices.SortFunc(want, byVote)
		want = want[:min(n, len(want))]
		got := firstOf(all, n)
		slices.SortFunc(got, byVote)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
