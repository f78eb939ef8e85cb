package account

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"lianxin/internal/platform/errs"
)

func TestCheckPassword(t *testing.T) {
	for _, c := range []struct{ password, want string }{
		{"", "short"},
		{"Ab1!Ab1!A", "short"},
		{strings.Repeat("aB1!", 40), "long"},
		{"onlylowercaseletters", "classes"},
		{"lowerand12345", "classes"},
		{"河水向东流淌过村庄啊", "classes"},
		{"Xiaoming-88-bridge", "name"},
		{"bridge-XIAOMING-88", "name"},
		{"桥下流水归李明Qa9", "name"},
		{"Password123", "common"},
		{"P@ssw0rd2026!", "common"},
		{"Admin@123456", "common"},
		{"Qwerty!@#456", "common"},
		{"Aa1111111111", "common"},
		{"1qaz@WSX3edc", "common"},
		{"Lianxin@2026", "common"},
		{"Ａdmin１２３４５６！", "common"},
		{"Bridge-over-7-hills", ""},
		{"村口到二组Road600米", ""},
		{"vK8#mQ2x!rT5", ""},
	} {
		m := CheckPassword(c.password, "xiaoming", "李明")
		got := ""
		if m != nil {
			got = strings.TrimPrefix(m.Key, "account.password.")
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.password, got, c.want)
		}
	}
}

func TestHashing(t *testing.T) {
	h := newHashing()
	ctx := t.Context()
	encoded, err := h.hash(ctx, "Road６00米")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		password, encoded string
		want              bool
	}{
		{"Road600米", encoded, true}, // full-width and plain digits are one
		{"road600米", encoded, false},
		{"decoy", "", false},
	} {
		if got, err := h.matches(ctx, c.password, c.encoded); got != c.want || err != nil {
			t.Errorf("%q against %.9q = %v, %v", c.password, c.encoded, got, err)
		}
	}
}

func TestDecoyTakesAsLong(t *testing.T) {
	params, _, _, err := argon2id.DecodeHash(decoy)
	if err != nil || *params != *newHashing().params {
		t.Errorf("the decoy is hashed with %+v, passwords with %+v; %v", params, newHashing().params, err)
	}
}

func TestHashingStormWaitsInLine(t *testing.T) {
	h := newHashing()
	for range cap(h.seats) {
		h.seats <- struct{}{} // all busy
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range cap(h.line) {
		wg.Go(func() {
			if _, err := h.matches(ctx, "x", ""); err == nil {
				t.Error("a hash was made without a seat")
			}
		})
	}
	for len(h.line) < cap(h.line) {
		time.Sleep(time.Millisecond)
	}
	if _, err := h.matches(ctx, "x", ""); !errs.Is(err, errs.KindUnavailable) {
		t.Errorf("one more than the line holds: %v", err)
	}
	cancel()
	wg.Wait()
}

func BenchmarkMatches(b *testing.B) {
	h := newHashing()
	for b.Loop() {
		h.matches(b.Context(), "x", "")
	}
}
