package loadtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
)

// wish is a booking with one advisor at one of the filled days' quarter hours.
func (w *world) wish(n int, advisor int64, start time.Time) booking.BookingRequest {
	return booking.BookingRequest{
		WorkshopID: w.shop, ServiceIDs: []int64{w.services["quick"]}, AdvisorID: advisor, Transport: "waiting", Start: start,
		Customer: booking.ContactInput{Name: "Maija Virtanen", Phone: fmt.Sprintf("+35840%07d", n), Locale: "fi"},
		Source:   booking.SourceWeb, Actor: booking.Actor{Kind: "customer"},
	}
}

// Bookings of one advisor on one day have only their claims in common, and those
// differ: while one has not committed the next must not wait for it.
func TestABookingDoesNotWaitForAnotherThatHasNotCommitted(t *testing.T) {
	w := arena(t, dbtest.Postgres(t, dbtest.Clock(running())))
	at := func(hour int) time.Time { return monday.AddDate(0, 0, 1).Add(time.Duration(hour) * time.Hour) }
	_, err := w.desk.Book(t.Context(), w.wish(1, w.advisors[0], at(0))) // the marks are there
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	written, others := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := w.db.Tx(ctx, func(ctx context.Context) error {
			_, err := w.desk.Hold(ctx, w.wish(2, w.advisors[0], at(1)))
			close(written)
			select {
			case <-others:
			case <-ctx.Done():
				return errors.Join(err, errors.New("the others waited for this one"))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-written
	for n := range 4 {
		if _, err := w.desk.Book(ctx, w.wish(3+n, w.advisors[0], at(2+n))); err != nil {
			t.Errorf("beside an open transaction: %v", err)
		}
	}
	close(others)
	wg.Wait()
	// What committed last is not hidden by what committed before it.
	a, err := w.desk.Availability(t.Context(), w.query(w.advisors[0], 1, 1))
	must(t, err)
	for _, slot := range a.Days[0].Slots {
		if slot.Start.Equal(at(1)) {
			t.Error("a held start is offered")
		}
	}
}

// A remembered answer that is said to hold must not offer what had been booked
// before it was asked whether it does: not by this process, not by another, in
// whatever order their transactions began and ended.
func TestAVersionThatIsSeenNeverHidesAClaim(t *testing.T) {
	now := running()
	t.Run("sqlite", func(t *testing.T) {
		w := arena(t, dbtest.SQLite(t, dbtest.Clock(now)))
		neverHides(t, w, w)
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := dbtest.PostgresDSN(t)
		w := arena(t, dbtest.Open(t, dsn, dbtest.Clock(now)))
		other := open(dbtest.Open(t, dsn, dbtest.Clock(now)))
		other.find(t)
		neverHides(t, w, other)
	})
}

// neverHides books and cancels with two desks and asks one of them.
func neverHides(t *testing.T, w, other *world) {
	type place struct {
		advisor int64
		start   int64
	}
	var mu sync.Mutex
	var taken []place // in the order in which they were answered
	taking := func() []place { mu.Lock(); defer mu.Unlock(); return slices.Clone(taken) }
	var wg sync.WaitGroup
	for c, desk := range []*world{w, w, w, other, other, other} {
		wg.Go(func() {
			for n := range 40 {
				advisor := w.advisors[(c+n)%len(w.advisors)]
				start := monday.AddDate(0, 0, 1).Add(time.Duration(n*6+c) % 34 * 15 * time.Minute)
				job, err := desk.desk.Book(t.Context(), w.wish(c*1000+n, advisor, start))
				if _, lost := errors.AsType[*booking.SlotTaken](err); lost {
					continue
				}
				if err != nil {
					t.Errorf("book: %v", err)
					return
				}
				if n%4 == 0 {
					if err := desk.desk.Cancel(t.Context(), job.ID, booking.Actor{Kind: "customer"}); err != nil {
						t.Errorf("cancel: %v", err)
					}
					continue
				}
				mu.Lock()
				taken = append(taken, place{advisor, start.Unix()})
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	shop, err := w.desk.Workshop(t.Context(), w.shop)
	must(t, err)
	q := w.query(0, 1, 1)
	q.ServiceIDs = []int64{w.services["quick"]}
	held := 0
	for last := false; !last; {
		select {
		case <-done:
			last = true
		default:
		}
		stamp, ok, err := w.desk.Stamp(t.Context(), shop, q, time.Time{})
		must(t, err)
		before := taking()
		answer, err := w.desk.Availability(t.Context(), q)
		must(t, err)
		offers := map[place]bool{}
		for _, slot := range answer.Days[0].Slots {
			for _, a := range slot.AdvisorIDs {
				offers[place{a, slot.Start.Unix()}] = true
			}
		}
		check := func(what string, places []place) {
			for _, p := range places {
				if offers[p] {
					t.Errorf("%s: %v is offered", what, p)
				}
			}
		}
		check("asked", before)
		for range 3 {
			before = taking()
			later, err := w.desk.Look(t.Context(), stamp)
			must(t, err)
			if !ok || !stamp.Holds(later) {
				break
			}
			held++
			check("remembered", before)
		}
	}
	if held == 0 || len(taking()) < 20 {
		t.Errorf("%d answers held over %d bookings: nothing was shown", held, len(taking()))
	}
}

// Folding keeps what is compared, also beside bookings.
func TestFoldedMarksSayTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := arena(t, d)
		sum := func() (versions, rows int64) {
			must(t, w.sql(t).QueryRowContext(t.Context(), "SELECT COALESCE(SUM(version), 0), COUNT(*) FROM marks").Scan(&versions, &rows))
			return versions, rows
		}
		_, err := w.desk.Book(t.Context(), w.wish(1, w.advisors[0], monday.AddDate(0, 0, 1)))
		must(t, err)
		_, err = w.sql(t).ExecContext(t.Context(), `INSERT INTO marks (workshop_id, block, resource_id, lane, version)
			SELECT workshop_id, block, resource_id, lane + 100000000 + n.i, 7 FROM marks, (SELECT 1 AS i UNION ALL SELECT 2 UNION ALL SELECT 3) n`)
		must(t, err)
		before, _ := sum()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := w.desk.Purge(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		after, rows := sum()
		var lanes int64
		must(t, w.sql(t).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM marks WHERE lane <> 0").Scan(&lanes))
		if after != before || lanes != 0 {
			t.Errorf("the sum was %d and is %d, in %d rows, %d of other lanes", before, after, rows, lanes)
		}
		a, err := w.desk.Availability(t.Context(), w.query(w.advisors[0], 1, 1))
		must(t, err)
		for _, slot := range a.Days[0].Slots {
			if slot.Start.Equal(monday.AddDate(0, 0, 1)) {
				t.Error("a booked start is offered")
			}
		}
	})
}
