package search

import (
	"strings"
	"unicode"
)

const (
	longestQuestion = 200 // characters; the rest of a question is not read
	mostPhrases     = 16
	// sentenceFrom is how many characters without a gap are taken for a
	// sentence, unless they occur somewhere just so.
	sentenceFrom = 8
)

// question is what a typed text asks.
type question struct {
	text    string   // as typed, shortened
	words   []phrase // all that was typed, quoted or not
	quoted  []phrase
	asks    bool // it is put as a question
	longRun bool // it holds a run of characters longer than words are
}

// kindOf words tells questions from words: nobody types them to name a thing.
var asking = strings.Fields(`为什么 为何 怎么 怎样 如何 什么 哪些 哪个 哪种 哪里 哪儿 是否 能否 可否 能不能 可不可以
	会不会 要不要 是不是 有没有 该不该 算不算 可以吗 吗 呢 多少 多久 几时 谁 请问 ？ ? 怎办 咋`)

// unasked lists what a question is put with, rather than what it is about,
// longer before shorter. What only looks alike is kept.
var unasked = strings.NewReplacer(append(pairsOf("他人 我国 其他 谁家", false),
	pairsOf(`为什么 怎么办 怎么样 怎么 怎样 如何 什么 哪些 哪个 哪种 哪里 哪儿 哪 是否 能否 可否 能不能 可不可以
	会不会 要不要 是不是 有没有 该不该 算不算 可以吗 吗 呢 吧 啊 多少 多久 谁 请问 我们 我 你 您 他们 他 她 它
	这种 这个 这样 这 那么 那个 那 的话 如果 但是 因为 所以 应该 应当`, true)...)...)

func pairsOf(words string, drop bool) []string {
	var out []string
	for _, w := range strings.Fields(words) {
		by := w
		if drop {
			by = " "
		}
		out = append(out, w, by)
	}
	return out
}

// ask reads what was typed.
func ask(typed string) question {
	q := question{text: strings.TrimSpace(firstRunes(clean(typed), longestQuestion))}
	for i, piece := range strings.FieldsFunc(quotes.Replace(q.text)+"\x00", func(r rune) bool { return r == '"' }) {
		inQuotes := i%2 == 1
		if strings.HasPrefix(quotes.Replace(q.text), `"`) {
			inQuotes = !inQuotes
		}
		found := phrases(piece, inQuotes)
		q.words = append(q.words, found...)
		if inQuotes {
			q.quoted = append(q.quoted, found...)
		}
	}
	q.words, q.quoted = atMost(q.words), atMost(q.quoted)
	for _, p := range q.words {
		q.longRun = q.longRun || len(p.terms) >= sentenceFrom-1
	}
	for _, w := range asking {
		q.asks = q.asks || strings.Contains(q.text, w)
	}
	q.asks = q.asks && len([]rune(q.text)) >= 5
	return q
}

var quotes = strings.NewReplacer("“", `"`, "”", `"`, "「", `"`, "」", `"`, "『", `"`, "』", `"`, "＂", `"`, "\x00", "")

func atMost(ps []phrase) []phrase { return ps[:min(len(ps), mostPhrases)] }

// phrases cuts a piece of a question. Within quotes everything must stand in a
// row; otherwise whatever is neither letter nor digit separates.
func phrases(s string, quoted bool) []phrase {
	var out []phrase
	var terms []string
	var last token
	flush := func() {
		if p, ok := closed(terms, last); ok {
			out = append(out, p)
		}
		terms = nil
	}
	for t := range tokens(s) {
		if len(terms) > 0 && t.from > last.to && !quoted {
			flush()
		}
		terms = append(terms, t.term())
		last = t
	}
	flush()
	return out
}

// closed ends a phrase: its last character need not end a run in the text, and
// if it stands alone, it may begin any pair.
func closed(terms []string, last token) (phrase, bool) {
	n := len(terms)
	if n == 0 {
		return phrase{}, false
	}
	if last.edge() {
		if n > 1 && strings.HasSuffix(terms[n-2], terms[n-1]) && paired([]rune(terms[n-2])[0]) {
			return phrase{terms: terms[:n-1]}, true
		}
		terms[n-1] += "*"
	}
	return phrase{terms: terms}, true
}

// subject is the question without what it is put with.
func (q *question) subject() string {
	s := unasked.Replace(q.text)
	if strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0 {
		return q.text
	}
	return s
}
