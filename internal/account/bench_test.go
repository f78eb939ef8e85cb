package account

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/web"
)

// What it costs to know who makes a request.
func BenchmarkAuthenticate(b *testing.B) {
	r := newRig(b, dbtest.SQLite(b))
	in, err := r.SignIn(b.Context(), "secretary", testPassword, "")
	if err != nil {
		b.Fatal(err)
	}
	h := r.Authenticate(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for name, cookie := range map[string]string{"visitor": "", "signed-in": in.Token} {
		b.Run(name, func(b *testing.B) {
			req := httptest.NewRequest("GET", "/", nil)
			if cookie != "" {
				req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: cookie})
			}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					h.ServeHTTP(httptest.NewRecorder(), req)
				}
			})
		})
	}
}
