package richtext

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

// node is an element of OOXML. Names carry a short prefix that is the same for
// the transitional and the strict namespaces: w:p, r:id, a:blip.
type node struct {
	name  string
	attrs []xml.Attr
	kids  []*node
	text  string // of w:t and its like
}

const (
	maxDepth = 200
	maxNodes = 4_000_000
)

var errTooDeep = errors.New("elements nested too deeply or too many")

func parseXML(data []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return in, nil // converted below
		}
		return charset.NewReaderLabel(label, in)
	}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		utf8, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		if err != nil {
			return nil, err
		}
		data = utf8
		dec = xml.NewDecoder(bytes.NewReader(data))
		dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	}
	var stack []*node
	var root *node
	count := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if root == nil || len(stack) > 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if count++; len(stack) >= maxDepth || count > maxNodes {
				return nil, errTooDeep
			}
			n := &node{name: shortName(t.Name), attrs: append([]xml.Attr(nil), t.Attr...)}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.kids = append(top.kids, n)
			} else if root == nil {
				root = n
			}
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 && holdsText(stack[len(stack)-1].name) {
				stack[len(stack)-1].text += string(t)
			}
		}
	}
}

// holdsText tells the elements whose characters are words: w:t, a:t, t of a
// spreadsheet's strings, v of its numbers.
func holdsText(name string) bool {
	return name == "w:instrText" || name == "v" || name[strings.IndexByte(name, ':')+1:] == "t"
}

func shortName(n xml.Name) string {
	switch s := n.Space; {
	case s == "":
		return n.Local
	case strings.HasSuffix(s, "wordprocessingml/2006/main"), strings.HasSuffix(s, "wordprocessingml/main"):
		return "w:" + n.Local
	case strings.HasSuffix(s, "officeDocument/2006/relationships"), strings.HasSuffix(s, "officeDocument/relationships"):
		return "r:" + n.Local
	case strings.HasSuffix(s, "drawingml/2006/main"), strings.HasSuffix(s, "drawingml/main"):
		return "a:" + n.Local
	case strings.HasSuffix(s, "/wordprocessingDrawing"):
		return "wp:" + n.Local
	case strings.HasSuffix(s, "drawingml/2006/picture"), strings.HasSuffix(s, "drawingml/picture"):
		return "pic:" + n.Local
	case strings.Contains(s, "markup-compatibility"):
		return "mc:" + n.Local
	case strings.HasSuffix(s, "officeDocument/2006/math"), strings.HasSuffix(s, "officeDocument/math"):
		return "m:" + n.Local
	case s == "urn:schemas-microsoft-com:vml":
		return "v:" + n.Local
	}
	return n.Local
}

func (n *node) attr(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attrs {
		if shortName(a.Name) == name {
			return a.Value
		}
	}
	return ""
}

// child returns the first child of that name, nil if there is none; all methods
// work on nil.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// val is the w:val of a child.
func (n *node) val(child string) string { return n.child(child).attr("w:val") }

// on reads a switch such as <w:b/> or <w:b w:val="0"/>. Unset is reported apart.
func (n *node) on(name string) (on, set bool) {
	c := n.child(name)
	if c == nil {
		return false, false
	}
	switch c.attr("w:val") {
	case "0", "false", "off", "none":
		return false, true
	}
	return true, true
}

// first searches below n, depth first.
func (n *node) first(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
		if f := k.first(name); f != nil {
			return f
		}
	}
	return nil
}
