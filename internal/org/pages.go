package org

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// Pages are the room's pages on the desk and in public.
type Pages struct {
	s *Service
	v *web.Views
}

// NewPages returns the room's pages.
func NewPages(s *Service, v *web.Views) *Pages { return &Pages{s, v} }

// Keys of the menu, which also mark the entry of the page that is open.
const (
	navTree     = "org.nav.tree"
	navCalendar = "org.nav.calendar"
	navFindings = "org.nav.findings"
)

// Nav is the room's part of the desk's menu.
func Nav() []web.NavItem {
	return []web.NavItem{
		{Group: "org.nav.group", Key: navTree, Href: "/desk/orgs", Icon: "network", Need: View},
		{Group: "org.nav.group", Key: navCalendar, Href: "/desk/orgs/calendar", Icon: "calendar", Need: View},
		{Group: "org.nav.group", Key: navFindings, Href: "/desk/orgs/findings", Icon: "warning", Need: View},
	}
}

// Routes adds the room's pages.
func (p *Pages) Routes(rt *web.Router) {
	rt.Page("GET /orgs", web.Anyone, p.publicTop)
	rt.Page("GET /orgs/{id}", web.Anyone, p.publicOrg)
	rt.Page("GET /desk/orgs", View, p.tree)
	rt.Page("GET /desk/orgs/{id}/branches", View, p.branches)
	rt.Page("GET /desk/orgs/options", View, p.options)
	rt.Page("GET /desk/orgs/calendar", View, p.calendar)
	rt.Page("GET /desk/orgs/findings", View, p.findings)
	rt.Page("GET /desk/orgs/new", Edit, p.newForm)
	rt.Page("POST /desk/orgs", Edit, p.create)
	rt.Page("GET /desk/orgs/import", Import, p.importForm)
	rt.Page("POST /desk/orgs/import", Import, p.importPreview)
	rt.Page("POST /desk/orgs/import/uploads/{upload}", Import, p.importRun)
	rt.Page("GET /desk/orgs/import/template.xlsx", Import, p.importTemplate)
	rt.Page("GET /desk/orgs/{id}", View, p.dossier)
	rt.Page("GET /desk/orgs/{id}/officers/{post}/end", Appoint, p.endPostForm)
	rt.Page("POST /desk/orgs/{id}/officers/{post}/end", Appoint, p.endPost)
	rt.Page("POST /desk/orgs/{id}/lines/{line}/end", Edit, p.endLine)
	for _, a := range p.acts() {
		rt.Page("GET /desk/orgs/{id}/"+a.name, a.need, p.actForm(a))
		rt.Page("POST /desk/orgs/{id}/"+a.name, a.need, p.actDo(a))
	}
}

// branch is a node of the tree as it is shown.
type branch struct {
	Org   Org
	Count int // living sub-organisations
	Open  bool
	Below []branch
	More  bool // there are more sub-organisations than are shown
}

type treePage struct {
	Form     web.Fields
	Kinds    []web.Option
	Tree     []branch
	Searched bool
	Found    []Org
	Names    map[int64]string
	First    string
	Next     string
	Edit     bool
	Import   bool
}

// mostBranches is how many sub-organisations of one the tree shows; the rest is
// found by searching.
const mostBranches = 300

// tree shows the actor's organisations as a tree, opened down to ?open=, or the
// results of a search.
func (p *Pages) tree(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	page := treePage{Form: web.NewFields(q), Kinds: options(ctx, "org.kind.", Kinds, "org.any_kind"),
		Edit: actor(ctx).Holds(Edit), Import: actor(ctx).Holds(Import)}
	var err error
	if q.Get("q") != "" || q.Get("kind") != "" || q.Get("ended") != "" {
		err = p.search(ctx, q, &page)
	} else {
		page.Tree, err = p.grow(ctx, q.Get("open"))
	}
	if err != nil {
		return err
	}
	return p.v.Render(w, r, web.Page{Title: web.T(ctx, navTree), Template: "org/tree", Active: navTree, Data: page})
}

func (p *Pages) search(ctx context.Context, q url.Values, page *treePage) (err error) {
	query := Query{Within: scope(ctx), Text: q.Get("q"), Limit: 50, After: readCursor(q.Get("after")), Statuses: []Status{Proposed, Approved, Active}}
	if k := Kind(q.Get("kind")); slices.Contains(Kinds, k) {
		query.Kinds = []Kind{k}
	}
	if q.Get("ended") != "" {
		query.Statuses = []Status{Merged, Dissolved}
	}
	page.Searched = true
	var next Cursor
	if page.Found, next, err = p.s.Search(ctx, query); err != nil {
		return err
	}
	page.First, page.Next = turn(q, query.After, next)
	var ids []int64
	for _, o := range page.Found {
		ids = append(ids, o.ParentID)
	}
	page.Names, err = p.s.Names(ctx, ids...)
	return err
}

// grow builds the tree with the way to the organisation open unfolded.
func (p *Pages) grow(ctx context.Context, open string) ([]branch, error) {
	tops, err := p.s.Mine(ctx)
	if err != nil {
		return nil, err
	}
	unfolded := map[int64]bool{}
	if id, err := strconv.ParseInt(open, 10, 64); err == nil {
		if o, err := p.s.Get(ctx, id); err == nil {
			for _, id := range o.Path.IDs() {
				unfolded[id] = true
			}
		}
	} else if len(tops) == 1 {
		unfolded[tops[0].ID] = true
	}
	return p.s.branches(ctx, tops, unfolded)
}

// branches returns organisations as nodes, with those below the unfolded ones:
// two queries a level.
func (s *Service) branches(ctx context.Context, orgs []Org, unfolded map[int64]bool) ([]branch, error) {
	var ids []int64
	for _, o := range orgs {
		ids = append(ids, o.ID)
	}
	counts, err := childCounts(ctx, s.DB.Read(), ids)
	if err != nil {
		return nil, err
	}
	out := make([]branch, 0, len(orgs))
	for _, o := range orgs {
		b := branch{Org: o, Count: counts[o.ID], Open: unfolded[o.ID] && counts[o.ID] > 0}
		if b.Open {
			below, more, err := s.Search(ctx, Query{Parent: o.ID, Limit: mostBranches, Statuses: []Status{Proposed, Approved, Active}})
			if err != nil {
				return nil, err
			}
			b.More = more.ID > 0
			if b.Below, err = s.branches(ctx, below, unfolded); err != nil {
				return nil, err
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// branches answers with one node of the tree, unfolded or, with ?fold=1, not.
func (p *Pages) branches(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	o, err := p.s.Get(r.Context(), id)
	if err != nil {
		return err
	}
	if err := may(r.Context(), View, o.Path); err != nil {
		return err
	}
	nodes, err := p.s.branches(r.Context(), []Org{o}, map[int64]bool{id: r.URL.Query().Get("fold") == ""})
	if err != nil {
		return err
	}
	if r.Header.Get("HX-Request") == "" {
		return web.Redirect(w, r, "/desk/orgs?open="+strconv.FormatInt(id, 10))
	}
	return p.v.Fragment(w, r, "org-branch", web.Page{Template: "org/tree", Data: nodes[0]})
}

// options answers with suggestions for the fields that name an organisation.
func (p *Pages) options(w http.ResponseWriter, r *http.Request) error {
	text := ""
	for _, name := range []string{"q", "parent", "into", "target", "under"} {
		text += r.URL.Query().Get(name)
	}
	found, err := p.s.suggest(r.Context(), text)
	if err != nil {
		return err
	}
	body, err := p.v.HTML(web.Locale(r.Context()), "org-options", found)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(body))
	return err
}

// suggest returns living organisations that fit what was typed so far.
func (s *Service) suggest(ctx context.Context, text string) ([]Org, error) {
	found, _, err := s.Search(ctx, Query{Text: text, Statuses: []Status{Active}, Limit: 30})
	return found, err
}

type dossierPage struct {
	Dossier
	Today clock.Day
	// Edit, Detach (act at the superior), Appoint and Approve (as the superior)
	// say what the person may do here.
	Edit, Detach, Appoint, Approve bool
	Events                         []event
	Found                          []finding
}

// finding is a Finding in the reader's language.
type finding struct{ ID, Text string }

// event is a line of an organisation's history.
type event struct {
	Day        clock.Day
	Text, Note string
}

// dossier shows an organisation to those who work with it.
func (p *Pages) dossier(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	d, err := p.s.Dossier(ctx, id)
	if err != nil {
		return err
	}
	page := dossierPage{Dossier: d, Today: p.s.Today(), Events: events(ctx, d), Found: told(ctx, d.Findings)}
	if !d.Org.Status.Ended() {
		page.Edit, page.Detach = may(ctx, Edit, d.Org.Path) == nil, mayDetach(ctx, d.Org) == nil
		page.Appoint, page.Approve = may(ctx, Appoint, d.Org.Path) == nil, maySuperior(ctx, d.Org) == nil
	}
	return p.v.Render(w, r, web.Page{Title: d.Org.Name, Template: "org/dossier", Active: navTree, Data: page})
}

// told puts findings into the reader's language; kinds among the arguments are
// named as everywhere.
func told(ctx context.Context, found []Finding) []finding {
	var out []finding
	for _, f := range found {
		args := errs.Args{}
		for name, v := range f.Args {
			if k, ok := v.(Kind); ok {
				v = web.T(ctx, "org.kind."+string(k))
			}
			args[name] = v
		}
		out = append(out, finding{f.ID, web.T(ctx, f.Key, args)})
	}
	return out
}

// events puts the history of an organisation into one line of time, the newest
// first.
func events(ctx context.Context, d Dossier) []event {
	var out []event
	for i, p := range d.Parents {
		if i == len(d.Parents)-1 {
			continue // the first superior is no event of its own
		}
		out = append(out, event{p.FromDay, web.T(ctx, "org.event.moved", errs.Args{"Name": d.Names[p.ParentID]}), p.Reason})
	}
	for _, st := range d.Statuses {
		text := web.T(ctx, "org.event.status", errs.Args{"Status": web.T(ctx, "org.status."+string(st.Status))})
		if st.Status == Merged {
			text = web.T(ctx, "org.event.merged", errs.Args{"Name": d.Names[d.Org.MergedInto]})
		}
		out = append(out, event{st.FromDay, text, st.Reason})
	}
	for _, pp := range d.Postponed {
		out = append(out, event{pp.ApprovedOn, web.T(ctx, "org.event.postponed", errs.Args{"Day": pp.NewDay, "By": pp.ApprovedBy}), pp.Reason})
	}
	if d.Org.FoundedOn != "" {
		out = append(out, event{Day: d.Org.FoundedOn, Text: web.T(ctx, "org.event.founded")})
	}
	slices.SortStableFunc(out, func(a, b event) int { return strings.Compare(string(b.Day), string(a.Day)) })
	return out
}

type calendarPage struct {
	Today       clock.Day
	Orgs        []calendarRow
	Unknown     int
	First, Next string
}

type calendarRow struct {
	Org     Org
	State   Due
	Days    int // until the deadline, or since
	Approve bool
}

// calendar lists re-elections that are overdue or near.
func (p *Pages) calendar(w http.ResponseWriter, r *http.Request) error {
	ctx, after := r.Context(), readCursor(r.URL.Query().Get("after"))
	list, next, err := p.s.Calendar(ctx, after, 50)
	if err != nil {
		return err
	}
	page := calendarPage{Today: p.s.Today()}
	for _, o := range list {
		row := calendarRow{Org: o, State: DueState(o.TermUntil, page.Today), Days: page.Today.DaysUntil(o.TermUntil), Approve: maySuperior(ctx, o) == nil}
		if row.State == Overdue {
			row.Days = -row.Days
		}
		page.Orgs = append(page.Orgs, row)
	}
	page.First, page.Next = turn(r.URL.Query(), after, next)
	if page.Unknown, err = p.s.TermsUnknown(ctx); err != nil {
		return err
	}
	return p.v.Render(w, r, web.Page{Title: web.T(ctx, navCalendar), Template: "org/calendar", Active: navCalendar, Data: page})
}

type findingsPage struct {
	ID    string // shown alone when set
	IDs   []findingCount
	Total int
	Orgs  []findingsRow
	Cut   bool
}

type findingCount struct {
	ID    string
	Count int
}

type findingsRow struct {
	Org   Org
	Found []finding
}

// mostFindings is how many organisations the list of findings shows at once.
const mostFindings = 200

// findings lists what doesn't fit the rules, of all the actor's organisations.
func (p *Pages) findings(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := p.s.Findings(ctx)
	if err != nil {
		return err
	}
	page, counts := findingsPage{ID: r.URL.Query().Get("id")}, map[string]int{}
	for _, x := range all {
		var fit []Finding
		for _, f := range x.Findings {
			counts[f.ID]++
			page.Total++
			if page.ID == "" || page.ID == f.ID {
				fit = append(fit, f)
			}
		}
		switch {
		case len(fit) == 0:
		case len(page.Orgs) == mostFindings:
			page.Cut = true
		default:
			page.Orgs = append(page.Orgs, findingsRow{x.Org, told(ctx, fit)})
		}
	}
	for id, n := range counts {
		page.IDs = append(page.IDs, findingCount{id, n})
	}
	slices.SortFunc(page.IDs, func(a, b findingCount) int { return strings.Compare(a.ID, b.ID) })
	return p.v.Render(w, r, web.Page{Title: web.T(ctx, navFindings), Template: "org/findings", Active: navFindings, Data: page})
}

// Tasks are the re-elections that wait, for the first page of the desk.
func (s *Service) Tasks(ctx context.Context) ([]web.Task, error) {
	if !actor(ctx).Holds(View) {
		return nil, nil
	}
	notices, err := s.Reminders(ctx, 20)
	var out []web.Task
	for _, n := range notices {
		task := web.Task{Group: navCalendar, Title: web.T(ctx, "org.task.election", errs.Args{"Name": n.Org.Label()}),
			Href: "/desk/orgs/" + strconv.FormatInt(n.Org.ID, 10), Due: n.Deadline.Time(), Tone: web.ToneSoon}
		if n.Kind == Overdue {
			task.Tone = web.ToneLate
		}
		out = append(out, task)
	}
	return out, err
}

// options lists values with their names, after an empty choice if one is named.
func options[T ~string](ctx context.Context, prefix string, values []T, empty ...string) []web.Option {
	var out []web.Option
	for _, key := range empty {
		out = append(out, web.Option{Label: web.T(ctx, key)})
	}
	for _, v := range values {
		out = append(out, web.Option{Value: string(v), Label: web.T(ctx, prefix+string(v))})
	}
	return out
}

// A cursor travels in addresses as one word.
func (c Cursor) String() string {
	if c.ID == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.ID, 10) + " " + c.Key))
}

// readCursor reads a cursor from an address; rubbish is the first page.
func readCursor(s string) Cursor {
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}
	}
	id, key, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 {
		return Cursor{}
	}
	return Cursor{Key: key, ID: n}
}

// turn returns the addresses of the first and the next page of a list.
func turn(q url.Values, now, next Cursor) (first, following string) {
	q = url.Values(http.Header(q).Clone())
	q.Del("after")
	if now.ID > 0 {
		first = "?" + q.Encode()
	}
	if next.ID > 0 {
		q.Set("after", next.String())
		following = "?" + q.Encode()
	}
	return first, following
}
