package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
)

type cli struct {
	Data
	Serve
	Log
}

func vars() kong.Vars {
	vars := kong.Vars{}
	for _, name := range []string{"data", "database", "files", "listen", "public_url", "bus", "proxies", "rate", "cache", "two_factor", "drain", "log_level", "log_format"} {
		vars["help_"+name] = name
	}
	return vars
}

func parse(t *testing.T, file string, args ...string) (cli, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lianxin.toml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Resolver(path)
	if err != nil {
		return cli{}, err
	}
	var c cli
	p, err := kong.New(&c, vars(), kong.Resolvers(r))
	if err != nil {
		return c, err
	}
	_, err = p.Parse(args)
	return c, err
}

func TestFlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	t.Setenv("LIANXIN_LISTEN", "127.0.0.1:2")
	c, err := parse(t, "listen = \"127.0.0.1:1\"\nrate = 7.5\nproxies = [\"10.0.0.0/8\", \"::1/128\"]\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:2" || c.Rate != 7.5 || c.CacheMB != 32 || len(c.Proxies) != 2 {
		t.Errorf("settings = %+v", c)
	}
	if c, err = parse(t, "listen = \"127.0.0.1:1\"", "--listen=127.0.0.1:3"); err != nil || c.Listen != "127.0.0.1:3" {
		t.Errorf("flag: %+v, %v", c, err)
	}
}

func TestMistakesInTheFileAreTold(t *testing.T) {
	for _, file := range []string{"lisen = \"x\"", "listen = ", "rate = \"fast\"", "log-level = \"loud\""} {
		if _, err := parse(t, file); err == nil {
			t.Errorf("%q was accepted", file)
		}
	}
}

func TestBlot(t *testing.T) {
	for in, want := range map[string]string{
		"postgres://u:secret@h/db": "postgres://u:…@h/db",
		"postgres://u@h/db":        "postgres://u@h/db",
		"/data/x":                  "/data/x",
	} {
		if got := blot(in); got != want {
			t.Errorf("blot(%q) = %q", in, got)
		}
	}
}
