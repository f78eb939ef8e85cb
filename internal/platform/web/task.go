package web

import "time"

// Task is something the signed-in person should see to next. Rooms offer theirs
// for the first page of the back office.
type Task struct {
	// Group is the message key of the heading it stands under.
	Group             string
	Title, Note, Href string
	// Due is zero when nothing is promised by a date.
	Due  time.Time
	Tone string
}

// Tones of a task; each is also told by a word on the page.
const (
	ToneLate = "late"
	ToneSoon = "soon"
	ToneInfo = "info"
)
