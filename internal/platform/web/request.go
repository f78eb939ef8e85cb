package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
)

// Request is what the server knows of a request beside the request itself.
type Request struct {
	ID     string
	IP     string
	Locale string
	// Mode is "senior" for the large and simple form of the pages, else "".
	Mode string
	// Scheme is "dark" or "light" by choice, "" for what the device prefers.
	Scheme  string
	catalog *i18n.Catalog
}

type requestKey struct{}

// RequestFrom returns what is known of the request; never nil.
func RequestFrom(ctx context.Context) *Request {
	if r, ok := ctx.Value(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{Locale: i18n.Languages[0]}
}

// WithRequest is for tests and for work outside a request, such as jobs that
// write a text in a given language.
func WithRequest(ctx context.Context, r *Request, catalog *i18n.Catalog) context.Context {
	r.catalog = catalog
	return context.WithValue(ctx, requestKey{}, r)
}

// Locale returns the language of the request.
func Locale(ctx context.Context) string { return RequestFrom(ctx).Locale }

// T returns the sentence of key in the language of the request.
func T(ctx context.Context, key string, args ...errs.Args) string {
	r := RequestFrom(ctx)
	if r.catalog == nil {
		return key
	}
	return r.catalog.T(r.Locale, key, args...)
}

// Cookies of the server that are no secret.
const (
	localeCookie = "locale"
	modeCookie   = "mode"
	schemeCookie = "scheme"
	toastCookie  = "toast"
)

// SessionCookie names the cookie of a sign-in. A request with it never gets a
// shared, cached page.
const SessionCookie = "lx_session"

func cookieValue(r *http.Request, name string) string {
	if len(r.Header["Cookie"]) == 0 {
		return ""
	}
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func oneOf(value string, allowed ...string) string {
	for _, a := range allowed {
		if value == a {
			return value
		}
	}
	return ""
}

// choice handles ?lang=, ?mode= and ?scheme=: it keeps the choice in a cookie
// and sends the person to the same page without it. So the choices work by
// plain links.
func choice(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || !strings.ContainsRune(r.URL.RawQuery, '=') {
		return false
	}
	q := r.URL.Query()
	made := false
	for param, cookie := range map[string]string{"lang": localeCookie, "mode": modeCookie, "scheme": schemeCookie} {
		value := q.Get(param)
		if value == "" {
			continue
		}
		allowed := map[string][]string{"lang": i18n.Languages, "mode": {"senior", "standard"}, "scheme": {"dark", "light", "auto"}}[param]
		if oneOf(value, allowed...) == "" {
			continue
		}
		made = true
		q.Del(param)
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: secure(r)})
	}
	if !made {
		return false
	}
	target := url.URL{Path: r.URL.Path, RawQuery: q.Encode()}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, LocalPath(target.String()), http.StatusSeeOther)
	return true
}

func secure(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// clientIP is the peer's address, or what a proxy on a trusted address says.
func clientIP(r *http.Request, trusted []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	addr = addr.Unmap()
	for _, p := range trusted {
		if !p.Contains(addr) {
			continue
		}
		// Only the last entry was written by the trusted proxy itself.
		list := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if named, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			return named.Unmap().String()
		}
	}
	return addr.String()
}

// LocalPath returns target if it is a path on this server, else "/": a
// redirect must not lead to a foreign site.
func LocalPath(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(target, "/") ||
		strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\\r\n\t") {
		return "/"
	}
	return target
}

// Redirect sends the person on after a change.
func Redirect(w http.ResponseWriter, r *http.Request, target string) error {
	http.Redirect(w, r, LocalPath(target), http.StatusSeeOther)
	return nil
}

// IntPath reads a number from the path; anything else is a missing page.
func IntPath(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, errs.NotFound("error.not_found")
	}
	return n, nil
}

type toast struct {
	Key  string
	Args errs.Args
}

// Toast shows a short sentence on the next page, once.
func Toast(w http.ResponseWriter, r *http.Request, key string, args ...errs.Args) {
	m := toast{Key: key}
	if len(args) > 0 {
		m.Args = args[0]
	}
	b, err := json.Marshal(m)
	if err != nil {
		return // only for arguments that are no plain values
	}
	http.SetCookie(w, &http.Cookie{Name: toastCookie, Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r)})
}

func takeToast(w http.ResponseWriter, r *http.Request) string {
	value := cookieValue(r, toastCookie)
	if value == "" {
		return ""
	}
	http.SetCookie(w, &http.Cookie{Name: toastCookie, Path: "/", MaxAge: -1, HttpOnly: true})
	b, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return ""
	}
	var m toast
	if json.Unmarshal(b, &m) != nil {
		return ""
	}
	if n, ok := m.Args["Count"].(float64); ok {
		m.Args["Count"] = int(n)
	}
	return T(r.Context(), m.Key, m.Args)
}
