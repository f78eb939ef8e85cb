package account

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/secret"
)

// SignedIn is the outcome of a step of sign-in that went well.
type SignedIn struct {
	// Token goes into the browser's cookie; it is new after each step.
	Token   string
	Stage   Stage
	Expires time.Time
}

// SignIn checks name and password. Whatever is wrong, the answer and the time
// it takes are the same, so nobody learns which names exist.
func (s *Service) SignIn(ctx context.Context, name, password, device string) (*SignedIn, error) {
	name = CanonicalName(name)
	if name == "" || password == "" || len(name) > 200 || len(password) > 1000 {
		return nil, errs.Invalid("account.signin.wrong")
	}
	keys := []throttleKey{
		{perAccount, s.Key.Hash("sign-in name", name)},
		{perAddress, s.Key.Hash("sign-in address", audit.WhoFrom(ctx).IP)},
	}
	locked, err := s.tryOne(ctx, keys)
	if err != nil {
		return nil, err
	}
	a, err := accountByName(ctx, s.DB.Read(), name)
	if errs.Is(err, errs.KindNotFound) {
		a = &Account{} // no hash: compared against the decoy
	} else if err != nil {
		return nil, err
	}
	right, err := s.hashing.matches(ctx, password, a.Password)
	if err != nil {
		return nil, err
	}
	if !right || a.State != Active {
		return nil, s.refuse(ctx, a, "password", locked, errs.Invalid("account.signin.wrong"))
	}
	return s.begin(ctx, a, device, keys)
}

// as returns ctx with the account as the one who acts, for the audit log.
func as(ctx context.Context, id int64, name string) context.Context {
	who := audit.WhoFrom(ctx)
	who.ID, who.Name = id, name
	return audit.WithWho(ctx, who)
}

type throttleKey struct {
	rule rule
	key  []byte
}

// tryOne counts a try as failed before it is made, so that many at once can't
// slip through, and refuses it while locked. It reports whether this try was
// the last one allowed.
func (s *Service) tryOne(ctx context.Context, keys []throttleKey) (last bool, err error) {
	now := s.Now()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		last = false
		for _, k := range keys {
			c, err := lockCount(ctx, tx, k.key, now)
			if err != nil {
				return err
			}
			if wait := c.wait(now); wait > 0 {
				return errLocked(wait)
			}
			c = c.fail(now, k.rule)
			last = last || c.wait(now) > 0
			if err := saveCount(ctx, tx, k.key, c); err != nil {
				return err
			}
		}
		return nil
	})
	return last, err
}

// forgive takes back the failures counted for a try that went well: all of the
// account's own, one of the address's.
func forgive(ctx context.Context, tx bun.IDB, keys []throttleKey, now time.Time) error {
	for _, k := range keys {
		c, err := lockCount(ctx, tx, k.key, now)
		if err != nil {
			return err
		}
		switch {
		case k.rule.Sliding:
			c = count{Since: now}
		case c.wait(now) > 0: // this very try seemed to be one too many
			c.Failures, c.LockedUntil = k.rule.Max-1, time.Time{}
		default:
			c.Failures = max(0, c.Failures-1)
		}
		if err := saveCount(ctx, tx, k.key, c); err != nil {
			return err
		}
	}
	return nil
}

// refuse records a failed step and returns why. A typed name that is no
// account's is not recorded: it may be a password in the wrong field.
func (s *Service) refuse(ctx context.Context, a *Account, step string, locked bool, why error) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		detail := map[string]string{"step": step}
		if err := s.record(ctx, tx, "account.sign_in", a.ID, audit.Entry{Result: audit.Failed, Detail: detail}); err != nil || !locked {
			return err
		}
		return s.record(ctx, tx, "account.lock", a.ID, audit.Entry{Result: audit.Denied, Detail: detail})
	})
	if err != nil {
		return err
	}
	return why
}

// begin starts the session after a right password.
func (s *Service) begin(ctx context.Context, a *Account, device string, keys []throttleKey) (*SignedIn, error) {
	now, token := s.Now(), secret.NewToken()
	session := &Session{
		Token: secret.HashToken(token), AccountID: a.ID, Stage: StageCode, Address: audit.WhoFrom(ctx).IP,
		Device: Device(device), Idle: int64(codeTime.Seconds()), CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(codeTime),
	}
	ctx = as(ctx, a.ID, a.DisplayName)
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := forgive(ctx, tx, keys, now); err != nil {
			return err
		}
		if err := insertSession(ctx, tx, session); err != nil {
			return err
		}
		if a.SecondFactor() {
			return nil
		}
		return s.open(ctx, tx, a, session)
	})
	if err != nil {
		return nil, err
	}
	return &SignedIn{token, session.Stage, session.ExpiresAt}, nil
}

// open makes a session one of a signed-in person and ends those that are one
// too many.
func (s *Service) open(ctx context.Context, tx bun.IDB, a *Account, session *Session) error {
	now := s.Now()
	grants, err := openGrantsOf(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	roles := held(grants, now)
	idle, life := s.Settings.limits(roles)
	session.Stage, session.Idle, session.SeenAt, session.ExpiresAt = StageOpen, int64(idle.Seconds()), now, now.Add(life)
	if !a.SecondFactor() && s.Settings.SecondFactor.demands(roles) {
		session.Stage = StageEnrol
	}
	if err := saveSession(ctx, tx, session); err != nil {
		return err
	}
	if len(roles) > 0 {
		if err := s.endSurplus(ctx, tx, a.ID); err != nil {
			return err
		}
	}
	if err := markSignedIn(ctx, tx, a.ID, now); err != nil {
		return err
	}
	return s.record(ctx, tx, "account.sign_in", a.ID, audit.Entry{Detail: map[string]any{"session": session.ID, "second_factor": a.SecondFactor()}})
}

func (s *Service) endSurplus(ctx context.Context, tx bun.IDB, account int64) error {
	sessions, err := sessionsOf(ctx, tx, account)
	if err != nil {
		return err
	}
	for i, old := range sessions {
		if i < s.Settings.StaffSessions {
			continue
		}
		if _, err := endSession(ctx, tx, account, old.ID); err != nil {
			return err
		}
		if err := s.record(ctx, tx, "account.session_end", account, audit.Entry{Reason: "too many", Detail: map[string]int64{"session": old.ID}}); err != nil {
			return err
		}
	}
	return nil
}

// ConfirmCode is the second step: a code of the authenticator app, or a
// recovery code. The session gets a new token.
func (s *Service) ConfirmCode(ctx context.Context, token, code string) (*SignedIn, error) {
	p, err := s.live(ctx, token)
	if err != nil {
		return nil, err
	}
	if p == nil || p.Stage != StageCode {
		return nil, errs.SignIn("account.signin.again")
	}
	keys := []throttleKey{{perAccount, s.Key.Hash("sign-in code", p.Name)}}
	locked, err := s.tryOne(ctx, keys)
	if err != nil {
		return nil, err
	}
	ctx = as(ctx, p.AccountID, p.DisplayName)
	a, err := accountByID(ctx, s.DB.Read(), p.AccountID)
	if err != nil {
		return nil, err
	}
	session, renewed := p.Session, secret.NewToken()
	session.Token = secret.HashToken(renewed)
	right := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if right, err = s.spendCode(ctx, tx, a, code); err != nil || !right {
			return err
		}
		if err := forgive(ctx, tx, keys, s.Now()); err != nil {
			return err
		}
		return s.open(ctx, tx, a, &session)
	})
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, s.refuse(ctx, a, "code", locked, errs.FieldErr("code", "account.code.wrong"))
	}
	return &SignedIn{renewed, session.Stage, session.ExpiresAt}, nil
}

// spendCode reports whether the code is right, and sees that it isn't twice.
func (s *Service) spendCode(ctx context.Context, tx bun.IDB, a *Account, code string) (bool, error) {
	if recovery := canonicalRecovery(code); recovery != "" {
		used, err := useRecovery(ctx, tx, a.ID, s.recoveryHash(a.ID, recovery), s.Now())
		if err != nil || !used {
			return used, err
		}
		return true, s.record(ctx, tx, "account.recovery_code", a.ID, audit.Entry{})
	}
	key, err := s.totpSecret(a)
	if err != nil {
		return false, err
	}
	step, ok := matchCode(key, code, s.Now(), a.TOTPStep)
	if !ok {
		return false, nil
	}
	return useStep(ctx, tx, a.ID, step)
}

// live returns the session of a token if it is still good, else nil.
func (s *Service) live(ctx context.Context, token string) (*pass, error) {
	if len(token) < 20 || len(token) > 100 {
		return nil, nil
	}
	p, err := sessionByToken(ctx, s.DB.Read(), secret.HashToken(token))
	if err != nil || p == nil || p.State != Active || !s.Now().Before(p.EndsAt()) {
		return nil, err
	}
	return p, nil
}

// BySession returns who holds a session's token, and counts it as used now; the
// zero Actor if nobody does.
func (s *Service) BySession(ctx context.Context, token string) (Actor, error) {
	p, err := s.live(ctx, token)
	if err != nil || p == nil || p.Stage == StageCode {
		return Actor{}, err
	}
	now := s.Now()
	if now.Sub(p.SeenAt) >= touchEvery {
		err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return touchSession(ctx, tx, p.ID, now) })
		if err != nil {
			return Actor{}, err
		}
		p.SeenAt = now
	}
	a := Actor{
		ID: p.AccountID, Name: p.DisplayName, SessionID: p.ID, policy: s.Policy, MustEnrol: p.Stage == StageEnrol,
		Session: SessionInfo{EndsAt: p.EndsAt(), LastsAt: p.ExpiresAt},
	}
	if a.MustEnrol {
		return a, nil
	}
	err = s.fill(ctx, &a, p.Version)
	return a, err
}

// ByToken returns who holds an API token, narrowed to its scopes.
func (s *Service) ByToken(ctx context.Context, token string) (Actor, error) {
	plain, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(plain) > 100 {
		return Actor{}, errs.SignIn("account.token.dead")
	}
	b, err := tokenByHash(ctx, s.DB.Read(), secret.HashToken(plain))
	if err != nil {
		return Actor{}, err
	}
	now := s.Now()
	if b == nil || b.State != Active || !b.Live(now) {
		return Actor{}, errs.SignIn("account.token.dead")
	}
	if now.Sub(b.UsedAt) >= touchEvery {
		if err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return touchToken(ctx, tx, b.ID, now) }); err != nil {
			return Actor{}, err
		}
	}
	a := Actor{ID: b.AccountID, Name: b.DisplayName, TokenID: b.ID, policy: s.Policy, scopes: strings.Fields(b.Scopes)}
	err = s.fill(ctx, &a, b.Version)
	return a, err
}

// fill adds the roles in force. They are read once for each version of the
// account; dates are judged anew each time.
func (s *Service) fill(ctx context.Context, a *Actor, version int64) error {
	k, ok := s.known.GetIfPresent(a.ID)
	if !ok || k.version != version {
		var err error
		if k, err = s.learn(ctx, a.ID, version); err != nil {
			return err
		}
		s.known.Set(a.ID, k)
	}
	a.Grants, a.Org = held(k.grants, s.Now()), k.org
	return nil
}

func (s *Service) learn(ctx context.Context, account, version int64) (knownGrants, error) {
	grants, err := openGrantsOf(ctx, s.DB.Read(), account)
	if err != nil || len(grants) == 0 {
		return knownGrants{version: version}, err
	}
	names, err := s.Orgs.Names(ctx, grants[0].OrgID)
	return knownGrants{version, grants, names[grants[0].OrgID]}, err
}

// SignOut ends the session of a token, at whatever stage.
func (s *Service) SignOut(ctx context.Context, token string) error {
	p, err := s.live(ctx, token)
	if err != nil || p == nil {
		return err
	}
	return s.DB.Tx(as(ctx, p.AccountID, p.DisplayName), func(ctx context.Context, tx bun.Tx) error {
		if _, err := endSession(ctx, tx, p.AccountID, p.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.sign_out", p.AccountID, audit.Entry{Detail: map[string]int64{"session": p.ID}})
	})
}
