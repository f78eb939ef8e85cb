package search

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/tree"
)

// corpus is a small county. Ids are the positions, from 1.
var corpus = []Doc{
	{Title: "中国共产党党费收缴、使用和管理的规定", Body: "党员交纳党费的比例为：每月工资收入三千元以下者，交纳月工资收入的百分之零点五。", SiteID: 1, OrgID: 1, OrgPath: "/1/", ColumnID: 11, Category: "规章"},
	{Title: "农村集体土地征收补偿办法", Body: "修建公路占用村民承包地的，应当依法给予补偿。村民可以向村民委员会或者乡镇人民政府申请。", SiteID: 2, OrgID: 12, OrgPath: "/1/12/", ColumnID: 21, Category: "政策"},
	{Title: "柳河镇开展主题党日活动", Body: "全体党员重温入党誓词，走访困难群众。GDP 增长 6.5%。", SiteID: 2, OrgID: 12, OrgPath: "/1/12/", ColumnID: 22, Category: "要闻"},
	{Title: "培养良好学习习惯", Body: "读书学习要持之以恒。", SiteID: 3, OrgID: 120, OrgPath: "/1/12/120/", ColumnID: 31, Category: "要闻"},
	{Title: "河南省土地补偿条例", Body: "修路占用承包地的，依法补偿，找当地人民政府。", SiteID: 1, OrgID: 1, OrgPath: "/1/", ColumnID: 11, Category: "政策"},
	{Title: "支部内部情况", Body: "仅供党员阅读的党费明细。", SiteID: 3, OrgID: 120, OrgPath: "/1/12/120/", ColumnID: 31, Audience: "members", Category: "内部"},
}

func filled(t *testing.T, d *db.DB) *Index {
	t.Helper()
	x, err := New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	docs := make([]Doc, len(corpus))
	for i, c := range corpus {
		c.Kind, c.ID, c.URL = "article", int64(i+1), fmt.Sprintf("/a/%d", i+1)
		c.At = time.Date(2020+i, 3, 31, 16, 30, 0, 0, time.UTC) // April 1st where it is read
		docs[i] = c
	}
	put(t, d, x, docs...)
	return x
}

func put(t *testing.T, d *db.DB, x *Index, docs ...Doc) {
	t.Helper()
	if err := d.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return x.Put(ctx, tx, docs...) }); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, x *Index, q Query) Result {
	t.Helper()
	r, err := x.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("%q: %v", q.Text, err)
	}
	return r
}

func ids(r Result) string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, fmt.Sprint(h.ID))
	}
	return strings.Join(out, " ")
}

func TestWordsMustAllOccur(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		for _, c := range []struct {
			q    Query
			want string
		}{
			{Query{Text: "党费"}, "1"},
			{Query{Text: "补偿 承包地", Sort: ByDate}, "5 2"},
			{Query{Text: "补偿 承包地", OrgPath: "/1/12/"}, "2"},
			{Query{Text: "补偿", SiteID: 1}, "5"},
			{Query{Text: "补偿", OrgID: 12}, "2"},
			{Query{Text: "补偿", Within: []tree.Path{"/1/12/", "/1/13/"}}, "2"},
			{Query{Text: "补偿", OrgPath: tree.Root, Sort: ByDate}, "5 2"},
			{Query{Text: "党员", ColumnID: 22}, "3"},
			{Query{Text: "党员", Category: "规章"}, "1"},
			{Query{Text: "党员", Kind: "letter"}, ""},
			{Query{Text: "党员", Year: 2022}, "3"},
			{Query{Text: "党员", From: time.Date(2022, 4, 1, 0, 0, 0, 0, zone)}, "3"},
			{Query{Text: "党员", From: time.Date(2022, 4, 2, 0, 0, 0, 0, zone)}, ""},
			{Query{Text: "党员", To: time.Date(2022, 3, 31, 0, 0, 0, 0, zone)}, "1"},
			{Query{Text: "党费", Audiences: []string{"members"}, Sort: ByDate}, "6 1"},
			{Query{Text: "党费", Audiences: []string{"others"}}, "1"},
			{Query{Text: "党费", Audiences: []string{"members"}, ExceptSites: []int64{3}}, "1"},
			{Query{Text: "党员", ExceptSites: []int64{2, 3}}, "1"},
			{Query{Text: "ｇｄｐ"}, "3"},
			{Query{Text: "gdp 誓词"}, "3"},
			{Query{Text: "税"}, ""},
			{Query{Text: "誓"}, "3"},
			{Query{Text: "词"}, "3"},
			{Query{Text: `"学习要持之以恒"`}, "4"},
			{Query{Text: `"学习持之以恒"`}, ""},
			{Query{Text: "“三千元以下者，交纳月工资”"}, "1"},
		} {
			r := find(t, x, c.q)
			if r.Sentence {
				r = Result{}
			}
			if got := ids(r); got != c.want {
				t.Errorf("%+v: hits %q, want %q", c.q, got, c.want)
			}
		}
	})
}

func TestSentenceFindsBestMatchesFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		r := find(t, x, Query{Text: "村里修路占了我家地该找谁", Here: []string{"青山县"}})
		if !r.Sentence || !strings.HasPrefix(ids(r), "2") {
			t.Errorf("sentence %v, hits %q; want 2 first", r.Sentence, ids(r))
		}
		r = find(t, x, Query{Text: "河南省修路占地怎么补偿"})
		if !strings.HasPrefix(ids(r), "5") {
			t.Errorf("hits %q; who asks about 河南 wants 5 first", ids(r))
		}
		if r := find(t, x, Query{Text: "党员 火星"}); !r.Sentence || r.Total == 0 {
			t.Errorf("words that never meet are asked as a sentence: %+v", r)
		}
		if r := find(t, x, Query{Text: "党费怎么交？"}); strings.Contains(ids(r), "6") {
			t.Error("a sentence shows what the asker may not see")
		}
	})
}

func TestBothEnginesGiveTheSameHits(t *testing.T) {
	if testing.Short() {
		return // needs both at once
	}
	lite, pg := dbtest.SQLite(t), dbtest.Postgres(t)
	a, b := filled(t, lite), filled(t, pg)
	for _, text := range []string{"党员", "补偿", "土地 补偿", "村里修路占了我家地该找谁", "党费怎么交？", "税", "人", "xiguan", "西关", "zgd", "“人民政府”", "学习习惯养成的好处有哪些"} {
		for _, sort := range []Sort{ByRelevance, ByDate} {
			q := Query{Text: text, Sort: sort, Limit: 2}
			if diff := cmp.Diff(find(t, a, q), find(t, b, q)); diff != "" {
				t.Errorf("%s by %s: %s", text, sort, diff)
			}
		}
	}
}

func TestPutReplacesAndDeleteRemoves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		long := strings.Repeat("很长的正文写了又写。", 800) + "末尾提到珍珠。" // several parts
		put(t, d, x, Doc{Kind: "article", ID: 1, Title: "新的标题", Body: long, OrgPath: "/1/", At: time.Unix(0, 0)})
		if got := ids(find(t, x, Query{Text: "交纳党费"})); got != "" {
			t.Errorf("the old text is still found: %s", got)
		}
		if r := find(t, x, Query{Text: "珍珠"}); ids(r) != "1" || !strings.Contains(r.Hits[0].Excerpt, "<mark>珍珠</mark>") {
			t.Errorf("the end of a long text is not found: %+v", r)
		}
		if r := find(t, x, Query{Text: "新的标题"}); r.Total != 1 || len(r.Hits) != 1 {
			t.Errorf("a document of several parts is one hit, not %d", r.Total)
		}
		put(t, d, x, Doc{Kind: "article", ID: 1, Title: "甲", Body: "一"}, Doc{Kind: "article", ID: 1, Title: "乙", Body: "二二"})
		if got := ids(find(t, x, Query{Text: "珍珠"})); got != "" {
			t.Error("the second time the text stays")
		}
		if got := ids(find(t, x, Query{Text: "二二"})); got != "1" {
			t.Errorf("of two under one id the last counts, found %q", got)
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return x.Delete(ctx, tx, "article", 1, 2, 999) })
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(find(t, x, Query{Text: "二二"})) + ids(find(t, x, Query{Text: "“农村集体土地”"})); got != "" {
			t.Errorf("deleted and still found: %s", got)
		}
	})
}

func TestIndexFollowsTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		stop := errors.New("stop")
		err := d.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
			if err := x.Put(ctx, tx, Doc{Kind: "article", ID: 77, Title: "琥珀"}); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if r := find(t, x, Query{Text: "琥珀"}); r.Total != 0 {
			t.Error("what was rolled back is found")
		}
	})
}

func TestMovedOrganisationIsFoundInItsNewPlace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		err := d.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error { return x.Move(ctx, tx, "/1/12/", "/1/13/12/") })
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[tree.Path]string{"/1/13/": "4", "/1/13/12/120/": "4", "/1/": "4", "/2/": ""} {
			if got := ids(find(t, x, Query{Text: "学习习惯", OrgPath: path})); got != want {
				t.Errorf("below %s: %q, want %q", path, got, want)
			}
		}
	})
}

func TestTitlesAreFoundBySound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		for _, c := range []struct{ typed, meant string }{
			{"西关", "习惯"}, {"xiguan", "习惯"}, {"XiGuan", "习惯"}, {"xxxg", "学习习惯"}, {"柳何镇", "柳河镇"},
		} {
			r := find(t, x, Query{Text: c.typed})
			if r.DidYouMean != c.meant || len(r.Similar) != 1 {
				t.Errorf("%s: did you mean %q (%v), want %q", c.typed, r.DidYouMean, r.Similar, c.meant)
			}
		}
		got, err := x.Suggest(t.Context(), Query{Text: "土地", Limit: 5})
		if err != nil || len(got) != 2 {
			t.Errorf("suggestions %v, %v; want two titles with 土地", got, err)
		}
	})
}

func TestPagesFollowTheCursor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		var many []Doc
		for i := range 45 {
			many = append(many, Doc{Kind: "article", ID: int64(100 + i), Title: fmt.Sprintf("通知第%d号", i), Body: "关于防汛工作的通知", At: time.Unix(int64(i)*86400, 0)})
		}
		put(t, d, x, many...)
		for _, sort := range []Sort{ByRelevance, ByDate} {
			q, seen := Query{Text: "防汛", Limit: 20, Sort: sort}, map[int64]bool{}
			for pages := 0; ; pages++ {
				r := find(t, x, q)
				for _, h := range r.Hits {
					seen[h.ID] = true
				}
				if q.Cursor = r.Next; r.Next == "" || pages > 5 {
					break
				}
			}
			if len(seen) != 45 {
				t.Errorf("by %s: %d of 45 on all pages", sort, len(seen))
			}
		}
		if _, err := x.Search(t.Context(), Query{Text: "防汛", Cursor: "x'"}); err == nil {
			t.Error("a rubbish cursor is taken")
		}
	})
}

func TestFacetsCountTheHits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := find(t, filled(t, d), Query{Text: "党员"}).Facets
		want := Facets{
			Columns:    []Count{{ID: 22, N: 1}, {ID: 11, N: 1}},
			Orgs:       []Count{{ID: 12, N: 1}, {ID: 1, N: 1}},
			Years:      []Count{{ID: 2022, Value: "2022", N: 1}, {ID: 2020, Value: "2020", N: 1}},
			Kinds:      []Count{{Value: "article", N: 2}},
			Categories: []Count{{Value: "要闻", N: 1}, {Value: "规章", N: 1}},
		}
		if diff := cmp.Diff(want, f); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRubbishIsHarmless(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		x := filled(t, d)
		for _, text := range []string{
			"", " ", "\x00", "\xff\xfe", `"`, `""`, `"""`, "“", "*", "^", "NEAR(a b)", "a AND b OR NOT c", "title:党费", "党费*", "-党费", "党费)", "(党费",
			"'; drop table search_doc; --", "a & | ! <-> b", `\'`, "=s1", "~dang", strings.Repeat("党", 10_000), strings.Repeat("a ", 5000), strings.Repeat("“党”", 500),
			"😀", "𠀀", "%", "_", "{title} : x", "?", "？", "吗吗吗吗吗吗", "的",
		} {
			find(t, x, Query{Text: text})
			if _, err := x.Suggest(t.Context(), Query{Text: text, Limit: 5}); err != nil {
				t.Errorf("suggest %.20q: %v", text, err)
			}
		}
		put(t, d, x, Doc{Kind: "article", ID: 500, Title: "a\x00b\xff'\"\\", Body: strings.Repeat("'\\:*&|!()<>\" \x00", 100) + strings.Repeat("x", 5000)})
		if got := ids(find(t, x, Query{Text: "ab"})); got != "500" {
			t.Errorf("found %q", got)
		}
	})
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"党费", `"土地" 谁`, "xiguan", "a OR b*"} {
		f.Add(s)
	}
	d := dbtest.SQLite(f)
	x, err := New(context.Background(), d)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := x.Search(t.Context(), Query{Text: s}); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
