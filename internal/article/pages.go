package article

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lianxin/internal/account"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/picture"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// Pages shows the room in the back office and on the sites.
type Pages struct {
	service *Service
	views   *web.Views
	sites   *site.Pages
}

// NewPages returns the room's pages.
func NewPages(s *Service, v *web.Views, sites *site.Pages) *Pages { return &Pages{s, v, sites} }

// Routes adds the handlers.
func (p *Pages) Routes(rt *web.Router) {
	rt.Page("GET /desk/articles", View, p.list)
	rt.Page("GET /desk/articles/new", Write, p.create)
	rt.Page("POST /desk/articles", Write, p.created)
	rt.Page("POST /desk/articles/import", Write, p.imported)
	rt.Page("GET /desk/articles/{id}", View, p.show)
	rt.Page("GET /desk/articles/{id}/edit", Write, p.edit)
	rt.Page("POST /desk/articles/{id}", Write, p.saved)
	rt.Page("GET /desk/articles/{id}/versions", View, p.versions)
	rt.Page("POST /desk/articles/{id}/submissions", Write, p.submitted)
	rt.Page("POST /desk/articles/{id}/recalls", Write, p.step(p.service.Recall, "article.recalled"))
	rt.Page("POST /desk/articles/{id}/reviews", Review, p.reviewed)
	rt.Page("POST /desk/articles/{id}/publications", Publish, p.published)
	rt.Page("POST /desk/articles/{id}/postponements", Publish, p.step(p.service.Unschedule, "article.unscheduled"))
	rt.Page("POST /desk/articles/{id}/withdrawals", Withdraw, p.withdrawn)
	rt.Page("POST /desk/articles/{id}/discards", Write, p.discarded)
	rt.Page("POST /desk/uploads", Write, p.upload)
	rt.Page("GET /files/{hash}/{name}", web.Anyone, p.file)
	p.publicRoutes(rt)
}

// file sends a picture or an attachment.
func (p *Pages) file(w http.ResponseWriter, r *http.Request) error {
	hash := r.PathValue("hash")
	if err := p.service.OpenFile(r.Context(), hash); err != nil {
		return err
	}
	return web.ServeFile(p.service.Files, w, r, hash, r.PathValue("name"))
}

// maxForm bounds the editor's form with its attachments.
const maxForm = 120 << 20

// Option is an entry of a choice.
type Option struct{ Value, Label, Help string }

// listPage is the struct of article/list.
type listPage struct {
	Form   web.Fields
	Tabs   []tab
	Sites  []Option
	Rows   []listRow
	First  string
	Next   string
	New    string
	Writer bool
	Plain  bool // no filter is set
}

type tab struct {
	Label, Href string
	Active      bool
}

type listRow struct {
	Row
	SiteName, Column string
}

const listLength = 30

func (p *Pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	actor := account.ActorFrom(ctx)
	f := Filter{Scope: actor.Scope(View), OwnerID: actor.ID, State: State(q.Get("state")), Words: strings.TrimSpace(q.Get("q")), Limit: listLength}
	f.SiteID, _ = strconv.ParseInt(q.Get("site"), 10, 64) // rubbish is no filter
	f.After, _ = strconv.ParseInt(q.Get("after"), 10, 64)
	rows, err := p.service.List(ctx, f)
	if err != nil {
		return err
	}
	data := listPage{Form: web.NewFields(q), Tabs: tabs(ctx, q), Writer: actor.Holds(Write), New: "/desk/articles/new", Plain: f.State == "" && f.Words == "" && f.SiteID == 0 && f.After == 0}
	if f.SiteID > 0 {
		data.New += "?site=" + q.Get("site")
	}
	if data.Sites, err = p.siteOptions(ctx, View); err != nil {
		return err
	}
	if len(rows) > listLength {
		rows = rows[:listLength]
		data.Next = with(q, "after", strconv.FormatInt(rows[listLength-1].ID, 10))
	}
	if f.After > 0 {
		data.First = with(q, "after", "")
	}
	for _, row := range rows {
		data.Rows = append(data.Rows, p.named(ctx, row))
	}
	return p.views.Render(w, r, web.Page{Title: web.T(ctx, "article.nav"), Template: "article/list", Active: "article.nav", Data: data})
}

// named adds the names of the site and the column, which are in memory.
func (p *Pages) named(ctx context.Context, row Row) listRow {
	out := listRow{Row: row}
	home, err := p.service.Sites.Get(ctx, row.SiteID)
	if err != nil {
		return out // the list is worth more than one name
	}
	out.SiteName = home.Name
	out.Column = p.service.columnName(ctx, row.SiteID, row.ColumnID)
	return out
}

func with(q url.Values, key, value string) string {
	c := url.Values{}
	for k, v := range q {
		c[k] = v
	}
	if c.Set(key, value); value == "" {
		c.Del(key)
	}
	if len(c) == 0 {
		return "/desk/articles"
	}
	return "/desk/articles?" + c.Encode()
}

func tabs(ctx context.Context, q url.Values) []tab {
	q = url.Values{"site": q["site"], "q": q["q"], "state": q["state"]}
	for k, v := range q {
		if len(v) == 0 || v[0] == "" {
			delete(q, k)
		}
	}
	out := []tab{{Label: web.T(ctx, "article.all"), Href: with(q, "state", ""), Active: q.Get("state") == ""}}
	for _, s := range States {
		out = append(out, tab{Label: web.T(ctx, "article.state."+string(s)), Href: with(q, "state", string(s)), Active: q.Get("state") == string(s)})
	}
	return out
}

// siteOptions lists the sites where the actor holds a permission.
func (p *Pages) siteOptions(ctx context.Context, need web.Permission) ([]Option, error) {
	sites, err := p.service.Sites.Search(ctx, site.Query{Within: account.ActorFrom(ctx).Scope(need), Limit: 500})
	if err != nil {
		return nil, err
	}
	var out []Option
	for _, s := range sites {
		out = append(out, Option{Value: strconv.FormatInt(s.ID, 10), Label: s.Name})
	}
	return out, nil
}

// editPage is the struct of article/edit.
type editPage struct {
	Form     web.Fields
	Article  Article // zero for a new one
	Site     site.Site
	Sites    []Option
	Columns  []Option
	Attached []Attachment
	Action   string
	Conflict bool
}

func (p *Pages) create(w http.ResponseWriter, r *http.Request) error {
	v := url.Values{"site": {r.URL.Query().Get("site")}, "column": {r.URL.Query().Get("column")}, "editor": {account.ActorFrom(r.Context()).Name}}
	return p.editor(w, r, Article{}, v, web.NewFields(v), http.StatusOK)
}

// editor shows the form, for a new article or an old one.
func (p *Pages) editor(w http.ResponseWriter, r *http.Request, a Article, v url.Values, form web.Fields, status int) error {
	ctx := r.Context()
	data := editPage{Form: form, Article: a, Action: "/desk/articles", Attached: attachedIn(v)}
	title := web.T(ctx, "article.new")
	siteID := a.SiteID
	if a.ID > 0 {
		data.Action += "/" + strconv.FormatInt(a.ID, 10)
		title = web.T(ctx, "article.edit")
	} else {
		var err error
		if data.Sites, err = p.siteOptions(ctx, Write); err != nil {
			return err
		}
		siteID, _ = strconv.ParseInt(v.Get("site"), 10, 64) // none yet
		if siteID == 0 && len(data.Sites) == 1 {
			siteID, _ = strconv.ParseInt(data.Sites[0].Value, 10, 64)
		}
	}
	if siteID > 0 {
		var err error
		if data.Site, err = p.service.Sites.Get(ctx, siteID); err != nil {
			return err
		}
		if data.Columns, err = p.columnOptions(ctx, siteID); err != nil {
			return err
		}
		if v.Get("issuer") == "" && form.Message == "" {
			v.Set("issuer", issuerOf(data.Site))
		}
	}
	return p.views.Render(w, r, web.Page{Status: status, Title: title, Template: "article/edit", Active: "article.nav", Data: data})
}

// issuerOf is who answers for what a site publishes.
func issuerOf(s site.Site) string {
	if s.Organiser != "" {
		return s.Organiser
	}
	return s.Name
}

func (p *Pages) columnOptions(ctx context.Context, siteID int64) ([]Option, error) {
	columns, err := p.service.Sites.Columns(ctx, siteID)
	if err != nil {
		return nil, err
	}
	var out []Option
	for _, c := range site.Flatten(columns) {
		out = append(out, Option{Value: strconv.FormatInt(c.ID, 10), Label: strings.Repeat("　", c.Depth) + c.Name})
	}
	return out, nil
}

// fill writes content into form values.
func fill(c Content) url.Values {
	v := url.Values{
		"title": {c.Title}, "body": {c.Body}, "summary": {c.Summary}, "keywords": {c.Keywords}, "category": {c.Category},
		"issuer": {c.Issuer}, "source": {c.Source}, "author": {c.Author}, "editor": {c.Editor}, "dated": {c.Dated}, "cover": {c.Cover},
	}
	if c.ColumnID > 0 {
		v.Set("column", strconv.FormatInt(c.ColumnID, 10))
	}
	for name, on := range map[string]bool{"pinned": c.Pinned, "rolling": c.Rolling} {
		if on {
			v.Set(name, "on")
		}
	}
	putAttached(v, c.Attached)
	return v
}

// Attached files travel through the form as JSON, so that nothing is lost when
// it comes back with an error.
func putAttached(v url.Values, files []Attachment) {
	v.Del("attached")
	for _, f := range files {
		text, err := json.Marshal(f)
		if err == nil { // strings and numbers always marshal
			v.Add("attached", string(text))
		}
	}
}

func attachedIn(v url.Values) []Attachment {
	var out []Attachment
	for _, text := range v["attached"] {
		var f Attachment
		if json.Unmarshal([]byte(text), &f) == nil && hashForm.MatchString(f.Hash) && !slices.Contains(v["drop"], f.Hash) {
			f.Name = fileName(f.Name)
			out = append(out, f)
		}
	}
	return out
}

// contentIn reads the form back.
func contentIn(v url.Values) Content {
	c := Content{
		Title: v.Get("title"), Body: v.Get("body"), Summary: v.Get("summary"), Keywords: v.Get("keywords"), Category: v.Get("category"),
		Issuer: v.Get("issuer"), Source: v.Get("source"), Author: v.Get("author"), Editor: v.Get("editor"), Dated: v.Get("dated"), Cover: v.Get("cover"),
		Pinned: v.Get("pinned") != "", Rolling: v.Get("rolling") != "", Attached: attachedIn(v),
	}
	c.ColumnID, _ = strconv.ParseInt(v.Get("column"), 10, 64) // none is reported by Check
	return c
}

// received stores the files of the form and notes them in its values, so that
// they are kept whatever becomes of the rest.
func (p *Pages) received(r *http.Request, home site.Site, v url.Values) error {
	putAttached(v, attachedIn(v))
	v.Del("drop")
	if r.MultipartForm == nil {
		return nil
	}
	var faults errs.Fields
	for _, h := range r.MultipartForm.File["files"] {
		a, err := p.attach(r.Context(), home, h)
		if err == nil {
			putAttached(v, append(attachedIn(v), a))
			continue
		}
		m, ok := fieldMessage(err)
		if !ok {
			return err
		}
		faults.Add("files", m.Key, m.Args)
	}
	for _, h := range r.MultipartForm.File["cover_file"] {
		kept, err := p.keepCover(r.Context(), h)
		if m, ok := fieldMessage(err); err != nil && ok {
			faults.Add("cover_file", m.Key, m.Args)
		} else if err != nil {
			return err
		} else {
			v.Set("cover", kept)
		}
	}
	if v.Get("no_cover") != "" {
		v.Del("cover")
		v.Del("no_cover")
	}
	return faults.Err()
}

// fieldMessage is the sentence for a refusal that belongs beside a field.
func fieldMessage(err error) (errs.Message, bool) {
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != errs.KindInvalid && e.Kind != errs.KindTooLarge {
		return errs.Message{}, false
	}
	return errs.Message{Key: e.Key, Args: e.Args}, true
}

func (p *Pages) attach(ctx context.Context, home site.Site, h *multipart.FileHeader) (Attachment, error) {
	f, err := h.Open()
	if err != nil {
		return Attachment{}, errs.Invalid("article.attach.broken").Because(err)
	}
	defer f.Close()
	return p.service.Attach(ctx, home, h.Filename, f)
}

func (p *Pages) keepCover(ctx context.Context, h *multipart.FileHeader) (string, error) {
	data, err := readUpload(h, picture.MaxBytes)
	if err != nil {
		return "", err
	}
	kept, err := p.service.KeepPicture(ctx, data)
	return kept.URL, err
}

func readUpload(h *multipart.FileHeader, limit int64) ([]byte, error) {
	if h.Size > limit {
		return nil, errs.TooLarge("error.file_too_large", errs.Args{"Max": limit >> 20})
	}
	f, err := h.Open()
	if err != nil {
		return nil, errs.Invalid("article.attach.broken").Because(err)
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

func (p *Pages) created(w http.ResponseWriter, r *http.Request) error {
	v, err := web.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	ctx := r.Context()
	siteID, _ := strconv.ParseInt(v.Get("site"), 10, 64) // reported by Get
	home, err := p.service.Sites.Get(ctx, siteID)
	if err != nil {
		return err
	}
	if err := account.ActorFrom(ctx).Check(Write, home.OrgPath); err != nil {
		return err
	}
	a, err := Article{}, p.received(r, home, v)
	if err == nil {
		a, err = p.service.Create(ctx, siteID, contentIn(v))
	}
	if form, ok := web.Refill(ctx, v, err); ok {
		return p.editor(w, r, Article{}, v, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	web.Toast(w, r, "article.saved")
	return web.Redirect(w, r, deskAddress(a.ID))
}

func deskAddress(id int64) string { return "/desk/articles/" + strconv.FormatInt(id, 10) }

func (p *Pages) edit(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	e, err := p.service.Edit(r.Context(), id)
	if err != nil {
		return err
	}
	if _, err := Step(e.State, ActEdit, e.Public); err != nil {
		return err
	}
	v := fill(e.Version.Content)
	v.Set("revision", strconv.FormatInt(e.Revision, 10))
	return p.editor(w, r, e.Article, v, web.NewFields(v), http.StatusOK)
}

func (p *Pages) saved(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	v, err := web.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	ctx := r.Context()
	e, err := p.service.Edit(ctx, id)
	if err != nil {
		return err
	}
	revision, _ := strconv.ParseInt(v.Get("revision"), 10, 64) // a wrong one is a conflict
	if err = p.received(r, e.Site, v); err == nil {
		_, err = p.service.Save(ctx, id, revision, contentIn(v))
	}
	if form, ok := web.Refill(ctx, v, err); ok {
		return p.editor(w, r, e.Article, v, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	web.Toast(w, r, "article.saved")
	return web.Redirect(w, r, deskAddress(id))
}

// imported fills the editor from a document.
func (p *Pages) imported(w http.ResponseWriter, r *http.Request) error {
	v, err := web.Form(w, r, richtext.MaxDocument+1<<20)
	if err != nil {
		return err
	}
	ctx := r.Context()
	siteID, _ := strconv.ParseInt(v.Get("site"), 10, 64) // reported by Get
	home, err := p.service.Sites.Get(ctx, siteID)
	if err != nil {
		return err
	}
	values := url.Values{"site": {v.Get("site")}, "column": {v.Get("column")}, "editor": {account.ActorFrom(ctx).Name}}
	c, err := p.importUpload(r, home)
	if err != nil {
		m, ok := fieldMessage(err)
		if !ok {
			return err
		}
		form, _ := web.Refill(ctx, values, errs.FieldErr("document", m.Key, m.Args))
		return p.editor(w, r, Article{}, values, form, http.StatusUnprocessableEntity)
	}
	values.Set("title", c.Title)
	values.Set("body", c.Body)
	return p.editor(w, r, Article{}, values, web.NewFields(values), http.StatusOK)
}

func (p *Pages) importUpload(r *http.Request, home site.Site) (Content, error) {
	var files []*multipart.FileHeader
	if r.MultipartForm != nil {
		files = r.MultipartForm.File["document"]
	}
	if len(files) == 0 {
		return Content{}, errs.Invalid("article.import.choose")
	}
	data, err := readUpload(files[0], richtext.MaxDocument)
	if err != nil {
		return Content{}, err
	}
	return p.service.ImportFile(r.Context(), home, files[0].Filename, data)
}

// upload stores a picture for the editor and answers in JSON, which its script
// shows.
func (p *Pages) upload(w http.ResponseWriter, r *http.Request) error {
	kept, err := p.uploaded(w, r)
	status, answer := http.StatusOK, any(kept)
	if m, ok := fieldMessage(err); err != nil && ok {
		status, answer = http.StatusUnprocessableEntity, map[string]string{"detail": web.T(r.Context(), m.Key, m.Args)}
	} else if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(answer)
}

func (p *Pages) uploaded(w http.ResponseWriter, r *http.Request) (Picture, error) {
	if _, err := web.Form(w, r, picture.MaxBytes+1<<20); err != nil {
		return Picture{}, err
	}
	if r.MultipartForm == nil || len(r.MultipartForm.File["picture"]) == 0 {
		return Picture{}, errs.Invalid("picture.unreadable")
	}
	data, err := readUpload(r.MultipartForm.File["picture"][0], picture.MaxBytes)
	if err != nil {
		return Picture{}, err
	}
	return p.service.KeepPicture(r.Context(), data)
}

// timeIn reads a date and time as browsers send it, in the readers' zone.
func timeIn(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", s, clock.Shanghai)
	if err != nil {
		return t, errs.FieldErr("at", "article.schedule.form")
	}
	return t, nil
}
