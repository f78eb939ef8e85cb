package account

import (
	"context"
	"slices"
	"strings"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

// Held is a role in force at an organisation.
type Held struct {
	Role  Role
	OrgID int64
	Path  tree.Path
}

// Actor is who makes a request. The zero Actor is a visitor.
type Actor struct {
	ID     int64
	Name   string
	Grants []Held
	// Org names the organisation of the first grant, for the page's head.
	Org string
	// SessionID is set for a person at a browser, TokenID for a program.
	SessionID, TokenID int64
	Session            SessionInfo
	// MustEnrol says that nothing but one's own pages is open until a second
	// factor is set up.
	MustEnrol bool

	policy Policy
	// scopes narrow what a token may do; nil narrows nothing.
	scopes []string
	// operator is whoever runs a command on the machine itself.
	operator bool
}

// NewActor returns an actor with the roles it holds, judged by policy.
func NewActor(id int64, name string, policy Policy, held ...Held) Actor {
	return Actor{ID: id, Name: name, Grants: held, policy: policy}
}

// TestActor returns an actor with one role, judged by the given policies, for
// the tests of other rooms: account.TestActor(account.OrgClerk, 1, "/1/", org.Policy).
func TestActor(role Role, orgID int64, path tree.Path, policies ...Policy) Actor {
	return NewActor(1_000_000+int64(slices.Index(Roles, role)), "test "+string(role), Merge(policies...), Held{role, orgID, path})
}

// Operator is whoever runs a command with the data folder in hand. It holds
// every role that does business, everywhere; it has no account, so its ID is 0.
func Operator(policy Policy) Actor {
	a := Actor{Name: "operator", policy: policy, operator: true}
	for _, r := range Roles {
		if !r.Administrator() {
			a.Grants = append(a.Grants, Held{Role: r, Path: tree.Root})
		}
	}
	return a
}

type actorKey struct{}

// WithActor notes who acts, for services, the router and the audit log.
func WithActor(ctx context.Context, a Actor) context.Context {
	who := audit.WhoFrom(ctx)
	who.ID, who.Name = a.ID, a.Name
	return web.WithIdentity(audit.WithWho(context.WithValue(ctx, actorKey{}, a), who), a)
}

// ActorFrom returns who acts; without a sign-in, the zero Actor.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// SignedIn reports whether the actor is anyone known.
func (a Actor) SignedIn() bool { return a.ID != 0 || a.operator }

// Holds reports whether p is held somewhere; where, is for Check.
func (a Actor) Holds(p web.Permission) bool {
	switch p {
	case web.Anyone:
		return true
	case web.SignedIn:
		return a.SignedIn()
	}
	return len(a.Scope(p)) > 0
}

// Check returns nil if p is held at the organisation with that path or above
// it, else an errs.SignIn or errs.Forbidden.
func (a Actor) Check(p web.Permission, at tree.Path) error {
	switch {
	case p == web.Anyone:
		return nil
	case !a.SignedIn():
		return errs.SignIn("error.sign_in_first")
	case p == web.SignedIn:
		return nil
	}
	for _, h := range a.Grants {
		if h.Path.Contains(at) && a.carries(h.Role, p) {
			return nil
		}
	}
	return errs.Forbidden("error.forbidden")
}

// CheckAnywhere is Check for what belongs to no organisation, such as accounts.
func (a Actor) CheckAnywhere(p web.Permission) error {
	switch {
	case !a.SignedIn():
		return errs.SignIn("error.sign_in_first")
	case !a.Holds(p):
		return errs.Forbidden("error.forbidden")
	}
	return nil
}

// Scope returns the subtrees where p is held, none inside another. An empty
// answer means nowhere, never everywhere.
func (a Actor) Scope(p web.Permission) []tree.Path {
	var paths []tree.Path
	for _, h := range a.Grants {
		if h.Path != "" && a.carries(h.Role, p) {
			paths = append(paths, h.Path)
		}
	}
	slices.Sort(paths) // an ancestor sorts before what is below it
	var out []tree.Path
	for _, p := range paths {
		if len(out) == 0 || !out[len(out)-1].Contains(p) {
			out = append(out, p)
		}
	}
	return out
}

func (a Actor) carries(r Role, p web.Permission) bool {
	return slices.Contains(a.policy[p], r) && inScope(a.scopes, p)
}

// ScopeRead is the scope of a token that only looks.
const ScopeRead = "read"

// inScope reports whether a token of these scopes may use p.
func inScope(scopes []string, p web.Permission) bool {
	if scopes == nil || slices.Contains(scopes, string(p)) {
		return true
	}
	return slices.Contains(scopes, ScopeRead) && strings.HasSuffix(string(p), ".view")
}
