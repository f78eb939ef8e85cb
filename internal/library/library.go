// Package library is the room where visitors look for what has been published:
// the search pages of the node and of each site, the description by which
// browsers search here (OpenSearch), suggestions while typing, and the search
// of the API.
//
// What can be found stands in the index of platform/search, which the rooms
// that publish fill. This room turns an address into a question
// ([Question]), asks the index, and gives names to what comes back. A search is
// an address: it can be linked, shared and gone back to, and works without
// script.
package library

import (
	"embed"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/search"
	"lianxin/internal/platform/web"
)

//go:embed templates locale
var files embed.FS

// Room is what the room brings to the pages.
var Room = web.Room{Name: "library", Templates: i18n.Sub(files, "templates"), Locale: i18n.Sub(files, "locale")}

// longest is how many characters of a question are taken.
const longest = 100

// perPage is how many hits a page shows.
const perPage = 10

// Question is a search as it stands in an address.
type Question struct {
	Text     string
	Sort     search.Sort
	OrgID    int64
	ColumnID int64
	Year     int
	Category string
	From, To clock.Day
	Cursor   string
}

// read takes a question from an address. What can't be read is left out of the
// question and told, by field.
func read(v url.Values) (Question, errs.Fields) {
	var f errs.Fields
	q := Question{Text: strings.TrimSpace(v.Get("q")), Sort: search.ByRelevance, Category: v.Get("category"), Cursor: v.Get("cursor")}
	if !utf8.ValidString(q.Text) {
		q.Text = strings.ToValidUTF8(q.Text, "")
	}
	if utf8.RuneCountInString(q.Text) > longest {
		q.Text = string([]rune(q.Text)[:longest])
		f.Add("q", "library.too_long", errs.Args{"Max": longest})
	}
	if v.Get("sort") == string(search.ByDate) {
		q.Sort = search.ByDate
	}
	q.OrgID, q.ColumnID, q.Year = number(v.Get("org")), number(v.Get("column")), int(number(v.Get("year")))
	for name, day := range map[string]*clock.Day{"from": &q.From, "to": &q.To} {
		if v.Get(name) == "" {
			continue
		}
		var ok bool
		if *day, ok = clock.ParseDay(v.Get(name)); !ok {
			f.Add(name, "library.day")
		}
	}
	if q.From != "" && q.To != "" && q.To < q.From {
		f.Add("to", "library.order")
		q.To = ""
	}
	return q, f
}

// number reads a positive number; anything else does not narrow.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<53 {
		return 0
	}
	return n
}

// values is the address of the question, on its first page.
func (q Question) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			v.Set(name, value)
		}
	}
	set("q", q.Text)
	if q.Sort == search.ByDate {
		set("sort", string(q.Sort))
	}
	set("org", strconv.FormatInt(q.OrgID, 10))
	set("column", strconv.FormatInt(q.ColumnID, 10))
	set("year", strconv.Itoa(q.Year))
	set("category", q.Category)
	set("from", string(q.From))
	set("to", string(q.To))
	return v
}

// href is the address of the question below a path.
func (q Question) href(path string) string {
	if v := q.values().Encode(); v != "" {
		return path + "?" + v
	}
	return path
}

// narrowed reports whether the question asks for less than everything that
// has its words.
func (q Question) narrowed() bool {
	return q.OrgID != 0 || q.ColumnID != 0 || q.Year != 0 || q.Category != "" || q.From != "" || q.To != ""
}
