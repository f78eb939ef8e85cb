// Package i18n turns message keys into sentences in the reader's language.
// Each room brings its own files, locale/zh-CN.toml and locale/en.toml, with
// flat keys that begin with the room's name.
package i18n

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"lianxin/internal/platform/errs"
)

// Languages of the interface, the first being the default.
var Languages = []string{"zh-CN", "en"}

// Catalog holds all messages. It is filled at composition and then only read.
type Catalog struct {
	bundle *goi18n.Bundle
	// plain holds the messages without placeholders, which are most of them
	// and need no template run.
	plain      map[string]map[string]string
	localizers map[string]*goi18n.Localizer
	matcher    language.Matcher
}

// New returns a catalog of the given folders, each with one file a language.
func New(folders ...fs.FS) (*Catalog, error) {
	c := &Catalog{
		bundle:     goi18n.NewBundle(language.MustParse(Languages[0])),
		plain:      map[string]map[string]string{},
		localizers: map[string]*goi18n.Localizer{},
	}
	c.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	var tags []language.Tag
	for _, lang := range Languages {
		c.plain[lang] = map[string]string{}
		c.localizers[lang] = goi18n.NewLocalizer(c.bundle, lang)
		tags = append(tags, language.MustParse(lang))
	}
	c.matcher = language.NewMatcher(tags)
	for _, folder := range folders {
		for _, lang := range Languages {
			if err := c.load(folder, lang); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func (c *Catalog) load(folder fs.FS, lang string) error {
	text, err := fs.ReadFile(folder, lang+".toml")
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	// go-i18n takes nested tables for its plural forms and treats dots in
	// quoted keys as nesting too, so the file is read flat here.
	var raw map[string]any
	if _, err := toml.Decode(string(text), &raw); err != nil {
		return fmt.Errorf("parse messages %s: %w", lang, err)
	}
	tag := language.MustParse(lang)
	flat := map[string]any{}
	flatten("", raw, flat)
	for key, value := range flat {
		if _, taken := c.plain[lang][key]; taken {
			return fmt.Errorf("message %s stands twice in %s", key, lang)
		}
		m := &goi18n.Message{ID: key}
		switch v := value.(type) {
		case string:
			m.Other = v
			c.plain[lang][key] = v
		case map[string]any:
			m.One, _ = v["one"].(string)
			m.Other, _ = v["other"].(string)
			c.plain[lang][key] = m.Other + "{{}}"
		}
		if err := c.bundle.AddMessages(tag, m); err != nil {
			return fmt.Errorf("message %s: %w", key, err)
		}
	}
	return nil
}

func flatten(prefix string, in, out map[string]any) {
	for key, value := range in {
		table, ok := value.(map[string]any)
		if ok && table["other"] == nil {
			flatten(prefix+key+".", table, out)
			continue
		}
		out[prefix+key] = value
	}
}

// T returns the sentence of key. A placeholder reads {{.Name}}; the argument
// Count chooses the plural. A missing key comes back as the key itself, which
// a test forbids.
func (c *Catalog) T(lang, key string, args ...errs.Args) string {
	text, ok := c.plain[lang][key]
	if ok && !strings.Contains(text, "{{") {
		return text
	}
	config := &goi18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 && args[0] != nil {
		config.TemplateData = map[string]any(args[0])
		config.PluralCount = args[0]["Count"]
	}
	localizer := c.localizers[lang]
	if localizer == nil {
		localizer = c.localizers[Languages[0]]
	}
	text, err := localizer.Localize(config)
	if err != nil {
		return key
	}
	return text
}

// Match returns the language of the interface that suits best, by an explicit
// choice first and then by the Accept-Language header.
func (c *Catalog) Match(choice, header string) string {
	if slices.Contains(Languages, choice) {
		return choice
	}
	if header == "" {
		return Languages[0]
	}
	_, i := language.MatchStrings(c.matcher, header)
	return Languages[i]
}

// Keys lists all keys of a language, sorted.
func (c *Catalog) Keys(lang string) []string {
	return slices.Sorted(maps.Keys(c.plain[lang]))
}

// Sub is fs.Sub for an embedded folder that is known to exist.
func Sub(files fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(files, path.Clean(dir))
	if err != nil {
		panic(err) // only for an invalid literal
	}
	return sub
}
