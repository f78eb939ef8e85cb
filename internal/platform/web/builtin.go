// Package web answers HTTP requests: the router that knows what each handler
// needs, the way every request takes, pages and their parts, forms, errors, and
// the cache of public pages. It knows nothing of parties or organisations.
package web

import (
	"embed"

	"lianxin/internal/platform/i18n"
)

//go:embed templates locale
var builtin embed.FS

// Builtin are the layouts, the components and the error page.
var Builtin = Room{
	Name:      "web",
	Templates: i18n.Sub(builtin, "templates"),
	Locale:    i18n.Sub(builtin, "locale"),
}
