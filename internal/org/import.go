package org

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/sheet"
	"lianxin/internal/platform/text"
	"lianxin/internal/platform/tree"
)

// ImportOptions say what an import may do.
type ImportOptions struct {
	// Update changes organisations whose code exists; else that is a problem.
	// What a row leaves empty stays as it is.
	Update bool
	// Partial imports the rows without problems; else one problem stops all.
	Partial bool
	// DryRun judges everything and writes nothing.
	DryRun bool
	// Under is the superior of rows that name none, 0 for the top of the node.
	Under int64
	// Progress, if set, hears how many rows of how many are done.
	Progress func(done, total int)
}

// Report says what an import did, or would do.
type Report struct {
	File                              string
	Rows, Created, Updated, Unchanged int
	Failed                            int // rows with problems
	Problems                          []Problem
	ProblemCount                      int // Problems holds the first thousand
	Written                           bool
}

const maxProblems = 1000

// Importer reads organisations from a spreadsheet, for the desk and for the
// command line alike.
type Importer struct{ s *Service }

// NewImporter returns an importer that works through the service.
func NewImporter(s *Service) *Importer { return &Importer{s} }

// Import reads name (.xlsx, or .csv in UTF-8 or GB18030) and creates what it
// describes in one transaction. A file that can't be read at all is an error;
// what is wrong with single rows is in the report.
func (im *Importer) Import(ctx context.Context, name string, r io.Reader, o ImportOptions) (Report, error) {
	a := account.ActorFrom(ctx)
	if len(a.Scope(Import)) == 0 {
		return Report{}, a.Check(Import, tree.Root)
	}
	in, err := sheet.Read(r, columns)
	if err != nil {
		return Report{}, err
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	w := &importRun{s: im.s, o: o, total: len(in), byCode: map[string]*importRow{}, nodes: map[string]*node{}, problems: map[int]bool{}}
	today := im.s.Today()
	for _, raw := range in {
		row := understand(raw, today)
		w.take(&row)
	}
	err = im.s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := w.judge(ctx, tx); err != nil {
			return err
		}
		if o.DryRun || len(w.problems) > 0 && !o.Partial {
			w.count()
			return nil
		}
		if err := w.write(ctx, tx); err != nil {
			return err
		}
		w.report.Written = true
		return w.record(ctx, tx, name)
	})
	w.report.File, w.report.Rows = name, len(in)
	slices.SortStableFunc(w.report.Problems, func(a, b Problem) int { return cmp.Compare(a.Row, b.Row) })
	return w.report, err
}

// node is an organisation in the tree as it will be: from the file, or one of
// the database that the file refers to.
type node struct {
	org    Org
	row    *importRow // nil for one that is only referred to
	isNew  bool
	moves  bool
	parent *node // nil at the top
	state  int   // of the walk: 0 unseen, 1 on the way, 2 done
}

// importRun is one import on its way.
type importRun struct {
	s        *Service
	o        ImportOptions
	total    int
	rows     []*importRow
	byCode   map[string]*importRow
	nodes    map[string]*node // by code
	byID     map[int64]*node  // those of the database
	under    *node
	problems map[int]bool // rows that have one
	report   Report
}

// take accepts a row; a second one with the same code is a problem.
func (w *importRun) take(row *importRow) {
	if first, taken := w.byCode[row.draft.Code]; taken && row.draft.Code != "" {
		row.fault("code", row.draft.Code, "org.import.code_twice", errs.Args{"First": first.num})
	} else {
		w.byCode[row.draft.Code] = row
	}
	slices.SortFunc(row.problems, func(a, b Problem) int { return cmp.Compare(a.Column, b.Column) })
	w.note(row.problems...)
	w.rows = append(w.rows, row)
}

func (w *importRun) note(problems ...Problem) {
	for _, p := range problems {
		w.problems[p.Row] = true
		if w.report.ProblemCount++; w.report.ProblemCount <= maxProblems {
			w.report.Problems = append(w.report.Problems, p)
		}
	}
	w.report.Failed = len(w.problems)
}

// fault notes a problem that shows only against the other rows or the database.
func (w *importRun) fault(row *importRow, column, value, key string, args ...errs.Args) {
	before := len(row.problems)
	row.fault(column, value, key, args...)
	w.note(row.problems[before:]...)
}

// good lists the rows without problems.
func (w *importRun) good() []*importRow {
	var out []*importRow
	for _, row := range w.rows {
		if !w.problems[row.num] {
			out = append(out, row)
		}
	}
	return out
}

// judge holds the rows against each other and the database: taken codes,
// unknown superiors, circles, names of sisters, permission.
func (w *importRun) judge(ctx context.Context, tx bun.Tx) error {
	if _, err := lockTree(ctx, tx, 0); err != nil {
		return err
	}
	if err := w.load(ctx, tx); err != nil {
		return err
	}
	for _, row := range w.rows {
		if w.byCode[row.draft.Code] == row && row.draft.Code != "" { // also one that has problems already: all are told at once
			w.hang(row)
		}
	}
	// A row that fails no longer moves, which may close a circle or leave a name
	// taken that seemed free: judge until nothing new is found.
	for before := -1; before != len(w.problems); {
		before = len(w.problems)
		w.judgeCircles()
		w.judgeHeirs()
		if err := w.judgeNames(ctx, tx); err != nil {
			return err
		}
		w.judgeRights(ctx)
		w.judgeHeirs()
	}
	return nil
}

// load reads the organisations that the file names from the database.
func (w *importRun) load(ctx context.Context, tx bun.Tx) error {
	var codes []string
	for _, row := range w.rows {
		codes = append(codes, row.draft.Code)
		if row.parentCode != "" {
			codes = append(codes, row.parentCode)
		}
	}
	slices.Sort(codes)
	for batch := range slices.Chunk(slices.Compact(codes), 1000) {
		found, err := rows[Org](ctx, tx, "id", "code in (?)", bun.List(batch))
		if err != nil {
			return err
		}
		for _, o := range found {
			w.nodes[o.Code] = &node{org: o}
		}
	}
	if w.o.Under == 0 {
		return nil
	}
	o, err := byID(ctx, tx, w.o.Under)
	if err != nil {
		return errs.FieldErr("under", "org.parent.unknown")
	}
	if w.under = w.nodes[o.Code]; w.under == nil {
		w.under = &node{org: o}
		w.nodes[o.Code] = w.under
	}
	return nil
}

// hang makes the node of a row and finds its superior.
func (w *importRun) hang(row *importRow) {
	n := w.nodes[row.draft.Code]
	free := true
	switch {
	case n == nil:
		n = &node{isNew: true}
		w.nodes[row.draft.Code] = n
	case !w.o.Update && !n.isNew:
		w.fault(row, "code", row.draft.Code, "org.import.code_taken", errs.Args{"Name": n.org.Name})
		free = false
	case n.org.Status.Ended():
		w.fault(row, "code", row.draft.Code, "org.import.ended", errs.Args{"Name": n.org.Name})
		free = false
	}
	parent := w.superior(row)
	switch {
	case !free:
		return
	case row.parentCode == "" && n.isNew:
		n.parent = w.under
	case parent != nil:
		n.parent = parent
		n.moves = !n.isNew && parent.org.ID != n.org.ParentID
	}
	n.row = row
}

// superior returns the node that a row names as its superior: one of the
// database, or of any row of the file; nil if it names none or none fits.
func (w *importRun) superior(row *importRow) *node {
	if row.parentCode == "" {
		return nil
	}
	parent := w.nodes[row.parentCode]
	if below, ok := w.byCode[row.parentCode]; parent == nil && ok {
		parent = &node{isNew: true, row: below}
		w.nodes[row.parentCode] = parent
	}
	switch {
	case parent == nil:
		w.fault(row, "parent", row.parentCode, "org.import.parent_unknown")
	case parent.org.Status.Ended():
		w.fault(row, "parent", row.parentCode, "org.parent.ended", errs.Args{"Name": parent.org.Name})
		return nil
	}
	return parent
}

// above returns the next node upwards that the import may change: the superior
// in the file, or the nearest ancestor in the database that the file moves.
func (w *importRun) above(n *node) *node {
	if n.parent != nil && (n.isNew || n.moves) {
		return n.parent
	}
	ids := n.org.Path.IDs()
	for _, id := range slices.Backward(ids[:max(0, len(ids)-1)]) {
		if up := w.byID[id]; up != nil && up.moves {
			return up
		}
	}
	return nil
}

// judgeCircles walks upwards from every node; who comes back to itself is part
// of a circle.
func (w *importRun) judgeCircles() {
	w.byID = map[int64]*node{}
	for _, n := range w.nodes {
		if n.org.ID != 0 {
			w.byID[n.org.ID] = n
		}
		n.state = 0
		n.moves = n.moves && !w.problems[n.row.num]
	}
	for _, row := range w.good() {
		var way []*node
		n := w.nodes[row.draft.Code]
		for n != nil && n.state == 0 {
			n.state = 1
			way = append(way, n)
			n = w.above(n)
		}
		if n != nil && n.state == 1 {
			w.faultCircle(way[slices.Index(way, n):])
		}
		for _, x := range way {
			x.state = 2
		}
	}
}

func (w *importRun) faultCircle(circle []*node) {
	var codes []string
	for _, n := range append(slices.Clone(circle), circle[0]) {
		codes = append(codes, n.code())
	}
	way := strings.Join(codes, " → ")
	for _, n := range circle {
		if n.row != nil {
			w.fault(n.row, "parent", n.row.parentCode, "org.import.circle", errs.Args{"Circle": text.Cut(way, 200)})
		}
	}
}

func (n *node) code() string {
	if n.row != nil {
		return n.row.draft.Code
	}
	return n.org.Code
}

// judgeHeirs makes a problem of every row whose superior has one, until none is
// left: nothing may hang below what is not created.
func (w *importRun) judgeHeirs() {
	for again := true; again; {
		again = false
		for _, row := range w.good() {
			n := w.nodes[row.draft.Code]
			if n.parent != nil && n.parent.row != nil && n.parent.isNew && w.problems[n.parent.row.num] {
				w.fault(row, "parent", row.parentCode, "org.import.parent_fails", errs.Args{"Row": n.parent.row.num})
				again = true
			}
		}
	}
}

// place is a name under a superior; the superior by its code.
type place struct{ parent, name string }

// judgeNames refuses two living sisters of one name.
func (w *importRun) judgeNames(ctx context.Context, tx bun.Tx) error {
	codeOf := map[int64]string{0: ""}
	for id, n := range w.byID {
		codeOf[id] = n.org.Code
	}
	good := w.good()
	taken, err := w.takenNames(ctx, tx, good, codeOf)
	if err != nil {
		return err
	}
	for _, row := range good {
		n := w.nodes[row.draft.Code]
		at := place{name: row.draft.Name}
		switch code, known := codeOf[n.org.ParentID]; {
		case n.parent != nil:
			at.parent = n.parent.code()
		case !n.isNew && known:
			at.parent = code
		case !n.isNew:
			at.parent = fmt.Sprint("#", n.org.ParentID)
		}
		if other := taken[at]; other != "" {
			w.fault(row, "name", row.draft.Name, "org.import.name_taken", errs.Args{"Code": other})
			continue
		}
		taken[at] = row.draft.Code
	}
	return nil
}

// takenNames returns the names below the superiors that the file refers to, of
// organisations that the file itself doesn't change, with their codes.
func (w *importRun) takenNames(ctx context.Context, tx bun.Tx, good []*importRow, codeOf map[int64]string) (map[place]string, error) {
	changed, taken := map[string]bool{}, map[place]string{}
	for _, row := range good {
		changed[row.draft.Code] = true
	}
	for batch := range slices.Chunk(slices.Collect(maps.Keys(codeOf)), 1000) {
		sisters, err := rows[Org](ctx, tx, "id", "parent_id in (?) and ended_on = ''", bun.List(batch))
		if err != nil {
			return nil, err
		}
		for _, o := range sisters {
			if !changed[o.Code] {
				taken[place{codeOf[o.ParentID], o.Name}] = o.Code
			}
		}
	}
	return taken, nil
}

// judgeRights asks for the permission to import wherever the file reaches into
// the tree: at the superior of what is new, at what is changed, and at both
// ends of a move.
func (w *importRun) judgeRights(ctx context.Context) {
	known := map[tree.Path]bool{}
	allowed := func(p tree.Path) bool {
		ok, seen := known[p]
		if !seen {
			ok = may(ctx, Import, p) == nil
			known[p] = ok
		}
		return ok
	}
	for _, row := range w.good() {
		n := w.nodes[row.draft.Code]
		ok := true
		switch {
		case n.isNew && n.parent == nil:
			ok = allowed(tree.Root)
		case n.isNew && !n.parent.isNew:
			ok = allowed(n.parent.org.Path)
		case n.isNew: // below a new one, which is judged itself
		default:
			ok = allowed(n.org.Path)
		}
		if n.moves {
			ok = allowed(n.org.Above()) && (n.parent.isNew || allowed(n.parent.org.Path))
		}
		if !ok {
			key := "org.import.forbidden"
			if n.isNew && n.parent == nil {
				key = "org.import.forbidden_top"
			}
			w.fault(row, "parent", row.parentCode, key)
		}
	}
}

// count says what a written import would do.
func (w *importRun) count() {
	for _, row := range w.good() {
		switch n := w.nodes[row.draft.Code]; {
		case n.isNew:
			w.report.Created++
		case n.changed():
			w.report.Updated++
		default:
			w.report.Unchanged++
		}
	}
}

// merged is the draft of an update: what the row leaves empty stays.
func (n *node) merged() Draft {
	d, was, given := n.row.draft, n.org.Draft(), n.row.given
	for _, x := range []struct {
		key      string
		to, from *string
	}{
		{"short_name", &d.ShortName, &was.ShortName}, {"region_code", &d.RegionCode, &was.RegionCode},
		{"credit_code", &d.CreditCode, &was.CreditCode}, {"founded_on", &d.FoundedOn, &was.FoundedOn},
		{"phone", &d.Phone, &was.Phone}, {"address", &d.Address, &was.Address},
	} {
		if !given[x.key] {
			*x.to = *x.from
		}
	}
	if !given["level"] && !given["region_code"] {
		d.Level = was.Level
	}
	if !given["units"] {
		d.Units = was.Units
	}
	if !given["position"] {
		d.Position = was.Position
	}
	d.SizeApproval, d.Intro = was.SizeApproval, was.Intro
	return d
}

// changed reports whether the row says anything new about the organisation
// itself, its figures or its term. Posts are compared when they are written.
func (n *node) changed() bool {
	h := n.row.heads
	return n.moves || n.merged() != n.org.Draft() ||
		h != nil && (h.Members != n.org.Members || h.Full != n.org.FullMembers) ||
		n.termBegins() != ""
}

// termBegins returns the day on which a new term began, if the row tells of one.
func (n *node) termBegins() clock.Day {
	years := TermYears(n.row.draft.Kind, n.row.draft.Level)
	from := n.row.termFrom
	if from == "" || years == 0 || !n.isNew && n.org.TermDue != "" && from.AddYears(years) <= n.org.TermDue {
		return ""
	}
	return from
}
