package site

// Template is what a new site begins with.
type Template struct {
	Key string
	// Theme is its look until the clerk chooses another.
	Theme string
	// Filled is how many columns must hold something before the site may open.
	Filled  int
	Columns []ColumnDraft
	Blocks  []seedBlock
}

// seedBlock is a block of a template, with its columns by slug. Titles, notes
// and labels are message keys until the site is made, then plain text.
type seedBlock struct {
	Kind    BlockKind
	Title   string
	Columns []string
	Limit   int
	Tiles   []seedTile
	Figures []string
	Text    string
}

type seedTile struct{ Key, Column, Path string }

const noticeSlug = "notices"

// basic are the ten practical columns of a Party-building site. Their names are
// content of the site, in Chinese; the clerk may change them.
var basic = []ColumnDraft{
	{Slug: "news", Name: "要闻", Kind: News, Description: "本地党建工作的最新消息", Visible: true},
	{Slug: noticeSlug, Name: "通知公告", Kind: Policy180, Description: "通知、公告、公示", Visible: true},
	{Slug: "experience", Name: "党的工作经验交流", Kind: Policy180, Description: "各支部的做法、体会和教训", Visible: true},
	{Slug: "rules", Name: "党内规章", Kind: Policy180, Description: "党章和党内法规制度", Visible: true},
	{Slug: "policy", Name: "政策法规", Kind: Policy180, Description: "与群众生产生活有关的法律和政策", Visible: true},
	{Slug: "classics", Name: "经典文献", Kind: Static, Description: "经典著作和重要文献", Visible: true},
	{Slug: "history", Name: "党史资料", Kind: Static, Description: "党的历史和本地党史", Visible: true},
	{Slug: "cadre", Name: "干部教育", Kind: Plan, Description: "培训安排、课程和学习资料", Visible: true},
	{Slug: "thinking", Name: "观察思考", Kind: Policy180, Description: "调研、评论和思考", Visible: true},
	{Slug: "society", Name: "社会综合", Kind: Policy180, Description: "民生、文化和身边事", Visible: true},
}

var tiles = []seedTile{
	{Key: "notices", Column: noticeSlug},
	{Key: "policy", Column: "policy"},
	{Key: "search", Path: "/search"},
	{Key: "sites", Path: "/sites"},
}

// Templates lists all templates in the order forms show them.
var Templates = []Template{
	{Key: "county", Theme: "red", Filled: 5, Columns: basic, Blocks: []seedBlock{
		{Kind: Lead, Columns: []string{"news"}},
		{Kind: Tiles, Tiles: tiles},
		{Kind: Columns, Columns: []string{noticeSlug, "policy", "experience"}, Limit: 5},
		{Kind: Figures, Figures: FigureSources, Text: "site.seed.figures"},
		{Kind: Columns, Columns: []string{"classics", "history", "cadre"}, Limit: 5},
		{Kind: Columns, Columns: []string{"rules", "thinking", "society"}, Limit: 5},
		{Kind: Local},
		{Kind: Subsites, Title: "site.seed.subsites", Limit: 18},
	}},
	{Key: "department", Theme: "indigo", Filled: 3, Columns: basic, Blocks: []seedBlock{
		{Kind: Lead, Columns: []string{"news"}},
		{Kind: Columns, Columns: []string{noticeSlug, "rules", "experience"}, Limit: 6},
		{Kind: Local},
		{Kind: Columns, Columns: []string{"policy", "cadre", "thinking"}, Limit: 5},
		{Kind: Tiles, Tiles: tiles},
	}},
	{Key: "town", Theme: "pine", Filled: 3, Columns: basic, Blocks: []seedBlock{
		{Kind: Lead, Columns: []string{"news"}},
		{Kind: Tiles, Tiles: tiles},
		{Kind: Local},
		{Kind: Columns, Columns: []string{noticeSlug, "experience", "society"}, Limit: 6},
		{Kind: Subsites, Title: "site.seed.subsites", Limit: 24},
	}},
	{Key: "branch", Theme: "earth", Filled: 1, Columns: basic, Blocks: []seedBlock{
		{Kind: Lead, Columns: []string{"news"}},
		{Kind: Local},
		{Kind: Rolling, Title: "site.seed.rolling", Columns: []string{noticeSlug, "experience", "society", "history"}, Limit: 8},
		{Kind: Tiles, Tiles: tiles},
	}},
}

// menuSlugs are the columns in a new site's menu; the rest is reached by the
// site map and the home page.
var menuSlugs = []string{"news", noticeSlug, "experience", "rules", "policy", "classics", "history", "cadre", "thinking", "society"}

// shortNames are how long column names stand in a menu.
var shortNames = map[string]string{"experience": "经验交流"}

func templateBy(key string) Template {
	for _, t := range Templates {
		if t.Key == key {
			return t
		}
	}
	return Templates[len(Templates)-1]
}

func knownTemplate(key string) bool { return templateBy(key).Key == key }
