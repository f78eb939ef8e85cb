package account

import (
	"embed"

	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/web"
)

//go:embed templates locale
var files embed.FS

//go:embed migrations/*.sql
var migrations embed.FS

// Room is what this room brings to the pages.
var Room = web.Room{
	Name:      "account",
	Templates: i18n.Sub(files, "templates"),
	Locale:    i18n.Sub(files, "locale"),
}

// Migrations of this room's tables.
var Migrations = i18n.Sub(migrations, "migrations")
