package booking_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// atRisk is the list in words: reference order is that of the start.
func (w *world) atRisk() string {
	w.Helper()
	risks, err := w.desk.AtRisk(w.Context(), w.shop.ID)
	w.ok(err)
	n, err := w.desk.CountAtRisk(w.Context(), w.shop.ID)
	w.ok(err)
	if n != len(risks) {
		w.Errorf("%d are counted, %d listed", n, len(risks))
	}
	var out []string
	for _, r := range risks {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Job.LocalStart().Format("15:04"), r.Rule, r.Detail)))
	}
	return strings.Join(out, "; ")
}

func TestBookingsThatNoLongerFitAreAtRisk(t *testing.T) {
	each(t, func(w *world) {
		w.withAnna("2026-11-25 09:00", "040 1000001")
		w.withAnna("2026-11-25 15:00", "040 1000002")
		fresh := func(want string) {
			w.Helper()
			if got := w.atRisk(); got != want {
				w.Errorf("at risk: %q, want %q", got, want)
			}
		}
		fresh("")

		w.exec("INSERT INTO closures (workshop_id, from_date, to_date, reason) VALUES (?, '2026-11-24', '2026-11-25', 'Muutto')", w.shop.ID)
		fresh("09:00 closed Muutto; 15:00 closed Muutto")
		w.exec("DELETE FROM closures WHERE reason = 'Muutto'")

		w.exec("UPDATE hours SET to_minute = 840 WHERE workshop_id = ? AND resource_id = 0", w.shop.ID)
		fresh("15:00 hours " + w.shop.Name)
		w.exec("UPDATE hours SET to_minute = 1020 WHERE workshop_id = ? AND resource_id = 0", w.shop.ID)

		w.exec("INSERT INTO hours (workshop_id, resource_id, weekday, from_minute, to_minute) VALUES (?, ?, 3, 480, 555)", w.shop.ID, w.anna.ID)
		w.exec("DELETE FROM hours WHERE resource_id = ? AND to_minute <> 555", w.anna.ID)
		fresh("09:00 hours " + w.anna.Name + "; 15:00 hours " + w.anna.Name)
		w.exec("DELETE FROM hours WHERE resource_id = ?", w.anna.ID)

		away, err := w.desk.AddAbsence(w.Context(), w.anna.ID, w.at("2026-11-25 15:15"), w.at("2026-11-25 16:00"), "", w.staff())
		w.ok(err)
		fresh("15:00 absence " + w.anna.Name) // the last quarter of its half hour
		w.ok(w.desk.RemoveAbsence(w.Context(), away.Absence.ID, w.staff()))

		w.exec("UPDATE advisors SET active = ? WHERE id = ?", false, w.anna.ID)
		fresh("09:00 inactive; 15:00 inactive")
		w.exec("UPDATE advisors SET active = ? WHERE id = ?", true, w.anna.ID)
		fresh("")

		// What has begun is the floor's business.
		w.exec("UPDATE hours SET to_minute = 540 WHERE workshop_id = ? AND resource_id = 0", w.shop.ID)
		w.clock.set(w.at("2026-11-25 12:00"))
		fresh("15:00 hours " + w.shop.Name)
	})
}

func TestAHolidayPutsABookingAtRisk(t *testing.T) {
	each(t, func(w *world) {
		w.exec("UPDATE workshops SET holidays = ?", booking.HolidaysOff)
		w.withAnna("2027-01-06 09:00", "040 1000001") // Epiphany, a Wednesday
		if got := w.atRisk(); got != "" {
			w.Errorf("a workshop without holidays: %q", got)
		}
		w.exec("UPDATE workshops SET holidays = ''")
		if got := w.atRisk(); got != "09:00 closed holiday.epiphany" {
			w.Errorf("on Epiphany: %q", got)
		}
		w.ok(w.desk.OpenOnHoliday(w.Context(), w.shop.ID, "2027-01-06", 600, 720))
		if got := w.atRisk(); got != "09:00 hours "+w.shop.Name {
			w.Errorf("open from ten: %q", got)
		}
		w.ok(w.desk.OpenOnHoliday(w.Context(), w.shop.ID, "2027-01-06", 0, 0))
		if got := w.atRisk(); got != "" {
			w.Errorf("open as on a Wednesday: %q", got)
		}
	})
}

func TestABookingAtRiskIsKeptUntilSomethingChanges(t *testing.T) {
	each(t, func(w *world) {
		j := w.withAnna("2026-11-25 15:00", "040 1000002")
		if err := w.desk.KeepRisk(w.Context(), j.ID, w.staff()); !fault.Is(err, fault.Conflict) {
			w.Errorf("one that fits was kept: %v", err)
		}
		w.exec("INSERT INTO closures (workshop_id, from_date, to_date, reason) VALUES (?, '2026-11-25', '2026-11-25', 'Muutto')", w.shop.ID)
		w.clock.advance(time.Minute)
		w.ok(w.desk.KeepRisk(w.Context(), j.ID, w.staff()))
		if got := w.atRisk(); got != "" {
			w.Errorf("kept, and still on the list: %q", got)
		}
		timeline, err := w.desk.Timeline(w.Context(), j.ID)
		w.ok(err)
		if last := timeline[len(timeline)-1]; last.State != "kept" || last.Author != w.anna.Name {
			w.Errorf("the timeline ends with %+v", last)
		}
		w.exec("UPDATE closures SET reason = 'Tulipalo' WHERE reason = 'Muutto'")
		if got := w.atRisk(); got != "15:00 closed Tulipalo" {
			w.Errorf("something else stands against it: %q", got)
		}
		w.ok(w.desk.KeepRisk(w.Context(), j.ID, w.staff())) // a second time, over the first
		if got := w.atRisk(); got != "" {
			w.Errorf("kept again: %q", got)
		}
	})
}

func TestTheListNamesAStandInWhoIsFree(t *testing.T) {
	each(t, func(w *world) {
		w.standIn()
		j := w.withAnna("2026-11-25 09:00", "040 1000001")
		taken := w.withAnna("2026-11-25 13:00", "040 1000002")
		other := w.request("2026-11-25 13:00")
		other.AdvisorID, other.Customer.Phone = w.bjorn.ID, "040 1000003"
		_, err := w.desk.Book(w.Context(), other)
		w.ok(err)
		_, err = w.desk.AddAbsence(w.Context(), w.anna.ID, w.at("2026-11-25 00:00"), w.at("2026-11-26 00:00"), "", w.staff())
		w.ok(err)
		risks, err := w.desk.AtRisk(w.Context(), w.shop.ID)
		w.ok(err)
		if len(risks) != 2 || risks[0].StandIn == nil || risks[0].StandIn.ID != w.bjorn.ID || risks[1].StandIn != nil || risks[1].Job.ID != taken.ID {
			w.Fatalf("stand-ins: %+v", risks)
		}
		r, err := w.desk.Resolve(w.Context(), j.ID, booking.ResolveStandIn, w.staff())
		w.ok(err)
		if r.Outcome != booking.ResolvedMoved {
			w.Errorf("what the list says does not hold: %+v", r)
		}
		if got := w.atRisk(); got != "13:00 absence "+w.anna.Name {
			w.Errorf("at risk: %q", got)
		}
	})
}

func TestNewRulesOfAZonePutABookingAtRisk(t *testing.T) {
	each(t, func(w *world) {
		j := w.withAnna("2026-11-25 09:00", "040 1000001")
		// As if it had been booked when 09:00 was still to be an hour later.
		_, err := w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-25 10:00"), Quiet: true}, w.staff())
		w.ok(err)
		w.exec("UPDATE jobs SET wall_start = '2026-11-25T09:00' WHERE id = ?", j.ID)
		risks, err := w.desk.AtRisk(w.Context(), w.shop.ID)
		w.ok(err)
		if len(risks) != 1 || risks[0].Rule != booking.RuleZone || risks[0].Detail != "09:00 → 10:00" || !risks[0].WallAt.Equal(w.at("2026-11-25 09:00")) {
			w.Fatalf("at risk: %+v", risks)
		}
		moved, err := w.desk.KeepWallTime(w.Context(), j.ID, w.staff())
		w.ok(err)
		if !moved.StartAt.Equal(w.at("2026-11-25 09:00")) || moved.EndAt.Sub(moved.StartAt.Time) != 30*time.Minute || moved.WallStart != "2026-11-25T09:00" {
			w.Errorf("it begins at %s, as promised %s", moved.LocalStart(), moved.WallStart)
		}
		first := w.at("2026-11-25 09:00").Unix() / 300
		if n := w.count("SELECT COUNT(*) FROM claims WHERE job_id = ? AND atom >= ? AND atom < ?", j.ID, first, first+6); n != 6 || w.claims(j.ID) != 6 {
			w.Errorf("%d of %d claims moved along", n, w.claims(j.ID))
		}
		if got := w.occasions(j); len(got) != 1 {
			w.Errorf("the customer, for whom nothing changed, was told %v", got)
		}
		if got := w.atRisk(); got != "" {
			w.Errorf("at risk: %q", got)
		}
		if _, err := w.desk.KeepWallTime(w.Context(), j.ID, w.staff()); !fault.Is(err, fault.Conflict) {
			w.Errorf("nothing was left to do: %v", err)
		}
	})
}

func TestTheSecondComingOfAnHourIsNoRisk(t *testing.T) {
	w := onSQLite(t)
	shop, service := w.nightShop("yo", "Europe/Helsinki", "00:00-24:00")
	w.clock.set(time.Date(2026, 10, 20, 6, 0, 0, 0, time.UTC))
	r := w.request("2026-10-25 03:00")
	r.WorkshopID, r.ServiceIDs, r.Transport = shop, []int64{service}, ""
	r.Start = time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC) // 03:00 for the second time
	_, err := w.desk.Book(t.Context(), r)
	w.ok(err)
	if n, err := w.desk.CountAtRisk(t.Context(), shop); err != nil || n != 0 {
		t.Errorf("%d at risk, %v", n, err)
	}
}

func TestWhyAMoveAtTheDeskDoesNotFit(t *testing.T) {
	each(t, func(w *world) {
		j := w.withAnna("2026-11-25 09:00", "040 1000001")
		w.withAnna("2026-11-25 13:00", "040 1000002")
		for wall, want := range map[string]string{
			"2026-11-25 09:05": booking.RuleOffered, // over its own old time, off the online grid
			"2026-11-25 13:15": booking.RuleTaken,
			"2026-11-29 09:00": booking.RuleHours,
			"2026-12-24 09:00": booking.RuleClosed,
			"2026-11-20 09:00": booking.RulePast,
		} {
			reasons, err := w.desk.WhyMove(w.Context(), j.ID, booking.ChangeRequest{Start: w.at(wall)})
			w.ok(err)
			if len(reasons) == 0 || reasons[0].Rule != want {
				w.Errorf("%s: %v, want %s", wall, reasons, want)
			}
		}
	})
}

func TestAHolidayClosesByName(t *testing.T) {
	each(t, func(w *world) {
		q := booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, From: "2027-01-06", To: "2027-01-06"}
		day := func() booking.Day {
			w.Helper()
			a, err := w.desk.Availability(w.Context(), q)
			w.ok(err)
			return a.Days[0]
		}
		if d := day(); d.Closed != "holiday.epiphany" || len(d.Slots) != 0 {
			w.Errorf("on Epiphany: closed %q, %d starts", d.Closed, len(d.Slots))
		}
		reasons, err := w.desk.Why(w.Context(), q, w.at("2027-01-06 10:00"))
		w.ok(err)
		if len(reasons) != 1 || reasons[0] != (booking.Reason{Rule: booking.RuleClosed, Detail: "holiday.epiphany"}) {
			w.Errorf("why not on Epiphany: %v", reasons)
		}
		if _, err := w.desk.Book(w.Context(), w.request("2027-01-06 10:00")); wrongField(err) != "body.start why.closed" {
			w.Errorf("booked on Epiphany: %v", err)
		}
		w.ok(w.desk.OpenOnHoliday(w.Context(), w.shop.ID, "2027-01-06", 600, 660))
		var starts []string
		for _, s := range day().Slots {
			starts = append(starts, s.Start.Format("15:04"))
		}
		if got := strings.Join(starts, " "); got != "10:00 10:15 10:30" {
			w.Errorf("open from ten to eleven: %s", got)
		}
		w.ok(w.desk.OpenOnHoliday(w.Context(), w.shop.ID, "2027-01-06", 0, 0))
		if d := day(); d.Closed != "" || len(d.Slots) < 20 {
			w.Errorf("open as on a Wednesday: closed %q, %d starts", d.Closed, len(d.Slots))
		}
		w.ok(w.desk.CloseOnHoliday(w.Context(), w.shop.ID, "2027-01-06"))
		w.ok(w.desk.CloseOnHoliday(w.Context(), w.shop.ID, "2027-01-06"))
		if d := day(); d.Closed == "" {
			w.Error("closed again, and open")
		}
		w.exec("UPDATE workshops SET holidays = ?", booking.HolidaysOff)
		if d := day(); d.Closed != "" || len(d.Slots) == 0 {
			w.Errorf("without holidays: closed %q", d.Closed)
		}
		for day, want := range map[string]string{"2027-01-07": "body.date fault.no_holiday", "soon": "body.date fault.no_holiday"} {
			if err := w.desk.OpenOnHoliday(w.Context(), w.shop.ID, day, 0, 0); wrongField(err) != want {
				w.Errorf("%s: %v", day, err)
			}
		}
	})
}

func TestABayThatIsTakenOutOfUsePutsItsBookingsAtRisk(t *testing.T) {
	each(t, func(w *world) {
		j, err := w.desk.Book(w.Context(), w.need("waiting", w.at("2026-11-25 09:00"), 1))
		w.ok(err)
		if got := w.atRisk(); j.BayID == 0 || got != "" {
			w.Fatalf("in bay %d, at risk %q", j.BayID, got)
		}
		_, err = w.desk.ChangeResource(w.Context(), booking.Manager{Actor: w.staff(), Admin: true}, j.BayID, func(r *booking.Resource) error {
			r.Active = false
			return nil
		})
		w.ok(err)
		if got := w.atRisk(); got == "" {
			w.Error("nobody is told that the bay is gone")
		}
	})
}
