package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"neuvo/internal/fault"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

func (d *DB) provider() (*goose.Provider, error) {
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	if d.Dialect == Postgres {
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return nil, err
	}
	pool, err := d.SQL()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, pool, files)
}

// Migrate brings the schema to the newest version and returns that version. A
// database that is newer than this program is refused, not downgraded.
func (d *DB) Migrate(ctx context.Context) (int64, error) {
	p, err := d.provider()
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		return have, fault.New(fault.Conflict, "fault.schema_newer").With("have", have).With("want", want)
	}
	if _, err := p.Up(ctx); err != nil {
		return have, fmt.Errorf("migrate from version %d: %w", have, err)
	}
	return want, nil
}

// CheckSchema tells whether the schema is the one this program needs.
func (d *DB) CheckSchema(ctx context.Context) error {
	p, err := d.provider()
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	switch {
	case have > want:
		return fault.New(fault.Conflict, "fault.schema_newer").With("have", have).With("want", want)
	case have < want:
		return fault.New(fault.Conflict, "fault.schema_older").With("have", have).With("want", want)
	}
	return nil
}
