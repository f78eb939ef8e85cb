package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"lianxin/internal/platform/errs"
)

// sample is red in the upper left quarter, blue elsewhere.
func sample(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{B: 200, A: 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{R: 200, A: 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif inserts an EXIF segment with an orientation and a secret comment.
func withExif(data []byte, o uint16) []byte {
	tiff := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(o), 0, 0, 0, 0, 0, 0}
	body := append(append([]byte("Exif\x00\x00"), tiff...), "GPS 30.1N 103.2E"...)
	seg := append([]byte{0xff, 0xe1, 0, 0}, body...)
	binary.BigEndian.PutUint16(seg[2:], uint16(len(body)+2))
	return append(append(append([]byte{}, data[:2]...), seg...), data[2:]...)
}

func TestWidthsAndTypes(t *testing.T) {
	var g bytes.Buffer
	if err := gif.Encode(&g, sample(40, 20), nil); err != nil {
		t.Fatal(err)
	}
	clear := image.NewNRGBA(image.Rect(0, 0, 1000, 500))
	for name, c := range map[string]struct {
		data   []byte
		widths []int
		kind   string
	}{
		"photograph":        {asJPEG(t, sample(2000, 1000)), []int{1600, 800, 320}, "image/jpeg"},
		"narrow photograph": {asJPEG(t, sample(500, 250)), []int{500, 320}, "image/jpeg"},
		"tiny":              {asJPEG(t, sample(2, 1)), []int{2}, "image/jpeg"},
		"opaque png":        {asPNG(t, sample(400, 200)), []int{400, 320}, "image/jpeg"},
		"transparent png":   {asPNG(t, clear), []int{1000, 800, 320}, "image/png"},
		"gif":               {g.Bytes(), []int{40}, "image/png"},
	} {
		versions, err := Shrink(c.data, Widths...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, v := range versions {
			head, format, err := image.DecodeConfig(bytes.NewReader(v.Data))
			if err != nil || i >= len(c.widths) || head.Width != c.widths[i] || v.Width != head.Width || v.Height != head.Height || "image/"+format != c.kind || v.Type != c.kind {
				t.Errorf("%s: version %d is %s %d×%d, %v", name, i, format, head.Width, head.Height, err)
			}
		}
		if len(versions) != len(c.widths) {
			t.Errorf("%s: %d versions, want %d", name, len(versions), len(c.widths))
		}
	}
}

func TestMetadataGoesAndOrientationStays(t *testing.T) {
	stored := sample(80, 40)
	for o := uint16(1); o <= 8; o++ {
		v, err := Shrink(withExif(asJPEG(t, stored), o), 1600)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(v[0].Data, []byte("GPS")) || bytes.Contains(v[0].Data, []byte("Exif")) {
			t.Errorf("orientation %d: metadata is still there", o)
		}
		if turned := o >= 5; turned != (v[0].Height > v[0].Width) {
			t.Errorf("orientation %d: %d×%d", o, v[0].Width, v[0].Height)
		}
		img, _, err := image.Decode(bytes.NewReader(v[0].Data))
		if err != nil {
			t.Fatal(err)
		}
		// The stored first corner appears at the corner the tag names.
		right, bottom := o == 2 || o == 3 || o == 6 || o == 7, o == 3 || o == 4 || o == 7 || o == 8
		x, y := 5, 5
		if right {
			x = v[0].Width - 6
		}
		if bottom {
			y = v[0].Height - 6
		}
		if r, _, b, _ := img.At(x, y).RGBA(); r < b {
			t.Errorf("orientation %d: the marked corner is not at %d,%d", o, x, y)
		}
	}
}

func TestPixelBombIsRefusedBeforeItUnpacks(t *testing.T) {
	data := asPNG(t, sample(10, 10))
	binary.BigEndian.PutUint32(data[16:], 60_000)
	binary.BigEndian.PutUint32(data[20:], 60_000)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	if _, err := Shrink(data, 320); !errs.Is(err, errs.KindTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := Shrink(make([]byte, MaxBytes+1), 320); !errs.Is(err, errs.KindTooLarge) {
		t.Errorf("too many bytes: %v", err)
	}
	for _, junk := range []string{"", "GIF89a", "<svg onload=alert(1)>", "\xff\xd8\xff\xe1\x00\x08Exif\x00\x00"} {
		if _, err := Shrink([]byte(junk), 320); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("%q: %v", junk, err)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(withExif(asJPEG(f, sample(4, 4)), 6))
	f.Add(withExif(asJPEG(f, sample(4, 4)), 6)[:40])
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientation(data); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
