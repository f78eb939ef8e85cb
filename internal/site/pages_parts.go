package site

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

func (p *Pages) partRoutes(rt *web.Router) {
	rt.Page("GET /desk/sites/{id}/columns", View, p.columns)
	rt.Page("POST /desk/sites/{id}/columns", Edit, p.columnAdd)
	rt.Page("GET /desk/sites/{id}/columns/{column}", Edit, p.column)
	rt.Page("POST /desk/sites/{id}/columns/{column}", Edit, p.columnEdit)
	rt.Page("POST /desk/sites/{id}/columns/{column}/position", Edit, p.columnMove)
	rt.Page("POST /desk/sites/{id}/columns/{column}/confirmation", Edit, p.columnConfirm)
	rt.Page("POST /desk/sites/{id}/columns/{column}/removal", Edit, p.columnRemove)
	rt.Page("GET /desk/sites/{id}/menu", Edit, p.menu)
	rt.Page("POST /desk/sites/{id}/menu", Edit, p.menuSet)
	rt.Page("GET /desk/sites/{id}/blocks", Edit, p.blocks)
	rt.Page("POST /desk/sites/{id}/blocks", Edit, p.blockAdd)
	rt.Page("GET /desk/sites/{id}/blocks/{block}", Edit, p.blockShow)
	rt.Page("POST /desk/sites/{id}/blocks/{block}", Edit, p.blockEdit)
	rt.Page("POST /desk/sites/{id}/blocks/{block}/position", Edit, p.blockMove)
	rt.Page("POST /desk/sites/{id}/blocks/{block}/removal", Edit, p.blockRemove)
}

// columnsPage is the struct of the template site/desk_columns.
type columnsPage struct {
	desk
	Columns []judged
	Form    web.Fields
	Parents []web.Option
	Kinds   []web.Option
	// Column is the one that is edited; zero on the list, where Form is for a new one.
	Column Column
}

func (p *Pages) columnsPage(r *http.Request, form web.Fields) (*Live, columnsPage, error) {
	ctx := r.Context()
	l, head, err := p.deskSite(r, "columns")
	if err != nil {
		return nil, columnsPage{}, err
	}
	pulse, err := p.service.Content.Pulse(ctx, l.ID)
	if err != nil {
		return nil, columnsPage{}, err
	}
	data := columnsPage{desk: head, Columns: judge(l, pulse, p.service.Now()), Form: form, Parents: []web.Option{{Value: "0", Label: web.T(ctx, "site.column.top")}}}
	for _, c := range Flatten(l.Columns) {
		data.Parents = append(data.Parents, web.Option{Value: strconv.FormatInt(c.ID, 10), Label: strings.Repeat("　", c.Depth) + c.Name})
	}
	for _, k := range ColumnKinds {
		data.Kinds = append(data.Kinds, web.Option{Value: string(k), Label: web.T(ctx, "site.kind."+string(k)), Help: web.T(ctx, "site.kind."+string(k)+".help")})
	}
	return l, data, nil
}

func (p *Pages) columns(w http.ResponseWriter, r *http.Request) error {
	l, data, err := p.columnsPage(r, web.NewFields(url.Values{"kind": {string(News)}, "visible": {"on"}, "parent": {"0"}}))
	if err != nil {
		return err
	}
	return p.render(w, r, 0, l.Name, "site/desk_columns", data)
}

func columnFrom(f url.Values) ColumnDraft {
	parent, _ := strconv.ParseInt(f.Get("parent"), 10, 64) // rubbish is the top
	return ColumnDraft{ParentID: parent, Slug: f.Get("slug"), Name: f.Get("name"), Description: f.Get("description"), Kind: ColumnKind(f.Get("kind")), Visible: f.Get("visible") != ""}
}

func (p *Pages) columnAdd(w http.ResponseWriter, r *http.Request) error {
	return p.columnSave(w, r, func(ctx context.Context, siteID int64, d ColumnDraft) error {
		_, err := p.service.AddColumn(ctx, siteID, d)
		return err
	})
}

func (p *Pages) columnEdit(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "column")
	if err != nil {
		return err
	}
	return p.columnSave(w, r, func(ctx context.Context, siteID int64, d ColumnDraft) error {
		return p.service.EditColumn(ctx, siteID, id, d)
	})
}

func (p *Pages) columnSave(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, siteID int64, d ColumnDraft) error) error {
	siteID, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	err = do(r.Context(), siteID, columnFrom(form))
	if fields, ok := web.Refill(r.Context(), form, err); ok {
		l, data, err := p.columnsPage(r, fields)
		if err != nil {
			return err
		}
		id, _ := strconv.ParseInt(r.PathValue("column"), 10, 64) // none for a new column
		data.Column = l.Column(id)
		return p.render(w, r, http.StatusUnprocessableEntity, l.Name, columnTemplate(data.Column), data)
	}
	if err != nil {
		return err
	}
	return back(w, r, siteID, "/columns", "site.saved")
}

func columnTemplate(c Column) string {
	if c.ID == 0 {
		return "site/desk_columns"
	}
	return "site/desk_column"
}

func (p *Pages) column(w http.ResponseWriter, r *http.Request) error {
	id, err := web.IntPath(r, "column")
	if err != nil {
		return err
	}
	l, data, err := p.columnsPage(r, web.Fields{})
	if err != nil {
		return err
	}
	c := l.Column(id)
	if c.ID == 0 {
		return errs.NotFound("site.column.not_found")
	}
	values := url.Values{"parent": {strconv.FormatInt(c.ParentID, 10)}, "slug": {c.Slug}, "name": {c.Name}, "description": {c.Description}, "kind": {string(c.Kind)}}
	if c.Visible {
		values.Set("visible", "on")
	}
	data.Column, data.Form = c, web.NewFields(values)
	return p.render(w, r, 0, l.Name, "site/desk_column", data)
}

// part runs a small step on a column or block and goes back to their list.
func (p *Pages) part(w http.ResponseWriter, r *http.Request, name, path, toast string, do func(ctx context.Context, siteID, id int64, step int) error) error {
	siteID, err := web.IntPath(r, "id")
	if err != nil {
		return err
	}
	id, err := web.IntPath(r, name)
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	step := 1
	if form.Get("step") == "up" {
		step = -1
	}
	if err := do(r.Context(), siteID, id, step); err != nil {
		return err
	}
	return back(w, r, siteID, path, toast)
}

func (p *Pages) columnMove(w http.ResponseWriter, r *http.Request) error {
	return p.part(w, r, "column", "/columns", "site.moved", p.service.MoveColumn)
}

func (p *Pages) columnConfirm(w http.ResponseWriter, r *http.Request) error {
	return p.part(w, r, "column", "/columns", "site.column.confirmed", func(ctx context.Context, siteID, id int64, _ int) error {
		return p.service.ConfirmColumn(ctx, siteID, id)
	})
}

func (p *Pages) columnRemove(w http.ResponseWriter, r *http.Request) error {
	return p.part(w, r, "column", "/columns", "site.removed", func(ctx context.Context, siteID, id int64, _ int) error {
		return p.service.RemoveColumn(ctx, siteID, id)
	})
}

// menuPage is the struct of the template site/desk_menu.
type menuPage struct {
	desk
	Rows    []menuRow
	Targets []web.Option
	Form    web.Fields
	Max     int
}

// menuRow is an entry as the form shows it; Target is a column's id, or empty
// for a link of its own.
type menuRow struct{ Label, Target, Href string }

const emptyRows = 3

func (p *Pages) menu(w http.ResponseWriter, r *http.Request) error {
	l, head, err := p.deskSite(r, "menu")
	if err != nil {
		return err
	}
	var rows []menuRow
	for _, m := range l.Menu {
		row := menuRow{Label: m.Label, Href: m.Href}
		if m.ColumnID != 0 {
			row.Target = strconv.FormatInt(m.ColumnID, 10)
		}
		rows = append(rows, row)
	}
	return p.showMenu(w, r, 0, l, head, rows, web.Fields{})
}

func (p *Pages) showMenu(w http.ResponseWriter, r *http.Request, status int, l *Live, head desk, rows []menuRow, form web.Fields) error {
	data := menuPage{desk: head, Rows: append(rows, make([]menuRow, emptyRows)...), Form: form, Max: maxMenu}
	data.Targets = append(data.Targets, web.Option{Label: web.T(r.Context(), "site.menu.link")})
	for _, c := range Flatten(l.Columns) {
		data.Targets = append(data.Targets, web.Option{Value: strconv.FormatInt(c.ID, 10), Label: strings.Repeat("　", c.Depth) + c.Name})
	}
	return p.render(w, r, status, l.Name, "site/desk_menu", data)
}

// menuSet stores all rows of the form. Rows are ordered by their numbers; an
// empty row is left out.
func (p *Pages) menuSet(w http.ResponseWriter, r *http.Request) error {
	l, head, err := p.deskSite(r, "menu")
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	rows, menu := menuFrom(form)
	err = p.service.SetMenu(r.Context(), l.ID, menu)
	if fields, ok := web.Refill(r.Context(), form, err); ok {
		return p.showMenu(w, r, http.StatusUnprocessableEntity, l, head, rows, fields)
	}
	if err != nil {
		return err
	}
	return back(w, r, l.ID, "/menu", "site.saved")
}

func menuFrom(form url.Values) ([]menuRow, []MenuEntry) {
	type numbered struct {
		menuRow
		order float64
	}
	var list []numbered
	for i, label := range form["label"] {
		row := menuRow{strings.TrimSpace(label), at(form["target"], i), strings.TrimSpace(at(form["href"], i))}
		if row.Label == "" && row.Href == "" && row.Target == "" {
			continue
		}
		order, err := strconv.ParseFloat(at(form["order"], i), 64)
		if err != nil {
			order = float64(i + 1)
		}
		list = append(list, numbered{row, order})
	}
	slices.SortStableFunc(list, func(a, b numbered) int {
		switch {
		case a.order < b.order:
			return -1
		case a.order > b.order:
			return 1
		}
		return 0
	})
	var rows []menuRow
	var menu []MenuEntry
	for _, n := range list {
		column, _ := strconv.ParseInt(n.Target, 10, 64) // empty for a link
		rows = append(rows, n.menuRow)
		menu = append(menu, MenuEntry{Label: n.Label, ColumnID: column, Href: n.Href})
	}
	return rows, menu
}

// at returns the i-th value of a repeated field, "" behind its end.
func at(values []string, i int) string {
	if i < len(values) {
		return values[i]
	}
	return ""
}
