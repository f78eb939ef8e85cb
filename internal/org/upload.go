package org

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/uptrace/bun"
	"github.com/xuri/excelize/v2"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/text"
)

// uploadLife is how long a spreadsheet waits between preview and import.
const uploadLife = 24 * time.Hour

// Upload is a spreadsheet between preview and import.
type Upload struct {
	bun.BaseModel `bun:"table:org_upload,alias:u"`

	ID        int64 `bun:",pk,autoincrement"`
	AccountID int64
	Name      string
	Data      []byte
	CreatedAt time.Time
}

// KeepUpload puts a spreadsheet by, for who brought it.
func (s *Service) KeepUpload(ctx context.Context, name string, data []byte) (Upload, error) {
	if a := actor(ctx); len(a.Scope(Import)) == 0 {
		return Upload{}, a.Check(Import, "")
	}
	u := Upload{AccountID: actor(ctx).ID, Name: text.Cut(text.Clean(name), 100), Data: data, CreatedAt: s.Now()}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return insert(ctx, tx, &u) })
	return u, err
}

// Upload returns a spreadsheet to who brought it.
func (s *Service) Upload(ctx context.Context, id int64) (Upload, error) {
	var u Upload
	err := s.DB.Read().NewSelect().Model(&u).Where("id = ? and account_id = ? and created_at > ?", id, actor(ctx).ID, s.Now().Add(-uploadLife)).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) || actor(ctx).ID == 0 {
		return u, errs.NotFound("org.import.upload_gone")
	}
	if err != nil {
		return u, fmt.Errorf("read upload: %w", err)
	}
	return u, nil
}

// dropUploads forgets spreadsheets that nobody came back for.
func (s *Service) dropUploads(ctx context.Context) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*Upload)(nil)).Where("created_at <= ?", s.Now().Add(-uploadLife)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("drop uploads: %w", err)
		}
		return nil
	})
}

// WriteTemplate writes an empty spreadsheet to fill in: headings, two example
// rows and a sheet of notes, in the language of t.
func WriteTemplate(w io.Writer, t func(key string) string) error {
	f := excelize.NewFile()
	defer f.Close()
	sheet, notes := t("org.import.sheet"), t("org.import.notes")
	heads, first, second := []any{}, []any{}, []any{}
	about := [][]any{{t("org.import.note_column"), t("org.import.note_text")}}
	for _, c := range columns {
		label := t("org.column." + c.Key)
		if c.Required {
			label += " *"
		}
		heads = append(heads, label)
		first, second = append(first, example(t, c.Key, 1)), append(second, example(t, c.Key, 2))
		about = append(about, []any{label, t("org.column." + c.Key + "_help")})
	}
	err := f.SetSheetName("Sheet1", sheet)
	if err == nil {
		_, err = f.NewSheet(notes)
	}
	if err == nil {
		err = errors.Join(f.SetSheetRow(sheet, "A1", &heads), f.SetSheetRow(sheet, "A2", &first), f.SetSheetRow(sheet, "A3", &second))
	}
	for i, row := range about {
		err = errors.Join(err, f.SetSheetRow(notes, fmt.Sprintf("A%d", i+1), &row))
	}
	if err == nil {
		err = layOut(f, sheet, notes)
	}
	if err == nil {
		err = f.Write(w)
	}
	if err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	return nil
}

// layOut sets widths and styles. Text format keeps the zeros in front of codes
// and all of their digits.
func layOut(f *excelize.File, sheet, notes string) error {
	plain, err := f.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"F9ECEB"}}})
	if err != nil {
		return err
	}
	last, err := excelize.ColumnNumberToName(len(columns))
	if err != nil {
		return err
	}
	return errors.Join(
		f.SetColStyle(sheet, "A:"+last, plain), f.SetCellStyle(sheet, "A1", last+"1", bold),
		f.SetColWidth(sheet, "A", last, 18), f.SetColWidth(sheet, "B", "B", 34),
		f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}),
		f.SetCellStyle(notes, "A1", "B1", bold), f.SetColWidth(notes, "A", "A", 24), f.SetColWidth(notes, "B", "B", 90),
	)
}

// example is what stands in a column of the two example rows: a committee and a
// branch below it. Words come from the language, codes are the same in all.
func example(t func(string) string, key string, row int) string {
	codes := map[string][2]string{
		"code": {"SL01", "SL0101"}, "parent": {"", "SL01"}, "region_code": {"530102001", "530102001003"}, "founded_on": {"2001-07-01", "2006-03-12"},
		"members": {"126", "23"}, "full_members": {"121", "21"}, "term_from": {"2024-06-20", "2023-11-08"}, "position": {"", ""}, "units": {"", ""},
		"credit_code": {"", ""}, "counted_on": {"2026-06-30", "2026-06-30"}, "phone": {"", ""}, "address": {"", ""}, "deputies": {"", ""},
	}
	if pair, ok := codes[key]; ok {
		return pair[row-1]
	}
	return t(fmt.Sprintf("org.example.%s_%d", key, row))
}
