package org

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/sheet"
	"lianxin/internal/platform/text"
)

// columns in the order of the template. Other headings that people use are
// accepted too.
var columns = []sheet.Column{
	{Key: "code", Required: true, Names: []string{"编码", "组织编码", "党组织编码", "组织代码", "党组织代码", "代码", "编号"}},
	{Key: "name", Required: true, Names: []string{"名称", "组织名称", "党组织名称", "党组织全称", "全称"}},
	{Key: "short_name", Names: []string{"简称", "党组织简称", "short name"}},
	{Key: "kind", Required: true, Names: []string{"类型", "组织类型", "党组织类型", "组织类别", "党组织类别", "类别", "type"}},
	{Key: "level", Names: []string{"层级", "级别", "组织层级"}},
	{Key: "parent", Names: []string{"上级编码", "上级组织编码", "上级党组织编码", "上级代码", "上级组织代码", "上级党组织代码", "隶属编码", "parent code", "superior"}},
	{Key: "region_code", Names: []string{"行政区划代码", "区划代码", "行政区划", "region code", "region"}},
	{Key: "credit_code", Names: []string{"统一社会信用代码", "信用代码", "credit code"}},
	{Key: "status", Names: []string{"状态"}},
	{Key: "founded_on", Names: []string{"成立日期", "成立时间", "建立日期", "founded", "founded on"}},
	{Key: "members", Names: []string{"党员人数", "党员数", "党员总数"}},
	{Key: "full_members", Names: []string{"正式党员数", "正式党员人数", "正式党员", "full members"}},
	{Key: "counted_on", Names: []string{"统计日期", "截止日期", "counted on"}},
	{Key: "units", Names: []string{"覆盖单位数", "单位数"}},
	{Key: "position", Names: []string{"排序", "序号", "顺序号", "order"}},
	{Key: "secretary", Names: []string{"书记", "书记姓名", "党组织书记"}},
	{Key: "deputies", Names: []string{"副书记", "副书记姓名", "deputy", "deputy secretary"}},
	{Key: "term_from", Names: []string{"本届换届日期", "本届任期起", "任期起始", "任期开始", "换届日期", "届起日期", "term from", "term start"}},
	{Key: "phone", Names: []string{"联系电话", "电话", "telephone"}},
	{Key: "address", Names: []string{"地址", "办公地址", "通讯地址"}},
}

// Problem is what is wrong with a row of an imported file.
type Problem struct {
	Row    int
	Column string // key of the column, "" for the row as a whole
	Typed  string // what stands there
	Reason errs.Message
}

// importRow is a row that has been understood.
type importRow struct {
	num        int
	draft      Draft
	given      map[string]bool // columns with something in them
	parentCode string
	status     Status
	heads      *Heads
	countedOn  clock.Day
	secretary  string
	deputies   []string
	termFrom   clock.Day
	problems   []Problem
}

// fault notes a problem; the first one of a column stays.
func (r *importRow) fault(column, value, key string, args ...errs.Args) {
	if slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Column == column }) {
		return
	}
	p := Problem{Row: r.num, Column: column, Typed: text.Cut(value, 60), Reason: errs.Message{Key: key}}
	if len(args) > 0 {
		p.Reason.Args = args[0]
	}
	r.problems = append(r.problems, p)
}

// words by which people write kinds, levels and statuses; the identifiers of
// the API are accepted as well.
var (
	kindWords = map[string]Kind{
		"地方委员会": LocalCommittee, "地方党委": LocalCommittee, "县委": LocalCommittee, "市委": LocalCommittee, "省委": LocalCommittee,
		"工委": WorkCommittee, "党工委": WorkCommittee, "工作委员会": WorkCommittee, "党的工作委员会": WorkCommittee,
		"党组": LeadingPartyGroup, "党委": PartyCommittee, "基层党委": PartyCommittee, "基层委员会": PartyCommittee, "党的基层委员会": PartyCommittee,
		"党总支": GeneralBranch, "总支": GeneralBranch, "党总支部": GeneralBranch, "总支部委员会": GeneralBranch,
		"党支部": Branch, "支部": Branch, "支部委员会": Branch, "联合党支部": JointBranch, "联合支部": JointBranch,
		"项目党支部": ProjectBranch, "项目支部": ProjectBranch, "临时党支部": TempBranch, "临时支部": TempBranch,
		"流动党员党支部": FloatingBranch, "流动党支部": FloatingBranch, "党小组": PartyCell, "小组": PartyCell,
		"工作部门": Department, "部门": Department, "机关": Department,
	}
	levelWords = map[string]Level{
		"中央": LevelCentral, "省": LevelProvince, "省级": LevelProvince, "市": LevelCity, "市级": LevelCity, "地市级": LevelCity,
		"县": LevelCounty, "县级": LevelCounty, "区县级": LevelCounty, "乡镇": LevelTownship, "街道": LevelTownship, "乡镇街道": LevelTownship,
		"镇": LevelTownship, "乡": LevelTownship, "乡级": LevelTownship, "村": LevelVillage, "社区": LevelVillage, "村社区": LevelVillage, "单位": LevelUnit,
	}
	statusWords = map[string]Status{"拟设": Proposed, "拟设立": Proposed, "筹建": Proposed, "已批准": Approved, "已批复": Approved, "正常": Active, "在用": Active, "运行": Active}
)

// word looks a word up as it was typed, without brackets and slashes, or as an
// identifier.
func word[T ~string](words map[string]T, all []T, typed string) (T, bool) {
	key := strings.NewReplacer("（", "", "）", "", "(", "", ")", "", "/", "", "、", "", " ", "").Replace(typed)
	if v, ok := words[key]; ok {
		return v, true
	}
	for _, v := range all {
		if strings.EqualFold(string(v), strings.TrimSpace(typed)) {
			return v, true
		}
	}
	return "", false
}

// understand turns the cells of a row into values and notes what can't be.
func understand(in sheet.Row, today clock.Day) importRow {
	row := importRow{num: in.Num, given: map[string]bool{}, status: Active, countedOn: today}
	for key, s := range in.Cells {
		row.given[key] = s != ""
	}
	cell := func(key string) string { return in.Cells[key] }
	for _, key := range []string{"code", "parent", "region_code", "credit_code"} {
		if s := cell(key); sheet.LostDigits(s) {
			row.fault(key, s, "org.import.number") // a long code kept as a number has lost digits
		}
	}
	row.draft = Draft{Code: sheet.Whole(cell("code")), Name: cell("name"), ShortName: cell("short_name"), RegionCode: sheet.Whole(cell("region_code")),
		CreditCode: cell("credit_code"), Phone: sheet.Whole(cell("phone")), Address: cell("address")}.Clean()
	row.parentCode = CleanCode(sheet.Whole(cell("parent")))
	row.words(cell)
	row.numbers(cell)
	row.days(cell, today)
	row.people(cell)
	for key, m := range row.draft.Check() {
		row.fault(key, cell(key), m.Key, m.Args)
	}
	if row.parentCode != "" && row.parentCode == row.draft.Code {
		row.fault("parent", row.parentCode, "org.import.own_parent")
	}
	return row
}

func (r *importRow) words(cell func(string) string) {
	var ok bool
	if r.draft.Kind, ok = word(kindWords, Kinds, cell("kind")); !ok {
		r.fault("kind", cell("kind"), "org.kind.unknown")
		r.draft.Kind = Branch // so that it is reported once
	}
	r.draft.Level = RegionLevel(r.draft.RegionCode)
	if s := cell("level"); s != "" {
		if r.draft.Level, ok = word(levelWords, Levels, s); !ok {
			r.fault("level", s, "org.level.unknown")
			r.draft.Level = LevelUnit
		}
	}
	if s := cell("status"); s != "" {
		if r.status, ok = word(statusWords, []Status{Proposed, Approved, Active}, s); !ok {
			r.fault("status", s, "org.import.status")
		}
	}
}

func (r *importRow) numbers(cell func(string) string) {
	number := func(key string, otherwise int) int {
		s := sheet.Whole(cell(key))
		if s == "" {
			return otherwise
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			r.fault(key, s, "org.import.not_number")
			return otherwise
		}
		return n
	}
	r.draft.Units, r.draft.Position = number("units", 0), number("position", DefaultPosition)
	if cell("members") == "" && cell("full_members") == "" {
		return
	}
	h := Heads{Members: number("members", 0), Full: number("full_members", 0)}
	if cell("members") == "" {
		h.Members = h.Full
	}
	var f errs.Fields
	headFaults(&f, h)
	for key, m := range f {
		r.fault(key, cell(key), m.Key, m.Args)
	}
	r.heads = &h
}

func (r *importRow) days(cell func(string) string, today clock.Day) {
	day := func(key string) clock.Day {
		s := cell(key)
		if s == "" {
			return ""
		}
		d, ok := sheet.Day(s)
		if !ok || d > today {
			r.fault(key, s, "org.import.day")
		}
		return d
	}
	r.draft.FoundedOn, r.termFrom = string(day("founded_on")), day("term_from")
	if d := day("counted_on"); d != "" {
		r.countedOn = d
	}
}

func (r *importRow) people(cell func(string) string) {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("、,，;；/", c) })
	}
	name := func(key, s string) string {
		s = text.Clean(s)
		if utf8.RuneCountInString(s) > maxHolder {
			r.fault(key, s, "org.form.too_long", errs.Args{"Max": maxHolder, "Count": utf8.RuneCountInString(s)})
		}
		return s
	}
	r.secretary = name("secretary", cell("secretary"))
	if len(split(r.secretary)) > 1 {
		r.fault("secretary", r.secretary, "org.import.two_secretaries")
	}
	for _, s := range split(cell("deputies")) {
		if s = name("deputies", s); s != "" {
			r.deputies = append(r.deputies, s)
		}
	}
}
