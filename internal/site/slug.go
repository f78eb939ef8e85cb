package site

import (
	"regexp"
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// plainEnds are the words that say what an organisation is, not which one.
var plainEnds = regexp.MustCompile(`(?:支部委员会|总支部委员会|委员会|党支部|党总支|党委|县委|支部)+$`)

// SuggestSlug returns an address by the sound of a name: 云岭镇党委 → yunlingzhen.
// It is "" when nothing readable remains.
func SuggestSlug(name string) string {
	name = strings.TrimPrefix(name, "中共")
	if short := plainEnds.ReplaceAllString(name, ""); short != "" {
		name = short
	}
	var b strings.Builder
	for _, r := range name {
		sound := string(r)
		if r > 127 {
			sound = strings.Join(pinyin.SinglePinyin(r, pinyin.NewArgs()), "")
		}
		if b.Len()+len(sound) > 30 {
			break
		}
		b.WriteString(sound)
	}
	slug := strings.ToLower(b.String())
	if !slugForm.MatchString(slug) {
		return ""
	}
	return slug
}
