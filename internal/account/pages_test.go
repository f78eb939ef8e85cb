package account

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/setting"
	"lianxin/internal/platform/web"
)

// server answers for a rig over real HTTP, on the way of every request.
type server struct {
	*httptest.Server
	rig   *rig
	pages *Pages
}

func serve(t *testing.T, r *rig) *server {
	t.Helper()
	catalog, err := i18n.New(web.Builtin.Locale, Room.Locale)
	if err != nil {
		t.Fatal(err)
	}
	views, err := web.NewViews(catalog, &web.Assets{}, Room)
	if err != nil {
		t.Fatal(err)
	}
	views.Nav, views.Person = Nav(), r.Person
	views.NodeName = r.nodeName
	rt := web.NewRouter(views, "test")
	r.Fail = views.Fail
	pages := NewPages(r.Service, views)
	pages.Routes(rt)
	NewAPI(r.Service).Routes(rt)
	s := &web.Server{Router: rt, Cache: web.NewCache(1<<20, r.clock.Now), Now: r.clock.Now, Authenticate: r.Authenticate}
	s.Init(prometheus.NewRegistry())
	hs := httptest.NewServer(s)
	t.Cleanup(hs.Close)
	return &server{hs, r, pages}
}

// browser keeps cookies and follows redirects, as a person's does.
type browser struct {
	t *testing.T
	s *server
	*http.Client
}

func (s *server) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, s, &http.Client{Jar: jar}}
}

type seen struct {
	status int
	path   string
	body   string
}

func (b *browser) read(res *http.Response, err error) seen {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return seen{res.StatusCode, res.Request.URL.RequestURI(), string(body)}
}

func (b *browser) get(path string) seen {
	b.t.Helper()
	return b.read(b.Get(b.s.URL + path))
}

func (b *browser) post(path string, pairs ...string) seen {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return b.read(b.PostForm(b.s.URL+path, values))
}

// in returns a browser that is signed in with a role.
func (s *server) in(t *testing.T, role Role) *browser {
	t.Helper()
	b := s.browser(t)
	if got := b.post("/sign-in", "name", string(role), "password", testPassword, "next", "/my"); got.path != "/my" {
		t.Fatalf("sign in as %s: %d at %s", role, got.status, got.path)
	}
	return b
}

func (b *browser) want(got seen, status int, path string, texts ...string) {
	b.t.Helper()
	if got.status != status || path != "" && got.path != path {
		b.t.Errorf("got %d at %s, want %d at %s\n%s", got.status, got.path, status, path, excerpt(got.body))
	}
	for _, text := range texts {
		if !strings.Contains(got.body, text) {
			b.t.Errorf("%s does not show %q\n%s", got.path, text, excerpt(got.body))
		}
	}
}

var (
	tags  = regexp.MustCompile(`<[^>]*>`)
	blank = regexp.MustCompile(`\s+`)
)

func excerpt(body string) string {
	_, main, _ := strings.Cut(body, "<main")
	text := blank.ReplaceAllString(tags.ReplaceAllString(main, " "), " ")
	return text[:min(len(text), 600)]
}

func TestDoors(t *testing.T) {
	s := serve(t, newRig(t, dbtest.SQLite(t)))
	who := map[Role]*browser{"": s.browser(t)}
	for _, role := range Roles {
		who[role] = s.in(t, role)
	}
	admins := []Role{SysAdmin, SecAdmin, AuditAdmin}
	own := fmt.Sprintf("/desk/accounts/%d", s.rig.ids[Inspector])
	for _, c := range []struct {
		method, path string
		roles        []Role
	}{
		{"GET", "/my", Roles},
		{"GET", "/my/password", Roles},
		{"GET", "/my/two-factor", Roles},
		{"GET", "/my/tokens", Roles},
		{"GET", "/desk/accounts", admins},
		{"GET", own, admins},
		{"GET", "/desk/accounts/new", []Role{SysAdmin}},
		{"POST", "/desk/accounts", []Role{SysAdmin}},
		{"POST", own + "/links", []Role{SysAdmin}},
		{"POST", own + "/closing-request", []Role{SysAdmin}},
		{"POST", own + "/activation", []Role{SecAdmin}},
		{"POST", own + "/disabling", []Role{SecAdmin}},
		{"POST", own + "/closing", []Role{SecAdmin}},
		{"POST", own + "/link-approval", []Role{SecAdmin}},
		{"POST", own + "/grants", []Role{SecAdmin}},
		{"POST", own + "/grants/1/withdrawal", []Role{SecAdmin}},
		{"GET", "/desk/audit", []Role{AuditAdmin, SecAdmin}},
	} {
		for role, b := range who {
			b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got := b.get(c.path)
			if c.method == "POST" {
				got = b.post(c.path)
			}
			b.CheckRedirect = nil
			open := got.status != 401 && got.status != 403 && !(role == "" && got.status == 303)
			want := false
			for _, r := range c.roles {
				want = want || r == role
			}
			if open != want || got.status >= 500 {
				t.Errorf("%s %s as %q = %d, want open: %v", c.method, c.path, role, got.status, want)
			}
		}
	}
}

func TestVisitorsCostNothing(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	h := r.Authenticate(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if ActorFrom(req.Context()).SignedIn() {
			t.Error("a visitor is someone")
		}
	}))
	r.DB.Close() // whoever asked the database would fail
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || len(w.Header()) > 0 {
		t.Errorf("a visitor got %d, %v", w.Code, w.Header())
	}
	req := httptest.NewRequest("GET", "/", nil)
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: strings.Repeat("A", 32)})
	w = httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != 503 {
		t.Errorf("with the database gone a session got %d, want 503", w.Code)
	}
}

func TestSignInPages(t *testing.T) {
	s := serve(t, newRig(t, dbtest.SQLite(t)))
	s.pages.Hints = []Hint{{Name: "secretary", Password: "demo-password", Who: "书记"}}
	b := s.browser(t)
	b.want(b.get("/my/tokens?x=1"), 200, "/sign-in?next=%2Fmy%2Ftokens%3Fx%3D1", "登录名", "demo-password", `autocomplete="current-password"`)
	b.want(b.post("/sign-in", "name", "张三<b>", "password", "wrong"), 422, "/sign-in", "张三&lt;b&gt;", "登录名或密码不对")
	b.want(b.post("/sign-in", "name", "secretary", "password", testPassword, "next", "//evil.example"), 404, "/desk")
	b.want(b.get("/sign-in?next=/my"), 200, "/my", "演示secretary", "云岭镇党委", "书记")
	b.want(b.get("/my/session"), 200, "/my/session", `{"seconds":900}`)
	b.want(b.get("/my"), 200, "/my", `data-session-seconds="900"`)
	b.want(b.post("/my/name", "display_name", ""), 422, "", "请填写姓名")
	b.want(b.post("/my/name", "display_name", "李明"), 200, "/my", "姓名已保存", `value="李明"`)
	other := s.in(t, Secretary)
	b.want(b.post("/my/sessions/endings", "session", "others"), 200, "/my", "已结束")
	other.want(other.get("/my"), 200, "/sign-in?next=%2Fmy")
	b.want(b.post("/sign-out"), 200, "/sign-in", "您已退出登录")
	b.want(b.get("/my/session"), 401, "")
	for range 5 {
		b.post("/sign-in", "name", "secretary", "password", "wrong")
	}
	b.want(b.post("/sign-in", "name", "secretary", "password", testPassword), 429, "", "15 分钟后再试")
}

func TestSecondFactorPages(t *testing.T) {
	s := serve(t, newRig(t, dbtest.SQLite(t)))
	s.rig.Settings.SecondFactor = FactorAdministrators
	b := s.browser(t)
	got := b.post("/sign-in", "name", "sys-admin", "password", testPassword)
	b.want(got, 200, "/my/two-factor", "须先设置两步验证")
	b.want(b.get("/desk/accounts"), 403, "")
	key := strings.ReplaceAll(regexp.MustCompile(`class="secret">([A-Z2-7 ]+)<`).FindStringSubmatch(got.body)[1], " ", "")
	if qr := b.get("/my/two-factor/qr.png"); !strings.HasPrefix(qr.body, "\x89PNG") {
		t.Errorf("the QR code: %d %.20q", qr.status, qr.body)
	}
	b.want(b.post("/my/two-factor", "code", "1"), 422, "", "动态码不对")
	got = b.post("/my/two-factor", "code", s.rig.code(t, key))
	b.want(got, 200, "", "您的备用码")
	codes := regexp.MustCompile(`<li>([a-z2-7]{5}-[a-z2-7]{5})</li>`).FindAllStringSubmatch(got.body, -1)
	if len(codes) != recoveryCount {
		t.Fatalf("%d recovery codes shown", len(codes))
	}
	b.want(b.post("/my/two-factor/codes.txt", "code", codes[0][1], "code", codes[1][1]), 200, "", codes[1][1])
	b.want(b.post("/my/two-factor/codes.txt", "code", "<script>"), 404, "")
	b.want(b.get("/my/two-factor"), 200, "", "还有 10 个备用码")
	b.want(b.get("/desk/accounts"), 200, "")

	b.post("/sign-out")
	got = b.post("/sign-in", "name", "sys-admin", "password", testPassword, "next", "/desk/accounts")
	b.want(got, 200, "/sign-in/code?next=%2Fdesk%2Faccounts", "动态码")
	b.want(b.get("/desk/accounts"), 200, "/sign-in?next=%2Fdesk%2Faccounts")
	b.want(b.post("/sign-in/code", "code", "x"), 422, "", "动态码不对")
	b.want(b.post("/sign-in/code", "code", codes[0][1], "next", "/desk/accounts"), 200, "/desk/accounts")
}

func TestSetUpPages(t *testing.T) {
	s := serve(t, emptyRig(t, dbtest.SQLite(t)))
	b := s.browser(t)
	b.want(b.get("/sign-in"), 200, "", "还没有初始化")
	b.want(b.get("/setup?token=guess"), 403, "", "初始化链接不对")
	old, err := s.rig.SetupPath(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link, err := s.rig.SetupPath(t.Context())
	if err != nil || link == old {
		t.Fatal(link, err)
	}
	b.want(b.get(old), 403, "")
	b.want(b.get(link), 200, link, "三位管理员", "青山县党建网")
	token := strings.TrimPrefix(link, "/setup?token=")
	form := []string{"token", token, "node_name", "青山县党建网", "org_name", "中共青山县委员会", "org_code", "QS",
		"sys_name", "wang", "sys_display_name", "王一", "sys_password", "Bridge-over-1-hill", "sys_password_again", "Bridge-over-1-hill",
		"sec_name", "li", "sec_display_name", "李二", "sec_password", "Bridge-over-2-hills", "sec_password_again", "Bridge-over-2-hills",
		"audit_name", "zhao", "audit_display_name", "赵三", "audit_password", "Bridge-over-3-hills", "audit_password_again", "Bridge-over-3-hills",
		"clerk_name", "qian", "clerk_display_name", "钱四", "clerk_password", "Bridge-over-4-hills", "clerk_password_again", "Bridge-over-4-hills"}
	with := func(changes ...string) []string {
		out := append([]string{}, form...)
		for i := 0; i < len(changes); i += 2 {
			for j := 0; j < len(out); j += 2 {
				if out[j] == changes[i] {
					out[j+1] = changes[i+1]
				}
			}
		}
		return out
	}
	for _, c := range []struct {
		change []string
		want   string
	}{
		{[]string{"sec_name", "WANG"}, "已经在前面填过"},
		{[]string{"audit_display_name", "李二"}, "已经在前面填过"},
		{[]string{"clerk_password", "Bridge-over-1-hill", "clerk_password_again", "Bridge-over-1-hill"}, "与前面某人的密码相同"},
		{[]string{"sys_password", "12345678"}, "密码太短"},
		{[]string{"org_code", "TAKEN"}, "org.code.taken"},
		{[]string{"node_name", ""}, "请填写名称"},
		{[]string{"token", "guess"}, "初始化链接不对"},
	} {
		got := b.post("/setup", with(c.change...)...)
		if got.status != 422 && got.status != 403 || !strings.Contains(got.body, c.want) {
			t.Errorf("%v: %d, want %q\n%s", c.change, got.status, c.want, excerpt(got.body))
		}
		if got.status == 422 && (!strings.Contains(got.body, `value="钱四"`) || strings.Contains(got.body, "Bridge-over")) {
			t.Errorf("%v: what was typed is lost, or a password came back", c.change)
		}
	}
	if empty, err := s.rig.Empty(t.Context()); !empty || err != nil || s.rig.Node.Get(setting.Name) != "" {
		t.Fatal("a refused set-up left something behind", err)
	}
	b.want(b.post("/setup", form...), 200, "/sign-in", "节点已初始化")
	b.want(b.get(link), 410, "", "不再有效")
	b.want(b.post("/setup", form...), 410, "")
	if path, err := s.rig.SetupPath(t.Context()); path != "" || err != nil {
		t.Errorf("a node that is set up makes a link: %q, %v", path, err)
	}
	b.want(b.post("/sign-in", "name", "Qian", "password", "Bridge-over-4-hills", "next", "/my"), 200, "/my", "党务干事", "网站编辑", "青山县党建网")
}

func TestAdministrationPages(t *testing.T) {
	s := serve(t, newRig(t, dbtest.SQLite(t)))
	sys, sec, aud := s.in(t, SysAdmin), s.in(t, SecAdmin), s.in(t, AuditAdmin)
	sys.want(sys.post("/desk/accounts", "name", "secretary", "display_name", "孙五"), 422, "", "已有人用", `value="孙五"`)
	made := sys.post("/desk/accounts", "name", "sun", "display_name", "孙五")
	sys.want(made, 200, "", "待激活")
	link := regexp.MustCompile(`http://[^<]*(/sign-in/link\?token=[A-Z0-9]+)`).FindStringSubmatch(made.body)[1]
	token := strings.TrimPrefix(link, "/sign-in/link?token=")
	list := sec.get("/desk/accounts?q=孙&state=inactive")
	sec.want(list, 200, "", "孙五", "没有岗位")
	page := regexp.MustCompile(`href="(/desk/accounts/\d+)"`).FindStringSubmatch(list.body)[1]

	person := s.browser(t)
	person.want(person.get(link), 409, "", "等安全管理员批准")
	sec.want(sec.post(page+"/activation"), 200, page, "账号已激活", "正常")
	person.want(person.get(link), 200, link, "孙五", `autocomplete="new-password"`)
	person.want(person.post("/sign-in/link", "token", token, "password", "weak", "password_again", "weak"), 422, "", "密码太短")
	person.want(person.post("/sign-in/link", "token", token, "password", "Bridge-over-9-hills", "password_again", "Bridge-over-9-hills"), 200, "/sign-in", "密码已设置")
	person.want(person.get(link), 410, "")

	sec.want(sec.post(page+"/grants", "role", "secretary", "org", "nowhere"), 422, "", "没有找到这个组织", `value="nowhere"`)
	sec.want(sec.post(page+"/grants", "role", "secretary", "org", "YL", "until", "2020-01-01"), 422, "", "结束日期")
	sec.want(sec.post(page+"/grants", "role", "secretary", "org", "YL", "until", "31.12.2026"), 422, "", "2026-11-23")
	granted := sec.post(page+"/grants", "role", "secretary", "org", "YL", "until", "2026-12-31")
	sec.want(granted, 200, page, "书记", "云岭镇党委", "2026-12-31")
	sec.want(sec.post(page+"/grants", "role", "secretary", "org", "YL"), 422, "", "已有这个岗位")
	sec.want(sec.post(page+"/grants", "role", "audit-admin", "org", "QS"), 422, "", "不能由一人兼任")
	withdrawal := regexp.MustCompile(page + `/grants/\d+/withdrawal`).FindString(granted.body)
	sec.want(sec.get(withdrawal), 200, "", "立即生效")
	sec.want(sec.post(withdrawal, "reason", " "), 422, "", "请写明理由")
	sec.want(sec.post(withdrawal, "reason", "换届"), 200, page, "岗位已收回", "换届")

	sec.want(sec.post(page+"/disabling", "reason", "离任"), 200, page, "已停用")
	sys.want(sys.post(page+"/closing-request", "reason", "离任已久"), 200, page, "等待确认注销")
	sec.want(sec.post(page+"/closing", "confirm", "moon"), 422, "", "请准确输入登录名")
	sec.want(sec.post(page+"/closing", "confirm", "sun"), 200, page, "已注销")
	sec.want(sec.post(page+"/activation"), 422, "", "不能这样办理")

	aud.want(aud.get("/desk/audit"), 200, "", "注销账号", "授予岗位", "演示sec-admin")
	aud.want(aud.get("/desk/audit?action=account.grant&result=done&from=2026-11-23&to=2026-11-23"), 200, "", "授予岗位")
	aud.want(aud.get("/desk/audit?action=account.&actor=nobody"), 200, "", "没有符合条件的记录")
	aud.want(aud.get("/desk/audit?from=x"), 200, "", "2026-11-23")
	aud.want(aud.get("/desk/audit?verify=1"), 200, "", "没有发现删改")
	got := sec.get("/desk/audit?verify=1")
	sec.want(got, 200, "", "查看审计日志")
	if strings.Contains(got.body, "授予岗位") || strings.Contains(got.body, "没有发现删改") {
		t.Error("the security administrator reads more than what auditors did")
	}
}

func TestTokens(t *testing.T) {
	s := serve(t, newRig(t, dbtest.SQLite(t)))
	b := s.in(t, OrgClerk)
	b.want(b.post("/my/tokens", "label", "同步"), 422, "", "至少选一项", `value="同步"`)
	made := b.post("/my/tokens", "label", "同步", "scopes", "read", "expires", "2026-12-01")
	b.want(made, 200, "", "只显示这一次", "2026-12-01")
	plain := regexp.MustCompile(`lx_[A-Z0-9]{32}`).FindString(made.body)
	if got := b.get("/my/tokens"); strings.Contains(got.body, plain) {
		t.Error("the token is shown again")
	}
	call := func(token, method, path, body string) seen {
		req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		return b.read(http.DefaultClient.Do(req))
	}
	b.want(call(plain, "GET", "/api/v1/tokens", ""), 200, "", `"label":"同步"`)
	b.want(call("lx_wrong", "GET", "/api/v1/tokens", ""), 401, "", "令牌无效")
	b.want(call(plain, "POST", "/api/v1/tokens", `{"label":"x","scopes":["thing.edit"]}`), 403, "", "不能比它自己更大")
	b.want(call(plain, "POST", "/api/v1/tokens", `{"label":"x","scopes":["no.such"]}`), 403, "")
	child := call(plain, "POST", "/api/v1/tokens", `{"label":"x","scopes":["read"]}`)
	b.want(child, 201, "", `"token":"lx_`)
	if got := call(plain, "GET", "/my", ""); got.path == "/my" {
		t.Error("a token opened a page")
	}

	a, err := s.rig.ByToken(t.Context(), plain)
	if err != nil || a.Check("thing.view", "/1/12/") != nil || a.Check("thing.edit", "/1/12/") == nil {
		t.Errorf("a token to read: %+v, %v", a, err)
	}
	var list struct {
		Tokens []struct{ ID int64 }
	}
	if err := json.Unmarshal([]byte(call(plain, "GET", "/api/v1/tokens", "").body), &list); err != nil || len(list.Tokens) != 2 {
		t.Fatal(list, err)
	}
	mine := fmt.Sprintf("/api/v1/tokens/%d", list.Tokens[0].ID)
	other := s.in(t, Secretary)
	other.want(other.post("/my/tokens/revocations", "token", fmt.Sprint(list.Tokens[0].ID)), 404, "")
	b.want(call(plain, "DELETE", mine, ""), 204, "")
	b.want(call(plain, "DELETE", mine, ""), 404, "")
	s.rig.clock.Advance(9 * 24 * time.Hour)
	b.want(call(plain, "GET", "/api/v1/tokens", ""), 401, "")
}
