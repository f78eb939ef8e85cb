package account

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/secret"
	"lianxin/internal/platform/setting"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

// Permissions of this room. None is held by a business role.
const (
	PermView     web.Permission = "account.view"
	PermCreate   web.Permission = "account.create"
	PermActivate web.Permission = "account.activate"
	PermGrant    web.Permission = "account.grant"
	PermAudit    web.Permission = "audit.view"
)

// Rights of this room: what one administrator may do, the others may not.
var Rights = Policy{
	PermView:     {SysAdmin, SecAdmin, AuditAdmin},
	PermCreate:   {SysAdmin},
	PermActivate: {SecAdmin},
	PermGrant:    {SecAdmin},
	PermAudit:    {AuditAdmin, SecAdmin}, // SecAdmin sees the auditors' acts only
}

// Orgs is what this room must know of organisations.
type Orgs interface {
	// Paths returns the paths of those ids that exist.
	Paths(ctx context.Context, ids ...int64) (map[int64]tree.Path, error)
	// Names returns their short names.
	Names(ctx context.Context, ids ...int64) (map[int64]string, error)
	// Find returns the one organisation that a person means by its code or full
	// name, or an errs.NotFound if none or several fit.
	Find(ctx context.Context, text string) (id int64, err error)
	// CreateRoot makes the topmost organisation of an empty node.
	CreateRoot(ctx context.Context, tx bun.Tx, name, code string) (id int64, path tree.Path, err error)
}

// Deps are what the service works with.
type Deps struct {
	DB    *db.DB
	Now   clock.Clock
	Audit *audit.Log
	Key   *secret.Key
	Orgs  Orgs
	// Node keeps the node's name, which set-up gives.
	Node *setting.Settings
	// Policy is that of all rooms together.
	Policy   Policy
	Settings Settings
	// Fail answers a request whose session could not be read; a bare 503 if nil.
	Fail func(http.ResponseWriter, *http.Request, error)
}

// Service holds the use cases around accounts.
type Service struct {
	Deps
	hashing *hashing
	known   *otter.Cache[int64, knownGrants]
	empty   emptiness
}

// knownGrants are an account's open grants, good for one version of it.
type knownGrants struct {
	version int64
	grants  []Grant
	// org is the name of the organisation of the first grant.
	org string
}

// NewService returns the service.
func NewService(d Deps) *Service {
	if d.Fail == nil {
		d.Fail = func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		}
	}
	return &Service{
		Deps: d, hashing: newHashing(),
		known: otter.Must(&otter.Options[int64, knownGrants]{MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryWriting[int64, knownGrants](time.Minute)}),
	}
}

// record writes an audit entry about an account.
func (s *Service) record(ctx context.Context, tx bun.IDB, action string, account int64, e audit.Entry) error {
	e.Action, e.ObjectType = action, "account"
	if account != 0 { // a failed sign-in by a name that is nobody's
		e.ObjectID = strconv.FormatInt(account, 10)
	}
	return s.Audit.Record(ctx, tx, e)
}

// Create makes an inactive account and returns it with a link to set its
// password. The link counts once the security administrator has activated the
// account, so neither of the two can make a usable account alone.
func (s *Service) Create(ctx context.Context, n NewAccount) (*Account, string, error) {
	actor := ActorFrom(ctx)
	if err := actor.CheckAnywhere(PermCreate); err != nil {
		return nil, "", err
	}
	if err := n.Check(); err != nil {
		return nil, "", err
	}
	a := &Account{Name: n.Name, DisplayName: n.DisplayName, State: Inactive, ChangedAt: s.Now(), Version: 1, CreatedAt: s.Now(), CreatedBy: actor.ID}
	token := secret.NewToken()
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insertAccount(ctx, tx, a); err != nil {
			return err
		}
		if err := s.newLink(ctx, tx, a.ID, token); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.create", a.ID, audit.Entry{Detail: map[string]string{"name": a.Name}})
	})
	if err != nil {
		return nil, "", err
	}
	return a, token, nil
}

// change runs a change of one account and records it.
func (s *Service) change(ctx context.Context, id int64, p web.Permission, action string, e audit.Entry, do func(ctx context.Context, tx bun.Tx, a *Account) error) error {
	if err := ActorFrom(ctx).CheckAnywhere(p); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, a); err != nil {
			return err
		}
		if err := saveAccount(ctx, tx, a); err != nil {
			return err
		}
		return s.record(ctx, tx, action, id, e)
	})
}

// step moves an account to another state, if that may follow.
func (a *Account) step(next State, at time.Time) error {
	if !a.State.May(next) {
		return errs.Conflict("account.state.step")
	}
	a.State, a.ChangedAt = next, at
	return nil
}

// Activate lets an account sign in, for the first time or again, and lets the
// link to set its password count.
func (s *Service) Activate(ctx context.Context, id int64) error {
	return s.change(ctx, id, PermActivate, "account.activate", audit.Entry{}, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if a.CreatedBy == ActorFrom(ctx).ID {
			return errs.Conflict("account.two_people")
		}
		if err := a.step(Active, s.Now()); err != nil {
			return err
		}
		_, err := approveLinks(ctx, tx, id, ActorFrom(ctx).ID, s.Now())
		return err
	})
}

// Disable ends all sessions of an account and lets it sign in no more.
func (s *Service) Disable(ctx context.Context, id int64, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return s.change(ctx, id, PermActivate, "account.disable", audit.Entry{Reason: reason}, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if err := s.mayGo(ctx, tx, a); err != nil {
			return err
		}
		if err := a.step(Disabled, s.Now()); err != nil {
			return err
		}
		_, err := endSessions(ctx, tx, id, 0)
		return err
	})
}

// mayGo keeps an administrator from locking out himself, and the last of the
// three kinds from being lost.
func (s *Service) mayGo(ctx context.Context, tx bun.IDB, a *Account) error {
	if a.ID == ActorFrom(ctx).ID {
		return errs.Conflict("account.not_oneself")
	}
	grants, err := openGrantsOf(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	for _, h := range held(grants, s.Now()) {
		if err := s.notLast(ctx, tx, h.Role, a.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) notLast(ctx context.Context, tx bun.IDB, r Role, account int64) error {
	if !r.Administrator() {
		return nil
	}
	others, err := otherHolders(ctx, tx, r, account, s.Now())
	if err == nil && others == 0 {
		return errs.Conflict("account.last_administrator")
	}
	return err
}

// AskClose is the first half of closing an account, by the system administrator.
func (s *Service) AskClose(ctx context.Context, id int64, reason string) error {
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	return s.change(ctx, id, PermCreate, "account.close_ask", audit.Entry{Reason: reason}, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if !a.State.May(Closed) || !a.ClosingAt.IsZero() {
			return errs.Conflict("account.state.step")
		}
		a.ClosingAt, a.ClosingBy = s.Now(), ActorFrom(ctx).ID
		return nil
	})
}

// Close is the second half, by the security administrator: all grants, sessions
// and tokens end, password and second factor are erased.
func (s *Service) Close(ctx context.Context, id int64) error {
	return s.change(ctx, id, PermActivate, "account.close", audit.Entry{}, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if a.ClosingAt.IsZero() || a.ClosingBy == ActorFrom(ctx).ID {
			return errs.Conflict("account.two_people")
		}
		if err := s.mayGo(ctx, tx, a); err != nil {
			return err
		}
		if err := a.step(Closed, s.Now()); err != nil {
			return err
		}
		a.Password, a.TOTP, a.TOTPAt = "", nil, time.Time{}
		return forgetAccess(ctx, tx, id, ActorFrom(ctx).ID, s.Now())
	})
}

// checkReason asks for a reason that tells something.
func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); n < 2 || n > 200 {
		return "", errs.FieldErr("reason", "account.reason.form", errs.Args{"Min": 2, "Max": 200})
	}
	return reason, nil
}

// GrantOrder is what is entered to grant a role.
type GrantOrder struct {
	AccountID int64
	Role      Role
	// Org is the organisation's code or full name.
	Org string
	// From is the first day, zero for now; Until the last, zero for open end.
	From, Until time.Time
}

// Grant gives an account a role at an organisation, by the security administrator.
func (s *Service) Grant(ctx context.Context, o GrantOrder) error {
	actor := ActorFrom(ctx)
	if err := actor.CheckAnywhere(PermGrant); err != nil {
		return err
	}
	g, err := s.newGrant(ctx, o)
	if err != nil {
		return err
	}
	if err := actor.Check(PermGrant, g.OrgPath); err != nil {
		return err
	}
	e := audit.Entry{OrgID: g.OrgID, OrgPath: g.OrgPath, Detail: map[string]any{"role": g.Role, "from": g.FromAt, "until": g.UntilAt}}
	return s.change(ctx, o.AccountID, PermGrant, "account.grant", e, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if a.ID == actor.ID {
			return errs.Conflict("account.not_oneself")
		}
		if a.State == Closed {
			return errs.Conflict("account.state.step")
		}
		open, err := openGrantsOf(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if err := fits(open, g, s.Now()); err != nil {
			return err
		}
		return insertGrant(ctx, tx, g)
	})
}

func (s *Service) newGrant(ctx context.Context, o GrantOrder) (*Grant, error) {
	var f errs.Fields
	if !o.Role.Known() {
		f.Add("role", "account.role.choose")
	}
	now := s.Now()
	if o.From.IsZero() {
		o.From = now
	}
	if !o.Until.IsZero() && (!o.Until.After(o.From) || !o.Until.After(now)) {
		f.Add("until", "account.grant.until")
	}
	org, err := s.Orgs.Find(ctx, strings.TrimSpace(o.Org))
	if errs.Is(err, errs.KindNotFound) || errs.Is(err, errs.KindInvalid) {
		f.Add("org", "account.grant.org")
	} else if err != nil {
		return nil, err
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	paths, err := s.Orgs.Paths(ctx, org)
	if err != nil {
		return nil, err
	}
	if o.Role.Administrator() && paths[org].Depth() != 1 {
		return nil, errs.FieldErr("org", "account.grant.root")
	}
	return &Grant{
		AccountID: o.AccountID, Role: o.Role, OrgID: org, OrgPath: paths[org],
		FromAt: o.From, UntilAt: o.Until, GrantedAt: now, GrantedBy: ActorFrom(ctx).ID,
	}, nil
}

// fits refuses a grant beside the open ones: an administrator holds nothing
// else, and nobody holds the same twice.
func fits(open []Grant, g *Grant, now time.Time) error {
	var roles []Role
	for i := range open {
		if o := &open[i]; o.open(now) {
			roles = append(roles, o.Role)
			if o.Role == g.Role && o.OrgID == g.OrgID {
				return errs.FieldErr("role", "account.grant.twice")
			}
		}
	}
	return Compatible(roles, g.Role)
}

// Withdraw ends a grant before its time.
func (s *Service) Withdraw(ctx context.Context, grantID int64, reason string) error {
	actor := ActorFrom(ctx)
	if err := actor.CheckAnywhere(PermGrant); err != nil {
		return err
	}
	reason, err := checkReason(reason)
	if err != nil {
		return err
	}
	g, err := grantByID(ctx, s.DB.Read(), grantID)
	if err != nil {
		return err
	}
	if err := actor.Check(PermGrant, g.OrgPath); err != nil {
		return err
	}
	e := audit.Entry{OrgID: g.OrgID, OrgPath: g.OrgPath, Reason: reason, Detail: map[string]any{"role": g.Role}}
	return s.change(ctx, g.AccountID, PermGrant, "account.withdraw", e, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if a.ID == actor.ID {
			return errs.Conflict("account.not_oneself")
		}
		g, err := grantByID(ctx, tx, grantID) // as it is now that the account is locked
		if err != nil {
			return err
		}
		if !g.open(s.Now()) {
			return errs.Conflict("account.grant.over")
		}
		if g.Effective(s.Now()) && a.State == Active {
			if err := s.notLast(ctx, tx, g.Role, a.ID); err != nil {
				return err
			}
		}
		g.WithdrawnAt, g.WithdrawnBy, g.Reason = s.Now(), actor.ID, reason
		return saveGrant(ctx, tx, g)
	})
}

// Reasons that the node itself gives, as message keys.
const (
	// OrgMerged: the organisation was merged into another.
	OrgMerged = "account.grant.ended_merged"
	// OrgDissolved: the organisation was dissolved.
	OrgDissolved  = "account.grant.ended_dissolved"
	accountClosed = "account.grant.ended_closed"
)

// EndGrants withdraws what is held at an organisation that ends, in the
// transaction that ends it. Authority never passes silently to its successor.
func (s *Service) EndGrants(ctx context.Context, tx bun.Tx, orgID int64, path tree.Path, reason string) error {
	n, err := endGrants(ctx, tx, orgID, ActorFrom(ctx).ID, s.Now(), reason)
	if err != nil || n == 0 {
		return err
	}
	return s.Audit.Record(ctx, tx, audit.Entry{Action: "account.withdraw", OrgID: orgID, OrgPath: path, ObjectType: "org", ObjectID: strconv.FormatInt(orgID, 10), Reason: reason, Detail: map[string]int64{"grants": n}})
}

// Listed is an account with what a list or its page shows beside it.
type Listed struct {
	Account
	Grants []GrantView
	Links  []Link
}

// GrantView is a grant with the names of its organisation and its givers.
type GrantView struct {
	Grant
	Org, By, WithdrawnByName, Standing string
}

// List returns accounts, newest first, with the grants that are open.
func (s *Service) List(ctx context.Context, f Filter) ([]Listed, error) {
	if err := ActorFrom(ctx).CheckAnywhere(PermView); err != nil {
		return nil, err
	}
	accounts, err := listAccounts(ctx, s.DB.Read(), f, s.Now())
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	grants, err := grantsOf(ctx, s.DB.Read(), ids...)
	if err != nil {
		return nil, err
	}
	grants = slices.DeleteFunc(grants, func(g Grant) bool { return !g.open(s.Now()) })
	views, err := s.describe(ctx, grants)
	if err != nil {
		return nil, err
	}
	out := make([]Listed, len(accounts))
	for i, a := range accounts {
		out[i].Account = a
		for _, v := range views {
			if v.AccountID == a.ID {
				out[i].Grants = append(out[i].Grants, v)
			}
		}
	}
	return out, nil
}

// Get returns one account with all its grants, past ones too, and open links.
func (s *Service) Get(ctx context.Context, id int64) (*Listed, error) {
	if err := ActorFrom(ctx).CheckAnywhere(PermView); err != nil {
		return nil, err
	}
	a, err := accountByID(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	grants, err := grantsOf(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	views, err := s.describe(ctx, grants)
	if err != nil {
		return nil, err
	}
	links, err := linksOf(ctx, s.DB.Read(), id, s.Now())
	if err != nil {
		return nil, err
	}
	return &Listed{Account: *a, Grants: views, Links: links}, nil
}

// describe adds the names to grants, with two queries however many there are.
func (s *Service) describe(ctx context.Context, grants []Grant) ([]GrantView, error) {
	var orgs, people []int64
	for _, g := range grants {
		orgs, people = append(orgs, g.OrgID), append(people, g.GrantedBy, g.WithdrawnBy)
	}
	if len(grants) == 0 {
		return nil, nil
	}
	orgNames, err := s.Orgs.Names(ctx, distinct(orgs)...)
	if err != nil {
		return nil, fmt.Errorf("name organisations: %w", err)
	}
	names, err := namesOf(ctx, s.DB.Read(), distinct(people))
	if err != nil {
		return nil, err
	}
	out := make([]GrantView, len(grants))
	for i, g := range grants {
		out[i] = GrantView{Grant: g, Org: orgNames[g.OrgID], By: names[g.GrantedBy], WithdrawnByName: names[g.WithdrawnBy], Standing: g.standing(s.Now())}
	}
	return out, nil
}

func distinct(ids []int64) []int64 {
	slices.Sort(ids)
	return slices.Compact(ids)
}
