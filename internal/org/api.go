package org

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"lianxin/internal/platform/web"
)

// API is the room's part of the programming interface. What it shows depends on
// who asks, as on the pages: anyone sees public faces.
type API struct{ s *Service }

// NewAPI returns the room's operations.
func NewAPI(s *Service) *API { return &API{s} }

func idText(id int64) string { return strconv.FormatInt(id, 10) }

// OrgView is an organisation as programs see it.
type OrgView struct {
	ID         int64  `json:"id"`
	ParentID   int64  `json:"parentId,omitempty" doc:"0 or missing at the top of the node"`
	Path       string `json:"path" doc:"Ids from the top down, e.g. /1/12/"`
	Code       string `json:"code"`
	Name       string `json:"name"`
	ShortName  string `json:"shortName,omitempty"`
	Kind       string `json:"kind" example:"branch"`
	Level      string `json:"level" example:"village"`
	Status     string `json:"status" example:"active"`
	RegionCode string `json:"regionCode,omitempty"`
	CreditCode string `json:"creditCode,omitempty"`
	FoundedOn  string `json:"foundedOn,omitempty" format:"date"`
	EndedOn    string `json:"endedOn,omitempty" format:"date"`
	MergedInto int64  `json:"mergedInto,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Address    string `json:"address,omitempty"`
	// The rest is for those who may view the organisation.
	Members     int    `json:"members,omitempty"`
	FullMembers int    `json:"fullMembers,omitempty"`
	CountedOn   string `json:"countedOn,omitempty" format:"date"`
	TermUntil   string `json:"termUntil,omitempty" format:"date" doc:"By when the next election is to be held"`
	URL         string `json:"url"`
}

func viewOf(o Org) OrgView {
	return OrgView{ID: o.ID, ParentID: o.ParentID, Path: string(o.Path), Code: o.Code, Name: o.Name, ShortName: o.ShortName,
		Kind: string(o.Kind), Level: string(o.Level), Status: string(o.Status), RegionCode: o.RegionCode, CreditCode: o.CreditCode,
		FoundedOn: string(o.FoundedOn), EndedOn: string(o.EndedOn), MergedInto: o.MergedInto, Phone: o.Phone, Address: o.Address,
		Members: o.Members, FullMembers: o.FullMembers, CountedOn: string(o.CountedOn), TermUntil: string(o.TermUntil), URL: "/orgs/" + idText(o.ID)}
}

// OfficerView is a post and its holder.
type OfficerView struct {
	Post   string `json:"post" example:"secretary"`
	Holder string `json:"holder"`
	How    string `json:"how" example:"elected"`
	From   string `json:"from" format:"date"`
	Until  string `json:"until,omitempty" format:"date"`
}

type listInput struct {
	Parent int64  `query:"parent" doc:"Only the direct sub-organisations of this one" minimum:"0"`
	Q      string `query:"q" doc:"Part of the name, the code or the pinyin initials" maxLength:"100"`
	Kind   string `query:"kind"`
	Cursor string `query:"cursor" doc:"The cursor of the answer before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type listOutput struct {
	Body struct {
		Items []OrgView `json:"items"`
		Next  string    `json:"next,omitempty" doc:"Cursor of the next page, missing on the last"`
	}
}

type idInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type orgOutput struct{ Body OrgView }

type officersOutput struct {
	Body struct {
		Items []OfficerView `json:"items"`
	}
}

// Routes adds the room's operations.
func (a *API) Routes(rt *web.Router) {
	op := func(id, path, summary string) huma.Operation {
		return huma.Operation{Method: http.MethodGet, Path: "/api/v1/organisations" + path, OperationID: id, Summary: summary, Tags: []string{"organisations"}}
	}
	web.Operation(rt, web.Anyone, op("list-organisations", "", "List or search organisations"), a.list)
	web.Operation(rt, web.Anyone, op("get-organisation", "/{id}", "One organisation"), a.get)
	web.Operation(rt, web.Anyone, op("list-officers", "/{id}/officers", "Who holds its posts today"), a.officers)
}

func (a *API) list(ctx context.Context, in *listInput) (*listOutput, error) {
	q := Query{Parent: in.Parent, Text: in.Q, After: readCursor(in.Cursor), Limit: in.Limit, Statuses: []Status{Proposed, Approved, Active}}
	if in.Kind != "" {
		q.Kinds = []Kind{Kind(in.Kind)}
	}
	found, next, err := a.s.Search(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items, out.Body.Next = []OrgView{}, next.String()
	for _, o := range found {
		out.Body.Items = append(out.Body.Items, viewOf(o))
	}
	return out, nil
}

func (a *API) get(ctx context.Context, in *idInput) (*orgOutput, error) {
	o, err := a.s.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &orgOutput{Body: viewOf(o)}, nil
}

func (a *API) officers(ctx context.Context, in *idInput) (*officersOutput, error) {
	posts, err := a.s.Officers(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &officersOutput{}
	out.Body.Items = []OfficerView{}
	for _, p := range posts {
		out.Body.Items = append(out.Body.Items, OfficerView{string(p.Code), p.Holder, p.How, string(p.FromDay), string(p.UntilDay)})
	}
	return out, nil
}
