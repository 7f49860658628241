package web

import (
	"net/url"
	"testing"
)

func TestAnAbsenceIsEnteredAndItsBookingsAreMoved(t *testing.T) {
	each(t, func(b *bed) {
		b.exec("UPDATE advisors SET stand_in_id = 12 WHERE id = 11")
		one, _ := b.book("10:00")
		two := b.book2("11:00")
		busy := with1(with1(visit("11:00"), "advisor_id", "12"), "customer.phone", "+358401234569")
		b.send("", "POST", "/api/v1/bookings", busy).want(201)
		b.atDesk(sanna)
		board := b.open("/desk").want(200)
		page := b.open(board.link("Absences")).want(200).says("Nobody is away.")

		form := page.form("/desk/absences")
		if who := form.values.Get("who"); who != "11" || len(form.offers("who")) > 1 {
			t.Errorf("Sanna may enter the absence of %s", who)
		}
		form.set("from", "2026-11-23T09:00").set("to", "2026-11-23T15:00").set("reason", "Flunssa")
		form.send("look", "1").want(200).says("2 bookings are hit", "Maija Virtanen", "Nobody is away.")
		form.values.Del("look")
		away := form.send().want(200).says("The absence is saved.", "Sanna Niemi", "2 bookings are hit")

		stays := away.form("/resolve").send("action", "stand_in").want(409)
		stays.says("One booking stays where it is.", "The time is already booked (Matti Laine)", "One booking is hit")
		if got := stays.form("/resolve").values["job"]; len(got) != 1 || got[0] != two {
			t.Errorf("chosen are %v", got)
		}
		job, err := b.desk.Job(t.Context(), number(one))
		b.must(err)
		if job.BookedWith != 12 {
			t.Errorf("it is with %d", job.BookedWith)
		}
		stays.form("/resolve").send("action", "offer").want(200).says("The bookings are dealt with and the customers have been told.")
		none := away.form("/resolve")
		none.values.Del("job")
		none.send("action", "offer").want(422).says("Choose the bookings first.")

		away.form("/remove").send().want(200).says("The absence is removed.", "Nobody is away.")
		away.form("/remove").send().want(200) // a second tap
	})
}

func TestAnAbsenceIsCheckedAndEnteredByWhoMay(t *testing.T) {
	b := onSQLite(t)
	b.book("10:00")
	b.atDesk(sanna)
	form := b.open("/desk/absences").want(200).form("/desk/absences")
	wrong := form.set("from", "2026-11-24T09:00").set("to", "2026-11-23T15:00").send().want(422)
	if got := wrong.wrong(); len(got) != 1 || got[0] != "to" {
		t.Errorf("wrong are %v", got)
	}
	form.set("to", "nonsense").send().want(422)
	if s := b.browse("POST", "/desk/absences", url.Values{"who": {"12"}, "from": {"2026-11-24T09:00"}, "to": {"2026-11-24T15:00"}}); s.status != 403 {
		t.Errorf("an advisor enters a colleague's absence: %d", s.status)
	}
	made := b.send(boss, "POST", "/api/v1/absences", object{"resource_id": "12", "from": "2026-11-23T09:00:00+02:00", "to": "2026-11-23T12:00:00+02:00"}).want(201)
	path := "/desk/absences/" + made.text("id")
	b.open(path).want(200).says("Matti Laine", "0 bookings are hit").saysNot("Remove the absence")
	if s := b.browse("POST", path+"/remove", url.Values{}); s.status != 403 {
		t.Errorf("an advisor ends a colleague's absence: %d", s.status)
	}
	b.open("/desk").want(200).form("/desk/sign-out").send()
	b.atDesk(olli)
	b.open(path).want(404)
	if s := b.browse("POST", path+"/resolve", url.Values{"job": {"1"}, "action": {"offer"}}); s.status != 404 {
		t.Errorf("another workshop resolves it: %d", s.status)
	}
}
