package i18n

import (
	"testing"
	"testing/fstest"

	"lianxin/internal/platform/errs"
)

func catalog(t *testing.T) *Catalog {
	t.Helper()
	c, err := New(fstest.MapFS{
		"zh-CN.toml": {Data: []byte("\"a.hello\" = \"您好\"\n\"a.name\" = \"{{.Name}}，您好\"\n\"a.n\" = \"{{.Count}} 项\"\n")},
		"en.toml":    {Data: []byte("\"a.hello\" = \"Hello\"\n\"a.name\" = \"Hello {{.Name}}\"\n[\"a.n\"]\none = \"{{.Count}} item\"\nother = \"{{.Count}} items\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestT(t *testing.T) {
	c := catalog(t)
	for _, x := range []struct {
		lang, key string
		args      errs.Args
		want      string
	}{
		{"zh-CN", "a.hello", nil, "您好"},
		{"en", "a.hello", nil, "Hello"},
		{"zh-CN", "a.name", errs.Args{"Name": "张三"}, "张三，您好"},
		{"en", "a.n", errs.Args{"Count": 1}, "1 item"},
		{"en", "a.n", errs.Args{"Count": 2}, "2 items"},
		{"zh-CN", "a.n", errs.Args{"Count": 1}, "1 项"},
		{"en", "a.missing", nil, "a.missing"},
	} {
		if got := c.T(x.lang, x.key, x.args); got != x.want {
			t.Errorf("T(%s, %s, %v) = %q, want %q", x.lang, x.key, x.args, got, x.want)
		}
	}
}

func TestMatch(t *testing.T) {
	c := catalog(t)
	for _, x := range []struct{ choice, header, want string }{
		{"", "", "zh-CN"},
		{"en", "zh-CN", "en"},
		{"xx", "en-US,en;q=0.9", "en"},
		{"", "zh-TW,zh;q=0.9", "zh-CN"},
		{"", "fr", "zh-CN"},
	} {
		if got := c.Match(x.choice, x.header); got != x.want {
			t.Errorf("Match(%q, %q) = %s, want %s", x.choice, x.header, got, x.want)
		}
	}
}

func TestDoubleKeyIsRefused(t *testing.T) {
	f := fstest.MapFS{"zh-CN.toml": {Data: []byte("x = \"1\"")}, "en.toml": {Data: []byte("x = \"1\"")}}
	if _, err := New(f, f); err == nil {
		t.Fatal("a key of two rooms was accepted")
	}
}
