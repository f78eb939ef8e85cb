package site

import (
	"context"
	"time"
)

// Content is what the site's own pages show of articles. The room to the right
// that keeps them implements it and is joined at composition.
type Content interface {
	// Latest returns the newest published articles of the given columns of a
	// site; pinned ones come first.
	Latest(ctx context.Context, siteID int64, columnIDs []int64, limit int) ([]Teaser, error)
	// Rolling returns what rolls over the home page: the articles that were
	// marked for it, or the newest of the columns where none is.
	Rolling(ctx context.Context, siteID int64, columnIDs []int64, limit int) ([]Teaser, error)
	// Pulse returns for each column of a site that holds anything how much was
	// published in it, and when last.
	Pulse(ctx context.Context, siteID int64) (map[int64]Pulse, error)
}

// Teaser is an article as a list shows it.
type Teaser struct {
	ID                       int64
	Title, URL, ColumnName   string
	Summary, Picture, Origin string
	Pinned                   bool
	PublishedAt              time.Time
}

// nothing is a site before any room keeps content.
type nothing struct{}

func (nothing) Latest(context.Context, int64, []int64, int) ([]Teaser, error) { return nil, nil }
func (nothing) Rolling(context.Context, int64, []int64, int) ([]Teaser, error) {
	return nil, nil
}
func (nothing) Pulse(context.Context, int64) (map[int64]Pulse, error) { return nil, nil }
