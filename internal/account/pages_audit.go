package account

import (
	"net/http"
	"strconv"
	"strings"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/web"
)

type auditPage struct {
	Form        web.Fields
	Entries     []auditRow
	Results     []option
	First, Next string
	// Auditor reads everything; without it only the auditors' own acts.
	Auditor bool
	// Verified is set when the chain was just checked.
	Verified *Verified
	// VerifyHref keeps the filters.
	VerifyHref string
}

// auditRow is an entry with its words.
type auditRow struct {
	audit.Record
	Label, ResultLabel, Tone string
}

func (p *Pages) auditLog(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	data := auditPage{Form: web.NewFields(q), Auditor: isAuditor(ActorFrom(ctx))}
	f := audit.Filter{
		Actor: strings.TrimSpace(q.Get("actor")), Action: strings.TrimSpace(q.Get("action")), Result: q.Get("result"),
		ObjectType: strings.TrimSpace(q.Get("object_type")), ObjectID: strings.TrimSpace(q.Get("object_id")), Limit: pageSize + 1,
	}
	f.Before, _ = strconv.ParseInt(q.Get("before"), 10, 64) // rubbish begins at the newest
	var faults error
	if f.From, faults = dateField(q, "from", false); faults == nil {
		f.To, faults = dateField(q, "to", true)
	}
	if faults != nil {
		data.Form, _ = web.Refill(ctx, q, faults)
	} else if err := p.fillAudit(r, f, &data); err != nil {
		return err
	}
	for _, result := range []string{"", audit.Done, audit.Denied, audit.Failed} {
		label := "account.audit.any_result"
		if result != "" {
			label = "account.audit.result." + result
		}
		data.Results = append(data.Results, option{result, web.T(ctx, label), ""})
	}
	q.Del("before")
	q.Set("verify", "1")
	data.VerifyHref = "/desk/audit?" + q.Encode()
	return p.render(w, r, web.Page{Title: web.T(ctx, "account.nav.audit"), Template: "account/audit", Active: navAudit, Data: data})
}

func (p *Pages) fillAudit(r *http.Request, f audit.Filter, data *auditPage) error {
	ctx := r.Context()
	if r.URL.Query().Get("verify") != "" && data.Auditor {
		var err error
		if data.Verified, err = p.s.VerifyAudit(ctx); err != nil {
			return err
		}
	}
	entries, err := p.s.AuditLog(ctx, f)
	if err != nil {
		return err
	}
	u := *r.URL
	q := u.Query()
	q.Del("verify")
	u.RawQuery = q.Encode()
	data.First, data.Next = cursors(&u, "before", f.Before, len(entries) > pageSize, func() int64 { return entries[pageSize-1].ID })
	tones := map[string]string{audit.Done: "green", audit.Denied: "red", audit.Failed: "amber"}
	for _, e := range entries[:min(len(entries), pageSize)] {
		row := auditRow{Record: e, Label: web.T(ctx, "action."+e.Action), ResultLabel: web.T(ctx, "account.audit.result."+e.Result), Tone: tones[e.Result]}
		if row.Label == "action."+e.Action {
			row.Label = e.Action // an act whose room has no word for it
		}
		data.Entries = append(data.Entries, row)
	}
	return nil
}
