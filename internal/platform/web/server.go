package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
)

// Server is the way of every request: cached page, or recover → request id →
// language → cross-origin check → rate limit → who is it → handler → log.
type Server struct {
	Router *Router
	Cache  *Cache
	// Authenticate finds out who makes the request and puts it into the context.
	Authenticate func(http.Handler) http.Handler
	// Trusted are the proxies whose X-Forwarded-For is believed.
	Trusted []netip.Prefix
	// PerSecond is how many requests one address may make, on average; an
	// address of this machine itself is not limited.
	PerSecond float64
	Now       clock.Clock

	cross    *http.CrossOriginProtection
	inner    http.Handler
	limiters *otter.Cache[string, *rate.Limiter]
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	cached   prometheus.Counter
}

// Init completes the server and registers its metrics.
func (s *Server) Init(reg prometheus.Registerer) {
	s.cross = http.NewCrossOriginProtection()
	s.inner = s.Authenticate(s.Router)
	s.limiters = otter.Must(&otter.Options[string, *rate.Limiter]{MaximumSize: 20_000})
	s.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lianxin_http_requests_total", Help: "Requests by handler and status."}, []string{"route", "status"})
	s.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lianxin_http_duration_seconds", Help: "Time to answer, without pages from the cache.", Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3}}, []string{"route"})
	s.cached = prometheus.NewCounter(prometheus.CounterOpts{Name: "lianxin_http_cached_total", Help: "Pages answered from the cache."})
	reg.MustRegister(s.requests, s.duration, s.cached)
}

type routeKey struct{}

// RouteFrom returns where the router notes the pattern it chose.
func RouteFrom(ctx context.Context) *string {
	route, _ := ctx.Value(routeKey{}).(*string)
	return route
}

// The same headers on every answer. No inline script or style runs, nothing is
// loaded from elsewhere, and nobody may frame our pages.
var (
	cspHeader     = []string{"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; frame-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'self'"}
	nosniffHeader = []string{"nosniff"}
	refererHeader = []string{"same-origin"}
	openerHeader  = []string{"same-origin"}
)

func securityHeaders(h http.Header) {
	h["Content-Security-Policy"] = cspHeader
	h["X-Content-Type-Options"] = nosniffHeader
	h["Referrer-Policy"] = refererHeader
	h["Cross-Origin-Opener-Policy"] = openerHeader
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, cacheable := keyOf(r)
	if cacheable && s.Cache.serve(w, r, key) {
		s.cached.Inc()
		return
	}
	route := ""
	req := &Request{
		ID: rand.Text()[:12], IP: clientIP(r, s.Trusted), catalog: s.Router.Views.Catalog,
		Locale: s.Router.Views.Catalog.Match(cookieValue(r, localeCookie), ""),
		Mode:   oneOf(cookieValue(r, modeCookie), "senior"),
		Scheme: oneOf(cookieValue(r, schemeCookie), "dark", "light"),
	}
	ctx := context.WithValue(r.Context(), requestKey{}, req)
	ctx = context.WithValue(ctx, routeKey{}, &route)
	ctx = audit.WithWho(ctx, audit.Who{IP: req.IP, RequestID: req.ID})
	r = r.WithContext(ctx)
	seen := &statusWriter{ResponseWriter: w}
	start := time.Now()
	defer func() {
		if fault := recover(); fault != nil {
			if fault == http.ErrAbortHandler {
				panic(fault)
			}
			slog.ErrorContext(ctx, "panic", "request", req.ID, "fault", fault, "stack", string(debug.Stack()))
			if seen.status == 0 {
				s.Router.Views.Fail(seen, r, fmt.Errorf("panic: %v", fault))
			}
		}
		s.log(r, seen, route, time.Since(start))
	}()
	securityHeaders(seen.Header())
	seen.Header()["X-Request-Id"] = []string{req.ID}
	s.answer(seen, r, key, cacheable)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, key cacheKey, cacheable bool) {
	if choice(w, r) {
		return
	}
	if err := s.cross.Check(r); err != nil {
		s.Router.Views.Fail(w, r, errs.Forbidden("error.cross_origin").Because(err))
		return
	}
	if !s.allow(r) {
		w.Header().Set("Retry-After", "5")
		s.Router.Views.Fail(w, r, errs.TooMany("error.too_many"))
		return
	}
	if cacheable {
		s.Cache.fill(w, r, key, s.inner)
		return
	}
	s.inner.ServeHTTP(w, r)
}

// allow takes a token from the address's bucket. Changes cost five.
func (s *Server) allow(r *http.Request) bool {
	ip := RequestFrom(r.Context()).IP
	if addr, err := netip.ParseAddr(ip); err == nil && addr.IsLoopback() || s.PerSecond <= 0 {
		return true
	}
	limiter, ok := s.limiters.GetIfPresent(ip)
	if !ok {
		limiter, _ = s.limiters.SetIfAbsent(ip, rate.NewLimiter(rate.Limit(s.PerSecond), int(s.PerSecond*4)))
	}
	cost := 1
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		cost = 5
	}
	return limiter.AllowN(s.Now(), cost)
}

func (s *Server) log(r *http.Request, w *statusWriter, route string, took time.Duration) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if route == "" {
		route = "none"
	}
	s.requests.WithLabelValues(route, strconv.Itoa(w.status)).Inc()
	s.duration.WithLabelValues(route).Observe(took.Seconds())
	level := slog.LevelInfo
	if strings.HasPrefix(r.URL.Path, "/assets/") || strings.HasPrefix(r.URL.Path, "/healthz") || strings.HasPrefix(r.URL.Path, "/readyz") {
		level = slog.LevelDebug
	}
	// The query is left out: a search may hold what concerns nobody else.
	slog.Log(r.Context(), level, "request", "id", RequestFrom(r.Context()).ID, "method", r.Method, "path", r.URL.Path,
		"status", w.status, "ms", float64(took.Microseconds())/1000, "bytes", w.bytes, "ip", RequestFrom(r.Context()).IP)
}

type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}
