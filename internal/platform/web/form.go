package web

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"lianxin/internal/platform/errs"
)

// Form reads a form of at most maxBytes. Text must be UTF-8 without control
// characters; anything else was not typed by a person.
func Form(w http.ResponseWriter, r *http.Request, maxBytes int64) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBytes)
	var err error
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		// Files over 1 MB wait in the temporary folder, not in memory.
		err = r.ParseMultipartForm(1 << 20)
	} else {
		err = r.ParseForm()
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errs.TooLarge("error.form_too_large", errs.Args{"Max": max(1, maxBytes>>20)}).Because(err)
	}
	if err != nil {
		return nil, errs.Invalid("error.form_broken").Because(err)
	}
	for _, values := range r.Form {
		for i, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return nil, errs.Invalid("error.form_encoding")
			}
			values[i] = strings.ReplaceAll(v, "\r\n", "\n")
		}
	}
	return r.Form, nil
}

// Option is one choice of a field. Picture names an asset, for choices shown as cards.
type Option struct{ Value, Label, Help, Picture string }

// Fields is a form as it is shown: what was typed, and what is wrong with it.
type Fields struct {
	values url.Values
	errors map[string]string
	// Message is about the form as a whole.
	Message string
}

// NewFields is a form that has not been sent yet, filled with values.
func NewFields(values url.Values) Fields { return Fields{values: values} }

// Value returns the first value of a field.
func (f Fields) Value(name string) string { return f.values.Get(name) }

// Values returns all values of a field.
func (f Fields) Values(name string) []string { return f.values[name] }

// Has reports whether the field has the given value, for options and ticks.
func (f Fields) Has(name, value string) bool {
	for _, v := range f.values[name] {
		if v == value {
			return true
		}
	}
	return false
}

// Error returns what is wrong with a field, "" when nothing.
func (f Fields) Error(name string) string { return f.errors[name] }

// Errors lists the faulty fields, for the summary above a long form.
func (f Fields) Errors() map[string]string { return f.errors }

// Refill turns a refusal into the same form with the reasons beside the
// fields. ok is false when err is of another kind and needs an error page.
// Passwords are not sent back.
func Refill(ctx context.Context, values url.Values, err error) (f Fields, ok bool) {
	var e *errs.Error
	if !errors.As(err, &e) {
		return Fields{}, false
	}
	switch e.Kind {
	case errs.KindInvalid, errs.KindConflict, errs.KindTooLarge, errs.KindTooMany:
	default:
		return Fields{}, false
	}
	kept := url.Values{}
	for name, v := range values {
		if !strings.Contains(name, "password") {
			kept[name] = v
		}
	}
	f = Fields{values: kept, errors: map[string]string{}, Message: T(ctx, e.Key, e.Args)}
	for name, m := range e.Fields {
		f.errors[name] = T(ctx, m.Key, m.Args)
	}
	return f, true
}
