package library_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/app/apptest"
	"lianxin/internal/platform/search"
	"lianxin/internal/site"
)

// county is a node with a main site and a town's, and a few things published.
type county struct {
	*apptest.Node
	main, town, closed site.Site
}

func start(t *testing.T) *county {
	t.Helper()
	c := &county{Node: apptest.Start(t)}
	c.main = c.site(t, c.Root, "main", "测试县党建网", site.Open)
	c.town = c.site(t, c.Town, "east", "东镇党建", site.Open)
	c.closed = c.site(t, c.Other, "west", "西镇党建", site.Preparing)
	c.publish(t, c.main, 1, "党费收缴规定", "每月按时交纳党费，由支部收缴。<b>不是标记</b>", "规章", 2024)
	c.publish(t, c.main, 2, "农村土地征收补偿办法", "修路占用承包地的，依法补偿，可以找村民委员会。", "政策", 2025)
	c.publish(t, c.town, 3, "东镇党费公示", "东镇各支部党费收缴情况。", "公示", 2025)
	c.publish(t, c.closed, 4, "西镇党费草稿", "还没有开通的站点。", "公示", 2025)
	c.publish(t, c.main, 5, "培养学习习惯", "读书要持之以恒。", "要闻", 2026)
	return c
}

func (c *county) site(t *testing.T, orgID int64, slug, name string, state site.State) site.Site {
	t.Helper()
	made, err := c.Rooms.Sites.Create(c.Operator(t), site.New{OrgID: orgID, Template: "town", Draft: site.Draft{Slug: slug, Name: name, Organiser: name}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DB.SQL().Exec("update site set state = ? where id = ?", string(state), made.ID); err != nil {
		t.Fatal(err)
	}
	made.State = state
	return made
}

func (c *county) publish(t *testing.T, s site.Site, id int64, title, body, category string, year int) {
	t.Helper()
	columns, err := c.Rooms.Sites.Columns(c.Operator(t), s.ID)
	if err != nil || len(columns) == 0 {
		t.Fatal("no columns", err)
	}
	d := search.Doc{Kind: "article", ID: id, SiteID: s.ID, OrgID: s.OrgID, OrgPath: s.OrgPath, ColumnID: columns[0].ID, Category: category,
		Title: title, Body: body, URL: fmt.Sprintf("/s/%s/a/%d", s.Slug, id), At: time.Date(year, 5, 1, 0, 0, 0, 0, time.UTC)}
	if err := c.DB.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return c.Index.Put(ctx, tx, d) }); err != nil {
		t.Fatal(err)
	}
}

func address(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + v.Encode()
}

func TestVisitorFindsWhatIsPublished(t *testing.T) {
	c := start(t)
	v := c.Visitor(t)
	for _, test := range []struct {
		name, path string
		has, not   []string
	}{
		{"an empty question explains", "/search", []string{"怎样查得准", `name="q"`}, []string{"没有找到"}},
		{"words, in the node", address("/search", "q", "党费"), []string{"共找到 2 条", "<mark>党费</mark>收缴规定", "东镇党建"}, []string{"西镇", "<b>"}},
		{"words, in a site", address("/s/east/search", "q", "党费"), []string{"共找到 1 条", "东镇<mark>党费</mark>公示", "在全平台查找", `content="noindex"`}, []string{"收缴规定"}},
		{"a question", address("/search", "q", "村里修路占了我家地该找谁"), []string{"按切题程度", `href="/s/main/a/2"`}, nil},
		{"by year", address("/search", "q", "党费", "year", "2024"), []string{"共找到 1 条", "取消全部条件"}, []string{"东镇党建"}},
		{"below an organisation", address("/search", "q", "党费", "org", fmt.Sprint(c.Town)), []string{"共找到 1 条", "公示"}, nil},
		{"by category", address("/search", "q", "党费", "category", "公示"), []string{"共找到 1 条"}, nil},
		{"by days", address("/search", "q", "党费", "from", "2025-01-01", "to", "2025-12-31"), []string{"共找到 1 条", "2025-01-01"}, nil},
		{"filters that leave nothing", address("/search", "q", "党费", "year", "1999"), []string{"在这些条件下没有找到"}, nil},
		{"an organisation that is not there", address("/search", "q", "党费", "org", "99999"), []string{"在这些条件下没有找到"}, nil},
		{"nothing", address("/s/east/search", "q", "量子"), []string{"没有找到“量子”", "在全平台查找"}, nil},
		{"by sound", address("/search", "q", "xiguan"), []string{"您要找的是不是", "习惯", "培养学习习惯"}, nil},
		{"script is text", address("/search", "q", "<script>alert(1)</script>"), []string{"&lt;script&gt;"}, []string{"<script>alert"}},
	} {
		got := v.Get(test.path)
		if got.Status != http.StatusOK {
			t.Errorf("%s: status %d", test.name, got.Status)
		}
		for _, want := range test.has {
			if !got.Has(want) {
				t.Errorf("%s: no %s in the page", test.name, want)
			}
		}
		for _, unwanted := range test.not {
			if got.Has(unwanted) {
				t.Errorf("%s: %s in the page", test.name, unwanted)
			}
		}
	}
}

func TestBadInputIsToldAndSearchedAllTheSame(t *testing.T) {
	v := start(t).Visitor(t)
	for _, test := range []struct{ path, want string }{
		{address("/search", "q", "党费", "from", "yesterday"), "请写成 2026-11-23 这样的日期"},
		{address("/search", "q", "党费", "from", "2026-01-01", "to", "2025-01-01"), "结束日期不能早于开始日期"},
		{address("/search", "q", strings.Repeat("党费 ", 60)), "共找到"},
	} {
		if got := v.Get(test.path); got.Status != http.StatusUnprocessableEntity || !got.Has(test.want) {
			t.Errorf("%.60s: %d, want %s", test.path, got.Status, test.want)
		}
	}
	for _, path := range []string{address("/search", "q", "\xff\xfe\x00", "org", "x", "year", "-1", "column", "9e9"), address("/search", "q", `" OR * NEAR(`), "/search?q=%"} {
		if got := v.Get(path); got.Status >= http.StatusInternalServerError {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	if got := v.Get(address("/search", "q", "党费", "cursor", "x")); got.Status >= http.StatusInternalServerError || !got.Has("回到第一页") {
		t.Errorf("bad cursor: %d", got.Status)
	}
	if got := v.Get(address("/s/west/search", "q", "党费")); got.Status != http.StatusNotFound {
		t.Errorf("a site that is not open: %d", got.Status)
	}
}

func TestSearchOfTheAPI(t *testing.T) {
	v := start(t).Visitor(t)
	var found struct {
		Total int
		Hits  []map[string]any
	}
	read := func(path string) {
		t.Helper()
		got := v.Get(path)
		if got.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.Status, got.Body)
		}
		found.Hits = nil
		if err := json.Unmarshal([]byte(got.Body), &found); err != nil {
			t.Fatal(err)
		}
	}
	read(address("/api/v1/search", "q", "党费", "limit", "1"))
	if found.Total != 2 || len(found.Hits) != 1 {
		t.Errorf("total %d, %d hits; want 2 and 1", found.Total, len(found.Hits))
	}
	for _, key := range []string{"kind", "id", "title", "url", "excerpt", "score", "publishedAt"} {
		if _, ok := found.Hits[0][key]; !ok {
			t.Errorf("a hit has no %s", key)
		}
	}
	if len(found.Hits[0]) != 7 {
		t.Errorf("a hit has %d fields, want the seven agreed on: %v", len(found.Hits[0]), found.Hits[0])
	}
	read(address("/api/v1/search", "q", "党费", "site", "east"))
	if found.Total != 1 || found.Hits[0]["url"] != "/s/east/a/3" {
		t.Errorf("in a site: %v", found)
	}
	read(address("/api/v1/search", "q", ""))
	if found.Total != 0 || found.Hits == nil {
		t.Errorf("an empty question has an empty list of hits, not %v", found.Hits)
	}
	for path, status := range map[string]int{
		address("/api/v1/search", "q", "党费", "site", "nowhere"): http.StatusNotFound,
		address("/api/v1/search", "q", "党费", "site", "west"):    http.StatusNotFound,
		address("/api/v1/search", "q", "党费", "limit", "1000"):   http.StatusUnprocessableEntity,
	} {
		if got := v.Get(path); got.Status != status || !strings.Contains(got.Header.Get("Content-Type"), "problem+json") {
			t.Errorf("%s: %d %s", path, got.Status, got.Header.Get("Content-Type"))
		}
	}
}

func TestBrowsersLearnToSearch(t *testing.T) {
	v := start(t).Visitor(t)
	for path, want := range map[string]string{"/opensearch.xml": "/search?q={searchTerms}", "/s/east/opensearch.xml": "/s/east/search?q={searchTerms}"} {
		got := v.Get(path)
		if !got.Has(want) || xml.Unmarshal([]byte(got.Body), new(struct{ XMLName xml.Name })) != nil {
			t.Errorf("%s: %s", path, got.Body)
		}
	}
	got := v.Get(address("/api/v1/search/suggestions", "q", "党费", "site", "main"))
	if want := `["党费",["党费收缴规定"],[""],["/s/main/a/1"]]`; strings.TrimSpace(got.Body) != want {
		t.Errorf("suggestions %s, want %s", got.Body, want)
	}
}

func TestMovedOrganisationTakesItsPublicationsAlong(t *testing.T) {
	c := start(t)
	err := c.DB.Tx(c.Operator(t), func(ctx context.Context, tx bun.Tx) error {
		return c.Index.Move(ctx, tx, c.Path(c.Town), c.Path(c.Other).Child(c.Town))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Visitor(t).Get(address("/search", "q", "党费", "org", fmt.Sprint(c.Other))); !got.Has("东镇") {
		t.Error("not found below its new place")
	}
}
