package account

import (
	"context"
	"net/http"
	"strings"
	"time"

	"lianxin/internal/platform/web"
)

// Authenticate finds out who makes a request: a person by the session cookie,
// a program below /api/ by its token. A visitor with neither costs nothing.
func (s *Service) Authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := s.identify(r)
		if err != nil {
			s.Fail(w, r, err)
			return
		}
		if a.SignedIn() {
			r = r.WithContext(WithActor(r.Context(), a))
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Service) identify(r *http.Request) (Actor, error) {
	if header := r.Header.Get("Authorization"); header != "" && strings.HasPrefix(r.URL.Path, "/api/") {
		token, _ := strings.CutPrefix(header, "Bearer ")
		return s.ByToken(r.Context(), token)
	}
	if token := sessionToken(r); token != "" {
		return s.BySession(r.Context(), token)
	}
	return Actor{}, nil
}

func sessionToken(r *http.Request) string {
	if len(r.Header["Cookie"]) == 0 {
		return ""
	}
	c, err := r.Cookie(web.SessionCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Service) setCookie(w http.ResponseWriter, token string, expires time.Time) {
	c := &http.Cookie{Name: web.SessionCookie, Value: token, Path: "/", Expires: expires, HttpOnly: true, Secure: s.Settings.SecureCookies, SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge, c.Expires = -1, time.Time{}
	}
	http.SetCookie(w, c)
}

// Person is how the page's head names who is signed in.
func (s *Service) Person(ctx context.Context) web.Person {
	a := ActorFrom(ctx)
	p := web.Person{Name: a.Name}
	if len(a.Grants) > 0 {
		p.Note = web.T(ctx, "account.role."+string(a.Grants[0].Role))
		if a.Org != "" {
			p.Note += " · " + a.Org
		}
	}
	if !a.Session.EndsAt.IsZero() {
		p.SessionSeconds = int(a.Session.EndsAt.Sub(s.Now()).Seconds())
	}
	return p
}
