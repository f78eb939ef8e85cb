package richtext

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// allowedTags and allowedAttrs are what a reader's browser may meet in an
// article. They are written out again here, apart from the policy, so that a
// slip there fails the test.
var allowedTags = strings.Fields(`p br hr h2 h3 h4 h5 h6 strong b em i u s del ins sub sup blockquote ul ol li dl dt dd pre code kbd mark
	small cite q abbr table caption colgroup col thead tbody tfoot tr th td figure figcaption section aside div span ruby rt rp a img`)

var allowedAttrs = strings.Fields(`colspan rowspan scope span start type class id lang title href rel src alt width height`)

// assertHarmless parses clean HTML as a browser does and looks at every
// element, attribute and address that results.
func assertHarmless(t *testing.T, body string) {
	t.Helper()
	context := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: 0}
	nodes, err := html.ParseFragment(strings.NewReader(body), context)
	if err != nil {
		return // deeper than any browser would follow
	}
	for _, top := range nodes {
		assertNode(t, top, body)
		for n := range top.Descendants() {
			assertNode(t, n, body)
		}
	}
}

func assertNode(t *testing.T, n *html.Node, body string) {
	t.Helper()
	switch n.Type {
	case html.TextNode:
		return
	case html.ElementNode:
	default:
		t.Fatalf("a node of type %d in %q", n.Type, body)
	}
	if n.Namespace != "" || !contains(allowedTags, n.Data) {
		t.Fatalf("element <%s:%s> in %q", n.Namespace, n.Data, body)
	}
	for _, a := range n.Attr {
		if !contains(allowedAttrs, a.Key) {
			t.Fatalf("attribute %s of <%s> in %q", a.Key, n.Data, body)
		}
		if a.Key == "src" && !ownFile.MatchString(a.Val) {
			t.Fatalf("picture from %q", a.Val)
		}
		if a.Key == "href" {
			u, err := url.Parse(a.Val)
			if err != nil || !contains([]string{"", "http", "https", "mailto", "tel"}, strings.ToLower(u.Scheme)) {
				t.Fatalf("link to %q", a.Val)
			}
		}
	}
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func attacks(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, name := range []string{"testdata/attacks.jsonl", sharedData("xss", "payloads.jsonl")} {
		f, err := os.Open(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for scan := bufio.NewScanner(f); scan.Scan(); {
			var s string
			if err := json.Unmarshal(scan.Bytes(), &s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			all = append(all, s)
		}
	}
	return all
}

func TestAttacksAreDisarmed(t *testing.T) {
	list := attacks(t)
	if len(list) < 20 {
		t.Fatalf("only %d attacks to try", len(list))
	}
	for _, attack := range list {
		for _, form := range []string{attack, "<p>" + attack + "</p>", `<a href="` + attack + `">x</a>`, `<img src="` + attack + `" alt="` + attack + `">`, "<table><td>" + attack} {
			once := Sanitise(form)
			assertHarmless(t, once)
			cleaned, err := Clean(form)
			if err != nil {
				t.Fatalf("clean %q: %v", form, err)
			}
			assertHarmless(t, cleaned)
			assertHarmless(t, Sanitise(cleaned))
			if doc, err := FromMarkdown([]byte(attack)); err == nil {
				assertHarmless(t, doc.HTML)
			}
			if doc, err := FromText([]byte(attack)); err == nil {
				assertHarmless(t, doc.HTML)
			}
			anchored, _ := Outline(once)
			assertHarmless(t, anchored)
		}
	}
}

func TestGoodMarkupSurvives(t *testing.T) {
	const picture = `<img src="/files/0123456789abcdef0123/a.png" alt="山" width="10" height="20">`
	for _, s := range []string{
		`<h2 id="zhang-1">第一章</h2><p class="align-center"><strong>甲</strong><br>乙</p>`,
		`<p>` + picture + `</p>`,
		`<table><thead><tr><th colspan="2" scope="col">头</th></tr></thead><tbody><tr><td rowspan="2">一</td></tr></tbody></table>`,
		`<p><a href="/s/main/a/12">内部</a> <a href="#tiao-3">第三条</a> <a href="mailto:a@b.cn">信</a></p>`,
		`<ol type="a" start="3"><li>丙</li></ol>`,
		`<p><ruby>镇<rt>zhèn</rt></ruby></p>`,
	} {
		if got := strings.ReplaceAll(Sanitise(s), "/>", ">"); got != s {
			t.Errorf("got  %s\nwant %s", got, s)
		}
	}
}

func TestForeignPicturesAreLeftOut(t *testing.T) {
	for _, src := range []string{"https://evil.example/x.png", "//evil.example/x.png", "data:image/png;base64,AAAA", "/files/short/x", "/files/0123456789abcdef0123/../../x", "/my/sign-out"} {
		if got := Sanitise(`<p>甲<img src="` + src + `" alt="乙">丙</p>`); got != "<p>甲丙</p>" {
			t.Errorf("%s: %s", src, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range attacks(f)[:20] {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, err := Clean(s)
		if err != nil {
			return
		}
		assertHarmless(t, out)
		anchored, _ := Outline(out)
		assertHarmless(t, anchored)
		Text(anchored)
		Excerpt(anchored, 80)
	})
}
