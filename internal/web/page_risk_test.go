package web

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"neuvo/booking"
)

func TestTheBoardLeadsToBookingsAtRisk(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		b.atDesk(sanna).saysNot("at risk")
		b.open("/desk/at-risk").want(200).says("All bookings to come still fit.")
		b.exec("INSERT INTO absences (resource_id, from_at, to_at, reason) VALUES (11, ?, ?, '')",
			monday.UnixMicro(), monday.AddDate(0, 0, 1).UnixMicro())
		list := b.open("/desk").want(200).says("One booking at risk")
		page := b.open(list.link("One booking at risk")).want(200).says("Maija Virtanen", "The advisor is away then (Sanna Niemi)", "Keep as it is")
		page.saysNot("Move to Matti")

		failed := page.form("/at-risk/"+id).send("action", "stand_in").want(409)
		failed.says("Maija Virtanen: that did not work. The advisor has no stand-in")

		page.form("/at-risk/"+id).send("action", "offer").want(200).says("The customer was offered new times.", "New times offered")
		b.open("/desk/jobs/" + id).want(200).says("New times offered")

		b.exec("UPDATE advisors SET stand_in_id = 12 WHERE id = 11")
		b.open("/desk/at-risk").want(200).says("Move to Matti Laine").form("/at-risk/"+id).send("action", "stand_in").
			want(200).says("The booking was moved and the customer has been told.", "All bookings to come still fit.")
		job, err := b.desk.Job(t.Context(), number(id))
		b.must(err)
		if job.BookedWith != 12 {
			t.Errorf("it is with %d", job.BookedWith)
		}
		// A second tap on a stale page is no failure.
		page.form("/at-risk/"+id).send("action", "keep").want(200).says("This booking has been dealt with already.")
		page.form("/at-risk/"+id).send("action", "shrug").want(409)
	})
}

func TestTheDeskKeepsABookingOrFollowsTheWallClock(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		b.exec("UPDATE jobs SET wall_start = '2026-11-23T11:00' WHERE id = ?", number(id))
		b.atDesk(sanna)
		page := b.open("/desk/at-risk").want(200).says("The rules of the time zone have changed", "Keep the time 11:00")
		page.form("/at-risk/"+id).send("action", "wall_time").want(200).says("The booking follows the time that was agreed.", "All bookings to come still fit.")
		job, err := b.desk.Job(t.Context(), number(id))
		b.must(err)
		if got := job.LocalStart().Format("15:04"); got != "11:00" || job.WallStart != "2026-11-23T11:00" {
			t.Errorf("it begins at %s (%s)", got, job.WallStart)
		}
		b.exec("INSERT INTO closures (workshop_id, from_date, to_date, reason) VALUES (1, '2026-11-23', '2026-11-23', 'Muutto')")
		b.open("/desk/at-risk").want(200).says("Muutto").form("/at-risk/"+id).send("action", "keep").want(200).says("The booking is kept as it is.", "All bookings")
	})
}

func TestBookingsAtRiskAreNobodyElsesBusiness(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	b.exec("INSERT INTO closures (workshop_id, from_date, to_date, reason) VALUES (1, '2026-11-23', '2026-11-23', 'Muutto')")
	b.atDesk(olli)
	b.open("/desk/at-risk?workshop=1").want(200).saysNot("Maija", "Muutto")
	for _, path := range []string{"/desk/at-risk/" + id, "/desk/jobs/" + id + "/move"} {
		if s := b.browse("POST", path, map[string][]string{"action": {"keep"}, "start": {"2026-11-24T10:00:00+02:00"}}); s.status != 404 {
			t.Errorf("%s answers %d", path, s.status)
		}
	}
	b.open("/desk/jobs/" + id + "/move").want(404)
}

func TestTheDeskMovesABookingToAnyTime(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		b.book2("11:00")
		b.atDesk(sanna)
		job := b.open("/desk/jobs/" + id).want(200)
		page := b.open(job.link("Move to another time")).want(200).says("Free times", "Another time", "Sanna Niemi")

		check := page.form("/move#free").set("clock", "11:05").send().want(200).says("does not fit:", "The time is already booked (Sanna Niemi)")
		check.form("/move#free").set("clock", "18:00").send().want(200).says("Outside opening hours")
		check.form("/move#free").set("date", "2026-12-06").set("clock", "10:00").send().want(200).says("Independence Day")
		fits := check.form("/move#free").set("clock", "10:20").send().want(200).says("fits.")
		button := fits.all(isMoveButton)
		if len(button) != 1 {
			t.Fatalf("%d buttons to move", len(button))
		}
		b.browse("POST", "/desk/jobs/"+id+"/move", map[string][]string{"advisor": {"11"}, "date": {"2026-11-23"}, "clock": {"10:20"}}).
			want(200).says("The booking was moved and the customer has been told.", "Mon 23 Nov at 10:20")

		// With somebody else, from the list.
		b.open("/desk/jobs/" + id + "/move?advisor=12&day=2026-11-24").want(200).says("Free times")
		b.browse("POST", "/desk/jobs/"+id+"/move", map[string][]string{"advisor": {"12"}, "start": {"2026-11-24T11:00:00+02:00"}}).want(200)
		got, err := b.desk.Job(t.Context(), number(id))
		b.must(err)
		if got.BookedWith != 12 || got.LocalStart().Format("2006-01-02 15:04") != "2026-11-24 11:00" {
			t.Errorf("it is with %d at %s", got.BookedWith, got.LocalStart())
		}

		// Somebody was faster.
		taken := b.browse("POST", "/desk/jobs/"+id+"/move", map[string][]string{"advisor": {"11"}, "start": {"2026-11-23T11:00:00+02:00"}}).want(409)
		taken.says("The nearest free times", "The time is already booked")
		b.browse("POST", "/desk/jobs/"+id+"/move", map[string][]string{"advisor": {"11"}}).want(422)

		_, _, err = b.desk.Transition(t.Context(), booking.TransitionRequest{JobID: number(id), To: booking.Received, By: 11})
		b.must(err)
		if s := b.open("/desk/jobs/" + id + "/move").want(200); strings.Contains(s.path, "/move?") || strings.HasSuffix(s.path, "/move") {
			t.Errorf("a visit that has begun can be moved at %s", s.path)
		}
	})
}

func isMoveButton(n *html.Node) bool {
	return n.Data == "button" && strings.HasPrefix(text(n), "Move to Mon")
}

// book2 books for another customer.
func (b *bed) book2(clock string) string {
	b.t.Helper()
	body := with1(visit(clock), "customer.phone", "+358401234568")
	return b.send("", "POST", "/api/v1/bookings", body).want(201).text("id")
}

func TestTimesOfTheDeskKeepToTheirOrder(t *testing.T) {
	b := onSQLite(t)
	b.book("10:00")
	b.book2("09:00")
	b.exec("INSERT INTO closures (workshop_id, from_date, to_date, reason) VALUES (1, '2026-11-23', '2026-11-23', 'Muutto')")
	b.atDesk(sanna)
	var times []string
	for _, n := range b.open("/desk/at-risk").want(200).all(func(n *html.Node) bool { return n.Data == "article" }) {
		times = append(times, strings.Fields(text(n))[0])
	}
	if !slices.Equal(times, []string{"09:00", "10:00"}) {
		t.Errorf("the order is %v", times)
	}
}
