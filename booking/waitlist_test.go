package booking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// wish is a place on the list for Tuesday morning with Anna.
func (w *world) wish(name, phone string) booking.WaitRequest {
	return booking.WaitRequest{
		WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, AdvisorID: w.anna.ID, Transport: "waiting",
		Earliest: w.at("2026-11-24 10:00"), Latest: w.at("2026-11-24 10:00"),
		Customer: booking.ContactInput{Name: name, Phone: phone, Locale: "en"},
	}
}

// join puts somebody on the list for the start at which w.full is booked.
func (w *world) join(name, phone string) *booking.WaitEntry {
	w.Helper()
	r := w.wish(name, phone)
	r.Earliest = w.at("2026-11-24 09:59")
	e, err := w.desk.JoinWaitlist(w.Context(), r)
	w.ok(err)
	return e
}

// full books the time that those on the list wait for.
func (w *world) full() *booking.Job {
	w.Helper()
	r := w.request("2026-11-24 10:00")
	r.AdvisorID = w.anna.ID
	j, err := w.desk.Book(w.Context(), r)
	w.ok(err)
	return j
}

func (w *world) sweepList() int {
	w.Helper()
	n, err := w.desk.SweepWaitlist(w.Context())
	w.ok(err)
	return n
}

func (w *world) entry(e *booking.WaitEntry) *booking.WaitEntry {
	w.Helper()
	out, err := w.desk.WaitEntry(w.Context(), e.Token)
	w.ok(err)
	return out
}

// texts are the occasions of what an entry was told, oldest first.
func (w *world) texts(e *booking.WaitEntry) []string {
	w.Helper()
	ms, err := w.notify.Messages(w.Context(), e.Subject())
	w.ok(err)
	var out []string
	for _, m := range ms {
		if m.Direction == notify.Out && m.State != notify.Suppressed {
			out = append(out, m.Occasion)
		}
	}
	return out
}

// answers is what somebody on the list texts back.
func (w *world) answers(e *booking.WaitEntry, body string) {
	w.Helper()
	_, err := w.notify.Record(w.Context(), e.Subject(), notify.Message{
		Channel: notify.SMS, Author: e.ContactName, FromAddress: e.ContactPhone, Body: body, Verified: true,
	})
	w.ok(err)
}

func TestAFreedTimeIsOfferedToWhoCameFirst(t *testing.T) {
	each(t, func(w *world) {
		taken := w.full()
		first, second := w.join("Aino Aalto", "040 111 1111"), w.join("Bo Berg", "040 222 2222")
		if n := w.sweepList(); n != 0 || w.entry(first).State != booking.Waiting {
			w.Fatalf("%d offers of a time that is taken", n)
		}
		w.ok(w.desk.Cancel(w.Context(), taken.ID, w.staff()))
		if n := w.sweepList(); n != 1 {
			w.Fatalf("%d entries moved", n)
		}
		e := w.entry(first)
		if e.State != booking.WaitOffered || !e.OfferStart.Equal(w.at("2026-11-24 10:00")) || !e.OfferUntil.Equal(w.clock.now().Add(30*time.Minute)) {
			w.Fatalf("%s until %v", e.State, e.OfferUntil)
		}
		if w.entry(second).State != booking.Waiting || w.offered("2026-11-24 10:00", w.anna.ID) {
			w.Error("the held time is offered to others")
		}
		ms, err := w.notify.Messages(w.Context(), first.Subject())
		w.ok(err)
		if len(ms) != 1 || w.linkIn(ms[0].Body) != "/w/"+first.Token || ms[0].ToAddress != "+358401111111" {
			w.Errorf("%+v", ms)
		}
		if n := w.sweepList(); n != 0 {
			w.Error("a second sweep moved something")
		}
	})
}

func TestAYesByTextBooksTheTime(t *testing.T) {
	each(t, func(w *world) {
		w.prove() // who answers our text has proven the phone
		e := w.join("Aino Aalto", "040 111 1111")
		w.sweepList()
		w.answers(e, "Kyllä kiitos!")
		got := w.entry(e) // no sweep has to come by first
		if got.State != booking.WaitBooked || got.JobID == 0 {
			w.Fatalf("%+v", got)
		}
		j, err := w.desk.Job(w.Context(), got.JobID)
		w.ok(err)
		if j.Status != booking.Booked || !j.StartAt.Equal(w.at("2026-11-24 10:00")) || j.BookedWith != w.anna.ID || w.claims(j.ID) == 0 || !slices.Equal(w.occasions(j), []string{"booked"}) {
			w.Errorf("%s %v, told %v", j.Status, j.StartAt, w.occasions(j))
		}
		w.answers(e, "Can I bring my dog?")
		if a, err := w.desk.Attentions(w.Context(), w.shop.ID); err != nil || len(a) != 1 || a[0].JobID != j.ID {
			w.Errorf("what came later is in front of nobody: %v %v", a, err)
		}
		w.sweepList()
		if n := w.count("SELECT COUNT(*) FROM jobs"); n != 1 {
			w.Errorf("%d jobs", n)
		}
	})
}

func TestANoAndSilencePassATimeOn(t *testing.T) {
	each(t, func(w *world) {
		first, second, third := w.join("Aino Aalto", "040 111 1111"), w.join("Bo Berg", "040 222 2222"), w.join("Carl Collin", "040 333 3333")
		w.sweepList()
		w.answers(first, "Nej tack")
		w.sweepList()
		if a, b := w.entry(first), w.entry(second); a.State != booking.Waiting || b.State != booking.WaitOffered {
			w.Fatalf("first %s, second %s", a.State, b.State)
		}
		w.clock.advance(31 * time.Minute)
		w.sweepList()
		if b, c := w.entry(second), w.entry(third); b.State != booking.Waiting || b.Unanswered != 1 || c.State != booking.WaitOffered {
			w.Fatalf("second %s, third %s", b.State, c.State)
		}
		w.answers(second, "yes")
		if got := w.texts(second); !slices.Equal(got, []string{"waitlist_gone"}) { // the offer was still queued when it ended
			w.Errorf("told %v", got)
		}
		job, err := w.desk.AcceptOffer(w.Context(), third.Token)
		w.ok(err)
		again, err := w.desk.AcceptOffer(w.Context(), third.Token)
		w.ok(err)
		if again.ID != job.ID {
			w.Error("a second tap made a second job")
		}
		_, err = w.desk.AcceptOffer(w.Context(), second.Token)
		refusal(w.T, err, fault.Conflict, "fault.offer_gone")
	})
}

func TestAnAnswerThatIsNeitherIsAskedAboutOnce(t *testing.T) {
	each(t, func(w *world) {
		e := w.join("Aino Aalto", "040 111 1111")
		w.sweepList()
		w.answers(e, "Maybe, is there parking?")
		w.answers(e, "Well, what about Friday?")
		if got := w.texts(e); !slices.Equal(got, []string{"waitlist_offer", "waitlist_unclear"}) {
			w.Errorf("told %v", got)
		}
		got := w.entry(e)
		if got.State != booking.WaitOffered || got.Reply != "Well, what about Friday?" || got.ReplyAt.IsZero() {
			w.Errorf("%s, the desk reads %q", got.State, got.Reply)
		}
		list, err := w.desk.Waitlist(w.Context(), w.shop.ID)
		w.ok(err)
		if len(list) != 1 || list[0].ID != e.ID || list[0].Workshop == nil || len(list[0].Services) != 1 || list[0].Advisor == nil {
			w.Fatalf("%+v", list)
		}
		unread := func(want int64) {
			w.Helper()
			if n, err := w.desk.UnreadOnWaitlist(w.Context(), w.shop.ID); err != nil || n != want {
				w.Errorf("%d to read, %v", n, err)
			}
		}
		unread(1)
		w.ok(w.desk.ReadWaitReply(w.Context(), e.ID))
		unread(0)
		if got := w.entry(e); got.Reply == "" || !got.ReplyAt.IsZero() {
			w.Errorf("read: %+v", got)
		}
	})
}

func TestStopToAnOfferEndsThePlaceOnTheListInSilence(t *testing.T) {
	each(t, func(w *world) {
		first, second := w.join("Aino Aalto", "040 111 1111"), w.join("Bo Berg", "040 222 2222")
		w.sweepList()
		w.answers(first, "STOP!")
		w.sweepList()
		if a, b := w.entry(first), w.entry(second); a.State != booking.WaitLeft || b.State != booking.WaitOffered {
			w.Errorf("first %s, second %s", a.State, b.State)
		}
		if got := w.texts(first); len(got) != 0 {
			w.Errorf("told after a stop: %v", got)
		}
	})
}

func TestAYesThatCameTooLateHearsWhatHappensNext(t *testing.T) {
	each(t, func(w *world) {
		e := w.join("Aino Aalto", "040 111 1111")
		w.sweepList()
		w.clock.advance(31 * time.Minute)
		w.answers(e, "Joo") // before any sweep came by
		w.exec("UPDATE waitlist SET passed = '[]' WHERE id = ?", e.ID)
		w.clock.set(w.at("2026-11-24 08:00"))
		w.sweepList()
		w.sweepList()
		w.clock.set(w.at("2026-11-24 12:00"))
		w.sweepList()
		w.sweepList()
		if got := w.entry(e); got.State != booking.WaitExpired {
			w.Fatal(got.State)
		}
		w.answers(e, "Kyllä!")
		got := w.texts(e)
		if n := len(got); n < 2 || !slices.Contains(got[:n-1], "waitlist_gone") || got[n-1] != "waitlist_over" {
			w.Errorf("told %v", got)
		}
		if n := w.count("SELECT COUNT(*) FROM jobs"); n != 0 {
			w.Errorf("%d jobs", n)
		}
	})
}

func TestAnOfferThatDoesNotArriveGoesToTheNext(t *testing.T) {
	each(t, func(w *world) {
		first, second := w.join("Aino Aalto", "040 111 1111"), w.join("Bo Berg", "040 222 2222")
		w.sweepList()
		w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error {
			return w.desk.HandleFailure(ctx, first.Subject(), notify.Message{Occasion: "waitlist_offer", Purpose: notify.JobUpdate})
		}))
		w.sweepList()
		if a, b := w.entry(first), w.entry(second); a.State != booking.Waiting || b.State != booking.WaitOffered {
			w.Errorf("first %s, second %s", a.State, b.State)
		}
	})
}

func TestWhoLeavesTheListIsNotOfferedAnything(t *testing.T) {
	each(t, func(w *world) {
		first, second := w.join("Aino Aalto", "040 111 1111"), w.join("Bo Berg", "040 222 2222")
		w.sweepList()
		w.ok(w.desk.LeaveWaitlist(w.Context(), first.Token))
		w.ok(w.desk.LeaveWaitlist(w.Context(), first.Token))
		w.sweepList()
		if a, b := w.entry(first), w.entry(second); a.State != booking.WaitLeft || b.State != booking.WaitOffered {
			w.Errorf("first %s, second %s", a.State, b.State)
		}
	})
}

func TestNobodyIsWokenByAnOfferAndTheListRunsOut(t *testing.T) {
	each(t, func(w *world) {
		w.clock.set(w.at("2026-11-23 21:00"))
		e := w.join("Aino Aalto", "040 111 1111")
		if n := w.sweepList(); n != 0 {
			w.Fatal("an offer at nine in the evening")
		}
		w.clock.set(w.at("2026-11-24 08:00"))
		w.sweepList()
		got := w.entry(e)
		if got.State != booking.WaitOffered || !got.OfferUntil.Equal(w.at("2026-11-24 08:30")) {
			w.Fatalf("%s until %v", got.State, got.OfferUntil)
		}
		w.clock.set(w.at("2026-11-24 12:00"))
		w.sweepList()
		w.sweepList()
		if got := w.entry(e); got.State != booking.WaitExpired || got.Open() {
			w.Errorf("%s", got.State)
		}
	})
}

func TestAWishIsChecked(t *testing.T) {
	w := onSQLite(t)
	for name, change := range map[string]func(*booking.WaitRequest){
		"body.customer.phone": func(r *booking.WaitRequest) { r.Customer.Phone = "" },
		"body.service_ids":    func(r *booking.WaitRequest) { r.ServiceIDs = []int64{999} },
		"body.advisor_id":     func(r *booking.WaitRequest) { r.AdvisorID = 999 },
		"body.latest":         func(r *booking.WaitRequest) { r.Latest = w.at("2026-11-20 10:00") },
	} {
		t.Run(name, func(t *testing.T) {
			r := w.wish("Aino Aalto", "040 111 1111")
			r.Latest = w.at("2026-11-25 10:00")
			change(&r)
			_, err := w.desk.JoinWaitlist(t.Context(), r)
			e := refusal(t, err, fault.Invalid, "fault.invalid")
			if e.Fields[0].Location != name || name == "body.latest" && e.Fields[0].Key != "fault.past" {
				t.Errorf("%+v", e.Fields)
			}
		})
	}
	for range 5 {
		w.join("Aino Aalto", "040 111 1111")
	}
	r := w.wish("Aino Aalto", "040 111 1111")
	r.Latest = w.at("2026-11-25 10:00")
	_, err := w.desk.JoinWaitlist(t.Context(), r)
	refusal(t, err, fault.Conflict, "fault.waitlist_full")
}
