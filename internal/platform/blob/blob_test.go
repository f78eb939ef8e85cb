package blob

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"lianxin/internal/platform/errs"
)

func TestPut(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f, err := s.Put(t.Context(), strings.NewReader("<script>alert(1)</script>"), 100)
	if err != nil {
		t.Fatal(err)
	}
	if f.Type != "text/plain; charset=utf-8" || f.Size != 25 {
		t.Errorf("stored as %+v", f)
	}
	r, err := s.Open(t.Context(), f.Hash)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if b, err := io.ReadAll(r); err != nil || string(b) != "<script>alert(1)</script>" {
		t.Errorf("read back %q, %v", b, err)
	}
	if again, err := s.Put(t.Context(), strings.NewReader("<script>alert(1)</script>"), 100); err != nil || again != f {
		t.Errorf("the same content again: %+v, %v", again, err)
	}
}

func TestTooLargeLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Put(t.Context(), strings.NewReader(strings.Repeat("x", 101)), 100); !errs.Is(err, errs.KindTooLarge) {
		t.Fatalf("got %v", err)
	}
	broken := errors.New("line cut")
	if _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("abc"), failing{broken}), 100); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestOpenRefusesPaths(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, hash := range []string{"", "../../etc/passwd", strings.Repeat("0", 64)} {
		if _, err := s.Open(t.Context(), hash); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("Open(%q): %v", hash, err)
		}
	}
}

func TestSniff(t *testing.T) {
	for start, want := range map[string]string{
		"\x89PNG\r\n\x1a\n":                 "image/png",
		"%PDF-1.7":                          "application/pdf",
		"<html><script>":                    "text/plain; charset=utf-8",
		"<svg xmlns='http://www.w3.org/'>":  "text/plain; charset=utf-8",
		"PK\x03\x04........word/document":   "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"PK\x03\x04........something/other": "application/zip",
	} {
		if got := Sniff([]byte(start)); got != want {
			t.Errorf("Sniff(%q) = %s, want %s", start, got, want)
		}
	}
}
