package account

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lianxin/internal/platform/web"
)

// API are this room's JSON operations.
type API struct{ s *Service }

// NewAPI returns them.
func NewAPI(s *Service) *API { return &API{s} }

// Routes adds the operations to the router.
func (a *API) Routes(rt *web.Router) {
	web.Operation(rt, web.SignedIn, huma.Operation{
		OperationID: "list-tokens", Method: http.MethodGet, Path: "/api/v1/tokens", Tags: []string{"tokens"},
		Summary: "List your API tokens", Description: "Tokens of the account that asks, newest first, without the tokens themselves.",
	}, a.list)
	web.Operation(rt, web.SignedIn, huma.Operation{
		OperationID: "create-token", Method: http.MethodPost, Path: "/api/v1/tokens", Tags: []string{"tokens"}, DefaultStatus: http.StatusCreated,
		Summary: "Create an API token", Description: "The token is in this answer and nowhere else. A program can't create a token that reaches further than its own.",
	}, a.create)
	web.Operation(rt, web.SignedIn, huma.Operation{
		OperationID: "revoke-token", Method: http.MethodDelete, Path: "/api/v1/tokens/{id}", Tags: []string{"tokens"}, DefaultStatus: http.StatusNoContent,
		Summary: "Revoke an API token",
	}, a.revoke)
}

// tokenBody is a token as the API shows it.
type tokenBody struct {
	ID        int64      `json:"id"`
	Label     string     `json:"label"`
	Scopes    []string   `json:"scopes" doc:"Permissions, or \"read\" for all that only look."`
	CreatedAt time.Time  `json:"createdAt"`
	UsedAt    *time.Time `json:"usedAt,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
	Token     string     `json:"token,omitempty" doc:"Only in the answer that creates it."`
}

func newTokenBody(t Token) tokenBody {
	b := tokenBody{ID: t.ID, Label: t.Label, Scopes: strings.Fields(t.Scopes), CreatedAt: t.CreatedAt}
	if !t.UsedAt.IsZero() {
		b.UsedAt = &t.UsedAt
	}
	if !t.ExpiresAt.IsZero() {
		b.ExpiresAt = &t.ExpiresAt
	}
	return b
}

type tokenList struct {
	Body struct {
		Tokens []tokenBody `json:"tokens"`
	}
}

func (a *API) list(ctx context.Context, _ *struct{}) (*tokenList, error) {
	tokens, err := a.s.Tokens(ctx)
	out := &tokenList{}
	out.Body.Tokens = []tokenBody{}
	for _, t := range tokens {
		out.Body.Tokens = append(out.Body.Tokens, newTokenBody(t))
	}
	return out, err
}

type tokenCreate struct {
	Body struct {
		Label   string     `json:"label" maxLength:"60" doc:"What the token is for."`
		Scopes  []string   `json:"scopes" minItems:"1" maxItems:"100"`
		Expires *time.Time `json:"expires,omitempty" doc:"Never, when left out."`
	}
}

type tokenCreated struct{ Body tokenBody }

func (a *API) create(ctx context.Context, in *tokenCreate) (*tokenCreated, error) {
	o := TokenOrder{Label: in.Body.Label, Scopes: in.Body.Scopes}
	if in.Body.Expires != nil {
		o.Expires = *in.Body.Expires
	}
	plain, t, err := a.s.CreateToken(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &tokenCreated{newTokenBody(*t)}
	out.Body.Token = plain
	return out, nil
}

type tokenID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) revoke(ctx context.Context, in *tokenID) (*struct{}, error) {
	return nil, a.s.RevokeToken(ctx, in.ID)
}
