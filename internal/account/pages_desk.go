package account

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// pageSize is how many rows a list shows at once.
const pageSize = 50

// option is a choice of a form.
type option struct{ Value, Label, Help string }

func roleOptions(ctx context.Context) []option {
	out := []option{{"", web.T(ctx, "account.role.choose"), ""}}
	for _, r := range Roles {
		out = append(out, option{string(r), web.T(ctx, "account.role."+string(r)), web.T(ctx, "account.role_help."+string(r))})
	}
	return out
}

type listPage struct {
	Form        web.Fields
	Accounts    []Listed
	States      []option
	Roles       []option
	First, Next string
	MayCreate   bool
	// Filtered says that the list is not everything.
	Filtered bool
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	f := Filter{Text: q.Get("q"), State: State(q.Get("state")), Role: Role(q.Get("role")), Limit: pageSize + 1}
	f.After, _ = strconv.ParseInt(q.Get("after"), 10, 64) // rubbish begins at the beginning
	accounts, err := p.s.List(ctx, f)
	if err != nil {
		return err
	}
	data := listPage{
		Form: web.NewFields(q), Accounts: accounts, Roles: roleOptions(ctx), States: []option{{"", web.T(ctx, "account.state.any"), ""}},
		MayCreate: ActorFrom(ctx).Holds(PermCreate), Filtered: f.Text != "" || f.State != "" || f.Role != "",
	}
	data.Roles[0].Label = web.T(ctx, "account.role.any")
	for _, s := range []State{Inactive, Active, Disabled, Closed} {
		data.States = append(data.States, option{string(s), web.T(ctx, "account.state."+string(s)), ""})
	}
	data.First, data.Next = cursors(r.URL, "after", f.After, len(accounts) > pageSize, func() int64 { return accounts[pageSize-1].ID })
	data.Accounts = accounts[:min(len(accounts), pageSize)]
	return p.render(w, r, web.Page{Title: web.T(ctx, "account.nav.accounts"), Template: "account/list", Active: navAccounts, Data: data})
}

// cursors returns the addresses of the first and of the next page of a list.
func cursors(u *url.URL, param string, at int64, more bool, last func() int64) (first, next string) {
	q := u.Query()
	if at > 0 {
		q.Del(param)
		first = u.Path + "?" + q.Encode()
	}
	if more {
		q.Set(param, strconv.FormatInt(last(), 10))
		next = u.Path + "?" + q.Encode()
	}
	return first, next
}

type newPage struct{ Form web.Fields }

func (p *Pages) newPage(r *http.Request, f web.Fields) (web.Page, error) {
	return web.Page{Title: web.T(r.Context(), "account.new.title"), Template: "account/new", Active: navAccounts, Data: newPage{f}}, nil
}

func (p *Pages) newForm(w http.ResponseWriter, r *http.Request) error {
	page, _ := p.newPage(r, web.NewFields(nil))
	return p.render(w, r, page)
}

func (p *Pages) create(w http.ResponseWriter, r *http.Request) error {
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	a, token, err := p.s.Create(r.Context(), NewAccount{Name: values.Get("name"), DisplayName: values.Get("display_name")})
	if err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.newPage(r, f) })
	}
	return p.showLink(w, r, a.ID, token)
}

type showPage struct {
	*Listed
	Form  web.Fields
	Roles []option
	// What the actor may do here.
	MayCreate, MayActivate, MayGrant bool
	// Own is the actor's own account, which others administer.
	Own bool
	// Link is the address just made, shown this once.
	Link string
}

// Closing reports whether a second administrator must confirm closing.
func (a *Account) Closing() bool { return !a.ClosingAt.IsZero() && a.State != Closed }

// Waiting reports whether a link waits for approval.
func (l *Listed) Waiting() bool {
	for _, one := range l.Links {
		if one.ApprovedAt.IsZero() {
			return true
		}
	}
	return false
}

func (p *Pages) showPage(r *http.Request, id int64, f web.Fields, link string) (web.Page, error) {
	ctx := r.Context()
	a, err := p.s.Get(ctx, id)
	if err != nil {
		return web.Page{}, err
	}
	actor := ActorFrom(ctx)
	return web.Page{Title: a.DisplayName, Template: "account/show", Active: navAccounts, Data: showPage{
		Listed: a, Form: f, Roles: roleOptions(ctx), Own: actor.ID == id, Link: link,
		MayCreate: actor.Holds(PermCreate), MayActivate: actor.Holds(PermActivate), MayGrant: actor.Holds(PermGrant),
	}}, nil
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	page, err := p.showPage(r, id, web.NewFields(nil), "")
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

// showLink answers with the account's page and the link itself, and no
// redirect: the link is in this answer and nowhere else.
func (p *Pages) showLink(w http.ResponseWriter, r *http.Request, id int64, token string) error {
	page, err := p.showPage(r, id, web.NewFields(nil), p.base(r)+"/sign-in/link?token="+token)
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

// base is the address by which the browser itself reached the node.
func (p *Pages) base(r *http.Request) string {
	scheme := "http"
	if p.s.secure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// change runs one of the small changes of an account's page.
func (p *Pages) change(w http.ResponseWriter, r *http.Request, toast string, do func(ctx context.Context, id int64, values url.Values) error) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	if err := do(r.Context(), id, values); err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.showPage(r, id, f, "") })
	}
	web.Toast(w, r, toast)
	return web.Redirect(w, r, fmt.Sprintf("/desk/accounts/%d", id))
}

func (p *Pages) activate(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "account.activate.done", func(ctx context.Context, id int64, _ url.Values) error { return p.s.Activate(ctx, id) })
}

func (p *Pages) disable(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "account.disable.done", func(ctx context.Context, id int64, v url.Values) error { return p.s.Disable(ctx, id, v.Get("reason")) })
}

func (p *Pages) askClose(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "account.close.asked", func(ctx context.Context, id int64, v url.Values) error { return p.s.AskClose(ctx, id, v.Get("reason")) })
}

func (p *Pages) close(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "account.close.done", func(ctx context.Context, id int64, v url.Values) error {
		a, err := p.s.Get(ctx, id)
		if err != nil {
			return err
		}
		if CanonicalName(v.Get("confirm")) != a.Name {
			return errs.FieldErr("confirm", "account.close.confirm")
		}
		return p.s.Close(ctx, id)
	})
}

func (p *Pages) approveLink(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "account.link.approved", func(ctx context.Context, id int64, _ url.Values) error { return p.s.ApproveLink(ctx, id) })
}

func (p *Pages) resetFactor(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "account.factor.reset_done", func(ctx context.Context, id int64, _ url.Values) error { return p.s.ResetFactor(ctx, id) })
}

func (p *Pages) grant(w http.ResponseWriter, r *http.Request) error {
	return p.change(w, r, "account.grant.done", func(ctx context.Context, id int64, v url.Values) error {
		from, err := dateField(v, "from", false)
		if err != nil {
			return err
		}
		until, err := dateField(v, "until", true)
		if err != nil {
			return err
		}
		if from.Before(p.s.Now()) {
			from = p.s.Now() // today begins now; nothing begins in the past
		}
		return p.s.Grant(ctx, GrantOrder{AccountID: id, Role: Role(v.Get("role")), Org: v.Get("org"), From: from, Until: until})
	})
}

func (p *Pages) issueLink(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	token, err := p.s.IssueLink(r.Context(), id)
	if err != nil {
		return p.again(w, r, nil, err, func(f web.Fields) (web.Page, error) { return p.showPage(r, id, f, "") })
	}
	return p.showLink(w, r, id, token)
}

type withdrawPage struct {
	Form    web.Fields
	Account *Listed
	Grant   GrantView
}

func (p *Pages) withdrawPage(r *http.Request, id, grant int64, f web.Fields) (web.Page, error) {
	a, err := p.s.Get(r.Context(), id)
	if err != nil {
		return web.Page{}, err
	}
	for _, g := range a.Grants {
		if g.ID == grant {
			return web.Page{
				Title: web.T(r.Context(), "account.withdraw.title"), Template: "account/withdraw", Active: navAccounts,
				Data: withdrawPage{f, a, g},
			}, nil
		}
	}
	return web.Page{}, errs.NotFound("account.grant.not_found")
}

// grantPath reads the account and the grant from the path.
func grantPath(r *http.Request) (account, grant int64, err error) {
	if account, err = web.IntPath(r, "id"); err != nil {
		return 0, 0, err
	}
	grant, err = web.IntPath(r, "grant")
	return account, grant, err
}

func (p *Pages) withdrawForm(w http.ResponseWriter, r *http.Request) error {
	id, grant, err := grantPath(r)
	if err != nil {
		return err
	}
	page, err := p.withdrawPage(r, id, grant, web.NewFields(nil))
	if err != nil {
		return err
	}
	return p.render(w, r, page)
}

func (p *Pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	id, grant, err := grantPath(r)
	if err != nil {
		return err
	}
	values, err := web.Form(w, r, formMax)
	if err != nil {
		return err
	}
	if err := p.s.Withdraw(r.Context(), grant, values.Get("reason")); err != nil {
		return p.again(w, r, values, err, func(f web.Fields) (web.Page, error) { return p.withdrawPage(r, id, grant, f) })
	}
	web.Toast(w, r, "account.withdraw.done")
	return web.Redirect(w, r, fmt.Sprintf("/desk/accounts/%d", id))
}
