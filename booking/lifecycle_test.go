package booking_test

import (
	"context"
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

func TestAJobMovesOnlyWhereItMakesSense(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	w.clock.set(w.at("2026-11-25 09:10"))
	allowed := map[booking.Status]string{
		booking.Unconfirmed:     "booked cancelled",
		booking.Booked:          "received no_show cancelled",
		booking.Received:        "in_work waiting_approval waiting_parts ready booked cancelled",
		booking.InWork:          "ready waiting_approval waiting_parts received cancelled",
		booking.WaitingApproval: "in_work waiting_parts ready cancelled",
		booking.WaitingParts:    "in_work waiting_approval ready cancelled",
		booking.Ready:           "collected in_work waiting_approval waiting_parts",
		booking.Collected:       "ready",
		booking.Cancelled:       "",
		booking.NoShow:          "received",
	}
	for _, from := range booking.Statuses {
		var next []string
		for _, s := range booking.NextStatuses(from) {
			next = append(next, string(s))
		}
		if got := strings.Join(next, " "); got != allowed[from] {
			t.Errorf("from %s: %s", from, got)
		}
		for _, to := range booking.Statuses {
			w.exec("UPDATE jobs SET status = ?, closed_at = NULL WHERE id = ?", string(from), j.ID)
			got, _, err := w.desk.Transition(t.Context(), booking.TransitionRequest{JobID: j.ID, To: to, Actor: w.staff()})
			switch {
			case from == to || slices.Contains(next, string(to)):
				if err != nil || got.Status != to {
					t.Errorf("%s to %s: %v", from, to, err)
				}
			case !fault.Is(err, fault.Conflict):
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
}

func TestTheWholeLifeIsToldByWhoReceived(t *testing.T) {
	each(t, func(w *world) {
		var heard []string
		var bells []int64
		w.desk.OnStatus(func(_ context.Context, j *booking.Job, from, to booking.Status) error {
			heard = append(heard, string(from)+">"+string(to)+" "+j.Advisor.Name)
			return nil
		})
		w.desk.OnChange(func(_, job int64) { bells = append(bells, job) })
		r := w.request("2026-11-25 09:00")
		r.AdvisorID = w.bjorn.ID
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		w.clock.set(w.at("2026-11-25 08:55"))
		j, m := w.move(j, booking.Received)
		if j.ReceivedBy != w.anna.ID || j.BookedWith != w.bjorn.ID || j.Advisor.Name != "Anna Virtanen" || j.BookedAdvisor.Name != "Björn Lindqvist" ||
			!j.ReceivedAt.Equal(w.clock.now()) || j.Version != 1 || !j.RemindAt.IsZero() {
			w.Fatalf("%+v", j)
		}
		if m == nil || m.Author != "Anna Virtanen" || !strings.Contains(m.Body, "Anna") || m.Channel != notify.SMS || m.SubjectVersion != 1 {
			w.Fatalf("%+v", m)
		}
		w.clock.advance(time.Hour)
		readyBy := w.at("2026-11-25 15:30")
		preview, err := w.desk.Preview(w.Context(), j.ID, booking.InWork, readyBy, w.bjorn.ID)
		w.ok(err)
		j, m, err = w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.InWork, ReadyBy: readyBy, Send: true, By: w.bjorn.ID, Actor: w.staff()})
		w.ok(err)
		if m.Body != preview || m.Author != "Anna Virtanen" || !j.ReadyBy.Equal(readyBy) {
			w.Fatalf("sent %q by %s, shown %q", m.Body, m.Author, preview)
		}
		j, m, err = w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.Ready, Send: true, Body: "It shines. Come when you like! /Anna", Actor: w.staff()})
		w.ok(err)
		if m.Body != "It shines. Come when you like! /Anna" || !m.ByHuman || j.ReadyAt.IsZero() {
			w.Fatalf("%+v", m)
		}
		j, m, err = w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.Collected, Actor: w.staff()})
		w.ok(err)
		if m != nil || j.ClosedAt.IsZero() || !j.TokenExpiresAt.Equal(w.clock.now().AddDate(1, 0, 0)) {
			w.Fatalf("%+v %+v", m, j)
		}
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "received", "in_work", "ready"}) {
			w.Errorf("texts %v", got)
		}
		if want := []string{"booked>received Anna Virtanen", "received>in_work Anna Virtanen", "in_work>ready Anna Virtanen", "ready>collected Anna Virtanen"}; !slices.Equal(heard, want) {
			w.Errorf("heard %v", heard)
		}
		if len(bells) != 5 {
			w.Errorf("%d bells", len(bells))
		}
		w.clock.advance(366 * 24 * time.Hour)
		if _, err := w.desk.JobByToken(w.Context(), j.Token); !fault.Is(err, fault.NotFound) {
			w.Errorf("a year later the token gives %v", err)
		}
	})
}

func TestADoubleTapSendsOneText(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, _, err := w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.Received, Send: true, Revision: j.Revision, Actor: w.staff()})
				if err != nil {
					w.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "received"}) {
			w.Fatalf("texts %v", got)
		}
	})
}

func TestAStalePageIsAConflict(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	_, err := w.desk.Change(t.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-25 10:00")}, w.staff())
	w.ok(err)
	_, _, err = w.desk.Transition(t.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.Received, Revision: j.Revision, Actor: w.staff()})
	refusal(t, err, fault.Conflict, "fault.job_changed")

	move := func(to booking.Status, readyBy time.Time, revision int) (*booking.Job, error) {
		job, _, err := w.desk.Transition(t.Context(), booking.TransitionRequest{JobID: j.ID, To: to, ReadyBy: readyBy, Revision: revision, Actor: w.staff()})
		return job, err
	}
	seen, err := move(booking.Received, time.Time{}, 0)
	w.ok(err)
	for _, change := range []func() error{
		func() error { _, err := move(booking.InWork, time.Time{}, 0); return err },
		func() error { _, err := move(booking.InWork, w.at("2026-11-26 10:00"), 0); return err },
		func() error {
			return w.desk.Handover(t.Context(), booking.HandoverRequest{JobID: j.ID, To: w.bjorn.ID, Actor: w.staff()})
		},
	} {
		w.ok(change())
		_, err := move(booking.Ready, time.Time{}, seen.Revision)
		refusal(t, err, fault.Conflict, "fault.job_changed")
		seen, err = w.desk.Job(t.Context(), j.ID)
		w.ok(err)
	}
	_, err = move(booking.Ready, time.Time{}, seen.Revision)
	w.ok(err)
}

func TestATransitionIsChecked(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	for _, c := range []struct {
		name string
		r    booking.TransitionRequest
		want string
	}{
		{"no such status", booking.TransitionRequest{To: "lost"}, "fault.invalid [body.to: fault.status_unknown]"},
		{"nobody's job", booking.TransitionRequest{JobID: 4711, To: booking.Received}, "fault.not_found"},
		{"not come before the start", booking.TransitionRequest{To: booking.NoShow}, "fault.no_show_early"},
		{"ready before it is received", booking.TransitionRequest{To: booking.Ready}, "fault.move"},
		{"received by nobody", booking.TransitionRequest{To: booking.Received, By: 4711}, "fault.invalid [body.by: fault.advisor_unknown]"},
		{"ready by yesterday", booking.TransitionRequest{To: booking.Received, ReadyBy: w.at("2026-11-22 12:00")}, "fault.invalid [body.ready_by: fault.ready_by]"},
	} {
		if c.r.JobID == 0 {
			c.r.JobID = j.ID
		}
		if _, _, err := w.desk.Transition(t.Context(), c.r); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if text, err := w.desk.Preview(t.Context(), j.ID, booking.Ready, time.Time{}, 0); !fault.Is(err, fault.Conflict) || text != "" {
		t.Errorf("preview of a move that makes no sense: %q, %v", text, err)
	}
}

func TestAHandlerThatFailsUndoesTheMove(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.desk.OnStatus(func(context.Context, *booking.Job, booking.Status, booking.Status) error { return errors.New("no") })
		_, _, err := w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.Received, Send: true, Actor: w.staff()})
		if err == nil {
			w.Fatal("no error")
		}
		again, err := w.desk.Job(w.Context(), j.ID)
		w.ok(err)
		if again.Status != booking.Booked || len(w.occasions(j)) != 1 {
			w.Fatalf("%s, %v", again.Status, w.occasions(j))
		}
	})
}

func TestAMistakenTapIsUndone(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	w.move(j, booking.Received)
	j, m := w.move(j, booking.Booked)
	if m != nil || j.ReceivedBy != 0 || !j.ReceivedAt.IsZero() || !j.RemindAt.Equal(w.at("2026-11-24 10:00")) {
		t.Fatalf("%+v %+v", m, j)
	}
	for _, m := range w.messages(j) {
		if m.Occasion == "received" && m.State != notify.Suppressed {
			t.Errorf("the untrue text is %s", m.State)
		}
	}
	w.clock.set(w.at("2026-11-25 09:30"))
	j, _ = w.move(j, booking.NoShow)
	if j.ClosedAt.IsZero() || w.claims(j.ID) != 0 {
		t.Fatalf("%+v, %d claims", j, w.claims(j.ID))
	}
	if j, _ = w.move(j, booking.Received); !j.ClosedAt.IsZero() || j.ReceivedBy != w.anna.ID || !j.TokenExpiresAt.Equal(j.CreatedAt.AddDate(2, 0, 0)) {
		t.Fatalf("%+v", j)
	}
	w.move(j, booking.Ready)
	if j, _ = w.move(j, booking.Collected); j.ClosedAt.IsZero() {
		t.Fatalf("%+v", j)
	}
	if j, m = w.move(j, booking.Ready); !j.ClosedAt.IsZero() || j.ReadyAt.IsZero() || m != nil {
		t.Fatalf("%+v %+v", m, j)
	}
	if j, m = w.move(j, booking.InWork); !j.ReadyAt.IsZero() || m == nil || m.Occasion != "resumed" {
		t.Fatalf("%+v %+v", m, j)
	}
}

func TestMovingABookingGivesItsOldTimeBack(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 09:00")
		r.AdvisorID = w.anna.ID
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		customer := booking.Actor{Kind: "customer", Name: "Maija"}
		// To a start that overlaps the old one: the job does not stand in its own way.
		got, err := w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-25 09:15")}, customer)
		w.ok(err)
		if got.Version != 2 || got.BookedWith != w.anna.ID || got.WallStart != "2026-11-25T09:15" || !got.EndAt.Equal(w.at("2026-11-25 09:45")) || w.claims(j.ID) != 6 {
			w.Fatalf("%+v", got)
		}
		if w.offered("2026-11-25 09:15", w.anna.ID) || !w.offered("2026-11-25 08:45", w.anna.ID) || !w.offered("2026-11-25 09:45", w.anna.ID) {
			w.Error("the claims are not where the job is")
		}
		got, err = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-12-01 10:00"), AdvisorID: w.bjorn.ID}, customer)
		w.ok(err)
		if got.Advisor.ID != w.bjorn.ID || !got.RemindAt.Equal(w.at("2026-11-30 10:00")) || !w.offered("2026-11-25 09:00", w.anna.ID) {
			w.Fatalf("%+v", got)
		}
		ms := w.messages(j)
		last := ms[len(ms)-1]
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "moved", "moved"}) || last.SubjectVersion != 3 || last.Author != "Björn Lindqvist" {
			w.Errorf("texts %v, %+v", got, last)
		}
		version, live, err := w.desk.Version(w.Context(), j.Subject())
		if version != 3 || !live || err != nil {
			w.Errorf("version %d, %v, %v", version, live, err)
		}
		// Nothing changes, nothing is told; another way of coming is no news either.
		for _, c := range []booking.ChangeRequest{{}, {Transport: "drop_off"}} {
			got, err = w.desk.Change(w.Context(), j.ID, c, customer)
			w.ok(err)
		}
		if got.Version != 3 || got.Transport != "drop_off" || len(w.occasions(j)) != 3 {
			w.Errorf("%+v", got)
		}
		other := w.book("2026-12-01 14:00")
		_, err = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-12-01 14:00"), AdvisorID: other.BookedWith}, customer)
		if taken, ok := errors.AsType[*booking.SlotTaken](err); !ok || len(taken.Alternatives) == 0 {
			w.Errorf("onto another's start: %v", err)
		}
		if _, err = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-23 08:30")}, customer); !fault.Is(err, fault.Invalid) {
			w.Errorf("without notice: %v", err)
		}
		w.move(got, booking.Received)
		if _, err = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-12-02 14:00")}, customer); !fault.Is(err, fault.Conflict) {
			w.Errorf("after it was received: %v", err)
		}
	})
}

func TestTwoThatMoveOntoTheSameStart(t *testing.T) {
	each(t, func(w *world) {
		var jobs []*booking.Job
		for _, at := range []string{"09:00", "10:00", "13:00", "14:00"} {
			r := w.request("2026-11-25 " + at)
			r.AdvisorID = w.bjorn.ID
			j, err := w.desk.Book(w.Context(), r)
			w.ok(err)
			jobs = append(jobs, j)
		}
		var wg sync.WaitGroup
		errs := make([]error, len(jobs))
		for i, j := range jobs {
			wg.Go(func() {
				_, errs[i] = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-25 11:30")}, w.staff())
			})
		}
		wg.Wait()
		moved := 0
		for _, err := range errs {
			if err == nil {
				moved++
			} else if _, ok := errors.AsType[*booking.SlotTaken](err); !ok {
				w.Errorf("%v", err)
			}
		}
		if moved != 1 || w.count("SELECT COUNT(*) FROM claims WHERE job_id > 0") != 4*6 {
			w.Fatalf("%d moved", moved)
		}
	})
}

func TestCancellingGivesTheTimeBack(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		customer := booking.Actor{Kind: "customer"}
		w.ok(w.desk.Cancel(w.Context(), j.ID, customer))
		w.ok(w.desk.Cancel(w.Context(), j.ID, customer))
		got, err := w.desk.Job(w.Context(), j.ID)
		w.ok(err)
		if got.Status != booking.Cancelled || got.Version != 2 || got.ClosedAt.IsZero() || w.claims(j.ID) != 0 || !w.offered("2026-11-25 09:00", j.BookedWith) {
			w.Fatalf("%+v", got)
		}
		ms := w.messages(j)
		if last := ms[len(ms)-1]; len(ms) != 4 || last.Occasion != "cancelled" || last.SubjectVersion != 2 || last.Channel != notify.Email {
			w.Fatalf("%+v", ms)
		}
		begun := w.book("2026-11-25 09:00")
		w.move(begun, booking.Received)
		if err := w.desk.Cancel(w.Context(), begun.ID, customer); !fault.Is(err, fault.Conflict) {
			w.Errorf("a customer cancels what is in the workshop: %v", err)
		}
		w.ok(w.desk.Cancel(w.Context(), begun.ID, w.staff()))
	})
}

func TestAJobPastItsPromisedTimeStillMovesOn(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	w.clock.set(w.at("2026-11-25 09:00"))
	due := w.at("2026-11-25 12:00")
	_, _, err := w.desk.Transition(t.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.Received, ReadyBy: due, Actor: w.staff()})
	w.ok(err)
	w.clock.set(w.at("2026-11-25 15:00"))
	// A form sends the standing time back; it is no new promise.
	text, err := w.desk.Preview(t.Context(), j.ID, booking.WaitingParts, due, 0)
	w.ok(err)
	if text == "" || strings.Contains(text, "12.00") {
		t.Errorf("the text repeats a promise that was broken, or is empty: %q", text)
	}
	_, _, err = w.desk.Transition(t.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.InWork, ReadyBy: due, Actor: w.staff()})
	w.ok(err)
}
