package demo_test

import (
	"context"
	"slices"
	"testing"

	"lianxin/internal/account"
	"lianxin/internal/app"
	"lianxin/internal/demo"
	"lianxin/internal/platform/config"
)

func open(t *testing.T) (*app.Node, demo.Rooms) {
	t.Helper()
	n, err := app.Open(t.Context(), app.Config{Data: config.Data{Data: t.TempDir()}, Serve: config.Serve{CacheMB: 4}, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n, demo.Rooms{DB: n.DB, Now: n.Now, Policy: app.Policy(), Settings: n.Settings,
		Accounts: n.Rooms.Accounts, Orgs: n.Rooms.Orgs, Sites: n.Rooms.Sites, Articles: n.Rooms.Articles}
}

func TestTheCountyIsLoadedOnce(t *testing.T) {
	n, rooms := open(t)
	done, total := 0, 0
	signIns, err := demo.Load(t.Context(), rooms, func(d, all int) { done, total = d, all })
	if err != nil {
		t.Fatal(err)
	}
	if done != total || total == 0 {
		t.Errorf("stopped at %d of %d", done, total)
	}
	if len(signIns) != 10 {
		t.Errorf("%d sign-ins", len(signIns))
	}
	if _, err := demo.Load(t.Context(), rooms, func(int, int) { t.Error("loaded twice") }); err != nil {
		t.Errorf("a second start: %v", err)
	}
	main, err := n.Rooms.Sites.MainSite(t.Context())
	if err != nil || main.Name != demo.NodeName || !main.State.Public() {
		t.Errorf("main site %+v, %v", main, err)
	}
	if _, err := n.Rooms.Accounts.SignIn(t.Context(), signIns[0].Name, demo.Password, "test"); err != nil {
		t.Errorf("sign in as %s: %v", signIns[0].Name, err)
	}
}

// What does not fit the rules is there on purpose, and nothing else.
func TestFindingsAreTheIntendedOnes(t *testing.T) {
	n, rooms := open(t)
	if _, err := demo.Load(t.Context(), rooms, func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	ctx := account.WithActor(context.WithoutCancel(t.Context()), account.Operator(app.Policy()))
	found, err := n.Rooms.Orgs.Findings(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		for _, x := range f.Findings {
			got = append(got, f.Org.ShortName+" "+x.ID)
		}
	}
	slices.Sort(got)
	want := []string{"上湾村党支部 ORG-04", "快递物流行业联合党支部 ORG-05", "文庙社区第一党支部 ORG-02", "望云村党支部 ORG-02",
		"枫树坪村党支部 ORG-03", "离退休干部第一党支部 ORG-04"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
