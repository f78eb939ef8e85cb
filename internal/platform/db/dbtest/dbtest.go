// Package dbtest gives each test an empty database of its own, on both engines.
//
// PostgreSQL is a real server: the one LIANXIN_TEST_POSTGRES points to (a URL
// whose role may create databases), which `make test` starts from the npm
// package of its binaries. Without it, tests on PostgreSQL fail rather than
// pass unseen, unless -short is given.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lianxin/internal/platform/db"
)

// Each runs test once on SQLite and once on PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite opens an empty database in a temporary folder.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "test.db"))
}

// Postgres creates an empty database that is dropped after the test.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	server := os.Getenv("LIANXIN_TEST_POSTGRES")
	if server == "" {
		if testing.Short() {
			t.Skip("-short leaves out PostgreSQL")
		}
		t.Fatal("LIANXIN_TEST_POSTGRES is not set: run `make test`, or `make postgres` and export the URL it prints")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.ToLower(rand.Text()[:12])
	if _, err := admin.Exec("create database " + name); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("drop database " + name + " with (force)"); err != nil {
			t.Errorf("drop test database: %v", err)
		}
		admin.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return open(t, u.String())
}

func open(t testing.TB, target string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), target)
	if err != nil {
		t.Fatal(fmt.Errorf("open test database: %w", err))
	}
	t.Cleanup(func() { d.Close() })
	return d
}
