package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"lianxin/internal/account"
	"lianxin/internal/app"
	"lianxin/internal/platform/config"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"${help_token_create}"`
}

type tokenCreateCmd struct {
	config.Data
	Account string   `help:"${help_account}" required:""`
	Scope   []string `help:"${help_scope}" required:"" sep:","`
	Name    string   `help:"${help_token_name}" default:"cli"`
	Days    int      `help:"${help_days}" default:"365"`
}

func (c *tokenCreateCmd) Run(ctx context.Context, con *console) error {
	return operate(ctx, c.Data, func(ctx context.Context, n *app.Node) error {
		secret, _, err := n.Rooms.Accounts.CreateTokenFor(ctx, c.Account, account.TokenOrder{
			Label: c.Name, Scopes: c.Scope, Expires: n.Now().AddDate(0, 0, c.Days),
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stderr, con.t("cli.token_shown"))
		_, err = fmt.Println(secret)
		return err
	})
}

type configCmd struct {
	config.Data
	config.Serve
}

func (c *configCmd) Run(kctx *kong.Context, cmds *commands) error {
	return config.Print(os.Stdout, func(name string) string { return origin(kctx, name) }, c.Data, c.Serve, cmds.Log)
}

// origin tells where a setting's value came from.
func origin(kctx *kong.Context, name string) string {
	for _, path := range kctx.Path {
		if path.Flag != nil && path.Flag.Name == name && !path.Resolved {
			return "--" + name
		}
	}
	for _, flag := range kctx.Flags() {
		if flag.Name != name {
			continue
		}
		for _, env := range flag.Envs {
			if os.Getenv(env) != "" {
				return "$" + env
			}
		}
	}
	for _, path := range kctx.Path {
		if path.Flag != nil && path.Flag.Name == name {
			return "lianxin.toml"
		}
	}
	return "default"
}

type checkCmd struct{ config.Data }

// Run looks at everything a node stands on and tells each result.
func (c *checkCmd) Run(ctx context.Context, con *console) error {
	bad := false
	tell := func(what string, err error) {
		if err != nil {
			bad = true
			fmt.Printf("%-12s %s: %s\n", con.t("cli.check_bad"), what, con.explain(err))
			return
		}
		fmt.Printf("%-12s %s\n", con.t("cli.check_ok"), what)
	}
	_, err := web.LoadAssets()
	tell(con.t("cli.check_assets"), err)
	err = operate(ctx, c.Data, func(ctx context.Context, n *app.Node) error {
		tell(con.t("cli.check_database"), n.DB.Ping(ctx))
		_, err := n.Files.Put(ctx, strings.NewReader("lianxin check"), 100)
		tell(con.t("cli.check_files"), err)
		entries, broken, err := n.Audit.Verify(ctx, n.DB)
		if broken != 0 {
			err = errors.Join(err, errors.New(con.t("cli.check_broken", errs.Args{"ID": broken})))
		}
		tell(con.t("cli.check_audit", errs.Args{"Count": entries}), err)
		return nil
	})
	if err != nil {
		tell(con.t("cli.check_database"), err)
	}
	if bad {
		return errors.New(con.t("cli.check_failed"))
	}
	return nil
}
