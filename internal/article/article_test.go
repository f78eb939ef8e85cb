package article

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lianxin/internal/platform/errs"
)

func TestWorkflow(t *testing.T) {
	for _, c := range []struct {
		from   State
		act    Act
		public bool
		want   State // "" when it isn't possible
	}{
		{Draft, ActSubmit, false, InReview},
		{Draft, ActPublish, false, ""},
		{Draft, ActApprove, false, ""},
		{InReview, ActReturn, false, Returned},
		{InReview, ActApprove, false, Approved},
		{InReview, ActPublish, false, ""},
		{InReview, ActEdit, false, ""},
		{InReview, ActRecall, false, Draft},
		{Returned, ActEdit, false, Draft},
		{Returned, ActSubmit, false, ""},
		{Approved, ActPublish, false, Published},
		{Approved, ActSchedule, false, Scheduled},
		{Scheduled, ActUnschedule, false, Approved},
		{Scheduled, ActPublish, false, Published},
		{Published, ActEdit, true, Draft},
		{Published, ActWithdraw, true, Withdrawn},
		{Draft, ActWithdraw, true, Withdrawn},
		{Draft, ActWithdraw, false, ""},
		{Withdrawn, ActWithdraw, false, ""},
		{Withdrawn, ActEdit, false, Draft},
		{Returned, ActDiscard, true, Published},
		{Draft, ActDiscard, false, ""},
	} {
		got, err := Step(c.from, c.act, c.public)
		if (err == nil) != (c.want != "") || err == nil && got != c.want {
			t.Errorf("%s, %s, public %t: %s, %v; want %q", c.from, c.act, c.public, got, err, c.want)
		}
	}
}

// Whatever people try in whatever order, an article becomes public only by
// way of a review.
func TestNothingIsPublishedUnreviewed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state, public, reviewed := Draft, false, false
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			act := rapid.SampledFrom(Acts).Draw(t, "act")
			next, err := Step(state, act, public)
			if err != nil {
				if next != state {
					t.Fatalf("a refused step moved from %s to %s", state, next)
				}
				continue
			}
			switch act {
			case ActApprove:
				reviewed = true
			case ActEdit, ActReturn:
				reviewed = false
			case ActPublish:
				if !reviewed {
					t.Fatalf("published from %s without a review", state)
				}
				public = true
			case ActWithdraw:
				public = false
			}
			state = next
		}
	})
}

func TestContentIsChecked(t *testing.T) {
	good := Content{Title: "通知", ColumnID: 1}
	for name, c := range map[string]struct {
		change func(*Content)
		field  string
	}{
		"good":                 {func(*Content) {}, ""},
		"no title":             {func(c *Content) { c.Title = " \n" }, "title"},
		"title of 10,000":      {func(c *Content) { c.Title = strings.Repeat("长", 10_000) }, "title"},
		"title at the limit":   {func(c *Content) { c.Title = strings.Repeat("长", MaxTitle) }, ""},
		"no column":            {func(c *Content) { c.ColumnID = 0 }, "column"},
		"impossible date":      {func(c *Content) { c.Dated = "2026-02-30" }, "dated"},
		"picture from outside": {func(c *Content) { c.Cover = "https://evil.example/x.png" }, "cover"},
		"too many keywords":    {func(c *Content) { c.Keywords = "一，二，三，四，五，六，七，八，九，十，百" }, "keywords"},
		"body of 5 MB":         {func(c *Content) { c.Body = strings.Repeat("x", 5<<20) }, "body"},
	} {
		try := good
		c.change(&try)
		err := try.Tidy().Check()
		if c.field == "" && err != nil || c.field != "" && (!errs.Is(err, errs.KindInvalid) || !strings.Contains(err.Error(), c.field+": ")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCursorReadsBack(t *testing.T) {
	for _, junk := range []string{"", "-", "x", "1-", "-1", "zzzzzzzzzzzzzzzzzzz-1", "1--5", "文-字"} {
		if c := ParseCursor(junk); c.ID != 0 {
			t.Errorf("%q: %+v", junk, c)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := ParseCursor(rapid.StringMatching(`-?[0-9a-z]{1,9}-[1-9a-z][0-9a-z]{0,8}`).Draw(t, "cursor"))
		if c.ID != 0 && ParseCursor(c.String()) != c {
			t.Fatalf("%+v reads back as %+v", c, ParseCursor(c.String()))
		}
	})
}
