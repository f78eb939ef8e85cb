package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
)

type testIdentity struct{ perms map[Permission]bool }

func (i testIdentity) SignedIn() bool          { return true }
func (i testIdentity) Holds(p Permission) bool { return i.perms[p] }

type testServer struct {
	*httptest.Server
	router *Router
	cache  *Cache
	clock  *clock.Manual
}

// newTestServer authenticates by the header X-As: absent, "clerk" (holds
// thing.edit) or "other".
func newTestServer(t *testing.T, add func(rt *Router)) *testServer {
	t.Helper()
	room := Room{
		Name:      "thing",
		Templates: fstest.MapFS{"show.html": {Data: []byte(`<p>{{.}}</p>`)}, "bare.html": {Data: []byte(`<html lang="{{.Lang}}" data-mode="{{.Mode}}"><title>{{.Title}}</title>{{with .Toast}}<p role="status">{{.}}</p>{{end}}{{.Body}}</html>`)}},
	}
	catalog, err := i18n.New(Builtin.Locale)
	if err != nil {
		t.Fatal(err)
	}
	views, err := NewViews(catalog, &Assets{}, room)
	if err != nil {
		t.Fatal(err)
	}
	rt := NewRouter(views, "test")
	m := &clock.Manual{T: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	s := &Server{
		Router: rt, Cache: NewCache(1<<20, m.Now), Now: m.Now,
		Authenticate: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if as := r.Header.Get("X-As"); as != "" {
					r = r.WithContext(WithIdentity(r.Context(), testIdentity{map[Permission]bool{"thing.edit": as == "clerk"}}))
				}
				next.ServeHTTP(w, r)
			})
		},
	}
	s.Init(prometheus.NewRegistry())
	add(rt)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &testServer{Server: server, router: rt, cache: s.Cache, clock: m}
}

type answer struct {
	status int
	body   string
	header http.Header
}

func (s *testServer) do(t *testing.T, method, path string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, string(body), res.Header}
}

func show(text string) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestEveryHandlerIsGated(t *testing.T) {
	s := newTestServer(t, func(rt *Router) {
		rt.Page("GET /open", Anyone, show("open"))
		rt.Page("GET /mine", SignedIn, show("mine"))
		rt.Page("GET /edit", "thing.edit", show("edit"))
		rt.Page("POST /edit", "thing.edit", show("edited"))
		rt.Page("GET /forgotten", "", show("nobody may"))
		type in struct{}
		type out struct{ Body struct{ OK bool } }
		Operation(rt, "thing.edit", huma.Operation{Method: "GET", Path: "/api/v1/thing", OperationID: "thing"}, func(context.Context, *in) (*out, error) { return &out{}, nil })
	})
	for _, c := range []struct {
		method, path, as string
		want             int
	}{
		{"GET", "/open", "", 200},
		{"GET", "/mine", "", 303},
		{"GET", "/mine", "other", 200},
		{"GET", "/edit", "", 303},
		{"GET", "/edit", "other", 403},
		{"GET", "/edit", "clerk", 200},
		{"POST", "/edit", "", 401},
		{"POST", "/edit", "other", 403},
		{"GET", "/forgotten", "clerk", 403},
		{"GET", "/api/v1/thing", "", 401},
		{"GET", "/api/v1/thing", "other", 403},
		{"GET", "/api/v1/thing", "clerk", 200},
		{"GET", "/nowhere", "", 404},
		{"DELETE", "/open", "", 404},
	} {
		headers := []string{"X-As", c.as}
		if c.as == "" {
			headers = nil
		}
		if got := s.do(t, c.method, c.path, headers...); got.status != c.want {
			t.Errorf("%s %s as %q = %d, want %d", c.method, c.path, c.as, got.status, c.want)
		}
	}
	if got := s.do(t, "GET", "/mine").header.Get("Location"); got != "/sign-in?next=%2Fmine" {
		t.Errorf("sent to %q to sign in", got)
	}
}

func TestFailuresAreExplained(t *testing.T) {
	s := newTestServer(t, func(rt *Router) {
		rt.Page("GET /panic", Anyone, func(http.ResponseWriter, *http.Request) error { panic("secret detail") })
		rt.Page("GET /fault", Anyone, func(http.ResponseWriter, *http.Request) error { return errors.New("secret detail") })
		rt.Page("GET /gone", Anyone, func(http.ResponseWriter, *http.Request) error { return errs.Gone("error.file_missing") })
		rt.Page("GET /half", Anyone, func(w http.ResponseWriter, r *http.Request) error {
			return rt.Views.Render(w, r, Page{Layout: "plain", Template: "thing/missing"})
		})
		rt.Page("GET /api/fault", Anyone, func(http.ResponseWriter, *http.Request) error {
			return errs.FieldErr("name", "error.form_encoding")
		})
	})
	for path, want := range map[string]int{"/panic": 500, "/fault": 500, "/gone": 410, "/half": 500, "/api/fault": 422} {
		got := s.do(t, "GET", path)
		if got.status != want {
			t.Errorf("%s = %d, want %d", path, got.status, want)
		}
		if strings.Contains(got.body, "secret") || strings.Contains(got.body, "missing") {
			t.Errorf("%s leaks: %s", path, got.body)
		}
		if got.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s has no security headers", path)
		}
	}
	api := s.do(t, "GET", "/api/fault")
	if api.header.Get("Content-Type") != "application/problem+json" || !strings.Contains(api.body, `"location":"name"`) {
		t.Errorf("no problem document: %s", api.body)
	}
}

func TestForeignSitesCannotPost(t *testing.T) {
	s := newTestServer(t, func(rt *Router) { rt.Page("POST /edit", Anyone, show("edited")) })
	if got := s.do(t, "POST", "/edit", "Sec-Fetch-Site", "cross-site"); got.status != 403 {
		t.Errorf("cross-site post = %d", got.status)
	}
	if got := s.do(t, "POST", "/edit", "Sec-Fetch-Site", "same-origin"); got.status != 200 {
		t.Errorf("same-origin post = %d", got.status)
	}
}

func TestCache(t *testing.T) {
	made := 0
	s := newTestServer(t, func(rt *Router) {
		rt.Page("GET /page", Anyone, func(w http.ResponseWriter, r *http.Request) error {
			CacheFor(r, time.Minute, "site:1", "nav")
			made++
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, err := io.WriteString(w, strings.Repeat("连心 ", 1000)+Locale(r.Context()))
			return err
		})
		rt.Page("GET /missing", Anyone, func(w http.ResponseWriter, r *http.Request) error {
			CacheFor(r, time.Minute, "site:1")
			made++
			return errs.NotFound("error.not_found")
		})
	})
	get := func(headers ...string) answer { return s.do(t, "GET", "/page", headers...) }
	expect := func(what string, n int) {
		t.Helper()
		if made != n {
			t.Errorf("%s: rendered %d times, want %d", what, made, n)
		}
	}
	first := get("Accept-Encoding", "identity")
	if again := get("Accept-Encoding", "identity"); again.body != first.body || again.header.Get("Etag") != first.header.Get("Etag") || first.header.Get("Etag") == "" {
		t.Error("a cached page differs from the first")
	}
	expect("same visitor", 1)
	for _, how := range []string{"gzip", "zstd"} {
		if got := get("Accept-Encoding", how); got.header.Get("Content-Encoding") != how || len(got.body) > 1000 {
			t.Errorf("%s: encoding %q, %d bytes", how, got.header.Get("Content-Encoding"), len(got.body))
		}
	}
	if got := get("Accept-Encoding", "identity", "If-None-Match", first.header.Get("Etag")); got.status != 304 || got.body != "" {
		t.Errorf("known page = %d", got.status)
	}
	expect("encodings and revalidation", 1)
	if got := get("Cookie", "locale=en"); !strings.HasSuffix(got.body, "en") {
		t.Error("wrong language from the cache")
	}
	expect("another language", 2)
	get("Cookie", SessionCookie+"=x")
	get("Cookie", SessionCookie+"=x")
	expect("signed-in visitors get their own page", 4)
	s.cache.Invalidate("nav")
	get("Accept-Encoding", "identity")
	expect("after a change", 5)
	s.clock.Advance(2 * time.Minute)
	get("Accept-Encoding", "identity")
	expect("after its time", 6)
	s.do(t, "GET", "/missing")
	s.do(t, "GET", "/missing")
	expect("errors are not kept", 8)
}

func TestChoicesByLink(t *testing.T) {
	s := newTestServer(t, func(rt *Router) {
		rt.Page("GET /page", Anyone, func(w http.ResponseWriter, r *http.Request) error {
			return rt.Views.Render(w, r, Page{Layout: "thing/bare", Template: "thing/show", Data: "x"})
		})
	})
	got := s.do(t, "GET", "/page?lang=en&x=1")
	if got.status != 303 || got.header.Get("Location") != "/page?x=1" || !strings.Contains(got.header.Get("Set-Cookie"), "locale=en") {
		t.Errorf("choice = %d to %s, %s", got.status, got.header.Get("Location"), got.header.Get("Set-Cookie"))
	}
	if got := s.do(t, "GET", "/page?lang=xx"); got.status != 200 {
		t.Errorf("an unknown language = %d", got.status)
	}
	if got := s.do(t, "GET", "/page", "Cookie", "mode=senior; locale=en"); !strings.Contains(got.body, `lang="en" data-mode="senior"`) {
		t.Errorf("choices not shown: %s", got.body)
	}
}

func TestLocalPath(t *testing.T) {
	for target, want := range map[string]string{
		"/desk?x=1": "/desk?x=1", "//evil.example": "/", "https://evil.example/": "/", "": "/", "desk": "/",
		"/\\evil.example": "/", "/a\r\nSet-Cookie: x": "/", "javascript:alert(1)": "/",
	} {
		if got := LocalPath(target); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", target, got, want)
		}
	}
}

func TestForm(t *testing.T) {
	parse := func(body string, max int64) (url.Values, error) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return Form(httptest.NewRecorder(), r, max)
	}
	if v, err := parse("a=1%0D%0A2&b=x", 100); err != nil || v.Get("a") != "1\n2" {
		t.Errorf("form = %v, %v", v, err)
	}
	for body, kind := range map[string]errs.Kind{
		"a=" + strings.Repeat("x", 200): errs.KindTooLarge,
		"a=%FF%FE":                      errs.KindInvalid,
		"a=%00":                         errs.KindInvalid,
		"a=%zz":                         errs.KindInvalid,
	} {
		if _, err := parse(body, 100); !errs.Is(err, kind) {
			t.Errorf("form %.20q: %v", body, err)
		}
	}
}

func TestRefillKeepsWhatWasTyped(t *testing.T) {
	typed := url.Values{"title": {"长标题"}, "password": {"secret"}}
	f, ok := Refill(t.Context(), typed, errs.FieldErr("title", "too.long"))
	if !ok || f.Value("title") != "长标题" || f.Error("title") != "too.long" || f.Value("password") != "" {
		t.Errorf("refill = %+v, %v", f, ok)
	}
	if _, ok := Refill(t.Context(), typed, errors.New("database gone")); ok {
		t.Error("an internal fault must not look like a typing mistake")
	}
}

func TestToastIsShownOnce(t *testing.T) {
	s := newTestServer(t, func(rt *Router) {
		rt.Page("POST /do", Anyone, func(w http.ResponseWriter, r *http.Request) error {
			Toast(w, r, "error.request", errs.Args{"ID": "<7>"})
			return Redirect(w, r, "/page")
		})
		rt.Page("GET /page", Anyone, func(w http.ResponseWriter, r *http.Request) error {
			return rt.Views.Render(w, r, Page{Layout: "thing/bare", Template: "thing/show", Data: "x"})
		})
	})
	done := s.do(t, "POST", "/do")
	cookie, _, _ := strings.Cut(done.header.Get("Set-Cookie"), ";")
	got := s.do(t, "GET", "/page", "Cookie", cookie)
	if !strings.Contains(got.body, "&lt;7&gt;") || !strings.Contains(got.header.Get("Set-Cookie"), "toast=;") {
		t.Errorf("toast: %s %s", got.body, got.header.Get("Set-Cookie"))
	}
}
