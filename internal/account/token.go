package account

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/secret"
	"lianxin/internal/platform/web"
)

// tokenPrefix lets people and scanners recognise one of our tokens.
const tokenPrefix = "lx_"

// Live reports whether the token still opens anything.
func (t *Token) Live(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// LastDay is the last day on which the token works.
func (t Token) LastDay() time.Time { return lastMoment(t.ExpiresAt) }

// TokenOrder is what is entered for a new API token.
type TokenOrder struct {
	// Label tells its owner later what it is for.
	Label string
	// Scopes are permissions, or ScopeRead for all that only look.
	Scopes []string
	// Expires is zero for never.
	Expires time.Time
}

// Scopes lists what a token may be narrowed to.
func (s *Service) Scopes() []string {
	out := []string{}
	for p := range s.Policy {
		out = append(out, string(p))
	}
	slices.Sort(out)
	return append([]string{ScopeRead}, out...)
}

func (o *TokenOrder) check(known []string, now time.Time) error {
	var f errs.Fields
	o.Label = strings.TrimSpace(o.Label)
	if n := utf8.RuneCountInString(o.Label); n < 1 || n > 60 {
		f.Add("label", "account.token.label", errs.Args{"Max": 60})
	}
	slices.Sort(o.Scopes)
	o.Scopes = slices.Compact(o.Scopes)
	if len(o.Scopes) == 0 {
		f.Add("scopes", "account.token.scopes")
	}
	for _, scope := range o.Scopes {
		if !slices.Contains(known, scope) {
			f.Add("scopes", "account.token.unknown", errs.Args{"Scope": scope, "Known": strings.Join(known, " ")})
		}
	}
	if !o.Expires.IsZero() && !o.Expires.After(now) {
		f.Add("expires", "account.token.expires")
	}
	return f.Err()
}

// CreateToken makes a token for the actor's own account. It can do what the
// account may, within its scopes; it is returned this once. A program can't
// make a token that reaches further than its own.
func (s *Service) CreateToken(ctx context.Context, o TokenOrder) (string, *Token, error) {
	actor := ActorFrom(ctx)
	if err := actor.Check(web.SignedIn, ""); err != nil {
		return "", nil, err
	}
	if actor.MustEnrol {
		return "", nil, errs.Forbidden("account.factor.first")
	}
	for _, scope := range o.Scopes {
		narrower := slices.Contains(actor.scopes, scope) || scope != ScopeRead && inScope(actor.scopes, web.Permission(scope))
		if actor.scopes != nil && !narrower {
			return "", nil, errs.Forbidden("account.token.wider")
		}
	}
	return s.createToken(ctx, actor.ID, o)
}

// CreateTokenFor makes a token for a named account, for whoever runs the
// command line on the machine itself.
func (s *Service) CreateTokenFor(ctx context.Context, name string, o TokenOrder) (string, *Token, error) {
	if !ActorFrom(ctx).operator {
		return "", nil, errs.Forbidden("error.forbidden")
	}
	a, err := accountByName(ctx, s.DB.Read(), CanonicalName(name))
	if err != nil {
		return "", nil, err
	}
	if a.State != Active {
		return "", nil, errs.Conflict("account.token.inactive")
	}
	return s.createToken(ctx, a.ID, o)
}

func (s *Service) createToken(ctx context.Context, account int64, o TokenOrder) (string, *Token, error) {
	if err := o.check(s.Scopes(), s.Now()); err != nil {
		return "", nil, err
	}
	plain := secret.NewToken()
	t := &Token{
		Hash: secret.HashToken(plain), AccountID: account, Label: o.Label, Scopes: strings.Join(o.Scopes, " "),
		CreatedAt: s.Now(), ExpiresAt: o.Expires,
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insertToken(ctx, tx, t); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.token_create", account, audit.Entry{Detail: map[string]any{"token": t.ID, "scopes": t.Scopes}})
	})
	if err != nil {
		return "", nil, err
	}
	return tokenPrefix + plain, t, nil
}

// Tokens lists the actor's own tokens.
func (s *Service) Tokens(ctx context.Context) ([]Token, error) {
	actor := ActorFrom(ctx)
	if err := actor.Check(web.SignedIn, ""); err != nil {
		return nil, err
	}
	return tokensOf(ctx, s.DB.Read(), actor.ID)
}

// RevokeToken ends one of the actor's own tokens.
func (s *Service) RevokeToken(ctx context.Context, id int64) error {
	actor := ActorFrom(ctx)
	if err := actor.Check(web.SignedIn, ""); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		gone, err := revokeToken(ctx, tx, actor.ID, id, s.Now())
		if err != nil {
			return err
		}
		if !gone {
			return errs.NotFound("account.token.not_found")
		}
		return s.record(ctx, tx, "account.token_revoke", actor.ID, audit.Entry{Detail: map[string]int64{"token": id}})
	})
}
