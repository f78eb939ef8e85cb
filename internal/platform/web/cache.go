package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/maypok86/otter/v2"
)

// Cache keeps public pages as they were rendered, for visitors who are not
// signed in. A page names what it was made of by tags, e.g. "site:12"; when one
// of them is invalidated the page is rendered anew at the next request.
type Cache struct {
	pages *otter.Cache[cacheKey, *cachedPage]
	tags  sync.Map // tag → *atomic.Uint64, its generation
	now   func() time.Time
}

type cacheKey struct{ host, path, query, locale, mode string }

type cachedPage struct {
	expires     int64 // Unix seconds
	made        []tagged
	body        []byte
	contentType []string
	etags       [3][]string
	lengths     [3]atomic.Pointer[[]string]
	variants    [3]atomic.Pointer[[]byte]
	once        [3]sync.Once
}

type tagged struct {
	generation *atomic.Uint64
	seen       uint64
}

// NewCache returns a cache of at most maxBytes of page bodies.
func NewCache(maxBytes uint64, now func() time.Time) *Cache {
	return &Cache{
		now: now,
		pages: otter.Must(&otter.Options[cacheKey, *cachedPage]{
			MaximumWeight: maxBytes,
			Weigher: func(_ cacheKey, p *cachedPage) uint32 {
				return uint32(len(p.body)*3/2 + 1000) // with its compressed forms
			},
		}),
	}
}

func (c *Cache) generation(tag string) *atomic.Uint64 {
	if g, ok := c.tags.Load(tag); ok {
		return g.(*atomic.Uint64)
	}
	g, _ := c.tags.LoadOrStore(tag, new(atomic.Uint64))
	return g.(*atomic.Uint64)
}

// Invalidate makes all pages with the tag stale.
func (c *Cache) Invalidate(tag string) { c.generation(tag).Add(1) }

type ticket struct {
	cache *Cache
	key   cacheKey
	made  []tagged
	until time.Time
}

type ticketKey struct{}

// CacheFor lets the page that is about to be made be kept for others. It must
// be called before the data of the page is read, so that a change in between
// makes it stale.
func CacheFor(r *http.Request, ttl time.Duration, tags ...string) {
	t, ok := r.Context().Value(ticketKey{}).(*ticket)
	if !ok {
		return
	}
	t.until = t.cache.now().Add(ttl)
	for _, tag := range tags {
		g := t.cache.generation(tag)
		t.made = append(t.made, tagged{g, g.Load()})
	}
}

// NoCache takes back what CacheFor said, for pages that are not worth keeping.
func NoCache(r *http.Request) {
	if t, ok := r.Context().Value(ticketKey{}).(*ticket); ok {
		t.until = time.Time{}
	}
}

const (
	identity = iota
	gzipped
	zstded
)

var encodingName = [3][]string{nil, {"gzip"}, {"zstd"}}

func accepted(r *http.Request) int {
	values := r.Header["Accept-Encoding"]
	if len(values) == 0 {
		return identity
	}
	switch {
	case strings.Contains(values[0], "zstd"):
		return zstded
	case strings.Contains(values[0], "gzip"):
		return gzipped
	}
	return identity
}

// Slices shared by all answers, so that a cached page allocates next to nothing.
var (
	varyPublic    = []string{"Accept-Encoding, Cookie"}
	cachingPublic = []string{"public, no-cache"}
)

func keyOf(r *http.Request) (cacheKey, bool) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || len(r.URL.RawQuery) > 200 || r.Header["Authorization"] != nil {
		return cacheKey{}, false
	}
	k := cacheKey{host: r.Host, path: r.URL.Path, query: r.URL.RawQuery}
	if len(r.Header["Cookie"]) > 0 {
		if cookieValue(r, SessionCookie) != "" || cookieValue(r, toastCookie) != "" {
			return cacheKey{}, false
		}
		k.locale = cookieValue(r, localeCookie)
		k.mode = oneOf(cookieValue(r, modeCookie), "senior")
	}
	return k, true
}

// serve answers from the cache, if it can.
func (c *Cache) serve(w http.ResponseWriter, r *http.Request, k cacheKey) bool {
	p, ok := c.pages.GetIfPresent(k)
	if !ok {
		return false
	}
	if p.expires < c.now().Unix() {
		return false
	}
	for _, m := range p.made {
		if m.generation.Load() != m.seen {
			return false
		}
	}
	p.write(w, r)
	return true
}

func (p *cachedPage) write(w http.ResponseWriter, r *http.Request) {
	how := accepted(r)
	if len(p.body) < 1000 {
		how = identity
	}
	h := w.Header()
	h["Content-Type"] = p.contentType
	h["Cache-Control"] = cachingPublic
	h["Vary"] = varyPublic
	h["Etag"] = p.etags[how]
	securityHeaders(h)
	if match := r.Header["If-None-Match"]; len(match) > 0 && strings.Contains(match[0], p.etags[how][0]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body, length := p.variant(how)
	if how != identity {
		h["Content-Encoding"] = encodingName[how]
	}
	h["Content-Length"] = length
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the reader may have left
}

func (p *cachedPage) variant(how int) ([]byte, []string) {
	p.once[how].Do(func() {
		body := compress(p.body, how)
		length := []string{strconv.Itoa(len(body))}
		p.variants[how].Store(&body)
		p.lengths[how].Store(&length)
	})
	return *p.variants[how].Load(), *p.lengths[how].Load()
}

var zstdEncoder, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(1<<18))

func compress(body []byte, how int) []byte {
	switch how {
	case gzipped:
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body) // memory does not fail
		_ = z.Close()
		return b.Bytes()
	case zstded:
		return zstdEncoder.EncodeAll(body, nil)
	}
	return body
}

// recorder holds a page back until it is known whether it may be kept.
type recorder struct {
	http.ResponseWriter
	ticket *ticket
	status int
	body   []byte
}

func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

func (rec *recorder) keeps() bool {
	return !rec.ticket.until.IsZero() && rec.status == http.StatusOK && rec.Header()["Set-Cookie"] == nil
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status != 0 {
		return
	}
	rec.status = status
	if !rec.keeps() {
		rec.ResponseWriter.WriteHeader(status)
	}
}

func (rec *recorder) Write(b []byte) (int, error) {
	rec.WriteHeader(http.StatusOK)
	if !rec.keeps() {
		return rec.ResponseWriter.Write(b)
	}
	rec.body = append(rec.body, b...)
	return len(b), nil
}

// fill runs next and keeps its page if the handler called CacheFor.
func (c *Cache) fill(w http.ResponseWriter, r *http.Request, k cacheKey, next http.Handler) {
	t := &ticket{cache: c, key: k}
	rec := &recorder{ResponseWriter: w, ticket: t}
	next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), ticketKey{}, t)))
	if rec.status != http.StatusOK || !rec.keeps() {
		return
	}
	sum := sha256.Sum256(rec.body)
	tag := hex.EncodeToString(sum[:8])
	p := &cachedPage{
		expires: t.until.Unix(), made: t.made, body: rec.body,
		contentType: []string{w.Header().Get("Content-Type")},
		etags:       [3][]string{{`"` + tag + `"`}, {`"` + tag + `-g"`}, {`"` + tag + `-z"`}},
	}
	if r.Method == http.MethodGet {
		c.pages.Set(k, p)
	}
	p.write(w, r)
}
