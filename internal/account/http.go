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

// secure reports whether the browser speaks HTTPS with us.
func (s *Service) secure(r *http.Request) bool {
	return s.Settings.SecureCookies || r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// setCookie hands out a session's token; none takes it back.
func (s *Service) setCookie(w http.ResponseWriter, r *http.Request, token string, expires time.Time) {
	age := -1
	if token != "" {
		age = int(expires.Sub(s.Now()).Seconds()) // not a date: the browser's clock may be off
	}
	http.SetCookie(w, &http.Cookie{Name: web.SessionCookie, Value: token, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteLaxMode})
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
