package app

import (
	"context"
	"net/http"
	"slices"
	"time"

	"lianxin/internal/account"
	"lianxin/internal/platform/web"
)

func nav() []web.NavItem {
	return []web.NavItem{{Group: "app.desk.group", Key: "app.desk.title", Href: "/desk", Icon: "home", Need: web.SignedIn}}
}

// desker is a room with something to do.
type desker interface {
	Tasks(context.Context) ([]web.Task, error)
}

type deskPage struct {
	Name   string
	Now    time.Time
	Late   int
	Soon   int
	Open   int
	Groups []deskGroup
}

type deskGroup struct {
	Key   string
	Tasks []web.Task
}

func (n *Node) desk(rt *web.Router, rooms ...desker) {
	rt.Page("GET /desk", web.SignedIn, func(w http.ResponseWriter, r *http.Request) error {
		page := deskPage{Name: account.ActorFrom(r.Context()).Name, Now: n.Now()}
		for _, room := range rooms {
			tasks, err := room.Tasks(r.Context())
			if err != nil {
				return err
			}
			page.add(tasks)
		}
		return n.Views.Render(w, r, web.Page{
			Title: web.T(r.Context(), "app.desk.title"), Template: "app/desk", Active: "app.desk.title", Data: page,
		})
	})
}

func (p *deskPage) add(tasks []web.Task) {
	for _, t := range tasks {
		switch t.Tone {
		case web.ToneLate:
			p.Late++
		case web.ToneSoon:
			p.Soon++
		}
		p.Open++
		i := slices.IndexFunc(p.Groups, func(g deskGroup) bool { return g.Key == t.Group })
		if i < 0 {
			p.Groups = append(p.Groups, deskGroup{Key: t.Group})
			i = len(p.Groups) - 1
		}
		p.Groups[i].Tasks = append(p.Groups[i].Tasks, t)
	}
}
