package account_test

import (
	"fmt"
	"testing"

	"lianxin/internal/account"
	"lianxin/internal/app/apptest"
	"lianxin/internal/org"
)

// In a whole node, authority follows an organisation that moves and ends with
// one that is merged, for the very next request.
func TestAuthorityFollowsTheOrganisations(t *testing.T) {
	node := apptest.Start(t)
	clerk := node.As(t, node.Town, account.OrgClerk)
	edit := func(id int64) int { return clerk.Get(fmt.Sprintf("/desk/orgs/%d/edit", id)).Status }
	want := func(when string, town, other int) {
		t.Helper()
		if a, b := edit(node.Town), edit(node.Other); a != town || b != other {
			t.Errorf("%s: the clerk gets %d at the town and %d beside it, want %d and %d", when, a, b, town, other)
		}
	}
	want("at first", 200, 403)
	if err := node.Rooms.Orgs.Move(node.Operator(t), org.Move{ID: node.Town, ParentID: node.Other, Reason: "区划调整"}); err != nil {
		t.Fatal(err)
	}
	want("after the move", 200, 403)
	if err := node.Rooms.Orgs.Move(node.Operator(t), org.Move{ID: node.Town, ParentID: node.Root, Reason: "区划调整"}); err != nil {
		t.Fatal(err)
	}
	if err := node.Rooms.Orgs.Merge(node.Operator(t), org.Merge{ID: node.Town, IntoID: node.Other, Reason: "合并"}); err != nil {
		t.Fatal(err)
	}
	want("after the merger", 403, 403)
	sec := account.WithActor(t.Context(), account.TestActor(account.SecAdmin, node.Root, node.Path(node.Root), account.Rights))
	one, err := node.Rooms.Accounts.Get(sec, clerk.AccountID)
	if err != nil || one.Grants[0].Standing != "withdrawn" || one.Grants[0].Reason != account.OrgMerged {
		t.Errorf("what is recorded: %+v, %v", one, err)
	}
}
