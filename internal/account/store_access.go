package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
)

// pass is a session or token with what a request must know of its account.
type pass struct {
	Session `bun:",extend"`

	Name        string
	DisplayName string
	State       State
	Version     int64
	TOTPAt      time.Time `bun:"totp_at,nullzero"`
}

// sessionByToken is the one query of a signed-in request. It returns nil for a
// token nobody has.
func sessionByToken(ctx context.Context, d bun.IDB, token []byte) (*pass, error) {
	p := &pass{}
	err := d.NewSelect().Model(p).
		ColumnExpr("s.id, s.account_id, s.stage, s.address, s.device, s.idle, s.created_at, s.seen_at, s.expires_at").
		ColumnExpr("a.name, a.display_name, a.state, a.version, a.totp_at").
		Join("join account a on a.id = s.account_id").Where("s.token = ?", token).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, db.Explain(fmt.Errorf("read session: %w", err))
	}
	return p, nil
}

func insertSession(ctx context.Context, tx bun.IDB, s *Session) error {
	if _, err := tx.NewInsert().Model(s).Exec(ctx); err != nil {
		return fmt.Errorf("insert session: %w", err)
	}
	return nil
}

func saveSession(ctx context.Context, tx bun.IDB, s *Session) error {
	if _, err := tx.NewUpdate().Model(s).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("save session %d: %w", s.ID, err)
	}
	return nil
}

func touchSession(ctx context.Context, tx bun.IDB, id int64, at time.Time) error {
	if _, err := tx.NewUpdate().Model((*Session)(nil)).Set("seen_at = ?", at).Where("id = ? and seen_at < ?", id, at).Exec(ctx); err != nil {
		return fmt.Errorf("touch session %d: %w", id, err)
	}
	return nil
}

// sessionsOf returns the sessions of an account, last used first.
func sessionsOf(ctx context.Context, d bun.IDB, account int64) ([]Session, error) {
	var out []Session
	if err := d.NewSelect().Model(&out).Where("account_id = ? and stage <> ?", account, StageCode).Order("seen_at desc", "id desc").Scan(ctx); err != nil {
		return nil, db.Explain(fmt.Errorf("list sessions of account %d: %w", account, err))
	}
	return out, nil
}

// endSession removes one session of an account; gone is false if there was none.
func endSession(ctx context.Context, tx bun.IDB, account, id int64) (gone bool, err error) {
	res, err := tx.NewDelete().Model((*Session)(nil)).Where("account_id = ? and id = ?", account, id).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("end session %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// endSessions removes all sessions of an account but the one to keep (0: none).
func endSessions(ctx context.Context, tx bun.IDB, account, keep int64) (int64, error) {
	res, err := tx.NewDelete().Model((*Session)(nil)).Where("account_id = ? and id <> ?", account, keep).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("end sessions of account %d: %w", account, err)
	}
	return res.RowsAffected()
}

// sweep removes what has run out: sessions, links, failures that no longer count.
func sweep(ctx context.Context, tx bun.IDB, now time.Time) error {
	if _, err := tx.NewDelete().Model((*Session)(nil)).Where("expires_at <= ?", now).Exec(ctx); err != nil {
		return fmt.Errorf("sweep sessions: %w", err)
	}
	if _, err := tx.NewDelete().Model((*throttleRow)(nil)).Where("since < ? and (locked_until is null or locked_until < ?)", now.Add(-time.Hour), now).Exec(ctx); err != nil {
		return fmt.Errorf("sweep sign-in failures: %w", err)
	}
	return nil
}

type throttleRow struct {
	bun.BaseModel `bun:"table:account_throttle,alias:t"`

	Key         []byte `bun:",pk"`
	Failures    int64
	Since       time.Time
	LockedUntil time.Time `bun:",nullzero"`
}

// lockCount reads a count and keeps it to this transaction, so that a hundred
// guesses at once count as a hundred.
func lockCount(ctx context.Context, tx bun.IDB, key []byte, now time.Time) (count, error) {
	row := throttleRow{Key: key, Since: now}
	_, err := tx.NewInsert().Model(&row).On("conflict (key) do update").Set("failures = t.failures").Exec(ctx)
	if err != nil {
		return count{}, fmt.Errorf("lock sign-in count: %w", err)
	}
	if err := tx.NewSelect().Model(&row).WherePK().Scan(ctx); err != nil {
		return count{}, fmt.Errorf("read sign-in count: %w", err)
	}
	return count{row.Failures, row.Since, row.LockedUntil}, nil
}

func saveCount(ctx context.Context, tx bun.IDB, key []byte, c count) error {
	row := throttleRow{Key: key, Failures: c.Failures, Since: c.Since, LockedUntil: c.LockedUntil}
	if _, err := tx.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("save sign-in count: %w", err)
	}
	return nil
}

// Token is an API token as kept: without the token itself.
type Token struct {
	bun.BaseModel `bun:"table:account_token,alias:k"`

	ID        int64 `bun:",pk,autoincrement"`
	Hash      []byte
	AccountID int64
	Label     string
	// Scopes are permissions, or "read", between spaces.
	Scopes    string
	CreatedAt time.Time
	UsedAt    time.Time `bun:",nullzero"`
	ExpiresAt time.Time `bun:",nullzero"`
	RevokedAt time.Time `bun:",nullzero"`
}

// bearer is a token with what a request must know of its account.
type bearer struct {
	Token `bun:",extend"`

	Name        string
	DisplayName string
	State       State
	Version     int64
}

func tokenByHash(ctx context.Context, d bun.IDB, hash []byte) (*bearer, error) {
	b := &bearer{}
	err := d.NewSelect().Model(b).
		ColumnExpr("k.id, k.account_id, k.label, k.scopes, k.created_at, k.used_at, k.expires_at, k.revoked_at").
		ColumnExpr("a.name, a.display_name, a.state, a.version").
		Join("join account a on a.id = k.account_id").Where("k.hash = ?", hash).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, db.Explain(fmt.Errorf("read token: %w", err))
	}
	return b, nil
}

func insertToken(ctx context.Context, tx bun.IDB, t *Token) error {
	if _, err := tx.NewInsert().Model(t).Exec(ctx); err != nil {
		return fmt.Errorf("insert token: %w", err)
	}
	return nil
}

// tokensOf returns the tokens of an account that aren't revoked, newest first.
func tokensOf(ctx context.Context, d bun.IDB, account int64) ([]Token, error) {
	var out []Token
	if err := d.NewSelect().Model(&out).Where("account_id = ? and revoked_at is null", account).Order("id desc").Scan(ctx); err != nil {
		return nil, db.Explain(fmt.Errorf("list tokens of account %d: %w", account, err))
	}
	return out, nil
}

func revokeToken(ctx context.Context, tx bun.IDB, account, id int64, at time.Time) (gone bool, err error) {
	res, err := tx.NewUpdate().Model((*Token)(nil)).Set("revoked_at = ?", at).Where("account_id = ? and id = ? and revoked_at is null", account, id).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("revoke token %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func touchToken(ctx context.Context, tx bun.IDB, id int64, at time.Time) error {
	if _, err := tx.NewUpdate().Model((*Token)(nil)).Set("used_at = ?", at).Where("id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("touch token %d: %w", id, err)
	}
	return nil
}

// purpose of a link.
type purpose string

const (
	forSetup    purpose = "setup"
	forPassword purpose = "password"
)

// Link is an address that works once.
type Link struct {
	bun.BaseModel `bun:"table:account_link,alias:l"`

	ID        int64 `bun:",pk,autoincrement"`
	Hash      []byte
	Purpose   purpose
	AccountID int64
	CreatedAt time.Time
	CreatedBy int64
	// ApprovedAt is when a second administrator let it count.
	ApprovedAt time.Time `bun:",nullzero"`
	ApprovedBy int64
	ExpiresAt  time.Time `bun:",nullzero"`
	UsedAt     time.Time `bun:",nullzero"`
}

// Open reports whether the link could still be used, once approved.
func (l *Link) Open(now time.Time) bool {
	return l.UsedAt.IsZero() && (l.ExpiresAt.IsZero() || now.Before(l.ExpiresAt))
}

func insertLink(ctx context.Context, tx bun.IDB, l *Link) error {
	if _, err := tx.NewInsert().Model(l).Exec(ctx); err != nil {
		return fmt.Errorf("insert link: %w", err)
	}
	return nil
}

func linkByHash(ctx context.Context, d bun.IDB, p purpose, hash []byte) (*Link, error) {
	l := &Link{}
	err := d.NewSelect().Model(l).Where("hash = ? and purpose = ?", hash, p).Scan(ctx)
	return l, notFound(err, "account.link.dead", "read link")
}

// linksOf returns the open links of an account, newest first.
func linksOf(ctx context.Context, d bun.IDB, account int64, now time.Time) ([]Link, error) {
	var out []Link
	err := d.NewSelect().Model(&out).Where("account_id = ? and purpose = ? and used_at is null and expires_at > ?", account, forPassword, now).Order("id desc").Scan(ctx)
	if err != nil {
		return nil, db.Explain(fmt.Errorf("list links of account %d: %w", account, err))
	}
	return out, nil
}

// approveLinks lets the open links of an account count.
func approveLinks(ctx context.Context, tx bun.IDB, account, by int64, at time.Time) (int64, error) {
	res, err := tx.NewUpdate().Model((*Link)(nil)).Set("approved_at = ?", at).Set("approved_by = ?", by).
		Where("account_id = ? and purpose = ? and used_at is null and approved_at is null and expires_at > ?", account, forPassword, at).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("approve links of account %d: %w", account, err)
	}
	return res.RowsAffected()
}

// useLink spends a link and reports false if it was spent already.
func useLink(ctx context.Context, tx bun.IDB, id int64, at time.Time) (bool, error) {
	res, err := tx.NewUpdate().Model((*Link)(nil)).Set("used_at = ?", at).Where("id = ? and used_at is null", id).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("use link %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// dropLinks removes the unused links of a purpose and account.
func dropLinks(ctx context.Context, tx bun.IDB, p purpose, account int64) error {
	if _, err := tx.NewDelete().Model((*Link)(nil)).Where("purpose = ? and account_id = ? and used_at is null", p, account).Exec(ctx); err != nil {
		return fmt.Errorf("drop links: %w", err)
	}
	return nil
}

// openStage lets a session out of the pages of one's own.
func openStage(ctx context.Context, tx bun.IDB, id int64) error {
	if _, err := tx.NewUpdate().Model((*Session)(nil)).Set("stage = ?", StageOpen).Where("id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("open session %d: %w", id, err)
	}
	return nil
}

// forgetAccess ends every way in that an account has.
func forgetAccess(ctx context.Context, tx bun.IDB, account, by int64, at time.Time) error {
	if _, err := endSessions(ctx, tx, account, 0); err != nil {
		return err
	}
	if err := dropLinks(ctx, tx, forPassword, account); err != nil {
		return err
	}
	if err := replaceRecovery(ctx, tx, account, nil); err != nil {
		return err
	}
	if _, err := tx.NewDelete().Model((*formerPassword)(nil)).Where("account_id = ?", account).Exec(ctx); err != nil {
		return fmt.Errorf("forget passwords: %w", err)
	}
	if _, err := tx.NewUpdate().Model((*Token)(nil)).Set("revoked_at = ?", at).Where("account_id = ? and revoked_at is null", account).Exec(ctx); err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	_, err := tx.NewUpdate().Model((*Grant)(nil)).Set("withdrawn_at = ?", at).Set("withdrawn_by = ?", by).Set("reason = ?", accountClosed).
		Where("account_id = ? and withdrawn_at is null", account).Exec(ctx)
	if err != nil {
		return fmt.Errorf("withdraw grants: %w", err)
	}
	return nil
}
