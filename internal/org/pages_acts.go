package org

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/text"
	"lianxin/internal/platform/web"
)

// maxForm bounds the forms of this room that bring no file.
const maxForm = 64 << 10

// act is something a person does to an organisation by a form of its own:
// GET shows the form, POST does it and leads back to the organisation.
type act struct {
	name     string // of the address and the template
	need     web.Permission
	defaults func(Dossier) url.Values
	do       func(ctx context.Context, o Org, v url.Values) error
}

type actPage struct {
	Dossier
	Form    web.Fields
	Act     string
	Post    Post // of the form that ends one
	Options map[string][]web.Option
	Suggest []Org
	Years   int
	Latest  clock.Day
}

func (p *Pages) acts() []act {
	today := func(Dossier) url.Values { return url.Values{"from": {string(p.s.Today())}} }
	return []act{
		{"edit", Edit, func(d Dossier) url.Values { return draftValues(d.Org) }, p.doEdit},
		{"superior", Edit, today, p.doMove},
		{"merger", Edit, today, p.doMerge},
		{"status", Edit, today, p.doStatus},
		{"headcounts", Edit, func(d Dossier) url.Values {
			return url.Values{"day": {string(p.s.Today())}, "members": {strconv.Itoa(d.Org.Members)}, "full_members": {strconv.Itoa(d.Org.FullMembers)}}
		}, p.doCount},
		{"lines", Edit, today, p.doLink},
		{"officers", Appoint, func(d Dossier) url.Values {
			v := url.Values{"from": {string(p.s.Today())}, "how": {Elected}, "public": {"on"}}
			if d.Term != nil {
				v.Set("from", string(d.Term.FromDay))
			}
			return v
		}, p.doAppoint},
		{"term", Appoint, func(Dossier) url.Values { return url.Values{"from": {string(p.s.Today())}, "end_posts": {"on"}} }, p.doTerm},
		{"postponements", Appoint, func(Dossier) url.Values { return url.Values{"approved_on": {string(p.s.Today())}} }, p.doPostpone},
	}
}

// actForm shows the form of an act.
func (p *Pages) actForm(a act) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		d, err := p.at(r)
		if err != nil {
			return err
		}
		return p.showAct(w, r, a.name, d, web.NewFields(a.defaults(d)), 0)
	}
}

// actDo does it, or shows the form again with what is wrong.
func (p *Pages) actDo(a act) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		d, err := p.at(r)
		if err != nil {
			return err
		}
		v, err := web.Form(w, r, maxForm)
		if err != nil {
			return err
		}
		if err := a.do(r.Context(), d.Org, v); err != nil {
			f, ok := web.Refill(r.Context(), v, err)
			if !ok {
				return err
			}
			return p.showAct(w, r, a.name, d, f, http.StatusUnprocessableEntity)
		}
		web.Toast(w, r, "org.done."+a.name)
		return web.Redirect(w, r, address(d.Org.ID))
	}
}

// at returns the dossier of the organisation in the address.
func (p *Pages) at(r *http.Request) (Dossier, error) {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return Dossier{}, err
	}
	return p.s.Dossier(r.Context(), id)
}

func address(id int64) string { return "/desk/orgs/" + strconv.FormatInt(id, 10) }

func (p *Pages) showAct(w http.ResponseWriter, r *http.Request, name string, d Dossier, f web.Fields, status int) error {
	ctx := r.Context()
	page := actPage{Dossier: d, Form: f, Act: name, Options: formOptions(ctx), Years: TermYears(d.Org.Kind, d.Org.Level)}
	switch name {
	case "status":
		var next []Status
		for _, s := range d.Org.Status.Next() {
			if s != Merged { // a merger has its own form
				next = append(next, s)
			}
		}
		page.Options["status"] = options(ctx, "org.status.", next)
	case "superior", "merger", "lines":
		var err error
		if page.Suggest, err = p.s.suggest(ctx, ""); err != nil {
			return err
		}
	}
	if d.Term != nil {
		page.Latest = d.Term.Latest()
	}
	return p.v.Render(w, r, web.Page{Status: status, Title: web.T(ctx, "org.act."+name), Template: "org/act_" + name, Active: navTree, Data: page})
}

func formOptions(ctx context.Context) map[string][]web.Option {
	return map[string][]web.Option{
		"kind": options(ctx, "org.kind.", Kinds), "level": options(ctx, "org.level.", Levels),
		"post": options(ctx, "org.post.", PostCodes), "line": options(ctx, "org.line.", LineKinds),
		"how": options(ctx, "org.how.", []string{Elected, Appointed}), "born": options(ctx, "org.status.", []Status{Active, Approved, Proposed}),
	}
}

// pick turns the name or code typed into a field into an organisation.
func (p *Pages) pick(ctx context.Context, v url.Values, field string) (int64, error) {
	id, err := p.s.Find(ctx, v.Get(field))
	if errs.Is(err, errs.KindNotFound) || errs.Is(err, errs.KindInvalid) {
		var e *errs.Error
		if errors.As(err, &e) {
			return 0, errs.FieldErr(field, e.Key, e.Args)
		}
	}
	return id, err
}

// day reads a day as people write it; what can't be read stays as it is and is
// refused by the rules.
func day(v url.Values, field string) clock.Day {
	if d, ok := clock.ParseDay(v.Get(field)); ok {
		return d
	}
	return clock.Day(strings.TrimSpace(v.Get(field)))
}

// number reads a whole number; an empty field is otherwise.
func number(v url.Values, field string, otherwise int, f *errs.Fields) int {
	s := strings.TrimSpace(v.Get(field))
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		f.Add(field, "org.heads.number")
	}
	return n
}

func draftValues(o Org) url.Values {
	v := url.Values{"code": {o.Code}, "name": {o.Name}, "short_name": {o.ShortName}, "kind": {string(o.Kind)}, "level": {string(o.Level)},
		"region_code": {o.RegionCode}, "credit_code": {o.CreditCode}, "size_approval": {o.SizeApproval}, "founded_on": {string(o.FoundedOn)},
		"phone": {o.Phone}, "address": {o.Address}, "intro": {o.Intro}, "version": {strconv.FormatInt(o.Version, 10)}}
	if o.Position != DefaultPosition {
		v.Set("position", strconv.Itoa(o.Position))
	}
	if o.Units > 0 {
		v.Set("units", strconv.Itoa(o.Units))
	}
	return v
}

func readDraft(v url.Values) (Draft, errs.Fields) {
	var f errs.Fields
	return Draft{Code: v.Get("code"), Name: v.Get("name"), ShortName: v.Get("short_name"), Kind: Kind(v.Get("kind")), Level: Level(v.Get("level")),
		RegionCode: v.Get("region_code"), CreditCode: v.Get("credit_code"), SizeApproval: v.Get("size_approval"), FoundedOn: v.Get("founded_on"),
		Phone: v.Get("phone"), Address: v.Get("address"), Intro: v.Get("intro"),
		Position: number(v, "position", DefaultPosition, &f), Units: number(v, "units", 0, &f)}, f
}

type newPage struct {
	Form    web.Fields
	Options map[string][]web.Option
	Suggest []Org
}

func (p *Pages) newForm(w http.ResponseWriter, r *http.Request) error {
	v := url.Values{"kind": {string(Branch)}, "level": {string(LevelUnit)}, "status": {string(Active)}}
	if id, err := strconv.ParseInt(r.URL.Query().Get("parent"), 10, 64); err == nil {
		if o, err := p.s.Get(r.Context(), id); err == nil {
			v.Set("parent", o.Name+" ("+o.Code+")")
			v.Set("region_code", o.RegionCode)
			if o.Level == LevelVillage {
				v.Set("level", string(LevelVillage))
			}
		}
	}
	return p.showNew(w, r, web.NewFields(v), 0)
}

func (p *Pages) showNew(w http.ResponseWriter, r *http.Request, f web.Fields, status int) error {
	suggest, err := p.s.suggest(r.Context(), "")
	if err != nil {
		return err
	}
	return p.v.Render(w, r, web.Page{Status: status, Title: web.T(r.Context(), "org.new"), Template: "org/new", Active: navTree,
		Data: newPage{f, formOptions(r.Context()), suggest}})
}

func (p *Pages) create(w http.ResponseWriter, r *http.Request) error {
	v, err := web.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	o, err := p.doCreate(r.Context(), v)
	if err != nil {
		f, ok := web.Refill(r.Context(), v, err)
		if !ok {
			return err
		}
		return p.showNew(w, r, f, http.StatusUnprocessableEntity)
	}
	web.Toast(w, r, "org.done.new", errs.Args{"Name": o.Name})
	return web.Redirect(w, r, address(o.ID))
}

func (p *Pages) doCreate(ctx context.Context, v url.Values) (Org, error) {
	n := New{Status: Status(v.Get("status"))}
	var f errs.Fields
	if n.Draft, f = readDraft(v); len(f) > 0 {
		return Org{}, f.Err()
	}
	if strings.TrimSpace(v.Get("parent")) != "" {
		var err error
		if n.ParentID, err = p.pick(ctx, v, "parent"); err != nil {
			return Org{}, err
		}
	}
	return p.s.Create(ctx, n)
}

func (p *Pages) doEdit(ctx context.Context, o Org, v url.Values) error {
	d, f := readDraft(v)
	if len(f) > 0 {
		return f.Err()
	}
	version, err := strconv.ParseInt(v.Get("version"), 10, 64)
	if err != nil {
		return errs.Conflict("org.changed")
	}
	_, err = p.s.Edit(ctx, o.ID, version, d)
	return err
}

func (p *Pages) doMove(ctx context.Context, o Org, v url.Values) error {
	parent, err := p.pick(ctx, v, "parent")
	if err != nil {
		return err
	}
	return p.s.Move(ctx, Move{ID: o.ID, ParentID: parent, From: day(v, "from"), Reason: text.Clean(v.Get("reason"))})
}

func (p *Pages) doMerge(ctx context.Context, o Org, v url.Values) error {
	into, err := p.pick(ctx, v, "into")
	if err != nil {
		return err
	}
	if text.Clean(v.Get("confirm")) != o.Name {
		return errs.FieldErr("confirm", "org.confirm", errs.Args{"Name": o.Name})
	}
	return p.s.Merge(ctx, Merge{ID: o.ID, IntoID: into, From: day(v, "from"), Reason: text.Clean(v.Get("reason"))})
}

func (p *Pages) doStatus(ctx context.Context, o Org, v url.Values) error {
	return p.s.Advance(ctx, Step{ID: o.ID, Status: Status(v.Get("status")), From: day(v, "from"), Reason: text.Clean(v.Get("reason"))})
}

func (p *Pages) doCount(ctx context.Context, o Org, v url.Values) error {
	var f errs.Fields
	h := Heads{Members: number(v, "members", 0, &f), Full: number(v, "full_members", 0, &f)}
	if len(f) > 0 {
		return f.Err()
	}
	return p.s.CountHeads(ctx, o.ID, day(v, "day"), h)
}

func (p *Pages) doLink(ctx context.Context, o Org, v url.Values) error {
	target, err := p.pick(ctx, v, "target")
	if err != nil {
		return err
	}
	return p.s.Link(ctx, Line{OrgID: o.ID, TargetID: target, Kind: LineKind(v.Get("kind")), FromDay: day(v, "from"), Note: v.Get("note")})
}

func (p *Pages) doAppoint(ctx context.Context, o Org, v url.Values) error {
	_, err := p.s.Appoint(ctx, Appointment{OrgID: o.ID, Code: PostCode(v.Get("code")), Holder: v.Get("holder"), How: v.Get("how"),
		From: day(v, "from"), Public: v.Get("public") != "", Replace: v.Get("replace") != ""})
	return err
}

func (p *Pages) doTerm(ctx context.Context, o Org, v url.Values) error {
	return p.s.BeginTerm(ctx, TermStart{OrgID: o.ID, From: day(v, "from"), EndPosts: v.Get("end_posts") != ""})
}

func (p *Pages) doPostpone(ctx context.Context, o Org, v url.Values) error {
	return p.s.Postpone(ctx, Postponement{OrgID: o.ID, NewDay: day(v, "new_day"), ApprovedBy: v.Get("approved_by"), ApprovedOn: day(v, "approved_on"), Reason: v.Get("reason")})
}

// endPostForm asks when and why a person leaves a post.
func (p *Pages) endPostForm(w http.ResponseWriter, r *http.Request) error {
	return p.showEndPost(w, r, web.NewFields(url.Values{"on": {string(p.s.Today())}}), 0)
}

func (p *Pages) showEndPost(w http.ResponseWriter, r *http.Request, f web.Fields, status int) error {
	d, err := p.at(r)
	if err != nil {
		return err
	}
	id, err := web.IntPath(r, "post")
	if err != nil {
		return err
	}
	for _, post := range d.Posts {
		if post.ID == id {
			return p.v.Render(w, r, web.Page{Status: status, Title: web.T(r.Context(), "org.act.end_post"), Template: "org/act_end_post", Active: navTree,
				Data: actPage{Dossier: d, Form: f, Act: "officers/" + strconv.FormatInt(id, 10) + "/end", Post: post}})
		}
	}
	return errs.NotFound("org.post.not_found")
}

func (p *Pages) endPost(w http.ResponseWriter, r *http.Request) error {
	org, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	post, err := web.IntPath(r, "post")
	if err != nil {
		return err
	}
	v, err := web.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	if err := p.s.EndPost(r.Context(), org, post, day(v, "on"), v.Get("reason")); err != nil {
		f, ok := web.Refill(r.Context(), v, err)
		if !ok || errs.Is(err, errs.KindConflict) {
			return err
		}
		return p.showEndPost(w, r, f, http.StatusUnprocessableEntity)
	}
	web.Toast(w, r, "org.done.end_post")
	return web.Redirect(w, r, address(org))
}

func (p *Pages) endLine(w http.ResponseWriter, r *http.Request) error {
	org, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	line, err := web.IntPath(r, "line")
	if err != nil {
		return err
	}
	if err := p.s.Unlink(r.Context(), org, line); err != nil {
		return err
	}
	web.Toast(w, r, "org.done.end_line")
	return web.Redirect(w, r, address(org))
}
