package richtext

import (
	"strings"
	"time"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Op says what happened to a piece of text between two versions.
type Op string

const (
	Same    Op = "same"
	Added   Op = "added"
	Removed Op = "removed"
	Changed Op = "changed"
	// Skipped stands for a run of paragraphs that didn't change.
	Skipped Op = "skipped"
)

// Part is a piece of a paragraph.
type Part struct {
	Op   Op
	Text string
}

// Change is a paragraph of the comparison. Count is the number of paragraphs a
// Skipped one stands for.
type Change struct {
	Op    Op
	Parts []Part
	Count int
}

// Comparing two long texts must not hold up a request.
const (
	diffTime = 2 * time.Second
	maxLines = 200_000
)

// Diff compares two versions paragraph by paragraph, and changed paragraphs
// character by character. Of unchanged text, one paragraph of context is kept
// on either side of a change.
func Diff(before, after string) []Change {
	a, b := lines(before), lines(after)
	deadline := time.Now().Add(diffTime)
	var out []Change
	var removed, added []string
	flush := func() {
		out = append(out, pair(removed, added, deadline)...)
		removed, added = nil, nil
	}
	for _, d := range alignLines(a, b) {
		switch d.Op {
		case Removed:
			removed = append(removed, d.Text)
		case Added:
			added = append(added, d.Text)
		default:
			flush()
			out = append(out, Change{Op: Same, Parts: []Part{{Same, d.Text}}})
		}
	}
	flush()
	return fold(out)
}

func lines(body string) []string {
	var out []string
	for line := range strings.SplitSeq(Text(body), "\n") {
		if line = strings.TrimSpace(line); line != "" && len(out) < maxLines {
			out = append(out, line)
		}
	}
	return out
}

// alignLines gives each different line a character of its own and compares the
// two strings that result.
func alignLines(a, b []string) []Part {
	index := map[string]rune{}
	var known []string
	code := func(lines []string) []rune {
		out := make([]rune, len(lines))
		for i, line := range lines {
			r, ok := index[line]
			if !ok {
				r = rune(len(known) + 1)
				if r >= 0xd800 { // not a character by itself
					r += 0x800
				}
				index[line] = r
				known = append(known, line)
			}
			out[i] = r
		}
		return out
	}
	ra, rb := code(a), code(b)
	d := diffmatchpatch.New()
	d.DiffTimeout = diffTime
	var out []Part
	for _, diff := range d.DiffMainRunes(ra, rb, false) {
		for _, r := range diff.Text {
			if r >= 0xd800 {
				r -= 0x800
			}
			out = append(out, Part{opOf(diff.Type), known[r-1]})
		}
	}
	return out
}

func opOf(o diffmatchpatch.Operation) Op {
	switch o {
	case diffmatchpatch.DiffDelete:
		return Removed
	case diffmatchpatch.DiffInsert:
		return Added
	}
	return Same
}

// pair matches removed with added paragraphs in order, as long as they resemble
// each other.
func pair(removed, added []string, deadline time.Time) []Change {
	var out []Change
	for len(removed) > 0 && len(added) > 0 {
		if time.Now().After(deadline) {
			break
		}
		parts, alike := within(removed[0], added[0])
		switch {
		case alike:
			out = append(out, Change{Op: Changed, Parts: parts})
			removed, added = removed[1:], added[1:]
		case len(removed) >= len(added):
			out = append(out, Change{Op: Removed, Parts: []Part{{Removed, removed[0]}}})
			removed = removed[1:]
		default:
			out = append(out, Change{Op: Added, Parts: []Part{{Added, added[0]}}})
			added = added[1:]
		}
	}
	for _, line := range removed {
		out = append(out, Change{Op: Removed, Parts: []Part{{Removed, line}}})
	}
	for _, line := range added {
		out = append(out, Change{Op: Added, Parts: []Part{{Added, line}}})
	}
	return out
}

// within compares two paragraphs; alike if at least a third stayed.
func within(before, after string) (parts []Part, alike bool) {
	d := diffmatchpatch.New()
	d.DiffTimeout = 200 * time.Millisecond
	diffs := d.DiffCleanupSemantic(d.DiffMainRunes([]rune(before), []rune(after), false))
	kept := 0
	for _, diff := range diffs {
		parts = append(parts, Part{opOf(diff.Type), diff.Text})
		if diff.Type == diffmatchpatch.DiffEqual {
			kept += len(diff.Text)
		}
	}
	return parts, 3*kept >= max(len(before), len(after))
}

// fold replaces longer unchanged stretches by a count.
func fold(all []Change) []Change {
	var out []Change
	for i := 0; i < len(all); {
		if all[i].Op != Same {
			out = append(out, all[i])
			i++
			continue
		}
		end := i
		for end < len(all) && all[end].Op == Same {
			end++
		}
		lead, trail := min(i, 1), min(len(all)-end, 1) // context only towards a change
		if n := end - i - lead - trail; n > 1 {
			out = append(out, all[i:i+lead]...)
			out = append(out, Change{Op: Skipped, Count: n})
			out = append(out, all[end-trail:end]...)
		} else {
			out = append(out, all[i:end]...)
		}
		i = end
	}
	return out
}
