package article

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/uptrace/bun"

	"lianxin/internal/account"
	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/richtext"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// API offers the room to programs.
type API struct{ service *Service }

// NewAPI returns the room's operations.
func NewAPI(s *Service) *API { return &API{s} }

// Routes adds the operations.
func (a *API) Routes(rt *web.Router) {
	web.Operation(rt, web.Anyone, huma.Operation{
		OperationID: "list-articles", Method: http.MethodGet, Path: "/api/v1/articles", Tags: []string{"articles"},
		Summary: "Published articles of a site, the newest first",
	}, a.list)
	web.Operation(rt, web.Anyone, huma.Operation{
		OperationID: "get-article", Method: http.MethodGet, Path: "/api/v1/articles/{id}", Tags: []string{"articles"},
		Summary: "A published article", Description: "A withdrawn article answers 410 with the public notice.",
	}, a.get)
	web.Operation(rt, Write, huma.Operation{
		OperationID: "create-article", Method: http.MethodPost, Path: "/api/v1/articles", Tags: []string{"articles"},
		Summary: "Create an article", DefaultStatus: http.StatusCreated, MaxBodyBytes: 2 * MaxBody,
		Description: "Needs the scope article.write. With publish it is shown at once, which needs article.publish too and is recorded as an import; " +
			"without, it is a draft that goes the usual way of review. Give the text as html, markdown or text.",
	}, a.create)
}

// ArticleBody is an article as programs see it.
type ArticleBody struct {
	ID          int64        `json:"id"`
	Site        string       `json:"site" doc:"slug of the site"`
	Column      string       `json:"column" doc:"slug of the column"`
	State       State        `json:"state"`
	Title       string       `json:"title"`
	URL         string       `json:"url"`
	Summary     string       `json:"summary,omitempty"`
	Category    string       `json:"category,omitempty"`
	Issuer      string       `json:"issuer,omitempty"`
	Source      string       `json:"source,omitempty"`
	Date        string       `json:"date,omitempty" doc:"the date the text itself bears"`
	PublishedAt *time.Time   `json:"publishedAt,omitempty"`
	UpdatedAt   *time.Time   `json:"updatedAt,omitempty"`
	HTML        string       `json:"html,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

func (a *API) body(ctx context.Context, home site.Site, x Article) (ArticleBody, error) {
	columns, err := a.service.Sites.Columns(ctx, home.ID)
	if err != nil {
		return ArticleBody{}, err
	}
	b := ArticleBody{
		ID: x.ID, Site: home.Slug, State: x.State, Title: x.Title, URL: Address(home, x.ID), Summary: x.Summary,
		Category: x.Category, Issuer: x.Issuer, Source: x.Source, Date: x.Dated, PublishedAt: unless(x.PublishedAt), UpdatedAt: unless(x.UpdatedAt),
	}
	if x.Public {
		b.State = Published // whatever happens to the next version inside
	}
	for _, c := range columns {
		if c.ID == x.ColumnID {
			b.Column = c.Slug
		}
	}
	return b, nil
}

func unless(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type articlesInput struct {
	Site   string `query:"site" required:"true" doc:"slug or id of the site"`
	Column string `query:"column" doc:"slug or id of a column; its sub-columns are included"`
	Cursor string `query:"cursor" maxLength:"40" doc:"next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// ArticleList is a page of a list as programs see it.
type ArticleList struct {
	Articles []ArticleBody `json:"articles"`
	Next     string        `json:"next,omitempty" doc:"cursor of the next page"`
}

type articlesOutput struct{ Body ArticleList }

func (a *API) list(ctx context.Context, in *articlesInput) (*articlesOutput, error) {
	home, err := a.site(ctx, in.Site)
	if err != nil {
		return nil, err
	}
	f := PublicFilter{SiteID: home.ID, After: ParseCursor(in.Cursor), Limit: in.Limit}
	if in.Column != "" {
		columns, err := a.service.Sites.Columns(ctx, home.ID)
		if err != nil {
			return nil, err
		}
		c, ok := columnOf(columns, in.Column)
		if !ok {
			return nil, errs.NotFound("article.no_column")
		}
		f.Columns = site.Below(columns, c.ID)
	}
	list, err := a.service.Public(ctx, f)
	if err != nil {
		return nil, err
	}
	out := &articlesOutput{}
	out.Body.Articles = []ArticleBody{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Body.Next = Cursor{last.ListedAt, last.ID}.String()
	}
	for _, x := range list {
		b, err := a.body(ctx, home, x)
		if err != nil {
			return nil, err
		}
		out.Body.Articles = append(out.Body.Articles, b)
	}
	return out, nil
}

// site finds a site that visitors may see, by slug or id.
func (a *API) site(ctx context.Context, name string) (site.Site, error) {
	home, err := a.service.Sites.BySlug(ctx, name)
	if id, bad := strconv.ParseInt(name, 10, 64); errs.Is(err, errs.KindNotFound) && bad == nil {
		home, err = a.service.Sites.Get(ctx, id)
	}
	if err == nil && !home.State.Public() && account.ActorFrom(ctx).Check(View, home.OrgPath) != nil {
		return site.Site{}, errs.NotFound("article.import.unknown_site", errs.Args{"Site": name})
	}
	return home, err
}

func columnOf(columns []site.Column, name string) (site.Column, bool) {
	for _, c := range columns {
		if c.Slug == name || strconv.FormatInt(c.ID, 10) == name {
			return c, true
		}
	}
	return site.Column{}, false
}

type articleInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type articleOutput struct{ Body ArticleBody }

func (a *API) get(ctx context.Context, in *articleInput) (*articleOutput, error) {
	got, err := a.service.Read(ctx, 0, in.ID)
	if err != nil {
		return nil, err
	}
	home, err := a.site(ctx, strconv.FormatInt(got.SiteID, 10))
	if err != nil {
		return nil, errs.NotFound("article.not_found").Because(err)
	}
	b, err := a.body(ctx, home, got.Article)
	b.HTML, b.Attachments = got.Version.Body, got.Version.Attached
	return &articleOutput{b}, err
}

// NewArticle is what a program sends.
type NewArticle struct {
	Site     string  `json:"site" doc:"slug or id of the site"`
	Column   string  `json:"column" doc:"slug or id of the column"`
	Title    string  `json:"title"`
	HTML     *string `json:"html,omitempty"`
	Markdown *string `json:"markdown,omitempty"`
	Text     *string `json:"text,omitempty"`
	Summary  string  `json:"summary,omitempty"`
	Keywords string  `json:"keywords,omitempty" doc:"separated by spaces"`
	Category string  `json:"category,omitempty"`
	Issuer   string  `json:"issuer,omitempty" doc:"the organisation that answers for it; that of the site if empty"`
	Source   string  `json:"source,omitempty"`
	Author   string  `json:"author,omitempty"`
	Editor   string  `json:"editor,omitempty" doc:"the responsible editor; the account's name if empty"`
	Date     string  `json:"date,omitempty" doc:"the date the text itself bears, yyyy-mm-dd"`
	Publish  bool    `json:"publish,omitempty"`
}

type newArticleInput struct{ Body NewArticle }

func (a *API) create(ctx context.Context, in *newArticleInput) (*articleOutput, error) {
	home, err := a.site(ctx, in.Body.Site)
	if err != nil {
		return nil, err
	}
	columns, err := a.service.Sites.Columns(ctx, home.ID)
	if err != nil {
		return nil, err
	}
	column, ok := columnOf(columns, in.Body.Column)
	if !ok {
		return nil, errs.FieldErr("column", "article.column_missing")
	}
	c, err := in.Body.content(ctx, home, column)
	if err != nil {
		return nil, err
	}
	var made Article
	if in.Body.Publish {
		made, err = a.service.Post(ctx, home.ID, c)
	} else {
		made, err = a.service.Create(ctx, home.ID, c)
	}
	if err != nil {
		return nil, err
	}
	b, err := a.body(ctx, home, made)
	return &articleOutput{b}, err
}

func (n NewArticle) content(ctx context.Context, home site.Site, column site.Column) (Content, error) {
	rec := record{Title: n.Title, Markdown: n.Markdown, HTML: n.HTML, Text: n.Text, Date: &n.Date}
	it := item{}
	if err := rec.head(&it); err != nil {
		return Content{}, err
	}
	doc, err := rec.document(it.content.Title)
	if err != nil {
		return Content{}, err
	}
	c := Content{
		Title: it.content.Title, Body: doc.HTML, Summary: n.Summary, Keywords: n.Keywords, Category: n.Category, Issuer: n.Issuer,
		Source: n.Source, Author: n.Author, Editor: n.Editor, Dated: it.content.Dated, ColumnID: column.ID,
	}
	if c.Issuer == "" {
		c.Issuer = issuerOf(home)
	}
	if c.Editor == "" {
		c.Editor = account.ActorFrom(ctx).Name
	}
	return c, nil
}

// Post creates an article and shows it at once, as an import does: for who
// holds both Write and Publish. It is recorded as such.
func (s *Service) Post(ctx context.Context, siteID int64, c Content) (Article, error) {
	home, err := s.Sites.Get(ctx, siteID)
	if err != nil {
		return Article{}, err
	}
	in := &importer{Service: s, order: Order{Publish: true}, home: home, actor: account.ActorFrom(ctx)}
	if err := in.allowed(); err != nil {
		return Article{}, err
	}
	c, toc, err := s.prepare(ctx, home, c)
	if err != nil {
		return Article{}, err
	}
	text := richtext.Text(c.Body)
	if text == "" {
		return Article{}, errs.FieldErr("body", "article.body_missing")
	}
	a, v := in.rows(item{content: c, toc: toc, text: text, key: digest(c.Title, c.Body)})
	a.ImportKey = nil // sent on purpose, even if the same text stands there already
	err = s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insert(ctx, tx, &a, &v); err != nil {
			return err
		}
		if err := s.Index.Put(ctx, tx, searchDoc(home, a, v, text)); err != nil {
			return err
		}
		if err := s.Sites.Bump(ctx, tx, home.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, a, "article.import", "", map[string]any{"api": true, "published": true})
	})
	return a, err
}
