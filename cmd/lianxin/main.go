// Command lianxin runs a Lianxin node and the tools around it.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"lianxin/internal/platform/config"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
)

// version is set by the build.
var version = "dev"

//go:embed locale/*.toml
var locale embed.FS

// commands is the whole command line. The struct tags name help texts, which
// stand in locale/ in both languages.
type commands struct {
	config.Log
	Config string `help:"${help_config_file}" type:"path" placeholder:"FILE"`
	Lang   string `help:"${help_lang}" enum:"zh-CN,en," default:"" env:"LIANXIN_LANG"`

	Serve   serveCmd   `cmd:"" help:"${help_serve}"`
	Demo    demoCmd    `cmd:"" help:"${help_demo}"`
	Import  importCmd  `cmd:"" help:"${help_import}"`
	Token   tokenCmd   `cmd:"" help:"${help_token}"`
	Check   checkCmd   `cmd:"" help:"${help_check}"`
	Config_ configCmd  `cmd:"" name:"config" help:"${help_config}"`
	Version versionCmd `cmd:"" help:"${help_version}"`
}

// language picks that of the help and of messages: --lang, else the
// environment's, else Chinese.
func language(args []string) string {
	for i, a := range args {
		if value, ok := strings.CutPrefix(a, "--lang="); ok {
			return value
		}
		if a == "--lang" && i+1 < len(args) {
			return args[i+1]
		}
	}
	for _, name := range []string{"LIANXIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			if strings.HasPrefix(value, "en") {
				return "en"
			}
			return "zh-CN"
		}
	}
	return "zh-CN"
}

// console speaks to the person at the terminal.
type console struct {
	catalog *i18n.Catalog
	lang    string
}

func (c *console) t(key string, args ...errs.Args) string { return c.catalog.T(c.lang, key, args...) }

// explain turns an error into the sentence its message key stands for, with
// the technical cause behind it.
func (c *console) explain(err error) string {
	var known *errs.Error
	if !errors.As(err, &known) {
		return err.Error()
	}
	text := c.t(known.Key, known.Args)
	for field, m := range known.Fields {
		text += fmt.Sprintf("\n  %s: %s", field, c.t(m.Key, m.Args))
	}
	if cause := errors.Unwrap(known); cause != nil {
		text += " (" + cause.Error() + ")"
	}
	return text
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run is main without the process around it, for tests. It returns the exit
// status: 0 done, 1 failed, 2 wrong command line.
func run(ctx context.Context, args []string) int {
	con, err := newConsole(language(args))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var cmds commands
	kctx, err := parse(con, &cmds, args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "lianxin: %v\n%s\n", err, con.t("cli.see_help"))
		return 2
	}
	if kctx == nil {
		return 0 // help was shown
	}
	setLog(cmds.Log)
	kctx.BindTo(ctx, (*context.Context)(nil))
	if err := kctx.Run(con, &cmds); err != nil {
		fmt.Fprintf(os.Stderr, "lianxin: %s\n", con.explain(err))
		return 1
	}
	return 0
}

func setLog(l config.Log) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.LogLevel)); err != nil {
		level = slog.LevelInfo // kong has checked it
	}
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(os.Stderr, options)
	if l.LogFormat == "json" {
		h = slog.NewJSONHandler(os.Stderr, options)
	}
	slog.SetDefault(slog.New(h))
}

// parse reads the command line. A nil context without an error means that the
// help was asked for and shown.
func parse(con *console, cmds *commands, args []string) (*kong.Context, error) {
	vars := kong.Vars{}
	for _, key := range con.catalog.Keys(con.lang) {
		if name, ok := strings.CutPrefix(key, "cli.help."); ok {
			vars["help_"+name] = con.t(key)
		}
	}
	shown := false
	parser, err := kong.New(cmds, vars,
		kong.Name("lianxin"), kong.Description(con.t("cli.about")),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Exit(func(int) { shown = true }),
		kong.Resolvers(&fromDataFolder{}),
	)
	if err != nil {
		return nil, err
	}
	kctx, err := parser.Parse(args)
	if shown {
		return nil, nil
	}
	return kctx, err
}

// fromDataFolder reads lianxin.toml from the data folder of the command, or the
// file that --config names. It can't be read before the flags are known.
type fromDataFolder struct{ file kong.Resolver }

func (f *fromDataFolder) Validate(*kong.Application) error { return nil }

func (f *fromDataFolder) Resolve(ctx *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "data" || flag.Name == "config" {
		return nil, nil
	}
	if f.file == nil {
		path := flagText(ctx, "config")
		if path == "" {
			path = config.File(flagText(ctx, "data"))
		} else if _, err := os.Stat(path); err != nil {
			return nil, err
		}
		file, err := config.Resolver(path)
		if err != nil {
			return nil, err
		}
		if err := file.Validate(ctx.Model); err != nil {
			return nil, err
		}
		f.file = file
	}
	return f.file.Resolve(ctx, parent, flag)
}

func flagText(ctx *kong.Context, name string) string {
	for _, flag := range ctx.Flags() {
		if flag.Name == name {
			text, _ := ctx.FlagValue(flag).(string)
			return text
		}
	}
	return ""
}
