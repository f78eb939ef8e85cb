package org_test

import (
	"os"
	"testing"

	"lianxin/internal/platform/i18n"
)

// zh returns the sentences of this room in Chinese.
func zh(t testing.TB) func(key string) string {
	t.Helper()
	c, err := i18n.New(os.DirFS("locale"))
	if err != nil {
		t.Fatal(err)
	}
	return func(key string) string {
		text := c.T("zh-CN", key)
		if text == key {
			t.Errorf("no text for %s", key)
		}
		return text
	}
}
