package account

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

var testPolicy = Policy{
	"thing.view": {Secretary, OrgClerk, Inspector},
	"thing.edit": {OrgClerk},
}

func TestCheck(t *testing.T) {
	clerk := TestActor(OrgClerk, 12, "/1/12/", testPolicy)
	looker := clerk
	looker.scopes = []string{ScopeRead}
	for _, c := range []struct {
		name string
		a    Actor
		p    web.Permission
		at   tree.Path
		want errs.Kind
	}{
		{"visitor at an open door", Actor{}, web.Anyone, "", -1},
		{"visitor at a page of one's own", Actor{}, web.SignedIn, "", errs.KindSignIn},
		{"visitor", Actor{}, "thing.view", "/1/", errs.KindSignIn},
		{"clerk at home", clerk, "thing.edit", "/1/12/", -1},
		{"clerk below", clerk, "thing.edit", "/1/12/3/", -1},
		{"clerk above", clerk, "thing.edit", "/1/", errs.KindForbidden},
		{"clerk beside", clerk, "thing.edit", "/1/120/", errs.KindForbidden},
		{"a permission nobody declared", clerk, "thing.burn", "/1/12/", errs.KindForbidden},
		{"an object without a path", clerk, "thing.edit", "", errs.KindForbidden},
		{"a reading token reads", looker, "thing.view", "/1/12/", -1},
		{"a reading token writes", looker, "thing.edit", "/1/12/", errs.KindForbidden},
		{"the wrong role", TestActor(Inspector, 1, "/1/", testPolicy), "thing.edit", "/1/", errs.KindForbidden},
		{"a grant without a path", TestActor(OrgClerk, 1, "", testPolicy), "thing.edit", "/1/", errs.KindForbidden},
		{"the operator", Operator(testPolicy), "thing.edit", "/9/", -1},
	} {
		err := c.a.Check(c.p, c.at)
		if c.want == -1 && err != nil || c.want != -1 && !errs.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestScopeAgreesWithCheck(t *testing.T) {
	path := rapid.Custom(func(t *rapid.T) tree.Path {
		p := tree.Root
		for _, id := range rapid.SliceOfN(rapid.Int64Range(1, 3), 1, 4).Draw(t, "ids") {
			p = p.Child(id)
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		a := Actor{ID: 1, policy: testPolicy}
		for _, p := range rapid.SliceOfN(path, 0, 4).Draw(t, "paths") {
			a.Grants = append(a.Grants, Held{rapid.SampledFrom(Roles).Draw(t, "role"), 1, p})
		}
		at, p := path.Draw(t, "at"), rapid.SampledFrom([]web.Permission{"thing.view", "thing.edit"}).Draw(t, "p")
		n := 0
		for _, s := range a.Scope(p) {
			if s.Contains(at) {
				n++
			}
		}
		allowed := a.Check(p, at) == nil
		if n > 1 || allowed != (n == 1) {
			t.Fatalf("%s at %s: check %v, but %d of the subtrees %v hold it", p, at, allowed, n, a.Scope(p))
		}
	})
}

func TestAdministratorsAreAlone(t *testing.T) {
	for _, held := range Roles {
		for _, r := range Roles {
			err := Compatible([]Role{held}, r)
			if refused := held.Administrator() || r.Administrator(); refused != (err != nil) {
				t.Error(fmt.Sprint(held, " and ", r, ": ", err))
			}
		}
	}
}
