package search

import (
	"regexp"
	"strings"
)

// provinces are written without 省 as often as with it.
const provinces = "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"

var titlePlace = regexp.MustCompile(`^(?:中国（|《)?(` + provinces + `|\p{Han}{2,7}?(?:省|市|县|自治区|自治州|自治县|旗|经济特区|特别行政区|地区|盟))`)

// notPlaces begin like a place, and are none.
var notPlaces = regexp.MustCompile(`^(?:\p{Han}{0,2}?(?:城市|上市|超市|夜市|股市|楼市|门市|都市)|\p{Han}{1,2}?市(?:场|民|容|政|值)|\p{Han}{1,2}?旗(?:帜|手|下))`)

// placeOf names the place a title begins with, "" if none: a rule of 河南省 is
// no answer to someone who did not ask about 河南.
func placeOf(title string) string {
	m := titlePlace.FindStringSubmatch(title)
	if m == nil || notPlaces.MatchString(title) {
		return ""
	}
	return barePlace(m[1])
}

// barePlace leaves out what kind of place it is, for people leave it out too.
func barePlace(name string) string {
	for _, kind := range []string{"经济特区", "特别行政区", "自治区", "自治州", "自治县", "地区", "省", "市", "县", "旗", "盟"} {
		if bare, ok := strings.CutSuffix(name, kind); ok && len(bare) >= len("青山") {
			return bare
		}
	}
	return name
}

// elsewhere reports whether place is neither asked about nor here.
func elsewhere(place, question string, here []string) bool {
	if place == "" || strings.Contains(question, place) {
		return false
	}
	for _, h := range here {
		if strings.Contains(h, place) {
			return false
		}
	}
	return true
}
