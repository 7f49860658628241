package booking_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// withAnna books a start with Anna for a customer of one's own.
func (w *world) withAnna(wall, phone string) *booking.Job {
	w.Helper()
	r := w.request(wall)
	r.AdvisorID, r.Customer.Phone, r.Customer.Email = w.anna.ID, phone, ""
	j, err := w.desk.Book(w.Context(), r)
	w.ok(err)
	return j
}

// standIn makes Björn Anna's stand-in.
func (w *world) standIn() {
	w.exec("UPDATE advisors SET stand_in_id = ? WHERE id = ?", w.bjorn.ID, w.anna.ID)
}

func outcomes(rs []booking.Resolved) string {
	var out []string
	for _, r := range rs {
		out = append(out, strings.TrimSpace(r.Outcome+" "+r.Reason.Rule))
	}
	return strings.Join(out, ", ")
}

func TestAnAbsenceTellsWhichBookingsItHits(t *testing.T) {
	each(t, func(w *world) {
		before := w.withAnna("2026-11-25 09:00", "040 1000001")
		inside := w.withAnna("2026-11-25 13:00", "040 1000002")
		begun := w.withAnna("2026-11-25 14:00", "040 1000003")
		w.ok(w.desk.Cancel(w.Context(), begun.ID, w.staff()))
		from, to := w.at("2026-11-25 12:00"), w.at("2026-11-26 00:00")

		seen, err := w.desk.PreviewAbsence(w.Context(), w.anna.ID, from, to, "Kurssi")
		w.ok(err)
		if len(seen.Jobs) != 1 || seen.Jobs[0].ID != inside.ID || seen.Absence.ID != 0 {
			w.Fatalf("the preview shows %d jobs of absence %d", len(seen.Jobs), seen.Absence.ID)
		}
		if n := w.count("SELECT COUNT(*) FROM absences WHERE reason = 'Kurssi'"); n != 0 {
			w.Fatal("the preview stored the absence")
		}
		first, err := w.desk.AddAbsence(w.Context(), w.anna.ID, from, to, "Kurssi", w.staff())
		w.ok(err)
		again, err := w.desk.AddAbsence(w.Context(), w.anna.ID, from, to, "Kurssi", w.staff())
		w.ok(err)
		if first.Absence.ID == 0 || again.Absence.ID != first.Absence.ID || len(again.Jobs) != 1 {
			w.Fatalf("added as %d and %d", first.Absence.ID, again.Absence.ID)
		}
		if w.offered("2026-11-25 15:00", w.anna.ID) {
			w.Error("Anna is offered while she is away")
		}
		if j, err := w.desk.Job(w.Context(), before.ID); err != nil || j.BookedWith != w.anna.ID {
			w.Error("a booking outside the absence was touched")
		}
		list, err := w.desk.Absences(w.Context(), w.shop.ID, w.anna.ID, monday)
		w.ok(err)
		if !slices.ContainsFunc(list, func(a booking.Absence) bool { return a.ID == first.Absence.ID && a.Reason == "Kurssi" }) {
			w.Errorf("not on the list: %v", list)
		}
		w.ok(w.desk.RemoveAbsence(w.Context(), first.Absence.ID, w.staff()))
		if err := w.desk.RemoveAbsence(w.Context(), first.Absence.ID, w.staff()); !fault.Is(err, fault.NotFound) {
			w.Errorf("removed twice: %v", err)
		}
		if !w.offered("2026-11-25 15:00", w.anna.ID) {
			w.Error("Anna is back and not offered")
		}
	})
}

func TestAnAbsenceThatCannotBeIsRefused(t *testing.T) {
	w := onSQLite(t)
	day := w.at("2026-11-25 00:00")
	for name, c := range map[string]struct {
		resource int64
		from, to time.Time
		want     string
	}{
		"it ends before it begins":  {w.anna.ID, day, day.Add(-time.Hour), "body.to fault.range_backwards"},
		"it takes no time":          {w.anna.ID, day, day, "body.to fault.range_backwards"},
		"it never ends":             {w.anna.ID, day, day.AddDate(3, 0, 0), "body.to fault.absence_long"},
		"nobody is away":            {999_999, day, day.Add(time.Hour), "body.resource_id fault.unknown_id"},
		"it does not say from when": {w.anna.ID, time.Time{}, day, "body.from fault.time"},
	} {
		_, err := w.desk.AddAbsence(t.Context(), c.resource, c.from, c.to, "", w.staff())
		if got := wrongField(err); got != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestTheStandInReceivesAtTheSameTime(t *testing.T) {
	each(t, func(w *world) {
		w.standIn()
		one := w.withAnna("2026-11-25 09:00", "040 1000001")
		two := w.withAnna("2026-11-25 10:00", "040 1000002")
		busy := w.request("2026-11-25 10:15")
		busy.AdvisorID, busy.Customer.Phone = w.bjorn.ID, "040 1000009"
		_, err := w.desk.Book(w.Context(), busy)
		w.ok(err)
		away, err := w.desk.AddAbsence(w.Context(), w.anna.ID, w.at("2026-11-25 00:00"), w.at("2026-11-26 00:00"), "Flunssa", w.staff())
		w.ok(err)

		done, err := w.desk.ResolveAbsence(w.Context(), away.Absence.ID, booking.ResolveStandIn, nil, w.staff())
		w.ok(err)
		if got := outcomes(done); got != "moved, failed taken" {
			w.Fatalf("resolved as %q", got)
		}
		if len(done[1].Alternatives) == 0 || done[1].Reason.Detail != w.bjorn.Name {
			w.Errorf("the one that does not fit has %+v and %d alternatives", done[1].Reason, len(done[1].Alternatives))
		}
		j, err := w.desk.Job(w.Context(), one.ID)
		w.ok(err)
		if j.BookedWith != w.bjorn.ID || !j.StartAt.Equal(one.StartAt.Time) {
			w.Errorf("booked with %d at %s", j.BookedWith, j.LocalStart())
		}
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "new_advisor"}) {
			w.Errorf("the customer was told %v", got)
		}
		last := w.messages(j)[len(w.messages(j))-1]
		if last.Author != w.bjorn.Name || !strings.Contains(last.Body, w.bjorn.FirstName()) || strings.Contains(last.Body, w.anna.FirstName()) {
			w.Errorf("not under the new name: %s: %s", last.Author, last.Body)
		}
		if w.count("SELECT COUNT(*) FROM claims WHERE job_id = ? AND resource_id = ?", one.ID, w.anna.ID) != 0 || w.claims(one.ID) == 0 {
			w.Error("the claims did not move along")
		}

		// Asking again moves and tells nothing.
		done, err = w.desk.ResolveAbsence(w.Context(), away.Absence.ID, booking.ResolveStandIn, []int64{one.ID, two.ID}, w.staff())
		w.ok(err)
		if got := outcomes(done); got != "settled, failed taken" {
			w.Errorf("the second time: %q", got)
		}
		if got := w.occasions(j); len(got) != 2 {
			w.Errorf("told twice: %v", got)
		}
	})
}

func TestWithoutAStandInABookingStays(t *testing.T) {
	w := onSQLite(t)
	w.exec("UPDATE advisors SET stand_in_id = 0")
	j := w.withAnna("2026-11-25 09:00", "040 1000001")
	away, err := w.desk.AddAbsence(t.Context(), w.anna.ID, w.at("2026-11-25 00:00"), w.at("2026-11-26 00:00"), "", w.staff())
	w.ok(err)
	done, err := w.desk.ResolveAbsence(t.Context(), away.Absence.ID, booking.ResolveStandIn, nil, w.staff())
	w.ok(err)
	if got := outcomes(done); got != "failed no_stand_in" {
		t.Errorf("resolved as %q", got)
	}
	if got := w.occasions(j); len(got) != 1 {
		t.Errorf("the customer was told %v", got)
	}
	if _, err := w.desk.ResolveAbsence(t.Context(), away.Absence.ID, "shrug", nil, w.staff()); wrongField(err) != "body.action fault.action_unknown" {
		t.Errorf("an unknown action: %v", err)
	}
	if _, err := w.desk.ResolveAbsence(t.Context(), away.Absence.ID, booking.ResolveOffer, []int64{999_999}, w.staff()); wrongField(err) != "body.job_ids fault.unknown_id" {
		t.Errorf("an unknown job: %v", err)
	}
}

func TestOtherTimesAreOfferedOnce(t *testing.T) {
	each(t, func(w *world) {
		j := w.withAnna("2026-11-25 09:00", "040 1000001")
		away, err := w.desk.AddAbsence(w.Context(), w.anna.ID, w.at("2026-11-25 00:00"), w.at("2026-11-26 00:00"), "", w.staff())
		w.ok(err)
		for i, want := range []string{"offered", "settled"} {
			done, err := w.desk.ResolveAbsence(w.Context(), away.Absence.ID, booking.ResolveOffer, nil, w.staff())
			w.ok(err)
			if got := outcomes(done); got != want {
				w.Errorf("time %d: %q", i+1, got)
			}
		}
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "offer_times"}) {
			w.Fatalf("the customer was told %v", got)
		}
		last := w.messages(j)[len(w.messages(j))-1]
		if !strings.Contains(last.Body, w.shortOf("/j/"+j.Token+"/move")) {
			w.Errorf("no link to the move: %s", last.Body)
		}
		risks, err := w.desk.AtRisk(w.Context(), w.shop.ID)
		w.ok(err)
		if len(risks) != 1 || risks[0].OfferedAt.IsZero() {
			w.Errorf("the list does not show the offer: %+v", risks)
		}
	})
}
