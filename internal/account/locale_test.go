package account

import (
	"testing"

	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/web"
)

// Every role, state and seat has its words in each language.
func TestEverythingHasItsWords(t *testing.T) {
	catalog, err := i18n.New(web.Builtin.Locale, Room.Locale)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range Roles {
		keys = append(keys, "account.role."+string(r), "account.role_help."+string(r))
	}
	for s := range stateSteps {
		keys = append(keys, "account.state."+string(s))
	}
	for _, s := range Seats {
		keys = append(keys, "account.seat."+s.Key, "account.seat_help."+s.Key)
	}
	for _, n := range Nav() {
		keys = append(keys, n.Group, n.Key)
	}
	for _, lang := range i18n.Languages {
		for _, key := range keys {
			if catalog.T(lang, key) == key {
				t.Errorf("%s has no words in %s", key, lang)
			}
		}
	}
}
