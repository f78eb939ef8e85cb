package secret

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "key")
	keys := make([]*Key, 4)
	var wg sync.WaitGroup
	for i := range keys { // servers that start at the same moment agree on one key
		wg.Go(func() {
			k, err := LoadOrCreate(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = k
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	sealed := keys[0].Seal([]byte("秘"), "x")
	for _, k := range keys {
		if v, err := k.Open(sealed, "x"); err != nil || string(v) != "秘" {
			t.Errorf("open = %q, %v", v, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v; want only its owner to read it", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreate(path); err == nil {
		t.Error("a damaged key file was accepted")
	}
}

func TestSealedOpensOnlyAsSealed(t *testing.T) {
	k, err := New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	sealed := k.Seal([]byte("value"), "account 1")
	if bytes.Contains(sealed, []byte("value")) || bytes.Equal(sealed, k.Seal([]byte("value"), "account 1")) {
		t.Error("sealing shows the value or repeats itself")
	}
	if _, err := k.Open(sealed, "account 2"); err == nil {
		t.Error("opened for another use")
	}
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		if _, err := k.Open(bent, "account 1"); err == nil {
			t.Fatalf("opened with byte %d changed", i)
		}
	}
	if _, err := k.Open(nil, "account 1"); err == nil {
		t.Error("opened nothing")
	}
}

func TestHash(t *testing.T) {
	k, _ := New(bytes.Repeat([]byte{1}, 32))
	other, _ := New(bytes.Repeat([]byte{2}, 32))
	if !bytes.Equal(k.Hash("id", "1"), k.Hash("id", "1")) {
		t.Error("the hash of one value differs")
	}
	for _, h := range [][]byte{k.Hash("id", "2"), k.Hash("i", "d1"), other.Hash("id", "1")} {
		if bytes.Equal(k.Hash("id", "1"), h) {
			t.Error("hashes collide")
		}
	}
	if a := NewToken(); len(a) != 32 || a == NewToken() {
		t.Errorf("token %q", a)
	}
}
