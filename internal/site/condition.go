package site

// Condition is one of the opening conditions of a site (建站条件).
type Condition struct {
	// Key names it: name, responsible, contact, organiser, columns, notice.
	Key string
	Met bool
	// Have and Need are numbers where the condition counts something.
	Have, Need int
	// Href leads to where it is fulfilled, relative to the site's desk page.
	Href string
}

// Conditions judges what a site still lacks before it may be opened.
func Conditions(s Site, columns []Column, pulse map[int64]Pulse) []Condition {
	filled, notices := 0, 0
	for _, c := range columns {
		if n := pulse[c.ID].Count; c.Visible && n > 0 {
			filled++
			if c.Slug == noticeSlug {
				notices += n
			}
		}
	}
	need := templateBy(s.Template).Filled
	return []Condition{
		{Key: "name", Met: s.Name != "", Href: "/settings"},
		{Key: "organiser", Met: s.Organiser != "", Href: "/settings"},
		{Key: "responsible", Met: s.Responsible != "", Href: "/settings"},
		{Key: "contact", Met: s.Phone != "" || s.Email != "", Href: "/settings"},
		{Key: "columns", Met: filled >= need, Have: filled, Need: need, Href: "/columns"},
		{Key: "notice", Met: notices > 0, Href: "/columns"},
	}
}

// Unmet returns the conditions that are not fulfilled.
func Unmet(all []Condition) []Condition {
	var out []Condition
	for _, c := range all {
		if !c.Met {
			out = append(out, c)
		}
	}
	return out
}
