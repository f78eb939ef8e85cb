// Package richtext turns what people bring along (Word documents, Markdown,
// web pages, plain text, text pasted from Word) into clean HTML that is safe to
// show on a public page, and answers what a page needs to know of such HTML:
// its text, its headings, how two versions differ.
//
// Everything that comes out of here has passed [Sanitise]. Pictures are handed
// to a [Keeper], which stores them and says at which address they can be read;
// pictures from other places on the web are left out.
package richtext

import (
	"strings"
	"unicode/utf8"

	"lianxin/internal/platform/errs"
)

// Limits of what is read. A document beyond them is refused as a whole.
const (
	// MaxDocument bounds a document as it is uploaded.
	MaxDocument = 50 << 20
	// MaxText bounds text, Markdown and HTML, and the HTML that results.
	MaxText = 8 << 20
)

// Document is what a file turned into.
type Document struct {
	// Title as the document states it, empty if it doesn't.
	Title string
	// HTML is clean: headings start at level 2, the title is not repeated.
	HTML string
	// Dropped counts pictures that can't be shown on the web.
	Dropped int
}

// Picture is an embedded picture as found.
type Picture struct {
	Name string
	Data []byte
}

// Keeper stores a picture and returns the address to show it from, "" to leave
// it out. An error ends the conversion.
type Keeper func(Picture) (src string, err error)

// finish cleans what a converter wrote.
func finish(title, body string, dropped int) (Document, error) {
	if len(body) > MaxText {
		return Document{}, tooLarge(MaxText)
	}
	return Document{Title: oneLine(title), HTML: Sanitise(body), Dropped: dropped}, nil
}

func tooLarge(limit int64) error {
	return errs.TooLarge("richtext.too_large", errs.Args{"Max": limit >> 20})
}

// oneLine folds white space, for titles.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cut shortens s to at most n characters, with an ellipsis if it had more.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:n-1]), " ，、；：,;:") + "…"
}
