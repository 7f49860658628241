package db

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"
)

// SQLite has one writer, and what a commit costs is the wait for the disk, not
// the rows. Transactions that wait for the writer therefore share a commit: each
// runs alone, one after the other, within a savepoint of one transaction of the
// engine, and none returns before that has reached the disk. What fails is
// undone to its savepoint and touches nobody else.
//
// Each member sees what those before it have written, as it would had they
// committed; so its answer, also an error, waits for their commit. Where the
// commit fails nobody's work is kept and everybody is told.

// A group is closed once so many have joined or it is so old, so that under a
// load that never pauses nobody waits long for the commit. Where commits take
// long, because the disk is busy, a group may grow older: its members wait for
// the disk rather than for each other.
const (
	groupSize   = 64
	groupAge    = 10 * time.Millisecond
	groupOldest = 5 * groupAge
)

// errGroupLost means that the engine gave up the transaction of a group, for
// a fault of another member: run again.
var errGroupLost = errors.New("the shared transaction was given up")

// writer hands the one writing connection of SQLite from one to the next.
type writer struct {
	mu      sync.Mutex
	busy    bool
	waiting []chan struct{} // closed when it is that one's turn
	open    *group          // belongs to whose turn it is
	cost    time.Duration   // of the last commit
}

// group is one transaction of the engine and those who share it.
type group struct {
	conn    *gorm.DB
	began   time.Time
	members int
	done    chan struct{} // closed at its end; err is set before
	err     error
}

// take waits for the writer. It gives up with the context.
func (d *DB) take(ctx context.Context) error {
	w := &d.writer
	w.mu.Lock()
	if !w.busy {
		w.busy = true
		w.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	w.waiting = append(w.waiting, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	for i, other := range w.waiting {
		if other == turn {
			w.waiting = append(w.waiting[:i], w.waiting[i+1:]...)
			w.mu.Unlock()
			return ctx.Err()
		}
	}
	w.mu.Unlock()
	// The turn came at the same moment, perhaps with a group to be closed.
	<-turn
	d.pass()
	return ctx.Err()
}

// pass gives the writer to the next. The open group is committed first where
// nobody waits, or where it has run long enough.
func (d *DB) pass() {
	w := &d.writer
	w.mu.Lock()
	if g := w.open; g != nil && (len(w.waiting) == 0 || g.members >= groupSize || time.Since(g.began) >= w.age()) {
		w.mu.Unlock()
		began := time.Now()
		err := g.conn.Commit().Error
		cost := time.Since(began)
		if err != nil {
			// The connection goes on to others: nothing may be left open on it.
			d.write.Exec("ROLLBACK")
		}
		w.end(err)
		w.mu.Lock()
		w.cost = cost
	}
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.busy = false
		return
	}
	next := w.waiting[0]
	w.waiting = w.waiting[1:]
	close(next)
}

// age is how old a group may grow.
func (w *writer) age() time.Duration { return min(max(groupAge, 4*w.cost), groupOldest) }

// end tells the members of the open group how it ended.
func (w *writer) end(err error) {
	g := w.open
	w.open = nil
	g.err = err
	close(g.done)
}

// grouped runs f as a member of a group and returns when that has committed.
func (d *DB) grouped(ctx context.Context, t *tx, f func(ctx context.Context) error) error {
	if err := d.take(ctx); err != nil {
		return fmt.Errorf("wait for the database: %w", err)
	}
	g, err := d.join(ctx, t, f)
	if g == nil {
		return err
	}
	<-g.done
	if g.err != nil {
		return errors.Join(err, fmt.Errorf("commit: %w", g.err))
	}
	return err
}

// join runs f in the open group, or in a new one, and passes the writer on. It
// gives the group whose end decides, nil where f has nothing to wait for.
func (d *DB) join(ctx context.Context, t *tx, f func(ctx context.Context) error) (*group, error) {
	w := &d.writer
	defer d.pass() // also when f panics
	g := w.open
	if g == nil {
		// Not this member's context: the engine's transaction outlives it.
		conn := d.write.WithContext(context.WithoutCancel(ctx)).Begin()
		if conn.Error != nil {
			return nil, fmt.Errorf("begin: %w", conn.Error)
		}
		g = &group{conn: conn, began: time.Now(), done: make(chan struct{})}
		w.open = g
	} else if err := g.conn.Exec("SAVEPOINT member").Error; err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	first := g.members == 0
	g.members++
	kept := false
	defer func() {
		if !kept {
			d.undo(g, first)
		}
	}()
	t.conn = g.conn
	err := f(context.WithValue(ctx, txKey{}, t))
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && !first {
		err = g.conn.Exec("RELEASE member").Error
	}
	kept = err == nil
	if err != nil && first {
		return nil, err // nobody before it whose work it has seen
	}
	return g, err
}

// undo takes back what the last member wrote. Where the engine has given up the
// whole transaction those before run again.
func (d *DB) undo(g *group, first bool) {
	if !first {
		err := g.conn.Exec("ROLLBACK TO member").Error
		if err == nil {
			err = g.conn.Exec("RELEASE member").Error
		}
		if err == nil {
			return
		}
	}
	g.conn.Rollback()
	d.writer.end(errGroupLost)
}
