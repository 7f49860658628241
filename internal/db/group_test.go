package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
)

// held runs a transaction that keeps the writer until let go, and gives what
// it returned. By then others wait behind it and share its group.
func held(t *testing.T, d *db.DB, f func(ctx context.Context) error) (letGo func(), result <-chan error) {
	t.Helper()
	began, proceed := make(chan struct{}), make(chan struct{})
	out := make(chan error, 1)
	var once sync.Once
	go func() {
		out <- d.Tx(context.Background(), func(ctx context.Context) error {
			once.Do(func() { close(began); <-proceed })
			return f(ctx)
		})
	}()
	<-began
	return func() { close(proceed) }, out
}

func names(t *testing.T, d *db.DB) map[string]bool {
	t.Helper()
	var rows []db.Lease
	if err := d.In(t.Context()).Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, r := range rows {
		out[r.Name] = true
	}
	return out
}

func TestManyWritersShareCommitsAndEachIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boom := errors.New("boom")
		letGo, first := held(t, d, func(ctx context.Context) error {
			return d.In(ctx).Create(note("first", time.Now())).Error
		})
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				rang := 0
				err := d.Tx(context.Background(), func(ctx context.Context) error {
					d.AfterCommit(ctx, func() { rang++ })
					if err := d.In(ctx).Create(note(fmt.Sprint("n", i), time.Now())).Error; err != nil {
						return err
					}
					switch i % 4 {
					case 1:
						return boom
					case 2: // a breach of the primary key
						return d.In(ctx).Create(note(fmt.Sprint("n", i), time.Now())).Error
					}
					return nil
				})
				var ok bool
				switch i % 4 {
				case 1:
					ok = errors.Is(err, boom) && rang == 0
				case 2:
					ok = db.IsDuplicate(err) && rang == 0
				default:
					ok = err == nil && rang == 1
				}
				if !ok {
					t.Errorf("transaction %d gave %v and rang %d times", i, err, rang)
				}
			})
		}
		letGo()
		wg.Wait()
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		kept := names(t, d)
		for i := range 200 {
			if want := i%4 == 0 || i%4 == 3; kept[fmt.Sprint("n", i)] != want {
				t.Errorf("row %d is there: %v", i, !want)
			}
		}
	})
}

func TestNobodyReturnsBeforeTheRowsCanBeSeen(t *testing.T) {
	d := dbtest.SQLite(t)
	letGo, first := held(t, d, func(ctx context.Context) error { return d.In(ctx).Create(note("first", time.Now())).Error })
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			name := fmt.Sprint("n", i)
			if err := d.Tx(context.Background(), func(ctx context.Context) error { return d.In(ctx).Create(note(name, time.Now())).Error }); err != nil {
				t.Error(err)
			}
			var n int64
			if d.In(context.Background()).Model(&db.Lease{}).Where("name = ?", name).Count(&n); n != 1 {
				t.Errorf("%s has returned but its row cannot be seen", name)
			}
		})
	}
	letGo()
	wg.Wait()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
}

func TestAnEndedTransactionOfTheEngineIsRunAgainByItsMembers(t *testing.T) {
	d := dbtest.SQLite(t)
	tries := 0
	letGo, first := held(t, d, func(ctx context.Context) error {
		tries++
		return d.In(ctx).Create(note("first", time.Now())).Error
	})
	second := make(chan error, 1)
	wrecked := false
	go func() {
		second <- d.Tx(context.Background(), func(ctx context.Context) error {
			if !wrecked { // what a full disk does to everyone
				wrecked = true
				d.In(ctx).Exec("ROLLBACK")
				return errors.New("disk full")
			}
			return d.In(ctx).Create(note("second", time.Now())).Error
		})
	}()
	waitForWaiter(t, d)
	letGo()
	if err := errors.Join(<-first, <-second); err != nil {
		t.Fatal(err)
	}
	if kept := names(t, d); !kept["first"] || !kept["second"] || tries != 2 {
		t.Fatalf("%v are kept, the first ran %d times", kept, tries)
	}
}

func TestWhoGivesUpWaitingHoldsNobodyBack(t *testing.T) {
	d := dbtest.SQLite(t)
	letGo, first := held(t, d, func(ctx context.Context) error { return d.In(ctx).Create(note("first", time.Now())).Error })
	ctx, cancel := context.WithCancel(context.Background())
	second := make(chan error, 1)
	go func() { second <- d.Tx(ctx, func(context.Context) error { t.Error("ran all the same"); return nil }) }()
	waitForWaiter(t, d)
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Fatalf("gave %v", err)
	}
	letGo()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
}

func TestWhoIsGivenUpInTheMiddleIsUndoneAlone(t *testing.T) {
	d := dbtest.SQLite(t)
	letGo, first := held(t, d, func(ctx context.Context) error { return d.In(ctx).Create(note("first", time.Now())).Error })
	ctx, cancel := context.WithCancel(context.Background())
	second := make(chan error, 1)
	go func() {
		second <- d.Tx(ctx, func(ctx context.Context) error {
			cancel()
			return d.In(ctx).Create(note("second", time.Now())).Error
		})
	}()
	waitForWaiter(t, d)
	letGo()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Fatalf("gave %v", err)
	}
	if kept := names(t, d); !kept["first"] || kept["second"] {
		t.Fatalf("%v are kept", kept)
	}
}

func TestAPanicIsUndoneAndTheNextGoesOn(t *testing.T) {
	d := dbtest.SQLite(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = d.Tx(context.Background(), func(ctx context.Context) error {
			if err := d.In(ctx).Create(note("first", time.Now())).Error; err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	}()
	if err := d.Tx(context.Background(), func(ctx context.Context) error { return d.In(ctx).Create(note("second", time.Now())).Error }); err != nil {
		t.Fatal(err)
	}
	if kept := names(t, d); kept["first"] || !kept["second"] {
		t.Fatalf("%v are kept", kept)
	}
}

// waitForWaiter returns once somebody waits for the writer.
func waitForWaiter(t *testing.T, d *db.DB) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for db.Waiting(d) == 0 {
		select {
		case <-t.Context().Done():
			t.Fatal("nobody waits for the writer")
		case <-tick.C:
		}
	}
}
