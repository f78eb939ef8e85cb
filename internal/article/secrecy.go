package article

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Finding is a place that must not, or perhaps should not, be published
// (handbook security.md §5, step 2).
type Finding struct {
	// Rule names the pattern; its message is article.scan.<rule>.
	Rule string
	// Blocks means that the text may not even be stored here.
	Blocks bool
	// Near is the place with a little context; of personal data only the kind
	// of digits is shown.
	Near string
}

var (
	secretMark = regexp.MustCompile(`(?:绝密|机密|秘密)\s*[★☆⭑]`)
	secretTerm = regexp.MustCompile(`[★☆⭑]\s*(?:\d+|[一二三四五六七八九十]+)\s*(?:年|个月|长期)`)
	copyNumber = regexp.MustCompile(`(?:份\s*号|编\s*号)\s*[:：]?\s*0\d{3,6}|(?m)^\s*0\d{5}\s*$`)
	redHead    = regexp.MustCompile(`(?m)^.{2,30}文\s*件\s*$|[\p{Han}]{1,8}[〔\[（(]\d{4}[〕\])）]\s*\d{1,4}\s*号`)
	urgency    = regexp.MustCompile(`(?m)^\s*(?:特急|加急|特提)\s*$|签发人\s*[:：]`)
	onlyFor    = regexp.MustCompile(`仅供.{1,12}参考`)
	position   = regexp.MustCompile(`(?:东经|北纬|经度|纬度|[NE])\s*[:：]?\s*\d{1,3}(?:°|度|\.\d{3,})`)
)

var inward = []string{"内部资料", "内部文件", "不予公开", "此件不公开", "注意保存", "工作秘密", "严禁外传", "不得外传"}

// Scan reads text for marks of secrecy, which block, and for words and numbers
// that a person should look at again. It reports each rule once.
func Scan(text string) []Finding {
	var out []Finding
	add := func(rule string, blocks bool, at []int) {
		if at != nil {
			out = append(out, Finding{Rule: rule, Blocks: blocks, Near: near(text, at[0], at[1])})
		}
	}
	// Most texts hold none of these characters, which is quick to see.
	if strings.Contains(text, "★") || strings.Contains(text, "☆") || strings.Contains(text, "⭑") {
		add("secret_mark", true, secretMark.FindStringIndex(text))
		add("secret_term", true, secretTerm.FindStringIndex(text))
	}
	if head := firstLines(text, 2000); strings.Contains(head, "急") || strings.Contains(head, "签发人") || strings.Contains(head, "特提") {
		if no := copyNumber.FindStringIndex(head); no != nil && redHead.MatchString(head) && urgency.MatchString(head) {
			add("numbered_copy", true, no)
		}
	}
	for _, word := range inward {
		if i := strings.Index(text, word); i >= 0 {
			add("inward", false, []int{i, i + len(word)})
			break
		}
	}
	if strings.Contains(text, "仅供") {
		add("only_for", false, onlyFor.FindStringIndex(text))
	}
	if strings.Contains(text, "经") && strings.Contains(text, "纬") || strings.Contains(text, "°") {
		add("position", false, position.FindStringIndex(text))
	}
	return append(out, scanDigits(text)...)
}

// Blocking returns the findings that forbid storing.
func Blocking(found []Finding) []Finding {
	var out []Finding
	for _, f := range found {
		if f.Blocks {
			out = append(out, f)
		}
	}
	return out
}

func firstLines(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// near shows the match with up to 12 characters on either side.
func near(text string, from, to int) string {
	for range 12 {
		if from == 0 {
			break
		}
		_, n := utf8.DecodeLastRuneInString(text[:from])
		from -= n
	}
	for range 12 {
		if to == len(text) {
			break
		}
		_, n := utf8.DecodeRuneInString(text[to:])
		to += n
	}
	return strings.Join(strings.Fields(text[from:to]), " ")
}

// scanDigits looks for ID, mobile phone and bank card numbers by their form and
// check digits. The number itself is not repeated.
func scanDigits(text string) []Finding {
	var out []Finding
	seen := map[string]bool{}
	for i := 0; i < len(text); {
		if text[i] < '0' || text[i] > '9' {
			i++
			continue
		}
		end := i
		for end < len(text) && (text[end] >= '0' && text[end] <= '9') {
			end++
		}
		run := text[i:end]
		if len(run) == 17 && end < len(text) && (text[end] == 'X' || text[end] == 'x') {
			run = text[i : end+1]
		}
		if rule := digitRule(run); rule != "" && !seen[rule] {
			seen[rule] = true
			out = append(out, Finding{Rule: rule, Near: run[:3] + strings.Repeat("*", len(run)-3)})
		}
		i = end
	}
	return out
}

func digitRule(run string) string {
	switch {
	case len(run) == 18 && idCheck(run):
		return "id_number"
	case len(run) == 11 && run[0] == '1' && run[1] >= '3':
		return "phone"
	case len(run) >= 16 && len(run) <= 19 && luhn(run):
		return "bank_card"
	}
	return ""
}

// idCheck verifies the check digit of a citizen number (GB 11643).
func idCheck(s string) bool {
	sum, weight := 0, 1
	for i := 16; i >= 0; i-- {
		weight = weight * 2 % 11
		sum += int(s[i]-'0') * weight
	}
	return "10X98765432"[sum%11] == upper(s[17])
}

func upper(b byte) byte {
	if b == 'x' {
		return 'X'
	}
	return b
}

// luhn verifies the check digit of a bank card (ISO/IEC 7812).
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
