package clock

import (
	"strings"
	"time"
)

// Day is a calendar day in Asia/Shanghai, written 2026-11-23. It is kept as
// text in the database, where it sorts as it should on either engine. The empty
// Day is "no day", e.g. the end of something that still lasts.
type Day string

const dayForm = "2006-01-02"

// DayOf returns the day on which t falls in Asia/Shanghai.
func DayOf(t time.Time) Day { return Day(t.In(Shanghai).Format(dayForm)) }

// dayForms are the ways people write a day. Digits alone come last.
var dayForms = []string{dayForm, "2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}

// ParseDay reads a day in any of the usual ways; ok is false for anything else.
func ParseDay(s string) (d Day, ok bool) {
	s = strings.TrimSpace(s)
	for _, form := range dayForms {
		if t, err := time.Parse(form, s); err == nil && t.Year() >= 1900 && t.Year() < 2200 {
			return Day(t.Format(dayForm)), true
		}
	}
	return "", false
}

// Time returns the start of the day; the zero time for no day.
func (d Day) Time() time.Time {
	t, err := time.ParseInLocation(dayForm, string(d), Shanghai)
	if err != nil {
		return time.Time{}
	}
	return t
}

// AddDays returns the day n days later.
func (d Day) AddDays(n int) Day { return DayOf(d.Time().AddDate(0, 0, n)) }

// AddMonths returns the same day n calendar months later, or the last day of
// that month where it is shorter: 31 January and a month make 28 February.
func (d Day) AddMonths(n int) Day {
	t := d.Time()
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, Shanghai)
	last := first.AddDate(0, 1, -1).Day()
	return DayOf(first.AddDate(0, 0, min(t.Day(), last)-1))
}

// AddYears returns the same day n years later; 29 February becomes the 28th.
func (d Day) AddYears(n int) Day { return d.AddMonths(12 * n) }

// DaysUntil counts the days from d to e; negative when e is earlier.
func (d Day) DaysUntil(e Day) int { return int(e.Time().Sub(d.Time()).Hours() / 24) }
