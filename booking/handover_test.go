package booking_test

import (
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// hands gives a job to another advisor, telling the customer where asked to.
func (w *world) hands(j *booking.Job, to booking.Advisor, tell bool) {
	w.Helper()
	w.ok(w.desk.Handover(w.Context(), booking.HandoverRequest{JobID: j.ID, To: to.ID, Send: tell, Actor: w.staff()}))
}

// handovers are the texts of hand-overs that are not dropped, oldest first.
func (w *world) handovers(j *booking.Job) (out []notify.Message) {
	w.Helper()
	for _, m := range w.messages(j) {
		if m.Occasion == "handover" && m.State != notify.Suppressed {
			out = append(out, m)
		}
	}
	return out
}

func TestACustomerIsToldOnceWhoTakesOver(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.move(j, booking.Received)
		w.hands(j, w.bjorn, true)
		w.hands(j, w.bjorn, true) // a double tap
		told := w.handovers(j)
		if len(told) != 1 || told[0].Author != w.bjorn.Name || told[0].Channel != notify.SMS || told[0].Purpose != notify.JobUpdate || told[0].ByHuman {
			w.Fatalf("%+v", told)
		}
		want := "Hello Maija! I am Björn, and I will look after you from here (Volvo V60 ABC-123). Until now it was Anna. I know the whole story, so there is nothing you need to explain again. If you have any questions, just reply to this message.\nBest wishes, Björn, " + w.shop.Name
		if told[0].Body != want {
			w.Errorf("%q, want %q", told[0].Body, want)
		}
		items, err := w.desk.Timeline(w.Context(), j.ID)
		w.ok(err)
		var after []string
		for _, i := range items {
			if i.State == "handover" || i.Occasion == "handover" {
				after = append(after, string(i.Kind))
			}
		}
		if strings.Join(after, " ") != "event message" {
			w.Errorf("on the timeline: %v", after)
		}
	})
}

func TestAHandoverThatWasNotToldYetIsNotToldAfterTheNext(t *testing.T) {
	w := onSQLite(t)
	carl, err := w.desk.AddAdvisor(t.Context(), managerOf(w.shop.ID), "", booking.Advisor{WorkshopID: w.shop.ID, Name: "Carl Holm", Languages: []string{"en"}, Active: true})
	w.ok(err)
	j := w.book("2026-11-25 09:00")
	w.move(j, booking.Received)
	w.hands(j, w.bjorn, true)
	w.hands(j, *carl, true)
	told := w.handovers(j)
	if len(told) != 1 || !strings.Contains(told[0].Body, "I am Carl") || !strings.Contains(told[0].Body, "it was Anna.") {
		t.Fatalf("of Anna, Björn who was never heard of, and Carl: %+v", told)
	}
	w.hands(j, w.anna, true)
	if told := w.handovers(j); len(told) != 0 {
		t.Errorf("back with Anna, of whom alone the customer knows: %+v", told)
	}
}

func TestWhoOnlyMindsAJobIsNotAnnounced(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	w.move(j, booking.Received)
	w.hands(j, w.bjorn, false)
	if told := w.handovers(j); len(told) != 0 {
		t.Errorf("%+v", told)
	}
	w.hands(j, w.anna, true)
	w.hands(j, w.bjorn, false) // nor is the text about Anna true any more
	if told := w.handovers(j); len(told) != 0 {
		t.Errorf("%+v", told)
	}
}

func TestAHandoverOfWhatIsOverIsToldOnlyWhereACallIsStillPromised(t *testing.T) {
	for name, promised := range map[string]bool{"nothing is open": false, "a call is promised": true} {
		t.Run(name, func(t *testing.T) {
			w := onSQLite(t)
			j := w.book("2026-11-25 09:00")
			for _, to := range []booking.Status{booking.Received, booking.InWork, booking.Ready, booking.Collected} {
				w.move(j, to)
			}
			if promised {
				_, err := w.desk.AskCallback(t.Context(), j.Token, "", "")
				w.ok(err)
			}
			w.hands(j, w.bjorn, true)
			if told := w.handovers(j); (len(told) == 1) != promised {
				t.Errorf("%+v", told)
			}
		})
	}
}

func TestAHandoverAtNightIsToldInTheMorningUnlessTheDeskSaysNow(t *testing.T) {
	w := onSQLite(t)
	w.notify.SetManners(w.desk.Manners)
	j := w.book("2026-11-25 09:00")
	w.move(j, booking.Received)
	w.clock.set(w.at("2026-11-25 22:30"))
	f, err := w.desk.Forecast(t.Context(), j, "handover", false)
	w.ok(err)
	if !f.Quiet || !f.At.Equal(w.at("2026-11-26 08:00")) {
		t.Errorf("goes at %v", f.At)
	}
	w.ok(w.desk.Handover(t.Context(), booking.HandoverRequest{JobID: j.ID, To: w.bjorn.ID, Send: true, Actor: w.staff()}))
	if told := w.handovers(j); len(told) != 1 || told[0].AtOnce || told[0].ExpiresAt.Before(f.At.Add(time.Hour)) {
		t.Errorf("%+v", told)
	}
	w.ok(w.desk.Handover(t.Context(), booking.HandoverRequest{JobID: j.ID, To: w.anna.ID, Actor: w.staff()}))
	w.ok(w.desk.Handover(t.Context(), booking.HandoverRequest{JobID: j.ID, To: w.bjorn.ID, Send: true, AtOnce: true, Actor: w.staff()}))
	if told := w.handovers(j); len(told) != 1 || !told[0].AtOnce {
		t.Errorf("%+v", told)
	}
}

func TestAHandoverThatCannotBeIsRefused(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	hand := func(r booking.HandoverRequest) error {
		r.JobID, r.Send, r.Actor = j.ID, true, w.staff()
		return w.desk.Handover(t.Context(), r)
	}
	if err := hand(booking.HandoverRequest{To: w.bjorn.ID}); !fault.Is(err, fault.Conflict) {
		t.Fatalf("before it is received: %v", err)
	}
	w.move(j, booking.Received)
	if err := hand(booking.HandoverRequest{To: 4711}); !fault.Is(err, fault.Invalid) {
		t.Fatalf("to nobody: %v", err)
	}
	if err := hand(booking.HandoverRequest{To: w.bjorn.ID, Note: strings.Repeat("x", 5000)}); !fault.Is(err, fault.Invalid) {
		t.Fatalf("with a note too long: %v", err)
	}
	if told := w.handovers(j); len(told) != 0 {
		t.Errorf("%+v", told)
	}
}

func TestALateYesIsAnsweredByWhomTheTimeWasWith(t *testing.T) {
	w := onSQLite(t)
	r := w.wish("Aino Aalto", "040 111 1111")
	r.AdvisorID, r.Earliest = 0, w.at("2026-11-24 09:59") // with anybody
	e, err := w.desk.JoinWaitlist(t.Context(), r)
	w.ok(err)
	w.sweepList()
	with := w.entry(e).Advisor
	if with == nil {
		t.Fatal("nothing was offered")
	}
	w.exec("UPDATE messages SET state = 'delivered' WHERE occasion = 'waitlist_offer'")
	w.clock.advance(time.Hour) // the offer has lapsed
	w.sweepList()
	w.answers(e, "Yes please")
	ms, err := w.notify.Messages(t.Context(), e.Subject())
	w.ok(err)
	last := ms[len(ms)-1]
	if last.Occasion != "waitlist_gone" || last.Author != with.Name || !strings.Contains(last.Body, "Best wishes, "+with.FirstName()+", ") {
		t.Errorf("%+v", last)
	}
}
