package account

import (
	"net/http"
	"net/url"
	"time"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// formMax is plenty for every form of this room.
const formMax = 64 << 10

// Hint is a sign-in that a demo node shows to whoever tries it.
type Hint struct{ Name, Password, Who string }

// Pages are the HTML pages of this room.
type Pages struct {
	s *Service
	v *web.Views
	// Hints are empty on every node but a demo.
	Hints []Hint
}

// NewPages returns the pages.
func NewPages(s *Service, v *web.Views) *Pages { return &Pages{s: s, v: v} }

// Routes adds the pages to the router.
func (p *Pages) Routes(rt *web.Router) {
	rt.Page("GET /sign-in", web.Anyone, p.signInForm)
	rt.Page("POST /sign-in", web.Anyone, p.signIn)
	rt.Page("GET /sign-in/code", web.Anyone, p.codeForm)
	rt.Page("POST /sign-in/code", web.Anyone, p.code)
	rt.Page("GET /sign-in/link", web.Anyone, p.linkForm)
	rt.Page("POST /sign-in/link", web.Anyone, p.linkUse)
	rt.Page("POST /sign-out", web.Anyone, p.signOut)
	rt.Page("GET /setup", web.Anyone, p.setupForm)
	rt.Page("POST /setup", web.Anyone, p.setup)

	rt.Page("GET /my", web.SignedIn, p.my)
	rt.Page("GET /my/session", web.Anyone, p.session)
	rt.Page("POST /my/name", web.SignedIn, p.rename)
	rt.Page("GET /my/password", web.SignedIn, p.passwordForm)
	rt.Page("POST /my/password", web.SignedIn, p.password)
	rt.Page("GET /my/two-factor", web.SignedIn, p.factor)
	rt.Page("GET /my/two-factor/qr.png", web.SignedIn, p.factorPicture)
	rt.Page("POST /my/two-factor", web.SignedIn, p.factorConfirm)
	rt.Page("POST /my/two-factor/codes", web.SignedIn, p.codesRenew)
	rt.Page("POST /my/two-factor/codes.txt", web.SignedIn, p.codesFile)
	rt.Page("POST /my/two-factor/removal", web.SignedIn, p.factorRemove)
	rt.Page("POST /my/sessions/endings", web.SignedIn, p.sessionEnd)
	rt.Page("GET /my/tokens", web.SignedIn, p.tokens)
	rt.Page("POST /my/tokens", web.SignedIn, p.tokenCreate)
	rt.Page("POST /my/tokens/revocations", web.SignedIn, p.tokenRevoke)

	rt.Page("GET /desk/accounts", PermView, p.list)
	rt.Page("GET /desk/accounts/new", PermCreate, p.newForm)
	rt.Page("POST /desk/accounts", PermCreate, p.create)
	rt.Page("GET /desk/accounts/{id}", PermView, p.show)
	rt.Page("POST /desk/accounts/{id}/activation", PermActivate, p.activate)
	rt.Page("POST /desk/accounts/{id}/disabling", PermActivate, p.disable)
	rt.Page("POST /desk/accounts/{id}/closing-request", PermCreate, p.askClose)
	rt.Page("POST /desk/accounts/{id}/closing", PermActivate, p.close)
	rt.Page("POST /desk/accounts/{id}/links", PermCreate, p.issueLink)
	rt.Page("POST /desk/accounts/{id}/link-approval", PermActivate, p.approveLink)
	rt.Page("POST /desk/accounts/{id}/factor-reset", PermActivate, p.resetFactor)
	rt.Page("POST /desk/accounts/{id}/grants", PermGrant, p.grant)
	rt.Page("GET /desk/accounts/{id}/grants/{grant}/withdrawal", PermGrant, p.withdrawForm)
	rt.Page("POST /desk/accounts/{id}/grants/{grant}/withdrawal", PermGrant, p.withdraw)
	rt.Page("GET /desk/audit", PermAudit, p.auditLog)
}

// Menu keys of this room's pages.
const (
	navAccounts = "account.nav.accounts"
	navAudit    = "account.nav.audit"
	navMy       = "account.nav.my"
)

// Nav are this room's entries of the back office's menu.
func Nav() []web.NavItem {
	return []web.NavItem{
		{Group: "account.nav.manage", Key: navAccounts, Href: "/desk/accounts", Icon: "users", Need: PermView},
		{Group: "account.nav.manage", Key: navAudit, Href: "/desk/audit", Icon: "audit", Need: PermAudit},
		{Group: "account.nav.self", Key: navMy, Href: "/my", Icon: "user-cog", Need: web.SignedIn},
	}
}

// render shows a page that belongs to one person alone.
func (p *Pages) render(w http.ResponseWriter, r *http.Request, page web.Page) error {
	w.Header().Set("Cache-Control", "no-store")
	return p.v.Render(w, r, page)
}

// again shows a form once more with what was typed and what is wrong with it;
// an err of another kind becomes an error page.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, values url.Values, err error, show func(web.Fields) (web.Page, error)) error {
	f, ok := web.Refill(r.Context(), values, err)
	if !ok {
		return err
	}
	page, err2 := show(f)
	if err2 != nil {
		return err2
	}
	page.Status = http.StatusUnprocessableEntity
	if errs.Is(err, errs.KindTooMany) {
		page.Status = http.StatusTooManyRequests
	}
	return p.render(w, r, page)
}

// home is where a person goes after sign-in who asked for nothing else.
func home(a Actor) string {
	switch {
	case a.MustEnrol:
		return "/my/two-factor"
	case len(a.Grants) > 0:
		return "/desk"
	}
	return "/my"
}

// onwards is the page to go to, which must be one of ours.
func onwards(next string, a Actor) string {
	if next = web.LocalPath(next); next == "/" || a.MustEnrol {
		return home(a)
	}
	return next
}

// dateField reads a date as an input of type date sends it. A last day counts
// to its end.
func dateField(values url.Values, name string, endOfDay bool) (time.Time, error) {
	text := values.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, clock.Shanghai)
	if err != nil {
		return time.Time{}, errs.FieldErr(name, "account.date.form")
	}
	if endOfDay {
		t = t.AddDate(0, 0, 1)
	}
	return t.UTC(), nil
}
