package account

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
)

// State of an account.
type State string

const (
	// Inactive: created by the system administrator, not yet good for anything.
	Inactive State = "inactive"
	// Active: may sign in.
	Active State = "active"
	// Disabled: may not sign in, for now.
	Disabled State = "disabled"
	// Closed: for good. The row stays, because others rely on who acted.
	Closed State = "closed"
)

// stateSteps says which state may follow which.
var stateSteps = map[State][]State{
	Inactive: {Active, Closed},
	Active:   {Disabled, Closed},
	Disabled: {Active, Closed},
	Closed:   {},
}

// May reports whether an account may go from s to next.
func (s State) May(next State) bool { return slices.Contains(stateSteps[s], next) }

// Account is a person who can sign in.
type Account struct {
	bun.BaseModel `bun:"table:account,alias:a"`

	ID int64 `bun:",pk,autoincrement"`
	// Name is what is typed at sign-in, see CanonicalName.
	Name        string
	DisplayName string
	State       State
	// ChangedAt is when the state last changed.
	ChangedAt time.Time
	// Password is the encoded hash, empty before the first is set.
	Password   string
	PasswordAt time.Time `bun:",nullzero"`
	// TOTP is the sealed secret of the second factor; it counts from TOTPAt on.
	TOTP     []byte    `bun:"totp"`
	TOTPAt   time.Time `bun:"totp_at,nullzero"`
	TOTPStep int64     `bun:"totp_step"`
	// Version grows with every change that bears on what the account may do.
	Version    int64
	CreatedAt  time.Time
	CreatedBy  int64
	SignedInAt time.Time `bun:",nullzero"`
	// ClosingBy has asked for closing, which a second administrator confirms.
	ClosingAt time.Time `bun:",nullzero"`
	ClosingBy int64
}

// SecondFactor reports whether sign-in asks for a code.
func (a *Account) SecondFactor() bool { return !a.TOTPAt.IsZero() }

var nameForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{1,39}$`)

// CanonicalName is the one spelling of a sign-in name: without case and width.
func CanonicalName(name string) string {
	return strings.ToLower(normalise(strings.TrimSpace(name)))
}

// NewAccount is what is entered for a new account.
type NewAccount struct {
	Name, DisplayName string
}

// Check tidies the entries and returns what is wrong with them.
func (n *NewAccount) Check() error {
	var f errs.Fields
	n.check(&f, "name", "display_name")
	return f.Err()
}

func (n *NewAccount) check(f *errs.Fields, nameField, displayField string) {
	n.Name, n.DisplayName = CanonicalName(n.Name), strings.TrimSpace(n.DisplayName)
	if !nameForm.MatchString(n.Name) {
		f.Add(nameField, "account.name.form")
	}
	if k := utf8.RuneCountInString(n.DisplayName); k < 1 || k > 40 || strings.ContainsFunc(n.DisplayName, unicode.IsControl) {
		f.Add(displayField, "account.display_name.form", errs.Args{"Max": 40})
	}
}

// Grant is a role at an organisation, with its dates and who answers for it.
type Grant struct {
	bun.BaseModel `bun:"table:account_grant,alias:g"`

	ID        int64 `bun:",pk,autoincrement"`
	AccountID int64
	Role      Role
	OrgID     int64
	// OrgPath follows the organisation when it moves, see MoveGrants.
	OrgPath tree.Path
	FromAt  time.Time
	// UntilAt ends the grant by itself; zero means until withdrawn.
	UntilAt     time.Time `bun:",nullzero"`
	GrantedAt   time.Time
	GrantedBy   int64
	WithdrawnAt time.Time `bun:",nullzero"`
	WithdrawnBy int64
	Reason      string
}

// Effective reports whether the grant counts at that time.
func (g *Grant) Effective(now time.Time) bool {
	return !now.Before(g.FromAt) && g.open(now)
}

// open reports whether the grant counts now or will later.
func (g *Grant) open(now time.Time) bool {
	return g.WithdrawnAt.IsZero() && (g.UntilAt.IsZero() || now.Before(g.UntilAt))
}

// LastDay is the last day on which the grant counts, zero for an open end.
func (g Grant) LastDay() time.Time { return lastMoment(g.UntilAt) }

// lastMoment is just before an end that no longer belongs to it.
func lastMoment(end time.Time) time.Time {
	if end.IsZero() {
		return end
	}
	return end.Add(-time.Millisecond)
}

// standing names a grant's place in time, for a tag.
func (g *Grant) standing(now time.Time) string {
	switch {
	case !g.WithdrawnAt.IsZero():
		return "withdrawn"
	case g.Effective(now):
		return "effective"
	case g.open(now):
		return "future"
	}
	return "ended"
}

// held returns what of the grants is in force.
func held(grants []Grant, now time.Time) []Held {
	var out []Held
	for i := range grants {
		if g := &grants[i]; g.Effective(now) {
			out = append(out, Held{g.Role, g.OrgID, g.OrgPath})
		}
	}
	return out
}
