// Package tree holds the materialised path of a node in a tree, such as
// "/1/12/340/". With it "everything below X" is one indexed range.
package tree

import (
	"strconv"
	"strings"
)

// Path lists the ids from the root to a node, each between slashes.
type Path string

// Root is the path above all others.
const Root Path = "/"

// Child returns the path of the node id below p.
func (p Path) Child(id int64) Path {
	return Path(string(p) + strconv.FormatInt(id, 10) + "/")
}

// Contains reports whether q is p itself or below it. The empty path contains
// nothing, so that a forgotten value grants nothing.
func (p Path) Contains(q Path) bool {
	return p != "" && strings.HasPrefix(string(q), string(p))
}

// Range returns the bounds lo ≤ path < hi of the subtree, for an indexed query.
func (p Path) Range() (lo, hi string) {
	s := string(p)
	// '0' is the character after '/', so it bounds everything that starts with s.
	return s, s[:len(s)-1] + "0"
}

// IDs returns the ids from the root down to the node itself.
func (p Path) IDs() []int64 {
	var ids []int64
	for part := range strings.SplitSeq(strings.Trim(string(p), "/"), "/") {
		if id, err := strconv.ParseInt(part, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Depth is the number of nodes on the path.
func (p Path) Depth() int { return strings.Count(string(p), "/") - 1 }
