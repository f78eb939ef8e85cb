package account

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// In no stretch of 15 minutes are more than 5 failures let through.
func TestThrottleHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		var c count
		var passed []time.Time
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 1200), 1, 60).Draw(t, "seconds between tries") {
			now = now.Add(time.Duration(gap) * time.Second)
			if c.wait(now) > 0 {
				continue
			}
			passed = append(passed, now)
			c = c.fail(now, perAccount)
		}
		for i := 5; i < len(passed); i++ {
			if d := passed[i].Sub(passed[i-5]); d < 15*time.Minute {
				t.Fatalf("6 failures in %v", d)
			}
		}
	})
}

func TestThrottle(t *testing.T) {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var c count
	for i := range 5 {
		if c.wait(start) > 0 {
			t.Fatalf("locked after %d failures", i)
		}
		c = c.fail(start, perAccount)
	}
	if got := c.wait(start.Add(14 * time.Minute)); got != time.Minute {
		t.Errorf("after 14 minutes %v left", got)
	}
	if c.wait(start.Add(15*time.Minute)) > 0 {
		t.Error("still locked after 15 minutes")
	}
	// An office mistypes once in ten minutes all day and is never locked out.
	c = count{}
	for i := range 200 {
		now := start.Add(time.Duration(i) * 10 * time.Minute)
		if c.wait(now) > 0 {
			t.Fatal("an ordinary address was locked")
		}
		c = c.fail(now, perAddress)
	}
}
