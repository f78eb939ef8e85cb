package richtext

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// find returns the first element of the kind below n, or nil.
func find(n *html.Node, tag atom.Atom) *html.Node {
	if n == nil {
		return nil
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.DataAtom == tag {
			return d
		}
	}
	return nil
}

// only reports whether there is exactly one element of the kind below n.
func only(n *html.Node, tag atom.Atom) bool {
	count := 0
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.DataAtom == tag {
			count++
		}
	}
	return count == 1
}

func textOf(n *html.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func setAttr(n *html.Node, key, val string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			n.Attr[i].Val = val
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: val})
}

// wrapLists puts runs of li that asListItem made into ul and ol, nested by
// their level.
func wrapLists(parent *html.Node) {
	type open struct {
		list  *html.Node
		level int
	}
	var stack []open
	for n := parent.FirstChild; n != nil; {
		next := n.NextSibling
		mark := attr(n, "data-list")
		switch {
		case n.Type == html.TextNode && strings.TrimSpace(n.Data) == "":
		case mark == "":
			stack = nil
			if n.Type == html.ElementNode {
				wrapLists(n)
			}
		default:
			kind, level := mark[:2], int(mark[2]-'0')
			for len(stack) > 0 && (stack[len(stack)-1].level > level || stack[len(stack)-1].level == level && stack[len(stack)-1].list.Data != kind) {
				stack = stack[:len(stack)-1]
			}
			if len(stack) == 0 || stack[len(stack)-1].level < level {
				list := &html.Node{Type: html.ElementNode, Data: kind, DataAtom: atom.Lookup([]byte(kind))}
				if len(stack) == 0 {
					parent.InsertBefore(list, n)
				} else {
					stack[len(stack)-1].list.LastChild.AppendChild(list)
				}
				stack = append(stack, open{list, level})
			}
			parent.RemoveChild(n)
			n.Attr = nil
			stack[len(stack)-1].list.AppendChild(n)
		}
		n = next
	}
}

// wrapLoose puts text and inline elements that stand between blocks into
// paragraphs.
func wrapLoose(body *html.Node) {
	var p *html.Node
	for n := body.FirstChild; n != nil; {
		next := n.NextSibling
		block := n.Type == html.ElementNode && isBlock(n.DataAtom) && n.DataAtom != atom.Br
		blank := n.Type == html.TextNode && strings.TrimSpace(n.Data) == "" || n.DataAtom == atom.Br
		switch {
		case block, p == nil && blank:
			p = nil
		default:
			if p == nil {
				p = &html.Node{Type: html.ElementNode, Data: "p", DataAtom: atom.P}
				body.InsertBefore(p, n)
			}
			body.RemoveChild(n)
			p.AppendChild(n)
		}
		n = next
	}
}
