package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"neuvo/internal/fault"
)

// IsFile tells whether a DSN is the path of a SQLite file.
func IsFile(dsn string) bool { return dsn != "" && !strings.Contains(dsn, "://") }

// OpenExisting is Open for a database that must be there: a SQLite file is not
// made. Errors: NotFound "fault.database_absent".
func OpenExisting(ctx context.Context, opt Options) (*DB, error) {
	if IsFile(opt.DSN) {
		if _, err := os.Stat(opt.DSN); errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.NotFound, "fault.database_absent").With("file", opt.DSN)
		}
	}
	return Open(ctx, opt)
}

// SchemaVersion tells at which version the schema is, and which one this program
// needs.
func (d *DB) SchemaVersion(ctx context.Context) (have, want int64, err error) {
	p, err := d.provider()
	if err != nil {
		return 0, 0, err
	}
	return p.GetVersions(ctx)
}

// ServerTime is what the database's own clock says. SQLite has none but this
// machine's: ok is false.
func (d *DB) ServerTime(ctx context.Context) (at time.Time, ok bool, err error) {
	if d.Dialect != Postgres {
		return time.Time{}, false, nil
	}
	err = d.In(ctx).Raw("SELECT clock_timestamp()").Row().Scan(&at)
	return at, err == nil, err
}

// Backup writes the whole database, as it is at one instant, to a file that must
// not exist, readable by its owner only: everything is in it, keys included. On
// SQLite that is a database file; on PostgreSQL a dump in pg_dump's custom
// format, for which pg_dump must be installed. dsn is what d was opened with.
// Errors: Conflict "fault.backup_exists", Unavailable "fault.backup_tool".
func (d *DB) Backup(ctx context.Context, dsn, file string) (err error) {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "fault.backup_exists").With("file", file)
	}
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	defer func() {
		err = errors.Join(err, out.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(file))
		}
	}()
	if d.Dialect == Postgres {
		err = dump(ctx, dsn, out)
	} else {
		err = d.vacuumInto(ctx, file)
	}
	if err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return fmt.Errorf("keep the backup: %w", err)
	}
	return syncDir(filepath.Dir(file))
}

// vacuumInto copies a SQLite database while others go on writing, and checks the
// copy. https://sqlite.org/lang_vacuum.html#vacuuminto
func (d *DB) vacuumInto(ctx context.Context, file string) error {
	pool, err := d.SQL()
	if err != nil {
		return err
	}
	if _, err := pool.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	copied, err := Open(ctx, Options{DSN: file, Log: d.log})
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	var verdict string
	err = copied.In(ctx).Raw("PRAGMA quick_check").Row().Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = errors.New(verdict)
	}
	if err = errors.Join(err, copied.Close()); err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	return nil
}

// dump runs pg_dump. The password travels in the environment: other users of the
// machine can read command lines.
func dump(ctx context.Context, dsn string, out *os.File) error {
	tool, err := exec.LookPath("pg_dump")
	if err != nil {
		return fault.New(fault.Unavailable, "fault.backup_tool").Cause(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return errors.New("the database address cannot be read") // err would repeat the password
	}
	env := os.Environ()
	if password, ok := u.User.Password(); ok {
		env = append(env, "PGPASSWORD="+password)
		u.User = url.User(u.User.Username())
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, tool, "--format=custom", "--no-owner", "--no-password", "--dbname="+u.String())
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pg_dump: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

// syncDir makes a new file's name outlive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keep the backup: %w", err)
	}
	err = errors.Join(d.Sync(), d.Close())
	if err != nil {
		return fmt.Errorf("keep the backup: %w", err)
	}
	return nil
}
