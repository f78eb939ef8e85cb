// Package picture makes uploaded pictures fit for the web: it refuses what
// would exhaust the memory, turns them upright, scales them to a few widths
// and writes them anew, which leaves behind all metadata (place, device,
// author) and anything hidden in the file.
package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // read: the first frame
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // read

	"lianxin/internal/platform/errs"
)

const (
	// MaxBytes bounds an uploaded picture.
	MaxBytes = 30 << 20
	// MaxPixels bounds it once unpacked: at 4 bytes a pixel, 160 MB.
	MaxPixels = 40_000_000
	quality   = 82
)

// Widths are the usual ones: full text width on dense screens, half, preview.
var Widths = []int{1600, 800, 320}

// Version is a picture in one width.
type Version struct {
	Width, Height int
	Type          string // image/jpeg or image/png
	Data          []byte
}

// Name returns a file name that fits the type.
func (v Version) Name() string {
	if v.Type == "image/png" {
		return "picture.png"
	}
	return "picture.jpg"
}

// Shrink returns the picture in each of the widths, widest first. A picture
// narrower than a width keeps its own, and equal versions appear once. JPEG,
// PNG, GIF and WebP are read; transparent or small drawings stay PNG.
func Shrink(data []byte, widths ...int) ([]Version, error) {
	img, err := Decode(data)
	if err != nil {
		return nil, err
	}
	lossless := keepsEdges(img)
	var out []Version
	for _, width := range widths {
		width = min(width, img.Bounds().Dx())
		if len(out) > 0 && out[len(out)-1].Width == width {
			continue
		}
		v, err := encode(scale(img, width), lossless)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Decode reads a picture upright, within the limits.
func Decode(data []byte) (image.Image, error) {
	if len(data) > MaxBytes {
		return nil, errs.TooLarge("picture.too_large", errs.Args{"Max": MaxBytes >> 20})
	}
	head, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, errs.Invalid("picture.unreadable").Because(err)
	}
	if head.Width <= 0 || head.Height <= 0 || head.Width > MaxPixels/head.Height {
		return nil, errs.TooLarge("picture.too_many_pixels", errs.Args{"Max": MaxPixels / 1_000_000})
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, errs.Invalid("picture.unreadable").Because(err)
	}
	if format == "jpeg" {
		img = upright(img, orientation(data))
	}
	return img, nil
}

// keepsEdges decides for PNG: drawings with few colours or transparency would
// look worn as JPEG.
func keepsEdges(img image.Image) bool {
	switch p := img.(type) {
	case *image.Paletted:
		return true
	case interface{ Opaque() bool }:
		return !p.Opaque()
	}
	return false
}

func scale(img image.Image, width int) image.Image {
	b := img.Bounds()
	if b.Dx() <= width {
		return img
	}
	height := max(1, (b.Dy()*width+b.Dx()/2)/b.Dx())
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}

func encode(img image.Image, lossless bool) (Version, error) {
	b := img.Bounds()
	v := Version{Width: b.Dx(), Height: b.Dy(), Type: "image/jpeg"}
	var buf bytes.Buffer
	var err error
	if lossless {
		v.Type = "image/png"
		enc := png.Encoder{CompressionLevel: png.DefaultCompression}
		err = enc.Encode(&buf, img)
	} else {
		err = jpeg.Encode(&buf, flat(img), &jpeg.Options{Quality: quality})
	}
	if err != nil {
		return v, fmt.Errorf("encode picture: %w", err)
	}
	v.Data = buf.Bytes()
	return v, nil
}

// flat converts the rarer forms (CMYK, 16 bit) to what the encoder reads fast.
func flat(img image.Image) image.Image {
	switch img.ColorModel() {
	case color.YCbCrModel, color.RGBAModel, color.GrayModel:
		return img
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}
