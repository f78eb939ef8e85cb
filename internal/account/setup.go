package account

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/secret"
	"lianxin/internal/platform/setting"
	"lianxin/internal/platform/tree"
)

// First-run set-up: an empty node prints a link; whoever opens it names the
// node and its topmost organisation and enters three administrators, who are
// three people, and those who begin the work. All of it happens at once, or
// nothing does; after that the link is dead.

// Seat is a place to fill at set-up.
type Seat struct {
	// Key begins the names of its form fields.
	Key   string
	Roles []Role
	// Optional seats may stay empty.
	Optional bool
}

// Seats are the places to fill, in the order of the form.
var Seats = []Seat{
	{Key: "sys", Roles: []Role{SysAdmin}},
	{Key: "sec", Roles: []Role{SecAdmin}},
	{Key: "audit", Roles: []Role{AuditAdmin}},
	{Key: "clerk", Roles: []Role{OrgClerk, SiteEditor}},
	{Key: "reviewer", Roles: []Role{Reviewer}, Optional: true},
}

// SetupPerson is what is entered for a seat.
type SetupPerson struct {
	NewAccount
	Password, Again string
}

func (p SetupPerson) empty() bool {
	return p.Name == "" && p.DisplayName == "" && p.Password == "" && p.Again == ""
}

// Setup is what is entered to set up a node.
type Setup struct {
	NodeName, OrgName, OrgCode string
	// People by the key of their seat.
	People map[string]SetupPerson
}

var orgCodeForm = regexp.MustCompile(`^[A-Za-z0-9-]{2,32}$`)

// Check tidies the entries and returns everything that is wrong with them.
func (f *Setup) Check() error {
	var bad errs.Fields
	f.NodeName, f.OrgName, f.OrgCode = strings.TrimSpace(f.NodeName), strings.TrimSpace(f.OrgName), strings.TrimSpace(f.OrgCode)
	for field, value := range map[string]string{"node_name": f.NodeName, "org_name": f.OrgName} {
		if n := utf8.RuneCountInString(value); n < 2 || n > 60 {
			bad.Add(field, "account.setup.name", errs.Args{"Min": 2, "Max": 60})
		}
	}
	if !orgCodeForm.MatchString(f.OrgCode) {
		bad.Add("org_code", "account.setup.code")
	}
	names, people, passwords := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, seat := range Seats {
		p := f.People[seat.Key]
		if seat.Optional && p.empty() {
			continue
		}
		p.check(&bad, seat.Key+"_name", seat.Key+"_display_name")
		f.People[seat.Key] = p
		if m := CheckPassword(p.Password, p.Name, p.DisplayName); m != nil {
			bad.Add(seat.Key+"_password", m.Key, m.Args)
		} else if p.Password != p.Again {
			bad.Add(seat.Key+"_password_again", "account.password.again")
		}
		// One person in two seats would undo the separation of powers.
		if p.Name != "" && names[p.Name] {
			bad.Add(seat.Key+"_name", "account.setup.twice")
		}
		if p.DisplayName != "" && people[p.DisplayName] {
			bad.Add(seat.Key+"_display_name", "account.setup.twice")
		}
		if p.Password != "" && passwords[p.Password] {
			bad.Add(seat.Key+"_password", "account.setup.same_password")
		}
		names[p.Name], people[p.DisplayName], passwords[p.Password] = true, true, true
	}
	return bad.Err()
}

// emptiness remembers that a node is set up, which never changes back.
type emptiness struct{ filled atomic.Bool }

// Empty reports whether the node has no account yet.
func (s *Service) Empty(ctx context.Context) (bool, error) {
	if s.empty.filled.Load() {
		return false, nil
	}
	any, err := anyAccount(ctx, s.DB.Read())
	if any {
		s.empty.filled.Store(true)
	}
	return !any && err == nil, err
}

// SetupPath returns the path of a new set-up link, "" if the node is set up.
// Only a hash is kept, so each start makes a new link and the last one counts.
func (s *Service) SetupPath(ctx context.Context) (string, error) {
	empty, err := s.Empty(ctx)
	if err != nil || !empty {
		return "", err
	}
	token := secret.NewToken()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := dropLinks(ctx, tx, forSetup, 0); err != nil {
			return err
		}
		return insertLink(ctx, tx, &Link{Hash: secret.HashToken(token), Purpose: forSetup, CreatedAt: s.Now()})
	})
	return "/setup?token=" + token, err
}

// CheckSetup returns nil if the token opens the set-up of this node.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	_, err := s.setupLink(ctx, token)
	return err
}

func (s *Service) setupLink(ctx context.Context, token string) (*Link, error) {
	empty, err := s.Empty(ctx)
	if err != nil {
		return nil, err
	}
	if !empty {
		return nil, errs.Gone("account.setup.done")
	}
	l, err := linkByHash(ctx, s.DB.Read(), forSetup, secret.HashToken(token))
	if errs.Is(err, errs.KindNotFound) || err == nil && !l.Open(s.Now()) {
		return nil, errs.Forbidden("account.setup.link")
	}
	return l, err
}

// SetUp sets up the node.
func (s *Service) SetUp(ctx context.Context, token string, f Setup) error {
	l, err := s.setupLink(ctx, token)
	if err != nil {
		return err
	}
	if err := f.Check(); err != nil {
		return err
	}
	hashes := map[string]string{}
	for _, seat := range Seats {
		if p := f.People[seat.Key]; !p.empty() {
			if hashes[seat.Key], err = s.hashing.hash(ctx, p.Password); err != nil {
				return err
			}
		}
	}
	return s.DB.Tx(as(ctx, 0, "setup"), func(ctx context.Context, tx bun.Tx) error {
		mine, err := useLink(ctx, tx, l.ID, s.Now())
		if err != nil {
			return err
		}
		if !mine {
			return errs.Gone("account.setup.done")
		}
		org, path, err := s.Orgs.CreateRoot(ctx, tx, f.OrgName, f.OrgCode)
		if err != nil {
			return orgFault(err)
		}
		for _, seat := range Seats {
			p, hash := f.People[seat.Key], hashes[seat.Key]
			if hash == "" {
				continue
			}
			if _, err := s.Seed(ctx, tx, p.NewAccount, hash, grantsAt(org, path, seat.Roles...)...); err != nil {
				return err
			}
		}
		if err := s.Audit.Record(ctx, tx, audit.Entry{Action: "account.setup", OrgID: org, OrgPath: path}); err != nil {
			return err
		}
		return s.Node.Set(ctx, tx, setting.Name, f.NodeName)
	})
}

// orgFault puts what the organisations refuse beside the fields of this form.
func orgFault(err error) error {
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	var f errs.Fields
	for name, m := range e.Fields {
		f.Add("org_"+name, m.Key, m.Args)
	}
	return f.Err()
}

func grantsAt(org int64, path tree.Path, roles ...Role) []Held {
	out := make([]Held, len(roles))
	for i, r := range roles {
		out[i] = Held{r, org, path}
	}
	return out
}

// HashPassword returns the hash of a password, for Seed.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	return s.hashing.hash(ctx, password)
}

// Seed makes an account that is ready to use, with the hash of its password and
// its roles. Only set-up and the demo do this; elsewhere it takes two people.
func (s *Service) Seed(ctx context.Context, tx bun.Tx, n NewAccount, hash string, roles ...Held) (int64, error) {
	if err := n.Check(); err != nil {
		return 0, err
	}
	now := s.Now()
	a := &Account{Name: n.Name, DisplayName: n.DisplayName, State: Active, ChangedAt: now, Password: hash, PasswordAt: now, Version: 1, CreatedAt: now}
	if err := insertAccount(ctx, tx, a); err != nil {
		return 0, err
	}
	if err := keepPassword(ctx, tx, a.ID, hash, now); err != nil {
		return 0, err
	}
	var open []Grant
	for _, r := range roles {
		g := Grant{AccountID: a.ID, Role: r.Role, OrgID: r.OrgID, OrgPath: r.Path, FromAt: now, GrantedAt: now}
		if err := fits(open, &g, now); err != nil {
			return 0, err
		}
		if err := insertGrant(ctx, tx, &g); err != nil {
			return 0, err
		}
		open = append(open, g)
	}
	return a.ID, s.record(ctx, tx, "account.seed", a.ID, audit.Entry{Detail: map[string]string{"name": a.Name}})
}
