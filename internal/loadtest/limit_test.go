package loadtest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/internal/db"
)

// bare is a database/sql loop that commits the rows of one booking again and
// again: what the engine on this disk could do if a booking cost nothing else.
type bare struct {
	pool    *sql.DB
	dialect db.Dialect
	inserts []insert
}

// insert is one table's share of a booking.
type insert struct {
	table   string
	text    string
	columns []string
	rows    [][]any
}

// Tables in the order of their references, with the column that orders rows.
var bookingTables = []struct{ table, order string }{
	{"customers", "id"}, {"vehicles", "id"}, {"jobs", "id"}, {"job_services", "job_id"}, {"claims", "atom"},
	{"job_events", "id"}, {"conversations", "id"}, {"participants", "conversation_id"}, {"messages", "id"}, {"message_states", "id"}, {"message_attachments", "message_id"},
}

// bareLoop makes one booking through the desk and takes its rows as the pattern.
func (w *world) bareLoop(tb testing.TB) *bare {
	tb.Helper()
	l := &bare{pool: w.sql(tb), dialect: w.db.Dialect}
	before := map[string]int{}
	for _, t := range bookingTables {
		before[t.table] = l.count(tb, t.table)
	}
	_, err := w.desk.Book(tb.Context(), w.request(tb, booked.Add(1)))
	must(tb, err)
	for _, t := range bookingTables {
		n := l.count(tb, t.table) - before[t.table]
		if n == 0 {
			tb.Fatalf("a booking wrote nothing to %s", t.table)
		}
		order := t.order
		if t.table == "claims" { // the highest job's
			order = "job_id"
		}
		l.inserts = append(l.inserts, l.pattern(tb, fmt.Sprintf("SELECT * FROM %s ORDER BY %s DESC LIMIT %d", t.table, order, n), t.table))
	}
	return l
}

func (l *bare) count(tb testing.TB, table string) int {
	tb.Helper()
	var n int
	must(tb, l.pool.QueryRowContext(tb.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

func (l *bare) pattern(tb testing.TB, query, table string) insert {
	tb.Helper()
	rows, err := l.pool.QueryContext(tb.Context(), query)
	must(tb, err)
	defer rows.Close()
	names, err := rows.Columns()
	must(tb, err)
	in := insert{table: table}
	for rows.Next() {
		values := make([]any, len(names))
		at := make([]any, len(names))
		for i := range values {
			at[i] = &values[i]
		}
		must(tb, rows.Scan(at...))
		if i := slices.Index(names, "id"); i >= 0 { // the engine numbers them
			values = slices.Delete(values, i, i+1)
		}
		in.rows = append(in.rows, values)
	}
	must(tb, rows.Err())
	in.columns = slices.DeleteFunc(names, func(s string) bool { return s == "id" })
	marks := make([]string, len(in.columns))
	for i := range marks {
		marks[i] = "?"
		if l.dialect == db.Postgres {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
	}
	in.text = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(in.columns, ", "), strings.Join(marks, ", "))
	return in
}

// run commits bookings for a while, from so many callers, and gives the rate.
func (l *bare) run(tb testing.TB, callers int, d time.Duration) float64 {
	tb.Helper()
	ctx := tb.Context()
	statements := make([]*sql.Stmt, len(l.inserts))
	for i, in := range l.inserts {
		var err error
		statements[i], err = l.pool.PrepareContext(ctx, in.text)
		must(tb, err)
		defer statements[i].Close()
	}
	began := time.Now()
	var wg sync.WaitGroup
	counts := make([]int, callers)
	for c := range callers {
		wg.Go(func() {
			for n := 0; time.Since(began) < d; n++ {
				if err := l.commit(ctx, statements, serial.Add(1)); err != nil {
					tb.Error(err)
					return
				}
				counts[c]++
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(began).Seconds()
}

func (l *bare) commit(ctx context.Context, statements []*sql.Stmt, n int64) error {
	tx, err := l.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to undo
	for i, in := range l.inserts {
		stmt := tx.StmtContext(ctx, statements[i])
		for k, row := range in.rows {
			args := slices.Clone(row)
			for c, name := range in.columns {
				args[c] = in.another(name, args[c], n, k)
			}
			if _, err := stmt.ExecContext(ctx, args...); err != nil {
				return fmt.Errorf("%s: %w", in.text, err)
			}
		}
	}
	return tx.Commit()
}

// another gives the value of a column in the nth booking: the pattern's, or one
// of its own where two rows must not have the same.
func (in *insert) another(column string, value any, n int64, row int) any {
	own := fmt.Sprintf("bare-%d-%d", n, row)
	switch column {
	case "reference", "token", "subject", "phone", "request_key":
		if in.table == "messages" { // their subject is a title
			return value
		}
		return own
	case "address":
		return own
	case "message_id":
		if in.table == "messages" {
			return own
		}
	case "atom":
		return value.(int64) + n*100
	case "resource_id": // nobody's: what is measured after it must find its hours free
		return value.(int64) + 1_000_000
	case "position":
		return n*10 + int64(row)
	}
	return value
}
