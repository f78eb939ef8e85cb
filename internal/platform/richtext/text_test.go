package richtext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"lianxin/internal/platform/errs"
)

func gb18030(t testing.TB, s string) []byte {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodingIsDetected(t *testing.T) {
	const text = "松林村到二组的路坏了，请问什么时候能修？\n答复：12 月 10 日前。"
	utf16le, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(text))
	utf16be, _ := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))
	for name, src := range map[string][]byte{
		"utf-8": []byte(text), "utf-8 with mark": []byte("\xef\xbb\xbf" + text), "gb18030": gb18030(t, text),
		"utf-16": utf16le, "utf-16 without mark": utf16be, "windows lines": []byte(strings.ReplaceAll(text, "\n", "\r\n")),
	} {
		if got, err := Decode(src); err != nil || got != text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestBrokenBytesAreRefused(t *testing.T) {
	good := strings.Repeat("关于换届工作的通知。\n", 20)
	cut := []byte(good)
	cut[len(cut)/2] = 0xff
	broken := gb18030(t, good)
	broken = append(broken[:len(broken)-4], 0xff, 0xff, 0xff)
	for name, c := range map[string]struct {
		src []byte
		key string
	}{
		"damaged utf-8":   {cut, "richtext.broken_utf8"},
		"damaged gb18030": {broken, "richtext.broken_text"},
		"a picture":       {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "richtext.binary"},
		"latin-1":         {[]byte("caf\xe9 cr\xe8me br\xfbl\xe9e \xfc\xe4"), "richtext."},
	} {
		_, err := Decode(c.src)
		if !errs.Is(err, errs.KindInvalid) || !strings.HasPrefix(err.Error(), c.key) {
			t.Errorf("%s: %v, want %s", name, err, c.key)
		}
	}
	if _, err := Decode(make([]byte, MaxText+1)); !errs.Is(err, errs.KindTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

func TestChineseTextReadsTheSameInBothEncodings(t *testing.T) {
	letters := []rune("中国共产党章程总纲第一条年满十八岁的，。；：“”《》\nabc 123")
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOfN(rapid.SampledFrom(letters), 4, 200).Draw(t, "text"))
		encoded, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte("共产党章程" + s))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decode(encoded); err != nil || got != "共产党章程"+s {
			t.Fatalf("%q: %q, %v", s, got, err)
		}
	})
}

func TestHTMLCharsetIsHonoured(t *testing.T) {
	page := `<html><head><meta charset="gb2312"><title>通知</title></head><body><h1>关于换届</h1><p>正文</p></body></html>`
	doc, err := FromHTML(gb18030(t, page))
	if err != nil || doc.Title != "关于换届" || doc.HTML != "<p>正文</p>" {
		t.Errorf("%+v, %v", doc, err)
	}
	// A page that says gb2312 but is UTF-8, as happens after a careless "save as".
	if doc, err := FromHTML([]byte(page)); err != nil || doc.Title != "关于换届" {
		t.Errorf("wrongly declared: %+v, %v", doc, err)
	}
}

func TestMarkdown(t *testing.T) {
	src := "# 党费收缴规定\n\n## 第一章 总则\n\n第一条 **为了**\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |\n\n<script>x</script>\n\n[坏](javascript:x) [好](https://example.org)\n"
	doc, err := FromMarkdown([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	want := "<h2>第一章 总则</h2>\n<p>第一条 <strong>为了</strong></p>\n<table>\n<thead>\n<tr>\n<th>甲</th>\n<th>乙</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n\n<p>坏 <a href=\"https://example.org\" rel=\"nofollow noreferrer\">好</a></p>"
	if diff := cmp.Diff(want, doc.HTML); diff != "" || doc.Title != "党费收缴规定" {
		t.Errorf("title %q, html (-want +got)\n%s", doc.Title, diff)
	}
	doc, err = FromMarkdown([]byte("引言\n\n# 一\n\n## 二\n"))
	if err != nil || !strings.Contains(doc.HTML, "<h2>一</h2>\n<h3>二</h3>") {
		t.Errorf("headings start at 2: %s, %v", doc.HTML, err)
	}
}

func TestTextBecomesParagraphs(t *testing.T) {
	doc, err := FromText([]byte("信访工作条例\n\n第一章　总则\n　　第一条　为了<b>\n第二条 本条例。\n"))
	want := "<h2>第一章　总则</h2>\n<p>第一条　为了&lt;b&gt;</p>\n<p>第二条 本条例。</p>"
	if err != nil || doc.Title != "信访工作条例" || doc.HTML != want {
		t.Errorf("%+v, %v", doc, err)
	}
}

func TestWordPasteIsCleaned(t *testing.T) {
	cases := map[string]struct{ in, want string }{
		"classes, fonts, o:p": {`<p class="MsoNormal" style="margin:0"><span style="font-family:宋体"><font color=red>甲<o:p></o:p></font></span></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>`, `<p>甲</p>`},
		"pretended lists": {`<p class=MsoListParagraph style="mso-list:l0 level1 lfo1"><span>·<span>&nbsp;&nbsp; </span></span>甲</p><p style="mso-list:l0 level2 lfo1">1.&nbsp; 乙</p><p style="mso-list:l0 level1 lfo1">·&nbsp; 丙</p>`,
			`<ul><li>甲<ol><li>乙</li></ol></li><li>丙</li></ul>`},
		"alignment":          {`<p style="text-align: center">中</p><p align=right>右</p>`, `<p class="align-center">中</p><p class="align-right">右</p>`},
		"bold by style":      {`<p><span style="font-weight:bold">甲</span>乙</p>`, `<p><strong>甲</strong>乙</p>`},
		"headings go down":   {`<h1>一</h1><h2>二</h2>`, `<h2>一</h2><h3>二</h3>`},
		"conditional markup": {`<!--[if gte mso 9]><xml><w:x>1</w:x></xml><![endif]--><p>甲</p><style>p{}</style>`, `<p>甲</p>`},
		"loose text":         {`甲<br>乙<p>丙</p>丁`, `<p>甲<br/>乙</p><p>丙</p><p>丁</p>`},
		"wrappers":           {`<div><div><p>甲</p></div></div>`, `<p>甲</p>`},
	}
	for name, c := range cases {
		got, err := Clean(c.in)
		if err != nil || strings.ReplaceAll(got, "\n", "") != c.want {
			t.Errorf("%s\n got %s, %v\nwant %s", name, got, err, c.want)
		}
		again, err := Clean(got)
		if err != nil || again != got {
			t.Errorf("%s: cleaning twice gives %s, %v", name, again, err)
		}
	}
	if _, err := Clean(strings.Repeat("<div>", 100_000)); !errs.Is(err, errs.KindInvalid) {
		t.Errorf("too deep: %v", err)
	}
}

func TestPlainText(t *testing.T) {
	body := `<h2>一</h2><p>甲&amp;乙<br>丙<sup><a class="footnote" id="fnref-1" href="#fn-1">1</a></sup> 丁 <sup>2</sup></p><table><tr><td>子</td><td>丑</td></tr></table>`
	if got, want := Text(body), "一\n甲&乙\n丙 丁 2\n子 丑"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Excerpt("<p>一二三四五六七八</p>", 5); got != "一二三四…" {
		t.Errorf("excerpt %q", got)
	}
	if got := Excerpt("<p>一二</p>", 5); got != "一二" {
		t.Errorf("short excerpt %q", got)
	}
}

func TestStatutesGetLastingAnchors(t *testing.T) {
	body := `<h2>第一章 总则</h2><p>第一条 为了</p><p>第十二条之一　补充</p><p>第三条规定的情形</p><h2>附则</h2><p>第二十条</p>`
	anchored, toc := Outline(body)
	want := `<h2 id="zhang-1">第一章 总则</h2><p id="tiao-1">第一条 为了</p><p id="tiao-12-1">第十二条之一　补充</p><p>第三条规定的情形</p><h2 id="h-1">附则</h2><p id="tiao-20">第二十条</p>`
	if anchored != want {
		t.Errorf("got  %s\nwant %s", anchored, want)
	}
	if diff := cmp.Diff([]Heading{{2, "zhang-1", "第一章 总则"}, {2, "h-1", "附则"}}, toc); diff != "" {
		t.Error(diff)
	}
	again, _ := Outline(anchored)
	if again != anchored {
		t.Errorf("a second time: %s", again)
	}
}

func TestChineseNumbersReadBack(t *testing.T) {
	for n := 1; n < 10_000; n++ {
		if got, ok := chineseNumber(toChinese(n)); !ok || got != n {
			t.Fatalf("%d is written %s and read %d", n, toChinese(n), got)
		}
	}
	for s, want := range map[string]int{"一二六〇": 1260, "两百": 200, "12": 12} {
		if got, ok := chineseNumber(s); !ok || got != want {
			t.Errorf("%s: %d", s, got)
		}
	}
}

func TestDiffReads(t *testing.T) {
	before := "<p>第一条 甲</p><p>第二条 村里的路由镇里修。</p><p>三</p><p>四</p><p>五</p><p>六</p>"
	after := "<p>第一条 甲</p><p>第二条 村里的路由县里修。</p><p>三</p><p>四</p><p>五</p><p>六</p><p>七</p>"
	want := []Change{
		{Op: Same, Parts: []Part{{Same, "第一条 甲"}}},
		{Op: Changed, Parts: []Part{{Same, "第二条 村里的路由"}, {Removed, "镇"}, {Added, "县"}, {Same, "里修。"}}},
		{Op: Same, Parts: []Part{{Same, "三"}}},
		{Op: Skipped, Count: 2},
		{Op: Same, Parts: []Part{{Same, "六"}}},
		{Op: Added, Parts: []Part{{Added, "七"}}},
	}
	if diff := cmp.Diff(want, Diff(before, after)); diff != "" {
		t.Error(diff)
	}
	if got := Diff(before, before); len(got) > 1 {
		t.Errorf("nothing changed: %+v", got)
	}
}

func TestDiffLosesNothing(t *testing.T) {
	word := rapid.StringOfN(rapid.SampledFrom([]rune("甲乙丙丁")), 1, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		var sides [2][]string
		for i := range sides {
			sides[i] = rapid.SliceOfN(word, 0, 8).Draw(t, "side")
		}
		html := func(l []string) string { return "<p>" + strings.Join(l, "</p><p>") + "</p>" }
		var before, after, skipped = 0, 0, 0
		for _, c := range Diff(html(sides[0]), html(sides[1])) {
			skipped += c.Count
			for _, p := range c.Parts {
				if p.Op != Added {
					before += len(p.Text)
				}
				if p.Op != Removed {
					after += len(p.Text)
				}
			}
		}
		if skipped == 0 && (before != len(strings.Join(sides[0], "")) || after != len(strings.Join(sides[1], ""))) {
			t.Fatalf("%v → %v: %d, %d bytes shown", sides[0], sides[1], before, after)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("文"))
	f.Add([]byte{0xff, 0xfe, 0x41})
	f.Add([]byte{0x81, 0x30, 0x81, 0x30})
	f.Fuzz(func(t *testing.T, src []byte) {
		if doc, err := FromText(src); err == nil {
			assertHarmless(t, doc.HTML)
		}
		if doc, err := FromHTML(src); err == nil {
			assertHarmless(t, doc.HTML)
		}
		if doc, err := FromMarkdown(src); err == nil {
			assertHarmless(t, doc.HTML)
		}
	})
}
