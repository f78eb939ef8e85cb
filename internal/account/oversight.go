package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
)

// auditors returns everyone who is or was an auditor.
func auditors(ctx context.Context, d bun.IDB) ([]int64, error) {
	var ids []int64
	if err := d.NewSelect().Model((*Grant)(nil)).ColumnExpr("distinct account_id").Where("role = ?", AuditAdmin).Scan(ctx, &ids); err != nil {
		return nil, db.Explain(fmt.Errorf("list auditors: %w", err))
	}
	return ids, nil
}

// isAuditor tells the auditor, who reads everything, from the security
// administrator, who reads what auditors did.
func isAuditor(a Actor) bool {
	return slices.ContainsFunc(a.Grants, func(h Held) bool { return h.Role == AuditAdmin })
}

// AuditLog returns entries, newest first. That it was read is recorded too.
func (s *Service) AuditLog(ctx context.Context, f audit.Filter) ([]audit.Record, error) {
	actor := ActorFrom(ctx)
	if err := actor.CheckAnywhere(PermAudit); err != nil {
		return nil, err
	}
	if !isAuditor(actor) {
		ids, err := auditors(ctx, s.DB.Read())
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			return nil, nil
		}
		f.Actors = ids
	}
	list, err := s.Audit.List(ctx, s.DB.Read(), f)
	if err != nil {
		return nil, db.Explain(err)
	}
	if f.Before > 0 {
		return list, nil // a further page of what was recorded already
	}
	detail := map[string]any{"actor": f.Actor, "action": f.Action, "object": f.ObjectType + " " + f.ObjectID}
	if !f.From.IsZero() || !f.To.IsZero() {
		detail["from"], detail["to"] = f.From.Format(time.RFC3339), f.To.Format(time.RFC3339)
	}
	return list, s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "audit.read", ObjectType: "audit", Detail: detail})
	})
}

// Verified is the outcome of checking the chain of the audit log.
type Verified struct {
	Entries int
	// Broken is the first entry that does not fit, 0 if all do.
	Broken int64
}

// VerifyAudit walks the whole chain, by an auditor.
func (s *Service) VerifyAudit(ctx context.Context) (*Verified, error) {
	actor := ActorFrom(ctx)
	if err := actor.CheckAnywhere(PermAudit); err != nil {
		return nil, err
	}
	if !isAuditor(actor) {
		return nil, errs.Forbidden("error.forbidden")
	}
	entries, broken, err := s.Audit.Verify(ctx, s.DB)
	if err != nil {
		return nil, db.Explain(err)
	}
	return &Verified{entries, broken}, s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		return s.Audit.Record(ctx, tx, audit.Entry{Action: "audit.verify", ObjectType: "audit", Detail: map[string]any{"entries": entries, "broken": broken}})
	})
}
