package web

import (
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/notify"
)

// toDetails goes through the first two steps of a booking.
func (b *bed) toDetails(clock string) *screen {
	b.t.Helper()
	times := b.open("/book?workshop=1").want(200).form("/book").set("service", "101").send().want(200)
	form := times.form("/book/time")
	for _, start := range form.offers("start") {
		if strings.Contains(start, "T"+clock) {
			return form.set("start", start).send().want(200)
		}
	}
	b.t.Fatalf("no time at %s: %v", clock, form.offers("start"))
	return nil
}

// filled fills in the customer's details.
func filled(s *screen) *sheet {
	return s.form("/book").set("name", "Maija Virtanen").set("phone", "040 123 4567").set("email", "maija@example.com").
		set("plate", "ABC-123").set("make", "Volvo").set("model", "V60").set("note", "Outo ääni <edessä>")
}

func TestACustomerBooksAndTheDeskReceives(t *testing.T) {
	each(t, func(b *bed) {
		b.open("/").want(200).says("Where would you like to come?")
		done := filled(b.toDetails("10:00").says("Oil change", "Mon 23 Nov at 10:00")).send().want(200)
		if !strings.HasPrefix(done.path, "/j/") || !strings.Contains(done.path, "new=1") {
			t.Fatalf("the booking ends at %s", done.path)
		}
		done.says("Your booking is made", "Mon 23 Nov at 10:00", "Volvo V60", "ABC-123")

		token := strings.TrimSuffix(strings.TrimPrefix(done.path, "/j/"), "?new=1")
		mine := b.open("/j/"+token).want(200).form("/messages").set("body", "Can I wait inside?").send().want(200)
		mine.says("Your message has arrived.", "Can I wait inside?")

		board := b.atDesk("sanna@example.com")
		if board.path != "/desk" {
			t.Fatalf("the sign-in leads to %s", board.path)
		}
		all := b.open("/desk?who=all").want(200).says("Maija Virtanen", "ABC-123")
		preview := b.open(all.link("Receive")).want(200)
		shown := preview.form("/status").values.Get("body")
		if !strings.Contains(shown, "Sanna") {
			t.Fatalf("the preview is not signed by who receives: %q", shown)
		}
		moved := preview.form("/status").send().want(200).says("Received")
		moved.says(strings.Fields(shown)[0])

		again := preview.form("/status").send()
		again.want(409).says("This has been done already")

		job, err := b.desk.JobByToken(t.Context(), token)
		b.must(err)
		if job.Status != booking.Received || job.ReceivedBy != 11 {
			t.Fatalf("the job is %s, received by %d", job.Status, job.ReceivedBy)
		}
		list, err := b.notify.Messages(t.Context(), job.Subject())
		b.must(err)
		received := 0
		for _, m := range list {
			if m.Occasion == "received" && m.Channel == notify.SMS {
				received++
				if m.Body != shown {
					t.Errorf("sent %q, shown %q", m.Body, shown)
				}
			}
		}
		if received != 1 {
			t.Errorf("%d texts went out for one tap", received)
		}
		b.open("/j/" + token).want(200).says("Sanna has received you")
	})
}

func TestAWrongFormComesBackAsTyped(t *testing.T) {
	b := onSQLite(t)
	back := filled(b.toDetails("10:00")).set("phone", "123").set("name", "").set("note", "Keep & this").send().want(422)
	back.says("Please check the marked fields.")
	f := back.form("/book")
	for name, want := range map[string]string{"phone": "123", "email": "maija@example.com", "plate": "ABC-123", "note": "Keep & this", "reminders": "1", "survey": "1"} {
		if got := f.values.Get(name); got != want {
			t.Errorf("%s came back as %q, want %q", name, got, want)
		}
	}
	if f.values.Has("marketing") {
		t.Error("advertising is ticked")
	}
	wrong := back.wrong()
	if len(wrong) != 2 || wrong[0] != "name" || wrong[1] != "phone" {
		t.Errorf("marked as wrong: %v", wrong)
	}
	f.set("phone", "0401234567").set("name", "Maija").send().want(200).says("Your booking is made")
}

func TestATimeThatIsGoneBringsTheNearestOnes(t *testing.T) {
	b := onSQLite(t)
	details := b.toDetails("10:00")
	b.clock.advance(11 * time.Minute) // the hold has run out
	for _, advisor := range []string{"11", "12"} {
		b.send("", "POST", "/api/v1/bookings", with1(visit("10:00"), "advisor_id", advisor)).want(201)
	}
	back := filled(details).send().want(409).says("The nearest free times")
	f := back.form("/book")
	others := f.offers("alternative")
	if len(others) == 0 || f.values.Get("name") != "Maija Virtanen" || f.values.Get("plate") != "ABC-123" {
		t.Fatalf("alternatives %v, form %v", others, f.values)
	}
	f.send("alternative", others[0]).want(200).says("Your booking is made")
}

func TestGoingBackKeepsTheOwnTime(t *testing.T) {
	b := onSQLite(t)
	details := b.toDetails("10:00")
	times := b.open(details.link("Choose another time")).want(200)
	if got := times.form("/book/time").values.Get("start"); !strings.Contains(got, "T10:00") {
		t.Fatalf("the own time is not chosen: %q", got)
	}
	times.form("/book/time").send().want(200).says("Mon 23 Nov at 10:00")
	services := b.open(times.link("Change the services")).want(200)
	if got := services.form("/book").values["service"]; len(got) != 1 || got[0] != "101" {
		t.Errorf("the chosen services are %v", got)
	}
}

func TestABookingIsMovedAndCancelledByItsCustomer(t *testing.T) {
	b := onSQLite(t)
	_, token := b.book("10:00")
	form := b.open("/j/" + token + "/move?day=2026-11-24&lang=en").want(200).form("/move")
	start := form.offers("start")[0]
	form.set("start", start).send().want(200).says("Your booking has a new time.", "Tue 24 Nov")
	b.open("/j/" + token + "/cancel").want(200).says("Cancel the booking?").form("/cancel").send().want(200).says("Your booking is cancelled")
	b.open("/j/" + token + "/move").want(200).says("can no longer be moved")
	b.open("/j/" + token + "/cancel").want(200)
}

func TestACustomerIsPromisedACall(t *testing.T) {
	b := onSQLite(t)
	_, token := b.book("10:00")
	b.open("/j/"+token+"?lang=en").want(200).form("/callback").set("note", "The price").send().want(200).says("Sanna will call you by")
	board := b.atDesk("sanna@example.com").says("Wants a call", "Maija Virtanen")
	job := b.open(board.link("Open")).want(200).says("Call by", "The price")
	job.form("/attempts").send("outcome", "reached").want(200).says("The call is noted.", "Kept")
}

func TestAnUnknownLinkIsAFriendlyPage(t *testing.T) {
	b := onSQLite(t)
	for _, path := range []string{"/j/nobody", "/s/nobody", "/j/nobody/move", "/j/nobody/cancel"} {
		b.open(path).want(404).says("We cannot find this page", "Autohuolto Testi").link("Book a time")
	}
}

func TestTheSurveyIsAnsweredAndChanged(t *testing.T) {
	b := onSQLite(t)
	token := b.askedSurvey()
	before := b.rows()
	page := b.open("/s/"+token+"?lang=en").want(200).says("Did the service meet your expectations?", "Sanna")
	for range 3 {
		b.open("/s/" + token)
	}
	if after := b.rows(); after["survey_answers"] != before["survey_answers"] {
		t.Error("opening the page voted")
	}
	page.form("/s/" + token).send().want(422).says("Choose a score first.")
	page.form("/s/"+token).set("score", "2").set("comment", "It took long").send().want(200).says("Thank you!", "Your answer: 2")
	again := b.open("/s/" + token).want(200).says("You answered 2 earlier.")
	f := again.form("/s/" + token)
	if f.values.Get("score") != "2" || f.values.Get("comment") != "It took long" {
		t.Errorf("the earlier answer is %v", f.values)
	}
	f.set("score", "4").send().want(200).says("Your answer: 4")
}

// askedSurvey takes a job through its life until its survey is asked.
func (b *bed) askedSurvey() (token string) {
	b.t.Helper()
	id, _ := b.book("10:00")
	for _, to := range []string{"received", "in_work", "ready", "collected"} {
		b.clock.advance(20 * time.Minute)
		b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": to, "message": object{"send": false}}).want(200)
	}
	sv, err := b.survey.ForJob(b.t.Context(), number(id))
	b.must(err)
	b.clock.advance(sv.DueAt.Sub(b.clock.now()) + time.Minute)
	_, err = b.survey.AskDue(b.t.Context())
	b.must(err)
	return sv.Token
}
