// Package secret keeps what must not be readable in a copy of the database.
//
// A node has one key, in a file beside the database and never in it. What is
// sealed with it opens only for the same use; a keyed hash of a value finds a
// row without telling the value. Tokens carry enough randomness of their own,
// so a plain hash is stored for them.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// aes256gcm is the first byte of what is sealed, so that a value of a later
// cipher can be told apart.
const aes256gcm = 1

// Key is the key of a node.
type Key struct {
	aead cipher.AEAD
	mac  []byte
}

// LoadOrCreate reads the key file, or makes a new one that only its owner may
// read. Several servers on one database need the same file.
func LoadOrCreate(path string) (*Key, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, fmt.Errorf("create key file: %w", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("key file %s is damaged: it must hold 32 bytes in base64", path)
	}
	return New(raw)
}

// create writes a key, complete or not at all, and never over another one.
func create(path string) error {
	raw := make([]byte, 32)
	rand.Read(raw)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// New returns the key made of 32 random bytes.
func New(raw []byte) (*Key, error) {
	if len(raw) != 32 {
		return nil, fmt.Errorf("a key has 32 bytes, not %d", len(raw))
	}
	seal, err := hkdf.Key(sha256.New, raw, nil, "lianxin seal", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	mac, err := hkdf.Key(sha256.New, raw, nil, "lianxin hash", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(seal)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return &Key{aead: aead, mac: mac}, nil
}

// Seal encrypts value. Use says what it is for and whose, such as
// "totp of account 7": moved to another row it doesn't open.
func (k *Key) Seal(value []byte, use string) []byte {
	return k.aead.Seal([]byte{aes256gcm}, nil, value, []byte(use))
}

// Open returns what was sealed for the same use.
func (k *Key) Open(sealed []byte, use string) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != aes256gcm {
		return nil, fmt.Errorf("open sealed value: unknown cipher")
	}
	value, err := k.aead.Open(nil, nil, sealed[1:], []byte(use))
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	return value, nil
}

// Hash returns a keyed hash (HMAC-SHA-256) of a value that could be guessed,
// for look-up. Values of different kinds never collide.
func (k *Key) Hash(kind, value string) []byte {
	h := hmac.New(sha256.New, k.mac)
	fmt.Fprintf(h, "%d:%s%s", len(kind), kind, value)
	return h.Sum(nil)
}

// NewToken returns a random token of 160 bits, in letters and digits.
func NewToken() string { return rand.Text() + rand.Text()[:6] }

// HashToken returns what is stored of a token.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
