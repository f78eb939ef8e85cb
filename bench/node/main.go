// Command node measures a whole node: how much a cached page costs beside a
// bare handler with the same bytes, how long the first render after a change
// takes with few and with many sites, how fast a filled node starts, and what
// memory it takes.
//
//	make build && go run ./bench/node
//
// The filled nodes are kept in .cache/bench, since filling takes minutes.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"lianxin/bench/load"
	"lianxin/internal/account"
	"lianxin/internal/app"
	"lianxin/internal/article"
	"lianxin/internal/org"
	"lianxin/internal/platform/config"
	"lianxin/internal/site"
)

// perSite is how many articles of about 2 KB a site has: most of them news, and
// some in the other columns that a site needs before it may open.
const perSite = 100

var columns = []struct {
	slug  string
	texts int
}{{"news", 80}, {"notices", 10}, {"experience", 10}}

func main() {
	bare := flag.String("bare", "", "serve this file with a bare handler (used by the benchmark itself)")
	binary := flag.String("binary", "bin/lianxin", "the program to measure")
	cache := flag.String("cache", ".cache/bench", "where the filled nodes are kept")
	seconds := flag.Int("seconds", 5, "how long each load runs")
	flag.Parse()
	if *bare != "" {
		check(serveBare(*bare))
		return
	}
	fmt.Printf("%s, %d CPUs, %s\n", runtime.Version(), runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))
	slog.SetLogLoggerLevel(slog.LevelError)
	small, large := filepath.Join(*cache, "sites-10"), filepath.Join(*cache, "sites-1000")
	check(fill(small, 10))
	check(fill(large, 1000))
	check(starts(*binary, large))
	check(cached(*binary, large, time.Duration(*seconds)*time.Second))
	check(firstRender(small, large))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fill makes a node with that many sites, unless the folder holds it already.
func fill(dir string, sites int) error {
	done := filepath.Join(dir, "filled")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	n, err := app.Open(context.Background(), app.Config{Data: config.Data{Data: dir}, Version: "bench"})
	if err != nil {
		return err
	}
	ctx := account.WithActor(context.Background(), account.Operator(app.Policy()))
	start := time.Now()
	var root int64
	err = n.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		root, _, err = n.Rooms.Orgs.CreateRoot(ctx, tx, "中共测速县委员会", "BENCH")
		return err
	})
	var importing time.Duration
	for i := 0; i < sites && err == nil; i++ {
		importing += fillSite(ctx, n, root, i, dir, &err)
	}
	if err == nil {
		err = os.WriteFile(done, nil, 0o600)
	}
	fmt.Printf("filled: %d sites, %d articles in %.0f s; import with index %.0f articles/s\n",
		sites, sites*perSite, time.Since(start).Seconds(), float64(sites*perSite)/importing.Seconds())
	return errors.Join(err, n.Close())
}

func fillSite(ctx context.Context, n *app.Node, root int64, i int, dir string, failed *error) time.Duration {
	o, err := n.Rooms.Orgs.Create(ctx, org.New{ParentID: root, Draft: org.Draft{
		Name: fmt.Sprintf("中共测速县第%d镇委员会", i+1), Code: fmt.Sprintf("BENCH-%04d", i+1), Kind: org.PartyCommittee, Level: org.LevelTownship, Position: org.DefaultPosition,
	}})
	if err != nil {
		*failed = err
		return 0
	}
	slug := fmt.Sprintf("town%d", i+1)
	s, err := n.Rooms.Sites.Create(ctx, site.New{OrgID: o.ID, Template: "town", Draft: site.Draft{
		Slug: slug, Name: fmt.Sprintf("第%d镇党建网", i+1), Organiser: o.Name, Responsible: "测试", Phone: "000-0000000",
	}})
	if err != nil {
		*failed = err
		return 0
	}
	var took time.Duration
	for k, c := range columns {
		texts := filepath.Join(dir, "texts.jsonl")
		if err = writeTexts(texts, i*len(columns)+k, c.texts); err != nil {
			break
		}
		start := time.Now()
		_, err = n.Rooms.Articles.Import(ctx, article.Order{Site: slug, Column: c.slug, Paths: []string{texts}, Publish: true})
		took += time.Since(start)
		if err != nil {
			break
		}
	}
	if err == nil {
		err = n.Rooms.Sites.Open(ctx, s.ID)
	}
	*failed = err
	return took
}

// words are put together into texts of the length of a usual notice.
var words = strings.Fields("村民 支部 会议 讨论 决定 修路 灌溉 公示 党员 书记 群众 来信 答复 办理 学习 交流 经验 产业 合作社 帮扶 环境 整治 卫生 医疗 教育 学校 企业 社区 服务 中心 开放 时间 通知 公告 换届 选举 制度 监督 档案 培训 年度 计划 总结 关于 进一步 做好 工作 意见")

func writeTexts(path string, seed, count int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	out := json.NewEncoder(f)
	for i := range count {
		var text strings.Builder
		for text.Len() < 2000 {
			for range 12 {
				text.WriteString(words[r.IntN(len(words))])
			}
			text.WriteString("。\n\n")
		}
		title := words[r.IntN(len(words))] + words[r.IntN(len(words))] + words[r.IntN(len(words))] + strconv.Itoa(seed*1000+i)
		if err := out.Encode(map[string]string{"title": title, "text": text.String(), "date": fmt.Sprintf("2026-%02d-%02d", 1+i%10, 1+i%28)}); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

// started is a server in a process of its own.
type started struct {
	cmd     *exec.Cmd
	address string
	ready   time.Duration
}

func start(name string, args ...string) (*started, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &started{cmd: exec.Command(name, append(args, address)...), address: address}
	s.cmd.Stderr = os.Stderr
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(begin) < 30*time.Second {
		if res, err := http.Get("http://" + address + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				s.ready = time.Since(begin)
				return s, nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("not ready after 30 s"), s.stop())
}

func (s *started) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	_ = s.cmd.Wait() // the bare server ends by the signal
	return nil
}

// resident is the memory of the process, in MB, as the kernel counts it.
func (s *started) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) / 1024, err
		}
	}
	return 0, errors.New("no VmRSS")
}

func serve(binary, dir string) (*started, error) {
	return start(binary, "serve", "--log-level=error", "--data", dir, "--listen")
}

func starts(binary, large string) error {
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	fmt.Printf("binary: %.1f MB\n", float64(info.Size())/1e6)
	empty, err := os.MkdirTemp("", "lianxin-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(empty)
	for _, c := range []struct{ name, dir string }{{"empty node", empty}, {"1,000 sites, 100,000 articles", large}} {
		var ready []time.Duration
		var memory float64
		for range 3 {
			s, err := serve(binary, c.dir)
			if err != nil {
				return err
			}
			ready = append(ready, s.ready)
			if memory, err = s.resident(); err != nil {
				return err
			}
			if err := s.stop(); err != nil {
				return err
			}
		}
		slices.Sort(ready)
		fmt.Printf("start, %s: ready in %d ms (median of 3), %.0f MB resident\n", c.name, ready[1].Milliseconds(), memory)
	}
	return nil
}

func cached(binary, dir string, d time.Duration) error {
	node, err := serve(binary, dir)
	if err != nil {
		return err
	}
	defer node.stop()
	path, err := anArticle(node.address, "town7")
	if err != nil {
		return err
	}
	res, err := http.Get("http://" + node.address + path)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return err
	}
	same := filepath.Join(os.TempDir(), "lianxin-bench-page.html")
	if err := os.WriteFile(same, body, 0o600); err != nil {
		return err
	}
	defer os.Remove(same)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bare, err := start(self, "-bare", same)
	if err != nil {
		return err
	}
	defer bare.stop()
	var ratios []float64
	for range 3 { // in turns, so that whatever else the machine does hits both
		a, err := load.Run(bare.address, []string{"/"}, 16, d)
		if err != nil {
			return err
		}
		b, err := load.Run(node.address, []string{path}, 16, d)
		if err != nil {
			return err
		}
		if a.Failed+b.Failed > 0 {
			return fmt.Errorf("%d answers failed", a.Failed+b.Failed)
		}
		ratios = append(ratios, b.PerSecond()/a.PerSecond())
		fmt.Printf("cached article page (%d bytes): %.0f requests/s, p99 %s; bare handler %.0f requests/s; ratio %.2f\n",
			len(body), b.PerSecond(), b.Quantile(.99).Round(time.Microsecond), a.PerSecond(), ratios[len(ratios)-1])
	}
	slices.Sort(ratios)
	memory, err := node.resident()
	fmt.Printf("cached article page: median ratio %.2f; %.0f MB resident after the load\n", ratios[1], memory)
	return err
}

func anArticle(address, slug string) (string, error) {
	res, err := http.Get("http://" + address + "/api/v1/articles?site=" + slug)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var list struct {
		Articles []struct {
			ID int64 `json:"id"`
		} `json:"articles"`
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		return "", err
	}
	if len(list.Articles) == 0 {
		return "", fmt.Errorf("site %s has no articles", slug)
	}
	return fmt.Sprintf("/s/%s/a/%d", slug, list.Articles[0].ID), nil
}

// serveBare is what a cached page is compared with. The last argument is the
// address to listen on.
func serveBare(file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	length := strconv.Itoa(len(body))
	return http.ListenAndServe(flag.Arg(0), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", length)
		w.Write(body)
	}))
}

// firstRender changes a site and asks for one of its pages, again and again.
func firstRender(dirs ...string) error {
	var medians []time.Duration
	for _, dir := range dirs {
		times, err := renders(dir)
		if err != nil {
			return err
		}
		slices.Sort(times)
		medians = append(medians, times[len(times)/2])
		fmt.Printf("first render after a change, %s: median %.2f ms, p95 %.2f ms (%d pages)\n", filepath.Base(dir),
			float64(times[len(times)/2].Microseconds())/1000, float64(times[len(times)*95/100].Microseconds())/1000, len(times))
	}
	fmt.Printf("first render: %.2f × with 1,000 sites\n", float64(medians[1])/float64(medians[0]))
	return nil
}

func renders(dir string) ([]time.Duration, error) {
	n, err := app.Open(context.Background(), app.Config{Data: config.Data{Data: dir}, Serve: config.Serve{CacheMB: 32}, Version: "bench"})
	if err != nil {
		return nil, err
	}
	defer n.Close()
	sites, err := n.Rooms.Sites.Search(context.Background(), site.Query{Limit: 500})
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(n.Handler())
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	r := rand.New(rand.NewPCG(1, 2))
	var times []time.Duration
	for range 300 {
		s := sites[r.IntN(len(sites))]
		page, err := anArticle(address, s.Slug)
		if err != nil {
			return nil, err
		}
		for _, path := range []string{"/s/" + s.Slug + "/", page, "/s/" + s.Slug + "/c/news"} {
			err := n.DB.Tx(context.Background(), func(ctx context.Context, tx bun.Tx) error { return n.Rooms.Sites.Bump(ctx, tx, s.ID) })
			if err != nil {
				return nil, err
			}
			begin := time.Now()
			res, err := http.Get(server.URL + path)
			if err != nil {
				return nil, err
			}
			_, err = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK {
				return nil, fmt.Errorf("%s: %d %w", path, res.StatusCode, err)
			}
			times = append(times, time.Since(begin))
		}
	}
	return times, nil
}
