package booking_test

import (
	"fmt"
	"sync"
	"testing"

	"neuvo/booking"
)

// twoDays lets the brakes take until the next day, with so many minutes of
// mechanics a day.
func (w *world) twoDays(minutes int) {
	w.Helper()
	by := booking.Manager{Actor: w.staff(), Admin: true}
	_, err := w.desk.ChangeService(w.Context(), by, w.brakes().ID, func(s *booking.Service) error {
		s.DurationMinutes = 24*60 + 150
		return nil
	})
	w.ok(err)
	pools, err := w.desk.Pools(w.Context(), w.shop.ID)
	w.ok(err)
	_, err = w.desk.ChangePool(w.Context(), by, pools[0].ID, func(p *booking.Pool) error {
		p.Capacity = []int{0, minutes, minutes, minutes, minutes, minutes, 0}
		return nil
	})
	w.ok(err)
}

// labour is what has been taken of mechanics by day, of all or of one job.
func (w *world) labour(jobID int64) string {
	w.Helper()
	var rows []booking.Taking
	q := w.db.In(w.Context()).Where("kind = '1pool'").Order("period")
	if jobID != 0 {
		q = q.Where("job_id = ?", jobID)
	}
	w.ok(q.Find(&rows).Error)
	out, at := "", ""
	sum := int64(0)
	for _, r := range append(rows, booking.Taking{}) {
		if r.Period != at && at != "" {
			out += fmt.Sprintf("%s:%d ", at[8:], sum)
			sum = 0
		}
		at, sum = r.Period, sum+r.Used
	}
	return out
}

func TestLabourIsTakenFromTheDaysThatTheCarIsThere(t *testing.T) {
	each(t, func(w *world) {
		w.twoDays(100) // the brakes need 120
		book := func(wall string, n int) *booking.Job {
			w.Helper()
			j, err := w.desk.Book(w.Context(), w.need("drop_off", w.at(wall), n))
			w.ok(err)
			return j
		}
		why := func(wall string) string {
			w.Helper()
			reasons, err := w.desk.Why(w.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.brakes().ID}, Transport: "drop_off"}, w.at(wall))
			w.ok(err)
			return reasons[0].Rule
		}
		first := book("2026-11-24 09:00", 1)
		if got := w.labour(first.ID); got != "24:100 25:20 " {
			w.Fatalf("taken %s", got)
		}
		// Tuesday has nothing left, Wednesday 80: too little for one who comes on
		// Tuesday, enough with Thursday for one who comes on Wednesday.
		if got := why("2026-11-24 10:00"); got != booking.RulePool {
			w.Errorf("on Tuesday: %s", got)
		}
		second := book("2026-11-25 09:00", 2)
		if got := w.labour(second.ID); got != "25:80 26:40 " {
			w.Errorf("taken %s", got)
		}
		// Saturday and Sunday have none, and the car is fetched on Saturday.
		if got := why("2026-11-27 09:00"); got != booking.RulePool {
			w.Errorf("on Friday: %s", got)
		}
		// On purpose it goes on the day it is promised for.
		r := w.need("drop_off", w.at("2026-11-24 11:00"), 3)
		r.Source, r.Actor, r.Overbook, r.OverbookReason = booking.SourceDesk, w.staff(), true, "On tow"
		over, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if got := w.labour(over.ID); got != "25:120 " || !over.Overbooked {
			w.Errorf("overbooked: %s", got)
		}
		w.ok(w.desk.Cancel(w.Context(), over.ID, w.staff()))
		// Moving takes other days, and gives back all of the old ones.
		moved, err := w.desk.Change(w.Context(), first.ID, booking.ChangeRequest{Start: w.at("2026-11-26 09:00")}, w.staff())
		w.ok(err)
		if got := w.labour(moved.ID); got != "26:60 27:60 " {
			w.Errorf("moved: %s", got)
		}
		if got := why("2026-11-24 10:00"); got != booking.RuleOffered {
			w.Errorf("on Tuesday, after the move: %s", got)
		}
		w.balanced()
	})
}

func TestAClosedDayHasNoLabour(t *testing.T) {
	w := onSQLite(t)
	w.twoDays(100)
	_, err := w.desk.AddClosure(t.Context(), booking.Manager{Actor: w.staff(), Admin: true}, booking.Closure{WorkshopID: w.shop.ID, FromDate: "2026-11-25", ToDate: "2026-11-25"})
	w.ok(err)
	if s := w.slots("drop_off", "2026-11-24", "2026-11-24"); len(s) != 0 {
		t.Errorf("%d starts with work on a closed day", len(s))
	}
	if s := w.slots("drop_off", "2026-11-26", "2026-11-26"); len(s) == 0 {
		t.Error("no starts with work on two open days")
	}
}

func TestARaceForLabourOfSeveralDaysFillsThemToTheBrim(t *testing.T) {
	each(t, func(w *world) {
		w.twoDays(240) // four cars in two days
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				r := w.need("drop_off", w.at(fmt.Sprintf("2026-11-24 %02d:%02d", 9+i/4, i%4*15)), 100+i)
				_, _ = w.desk.Book(w.Context(), r) // who loses is told; the sum is what counts
			})
		}
		wg.Wait()
		if got := w.labour(0); got != "24:240 25:240 " {
			w.Errorf("taken %s", got)
		}
		w.balanced()
	})
}
