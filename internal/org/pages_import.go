package org

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/sheet"
	"lianxin/internal/platform/web"
)

type importPage struct {
	Form     web.Fields
	Suggest  []Org
	Max      int
	Report   *Report
	Upload   int64
	Problems []problemRow
}

// problemRow is a problem in the reader's language.
type problemRow struct {
	Row                   int
	Column, Typed, Reason string
}

// importForm suggests that rows without a superior go under the one organisation
// that the person works for.
func (p *Pages) importForm(w http.ResponseWriter, r *http.Request) error {
	tops, err := p.s.Mine(r.Context())
	if err != nil {
		return err
	}
	v := url.Values{}
	if len(tops) == 1 {
		v.Set("under", tops[0].Name+" ("+tops[0].Code+")")
	}
	return p.showImport(w, r, importPage{Form: web.NewFields(v)}, 0)
}

func (p *Pages) showImport(w http.ResponseWriter, r *http.Request, page importPage, status int) (err error) {
	page.Max = sheet.MaxFile >> 20
	if page.Suggest, err = p.s.suggest(r.Context(), ""); err != nil {
		return err
	}
	return p.v.Render(w, r, web.Page{Status: status, Title: web.T(r.Context(), "org.import.title"), Template: "org/import", Active: navTree, Data: page})
}

// importPreview judges an uploaded file without writing and keeps it, so that
// the person needn't choose it again.
func (p *Pages) importPreview(w http.ResponseWriter, r *http.Request) error {
	v, err := web.Form(w, r, sheet.MaxFile+maxForm)
	if err == nil {
		err = p.preview(w, r, v)
	}
	if err == nil {
		return nil
	}
	f, ok := web.Refill(r.Context(), v, err)
	if !ok {
		return err
	}
	return p.showImport(w, r, importPage{Form: f}, http.StatusUnprocessableEntity)
}

func (p *Pages) preview(w http.ResponseWriter, r *http.Request, v url.Values) error {
	file, head, err := r.FormFile("file")
	if err != nil {
		return errs.FieldErr("file", "org.import.choose")
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return errs.FieldErr("file", "org.import.choose")
	}
	o, err := p.importOptions(r.Context(), v)
	if err != nil {
		return err
	}
	o.DryRun = true
	report, err := NewImporter(p.s).Import(r.Context(), head.Filename, bytes.NewReader(data), o)
	if err != nil {
		return fileFault(err)
	}
	u, err := p.s.KeepUpload(r.Context(), head.Filename, data)
	if err != nil {
		return err
	}
	return p.showImport(w, r, importPage{Form: web.NewFields(v), Report: &report, Upload: u.ID, Problems: problems(r.Context(), report)}, 0)
}

// fileFault says what is wrong with the file beside the field of the file.
func fileFault(err error) error {
	var e *errs.Error
	if errors.As(err, &e) && len(e.Fields) == 0 && (e.Kind == errs.KindInvalid || e.Kind == errs.KindTooLarge) {
		return errs.FieldErr("file", e.Key, e.Args)
	}
	return err
}

func (p *Pages) importOptions(ctx context.Context, v url.Values) (ImportOptions, error) {
	o := ImportOptions{Update: v.Get("update") != "", Partial: v.Get("partial") != ""}
	if strings.TrimSpace(v.Get("under")) == "" {
		return o, nil
	}
	var err error
	o.Under, err = p.pick(ctx, v, "under")
	return o, err
}

// importRun imports a file that has been previewed.
func (p *Pages) importRun(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "upload")
	if err != nil {
		return err
	}
	u, err := p.s.Upload(r.Context(), id)
	if err != nil {
		return err
	}
	v, err := web.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	o, err := p.importOptions(r.Context(), v)
	if err != nil {
		return err
	}
	report, err := NewImporter(p.s).Import(r.Context(), u.Name, bytes.NewReader(u.Data), o)
	if err != nil {
		return err
	}
	page := importPage{Form: web.NewFields(v), Report: &report, Problems: problems(r.Context(), report)}
	if !report.Written {
		page.Upload = u.ID
	}
	return p.showImport(w, r, page, 0)
}

func problems(ctx context.Context, report Report) []problemRow {
	var out []problemRow
	for _, x := range report.Problems {
		row := problemRow{Row: x.Row, Typed: x.Typed, Reason: web.T(ctx, x.Reason.Key, x.Reason.Args)}
		if x.Column != "" {
			row.Column = web.T(ctx, "org.column."+x.Column)
		}
		out = append(out, row)
	}
	return out
}

// importTemplate sends an empty spreadsheet to fill in.
func (p *Pages) importTemplate(w http.ResponseWriter, r *http.Request) error {
	var b bytes.Buffer
	if err := WriteTemplate(&b, func(key string) string { return web.T(r.Context(), key) }); err != nil {
		return err
	}
	name := web.T(r.Context(), "org.import.template_name")
	w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=template.xlsx; filename*=UTF-8''%s", url.PathEscape(name+".xlsx")))
	_, err := w.Write(b.Bytes())
	return err
}
