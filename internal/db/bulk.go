package db

import (
	"context"
	"errors"
	"fmt"
)

// Bulk runs f with commits that reach the disk in the operating system's own
// time: on SQLite in WAL mode "synchronous=NORMAL", which is consistent at any
// moment and loses nothing when this program is killed; the machine's crash
// would lose the latest commits. For filling a database that can be filled
// again, not for the life of a desk. It must not be called inside a transaction.
func (d *DB) Bulk(ctx context.Context, f func(ctx context.Context) error) error {
	if d.Dialect != SQLite {
		return f(ctx)
	}
	pool, err := d.SQL() // one connection: the setting holds for every commit
	if err != nil {
		return err
	}
	if _, err := pool.ExecContext(ctx, "PRAGMA synchronous=NORMAL"); err != nil {
		return fmt.Errorf("relax the database: %w", err)
	}
	err = f(ctx)
	// The checkpoint forces to disk what the commits left to the system.
	for _, statement := range []string{"PRAGMA synchronous=FULL", "PRAGMA wal_checkpoint(PASSIVE)"} {
		_, execErr := pool.ExecContext(context.WithoutCancel(ctx), statement)
		err = errors.Join(err, execErr)
	}
	return err
}
