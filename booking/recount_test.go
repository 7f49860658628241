package booking_test

import (
	"fmt"
	"testing"

	"neuvo/booking"
)

// counted is what all counters of a kind have in use, by period.
func (w *world) counted(kind string) string {
	w.Helper()
	var rows []booking.Counter
	w.ok(w.db.In(w.Context()).Where("kind = ? AND used > 0", kind).Order("owner_id, period").Find(&rows).Error)
	out := ""
	for _, r := range rows {
		out += fmt.Sprintf("%s:%d/%d ", r.Period, r.Used, r.Desk)
	}
	return out
}

func TestALimitThatComesLaterCountsWhatStands(t *testing.T) {
	each(t, func(w *world) {
		by := booking.Manager{Actor: w.staff(), Admin: true}
		pools, err := w.desk.Pools(w.Context(), w.shop.ID)
		w.ok(err)
		w.ok(w.desk.RemovePool(w.Context(), by, pools[0].ID))
		w.ok(w.desk.SetTransportLimits(w.Context(), by, w.shop.ID, nil))

		var jobs []*booking.Job
		for i, wall := range []string{"2026-11-25 09:00", "2026-11-25 10:00", "2026-11-25 11:00", "2026-11-26 09:00"} {
			r := w.need("key_box", w.at(wall), i)
			r.AdvisorID = w.bjorn.ID
			if i == 2 {
				r.Source, r.Actor = booking.SourceDesk, w.staff()
			}
			j, err := w.desk.Book(w.Context(), r)
			w.ok(err)
			jobs = append(jobs, j)
		}
		w.ok(w.desk.Cancel(w.Context(), jobs[3].ID, w.staff()))

		pool := booking.Pool{WorkshopID: w.shop.ID, Skill: pools[0].Skill, Capacity: []int{0, 300, 300, 300, 300, 300, 0}}
		_, err = w.desk.AddPool(w.Context(), by, pool)
		w.ok(err)
		if got := w.counted("1pool"); got != "2026-11-25:360/120 " {
			w.Errorf("labour counted: %s", got)
		}
		w.ok(w.desk.SetTransportLimits(w.Context(), by, w.shop.ID, []booking.TransportLimit{{Transport: "key_box", PerDay: 3, OnlineShare: 1}}))
		if got := w.counted("2transport"); got != "2026-11-25:3/1 " {
			w.Errorf("keys counted: %s", got)
		}
		caps := func(day, slot int) {
			w.Helper()
			_, err := w.desk.ChangeAdvisor(w.Context(), by, w.bjorn.ID, func(a *booking.Advisor) error {
				a.MaxPerDay, a.MaxPerSlot = day, slot
				return nil
			})
			w.ok(err)
		}
		caps(3, 1)
		if day, slot := w.counted("3advisor_day"), w.counted("4advisor_slot"); day != "2026-11-25:3/1 " || len(slot) == 0 {
			w.Errorf("visits counted: %s, %s", day, slot)
		}
		// Availability, and so booking, knows it at once.
		why := func(transport string) string {
			w.Helper()
			reasons, err := w.desk.Why(w.Context(), booking.AvailabilityQuery{
				WorkshopID: w.shop.ID, ServiceIDs: []int64{w.brakes().ID}, AdvisorID: w.anna.ID, Transport: transport,
			}, w.at("2026-11-25 14:00"))
			w.ok(err)
			return reasons[0].Rule
		}
		if key, drop := why("key_box"), why("drop_off"); key != booking.RulePool || drop != booking.RulePool {
			w.Errorf("the day is full: %s, %s", key, drop)
		}
		if w.offered("2026-11-25 14:00", w.bjorn.ID) {
			w.Error("a fourth visit on a day of three is offered")
		}
		// Other slots are other periods: what was counted in the old ones moves.
		_, err = w.desk.ChangeWorkshop(w.Context(), by, w.shop.ID, func(s *booking.Workshop) error { s.SlotMinutes = 60; return nil })
		w.ok(err)
		if n := w.count("SELECT COUNT(*) FROM counters WHERE kind = '4advisor_slot' AND used = 1 AND CAST(period AS BIGINT) % 12 = 0"); n != 3 {
			w.Errorf("%d hours are counted", n)
		}
		caps(0, 0)
		if day, slot := w.counted("3advisor_day"), w.counted("4advisor_slot"); day != "" || slot != "" {
			w.Errorf("counted though nothing limits it: %s, %s", day, slot)
		}
		// Whoever cancels gives back what was counted later as well.
		for _, j := range jobs[:3] {
			w.ok(w.desk.Cancel(w.Context(), j.ID, w.staff()))
		}
		if got := w.counted("1pool") + w.counted("2transport"); got != "" {
			w.Errorf("left over: %s", got)
		}
		w.balanced()
		if n, err := w.desk.Recount(w.Context()); err != nil || n != 0 {
			w.Errorf("a recount moved %d, %v", n, err)
		}
	})
}

func TestTheNightlyCountFindsWhatSlippedThrough(t *testing.T) {
	w := onSQLite(t)
	j, err := w.desk.Book(t.Context(), w.need("drop_off", w.at("2026-11-25 09:00"), 1))
	w.ok(err)
	// As if the limit had been set while the booking was on its way.
	w.exec("DELETE FROM takings WHERE job_id = ?", j.ID)
	w.exec("UPDATE counters SET used = 0, desk = 0")
	if n, err := w.desk.Recount(t.Context()); err != nil || n == 0 {
		t.Errorf("a recount moved %d, %v", n, err)
	}
	if got := w.counted("1pool"); got != "2026-11-25:120/0 " {
		t.Errorf("counted: %s", got)
	}
	w.balanced()
}
