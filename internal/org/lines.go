package org

import (
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/clock"
)

// LineKind is what a professional line (条) is for. It carries no authority.
type LineKind string

const (
	Guidance      LineKind = "guidance"    // 业务指导
	Supervision   LineKind = "supervision" // 监督
	ContentSource LineKind = "content"     // 供稿
)

// LineKinds lists all kinds of lines.
var LineKinds = []LineKind{Guidance, Supervision, ContentSource}

// Line is a link across the tree: Target guides, supervises or supplies Org.
type Line struct {
	bun.BaseModel `bun:"table:org_line,alias:l"`

	ID        int64 `bun:",pk,autoincrement"`
	OrgID     int64
	TargetID  int64
	Kind      LineKind
	FromDay   clock.Day
	UntilDay  clock.Day
	Note      string
	CreatedAt time.Time
}

// ParentLink is whom an organisation answered to, from when to when.
type ParentLink struct {
	bun.BaseModel `bun:"table:org_parent,alias:pl"`

	ID        int64 `bun:",pk,autoincrement"`
	OrgID     int64
	ParentID  int64
	FromDay   clock.Day
	UntilDay  clock.Day
	Reason    string
	CreatedAt time.Time
}

// StatusChange is a step of an organisation's life.
type StatusChange struct {
	bun.BaseModel `bun:"table:org_status,alias:st"`

	ID        int64 `bun:",pk,autoincrement"`
	OrgID     int64
	Status    Status
	FromDay   clock.Day
	Reason    string
	CreatedAt time.Time
}

// CountedHeads is an entered head count as it is kept.
type CountedHeads struct {
	bun.BaseModel `bun:"table:org_headcount,alias:hc"`

	ID          int64 `bun:",pk,autoincrement"`
	OrgID       int64
	Day         clock.Day
	Members     int
	FullMembers int
	CreatedAt   time.Time
}
