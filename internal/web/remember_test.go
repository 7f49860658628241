package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

const freeOnMonday = "/api/v1/availability?workshop_id=1&service_id=101&from=2026-11-23&to=2026-11-23"

// starts are the offered starts of the first day, as they stand in the answer.
func (a *answer) starts() map[string]int {
	a.t.Helper()
	out := map[string]int{}
	for _, slot := range a.want(200).items("days.0.slots") {
		out[slot.(object)["start"].(string)[11:16]] = len(slot.(object)["advisor_ids"].([]any))
	}
	return out
}

func TestARememberedAnswerIsNeverOlderThanTheLastChange(t *testing.T) {
	each(t, func(b *bed) {
		ask := func() map[string]int { b.t.Helper(); return b.send("", "GET", freeOnMonday, nil).starts() }
		change := func(statement string) {
			b.t.Helper()
			b.must(b.db.Tx(b.t.Context(), func(ctx context.Context) error { return b.db.In(ctx).Exec(statement).Error }))
		}
		expect := func(what, start string, free int) {
			b.t.Helper()
			for range 2 { // made, and remembered
				if got := ask()[start]; got != free {
					b.t.Fatalf("%s: %d advisors at %s, want %d", what, got, start, free)
				}
			}
		}
		expect("at first", "10:00", 2)
		_, token := b.book("10:00")
		expect("after a booking", "10:00", 1)
		b.send("", "DELETE", "/api/v1/bookings/"+token, nil).want(204)
		expect("after its end", "10:00", 2)
		hold := object{"workshop_id": "1", "service_ids": []string{"101"}, "advisor_id": "12", "start": "2026-11-23T10:00:00+02:00"}
		b.send("", "POST", "/api/v1/holds", hold).want(201)
		expect("while someone types", "10:00", 1)
		b.clock.advance(10*time.Minute + time.Second)
		expect("when the hold has run out", "10:00", 2)
		change("UPDATE advisors SET active = FALSE WHERE id = 12")
		expect("when one has left", "10:00", 1)
		change("INSERT INTO closures (workshop_id, from_date, to_date, reason) VALUES (1, '2026-11-23', '2026-11-23', 'Inventory')")
		expect("when the workshop closes", "10:00", 0)
		change("DELETE FROM closures")
		expect("when it opens again", "10:00", 1)
		expect("an hour's notice", "09:00", 1)
		b.clock.advance(90 * time.Minute)
		expect("when the notice has run on", "09:00", 0)
		b.clock.advance(-90 * time.Minute)
		expect("when a demo's clock is set back", "09:00", 1)
	})
}

func TestAnEmptyAnswerIsRememberedUntilTheDatesBeyondChange(t *testing.T) {
	each(t, func(b *bed) {
		const sunday = "/api/v1/availability?workshop_id=1&service_id=101&advisor_id=11&from=2026-11-29&to=2026-11-29"
		for range 2 {
			b.send("", "GET", sunday, nil).want(200).equal("next_available", "2026-11-30T08:00:00+02:00")
		}
		visit := with1(visit("08:00"), "start", "2026-11-30T08:00:00+02:00")
		b.send("", "POST", "/api/v1/bookings", visit).want(201)
		b.send("", "GET", sunday, nil).want(200).equal("next_available", "2026-11-30T08:15:00+02:00")
	})
}

func TestARememberedAnswerIsTheSamePackedAndPlainAndInEveryLanguage(t *testing.T) {
	b := onSQLite(t)
	plain := b.send("", "GET", freeOnMonday, nil, "Accept-Encoding", "identity").want(200)
	for range 2 {
		header, body := b.packed(freeOnMonday)
		if !bytes.Equal(body, plain.raw) || header.Get("Content-Type") != plain.header.Get("Content-Type") {
			t.Errorf("packed it is %s %s, want %s %s", header.Get("Content-Type"), body, plain.header.Get("Content-Type"), plain.raw)
		}
	}
	if got := b.send("", "GET", freeOnMonday, nil, "Accept-Language", "sv").want(200).header.Get("Content-Language"); got != "sv" {
		t.Errorf("a Swedish reader got %q", got)
	}
	b.send("", "GET", freeOnMonday+"&transport=teleport", nil).want(422)
	if got := b.send("", "HEAD", freeOnMonday, nil).want(200); len(got.raw) != 0 || got.header.Get("Content-Length") == "" {
		t.Errorf("a HEAD has %d bytes of body, length %q", len(got.raw), got.header.Get("Content-Length"))
	}
}

// packed asks for a packed answer and unpacks it.
func (b *bed) packed(path string) (http.Header, []byte) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	b.must(err)
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := b.client.Do(req)
	b.must(err)
	defer res.Body.Close()
	if res.Header.Get("Content-Encoding") != "gzip" {
		b.t.Fatalf("not packed: %v", res.Header)
	}
	r, err := gzip.NewReader(res.Body)
	b.must(err)
	body, err := io.ReadAll(r)
	b.must(err)
	return res.Header, body
}

func TestWhoAsksAfterABookingHasReturnedSeesItHoweverManyAsk(t *testing.T) {
	each(t, func(b *bed) {
		var wg sync.WaitGroup
		for hour := 9; hour < 16; hour++ {
			for _, quarter := range []string{"00", "15", "30", "45"} {
				clock := fmt.Sprintf("%02d:%s", hour, quarter)
				wg.Go(func() {
					b.send("", "POST", "/api/v1/bookings", with1(visit(clock), "customer.phone", "+35840"+clock[:2]+clock[3:5]+"123")).want(201)
					if free := b.send("", "GET", freeOnMonday, nil).starts()[clock]; free != 1 {
						b.t.Errorf("%d are free at %s, which has just been booked", free, clock)
					}
				})
			}
		}
		wg.Wait()
	}, func(o *Options) { o.Relaxed = true })
}
