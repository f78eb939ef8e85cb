package account

import (
	"time"

	"lianxin/internal/platform/errs"
)

// rule bounds how often something may fail.
type rule struct {
	// Max failures lock for Lock.
	Max  int64
	Lock time.Duration
	// Window is the time failures are counted over. A sliding count starts anew
	// only after a Window without failures, so it never lets more than Max pass
	// in any Window; a fixed one, for many people behind one address, starts
	// anew a Window after its first failure.
	Window  time.Duration
	Sliding bool
}

var (
	// perAccount: 5 failures in 15 minutes lock for 15 minutes (登录失败处理).
	// It holds for names that don't exist too, so a lock tells nothing.
	perAccount = rule{Max: 5, Lock: 15 * time.Minute, Window: 15 * time.Minute, Sliding: true}
	// perAddress leaves room for an office of hundreds behind one address.
	perAddress = rule{Max: 100, Lock: 15 * time.Minute, Window: 15 * time.Minute}
)

// count is how often something has failed lately. It is kept in the database,
// so that a restart forgives nothing.
type count struct {
	Failures    int64
	Since       time.Time
	LockedUntil time.Time
}

// wait returns how long it is still locked.
func (c count) wait(now time.Time) time.Duration { return max(0, c.LockedUntil.Sub(now)) }

// fail returns the count with one failure more.
func (c count) fail(now time.Time, r rule) count {
	if now.Sub(c.Since) >= r.Window {
		c = count{Since: now}
	}
	c.Failures++
	if r.Sliding {
		c.Since = now
	}
	if c.Failures >= r.Max {
		c.Failures, c.LockedUntil = 0, now.Add(r.Lock)
	}
	return c
}

// errLocked says how many minutes to wait.
func errLocked(wait time.Duration) error {
	return errs.TooMany("account.signin.locked", errs.Args{"Count": int((wait + time.Minute - 1) / time.Minute)})
}
