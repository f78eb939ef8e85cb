package org

import (
	"net/http"

	"lianxin/internal/platform/web"
)

// publicOrg shows anyone what is public of an organisation.
func (p *Pages) publicOrg(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	page, err := p.s.Public(r.Context(), id)
	if err != nil {
		return err
	}
	return p.v.Render(w, r, web.Page{Layout: "plain", Extra: "wide", Title: page.Org.Name, Template: "org/public", Data: page})
}

// publicTop leads to the organisation at the top of the node, or lists several.
func (p *Pages) publicTop(w http.ResponseWriter, r *http.Request) error {
	tops, _, err := p.s.Search(r.Context(), Query{Top: true, Statuses: []Status{Active}, Limit: 500})
	if err != nil {
		return err
	}
	if len(tops) == 1 {
		return web.Redirect(w, r, "/orgs/"+idText(tops[0].ID))
	}
	return p.v.Render(w, r, web.Page{Layout: "plain", Extra: "wide", Title: web.T(r.Context(), "org.public.all"), Template: "org/public_top", Data: tops})
}
