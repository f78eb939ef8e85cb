package account

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/uptrace/bun"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/secret"
	"lianxin/internal/platform/setting"
	"lianxin/internal/platform/tree"
)

// testOrgs is a root with two organisations below.
type testOrgs struct{}

func (testOrgs) Paths(ctx context.Context, ids ...int64) (map[int64]tree.Path, error) {
	return map[int64]tree.Path{1: "/1/", 12: "/1/12/", 13: "/1/13/"}, nil
}

func (testOrgs) Names(ctx context.Context, ids ...int64) (map[int64]string, error) {
	return map[int64]string{1: "青山县委", 12: "云岭镇党委", 13: "松林镇党委"}, nil
}

func (testOrgs) Find(ctx context.Context, text string) (int64, error) {
	for id, code := range map[int64]string{1: "QS", 12: "YL", 13: "SL"} {
		if text == code {
			return id, nil
		}
	}
	return 0, errs.NotFound("org.not_found")
}

func (testOrgs) CreateRoot(ctx context.Context, tx bun.Tx, name, code string) (int64, tree.Path, error) {
	if code == "TAKEN" {
		return 0, "", errs.FieldErr("code", "org.code.taken")
	}
	return 1, "/1/", nil
}

const testPassword = "Bridge-over-7-hills"

var testHash = sync.OnceValue(func() string {
	hash, err := newHashing().hash(context.Background(), testPassword)
	if err != nil {
		panic(err)
	}
	return hash
})

// rig is a node of this room alone, with a clock that is moved by hand and an
// account of each role, whose sign-in name is the role's.
type rig struct {
	*Service
	clock *clock.Manual
	ids   map[Role]int64
}

func emptyRig(t testing.TB, d *db.DB) *rig {
	t.Helper()
	m := &clock.Manual{T: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	key, err := secret.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for room, files := range map[string]fs.FS{"setting": setting.Migrations, "audit": audit.Migrations, "account": Migrations} {
		if err := d.Migrate(t.Context(), room, files); err != nil {
			t.Fatal(err)
		}
	}
	node, err := setting.Load(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{
		Service: NewService(Deps{DB: d, Now: m.Now, Audit: audit.New(m.Now), Key: key, Orgs: testOrgs{}, Node: node, Policy: Merge(Rights, testPolicy), Settings: DefaultSettings(false)}),
		clock:   m, ids: map[Role]int64{},
	}
}

func newRig(t testing.TB, d *db.DB) *rig {
	t.Helper()
	r := emptyRig(t, d)
	err := d.Tx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
		for _, role := range Roles {
			at := Held{role, 12, "/1/12/"}
			if role.Administrator() {
				at = Held{role, 1, "/1/"}
			}
			id, err := r.Seed(ctx, tx, NewAccount{string(role), "演示" + string(role)}, testHash(), at)
			if err != nil {
				return err
			}
			r.ids[role] = id
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) signIn(t *testing.T, name string) *SignedIn {
	t.Helper()
	in, err := r.SignIn(t.Context(), name, testPassword, "Mozilla/5.0 (Windows NT 10.0) Chrome/130 Safari/537")
	if err != nil {
		t.Fatalf("sign in as %s: %v", name, err)
	}
	return in
}

// as returns a context in which the account of a role acts, signed in without
// a second factor whatever the rules.
func (r *rig) as(t *testing.T, role Role) context.Context {
	t.Helper()
	rule := r.Settings.SecondFactor
	r.Settings.SecondFactor = FactorOff
	defer func() { r.Settings.SecondFactor = rule }()
	a, err := r.BySession(t.Context(), r.signIn(t, string(role)).Token)
	if err != nil || !a.SignedIn() {
		t.Fatalf("sign in as %s: %v", role, err)
	}
	return WithActor(t.Context(), a)
}

// lives reports whether a session's token opens anything, and uses it.
func (r *rig) lives(t *testing.T, token string) bool {
	t.Helper()
	a, err := r.BySession(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return a.SignedIn()
}

// audited returns the newest entries.
func (r *rig) audited(t *testing.T, n int64) []string {
	t.Helper()
	list, err := r.Audit.List(t.Context(), r.DB.Read(), audit.Filter{Limit: n})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Action+" "+e.Result)
	}
	return out
}

// code is what the authenticator app shows now.
func (r *rig) code(t *testing.T, key string) string {
	t.Helper()
	code, err := totp.GenerateCode(key, r.clock.T)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func wantErr(t *testing.T, what string, err error, kind errs.Kind, text string) {
	t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Error(), text) {
		t.Errorf("%s: %v, want kind %d %s", what, err, kind, text)
	}
}

func (r *rig) nodeName(context.Context) string { return r.Node.Get(setting.Name) }
