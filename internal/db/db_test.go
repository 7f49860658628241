package db_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
)

// note is a row of the leases table, which has an instant and no relations.
func note(name string, until time.Time) *db.Lease {
	return &db.Lease{Name: name, Holder: "test", Until: db.At(until)}
}

func TestAnInstantComesBackAsWritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		at := time.Date(2026, 3, 29, 3, 30, 0, 123456789, time.FixedZone("EEST", 3*3600))
		if err := d.Tx(t.Context(), func(ctx context.Context) error { return d.In(ctx).Create(note("a", at)).Error }); err != nil {
			t.Fatal(err)
		}
		var got []db.Lease
		if err := d.In(t.Context()).Find(&got, "until <= ?", db.At(at)).Error; err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || !got[0].Until.Equal(at.Truncate(time.Microsecond)) {
			t.Fatalf("got %+v, want one row at %v", got, at)
		}
	})
}

func TestATransactionIsAllOrNothingAndANestedOneJoinsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		rang := false
		err := d.Tx(t.Context(), func(ctx context.Context) error {
			d.AfterCommit(ctx, func() { rang = true })
			err := d.Tx(ctx, func(ctx context.Context) error { return d.In(ctx).Create(note("inner", time.Now())).Error })
			return errors.Join(err, boom)
		})
		if !errors.Is(err, boom) || rang {
			t.Fatalf("err = %v, after-commit ran: %v", err, rang)
		}
		var n int64
		if d.In(t.Context()).Model(&db.Lease{}).Count(&n); n != 0 {
			t.Fatalf("%d rows are left of a transaction that was rolled back", n)
		}
	})
}

func TestAfterCommitRunsOnceTheRowsCanBeSeen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var seen int64
		err := d.Tx(t.Context(), func(ctx context.Context) error {
			d.AfterCommit(ctx, func() { d.In(context.Background()).Model(&db.Lease{}).Count(&seen) })
			return d.In(ctx).Create(note("a", time.Now())).Error
		})
		if err != nil || seen != 1 {
			t.Fatalf("err = %v, rows seen after commit: %d", err, seen)
		}
	})
}

func TestSQLiteRefusesAWriteOutsideATransaction(t *testing.T) {
	d := dbtest.SQLite(t)
	if err := d.In(t.Context()).Create(note("stray", time.Now())).Error; err == nil {
		t.Fatal("a write outside a transaction went through")
	}
}

func TestForeignKeysHoldOnEveryConnection(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		var refused atomic.Int64
		for range 8 {
			wg.Go(func() {
				err := d.Tx(context.Background(), func(ctx context.Context) error {
					return d.In(ctx).Exec("INSERT INTO vehicles (customer_id, plate, created_at) VALUES (?, ?, ?)", 999, "ABC-123", 1).Error
				})
				if err != nil {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if refused.Load() != 8 {
			t.Fatalf("%d of 8 orphans were refused", refused.Load())
		}
	})
}

func TestADuplicateKeyIsToldApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		insert := func() error {
			return d.Tx(t.Context(), func(ctx context.Context) error {
				return d.In(ctx).Exec("INSERT INTO claims (resource_id, atom) VALUES (1, 2), (1, 3)").Error
			})
		}
		if err := insert(); err != nil {
			t.Fatal(err)
		}
		if err := insert(); !db.IsDuplicate(err) {
			t.Fatalf("a second claim gave %v", err)
		}
	})
}

func TestOneHolderHasALeaseUntilItLapses(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		start := now
		t.Cleanup(func() { now = start })
		take := func(holder string) bool {
			t.Helper()
			got, err := d.TryLease(t.Context(), "mailbox:INBOX", holder, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if !take("a") || !take("a") {
			t.Fatal("the holder could not take and extend the lease")
		}
		if take("b") {
			t.Fatal("two holders have one lease")
		}
		now = now.Add(61 * time.Second)
		if !take("b") || take("a") {
			t.Fatal("a lapsed lease was not taken over")
		}
		if err := d.Release(t.Context(), "mailbox:INBOX", "b"); err != nil || !take("a") {
			t.Fatalf("a released lease could not be taken: %v", err)
		}
	}, dbtest.Clock(func() time.Time { return now }))
}

func TestASecretIsMadeOnceAndStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, err := d.Secret(t.Context(), "address")
		if err != nil || len(one) != 32 {
			t.Fatalf("secret of %d bytes: %v", len(one), err)
		}
		two, err := d.Secret(t.Context(), "address")
		if err != nil || string(one) != string(two) {
			t.Fatalf("the secret changed: %v", err)
		}
	})
}

func TestAWrongDSNIsASentence(t *testing.T) {
	for dsn, key := range map[string]string{"": "fault.database_missing", "mysql://x": "fault.database_scheme"} {
		_, err := db.Open(t.Context(), db.Options{DSN: dsn})
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Key != key {
			t.Errorf("%q gave %v, want %s", dsn, err, key)
		}
	}
}

func TestAnUnmigratedDatabaseIsToldAndMigratingTwiceIsHarmless(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "er", "neuvo.db")
	d := dbtest.Open(t, path)
	if err := d.CheckSchema(t.Context()); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "schema_older") {
		t.Fatalf("an empty database gave %v", err)
	}
	for range 2 {
		if _, err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.CheckSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(ctx context.Context) error {
			return d.In(ctx).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, ?)", true).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Migrate(t.Context()); !fault.Is(err, fault.Conflict) {
			t.Fatalf("migrating a newer schema gave %v", err)
		}
	})
}
