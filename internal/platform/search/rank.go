package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// The weights of the model. It is BM25 over pairs, the title counted twice,
// plus what pairs alone miss:
//
//   - single characters (偿还 ~ 还债), weighed by how rare they are among the
//     candidates, so that no count of characters has to be kept;
//   - what documents say for what people say (synonyms.txt), at half weight;
//   - a title that names another place is likely no answer;
//   - the shorter the title, the more general the document;
//   - documents of one family, such as the articles of one law, that crowd
//     among the best speak for each other.
//
// The weights were fitted on half of the questions in bench/search and checked
// on the other half; bench/README.md has the figures. They are flat around
// these values: nothing hangs on a second digit.
const (
	saturation      = 1.2  // k1 of BM25
	lengthShare     = 0.75 // b of BM25
	titleCount      = 2    // a term in the title counts as so many in the text
	synonymShare    = 0.5
	characterShare  = 0.6
	titleLengthCost = 0.08
	elsewhereCost   = 1.0
	familyShare     = 0.17
	familySize      = 20  // how many of the best vote for their family
	inTitleBonus    = 1.5 // for words that stand in the title as typed
)

// candidate is a part that may be among the hits.
type candidate struct {
	part  int64
	title string
	place string
	body  string

	terms      []uint16 // how often each term of the scorer occurs
	characters []uint16
	length     float64
	titleLen   int
	match      float64 // BM25, as a share of what the question weighs
	score      float64
}

// scorer weighs candidates against one question.
type scorer struct {
	text    string
	words   []phrase // as typed, for the bonus of titles; nil for sentences
	here    []string
	pairs   map[[2]rune]int
	latin   map[string]int
	weights []float64
	total   float64 // weight of what was really asked

	chars     map[rune]int
	asked     int // the first so many characters were typed, the others are synonyms
	maybe     [1 << 12]bool
	sentences bool
}

// newScorer reads the terms of text, and of its synonyms if it is a sentence.
func newScorer(text, synonyms string, weight func(term string) float64) *scorer {
	s := &scorer{text: text, pairs: map[[2]rune]int{}, latin: map[string]int{}, chars: map[rune]int{}, sentences: true}
	s.add(text, 1, weight)
	for _, w := range s.weights {
		s.total += w
	}
	s.total = max(s.total, 1e-9)
	s.asked = len(s.chars)
	s.add(synonyms, synonymShare, weight)
	return s
}

func (s *scorer) add(text string, share float64, weight func(string) float64) {
	for t := range tokens(text) {
		if t.word != "" {
			if _, ok := s.latin[t.word]; !ok {
				s.latin[t.word] = len(s.weights)
				s.weights = append(s.weights, share*weight(t.word))
			}
			continue
		}
		if _, ok := s.chars[t.a]; !ok {
			s.chars[t.a] = len(s.chars)
			s.maybe[t.a&(1<<12-1)] = true
		}
		if t.edge() {
			continue
		}
		if _, ok := s.pairs[[2]rune{t.a, t.b}]; !ok {
			s.pairs[[2]rune{t.a, t.b}] = len(s.weights)
			s.weights = append(s.weights, share*weight(t.term()))
		}
	}
}

// termOf returns which term of the question t is, -1 if none.
func (s *scorer) termOf(t token) int {
	if t.word != "" {
		if i, ok := s.latin[t.word]; ok {
			return i
		}
		return -1
	}
	if t.b == 0 || !s.maybe[t.a&(1<<12-1)] || !s.maybe[t.b&(1<<12-1)] {
		return -1
	}
	if i, ok := s.pairs[[2]rune{t.a, t.b}]; ok {
		return i
	}
	return -1
}

// rank orders cs by how well they answer, the best first.
func (s *scorer) rank(cs []candidate) {
	average := 0.0
	for i := range cs {
		s.count(&cs[i])
		average += cs[i].length
	}
	average = max(average/float64(max(len(cs), 1)), 1)
	chars, charTotal := s.charWeights(cs)
	for i := range cs {
		c := &cs[i]
		norm := saturation * (1 - lengthShare + lengthShare*c.length/average)
		for t, n := range c.terms {
			c.match += s.weights[t] * saturated(n, norm) / s.total
		}
		c.score = c.match
		if !s.sentences {
			c.score += inTitleBonus * titleShare(c.title, s.words)
			continue
		}
		for r, n := range c.characters {
			c.score += characterShare * chars[r] * saturated(n, norm) / charTotal
		}
		if elsewhere(c.place, s.text, s.here) {
			c.score -= elsewhereCost
		}
	}
	best := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.part, a.part))
	}
	if s.sentences {
		for i := range cs {
			cs[i].score -= titleLengthCost * math.Log(float64(max(cs[i].titleLen, 1)))
		}
		slices.SortFunc(cs, best)
		vote(cs)
	}
	slices.SortFunc(cs, best)
}

func saturated(n uint16, norm float64) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) * (saturation + 1) / (float64(n) + norm)
}

// count reads a candidate once.
func (s *scorer) count(c *candidate) {
	c.terms, c.characters = make([]uint16, len(s.weights)), make([]uint16, len(s.chars))
	read := func(text string, times uint16) (length int) {
		for t := range tokens(text) {
			length++
			if i := s.termOf(t); i >= 0 {
				c.terms[i] = add(c.terms[i], times)
			}
			if t.word == "" && s.maybe[t.a&(1<<12-1)] {
				if i, ok := s.chars[t.a]; ok {
					c.characters[i] = add(c.characters[i], 1)
				}
			}
		}
		return length
	}
	c.titleLen = read(c.title, titleCount)
	c.length = float64(read(c.body, 1) + titleCount*c.titleLen)
}

func add(n, more uint16) uint16 {
	if n > math.MaxUint16-more {
		return n
	}
	return n + more
}

// charWeights weighs the characters of the question by how few of the
// candidates hold them.
func (s *scorer) charWeights(cs []candidate) (weights []float64, total float64) {
	weights = make([]float64, len(s.chars))
	for i := range cs {
		for r, n := range cs[i].characters {
			if n > 0 {
				weights[r]++
			}
		}
	}
	all := float64(len(cs))
	for r, n := range weights {
		weights[r] = math.Log(1 + (all-n+0.5)/(n+0.5))
		if r < s.asked {
			total += weights[r]
		} else {
			weights[r] *= synonymShare
		}
	}
	return weights, max(total, 1e-9)
}

// vote lets the best candidates speak for those of the same family.
func vote(cs []candidate) {
	votes, all := map[string]float64{}, 0.0
	for i := range cs[:min(len(cs), familySize)] {
		votes[family(cs[i].title)] += cs[i].match
		all += cs[i].match
	}
	if all == 0 {
		return
	}
	for i := range cs {
		cs[i].score += familyShare * votes[family(cs[i].title)] / all
	}
}

// family is the title without its number: 民法典第十二条 is of 民法典.
func family(title string) string {
	if i := strings.LastIndex(title, "第"); i > 0 {
		return title[:i]
	}
	return title
}

// titleShare is how many of the words stand in the title.
func titleShare(title string, words []phrase) float64 {
	if len(words) == 0 {
		return 0
	}
	bare, n := bareText(title), 0
	for _, w := range words {
		if strings.Contains(bare, bareTerms(w.terms)) {
			n++
		}
	}
	return float64(n) / float64(len(words))
}

// bareText is s folded, letters and digits only.
func bareText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r = fold(r); paired(r) || wordly(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// bareTerms joins the terms of a phrase to the text they were cut from.
func bareTerms(terms []string) string {
	var b strings.Builder
	var last rune
	for _, t := range terms {
		t = strings.TrimSuffix(t, "*")
		first, size := utf8.DecodeRuneInString(t)
		if paired(first) && first == last {
			t = t[size:]
		}
		b.WriteString(t)
		last, _ = utf8.DecodeLastRuneInString(t)
		if t == "" {
			last = first
		}
	}
	return b.String()
}
