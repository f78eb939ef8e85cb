package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"lianxin/internal/app"
	"lianxin/internal/app/apptest"
	"lianxin/internal/article"
	"lianxin/internal/platform/config"
	"lianxin/internal/site"
)

// TestImportBesideARunningNodeIsShown: a second process on the same data, such
// as the import command, has no bus to tell the running node by.
func TestImportBesideARunningNodeIsShown(t *testing.T) {
	node := apptest.Start(t)
	ctx := node.Operator(t)
	made, err := node.Rooms.Sites.Create(ctx, site.New{OrgID: node.Town, Template: "branch", Draft: site.Draft{
		Slug: "dong", Name: "东镇党建", Organiser: "东镇党委", Responsible: "测试", Phone: "000-0000",
	}})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(n *app.Node, column, title string) {
		t.Helper()
		text := filepath.Join(t.TempDir(), title+".txt")
		if err := os.WriteFile(text, []byte(title+"的正文。"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Rooms.Articles.Import(ctx, article.Order{Site: "dong", Column: column, Paths: []string{text}, Publish: true}); err != nil {
			t.Fatal(err)
		}
	}
	publish(node.Node, "notices", "开站公告")
	if err := node.Rooms.Sites.Open(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	refresh := func() {
		t.Helper()
		if err := node.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	refresh()
	visitor := node.Visitor(t)
	if page := visitor.Get("/s/dong/c/notices"); page.Status != 200 || !page.Has("开站公告") {
		t.Fatalf("column = %d %s", page.Status, page.Body)
	}
	other, err := app.Open(t.Context(), app.Config{Data: config.Data{Data: node.Config.Data.Data}, Version: "test", Now: node.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	publish(other, "notices", "旁边导入")
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	refresh()
	if page := visitor.Get("/s/dong/c/notices"); !page.Has("旁边导入") {
		t.Error("the running node does not show what was imported beside it")
	}
}
