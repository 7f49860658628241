package notify_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"neuvo/internal/db"
)

// statement is what went to the engine.
type statement struct {
	text string
	args []any
}

// statements gives what f asks of the database.
func (w *world) statements(f func()) []statement {
	w.t.Helper()
	var list []statement
	keep := func(tx *gorm.DB) {
		list = append(list, statement{tx.Statement.SQL.String(), slices.Clone(tx.Statement.Vars)})
	}
	conn := w.db.In(w.t.Context()).Callback()
	// The handle for writing has callbacks of its own on SQLite.
	var inside *gorm.DB
	if err := w.db.Tx(w.t.Context(), func(ctx context.Context) error { inside = w.db.In(ctx); return nil }); err != nil {
		w.t.Fatal(err)
	}
	others := inside.Callback()
	for i, register := range []func(string, func(*gorm.DB)) error{
		conn.Query().After("gorm:query").Register, conn.Row().After("gorm:row").Register, conn.Raw().After("gorm:raw").Register,
		others.Query().After("gorm:query").Register, others.Row().After("gorm:row").Register, others.Raw().After("gorm:raw").Register,
		others.Update().After("gorm:update").Register,
	} {
		if i >= 3 && i < 6 && w.db.Dialect == db.Postgres {
			continue // one handle
		}
		if err := register(fmt.Sprint("keep", i), keep); err != nil {
			w.t.Fatal(err)
		}
	}
	f()
	return list
}

// plan is how the engine would go about a statement, a step a line.
func (w *world) plan(s statement) string {
	w.t.Helper()
	pool, err := w.db.SQL()
	if err != nil {
		w.t.Fatal(err)
	}
	explain := "EXPLAIN "
	if w.db.Dialect == db.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	rows, err := pool.QueryContext(w.t.Context(), explain+s.text, s.args...)
	if err != nil {
		w.t.Fatalf("explain %s: %v", s.text, err)
	}
	defer rows.Close()
	var steps strings.Builder
	for rows.Next() {
		var skip [3]int
		var step string
		into := []any{&step}
		if w.db.Dialect == db.SQLite {
			into = []any{&skip[0], &skip[1], &skip[2], &step}
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		fmt.Fprintln(&steps, step)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return steps.String()
}

// later stores texts that are due tomorrow, as after months of planning ahead.
func (w *world) later(count int) {
	w.t.Helper()
	now, tomorrow := db.At(w.clock.Now()), db.At(w.clock.Now().Add(24*time.Hour))
	for _, s := range []statement{
		{"INSERT INTO conversations (id, subject, created_at) VALUES (1000000, 'job:1000000', ?)", []any{now}},
		{`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO messages (id, conversation_id, direction, channel, to_address, body, state, next_at, created_at)
			SELECT 1000000 + i, 1000000, 'out', CASE WHEN i % 3 = 0 THEN 'email' ELSE 'sms' END, '+35840' || i, 'x', 'queued',
				CAST(? AS BIGINT) + i, CAST(? AS BIGINT) FROM n`, []any{count, tomorrow, now}},
		{"ANALYZE", nil},
	} {
		if err := w.db.Tx(w.t.Context(), func(ctx context.Context) error { return w.db.In(ctx).Exec(s.text, s.args...).Error }); err != nil {
			w.t.Fatal(err)
		}
	}
}

// readsAll is how either engine says that it reads a table of messages from end
// to end.
var readsAll = regexp.MustCompile(`^\s*SCAN (messages|e|m)\b|Seq Scan on messages`)

func TestASweepNeverReadsThroughTheWholeOutbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.t = t
		w.later(20_000)
		n := w.process("a")
		w.queue(n, text("now"))
		found := map[string]bool{}
		for _, s := range w.statements(func() { w.sendDue(n) }) {
			if !strings.Contains(s.text, "messages") {
				continue
			}
			plan := w.plan(s)
			for step := range strings.Lines(plan) {
				if readsAll.MatchString(step) {
					t.Errorf("%s\nreads all there is:\n%s", s.text, plan)
				}
				for _, index := range []string{"messages_due", "messages_recipient"} {
					found[index] = found[index] || strings.Contains(step, index)
				}
			}
		}
		for _, index := range []string{"messages_due", "messages_recipient"} {
			if !found[index] {
				t.Errorf("nothing was looked up by %s", index)
			}
		}
		if got := w.sms.bodies(); len(got) != 1 {
			t.Errorf("sent %q", got)
		}
	})
}
