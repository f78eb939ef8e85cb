package site

import (
	"context"
	"slices"
	"strconv"
)

// block gathers what one block of the home page shows.
func (p *Pages) block(ctx context.Context, l *Live, b Block) (shownBlock, error) {
	out := shownBlock{Block: b, Site: l.Site, Base: l.Base(), Picture: b.Config.Picture}
	if out.Picture == "" {
		out.Picture = l.Banner
	}
	if out.Picture == "" {
		out.Picture = p.service.Theme(l.Theme).Banner
	}
	if b.Kind == Local && b.Config.Picture == "" {
		out.Picture = another(out.Picture)
	}
	var err error
	switch b.Kind {
	case Lead:
		err = p.lead(ctx, l, &out)
	case Columns, Local:
		err = p.columnLists(ctx, l, &out)
	case Rolling:
		var items []Teaser
		items, err = p.service.Content.Rolling(ctx, l.ID, visibleBelow(l, b.Config.ColumnIDs...), limitOr(b.Config.Limit, 8))
		out.Lists = []shelfList{{Items: items}}
	case Figures:
		err = p.figures(ctx, l, &out)
	case Subsites:
		out.Sites, err = p.service.Search(ctx, Query{Below: l.OrgPath, Limit: limitOr(b.Config.Limit, 18)})
	}
	return out, err
}

// another returns a drawing beside the given one, so that a page does not show
// the same twice.
func another(picture string) string {
	return Drawings[(slices.Index(Drawings, picture)+1)%len(Drawings)]
}

func limitOr(n, other int) int {
	if n > 0 {
		return n
	}
	return other
}

// visibleBelow lists the columns with all below them, without hidden ones.
func visibleBelow(l *Live, ids ...int64) []int64 {
	var out []int64
	for _, id := range ids {
		if l.Column(id).Visible {
			out = append(out, Below(l.Columns, id)...)
		}
	}
	return out
}

const leadItems = 7

// lead shows the newest story with a picture, else the newest of all, and the
// others in the list beside it.
func (p *Pages) lead(ctx context.Context, l *Live, out *shownBlock) error {
	if len(out.Config.ColumnIDs) == 0 {
		return nil
	}
	id := out.Config.ColumnIDs[0]
	items, err := p.service.Content.Latest(ctx, l.ID, visibleBelow(l, id), leadItems)
	if err != nil {
		return err
	}
	at := 0
	for i, t := range items {
		if t.Picture != "" {
			at = i
			break
		}
	}
	if len(items) > 0 {
		story := items[at]
		out.Story = &story
	}
	rest := make([]Teaser, 0, leadItems)
	for i, t := range items {
		if i != at {
			rest = append(rest, t)
		}
	}
	out.Lists = []shelfList{{Column: l.Column(id), Items: rest}}
	return nil
}

func (p *Pages) columnLists(ctx context.Context, l *Live, out *shownBlock) error {
	for _, id := range out.Config.ColumnIDs {
		c := l.Column(id)
		if !c.Visible {
			continue
		}
		items, err := p.service.Content.Latest(ctx, l.ID, visibleBelow(l, id), limitOr(out.Config.Limit, 5))
		if err != nil {
			return err
		}
		out.Lists = append(out.Lists, shelfList{Column: c, Items: items})
	}
	return nil
}

func (p *Pages) figures(ctx context.Context, l *Live, out *shownBlock) error {
	for _, f := range out.Config.Figures {
		value := f.Value
		if f.Source != "" {
			n, err := p.count(ctx, l, f.Source)
			if err != nil {
				return err
			}
			value = strconv.Itoa(n)
		}
		out.Figures = append(out.Figures, shownFigure{value, f.Label})
	}
	return nil
}

// count is a figure that the node itself knows.
func (p *Pages) count(ctx context.Context, l *Live, source string) (int, error) {
	if source == "subsites" {
		return countBelow(ctx, p.service.DB.Read(), l.OrgPath)
	}
	pulse, err := p.service.Content.Pulse(ctx, l.ID)
	if err != nil {
		return 0, err
	}
	articles, columns := 0, 0
	for _, c := range l.Columns {
		if n := pulse[c.ID].Count; c.Visible && n > 0 {
			articles += n
			columns++
		}
	}
	if source == "columns" {
		return columns, nil
	}
	return articles, nil
}
