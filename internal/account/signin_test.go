package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
)

func TestSignInTellsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		if _, err := r.DB.SQL().Exec("update account set state = 'disabled' where name = 'inspector'"); err != nil {
			t.Fatal(err)
		}
		var answers []string
		for _, c := range [][2]string{{"secretary", "wrong"}, {"nobody-here", "wrong"}, {"inspector", testPassword}, {"inspector", "wrong"}, {"", ""}, {"secretary", strings.Repeat("x", 5000)}} {
			_, err := r.SignIn(t.Context(), c[0], c[1], "")
			if err == nil {
				t.Fatalf("%q was let in", c[0])
			}
			answers = append(answers, err.Error())
		}
		if len(slices.Compact(answers)) != 1 {
			t.Errorf("the answers differ: %q", answers)
		}
		in, err := r.SignIn(t.Context(), " Ｓecretary ", testPassword, "")
		if err != nil || in.Stage != StageOpen {
			t.Fatalf("the right password: %+v, %v", in, err)
		}
		a, err := r.BySession(t.Context(), in.Token)
		if err != nil || a.ID != r.ids[Secretary] || a.Check("thing.view", "/1/12/3/") != nil || a.Check("thing.view", "/1/13/") == nil {
			t.Errorf("signed in as %+v, %v", a, err)
		}
		if got := r.audited(t, 1); got[0] != "account.sign_in done" {
			t.Errorf("audited %q", got)
		}
	})
}

func TestSignInLocks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		for _, name := range []string{"secretary", "nobody-here"} {
			for i := range 5 {
				_, err := r.SignIn(t.Context(), name, "wrong", "")
				wantErr(t, fmt.Sprint(name, " failure ", i), err, errs.KindInvalid, "account.signin.wrong")
			}
			_, err := r.SignIn(t.Context(), name, testPassword, "")
			wantErr(t, name+" locked", err, errs.KindTooMany, "account.signin.locked")
		}
		if got := r.audited(t, 1); got[0] != "account.lock denied" {
			t.Errorf("audited %q", got)
		}
		again := NewService(r.Deps) // a restart forgives nothing
		_, err := again.SignIn(t.Context(), "secretary", testPassword, "")
		wantErr(t, "after a restart", err, errs.KindTooMany, "")
		r.clock.Advance(15 * time.Minute)
		r.signIn(t, "secretary")
		for range 4 { // success forgave all
			_, err := r.SignIn(t.Context(), "secretary", "wrong", "")
			wantErr(t, "after success", err, errs.KindInvalid, "")
		}
		r.signIn(t, "secretary")
	})
}

func TestManyGuessesAtOnceCountEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		var mu sync.Mutex
		tried := 0
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				if _, err := r.SignIn(t.Context(), "secretary", "wrong", ""); errs.Is(err, errs.KindInvalid) {
					mu.Lock()
					tried++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if tried != 5 {
			t.Errorf("%d guesses were tried at once, want 5", tried)
		}
	})
}

func TestAddressLocks(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	ctx := audit.WithWho(t.Context(), audit.Who{IP: "203.0.113.9"})
	for i := range int(perAddress.Max) {
		_, err := r.SignIn(ctx, fmt.Sprint("name-", i), "wrong", "")
		wantErr(t, fmt.Sprint("guess ", i), err, errs.KindInvalid, "")
	}
	_, err := r.SignIn(ctx, "secretary", testPassword, "")
	wantErr(t, "the address", err, errs.KindTooMany, "")
	r.signIn(t, "secretary") // from elsewhere
}

func TestSessionEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		in := r.signIn(t, "secretary")
		for range 31 { // busy for almost eight hours
			r.clock.Advance(15*time.Minute - time.Second)
			if !r.lives(t, in.Token) {
				t.Fatal("ended while in use")
			}
		}
		r.clock.Advance(15 * time.Minute)
		if r.lives(t, in.Token) {
			t.Error("lives on after 15 idle minutes")
		}
		in = r.signIn(t, "secretary")
		for range 48 {
			r.clock.Advance(10 * time.Minute)
			r.lives(t, in.Token)
		}
		if r.lives(t, in.Token) {
			t.Error("lives on after 8 hours")
		}
		in = r.signIn(t, "secretary")
		r.clock.Advance(7*time.Hour + 50*time.Minute)
		if r.lives(t, in.Token) {
			t.Error("lives on after an idle night")
		}
		in = r.signIn(t, "secretary")
		for range 47 {
			r.clock.Advance(10 * time.Minute)
			r.lives(t, in.Token)
		}
		if a, _ := r.BySession(t.Context(), in.Token); a.Session.EndsAt.Sub(r.clock.T) != 10*time.Minute {
			t.Errorf("ten minutes before its end the session says %+v", a.Session)
		}
		for _, rubbish := range []string{"", "x", in.Token + "x", strings.Repeat("x", 10_000)} {
			if r.lives(t, rubbish) {
				t.Errorf("%.20q is known", rubbish)
			}
		}
	})
}

func TestStaffUseThreeBrowsers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		var in []*SignedIn
		for range 4 {
			r.clock.Advance(time.Second)
			in = append(in, r.signIn(t, "secretary"))
		}
		for i, s := range in {
			if got := r.lives(t, s.Token); got != (i > 0) {
				t.Errorf("session %d lives: %v", i, got)
			}
		}
		ctx := r.as(t, Secretary) // ends another
		me, err := r.Self(ctx)
		if err != nil || len(me.Sessions) != 3 || me.Sessions[0].Device != "Chrome · Windows" {
			t.Fatalf("own sessions: %+v, %v", me, err)
		}
		if err := r.EndSession(r.as(t, OrgClerk), me.Sessions[1].ID); err != nil {
			t.Fatal(err)
		}
		if me, _ = r.Self(ctx); len(me.Sessions) != 3 {
			t.Error("one person ended another's session")
		}
		if err := r.EndOtherSessions(ctx); err != nil {
			t.Fatal(err)
		}
		if me, _ = r.Self(ctx); len(me.Sessions) != 1 || me.Sessions[0].ID != ActorFrom(ctx).SessionID {
			t.Errorf("after ending the others: %+v", me.Sessions)
		}
	})
}

func TestNewPassword(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		other := r.signIn(t, "secretary")
		ctx := r.as(t, Secretary)
		for _, c := range []struct{ old, new, again, want string }{
			{"wrong", "River-under-8-hills", "River-under-8-hills", "password_old: account.password.wrong"},
			{testPassword, "short", "short", "password: account.password.short"},
			{testPassword, "River-under-8-hills", "other", "password_again: account.password.again"},
			{testPassword, testPassword, testPassword, "password: account.password.reused"},
		} {
			wantErr(t, c.want, r.ChangePassword(ctx, c.old, c.new, c.again), errs.KindInvalid, c.want)
		}
		old := testPassword
		for i := range passwordHistory {
			next := fmt.Sprintf("River-under-%d-roofs", i+2)
			if err := r.ChangePassword(ctx, old, next, next); err != nil {
				t.Fatal(err)
			}
			old = next
		}
		if r.lives(t, other.Token) || r.ended(t, ctx) {
			t.Error("other sessions must end with the password, this one not")
		}
		if err := r.ChangePassword(ctx, old, testPassword, testPassword); err != nil {
			t.Errorf("after %d others the first may come back: %v", passwordHistory, err)
		}
		r.clock.Advance(DefaultSettings(true).PasswordAge)
		if me, err := r.Self(r.as(t, Secretary)); err != nil || !me.PasswordOld {
			t.Errorf("no reminder after 90 days: %v", err)
		}
	})
}

// ended reports whether the session that acts in ctx is gone.
func (r *rig) ended(t *testing.T, ctx context.Context) bool {
	t.Helper()
	me, err := r.Self(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return !slices.ContainsFunc(me.Sessions, func(s Session) bool { return s.ID == ActorFrom(ctx).SessionID })
}

func TestSecondFactor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.Settings.SecondFactor = FactorStaff
		in := r.signIn(t, "org-clerk")
		a, _ := r.BySession(t.Context(), in.Token)
		if in.Stage != StageEnrol || !a.MustEnrol || a.Check("thing.edit", "/1/12/") == nil {
			t.Fatalf("without the second factor that is demanded: %s, %+v", in.Stage, a)
		}
		ctx := WithActor(t.Context(), a)
		key, err := r.BeginFactor(ctx, "连心")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := r.BeginFactor(ctx, "连心"); err != nil || again.Secret() != key.Secret() || !strings.HasPrefix(again.URL(), "otpauth://totp/") {
			t.Errorf("asked again: %v, %v", again, err)
		}
		_, err = r.ConfirmFactor(ctx, "000000")
		wantErr(t, "a wrong code", err, errs.KindInvalid, "account.code.wrong")
		codes, err := r.ConfirmFactor(ctx, r.code(t, key.Secret()))
		if err != nil || len(codes) != recoveryCount {
			t.Fatalf("confirm: %v, %v", codes, err)
		}
		if a, _ := r.BySession(t.Context(), in.Token); a.Check("thing.edit", "/1/12/") != nil {
			t.Error("with the second factor the session must be open")
		}
		if ok, err := r.OwnRecovery(ctx, codes); !ok || err != nil {
			t.Error("the codes just shown aren't known", err)
		}
		if ok, _ := r.OwnRecovery(ctx, []string{"aaaaa-bbbbb"}); ok {
			t.Error("codes of nobody are known")
		}
		r.secondStep(t, key.Secret(), codes)
		wantErr(t, "remove what is demanded", r.RemoveFactor(ctx, testPassword), errs.KindConflict, "account.factor.demanded")
		if err := r.ResetFactor(r.as(t, SecAdmin), r.ids[OrgClerk]); err != nil {
			t.Fatal(err)
		}
		if in := r.signIn(t, "org-clerk"); in.Stage != StageEnrol {
			t.Errorf("after a reset: %s", in.Stage)
		}
	})
}

func (r *rig) secondStep(t *testing.T, key string, codes []string) {
	t.Helper()
	in := r.signIn(t, "org-clerk")
	if in.Stage != StageCode || r.lives(t, in.Token) {
		t.Fatal("signed in by password alone")
	}
	_, err := r.ConfirmCode(t.Context(), in.Token, r.code(t, key))
	wantErr(t, "the code used before", err, errs.KindInvalid, "account.code.wrong")
	r.clock.Advance(30 * time.Second)
	full, err := r.ConfirmCode(t.Context(), in.Token, r.code(t, key))
	if err != nil || full.Stage != StageOpen || full.Token == in.Token || r.lives(t, in.Token) || !r.lives(t, full.Token) {
		t.Fatalf("second step: %+v, %v", full, err)
	}
	for i, want := range []bool{true, false} { // a recovery code works once
		in = r.signIn(t, "org-clerk")
		_, err := r.ConfirmCode(t.Context(), in.Token, strings.ToUpper(strings.Replace(codes[3], "-", "", 1)))
		if (err == nil) != want {
			t.Errorf("recovery code, time %d: %v", i, err)
		}
	}
	for range 4 {
		_, err = r.ConfirmCode(t.Context(), in.Token, "123456")
		wantErr(t, "a wrong code", err, errs.KindInvalid, "")
	}
	_, err = r.ConfirmCode(t.Context(), in.Token, r.code(t, key))
	wantErr(t, "guessing codes", err, errs.KindTooMany, "")
	r.clock.Advance(codeTime)
	_, err = r.ConfirmCode(t.Context(), in.Token, r.code(t, key))
	wantErr(t, "too late", err, errs.KindSignIn, "")
}
