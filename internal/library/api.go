package library

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lianxin/internal/platform/search"
	"lianxin/internal/platform/web"
)

// API is the room's part of the programming interface.
type API struct{ s *Service }

// NewAPI returns the room's operations.
func NewAPI(s *Service) *API { return &API{s} }

// Routes adds the room's operations.
func (a *API) Routes(rt *web.Router) {
	op := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{Method: http.MethodGet, Path: "/api/v1/search" + path, OperationID: id, Summary: summary, Description: description, Tags: []string{"search"}}
	}
	web.Operation(rt, web.Anyone, op("search", "", "Search what is published",
		"Words must all occur, quoted ones in a row; a question in a sentence gets its best matches first."), a.search)
	web.Operation(rt, web.Anyone, op("suggest", "/suggestions", "Titles for what is being typed",
		"In the form of OpenSearch suggestions: what was typed, titles, descriptions, addresses."), a.suggest)
}

type searchInput struct {
	Q     string `query:"q" doc:"Words, a quoted phrase, or a question" maxLength:"200"`
	Site  string `query:"site" doc:"The address of a site, e.g. main; the whole node if left out"`
	Sort  string `query:"sort" enum:"relevance,date" default:"relevance"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"10"`
}

// HitView is a hit as programs see it.
type HitView struct {
	Kind        string    `json:"kind" example:"article"`
	ID          int64     `json:"id"`
	Title       string    `json:"title"`
	URL         string    `json:"url"`
	Excerpt     string    `json:"excerpt" doc:"Safe HTML, in which only <mark> occurs"`
	Score       float64   `json:"score"`
	PublishedAt time.Time `json:"publishedAt"`
}

type searchOutput struct {
	Body struct {
		Total int       `json:"total" doc:"At most 10,000 are counted"`
		Hits  []HitView `json:"hits"`
	}
}

func (a *API) search(ctx context.Context, in *searchInput) (*searchOutput, error) {
	within, err := a.s.visible(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	found, err := a.s.Search(ctx, within, Question{Text: in.Q, Sort: search.Sort(in.Sort)}, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Total, out.Body.Hits = found.Total, make([]HitView, len(found.Hits))
	for i, h := range found.Hits {
		out.Body.Hits[i] = HitView{h.Kind, h.ID, h.Title, h.URL, h.Excerpt, h.Score, h.PublishedAt}
	}
	return out, nil
}

type suggestInput struct {
	Q    string `query:"q" maxLength:"200"`
	Site string `query:"site"`
}

type suggestOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []any
}

const suggestions = 8

func (a *API) suggest(ctx context.Context, in *suggestInput) (*suggestOutput, error) {
	within, err := a.s.visible(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	found, err := a.s.Suggest(ctx, within, in.Q, suggestions)
	if err != nil {
		return nil, err
	}
	titles, notes, addresses := make([]string, len(found)), make([]string, len(found)), make([]string, len(found))
	for i, t := range found {
		titles[i], addresses[i] = t.Title, t.URL
	}
	return &suggestOutput{ContentType: "application/x-suggestions+json", Body: []any{in.Q, titles, notes, addresses}}, nil
}
