package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"lianxin/internal/platform/web"
)

// apiDocs describes the API: for programs as OpenAPI 3.1, for people as a page
// that loads nothing from elsewhere. Both are made of the handlers themselves.
func (n *Node) apiDocs(rt *web.Router) {
	rt.Page("GET /api/openapi.json", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json")
		return json.NewEncoder(w).Encode(rt.OpenAPI())
	})
	rt.Page("GET /api/docs", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		return n.Views.Render(w, r, web.Page{
			Layout: "plain", Title: web.T(r.Context(), "app.api.title"), Template: "app/api_docs",
			Data: apiDocsPage{Version: n.Version, Operations: operations(rt.OpenAPI())},
		})
	})
}

type apiDocsPage struct {
	Version    string
	Operations []operation
}

// operation is one entry of the API as people read it.
type operation struct {
	Method, Path, ID, Summary, Description string
	NeedsToken                             bool
	Params                                 []param
	Body, Answer                           []field
}

type param struct {
	Name, In, Type, Doc string
	Required            bool
}

type field struct {
	Name, Type, Doc string
	Required        bool
}

func operations(api *huma.OpenAPI) []operation {
	var all []operation
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op == nil {
				continue
			}
			o := operation{Method: method, Path: path, ID: op.OperationID, Summary: op.Summary, Description: op.Description, NeedsToken: len(op.Security) > 0}
			for _, p := range op.Parameters {
				o.Params = append(o.Params, param{Name: p.Name, In: p.In, Type: typeName(api, p.Schema), Doc: p.Description, Required: p.Required})
			}
			if op.RequestBody != nil {
				o.Body = fields(api, op.RequestBody.Content)
			}
			for status, response := range op.Responses {
				if strings.HasPrefix(status, "2") {
					o.Answer = fields(api, response.Content)
				}
			}
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return all
}

func resolve(api *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return api.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func typeName(api *huma.OpenAPI, s *huma.Schema) string {
	s = resolve(api, s)
	switch {
	case s == nil:
		return ""
	case s.Type == "array":
		return "[" + typeName(api, s.Items) + "]"
	case s.Format != "":
		return s.Format
	}
	return s.Type
}

func fields(api *huma.OpenAPI, content map[string]*huma.MediaType) []field {
	for _, media := range content {
		return listed(api, media.Schema, "", 0)
	}
	return nil
}

// listed flattens a schema into lines such as hits[].title.
func listed(api *huma.OpenAPI, s *huma.Schema, prefix string, depth int) []field {
	s = resolve(api, s)
	if s == nil || depth > 4 {
		return nil
	}
	if s.Type == "array" {
		return listed(api, s.Items, prefix+"[].", depth+1)
	}
	var out []field
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		property := resolve(api, s.Properties[name])
		out = append(out, field{Name: prefix + name, Type: typeName(api, property), Doc: s.Properties[name].Description, Required: slices.Contains(s.Required, name)})
		switch {
		case property != nil && property.Type == "array":
			out = append(out, listed(api, property.Items, prefix+name+"[].", depth+1)...)
		case property != nil && property.Type == "object":
			out = append(out, listed(api, property, prefix+name+".", depth+1)...)
		}
	}
	return out
}
