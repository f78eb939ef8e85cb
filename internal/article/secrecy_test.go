package article

import (
	"strings"
	"testing"
)

func TestScanKnowsItsMarks(t *testing.T) {
	cases := []struct {
		text, rule string
		blocks     bool
	}{
		{"机密★\n关于某事的通知", "secret_mark", true},
		{"秘密 ★ 5年", "secret_mark", true},
		{"绝密\n★", "secret_mark", true},
		{"★ 10 年", "secret_term", true},
		{"★三年", "secret_term", true},
		{"000123\n特急\n中共青山县委文件\n青委发〔2026〕12号", "numbered_copy", true},
		{"本材料为内部资料", "inward", false},
		{"此件不公开", "inward", false},
		{"属于工作秘密", "inward", false},
		{"仅供党支部学习参考", "only_for", false},
		{"身份证号990102199003074", "", false},
		{"证号99010219900307466X。", "", false},
		{"电话13800138000联系", "phone", false},
		{"卡号6222020200000000003", "", false},
		{"位于北纬30.1234，东经103.2", "position", false},
		{"坐标 30°12′", "", false},
		{"五★级服务，满意度★★★★★", "", false},
		{"青委发〔2026〕12号 关于公开征求意见的通知", "", false},
		{"保守国家秘密是公民的义务，泄露机密要追究责任。", "", false},
		{"受理编号 202611230000123", "", false},
		{"", "", false},
	}
	for _, c := range cases {
		found := Scan(c.text)
		if c.rule == "" {
			if len(found) > 0 {
				t.Errorf("%q: found %+v, want nothing", c.text, found)
			}
			continue
		}
		if len(found) == 0 || found[0].Rule != c.rule || found[0].Blocks != c.blocks {
			t.Errorf("%q: found %+v, want %s", c.text, found, c.rule)
		}
	}
}

// citizen returns a number with the unassigned prefix 99 and a right check digit.
func citizen(body string) string {
	for _, last := range "0123456789X" {
		if idCheck(body + string(last)) {
			return body + string(last)
		}
	}
	return ""
}

func TestPersonalNumbersAreSeenButNotRepeated(t *testing.T) {
	id := citizen("99010219900307401")
	card := "622202020000000000"
	for _, last := range "0123456789" {
		if luhn(card + string(last)) {
			card += string(last)
			break
		}
	}
	found := Scan("张某，" + id + "，" + card + "，13912345678")
	var rules []string
	for _, f := range found {
		rules = append(rules, f.Rule)
		if strings.Contains(f.Near, id[6:]) || strings.Contains(f.Near, card[6:]) || strings.Contains(f.Near, "12345678") {
			t.Errorf("%s repeats the number: %s", f.Rule, f.Near)
		}
	}
	if got := strings.Join(rules, " "); got != "id_number bank_card phone" {
		t.Errorf("found %s", got)
	}
}

func FuzzScan(f *testing.F) {
	f.Add("机密★ 3年 仅供参考 13800138000")
	f.Fuzz(func(t *testing.T, s string) {
		for _, found := range Scan(s) {
			if found.Rule == "" {
				t.Error("a finding without a rule")
			}
		}
	})
}
