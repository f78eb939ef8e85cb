package account

import (
	"context"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/secret"
)

// linkTime is how long a link to set a password may wait to be used.
const linkTime = 7 * 24 * time.Hour

// newLink makes a link to set an account's password; earlier ones die.
func (s *Service) newLink(ctx context.Context, tx bun.Tx, account int64, token string) error {
	if err := dropLinks(ctx, tx, forPassword, account); err != nil {
		return err
	}
	now := s.Now()
	return insertLink(ctx, tx, &Link{
		Hash: secret.HashToken(token), Purpose: forPassword, AccountID: account,
		CreatedAt: now, CreatedBy: ActorFrom(ctx).ID, ExpiresAt: now.Add(linkTime),
	})
}

// IssueLink makes a link for a person who forgot the password, or whose first
// link ran out, by the system administrator. It counts once the security
// administrator approves it: neither can take over an account alone.
func (s *Service) IssueLink(ctx context.Context, id int64) (string, error) {
	token := secret.NewToken()
	err := s.change(ctx, id, PermCreate, "account.link", audit.Entry{}, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if a.State == Closed || a.ID == ActorFrom(ctx).ID {
			return errs.Conflict("account.link.not_for")
		}
		return s.newLink(ctx, tx, id, token)
	})
	return token, err
}

// ApproveLink lets an open link count, by the security administrator.
func (s *Service) ApproveLink(ctx context.Context, id int64) error {
	return s.change(ctx, id, PermActivate, "account.link_approve", audit.Entry{}, func(ctx context.Context, tx bun.Tx, a *Account) error {
		if a.State != Active || a.ID == ActorFrom(ctx).ID {
			return errs.Conflict("account.link.not_for")
		}
		n, err := approveLinks(ctx, tx, id, ActorFrom(ctx).ID, s.Now())
		if err == nil && n == 0 {
			return errs.Conflict("account.link.none")
		}
		return err
	})
}

// LinkOwner returns whose password a link sets, or why it can't.
func (s *Service) LinkOwner(ctx context.Context, token string) (*Account, error) {
	_, a, err := s.link(ctx, token)
	return a, err
}

func (s *Service) link(ctx context.Context, token string) (*Link, *Account, error) {
	l, err := linkByHash(ctx, s.DB.Read(), forPassword, secret.HashToken(token))
	if err != nil {
		return nil, nil, err
	}
	if !l.Open(s.Now()) {
		return nil, nil, errs.Gone("account.link.dead")
	}
	a, err := accountByID(ctx, s.DB.Read(), l.AccountID)
	if err != nil {
		return nil, nil, err
	}
	if l.ApprovedAt.IsZero() || a.State != Active {
		return nil, nil, errs.Conflict("account.link.waits")
	}
	return l, a, nil
}

// UseLink sets the password and spends the link. All sessions end; a second
// factor stays.
func (s *Service) UseLink(ctx context.Context, token, password, again string) error {
	l, a, err := s.link(ctx, token)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, a, password, again)
	if err != nil {
		return err
	}
	return s.DB.Tx(as(ctx, a.ID, a.DisplayName), func(ctx context.Context, tx bun.Tx) error {
		mine, err := useLink(ctx, tx, l.ID, s.Now())
		if err != nil {
			return err
		}
		if !mine {
			return errs.Gone("account.link.dead")
		}
		detail := map[string]string{"link": strconv.FormatInt(l.ID, 10)}
		if err := s.record(ctx, tx, "account.link_use", a.ID, audit.Entry{Detail: detail}); err != nil {
			return err
		}
		return s.setPassword(ctx, tx, a.ID, hash, 0)
	})
}
