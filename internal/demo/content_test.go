package demo

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lianxin/internal/platform/clock"
)

var today = time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)

func TestOrganisationsFormOneTree(t *testing.T) {
	rows, err := readOrgs()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]orgRow{}
	branches := 0
	for i, r := range rows {
		if _, twice := seen[r.code]; twice {
			t.Errorf("%s occurs twice", r.code)
		}
		if _, ok := seen[r.parent]; !ok && i > 0 {
			t.Errorf("%s: its superior %q does not stand above it", r.code, r.parent)
		}
		if !strings.HasPrefix(r.region, "99") {
			t.Errorf("%s: region %s could be a real place", r.code, r.region)
		}
		if strings.Contains(r.kind, "branch") {
			branches++
		}
		seen[r.code] = r
	}
	if branches < 60 {
		t.Errorf("%d branches, want 60 or more", branches)
	}
}

func TestPostsBelongToOrganisations(t *testing.T) {
	orgs, err := readOrgs()
	if err != nil {
		t.Fatal(err)
	}
	posts, err := readPosts()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range posts {
		if !slices.ContainsFunc(orgs, func(o orgRow) bool { return o.code == p.org }) {
			t.Errorf("%s %s: no organisation %s", p.post, p.name, p.org)
		}
		if p.started <= 0 {
			t.Errorf("%s %s of %s starts in the future", p.post, p.name, p.org)
		}
	}
}

func TestArticlesAreWhole(t *testing.T) {
	orgs, _ := readOrgs()
	sites, err := readSites()
	if err != nil {
		t.Fatal(err)
	}
	list, err := readArticles(today)
	if err != nil {
		t.Fatal(err)
	}
	perSite := map[string]int{}
	for _, a := range list {
		perSite[a.site]++
		if a.title == "" || utf8.RuneCountInString(a.title) > 60 {
			t.Errorf("%s/%s: title %q", a.site, a.slug, a.title)
		}
		if strings.Contains(a.markdown, "{{") || utf8.RuneCountInString(a.markdown) < 60 {
			t.Errorf("%s/%s: text %q", a.site, a.slug, a.markdown)
		}
		if a.issuer == "" && !slices.ContainsFunc(orgs, func(o orgRow) bool { return o.code == a.org }) {
			t.Errorf("%s/%s: no organisation %q", a.site, a.slug, a.org)
		}
		if a.at.After(today) {
			t.Errorf("%s/%s: published in the future, %s", a.site, a.slug, a.at)
		}
	}
	for _, s := range sites {
		if perSite[s.Slug] < 4 {
			t.Errorf("site %s has %d articles", s.Slug, perSite[s.Slug])
		}
	}
}

func TestDaysCountFromToday(t *testing.T) {
	got, err := fill("{{day 0}}、{{day -23}}、{{workday 5}}", today)
	if err != nil {
		t.Fatal(err)
	}
	if want := "11月23日、10月31日、11月30日（星期一）"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	early := time.Date(2026, 11, 23, 0, 5, 0, 0, clock.Shanghai)
	a := story{}
	if err := a.parse("---\ntitle: x\nage: 0\ntime: 08:40\n---\nx", early); err != nil || a.at.After(early) {
		t.Errorf("at %s, %v", a.at, err)
	}
}
