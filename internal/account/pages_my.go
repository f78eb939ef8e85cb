package account

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

type myPage struct {
	*Self
	Form web.Fields
	// Current is the session that looks at the page.
	Current int64
}

func (p *Pages) myPage(r *http.Request, f web.Fields) (web.Page, error) {
	me, err := p.s.Self(r.Context())
	return web.Page{
		Title: web.T(r.Context(), "account.my.title"), Template: "account/my", Active: navMy,
		Data: myPage{me, f, ActorFrom(r.Context()).SessionID},
	}, err
}

func (p *Pages) my(w http.ResponseWriter, r *http.Request) error {
	page, err := p.myPage(r, web.NewFields(map[string][]string{"display_name": {ActorFrom(r.Context()).Name}}))
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

// session tells a script how long the sign-in lasts. Being asked prolongs it,
// like every request.
func (p *Pages) session(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	a := ActorFrom(r.Context())
	if !a.SignedIn() {
		w.WriteHeader(http.StatusUnauthorized)
	}
	return json.NewEncoder(w).Encode(map[string]int{"seconds": p.s.Person(r.Context()).SessionSeconds})
}

func (p *Pages) rename(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	if err := p.s.Rename(r.Context(), values.Get("display_name")); err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.myPage(r, f) })
	}
	web.Toast(w, r, "account.my.renamed")
	return web.Redirect(w, r, "/my")
}

func (p *Pages) sessionEnd(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	if values.Get("session") == "others" {
		err = p.s.EndOtherSessions(r.Context())
	} else {
		id, _ := strconv.ParseInt(values.Get("session"), 10, 64) // rubbish ends nothing
		err = p.s.EndSession(r.Context(), id)
	}
	if err != nil {
		return err
	}
	web.Toast(w, r, "account.my.session_ended")
	return web.Redirect(w, r, "/my")
}

type passwordPage struct {
	Form web.Fields
	Name string
}

func (p *Pages) passwordPage(r *http.Request, f web.Fields) (web.Page, error) {
	me, err := p.s.self(r.Context())
	return web.Page{
		Title: web.T(r.Context(), "account.password.title"), Template: "account/password", Active: navMy,
		Data: passwordPage{f, me.Name},
	}, err
}

func (p *Pages) passwordForm(w http.ResponseWriter, r *http.Request) error {
	page, err := p.passwordPage(r, web.NewFields(nil))
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

func (p *Pages) password(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	err = p.s.ChangePassword(r.Context(), values.Get("password_old"), values.Get("password"), values.Get("password_again"))
	if err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.passwordPage(r, f) })
	}
	web.Toast(w, r, "account.password.done")
	return web.Redirect(w, r, "/my")
}

type factorPage struct {
	*Self
	Form web.Fields
	// Key is what is typed into the app when the picture can't be read.
	Key string
	// Codes are the recovery codes, the only time they are shown.
	Codes []string
}

// issuer is the name under which an app files our codes.
func (p *Pages) issuer(r *http.Request) string {
	if name := p.v.NodeName(r.Context()); name != "" {
		return strings.ReplaceAll(name, ":", " ")
	}
	return web.T(r.Context(), "frame.product")
}

func (p *Pages) factorPage(r *http.Request, f web.Fields, codes []string) (web.Page, error) {
	data := factorPage{Form: f, Codes: codes}
	var err error
	if data.Self, err = p.s.Self(r.Context()); err != nil {
		return web.Page{}, err
	}
	if !data.SecondFactor() {
		key, err := p.s.BeginFactor(r.Context(), p.issuer(r))
		if err != nil {
			return web.Page{}, err
		}
		data.Key = inFours(key.Secret())
	}
	return web.Page{Title: web.T(r.Context(), "account.factor.title"), Template: "account/factor", Active: navMy, Data: data}, nil
}

// inFours cuts a key into pieces that can be typed off.
func inFours(key string) string {
	var b strings.Builder
	for i, c := range key {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (p *Pages) factor(w http.ResponseWriter, r *http.Request) error {
	page, err := p.factorPage(r, web.NewFields(nil), nil)
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

func (p *Pages) factorPicture(w http.ResponseWriter, r *http.Request) error {
	key, err := p.s.BeginFactor(r.Context(), p.issuer(r))
	if err != nil {
		return err
	}
	picture, err := qrPNG(key)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(picture) // the reader may have left
	return nil
}

func (p *Pages) factorConfirm(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	codes, err := p.s.ConfirmFactor(r.Context(), values.Get("code"))
	return p.showCodes(w, r, codes, err)
}

func (p *Pages) codesRenew(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	codes, err := p.s.RenewRecovery(r.Context(), values.Get("password"))
	return p.showCodes(w, r, codes, err)
}

// showCodes answers with the page itself and no redirect: the codes are in this
// answer and nowhere else.
func (p *Pages) showCodes(w http.ResponseWriter, r *http.Request, codes []string, err error) error {
	if err != nil {
		return p.again(w, r, nil, err, func(f web.Fields) (web.Page, error) { return p.factorPage(r, f, nil) })
	}
	page, err := p.factorPage(r, web.NewFields(nil), codes)
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

// codesFile hands out as a file the codes that were just shown.
func (p *Pages) codesFile(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	own, err := p.s.OwnRecovery(r.Context(), values["code"])
	if err != nil {
		return err
	}
	if !own {
		return errs.NotFound("account.code.not_own")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="lianxin-recovery-codes.txt"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(strings.Join(values["code"], "\r\n") + "\r\n")) // the reader may have left
	return nil
}

func (p *Pages) factorRemove(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	if err := p.s.RemoveFactor(r.Context(), values.Get("password")); err != nil {
		return p.again(w, r, nil, err, func(f web.Fields) (web.Page, error) { return p.factorPage(r, f, nil) })
	}
	web.Toast(w, r, "account.factor.removed")
	return web.Redirect(w, r, "/my")
}

type tokensPage struct {
	Form   web.Fields
	Tokens []Token
	Scopes []string
	// Plain is the token just made, shown this once.
	Plain string
}

func (p *Pages) tokensPage(r *http.Request, f web.Fields, plain string) (web.Page, error) {
	list, err := p.s.Tokens(r.Context())
	return web.Page{
		Title: web.T(r.Context(), "account.token.title"), Template: "account/tokens", Active: navMy,
		Data: tokensPage{f, list, p.ownScopes(r), plain},
	}, err
}

// ownScopes leaves out what the account itself may not do.
func (p *Pages) ownScopes(r *http.Request) []string {
	a := ActorFrom(r.Context())
	return slices.DeleteFunc(p.s.Scopes(), func(s string) bool { return s != ScopeRead && !a.Holds(web.Permission(s)) })
}

func (p *Pages) tokens(w http.ResponseWriter, r *http.Request) error {
	page, err := p.tokensPage(r, web.NewFields(map[string][]string{"scopes": {ScopeRead}}), "")
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

func (p *Pages) tokenCreate(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	expires, err := dateField(values, "expires", true)
	plain := ""
	if err == nil {
		plain, _, err = p.s.CreateToken(r.Context(), TokenOrder{Label: values.Get("label"), Scopes: values["scopes"], Expires: expires})
	}
	if err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.tokensPage(r, f, "") })
	}
	page, err := p.tokensPage(r, web.NewFields(nil), plain)
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

func (p *Pages) tokenRevoke(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(values.Get("token"), 10, 64) // rubbish is not found
	if err := p.s.RevokeToken(r.Context(), id); err != nil {
		return err
	}
	web.Toast(w, r, "account.token.revoked")
	return web.Redirect(w, r, "/my/tokens")
}
