package text

import "testing"

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		" 青山\u200b县\t 委\u00a0会\u0000 ": "青山县 委 会", "\xff坏": "坏", "𠮷·阿里": "𠮷·阿里", " ": "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q → %q, want %q", in, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	if Cut("青山县委", 4) != "青山县委" || Cut("青山县委", 2) != "青山…" {
		t.Error(Cut("青山县委", 2))
	}
}
