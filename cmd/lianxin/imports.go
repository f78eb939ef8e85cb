package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"lianxin/internal/account"
	"lianxin/internal/app"
	"lianxin/internal/article"
	"lianxin/internal/org"
	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/config"
	"lianxin/internal/platform/errs"
)

// progress shows how far a long act has come, with the time that remains.
type progress struct {
	all *mpb.Progress
	bar *mpb.Bar
}

func newProgress(con *console) *progress {
	all := mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(60))
	return &progress{all: all, bar: all.AddBar(0,
		mpb.PrependDecorators(decor.Name(con.t("cli.progress")+" "), decor.CountersNoUnit("%d / %d")),
		mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_MMSS)),
	)}
}

func (p *progress) set(done, total int) {
	p.bar.SetTotal(int64(total), false)
	p.bar.SetCurrent(int64(done))
}

func (p *progress) end() {
	p.bar.SetTotal(-1, true)
	p.all.Wait()
}

// operate opens a node for a command and acts as whoever runs it.
func operate(ctx context.Context, d config.Data, do func(ctx context.Context, n *app.Node) error) error {
	n, err := app.Open(ctx, app.Config{Data: d, Version: version})
	if err != nil {
		return err
	}
	ctx = account.WithActor(ctx, account.Operator(app.Policy()))
	ctx = audit.WithWho(ctx, audit.Who{Name: "operator"})
	return errors.Join(do(ctx, n), n.Close())
}

type importCmd struct {
	Articles      importArticlesCmd      `cmd:"" help:"${help_import_articles}"`
	Organisations importOrganisationsCmd `cmd:"" help:"${help_import_organisations}"`
}

type importOrganisationsCmd struct {
	config.Data
	KeepGoing bool   `help:"${help_keep_going}" name:"keep-going"`
	Update    bool   `help:"${help_update}"`
	DryRun    bool   `help:"${help_dry_run}" name:"dry-run"`
	File      string `arg:"" help:"${help_file}" type:"existingfile"`
}

func (c *importOrganisationsCmd) Run(ctx context.Context, con *console) error {
	return operate(ctx, c.Data, func(ctx context.Context, n *app.Node) error {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer file.Close()
		bar := newProgress(con)
		report, err := org.NewImporter(n.Rooms.Orgs).Import(ctx, filepath.Base(c.File), file, org.ImportOptions{
			Partial: c.KeepGoing, Update: c.Update, DryRun: c.DryRun, Progress: bar.set,
		})
		bar.end()
		if err != nil {
			return err
		}
		for _, problem := range report.Problems {
			fmt.Fprintf(os.Stderr, "  %s\n", con.problem(problem))
		}
		sums := errs.Args{"Created": report.Created, "Updated": report.Updated, "Same": report.Unchanged, "Count": report.ProblemCount}
		switch {
		case c.DryRun && report.ProblemCount == 0:
			fmt.Println(con.t("cli.org_dry", sums))
		case report.Written:
			fmt.Println(con.t("cli.org_imported", sums))
		}
		if report.ProblemCount > 0 && !report.Written {
			return errs.Invalid("cli.import_refused", sums)
		}
		return nil
	})
}

// problem tells what is wrong with a row of a spreadsheet.
func (c *console) problem(p org.Problem) string {
	column := ""
	if p.Column != "" {
		column = c.t("org.column." + p.Column)
	}
	return c.t("cli.org_problem", errs.Args{"Row": p.Row, "Column": column, "Typed": p.Typed, "Reason": c.t(p.Reason.Key, p.Reason.Args)})
}

type importArticlesCmd struct {
	config.Data
	Site      string   `help:"${help_site}" required:""`
	Column    string   `help:"${help_column}" required:""`
	Publish   bool     `help:"${help_publish}"`
	KeepGoing bool     `help:"${help_keep_going}" name:"keep-going"`
	Paths     []string `arg:"" help:"${help_paths}" name:"path"`
}

func (c *importArticlesCmd) Run(ctx context.Context, con *console) error {
	return operate(ctx, c.Data, func(ctx context.Context, n *app.Node) error {
		start := time.Now()
		bar := newProgress(con)
		report, err := n.Rooms.Articles.Import(ctx, article.Order{
			Site: c.Site, Column: c.Column, Paths: c.Paths, Publish: c.Publish, KeepGoing: c.KeepGoing,
			Progress: func(p article.Progress) { bar.set(p.Done, max(p.Total, p.Done)) },
		})
		bar.end()
		sums := errs.Args{"Total": report.Read, "Imported": report.Added, "Skipped": report.Known, "Count": len(report.Faults),
			"Seconds": fmt.Sprintf("%.1f", time.Since(start).Seconds())}
		if len(report.Faults) > 0 && c.KeepGoing {
			fmt.Fprintln(os.Stderr, con.t("cli.import_partly", sums))
		}
		for _, f := range report.Faults {
			fmt.Fprintf(os.Stderr, "  %s: %s\n", place(f), con.t(f.Reason.Key, f.Reason.Args))
		}
		if err != nil {
			return err
		}
		fmt.Println(con.t("cli.imported", sums))
		if report.Doubtful > 0 {
			fmt.Println(con.t("cli.import_doubtful", errs.Args{"Count": report.Doubtful}))
		}
		return nil
	})
}

// place names where in the material a fault is.
func place(f article.Fault) string {
	if f.Row == 0 {
		return f.Source
	}
	return fmt.Sprintf("%s:%d", f.Source, f.Row)
}
