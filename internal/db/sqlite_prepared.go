package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// preparing opens connections that keep their prepared statements. A statement
// that is first met within a transaction would otherwise be parsed anew in each
// transaction after it, be it by GORM's cache or by none.
type preparing struct{ driver.Connector }

// Connect opens a connection.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's %T lacks what is needed", conn), conn.Close())
	}
	return &preparedConn{sqliteConn: able, kept: map[string]*prepared{}}, nil
}

// sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// maxPrepared bounds the statements that a connection keeps, some 5 kB each.
const maxPrepared = 150

// preparedConn is a connection with its statements by their text. database/sql
// lets one goroutine at a time use it.
type preparedConn struct {
	sqliteConn
	kept map[string]*prepared
}

// prepared is one statement; busy while its rows are being read.
type prepared struct {
	driver.Stmt
	busy bool
}

// statement gives the kept statement of a text; nil where it has to be run
// without: its rows are being read further up, or it comes but once.
func (c *preparedConn) statement(ctx context.Context, text string) (*prepared, error) {
	if s := c.kept[text]; s != nil {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if !worthKeeping(text) {
		return nil, nil
	}
	stmt, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &prepared{Stmt: stmt}
	for other, old := range c.kept { // whichever comes first: the map has no order
		if len(c.kept) < maxPrepared {
			break
		}
		if !old.busy {
			_ = old.Close()
			delete(c.kept, other)
		}
	}
	c.kept[text] = s
	return s, nil
}

// worthKeeping tells what is asked again and again from what sets up or changes
// the schema.
func worthKeeping(text string) bool {
	if len(text) < 6 {
		return false
	}
	switch text[:6] {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH R", "SAVEPO", "RELEAS", "ROLLBA":
		return true
	}
	return false
}

// ExecContext runs a statement that gives no rows.
func (c *preparedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, text, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext runs a statement that gives rows.
func (c *preparedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, text, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &preparedRows{Rows: rows, of: s}, nil
}

// preparedRows lets its statement go when it is closed.
type preparedRows struct {
	driver.Rows
	of *prepared
}

// Close resets the statement for its next use.
func (r *preparedRows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}

// Close closes the statements, then the connection.
func (c *preparedConn) Close() error {
	for _, s := range c.kept {
		_ = s.Close()
	}
	clear(c.kept)
	return c.sqliteConn.Close()
}
