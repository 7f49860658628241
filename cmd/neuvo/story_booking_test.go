package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// opens gets a page as its customer does, and follows where it leads.
func (b *bed) opens(path string) string {
	b.t.Helper()
	return b.visits(http.MethodGet, path, nil)
}

// sends sends a page's form.
func (b *bed) sends(path string, form url.Values) string {
	b.t.Helper()
	return b.visits(http.MethodPost, path, strings.NewReader(form.Encode()))
}

func (b *bed) visits(method, path string, body io.Reader) string {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "fi")
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s %s gave %d: %v: %s", method, path, res.StatusCode, err, raw)
	}
	return string(raw)
}

// shortLink is the short address in a text.
var shortLink = regexp.MustCompile(`/l/\w+`)

// leads wants the short link of a text to lead to a page.
func (b *bed) leads(text letter, page string) {
	b.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(b.url + shortLink.FindString(text.body))
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Location"); !strings.HasSuffix(got, page) {
		b.t.Fatalf("%q leads to %q (%d), want %s", text.body, got, res.StatusCode, page)
	}
}

// sixDigits is a one-time code in a text.
var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code is the one-time code that a phone got last.
func (b *bed) code(number string) string {
	b.t.Helper()
	b.settles()
	code := sixDigits.FindString(b.latest(number).body)
	if code == "" {
		b.t.Fatalf("no code in %q", b.latest(number).body)
	}
	return code
}

// job is a booking as the desk sees it.
func (b *bed) job(booked object) object {
	b.t.Helper()
	return b.call(satu, http.MethodGet, "/api/v1/jobs/"+booked["id"].(string), nil, http.StatusOK)
}

// sweeps lets the waiting list move along, as it does every minute.
func (b *bed) sweeps() {
	b.t.Helper()
	if _, err := b.app.desk.SweepWaitlist(context.WithoutCancel(b.t.Context())); err != nil {
		b.t.Fatal(err)
	}
	b.settles()
}

func TestABookingStandsOnceItsPhoneIsProven(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		shop := b.named("/api/v1/workshops", "Test Workshop")
		b.call(satu, http.MethodPatch, "/api/v1/workshops/"+shop, object{"phone_proof": true}, http.StatusOK)
		booked := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		if booked["status"] != "unconfirmed" {
			t.Fatalf("status %v before the code", booked["status"])
		}
		code := b.code(liisa)
		b.wants(liisa, 1)
		if mails := b.world.mails(t, mailbox); len(mails) != 0 {
			t.Fatalf("a booking that does not stand is confirmed by e-mail: %+v", mails)
		}
		path := "/api/v1/bookings/" + booked["token"].(string)
		b.call("", http.MethodPost, path+"/confirm", object{"code": "000"}, http.StatusForbidden)
		b.call("", http.MethodPost, path+"/confirm", object{"code": code}, http.StatusOK)
		b.settles()
		b.latest(liisa, "Satu", "9.00")
		if mails := b.world.mails(t, mailbox); b.job(booked)["status"] != "booked" || len(mails) != 1 {
			t.Fatalf("status %v, %d e-mails after the code", b.job(booked)["status"], len(mails))
		}

		// Whoever never proves the phone keeps nobody from the time.
		other := b.books("Annual service", "Satu Salo", "2026-11-25T10:00:00+02:00", "XYZ-789")
		b.passes(25 * time.Minute)
		if got := b.job(other)["status"]; got != "cancelled" {
			t.Fatalf("status %v without a code", got)
		}
		b.books("Annual service", "Satu Salo", "2026-11-25T10:00:00+02:00", "XYZ-789")
	})
}

func TestAYesByTextToAFreedTimeBooksIt(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		const aino = "+358405550001"
		taken := b.books("Brake check", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		shop := b.named("/api/v1/workshops", "Test Workshop")
		wish := object{
			"workshop_id": shop, "service_ids": []string{b.named("/api/v1/services?workshop_id="+shop, "Brake check")},
			"advisor_id": b.named("/api/v1/advisors?workshop_id="+shop, "Satu Salo"), "transport": "drop_off",
			"earliest": "2026-11-25T08:59:00+02:00", "latest": "2026-11-25T09:00:00+02:00",
			"customer": object{"name": "Aino Aalto", "phone": "040 555 0001", "locale": "fi"},
		}
		b.call("", http.MethodPost, "/api/v1/waitlist", wish, http.StatusCreated)
		b.sweeps()
		b.wants(aino, 0)

		// Liisa cancels, and Aino is told in Satu's name.
		b.call("", http.MethodDelete, "/api/v1/bookings/"+taken["token"].(string), nil, http.StatusNoContent)
		b.sweeps()
		offer := b.latest(aino, "Aino", "9.00", "KYLLÄ", "Satu")

		// What is no answer is asked about, and Satu sees it on the entry.
		b.world.answerText(t, aino, offer.from, "Mahtuuko pihalle peräkärryn kanssa?")
		b.settles()
		b.latest(aino, "KYLLÄ tai EI")
		if list := b.items(satu, "/api/v1/waitlist"); len(list) != 1 || list[0]["reply"] != "Mahtuuko pihalle peräkärryn kanssa?" {
			t.Fatalf("the desk sees %v", list)
		}

		// A yes books at once: no schedule has to come by.
		b.world.answerText(t, aino, offer.from, "Kyllä kiitos!")
		b.settles()
		list := b.items(satu, "/api/v1/waitlist")
		if len(list) != 1 || list[0]["state"] != "booked" || list[0]["reply_at"] != nil {
			t.Fatalf("after the yes: %v", list)
		}
		job := b.call(satu, http.MethodGet, "/api/v1/jobs/"+list[0]["job_id"].(string), nil, http.StatusOK)
		if job["status"] != "booked" || job["start"] != "2026-11-25T09:00:00+02:00" || job["booked_with"].(object)["name"] != "Satu Salo" {
			t.Fatalf("the job is %v", job)
		}
		b.latest(aino, "Satu", "9.00")
	})
}

func TestWhoIsAwayIsStoodInForAndTheCustomerHearsIt(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		shop := b.named("/api/v1/workshops", "Test Workshop")
		id := func(name string) string { return b.named("/api/v1/advisors?workshop_id="+shop, name) }
		b.call(satu, http.MethodPatch, "/api/v1/advisors/"+id("Satu Salo"), object{"stand_in_id": id("Mikko Mäki")}, http.StatusOK)
		booked := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		b.settles()
		first := b.latest(liisa, "Satu")

		absence := object{"resource_id": id("Satu Salo"), "from": "2026-11-25T00:00:00+02:00", "to": "2026-11-26T00:00:00+02:00", "reason": "Flunssa", "dry_run": true}
		if hit := b.call(satu, http.MethodPost, "/api/v1/absences", absence, http.StatusOK)["jobs"].([]any); len(hit) != 1 {
			t.Fatalf("it would hit %v", hit)
		}
		delete(absence, "dry_run")
		away := b.call(satu, http.MethodPost, "/api/v1/absences", absence, http.StatusCreated)
		if risk := b.items(satu, "/api/v1/at-risk"); len(risk) != 1 || risk[0]["job_id"] != booked["id"] {
			t.Fatalf("at risk: %v", risk)
		}
		b.wants(liisa, 1) // nobody has decided yet
		done := b.call(satu, http.MethodPost, "/api/v1/absences/"+away["id"].(string)+"/resolve", object{"action": "stand_in"}, http.StatusOK)
		if got := done["items"].([]any)[0].(object)["outcome"]; got != "moved" {
			t.Fatalf("the booking is %v", got)
		}
		b.settles()
		told := b.latest(liisa, "Mikko", "pitää")
		if strings.Contains(told.body, "Flunssa") || strings.Contains(told.body, "Satu") || told.from != first.from {
			t.Fatalf("told %q from %s", told.body, told.from)
		}
		if job := b.job(booked); job["booked_with"].(object)["name"] != "Mikko Mäki" || job["start"] != booked["start"] {
			t.Fatalf("the job is %v", job)
		}
		if risk := b.items(satu, "/api/v1/at-risk"); len(risk) != 0 {
			t.Fatalf("still at risk: %v", risk)
		}
		// The day before, too, it is Mikko who reminds.
		b.until(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
		b.latest(liisa, "Mikko")
	})
}

func TestExtraWorkIsApprovedLineByLineAfterACode(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		booked := b.books("Brake check", "Satu Salo", "2026-11-23T10:00:00+02:00", "ABC-123")
		b.until(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
		b.moves(satu, booked, "received")
		job := "/api/v1/jobs/" + booked["id"].(string)
		e := b.call(satu, http.MethodPost, job+"/estimates", object{"lines": []object{
			{"title": "Jarrupalat eteen", "price": object{"amount": 18900, "currency": "EUR"}, "labour_minutes": 60},
			{"title": "Pyyhkijät", "price": object{"amount": 4900, "currency": "EUR"}},
		}}, http.StatusCreated)
		b.settles()
		asked := b.latest(liisa, "Satu")
		b.leads(asked, "/j/"+booked["token"].(string)+"/estimate/"+e["id"].(string))

		// A yes by text approves nothing: the link comes once more.
		b.world.answerText(t, liisa, asked.from, "Kyllä")
		b.settles()
		if got := b.items(satu, job+"/estimates")[0]["state"]; got != "sent" {
			t.Fatalf("a text made it %v", got)
		}
		b.leads(b.latest(liisa), "/j/"+booked["token"].(string)+"/estimate/"+e["id"].(string))

		lines := e["lines"].([]any)
		yes := object{"version": e["version"], "lines": []object{
			{"id": lines[0].(object)["id"], "decision": "approve"}, {"id": lines[1].(object)["id"], "decision": "decline"},
		}}
		path := "/api/v1/bookings/" + booked["token"].(string) + "/estimates/" + e["id"].(string) + "/decision"
		b.call("", http.MethodPost, path, yes, http.StatusForbidden)
		yes["code"] = b.code(liisa)
		done := b.call("", http.MethodPost, path, yes, http.StatusOK)
		if done["state"] != "partly_approved" || done["approved"].(object)["amount"] != 18900.0 {
			t.Fatalf("decided: %v", done)
		}
		b.settles()
		b.latest(liisa, "Satu")
		// The law of Finland lets the final price exceed it by 15 percent, and no more.
		b.call(satu, http.MethodPost, job+"/final-price", object{"amount": 21736}, http.StatusConflict)
		b.call(satu, http.MethodPost, job+"/final-price", object{"amount": 21735}, http.StatusOK)
	})
}

func TestALinkMovesAndCancelsOnlyByItsForm(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		booked := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
		b.settles()
		b.leads(b.latest(liisa), "/j/"+booked["token"].(string))
		page := "/j/" + booked["token"].(string)

		// What scans links opens them all, and nothing comes of it.
		for _, path := range []string{page, page + "/move", page + "/move?start=2026-11-26T10:00:00%2B02:00&anyone=", page + "/cancel", page + "/cancel?confirm=1"} {
			b.opens(path)
		}
		if job := b.job(booked); job["status"] != "booked" || job["start"] != booked["start"] || job["version"] != 1.0 {
			t.Fatalf("after a look: %v", job)
		}
		b.settles()
		b.wants(liisa, 1)

		b.sends(page+"/move", url.Values{"start": {"2026-11-26T10:00:00+02:00"}})
		b.settles()
		b.latest(liisa, "Uusi aikasi", "10.00", "Satu")
		if job := b.job(booked); job["start"] != "2026-11-26T10:00:00+02:00" {
			t.Fatalf("after the form: %v", job)
		}
		// The old time is anybody's, and no reminder speaks of it.
		b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "XYZ-789")

		b.sends(page+"/cancel", url.Values{})
		b.settles()
		b.latest(liisa, "peruttu", "Satu")
		if job := b.job(booked); job["status"] != "cancelled" {
			t.Fatalf("after the form: %v", job)
		}
		texts := len(b.world.texts(t, liisa))
		b.sends(page+"/cancel", url.Values{})
		b.settles()
		b.wants(liisa, texts)
	})
}

func TestAJobThatIsHandedOverIsAnnouncedByItsNewAdvisor(t *testing.T) {
	everywhere(t, func(t *testing.T, b *bed) {
		shop := b.named("/api/v1/workshops", "Test Workshop")
		id := func(name string) string { return b.named("/api/v1/advisors?workshop_id="+shop, name) }
		b.call(satu, http.MethodPatch, "/api/v1/workshops/"+shop, object{"quiet_from": "12:00", "quiet_until": "12:30"}, http.StatusOK)
		booked := b.books("Brake check", "Satu Salo", "2026-11-23T11:00:00+02:00", "ABC-123")
		b.until(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
		b.moves(satu, booked, "received")
		received := b.latest(liisa, "Satu")
		before := len(b.world.texts(t, liisa))

		// Satu leaves in the quiet hours, which hold Mikko's text back.
		b.until(time.Date(2026, 11, 23, 10, 5, 0, 0, time.UTC))
		path := "/api/v1/jobs/" + booked["id"].(string)
		hand := object{"advisor_id": id("Mikko Mäki"), "note": "Asiakas toivoo lasin pesua."}
		if got := b.call(satu, http.MethodPost, path+"/handover", hand, http.StatusOK)["received_by"].(object)["name"]; got != "Mikko Mäki" {
			t.Fatalf("the job is with %v", got)
		}
		b.call(satu, http.MethodPost, path+"/handover", hand, http.StatusOK) // a second tap
		b.settles()
		b.wants(liisa, before)

		b.until(time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC))
		b.wants(liisa, before+1)
		told := b.latest(liisa, "Olen Mikko", "Tähän asti sitä hoiti Satu", "ei tarvitse kertoa mitään uudelleen", "Terveisin Mikko")
		if told.from != received.from || strings.Contains(told.body, "lasin pesua") {
			t.Fatalf("%q from %s", told.body, told.from)
		}
		b.world.answerText(t, liisa, told.from, "Kiitos Mikko, haen neljältä")
		b.settles()
		b.placedBy(b.inThread(booked, "Kiitos Mikko, haen neljältä"), "sms", "address")
		var order []string
		for _, item := range b.items(mikko, path+"/timeline") {
			switch {
			case item["state"] == "handover":
				order = append(order, item["body"].(string))
			case item["author"] == "Mikko Mäki" && item["kind"] == "message":
				order = append(order, item["state"].(string))
			}
		}
		if got := strings.Join(order, "|"); got != "Mikko Mäki\nAsiakas toivoo lasin pesua.|delivered" && got != "Mikko Mäki\nAsiakas toivoo lasin pesua.|accepted" {
			t.Fatalf("on the timeline: %q", got)
		}

		// Who only minds it over lunch is not announced.
		hand["advisor_id"], hand["message"] = id("Satu Salo"), object{"send": false}
		b.call(mikko, http.MethodPost, path+"/handover", hand, http.StatusOK)
		b.settles()
		b.wants(liisa, before+1)
	})
}
