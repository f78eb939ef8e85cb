package app_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lianxin/internal/account"
	"lianxin/internal/app"
	"lianxin/internal/app/apptest"
	"lianxin/internal/platform/web"
)

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// TestEveryRouteIsGated walks all handlers of the node: whoever lacks what one
// needs is refused before it looks at anything.
func TestEveryRouteIsGated(t *testing.T) {
	node := apptest.Start(t)
	visitor := node.Visitor(t)
	member := node.As(t, 0)
	policy := app.Policy()
	clients := map[account.Role]*apptest.Client{}
	for _, role := range account.Roles {
		clients[role] = node.As(t, node.Root, role)
	}
	for _, route := range node.Router.Routes() {
		method, pattern, ok := strings.Cut(route.Pattern, " ")
		if !ok {
			t.Errorf("%s names no method", route.Pattern)
			continue
		}
		if route.Need == "" {
			t.Errorf("%s names no permission", route.Pattern)
			continue
		}
		if route.Need == web.Anyone {
			continue
		}
		path := parameter.ReplaceAllString(strings.TrimSuffix(pattern, "{$}"), "1")
		want := http.StatusUnauthorized
		if method == http.MethodGet && !strings.HasPrefix(path, "/api/") {
			want = http.StatusSeeOther
		}
		if got := visitor.Do(method, path, "", nil); got.Status != want || want == http.StatusSeeOther && !strings.HasPrefix(got.Location, "/sign-in") {
			t.Errorf("%s for a visitor = %d %s, want %d", route.Pattern, got.Status, got.Location, want)
		}
		if route.Need == web.SignedIn {
			continue
		}
		if len(policy[route.Need]) == 0 {
			t.Errorf("%s needs %s, which no role holds", route.Pattern, route.Need)
		}
		if got := member.Do(method, path, "", nil); got.Status != http.StatusForbidden {
			t.Errorf("%s without a role = %d, want 403", route.Pattern, got.Status)
		}
		for _, role := range account.Roles {
			if slices.Contains(policy[route.Need], role) {
				continue
			}
			if got := clients[role].Do(method, path, "", nil); got.Status != http.StatusForbidden {
				t.Errorf("%s for the wrong role %s = %d, want 403", route.Pattern, role, got.Status)
			}
		}
	}
}

func TestDeskShowsWhatIsDue(t *testing.T) {
	node := apptest.Start(t)
	clerk := node.As(t, node.Root, account.OrgClerk)
	page := clerk.Get("/desk")
	if page.Status != 200 || !page.Has("待办") || !page.Has("今天是 2026-11-23") || !page.Has("周一") {
		t.Errorf("desk = %d %s", page.Status, page.Body)
	}
}

func TestHealth(t *testing.T) {
	node := apptest.Start(t)
	v := node.Visitor(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/api/openapi.json": 200, "/api/docs": 200, "/nowhere": 404} {
		if got := v.Get(path); got.Status != want {
			t.Errorf("%s = %d, want %d: %s", path, got.Status, want, got.Body)
		}
	}
	if err := node.DB.Close(); err != nil {
		t.Fatal(err)
	}
	if got := v.Get("/readyz"); got.Status != 503 || got.Has("sql:") {
		t.Errorf("without a database /readyz = %d %s", got.Status, got.Body)
	}
}
