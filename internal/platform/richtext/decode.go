package richtext

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"lianxin/internal/platform/errs"
)

// Decode reads text of unknown encoding: UTF-8, UTF-16 with or without a byte
// order mark, or GB18030 (and with it GBK and GB2312). Broken or binary bytes
// are refused with their position, never guessed at. Line ends become \n.
func Decode(src []byte) (string, error) {
	if len(src) > MaxText {
		return "", tooLarge(MaxText)
	}
	text, err := decode(src)
	if err != nil {
		return "", err
	}
	return tidyControls(text), nil
}

func decode(src []byte) (string, error) {
	if enc, ok := utf16Of(src); ok {
		return strictly(enc, src)
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return "", errs.Invalid("richtext.binary")
	}
	if utf8.Valid(src) {
		return string(src), nil
	}
	if mostlyUTF8(src) {
		return "", errs.Invalid("richtext.broken_utf8", errs.Args{"Line": brokenLine(src)})
	}
	text, err := strictly(simplifiedchinese.GB18030, src)
	if err != nil {
		return "", err
	}
	if !readsAsChinese(text) {
		return "", errs.Invalid("richtext.unknown_encoding")
	}
	return text, nil
}

// utf16Of recognises UTF-16 by its mark or, without one, by zero bytes that
// stand only at odd or only at even places.
func utf16Of(src []byte) (encoding.Encoding, bool) {
	switch {
	case bytes.HasPrefix(src, []byte{0xff, 0xfe}):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), true
	case bytes.HasPrefix(src, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), true
	case len(src) < 4 || len(src)%2 != 0:
		return nil, false
	}
	var zeros [2]int
	for i, b := range src[:min(len(src), 4096)] {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case zeros[0] == 0 && zeros[1] > 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), true
	case zeros[1] == 0 && zeros[0] > 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), true
	}
	return nil, false
}

// strictly decodes and refuses replacement characters.
func strictly(enc encoding.Encoding, src []byte) (string, error) {
	out, err := enc.NewDecoder().Bytes(src)
	if err != nil {
		return "", errs.Invalid("richtext.unknown_encoding").Because(err)
	}
	if i := bytes.IndexRune(out, utf8.RuneError); i >= 0 {
		return "", errs.Invalid("richtext.broken_text", errs.Args{"Line": 1 + bytes.Count(out[:i], []byte("\n"))})
	}
	if bytes.IndexByte(out, 0) >= 0 {
		return "", errs.Invalid("richtext.binary")
	}
	return string(out), nil
}

// mostlyUTF8 tells a damaged UTF-8 text from one in another encoding: nearly
// all bytes above ASCII still stand in valid sequences.
func mostlyUTF8(src []byte) bool {
	var good, bad int
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good += n
		}
		src = src[n:]
	}
	return good > 9*bad
}

func brokenLine(src []byte) int {
	line := 1
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		src = src[n:]
	}
	return line
}

// readsAsChinese reports whether what GB18030 made of the bytes is plausible:
// nearly anything decodes, but only Chinese text decodes to Chinese characters
// and punctuation.
func readsAsChinese(text string) bool {
	var likely, odd int
	for _, r := range text {
		switch {
		case r < 0x80:
		case r >= 0x4e00 && r <= 0x9fff, r >= 0x3000 && r <= 0x303f, r >= 0xff00 && r <= 0xffef,
			r >= 0x2010 && r <= 0x2312, r == 0xb7, r == 0xd7, r == 0xb0, r >= 0x2460 && r <= 0x249b, r >= 0x3220 && r <= 0x3229:
			likely++
		default:
			odd++
		}
	}
	return likely >= 9*odd
}

// tidyControls unifies line ends and drops control characters, which have no
// meaning in text and upset XML readers of our feeds.
func tidyControls(s string) string {
	if strings.IndexFunc(s, isStray) < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.Map(func(r rune) rune {
		if isStray(r) {
			return -1
		}
		return r
	}, s)
}

func isStray(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff ||
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 // direction overrides hide what a text says
}

// decodeHTML honours the charset a page declares, unless the bytes contradict.
func decodeHTML(src []byte) (string, error) {
	if len(src) > MaxText {
		return "", tooLarge(MaxText)
	}
	head := src[:min(len(src), 1024)]
	_, name, certain := charset.DetermineEncoding(head, "")
	declared := certain || bytes.Contains(bytes.ToLower(head), []byte("charset"))
	if declared && !utf8.Valid(src) {
		switch name {
		case "utf-8", "utf-16le", "utf-16be": // Decode knows better, and says where it breaks
		case "gbk", "gb18030", "hz-gb-2312":
			text, err := strictly(simplifiedchinese.GB18030, src)
			return tidyControls(text), err
		default:
			if enc, _ := charset.Lookup(name); enc != nil {
				text, err := strictly(enc, src)
				return tidyControls(text), err
			}
		}
	}
	return Decode(src)
}
