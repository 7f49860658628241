package dbtest

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"neuvo/internal/db"
)

// Option changes how a database is opened for a test.
type Option func(*db.Options)

// Clock opens the database with an injected clock.
func Clock(now func() time.Time) Option { return func(o *db.Options) { o.Now = now } }

// Each runs f as a sub-test on a fresh SQLite file and on a fresh PostgreSQL
// database.
func Each(t *testing.T, f func(t *testing.T, d *db.DB), opts ...Option) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t, opts...)) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t, opts...)) })
}

// SQLite gives a fresh migrated SQLite database, closed when the test ends.
func SQLite(t testing.TB, opts ...Option) *db.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "neuvo.db")
	image, err := sqliteTemplate(t)
	if err == nil {
		err = os.WriteFile(path, image, 0o600)
	}
	if err != nil {
		t.Fatalf("make a SQLite database: %v", err)
	}
	return Open(t, path, opts...)
}

// Postgres gives a fresh migrated PostgreSQL database, closed when the test ends.
func Postgres(t testing.TB, opts ...Option) *db.DB {
	t.Helper()
	return Open(t, PostgresDSN(t), opts...)
}

// Open opens a database by DSN for a test and closes it when the test ends.
func Open(t testing.TB, dsn string, opts ...Option) *db.DB {
	t.Helper()
	o := db.Options{DSN: dsn, Log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&o)
	}
	// Not t.Context(): it is cancelled before the cleanup runs.
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return d
}

var (
	templateOnce  sync.Once
	templateImage []byte
	errTemplate   error
)

// sqliteTemplate migrates one database per process and keeps its bytes: copying
// them is much quicker than migrating for every test.
func sqliteTemplate(t testing.TB) ([]byte, error) {
	templateOnce.Do(func() {
		path := filepath.Join(t.TempDir(), "template.db")
		var d *db.DB
		if d, errTemplate = db.Open(t.Context(), db.Options{DSN: path}); errTemplate != nil {
			return
		}
		_, errTemplate = d.Migrate(t.Context())
		// Closing the last connection folds the write-ahead log into the file.
		if err := d.Close(); errTemplate == nil {
			errTemplate = err
		}
		if errTemplate == nil {
			templateImage, errTemplate = os.ReadFile(path)
		}
	})
	return templateImage, errTemplate
}
