package site

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// API answers programs that ask for sites.
type API struct{ service *Service }

// NewAPI returns the room's API.
func NewAPI(s *Service) *API { return &API{s} }

// SiteView is a site as the API shows it.
type SiteView struct {
	ID        int64     `json:"id"`
	OrgID     int64     `json:"organisationId"`
	Slug      string    `json:"slug" doc:"Address below /s/"`
	Host      string    `json:"host,omitempty"`
	Name      string    `json:"name"`
	Motto     string    `json:"motto,omitempty"`
	State     State     `json:"state" enum:"preparing,open,suspended,closed"`
	Organiser string    `json:"organiser"`
	URL       string    `json:"url"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func view(s Site) SiteView {
	return SiteView{s.ID, s.OrgID, s.Slug, s.Host, s.Name, s.Motto, s.State, s.Organiser, s.Base() + "/", s.UpdatedAt}
}

// ColumnView is a column as the API shows it.
type ColumnView struct {
	ID          int64      `json:"id"`
	ParentID    int64      `json:"parentId,omitempty"`
	Slug        string     `json:"slug"`
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Kind        ColumnKind `json:"kind" enum:"news,policy,plan,static,interactive"`
	URL         string     `json:"url"`
}

type sitesInput struct {
	Query string `query:"q" maxLength:"100" doc:"Part of the name or address"`
	After string `query:"after" maxLength:"20" doc:"Cursor of the answer before"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type sitesOutput struct {
	Body struct {
		Sites []SiteView `json:"sites"`
		Next  string     `json:"next,omitempty" doc:"Cursor of the next answer; none at the end"`
	}
}

type siteInput struct {
	Slug string `path:"slug" maxLength:"40"`
}

type siteOutput struct{ Body SiteView }

type siteColumnsOutput struct {
	Body struct {
		Columns []ColumnView `json:"columns"`
	}
}

// Routes adds the room's operations.
func (a *API) Routes(rt *web.Router) {
	web.Operation(rt, web.Anyone, huma.Operation{OperationID: "list-sites", Method: http.MethodGet, Path: "/api/v1/sites", Summary: "List open sites", Tags: []string{"Sites"}}, a.list)
	web.Operation(rt, web.Anyone, huma.Operation{OperationID: "get-site", Method: http.MethodGet, Path: "/api/v1/sites/{slug}", Summary: "Get a site", Tags: []string{"Sites"}}, a.get)
	web.Operation(rt, web.Anyone, huma.Operation{OperationID: "list-columns", Method: http.MethodGet, Path: "/api/v1/sites/{slug}/columns", Summary: "List the columns of a site", Tags: []string{"Sites"}}, a.columns)
}

func (a *API) list(ctx context.Context, in *sitesInput) (*sitesOutput, error) {
	after, err := strconv.ParseInt(in.After, 10, 64)
	if err != nil && in.After != "" {
		return nil, errs.FieldErr("after", "site.cursor")
	}
	found, err := a.service.Search(ctx, Query{Text: in.Query, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &sitesOutput{}
	out.Body.Sites = []SiteView{}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.Next = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	for _, s := range found {
		out.Body.Sites = append(out.Body.Sites, view(s))
	}
	return out, nil
}

// visible returns a site that is open, or that the actor may view.
func (a *API) visible(ctx context.Context, slug string) (*Live, error) {
	l, err := a.service.liveBy(ctx, "slug", slug)
	if err != nil {
		return nil, err
	}
	if !l.State.Public() && may(ctx, View, l.OrgPath) != nil {
		return nil, errs.NotFound("site.not_found")
	}
	return l, nil
}

func (a *API) get(ctx context.Context, in *siteInput) (*siteOutput, error) {
	l, err := a.visible(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	return &siteOutput{Body: view(l.Site)}, nil
}

func (a *API) columns(ctx context.Context, in *siteInput) (*siteColumnsOutput, error) {
	l, err := a.visible(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	out := &siteColumnsOutput{}
	out.Body.Columns = []ColumnView{}
	for _, c := range Flatten(l.Columns) {
		if c.Visible {
			out.Body.Columns = append(out.Body.Columns, ColumnView{c.ID, c.ParentID, c.Slug, c.Name, c.Description, c.Kind, l.Base() + "/c/" + c.Slug})
		}
	}
	return out, nil
}
