package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"lianxin/internal/platform/errs"
)

// Handler answers a request, or returns why it can't. The error becomes an
// error page, or JSON below /api/.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is a handler as it was registered, for the test that walks them all.
type Route struct {
	Pattern string
	Need    Permission
}

// Router holds all handlers of the node. There is no way to add one without
// naming the permission it needs.
type Router struct {
	Views  *Views
	routes []Route
	mux    *http.ServeMux
	api    huma.API
	// need is what the API operation that is being registered needs.
	need Permission
}

// NewRouter returns a router without routes.
func NewRouter(v *Views, version string) *Router {
	rt := &Router{Views: v, mux: http.NewServeMux()}
	config := huma.DefaultConfig("Lianxin 连心", version)
	config.Info.Description = "Organisations, sites, articles and search of one Lianxin node. Errors are RFC 9457 problem documents."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", "" // served by our own handlers
	config.CreateHooks = nil                                             // no $schema links into the bodies
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An API token, made on one's own page or with `lianxin token create`."},
	}
	rt.api = humago.New(apiMux{rt}, config)
	return rt
}

// apiMux lets the API's operations pass through the same gate as pages.
type apiMux struct{ rt *Router }

func (m apiMux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.rt.Page(pattern, m.rt.need, func(w http.ResponseWriter, r *http.Request) error {
		h(w, r)
		return nil
	})
}

func (m apiMux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.rt.ServeHTTP(w, r) }

// Page adds a handler. The pattern is that of net/http.
func (rt *Router) Page(pattern string, need Permission, h Handler) {
	rt.routes = append(rt.routes, Route{Pattern: pattern, Need: need})
	rt.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := gate(r.Context(), need); err != nil {
			rt.Views.Fail(w, r, err)
			return
		}
		if err := h(w, r); err != nil {
			rt.Views.Fail(w, r, err)
		}
	})
}

func gate(ctx context.Context, need Permission) error {
	id := IdentityFrom(ctx)
	switch {
	case allows(id, need):
		return nil
	case !id.SignedIn():
		return errs.SignIn("error.sign_in_first")
	}
	return errs.Forbidden("error.forbidden")
}

// Operation adds a JSON operation and its description in OpenAPI.
func Operation[I, O any](rt *Router, need Permission, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	if need != Anyone {
		op.Security = []map[string][]string{{"token": {}}}
	}
	rt.need = need
	defer func() { rt.need = "" }()
	huma.Register(rt.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, newProblem(ctx, err)
		}
		return out, nil
	})
}

// OpenAPI returns the description of all operations.
func (rt *Router) OpenAPI() *huma.OpenAPI { return rt.api.OpenAPI() }

// Routes lists all handlers.
func (rt *Router) Routes() []Route { return rt.routes }

// ServeHTTP finds the handler; a path that nobody owns gets a friendly 404.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, pattern := rt.mux.Handler(r)
	if pattern == "" {
		probe := &statusProbe{header: http.Header{}}
		h.ServeHTTP(probe, r)
		switch {
		case probe.status >= 300 && probe.status < 400:
			h.ServeHTTP(w, r)
		case probe.status == http.StatusMethodNotAllowed:
			w.Header().Set("Allow", probe.header.Get("Allow"))
			rt.Views.Fail(w, r, errs.NotFound("error.method"))
		default:
			rt.Views.Fail(w, r, errs.NotFound("error.not_found"))
		}
		return
	}
	if route := RouteFrom(r.Context()); route != nil {
		*route = pattern
	}
	rt.mux.ServeHTTP(w, r)
}

// statusProbe hears what the mux would answer.
type statusProbe struct {
	header http.Header
	status int
}

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusProbe) WriteHeader(status int)      { p.status = status }

// wantsFragment reports whether htmx asks for a part of the page only.
func wantsFragment(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && !strings.EqualFold(r.Header.Get("HX-Boosted"), "true")
}

// Fragment answers an htmx request with just the named template; for other
// requests it shows the whole page.
func (v *Views) Fragment(w http.ResponseWriter, r *http.Request, part string, p Page) error {
	if !wantsFragment(r) {
		return v.Render(w, r, p)
	}
	body, err := v.HTML(Locale(r.Context()), part, p.Data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Vary", "HX-Request")
	_, _ = w.Write([]byte(body)) // the reader may have left
	return nil
}
