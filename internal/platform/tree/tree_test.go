package tree

import (
	"testing"

	"pgregory.net/rapid"
)

func TestContains(t *testing.T) {
	for _, c := range []struct {
		p, q Path
		want bool
	}{
		{"/1/", "/1/", true},
		{"/1/", "/1/12/", true},
		{"/1/", "/12/", false},
		{"/1/12/", "/1/", false},
		{"", "/1/", false},
		{"/", "/1/", true},
	} {
		if got := c.p.Contains(c.q); got != c.want {
			t.Errorf("%q contains %q = %v, want %v", c.p, c.q, got, c.want)
		}
	}
}

func TestRangeHoldsExactlyTheSubtree(t *testing.T) {
	path := rapid.Custom(func(t *rapid.T) Path {
		p := Root
		for _, id := range rapid.SliceOfN(rapid.Int64Range(1, 300), 1, 5).Draw(t, "ids") {
			p = p.Child(id)
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		p, q := path.Draw(t, "p"), path.Draw(t, "q")
		lo, hi := p.Range()
		in := string(q) >= lo && string(q) < hi
		if in != p.Contains(q) {
			t.Fatalf("%q in the range of %q = %v, contains = %v", q, p, in, p.Contains(q))
		}
		if n := len(p.IDs()); n != p.Depth() {
			t.Fatalf("%q has %d ids but depth %d", p, n, p.Depth())
		}
	})
}
