// Package clock is the time of the node. It is passed in at composition, so
// that tests move it without sleeping.
package clock

import "time"

// Clock tells the current time in UTC, cut to milliseconds so that a value
// reads back from either database as it was written.
type Clock func() time.Time

// System is the clock of the machine.
func System() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Shanghai is the zone in which times are shown. It has had no summer time
// since 1991, so a fixed offset needs no zone database.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// Manual is a clock for tests.
type Manual struct{ T time.Time }

// Now returns the time that was set.
func (m *Manual) Now() time.Time { return m.T }

// Advance moves the clock.
func (m *Manual) Advance(d time.Duration) { m.T = m.T.Add(d) }
