package article

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lianxin/internal/account"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/web"
)

// showPage is the struct of article/show: one article with all that can be done
// with it now.
type showPage struct {
	Editable
	Form     web.Fields
	Column   string
	Body     template.HTML
	Address  string
	Findings []Finding
	Diff     []richtext.Change
	Can      map[string]bool
	Own      bool // the actor wrote this wording and may not review it
	Steps    []step
}

// step is a stage of the way to publication.
type step struct {
	Label     string
	Done, Now bool
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showWith(w, r, web.NewFields(url.Values{}), http.StatusOK)
}

func (p *Pages) showWith(w http.ResponseWriter, r *http.Request, form web.Fields, status int) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	ctx := r.Context()
	e, err := p.service.Edit(ctx, id)
	if err != nil {
		return err
	}
	actor := account.ActorFrom(ctx)
	data := showPage{
		Editable: e, Form: form, Body: template.HTML(e.Version.Body), // cleaned by richtext when it was saved
		Address: Address(e.Site, id), Own: e.Version.Wrote(actor.ID),
		Can: can(actor, e), Steps: stepsOf(ctx, e.State),
		Column: p.service.columnName(ctx, e.SiteID, e.Version.ColumnID),
	}
	if e.State != Published && e.State != Withdrawn {
		data.Findings = Scan(e.Version.scanText())
	}
	if e.Shown > 0 && e.Working != e.Shown {
		old, err := versionOf(ctx, p.service.DB.Read(), id, e.Shown)
		if err != nil {
			return err
		}
		data.Diff = richtext.Diff(whole(old), whole(e.Version))
	}
	return p.views.Render(w, r, web.Page{Status: status, Title: e.Version.Title, Template: "article/show", Active: "article.nav", Data: data})
}

// whole is the title with the text, for comparing.
func whole(v Version) string {
	return "<p>" + richtext.Escape(v.Title) + "</p><p>" + richtext.Escape(v.Summary) + "</p>" + v.Body
}

// can lists the acts that are possible now for the actor.
func can(actor account.Actor, e Editable) map[string]bool {
	need := map[Act]web.Permission{
		ActEdit: Write, ActSubmit: Write, ActRecall: Write, ActReturn: Review, ActApprove: Review, ActPublish: Publish,
		ActSchedule: Publish, ActUnschedule: Publish, ActWithdraw: Withdraw, ActDiscard: Write,
	}
	own := e.Version.Wrote(actor.ID)
	out := map[string]bool{}
	for act, p := range need {
		_, err := Step(e.State, act, e.Public)
		if act == ActDiscard && e.State == Draft && e.Working == 1 && e.PublishedAt.IsZero() {
			err = nil
		}
		out[string(act)] = err == nil && actor.Check(p, e.OrgPath) == nil
	}
	out[string(ActRecall)] = out[string(ActRecall)] && own
	for _, act := range []Act{ActReturn, ActApprove} {
		out[string(act)] = out[string(act)] && !own
	}
	out["publish_now"] = out[string(ActApprove)] && actor.Check(Publish, e.OrgPath) == nil
	return out
}

func stepsOf(ctx context.Context, s State) []step {
	at := map[State]int{Draft: 0, Returned: 0, InReview: 1, Approved: 2, Scheduled: 2, Published: 3, Withdrawn: 3}[s]
	var out []step
	for i, key := range []string{"write", "review", "release", "public"} {
		out = append(out, step{Label: web.T(ctx, "article.way."+key), Done: i < at || s == Published, Now: i == at && s != Published})
	}
	return out
}

// act is what the small forms of the article page have in common: they read the
// form, take a step, and come back with a sentence or with what is wrong.
func (p *Pages) act(w http.ResponseWriter, r *http.Request, done string, do func(ctx context.Context, id, revision int64, v url.Values) error) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	v, err := web.Form(w, r, 1<<20)
	if err != nil {
		return err
	}
	revision, _ := strconv.ParseInt(v.Get("revision"), 10, 64) // a wrong one is a conflict
	err = do(r.Context(), id, revision, v)
	if form, ok := web.Refill(r.Context(), v, err); ok {
		return p.showWith(w, r, form, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	web.Toast(w, r, done)
	return web.Redirect(w, r, deskAddress(id))
}

func (p *Pages) step(do func(ctx context.Context, id, revision int64) (Article, error), done string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return p.act(w, r, done, func(ctx context.Context, id, revision int64, _ url.Values) error {
			_, err := do(ctx, id, revision)
			return err
		})
	}
}

func (p *Pages) submitted(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "article.submitted", func(ctx context.Context, id, revision int64, v url.Values) error {
		d := Declaration{NoSecret: v.Get("no_secret") != "", PersonalData: v.Get("personal_data") == "yes", Basis: v.Get("basis"), Checked: v.Get("checked") != ""}
		_, err := p.service.Submit(ctx, id, revision, d)
		return err
	})
}

// reviewed takes the decision of the second person: approve, approve and
// publish at once, or return.
func (p *Pages) reviewed(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "article.reviewed", func(ctx context.Context, id, revision int64, v url.Values) error {
		switch v.Get("decision") {
		case "approve":
			_, err := p.service.Approve(ctx, id, revision)
			return err
		case "publish":
			_, err := p.service.ApproveAndPublish(ctx, id, revision)
			return err
		case "return":
			_, err := p.service.Return(ctx, id, revision, v.Get("reason"))
			return err
		}
		return errs.FieldErr("decision", "article.decision_missing")
	})
}

func (p *Pages) published(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "article.released", func(ctx context.Context, id, revision int64, v url.Values) error {
		at, err := timeIn(v.Get("at"))
		if err != nil {
			return err
		}
		if v.Get("when") == "later" && at.IsZero() {
			return errs.FieldErr("at", "article.schedule.form")
		}
		if v.Get("when") != "later" {
			at = time.Time{}
		}
		_, err = p.service.Publish(ctx, id, revision, at)
		return err
	})
}

func (p *Pages) withdrawn(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "article.withdrawn", func(ctx context.Context, id, revision int64, v url.Values) error {
		_, err := p.service.Withdraw(ctx, id, revision, v.Get("notice"))
		return err
	})
}

func (p *Pages) discarded(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	v, err := web.Form(w, r, 1<<20)
	if err != nil {
		return err
	}
	revision, _ := strconv.ParseInt(v.Get("revision"), 10, 64) // a wrong one is a conflict
	if err := p.service.Discard(r.Context(), id, revision); err != nil {
		return err
	}
	web.Toast(w, r, "article.discarded")
	return web.Redirect(w, r, "/desk/articles")
}

// versionsPage is the struct of article/versions.
type versionsPage struct {
	Article
	Versions []Version
	From, To Version
	Diff     []richtext.Change
}

func (p *Pages) versions(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	ctx, q := r.Context(), r.URL.Query()
	to, _ := strconv.Atoi(q.Get("to")) // the newest otherwise
	h, err := p.service.Compare(ctx, id, to)
	if err != nil {
		return err
	}
	data := versionsPage{Article: h.Article, Versions: h.Versions, From: h.From, To: h.To}
	if h.From.Number > 0 {
		data.Diff = richtext.Diff(whole(h.From), whole(h.To))
	}
	return p.views.Render(w, r, web.Page{Title: web.T(ctx, "article.versions"), Template: "article/versions", Active: "article.nav", Data: data})
}
