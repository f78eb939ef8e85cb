package site_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"lianxin/internal/account"
	"lianxin/internal/app/apptest"
	"lianxin/internal/site"
)

// opened makes a site for the organisation and opens it to the public.
func opened(t *testing.T, n *apptest.Node, orgID int64, slug, name string) site.Site {
	t.Helper()
	ctx := n.Operator(t)
	n.Rooms.Sites.Content = &filled{n.Rooms.Sites, n.Clock.Now()}
	made, err := n.Rooms.Sites.Create(ctx, site.New{OrgID: orgID, Template: "town", Draft: site.Draft{Slug: slug, Name: name, Responsible: "舒南枝", Phone: "0000-1", IDCode: "3100000087"}})
	must(t, err)
	must(t, n.Rooms.Sites.Open(ctx, made.ID))
	return made
}

func TestAClerkOpensASite(t *testing.T) {
	n := apptest.Start(t)
	n.Rooms.Sites.Content = &filled{n.Rooms.Sites, n.Clock.Now()}
	clerk := n.As(t, n.Town, account.SiteEditor)

	if got := clerk.Get("/desk/sites/new"); !got.Has("中共东镇委员会") || got.Has("中共西镇委员会") {
		t.Errorf("choice of organisations: %d", got.Status)
	}
	form := clerk.Get(fmt.Sprintf("/desk/sites/new?org=%d", n.Town))
	if !form.Has(`value="dongzhen"`) || !form.Has("十个常用栏目") {
		t.Errorf("form: %d %s", form.Status, form.Body)
	}
	bad := clerk.Post("/desk/sites", "org", fmt.Sprint(n.Town), "template", "town", "name", "东镇党建", "slug", "东镇")
	if bad.Status != http.StatusUnprocessableEntity || !bad.Has("东镇党建") || !bad.Has("只能用小写字母") || !bad.Has(`aria-invalid="true"`) {
		t.Errorf("a wrong address: %d", bad.Status)
	}
	made := clerk.Post("/desk/sites", "org", fmt.Sprint(n.Town), "template", "town", "name", "东镇党建", "slug", "dongzhen", "organiser", "中共东镇委员会")
	if made.Status != http.StatusSeeOther {
		t.Fatalf("make: %d %s", made.Status, made.Body)
	}
	if page := clerk.Get(made.Location); !page.Has("有责任人") || !page.Has("disabled") {
		t.Errorf("the checklist: %d", page.Status)
	}
	if refused := clerk.Post(made.Location+"/opening", "x", ""); refused.Status != http.StatusUnprocessableEntity {
		t.Errorf("opened without conditions: %d", refused.Status)
	}
	visitor := n.Visitor(t)
	if got := visitor.Get("/s/dongzhen/"); got.Status != http.StatusNotFound {
		t.Errorf("a visitor sees a site that is prepared: %d", got.Status)
	}
	if got := clerk.Get("/s/dongzhen/"); got.Status != http.StatusOK || !got.Has("正在筹备") {
		t.Errorf("preview: %d", got.Status)
	}
	clerk.Post(made.Location+"/settings", "version", "1", "name", "东镇党建", "slug", "dongzhen", "organiser", "中共东镇委员会", "responsible", "舒南枝", "phone", "0000-1")
	if got := clerk.Post(made.Location+"/opening", "x", ""); got.Status != http.StatusSeeOther {
		t.Fatalf("open: %d %s", got.Status, got.Body)
	}
	if got := visitor.Get("/s/dongzhen/"); got.Status != http.StatusOK || !got.Has("东镇党建") {
		t.Errorf("a visitor after the opening: %d", got.Status)
	}
}

func TestAnEditorOfAnotherTownIsRefused(t *testing.T) {
	n := apptest.Start(t)
	made := opened(t, n, n.Town, "dongzhen", "东镇党建")
	stranger := n.As(t, n.Other, account.SiteEditor)
	at := fmt.Sprintf("/desk/sites/%d", made.ID)
	for _, path := range []string{"", "/settings", "/look", "/columns", "/menu", "/blocks"} {
		if got := stranger.Get(at + path); got.Status != http.StatusForbidden {
			t.Errorf("GET %s: %d", path, got.Status)
		}
	}
	for _, path := range []string{"/opening", "/closing", "/menu", "/look", "/settings", "/blocks", "/columns"} {
		if got := stranger.Post(at+path, "kind", "text", "theme", "red", "name", "x", "slug", "x"); got.Status != http.StatusForbidden && got.Status != http.StatusUnprocessableEntity {
			t.Errorf("POST %s: %d", path, got.Status)
		}
	}
	if got := stranger.Get("/desk/sites"); got.Has("东镇党建") {
		t.Error("the list shows another town's site")
	}
	now, err := n.Rooms.Sites.Get(t.Context(), made.ID)
	must(t, err)
	if now.State != site.Open || now.Theme != made.Theme || now.Name != made.Name {
		t.Errorf("changed by a stranger: %+v", now)
	}
}

func TestPublicPagesOfASite(t *testing.T) {
	n := apptest.Start(t)
	made := opened(t, n, n.Town, "dongzhen", "东镇党建")
	visitor := n.Visitor(t)
	for path, want := range map[string]string{
		"/": "东镇党建", "/s/dongzhen/": "3100000087", "/s/dongzhen/map": "党的工作经验交流", "/s/dongzhen/sites": "东镇党建",
		"/s/dongzhen/accessibility": "GB/T 37668-2019", "/s/dongzhen/privacy": "跟踪代码", "/sites": "东镇党建",
		"/robots.txt": "Disallow: /desk/", "/sitemap.xml": "/s/dongzhen/sitemap.xml",
		"/s/dongzhen/theme.css": "--brand:#2c5f4b",
	} {
		if got := visitor.Get(path); got.Status != http.StatusOK || !got.Has(want) {
			t.Errorf("%s: %d, without %q", path, got.Status, want)
		}
	}
	home := visitor.Get("/s/dongzhen/").Body
	for _, want := range []string{"<title>东镇党建</title>", `<meta name="SiteName" content="东镇党建">`, `name="SiteIDCode"`, `data-layout="scene"`, `class="skip`, "长辈版"} {
		if !strings.Contains(home, want) {
			t.Errorf("home lacks %s", want)
		}
	}
	for _, inline := range []string{"<style", " style=", " onclick=", "<script>"} {
		if strings.Contains(home, inline) {
			t.Errorf("home has %s, which the content policy forbids", inline)
		}
	}
	if got := visitor.Get("/s/dongzhen/map"); !got.Has("<title>站点地图 – 东镇党建</title>") {
		t.Error("the title is not page – site")
	}
	if got := visitor.Get("/s/dongzhen"); got.Status != http.StatusMovedPermanently {
		t.Errorf("without the slash: %d", got.Status)
	}
	if got := visitor.Get("/s/nowhere/"); got.Status != http.StatusNotFound || !got.Has("nowhere") || !got.Has("东镇党建") || !got.Has(`action="/search"`) {
		t.Errorf("an unknown site: %d", got.Status)
	}
	if got := visitor.Get("/s/dongzhen/no/such/page"); got.Status != http.StatusNotFound || !got.Has("东镇党建") {
		t.Errorf("an unknown page: %d", got.Status)
	}
	must(t, n.Rooms.Sites.SetLook(n.Operator(t), made.ID, site.Look{Theme: "indigo", Motto: "新口号"}))
	if got := visitor.Get("/s/dongzhen/"); !got.Has("新口号") || !got.Has(`data-layout="press"`) {
		t.Error("the kept page is shown after a change of looks")
	}
}

func TestASiteAtItsOwnHost(t *testing.T) {
	n := apptest.Start(t)
	made := opened(t, n, n.Town, "dongzhen", "东镇党建")
	draft := made.Draft()
	draft.Host = "dz.example.cn"
	now, err := n.Rooms.Sites.Get(t.Context(), made.ID)
	must(t, err)
	must(t, n.Rooms.Sites.Edit(n.Operator(t), made.ID, now.Version, draft))
	for path, status := range map[string]int{"/": 200, "/map": 200, "/theme.css": 200, "/s/dongzhen/map": 200, "/healthz": 200, "/nothing": 404} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL+path, nil)
		must(t, err)
		req.Host = "dz.example.cn"
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s at the own host: %d", path, res.StatusCode)
		}
	}
}

func TestPartsOfASiteAreEditedWithoutScript(t *testing.T) {
	n := apptest.Start(t)
	made := opened(t, n, n.Town, "dongzhen", "东镇党建")
	clerk := n.As(t, n.Town, account.OrgClerk)
	at := fmt.Sprintf("/desk/sites/%d", made.ID)
	for _, path := range []string{"/columns", "/menu", "/blocks", "/look", "/settings"} {
		if got := clerk.Get(at + path); got.Status != http.StatusOK {
			t.Errorf("%s: %d", path, got.Status)
		}
	}
	if got := clerk.Post(at+"/look", "theme", "earth", "colour", "#ffdd00"); got.Status != http.StatusUnprocessableEntity || !got.Has("不到 4.5:1") {
		t.Errorf("a pale colour: %d", got.Status)
	}
	block := clerk.Post(at+"/blocks", "kind", "text")
	if block.Status != http.StatusSeeOther {
		t.Fatalf("add a block: %d %s", block.Status, block.Body)
	}
	if got := clerk.Get(block.Location); got.Status != http.StatusOK || !got.Has("textarea") {
		t.Errorf("the block's form: %d", got.Status)
	}
	if got := clerk.Post(block.Location, "title", "欢迎", "text", "来坐坐<script>"); got.Status != http.StatusSeeOther {
		t.Errorf("save the block: %d", got.Status)
	}
	if got := n.Visitor(t).Get("/s/dongzhen/"); !got.Has("来坐坐&lt;script&gt;") {
		t.Error("the block is not on the home page, or not escaped")
	}
	column := clerk.Post(at+"/columns", "name", "微心愿", "slug", "wishes", "kind", "news", "parent", "0", "visible", "on")
	if column.Status != http.StatusSeeOther {
		t.Errorf("add a column: %d %s", column.Status, column.Body)
	}
	pairs := []string{}
	for i := range 60 {
		pairs = append(pairs, "order", fmt.Sprint(60-i), "label", fmt.Sprintf("入口%d", i), "target", "", "href", fmt.Sprintf("/s/dongzhen/c/x%d", i))
	}
	if got := clerk.Post(at+"/menu", pairs...); got.Status != http.StatusSeeOther {
		t.Fatalf("a menu of sixty: %d", got.Status)
	}
	home := n.Visitor(t).Get("/s/dongzhen/").Body
	if first, last := strings.Index(home, "入口59<"), strings.Index(home, "入口0<"); first < 0 || last < first {
		t.Error("the menu is not in the order of its numbers")
	}
	if got := clerk.Post(at+"/menu", append(pairs, "order", "61", "label", "多", "target", "", "href", "/x")...); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a menu of sixty-one: %d", got.Status)
	}
}

func TestSitesInTheAPI(t *testing.T) {
	n := apptest.Start(t)
	opened(t, n, n.Town, "dongzhen", "东镇党建")
	opened(t, n, n.Other, "xizhen", "西镇党建")
	visitor := n.Visitor(t)
	first := visitor.Get("/api/v1/sites?limit=1")
	if first.Status != http.StatusOK || !first.Has(`"slug":"dongzhen"`) || first.Has("xizhen") || !first.Has(`"next":"1"`) {
		t.Errorf("first page: %d %s", first.Status, first.Body)
	}
	if got := visitor.Get("/api/v1/sites?after=1"); !got.Has(`"slug":"xizhen"`) || got.Has(`"next"`) {
		t.Errorf("second page: %s", got.Body)
	}
	if got := visitor.Get("/api/v1/sites/dongzhen/columns"); !got.Has(`"name":"党内规章"`) {
		t.Errorf("columns: %s", got.Body)
	}
	for path, status := range map[string]int{"/api/v1/sites/nowhere": 404, "/api/v1/sites?after=x": 422, "/api/v1/sites?limit=0": 422} {
		got := visitor.Get(path)
		if got.Status != status || !strings.Contains(got.Header.Get("Content-Type"), "problem+json") {
			t.Errorf("%s: %d %s", path, got.Status, got.Header.Get("Content-Type"))
		}
	}
}
