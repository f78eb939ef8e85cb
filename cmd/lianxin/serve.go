package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"

	"lianxin/internal/app"
	"lianxin/internal/demo"
	"lianxin/internal/platform/config"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// served is what serve and demo share.
type served struct {
	config.Data
	config.Serve
}

func (s *served) open(ctx context.Context, isDemo bool) (*app.Node, error) {
	assets, err := web.LoadAssets()
	if err != nil {
		return nil, err
	}
	return app.Open(ctx, app.Config{Data: s.Data, Serve: s.Serve, Version: version, Assets: assets, DemoSignIns: isDemo})
}

func (s *served) run(ctx context.Context, con *console, n *app.Node, started func()) error {
	err := n.Serve(ctx, func(address string) {
		url := n.BaseURL()
		if n.PublicURL == "" {
			url = "http://" + address
		}
		fmt.Println(con.t("cli.ready", errs.Args{"URL": url}))
		started()
	})
	return errors.Join(err, n.Close())
}

type serveCmd struct{ served }

func (s *serveCmd) Run(ctx context.Context, con *console) error {
	n, err := s.open(ctx, false)
	if err != nil {
		return err
	}
	link, err := n.SetupLink(ctx)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	return s.run(ctx, con, n, func() {
		if link != "" {
			fmt.Println(con.t("cli.setup", errs.Args{"URL": link}))
		}
	})
}

type demoCmd struct{ served }

func (d *demoCmd) Run(ctx context.Context, con *console) error {
	n, err := d.open(ctx, true)
	if err != nil {
		return err
	}
	fmt.Println(con.t("cli.demo_loading"))
	bar := newProgress(con)
	signIns, err := demo.Load(ctx, n.Demo(), bar.set)
	bar.end()
	if err != nil {
		return errors.Join(err, n.Close())
	}
	return d.run(ctx, con, n, func() {
		fmt.Println(con.t("cli.demo_signins", errs.Args{"Password": demo.Password}))
		table := tabwriter.NewWriter(os.Stdout, 2, 8, 3, ' ', 0)
		for _, s := range signIns {
			fmt.Fprintf(table, "  %s\t%s\n", s.Name, s.Note)
		}
		_ = table.Flush() // the terminal may be closed
	})
}

type versionCmd struct{}

func (versionCmd) Run() error {
	_, err := fmt.Printf("lianxin %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
