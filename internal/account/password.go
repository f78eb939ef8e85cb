package account

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"

	"lianxin/internal/platform/errs"
)

// Bounds of a password (docs: security, 身份鉴别).
const (
	passwordMin     = 10
	passwordMax     = 128
	passwordClasses = 3
	// passwordHistory is how many former passwords may not come back.
	passwordHistory = 5
)

// normalise makes one password of what different keyboards send for it, such as
// full-width digits from a Chinese input method.
func normalise(password string) string { return norm.NFKC.String(password) }

// CheckPassword returns the message of the first rule the password breaks, or
// nil. Names are what it may not contain: sign-in name, display name.
func CheckPassword(password string, names ...string) *errs.Message {
	password = normalise(password)
	n := utf8.RuneCountInString(password)
	switch {
	case n < passwordMin:
		return &errs.Message{Key: "account.password.short", Args: errs.Args{"Min": passwordMin}}
	case n > passwordMax:
		return &errs.Message{Key: "account.password.long", Args: errs.Args{"Max": passwordMax}}
	case classes(password) < passwordClasses:
		return &errs.Message{Key: "account.password.classes"}
	case containsAny(password, names):
		return &errs.Message{Key: "account.password.name"}
	case common(password):
		return &errs.Message{Key: "account.password.common"}
	}
	return nil
}

// classes counts the kinds of character used, of four: lower, upper, digit, other.
func classes(password string) int {
	var lower, upper, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

func containsAny(password string, names []string) bool {
	password = strings.ToLower(password)
	for _, name := range names {
		name = strings.ToLower(normalise(name))
		if utf8.RuneCountInString(name) >= 2 && strings.Contains(password, name) {
			return true
		}
	}
	return false
}

//go:embed common.txt
var commonText string

// commonWords are what most guessed passwords are built on.
var commonWords = func() map[string]bool {
	words := map[string]bool{}
	for lines := bufio.NewScanner(strings.NewReader(commonText)); lines.Scan(); {
		words[lines.Text()] = true
	}
	return words
}()

var unleet = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t")

// common reports whether a password is one of the first that anyone would try:
// nothing but common words, a year, a run such as 123456 or aaaa, and
// punctuation. With those taken out, fewer than four characters remain.
func common(password string) bool {
	password = strings.ToLower(password)
	return remainder(password, password) < 4 || remainder(unleet.Replace(password), password) < 4
}

// remainder counts what is left of text without the predictable parts. Digits
// are judged in plain, the same text before letters were read into them.
func remainder(text, plain string) int {
	rs, left := []rune(text), 0
	ps := []rune(plain)
	for i := 0; i < len(rs); {
		n := max(wordAt(rs[i:]), runAt(ps[i:]), yearAt(ps[i:]))
		if n == 0 {
			if unicode.IsLetter(rs[i]) || unicode.IsDigit(ps[i]) {
				left++
			}
			n = 1
		}
		i += n
	}
	return left
}

// wordAt returns the length of the longest common word that rs begins with.
func wordAt(rs []rune) int {
	for n := min(len(rs), 12); n >= 3; n-- {
		if commonWords[string(rs[:n])] {
			return n
		}
	}
	return 0
}

// runAt returns the length of a run of three or more equal or counting characters.
func runAt(rs []rune) int {
	best := 0
	for _, step := range []rune{0, 1, -1} {
		n := 1
		for n < len(rs) && rs[n]-rs[n-1] == step {
			n++
		}
		if n >= 3 {
			best = max(best, n)
		}
	}
	return best
}

// yearAt returns 4 where a year stands that people live in.
func yearAt(rs []rune) int {
	if len(rs) >= 4 && (string(rs[:2]) == "19" || string(rs[:2]) == "20") && unicode.IsDigit(rs[2]) && unicode.IsDigit(rs[3]) {
		return 4
	}
	return 0
}

// hashing makes and compares Argon2id hashes, a few at a time, so that a storm
// of sign-ins waits in line and can't use up the memory of a small machine.
type hashing struct {
	params *argon2id.Params
	// seats bounds the hashes at work, line those that wait for one.
	seats, line chan struct{}
}

// decoy is compared when there is no account, which must take as long.
const decoy = "$argon2id$v=19$m=12288,t=3,p=1$YG2HXcsSgu+J+IXT7Xg2ew$1V6m3nvR8HISFHfyT192/ccXG9FHcBKpWBjLzPvk5mQ"

// newHashing uses the parameters OWASP gives for Argon2id with 12 MiB: three
// passes. They take as long as 19 MiB with two, and less of a small machine.
func newHashing() *hashing {
	return &hashing{
		params: &argon2id.Params{Memory: 12 * 1024, Iterations: 3, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		seats:  make(chan struct{}, max(2, min(4, runtime.NumCPU()))),
		line:   make(chan struct{}, 200),
	}
}

// hash returns the encoded hash of a password.
func (h *hashing) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	encoded, err := argon2id.CreateHash(normalise(password), h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return encoded, nil
}

// matches compares; an empty hash matches nothing, in the same time.
func (h *hashing) matches(ctx context.Context, password, encoded string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	known := encoded != ""
	if !known {
		encoded = decoy
	}
	same, err := argon2id.ComparePasswordAndHash(normalise(password), encoded)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return same && known, nil
}

// enter takes a seat, after waiting in a line of bounded length.
func (h *hashing) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.line <- struct{}{}:
	default:
		return nil, errs.Unavailable("account.signin.busy")
	}
	defer func() { <-h.line }()
	select {
	case h.seats <- struct{}{}:
		return func() { <-h.seats }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
