package article

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"lianxin/internal/account"
	"lianxin/internal/platform/blob"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/picture"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// MaxAttachment bounds an attached file.
const MaxAttachment = 50 << 20

// Picture is a stored picture in its widest form.
type Picture struct {
	URL           string `json:"url"`
	Width, Height int    `json:"-"`
}

// KeepPicture stores an uploaded picture, upright, small enough and without
// metadata. The actor needs Write somewhere; a picture is not yet part of
// anything.
func (s *Service) KeepPicture(ctx context.Context, data []byte) (Picture, error) {
	versions, err := picture.Shrink(data, picture.Widths[0])
	if err != nil {
		return Picture{}, err
	}
	v := versions[0]
	f, err := s.Files.Put(ctx, bytes.NewReader(v.Data), picture.MaxBytes)
	if err != nil {
		return Picture{}, err
	}
	return Picture{URL: web.FileURL(f.Hash, v.Name()), Width: v.Width, Height: v.Height}, nil
}

// attachable are the kinds of files one may attach, by what is in them, with
// the endings that fit.
var attachable = map[string][]string{
	"application/pdf": {".pdf"},
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   {".docx"},
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         {".xlsx"},
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": {".pptx"},
	"application/x-ole-storage":    {".doc", ".xls", ".ppt", ".wps", ".et"},
	"application/zip":              {".zip", ".docx", ".xlsx", ".pptx", ".ofd"},
	"application/x-rar-compressed": {".rar"},
	"image/jpeg":                   {".jpg", ".jpeg"},
	"image/png":                    {".png"},
	"image/gif":                    {".gif"},
	"image/webp":                   {".webp"},
	"text/plain; charset=utf-8":    {".txt", ".csv"},
	"audio/mpeg":                   {".mp3"},
	"video/mp4":                    {".mp4"},
}

// Attach stores a file for an article of the site: of an allowed kind by its
// content, its ending fitting, and without marks of secrecy where we can read
// it. Pictures lose their metadata.
func (s *Service) Attach(ctx context.Context, home site.Site, name string, r io.Reader) (Attachment, error) {
	if err := account.ActorFrom(ctx).Check(Write, home.OrgPath); err != nil {
		return Attachment{}, err
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxAttachment+1))
	if err != nil {
		return Attachment{}, errs.Invalid("article.attach.broken").Because(err)
	}
	if len(data) > MaxAttachment {
		return Attachment{}, errs.TooLarge("error.file_too_large", errs.Args{"Max": MaxAttachment >> 20})
	}
	name = fileName(name)
	kind := blob.Sniff(data[:min(len(data), 512)])
	ext := strings.ToLower(filepath.Ext(name))
	if !slices.Contains(attachable[kind], ext) {
		return Attachment{}, errs.Invalid("article.attach.kind", errs.Args{"Name": name})
	}
	if err := s.refuseSecrets(ctx, home, name+"\n"+fileText(ext, data)); err != nil {
		return Attachment{}, err
	}
	if blob.Inline(kind) {
		if data, name, err = plainPicture(data, name); err != nil {
			return Attachment{}, err
		}
	}
	f, err := s.Files.Put(ctx, bytes.NewReader(data), MaxAttachment)
	if err != nil {
		return Attachment{}, err
	}
	return Attachment{Hash: f.Hash, Name: name, Type: f.Type, Size: f.Size}, nil
}

// plainPicture writes a picture anew at full text width.
func plainPicture(data []byte, name string) ([]byte, string, error) {
	versions, err := picture.Shrink(data, 4000)
	if err != nil {
		return nil, "", err
	}
	v := versions[0]
	return v.Data, strings.TrimSuffix(name, filepath.Ext(name)) + filepath.Ext(v.Name()), nil
}

// fileName keeps the last part of a name, without what upsets file systems.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x20 || strings.ContainsRune(`<>:"|?*`, r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name))
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:100]) + filepath.Ext(name)
	}
	if name == "" || strings.Trim(name, ".") == "" {
		return "file"
	}
	return name
}

// fileText is the text of a file as far as we can read it, for the scan. What
// can't be read is left to the reviewer.
func fileText(ext string, data []byte) string {
	switch ext {
	case ".docx", ".xlsx", ".pptx":
		text, err := richtext.OfficeText(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return ""
		}
		return text
	case ".txt", ".csv":
		text, err := richtext.Decode(data)
		if err != nil {
			return ""
		}
		return text
	}
	return ""
}

// ImportFile converts an uploaded document to content for the editor.
func (s *Service) ImportFile(ctx context.Context, home site.Site, name string, data []byte) (Content, error) {
	if err := account.ActorFrom(ctx).Check(Write, home.OrgPath); err != nil {
		return Content{}, err
	}
	doc, err := FromFile(name, data, func(p richtext.Picture) (string, error) {
		stored, err := s.KeepPicture(ctx, p.Data)
		if errs.Is(err, errs.KindInvalid) || errs.Is(err, errs.KindTooLarge) {
			return "", nil // not a picture the web can show
		}
		return stored.URL, err
	})
	if err != nil {
		return Content{}, err
	}
	c := Content{Title: doc.Title, Body: doc.HTML}
	if c.Title == "" {
		c.Title = strings.TrimSuffix(fileName(name), filepath.Ext(name))
	}
	return c.Tidy(), s.refuseSecrets(ctx, home, c.scanText())
}

// OpenFile checks that the actor may have a stored file: anyone what a public
// article shows, those who work on articles also the rest.
func (s *Service) OpenFile(ctx context.Context, hash string) error {
	actor := account.ActorFrom(ctx)
	if actor.Holds(View) || actor.Holds(Write) {
		return nil
	}
	shown, err := publicFile(ctx, s.DB.Read(), hash)
	if err == nil && !shown {
		return errs.NotFound("error.file_missing")
	}
	return err
}
