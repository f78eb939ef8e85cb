package web

import (
	"mime"
	"net/http"
	"net/url"
	"strings"

	"lianxin/internal/platform/blob"
)

// FileURL is the address of a stored file.
func FileURL(hash, name string) string { return "/files/" + hash + "/" + url.PathEscape(name) }

// ServeFile sends a stored file. Pictures may stand in a page; anything else
// is only ever downloaded. Which files may be asked for is the caller's matter.
func ServeFile(store *blob.Store, w http.ResponseWriter, r *http.Request, hash, name string) error {
	content, err := store.Open(r.Context(), hash)
	if err != nil {
		return err
	}
	defer content.Close()
	start := make([]byte, 512)
	n, _ := content.Read(start) // an empty file has no start
	if _, err := content.Seek(0, 0); err != nil {
		return err
	}
	kind := blob.Sniff(start[:n])
	disposition := "attachment"
	if blob.Inline(kind) {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": strings.ReplaceAll(name, "/", "_")}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("Etag", `"`+hash[:16]+`"`)
	http.ServeContent(w, r, "", content.ModTime(), content)
	return nil
}
