package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"lianxin/internal/account"
	"lianxin/internal/app/apptest"
	"lianxin/internal/article"
	"lianxin/internal/org"
	"lianxin/internal/platform/search"
	"lianxin/internal/site"
)

// TestArticlesFollowTheirOrganisation: after a move and after a merge, those who
// answer for the new place write and find the articles, and nobody else does.
func TestArticlesFollowTheirOrganisation(t *testing.T) {
	node := apptest.Start(t)
	ctx := node.Operator(t)
	if _, err := node.Rooms.Sites.Create(ctx, site.New{OrgID: node.Town, Template: "town", Draft: site.Draft{Slug: "dong", Name: "东镇党建"}}); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "修路.txt")
	if err := os.WriteFile(text, []byte("东镇的路修好了。"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := node.Rooms.Articles.Import(ctx, article.Order{Site: "dong", Column: "news", Paths: []string{text}, Publish: true}); err != nil {
		t.Fatal(err)
	}
	expect := func(when string, here, elsewhere int64) {
		t.Helper()
		for id, want := range map[int64]bool{here: true, elsewhere: false} {
			o, err := node.Rooms.Orgs.Lookup(ctx, node.DB.Read(), id)
			if err != nil {
				t.Fatal(err)
			}
			found, err := node.Index.Search(ctx, search.Query{Text: "修路", OrgPath: o.Path, Limit: 5})
			if err != nil || (len(found.Hits) == 1) != want {
				t.Errorf("%s: %d hits below %s, %v; want one: %v", when, len(found.Hits), o.Name, err, want)
			}
		}
	}
	expect("at first", node.Town, node.Other)
	if err := node.Rooms.Orgs.Move(ctx, org.Move{ID: node.Town, ParentID: node.Other, Reason: "区划调整"}); err != nil {
		t.Fatal(err)
	}
	editor := node.As(t, node.Other, account.SiteEditor)
	if page := editor.Get("/desk/articles"); page.Status != 200 || !page.Has("修路") {
		t.Errorf("the editor above does not see the article after the move: %d", page.Status)
	}
	if err := node.Rooms.Orgs.Move(ctx, org.Move{ID: node.Town, ParentID: node.Root, Reason: "改回"}); err != nil {
		t.Fatal(err)
	}
	expect("moved back", node.Town, node.Other)
	if page := editor.Get("/desk/articles"); page.Has("修路") {
		t.Error("the editor elsewhere still sees the article")
	}
	if err := node.Rooms.Orgs.Merge(ctx, org.Merge{ID: node.Town, IntoID: node.Other, Reason: "两镇合并"}); err != nil {
		t.Fatal(err)
	}
	if page := editor.Get("/desk/articles"); page.Status != 200 || !page.Has("修路") {
		t.Errorf("the editor of the merged town does not see the article: %d", page.Status)
	}
	found, err := node.Index.Search(ctx, search.Query{Text: "修路", OrgPath: node.Path(node.Other), Limit: 5})
	if err != nil || len(found.Hits) != 1 {
		t.Errorf("after the merge: %d hits, %v", len(found.Hits), err)
	}
}
