package booking_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// brakes is the example's service that needs everything.
func (w *world) brakes() booking.Service {
	w.Helper()
	services, err := w.desk.Services(w.Context(), w.shop.ID)
	w.ok(err)
	i := slices.IndexFunc(services, func(s booking.Service) bool { return s.Key == "brakes" })
	if i < 0 {
		w.Fatal("the example has no brakes")
	}
	return services[i]
}

// need is a booking of the brakes by somebody who comes in one way.
func (w *world) need(transport string, start time.Time, n int) booking.BookingRequest {
	r := w.request("2026-11-25 09:00")
	r.ServiceIDs, r.Transport, r.Start = []int64{w.brakes().ID}, transport, start
	r.Customer = booking.ContactInput{Name: "Matti", Phone: fmt.Sprintf("040 123 %04d", 1000+n), Locale: "fi"}
	r.Vehicle, r.ConsentReminders = nil, false
	return r
}

func (w *world) slots(transport, from, to string) []booking.Slot {
	w.Helper()
	a, err := w.desk.Availability(w.Context(), booking.AvailabilityQuery{
		WorkshopID: w.shop.ID, ServiceIDs: []int64{w.brakes().ID}, Transport: transport, From: from, To: to,
	})
	w.ok(err)
	var out []booking.Slot
	for _, d := range a.Days {
		out = append(out, d.Slots...)
	}
	return out
}

func TestEverySlotOfferedCanBeBookedAndNoOther(t *testing.T) {
	each(t, func(w *world) {
		for n, transport := range []string{"waiting", "drop_off", "loaner", "key_box"} {
			// Some of the week is gone already.
			for i, s := range w.slots(transport, "2026-11-24", "2026-11-26") {
				if i%37 == 5 {
					if _, err := w.desk.Book(w.Context(), w.need(transport, s.Start, n*100+i)); err != nil {
						if _, lost := errors.AsType[*booking.SlotTaken](err); !lost {
							w.Fatal(err)
						}
					}
				}
			}
		}
		for n, transport := range []string{"waiting", "drop_off", "loaner"} {
			offered := map[time.Time]bool{}
			for i, s := range w.slots(transport, "2026-11-24", "2026-11-26") {
				offered[s.Start.UTC()] = true
				if i%9 != n {
					continue
				}
				for _, advisor := range s.AdvisorIDs {
					r := w.need(transport, s.Start, 5000+n)
					r.AdvisorID = advisor
					j, err := w.desk.Book(w.Context(), r)
					if err != nil {
						w.Fatalf("%s with %d by %s is offered: %v", s.Start, advisor, transport, err)
					}
					w.ok(w.desk.Cancel(w.Context(), j.ID, w.staff()))
				}
			}
			for at := w.at("2026-11-24 07:00"); at.Before(w.at("2026-11-26 18:00")); at = at.Add(45 * time.Minute) {
				if offered[at.UTC()] {
					continue
				}
				if j, err := w.desk.Book(w.Context(), w.need(transport, at, 6000+n)); err == nil {
					w.Fatalf("%s by %s is not offered, and booked: %+v", at, transport, j)
				}
			}
		}
		w.balanced()
	})
}

// balanced checks that what is counted is what jobs have taken, within bounds.
func (w *world) balanced() {
	w.Helper()
	if n := w.count(`SELECT COUNT(*) FROM counters c WHERE c.used <> (SELECT COALESCE(SUM(t.used), 0) FROM takings t
		WHERE t.kind = c.kind AND t.owner_id = c.owner_id AND t.period = c.period)`); n != 0 {
		w.Errorf("%d counters are not the sum of what was taken", n)
	}
	if n := w.count("SELECT COUNT(*) FROM counters WHERE used > capacity OR desk > desk_capacity OR used < 0"); n != 0 {
		w.Errorf("%d counters are beyond their capacity", n)
	}
	if n := w.count("SELECT COUNT(*) FROM takings WHERE job_id > 0 AND job_id IN (SELECT id FROM jobs WHERE status = 'cancelled')"); n != 0 {
		w.Errorf("%d takings of cancelled jobs", n)
	}
}

func TestWhoeverWantsTheLastOneMeetsTheRule(t *testing.T) {
	each(t, func(w *world) {
		why := func(transport, wall string) string {
			w.Helper()
			reasons, err := w.desk.Why(w.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.brakes().ID}, Transport: transport}, w.at(wall))
			w.ok(err)
			return reasons[0].Rule
		}
		book := func(transport, wall string, n int) *booking.Job {
			w.Helper()
			j, err := w.desk.Book(w.Context(), w.need(transport, w.at(wall), n))
			w.ok(err)
			return j
		}
		// Two bays: the third who waits at the same time has none.
		one, two := book("waiting", "2026-11-25 09:00", 1), book("waiting", "2026-11-25 09:30", 2)
		if one.BayID == 0 || one.BayID == two.BayID || w.claims(one.ID) != 1+3+24+2 {
			w.Fatalf("%d and %d with %d atoms", one.BayID, two.BayID, w.claims(one.ID))
		}
		if got := why("waiting", "2026-11-25 10:00"); got != booking.RuleBay {
			w.Errorf("the third in two bays: %s", got)
		}
		// One loaner: out until the visit ends.
		lent := book("loaner", "2026-11-26 09:00", 3)
		if got := why("loaner", "2026-11-26 10:00"); lent.LoanerID == 0 || got != booking.RuleLoaner {
			w.Errorf("the second with one loaner: %s", got)
		}
		// 960 minutes of mechanics, 120 each, one is the lent car's.
		for i := range 7 {
			book("drop_off", fmt.Sprintf("2026-11-26 %02d:00", 10+i), 10+i)
		}
		if got := why("drop_off", "2026-11-26 12:30"); got != booking.RulePool {
			w.Errorf("the ninth car of a day: %s", got)
		}
		// Moving one to another day gives the labour back.
		j, err := w.desk.Change(w.Context(), lent.ID, booking.ChangeRequest{Start: w.at("2026-11-27 09:00")}, w.staff())
		w.ok(err)
		if got := why("drop_off", "2026-11-26 12:30"); got != booking.RuleOffered || j.LoanerID == 0 {
			w.Errorf("after one has moved: %s", got)
		}
		// Who comes in another way needs no loaner any more.
		j, err = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Transport: "drop_off"}, w.staff())
		w.ok(err)
		if j.LoanerID != 0 || why("loaner", "2026-11-27 09:00") != booking.RuleOffered {
			w.Errorf("the loaner is still out: %+v", j)
		}
		w.balanced()
	})
}

func TestTheWebsShareIsKeptFromTheDesk(t *testing.T) {
	w := onSQLite(t)
	book := func(source string, n int) error {
		r := w.need("key_box", w.at(fmt.Sprintf("2026-11-25 %02d:00", 8+n)), 30+n)
		r.Source, r.Actor = source, w.staff()
		_, err := w.desk.Book(t.Context(), r)
		return err
	}
	for n := range 3 { // six a day, three of them the web's
		w.ok(book(booking.SourceDesk, n))
	}
	if err := book(booking.SourceDesk, 3); err == nil {
		t.Fatal("the desk took the web's share")
	}
	for n := range 3 {
		w.ok(book(booking.SourceWeb, 3+n))
	}
	if err := book(booking.SourceWeb, 6); err == nil {
		t.Fatal("a seventh key is in the box")
	}
	w.balanced()
}

func TestTheDeskOverbooksOnPurpose(t *testing.T) {
	each(t, func(w *world) {
		first, err := w.desk.Book(w.Context(), func() booking.BookingRequest {
			r := w.request("2026-11-25 09:00")
			r.AdvisorID = w.anna.ID
			return r
		}())
		w.ok(err)
		r := w.request("2026-11-25 09:15")
		r.AdvisorID, r.Overbook = w.anna.ID, true
		if _, err := w.desk.Book(w.Context(), r); !fault.Is(err, fault.Invalid) {
			w.Fatalf("a customer overbooked: %v", err)
		}
		r.Source, r.Actor = booking.SourceDesk, w.staff()
		if _, err := w.desk.Book(w.Context(), r); !fault.Is(err, fault.Invalid) {
			w.Fatalf("overbooked without a reason: %v", err)
		}
		r.OverbookReason = "Has driven 200 km"
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if !j.Overbooked || j.OverbookReason != "Has driven 200 km" || w.claims(first.ID) != 6 || w.claims(j.ID) != 3 {
			w.Fatalf("%+v with %d atoms beside %d", j, w.claims(j.ID), w.claims(first.ID))
		}
		items, err := w.desk.Timeline(w.Context(), j.ID)
		w.ok(err)
		if !slices.ContainsFunc(items, func(i booking.TimelineItem) bool { return i.State == "overbooked" && i.Body == j.OverbookReason }) {
			w.Errorf("nothing tells of it: %+v", items)
		}
		// Where it is free after all nothing is overbooked.
		r.Start = w.at("2026-11-25 14:00")
		r.Customer.Phone = "040 123 9999"
		if j, err = w.desk.Book(w.Context(), r); err != nil || j.Overbooked {
			w.Errorf("%+v, %v", j, err)
		}
	})
}

func TestManyAtOnceTakeNothingTwice(t *testing.T) {
	each(t, func(w *world) {
		slots := w.slots("waiting", "2026-11-25", "2026-11-25")
		var wg sync.WaitGroup
		var mu sync.Mutex
		unanswered := 0
		for n := range 8 {
			wg.Go(func() {
				for i := range 12 {
					transport := []string{"waiting", "loaner", "drop_off"}[(n+i)%3]
					_, err := w.desk.Book(w.Context(), w.need(transport, slots[(n*5+i*3)%len(slots)].Start, 100*n+i))
					if _, lost := errors.AsType[*booking.SlotTaken](err); err != nil && !lost && !fault.Is(err, fault.Invalid) {
						mu.Lock()
						unanswered++
						w.Logf("%v", err)
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		if unanswered > 0 {
			w.Errorf("%d attempts without an answer", unanswered)
		}
		if w.count("SELECT COUNT(*) FROM jobs") == 0 {
			w.Error("nobody got anything")
		}
		w.balanced()
	})
}

func TestSeveralServicesOfAVisitAreTakenTogether(t *testing.T) {
	each(t, func(w *world) {
		// The tyres have no work of their own in a bay, the brakes have: one visit
		// takes the advisor for both, then the bay; a car that stays takes labour.
		r := w.need("waiting", w.at("2026-11-25 09:00"), 1)
		alone, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		r = w.need("waiting", w.at("2026-11-26 09:00"), 2)
		r.ServiceIDs = append(r.ServiceIDs, w.tyres.ID)
		both, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if both.BayID == 0 || len(both.Services) != 2 || w.claims(both.ID) != w.claims(alone.ID)+6 || both.EndAt.Sub(both.StartAt.Time) != alone.EndAt.Sub(alone.StartAt.Time)+30*time.Minute {
			w.Errorf("both take %d atoms until %v, one takes %d", w.claims(both.ID), both.EndAt, w.claims(alone.ID))
		}
		r.Transport, r.Start = "drop_off", w.at("2026-11-27 09:00")
		stays, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if got := w.labour(stays.ID); stays.BayID != 0 || got != "27:120 " {
			w.Errorf("in bay %d, labour %s", stays.BayID, got)
		}
		// A way of coming must suit all of them.
		r.Transport, r.Start = "loaner", w.at("2026-11-30 09:00")
		_, err = w.desk.Book(w.Context(), r)
		if f := refusal(w.T, err, fault.Invalid, "fault.invalid"); f.Fields[0].Location != "body.transport" {
			w.Errorf("%+v", f.Fields)
		}
	})
}
