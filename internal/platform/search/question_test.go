package search

import (
	"strings"
	"testing"
	"time"
)

func show(ps []phrase) string {
	var out []string
	for _, p := range ps {
		out = append(out, strings.Join(p.terms, "+"))
	}
	return strings.Join(out, " ")
}

func TestQuestionIsRead(t *testing.T) {
	for _, c := range []struct {
		typed, words, quoted string
		asks                 bool
	}{
		{"", "", "", false},
		{"党费", "党费", "", false},
		{"党费 收缴", "党费 收缴", "", false},
		{"集体土地", "集体+体土+土地", "", false},
		{"税", "税*", "", false},
		{"2024年", "2024+年*", "", false},
		{"“集体土地” 补偿", "集体+体土+土地 补偿", "集体+体土+土地", false},
		{`补偿 "土地，承包"`, "补偿 土地+地+承包", "土地+地+承包", false},
		{"土地，承包", "土地 承包", "", false},
		{"村里修路占了我家地该找谁", "村里+里修+修路+路占+占了+了我+我家+家地+地该+该找+找谁", "", true},
		{"党费是什么？", "党费+费是+是什+什么", "", true},
		{"GDP", "gdp", "", false},
		{`" OR 1=1 --`, "or+1+1", "or+1+1", false},
	} {
		q := ask(c.typed)
		if show(q.words) != c.words || show(q.quoted) != c.quoted || q.asks != c.asks {
			t.Errorf("%q: words %q quoted %q asks %v, want %q %q %v", c.typed, show(q.words), show(q.quoted), q.asks, c.words, c.quoted, c.asks)
		}
	}
}

func TestSubjectIsWhatAQuestionIsAbout(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"预备党员怎么转正", "预备党员 转正"},
		{"他人侵占土地怎么办", "他人侵占土地"},
		{"怎么办？", "怎么办？"},
	} {
		q := ask(c.typed)
		if got := strings.Join(strings.Fields(q.subject()), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.typed, got, c.want)
		}
	}
}

func TestDaysAreCoveredByFewTerms(t *testing.T) {
	at := func(s string) time.Time {
		d, err := time.ParseInLocation(time.DateOnly, s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ from, to, want string }{
		{"2024-01-01", "2024-12-31", "=y2024"},
		{"2024-02-01", "2024-03-31", "=m202402 =m202403"},
		{"2024-02-27", "2024-03-01", "=d20240227 =d20240228 =d20240229 =d20240301"},
		{"2023-12-31", "2025-01-01", "=d20231231 =y2024 =d20250101"},
		{"2024-02-02", "2024-02-01", "=nothing"},
	} {
		if got := strings.Join(days(at(c.from), at(c.to)), " "); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

func TestPlaceOfTitle(t *testing.T) {
	for _, c := range []struct{ title, want string }{
		{"河南省就业促进条例第五十五条", "河南"},
		{"洛阳市市容条例", "洛阳"},
		{"郑州市城市养犬管理条例", "郑州"},
		{"广西壮族自治区水条例", "广西"},
		{"重庆市河长制条例", "重庆"},
		{"彭水苗族土家族自治县条例", "彭水苗族土家族"},
		{"青山县开展主题党日", "青山"},
		{"城市房地产管理法", ""},
		{"上市公司监督条例", ""},
		{"市场监督管理办法", ""},
		{"民法典第十二条", ""},
		{"", ""},
	} {
		if got := placeOf(c.title); got != c.want {
			t.Errorf("%s: %q, want %q", c.title, got, c.want)
		}
	}
	if elsewhere("青山", "低保怎么办", []string{"青山县"}) || !elsewhere("河南", "低保怎么办", []string{"青山县"}) || elsewhere("河南", "河南低保", nil) {
		t.Error("elsewhere is what is neither here nor asked about")
	}
}

func TestPinyinIsSpelt(t *testing.T) {
	for _, c := range []struct{ letters, want string }{
		{"xiguan", "xi guan"},
		{"dangyuan", "dang yuan"},
		{"zhuangtai", "zhuang tai"},
		{"qq", ""},
		{"", ""},
	} {
		if got := strings.Join(spell(c.letters), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.letters, got, c.want)
		}
	}
}

func TestExcerptIsSafeAndMarked(t *testing.T) {
	s := newScorer("集体土地", "", func(string) float64 { return 1 })
	s.sentences, s.words = false, ask("集体土地").words
	body := strings.Repeat("前面的话很长很长。", 50) + "<script>农村集体土地</script>所有权，体土不算。" + strings.Repeat("后面。", 100)
	got := s.excerpt(body)
	for _, want := range []string{"农村<mark>集体土地</mark>", "&lt;/script&gt;", "…"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	if strings.Contains(got, "<mark>体土</mark>") || strings.Contains(got, "<script>") {
		t.Error(got)
	}
}
