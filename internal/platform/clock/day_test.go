package clock

import (
	"testing"
	"time"
)

func TestDayFallsInShanghai(t *testing.T) {
	if got := DayOf(time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC)); got != "2026-11-24" {
		t.Errorf("16:00 UTC falls on %s", got)
	}
}

func TestMonthsEndWhereTheMonthEnds(t *testing.T) {
	for _, c := range []struct {
		from   Day
		months int
		want   Day
	}{
		{"2026-01-31", 1, "2026-02-28"},
		{"2028-01-31", 1, "2028-02-29"},
		{"2026-11-23", 60, "2031-11-23"},
		{"2026-08-31", -6, "2026-02-28"},
		{"2024-02-29", 36, "2027-02-28"},
		{"2026-12-15", 1, "2027-01-15"},
	} {
		if got := c.from.AddMonths(c.months); got != c.want {
			t.Errorf("%s and %d months = %s, want %s", c.from, c.months, got, c.want)
		}
	}
}

func TestParseDay(t *testing.T) {
	for in, want := range map[string]Day{
		"2026-11-23": "2026-11-23", " 2026/1/5 ": "2026-01-05", "2026.1.05": "2026-01-05",
		"2026年1月5日": "2026-01-05", "20260105": "2026-01-05",
		"": "", "2026-02-30": "", "26-1-5": "", "0001-01-01": "", "昨天": "",
	} {
		got, ok := ParseDay(in)
		if got != want || ok != (want != "") {
			t.Errorf("ParseDay(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
	if n := Day("2026-02-27").DaysUntil("2026-03-01"); n != 2 {
		t.Errorf("days = %d", n)
	}
}
