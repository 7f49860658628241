package main

import (
	"io"
	"path/filepath"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// lockName is the file beside a SQLite database that its one process holds.
const lockName = "neuvo.lock"

// lockData makes this process the only one that serves a SQLite database: two
// would each believe that whoever else worked on it is dead. Conflict where
// another has it. The system gives the lock back when the process ends, however
// it ends. PostgreSQL is there to be shared and needs none: nil then.
func lockData(dsn string) (io.Closer, error) {
	if !db.IsFile(dsn) {
		return nil, nil
	}
	dir := filepath.Dir(dsn)
	held, err := lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return nil, err
	}
	if held == nil {
		return nil, fault.New(fault.Conflict, "fault.database_in_use").With("path", dir)
	}
	return held, nil
}
