package site

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// navKey marks the room's entry in the desk's menu.
const navKey = "site.nav.sites"

// Nav lists the room's entries in the desk's menu.
func Nav() []web.NavItem {
	return []web.NavItem{{Group: "site.nav.group", Key: navKey, Href: "/desk/sites", Icon: "site", Need: View}}
}

// formLimit of all forms of the room.
const formLimit = 1 << 20

func (p *Pages) deskRoutes(rt *web.Router) {
	rt.Page("GET /desk/sites", View, p.deskSites)
	rt.Page("GET /desk/sites/new", Manage, p.siteNew)
	rt.Page("POST /desk/sites", Manage, p.siteCreate)
	rt.Page("GET /desk/sites/{id}", View, p.siteShow)
	rt.Page("GET /desk/sites/{id}/settings", Edit, p.siteSettings)
	rt.Page("POST /desk/sites/{id}/settings", Edit, p.siteEdit)
	rt.Page("GET /desk/sites/{id}/look", Edit, p.siteLook)
	rt.Page("POST /desk/sites/{id}/look", Edit, p.siteSetLook)
	rt.Page("POST /desk/sites/{id}/opening", Manage, p.siteOpen)
	rt.Page("POST /desk/sites/{id}/suspension", Manage, p.siteSuspend)
	rt.Page("POST /desk/sites/{id}/closing", Manage, p.siteClose)
	rt.Page("POST /desk/sites/{id}/main", Manage, p.siteMakeMain)
	p.partRoutes(rt)
}

// desk is what all desk pages of one site show at their top.
type desk struct {
	Site Site
	Tab  string
	// MayEdit and MayManage decide which buttons are shown.
	MayEdit, MayManage bool
}

// deskSite returns the site of a desk request that the actor may view.
func (p *Pages) deskSite(r *http.Request, tab string) (*Live, desk, error) {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return nil, desk{}, err
	}
	ctx := r.Context()
	l, err := p.service.live(ctx, id)
	if err != nil {
		return nil, desk{}, err
	}
	if err := may(ctx, View, l.OrgPath); err != nil {
		return nil, desk{}, err
	}
	return l, desk{l.Site, tab, may(ctx, Edit, l.OrgPath) == nil, may(ctx, Manage, l.OrgPath) == nil}, nil
}

func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, title, template string, data any) error {
	return p.views.Render(w, r, web.Page{Status: status, Title: title, Template: template, Active: navKey, Data: data})
}

// back sends the person to a desk page of the site with a note.
func back(w http.ResponseWriter, r *http.Request, id int64, path, toast string, args ...errs.Args) error {
	web.Toast(w, r, toast, args...)
	return web.Redirect(w, r, "/desk/sites/"+strconv.FormatInt(id, 10)+path)
}

// sitesDesk is the struct of the template site/desk_list.
type sitesDesk struct {
	Text, State string
	Form        web.Fields
	States      []web.Option
	Sites       []Site
	First, Next string
	MayManage   bool
}

func (p *Pages) deskSites(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	const page = 30
	q := r.URL.Query()
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64) // rubbish begins at the start
	query := Query{Within: account.ActorFrom(ctx).Scope(View), Text: q.Get("q"), After: after, Limit: page + 1}
	if state := State(q.Get("state")); state != "" {
		query.States = []State{state}
	}
	found, err := p.service.Search(ctx, query)
	if err != nil {
		return err
	}
	data := sitesDesk{Text: query.Text, State: q.Get("state"), Form: web.NewFields(q), MayManage: account.ActorFrom(ctx).Holds(Manage)}
	data.States = append(data.States, web.Option{Label: web.T(ctx, "site.state.any")})
	for _, s := range States {
		data.States = append(data.States, web.Option{Value: string(s), Label: web.T(ctx, "site.state."+string(s))})
	}
	if len(found) > page {
		found = found[:page]
		data.Next = listURL(q, found[page-1].ID)
	}
	if after > 0 {
		data.First = listURL(q, 0)
	}
	data.Sites = found
	return p.render(w, r, 0, web.T(ctx, navKey), "site/desk_list", data)
}

func listURL(q url.Values, after int64) string {
	q = url.Values{"q": {q.Get("q")}, "state": {q.Get("state")}}
	if after > 0 {
		q.Set("after", strconv.FormatInt(after, 10))
	}
	return "/desk/sites?" + q.Encode()
}

// newPage is the struct of the template site/desk_new.
type newPage struct {
	// Org is chosen first; Found are the organisations to choose from.
	Org       *org.Org
	Text      string
	Found     []org.Org
	Form      web.Fields
	Templates []web.Option
}

// siteNew asks for the organisation first, then for the few things that a new
// site must have; everything else comes from the template.
func (p *Pages) siteNew(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := r.URL.Query()
	data := newPage{Text: q.Get("q")}
	id, _ := strconv.ParseInt(q.Get("org"), 10, 64) // rubbish means none chosen
	if id == 0 {
		found, _, err := p.service.Orgs.Search(ctx, org.Query{Within: account.ActorFrom(ctx).Scope(Manage), Text: data.Text, Statuses: []org.Status{org.Active}, Limit: 30})
		if err != nil {
			return err
		}
		data.Found = found
		return p.render(w, r, 0, web.T(ctx, "site.new"), "site/desk_new", data)
	}
	o, err := p.service.Orgs.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := may(ctx, Manage, o.Path); err != nil {
		return err
	}
	data.Org = &o
	data.Form = web.NewFields(url.Values{"name": {o.Label()}, "organiser": {o.Name}, "slug": {SuggestSlug(o.Label())}, "template": {templateFor(o)}, "phone": {o.Phone}, "address": {o.Address}})
	data.Templates = templateOptions(ctx)
	return p.render(w, r, 0, web.T(ctx, "site.new"), "site/desk_new", data)
}

// templateFor guesses the template that suits an organisation.
func templateFor(o org.Org) string {
	switch {
	case o.Kind == org.Department:
		return "department"
	case o.Level == org.LevelTownship:
		return "town"
	case o.Kind == org.LocalCommittee:
		return "county"
	}
	return "branch"
}

func templateOptions(ctx context.Context) []web.Option {
	var out []web.Option
	for _, t := range Templates {
		key := "site.template." + t.Key
		out = append(out, web.Option{Value: t.Key, Label: web.T(ctx, key), Help: web.T(ctx, key+".help"), Picture: "theme-" + t.Theme + ".svg"})
	}
	return out
}

func draftFrom(f url.Values) Draft {
	return Draft{Slug: f.Get("slug"), Host: f.Get("host"), Name: f.Get("name"), Motto: f.Get("motto"), Intro: f.Get("intro"),
		Organiser: f.Get("organiser"), Undertaker: f.Get("undertaker"), Responsible: f.Get("responsible"),
		Phone: f.Get("phone"), Email: f.Get("email"), Address: f.Get("address"),
		IDCode: f.Get("id_code"), ICP: f.Get("icp"), PoliceRecord: f.Get("police_record")}
}

func (p *Pages) siteCreate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	orgID, _ := strconv.ParseInt(form.Get("org"), 10, 64) // rubbish finds no organisation
	made, err := p.service.Create(ctx, New{OrgID: orgID, Template: form.Get("template"), Draft: draftFrom(form)})
	if fields, ok := web.Refill(ctx, form, err); ok {
		o, err := p.service.Orgs.Get(ctx, orgID)
		if err != nil {
			return err
		}
		data := newPage{Org: &o, Form: fields, Templates: templateOptions(ctx)}
		return p.render(w, r, http.StatusUnprocessableEntity, web.T(ctx, "site.new"), "site/desk_new", data)
	}
	if err != nil {
		return err
	}
	return back(w, r, made.ID, "", "site.made", errs.Args{"Name": made.Name})
}

// showPage is the struct of the template site/desk_show.
type showPage struct {
	desk
	Conditions []Condition
	Unmet      int
	Columns    []judged
	Form       web.Fields
	Today      clock.Day
	Org        string
}

// judged is a column with how fresh it is.
type judged struct {
	Flat
	Pulse Pulse
	Fresh Fresh
	Tone  string
	Count int
}

var freshTone = map[Fresh]string{IsFresh: "green", IsAgeing: "amber", IsStale: "red", IsEmpty: ""}

func judge(l *Live, pulse map[int64]Pulse, now time.Time) []judged {
	var out []judged
	for _, c := range Flatten(l.Columns) {
		fresh := Freshness(c.Kind, pulse[c.ID], c.ConfirmedAt, now)
		out = append(out, judged{Flat: c, Pulse: pulse[c.ID], Fresh: fresh, Tone: freshTone[fresh], Count: pulse[c.ID].Count})
	}
	return out
}

func (p *Pages) siteShow(w http.ResponseWriter, r *http.Request) error {
	return p.showSite(w, r, 0, web.NewFields(nil))
}

func (p *Pages) showSite(w http.ResponseWriter, r *http.Request, status int, form web.Fields) error {
	ctx := r.Context()
	l, head, err := p.deskSite(r, "show")
	if err != nil {
		return err
	}
	pulse, err := p.service.Content.Pulse(ctx, l.ID)
	if err != nil {
		return err
	}
	names, err := p.service.Orgs.Names(ctx, l.OrgID)
	if err != nil {
		return err
	}
	data := showPage{desk: head, Conditions: Conditions(l.Site, l.Columns, pulse), Columns: judge(l, pulse, p.service.Now()),
		Form: form, Today: clock.DayOf(p.service.Now()), Org: names[l.OrgID]}
	data.Unmet = len(Unmet(data.Conditions))
	return p.render(w, r, status, l.Name, "site/desk_show", data)
}

// settingsPage is the struct of the template site/desk_settings.
type settingsPage struct {
	desk
	Form web.Fields
}

func (p *Pages) siteSettings(w http.ResponseWriter, r *http.Request) error {
	l, head, err := p.deskSite(r, "settings")
	if err != nil {
		return err
	}
	d := l.Draft()
	values := url.Values{"slug": {d.Slug}, "host": {d.Host}, "name": {d.Name}, "motto": {d.Motto}, "intro": {d.Intro},
		"organiser": {d.Organiser}, "undertaker": {d.Undertaker}, "responsible": {d.Responsible}, "phone": {d.Phone},
		"email": {d.Email}, "address": {d.Address}, "id_code": {d.IDCode}, "icp": {d.ICP}, "police_record": {d.PoliceRecord},
		"version": {strconv.FormatInt(l.Version, 10)}}
	return p.render(w, r, 0, l.Name, "site/desk_settings", settingsPage{head, web.NewFields(values)})
}

func (p *Pages) siteEdit(w http.ResponseWriter, r *http.Request) error {
	l, head, err := p.deskSite(r, "settings")
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64) // rubbish is an old version
	err = p.service.Edit(r.Context(), l.ID, version, draftFrom(form))
	if fields, ok := web.Refill(r.Context(), form, err); ok {
		return p.render(w, r, http.StatusUnprocessableEntity, l.Name, "site/desk_settings", settingsPage{head, fields})
	}
	if err != nil {
		return err
	}
	return back(w, r, l.ID, "", "site.saved")
}

// lookPage is the struct of the template site/desk_look.
type lookPage struct {
	desk
	Form             web.Fields
	Themes, Drawings []web.Option
}

func (p *Pages) lookPage(ctx context.Context, head desk, form web.Fields) lookPage {
	data := lookPage{desk: head, Form: form, Drawings: []web.Option{{Label: web.T(ctx, "site.banner.theme")}}}
	for _, t := range p.service.Themes {
		data.Themes = append(data.Themes, web.Option{Value: t.Key, Label: web.T(ctx, "site.theme."+t.Key), Help: web.T(ctx, "site.theme."+t.Key+".help"), Picture: t.Drawing()})
	}
	for _, d := range Drawings {
		data.Drawings = append(data.Drawings, web.Option{Value: d, Label: web.T(ctx, "site.drawing."+d), Picture: d + ".svg"})
	}
	return data
}

func (p *Pages) siteLook(w http.ResponseWriter, r *http.Request) error {
	l, head, err := p.deskSite(r, "look")
	if err != nil {
		return err
	}
	form := web.NewFields(url.Values{"theme": {l.Theme}, "colour": {l.Colour}, "banner": {l.Banner}, "emblem": {l.Emblem}, "motto": {l.Motto}})
	return p.render(w, r, 0, l.Name, "site/desk_look", p.lookPage(r.Context(), head, form))
}

func (p *Pages) siteSetLook(w http.ResponseWriter, r *http.Request) error {
	l, head, err := p.deskSite(r, "look")
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	look := Look{form.Get("theme"), form.Get("colour"), form.Get("banner"), form.Get("emblem"), form.Get("motto")}
	err = p.service.SetLook(r.Context(), l.ID, look)
	if fields, ok := web.Refill(r.Context(), form, err); ok {
		return p.render(w, r, http.StatusUnprocessableEntity, l.Name, "site/desk_look", p.lookPage(r.Context(), head, fields))
	}
	if err != nil {
		return err
	}
	return back(w, r, l.ID, "/look", "site.saved")
}

// step runs a step of a site's life and shows its page again, with the reason
// when the step was refused.
func (p *Pages) step(w http.ResponseWriter, r *http.Request, toast string, do func(ctx context.Context, id int64, form url.Values) error) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	err = do(r.Context(), id, form)
	if fields, ok := web.Refill(r.Context(), form, err); ok {
		return p.showSite(w, r, http.StatusUnprocessableEntity, fields)
	}
	if err != nil {
		return err
	}
	return back(w, r, id, "", toast)
}

func (p *Pages) siteOpen(w http.ResponseWriter, r *http.Request) error {
	return p.step(w, r, "site.opened", func(ctx context.Context, id int64, _ url.Values) error { return p.service.Open(ctx, id) })
}

func (p *Pages) siteSuspend(w http.ResponseWriter, r *http.Request) error {
	return p.step(w, r, "site.suspended.done", func(ctx context.Context, id int64, f url.Values) error {
		from, _ := clock.ParseDay(f.Get("from")) // rubbish is no day, which the check refuses
		until, _ := clock.ParseDay(f.Get("until"))
		return p.service.Suspend(ctx, id, from, until, f.Get("reason"))
	})
}

func (p *Pages) siteClose(w http.ResponseWriter, r *http.Request) error {
	return p.step(w, r, "site.closed.done", func(ctx context.Context, id int64, f url.Values) error {
		return p.service.Close(ctx, id, f.Get("confirm"))
	})
}

func (p *Pages) siteMakeMain(w http.ResponseWriter, r *http.Request) error {
	return p.step(w, r, "site.main.done", func(ctx context.Context, id int64, _ url.Values) error { return p.service.MakeMain(ctx, id) })
}
