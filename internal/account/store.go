package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
)

// notFound turns the absence of a row into the error a person may read.
func notFound(err error, key, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.NotFound(key).Because(err)
	}
	if err != nil {
		return db.Explain(fmt.Errorf("%s: %w", what, err))
	}
	return nil
}

func accountByID(ctx context.Context, d bun.IDB, id int64) (*Account, error) {
	a := &Account{}
	err := d.NewSelect().Model(a).Where("id = ?", id).Scan(ctx)
	return a, notFound(err, "account.not_found", fmt.Sprintf("read account %d", id))
}

// lockAccount reads an account to change it, and keeps others from doing so
// until the transaction ends.
func lockAccount(ctx context.Context, tx bun.Tx, id int64) (*Account, error) {
	a := &Account{}
	q := tx.NewSelect().Model(a).Where("id = ?", id)
	if tx.Dialect().Name().String() == "pg" {
		q = q.For("update")
	}
	return a, notFound(q.Scan(ctx), "account.not_found", fmt.Sprintf("read account %d", id))
}

func accountByName(ctx context.Context, d bun.IDB, name string) (*Account, error) {
	a := &Account{}
	err := d.NewSelect().Model(a).Where("name = ?", name).Scan(ctx)
	return a, notFound(err, "account.not_found", "read account by name")
}

func insertAccount(ctx context.Context, tx bun.IDB, a *Account) error {
	if _, err := tx.NewInsert().Model(a).Exec(ctx); err != nil {
		if db.IsUnique(err) {
			return errs.FieldErr("name", "account.name.taken")
		}
		return fmt.Errorf("insert account: %w", err)
	}
	return nil
}

// saveAccount writes the account with the next version, which makes every
// server forget what it knew of its rights.
func saveAccount(ctx context.Context, tx bun.IDB, a *Account) error {
	a.Version++
	if _, err := tx.NewUpdate().Model(a).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("save account %d: %w", a.ID, err)
	}
	return nil
}

// markSignedIn notes a sign-in without a new version: no right has changed.
func markSignedIn(ctx context.Context, tx bun.IDB, id int64, at time.Time) error {
	if _, err := tx.NewUpdate().Model((*Account)(nil)).Set("signed_in_at = ?", at).Where("id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("note sign-in of account %d: %w", id, err)
	}
	return nil
}

// useStep notes the code that was used, and reports false if it, or a later
// one, already was.
func useStep(ctx context.Context, tx bun.IDB, id, step int64) (bool, error) {
	res, err := tx.NewUpdate().Model((*Account)(nil)).Set("totp_step = ?", step).Where("id = ? and totp_step < ?", id, step).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("note code of account %d: %w", id, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

func anyAccount(ctx context.Context, d bun.IDB) (bool, error) {
	n, err := d.NewSelect().Model((*Account)(nil)).Limit(1).Count(ctx)
	if err != nil {
		return false, db.Explain(fmt.Errorf("count accounts: %w", err))
	}
	return n > 0, nil
}

// Filter narrows the list of accounts; zero fields don't.
type Filter struct {
	// Text is part of a sign-in or display name.
	Text  string
	State State
	Role  Role
	// After is the cursor: accounts with a smaller id, as newer ones come first.
	After int64
	Limit int64
}

func listAccounts(ctx context.Context, d bun.IDB, f Filter, now time.Time) ([]Account, error) {
	var out []Account
	q := d.NewSelect().Model(&out).Order("a.id desc").Limit(f.Limit)
	if f.After > 0 {
		q = q.Where("a.id < ?", f.After)
	}
	if f.State != "" {
		q = q.Where("a.state = ?", f.State)
	}
	if f.Text != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(f.Text) + "%"
		q = q.Where(`(a.name like ? escape '\' or a.display_name like ? escape '\')`, strings.ToLower(like), like)
	}
	if f.Role != "" {
		q = q.Where("exists (select 1 from account_grant g where g.account_id = a.id and g.role = ? and g.withdrawn_at is null and (g.until_at is null or g.until_at > ?))", f.Role, now)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, db.Explain(fmt.Errorf("list accounts: %w", err))
	}
	return out, nil
}

// namesOf returns display names, for showing who did something.
func namesOf(ctx context.Context, d bun.IDB, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []Account
	if err := d.NewSelect().Model(&rows).Column("id", "display_name").Where("id in (?)", bun.In(ids)).Scan(ctx); err != nil {
		return nil, db.Explain(fmt.Errorf("read account names: %w", err))
	}
	for _, a := range rows {
		out[a.ID] = a.DisplayName
	}
	return out, nil
}

func grantsOf(ctx context.Context, d bun.IDB, accounts ...int64) ([]Grant, error) {
	var out []Grant
	if len(accounts) == 0 {
		return nil, nil
	}
	if err := d.NewSelect().Model(&out).Where("account_id in (?)", bun.In(accounts)).Order("id").Scan(ctx); err != nil {
		return nil, db.Explain(fmt.Errorf("read grants: %w", err))
	}
	return out, nil
}

// openGrantsOf returns the grants that count now or will, as sign-in needs them.
func openGrantsOf(ctx context.Context, d bun.IDB, account int64) ([]Grant, error) {
	var out []Grant
	if err := d.NewSelect().Model(&out).Where("account_id = ? and withdrawn_at is null", account).Scan(ctx); err != nil {
		return nil, db.Explain(fmt.Errorf("read grants of account %d: %w", account, err))
	}
	return out, nil
}

func grantByID(ctx context.Context, d bun.IDB, id int64) (*Grant, error) {
	g := &Grant{}
	err := d.NewSelect().Model(g).Where("id = ?", id).Scan(ctx)
	return g, notFound(err, "account.grant.not_found", fmt.Sprintf("read grant %d", id))
}

func insertGrant(ctx context.Context, tx bun.IDB, g *Grant) error {
	if _, err := tx.NewInsert().Model(g).Exec(ctx); err != nil {
		return fmt.Errorf("insert grant: %w", err)
	}
	return nil
}

func saveGrant(ctx context.Context, tx bun.IDB, g *Grant) error {
	if _, err := tx.NewUpdate().Model(g).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("save grant %d: %w", g.ID, err)
	}
	return nil
}

// otherHolders counts active accounts, besides one, that hold a role for good.
func otherHolders(ctx context.Context, tx bun.IDB, r Role, besides int64, now time.Time) (int64, error) {
	n, err := tx.NewSelect().Model((*Grant)(nil)).Join("join account a on a.id = g.account_id").
		Where("g.role = ? and g.withdrawn_at is null and g.from_at <= ? and (g.until_at is null or g.until_at > ?)", r, now, now).
		Where("a.state = ? and a.id <> ?", Active, besides).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count holders of %s: %w", r, err)
	}
	return n, nil
}

// dormant returns active accounts with a role that neither signed in, nor used
// a token, nor changed their state for that long.
func dormant(ctx context.Context, d bun.IDB, now time.Time, after time.Duration) ([]int64, error) {
	since := now.Add(-after)
	var ids []int64
	err := d.NewSelect().Model((*Account)(nil)).Column("a.id").
		Where("a.state = ? and a.changed_at < ? and (a.signed_in_at is null or a.signed_in_at < ?)", Active, since, since).
		Where("exists (select 1 from account_grant g where g.account_id = a.id and g.withdrawn_at is null and (g.until_at is null or g.until_at > ?))", now).
		Where("not exists (select 1 from account_token k where k.account_id = a.id and k.used_at >= ?)", since).
		Scan(ctx, &ids)
	if err != nil {
		return nil, db.Explain(fmt.Errorf("list dormant accounts: %w", err))
	}
	return ids, nil
}

// MoveGrants lets the grants in a subtree follow it to its new place. The
// organisations call it in the transaction that moves them.
func MoveGrants(ctx context.Context, tx bun.Tx, from, to tree.Path) error {
	lo, hi := from.Range()
	if err := bumpHolders(ctx, tx, "org_path >= ? and org_path < ?", lo, hi); err != nil {
		return err
	}
	_, err := tx.NewUpdate().Model((*Grant)(nil)).Set("org_path = ? || substr(org_path, ?)", string(to), len(from)+1).
		Where("org_path >= ? and org_path < ?", lo, hi).Exec(ctx)
	if err != nil {
		return fmt.Errorf("move grants from %s to %s: %w", from, to, err)
	}
	return nil
}

// endGrants withdraws what is held at an organisation and returns how many.
func endGrants(ctx context.Context, tx bun.Tx, orgID, by int64, at time.Time, reason string) (int64, error) {
	if err := bumpHolders(ctx, tx, "org_id = ?", orgID); err != nil {
		return 0, err
	}
	res, err := tx.NewUpdate().Model((*Grant)(nil)).Set("withdrawn_at = ?", at).Set("withdrawn_by = ?", by).Set("reason = ?", reason).
		Where("org_id = ? and withdrawn_at is null", orgID).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("end grants at organisation %d: %w", orgID, err)
	}
	return res.RowsAffected()
}

func bumpHolders(ctx context.Context, tx bun.IDB, where string, args ...any) error {
	holders := tx.NewSelect().Model((*Grant)(nil)).Column("account_id").Where("withdrawn_at is null").Where(where, args...)
	_, err := tx.NewUpdate().Model((*Account)(nil)).Set("version = version + 1").Where("id in (?)", holders).Exec(ctx)
	if err != nil {
		return fmt.Errorf("renew accounts: %w", err)
	}
	return nil
}

// formerPassword is a hash that may not come back.
type formerPassword struct {
	bun.BaseModel `bun:"table:account_password,alias:p"`

	ID        int64 `bun:",pk,autoincrement"`
	AccountID int64
	Password  string
	SetAt     time.Time
}

// formerPasswords returns the newest hashes of an account, newest first.
func formerPasswords(ctx context.Context, d bun.IDB, account int64) ([]formerPassword, error) {
	var out []formerPassword
	err := d.NewSelect().Model(&out).Where("account_id = ?", account).Order("id desc").Limit(passwordHistory).Scan(ctx)
	if err != nil {
		return nil, db.Explain(fmt.Errorf("read former passwords: %w", err))
	}
	return out, nil
}

// keepPassword remembers a password that was set and forgets those too old to matter.
func keepPassword(ctx context.Context, tx bun.IDB, account int64, hash string, at time.Time) error {
	if _, err := tx.NewInsert().Model(&formerPassword{AccountID: account, Password: hash, SetAt: at}).Exec(ctx); err != nil {
		return fmt.Errorf("keep password: %w", err)
	}
	former, err := formerPasswords(ctx, tx, account)
	if err != nil || len(former) < passwordHistory {
		return err
	}
	oldest := former[len(former)-1].ID
	if _, err := tx.NewDelete().Model((*formerPassword)(nil)).Where("account_id = ? and id < ?", account, oldest).Exec(ctx); err != nil {
		return fmt.Errorf("forget passwords: %w", err)
	}
	return nil
}

// replaceRecovery makes these the only recovery codes; none removes them.
func replaceRecovery(ctx context.Context, tx bun.IDB, account int64, hashes [][]byte) error {
	if _, err := tx.NewDelete().Model((*RecoveryCode)(nil)).Where("account_id = ?", account).Exec(ctx); err != nil {
		return fmt.Errorf("remove recovery codes: %w", err)
	}
	if len(hashes) == 0 {
		return nil
	}
	rows := make([]RecoveryCode, len(hashes))
	for i, h := range hashes {
		rows[i] = RecoveryCode{AccountID: account, Hash: h}
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("insert recovery codes: %w", err)
	}
	return nil
}

// useRecovery marks a code used and reports whether it was good.
func useRecovery(ctx context.Context, tx bun.IDB, account int64, hash []byte, at time.Time) (bool, error) {
	res, err := tx.NewUpdate().Model((*RecoveryCode)(nil)).Set("used_at = ?", at).
		Where("account_id = ? and hash = ? and used_at is null", account, hash).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("use recovery code: %w", err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// unusedRecovery counts the recovery codes that are left, among the given
// hashes if there are any.
func unusedRecovery(ctx context.Context, d bun.IDB, account int64, among ...[]byte) (int64, error) {
	q := d.NewSelect().Model((*RecoveryCode)(nil)).Where("account_id = ? and used_at is null", account)
	if len(among) > 0 {
		q = q.Where("hash in (?)", bun.In(among))
	}
	n, err := q.Count(ctx)
	if err != nil {
		return 0, db.Explain(fmt.Errorf("count recovery codes: %w", err))
	}
	return n, nil
}
