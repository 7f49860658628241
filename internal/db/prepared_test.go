package db_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
)

func TestAStatementCanBeAskedAgainWhileItsRowsAreRead(t *testing.T) {
	d := dbtest.SQLite(t) // a connection of PostgreSQL has one answer at a time
	const text = "SELECT name FROM leases ORDER BY name"
	err := d.Tx(t.Context(), func(ctx context.Context) error {
		for _, name := range []string{"a", "b", "c"} {
			if err := d.In(ctx).Create(note(name, time.Now())).Error; err != nil {
				return err
			}
		}
		read := func(inner func()) (out []string) {
			rows, err := d.In(ctx).Raw(text).Rows()
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var name string
				if err := rows.Scan(&name); err != nil {
					t.Fatal(err)
				}
				out = append(out, name)
				inner()
			}
			return out
		}
		outer := read(func() {
			if got := fmt.Sprint(read(func() {})); got != "[a b c]" {
				t.Errorf("within: %s", got)
			}
		})
		if got := fmt.Sprint(outer); got != "[a b c]" {
			t.Errorf("around: %s", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMoreStatementsThanAreKeptAllAnswer(t *testing.T) {
	d := dbtest.SQLite(t)
	for round := range 2 {
		for i := range 400 {
			var got int
			if err := d.In(t.Context()).Raw(fmt.Sprintf("SELECT %d + ?", i), round).Row().Scan(&got); err != nil || got != i+round {
				t.Fatalf("%d + %d = %d, %v", i, round, got, err)
			}
		}
	}
}

func TestAStatementThatFailedWorksTheNextTime(t *testing.T) {
	d := dbtest.SQLite(t)
	add := func(name string) error {
		return d.Tx(t.Context(), func(ctx context.Context) error { return d.In(ctx).Create(note(name, time.Now())).Error })
	}
	if err := add("a"); err != nil {
		t.Fatal(err)
	}
	if err := add("a"); !db.IsDuplicate(err) {
		t.Fatalf("a second row of one key: %v", err)
	}
	if err := add("b"); err != nil {
		t.Fatal(err)
	}
}
