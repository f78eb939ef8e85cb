package web

import "context"

// Permission names what a handler needs. Every handler names one; a person
// without it is refused.
type Permission string

const (
	// Anyone opens a handler to visitors.
	Anyone Permission = "anyone"
	// SignedIn opens a handler to every account, for pages of one's own.
	SignedIn Permission = "signed-in"
)

// Identity is who makes a request, as far as the router must know.
type Identity interface {
	SignedIn() bool
	// Holds reports whether the permission is held somewhere. Where it is held
	// is checked by the service, which knows the object.
	Holds(Permission) bool
}

type identityKey struct{}

// WithIdentity notes who makes the request.
func WithIdentity(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

type nobody struct{}

func (nobody) SignedIn() bool        { return false }
func (nobody) Holds(Permission) bool { return false }

// IdentityFrom returns who makes the request; without a sign-in, nobody.
func IdentityFrom(ctx context.Context) Identity {
	if id, ok := ctx.Value(identityKey{}).(Identity); ok {
		return id
	}
	return nobody{}
}

// allows reports whether id may use a handler that needs p.
func allows(id Identity, p Permission) bool {
	switch p {
	case Anyone:
		return true
	case SignedIn:
		return id.SignedIn()
	case "":
		return false
	}
	return id.SignedIn() && id.Holds(p)
}
