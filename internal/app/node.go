// Package app joins the parts of a node: settings, platform, rooms, server. It
// is the only package that knows all rooms, and it calls their constructors in
// plain sight.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"lianxin/internal/platform/audit"
	"lianxin/internal/platform/blob"
	"lianxin/internal/platform/bus"
	"lianxin/internal/platform/clock"
	"lianxin/internal/platform/config"
	"lianxin/internal/platform/db"
	"lianxin/internal/platform/i18n"
	"lianxin/internal/platform/job"
	"lianxin/internal/platform/search"
	"lianxin/internal/platform/secret"
	"lianxin/internal/platform/setting"
	"lianxin/internal/platform/web"
	"lianxin/internal/site"
)

// Config is all a node needs to know to be opened.
type Config struct {
	config.Data
	config.Serve
	Version string
	Now     clock.Clock
	// Assets are the built styles and scripts; tests do without.
	Assets *web.Assets
	// DemoSignIns are shown on the sign-in page of a demo node.
	DemoSignIns bool
}

// Node is an open node: everything but the listening server.
type Node struct {
	Config
	DB       *db.DB
	Settings *setting.Settings
	Audit    *audit.Log
	Files    *blob.Store
	Index    *search.Index
	Bus      *bus.Bus
	Queue    *job.Queue
	Catalog  *i18n.Catalog
	Views    *web.Views
	Router   *web.Router
	Cache    *web.Cache
	Key      *secret.Key
	Rooms    *Rooms

	server    *web.Server
	sitePages *site.Pages
	metrics   *prometheus.Registry
	closers   []func() error
}

// Open connects to everything a node stands on, brings the tables up to date
// and builds the rooms. Close releases it.
func Open(ctx context.Context, c Config) (n *Node, err error) {
	if c.Now == nil {
		c.Now = clock.System
	}
	if c.Assets == nil {
		c.Assets = &web.Assets{}
	}
	n = &Node{Config: c, metrics: prometheus.NewRegistry()}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
			n = nil
		}
	}()
	if err := os.MkdirAll(c.Data.Data, 0o750); err != nil {
		return n, fmt.Errorf("make the data folder: %w", err)
	}
	if n.Key, err = secret.LoadOrCreate(filepath.Join(c.Data.Data, "node.key")); err != nil {
		return n, err
	}
	if n.DB, err = db.Open(ctx, c.DatabaseTarget()); err != nil {
		return n, err
	}
	n.closers = append(n.closers, n.DB.Close)
	if err := n.migrate(ctx); err != nil {
		return n, err
	}
	if n.Settings, err = setting.Load(ctx, n.DB); err != nil {
		return n, err
	}
	if n.Files, err = blob.Open(ctx, c.FilesTarget()); err != nil {
		return n, err
	}
	n.closers = append(n.closers, n.Files.Close)
	if n.Index, err = search.New(ctx, n.DB); err != nil {
		return n, err
	}
	if n.Bus, err = bus.Open(c.Bus); err != nil {
		return n, err
	}
	n.closers = append(n.closers, func() error { n.Bus.Close(); return nil })
	n.Audit = audit.New(c.Now)
	n.Cache = web.NewCache(max(1, c.CacheMB)<<20, c.Now)
	if err := n.build(); err != nil {
		return n, err
	}
	n.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	n.server = &web.Server{Router: n.Router, Cache: n.Cache, Authenticate: n.authenticate, Trusted: c.Proxies, PerSecond: c.Rate, Now: c.Now}
	n.server.Init(n.metrics)
	return n, nil
}

// Close releases everything, the last opened first.
func (n *Node) Close() error {
	var all error
	for i := len(n.closers) - 1; i >= 0; i-- {
		all = errors.Join(all, n.closers[i]())
	}
	n.closers = nil
	return all
}
