// Package db opens the database (SQLite by default, PostgreSQL by DSN), runs
// transactions, leases and migrations, and is the only place where the two
// dialects differ.
//
// Invariants it guards:
//
//   - Writes happen only inside Tx: on SQLite the handle outside a transaction
//     is read-only, so a stray write fails in the first test that meets it.
//   - A transaction travels in the context. Rooms call DB.In(ctx) and thereby
//     join the transaction of their caller: a business change and the message
//     about it commit together or not at all.
//   - Instants are stored as microseconds since 1970 UTC in a BIGINT (type Time),
//     so that comparing, indexing and sorting are the same on both engines.
package db
