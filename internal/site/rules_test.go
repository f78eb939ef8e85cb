package site

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lianxin/internal/platform/clock"
)

func TestFreshness(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	ago := func(days float64) time.Time { return now.Add(-time.Duration(days * 24 * float64(time.Hour))) }
	for _, c := range []struct {
		name      string
		kind      ColumnKind
		pulse     Pulse
		confirmed time.Time
		want      Fresh
	}{
		{"nothing ever published", News, Pulse{}, time.Time{}, IsEmpty},
		{"news of today", News, Pulse{Count: 1, Latest: now}, time.Time{}, IsFresh},
		{"news just below 80 %", News, Pulse{Count: 1, Latest: ago(11.1)}, time.Time{}, IsFresh},
		{"news at 80 %", News, Pulse{Count: 1, Latest: ago(11.21)}, time.Time{}, IsAgeing},
		{"news on the last day", News, Pulse{Count: 1, Latest: ago(14)}, time.Time{}, IsAgeing},
		{"news a day late", News, Pulse{Count: 9, Latest: ago(15)}, time.Time{}, IsStale},
		{"notices have half a year", Policy180, Pulse{Count: 1, Latest: ago(15)}, time.Time{}, IsFresh},
		{"notices too old", Policy180, Pulse{Count: 1, Latest: ago(181)}, time.Time{}, IsStale},
		{"plans have a year", Plan, Pulse{Count: 1, Latest: ago(200)}, time.Time{}, IsFresh},
		{"a lasting text confirmed lately", Static, Pulse{Count: 1, Latest: ago(900)}, ago(10), IsFresh},
		{"a lasting text never confirmed", Static, Pulse{Count: 1, Latest: ago(900)}, time.Time{}, IsStale},
		{"confirming news changes nothing", News, Pulse{Count: 1, Latest: ago(30)}, now, IsStale},
		{"confirming an empty shelf changes nothing", Static, Pulse{}, now, IsEmpty},
		{"no question waits", Interactive, Pulse{}, time.Time{}, IsFresh},
		{"a question waits too long", Interactive, Pulse{Waiting: ago(8)}, time.Time{}, IsStale},
	} {
		if got := Freshness(c.kind, c.pulse, c.confirmed, now); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestStatesFollowTheOrderOfLife(t *testing.T) {
	allowed := map[[2]State]bool{
		{Preparing, Open}: true, {Preparing, Closed}: true, {Open, Suspended}: true, {Open, Closed}: true,
		{Suspended, Open}: true, {Suspended, Closed}: true,
	}
	for _, from := range States {
		for _, to := range States {
			if got := from.May(to); got != allowed[[2]State{from, to}] {
				t.Errorf("%s → %s: %t", from, to, got)
			}
		}
	}
}

func TestDraftFaults(t *testing.T) {
	good := Draft{Name: "云岭镇党建", Slug: "yunling", Host: "dj.example.cn", Email: "a@b.cn", IDCode: "3100000087"}
	if f := good.Check(); len(f) != 0 {
		t.Errorf("a good draft is refused: %v", f)
	}
	for field, spoil := range map[string]func(*Draft){
		"name":       func(d *Draft) { d.Name = "" },
		"slug":       func(d *Draft) { d.Slug = "云岭" },
		"host":       func(d *Draft) { d.Host = "http://x" },
		"email":      func(d *Draft) { d.Email = "nobody" },
		"id_code":    func(d *Draft) { d.IDCode = "123" },
		"motto":      func(d *Draft) { d.Motto = strings.Repeat("长", 41) },
		"intro":      func(d *Draft) { d.Intro = strings.Repeat("长", 301) },
		"undertaker": func(d *Draft) { d.Undertaker = strings.Repeat("长", 61) },
	} {
		d := good
		spoil(&d)
		if f := d.Check(); len(f) != 1 || f[field].Key == "" {
			t.Errorf("%s: faults %v", field, f)
		}
	}
}

func TestSlugsThatWouldBreakAddresses(t *testing.T) {
	for _, slug := range []string{"", "-a", "a-", "A b", "a/b", "a.b", "..", strings.Repeat("a", 41), "a\n"} {
		if slugForm.MatchString(slug) {
			t.Errorf("%q is taken for an address", slug)
		}
	}
}

func TestSuspension(t *testing.T) {
	const today = clock.Day("2026-11-23")
	for _, c := range []struct {
		name        string
		from, until clock.Day
		reason      string
		faulty      string
	}{
		{"a month", "2026-11-23", "2026-12-22", "机房搬迁", ""},
		{"one day", "2026-11-24", "2026-11-24", "检修", ""},
		{"a day too long", "2026-11-23", "2026-12-23", "机房搬迁", "until"},
		{"backwards", "2026-11-24", "2026-11-23", "检修", "until"},
		{"yesterday", "2026-11-22", "2026-11-24", "检修", "from"},
		{"no end", "2026-11-23", "", "检修", "until"},
		{"no reason", "2026-11-23", "2026-11-24", "", "reason"},
	} {
		f := CheckSuspension(c.from, c.until, c.reason, today)
		if c.faulty == "" && len(f) != 0 || c.faulty != "" && f[c.faulty].Key == "" {
			t.Errorf("%s: faults %v", c.name, f)
		}
	}
}

func TestColumnTree(t *testing.T) {
	all := []Column{{ID: 1, Name: "a", Slug: "a", Visible: true}, {ID: 2, ParentID: 1, Name: "b", Slug: "b", Visible: true}, {ID: 3, ParentID: 2, Name: "c", Slug: "c"}, {ID: 4, Name: "d", Slug: "d", Visible: true}}
	good := ColumnDraft{Name: "新", Slug: "new", Kind: News, Visible: true}
	for _, c := range []struct {
		name  string
		id    int64
		draft ColumnDraft
		field string
	}{
		{"at the top", 0, good, ""},
		{"below the second level", 0, ColumnDraft{ParentID: 2, Name: "新", Slug: "new", Kind: News}, ""},
		{"a fourth level", 0, ColumnDraft{ParentID: 3, Name: "新", Slug: "new", Kind: News}, "parent"},
		{"moving a branch too deep", 1, ColumnDraft{ParentID: 4, Name: "a", Slug: "a", Kind: News}, "parent"},
		{"below itself", 1, ColumnDraft{ParentID: 2, Name: "a", Slug: "a", Kind: News}, "parent"},
		{"below one that is not there", 0, ColumnDraft{ParentID: 9, Name: "新", Slug: "new", Kind: News}, "parent"},
		{"a taken address", 0, ColumnDraft{Name: "新", Slug: "a", Kind: News}, "slug"},
		{"a sister's name", 0, ColumnDraft{Name: "d", Slug: "new", Kind: News}, "name"},
		{"the same name elsewhere", 0, ColumnDraft{ParentID: 1, Name: "d", Slug: "new", Kind: News}, ""},
		{"no kind", 0, ColumnDraft{Name: "新", Slug: "new"}, "kind"},
	} {
		f := c.draft.Check(c.id, all)
		if c.field == "" && len(f) != 0 || c.field != "" && f[c.field].Key == "" {
			t.Errorf("%s: faults %v", c.name, f)
		}
	}
	if got := Below(all, 1); len(got) != 2 {
		t.Errorf("hidden columns are listed: %v", got)
	}
	if got := Flatten(all); len(got) != 4 || got[2].Depth != 2 {
		t.Errorf("flat: %v", got)
	}
}

func TestThemesAreLegible(t *testing.T) {
	all, err := loadThemes()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 4 {
		t.Fatalf("%d themes", len(all))
	}
	layouts := map[string]bool{}
	for _, theme := range all {
		layouts[theme.Layout] = true
		if f := (Look{Theme: theme.Key, Colour: theme.Brand, Banner: theme.Banner}).Check(all); len(f) != 0 {
			t.Errorf("%s: %v", theme.Key, f)
		}
	}
	if len(layouts) != len(all) {
		t.Errorf("themes share a layout: %v", layouts)
	}
	for _, pale := range []string{"#ffcc00", "#ff6666", "#4aa3ff", "#ffffff"} {
		if f := (Look{Theme: "red", Colour: pale}).Check(all); f["colour"].Key != "site.colour.faint" {
			t.Errorf("%s is let pass: %v", pale, f)
		}
	}
	for _, wrong := range []string{"red", "#12345", "#12345g", "url(x)", "#fff;}"} {
		if f := (Look{Theme: "red", Colour: wrong}).Check(all); f["colour"].Key != "site.colour.form" {
			t.Errorf("%q is let pass: %v", wrong, f)
		}
	}
}

func TestContrastAgainstKnownPairs(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#767676", "#ffffff", 4.54}, {"#777777", "#ffffff", 4.48}} {
		a, _ := parseColour(c.a)
		b, _ := parseColour(c.b)
		if got := contrast(a, b); got < c.want-.1 || got > c.want+.1 {
			t.Errorf("%s on %s: %.2f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestEveryAcceptedColourIsLegibleEverywhere(t *testing.T) {
	all, err := loadThemes()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		hex := "#" + rapid.StringMatching(`[0-9a-f]{6}`).Draw(t, "colour")
		if len((Look{Theme: "red", Colour: hex}).Check(all)) != 0 {
			return
		}
		c, _ := parseColour(hex)
		paper, _ := parseColour("#fbf9f6")
		for name, ratio := range map[string]float64{
			"white on it": contrast(white, c), "on paper": contrast(c, paper), "on its wash": contrast(c, c.mixed(white, .92)), "white on its deep": contrast(white, c.mixed(black, .24)),
		} {
			if ratio < minContrast {
				t.Fatalf("%s: %s %.2f:1", hex, name, ratio)
			}
		}
	})
}

func TestLinksThatCouldRun(t *testing.T) {
	for href, want := range map[string]bool{
		"/s/a/c/news": true, "https://example.cn/a?b=c": true, "http://192.168.1.2:8080/": true,
		"javascript:alert(1)": false, "//evil.example": false, "data:text/html,x": false, "c/news": false, "": false,
		"/a b": false, "/\\evil": false, "https:///x": false, "mailto:a@b.cn": false,
	} {
		if got := ValidLink(href); got != want {
			t.Errorf("%q: %t", href, got)
		}
	}
}

func TestConditions(t *testing.T) {
	columns := []Column{{ID: 1, Slug: noticeSlug, Visible: true}, {ID: 2, Slug: "news", Visible: true}, {ID: 3, Slug: "x"}}
	s := Site{Template: "branch", Name: "松林村", Organiser: "松林村党支部", Responsible: "舒南枝", Phone: "0000-1234567"}
	if left := Unmet(Conditions(s, columns, map[int64]Pulse{1: {Count: 1}})); len(left) != 0 {
		t.Errorf("unmet: %v", left)
	}
	left := Unmet(Conditions(Site{Template: "town"}, columns, map[int64]Pulse{2: {Count: 3}, 3: {Count: 3}}))
	if len(left) != 6 {
		t.Errorf("an empty site lacks %v", left)
	}
	for _, c := range left {
		if c.Key == "columns" && (c.Have != 1 || c.Need != 3) {
			t.Errorf("columns: %+v", c)
		}
	}
}

func TestNest(t *testing.T) {
	roots := nest([]Site{{ID: 3, OrgPath: "/1/2/7/"}, {ID: 1, OrgPath: "/1/"}, {ID: 2, OrgPath: "/1/2/"}, {ID: 4, OrgPath: "/1/20/"}, {ID: 5, OrgPath: "/1/20/"}, {ID: 6, OrgPath: "/9/"}})
	if len(roots) != 2 || len(roots[0].Children) != 3 || len(roots[0].Children[0].Children) != 1 {
		t.Errorf("nested wrongly: %d roots", len(roots))
	}
}

func TestSuggestedSlugs(t *testing.T) {
	for name, want := range map[string]string{
		"云岭镇党委": "yunlingzhen", "中共云岭镇松林村支部委员会": "yunlingzhensonglincun", "县委组织部": "xianweizuzhibu",
		"党支部": "dangzhibu", "ABC 社区": "", "": "", "中共青山县委员会": "qingshanxian",
	} {
		if got := SuggestSlug(name); got != want {
			t.Errorf("%s → %q, want %q", name, got, want)
		}
	}
}
