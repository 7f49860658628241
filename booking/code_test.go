package booking_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// prove has the workshop ask for phones to be proven.
func (w *world) prove() { w.exec("UPDATE workshops SET phone_proof = ?", true) }

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code is the newest code on its way to the customer of a job, as the phone
// would get it.
func (w *world) code(j *booking.Job) string {
	w.Helper()
	var bodies []string
	w.ok(w.db.In(w.Context()).Raw(`SELECT body FROM messages WHERE occasion = 'code' AND state = 'queued'
		AND conversation_id IN (SELECT id FROM conversations WHERE subject = ?) ORDER BY id DESC`, j.Subject()).Scan(&bodies).Error)
	if len(bodies) == 0 {
		w.Fatal("no code is on its way")
	}
	return sixDigits.FindString(bodies[0])
}

// other is a code that is not the right one.
func other(code string) string {
	if code == "111111" {
		return "222222"
	}
	return "111111"
}

func refusal(t *testing.T, err error, kind fault.Kind, key string) *fault.Error {
	t.Helper()
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Kind != kind || e.Key != key {
		t.Fatalf("want %v %s, got %v", kind, key, err)
	}
	return e
}

func TestABookingWaitsForTheCodeWhereTheWorkshopAsksForOne(t *testing.T) {
	each(t, func(w *world) {
		w.prove()
		j := w.book("2026-11-25 10:00")
		if j.Status != booking.Unconfirmed || w.claims(j.ID) == 0 || w.offered("2026-11-25 10:00", j.BookedWith) {
			w.Fatalf("%s with %d claims", j.Status, w.claims(j.ID))
		}
		if got := w.occasions(j); !slices.Equal(got, []string{"code"}) {
			w.Fatalf("told %v before the phone was proven", got)
		}
		code := w.code(j)
		for _, m := range w.messages(j) {
			if strings.Contains(m.Body, code) {
				w.Errorf("the code stands on the page: %s", m.Body)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM codes WHERE hash LIKE ?", "%"+code+"%"); n != 0 {
			w.Error("the code itself is stored")
		}
		_, err := w.desk.Confirm(w.Context(), j.Token, other(code))
		if e := refusal(w.T, err, fault.Forbidden, "fault.code_wrong"); e.Args["left"] != 4 {
			w.Errorf("%v tries left", e.Args)
		}
		done, err := w.desk.Confirm(w.Context(), j.Token, " "+code[:3]+" "+code[3:])
		w.ok(err)
		if done.Status != booking.Booked || !slices.Equal(w.occasions(j), []string{"code", "booked"}) {
			w.Errorf("%s, told %v", done.Status, w.occasions(j))
		}
		again, err := w.desk.Confirm(w.Context(), j.Token, code)
		w.ok(err)
		if again.Status != booking.Booked || len(w.occasions(j)) != 2 {
			w.Error("a second tap told again")
		}
		_, err = w.desk.Confirm(w.Context(), j.Token, other(code))
		refusal(w.T, err, fault.Conflict, "fault.booking_confirmed")
		w.clock.advance(time.Minute)
		_, err = w.desk.SendConfirmation(w.Context(), j.Token)
		refusal(w.T, err, fault.Conflict, "fault.booking_confirmed")
	})
}

func TestFiveWrongTriesEndACode(t *testing.T) {
	each(t, func(w *world) {
		w.prove()
		j := w.book("2026-11-25 10:00")
		code := w.code(j)
		for left := 4; left > 0; left-- {
			_, err := w.desk.Confirm(w.Context(), j.Token, other(code))
			if e := refusal(w.T, err, fault.Forbidden, "fault.code_wrong"); e.Args["left"] != left {
				w.Errorf("want %d left, got %v", left, e.Args)
			}
		}
		_, err := w.desk.Confirm(w.Context(), j.Token, other(code))
		refusal(w.T, err, fault.Forbidden, "fault.code_expired")
		_, err = w.desk.Confirm(w.Context(), j.Token, code)
		refusal(w.T, err, fault.Forbidden, "fault.code_expired")

		w.clock.advance(time.Minute)
		_, err = w.desk.SendConfirmation(w.Context(), j.Token)
		w.ok(err)
		_, err = w.desk.Confirm(w.Context(), j.Token, w.code(j))
		w.ok(err)
	})
}

func TestACodeIsGoodForTenMinutesAndSentOnlySoOften(t *testing.T) {
	each(t, func(w *world) {
		w.prove()
		j := w.book("2026-11-25 10:00")
		code := w.code(j)
		_, err := w.desk.SendConfirmation(w.Context(), j.Token)
		if e := refusal(w.T, err, fault.TooMany, "fault.code_wait"); e.RetryAfter != 30 {
			w.Errorf("wait %d s", e.RetryAfter)
		}
		w.clock.advance(10 * time.Minute)
		_, err = w.desk.Confirm(w.Context(), j.Token, code)
		refusal(w.T, err, fault.Forbidden, "fault.code_expired")
		for range 4 {
			w.clock.advance(time.Minute)
			_, err = w.desk.SendConfirmation(w.Context(), j.Token)
			w.ok(err)
		}
		w.clock.advance(time.Minute)
		_, err = w.desk.SendConfirmation(w.Context(), j.Token)
		if e := refusal(w.T, err, fault.TooMany, "fault.code_limit"); e.RetryAfter != 45*60 || e.Args["minutes"] != "45 min" {
			w.Errorf("wait %d s, %v", e.RetryAfter, e.Args)
		}
	})
}

func TestATimeNobodyConfirmedIsGivenBack(t *testing.T) {
	each(t, func(w *world) {
		w.prove()
		j := w.book("2026-11-25 10:00")
		kept := w.book("2026-11-25 11:00")
		_, err := w.desk.Confirm(w.Context(), kept.Token, w.code(kept))
		w.ok(err)
		w.clock.advance(19 * time.Minute)
		if n, err := w.desk.FreeUnconfirmed(w.Context()); n != 0 || err != nil {
			w.Fatalf("%d, %v", n, err)
		}
		w.clock.advance(time.Minute)
		if n, err := w.desk.FreeUnconfirmed(w.Context()); n != 1 || err != nil {
			w.Fatalf("%d, %v", n, err)
		}
		if n, err := w.desk.FreeUnconfirmed(w.Context()); n != 0 || err != nil {
			w.Fatalf("a second sweep: %d, %v", n, err)
		}
		if w.claims(j.ID) != 0 || w.claims(kept.ID) == 0 || slices.Contains(w.occasions(j), "cancelled") {
			w.Errorf("claims %d and %d, told %v", w.claims(j.ID), w.claims(kept.ID), w.occasions(j))
		}
		_, err = w.desk.Confirm(w.Context(), j.Token, "123456")
		refusal(w.T, err, fault.Conflict, "fault.booking_lapsed")
	})
}

func TestTheDeskBooksWithoutACode(t *testing.T) {
	each(t, func(w *world) {
		w.prove()
		r := w.request("2026-11-25 10:00")
		r.Source, r.Actor = booking.SourceDesk, w.staff()
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if j.Status != booking.Booked {
			w.Error(j.Status)
		}
	})
}

func TestTheDeskVerifiesWhoStandsThere(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 10:00")
		phone, err := w.desk.SendVerification(w.Context(), j.ID)
		w.ok(err)
		if phone != "+358401234567" {
			w.Error(phone)
		}
		code := w.code(j)
		if err := w.desk.CheckCode(w.Context(), j.ID, "estimate", code); err == nil {
			w.Error("a code for one purpose is good for another")
		}
		w.ok(w.desk.ConfirmVerification(w.Context(), j.ID, code, w.staff()))
		items, err := w.desk.Timeline(w.Context(), j.ID)
		w.ok(err)
		last := items[slices.IndexFunc(items, func(i booking.TimelineItem) bool { return i.Kind == booking.EventVerification })]
		if last.Author != w.anna.Name || last.State != booking.CodeDesk || !last.At.Equal(w.clock.now()) {
			w.Errorf("%+v", last)
		}
		if err := w.desk.ConfirmVerification(w.Context(), j.ID, code, w.staff()); err == nil {
			w.Error("a code was good twice")
		}
	})
}

func TestACodeIsForgottenOnceItHasGone(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 10:00")
		w.ok(w.desk.SendCode(w.Context(), j.ID, "estimate"))
		code := w.code(j)
		if n, err := w.notify.SendDue(w.Context()); n != 0 || err != nil { // no gateway: both texts fail
			w.Fatal(n, err)
		}
		if n := w.count("SELECT COUNT(*) FROM messages WHERE body LIKE ?", "%"+code+"%"); n != 0 {
			w.Error("the code is kept after its text was dealt with")
		}
	})
}

func TestAnAnonymousBookingChangesNothingOfAKnownCustomer(t *testing.T) {
	each(t, func(w *world) {
		w.prove()
		first := w.book("2026-11-25 10:00")
		before, vehicle := *first.Customer, *first.Vehicle
		r := w.request("2026-11-26 10:00")
		r.Customer = booking.ContactInput{Name: "Somebody Else", Phone: "+358 40 123 4567", Email: "else@example.com", Locale: "sv"}
		r.Vehicle = &booking.VehicleInput{Plate: "ABC 123", Make: "Lada", Model: "Niva", Mileage: 5}
		second, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		if second.CustomerID != first.CustomerID || *second.Customer != before {
			w.Errorf("the customer is now %+v", second.Customer)
		}
		if second.VehicleID != first.VehicleID || second.Vehicle.Make != vehicle.Make || second.Vehicle.Model != vehicle.Model || second.Vehicle.Plate != vehicle.Plate {
			w.Errorf("the vehicle is now %+v", second.Vehicle)
		}
		// A wrong code and a place on the waiting list change nothing either.
		_, _ = w.desk.Confirm(w.Context(), second.Token, "000000")
		_, err = w.desk.JoinWaitlist(w.Context(), booking.WaitRequest{
			WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, Latest: w.at("2026-11-30 10:00"), Customer: r.Customer, Vehicle: r.Vehicle,
		})
		w.ok(err)
		after, err := w.desk.Job(w.Context(), first.ID)
		w.ok(err)
		if *after.Customer != before || after.Vehicle.Make != vehicle.Make || after.ContactEmail != "maija@example.com" || after.Locale != "en" {
			w.Errorf("%+v %+v", after.Customer, after.Vehicle)
		}
	})
}

func TestACustomerChangesNothingInTheLastHours(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 10:00")
		customer := booking.Actor{Kind: "customer", Name: j.ContactName}
		w.clock.set(w.at("2026-11-25 08:00"))
		_, err := w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-26 10:00")}, customer)
		refusal(w.T, err, fault.Conflict, "fault.change_notice")
		refusal(w.T, w.desk.Cancel(w.Context(), j.ID, customer), fault.Conflict, "fault.change_notice")
		_, err = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-26 10:00")}, w.staff())
		w.ok(err)
		w.ok(w.desk.Cancel(w.Context(), j.ID, customer))
	})
}

func TestANoShowIsToldKindlyAndItsTimeGivenBack(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 10:00")
		w.clock.set(w.at("2026-11-25 10:20"))
		_, m := w.move(j, booking.NoShow)
		if m == nil || m.Occasion != "no_show" || !strings.HasPrefix(w.linkIn(m.Body), "/book?service=") || m.Channel != notify.SMS {
			w.Errorf("%+v", m)
		}
		if w.claims(j.ID) != 0 {
			w.Error("the time is still taken")
		}
	})
}
