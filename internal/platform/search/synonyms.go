package search

import (
	_ "embed"
	"strings"
)

//go:embed synonyms.txt
var synonymLines string

type synonym struct {
	said    string
	written []string
}

var synonyms = readSynonyms(synonymLines)

func readSynonyms(lines string) []synonym {
	var out []synonym
	for line := range strings.Lines(lines) {
		said, written, ok := strings.Cut(line, " = ")
		if ok && !strings.HasPrefix(line, "#") {
			out = append(out, synonym{strings.TrimSpace(said), strings.Fields(written)})
		}
	}
	return out
}

// written returns what documents say for what s says, apart by blanks.
func written(s string) string {
	var b strings.Builder
	for _, syn := range synonyms {
		if !strings.Contains(s, syn.said) {
			continue
		}
		for _, w := range syn.written {
			if !strings.Contains(s, w) && !strings.Contains(b.String(), w) {
				b.WriteString(w + " ")
			}
		}
	}
	return b.String()
}
