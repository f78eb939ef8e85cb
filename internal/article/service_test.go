package article

import (
	"strings"
	"testing"
	"time"

	"lianxin/internal/account"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
	"lianxin/internal/site"
)

func TestArticleGoesItsWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.published(t, w.content())
		if a.State != Published || !a.Public || !a.PublishedAt.Equal(w.clock.T) {
			t.Fatalf("after publishing: %+v", a)
		}
		got := ok[Shown](t)(shown(t.Context(), d.Read(), a.ID))
		if got.Version.Title != "十二个乡镇公开承诺" || got.Version.Reviewer == "" || got.Version.ItemHash == "" || got.Version.Declaration.Basis == "" {
			t.Errorf("shown: %+v", got.Version)
		}

		// A change is not seen before it has gone the same way.
		w.clock.Advance(time.Hour)
		c := got.Version.Content
		c.Title, c.Body = "十三个乡镇公开承诺", "<p>改。</p>"
		a = ok[Article](t)(w.Save(as(t, account.SiteEditor), a.ID, a.Revision, c))
		if a.State != Draft || !a.Public || a.Working != 2 || a.Shown != 1 || a.Title != "十二个乡镇公开承诺" {
			t.Fatalf("while revised: %+v", a)
		}
		a = ok[Article](t)(w.Submit(as(t, account.SiteEditor), a.ID, a.Revision, declared))
		a = ok[Article](t)(w.Approve(as(t, account.Reviewer), a.ID, a.Revision))
		first := a.PublishedAt
		a = ok[Article](t)(w.Publish(as(t, account.Reviewer), a.ID, a.Revision, time.Time{}))
		if a.Shown != 2 || a.Title != "十三个乡镇公开承诺" || !a.PublishedAt.Equal(first) || !a.UpdatedAt.Equal(w.clock.T) {
			t.Errorf("after the revision: %+v", a)
		}

		a = ok[Article](t)(w.Withdraw(as(t, account.Reviewer), a.ID, a.Revision, "数字有误，正在核对。"))
		if got := ok[Shown](t)(shown(t.Context(), d.Read(), a.ID)); got.Public || got.Notice != "数字有误，正在核对。" || got.State != Withdrawn {
			t.Errorf("withdrawn: %+v", got.Article)
		}
		var acts []string
		if err := d.Read().NewRaw("select action from audit_entry order by id").Scan(t.Context(), &acts); err != nil {
			t.Fatal(err)
		}
		want := "article.create article.submit article.approve article.publish article.edit article.submit article.approve article.publish article.withdraw"
		if strings.Join(acts, " ") != want {
			t.Errorf("recorded %v", acts)
		}
	})
}

func TestSecondPersonReviews(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	secretary := as(t, account.Secretary)
	a := ok[Article](t)(w.Create(secretary, w.site.ID, w.content()))
	a = ok[Article](t)(w.Submit(secretary, a.ID, a.Revision, declared))
	if _, err := w.Approve(secretary, a.ID, a.Revision); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("approving one's own: %v", err)
	}
	if _, err := w.Return(secretary, a.ID, a.Revision, "再改"); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("returning one's own: %v", err)
	}
	// Someone who only joined in the writing is no second person either.
	b := ok[Article](t)(w.Create(as(t, account.SiteEditor), w.site.ID, w.content()))
	b = ok[Article](t)(w.Save(as(t, account.Reviewer), b.ID, b.Revision, w.content()))
	b = ok[Article](t)(w.Submit(as(t, account.SiteEditor), b.ID, b.Revision, declared))
	if _, err := w.Approve(as(t, account.Reviewer), b.ID, b.Revision); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("approving what one wrote with others: %v", err)
	}
	if _, err := w.Approve(other(t, account.Reviewer), b.ID, b.Revision); err != nil {
		t.Errorf("another reviewer: %v", err)
	}
}

func TestPermissionsAreCheckedAtTheSite(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	elsewhere := as(t, account.SiteEditor, "/1/3/")
	if _, err := w.Create(elsewhere, w.site.ID, w.content()); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("writing elsewhere: %v", err)
	}
	a := w.submitted(t, w.content())
	for name, try := range map[string]func() error{
		"look":     func() error { _, err := w.Edit(as(t, account.Reviewer, "/1/3/"), a.ID); return err },
		"approve":  func() error { _, err := w.Approve(as(t, account.SiteEditor), a.ID, a.Revision); return err },
		"return":   func() error { _, err := w.Return(as(t, account.Reviewer, "/1/3/"), a.ID, a.Revision, "x"); return err },
		"save":     func() error { _, err := w.Save(as(t, account.Inspector), a.ID, a.Revision, w.content()); return err },
		"withdraw": func() error { _, err := w.Withdraw(as(t, account.SiteEditor), a.ID, a.Revision, "x"); return err },
	} {
		if err := try(); !errs.Is(err, errs.KindForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Create(t.Context(), w.site.ID, w.content()); !errs.Is(err, errs.KindSignIn) {
		t.Errorf("a visitor: %v", err)
	}
}

func TestSecondEditorHearsOfTheFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := ok[Article](t)(w.Create(as(t, account.SiteEditor), w.site.ID, w.content()))
		c := w.content()
		c.Title = "第一个人的"
		ok[Article](t)(w.Save(as(t, account.SiteEditor), a.ID, a.Revision, c))
		c.Title = "第二个人的"
		if _, err := w.Save(other(t, account.SiteEditor), a.ID, a.Revision, c); !errs.Is(err, errs.KindConflict) {
			t.Fatalf("the second save: %v", err)
		}
		if e := ok[Editable](t)(w.Edit(as(t, account.SiteEditor), a.ID)); e.Version.Title != "第一个人的" {
			t.Errorf("kept %q", e.Version.Title)
		}
	})
}

func TestHandedInTextIsFrozen(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	a := w.submitted(t, w.content())
	if _, err := w.Save(as(t, account.SiteEditor), a.ID, a.Revision, w.content()); !errs.Is(err, errs.KindConflict) {
		t.Errorf("changed while in review: %v", err)
	}
	a = ok[Article](t)(w.Return(as(t, account.Reviewer), a.ID, a.Revision, "缺少依据"))
	c := w.content()
	c.Body = "<p>补上依据。</p>"
	a = ok[Article](t)(w.Save(as(t, account.SiteEditor), a.ID, a.Revision, c))
	all, err := versionsOf(t.Context(), w.DB.Read(), a.ID)
	if err != nil || len(all) != 2 || all[1].Reason != "缺少依据" || all[0].Frozen() {
		t.Errorf("versions: %+v, %v", all, err)
	}
	old := ok[Version](t)(versionOf(t.Context(), w.DB.Read(), a.ID, 1))
	if !strings.Contains(old.Body, "七个工作日") || old.hash() != old.ItemHash {
		t.Errorf("the reviewed wording changed: %s", old.Body)
	}
}

func TestDeclarationIsNeeded(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	c := w.content()
	c.Body = "<p>联系电话 13800138000</p>"
	a := ok[Article](t)(w.Create(as(t, account.SiteEditor), w.site.ID, c))
	for field, d := range map[string]Declaration{
		"no_secret": {Basis: "已公开", Checked: true},
		"basis":     {NoSecret: true, Checked: true},
		"checked":   {NoSecret: true, Basis: "已公开"},
	} {
		if _, err := w.Submit(as(t, account.SiteEditor), a.ID, a.Revision, d); err == nil || !strings.Contains(err.Error(), field+": ") {
			t.Errorf("without %s: %v", field, err)
		}
	}
	c.Body, c.Issuer = "", ""
	a = ok[Article](t)(w.Save(as(t, account.SiteEditor), a.ID, a.Revision, c))
	if _, err := w.Submit(as(t, account.SiteEditor), a.ID, a.Revision, declared); err == nil || !strings.Contains(err.Error(), "body: ") || !strings.Contains(err.Error(), "issuer: ") {
		t.Errorf("an empty text: %v", err)
	}
}

func TestSecretIsNotStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.content()
		c.Body = "<p>机密★5年</p><p>某某部署</p>"
		if _, err := w.Create(as(t, account.SiteEditor), w.site.ID, c); !errs.Is(err, errs.KindInvalid) {
			t.Fatalf("a marked text: %v", err)
		}
		var n int
		if err := d.Read().NewRaw("select count(*) from article").Scan(t.Context(), &n); err != nil || n != 0 {
			t.Errorf("%d articles stored, %v", n, err)
		}
		var detail string
		if err := d.Read().NewRaw("select detail from audit_entry where action = 'article.blocked'").Scan(t.Context(), &detail); err != nil || strings.Contains(detail, "部署") || !strings.Contains(detail, "sha256") {
			t.Errorf("recorded %q, %v", detail, err)
		}
	})
}

func TestScheduledArticleAppearsInTime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a := w.submitted(t, w.content())
		a = ok[Article](t)(w.Approve(as(t, account.Reviewer), a.ID, a.Revision))
		if _, err := w.Publish(as(t, account.Reviewer), a.ID, a.Revision, w.clock.T.Add(-time.Minute)); !errs.Is(err, errs.KindInvalid) {
			t.Errorf("scheduled in the past: %v", err)
		}
		at := w.clock.T.Add(3 * time.Hour)
		a = ok[Article](t)(w.Publish(as(t, account.Reviewer), a.ID, a.Revision, at))
		if err := w.PublishDue(t.Context(), PublishDue{a.ID}); err != nil {
			t.Fatal(err)
		}
		if early := ok[Article](t)(byID(t.Context(), d.Read(), a.ID)); early.Public || early.State != Scheduled {
			t.Errorf("too early: %+v", early)
		}
		w.clock.Advance(3 * time.Hour)
		for range 2 { // a job may run twice
			if err := w.PublishDue(t.Context(), PublishDue{}); err != nil {
				t.Fatal(err)
			}
		}
		late := ok[Article](t)(byID(t.Context(), d.Read(), a.ID))
		if !late.Public || late.State != Published || !late.PublishedAt.Equal(at) {
			t.Errorf("at its time: %+v", late)
		}
		if err := w.PublishDue(t.Context(), PublishDue{12345}); err != nil {
			t.Errorf("a job for an erased article: %v", err)
		}
	})
}

func TestDiscard(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	editor := as(t, account.SiteEditor)
	a := ok[Article](t)(w.Create(editor, w.site.ID, w.content()))
	if err := w.Discard(editor, a.ID, a.Revision); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Edit(editor, a.ID); !errs.Is(err, errs.KindNotFound) {
		t.Errorf("after discarding a draft: %v", err)
	}
	b := w.published(t, w.content())
	b = ok[Article](t)(w.Save(editor, b.ID, b.Revision, w.content()))
	if err := w.Discard(editor, b.ID, b.Revision); err != nil {
		t.Fatal(err)
	}
	if b = ok[Article](t)(byID(t.Context(), w.DB.Read(), b.ID)); b.State != Published || b.Working != b.Shown {
		t.Errorf("after discarding a revision: %+v", b)
	}
	// The next revision must not collide with the dropped one.
	ok[Article](t)(w.Save(editor, b.ID, b.Revision, w.content()))
}

func TestListsPageByCursor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for range 7 {
			w.published(t, w.content()) // all in the same millisecond
		}
		w.clock.Advance(time.Minute)
		w.published(t, w.content())
		seen := map[int64]bool{}
		f := PublicFilter{SiteID: w.site.ID, Limit: 3}
		for range 5 {
			got, err := publicPage(t.Context(), d.Read(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range got[:min(3, len(got))] {
				if seen[a.ID] {
					t.Fatalf("article %d appears twice", a.ID)
				}
				seen[a.ID] = true
				f.After = ParseCursor(Cursor{a.ListedAt, a.ID}.String())
			}
			if len(got) <= 3 {
				break
			}
		}
		if len(seen) != 8 {
			t.Errorf("saw %d of 8", len(seen))
		}
		rows, err := page(t.Context(), d.Read(), Filter{Scope: account.ActorFrom(as(t, account.SiteEditor)).Scope(View), State: Published, Words: "承诺", Limit: 5})
		if err != nil || len(rows) != 6 || rows[0].WorkingTitle == "" {
			t.Errorf("desk: %d rows, %v", len(rows), err)
		}
		if rows, err := page(t.Context(), d.Read(), Filter{OwnerID: 5, Limit: 5}); err != nil || len(rows) != 0 {
			t.Errorf("without any scope: %d rows, %v", len(rows), err)
		}
	})
}

func TestHomePageBlocks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		columns := ok[[]site.Column](t)(w.Sites.Columns(t.Context(), w.site.ID))
		for i, title := range []string{"一", "二", "三"} {
			c := w.content()
			c.Title, c.Pinned, c.ColumnID = title, title == "一", columns[i%2].ID
			w.clock.Advance(time.Minute)
			w.published(t, c)
		}
		titles := func(list []site.Teaser, err error) string {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, x := range list {
				out = append(out, x.Title)
			}
			return strings.Join(out, "")
		}
		both := []int64{columns[0].ID, columns[1].ID}
		if got := titles(w.Latest(t.Context(), w.site.ID, both, 5)); got != "一三二" {
			t.Errorf("latest: %s", got)
		}
		if got := titles(w.Latest(t.Context(), w.site.ID, both[1:], 5)); got != "二" {
			t.Errorf("latest of one column: %s", got)
		}
		if got := titles(w.Rolling(t.Context(), w.site.ID, both, 2)); got != "三二" {
			t.Errorf("rolling, nothing marked: %s", got)
		}
		c := w.content()
		c.Title, c.Rolling = "四", true
		w.published(t, c)
		if got := titles(w.Rolling(t.Context(), w.site.ID, both, 2)); got != "四" {
			t.Errorf("rolling: %s", got)
		}
		pulse, err := w.Pulse(t.Context(), w.site.ID)
		if err != nil || pulse[columns[1].ID].Count != 1 || pulse[columns[1].ID].Latest.IsZero() {
			t.Errorf("pulse: %+v, %v", pulse, err)
		}
	})
}
