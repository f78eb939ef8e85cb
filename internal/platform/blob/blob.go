// Package blob keeps files: in a folder by default, in an S3 bucket by URL. A
// file is addressed by the hash of its content, so the same upload is kept once
// and a stored file never changes. Its type is read from the content, never
// from the name someone gave it.
package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // for s3:// addresses
	"gocloud.dev/gcerrors"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
)

// File is what is known of a stored file.
type File struct {
	Hash string
	Type string
	Size int64
}

// Store keeps files.
type Store struct {
	bucket *blob.Bucket
	temp   string
}

// Open uses the folder or the bucket that target names.
func Open(ctx context.Context, target string) (*Store, error) {
	if strings.Contains(target, "://") {
		bucket, err := blob.OpenBucket(ctx, target)
		if err != nil {
			return nil, fmt.Errorf("open the file store: %w", err)
		}
		return &Store{bucket: bucket, temp: os.TempDir()}, nil
	}
	bucket, err := fileblob.OpenBucket(target, &fileblob.Options{CreateDir: true, NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("open the file store: %w", err)
	}
	return &Store{bucket: bucket, temp: os.TempDir()}, nil
}

// Close releases the store.
func (s *Store) Close() error { return s.bucket.Close() }

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

func key(hash string) string { return hash[:2] + "/" + hash[2:4] + "/" + hash }

// Put stores what r gives. More than limit bytes is TooLarge, and nothing is
// kept then. The file is first written aside, so memory stays small.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64) (File, error) {
	aside, err := os.CreateTemp(s.temp, "lianxin-upload-")
	if err != nil {
		return File{}, db.Explain(fmt.Errorf("store file: %w", err))
	}
	defer os.Remove(aside.Name())
	defer aside.Close()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(aside, sum), io.LimitReader(r, limit+1))
	if err != nil {
		return File{}, db.Explain(fmt.Errorf("store file: %w", err))
	}
	if size > limit {
		return File{}, errs.TooLarge("error.file_too_large", errs.Args{"Max": limit >> 20})
	}
	start := make([]byte, 512)
	n, err := aside.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return File{}, fmt.Errorf("store file: %w", err)
	}
	f := File{Hash: hex.EncodeToString(sum.Sum(nil)), Size: size, Type: Sniff(start[:n])}
	if exists, err := s.bucket.Exists(ctx, key(f.Hash)); err != nil {
		return File{}, fmt.Errorf("store file: %w", err)
	} else if exists {
		return f, nil
	}
	if _, err := aside.Seek(0, io.SeekStart); err != nil {
		return File{}, fmt.Errorf("store file: %w", err)
	}
	if err := s.bucket.Upload(ctx, key(f.Hash), aside, &blob.WriterOptions{ContentType: f.Type}); err != nil {
		return File{}, db.Explain(fmt.Errorf("store file: %w", err))
	}
	return f, nil
}

// Open returns the content of a file. The reader can seek.
func (s *Store) Open(ctx context.Context, hash string) (*blob.Reader, error) {
	if !hashForm.MatchString(hash) {
		return nil, errs.NotFound("error.file_missing")
	}
	r, err := s.bucket.NewReader(ctx, key(hash), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, errs.NotFound("error.file_missing").Because(err)
	}
	if err != nil {
		return nil, errs.Unavailable("error.files_gone").Because(err)
	}
	return r, nil
}

// Sniff tells the media type from the first bytes. Markup counts as plain text,
// so that nothing uploaded is ever shown as a page.
func Sniff(start []byte) string {
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		for part, t := range map[string]string{
			"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
			"xl/":   "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			"ppt/":  "application/vnd.openxmlformats-officedocument.presentationml.presentation",
		} {
			if bytes.Contains(start, []byte(part)) {
				return t
			}
		}
		return "application/zip"
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "application/x-ole-storage"
	}
	t := http.DetectContentType(start)
	if strings.HasPrefix(t, "text/") {
		return "text/plain; charset=utf-8"
	}
	return t
}

// Inline reports whether a browser may show the type within a page.
func Inline(mediaType string) bool {
	switch mediaType {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
		return true
	}
	return false
}
