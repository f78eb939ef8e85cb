package app

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lianxin/internal/platform/i18n"
)

// rooms from left to right: a room imports the platform and rooms to its left.
var rooms = []string{"account", "org", "site", "article", "library", "demo", "app"}

func TestImportsFlowOneWay(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		room, _, _ := strings.Cut(strings.TrimPrefix(filepath.ToSlash(path), "../"), "/")
		seen[room] = true
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			to, ok := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "lianxin/internal/")
			if !ok {
				continue
			}
			to, _, _ = strings.Cut(to, "/")
			if to == "platform" || to == room {
				continue
			}
			if room == "platform" || slices.Index(rooms, to) >= slices.Index(rooms, room) {
				t.Errorf("%s imports %s, which is not to its left", path, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range seen {
		if room != "platform" && !slices.Contains(rooms, room) {
			t.Errorf("room %s has no place in the order", room)
		}
	}
}

var (
	// keyForm is how a message key is written in code and templates; what a
	// key is put together from is marked by its constant beginning.
	quoted   = regexp.MustCompile("[\"`]([a-z][a-z0-9_-]*(?:\\.[a-zA-Z0-9_%-]+)+\\.?)[\"`]")
	prefixed = regexp.MustCompile("[\"`]([a-z][a-z0-9_-]*(?:\\.[a-z0-9_-]+)*\\.)(?:%[sdv])?[\"`]")
)

// TestMessages finds keys that stand in one language only, keys that nothing
// uses, and keys used in templates and refusals that stand nowhere.
func TestMessages(t *testing.T) {
	catalog, err := i18n.New(append(Locales(), os.DirFS("../../cmd/lianxin/locale"))...)
	if err != nil {
		t.Fatal(err)
	}
	first := catalog.Keys(i18n.Languages[0])
	for _, lang := range i18n.Languages[1:] {
		other := catalog.Keys(lang)
		for _, key := range first {
			if !slices.Contains(other, key) {
				t.Errorf("%s is missing in %s", key, lang)
			}
		}
		for _, key := range other {
			if !slices.Contains(first, key) {
				t.Errorf("%s stands in %s only", key, lang)
			}
		}
	}
	used, beginnings := usedKeys(t)
	for _, key := range first {
		composed := slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(key, b) })
		if !used[key] && !composed {
			t.Errorf("%s is used nowhere", key)
		}
	}
	for key := range templateKeys(t) {
		if !slices.Contains(first, key) {
			t.Errorf("a template uses %s, which stands nowhere", key)
		}
	}
}

func sources(t *testing.T, each func(path, text string)) {
	t.Helper()
	for _, dir := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if ext := filepath.Ext(path); ext != ".go" && ext != ".html" || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			each(path, string(text))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func usedKeys(t *testing.T) (map[string]bool, []string) {
	used := map[string]bool{}
	beginnings := []string{"cli.help."}
	sources(t, func(_, text string) {
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
		for _, m := range prefixed.FindAllStringSubmatch(text, -1) {
			beginnings = append(beginnings, m[1])
		}
	})
	return used, beginnings
}

var (
	inTemplate = regexp.MustCompile(`\(?\bt "([^"]+)"`)
	comment    = regexp.MustCompile(`(?s)\{\{/\*.*?\*/\}\}`)
)

func templateKeys(t *testing.T) map[string]bool {
	keys := map[string]bool{}
	sources(t, func(path, text string) {
		if filepath.Ext(path) != ".html" {
			return
		}
		text = comment.ReplaceAllString(text, "")
		for _, m := range inTemplate.FindAllStringSubmatch(text, -1) {
			keys[m[1]] = true
		}
	})
	return keys
}
