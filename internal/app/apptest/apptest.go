// Package apptest runs a whole node on a temporary SQLite database, so that
// rooms test their pages through the real mux, as the people who use them.
package apptest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/app"
	"lianxin/internal/org"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/config"
	"lianxin/internal/platform/tree"
)

// Password opens every account that As makes.
const Password = "Qingshan-2026-test"

// Node is a running node with an organisation tree of three: the root, a town
// below it, and another town beside.
type Node struct {
	*app.Node
	URL   string
	Clock *clock.Manual

	Root, Town, Other int64
	paths             map[int64]tree.Path
	accounts          int
}

// Start opens a node that stops with the test. It stands on the morning of
// 2026-11-23, a Monday.
func Start(t testing.TB) *Node {
	t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m := &clock.Manual{T: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)}
	n, err := app.Open(t.Context(), app.Config{
		Data: config.Data{Data: t.TempDir()}, Serve: config.Serve{CacheMB: 4}, Version: "test", Now: m.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(n.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	node := &Node{Node: n, URL: server.URL, Clock: m, paths: map[int64]tree.Path{}}
	node.Root = node.org(t, 0, "中共测试县委员会", "TEST")
	node.Town = node.org(t, node.Root, "中共东镇委员会", "TEST-01")
	node.Other = node.org(t, node.Root, "中共西镇委员会", "TEST-02")
	return node
}

// Operator returns a context that may do all business everywhere.
func (n *Node) Operator(t testing.TB) context.Context {
	return account.WithActor(context.WithoutCancel(t.Context()), account.Operator(app.Policy()))
}

// hash is the password's, made once: it is slow by design.
var hash = sync.OnceValues(func() (string, error) {
	return account.NewService(account.Deps{}).HashPassword(context.Background(), Password)
})

// As signs a new account in that holds the roles at the organisation. Without
// roles it is a member of the public with an account.
func (n *Node) As(t testing.TB, orgID int64, roles ...account.Role) *Client {
	t.Helper()
	password, err := hash()
	if err != nil {
		t.Fatal(err)
	}
	n.accounts++
	name := fmt.Sprintf("person%d", n.accounts)
	var held []account.Held
	for _, r := range roles {
		held = append(held, account.Held{Role: r, OrgID: orgID, Path: n.paths[orgID]})
	}
	var id int64
	err = n.DB.Tx(n.Operator(t), func(ctx context.Context, tx bun.Tx) error {
		id, err = n.Rooms.Accounts.Seed(ctx, tx, account.NewAccount{Name: name, DisplayName: "测试" + name}, password, held...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c := n.Visitor(t)
	c.AccountID, c.Name = id, name
	if got := c.Post("/sign-in", "name", name, "password", Password); got.Status != http.StatusSeeOther {
		t.Fatalf("sign in: %d %s", got.Status, got.Body)
	}
	return c
}

// Path is the path of one of the three organisations.
func (n *Node) Path(orgID int64) tree.Path { return n.paths[orgID] }

// Client is a browser without script.
type Client struct {
	AccountID int64
	Name      string

	t    testing.TB
	base string
	http *http.Client
}

// Visitor is a browser that is not signed in.
func (n *Node) Visitor(t testing.TB) *Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{t: t, base: n.URL, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// Answer is what came back.
type Answer struct {
	Status   int
	Body     string
	Location string
	Header   http.Header
}

// Has reports whether the body contains the text.
func (a Answer) Has(text string) bool { return strings.Contains(a.Body, text) }

// Get asks for a page.
func (c *Client) Get(path string) Answer {
	c.t.Helper()
	return c.Do(http.MethodGet, path, "", nil)
}

// Post sends a form of names and values.
func (c *Client) Post(path string, pairs ...string) Answer {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return c.Do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// JSON sends a JSON body to the API.
func (c *Client) JSON(method, path, body string) Answer {
	c.t.Helper()
	return c.Do(method, path, "application/json", strings.NewReader(body))
}

// Do sends any request; headers are pairs.
func (c *Client) Do(method, path, contentType string, body io.Reader, headers ...string) Answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(c.t.Context()), method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return Answer{Status: res.StatusCode, Body: string(text), Location: res.Header.Get("Location"), Header: res.Header}
}

// org makes an organisation and remembers its path.
func (n *Node) org(t testing.TB, parent int64, name, code string) int64 {
	t.Helper()
	if parent == 0 {
		var id int64
		err := n.DB.Tx(n.Operator(t), func(ctx context.Context, tx bun.Tx) (err error) {
			id, n.paths[0], err = n.Rooms.Orgs.CreateRoot(ctx, tx, name, code)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		n.paths[id] = n.paths[0]
		return id
	}
	o, err := n.Rooms.Orgs.Create(n.Operator(t), org.New{ParentID: parent, Draft: org.Draft{
		Name: name, Code: code, Kind: org.PartyCommittee, Level: org.LevelTownship, Position: org.DefaultPosition,
	}})
	if err != nil {
		t.Fatal(err)
	}
	n.paths[o.ID] = o.Path
	return o.ID
}
