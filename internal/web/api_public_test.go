package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestACustomerFindsATimeAndBooksIt(t *testing.T) {
	each(t, func(b *bed) {
		b.send("", "GET", "/api/v1/workshops", nil).want(200).
			equal("items.0.id", "1", "items.0.time_zone", "Europe/Helsinki", "items.0.locale", "fi", "next_cursor", "")
		b.send("", "GET", "/api/v1/services?workshop_id=1", nil, "Accept-Language", "en").want(200).
			equal("items.0.id", "101", "items.0.name", "Oil change", "items.0.duration_minutes", 60,
				"items.0.price_from.amount", 8900, "items.0.price_from.currency", "EUR", "items.0.transports.0", "drop_off")
		b.send("", "GET", "/api/v1/advisors?workshop_id=1", nil).want(200).
			equal("items.0.id", "11", "items.0.name", "Sanna Niemi", "items.0.languages.0", "fi")

		free := b.send("", "GET", "/api/v1/availability?workshop_id=1&service_id=101&service_id=102&from=2026-11-23&to=2026-11-24", nil).want(200)
		if got := free.text("days.0.slots.0.start"); !strings.HasSuffix(got, "+02:00") {
			t.Errorf("a start without the workshop's offset: %s", got)
		}
		b.send("", "GET", "/api/v1/availability/why?workshop_id=1&service_id=101&start=2026-11-22T10:00:00%2B02:00", nil, "Accept-Language", "en").
			want(200).equal("reasons.0.rule", "past")

		hold := b.send("", "POST", "/api/v1/holds", object{
			"workshop_id": "1", "service_ids": []string{"101"}, "advisor_id": "11", "start": "2026-11-23T10:00:00+02:00", "transport": "drop_off",
		}).want(201)
		booked := b.send("", "POST", "/api/v1/bookings", with1(visit("10:00"), "hold_id", hold.text("hold_id"))).want(201)
		booked.equal("status", "booked", "start", "2026-11-23T10:00:00+02:00", "end", "2026-11-23T11:00:00+02:00",
			"advisor.id", "11", "advisor.name", "Sanna Niemi", "manage_url", "http://desk.example.com/j/"+booked.text("token"))
		if got := booked.header.Get("Location"); got != "/api/v1/bookings/"+booked.text("token") {
			t.Errorf("Location %q", got)
		}

		mine := b.send("", "GET", "/api/v1/bookings/"+booked.text("token"), nil).want(200)
		mine.equal("reference", booked.text("reference"), "vehicle.plate", "ABC-123", "services.0.id", "101",
			"services.0.price_from.currency", "EUR", "messages.0.direction", "out")
		for _, list := range []string{"estimates", "promises"} {
			if len(mine.items(list)) != 0 {
				t.Errorf("%s is not empty: %s", list, mine.raw)
			}
		}
		if strings.Contains(string(mine.raw), "401234567") || strings.Contains(string(mine.raw), "maija@") {
			t.Errorf("the token's holder sees contact data: %s", mine.raw)
		}
	})
}

func TestATakenTimeIsAConflictWithAlternatives(t *testing.T) {
	each(t, func(b *bed) {
		b.book("10:00")
		a := b.send("", "POST", "/api/v1/bookings", visit("10:00"), "Accept-Language", "sv").want(409)
		if !strings.HasSuffix(a.text("type"), "slot-taken") {
			t.Errorf("type %s", a.text("type"))
		}
		if got := a.header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("content type %s", got)
		}
		for _, v := range a.items("alternatives") {
			slot := v.(object)
			if !strings.HasSuffix(slot["start"].(string), "+02:00") || len(slot["advisor_ids"].([]any)) == 0 {
				t.Errorf("alternative %v", slot)
			}
		}
		if len(a.items("alternatives")) == 0 {
			t.Errorf("no alternatives: %s", a.raw)
		}
	})
}

func TestACustomerMovesWritesAsksForACallAndCancels(t *testing.T) {
	each(t, func(b *bed) {
		_, token := b.book("10:00")
		path := "/api/v1/bookings/" + token
		b.send("", "PATCH", path, object{"start": "2026-11-24T09:00:00+02:00"}).want(200).
			equal("start", "2026-11-24T09:00:00+02:00", "status", "booked", "vehicle.plate", "ABC-123")
		b.send("", "PATCH", path, object{}).want(422).equal("errors.0.location", "body.start")

		b.send("", "POST", path+"/messages", object{"body": "Onko laina-autoa?"}).want(201).
			equal("direction", "in", "channel", "web", "body", "Onko laina-autoa?")
		call := b.send("", "POST", path+"/callback", object{"note": "iltapäivällä"}).want(201)
		call.equal("owner.name", "Sanna Niemi", "state", "open")
		if _, err := time.Parse(time.RFC3339, call.text("due_at")); err != nil {
			t.Error(err)
		}
		mine := b.send("", "GET", path, nil).want(200).equal("promises.0.id", call.text("id"))
		if !strings.Contains(string(mine.raw), "Onko laina-autoa?") {
			t.Errorf("the customer's own words are missing: %s", mine.raw)
		}
		gone := b.send("", "DELETE", path, nil).want(204)
		if len(gone.raw) != 0 {
			t.Errorf("a body with 204: %s", gone.raw)
		}
		b.send("", "GET", path, nil).want(200).equal("status", "cancelled")
	})
}

func TestAnUnknownOrExpiredTokenIsNotFound(t *testing.T) {
	each(t, func(b *bed) {
		_, token := b.book("10:00")
		calls := func(token string) {
			t.Helper()
			for _, c := range []struct {
				method, path string
				body         any
			}{
				{"GET", "/api/v1/bookings/" + token, nil},
				{"PATCH", "/api/v1/bookings/" + token, object{"start": "2026-11-24T09:00:00+02:00"}},
				{"DELETE", "/api/v1/bookings/" + token, nil},
				{"POST", "/api/v1/bookings/" + token + "/messages", object{"body": "x"}},
				{"POST", "/api/v1/bookings/" + token + "/callback", object{}},
				{"GET", "/api/v1/surveys/" + token, nil},
				{"POST", "/api/v1/surveys/" + token, object{"score": 5}},
			} {
				a := b.send("", c.method, c.path, c.body)
				if a.status != 404 || a.header.Get("Content-Type") != problemJSON {
					t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.raw)
				}
			}
		}
		calls("nosuchtokennosuchtoken")
		calls("%2e%2e%2fjobs")
		b.clock.advance(5 * 365 * 24 * time.Hour)
		calls(token)
	})
}

func TestGetsNeverWrite(t *testing.T) {
	each(t, func(b *bed) {
		id, token := b.book("10:00")
		b.send("sanna@example.com", "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": "received"}).want(200)
		b.send("boss@example.com", "GET", "/api/v1/jobs", nil).want(200)
		before := b.rows()
		for _, path := range []string{
			"/api/v1/workshops", "/api/v1/services?workshop_id=1", "/api/v1/advisors?workshop_id=1",
			"/api/v1/availability?workshop_id=1&service_id=101&from=2026-11-23&to=2026-12-23",
			"/api/v1/availability/why?workshop_id=1&service_id=101&start=2026-11-23T10:00:00%2B02:00",
			"/api/v1/bookings/" + token, "/api/v1/jobs", "/api/v1/jobs/" + id, "/api/v1/jobs/" + id + "/timeline",
			"/api/v1/messages/1", "/api/v1/promises", "/api/v1/inbox", "/api/v1/surveys", "/openapi.json", "/docs",
			"/healthz", "/readyz", "/metrics", "/j/" + token, "/book", "/desk", "/desk/sign-in",
		} {
			a := b.send("boss@example.com", http.MethodGet, path, nil)
			if a.status >= 400 {
				t.Errorf("GET %s: %d %s", path, a.status, a.raw)
			}
		}
		for table, n := range b.rows() {
			if n != before[table] {
				t.Errorf("%s had %d rows, now %d", table, before[table], n)
			}
		}
	})
}
