package site

import (
	"slices"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/errs"
)

// ColumnKind says how often a column must be renewed (SITE-02, SITE-03).
type ColumnKind string

const (
	News        ColumnKind = "news"        // 动态要闻: 14 days
	Policy180   ColumnKind = "policy"      // 通知公告、政策文件: 180 days
	Plan        ColumnKind = "plan"        // 人事、规划: 365 days
	Static      ColumnKind = "static"      // 不常变的内容: confirmed once a year
	Interactive ColumnKind = "interactive" // 互动: nothing waits too long for an answer
)

// ColumnKinds lists all kinds in the order forms show them.
var ColumnKinds = []ColumnKind{News, Policy180, Plan, Static, Interactive}

// Limit is how many days a column of this kind may stay as it is. For
// interactive columns it is how long a question may wait.
func (k ColumnKind) Limit() int {
	switch k {
	case News:
		return 14
	case Policy180:
		return 180
	case Interactive:
		return 7
	}
	return 365
}

// Fresh, Ageing (80 % of the limit has passed) or Stale.
type Fresh string

const (
	IsFresh  Fresh = "fresh"
	IsAgeing Fresh = "ageing"
	IsStale  Fresh = "stale"
	// IsEmpty is a column in which nothing was ever published (SITE-05).
	IsEmpty Fresh = "empty"
)

// Pulse is what is known of the life in a column.
type Pulse struct {
	Count int
	// Latest is the time of the last publication.
	Latest time.Time
	// Waiting is since when the oldest unanswered question waits.
	Waiting time.Time
}

// Freshness judges a column. A static one counts from the day someone
// confirmed that nothing changed, if that is later; others don't, because
// "confirmed" is no news.
func Freshness(kind ColumnKind, p Pulse, confirmed, now time.Time) Fresh {
	since := p.Latest
	switch {
	case kind == Interactive:
		if p.Waiting.IsZero() {
			return IsFresh
		}
		since = p.Waiting
	case p.Count == 0:
		return IsEmpty
	case kind == Static && confirmed.After(since):
		since = confirmed
	}
	limit := time.Duration(kind.Limit()) * 24 * time.Hour
	switch age := now.Sub(since); {
	case age > limit:
		return IsStale
	case age >= limit*8/10:
		return IsAgeing
	}
	return IsFresh
}

// Column is a shelf of a site on which articles stand.
type Column struct {
	bun.BaseModel `bun:"table:site_column,alias:c"`

	ID          int64 `bun:",pk,autoincrement"`
	SiteID      int64
	ParentID    int64
	Slug, Name  string
	Description string
	Kind        ColumnKind
	Position    int
	Visible     bool
	// ConfirmedAt is when someone last declared that a static column still holds.
	ConfirmedAt time.Time `bun:",nullzero"`
	ConfirmedBy string
}

// maxColumns of one site; maxColumnDepth levels of them keep every article
// within four clicks of the home page (PAGE-06).
const (
	maxColumns     = 120
	maxColumnDepth = 3
)

// ColumnDraft is what a person enters about a column.
type ColumnDraft struct {
	ParentID    int64
	Slug, Name  string
	Description string
	Kind        ColumnKind
	Visible     bool
}

// Check returns the faults of a draft for column id (0 for a new one) among
// the columns of its site.
func (d ColumnDraft) Check(id int64, all []Column) errs.Fields {
	var f errs.Fields
	if d.Name == "" {
		f.Add("name", "site.column.name_missing")
	}
	tooLong(&f, "name", d.Name, 20)
	tooLong(&f, "description", d.Description, 200)
	if !slugForm.MatchString(d.Slug) {
		f.Add("slug", "site.slug.form")
	}
	if !slices.Contains(ColumnKinds, d.Kind) {
		f.Add("kind", "site.column.kind_unknown")
	}
	if id == 0 && len(all) >= maxColumns {
		f.Add("name", "site.column.too_many", errs.Args{"Max": maxColumns})
	}
	for _, c := range all {
		if c.ID != id && c.Slug == d.Slug {
			f.Add("slug", "site.column.slug_taken", errs.Args{"Name": c.Name})
		}
		if c.ID != id && c.ParentID == d.ParentID && c.Name == d.Name {
			f.Add("name", "site.column.name_taken")
		}
	}
	d.checkParent(&f, id, all)
	return f
}

func (d ColumnDraft) checkParent(f *errs.Fields, id int64, all []Column) {
	if d.ParentID == 0 {
		return
	}
	up := Ancestors(all, d.ParentID)
	if len(up) == 0 {
		f.Add("parent", "site.column.parent_unknown")
		return
	}
	if id != 0 && slices.ContainsFunc(up, func(c Column) bool { return c.ID == id }) {
		f.Add("parent", "site.column.cycle")
		return
	}
	if len(up)+depthBelow(all, id) > maxColumnDepth {
		f.Add("parent", "site.column.too_deep", errs.Args{"Max": maxColumnDepth})
	}
}

// depthBelow is the number of levels from column id down, itself included.
func depthBelow(all []Column, id int64) int {
	deepest := 0
	if id != 0 {
		for _, c := range all {
			if c.ParentID == id && c.ID != id {
				deepest = max(deepest, depthBelow(all, c.ID))
			}
		}
	}
	return deepest + 1
}

// Ancestors returns the column id with those above it, from the top down.
func Ancestors(all []Column, id int64) []Column {
	var up []Column
	for range maxColumnDepth + 1 {
		i := slices.IndexFunc(all, func(c Column) bool { return c.ID == id })
		if i < 0 {
			break
		}
		up = append(up, all[i])
		id = all[i].ParentID
	}
	slices.Reverse(up)
	return up
}

// Below returns the ids of column id and all visible columns under it.
func Below(all []Column, id int64) []int64 {
	ids := []int64{id}
	for _, c := range all {
		if c.ParentID == id && c.Visible && c.ID != id {
			ids = append(ids, Below(all, c.ID)...)
		}
	}
	return ids
}

// ColumnTree is a column with those below it.
type ColumnTree struct {
	Column
	Children []ColumnTree
}

// Tree orders columns as a tree. Hidden ones are left out with all below them
// unless hidden is asked for.
func Tree(all []Column, hidden bool) []ColumnTree { return branch(all, 0, hidden) }

func branch(all []Column, parent int64, hidden bool) []ColumnTree {
	var out []ColumnTree
	for _, c := range all {
		if c.ParentID == parent && (c.Visible || hidden) {
			out = append(out, ColumnTree{c, branch(all, c.ID, hidden)})
		}
	}
	return out
}

// Flat lists a tree from the top, with each column's depth, for forms.
type Flat struct {
	Column
	Depth int
}

// Flatten lists all columns in the order of the tree.
func Flatten(all []Column) []Flat {
	var out []Flat
	var walk func([]ColumnTree, int)
	walk = func(trees []ColumnTree, depth int) {
		for _, t := range trees {
			out = append(out, Flat{t.Column, depth})
			walk(t.Children, depth+1)
		}
	}
	walk(Tree(all, true), 0)
	return out
}
