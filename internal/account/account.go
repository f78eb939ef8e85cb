// Package account is about who acts: accounts, how they prove themselves, and
// what they may do where.
//
// Authority is a role held at an organisation; it reaches the whole subtree
// below. Each room declares in its Policy which roles carry which of its
// permissions. A request's session or token becomes an [Actor] in the context;
// services ask it with [Actor.Check] before they change anything and narrow
// their lists with [Actor.Scope].
//
// Three administrators share what a super-user would do elsewhere, and none of
// them reads business data: the system administrator creates accounts, the
// security administrator activates them and grants roles, the auditor reads
// the record of both. They are three people (GB/T 22239-2019, 三员分立).
package account

import (
	"slices"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// Role is an office a person holds at an organisation.
type Role string

const (
	// SysAdmin 系统管理员 runs the node, creates accounts (inactive) and issues
	// links to set a password. Grants nothing, reads no business data, no log.
	SysAdmin Role = "sys-admin"
	// SecAdmin 安全管理员 activates and disables accounts, grants and withdraws
	// roles, approves new passwords. Creates no accounts, reads no business data.
	SecAdmin Role = "sec-admin"
	// AuditAdmin 审计员 reads the audit log and changes nothing.
	AuditAdmin Role = "audit-admin"

	// Secretary 书记 answers for an organisation: sees all its business, decides,
	// approves and signs.
	Secretary Role = "secretary"
	// OrgClerk 党务干事 keeps an organisation's data: tree, officers, imports.
	OrgClerk Role = "org-clerk"
	// SiteEditor 网站编辑 opens sites and writes articles.
	SiteEditor Role = "site-editor"
	// Reviewer 审核员 publishes what another person wrote, or returns it.
	Reviewer Role = "reviewer"
	// Inspector 督查员 reads an organisation's business and changes nothing.
	Inspector Role = "inspector"
)

// Roles lists every role, administrators first, in the order forms show them.
var Roles = []Role{SysAdmin, SecAdmin, AuditAdmin, Secretary, OrgClerk, SiteEditor, Reviewer, Inspector}

// Administrators are the three roles that exclude each other and all others.
var Administrators = []Role{SysAdmin, SecAdmin, AuditAdmin}

// Known reports whether r is one of Roles.
func (r Role) Known() bool { return slices.Contains(Roles, r) }

// Administrator reports whether r is one of the three.
func (r Role) Administrator() bool { return slices.Contains(Administrators, r) }

// Compatible refuses a role for a person who holds the others: an administrator
// holds nothing else, wherever. The same role at another organisation is fine,
// except for administrators, who serve the whole node.
func Compatible(held []Role, r Role) error {
	for _, h := range held {
		if h.Administrator() || r.Administrator() {
			return errs.FieldErr("role", "account.role.exclusive")
		}
	}
	return nil
}

// Policy says which roles carry a permission. Each room declares its own.
type Policy map[web.Permission][]Role

// Merge returns one policy of all rooms. A permission that two rooms declare
// carries the roles of both.
func Merge(policies ...Policy) Policy {
	all := Policy{}
	for _, p := range policies {
		for permission, roles := range p {
			all[permission] = append(slices.Clip(all[permission]), roles...)
		}
	}
	return all
}
