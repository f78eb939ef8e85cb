// Package config holds the settings of a node. Each is given by a flag, else by
// an environment variable, else by lianxin.toml in the data folder, else it has
// the default that stands beside it.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// Data says where a node keeps everything, and how to reach its database. All
// commands that touch a node take it.
type Data struct {
	Data     string `help:"${help_data}" default:"data" env:"LIANXIN_DATA" type:"path"`
	Database string `help:"${help_database}" env:"LIANXIN_DATABASE" placeholder:"postgres://…"`
	Files    string `help:"${help_files}" env:"LIANXIN_FILES" placeholder:"s3://…"`
}

// DatabaseTarget is the PostgreSQL URL, or the SQLite file in the data folder.
func (d Data) DatabaseTarget() string {
	if d.Database != "" {
		return d.Database
	}
	return filepath.Join(d.Data, "lianxin.db")
}

// FilesTarget is the bucket's URL, or the folder of files.
func (d Data) FilesTarget() string {
	if d.Files != "" {
		return d.Files
	}
	return filepath.Join(d.Data, "files")
}

// Serve are the settings of a running node.
type Serve struct {
	Listen    string         `help:"${help_listen}" default:"127.0.0.1:8080" env:"LIANXIN_LISTEN"`
	PublicURL string         `help:"${help_public_url}" env:"LIANXIN_PUBLIC_URL" placeholder:"https://…"`
	Bus       string         `help:"${help_bus}" env:"LIANXIN_BUS" placeholder:"nats://…"`
	Proxies   []netip.Prefix `help:"${help_proxies}" env:"LIANXIN_PROXIES" placeholder:"10.0.0.0/8,…"`
	Rate      float64        `help:"${help_rate}" default:"50" env:"LIANXIN_RATE"`
	CacheMB   uint64         `help:"${help_cache}" default:"32" env:"LIANXIN_CACHE_MB" name:"cache-mb"`
	TwoFactor bool           `help:"${help_two_factor}" env:"LIANXIN_TWO_FACTOR" name:"two-factor"`
	Drain     time.Duration  `help:"${help_drain}" default:"15s" env:"LIANXIN_DRAIN"`
}

// Log is how the node tells what it does.
type Log struct {
	LogLevel  string `help:"${help_log_level}" default:"info" enum:"debug,info,warn,error" env:"LIANXIN_LOG_LEVEL"`
	LogFormat string `help:"${help_log_format}" default:"text" enum:"text,json" env:"LIANXIN_LOG_FORMAT"`
}

// BaseURL is the address at which people reach the node.
func (s Serve) BaseURL() string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/")
	}
	return "http://" + s.Listen
}

// File is the configuration file of a data folder.
func File(data string) string { return filepath.Join(data, "lianxin.toml") }

// Resolver answers kong's question for a flag from the TOML file at path. A
// missing file answers nothing; a key that is no flag's is a mistake.
func Resolver(path string) (kong.Resolver, error) {
	values := map[string]any{}
	_, err := toml.DecodeFile(path, &values)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &resolver{path: path, values: values}, nil
}

type resolver struct {
	path   string
	values map[string]any
}

func (r *resolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	err := kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	if err != nil {
		return err
	}
	for key := range r.values {
		if !known[key] {
			return fmt.Errorf("%s: unknown setting %q", r.path, key)
		}
	}
	return nil
}

func (r *resolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if os.Getenv(env) != "" {
			return nil, nil
		}
	}
	value := r.values[flag.Name]
	if list, ok := value.([]any); ok {
		var parts []string
		for _, v := range list {
			parts = append(parts, fmt.Sprint(v))
		}
		return strings.Join(parts, ","), nil
	}
	return value, nil
}

// Print writes the settings in force as TOML, each with where it came from.
// Passwords in addresses are blotted out.
func Print(w *os.File, origin func(name string) string, settings ...any) error {
	for _, s := range settings {
		v := reflect.ValueOf(s)
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("name")
			if name == "" {
				name = kebab(v.Type().Field(i).Name)
			}
			var value any = v.Field(i).Interface()
			switch x := value.(type) {
			case time.Duration:
				value = x.String()
			case []netip.Prefix:
				list := []string{}
				for _, p := range x {
					list = append(list, p.String())
				}
				value = list
			case string:
				value = blot(x)
			}
			var line strings.Builder
			if err := toml.NewEncoder(&line).Encode(map[string]any{name: value}); err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "%-50s # %s\n", strings.TrimSpace(line.String()), origin(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 && name[i-1] >= 'a' {
				b.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// blot hides the password in scheme://user:password@host.
func blot(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return s
	}
	user, host, ok := strings.Cut(rest, "@")
	if !ok {
		return s
	}
	name, _, secret := strings.Cut(user, ":")
	if !secret {
		return s
	}
	return scheme + "://" + name + ":…@" + host
}
