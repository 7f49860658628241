package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDialect tells GORM how SQLite is spoken to. It stands on a driver whose
// prepared statements stay prepared: the dialects that can be had bring one which
// parses every statement anew each time, a quarter of what a booking took. It
// knows what this program does and no more: the schema is migrated by SQL.
type sqliteDialect struct{ dsn string }

// Name is what GORM calls the engine.
func (sqliteDialect) Name() string { return string(SQLite) }

// Initialize opens the pool and says which clauses statements are made of.
func (s sqliteDialect) Initialize(conn *gorm.DB) error {
	connector, err := sqlite.NewConnector(s.dsn)
	if err != nil {
		return err
	}
	conn.ConnPool = sql.OpenDB(preparing{connector})
	callbacks.RegisterDefaultCallbacks(conn, &callbacks.Config{
		CreateClauses:        []string{"INSERT", "VALUES", "ON CONFLICT", "RETURNING"},
		UpdateClauses:        []string{"UPDATE", "SET", "FROM", "WHERE", "RETURNING"},
		DeleteClauses:        []string{"DELETE", "FROM", "WHERE", "RETURNING"},
		LastInsertIDReversed: true,
	})
	// One writer needs no locks on rows, and has no words for them.
	conn.ClauseBuilders[clause.Locking{}.Name()] = func(clause.Clause, clause.Builder) {}
	return conn.ConnPool.(*sql.DB).PingContext(context.Background())
}

// Migrator is GORM's own; nothing here asks it for anything.
func (s sqliteDialect) Migrator(conn *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: conn, Dialector: s}}
}

// DataTypeOf names the type of a column as GORM would declare it.
func (sqliteDialect) DataTypeOf(f *schema.Field) string { return string(f.DataType) }

// DefaultValueOf stands for a column that is left to the engine.
func (sqliteDialect) DefaultValueOf(*schema.Field) clause.Expression {
	return clause.Expr{SQL: "NULL"}
}

// BindVarTo writes the place of an argument.
func (sqliteDialect) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }

// QuoteTo quotes a name, or several with dots between them.
func (sqliteDialect) QuoteTo(w clause.Writer, name string) {
	for i, part := range strings.Split(name, ".") {
		if i > 0 {
			_ = w.WriteByte('.')
		}
		_, _ = w.WriteString("`" + strings.ReplaceAll(strings.Trim(part, "`"), "`", "``") + "`")
	}
}

// Explain writes a statement with its arguments, for logs.
func (sqliteDialect) Explain(statement string, args ...any) string {
	return logger.ExplainSQL(statement, nil, `"`, args...)
}

// Translate gives the errors of constraints their names in GORM.
func (sqliteDialect) Translate(err error) error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", gorm.ErrDuplicatedKey, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", gorm.ErrForeignKeyViolated, err)
	}
	return err
}
