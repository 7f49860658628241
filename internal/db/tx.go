package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type txKey struct{}

// tx is one running transaction and what to do once it has committed.
type tx struct {
	owner *DB
	conn  *gorm.DB
	after []func()
}

// Retries of a transaction that PostgreSQL broke off to resolve a deadlock or a
// serialisation failure, or SQLite for another's fault. The function runs again
// from the start.
const maxTries = 5

// Tx runs f in a transaction that travels in the context: every DB.In(ctx)
// below joins it. A Tx inside a Tx is part of the outer one. On SQLite those who
// wait for its one writer share a commit, see group.go. f may run more than
// once, so it changes nothing outside the database except through AfterCommit.
func (d *DB) Tx(ctx context.Context, f func(ctx context.Context) error) error {
	if current, ok := ctx.Value(txKey{}).(*tx); ok && current.owner == d {
		return f(ctx)
	}
	var err error
	for try := range maxTries {
		t := &tx{owner: d}
		if d.Dialect == SQLite {
			err = d.grouped(ctx, t, f)
		} else {
			err = d.write.WithContext(ctx).Transaction(func(conn *gorm.DB) error {
				t.conn = conn
				return f(context.WithValue(ctx, txKey{}, t))
			})
		}
		if err == nil {
			for _, after := range t.after {
				after()
			}
			return nil
		}
		if !retryable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(time.Duration(try+1) * 10 * time.Millisecond):
		}
	}
	return fmt.Errorf("transaction broken off %d times: %w", maxTries, err)
}

// In gives the transaction of the context, or outside one the handle for
// reading (which on SQLite refuses to write).
func (d *DB) In(ctx context.Context) *gorm.DB {
	if current, ok := ctx.Value(txKey{}).(*tx); ok && current.owner == d {
		if d.Dialect == SQLite {
			// An interrupted statement would end the transaction of the whole
			// group; a member that is given up is undone when f returns.
			ctx = context.WithoutCancel(ctx)
		}
		return current.conn.WithContext(ctx)
	}
	return d.read.WithContext(ctx)
}

// InTx tells whether the context carries a transaction of this database.
func (d *DB) InTx(ctx context.Context) bool {
	current, ok := ctx.Value(txKey{}).(*tx)
	return ok && current.owner == d
}

// AfterCommit runs f once the transaction of the context has committed, or at
// once where there is none. f must not block: it wakes a loop or rings a bell.
func (d *DB) AfterCommit(ctx context.Context, f func()) {
	if current, ok := ctx.Value(txKey{}).(*tx); ok && current.owner == d {
		current.after = append(current.after, f)
		return
	}
	f()
}

// SkipLocked makes a SELECT take row locks and pass over rows that another
// replica holds. SQLite has a single writer and needs none.
func (d *DB) SkipLocked(q *gorm.DB) *gorm.DB {
	if d.Dialect != Postgres {
		return q
	}
	return q.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
}

// ForUpdate makes a SELECT take row locks and wait for them. SQLite's single
// writer has them already.
func (d *DB) ForUpdate(q *gorm.DB) *gorm.DB {
	if d.Dialect != Postgres {
		return q
	}
	return q.Clauses(clause.Locking{Strength: "UPDATE"})
}

// Lane is an SQL expression for a number that no two running transactions share:
// whoever moves only rows of its own lane waits for nobody. A server process of
// PostgreSQL runs one transaction at a time; SQLite has one writer.
func (d *DB) Lane() string {
	if d.Dialect == Postgres {
		return "pg_backend_pid()"
	}
	return "0"
}

// IsDuplicate tells whether err is a breach of a primary key or unique index.
func IsDuplicate(err error) bool { return errors.Is(err, gorm.ErrDuplicatedKey) }

// IsNotFound tells whether err means that no row matched.
func IsNotFound(err error) bool { return errors.Is(err, gorm.ErrRecordNotFound) }

// retryable tells a transaction that the engine broke off to let another pass
// (PostgreSQL 40P01 deadlock_detected, 40001 serialization_failure).
func retryable(err error) bool {
	if errors.Is(err, errGroupLost) {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40P01" || pg.Code == "40001")
}
