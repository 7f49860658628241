package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	satu    = "satu@example.test"
	mikko   = "mikko@example.test"
	liisa   = "+358401234567"
	mailbox = "liisa@example.test"
)

// books makes an online booking for Liisa and gives the answer.
func (b *bed) books(service, advisor, start, plate string) object {
	b.t.Helper()
	workshop := b.named("/api/v1/workshops", "Test Workshop")
	in := object{
		"workshop_id": workshop, "service_ids": []string{b.named("/api/v1/services?workshop_id="+workshop, service)},
		"advisor_id": b.named("/api/v1/advisors?workshop_id="+workshop, advisor),
		"start":      start, "transport": "drop_off",
		"customer": object{"name": "Liisa Virtanen", "phone": "040 123 4567", "email": mailbox, "locale": "fi"},
		"vehicle":  object{"plate": plate, "make": "Volvo", "model": "V60"},
		"consents": object{"survey": true, "reminders": true, "marketing": false},
	}
	return b.call("", http.MethodPost, "/api/v1/bookings", in, http.StatusCreated)
}

// moves takes a job one step on, telling the customer.
func (b *bed) moves(as string, job object, to string) {
	b.t.Helper()
	b.call(as, http.MethodPost, "/api/v1/jobs/"+job["id"].(string)+"/transitions",
		object{"to": to, "message": object{"send": true}}, http.StatusOK)
	b.settles()
}

// inThread wants exactly one inbound item with the body on the job's timeline
// and gives it.
func (b *bed) inThread(job object, body string) object {
	b.t.Helper()
	var found []object
	for _, item := range b.items(satu, "/api/v1/jobs/"+job["id"].(string)+"/timeline") {
		if item["kind"] == "message" && item["direction"] == "in" && item["body"] == body {
			found = append(found, item)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%q stands %d times on job %s: %v", body, len(found), job["reference"],
			b.items(satu, "/api/v1/jobs/"+job["id"].(string)+"/timeline"))
	}
	return found[0]
}

// placedBy wants a timeline item to say why it stands there.
func (b *bed) placedBy(item object, channel, rule string) {
	b.t.Helper()
	match, _ := item["match"].(object)
	if item["channel"] != channel || match["rule"] != rule || item["verified"] != true {
		b.t.Fatalf("%q is on channel %v by rule %v, verified %v; want %s by %s, verified",
			item["body"], item["channel"], match["rule"], item["verified"], channel, rule)
	}
}

func TestTheMainLoop(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		// Liisa books her Volvo with Satu for Wednesday, and her other car with
		// Mikko for Thursday.
		volvo := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		saab := b.books("Brake check", "Mikko Mäki", "2026-11-26T10:00:00+02:00", "XYZ-789")
		b.settles()
		b.wants(liisa, 2)
		texts := b.world.texts(t, liisa)
		if texts[0].from == texts[1].from || !strings.HasSuffix(texts[0].from, "@"+replyDomain) {
			t.Fatalf("the two jobs text from %q and %q", texts[0].from, texts[1].from)
		}
		if !strings.Contains(texts[0].body, "Satu") || !strings.Contains(texts[1].body, "Mikko") {
			t.Fatalf("the texts are not from the advisors: %q, %q", texts[0].body, texts[1].body)
		}
		mails := b.world.mails(t, mailbox)
		if len(mails) != 2 {
			t.Fatalf("%d e-mails confirm two bookings", len(mails))
		}

		// The day before, each is remembered once.
		b.until(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
		b.wants(liisa, 3)
		reminder := b.latest(liisa, "Satu")

		// On Wednesday Mikko receives the Volvo: from now on the thread is his.
		b.until(time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC))
		b.moves(mikko, volvo, "received")
		received := b.latest(liisa, "Mikko")
		if received.from != reminder.from {
			t.Fatalf("the job's sender moved from %q to %q", reminder.from, received.from)
		}

		// She answers by text, and by e-mail about the other car.
		b.world.answerText(t, liisa, received.from, "Vaihdattehan myös sulat?")
		b.world.answerMail(t, mailbox, mails[1].from, mails[1].messageID, "Re: "+mails[1].subject, "Voinko tulla jo puoli kymmeneltä?")
		b.settles()
		b.placedBy(b.inThread(volvo, "Vaihdattehan myös sulat?"), "sms", "address")
		b.placedBy(b.inThread(saab, "Voinko tulla jo puoli kymmeneltä?"), "email", "address")

		// The car gets ready and is collected; in the evening one question comes.
		b.moves(mikko, volvo, "in_work")
		b.moves(mikko, volvo, "ready")
		b.latest(liisa, "Mikko")
		b.moves(mikko, volvo, "collected")
		before := len(b.world.texts(t, liisa))
		b.until(time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC))
		question := b.latest(liisa, "Mikko", "1-5")
		// The reminder of the other job, due the same day, is the only other text.
		b.wants(liisa, before+2)

		// A text answers it, and an e-mail to the very sender of the text too.
		b.world.answerText(t, liisa, question.from, "4")
		b.settles()
		b.scored(volvo, 4, "sms")
		b.world.answerMail(t, mailbox, question.from, "", "kysely", "Itse asiassa 5, kiitos Mikolle!")
		b.settles()
		b.scored(volvo, 5, "email")
		b.placedBy(b.inThread(volvo, "Itse asiassa 5, kiitos Mikolle!"), "email", "address")

		// The other job heard nothing of it.
		for _, item := range b.items(satu, "/api/v1/jobs/"+saab["id"].(string)+"/timeline") {
			if item["kind"] == "survey" {
				t.Fatalf("the other job has an answer: %v", item)
			}
		}
		if left := b.items(satu, "/api/v1/inbox?state=triage"); len(left) != 0 {
			t.Fatalf("something waits in triage: %v", left)
		}
	})
}

// scored wants the job's survey to hold the score, on the receiver's account.
func (b *bed) scored(job object, score float64, channel string) {
	b.t.Helper()
	for _, s := range b.items(satu, "/api/v1/surveys?from=2026-11-01&to=2026-12-31") {
		if s["job_id"] != job["id"] {
			continue
		}
		if s["score"] != score || s["channel"] != channel || s["advisor"] != "Mikko Mäki" {
			b.t.Fatalf("the survey of %s is %v, want %v by %s for Mikko Mäki", job["reference"], s, score, channel)
		}
		return
	}
	b.t.Fatalf("no survey of job %s", job["reference"])
}

func TestAReplyWithoutTheAddressIsFoundByItsMessageID(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		job := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		b.settles()
		mail := b.world.mails(t, mailbox)[0]
		// Some mail programs answer to a fixed address but keep the thread.
		b.world.answerMail(t, mailbox, "desk@"+replyDomain, mail.messageID, "Re: "+mail.subject, "Kiitos, sopii.")
		b.settles()
		b.placedBy(b.inThread(job, "Kiitos, sopii."), "email", "in_reply_to")
	})
}

func TestWhatCannotBePlacedWaitsInTriageAndIsPlacedByHand(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		job := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		b.settles()
		b.world.poison(t, []byte("\x00\xff\xfe no header at all\r\n\r\n\x80\x81"))
		b.world.answerMail(t, "stranger@example.test", "desk@"+replyDomain, "", "hello", "Is my car there?")
		b.world.answerMail(t, mailbox, b.world.mails(t, mailbox)[0].from, "", "hei", "Tulen varttia myöhemmin.")
		b.settles()
		b.inThread(job, "Tulen varttia myöhemmin.")
		waiting := b.items(satu, "/api/v1/inbox?state=triage")
		if len(waiting) != 2 {
			t.Fatalf("%d messages wait in triage, want the poisonous one and the stranger's: %v", len(waiting), waiting)
		}
		for _, item := range waiting {
			if item["reason"] == "" {
				t.Errorf("no reason is given for %v", item)
			}
			if item["body"] == "Is my car there?" {
				b.call(satu, http.MethodPost, "/api/v1/inbox/"+item["id"].(string)+"/assign", object{"job_id": job["id"]}, http.StatusOK)
			} else {
				b.call(satu, http.MethodPost, "/api/v1/inbox/"+item["id"].(string)+"/dismiss", object{}, http.StatusNoContent)
			}
		}
		placed := b.inThread(job, "Is my car there?")
		if placed["verified"] == true || placed["match"].(object)["rule"] != "hand" {
			t.Fatalf("placed by hand, a stranger's message says %v", placed)
		}
		if left := b.items(satu, "/api/v1/inbox?state=triage"); len(left) != 0 {
			t.Fatalf("still in triage: %v", left)
		}
	})
}

func TestALowScoreIsOnTheAdvisorsScreenAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		job := b.books("Annual service", "Satu Salo", "2026-11-23T12:00:00+02:00", "ABC-123")
		b.until(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
		for _, to := range []string{"received", "in_work", "ready", "collected"} {
			b.moves(satu, job, to)
		}
		b.until(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC))
		b.world.answerText(t, liisa, b.latest(liisa, "Satu").from, "2, auto oli likainen")
		b.settles()
		board := b.page(satu, "/desk")
		if !strings.Contains(board, "2, auto oli likainen") || !strings.Contains(board, job["reference"].(string)) {
			t.Fatalf("the board does not show the low score of %s: %s", job["reference"], board)
		}
	})
}

func TestAStoppedGatewayDelaysTextsAndLosesNone(t *testing.T) {
	for engine, dsn := range engines {
		t.Run(engine, func(t *testing.T) {
			b := newBed(t, dsn(t), newOnDovecot)
			gateway := b.world.(*onDovecot)
			gateway.stop(true)
			b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
			b.settles()
			b.wants(liisa, 0)
			b.passes(30 * time.Minute)
			b.wants(liisa, 0)
			gateway.stop(false)
			b.passes(35 * time.Minute)
			b.wants(liisa, 1)
			b.latest(liisa, "Satu")
		})
	}
}

func TestTwoCustomersCannotHaveTheSameTime(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		workshop := b.named("/api/v1/workshops", "Test Workshop")
		taken := b.call("", http.MethodPost, "/api/v1/bookings", object{
			"workshop_id": workshop, "service_ids": []string{b.named("/api/v1/services?workshop_id="+workshop, "Brake check")},
			"advisor_id": b.named("/api/v1/advisors?workshop_id="+workshop, "Satu Salo"),
			"start":      "2026-11-25T09:00:00+02:00", "transport": "drop_off",
			"customer": object{"name": "Kalle", "phone": "+358409876543", "locale": "fi"},
			"consents": object{"survey": true, "reminders": true, "marketing": false},
		}, http.StatusConflict)
		alternatives, _ := taken["alternatives"].([]any)
		if !strings.HasSuffix(taken["type"].(string), "slot-taken") || len(alternatives) == 0 {
			t.Fatalf("the answer was %v", taken)
		}
	})
}

func TestAScoreAnsweredToTheConfirmationMailCounts(t *testing.T) {
	b := newBed(t, engines["sqlite"](t), newInProcess)
	job := b.books("Annual service", "Mikko Mäki", "2026-11-23T12:00:00+02:00", "ABC-123")
	b.until(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	for _, to := range []string{"received", "in_work", "ready", "collected"} {
		b.moves(mikko, job, to)
	}
	b.until(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC))
	b.latest(liisa, "1-5")
	// The question came as a text; she answers the only e-mail she has.
	mail := b.world.mails(t, mailbox)[0]
	b.world.answerMail(t, mailbox, mail.from, mail.messageID, "Re: "+mail.subject, "5")
	b.settles()
	b.scored(job, 5, "email")
}

func TestAProgramThatWasKilledIsReplacedAtOnce(t *testing.T) {
	dsn := engines["sqlite"](t)
	b := newBed(t, dsn, newInProcess)
	job := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
	b.settles()
	// What a killed process leaves: no lock, and leases that nobody gives back.
	if err := b.app.lock.Close(); err != nil {
		t.Fatal(err)
	}
	b.app.lock = nil
	if err := b.app.db.BreakLeases(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.app.db.TryLease(t.Context(), "mailbox:"+b.app.pollers[0].Name(), "the dead", time.Hour); err != nil {
		t.Fatal(err)
	}
	b.boot(dsn)
	b.world.answerText(t, liisa, b.latest(liisa).from, "Tulen varttia myöhemmin.")
	b.settles()
	b.inThread(job, "Tulen varttia myöhemmin.")
}
