// Package article is about what a site publishes.
//
// Nothing reaches the public by one hand alone. An article is written as a
// draft, handed in with a declaration about secrecy, checked by a second
// person, and published by the server's clock. What is public never changes
// under the reader: an edit makes a new version that goes the same way while
// the old one stays; a withdrawn article keeps its address and says why.
//
// The few ideas: an [Article] is the address, the workflow and the public face
// of a text; a [Version] is one wording of it, frozen once handed in; [Step]
// moves the workflow, and [Scan] reads for what must not be on this system.
package article

import (
	"embed"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/tree"
	"lianxin/internal/platform/web"
)

//go:embed templates locale migrations
var files embed.FS

// Room is what the pages need.
var Room = web.Room{Name: "article", Templates: i18n.Sub(files, "templates"), Locale: i18n.Sub(files, "locale")}

// Migrations of the room's tables.
var Migrations = i18n.Sub(files, "migrations")

// What one may do with articles, always at the organisation of the site.
const (
	View     web.Permission = "article.view"
	Write    web.Permission = "article.write"
	Review   web.Permission = "article.review"
	Publish  web.Permission = "article.publish"
	Withdraw web.Permission = "article.withdraw"
)

// Policy says who may. A secretary may do all, but not review the own text.
var Policy = account.Policy{
	View:     {account.SiteEditor, account.Reviewer, account.Secretary, account.OrgClerk, account.Inspector},
	Write:    {account.SiteEditor, account.OrgClerk, account.Reviewer, account.Secretary},
	Review:   {account.Reviewer, account.Secretary},
	Publish:  {account.Reviewer, account.Secretary},
	Withdraw: {account.Reviewer, account.Secretary},
}

// Nav is the room's entry in the back office.
func Nav() []web.NavItem {
	return []web.NavItem{{Group: "site.nav.group", Key: "article.nav", Href: "/desk/articles", Icon: "article", Need: View}}
}

// State is where the working version of an article stands.
type State string

const (
	Draft     State = "draft"
	InReview  State = "in-review"
	Returned  State = "returned"
	Approved  State = "approved"
	Scheduled State = "scheduled"
	Published State = "published"
	Withdrawn State = "withdrawn"
)

// States in the order of the workflow.
var States = []State{Draft, InReview, Returned, Approved, Scheduled, Published, Withdrawn}

// Act moves an article from one state to the next.
type Act string

const (
	ActEdit       Act = "edit"
	ActSubmit     Act = "submit"
	ActRecall     Act = "recall"
	ActReturn     Act = "return"
	ActApprove    Act = "approve"
	ActPublish    Act = "publish"
	ActSchedule   Act = "schedule"
	ActUnschedule Act = "unschedule"
	ActWithdraw   Act = "withdraw"
	ActDiscard    Act = "discard"
)

// Acts in the order of the workflow.
var Acts = []Act{ActEdit, ActSubmit, ActRecall, ActReturn, ActApprove, ActPublish, ActSchedule, ActUnschedule, ActWithdraw, ActDiscard}

// steps is the whole workflow. Withdraw and Discard depend on whether the
// article is public too and are in Step.
var steps = map[State]map[Act]State{
	Draft:     {ActEdit: Draft, ActSubmit: InReview},
	InReview:  {ActReturn: Returned, ActApprove: Approved, ActRecall: Draft},
	Returned:  {ActEdit: Draft},
	Approved:  {ActPublish: Published, ActSchedule: Scheduled, ActReturn: Returned},
	Scheduled: {ActPublish: Published, ActUnschedule: Approved, ActReturn: Returned},
	Published: {ActEdit: Draft},
	Withdrawn: {ActEdit: Draft},
}

// Step returns the state that act leads to from state s of an article that is
// public or not, or a Conflict if the act isn't possible there.
func Step(s State, act Act, public bool) (State, error) {
	next, ok := steps[s][act]
	switch act {
	case ActWithdraw:
		next, ok = Withdrawn, public
	case ActDiscard:
		next, ok = Published, public && (s == Draft || s == Returned)
	}
	if !ok {
		return s, errs.Conflict("article.step.impossible")
	}
	return next, nil
}

// Limits of the parts of an article, in characters.
const (
	MaxTitle    = 200
	MaxSummary  = 500
	MaxName     = 100
	MaxKeywords = 10
	MaxReason   = 500
	MaxBody     = 4 << 20 // bytes of HTML
	MaxAttached = 20
)

// Content is what an author writes.
type Content struct {
	Title    string
	Body     string // clean HTML, with anchors
	Summary  string
	Keywords string // separated by spaces
	Category string
	// Issuer is the organisation that answers for the text (发布单位), Source
	// where it came from (来源), Author who wrote it, Editor the responsible
	// editor (责任编辑).
	Issuer, Source, Author, Editor string
	// Dated is the date the text itself bears (成文日期), in words of the
	// calendar: yyyy-mm-dd, or empty.
	Dated    string
	ColumnID int64
	Cover    string // address of a picture
	Pinned   bool   // stays on top of its column
	Rolling  bool   // in the rolling news of the home page
	// Attached files, as JSON in the table.
	Attached []Attachment `bun:"type:jsonb"`
}

// Attachment is a file that belongs to an article.
type Attachment struct {
	Hash string `json:"hash"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// Article is the address, the workflow and the public face. Until the first
// publication Content is that of the working version; from then on it is that
// of the public one. Its body is in the versions only.
type Article struct {
	bun.BaseModel `bun:"table:article,alias:a"`

	ID      int64 `bun:",pk,autoincrement"`
	SiteID  int64
	OrgID   int64
	OrgPath tree.Path
	State   State
	// Public tells whether readers see it.
	Public bool
	Face
	// Revision counts every change, so that of two people who edit at once the
	// second one hears of it.
	Revision int64
	// Working and Shown are numbers of versions, 0 for none.
	Working, Shown int
	AuthorID       int64
	ListedAt       time.Time // the order of lists
	PublishedAt    time.Time `bun:",nullzero"`
	// UpdatedAt is the time of the latest new version after the publication.
	UpdatedAt   time.Time `bun:",nullzero"`
	ScheduledAt time.Time `bun:",nullzero"`
	WithdrawnAt time.Time `bun:",nullzero"`
	// Notice is what readers are told of a withdrawal.
	Notice    string
	ImportKey *string
	CreatedAt time.Time
	ChangedAt time.Time
}

// Face is what lists show of an article.
type Face struct {
	ColumnID int64
	Title    string
	Summary  string
	Category string
	Issuer   string
	Source   string
	Dated    string
	Cover    string
	Pinned   bool
	Rolling  bool
}

// Face is the part of the content that lists show.
func (c Content) Face() Face {
	return Face{c.ColumnID, c.Title, c.Summary, c.Category, c.Issuer, c.Source, c.Dated, c.Cover, c.Pinned, c.Rolling}
}

// Version is one wording of an article, and the record of its review
// (SecrecyReview of the handbook, kept with it).
type Version struct {
	bun.BaseModel `bun:"table:article_version,alias:v"`

	ArticleID int64 `bun:",pk"`
	Number    int   `bun:",pk"`
	Content
	Toc []richtext.Heading `bun:"type:jsonb"`
	// Writers are the accounts that changed the text.
	Writers     []int64 `bun:"type:jsonb"`
	WriterName  string
	Declaration Declaration `bun:"type:jsonb"`
	ItemHash    string
	SubmittedAt time.Time `bun:",nullzero"`
	SubmittedBy int64
	ReviewerID  int64
	Reviewer    string
	ReviewedAt  time.Time `bun:",nullzero"`
	// Reason why the reviewer returned it.
	Reason      string
	PublisherID int64
	Publisher   string
	PublishedAt time.Time `bun:",nullzero"`
	CreatedAt   time.Time
	ChangedAt   time.Time
}

var fileAddress = regexp.MustCompile(`/files/([0-9a-f]{64})/`)

// files lists the stored files that the wording shows, each once.
func (c Content) files() []string {
	var out []string
	for _, text := range []string{c.Cover, c.Body} {
		if !strings.Contains(text, "/files/") {
			continue
		}
		for _, m := range fileAddress.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
	}
	for _, f := range c.Attached {
		out = append(out, f.Hash)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Frozen reports whether the wording may no longer change.
func (v Version) Frozen() bool { return !v.SubmittedAt.IsZero() }

// Wrote reports whether the account had a hand in the text.
func (v Version) Wrote(account int64) bool {
	return account != 0 && (v.SubmittedBy == account || slices.Contains(v.Writers, account))
}

// Declaration is what the author states when handing in (保密审查).
type Declaration struct {
	NoSecret     bool   `json:"no_secret"`
	PersonalData bool   `json:"personal_data"`
	Basis        string `json:"basis"` // why it may be public
	Checked      bool   `json:"checked"`
}

// Check says what is missing in a declaration, given what the scan found.
func (d Declaration) Check(found []Finding) error {
	var f errs.Fields
	if !d.NoSecret {
		f.Add("no_secret", "article.declare.no_secret_missing")
	}
	if strings.TrimSpace(d.Basis) == "" {
		f.Add("basis", "article.declare.basis_missing")
	}
	if utf8.RuneCountInString(d.Basis) > MaxReason {
		f.Add("basis", "article.declare.basis_long", errs.Args{"Max": MaxReason})
	}
	if len(found) > 0 && !d.Checked {
		f.Add("checked", "article.declare.checked_missing")
	}
	return f.Err()
}

// Check says what is wrong with the content of a form.
func (c Content) Check() error {
	var f errs.Fields
	if c.Title == "" {
		f.Add("title", "article.title_missing")
	}
	for _, l := range []struct {
		field, value string
		most         int
	}{
		{"title", c.Title, MaxTitle}, {"summary", c.Summary, MaxSummary}, {"category", c.Category, MaxName}, {"issuer", c.Issuer, MaxName},
		{"source", c.Source, MaxName}, {"author", c.Author, MaxName}, {"editor", c.Editor, MaxName}, {"keywords", c.Keywords, MaxSummary},
	} {
		if n := utf8.RuneCountInString(l.value); n > l.most {
			f.Add(l.field, "article.too_long", errs.Args{"Max": l.most, "Have": n})
		}
	}
	if len(strings.Fields(c.Keywords)) > MaxKeywords {
		f.Add("keywords", "article.too_many_keywords", errs.Args{"Max": MaxKeywords})
	}
	if len(c.Body) > MaxBody {
		f.Add("body", "article.body_too_long", errs.Args{"Max": MaxBody >> 20})
	}
	if len(c.Attached) > MaxAttached {
		f.Add("attached", "article.too_many_files", errs.Args{"Max": MaxAttached})
	}
	if c.ColumnID == 0 {
		f.Add("column", "article.column_missing")
	}
	if c.Dated != "" {
		if _, err := time.Parse(time.DateOnly, c.Dated); err != nil {
			f.Add("dated", "article.dated_wrong")
		}
	}
	if c.Cover != "" && !strings.HasPrefix(c.Cover, "/files/") {
		f.Add("cover", "article.cover_foreign")
	}
	return f.Err()
}

// Ready says what must be there before a text can be handed in.
func (c Content) Ready() error {
	var f errs.Fields
	if strings.TrimSpace(richtext.Text(c.Body)) == "" && len(c.Attached) == 0 && !strings.Contains(c.Body, "<img") {
		f.Add("body", "article.body_missing")
	}
	if c.Issuer == "" {
		f.Add("issuer", "article.issuer_missing")
	}
	if c.Editor == "" {
		f.Add("editor", "article.editor_missing")
	}
	return f.Err()
}

// Tidy trims what was typed and fills what can be derived.
func (c Content) Tidy() Content {
	for _, s := range []*string{&c.Title, &c.Summary, &c.Category, &c.Issuer, &c.Source, &c.Author, &c.Editor} {
		*s = strings.Join(strings.Fields(*s), " ")
	}
	c.Keywords = strings.Join(strings.FieldsFunc(c.Keywords, func(r rune) bool { return strings.ContainsRune(" ,，;；、\n\t　", r) }), " ")
	c.Dated, c.Cover = strings.TrimSpace(c.Dated), strings.TrimSpace(c.Cover)
	if c.Attached == nil {
		c.Attached = []Attachment{}
	}
	return c
}
