package booking_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/notify"
)

// watch moves the clock to a time on the wall and lets the sweep look.
func (w *world) watch(wall string) {
	w.Helper()
	w.clock.set(w.at(wall))
	_, err := w.desk.WatchPromises(w.Context())
	w.ok(err)
}

func (w *world) promiseOf(j *booking.Job, kind string) booking.Promise {
	w.Helper()
	rows, err := w.desk.JobPromises(w.Context(), j.ID)
	w.ok(err)
	for _, p := range rows {
		if p.Kind == kind {
			return p
		}
	}
	w.Fatalf("job %d has no promise %s", j.ID, kind)
	return booking.Promise{}
}

func TestACallThatWillBeLateIsToldBeforeItIs(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.clock.set(w.at("2026-11-23 10:00"))
		p, err := w.desk.AskCallback(w.Context(), j.Token, "", "")
		w.ok(err)
		w.watch("2026-11-23 11:00") // nothing is due yet
		if got := w.attentions(); !slices.Equal(got, []string{"callback"}) {
			w.Errorf("at eleven: %v", got)
		}
		w.watch("2026-11-23 11:30")
		w.watch("2026-11-23 11:31") // idempotent
		if got := w.attentions(); !slices.Equal(got, []string{"callback", "promise_due"}) {
			w.Errorf("half an hour before: %v", got)
		}
		w.watch("2026-11-23 11:50")
		w.watch("2026-11-23 11:51")
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "callback", "late_call"}) {
			w.Errorf("texts: %v", got)
		}
		now := w.promiseOf(j, booking.PromiseCall)
		if !now.FirstDueAt.Equal(w.at("2026-11-23 12:00")) || !now.DueAt.Equal(w.at("2026-11-23 13:00")) || !now.Renegotiated || !now.BrokenAt.IsZero() {
			w.Errorf("put off: %+v", now)
		}
		w.watch("2026-11-23 13:01")
		if got := w.attentions(); !slices.Contains(got, "promise_late") {
			w.Errorf("after the second time: %v", got)
		}
		if got := w.occasions(j); len(got) != 3 {
			w.Errorf("told of the second delay by a machine: %v", got)
		}
		_, err = w.desk.Attempt(w.Context(), p.ID, booking.OutcomeReached, "", w.staff())
		w.ok(err)
		now = w.promiseOf(j, booking.PromiseCall)
		if now.State != booking.PromiseMissed || now.Kept() || len(w.attentions()) != 0 {
			w.Errorf("%+v, %v", now, w.attentions())
		}
	})
}

func TestACallMadeInTimeBothersNobody(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.clock.set(w.at("2026-11-23 10:00"))
		p, err := w.desk.AskCallback(w.Context(), j.Token, "", "")
		w.ok(err)
		w.clock.set(w.at("2026-11-23 11:10"))
		_, err = w.desk.AnnounceCall(w.Context(), p.ID, w.staff())
		w.ok(err)
		_, err = w.desk.Attempt(w.Context(), p.ID, booking.OutcomeReached, "", w.staff())
		w.ok(err)
		w.watch("2026-11-23 16:00")
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "callback", "calling"}) {
			w.Errorf("texts: %v", got)
		}
		if now := w.promiseOf(j, booking.PromiseCall); now.State != booking.PromiseKept || !now.Kept() {
			w.Errorf("%+v", now)
		}
	})
}

func TestNoMoreCallsArePromisedThanCanBeMade(t *testing.T) {
	w := onSQLite(t)
	w.clock.set(w.at("2026-11-23 10:00"))
	var due []string
	for i := range 6 {
		r := w.request("2026-11-25 " + []string{"08:00", "08:30", "09:00", "09:30", "10:00", "10:30"}[i])
		r.AdvisorID, r.ServiceIDs = w.bjorn.ID, []int64{w.tyres.ID}
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		p, err := w.desk.AskCallback(w.Context(), j.Token, "", "")
		w.ok(err)
		due = append(due, p.DueAt.In(w.shop.Zone()).Format("15:04"))
	}
	// Four an hour: the fifth is due when an hour holds fewer.
	if want := []string{"12:00", "12:00", "12:00", "12:00", "13:00", "13:00"}; !slices.Equal(due, want) {
		t.Errorf("due %v, want %v", due, want)
	}
}

func TestTheStandInCallsWhileTheOwnerIsAway(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.clock.set(w.at("2026-11-23 10:00"))
		owner, other := j.BookedWith, w.anna.ID
		if owner == other {
			other = w.bjorn.ID
		}
		_, err := w.desk.AddAbsence(w.Context(), owner, w.at("2026-11-23 08:00"), w.at("2026-11-24 08:00"), "", w.staff())
		w.ok(err)
		p, err := w.desk.AskCallback(w.Context(), j.Token, "", "")
		w.ok(err)
		if p.OwnerID != other {
			w.Errorf("promised by %d, want %d", p.OwnerID, other)
		}
		messages := w.messages(j)
		if m := messages[len(messages)-1]; m.Author != p.Owner.Name {
			w.Errorf("signed by %s, want %s", m.Author, p.Owner.Name)
		}
	})
}

func TestAReadyByTimeIsAPromiseToo(t *testing.T) {
	each(t, func(w *world) {
		var broken []int64
		w.desk.OnBroken(func(_ context.Context, _ *booking.Job, p *booking.Promise) error {
			broken = append(broken, p.JobID)
			return nil
		})
		received := func(wall string, readyBy string) *booking.Job {
			w.clock.set(monday)
			j := w.book(wall)
			w.clock.set(w.at("2026-11-24 08:00"))
			j, _, err := w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.Received, ReadyBy: w.at(readyBy), By: w.anna.ID, Actor: w.staff()})
			w.ok(err)
			return j
		}
		kept := received("2026-11-24 09:00", "2026-11-24 14:00")
		late := received("2026-11-24 10:00", "2026-11-24 15:00")
		moved := received("2026-11-24 11:30", "2026-11-24 13:00")
		w.clock.set(w.at("2026-11-24 11:00"))
		_, _, err := w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: moved.ID, To: booking.Received, ReadyBy: w.at("2026-11-24 16:00"), Actor: w.staff()})
		w.ok(err)
		w.clock.set(w.at("2026-11-24 13:30"))
		w.move(kept, booking.Ready)
		w.watch("2026-11-24 14:00") // an hour before the late one
		if got := w.attentions(); !slices.Equal(got, []string{"promise_due"}) {
			w.Errorf("an hour before: %v", got)
		}
		w.watch("2026-11-24 14:45")
		if got := w.occasions(late); !slices.Contains(got, "late_ready") {
			w.Errorf("texts: %v", got)
		}
		if call := w.promiseOf(late, booking.PromiseCall); call.Source != booking.FromLate {
			w.Errorf("the call: %+v", call)
		}
		w.watch("2026-11-24 15:00")
		w.watch("2026-11-24 15:01")
		if !slices.Equal(broken, []int64{late.ID}) {
			w.Errorf("broken: %v", broken)
		}
		w.clock.set(w.at("2026-11-24 15:30"))
		w.move(late, booking.Ready)
		w.move(moved, booking.Ready)
		for _, c := range []struct {
			name string
			j    *booking.Job
			kept bool
			due  string
		}{
			{"in time", kept, true, "2026-11-24 14:00"},
			{"late", late, false, "2026-11-24 15:00"},
			{"put off by us", moved, false, "2026-11-24 13:00"},
		} {
			p := w.promiseOf(c.j, booking.PromiseReady)
			if p.Kept() != c.kept || !p.FirstDueAt.Equal(w.at(c.due)) || p.ClosedAt.IsZero() {
				w.Errorf("%s: %+v", c.name, p)
			}
		}
		rates, err := w.desk.PromiseRates(w.Context(), w.shop.ID, w.at("2026-11-24 00:00"), w.at("2026-11-25 00:00"))
		w.ok(err)
		for _, r := range rates {
			if r.Kind == booking.PromiseReady && (r.Due != 3 || r.Kept != 1) {
				w.Errorf("%d kept of %d", r.Kept, r.Due)
			}
		}
	})
}

func TestWhatCountsAsKept(t *testing.T) {
	for _, c := range []struct {
		name string
		acts func(w *world, p *booking.Promise, j *booking.Job)
		kept int
	}{
		{"spoken in time", func(w *world, p *booking.Promise, _ *booking.Job) { w.attempt(p, "11:30", booking.OutcomeReached) }, 1},
		{"spoken late", func(w *world, p *booking.Promise, _ *booking.Job) { w.attempt(p, "12:30", booking.OutcomeReached) }, 0},
		{"no answer in time, spoken late", func(w *world, p *booking.Promise, _ *booking.Job) {
			w.attempt(p, "11:30", booking.OutcomeNoAnswer)
			w.attempt(p, "12:30", booking.OutcomeReached)
		}, 0},
		{"moved by the customer, spoken by then", func(w *world, p *booking.Promise, _ *booking.Job) {
			w.attempt(p, "11:30", booking.OutcomeMoved)
			w.attempt(p, "13:00", booking.OutcomeReached)
		}, 1},
		{"moved by the customer too late", func(w *world, p *booking.Promise, _ *booking.Job) {
			w.attempt(p, "12:30", booking.OutcomeMoved)
			w.attempt(p, "13:00", booking.OutcomeReached)
		}, 0},
		{"put off by us", func(w *world, p *booking.Promise, _ *booking.Job) {
			w.attempt(p, "11:30", booking.OutcomeRenegotiated)
			w.attempt(p, "11:50", booking.OutcomeReached)
		}, 0},
		{"handed over", func(w *world, p *booking.Promise, j *booking.Job) {
			to := w.bjorn.ID
			if p.OwnerID == to {
				to = w.anna.ID
			}
			w.ok(w.desk.Handover(w.Context(), booking.HandoverRequest{JobID: j.ID, To: to, Send: true, Actor: w.staff()}))
			w.attempt(p, "11:50", booking.OutcomeReached)
		}, 0},
		{"forgotten", func(w *world, _ *booking.Promise, _ *booking.Job) { w.clock.set(w.at("2026-11-23 14:00")) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := onSQLite(t)
			j := w.book("2026-11-23 10:00")
			w.clock.set(w.at("2026-11-23 10:00"))
			j, _ = w.move(j, booking.Received)
			p, err := w.desk.AskCallback(w.Context(), j.Token, "", "")
			w.ok(err)
			c.acts(w, p, j)
			rates, err := w.desk.PromiseRates(w.Context(), w.shop.ID, w.at("2026-11-23 00:00"), w.at("2026-11-24 00:00"))
			w.ok(err)
			if len(rates) != 1 || rates[0].Due != 1 || rates[0].Kept != c.kept {
				t.Errorf("%+v, want %d kept of 1", rates, c.kept)
			}
		})
	}
}

func (w *world) attempt(p *booking.Promise, clock, outcome string) {
	w.Helper()
	w.clock.set(w.at("2026-11-23 " + clock))
	_, err := w.desk.Attempt(w.Context(), p.ID, outcome, "", w.staff())
	w.ok(err)
}

func TestACallPromisedAtClosingTimeBeforeAHolidayIsDueAfterIt(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-12-28 09:00")
	w.clock.set(w.at("2026-12-23 16:30"))
	p, err := w.desk.AskCallback(t.Context(), j.Token, "", "")
	w.ok(err)
	for at := w.at("2026-12-23 16:30"); at.Before(w.at("2026-12-28 08:00")); at = at.Add(time.Hour) {
		w.clock.set(at)
		_, err := w.desk.WatchPromises(t.Context())
		w.ok(err)
	}
	if got := w.attentions(); !slices.Equal(got, []string{"callback"}) {
		t.Errorf("over the holidays: %v", got)
	}
	if !p.DueAt.Equal(w.at("2026-12-28 09:00")) {
		t.Errorf("due %v", p.DueAt)
	}
	messages, err := w.notify.Messages(t.Context(), j.Subject())
	w.ok(err)
	if m := messages[len(messages)-1]; m.Direction != notify.Out || m.Occasion != "callback" {
		t.Errorf("told %+v", m)
	}
}

func TestWhoAsksAgainWhenWeAreLateIsGivenANewTime(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.clock.set(w.at("2026-11-23 10:00"))
		_, err := w.desk.AskCallback(w.Context(), j.Token, "", "")
		w.ok(err)
		w.watch("2026-11-23 13:30")
		p, err := w.desk.AskCallback(w.Context(), j.Token, "", "Still waiting")
		w.ok(err)
		if !p.DueAt.Equal(w.at("2026-11-23 15:30")) || !p.FirstDueAt.Equal(w.at("2026-11-23 12:00")) || !p.Renegotiated {
			w.Errorf("renewed as %+v", p)
		}
		if got := w.occasions(j); got[len(got)-1] != "callback" {
			w.Errorf("texts: %v", got)
		}
		w.watch("2026-11-23 15:00")
		if got := w.attentions(); !slices.Contains(got, "promise_due") {
			w.Errorf("nobody is warned of the new time: %v", got)
		}
	})
}
