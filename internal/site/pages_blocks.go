package site

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lianxin/internal/platform/web"
)

// blocksPage is the struct of the template site/desk_blocks.
type blocksPage struct {
	desk
	Blocks []listedBlock
	Kinds  []web.Option
	Form   web.Fields
}

// listedBlock is a block with the names of the columns it shows.
type listedBlock struct {
	Block
	Columns []string
}

func (p *Pages) blocks(w http.ResponseWriter, r *http.Request) error {
	return p.showBlocks(w, r, 0, web.NewFields(url.Values{"kind": {string(Columns)}}))
}

func (p *Pages) showBlocks(w http.ResponseWriter, r *http.Request, status int, form web.Fields) error {
	l, head, err := p.deskSite(r, "blocks")
	if err != nil {
		return err
	}
	data := blocksPage{desk: head, Form: form}
	for _, b := range l.Blocks {
		row := listedBlock{Block: b}
		for _, id := range b.Config.ColumnIDs {
			row.Columns = append(row.Columns, l.Column(id).Name)
		}
		data.Blocks = append(data.Blocks, row)
	}
	for _, k := range BlockKinds {
		key := "site.blockkind." + string(k)
		data.Kinds = append(data.Kinds, web.Option{Value: string(k), Label: web.T(r.Context(), key), Help: web.T(r.Context(), key+".help")})
	}
	return p.render(w, r, status, l.Name, "site/desk_blocks", data)
}

// blockAdd makes a block that shows something at once, and opens its form.
func (p *Pages) blockAdd(w http.ResponseWriter, r *http.Request) error {
	l, _, err := p.deskSite(r, "blocks")
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	b := Block{Kind: BlockKind(form.Get("kind"))}
	if b.Kind.Uses("columns") || b.Kind.Uses("column") {
		for _, c := range Tree(l.Columns, false) {
			if len(b.Config.ColumnIDs) < 3 && b.Kind != Local {
				b.Config.ColumnIDs = append(b.Config.ColumnIDs, c.ID)
			}
		}
	}
	made, err := p.service.AddBlock(r.Context(), l.ID, b)
	if fields, ok := web.Refill(r.Context(), form, err); ok {
		return p.showBlocks(w, r, http.StatusUnprocessableEntity, fields)
	}
	if err != nil {
		return err
	}
	return back(w, r, l.ID, "/blocks/"+strconv.FormatInt(made.ID, 10), "site.block.added")
}

// blockPage is the struct of the template site/desk_block.
type blockPage struct {
	desk
	Block    Block
	Form     web.Fields
	Columns  []web.Option
	Pictures []web.Option
	Sources  []web.Option
	Tiles    []Tile
	Figures  []Figure
}

func (p *Pages) blockPage(ctx context.Context, l *Live, head desk, b Block, form web.Fields) blockPage {
	data := blockPage{desk: head, Block: b, Form: form, Tiles: b.Config.Tiles, Figures: b.Config.Figures,
		Pictures: []web.Option{{Label: web.T(ctx, "site.banner.site")}}, Sources: []web.Option{{Label: web.T(ctx, "site.figure.own")}}}
	for _, c := range Flatten(l.Columns) {
		data.Columns = append(data.Columns, web.Option{Value: strconv.FormatInt(c.ID, 10), Label: c.Name})
	}
	for _, d := range Drawings {
		data.Pictures = append(data.Pictures, web.Option{Value: d, Label: web.T(ctx, "site.drawing."+d), Picture: d + ".svg"})
	}
	for _, source := range FigureSources {
		data.Sources = append(data.Sources, web.Option{Value: source, Label: web.T(ctx, "site.figure."+source)})
	}
	for len(data.Tiles) < maxTiles {
		data.Tiles = append(data.Tiles, Tile{})
	}
	for len(data.Figures) < maxFigures {
		data.Figures = append(data.Figures, Figure{})
	}
	return data
}

// blockOf returns the block that a desk request names.
func (p *Pages) blockOf(r *http.Request) (*Live, desk, *Block, error) {
	l, head, err := p.deskSite(r, "blocks")
	if err != nil {
		return nil, head, nil, err
	}
	id, err := web.IntPath(r, "block")
	if err != nil {
		return nil, head, nil, err
	}
	b, err := blockIn(l.Blocks, id)
	return l, head, b, err
}

func (p *Pages) blockShow(w http.ResponseWriter, r *http.Request) error {
	l, head, b, err := p.blockOf(r)
	if err != nil {
		return err
	}
	c := b.Config
	values := url.Values{"title": {b.Title}, "limit": {strconv.Itoa(c.Limit)}, "text": {c.Text}, "picture": {c.Picture}, "alt": {c.Alt}, "href": {c.Href}}
	for _, id := range c.ColumnIDs {
		values.Add("columns", strconv.FormatInt(id, 10))
	}
	return p.render(w, r, 0, l.Name, "site/desk_block", p.blockPage(r.Context(), l, head, *b, web.NewFields(values)))
}

func (p *Pages) blockEdit(w http.ResponseWriter, r *http.Request) error {
	l, head, b, err := p.blockOf(r)
	if err != nil {
		return err
	}
	form, err := web.Form(w, r, formLimit)
	if err != nil {
		return err
	}
	config := configFrom(form)
	err = p.service.EditBlock(r.Context(), l.ID, b.ID, form.Get("title"), config)
	if fields, ok := web.Refill(r.Context(), form, err); ok {
		shown := *b
		shown.Config = config
		return p.render(w, r, http.StatusUnprocessableEntity, l.Name, "site/desk_block", p.blockPage(r.Context(), l, head, shown, fields))
	}
	if err != nil {
		return err
	}
	return back(w, r, l.ID, "/blocks", "site.saved")
}

// configFrom reads a block's form; rows that are left empty are left out.
func configFrom(f url.Values) BlockConfig {
	limit, err := strconv.Atoi(f.Get("limit"))
	if err != nil && f.Get("limit") != "" {
		limit = -1 // refused with its reason
	}
	c := BlockConfig{Limit: limit, Text: strings.TrimSpace(f.Get("text")), Picture: f.Get("picture"), Alt: strings.TrimSpace(f.Get("alt")), Href: strings.TrimSpace(f.Get("href"))}
	for _, value := range f["columns"] {
		if id, err := strconv.ParseInt(value, 10, 64); err == nil && id > 0 {
			c.ColumnIDs = append(c.ColumnIDs, id)
		}
	}
	for i, title := range f["tile_title"] {
		t := Tile{strings.TrimSpace(at(f["tile_mark"], i)), strings.TrimSpace(title), strings.TrimSpace(at(f["tile_note"], i)), strings.TrimSpace(at(f["tile_href"], i))}
		if t != (Tile{}) {
			c.Tiles = append(c.Tiles, t)
		}
	}
	for i, label := range f["figure_label"] {
		x := Figure{at(f["figure_source"], i), strings.TrimSpace(at(f["figure_value"], i)), strings.TrimSpace(label)}
		if x != (Figure{}) {
			c.Figures = append(c.Figures, x)
		}
	}
	return c
}

func (p *Pages) blockMove(w http.ResponseWriter, r *http.Request) error {
	return p.part(w, r, "block", "/blocks", "site.moved", p.service.MoveBlock)
}

func (p *Pages) blockRemove(w http.ResponseWriter, r *http.Request) error {
	return p.part(w, r, "block", "/blocks", "site.removed", func(ctx context.Context, siteID, id int64, _ int) error {
		return p.service.RemoveBlock(ctx, siteID, id)
	})
}
