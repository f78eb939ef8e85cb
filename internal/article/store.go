package article

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/internal/platform/db"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/tree"
)

// insert adds an article with its first version.
func insert(ctx context.Context, tx bun.IDB, a *Article, v *Version) error {
	if _, err := tx.NewInsert().Model(a).Exec(ctx); err != nil {
		return fmt.Errorf("insert article: %w", err)
	}
	v.ArticleID = a.ID
	return insertVersion(ctx, tx, v)
}

func insertVersion(ctx context.Context, tx bun.IDB, v *Version) error {
	if _, err := tx.NewInsert().Model(v).Exec(ctx); err != nil {
		return fmt.Errorf("insert version %d of article %d: %w", v.Number, v.ArticleID, err)
	}
	return noteFiles(ctx, tx, *v)
}

func updateVersion(ctx context.Context, tx bun.IDB, v *Version) error {
	if _, err := tx.NewUpdate().Model(v).WherePK().Exec(ctx); err != nil {
		return fmt.Errorf("update version %d of article %d: %w", v.Number, v.ArticleID, err)
	}
	_, err := tx.NewDelete().Model((*fileUse)(nil)).Where("article_id = ?", v.ArticleID).Where("number = ?", v.Number).Exec(ctx)
	if err != nil {
		return fmt.Errorf("forget files of article %d: %w", v.ArticleID, err)
	}
	return noteFiles(ctx, tx, *v)
}

// fileUse tells which version shows which stored file.
type fileUse struct {
	bun.BaseModel `bun:"table:article_file,alias:f"`

	ArticleID int64  `bun:",pk"`
	Number    int    `bun:",pk"`
	Hash      string `bun:",pk"`
}

func noteFiles(ctx context.Context, tx bun.IDB, versions ...Version) error {
	var rows []fileUse
	for _, v := range versions {
		for _, hash := range v.files() {
			rows = append(rows, fileUse{ArticleID: v.ArticleID, Number: v.Number, Hash: hash})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("note files of articles: %w", err)
	}
	return nil
}

// publicFile reports whether an article that readers see shows the file.
func publicFile(ctx context.Context, q bun.IDB, hash string) (bool, error) {
	found, err := q.NewSelect().Model((*fileUse)(nil)).Join("join article as a on a.id = f.article_id and a.shown = f.number").
		Where("f.hash = ?", hash).Where("a.public = ?", true).Exists(ctx)
	if err != nil {
		return false, fmt.Errorf("look up a file: %w", err)
	}
	return found, nil
}

// byID returns an article, NotFound if there is none.
func byID(ctx context.Context, q bun.IDB, id int64) (Article, error) {
	var a Article
	err := q.NewSelect().Model(&a).Where("a.id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return a, errs.NotFound("article.not_found").Because(err)
	}
	if err != nil {
		return a, fmt.Errorf("read article %d: %w", id, err)
	}
	return a, nil
}

// update writes an article back if it still has the revision that was read, a
// Conflict otherwise.
func update(ctx context.Context, tx bun.IDB, a *Article) error {
	seen := a.Revision
	a.Revision++
	res, err := tx.NewUpdate().Model(a).WherePK().Where("revision = ?", seen).Exec(ctx)
	if err != nil {
		return fmt.Errorf("update article %d: %w", a.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.Conflict("article.changed_meanwhile").Because(err)
	}
	return nil
}

// erase removes an article that was never handed in.
func erase(ctx context.Context, tx bun.IDB, id int64) error {
	if _, err := tx.NewDelete().Model((*fileUse)(nil)).Where("article_id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("erase draft %d: %w", id, err)
	}
	if _, err := tx.NewDelete().Model((*Version)(nil)).Where("article_id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("erase draft %d: %w", id, err)
	}
	if _, err := tx.NewDelete().Model((*Article)(nil)).Where("id = ?", id).Exec(ctx); err != nil {
		return fmt.Errorf("erase draft %d: %w", id, err)
	}
	return nil
}

func versionOf(ctx context.Context, q bun.IDB, id int64, number int) (Version, error) {
	var v Version
	err := q.NewSelect().Model(&v).Where("v.article_id = ?", id).Where("v.number = ?", number).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return v, errs.NotFound("article.version_not_found").Because(err)
	}
	if err != nil {
		return v, fmt.Errorf("read version %d of article %d: %w", number, id, err)
	}
	return v, nil
}

// nextNumber is the number a new version gets; numbers of dropped ones stay used.
func nextNumber(ctx context.Context, q bun.IDB, id int64) (int, error) {
	var n int
	if err := q.NewSelect().Model((*Version)(nil)).ColumnExpr("max(number)").Where("v.article_id = ?", id).Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("number a version of article %d: %w", id, err)
	}
	return n + 1, nil
}

// versionsOf lists the versions, newest first, without their bodies.
func versionsOf(ctx context.Context, q bun.IDB, id int64) ([]Version, error) {
	var all []Version
	err := q.NewSelect().Model(&all).ExcludeColumn("body", "toc").Where("v.article_id = ?", id).OrderExpr("v.number desc").Limit(200).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list versions of article %d: %w", id, err)
	}
	return all, nil
}

// Cursor is a place in a list: the last entry seen.
type Cursor struct {
	At time.Time
	ID int64
}

// ParseCursor reads what String wrote; anything else is the start of the list.
func ParseCursor(s string) Cursor {
	at, id, ok := strings.Cut(s, "-")
	ms, err1 := strconv.ParseInt(at, 36, 64)
	n, err2 := strconv.ParseInt(id, 36, 64)
	if !ok || err1 != nil || err2 != nil || n <= 0 || ms < -1e14 || ms > 1e14 {
		return Cursor{}
	}
	return Cursor{At: time.UnixMilli(ms).UTC(), ID: n}
}

func (c Cursor) String() string {
	if c.ID == 0 {
		return ""
	}
	return strconv.FormatInt(c.At.UnixMilli(), 36) + "-" + strconv.FormatInt(c.ID, 36)
}

// Filter chooses articles for the desk.
type Filter struct {
	Scope    []tree.Path // subtrees one may look at
	OwnerID  int64       // and one's own
	SiteID   int64
	ColumnID int64
	State    State
	Public   bool // only those readers see
	Words    string
	After    int64
	Limit    int
}

// Row is an article in a desk list, with the working title.
type Row struct {
	bun.BaseModel `bun:"table:article,alias:a"`
	Article
	WorkingTitle string
	WriterName   string
	Reason       string
}

// page lists articles for the desk, the newest first, with one more than Limit
// if there are more.
func page(ctx context.Context, q bun.IDB, f Filter) ([]Row, error) {
	var rows []Row
	s := q.NewSelect().Model(&rows).ColumnExpr("a.*").
		ColumnExpr("v.title as working_title, v.writer_name, v.reason").
		Join("join article_version as v on v.article_id = a.id and v.number = a.working").
		OrderExpr("a.id desc").Limit(int64(f.Limit) + 1)
	s = s.WhereGroup(" and ", func(s *bun.SelectQuery) *bun.SelectQuery {
		s = s.Where("a.author_id = ?", f.OwnerID).Where("a.author_id > 0") // 0 is the machine, nobody's own
		for _, p := range f.Scope {
			lo, hi := p.Range()
			s = s.WhereOr("a.org_path >= ? and a.org_path < ?", lo, hi)
		}
		return s
	})
	if f.SiteID > 0 {
		s = s.Where("a.site_id = ?", f.SiteID)
	}
	if f.ColumnID > 0 {
		s = s.Where("a.column_id = ?", f.ColumnID)
	}
	if f.State != "" {
		s = s.Where("a.state = ?", f.State)
	}
	if f.Public {
		s = s.Where("a.public = ?", true)
	}
	if f.Words != "" {
		s = s.Where(`v.title like ? escape '\'`, "%"+likeEscape.Replace(f.Words)+"%")
	}
	if f.After > 0 {
		s = s.Where("a.id < ?", f.After)
	}
	if err := s.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list articles: %w", err)
	}
	return rows, nil
}

var likeEscape = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// PublicFilter chooses articles for readers.
type PublicFilter struct {
	SiteID  int64
	Columns []int64 // any if empty
	Pinned  bool    // only those
	Rolling bool    // only those
	After   Cursor
	Limit   int
}

// publicPage lists what readers see, the newest first, with one more than
// Limit if there are more.
func publicPage(ctx context.Context, q bun.IDB, f PublicFilter) ([]Article, error) {
	if len(f.Columns) < 2 || len(f.Columns) > maxMerged {
		return publicRows(ctx, q, f)
	}
	// One short walk along each column's index is quicker than a long one
	// along the site's, when the columns hold little of a large site.
	var all []Article
	one := f
	for _, id := range f.Columns {
		one.Columns = []int64{id}
		rows, err := publicRows(ctx, q, one)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	slices.SortFunc(all, func(a, b Article) int {
		return cmp.Or(b.ListedAt.Compare(a.ListedAt), cmp.Compare(b.ID, a.ID))
	})
	return all[:min(len(all), f.Limit+1)], nil
}

// maxMerged is how many columns are read one by one.
const maxMerged = 16

func publicRows(ctx context.Context, q bun.IDB, f PublicFilter) ([]Article, error) {
	var all []Article
	s := q.NewSelect().Model(&all).Where("a.public = ?", true).OrderExpr("a.listed_at desc, a.id desc").Limit(int64(f.Limit) + 1)
	// Each form has an index of its own, see the migration.
	if f.Pinned {
		s = s.Where("a.pinned = ?", true)
	}
	if f.Rolling {
		s = s.Where("a.rolling = ?", true)
	}
	if f.Pinned || f.Rolling || len(f.Columns) != 1 {
		s = s.Where("a.site_id = ?", f.SiteID)
	}
	switch len(f.Columns) {
	case 0:
	case 1:
		s = s.Where("a.column_id = ?", f.Columns[0])
	default:
		s = s.Where("a.column_id in (?)", bun.In(f.Columns))
	}
	if f.After.ID > 0 {
		s = s.Where("a.listed_at <= ?", f.After.At).Where("(a.listed_at < ? or a.id < ?)", f.After.At, f.After.ID)
	}
	if err := s.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list public articles: %w", err)
	}
	return all, nil
}

// Shown is an article as readers see it.
type Shown struct {
	Article
	Version Version
}

func shown(ctx context.Context, q bun.IDB, id int64) (Shown, error) {
	a, err := byID(ctx, q, id)
	if err != nil {
		return Shown{}, err
	}
	if !a.Public {
		return Shown{Article: a}, nil
	}
	v, err := versionOf(ctx, q, id, a.Shown)
	return Shown{a, v}, err
}

// neighbours are the articles before and after a in its column, nil at the ends.
func neighbours(ctx context.Context, q bun.IDB, a Article) (newer, older *Article, err error) {
	at := func(order string, where string) (*Article, error) {
		var n Article
		err := q.NewSelect().Model(&n).Column("id", "title").Where("a.column_id = ?", a.ColumnID).Where("a.public = ?", true).
			Where(where, a.ListedAt, a.ListedAt, a.ID).OrderExpr(order).Limit(1).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("neighbours of article %d: %w", a.ID, err)
		}
		return &n, nil
	}
	if newer, err = at("a.listed_at, a.id", "a.listed_at >= ? and (a.listed_at > ? or a.id > ?)"); err != nil {
		return nil, nil, err
	}
	older, err = at("a.listed_at desc, a.id desc", "a.listed_at <= ? and (a.listed_at < ? or a.id < ?)")
	return newer, older, err
}

// ColumnCount is how much a column shows, and since when nothing new.
type ColumnCount struct {
	ColumnID int64
	Count    int
	Latest   time.Time
}

func countByColumn(ctx context.Context, q bun.IDB, siteID int64) ([]ColumnCount, error) {
	var all []ColumnCount
	err := q.NewSelect().Model((*Article)(nil)).ColumnExpr("a.column_id, count(*) as count, max(a.listed_at) as latest").
		Where("a.site_id = ?", siteID).Where("a.public = ?", true).GroupExpr("a.column_id").Scan(ctx, &all)
	if err != nil {
		return nil, fmt.Errorf("count articles of site %d: %w", siteID, err)
	}
	return all, nil
}

// due lists the scheduled articles whose time has come.
func due(ctx context.Context, q bun.IDB, now time.Time) ([]int64, error) {
	var ids []int64
	err := q.NewSelect().Model((*Article)(nil)).Column("id").Where("a.state = ?", Scheduled).Where("a.scheduled_at <= ?", now).OrderExpr("a.id").Limit(500).Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("list due articles: %w", err)
	}
	return ids, nil
}

// waiting counts what stands in a state within the subtrees.
func waiting(ctx context.Context, q bun.IDB, scope []tree.Path, state State) (int, error) {
	if len(scope) == 0 {
		return 0, nil
	}
	n, err := q.NewSelect().Model((*Article)(nil)).Where("a.state = ?", state).
		WhereGroup(" and ", func(s *bun.SelectQuery) *bun.SelectQuery {
			for _, p := range scope {
				lo, hi := p.Range()
				s = s.WhereOr("a.org_path >= ? and a.org_path < ?", lo, hi)
			}
			return s
		}).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count waiting articles: %w", err)
	}
	return int(n), nil
}

// knownKeys returns which of the import keys the site has already.
func knownKeys(ctx context.Context, q bun.IDB, siteID int64, keys []string) (map[string]int64, error) {
	known := map[string]int64{}
	if len(keys) == 0 {
		return known, nil
	}
	var rows []struct {
		ID        int64
		ImportKey string
	}
	err := q.NewSelect().Model((*Article)(nil)).Column("id", "import_key").Where("a.site_id = ?", siteID).Where("a.import_key in (?)", bun.In(keys)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("look up imported articles: %w", err)
	}
	for _, r := range rows {
		known[r.ImportKey] = r.ID
	}
	return known, nil
}

// insertMany adds articles with a version each in two statements.
func insertMany(ctx context.Context, tx bun.IDB, articles []Article, versions []Version) error {
	if len(articles) == 0 {
		return nil
	}
	if _, err := tx.NewInsert().Model(&articles).Exec(ctx); err != nil {
		if db.IsUnique(err) {
			return errs.Conflict("article.import.parallel").Because(err)
		}
		return fmt.Errorf("insert %d articles: %w", len(articles), err)
	}
	for i := range articles {
		versions[i].ArticleID = articles[i].ID
	}
	if _, err := tx.NewInsert().Model(&versions).Exec(ctx); err != nil {
		return fmt.Errorf("insert %d versions: %w", len(versions), err)
	}
	return noteFiles(ctx, tx, versions...)
}
