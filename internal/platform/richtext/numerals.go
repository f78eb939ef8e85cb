package richtext

import (
	"strconv"
	"strings"
)

var digitOf = map[rune]int{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}

// chineseNumber reads 三百二十, 一二六〇 or 320, up to 9999.
func chineseNumber(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	if n, err := strconv.Atoi(s); err == nil {
		return n, n >= 0
	}
	total, digit, plain := 0, 0, true
	for _, r := range s {
		unit := 0
		switch r {
		case '十':
			unit = 10
		case '百':
			unit = 100
		case '千':
			unit = 1000
		}
		if unit > 0 {
			plain = false
			if digit == 0 && total == 0 {
				digit = 1 // 十二
			}
			total, digit = total+digit*unit, 0
			continue
		}
		d, ok := digitOf[r]
		if !ok {
			return 0, false
		}
		if plain {
			digit = digit*10 + d // 一二六〇
		} else {
			digit = d
		}
	}
	return total + digit, total+digit < 10000
}

// toChinese writes 1…9999 as 三百二十.
func toChinese(n int) string {
	if n <= 0 || n > 9999 {
		return strconv.Itoa(n)
	}
	digits := []rune("零一二三四五六七八九")
	units := []string{"", "十", "百", "千"}
	var b strings.Builder
	text := strconv.Itoa(n)
	zero := false
	for i, r := range text {
		d := int(r - '0')
		place := len(text) - 1 - i
		if d == 0 {
			zero = true
			continue
		}
		if zero {
			b.WriteRune('零')
			zero = false
		}
		if !(d == 1 && place == 1 && i == 0) { // 十二, not 一十二
			b.WriteRune(digits[d])
		}
		b.WriteString(units[place])
	}
	return b.String()
}
