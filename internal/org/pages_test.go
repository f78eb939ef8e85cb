package org_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"regexp"
	"strings"
	"testing"

	"lianxin/internal/account"
	"lianxin/internal/app/apptest"
	"lianxin/internal/org"
	"lianxin/internal/platform/sheet"
)

// desk is the address of an organisation on the desk, with more behind it.
func desk(id int64, more string) string { return fmt.Sprintf("/desk/orgs/%d%s", id, more) }

func TestTreePage(t *testing.T) {
	node := apptest.Start(t)
	clerk := node.As(t, node.Root, account.OrgClerk)
	page := clerk.Get("/desk/orgs")
	if page.Status != 200 || !page.Has("中共东镇委员会") || !page.Has("中共西镇委员会") || !page.Has("从表格导入") {
		t.Errorf("tree = %d %s", page.Status, page.Body)
	}
	if page = clerk.Get("/desk/orgs?q=zgdz"); !page.Has("中共东镇委员会") || page.Has("中共西镇委员会") {
		t.Errorf("by initials: %s", page.Body)
	}
	if page = clerk.Get("/desk/orgs?q=%25%27%22&kind=x&after=rubbish"); page.Status != 200 || !page.Has("没有找到") {
		t.Errorf("nothing found = %d", page.Status)
	}
	folded := clerk.Do("GET", desk(node.Root, "/branches?fold=1"), "", nil, "HX-Request", "true")
	if folded.Status != 200 || folded.Has("<html") || folded.Has("中共东镇委员会") || !folded.Has(`aria-expanded="false"`) {
		t.Errorf("a folded node = %d %s", folded.Status, folded.Body)
	}
	if plain := clerk.Get(desk(node.Root, "/branches")); plain.Status != 303 {
		t.Errorf("a node without script = %d", plain.Status)
	}
	own := node.As(t, node.Town, account.OrgClerk)
	if page = own.Get("/desk/orgs"); page.Has("中共西镇委员会") || !page.Has("中共东镇委员会") {
		t.Errorf("the town's clerk sees %s", page.Body)
	}
	for _, path := range []string{desk(node.Other, ""), desk(node.Other, "/branches"), desk(node.Other, "/edit"), desk(node.Root, "")} {
		if got := own.Get(path); got.Status != 403 {
			t.Errorf("%s for the clerk of another town = %d", path, got.Status)
		}
	}
	if got := own.Get(desk(99, "")); got.Status != 404 {
		t.Errorf("no such organisation = %d", got.Status)
	}
}

func TestOrganisationIsCreatedChangedAndMovedByForms(t *testing.T) {
	node := apptest.Start(t)
	clerk := node.As(t, node.Root, account.OrgClerk)
	form := []string{"parent", "中共东镇委员会 (TEST-01)", "code", "TEST-0101", "name", "松林村党支部", "kind", "branch", "level", "village", "status", "active"}
	if got := clerk.Get(fmt.Sprintf("/desk/orgs/new?parent=%d", node.Town)); got.Status != 200 || !got.Has("中共东镇委员会 (TEST-01)") {
		t.Errorf("form = %d %s", got.Status, got.Body)
	}
	bad := clerk.Post("/desk/orgs", append([]string{"code", "TEST 1"}, form[4:]...)...)
	if bad.Status != 422 || !bad.Has("松林村党支部") || !bad.Has("编码只能用数字") {
		t.Errorf("wrong code = %d", bad.Status)
	}
	got := clerk.Post("/desk/orgs", form...)
	if got.Status != 303 {
		t.Fatalf("create = %d %s", got.Status, got.Body)
	}
	at := got.Location
	if page := clerk.Get(at); page.Status != 200 || !page.Has("松林村党支部") || !page.Has("已建立") || !page.Has("村（社区）") {
		t.Errorf("page = %d %s", page.Status, page.Body)
	}
	edit := clerk.Get(at + "/edit")
	version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(edit.Body)
	if version == nil {
		t.Fatalf("no version in %s", edit.Body)
	}
	change := []string{"version", version[1], "code", "TEST-0101", "name", "松林村党总支", "kind", "general-branch", "level", "village", "phone", "0871-123"}
	if got := clerk.Post(at+"/edit", change...); got.Status != 303 {
		t.Errorf("edit = %d %s", got.Status, got.Body)
	}
	if got := clerk.Post(at+"/edit", change...); got.Status != 422 || !got.Has("别人已经修改过") {
		t.Errorf("edit from an old page = %d", got.Status)
	}
	if got := clerk.Post(at+"/superior", "parent", "松林村党总支", "from", "2026-11-01", "reason", "x"); got.Status != 422 || !got.Has("不能作为它的上级") {
		t.Errorf("below itself = %d %s", got.Status, got.Body)
	}
	if got := clerk.Post(at+"/superior", "parent", "TEST-02", "from", "2026-11-01", "reason", "区划调整"); got.Status != 303 {
		t.Errorf("move = %d", got.Status)
	}
	if page := clerk.Get(at); !page.Has("划归中共西镇委员会") || !page.Has("区划调整") {
		t.Errorf("history: %s", page.Body)
	}
	other := node.As(t, node.Town, account.OrgClerk)
	for _, act := range []string{"/edit", "/superior", "/merger", "/status", "/headcounts", "/lines", "/officers", "/term", "/postponements"} {
		if page := clerk.Get(at + act); page.Status != 200 || !page.Has("<form") {
			t.Errorf("form %s = %d %s", act, page.Status, page.Body)
		}
		if got := other.Post(at+act, "parent", "TEST-01", "into", "TEST-01", "confirm", "松林村党总支", "status", "dissolved", "from", "2026-11-01", "reason", "x"); got.Status != 403 {
			t.Errorf("%s by another town's clerk = %d", act, got.Status)
		}
		if got := clerk.Post(at+act, "from", "never"); got.Status != 422 {
			t.Errorf("rubbish at %s = %d", act, got.Status)
		}
	}
	if got := clerk.Post(at+"/merger", "into", "TEST-01", "from", "2026-11-20", "reason", "x", "confirm", "别的"); got.Status != 422 || !got.Has("一字不差") {
		t.Errorf("a merger without its name typed = %d", got.Status)
	}
	if got := clerk.Post(at+"/merger", "into", "TEST-01", "from", "2026-11-20", "reason", "村级合并", "confirm", "松林村党总支"); got.Status != 303 {
		t.Errorf("merger = %d %s", got.Status, got.Body)
	}
	if page := clerk.Get(at); !page.Has("已合并") || page.Has("/edit") {
		t.Errorf("after the merger: %s", page.Body)
	}
}

func TestOfficersTermsAndCalendar(t *testing.T) {
	node := apptest.Start(t)
	clerk := node.As(t, node.Root, account.OrgClerk)
	at := desk(node.Town, "")
	post := func(path string, want int, pairs ...string) apptest.Answer {
		t.Helper()
		got := clerk.Post(path, pairs...)
		if got.Status != want {
			t.Errorf("%s %v = %d, want %d: %s", path, pairs, got.Status, want, got.Body)
		}
		return got
	}
	post(at+"/officers", 303, "code", "secretary", "holder", "赵一", "how", "elected", "from", "2021-10-01", "public", "on")
	if got := post(at+"/officers", 422, "code", "secretary", "holder", "钱二", "how", "elected", "from", "2026-10-01"); !got.Has("接替现任") {
		t.Error("the refusal doesn't say how")
	}
	post(at+"/officers", 303, "code", "org-commissioner", "holder", "孙三", "how", "elected", "from", "2021-10-01")
	post(at+"/term", 303, "from", "2021-10-01")
	post(at+"/headcounts", 303, "members", "99", "full_members", "90", "day", "2026-06-01")
	page := clerk.Get("/desk/orgs/calendar")
	if !page.Has("逾期 53 天") || !page.Has("2026-10-01 周四") {
		t.Errorf("calendar: %s", page.Body)
	}
	if page = clerk.Get("/desk/orgs/findings"); !page.Has("ORG-01") || !page.Has("ORG-03") || !page.Has("ORG-04") || !page.Has("一般设党总支，现为党委") {
		t.Errorf("findings: %s", page.Body)
	}
	if page = clerk.Get("/desk/orgs/findings?id=ORG-04"); page.Has("一般设党总支") {
		t.Error("the filter lets others through")
	}
	if n, err := node.Rooms.Orgs.Remind(node.Operator(t)); err != nil || n != 1 {
		t.Errorf("reminders %d %v", n, err)
	}
	if page = clerk.Get("/desk"); !page.Has("中共东镇委员会换届") {
		t.Errorf("desk: %s", page.Body)
	}
	post(at+"/postponements", 303, "new_day", "2027-09-30", "approved_by", "县委组织部", "approved_on", "2026-09-01", "reason", "班子调整")
	if page = clerk.Get(at); !page.Has("批准延期换届至 2027-09-30") || page.Has("ORG-04") {
		t.Errorf("after the postponement: %s", page.Body)
	}
	visitor := node.Visitor(t)
	public := visitor.Get(fmt.Sprintf("/orgs/%d", node.Town))
	if public.Status != 200 || !public.Has("赵一") || public.Has("孙三") || public.Has("99 人") {
		t.Errorf("public page = %d %s", public.Status, public.Body)
	}
	end := regexp.MustCompile(`/desk/orgs/\d+/officers/\d+/end`).FindString(clerk.Get(at).Body)
	if got := clerk.Get(end); got.Status != 200 || !got.Has("赵一") {
		t.Errorf("form to end a post = %d", got.Status)
	}
	post(end, 422, "on", "2020-01-01")
	post(end, 303, "on", "2026-11-01", "reason", "调任")
	if public = visitor.Get(fmt.Sprintf("/orgs/%d", node.Town)); public.Has("赵一") {
		t.Error("a former secretary is still shown")
	}
	post(at+"/lines", 303, "target", "TEST-02", "kind", "guidance", "from", "2026-01-01")
	line := regexp.MustCompile(`/desk/orgs/\d+/lines/\d+/end`).FindString(clerk.Get(at).Body)
	post(line, 303)
	post(line, 404)
}

func TestPublicPages(t *testing.T) {
	node := apptest.Start(t)
	visitor := node.Visitor(t)
	if got := visitor.Get("/orgs"); got.Status != 303 {
		t.Errorf("one top = %d", got.Status)
	}
	root := visitor.Get(fmt.Sprintf("/orgs/%d", node.Root))
	if root.Status != 200 || !root.Has("中共东镇委员会") {
		t.Errorf("root = %d", root.Status)
	}
	if got := visitor.Get("/orgs/77"); got.Status != 404 {
		t.Errorf("unknown = %d", got.Status)
	}
	plan, err := node.Rooms.Orgs.Create(node.Operator(t), org.New{ParentID: node.Town, Status: org.Proposed, Draft: org.Draft{Code: "P", Name: "拟设支部", Kind: org.Branch, Level: org.LevelUnit}})
	if err != nil {
		t.Fatal(err)
	}
	if got := visitor.Get(fmt.Sprintf("/orgs/%d", plan.ID)); got.Status != 404 {
		t.Errorf("a plan = %d", got.Status)
	}
	if _, err := node.Rooms.Orgs.Create(node.Operator(t), org.New{Draft: org.Draft{Code: "Q", Name: "另一个<顶>", Kind: org.Branch, Level: org.LevelUnit}}); err != nil {
		t.Fatal(err)
	}
	if got := visitor.Get("/orgs"); got.Status != 200 || !got.Has("另一个&lt;顶&gt;") {
		t.Errorf("two tops = %d %s", got.Status, got.Body)
	}
}

func TestAPI(t *testing.T) {
	node := apptest.Start(t)
	visitor, clerk := node.Visitor(t), node.As(t, node.Root, account.OrgClerk)
	if _, err := node.Rooms.Orgs.Appoint(node.Operator(t), org.Appointment{OrgID: node.Town, Code: org.Secretary, Holder: "赵一", How: org.Elected, From: "2024-01-01"}); err != nil {
		t.Fatal(err)
	}
	if err := node.Rooms.Orgs.CountHeads(node.Operator(t), node.Town, "2026-01-01", org.Heads{Members: 120, Full: 110}); err != nil {
		t.Fatal(err)
	}
	type list struct {
		Items []org.OrgView
		Next  string
	}
	read := func(got apptest.Answer, into any) {
		t.Helper()
		if got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		if err := json.Unmarshal([]byte(got.Body), into); err != nil {
			t.Fatal(err)
		}
	}
	var first, second list
	read(visitor.Get(fmt.Sprintf("/api/v1/organisations?parent=%d&limit=1", node.Root)), &first)
	read(visitor.Get(fmt.Sprintf("/api/v1/organisations?parent=%d&limit=1&cursor=%s", node.Root, first.Next)), &second)
	if len(first.Items) != 1 || len(second.Items) != 1 || first.Items[0].ID == second.Items[0].ID || second.Next != "" || first.Items[0].Members != 0 {
		t.Errorf("pages %+v %+v", first, second)
	}
	var town org.OrgView
	read(clerk.Get(fmt.Sprintf("/api/v1/organisations/%d", node.Town)), &town)
	if town.Members != 120 || town.Code != "TEST-01" || town.ParentID != node.Root {
		t.Errorf("town %+v", town)
	}
	var found list
	read(visitor.Get("/api/v1/organisations?q=xz"), &found)
	if len(found.Items) != 1 || found.Items[0].Code != "TEST-02" {
		t.Errorf("found %+v", found)
	}
	var officers struct{ Items []org.OfficerView }
	if read(visitor.Get(fmt.Sprintf("/api/v1/organisations/%d/officers", node.Town)), &officers); len(officers.Items) != 0 {
		t.Errorf("a post that isn't public: %+v", officers)
	}
	if read(clerk.Get(fmt.Sprintf("/api/v1/organisations/%d/officers", node.Town)), &officers); len(officers.Items) != 1 {
		t.Errorf("officers: %+v", officers)
	}
	if got := visitor.Get("/api/v1/organisations/99"); got.Status != 404 || got.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("unknown = %d %s", got.Status, got.Header.Get("Content-Type"))
	}
	if got := visitor.Get("/api/v1/organisations?limit=9999"); got.Status != 422 {
		t.Errorf("limit = %d", got.Status)
	}
}

// upload sends a file as a browser does.
func upload(t *testing.T, c *apptest.Client, path, name, data string, pairs ...string) apptest.Answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		if err := w.WriteField(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return c.Do("POST", path, w.FormDataContentType(), &b)
}

func TestImportPages(t *testing.T) {
	node := apptest.Start(t)
	clerk := node.As(t, node.Root, account.OrgClerk)
	const path = "/desk/orgs/import"
	if page := clerk.Get(path); page.Status != 200 || !page.Has("下载模板") {
		t.Errorf("form = %d", page.Status)
	}
	template := clerk.Get(path + "/template.xlsx")
	if template.Status != 200 || !strings.HasPrefix(template.Body, "PK") || !strings.Contains(template.Header.Get("Content-Disposition"), "%E5%85%9A") {
		t.Errorf("template = %d %v", template.Status, template.Header)
	}
	for name, c := range map[string]struct {
		data, says string
		status     int
	}{
		"not a zip":     {"PK\x03\x04 nothing", "不是完整的 .xlsx", 422},
		"wrong columns": {"姓名,性别\n赵一,男", "缺少这些列", 422},
		"empty":         {"", "文件是空的", 422},
		"over the size": {strings.Repeat("x", sheet.MaxFile+200_000), "20 MB", 422},
		"a faulty row":  {"编码,名称,类型,上级编码\nA,,党支部,TEST", "请填写名称", 200},
	} {
		if got := upload(t, clerk, path, "组织.xlsx", c.data); got.Status != c.status || !got.Has(c.says) {
			t.Errorf("%s = %d %s", name, got.Status, got.Body[:min(len(got.Body), 3000)])
		}
	}
	if got := clerk.Post(path, "update", "on"); got.Status != 422 || !got.Has("请选择要导入的文件") {
		t.Errorf("no file = %d", got.Status)
	}
	data := "编码,名称,类型,上级编码\nA,甲支部,党支部,\nB,,党支部,A\n"
	preview := upload(t, clerk, path, "组织.csv", data, "partial", "on", "under", "TEST-01")
	action := regexp.MustCompile(`/desk/orgs/import/uploads/\d+`).FindString(preview.Body)
	if preview.Status != 200 || action == "" || !preview.Has("将新建") || !preview.Has("导入 1 个组织") {
		t.Fatalf("preview = %d %s", preview.Status, preview.Body)
	}
	if got := node.As(t, node.Root, account.OrgClerk).Post(action); got.Status != 404 {
		t.Errorf("somebody else's upload = %d", got.Status)
	}
	if got := clerk.Post(action, "partial", "on", "under", "TEST-01"); got.Status != 200 || !got.Has("导入完成") {
		t.Errorf("import = %d %s", got.Status, got.Body)
	}
	if o, err := node.Rooms.Orgs.ByCode(node.Operator(t), "A"); err != nil || o.ParentID != node.Town {
		t.Errorf("imported %+v %v", o, err)
	}
	if got := node.As(t, node.Root, account.Secretary).Get(path); got.Status != 403 {
		t.Errorf("the secretary's import = %d", got.Status)
	}
}
