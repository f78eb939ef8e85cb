package sheet

import (
	"errors"
	"strings"
	"testing"

	"lianxin/internal/platform/errs"
)

var columns = []Column{
	{Key: "code", Required: true, Names: []string{"编码", "代码"}},
	{Key: "name", Required: true, Names: []string{"名称"}},
	{Key: "full_members", Names: []string{"正式党员数", "full members"}},
}

func TestHeadingsAreKnownByAnyName(t *testing.T) {
	for _, head := range []string{"编码,名称,正式党员数", "代 码*,名称（必填）,FULL_MEMBERS", "Code：,Name,Full Members", "一览表\n\n编码,备注,名称,正式党员数"} {
		body := "A,甲,3"
		if strings.Contains(head, "备注") {
			body = "A,x,甲,3"
		}
		rows, err := Read(strings.NewReader(head+"\n\n"+body+"\n"), columns)
		if err != nil || len(rows) != 1 || rows[0].Cells["code"] != "A" || rows[0].Cells["name"] != "甲" || rows[0].Cells["full_members"] != "3" {
			t.Errorf("%s: %+v %v", head, rows, err)
			continue
		}
		if want := strings.Count(head, "\n") + 3; rows[0].Num != want {
			t.Errorf("%s: row %d, want %d", head, rows[0].Num, want)
		}
	}
}

func TestMissingColumnsAreNamed(t *testing.T) {
	_, err := Read(strings.NewReader("备注,代码\nx,A\n"), columns)
	var e *errs.Error
	if !errors.As(err, &e) || e.Key != "sheet.columns" || e.Args["Missing"] != "名称 (name)" || e.Args["Found"] != "备注、代码" {
		t.Errorf("%v", err)
	}
}

func TestDay(t *testing.T) {
	for in, want := range map[string]string{"43832": "2020-01-02", "2020/1/2": "2020-01-02", "0": "", "甲": "", "1e9": "", "20200102": "2020-01-02"} {
		if got, _ := Day(in); string(got) != want {
			t.Errorf("%q = %s, want %s", in, got, want)
		}
	}
	if !LostDigits("5.32331E+11") || LostDigits("E+1") || Whole("12.0") != "12" {
		t.Error("numbers")
	}
}
