package org

import "strings"

// provinces are the first two digits of GB/T 2260-2007, and 99, which is assigned
// to nowhere and stands in made-up places.
const provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 99"

// regionParts are the lengths at which a region code may be cut: province,
// city, county, township, village (GB/T 2260, GB/T 10114, statistical codes).
var regionParts = []int{2, 4, 6, 9, 12}

// CleanRegion returns a region code in the form it is stored: a string of 12
// digits. A shorter code stands for the whole division and is padded.
func CleanRegion(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || !digits(s) {
		return s
	}
	for _, n := range regionParts {
		if len(s) == n {
			return s + strings.Repeat("0", 12-n)
		}
	}
	return s
}

// checkRegion returns the key of what is wrong with a cleaned region code. It
// judges the digits alone: whether a division exists is for the region table,
// and whether it is a district or a county can't be told from digits at all.
func checkRegion(s string) string {
	switch {
	case s == "":
		return ""
	case len(s) != 12 || !digits(s):
		return "org.region.form"
	case !strings.Contains(provinces, s[:2]):
		return "org.region.province"
	case s[2:4] == "00" && strings.Trim(s[4:], "0") != "":
		return "org.region.gap"
	case s[6:9] == "000" && s[9:] != "000":
		return "org.region.gap"
	}
	return ""
}

// RegionLevel returns the level of the division that the code names. The
// county part may be 00 above a township: some cities have no counties.
func RegionLevel(code string) Level {
	switch {
	case checkRegion(code) != "" || code == "":
		return LevelUnit
	case code[9:] != "000":
		return LevelVillage
	case code[6:9] != "000":
		return LevelTownship
	case code[4:6] != "00":
		return LevelCounty
	case code[2:4] != "00":
		return LevelCity
	}
	return LevelProvince
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// creditAlphabet of GB 32100-2015 leaves out I, O, S, V and Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// ValidCreditCode checks the 18 characters of a unified social credit code,
// the last of which is computed from the others (GB 32100-2015).
func ValidCreditCode(code string) bool {
	if len(code) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(creditAlphabet, code[i])
		if v < 0 {
			return false
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return code[17] == creditAlphabet[(31-sum%31)%31]
}
