package org

import (
	"strings"
	"testing"

	"lianxin/internal/platform/text"
	"pgregory.net/rapid"
)

func TestCreditCode(t *testing.T) {
	for code, want := range map[string]bool{
		"9144030071526726XG": true, // published codes of companies
		"91330100799655058B": true,
		"914403001922038216": true,
		"9144030071526726XH": false,
		"9144030071526726X":  false,
		"91440300715267260G": false,
		"":                   false,
		"I144030071526726XG": false,
		"91440300七1526726X":  false,
	} {
		if got := ValidCreditCode(code); got != want {
			t.Errorf("%q valid = %v, want %v", code, got, want)
		}
	}
}

func TestAWrongCharacterShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := []byte("9144030071526726XG")
		i := rapid.IntRange(0, 17).Draw(t, "place")
		c := creditAlphabet[rapid.IntRange(0, 30).Draw(t, "character")]
		same := code[i] == c
		code[i] = c
		if ValidCreditCode(string(code)) != same {
			t.Fatalf("%s", code)
		}
	})
}

func TestRegionCode(t *testing.T) {
	for _, c := range []struct {
		in, stored, fault string
		level             Level
	}{
		{"", "", "", LevelUnit},
		{"53", "530000000000", "", LevelProvince},
		{"530000", "530000000000", "", LevelProvince},
		{"5301", "530100000000", "", LevelCity},
		{"530102", "530102000000", "", LevelCounty},
		{"310151", "310151000000", "", LevelCounty},
		{"530102001", "530102001000", "", LevelTownship},
		{"441900003", "441900003000", "", LevelTownship}, // a city without counties
		{"530102001003", "530102001003", "", LevelVillage},
		{"011000000000", "011000000000", "org.region.province", LevelUnit},
		{"980000", "980000000000", "org.region.province", LevelUnit},
		{"990101", "990101000000", "", LevelCounty},
		{"53010", "53010", "org.region.form", LevelUnit},
		{"5301020010031", "5301020010031", "org.region.form", LevelUnit},
		{"53010a", "53010a", "org.region.form", LevelUnit},
		{"530002", "530002000000", "org.region.gap", LevelUnit},
		{"530102000003", "530102000003", "org.region.gap", LevelUnit},
		{"１１", "１１", "org.region.form", LevelUnit},
	} {
		got := CleanRegion(c.in)
		if got != c.stored || checkRegion(got) != c.fault || RegionLevel(got) != c.level {
			t.Errorf("%q → %q %q %s; want %q %q %s", c.in, got, checkRegion(got), RegionLevel(got), c.stored, c.fault, c.level)
		}
	}
}

func TestPinyin(t *testing.T) {
	if got := Initials("青山县委组织部"); got != "qsxwzzb" {
		t.Errorf("initials %s", got)
	}
	if got := Initials("长江路第3小学"); got != "cjld3xx" {
		t.Errorf("initials %s", got)
	}
	for _, pair := range [][2]string{{"安平镇", "北山镇"}, {"秦川镇", "青山镇"}, {"云岭镇", "中和镇"}, {"A厂", "安平镇"}} {
		if a, b := SortKey(500, pair[0]), SortKey(500, pair[1]); a >= b {
			t.Errorf("%s should precede %s (%s, %s)", pair[0], pair[1], a, b)
		}
	}
	if SortKey(1, "中和镇") >= SortKey(500, "安平镇") {
		t.Error("the position should come before the name")
	}
}

func TestTextIsCleaned(t *testing.T) {
	if got := text.Clean(" 青山\u200b县\t 委\u00a0会\u0000 "); got != "青山县 委 会" {
		t.Errorf("%q", got)
	}
	d := Draft{Code: " qs-01 ", Name: strings.Repeat("长", 121), Kind: "x", Level: LevelUnit, FoundedOn: "2020/1/2"}.Clean()
	f := d.Check()
	if d.Code != "QS-01" || d.FoundedOn != "2020-01-02" || f["name"].Key != "org.form.too_long" || f["kind"].Key == "" || len(f) != 2 {
		t.Errorf("%+v %v", d, f)
	}
}
