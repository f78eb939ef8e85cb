package org_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"lianxin/internal/account"
	"lianxin/internal/org"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/db/dbtest"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/sheet"
	"lianxin/internal/platform/tree"
)

func (r *rig) importText(text string, o org.ImportOptions) (org.Report, error) {
	return org.NewImporter(r.Service).Import(r.root, "组织.csv", strings.NewReader(text), o)
}

// faults lists the problems as "row column key".
func faults(rep org.Report) string {
	var out []string
	for _, p := range rep.Problems {
		out = append(out, fmt.Sprint(p.Row, " ", p.Column, " ", strings.TrimPrefix(p.Reason.Key, "org.")))
	}
	return strings.Join(out, "; ")
}

const roster = `党组织名称,编码*,类型（必填）,层级,上级编码,党员人数,正式党员数,书记,副书记,本届换届日期,行政区划代码
松林村党支部,QS0101,党支部,村,QS01,23,21,赵一,钱二、孙三,2024-06-20,530102001003
中共青山县委员会,QS,地方委员会,县,,,,李四,,,530102
云岭镇党委,QS01,党委,乡镇,QS,126,121,周五,,2023-11-08,530102001
`

func TestImportCreatesAndAgainUpdates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		dry, err := r.importText(roster, org.ImportOptions{DryRun: true})
		if err != nil || dry.Created != 3 || dry.Written || dry.Failed != 0 {
			t.Fatalf("dry run %+v %v", dry, err)
		}
		if n, _ := r.Children(r.root, 0); len(n) != 0 {
			t.Fatal("a dry run wrote")
		}
		var steps []int
		rep, err := r.importText(roster, org.ImportOptions{Progress: func(done, total int) { steps = append(steps, done, total) }})
		if err != nil || rep.Created != 3 || !rep.Written || len(steps) != 2 || steps[0] != 3 {
			t.Fatalf("%+v %v %v", rep, err, steps)
		}
		village, err := r.ByCode(r.root, "qs0101")
		if err != nil || village.Path.Depth() != 3 || village.Level != org.LevelVillage || village.FullMembers != 21 || village.TermDue != "2029-06-20" || village.RegionCode != "530102001003" {
			t.Errorf("village %+v %v", village, err)
		}
		officers, _ := r.Officers(r.root, village.ID)
		if len(officers) != 3 || officers[0].Holder != "赵一" || officers[0].FromDay != "2024-06-20" {
			t.Errorf("officers %+v", officers)
		}
		rep, err = r.importText(roster, org.ImportOptions{})
		if err != nil || rep.Written || rep.Failed != 3 || rep.Problems[0].Reason.Key != "org.import.code_taken" {
			t.Errorf("again without update: %+v %v", rep, err)
		}
		rep, err = r.importText(roster, org.ImportOptions{Update: true})
		if err != nil || rep.Unchanged != 3 || rep.Updated+rep.Created != 0 {
			t.Errorf("again: %+v %v", rep, err)
		}
		changed := "编码,名称,类型,书记,上级编码\nQS0101,松林村党总支,党总支,吴六,QS\nQS0102,新村党支部,党支部,,QS0101\n"
		rep, err = r.importText(changed, org.ImportOptions{Update: true})
		if err != nil || rep.Updated != 1 || rep.Created != 1 {
			t.Errorf("changed: %+v %v", rep, err)
		}
		now := r.get(t, village.ID)
		county, _ := r.ByCode(r.root, "QS")
		if now.Name != "松林村党总支" || now.ParentID != county.ID || now.Level != org.LevelVillage || now.TermDue != "2029-06-20" || now.Path.Depth() != 2 {
			t.Errorf("after: %+v", now)
		}
		if child, err := r.ByCode(r.root, "QS0102"); err != nil || child.Path != now.Path.Child(child.ID) {
			t.Errorf("child %+v %v", child, err)
		}
		if officers, _ = r.Officers(r.root, village.ID); len(officers) != 3 || officers[0].Holder != "吴六" {
			t.Errorf("officers after %+v", officers)
		}
	})
}

func TestImportReportsRowByRow(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	if _, err := r.importText(roster, org.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	head := "编码,名称,类型,上级编码,党员人数,正式党员数,成立日期,统一社会信用代码,行政区划代码\n"
	for _, c := range []struct{ name, rows, want string }{
		{"nothing wrong", "A,甲支部,党支部,QS,9,8,2020/1/2,914403001922038216,53", ""},
		{"a code twice", "A,甲支部,党支部,QS\nB,乙支部,党支部,QS\na,丙支部,党支部,QS", "4 code import.code_twice"},
		{"a code that exists", "QS01,甲支部,党支部,QS", "2 code import.code_taken"},
		{"unknown superior", "A,甲支部,党支部,XX", "2 parent import.parent_unknown"},
		{"its own superior", "A,甲支部,党支部,A", "2 parent import.own_parent"},
		{"a circle of three", "A,甲支部,党支部,B\nB,乙支部,党支部,C\nC,丙支部,党支部,A\nD,丁支部,党支部,A", "2 parent import.circle; 3 parent import.circle; 4 parent import.circle; 5 parent import.parent_fails"},
		{"several things in one row", "QS01,,俱乐部,XX,9,十", "2 full_members import.not_number; 2 kind kind.unknown; 2 name name.missing; 2 code import.code_taken; 2 parent import.parent_unknown"},
		{"no name and no code", ",,党支部,QS", "2 code code.missing; 2 name name.missing"},
		{"unknown kind, wrong figures", "A,甲支部,俱乐部,QS,3,九", "2 full_members import.not_number; 2 kind kind.unknown"},
		{"more full members than members", "A,甲支部,党支部,QS,3,4", "2 full_members heads.full"},
		{"days", "A,甲支部,党支部,QS,,,2020-13-01\nB,乙支部,党支部,QS,,,2030-01-01\nC,丙支部,党支部,QS,,,43832", "2 founded_on import.day; 3 founded_on import.day"},
		{"credit and region codes", "A,甲支部,党支部,QS,,,,914403001922038217,98", "2 credit_code credit.wrong; 2 region_code region.province"},
		{"digits lost to a number", "5.32331000001E+11,甲支部,党支部,QS", "2 code import.number"},
		{"sisters of one name", "A,甲支部,党支部,QS\nB,甲支部,党支部,QS\nC,甲支部,党支部,QS01\nD,云岭镇党委,党委,QS", "3 name import.name_taken; 5 name import.name_taken"},
		{"a child of a faulty row", "A,,党支部,QS\nB,乙支部,党支部,A\nC,丙支部,党支部,B", "2 name name.missing; 3 parent import.parent_fails; 4 parent import.parent_fails"},
		{"a very long name", "A," + strings.Repeat("长", 10_000) + ",党支部,QS", "2 name form.too_long"},
	} {
		rep, err := r.importText(head+c.rows, org.ImportOptions{DryRun: true})
		if err != nil || faults(rep) != c.want {
			t.Errorf("%s: %q, %v; want %q", c.name, faults(rep), err, c.want)
		}
	}
	if rep, err := r.importText(head+"A,甲支部,党支部,QS\nB,乙支部,党支部,XX\nC,丙支部,党支部,B", org.ImportOptions{}); err != nil || rep.Written {
		t.Errorf("all or nothing: %+v %v", rep, err)
	}
	rep, err := r.importText(head+"A,甲支部,党支部,QS\nB,乙支部,党支部,XX\nC,丙支部,党支部,B", org.ImportOptions{Partial: true})
	if err != nil || !rep.Written || rep.Created != 1 || rep.Failed != 2 {
		t.Errorf("partial: %+v %v", rep, err)
	}
}

func TestImportMovesAndFindsCirclesThroughTheDatabase(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	if _, err := r.importText("编码,名称,类型,上级编码\nR,县委,地方委员会,\nA,甲,党委,R\nB,乙,党委,A\nC,丙,党支部,B\nD,丁,党委,R", org.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	rep, err := r.importText("编码,名称,类型,上级编码\nA,甲,党委,C", org.ImportOptions{Update: true})
	if err != nil || faults(rep) != "2 parent import.circle" || rep.Written {
		t.Errorf("below its own grandchild: %s %v", faults(rep), err)
	}
	// B leaves A, then A goes below C, which lies below B: no circle in the end.
	rep, err = r.importText("编码,名称,类型,上级编码\nA,甲,党委,C\nN,新,党支部,A\nB,乙,党委,D", org.ImportOptions{Update: true})
	if err != nil || rep.Updated != 2 || rep.Created != 1 {
		t.Fatalf("%+v %s %v", rep, faults(rep), err)
	}
	// The town that should have made room fails, so the circle would close.
	rep, err = r.importText("编码,名称,类型,上级编码\nD,丁,党委,A\nB,,党委,R", org.ImportOptions{Update: true, Partial: true})
	if err != nil || faults(rep) != "2 parent import.circle; 3 name name.missing" {
		t.Errorf("%s %v", faults(rep), err)
	}
	n, _ := r.ByCode(r.root, "N")
	above, err := r.Ancestors(r.root, n)
	if err != nil || names(above) != "县委 丁 乙 丙 甲" {
		t.Errorf("above N: %s %v", names(above), err)
	}
}

func TestImportRefusesFiles(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(roster)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, data string
		kind       errs.Kind
		key        string
	}{
		{"empty", "", errs.KindInvalid, "sheet.empty"},
		{"blank lines", "\n\n,,\n", errs.KindInvalid, "sheet.empty"},
		{"not a zip", "PK\x03\x04 this is no workbook", errs.KindInvalid, "sheet.not_xlsx"},
		{"a zip without a workbook", zipOf(t, "a.txt", 10), errs.KindInvalid, "sheet.not_xlsx"},
		{"a zip bomb", zipOf(t, "xl/worksheets/sheet1.xml", 210<<20), errs.KindTooLarge, "sheet.bomb"},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 …", errs.KindInvalid, "sheet.old_excel"},
		{"wrong columns", "姓名,性别,民族\n赵一,男,汉\n", errs.KindInvalid, "sheet.columns"},
		{"a column missing", "编码,名称\nA,甲\n", errs.KindInvalid, "sheet.columns"},
		{"a column twice", "编码,代码,名称,类型\nA,A,甲,党支部\n", errs.KindInvalid, "sheet.column_twice"},
		{"only a header", "编码,名称,类型\n", errs.KindInvalid, "sheet.no_rows"},
		{"binary", "\x00\x01\x02\xff\xfe\xfd", errs.KindInvalid, "sheet.not_text"},
		{"broken GB18030", gb[:40] + "\xff\xff" + gb[40:], errs.KindInvalid, "sheet.not_text"},
		{"too large", strings.Repeat("x", sheet.MaxFile+1), errs.KindTooLarge, "sheet.large"},
		{"a quote that never ends", "编码,名称,类型\nA,\"甲,党支部\n", -1, ""},
	} {
		rep, err := r.importText(c.data, org.ImportOptions{})
		if c.kind == -1 {
			if rep.Written {
				t.Errorf("%s was imported", c.name)
			}
			continue
		}
		var e *errs.Error
		if !asError(err, &e) || e.Kind != c.kind || e.Key != c.key {
			t.Errorf("%s: %v, want %s", c.name, err, c.key)
		}
		if c.name == "a column missing" && (e.Args["Missing"] != "类型 (kind)" || e.Args["Found"] != "编码、名称") {
			t.Errorf("says %v", e.Args)
		}
	}
	if rep, err := r.importText(gb, org.ImportOptions{}); err != nil || rep.Created != 3 {
		t.Errorf("GB18030: %+v %v", rep, err)
	}
	if rep, err := r.importText("\ufeff组织一览表\n\n"+strings.ReplaceAll(roster, ",", "\t"), org.ImportOptions{Update: true}); err != nil || rep.Unchanged != 3 {
		t.Errorf("a title above, tabs between: %+v %v", rep, err)
	}
}

// zipOf makes a zip with one file of that many zeros.
func zipOf(t *testing.T, name string, size int64) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, size); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestTemplateCanBeImportedAsItIs(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	var b bytes.Buffer
	if err := org.WriteTemplate(&b, zh(t)); err != nil {
		t.Fatal(err)
	}
	rep, err := org.NewImporter(r.Service).Import(r.root, "模板.xlsx", &b, org.ImportOptions{})
	if err != nil || rep.Created != 2 {
		t.Errorf("%+v %s %v", rep, faults(rep), err)
	}
}

func TestImportStaysWithinTheRights(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	if _, err := r.importText(roster, org.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	town, _ := r.ByCode(r.root, "QS01")
	clerk := as(account.OrgClerk, town)
	for _, c := range []struct{ name, rows, want string }{
		{"at the top", "A,甲支部,党支部,", "2 parent import.forbidden_top"},
		{"below the county", "A,甲支部,党支部,QS", "2 parent import.forbidden"},
		{"below the county, with a child", "A,甲支部,党支部,QS\nB,乙支部,党支部,A", "2 parent import.forbidden; 3 parent import.parent_fails"},
		{"the county itself", "QS,别的名字,地方委员会,", "2 parent import.forbidden"},
		{"the town away from the county", "A,甲支部,党支部,QS0101\nQS01,云岭镇党委,党委,A", "2 parent import.circle; 3 parent import.circle"},
		{"below the town", "A,甲支部,党支部,QS01\nB,乙支部,党支部,A", ""},
	} {
		rep, err := org.NewImporter(r.Service).Import(clerk, "x.csv", strings.NewReader("编码,名称,类型,上级编码\n"+c.rows), org.ImportOptions{Update: true, DryRun: true})
		if err != nil || faults(rep) != c.want {
			t.Errorf("%s: %q %v, want %q", c.name, faults(rep), err, c.want)
		}
	}
	rep, err := org.NewImporter(r.Service).Import(clerk, "x.csv", strings.NewReader("编码,名称,类型\nA,甲支部,党支部"), org.ImportOptions{Under: town.ID})
	if err != nil || rep.Created != 1 {
		t.Errorf("under the town: %+v %v", rep, err)
	}
}

// TestTenThousandRows holds the promise that a county is imported at once.
func TestTenThousandRows(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	row := func(n int, cells ...any) {
		if err := w.SetRow(fmt.Sprintf("A%d", n), cells); err != nil {
			t.Fatal(err)
		}
	}
	row(1, "编码", "名称", "类型", "上级编码", "党员人数", "正式党员数", "书记", "换届日期")
	for i := 2; i <= 10_001; i++ {
		parent := ""
		if i > 2 {
			parent = fmt.Sprintf("R%05d", i/3+1)
		}
		row(i, fmt.Sprintf("R%05d", i), fmt.Sprintf("第%d党支部", i), "党支部", parent, i%50, i%50*4/5, "赵一", "2024-05-06")
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	data, calls := b.Bytes(), 0
	start := time.Now()
	rep, err := org.NewImporter(r.Service).Import(r.root, "万行.xlsx", bytes.NewReader(data), org.ImportOptions{Partial: true, Progress: func(int, int) { calls++ }})
	took := time.Since(start)
	if err != nil || rep.Rows != 10_000 || rep.Created < 9000 || calls < 15 {
		t.Fatalf("%d rows, %d created, %d failed, %d calls, %v; %s", rep.Rows, rep.Created, rep.Failed, calls, err, faults(rep)[:min(300, len(faults(rep)))])
	}
	t.Logf("10,000 rows in %v", took)
	if took > 30*time.Second {
		t.Errorf("10,000 rows took %v", took)
	}
	start = time.Now()
	if rep, err = org.NewImporter(r.Service).Import(r.root, "万行.xlsx", bytes.NewReader(data), org.ImportOptions{Partial: true, Update: true}); err != nil || rep.Unchanged < 9000 {
		t.Errorf("again: %d unchanged, %d updated, %v", rep.Unchanged, rep.Updated, err)
	}
	t.Logf("again in %v", time.Since(start))
	for what, do := range map[string]func() error{
		"findings of all": func() error { _, err := r.Findings(r.root); return err },
		"a search":        func() error { _, _, err := r.Search(r.root, org.Query{Text: "d99dzb", Limit: 50}); return err },
		"the dossier of the top": func() error {
			o, err := r.ByCode(r.root, "R00002")
			if err == nil {
				_, err = r.Dossier(r.root, o.ID)
			}
			return err
		},
		"a move of 3,000": func() error {
			o, err := r.ByCode(r.root, "R00004")
			if err != nil {
				return err
			}
			to := r.add(t, 0, "别处")
			return r.Move(r.root, org.Move{ID: o.ID, ParentID: to.ID, Reason: "x"})
		},
	} {
		start = time.Now()
		if err := do(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		t.Logf("%s in %v", what, time.Since(start))
	}
}

// TestImportKeepsATree imports random parents with updates and checks all paths.
func TestImportKeepsATree(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	rapid.Check(t, func(rt *rapid.T) {
		text := "编码,名称,类型,上级编码\n"
		for i := range rapid.IntRange(1, 8).Draw(rt, "rows") {
			code := rapid.IntRange(0, 9).Draw(rt, "code")
			parent := ""
			if p := rapid.IntRange(-1, 9).Draw(rt, "parent"); p >= 0 {
				parent = fmt.Sprint("K", p)
			}
			text += fmt.Sprintf("K%d,支部%d之%d,党支部,%s\n", code, code, i, parent)
		}
		if _, err := r.importText(text, org.ImportOptions{Update: true, Partial: true}); err != nil {
			rt.Fatal(err)
		}
		all, _, err := r.Search(r.root, org.Query{Limit: 500})
		if err != nil {
			rt.Fatal(err)
		}
		paths := map[int64]tree.Path{0: tree.Root}
		for _, o := range all {
			paths[o.ID] = o.Path
		}
		for _, o := range all {
			if o.Path != paths[o.ParentID].Child(o.ID) {
				rt.Fatalf("%s lies at %s, its parent at %s\n%s", o.Code, o.Path, paths[o.ParentID], text)
			}
		}
	})
}

func TestUploadBelongsToWhoBroughtIt(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t))
	o := r.add(t, 0, "县委")
	u, err := r.KeepUpload(as(account.OrgClerk, o), "a.csv", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Upload(as(account.OrgClerk, o), u.ID); err != nil || string(got.Data) != "x" {
		t.Errorf("%+v %v", got, err)
	}
	for name, ctx := range map[string]context.Context{"a visitor": context.Background(), "another": as(account.Secretary, o)} {
		if _, err := r.Upload(ctx, u.ID); !errs.Is(err, errs.KindNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.KeepUpload(as(account.Inspector, o), "a.csv", []byte("x")); !errs.Is(err, errs.KindForbidden) {
		t.Errorf("an inspector: %v", err)
	}
	r.clock.Advance(25 * time.Hour)
	if _, err := r.Upload(as(account.OrgClerk, o), u.ID); !errs.Is(err, errs.KindNotFound) {
		t.Errorf("a day later: %v", err)
	}
}
