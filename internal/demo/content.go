package demo

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/BurntSushi/toml"

	"lianxin/internal/platform/clock"
)

//go:embed content
var content embed.FS

// Account is one sign-in of the demo county.
type Account struct {
	Name, Display, Role, Org string
	// Does says in a few words what this person is for.
	Does string
}

// Site is one site of the demo county.
type Site struct {
	Slug, Org, Name, Motto, Intro   string
	Template, Theme, Colour, Banner string
	Feature                         Feature
}

// Feature is a column that no other site has.
type Feature struct{ Name, Slug string }

// orgRow is a line of orgs.csv.
type orgRow struct {
	code, parent, name, short, kind, level, region string
	full, probationary, units                      int
	address                                        string
}

// postRow is a line of posts.csv. The term started so many days ago and lasts
// so many years; none is an appointment without a term.
type postRow struct {
	org, post, name string
	started, years  int
}

// story is one markdown file under articles or statutes.
type story struct {
	site, column, slug string
	title, org, issuer string
	markdown           string
	at                 time.Time
	// state is where the workflow is left, published when empty; reason is why
	// it was returned.
	state, reason string
	// dated is the day the text itself bears.
	dated        string
	picture, alt string
	pinned       bool
}

// statutesSite and statutesColumn is where the statutes appear.
const (
	statutesSite   = "qingshan"
	statutesColumn = "policy"
)

// readAccounts returns the demo sign-ins in the order they are shown.
func readAccounts() ([]Account, error) {
	var file struct{ Account []Account }
	if _, err := toml.DecodeFS(content, "content/accounts.toml", &file); err != nil {
		return nil, fmt.Errorf("read demo accounts: %w", err)
	}
	return file.Account, nil
}

func readSites() ([]Site, error) {
	var file struct{ Site []Site }
	if _, err := toml.DecodeFS(content, "content/sites.toml", &file); err != nil {
		return nil, fmt.Errorf("read demo sites: %w", err)
	}
	return file.Site, nil
}

// readTable calls row with each line of a CSV file after its head.
func readTable(name string, row func(line []string)) error {
	f, err := content.Open(path.Join("content", name))
	if err != nil {
		return fmt.Errorf("open demo table: %w", err)
	}
	defer f.Close() // read only
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return fmt.Errorf("read demo table %s: %w", name, err)
	}
	for _, line := range lines[1:] {
		row(line)
	}
	return nil
}

// number reads a figure of our own tables; a test reads them all.
func number(s string) int {
	n, _ := strconv.Atoi(s) // empty is none
	return n
}

func readOrgs() (rows []orgRow, err error) {
	err = readTable("orgs.csv", func(l []string) {
		rows = append(rows, orgRow{code: l[0], parent: l[1], name: l[2], short: l[3], kind: l[4], level: l[5], region: l[6],
			full: number(l[7]), probationary: number(l[8]), units: number(l[9]), address: l[10]})
	})
	return rows, err
}

func readPosts() (rows []postRow, err error) {
	err = readTable("posts.csv", func(l []string) {
		rows = append(rows, postRow{org: l[0], post: l[1], name: l[2], started: -number(l[3]), years: number(l[4])})
	})
	return rows, err
}

// readArticles returns all articles and statutes, with their days counted from
// now, so that the county never looks abandoned.
func readArticles(now time.Time) ([]story, error) {
	var list []story
	err := fs.WalkDir(content, "content", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".md" || d.Name() == "README.md" {
			return err
		}
		text, err := content.ReadFile(name)
		if err != nil {
			return err
		}
		a := story{site: statutesSite, column: statutesColumn, slug: strings.TrimSuffix(d.Name(), ".md")}
		if parts := strings.Split(name, "/"); parts[1] == "articles" {
			a.site, a.column = parts[2], parts[3]
		}
		if err := a.parse(string(text), now); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, a)
		return nil
	})
	return list, err
}

// parse reads the head between the --- lines, then the text.
func (a *story) parse(text string, now time.Time) error {
	head, body, ok := strings.Cut(strings.TrimPrefix(text, "---\n"), "\n---\n")
	if !ok {
		return fmt.Errorf("no head")
	}
	age, hour := 0, "09:00"
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "title":
			a.title = value
		case "org":
			a.org = value
		case "issuer":
			a.issuer = value
		case "date":
			a.dated = value
		case "state":
			a.state = value
		case "reason":
			a.reason = value
		case "picture":
			a.picture = value
		case "alt":
			a.alt = value
		case "pinned":
			a.pinned = value == "true"
		case "age":
			age = number(value)
		case "time":
			hour = value
		}
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", dayFrom(now, -age).Format("2006-01-02 ")+hour, clock.Shanghai)
	if err != nil {
		return err
	}
	if latest := now.Add(-time.Minute); at.After(latest) {
		at = latest
	}
	a.at = at.UTC()
	a.markdown, err = fill(body, now)
	return err
}

// fill puts dates into a text: {{day 3}} is in three days, {{workday -2}} the
// working day nearest after two days ago, with its weekday.
func fill(text string, now time.Time) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New("text").Funcs(template.FuncMap{
		"day": func(n int) string { return dayFrom(now, n).Format("1月2日") },
		"workday": func(n int) string {
			d := dayFrom(now, n)
			for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
				d = d.AddDate(0, 0, 1)
			}
			return d.Format("1月2日") + "（星期" + string([]rune("日一二三四五六")[d.Weekday()]) + "）"
		},
	}).Parse(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, nil); err != nil {
		return "", err
	}
	return out.String(), nil
}

// dayFrom is the day n days after now, by the calendar of Shanghai.
func dayFrom(now time.Time, n int) time.Time { return now.In(clock.Shanghai).AddDate(0, 0, n) }
