package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"neuvo/internal/fault"
)

// Dialect names the engine behind a DB.
type Dialect string

// The two engines.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open database with the clock that stamps its rows. On SQLite it has
// one writing connection and several read-only ones; on PostgreSQL one pool.
type DB struct {
	Dialect Dialect
	Now     func() time.Time

	write *gorm.DB
	read  *gorm.DB
	log   *slog.Logger

	writer writer // SQLite only
}

// Options for Open.
type Options struct {
	// DSN is "postgres://…" for PostgreSQL, else the path of a SQLite file
	// (its directory is made when missing).
	DSN string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Log receives slow and failed statements; slog.Default() when nil.
	Log *slog.Logger
}

// Open connects and checks that the engine answers. It does not migrate: see
// Migrate and CheckSchema.
func Open(ctx context.Context, opt Options) (*DB, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	d := &DB{Now: opt.Now, log: opt.Log}
	var err error
	switch {
	case opt.DSN == "":
		return nil, fault.New(fault.Invalid, "fault.database_missing")
	case strings.HasPrefix(opt.DSN, "postgres://"), strings.HasPrefix(opt.DSN, "postgresql://"):
		d.Dialect = Postgres
		err = d.openPostgres(opt.DSN)
	case strings.Contains(opt.DSN, "://"):
		return nil, fault.New(fault.Invalid, "fault.database_scheme").With("scheme", strings.SplitN(opt.DSN, "://", 2)[0])
	default:
		d.Dialect = SQLite
		if err := prepareFile(opt.DSN); err != nil {
			return nil, err
		}
		err = d.openSQLite(opt.DSN)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s database: %w", d.Dialect, err), d.Close())
	}
	pool, err := d.write.DB()
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		err = pool.PingContext(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reach %s database: %w", d.Dialect, err), d.Close())
	}
	return d, nil
}

// config is the GORM configuration of both engines. Every statement's time
// stamp comes from the injected clock; nothing is created behind our back.
// Statements are kept prepared by the connections, not by GORM: what it first
// meets in a transaction it prepares again in every other.
func (d *DB) config() *gorm.Config {
	return &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		NowFunc:                func() time.Time { return d.Now().UTC() },
		Logger: terse{logger.NewSlogLogger(d.log, logger.Config{
			LogLevel: logger.Error, IgnoreRecordNotFoundError: true, ParameterizedQueries: true,
		})},
	}
}

// terse spares the work of writing a statement out for the log where nothing
// will be logged, a tenth of what a booking takes.
type terse struct{ logger.Interface }

// Trace passes on what has failed.
func (t terse) Trace(ctx context.Context, began time.Time, statement func() (string, int64), err error) {
	if err != nil {
		t.Interface.Trace(ctx, began, statement, err)
	}
}

// openPostgres opens one pool. A connection plans a statement once and keeps the
// plan while tables grow: what is planned on a few pages would read all of them
// for ever, foreign keys as well, were a page out of order believed to be four
// times as dear as on disks of today.
func (d *DB) openPostgres(dsn string) error {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return err
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "SET random_page_cost = 1.1")
		return err
	}))
	conn, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), d.config())
	if err != nil {
		return errors.Join(err, pool.Close())
	}
	d.write, d.read = conn, conn
	return limit(conn, 20)
}

// prepareFile makes the file of a SQLite database with its directory, so that
// nobody but its owner reads it: it holds a signing key, tokens and customers.
// SQLite gives its companions (-wal, -shm) the same mode.
func prepareFile(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the directory of the database: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return file.Close()
}

// openSQLite opens one writer (its transactions take the write lock at BEGIN,
// so two of them never deadlock on an upgrade) and a pool of readers. PRAGMAs
// stand in the DSN: every pooled connection gets them.
func (d *DB) openSQLite(path string) error {
	pragmas := []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)",
		"temp_store(MEMORY)", // what a savepoint could undo stays off the disk
	}
	with := func(more ...string) []string { return slices.Concat(pragmas, more) }
	writer := url.Values{"_pragma": with("cache_size(-32000)", "wal_autocheckpoint(4000)"), "_txlock": {"immediate"}}
	reader := url.Values{"_pragma": with("cache_size(-2000)", "query_only(1)")}
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	var err error
	if d.write, err = gorm.Open(sqliteDialect{file + "?" + writer.Encode()}, d.config()); err != nil {
		return err
	}
	if err := limit(d.write, 1); err != nil {
		return err
	}
	if d.read, err = gorm.Open(sqliteDialect{file + "?" + reader.Encode()}, d.config()); err != nil {
		return err
	}
	return limit(d.read, 4)
}

func limit(conn *gorm.DB, n int) error {
	pool, err := conn.DB()
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	return nil
}

// SQL gives the writing pool for what GORM is not needed for: migrations,
// backups, raw checks in tests.
func (d *DB) SQL() (*sql.DB, error) { return d.write.DB() }

// Ping tells whether the database answers, for /readyz.
func (d *DB) Ping(ctx context.Context) error {
	pool, err := d.read.DB()
	if err != nil {
		return err
	}
	return pool.PingContext(ctx)
}

// Close closes every connection. Calling it twice is harmless.
func (d *DB) Close() error {
	var errs []error
	handles := []*gorm.DB{d.read, d.write}
	if d.read == d.write {
		handles = handles[:1]
	}
	for _, conn := range handles {
		if conn == nil {
			continue
		}
		pool, err := conn.DB()
		if err == nil {
			err = pool.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
