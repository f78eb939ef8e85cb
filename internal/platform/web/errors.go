package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
)

func statusOf(kind errs.Kind) int {
	switch kind {
	case errs.KindInvalid:
		return http.StatusUnprocessableEntity
	case errs.KindNotFound:
		return http.StatusNotFound
	case errs.KindForbidden:
		return http.StatusForbidden
	case errs.KindConflict:
		return http.StatusConflict
	case errs.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case errs.KindUnavailable:
		return http.StatusServiceUnavailable
	case errs.KindSignIn:
		return http.StatusUnauthorized
	case errs.KindTooMany:
		return http.StatusTooManyRequests
	case errs.KindGone:
		return http.StatusGone
	}
	return http.StatusInternalServerError
}

// problem is an error as RFC 9457 describes it.
type problem struct {
	Type     string         `json:"type"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Instance string         `json:"instance,omitempty"`
	Errors   []problemField `json:"errors,omitempty"`
}

type problemField struct {
	Message  string `json:"message"`
	Location string `json:"location"`
}

// explain finds what to tell a person of err. What is not an errs.Error is our
// own fault: it is logged with its cause, and the person gets the request id.
func explain(ctx context.Context, err error) (e *errs.Error, status int) {
	err = db.Explain(err)
	if !errors.As(err, &e) {
		if errors.Is(err, context.Canceled) {
			e = errs.Unavailable("error.cancelled")
			return e, 499
		}
		e = &errs.Error{Kind: errs.KindInternal, Key: "error.internal", Args: errs.Args{"ID": RequestFrom(ctx).ID}}
		e.Because(err)
	}
	status = statusOf(e.Kind)
	if status >= 500 {
		slog.ErrorContext(ctx, "request failed", "request", RequestFrom(ctx).ID, "err", err)
	}
	return e, status
}

// newProblem translates err for a program that called the API.
func newProblem(ctx context.Context, err error) *problem {
	e, status := explain(ctx, err)
	p := &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: T(ctx, e.Key, e.Args), Instance: RequestFrom(ctx).ID}
	for name, m := range e.Fields {
		p.Errors = append(p.Errors, problemField{Message: T(ctx, m.Key, m.Args), Location: name})
	}
	return p
}

func (p *problem) Error() string                   { return p.Detail }
func (p *problem) GetStatus() int                  { return p.Status }
func (p *problem) ContentType(given string) string { return "application/problem+json" }

func writeProblem(w http.ResponseWriter, p *problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="lianxin"`)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the reader may have left
}

// errorPage is the struct of the template web/error.
type errorPage struct {
	Status  int
	Message string
	Fields  map[string]string
	SignIn  string
	ID      string
}

// Fail answers a request with err, as a page or as JSON.
func (v *Views) Fail(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	if strings.HasPrefix(r.URL.Path, "/api/") {
		writeProblem(w, newProblem(ctx, err))
		return
	}
	e, status := explain(ctx, err)
	if e.Kind == errs.KindSignIn && r.Method == http.MethodGet {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	page := errorPage{Status: status, Message: T(ctx, e.Key, e.Args), ID: RequestFrom(ctx).ID, Fields: map[string]string{}}
	for name, m := range e.Fields {
		page.Fields[name] = T(ctx, m.Key, m.Args)
	}
	if e.Kind == errs.KindSignIn {
		page.SignIn = "/sign-in"
	}
	w.Header().Set("Cache-Control", "no-store")
	err = v.Render(w, r, Page{Status: status, Layout: "plain", Title: T(ctx, "error.title"), Template: "web/error", Data: page})
	if err != nil {
		slog.ErrorContext(ctx, "error page failed", "err", err)
		http.Error(w, page.Message, status)
	}
}
