package article

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"lianxin/internal/account"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// browser sends requests through the real router.
type browser struct {
	*world
	rt *web.Router
}

func newBrowser(t testing.TB) *browser {
	t.Helper()
	w := newWorld(t, dbtest.SQLite(t))
	views, err := web.NewViews(w.catalog, &web.Assets{}, site.Room, Room)
	if err != nil {
		t.Fatal(err)
	}
	rt := web.NewRouter(views, "test")
	sites := site.NewPages(w.Sites, views)
	NewPages(w.Service, views, sites).Routes(rt)
	NewAPI(w.Service).Routes(rt)
	return &browser{w, rt}
}

// do sends a request as the person in ctx and returns the status, the page and
// the address it leads to.
func (b *browser) do(t testing.TB, ctx context.Context, method, target, kind, body string) (int, string, http.Header) {
	t.Helper()
	ctx = web.WithRequest(ctx, &web.Request{ID: "test", Locale: "zh-CN"}, b.catalog)
	r := httptest.NewRequest(method, target, strings.NewReader(body)).WithContext(ctx)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	rec := httptest.NewRecorder()
	b.rt.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String(), rec.Header()
}

func (b *browser) get(t testing.TB, ctx context.Context, target string) (int, string) {
	t.Helper()
	status, page, _ := b.do(t, ctx, "GET", target, "", "")
	return status, page
}

func (b *browser) post(t testing.TB, ctx context.Context, target string, v url.Values) (int, string, string) {
	t.Helper()
	status, page, h := b.do(t, ctx, "POST", target, "application/x-www-form-urlencoded", v.Encode())
	return status, page, h.Get("Location")
}

// multi builds a form with files.
func multi(t testing.TB, v url.Values, field, name string, data []byte) (kind, body string) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for key, values := range v {
		for _, value := range values {
			if err := m.WriteField(key, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := m.CreateFormFile(field, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), b.String()
}

func (b *browser) form() url.Values {
	v := fill(b.content())
	v.Set("site", strconv.FormatInt(b.site.ID, 10))
	return v
}

func (b *browser) revision(t testing.TB, id int64) url.Values {
	t.Helper()
	a := ok[Article](t)(byID(t.Context(), b.DB.Read(), id))
	return url.Values{"revision": {strconv.FormatInt(a.Revision, 10)}}
}

func must(t testing.TB, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("%q is missing in\n%.3000s", part, page)
		}
	}
}

// The whole way through the pages, without any script.
func TestFromDraftToReader(t *testing.T) {
	b := newBrowser(t)
	editor, reviewer := as(t, account.SiteEditor), as(t, account.Reviewer)
	_, page := b.get(t, editor, "/desk/articles")
	must(t, page, "还没有文章", "/desk/articles/new")
	_, page = b.get(t, editor, "/desk/articles/new?site="+strconv.FormatInt(b.site.ID, 10))
	must(t, page, "data-editor", "不得处理国家秘密", "要闻")

	v := b.form()
	v.Set("body", `<p onclick="x">群众来信七个工作日内必答。</p><script>x</script>`)
	status, page, at := b.post(t, editor, "/desk/articles", v)
	if status != http.StatusSeeOther || !strings.HasPrefix(at, "/desk/articles/") {
		t.Fatalf("%d to %q: %s", status, at, page)
	}
	id, err := strconv.ParseInt(at[len("/desk/articles/"):], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	_, page = b.get(t, editor, at)
	must(t, page, "送审", "<p>群众来信七个工作日内必答。</p>")
	public := Address(b.site, id)
	if status, _ := b.get(t, t.Context(), public); status != http.StatusNotFound {
		t.Errorf("a draft is answered with %d", status)
	}

	sub := b.revision(t, id)
	if status, page, _ := b.post(t, editor, at+"/submissions", sub); status != http.StatusUnprocessableEntity || !strings.Contains(page, "请写明为什么可以公开") {
		t.Errorf("without a declaration: %d", status)
	}
	sub.Set("no_secret", "on")
	sub.Set("basis", "本单位工作动态")
	sub.Set("personal_data", "no")
	if status, page, _ := b.post(t, editor, at+"/submissions", sub); status != http.StatusSeeOther {
		t.Fatalf("handing in: %d %s", status, page)
	}
	_, page = b.get(t, reviewer, at)
	must(t, page, "通过并发布", "退回修改", "本单位工作动态")
	decision := b.revision(t, id)
	decision.Set("decision", "publish")
	if status, page, _ := b.post(t, reviewer, at+"/reviews", decision); status != http.StatusSeeOther {
		t.Fatalf("publishing: %d %s", status, page)
	}
	status, page = b.get(t, t.Context(), public)
	if status != http.StatusOK {
		t.Fatalf("reading: %d", status)
	}
	must(t, page, "十二个乡镇公开承诺", "发布单位：中共青山县委", "责任编辑：李明", "2026-11-23 10:00")
	_, page = b.get(t, t.Context(), b.site.Base()+"/c/news")
	must(t, page, "十二个乡镇公开承诺", public)

	gone := b.revision(t, id)
	gone.Set("notice", "数字有误，正在核对。")
	if status, _, _ := b.post(t, reviewer, at+"/withdrawals", gone); status != http.StatusSeeOther {
		t.Fatalf("withdrawing: %d", status)
	}
	status, page = b.get(t, t.Context(), public)
	if status != http.StatusGone {
		t.Errorf("after withdrawing: %d", status)
	}
	must(t, page, "数字有误，正在核对。")
}

func TestNothingTypedIsLost(t *testing.T) {
	b := newBrowser(t)
	editor := as(t, account.SiteEditor)
	v := b.form()
	v.Set("title", strings.Repeat("长", 10_000))
	v.Set("body", "<p>花了一小时写的正文</p>")
	kind, body := multi(t, v, "files", "表.pdf", []byte("%PDF-1.7 x"))
	status, page, _ := b.do(t, editor, "POST", "/desk/articles", kind, body)
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", status)
	}
	must(t, page, "最多 200 字，现在有 10000 字", "花了一小时写的正文", strings.Repeat("长", 10_000), "表.pdf", "%PDF"[1:])

	// Two people at once.
	a := ok[Article](t)(b.Create(editor, b.site.ID, b.content()))
	first := b.form()
	first.Set("revision", "1")
	if status, _, _ := b.post(t, editor, deskAddress(a.ID), first); status != http.StatusSeeOther {
		t.Fatalf("first save: %d", status)
	}
	second := b.form()
	second.Set("revision", "1")
	second.Set("body", "<p>第二个人写的</p>")
	status, page, _ = b.post(t, other(t, account.SiteEditor), deskAddress(a.ID), second)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("second save: %d", status)
	}
	must(t, page, "别人修改了这篇文章", "第二个人写的")
}

func TestBadUploadsGetClearSentences(t *testing.T) {
	b := newBrowser(t)
	editor := as(t, account.SiteEditor)
	v := url.Values{"site": {strconv.FormatInt(b.site.ID, 10)}}
	for name, c := range map[string]struct{ data, want string }{
		"a.docx": {"not a zip", "这不是 .docx 文档"},
		"a.doc":  {"\xd0\xcf\x11\xe0", "旧版或加密"},
		"a.txt":  {"关于换届工作的通知。关于换届工作的通知。\xff\xfe关于换届", "第 1 行有损坏的字符"},
		"a.md":   {"# 标题\n\n机密★", "涉密标志"},
		"a.exe":  {"MZ", "类型不支持"},
	} {
		kind, body := multi(t, v, "document", name, []byte(c.data))
		status, page, _ := b.do(t, editor, "POST", "/desk/articles/import", kind, body)
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, c.want) {
			t.Errorf("%s: %d, %q is missing", name, status, c.want)
		}
	}
	kind, body := multi(t, v, "document", "通知.md", []byte("# 换届通知\n\n| 一 | 二 |\n|---|---|\n| 三 | 四 |"))
	if status, page, _ := b.do(t, editor, "POST", "/desk/articles/import", kind, body); status != http.StatusOK || !strings.Contains(page, "换届通知") || !strings.Contains(page, "&lt;table&gt;") {
		t.Errorf("a good document: %d", status)
	}
	kind, body = multi(t, nil, "picture", "x.png", []byte("<svg onload=x>"))
	if status, answer, _ := b.do(t, editor, "POST", "/desk/uploads", kind, body); status != http.StatusUnprocessableEntity || !strings.Contains(answer, `"detail"`) {
		t.Errorf("a bad picture: %d %s", status, answer)
	}
	kind, body = multi(t, v, "document", "big.docx", bytes.Repeat([]byte("x"), 60<<20))
	if status, page, _ := b.do(t, editor, "POST", "/desk/articles/import", kind, body); status != http.StatusRequestEntityTooLarge || !strings.Contains(page, "MB") {
		t.Errorf("60 MB: %d", status)
	}
}

func TestVersionsAreCompared(t *testing.T) {
	b := newBrowser(t)
	editor := as(t, account.SiteEditor)
	a := b.published(t, b.content())
	c := b.content()
	c.Body = "<p>群众来信五个工作日内必答。</p>"
	ok[Article](t)(b.Save(editor, a.ID, a.Revision, c))
	for _, target := range []string{deskAddress(a.ID), deskAddress(a.ID) + "/versions"} {
		_, page := b.get(t, editor, target)
		must(t, page, "<del>七</del><ins>五</ins>")
	}
}

func TestFeedsAndSiteMap(t *testing.T) {
	b := newBrowser(t)
	c := b.content()
	c.Title = "甲 & 乙 <丙>"
	a := b.published(t, c)
	for target, want := range map[string]string{
		"/feed.atom": "甲 &amp; 乙 &lt;丙&gt;", "/feed.json": `"version": "https://jsonfeed.org/version/1.1"`, "/c/news/feed.atom": "要闻 – 云岭镇",
		"/sitemap.xml": "/a/" + strconv.FormatInt(a.ID, 10) + "</loc>",
	} {
		status, page := b.get(t, t.Context(), b.site.Base()+target)
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%s: %d\n%s", target, status, page)
		}
	}
	if status, _ := b.get(t, t.Context(), b.site.Base()+"/c/no/feed.atom"); status != http.StatusNotFound {
		t.Errorf("feed of an unknown column: %d", status)
	}
}

func TestAPI(t *testing.T) {
	b := newBrowser(t)
	send := func(ctx context.Context, body string) (int, string) {
		status, answer, _ := b.do(t, ctx, "POST", "/api/v1/articles", "application/json", body)
		return status, answer
	}
	if status, answer := send(as(t, account.SiteEditor), `{"site":"town","column":"news","title":"甲","markdown":"乙 **丙**"}`); status != http.StatusCreated || !strings.Contains(answer, `"state":"draft"`) {
		t.Errorf("a draft: %d %s", status, answer)
	}
	if status, answer := send(as(t, account.SiteEditor), `{"site":"town","column":"news","title":"甲","text":"乙","publish":true}`); status != http.StatusForbidden {
		t.Errorf("publishing without the permission: %d %s", status, answer)
	}
	status, answer := send(as(t, account.Reviewer), `{"site":"town","column":"news","title":"甲","html":"<p>乙<script>x</script></p>","date":"2026-01-02","publish":true}`)
	if status != http.StatusCreated || !strings.Contains(answer, `"state":"published"`) || !strings.Contains(answer, `"publishedAt":"2026-11-23T02:00:00Z"`) {
		t.Errorf("published: %d %s", status, answer)
	}
	for body, want := range map[string]string{
		`{"site":"no","column":"news","title":"甲","text":"乙"}`:                                     "404",
		`{"site":"town","column":"no","title":"甲","text":"乙"}`:                                     "422",
		`{"site":"town","column":"news","title":"甲"}`:                                              "422",
		`{"site":"town","column":"news","title":"` + strings.Repeat("长", 10_000) + `","text":"乙"}`: "422",
		`{"site":"town","column":"news","title":"甲","text":"乙","date":"昨天"}`:                       "422",
		`not json`: "400",
	} {
		if status, answer := send(as(t, account.Reviewer), body); strconv.Itoa(status) != want || !strings.Contains(answer, `"status":`+want) {
			t.Errorf("%.60s: %d %s", body, status, answer)
		}
	}
	status, answer, _ = b.do(t, t.Context(), "GET", "/api/v1/articles?site=town&column=news&limit=1", "", "")
	if status != http.StatusOK || !strings.Contains(answer, `"title":"甲"`) || strings.Contains(answer, "draft") {
		t.Errorf("list: %d %s", status, answer)
	}
	if status, answer, _ := b.do(t, t.Context(), "GET", "/api/v1/articles/1", "", ""); status != http.StatusNotFound {
		t.Errorf("a draft by the API: %d %s", status, answer)
	}
	if status, answer, _ := b.do(t, t.Context(), "GET", "/api/v1/articles/2", "", ""); status != http.StatusOK || !strings.Contains(answer, "乙") || strings.Contains(answer, "script") {
		t.Errorf("an article: %d %s", status, answer)
	}
}

func TestScheduleForm(t *testing.T) {
	b := newBrowser(t)
	reviewer := as(t, account.Reviewer)
	a := b.submitted(t, b.content())
	a = ok[Article](t)(b.Approve(reviewer, a.ID, a.Revision))
	v := b.revision(t, a.ID)
	v.Set("when", "later")
	if status, page, _ := b.post(t, reviewer, deskAddress(a.ID)+"/publications", v); status != http.StatusUnprocessableEntity || !strings.Contains(page, "请填写日期和时间") {
		t.Errorf("later, but when: %d", status)
	}
	v.Set("at", "2026-11-24T09:30")
	if status, page, _ := b.post(t, reviewer, deskAddress(a.ID)+"/publications", v); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, page)
	}
	a = ok[Article](t)(byID(t.Context(), b.DB.Read(), a.ID))
	if want := time.Date(2026, 11, 24, 1, 30, 0, 0, time.UTC); !a.ScheduledAt.Equal(want) {
		t.Errorf("scheduled for %s", a.ScheduledAt)
	}
	_, page := b.get(t, reviewer, deskAddress(a.ID))
	must(t, page, "2026-11-24 09:30", "取消定时发布")
}

// A file is as public as the article that shows it.
func TestFilesFollowTheirArticle(t *testing.T) {
	b := newBrowser(t)
	c := b.content()
	c.Attached = []Attachment{ok[Attachment](t)(b.Attach(as(t, account.SiteEditor), b.site, "说明.txt", strings.NewReader("说明")))}
	at := web.FileURL(c.Attached[0].Hash, "说明.txt")
	expect := func(when string, ctx context.Context, want int) {
		t.Helper()
		if status, _ := b.get(t, ctx, at); status != want {
			t.Errorf("%s: %d, want %d", when, status, want)
		}
	}
	a := b.submitted(t, c)
	expect("a visitor before publication", t.Context(), http.StatusNotFound)
	expect("the reviewer", as(t, account.Reviewer), http.StatusOK)
	a = ok[Article](t)(b.ApproveAndPublish(as(t, account.Reviewer), a.ID, a.Revision))
	expect("a visitor", t.Context(), http.StatusOK)
	ok[Article](t)(b.Withdraw(as(t, account.Reviewer), a.ID, a.Revision, "有误"))
	expect("a visitor after withdrawal", t.Context(), http.StatusNotFound)
	expect("a made-up address", t.Context(), http.StatusNotFound)
}
