// Package bus carries short messages between the parts of a node: in one
// process by an embedded NATS server, between several app servers by an
// external one. Messages are hints ("site 12 has changed"), never the truth:
// whoever misses one finds the truth in the database.
package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Bus publishes and subscribes.
type Bus struct {
	embedded *server.Server
	conn     *nats.Conn
}

// Open connects to the NATS server at url, or starts one inside the process
// that listens on no port when url is empty.
func Open(url string) (*Bus, error) {
	if url != "" {
		conn, err := nats.Connect(url, nats.Name("lianxin"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true))
		if err != nil {
			return nil, fmt.Errorf("connect to the message bus: %w", err)
		}
		return &Bus{conn: conn}, nil
	}
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true, ServerName: "lianxin"})
	if err != nil {
		return nil, fmt.Errorf("make the message bus: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(5 * time.Second) {
		s.Shutdown()
		return nil, fmt.Errorf("start the message bus: not ready after 5 s")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		s.Shutdown()
		return nil, fmt.Errorf("connect to the embedded bus: %w", err)
	}
	return &Bus{embedded: s, conn: conn}, nil
}

// Publish sends data to all who subscribed to the subject, on every app server.
func (b *Bus) Publish(_ context.Context, subject string, data []byte) error {
	if err := b.conn.Publish(subject, data); err != nil {
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	return nil
}

// Subscribe calls hear, one message after the other, until cancel is called.
// The subject may hold NATS wildcards.
func (b *Bus) Subscribe(subject string, hear func(subject string, data []byte)) (cancel func(), err error) {
	sub, err := b.conn.Subscribe(subject, func(m *nats.Msg) { hear(m.Subject, m.Data) })
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	return func() { _ = sub.Unsubscribe() }, nil // fails only on a closed bus
}

// Ready reports whether messages travel now.
func (b *Bus) Ready() error {
	if !b.conn.IsConnected() {
		return fmt.Errorf("message bus: %s", b.conn.Status())
	}
	return nil
}

// Flush waits until everything published has reached the server.
func (b *Bus) Flush() error { return b.conn.FlushTimeout(5 * time.Second) }

// Close delivers what is under way and stops.
func (b *Bus) Close() {
	b.conn.Close()
	if b.embedded != nil {
		b.embedded.Shutdown()
		b.embedded.WaitForShutdown()
	}
}
