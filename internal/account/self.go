package account

import (
	"context"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// Everything in this file is what a person does with the own account.

// self returns the own account; programs with a token have no business here.
func (s *Service) self(ctx context.Context) (*Account, error) {
	actor := ActorFrom(ctx)
	if err := actor.Check(web.SignedIn, ""); err != nil {
		return nil, err
	}
	if actor.SessionID == 0 {
		return nil, errs.Forbidden("account.self.browser")
	}
	return accountByID(ctx, s.DB.Read(), actor.ID)
}

// Self is a person's own page.
type Self struct {
	Account
	Grants   []GrantView
	Sessions []Session
	Tokens   []Token
	// Recovery is how many recovery codes are left.
	Recovery int64
	// Demanded says that the node's rules ask for a second factor.
	Demanded bool
	// PasswordOld says that it is time for a new password.
	PasswordOld bool
}

// Self returns the own account with all that its owner may see.
func (s *Service) Self(ctx context.Context) (*Self, error) {
	a, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	me := &Self{Account: *a}
	grants, err := openGrantsOf(ctx, s.DB.Read(), a.ID)
	if err != nil {
		return nil, err
	}
	if me.Grants, err = s.describe(ctx, grants); err != nil {
		return nil, err
	}
	if me.Sessions, err = s.liveSessions(ctx, a.ID); err != nil {
		return nil, err
	}
	if me.Tokens, err = tokensOf(ctx, s.DB.Read(), a.ID); err != nil {
		return nil, err
	}
	if me.Recovery, err = unusedRecovery(ctx, s.DB.Read(), a.ID); err != nil {
		return nil, err
	}
	roles := held(grants, s.Now())
	me.Demanded = s.Settings.SecondFactor.demands(roles)
	age := s.Settings.PasswordAge
	me.PasswordOld = len(roles) > 0 && age > 0 && s.Now().Sub(a.PasswordAt) >= age
	return me, nil
}

func (s *Service) liveSessions(ctx context.Context, account int64) ([]Session, error) {
	all, err := sessionsOf(ctx, s.DB.Read(), account)
	var out []Session
	for _, one := range all {
		if s.Now().Before(one.EndsAt()) {
			out = append(out, one)
		}
	}
	return out, err
}

// EndSession ends one of one's own sessions.
func (s *Service) EndSession(ctx context.Context, id int64) error {
	a, err := s.self(ctx)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		gone, err := endSession(ctx, tx, a.ID, id)
		if err != nil || !gone {
			return err // one that has ended already is what was wanted
		}
		return s.record(ctx, tx, "account.session_end", a.ID, audit.Entry{Detail: map[string]int64{"session": id}})
	})
}

// EndOtherSessions ends all of one's own sessions but this.
func (s *Service) EndOtherSessions(ctx context.Context) error {
	a, err := s.self(ctx)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		n, err := endSessions(ctx, tx, a.ID, ActorFrom(ctx).SessionID)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, "account.session_end", a.ID, audit.Entry{Detail: map[string]int64{"others": n}})
	})
}

// Rename changes the name others see.
func (s *Service) Rename(ctx context.Context, displayName string) error {
	a, err := s.self(ctx)
	if err != nil {
		return err
	}
	n := NewAccount{Name: a.Name, DisplayName: displayName}
	if err := n.Check(); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := lockAccount(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		was := a.DisplayName
		a.DisplayName = n.DisplayName
		if err := saveAccount(ctx, tx, a); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.rename", a.ID, audit.Entry{Detail: map[string]string{"from": was, "to": a.DisplayName}})
	})
}

// proveSelf asks for the password once more before what can't be undone. Wrong
// ones count like those at sign-in.
func (s *Service) proveSelf(ctx context.Context, a *Account, field, password string) error {
	keys := []throttleKey{{perAccount, s.Key.Hash("own password", a.Name)}}
	locked, err := s.tryOne(ctx, keys)
	if err != nil {
		return err
	}
	right, err := s.hashing.matches(ctx, password, a.Password)
	if err != nil {
		return err
	}
	if !right {
		return s.refuse(ctx, a, "own password", locked, errs.FieldErr(field, "account.password.wrong"))
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return forgive(ctx, tx, keys, s.Now()) })
}

// ChangePassword sets a new password and ends all other sessions.
func (s *Service) ChangePassword(ctx context.Context, old, password, again string) error {
	a, err := s.self(ctx)
	if err != nil {
		return err
	}
	if err := s.proveSelf(ctx, a, "password_old", old); err != nil {
		return err
	}
	hash, err := s.newHash(ctx, a, password, again)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return s.setPassword(ctx, tx, a.ID, hash, ActorFrom(ctx).SessionID)
	})
}

// newHash checks a new password, entered twice, and returns its hash.
func (s *Service) newHash(ctx context.Context, a *Account, password, again string) (string, error) {
	var f errs.Fields
	if m := CheckPassword(password, a.Name, a.DisplayName); m != nil {
		f.Add("password", m.Key, m.Args)
	} else if password != again {
		f.Add("password_again", "account.password.again")
	}
	if err := f.Err(); err != nil {
		return "", err
	}
	former, err := formerPasswords(ctx, s.DB.Read(), a.ID)
	if err != nil {
		return "", err
	}
	for _, old := range former {
		same, err := s.hashing.matches(ctx, password, old.Password)
		if err != nil {
			return "", err
		}
		if same {
			return "", errs.FieldErr("password", "account.password.reused", errs.Args{"Count": passwordHistory})
		}
	}
	return s.hashing.hash(ctx, password)
}

// setPassword stores a hash and ends all sessions but the one to keep.
func (s *Service) setPassword(ctx context.Context, tx bun.Tx, account int64, hash string, keep int64) error {
	a, err := lockAccount(ctx, tx, account)
	if err != nil {
		return err
	}
	a.Password, a.PasswordAt = hash, s.Now()
	if err := saveAccount(ctx, tx, a); err != nil {
		return err
	}
	if err := keepPassword(ctx, tx, account, hash, s.Now()); err != nil {
		return err
	}
	if _, err := endSessions(ctx, tx, account, keep); err != nil {
		return err
	}
	return s.record(ctx, tx, "account.password", account, audit.Entry{})
}

func totpUse(id int64) string { return fmt.Sprintf("totp of account %d", id) }

func (s *Service) totpSecret(a *Account) (string, error) {
	key, err := s.Key.Open(a.TOTP, totpUse(a.ID))
	if err != nil {
		return "", fmt.Errorf("second factor of account %d: %w", a.ID, err)
	}
	return string(key), nil
}

func (s *Service) recoveryHash(account int64, code string) []byte {
	return s.Key.Hash(fmt.Sprintf("recovery code of account %d", account), code)
}

// BeginFactor returns the secret of a second factor that counts once a code of
// it was entered. Asked again before that, it returns the same one.
func (s *Service) BeginFactor(ctx context.Context, issuer string) (*otp.Key, error) {
	a, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	if a.SecondFactor() {
		return nil, errs.Conflict("account.factor.exists")
	}
	if len(a.TOTP) > 0 {
		known, err := s.totpSecret(a)
		if err != nil {
			return nil, err
		}
		return factorOf(issuer, a.Name, known)
	}
	key, err := newFactor(issuer, a.Name)
	if err != nil {
		return nil, err
	}
	return key, s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := lockAccount(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		a.TOTP = s.Key.Seal([]byte(key.Secret()), totpUse(a.ID))
		return saveAccount(ctx, tx, a)
	})
}

// ConfirmFactor makes the second factor count, opens this session fully if it
// waited for that, ends the others, and returns the recovery codes. Nobody can
// read them again.
func (s *Service) ConfirmFactor(ctx context.Context, code string) ([]string, error) {
	a, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	if a.SecondFactor() || len(a.TOTP) == 0 {
		return nil, errs.Conflict("account.factor.exists")
	}
	key, err := s.totpSecret(a)
	if err != nil {
		return nil, err
	}
	step, ok := matchCode(key, code, s.Now(), a.TOTPStep)
	if !ok {
		return nil, errs.FieldErr("code", "account.code.wrong")
	}
	codes := newRecoveryCodes()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		a, err := lockAccount(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		a.TOTPAt, a.TOTPStep = s.Now(), step
		if err := saveAccount(ctx, tx, a); err != nil {
			return err
		}
		if err := s.keepRecovery(ctx, tx, a.ID, codes); err != nil {
			return err
		}
		keep := ActorFrom(ctx).SessionID
		if _, err := endSessions(ctx, tx, a.ID, keep); err != nil {
			return err
		}
		if err := openStage(ctx, tx, keep); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.factor", a.ID, audit.Entry{})
	})
	return codes, err
}

func (s *Service) keepRecovery(ctx context.Context, tx bun.IDB, account int64, codes []string) error {
	hashes := make([][]byte, len(codes))
	for i, c := range codes {
		hashes[i] = s.recoveryHash(account, c)
	}
	return replaceRecovery(ctx, tx, account, hashes)
}

// RenewRecovery replaces all recovery codes.
func (s *Service) RenewRecovery(ctx context.Context, password string) ([]string, error) {
	a, err := s.self(ctx)
	if err != nil {
		return nil, err
	}
	if !a.SecondFactor() {
		return nil, errs.Conflict("account.factor.missing")
	}
	if err := s.proveSelf(ctx, a, "password", password); err != nil {
		return nil, err
	}
	codes := newRecoveryCodes()
	return codes, s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.keepRecovery(ctx, tx, a.ID, codes); err != nil {
			return err
		}
		return s.record(ctx, tx, "account.recovery_renew", a.ID, audit.Entry{})
	})
}

// OwnRecovery reports whether all the codes are the person's own and unused, so
// that the page that has just shown them may hand them out as a file.
func (s *Service) OwnRecovery(ctx context.Context, codes []string) (bool, error) {
	a, err := s.self(ctx)
	if err != nil || len(codes) == 0 || len(codes) > recoveryCount {
		return false, err
	}
	hashes := make([][]byte, len(codes))
	for i, c := range codes {
		hashes[i] = s.recoveryHash(a.ID, canonicalRecovery(c))
	}
	n, err := unusedRecovery(ctx, s.DB.Read(), a.ID, hashes...)
	return n == int64(len(codes)), err
}

// RemoveFactor does without the second factor again, where the rules allow it.
func (s *Service) RemoveFactor(ctx context.Context, password string) error {
	me, err := s.Self(ctx)
	if err != nil {
		return err
	}
	if me.Demanded {
		return errs.Conflict("account.factor.demanded")
	}
	if err := s.proveSelf(ctx, &me.Account, "password", password); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error { return s.dropFactor(ctx, tx, me.ID) })
}

// ResetFactor removes the second factor of a person who lost telephone and
// recovery codes, by the security administrator. All sessions end.
func (s *Service) ResetFactor(ctx context.Context, id int64) error {
	actor := ActorFrom(ctx)
	if err := actor.CheckAnywhere(PermActivate); err != nil {
		return err
	}
	if actor.ID == id {
		return errs.Conflict("account.not_oneself")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := endSessions(ctx, tx, id, 0); err != nil {
			return err
		}
		return s.dropFactor(ctx, tx, id)
	})
}

func (s *Service) dropFactor(ctx context.Context, tx bun.Tx, id int64) error {
	a, err := lockAccount(ctx, tx, id)
	if err != nil {
		return err
	}
	a.TOTP, a.TOTPAt = nil, time.Time{}
	if err := saveAccount(ctx, tx, a); err != nil {
		return err
	}
	if err := replaceRecovery(ctx, tx, id, nil); err != nil {
		return err
	}
	return s.record(ctx, tx, "account.factor_remove", id, audit.Entry{})
}
