package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"lianxin/internal/platform/errs"
	"lianxin/internal/platform/web"
)

// Serve listens, works jobs off, and calls ready with the address once requests
// are answered. It returns when ctx ends and what was under way is done.
func (n *Node) Serve(ctx context.Context, ready func(address string)) error {
	listener, err := net.Listen("tcp", n.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", n.Listen, err)
	}
	// Work under way outlives the signal to stop; Shutdown and Stop end it.
	work := context.WithoutCancel(ctx)
	if err := n.Queue.Start(work); err != nil {
		return errors.Join(err, listener.Close())
	}
	watching, stopWatching := context.WithCancel(work)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		n.watch(watching)
	}()
	server := &http.Server{
		Handler:           n.server,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ready(listener.Addr().String())
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = nil
	}
	drain, cancel := context.WithTimeout(work, n.Drain)
	defer cancel()
	stopWatching()
	err = errors.Join(err, server.Shutdown(drain), n.Queue.Stop(drain))
	<-watched
	return err
}

// Handler answers requests, for tests that need no listening server.
func (n *Node) Handler() http.Handler { return n.server }

// health adds the addresses by which machines watch over the node.
func (n *Node) health(rt *web.Router) {
	rt.Page("GET /healthz", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		_, err := w.Write([]byte("ok\n"))
		return err
	})
	rt.Page("GET /readyz", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		if err := errors.Join(n.DB.Ping(r.Context()), n.Bus.Ready()); err != nil {
			return errs.Unavailable("error.database_gone").Because(err)
		}
		_, err := w.Write([]byte("ready\n"))
		return err
	})
	metrics := promhttp.HandlerFor(n.metrics, promhttp.HandlerOpts{})
	rt.Page("GET /metrics", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		// Figures of the machine are nobody's business beyond its own network.
		ip := net.ParseIP(web.RequestFrom(r.Context()).IP)
		if ip == nil || !ip.IsLoopback() && !ip.IsPrivate() {
			return errs.NotFound("error.not_found")
		}
		metrics.ServeHTTP(w, r)
		return nil
	})
	rt.Page("GET /assets/{file...}", web.Anyone, func(w http.ResponseWriter, r *http.Request) error {
		n.Assets.ServeHTTP(w, r)
		return nil
	})
}
