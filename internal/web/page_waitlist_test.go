package web

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/notify"
)

// textedCode is the newest code on its way to anybody.
func (b *bed) textedCode() string {
	b.t.Helper()
	var bodies []string
	b.must(b.db.In(b.t.Context()).Raw("SELECT body FROM messages WHERE occasion = 'code' AND state = 'queued' ORDER BY id DESC").Scan(&bodies).Error)
	if len(bodies) == 0 {
		b.t.Fatal("no code is on its way")
	}
	return regexp.MustCompile(`\b\d{6}\b`).FindString(bodies[0])
}

func TestABookingIsConfirmedWithTheCodeOnAPageWithoutScripts(t *testing.T) {
	each(t, func(b *bed) {
		b.exec("UPDATE workshops SET phone_proof = ?", true)
		step := filled(b.toDetails("10:00")).send().want(200)
		step.says("Confirm your phone number", "…4567")
		step.accessible()
		wrong := step.form("/confirm").set("code", "0").send().want(403)
		wrong.says("Tries left: 4")
		wrong.accessible()
		code := b.textedCode()
		if strings.Contains(wrong.words(), code) {
			t.Fatal("the code stands on the page")
		}
		done := wrong.form("/confirm").set("code", code).send().want(200)
		done.says("Your booking is made", "Add to calendar")

		a := b.send("", "POST", "/api/v1/bookings", visit("11:00")).want(201).equal("status", "unconfirmed")
		token := a.text("token")
		b.send("", "POST", "/api/v1/bookings/"+token+"/confirm", object{"code": "000"}).want(403)
		soon := b.send("", "POST", "/api/v1/bookings/"+token+"/code", nil, "Accept-Language", "en").want(429)
		if soon.header.Get("Retry-After") != "30" || !strings.Contains(soon.text("detail"), "Wait 30 seconds") {
			t.Errorf("%v %s", soon.header, soon.raw)
		}
		code = b.textedCode()
		b.send("", "POST", "/api/v1/bookings/"+token+"/confirm", object{"code": code}).want(200).equal("status", "booked")
		b.send("", "POST", "/api/v1/bookings/"+token+"/confirm", object{"code": code}).want(200).equal("status", "booked")
		b.send("", "POST", "/api/v1/bookings/"+token+"/confirm", object{"code": "000"}, "Accept-Language", "en").want(409).
			equal("detail", "This booking is confirmed already. No code is needed any more.")
		b.send("", "POST", "/api/v1/bookings/"+token+"/code", nil).want(409)
	})
}

func TestTheDeskVerifiesACustomerByCode(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		b.atDesk("sanna@example.com")
		sent := b.open("/desk/jobs/"+id).want(200).says("The customer has not been verified.").form("/verification").send("act", "send").want(200)
		done := sent.form("/verification").set("code", b.textedCode()).send().want(200)
		done.says("Verified")
		b.clock.advance(time.Minute)
		b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/verification", object{}).want(200).equal("phone", "…4567")
		b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/verification/confirm", object{"code": b.textedCode()}).want(200)
		b.send("olli@example.com", "POST", "/api/v1/jobs/"+id+"/verification", object{}).want(404)
	})
}

func TestAPlaceOnTheListLeadsToATime(t *testing.T) {
	each(t, func(b *bed) {
		times := b.open("/book?workshop=1").want(200).form("/book").set("service", "101").send().want(200)
		join := b.open(times.link("Nothing that suits you? We will tell you if something frees up.")).want(200)
		join.accessible()
		join.form("/book/wait").set("name", "Aino").set("phone", "12").send().want(422).accessible()
		place := join.form("/book/wait").set("name", "Aino Aalto").set("phone", "040 111 1111").send().want(200)
		place.says("You are on the list now.")
		path, _, _ := strings.Cut(place.path, "?")
		b.clock.advance(45 * time.Minute) // the workshop opens
		if _, err := b.desk.SweepWaitlist(t.Context()); err != nil {
			t.Fatal(err)
		}
		offer := b.open(path).want(200).says("A time has become free for you")
		offer.accessible()
		done := offer.form(path).send("act", "accept").want(200)
		done.says("Your booking is made")
		b.open(path).want(200).says("You have a time.")
	})
}

func TestTheDeskReadsWhatSomebodyOnTheListWroteAndBooksForThem(t *testing.T) {
	each(t, func(b *bed) {
		wish := object{"workshop_id": "1", "service_ids": []string{"101"}, "transport": "drop_off", "latest": "2026-11-24",
			"customer": object{"name": "Aino Aalto", "phone": "040 111 1111", "locale": "fi"}}
		id := b.send("", "POST", "/api/v1/waitlist", wish).want(201).text("id")
		b.clock.advance(45 * time.Minute) // the workshop opens
		if _, err := b.desk.SweepWaitlist(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := b.notify.Record(b.t.Context(), "waitlist:"+id, notify.Message{
			Channel: notify.SMS, Author: "Aino Aalto", FromAddress: "+358401111111", Body: "Onko pihalla tilaa perävaunulle?", Verified: true,
		})
		b.must(err)
		b.send(sanna, "GET", "/api/v1/waitlist", nil).want(200).equal("items.0.id", id, "items.0.state", "offered",
			"items.0.reply", "Onko pihalla tilaa perävaunulle?", "items.0.phone", "+358401111111")
		b.send(olli, "GET", "/api/v1/waitlist?workshop_id=1", nil).want(422)
		b.send(olli, "POST", "/api/v1/waitlist/"+id, object{"action": "accept"}).want(404)
		b.send("", "GET", "/api/v1/waitlist?workshop_id=1", nil).want(401)

		b.atDesk(sanna)
		board := b.open("/desk").want(200).says("One reply on the waiting list")
		page := b.open(board.link("One reply on the waiting list")).want(200).says("Aino Aalto", "Onko pihalla tilaa perävaunulle?", "Offered a time")
		page.accessible()
		page = page.form("/desk/waitlist/"+id).send("act", "read").want(200).saysNot("perävaunulle")
		job := page.form("/desk/waitlist/"+id).send("act", "accept").want(200).says("The booking is made.", "Aino Aalto")
		job.accessible()
		b.send(sanna, "GET", "/api/v1/waitlist", nil).want(200).equal("items.0.state", "booked", "items.0.reply_at", nil)
		b.send(sanna, "POST", "/api/v1/waitlist/"+id, object{"action": "fly"}).want(422).equal("errors.0.location", "body.action")
		b.send(sanna, "POST", "/api/v1/waitlist/"+id, object{"action": "read"}).want(200).equal("state", "booked")
	})
}

func TestAVisitTooNearIsTakenToTheAdvisor(t *testing.T) {
	each(t, func(b *bed) {
		b.exec("UPDATE workshops SET change_notice_minutes = 120")
		_, token := b.book("10:00")
		b.clock.advance(time.Hour)
		b.open("/j/" + token + "/move").want(200).says("Kirjoita tähän neuvojallesi")
		b.open("/j/" + token).want(200).saysNot("Peru varaus").accessible()
		b.send("", "DELETE", "/api/v1/bookings/"+token, nil).want(409)
	})
}

func TestCalendarsAreSubscribedToByASecretOnly(t *testing.T) {
	each(t, func(b *bed) {
		_, token := b.book("10:00")
		a := b.send("", "GET", "/calendar/"+token+".ics", nil).want(200)
		if ct := a.header.Get("Content-Type"); ct != booking.CalendarType || !strings.Contains(string(a.raw), "BEGIN:VEVENT") {
			t.Errorf("%s\n%s", ct, a.raw)
		}
		b.send("", "GET", "/calendar/"+token+".ics", nil, "If-None-Match", a.header.Get("ETag")).want(304)
		b.send("", "GET", "/calendar/"+token, nil).want(404)
		b.atDesk("sanna@example.com")
		page := b.open("/desk/feed").want(200).saysNot("Matti Laine")
		made := page.form("/desk/feed/11").send("act", "new").want(200)
		made.accessible()
		feed, err := b.desk.Feeds(t.Context(), 1)
		b.must(err)
		b.send("", "GET", "/calendar/"+feed[11]+".ics", nil).want(200)
		made.form("/desk/feed/11").send("act", "end").want(200)
		b.send("", "GET", "/calendar/"+feed[11]+".ics", nil).want(404)
	})
}
