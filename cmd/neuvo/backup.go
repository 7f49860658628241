package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"neuvo/internal/db"
)

type backupCmd struct {
	database
	logging
	File string `arg:"" help:"File to write; it must not exist."`
}

// Run writes the backup and says how to restore it.
func (c *backupCmd) Run(ctx context.Context, io streams) error {
	d, err := db.OpenExisting(ctx, db.Options{DSN: c.Database, Log: c.logger(io.err)})
	if err != nil {
		return err
	}
	have, _, err := d.SchemaVersion(ctx)
	if err == nil {
		err = d.Backup(ctx, c.Database, c.File)
	}
	dialect := d.Dialect
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s holds the whole database at schema version %d, %d bytes.\n", c.File, have, info.Size())
	fmt.Fprintln(io.out, "Keep it as safe as the database itself: names, phone numbers and the signing keys are in it.")
	fmt.Fprintln(io.out, "To restore it:")
	if dialect == db.Postgres {
		fmt.Fprintf(io.out, `  1. Stop every neuvo serve.
  2. Make an empty database:  createdb neuvo_restored
  3. Fill it:                 pg_restore --no-owner --exit-on-error --dbname=neuvo_restored %s
  4. Set NEUVO_DATABASE to it, run neuvo doctor, and start neuvo serve.
`, c.File)
		return nil
	}
	fmt.Fprintf(io.out, `  1. Stop neuvo serve.
  2. Move %[2]s, %[2]s-wal and %[2]s-shm away.
  3. Copy %[1]s to %[2]s.
  4. Run neuvo doctor, and start neuvo serve.
`, c.File, c.Database)
	return nil
}
