package account

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"image/png"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/uptrace/bun"
)

// Time-based one-time codes (RFC 6238): six digits, thirty seconds, one step of
// tolerance to either side for clocks that are off.
var totpOptions = totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// newFactor returns the secret of a new second factor, as an app reads it.
func newFactor(issuer, name string) (*otp.Key, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: name})
	if err != nil {
		return nil, fmt.Errorf("make second factor: %w", err)
	}
	return key, nil
}

// factorOf shows a secret again that was made before.
func factorOf(issuer, name, secret string) (*otp.Key, error) {
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "period": {"30"}, "digits": {"6"}, "algorithm": {"SHA1"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + name, RawQuery: q.Encode()}
	key, err := otp.NewKeyFromURL(u.String())
	if err != nil {
		return nil, fmt.Errorf("show second factor: %w", err)
	}
	return key, nil
}

// matchCode returns the time step whose code was entered, looking only at steps
// after last: a code works once.
func matchCode(secret, code string, now time.Time, last int64) (step int64, ok bool) {
	code = strings.ReplaceAll(normalise(code), " ", "")
	current := now.Unix() / 30
	for s := current - 1; s <= current+1; s++ {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(s*30, 0), totpOptions)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > last {
			return s, true
		}
	}
	return 0, false
}

// qrPNG draws the picture that an authenticator app reads.
func qrPNG(key *otp.Key) ([]byte, error) {
	code, err := qr.Encode(key.URL(), qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	if code, err = barcode.Scale(code, 240, 240); err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, code); err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return out.Bytes(), nil
}

// Recovery codes replace a lost telephone; each works once.
const recoveryCount = 10

// RecoveryCode is one of them, as kept.
type RecoveryCode struct {
	bun.BaseModel `bun:"table:account_recovery,alias:r"`

	ID        int64 `bun:",pk,autoincrement"`
	AccountID int64
	Hash      []byte
	UsedAt    time.Time `bun:",nullzero"`
}

// newRecoveryCodes returns codes of 50 random bits, such as "k3m9q-7h2xw".
func newRecoveryCodes() []string {
	codes := make([]string, recoveryCount)
	for i := range codes {
		raw := make([]byte, 7)
		rand.Read(raw)
		s := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))[:10]
		codes[i] = s[:5] + "-" + s[5:]
	}
	return codes
}

var recoveryForm = regexp.MustCompile(`^[a-z2-7]{5}-?[a-z2-7]{5}$`)

// canonicalRecovery returns the code as it was given out, or "".
func canonicalRecovery(code string) string {
	code = strings.ToLower(strings.TrimSpace(normalise(code)))
	if !recoveryForm.MatchString(code) {
		return ""
	}
	code = strings.ReplaceAll(code, "-", "")
	return code[:5] + "-" + code[5:]
}
