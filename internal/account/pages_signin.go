package account

import (
	"net/http"
	"net/url"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

type signInPage struct {
	Form  web.Fields
	Next  string
	Hints []Hint
	// Empty says that the node waits for its set-up.
	Empty bool
}

func (p *Pages) signInForm(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("next")
	if a := ActorFrom(r.Context()); a.SignedIn() {
		return web.Redirect(w, r, onwards(next, a))
	}
	page, err := p.signInPage(r, web.NewFields(nil), next)
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

func (p *Pages) signInPage(r *http.Request, f web.Fields, next string) (web.Page, error) {
	empty, err := p.s.Empty(r.Context())
	return web.Page{
		Layout: "plain", Title: web.T(r.Context(), "account.signin.title"), Template: "account/sign_in",
		Data: signInPage{Form: f, Next: next, Hints: p.Hints, Empty: empty},
	}, err
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	in, err := p.s.SignIn(r.Context(), values.Get("name"), values.Get("password"), r.UserAgent())
	if err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.signInPage(r, f, values.Get("next")) })
	}
	return p.signedIn(w, r, in, values.Get("next"))
}

// signedIn hands out the cookie and leads on.
func (p *Pages) signedIn(w http.ResponseWriter, r *http.Request, in *SignedIn, next string) error {
	p.s.setCookie(w, r, in.Token, in.Expires)
	if in.Stage == StageCode {
		return web.Redirect(w, r, "/sign-in/code?"+url.Values{"next": {next}}.Encode())
	}
	a, err := p.s.BySession(r.Context(), in.Token)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, onwards(next, a))
}

type codePage struct {
	Form web.Fields
	Next string
}

func (p *Pages) codePage(r *http.Request, f web.Fields, next string) (web.Page, error) {
	return web.Page{
		Layout: "plain", Title: web.T(r.Context(), "account.code.title"), Template: "account/code",
		Data: codePage{f, next},
	}, nil
}

func (p *Pages) codeForm(w http.ResponseWriter, r *http.Request) error {
	s, err := p.s.live(r.Context(), sessionToken(r))
	if err != nil {
		return err
	}
	if s == nil || s.Stage != StageCode {
		return web.Redirect(w, r, "/sign-in?"+url.Values{"next": {r.URL.Query().Get("next")}}.Encode())
	}
	page, _ := p.codePage(r, web.NewFields(nil), r.URL.Query().Get("next"))
	return p.render(w, r, page)
}

func (p *Pages) code(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	in, err := p.s.ConfirmCode(r.Context(), sessionToken(r), values.Get("code"))
	if errs.Is(err, errs.KindSignIn) {
		web.Toast(w, r, "account.signin.again")
		return web.Redirect(w, r, "/sign-in")
	}
	if err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.codePage(r, f, values.Get("next")) })
	}
	return p.signedIn(w, r, in, values.Get("next"))
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.s.SignOut(r.Context(), sessionToken(r)); err != nil {
		return err
	}
	p.s.setCookie(w, r, "", p.s.Now())
	web.Toast(w, r, "account.signout.done")
	return web.Redirect(w, r, "/sign-in")
}

type linkPage struct {
	Form        web.Fields
	Token       string
	Name        string
	DisplayName string
}

func (p *Pages) linkPage(r *http.Request, f web.Fields, token string, a *Account) (web.Page, error) {
	return web.Page{
		Layout: "plain", Title: web.T(r.Context(), "account.link.title"), Template: "account/link",
		Data: linkPage{f, token, a.Name, a.DisplayName},
	}, nil
}

func (p *Pages) linkForm(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	a, err := p.s.LinkOwner(r.Context(), token)
	if err != nil {
		return err
	}
	page, _ := p.linkPage(r, web.NewFields(nil), token, a)
	return p.render(w, r, page)
}

func (p *Pages) linkUse(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	token := values.Get("token")
	a, err := p.s.LinkOwner(r.Context(), token)
	if err != nil {
		return err
	}
	if err := p.s.UseLink(r.Context(), token, values.Get("password"), values.Get("password_again")); err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.linkPage(r, f, token, a) })
	}
	web.Toast(w, r, "account.link.used")
	return web.Redirect(w, r, "/sign-in")
}

type setupPage struct {
	Form  web.Fields
	Token string
	Seats []seatForm
}

// seatForm is a seat with its words, for the form.
type seatForm struct {
	Key      string
	Title    string
	Help     string
	Optional bool
}

func (p *Pages) setupPage(r *http.Request, f web.Fields, token string) (web.Page, error) {
	ctx := r.Context()
	data := setupPage{Form: f, Token: token}
	for _, s := range Seats {
		data.Seats = append(data.Seats, seatForm{s.Key, web.T(ctx, "account.seat."+s.Key), web.T(ctx, "account.seat_help."+s.Key), s.Optional})
	}
	return web.Page{Layout: "plain", Title: web.T(ctx, "account.setup.title"), Template: "account/setup", Data: data, Extra: "wide"}, nil
}

func (p *Pages) setupForm(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	if err := p.s.CheckSetup(r.Context(), token); err != nil {
		return err
	}
	page, _ := p.setupPage(r, web.NewFields(nil), token)
	return p.render(w, r, page)
}

func (p *Pages) setup(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	token := values.Get("token")
	f := Setup{NodeName: values.Get("node_name"), OrgName: values.Get("org_name"), OrgCode: values.Get("org_code"), People: map[string]SetupPerson{}}
	for _, s := range Seats {
		f.People[s.Key] = SetupPerson{
			NewAccount: NewAccount{values.Get(s.Key + "_name"), values.Get(s.Key + "_display_name")},
			Password:   values.Get(s.Key + "_password"), Again: values.Get(s.Key + "_password_again"),
		}
	}
	if err := p.s.SetUp(r.Context(), token, f); err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.setupPage(r, f, token) })
	}
	web.Toast(w, r, "account.setup.ready")
	return web.Redirect(w, r, "/sign-in")
}
