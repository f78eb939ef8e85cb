package app

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/article"
	"lianxin/internal/demo"
	"lianxin/internal/library"
	"lianxin/internal/org"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/job"
	"lianxin/internal/platform/setting"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

//go:embed templates locale
var files embed.FS

// own is what this package itself brings to the pages.
var own = web.Room{Name: "app", Templates: i18n.Sub(files, "templates"), Locale: i18n.Sub(files, "locale")}

// paged are the rooms with templates and messages.
var paged = []web.Room{account.Room, org.Room, site.Room, article.Room, library.Room, own}

// Locales are the folders of all messages.
func Locales() []fs.FS {
	folders := []fs.FS{web.Builtin.Locale}
	for _, room := range paged {
		folders = append(folders, room.Locale)
	}
	return folders
}

// Rooms are the services of all rooms.
type Rooms struct {
	Accounts *account.Service
	Orgs     *org.Service
	Sites    *site.Service
	Articles *article.Service
}

func (n *Node) migrate(ctx context.Context) error {
	for _, m := range []struct {
		room  string
		files fs.FS
	}{
		{"setting", setting.Migrations}, {"audit", audit.Migrations},
		{"account", account.Migrations}, {"org", org.Migrations}, {"site", site.Migrations},
		{"article", article.Migrations},
	} {
		if err := n.DB.Migrate(ctx, m.room, m.files); err != nil {
			return err
		}
	}
	return job.Migrate(ctx, n.DB)
}

// Policy says who may do what, in all rooms.
func Policy() account.Policy {
	return account.Merge(account.Rights, org.Policy, site.Policy, article.Policy)
}

// build calls the constructors of all rooms, left to right.
func (n *Node) build() (err error) {
	if n.Catalog, err = i18n.New(Locales()...); err != nil {
		return err
	}
	if n.Views, err = web.NewViews(n.Catalog, n.Assets, paged...); err != nil {
		return err
	}
	n.Router = web.NewRouter(n.Views, n.Version)
	n.Queue = &job.Queue{}

	orgs := org.NewService(org.Deps{DB: n.DB, Now: n.Now, Audit: n.Audit})
	accounts := account.NewService(account.Deps{
		DB: n.DB, Now: n.Now, Audit: n.Audit, Key: n.Key, Orgs: directory{orgs}, Node: n.Settings,
		Policy: Policy(), Settings: n.accountSettings(), Fail: n.Views.Fail,
	})
	sites, err := site.NewService(site.Deps{DB: n.DB, Now: n.Now, Audit: n.Audit, Orgs: orgs, Bus: n.Bus, Cache: n.Cache, Catalog: n.Catalog})
	if err != nil {
		return err
	}
	articles := article.NewService(article.Deps{DB: n.DB, Now: n.Now, Audit: n.Audit, Queue: n.Queue, Files: n.Files, Index: n.Index, Sites: sites})
	sites.Content = articles
	n.Rooms = &Rooms{Accounts: accounts, Orgs: orgs, Sites: sites, Articles: articles}
	orgs.Follow(org.Follower{
		Moved: account.MoveGrants,
		Merged: func(ctx context.Context, tx bun.Tx, from, _ org.Org) error {
			return accounts.EndGrants(ctx, tx, from.ID, from.Path, account.OrgMerged)
		},
		Ending: func(ctx context.Context, tx bun.Tx, o org.Org) error {
			return accounts.EndGrants(ctx, tx, o.ID, o.Path, account.OrgDissolved)
		},
	})
	orgs.Follow(sites.Follower())
	orgs.Follow(articles.Follower())

	reg := job.NewRegistry()
	account.NewJobs(accounts).Register(reg)
	org.NewJobs(orgs).Register(reg)
	article.NewJobs(articles).Register(reg)
	if err := n.Queue.Open(n.DB, reg); err != nil {
		return err
	}

	n.health(n.Router)
	n.apiDocs(n.Router)
	n.desk(n.Router, orgs, articles)
	entrance := account.NewPages(accounts, n.Views)
	if n.DemoSignIns {
		if entrance.Hints, err = hints(); err != nil {
			return err
		}
	}
	entrance.Routes(n.Router)
	account.NewAPI(accounts).Routes(n.Router)
	org.NewPages(orgs, n.Views).Routes(n.Router)
	org.NewAPI(orgs).Routes(n.Router)
	if err := n.publicPages(); err != nil {
		return err
	}

	n.Views.NodeName = func(context.Context) string { return n.Settings.Get(setting.Name) }
	n.Views.Person = accounts.Person
	n.Views.Nav = slices.Concat(nav(), org.Nav(), site.Nav(), article.Nav(), account.Nav())
	return nil
}

// publicPages adds the rooms whose pages stand in the frame of a site.
func (n *Node) publicPages() error {
	n.sitePages = site.NewPages(n.Rooms.Sites, n.Views)
	n.sitePages.Routes(n.Router)
	site.NewAPI(n.Rooms.Sites).Routes(n.Router)
	article.NewPages(n.Rooms.Articles, n.Views, n.sitePages).Routes(n.Router)
	article.NewAPI(n.Rooms.Articles).Routes(n.Router)
	finding := library.NewService(library.Deps{Index: n.Index, Sites: n.Rooms.Sites, Orgs: n.Rooms.Orgs})
	n.Rooms.Orgs.Follow(finding.Follower())
	library.NewPages(finding, n.Views, n.sitePages).Routes(n.Router)
	library.NewAPI(finding).Routes(n.Router)
	cancel, err := n.Rooms.Sites.Listen(n.Bus)
	if err != nil {
		return err
	}
	n.closers = append(n.closers, func() error { cancel(); return nil })
	return nil
}

// authenticate finds out who makes a request, and at which site's own address.
func (n *Node) authenticate(next http.Handler) http.Handler {
	return n.Rooms.Accounts.Authenticate(n.sitePages.ByHost(next))
}

// accountSettings are the handbook's, as far as the node's settings don't differ.
func (n *Node) accountSettings() account.Settings {
	s := account.DefaultSettings(n.TwoFactor)
	s.SecureCookies = strings.HasPrefix(n.BaseURL(), "https://")
	return s
}

// SetupLink returns the one-time address that sets up an empty node, "" for a
// node that is in use.
func (n *Node) SetupLink(ctx context.Context) (string, error) {
	path, err := n.Rooms.Accounts.SetupPath(ctx)
	if err != nil || path == "" {
		return "", err
	}
	return n.BaseURL() + path, nil
}

// directory answers the account room's questions about organisations.
type directory struct{ *org.Service }

// Lookup finds an organisation by its code or its name.
func (d directory) Lookup(ctx context.Context, text string) (int64, error) { return d.Find(ctx, text) }

// Demo are the rooms that the demo county is brought in through.
func (n *Node) Demo() demo.Rooms {
	return demo.Rooms{
		DB: n.DB, Now: n.Now, Policy: Policy(), Settings: n.Settings,
		Accounts: n.Rooms.Accounts, Orgs: n.Rooms.Orgs, Sites: n.Rooms.Sites, Articles: n.Rooms.Articles,
	}
}

// hints are the sign-ins that a demo node shows to whoever wants to try it.
func hints() ([]account.Hint, error) {
	signIns, err := demo.SignIns()
	if err != nil {
		return nil, err
	}
	var out []account.Hint
	for _, s := range signIns {
		out = append(out, account.Hint{Name: s.Name, Password: demo.Password, Who: s.Note})
	}
	return out, nil
}
