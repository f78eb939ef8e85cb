// Package themes holds the looks of public sites: one file a theme with its
// colours and arrangement, and its banner drawing, which the front-end build
// serves as theme-<key>.svg.
package themes

import "embed"

// Files are the descriptions of the themes.
//
//go:embed *.toml
var Files embed.FS
