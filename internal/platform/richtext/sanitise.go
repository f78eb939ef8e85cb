package richtext

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

var (
	ownFile = regexp.MustCompile(`^/files/[0-9A-Za-z_-]{16,128}/[^\s"'<>\\?#/]{1,255}$`)
	number  = regexp.MustCompile(`^[0-9]{1,4}$`)
	anchor  = regexp.MustCompile(`^(fn|fnref|bian|zhang|jie|tiao|h)[:-][0-9]{1,6}(-[0-9]{1,4}){0,3}$`)
	classes = regexp.MustCompile(`^(align-center|align-right|footnotes|footnote|footnote-back|text-box|signature)$`)
	listing = regexp.MustCompile(`^[1aAiI]$`)
	langTag = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$`)
)

// policy is what may stand in an article. It is built once and only read then.
var policy = newPolicy()

func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "b", "em", "i", "u", "s", "del", "ins", "sub", "sup",
		"blockquote", "ul", "ol", "li", "dl", "dt", "dd", "pre", "code", "kbd", "mark", "small", "cite", "q", "abbr",
		"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
		"figure", "figcaption", "section", "aside", "div", "span", "ruby", "rt", "rp",
	)
	p.AllowAttrs("colspan", "rowspan").Matching(number).OnElements("td", "th")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^(col|row)$`)).OnElements("th")
	p.AllowAttrs("span").Matching(number).OnElements("col", "colgroup")
	p.AllowAttrs("start").Matching(number).OnElements("ol")
	p.AllowAttrs("type").Matching(listing).OnElements("ol")
	p.AllowAttrs("class").Matching(classes).Globally()
	p.AllowAttrs("id").Matching(anchor).Globally()
	p.AllowAttrs("lang").Matching(langTag).Globally()
	p.AllowAttrs("title").OnElements("abbr")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(ownFile).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(number).OnElements("img")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	// What these hold is not text of the article.
	p.SkipElementsContent("script", "style", "iframe", "object", "embed", "noscript", "template", "svg", "math",
		"head", "title", "select", "textarea", "audio", "video", "canvas", "xml", "noembed", "noframes", "applet")
	return p
}

// Sanitise lets through only the elements, attributes and addresses an article
// needs; everything else is dropped, scripts and styles with their content.
func Sanitise(body string) string {
	out := policy.Sanitize(body)
	if strings.Contains(out, "<img") {
		out = withoutEmptyImages(out)
	}
	return strings.TrimSpace(out)
}

var emptyImage = regexp.MustCompile(`<img(?:\s+(?:alt|width|height|class|id|lang)="[^"]*")*\s*/?>`)

// withoutEmptyImages drops pictures whose address was refused.
func withoutEmptyImages(s string) string { return emptyImage.ReplaceAllString(s, "") }
