package booking_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

func TestABookingIsKeptAsItWasPromised(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 09:00")
		r.ServiceIDs, r.Transport = []int64{w.annual.ID, w.tyres.ID}, "waiting"
		r.AdvisorID = w.bjorn.ID
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if j.Status != booking.Booked || j.Version != 1 || j.WallStart != "2026-11-25T09:00" || j.Zone != "Europe/Helsinki" ||
			!j.StartAt.Equal(w.at("2026-11-25 09:00")) || !j.EndAt.Equal(w.at("2026-11-25 11:30")) {
			w.Fatalf("%+v", j)
		}
		if j.BookedAdvisor.Name != "Björn Lindqvist" || j.Advisor.ID != w.bjorn.ID || j.Vehicle.Plate != "ABC-123" || j.Customer.Phone != "+358401234567" ||
			j.ContactEmail != "maija@example.com" || len(j.Services) != 2 || j.Services[0].Name != "Annual service" || j.Services[0].PriceFrom != 24900 {
			w.Fatalf("%+v %+v %+v", j, j.Vehicle, j.Services)
		}
		if n := w.claims(j.ID); n != (15+30)/5 {
			w.Fatalf("%d atoms claimed", n)
		}
		if !j.RemindAt.Equal(w.at("2026-11-24 10:00")) {
			w.Fatalf("reminder at %v", j.RemindAt)
		}
		again, err := w.desk.JobByToken(w.Context(), j.Token)
		w.ok(err)
		if again.ID != j.ID || !strings.HasPrefix(j.Reference, "NV-") {
			w.Fatalf("%+v", again)
		}
		ms := w.messages(j)
		if len(ms) != 2 || ms[0].Channel != notify.SMS || ms[0].ToAddress != "+358401234567" || ms[1].Channel != notify.Email || ms[1].ToAddress != "maija@example.com" {
			w.Fatalf("%+v", ms)
		}
		for _, want := range []string{"Maija", "Björn", w.shortOf("/j/" + j.Token), "Annual service, Tyre change"} {
			if !strings.Contains(ms[0].Body, want) {
				w.Errorf("%q is not in %q", want, ms[0].Body)
			}
		}
		if ms[0].Author != "Björn Lindqvist" || ms[0].SubjectVersion != 1 || ms[0].Purpose != notify.JobUpdate || ms[0].Occasion != "booked" {
			w.Fatalf("%+v", ms[0])
		}
		if !strings.Contains(ms[1].Body, "Service book") {
			w.Errorf("the e-mail does not say what to bring: %q", ms[1].Body)
		}
	})
}

func TestWrongInputNamesItsField(t *testing.T) {
	w := onSQLite(t)
	for _, c := range []struct {
		name     string
		change   func(*booking.BookingRequest)
		location string
		key      string
	}{
		{"no name", func(r *booking.BookingRequest) { r.Customer.Name = " " }, "body.customer.name", "fault.required"},
		{"a name with a line break", func(r *booking.BookingRequest) { r.Customer.Name = "A\nB" }, "body.customer.name", "fault.characters"},
		{"a name of a page", func(r *booking.BookingRequest) { r.Customer.Name = strings.Repeat("ä", 101) }, "body.customer.name", "fault.too_long"},
		{"no phone on the web", func(r *booking.BookingRequest) { r.Customer.Phone = "" }, "body.customer.phone", "fault.required"},
		{"a phone that is none", func(r *booking.BookingRequest) { r.Customer.Phone = "12345" }, "body.customer.phone", "fault.phone_invalid"},
		{"a landline", func(r *booking.BookingRequest) { r.Customer.Phone = "09 4241 5500" }, "body.customer.phone", "fault.phone_not_mobile"},
		{"an address that is none", func(r *booking.BookingRequest) { r.Customer.Email = "maija@" }, "body.customer.email", "fault.email_invalid"},
		{"two addresses", func(r *booking.BookingRequest) { r.Customer.Email = "a@b.fi, c@d.fi" }, "body.customer.email", "fault.email_invalid"},
		{"a language we lack", func(r *booking.BookingRequest) { r.Customer.Locale = "de" }, "body.customer.locale", "fault.locale_unknown"},
		{"a vehicle without a plate", func(r *booking.BookingRequest) { r.Vehicle.Plate = "" }, "body.vehicle.plate", "fault.required"},
		{"a plate of dashes", func(r *booking.BookingRequest) { r.Vehicle.Plate = "---" }, "body.vehicle.plate", "fault.characters"},
		{"a mileage below zero", func(r *booking.BookingRequest) { r.Vehicle.Mileage = -1 }, "body.vehicle.mileage", "fault.mileage"},
		{"a note of a book", func(r *booking.BookingRequest) { r.Note = strings.Repeat("x", 2001) }, "body.note", "fault.too_long"},
		{"no service", func(r *booking.BookingRequest) { r.ServiceIDs = nil }, "body.service_ids", "fault.services_count"},
		{"a service twice", func(r *booking.BookingRequest) { r.ServiceIDs = []int64{w.tyres.ID, w.tyres.ID} }, "body.service_ids", "fault.service_unknown"},
		{"a service of nobody", func(r *booking.BookingRequest) { r.ServiceIDs = []int64{4711} }, "body.service_ids", "fault.service_unknown"},
		{"a way of coming the service has not", func(r *booking.BookingRequest) { r.Transport = "loaner" }, "body.transport", "fault.transport_unknown"},
		{"an advisor of nobody", func(r *booking.BookingRequest) { r.AdvisorID = 4711 }, "body.advisor_id", "fault.advisor_unknown"},
		{"a workshop of nobody", func(r *booking.BookingRequest) { r.WorkshopID = 4711 }, "body.workshop_id", "fault.workshop_unknown"},
		{"no start", func(r *booking.BookingRequest) { r.Start = time.Time{} }, "body.start", "fault.time"},
		{"a start that has passed", func(r *booking.BookingRequest) { r.Start = w.at("2026-11-20 09:00") }, "body.start", "why.past"},
		{"a start in half an hour", func(r *booking.BookingRequest) { r.Start = w.at("2026-11-23 08:30") }, "body.start", "why.notice"},
		{"a start in two years", func(r *booking.BookingRequest) { r.Start = w.at("2028-11-23 09:00") }, "body.start", "why.horizon"},
		{"a start on Sunday", func(r *booking.BookingRequest) { r.Start = w.at("2026-11-29 09:00") }, "body.start", "why.hours"},
		{"a start on Christmas Eve", func(r *booking.BookingRequest) { r.Start = w.at("2026-12-24 09:00") }, "body.start", "why.closed"},
		{"a start off the grid", func(r *booking.BookingRequest) { r.Start = w.at("2026-11-25 09:05") }, "body.start", "why.grid"},
		{"a start between minutes", func(r *booking.BookingRequest) { r.Start = w.at("2026-11-25 09:00").Add(time.Second) }, "body.start", "why.grid"},
		{"a visit that would outlast the day", func(r *booking.BookingRequest) { r.Start = w.at("2026-11-25 16:45") }, "body.start", "why.hours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := w.request("2026-11-25 09:00")
			c.change(&r)
			_, err := w.desk.Book(t.Context(), r)
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || e.Kind != fault.Invalid || len(e.Fields) != 1 || e.Fields[0].Location != c.location || e.Fields[0].Key != c.key {
				t.Fatalf("%v", err)
			}
		})
	}
	if n := w.count("SELECT COUNT(*) FROM jobs"); n != 0 {
		t.Fatalf("%d jobs were made", n)
	}
	r := w.request("2026-11-25 09:00")
	r.Customer = booking.ContactInput{Phone: "x", Email: "y"}
	_, err := w.desk.Book(t.Context(), r)
	if e, ok := errors.AsType[*fault.Error](err); !ok || len(e.Fields) != 3 {
		t.Fatalf("not all fields are named: %v", err)
	}
}

func TestAStartIsBookedOnceHoweverManyWantIt(t *testing.T) {
	each(t, func(w *world) {
		const customers = 32
		starts := []string{"2026-11-25 09:00", "2026-11-25 09:15", "2026-11-25 09:30", "2026-11-25 10:00"}
		var wg sync.WaitGroup
		errs := make([]error, customers)
		for i := range customers {
			wg.Go(func() {
				r := w.request(starts[i%len(starts)])
				if i%3 == 0 {
					r.AdvisorID = w.anna.ID
				}
				_, errs[i] = w.desk.Book(w.Context(), r)
			})
		}
		wg.Wait()
		booked := 0
		for _, err := range errs {
			taken, lost := errors.AsType[*booking.SlotTaken](err)
			switch {
			case err == nil:
				booked++
			case !lost:
				w.Errorf("an answer that is neither: %v", err)
			case !fault.Is(err, fault.Conflict) || len(taken.Alternatives) == 0 || len(taken.Alternatives) > 5:
				w.Errorf("%v: %v", err, taken.Alternatives)
			}
		}
		jobs := w.count("SELECT COUNT(*) FROM jobs")
		if booked == 0 || jobs != booked || booked > 6 {
			w.Fatalf("%d told that they are booked, %d jobs", booked, jobs)
		}
		// Thirty minutes each: what the claims forbid has not happened either.
		if n := w.count(`SELECT COUNT(*) FROM jobs a JOIN jobs b ON a.booked_with = b.booked_with AND a.id < b.id
			AND a.start_at < b.end_at AND b.start_at < a.end_at`); n != 0 {
			w.Fatalf("%d jobs overlap", n)
		}
		if n := w.count("SELECT COUNT(*) FROM claims"); n != booked*6 {
			w.Fatalf("%d claims for %d jobs", n, booked)
		}
		if n := w.count("SELECT COUNT(*) FROM customers"); n != 1 {
			w.Fatalf("one phone has become %d customers", n)
		}
	})
}

func TestALostStartIsAnsweredWithTheNearest(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 10:00")
		r.AdvisorID = w.anna.ID
		_, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		_, err = w.desk.Book(w.Context(), r)
		taken, ok := errors.AsType[*booking.SlotTaken](err)
		if !ok {
			w.Fatalf("%v", err)
		}
		var got []string
		for _, s := range taken.Alternatives {
			if !slices.Contains(s.AdvisorIDs, w.anna.ID) {
				w.Errorf("%s is without the wished advisor", s.Start)
			}
			got = append(got, s.Start.Format("15:04"))
		}
		// Her morning ends at 11:00.
		if want := []string{"08:45", "09:00", "09:15", "09:30", "10:30"}; !slices.Equal(got, want) {
			w.Fatalf("alternatives %v", got)
		}
	})
}

func TestWhoDoesNotMindGetsTheAdvisorWithTheFewestClaims(t *testing.T) {
	each(t, func(w *world) {
		var who []int64
		for _, at := range []string{"09:00", "09:30", "10:00", "13:00"} {
			who = append(who, w.book("2026-11-25 "+at).BookedWith)
		}
		if want := []int64{w.anna.ID, w.bjorn.ID, w.anna.ID, w.bjorn.ID}; !slices.Equal(who, want) {
			w.Fatalf("booked with %v", who)
		}
	})
}

func TestAKnownCustomerIsLinkedAndLeftAsSheIs(t *testing.T) {
	each(t, func(w *world) {
		first := w.book("2026-11-25 09:00")
		r := w.request("2026-11-26 09:00")
		r.Customer = booking.ContactInput{Name: "Mallory", Phone: "+358 40 1234567", Email: "mallory@example.com", Locale: "sv"}
		r.Vehicle = &booking.VehicleInput{Plate: "ABC 123", Make: "Lada", Mileage: 1}
		second, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if second.CustomerID != first.CustomerID || second.VehicleID != first.VehicleID {
			w.Fatalf("not linked: %+v", second)
		}
		c, v := second.Customer, second.Vehicle
		if c.Name != "Maija Meikäläinen" || c.Email != "maija@example.com" || c.Locale != "en" || v.Make != "Volvo" || v.Mileage != 81000 {
			w.Fatalf("changed: %+v %+v", c, v)
		}
		if second.ContactName != "Mallory" || second.ContactEmail != "mallory@example.com" || second.Locale != "sv" {
			w.Fatalf("the visit's own contacts: %+v", second)
		}
	})
}

func TestAHoldKeepsAStartUntilItRunsOut(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 09:00")
		r.AdvisorID = w.anna.ID
		h, err := w.desk.Hold(w.Context(), r)
		w.ok(err)
		if w.offered("2026-11-25 09:00", w.anna.ID) {
			w.Error("a held start is offered")
		}
		if _, err := w.desk.Book(w.Context(), r); !fault.Is(err, fault.Conflict) {
			w.Errorf("another booked it: %v", err)
		}
		// Whoever has the key books it, whatever the services are in the end.
		mine := r
		mine.HoldKey, mine.AdvisorID, mine.ServiceIDs = h.Key, 0, []int64{w.annual.ID}
		j, err := w.desk.Book(w.Context(), mine)
		w.ok(err)
		if j.BookedWith != w.anna.ID || w.claims(j.ID) != 3 || w.count("SELECT COUNT(*) FROM claims WHERE hold_id > 0") != 0 || w.count("SELECT COUNT(*) FROM holds WHERE ended_at IS NULL") != 0 {
			w.Error("the hold's claims did not become the booking's")
		}

		r.Start = w.at("2026-11-25 10:00")
		h, err = w.desk.Hold(w.Context(), r)
		w.ok(err)
		// Choosing another start moves the hold.
		r.Start, r.HoldKey = w.at("2026-11-25 14:00"), h.Key
		_, err = w.desk.Hold(w.Context(), r)
		w.ok(err)
		if !w.offered("2026-11-25 10:00", w.anna.ID) || w.offered("2026-11-25 14:00", w.anna.ID) {
			w.Error("the hold has not moved")
		}
		w.clock.advance(10*time.Minute + time.Second)
		if !w.offered("2026-11-25 14:00", w.anna.ID) {
			w.Error("a hold that has run out still blocks")
		}
		r.HoldKey = ""
		if _, err := w.desk.Book(w.Context(), r); err != nil {
			w.Errorf("book over a hold that has run out: %v", err)
		}
		w.clock.advance(120 * time.Hour)
		n, err := w.desk.Purge(w.Context())
		w.ok(err)
		if n == 0 || w.count("SELECT COUNT(*) FROM holds") != 0 {
			w.Errorf("%d rows purged, holds are left", n)
		}
		if again, err := w.desk.Purge(w.Context()); err != nil || again != 0 {
			w.Errorf("a second purge found %d rows, %v", again, err)
		}
	})
}

func TestWhoeverComesBackWithAHoldHearsWhatBecameOfIt(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 09:00")
		r.AdvisorID = w.anna.ID
		h, err := w.desk.Hold(w.Context(), r)
		w.ok(err)
		mine := r
		mine.HoldKey = h.Key
		w.clock.advance(10*time.Minute + time.Second)
		lost := func(want string) {
			w.Helper()
			var taken *booking.SlotTaken
			var f *fault.Error
			_, err := w.desk.Book(w.Context(), mine)
			if !errors.As(err, &taken) || len(taken.Alternatives) == 0 || !errors.As(err, &f) || f.Key != want || f.Kind != fault.Conflict {
				w.Errorf("%v, want %s with alternatives", err, want)
			}
		}
		// While nobody else has it, a hold that has run out does no harm.
		j, err := w.desk.Book(w.Context(), mine)
		w.ok(err)
		lost("fault.hold_expired")
		w.ok(w.desk.Cancel(w.Context(), j.ID, w.staff()))

		h, err = w.desk.Hold(w.Context(), r)
		w.ok(err)
		mine.HoldKey = h.Key
		_, err = w.desk.Book(w.Context(), mine)
		w.ok(err)
		lost("fault.hold_used")

		mine.HoldKey = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
		_, err = w.desk.Book(w.Context(), mine)
		if f := (*fault.Error)(nil); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Fields[0].Location != "body.hold_id" || f.Fields[0].Key != "fault.hold_unknown" {
			w.Errorf("with a hold that never was: %v", err)
		}
		mine.HoldKey = ""
		lost("fault.slot_taken")
	})
}

func TestTheDeskBooksWithoutNoticeAndWalkInsNow(t *testing.T) {
	each(t, func(w *world) {
		desk := func(at time.Time) booking.BookingRequest {
			r := w.request("2026-11-25 09:00")
			r.Start, r.Source, r.Actor = at, booking.SourceDesk, w.staff()
			r.Customer.Phone, r.Customer.Email, r.Vehicle = "", "", nil
			return r
		}
		w.clock.set(w.at("2026-11-23 08:03"))
		j, err := w.desk.Book(w.Context(), desk(w.clock.now()))
		w.ok(err)
		if j.WallStart != "2026-11-23T08:00" || j.BookedWith != w.anna.ID || len(w.messages(j)) != 0 || j.VehicleID != 0 {
			w.Fatalf("%+v", j)
		}
		if j, err = w.desk.Book(w.Context(), desk(w.at("2026-11-23 08:35"))); err != nil || j.BookedWith != w.anna.ID {
			w.Fatalf("in half an hour, off the grid: %v", err)
		}
		for _, c := range []struct{ wall, key string }{
			{"2026-11-22 12:00", "why.past"},
			{"2026-11-29 09:00", "why.hours"},
		} {
			_, err := w.desk.Book(w.Context(), desk(w.at(c.wall)))
			if e, ok := errors.AsType[*fault.Error](err); !ok || e.Fields[0].Key != c.key {
				w.Errorf("%s: %v", c.wall, err)
			}
		}
		// After closing time the customer at the desk is received all the same.
		w.clock.set(w.at("2026-11-23 17:20"))
		_, err = w.desk.Book(w.Context(), desk(w.clock.now()))
		w.ok(err)
	})
}

func TestARequestThatIsAskedAgainMakesOneJob(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 09:00")
		r.RequestKey, r.AdvisorID = "form-1", w.anna.ID
		var wg sync.WaitGroup
		ids := make([]int64, 8)
		for i := range ids {
			wg.Go(func() {
				j, err := w.desk.Book(w.Context(), r)
				if err != nil {
					w.Errorf("%v", err)
					return
				}
				ids[i] = j.ID
			})
		}
		wg.Wait()
		if slices.Min(ids) != slices.Max(ids) || w.count("SELECT COUNT(*) FROM jobs") != 1 {
			w.Fatalf("jobs %v", ids)
		}
	})
}
