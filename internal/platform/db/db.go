// Package db opens the one database of a node, SQLite or PostgreSQL, and runs
// each room's migrations on it.
//
// Stores write one query for both engines with bun. Reads go through
// [DB.Read]; changes happen only inside [DB.Tx], one transaction a use case.
// On SQLite there is a single writer connection and a pool of readers, so a
// change never meets "database is locked" and a reader never waits.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"lianxin/internal/platform/errs"
)

// Engine is the kind of database behind a DB.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is the node's database.
type DB struct {
	Engine Engine
	read   *bun.DB
	write  *bun.DB
}

// Open connects to target: a PostgreSQL URL, or the path of a SQLite file,
// which is created with its folder when missing.
func Open(ctx context.Context, target string) (*DB, error) {
	if strings.HasPrefix(target, "postgres://") || strings.HasPrefix(target, "postgresql://") {
		return openPostgres(ctx, target)
	}
	return openSQLite(ctx, target)
}

func openPostgres(ctx context.Context, target string) (*DB, error) {
	pool, err := sql.Open("pgx", target)
	if err != nil {
		return nil, fmt.Errorf("open postgres: %w", err)
	}
	pool.SetMaxOpenConns(8 * runtime.NumCPU())
	pool.SetMaxIdleConns(4 * runtime.NumCPU())
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach postgres: %w", err)
	}
	b := bun.NewDB(pool, pgdialect.New())
	return &DB{Engine: Postgres, read: b, write: b}, nil
}

func openSQLite(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the database folder: %w", err)
	}
	dsn := func(extra url.Values) string {
		q := url.Values{"_pragma": {
			"busy_timeout(10000)", "foreign_keys(1)", "journal_mode(wal)",
			"synchronous(full)", "temp_store(memory)", "cache_size(-8000)", "mmap_size(268435456)",
		}, "_time_format": {"sqlite"}}
		for k, v := range extra {
			q[k] = append(q[k], v...)
		}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	writer, err := sql.Open("sqlite", dsn(url.Values{"_txlock": {"immediate"}}))
	if err != nil {
		return nil, fmt.Errorf("open sqlite: %w", err)
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		writer.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	reader, err := sql.Open("sqlite", dsn(url.Values{"_pragma": {"query_only(1)"}}))
	if err != nil {
		writer.Close()
		return nil, fmt.Errorf("open sqlite for reading: %w", err)
	}
	reader.SetMaxOpenConns(2 * runtime.NumCPU())
	reader.SetMaxIdleConns(2 * runtime.NumCPU())
	return &DB{
		Engine: SQLite,
		read:   bun.NewDB(reader, sqlitedialect.New()),
		write:  bun.NewDB(writer, sqlitedialect.New()),
	}, nil
}

// Read returns the handle for queries outside a transaction.
func (d *DB) Read() bun.IDB { return d.read }

// SQL returns the writing pool, for libraries that bring their own queries.
func (d *DB) SQL() *sql.DB { return d.write.DB }

// Tx runs change in one transaction and commits if it returns nil. Nothing in
// change may call Read for what it has itself written: it would not see it.
func (d *DB) Tx(ctx context.Context, change func(ctx context.Context, tx bun.Tx) error) error {
	var after []func()
	ctx = context.WithValue(ctx, afterKey{}, &after)
	if err := d.write.RunInTx(ctx, nil, change); err != nil {
		return Explain(err)
	}
	for _, do := range after {
		do()
	}
	return nil
}

type afterKey struct{}

// AfterCommit runs do once the transaction of ctx is committed, and never if it
// is rolled back: for what lives in memory, such as caches. Work that must not
// be lost in a crash is a job instead.
func AfterCommit(ctx context.Context, do func()) {
	if after, ok := ctx.Value(afterKey{}).(*[]func()); ok {
		*after = append(*after, do)
		return
	}
	do()
}

// Ping asks the database for a sign of life.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.read.PingContext(ctx); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	var one int
	if err := d.read.NewRaw("select 1").Scan(ctx, &one); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close releases all connections.
func (d *DB) Close() error {
	if d.read == d.write {
		return d.read.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// IsUnique reports whether err is the breach of a unique constraint.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// Explain turns the faults of the machine below (disk full, locked, gone) into
// an errs.Unavailable that a person can read; other errors pass unchanged.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlitelib.SQLITE_FULL:
			return errs.Unavailable("error.disk_full").Because(err)
		case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
			return errs.Unavailable("error.database_busy").Because(err)
		case sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
			return errs.Unavailable("error.database_gone").Because(err)
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "53":
			return errs.Unavailable("error.disk_full").Because(err)
		case "57", "08":
			return errs.Unavailable("error.database_gone").Because(err)
		}
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return errs.Unavailable("error.database_gone").Because(err)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return errs.Unavailable("error.disk_full").Because(err)
	}
	return err
}
