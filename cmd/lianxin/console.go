package main

import (
	"lianxin/internal/app"
	"lianxin/internal/platform/i18n"
)

// newConsole knows the messages of the command line and of all rooms, since
// their refusals reach the terminal too.
func newConsole(lang string) (*console, error) {
	folders := append(app.Locales(), i18n.Sub(locale, "locale"))
	catalog, err := i18n.New(folders...)
	if err != nil {
		return nil, err
	}
	return &console{catalog: catalog, lang: lang}, nil
}
