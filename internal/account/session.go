package account

import (
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Stage is how far a sign-in has come.
type Stage string

const (
	// StageCode: the password was right, the code is still missing. Nobody is
	// signed in yet.
	StageCode Stage = "code"
	// StageEnrol: signed in to one's own pages only, until a second factor,
	// which the node's rules demand, is set up.
	StageEnrol Stage = "enrol"
	// StageOpen: signed in.
	StageOpen Stage = "open"
)

// codeTime is how long the second step may take.
const codeTime = 5 * time.Minute

// touchEvery is how exactly the last use of a session or token is known. A
// write on every request would cost more than the exactness is worth.
const touchEvery = 30 * time.Second

// Session is a signed-in browser. Its row is read joined with the account in
// one query per request; the token itself is only in the browser's cookie.
type Session struct {
	bun.BaseModel `bun:"table:account_session,alias:s"`

	ID        int64 `bun:",pk,autoincrement"`
	Token     []byte
	AccountID int64
	Stage     Stage
	Address   string
	Device    string
	// Idle is how many seconds without a request end the session.
	Idle      int64
	CreatedAt time.Time
	SeenAt    time.Time
	// ExpiresAt ends it however busy it is.
	ExpiresAt time.Time
}

// EndsAt returns when the session ends if nothing more is heard.
func (s *Session) EndsAt() time.Time {
	idle := s.SeenAt.Add(time.Duration(s.Idle) * time.Second)
	if s.ExpiresAt.Before(idle) {
		return s.ExpiresAt
	}
	return idle
}

// SessionInfo is what a page tells its visitor about the session, so that a
// script can warn in time (WCAG 2.2.1).
type SessionInfo struct {
	// EndsAt is when it ends without another request, LastsAt at the latest.
	EndsAt, LastsAt time.Time
}

// Settings are the rules of a node that its operator may change.
type Settings struct {
	// Idle time and longest life of a session; staff hold a role, members none.
	StaffIdle, MemberIdle time.Duration
	StaffLife, MemberLife time.Duration
	// StaffSessions is how many browsers a member of staff uses at once.
	StaffSessions int
	// SecondFactor says who must have one.
	SecondFactor FactorRule
	// Dormant is after how long without use an account with a role is disabled;
	// 0 is never.
	Dormant time.Duration
	// PasswordAge is after how long staff are reminded to change it; 0 is never.
	PasswordAge time.Duration
	// SecureCookies keeps the session cookie on HTTPS even if a request doesn't
	// show that it came that way, behind a proxy.
	SecureCookies bool
}

// DefaultSettings are those of the security handbook; twoFactor demands a
// second factor of everyone who holds a role.
func DefaultSettings(twoFactor bool) Settings {
	rule := FactorOff
	if twoFactor {
		rule = FactorStaff
	}
	return Settings{
		StaffIdle: 15 * time.Minute, MemberIdle: 30 * time.Minute,
		StaffLife: 8 * time.Hour, MemberLife: 24 * time.Hour,
		StaffSessions: 3,
		SecondFactor:  rule,
		Dormant:       90 * 24 * time.Hour,
		PasswordAge:   90 * 24 * time.Hour,
	}
}

// FactorRule says who must have a second factor.
type FactorRule string

const (
	FactorOff            FactorRule = "off"
	FactorAdministrators FactorRule = "administrators"
	FactorStaff          FactorRule = "staff"
)

// demands reports whether a person with these roles must have a second factor.
func (f FactorRule) demands(roles []Held) bool {
	switch f {
	case FactorOff:
		return false
	case FactorAdministrators:
		for _, h := range roles {
			if h.Role.Administrator() {
				return true
			}
		}
		return false
	}
	return len(roles) > 0 // an unknown rule is the strictest
}

// limits returns idle time and life of a session of a person with these roles.
func (s Settings) limits(roles []Held) (idle, life time.Duration) {
	if len(roles) > 0 {
		return s.StaffIdle, s.StaffLife
	}
	return s.MemberIdle, s.MemberLife
}

// browsers and systems in the order they must be looked for: each later one
// also names itself in the earlier ones' text.
var (
	browsers = [][2]string{
		{"MicroMessenger", "微信"}, {"DingTalk", "钉钉"}, {"Edg", "Edge"}, {"QQBrowser", "QQ"}, {"360SE", "360"},
		{"UOS", "UOS"}, {"Firefox", "Firefox"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}, {"curl", "curl"},
	}
	systems = [][2]string{
		{"HarmonyOS", "HarmonyOS"}, {"OpenHarmony", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},
		{"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Kylin", "Kylin"}, {"Linux", "Linux"},
	}
)

// Device shortens a User-Agent to what its owner recognises.
func Device(agent string) string {
	var parts []string
	for _, list := range [][][2]string{browsers, systems} {
		for _, known := range list {
			if strings.Contains(agent, known[0]) {
				parts = append(parts, known[1])
				break
			}
		}
	}
	return strings.Join(parts, " · ")
}
