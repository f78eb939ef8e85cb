package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed all:dist
var dist embed.FS

// ErrNoAssets says that the binary was built without the front end.
var ErrNoAssets = errors.New("the styles and scripts are not built into this program; build it with `make build`")

// Assets are the built styles, scripts and pictures. Their names hold a hash of
// their content, so browsers may keep them for ever.
type Assets struct {
	files    fs.FS
	manifest map[string]string
	packed   sync.Map // name → []byte, gzip
}

// LoadAssets returns the embedded assets, or ErrNoAssets.
func LoadAssets() (*Assets, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		return nil, ErrNoAssets
	}
	a := &Assets{files: files}
	if err := json.Unmarshal(text, &a.manifest); err != nil {
		return nil, fmt.Errorf("read asset manifest: %w", err)
	}
	return a, nil
}

// URL returns the address of an asset by its plain name.
func (a *Assets) URL(name string) string {
	if hashed, ok := a.manifest[name]; ok {
		name = hashed
	}
	return "/assets/" + name
}

// ServeHTTP serves /assets/….
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := path.Clean(strings.TrimPrefix(r.URL.Path, "/assets/"))
	if a.files == nil {
		http.NotFound(w, r)
		return
	}
	data, err := fs.ReadFile(a.files, name)
	if err != nil || strings.HasPrefix(name, ".") {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(data) > 1000 {
		h.Set("Content-Encoding", "gzip")
		data = a.gzipped(name, data)
	}
	h.Set("Content-Length", fmt.Sprint(len(data)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // the reader may have left
	}
}

func (a *Assets) gzipped(name string, data []byte) []byte {
	if packed, ok := a.packed.Load(name); ok {
		return packed.([]byte)
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a valid level
	_, _ = z.Write(data)                                  // memory does not fail
	_ = z.Close()
	a.packed.Store(name, b.Bytes())
	return b.Bytes()
}
