package booking_test

import (
	"context"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/notify"
)

// carrier is a gateway of texts that takes everything.
type carrier struct{ sent []notify.Envelope }

func (c *carrier) Name() string            { return "carrier" }
func (c *carrier) Channel() notify.Channel { return notify.SMS }
func (c *carrier) Send(_ context.Context, e notify.Envelope) (notify.Sent, error) {
	c.sent = append(c.sent, e)
	return notify.Sent{ID: e.ClientRef}, nil
}

// carried wires the desk to a notifier whose texts go, and gives where they go.
func (w *world) carried(b notify.Burst) *carrier {
	c := &carrier{}
	w.notify = notify.New(w.db, notify.Options{Now: w.clock.now, MailDomain: "reply.neuvo.test", Routes: []notify.Route{{Gateway: c}}, Burst: b})
	w.desk = booking.New(w.db, w.notify, booking.Options{Now: w.clock.now, BaseURL: "https://neuvo.test/"})
	w.notify.OnReply(w.desk.HandleReply)
	w.notify.OnFailure(w.desk.HandleFailure)
	w.notify.OnConsent(w.desk.HandleConsent)
	w.notify.SetVersions(w.desk.Version)
	w.notify.SetManners(w.desk.Manners)
	return c
}

// quiet sets the quiet hours of the workshop.
func (w *world) quiet(from, until int) {
	w.Helper()
	w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error {
		return w.db.In(ctx).Model(&booking.Workshop{}).Where("id = ?", w.shop.ID).
			Updates(map[string]any{"quiet_from_minute": from * 60, "quiet_until_minute": until * 60}).Error
	}))
}

// deliver sends what may go.
func (w *world) deliver() {
	w.Helper()
	_, err := w.notify.SendDue(w.Context())
	w.ok(err)
}

func TestTheClockOfAnOfferStartsWhenItsTextMayGo(t *testing.T) {
	each(t, func(w *world) {
		w.quiet(18, 10)
		sms := w.carried(notify.Burst{})
		for i, c := range []struct {
			evening, morning, start string
			night                   time.Duration // from 18:30 to 10:00
		}{
			{"2026-11-26 18:30", "2026-11-27 10:00", "2026-12-01 10:00", 15*time.Hour + 30*time.Minute},
			{"2026-10-24 18:30", "2026-10-25 10:00", "2026-10-27 10:00", 16*time.Hour + 30*time.Minute}, // summer time ends
			{"2027-03-27 18:30", "2027-03-28 10:00", "2027-03-30 10:00", 14*time.Hour + 30*time.Minute}, // it begins
		} {
			w.clock.set(w.at(c.evening))
			r := w.wish("Aino Aalto", "040 111 111"+string(rune('1'+i)))
			r.Earliest, r.Latest = w.at(c.start).Add(-time.Minute), w.at(c.start)
			e, err := w.desk.JoinWaitlist(w.Context(), r)
			w.ok(err)
			before := len(sms.sent)
			for at := w.at(c.evening); at.Before(w.at(c.morning)); at = at.Add(30 * time.Minute) {
				w.clock.set(at)
				w.sweepList()
				w.deliver()
				if got := w.entry(e); got.State != booking.Waiting || len(sms.sent) != before {
					w.Fatalf("%s: it is %s, %d texts went", at.In(w.shop.Zone()), got.State, len(sms.sent)-before)
				}
			}
			if got := w.clock.now().Add(30 * time.Minute).Sub(w.at(c.evening)); got != c.night {
				w.Fatalf("the night was %v long", got)
			}
			w.clock.set(w.at(c.morning))
			w.sweepList()
			w.deliver()
			got := w.entry(e)
			if got.State != booking.WaitOffered || got.OfferUntil.Sub(w.clock.now()) < 30*time.Minute || len(sms.sent) != before+1 {
				w.Errorf("in the morning it is %s until %s, %d texts went", got.State, got.OfferUntil, len(sms.sent)-before)
			}
		}
	})
}

func TestNothingIsHeldForAPhoneWhoseTextWouldHaveToWait(t *testing.T) {
	w := onSQLite(t)
	sms := w.carried(notify.Burst{PerHour: 2})
	for range 2 { // from other advisors
		w.ok(w.db.Tx(t.Context(), func(ctx context.Context) error {
			_, err := w.notify.Send(ctx, notify.Outgoing{Subject: "phone:+358401111111", Channel: notify.SMS, To: "+358401111111", Occasion: "received", Body: "x"})
			return err
		}))
		w.deliver()
	}
	if len(sms.sent) != 2 {
		t.Fatalf("%d texts went", len(sms.sent))
	}
	e := w.join("Aino Aalto", "040 111 1111")
	w.sweepList()
	if got := w.entry(e); got.State != booking.Waiting || !w.offered("2026-11-24 10:00", w.anna.ID) {
		t.Errorf("it is %s", got.State)
	}
	w.clock.advance(61 * time.Minute)
	w.sweepList()
	if got := w.entry(e); got.State != booking.WaitOffered || got.OfferUntil.Sub(w.clock.now()) < 30*time.Minute {
		t.Errorf("an hour later it is %s until %s", got.State, got.OfferUntil)
	}
}

func TestWhoWritesAtNightIsAnsweredAtOnceAndNobodyElseIsWoken(t *testing.T) {
	each(t, func(w *world) {
		sms := w.carried(notify.Burst{})
		w.clock.set(w.at("2026-11-23 16:55"))
		e := w.join("Aino Aalto", "040 111 1111")
		w.sweepList() // until a quarter of an hour or so after opening
		w.deliver()
		w.clock.set(w.at("2026-11-23 22:40"))
		w.answers(e, "Perhaps, is it with Anna?")
		w.deliver()
		if got := w.texts(e); len(sms.sent) != 2 || got[len(got)-1] != "waitlist_unclear" {
			w.Errorf("%d texts went, told %v", len(sms.sent), got)
		}
		// What was written hours ago wakes nobody.
		_, err := w.notify.Record(w.Context(), e.Subject(), notify.Message{
			Channel: notify.SMS, FromAddress: e.ContactPhone, Body: "no", Verified: true, CreatedAt: db.At(w.at("2026-11-23 18:00")),
		})
		w.ok(err)
		_, err = w.notify.Record(w.Context(), e.Subject(), notify.Message{
			Channel: notify.SMS, FromAddress: e.ContactPhone, Body: "yes", Verified: true, CreatedAt: db.At(w.at("2026-11-23 18:01")),
		})
		w.ok(err)
		w.deliver()
		if len(sms.sent) != 2 {
			w.Errorf("woken by %q", sms.sent[2].Body)
		}
		w.clock.set(w.at("2026-11-24 08:00"))
		w.deliver()
		if len(sms.sent) != 3 || w.texts(e)[len(w.texts(e))-1] != "waitlist_gone" {
			w.Errorf("in the morning %d texts have gone: %v", len(sms.sent), w.texts(e))
		}
	})
}

func TestStopTakesAPhoneOffTheWaitingList(t *testing.T) {
	w := onSQLite(t)
	w.carried(notify.Burst{})
	e := w.join("Aino Aalto", "040 111 1111")
	w.sweepList()
	leave := func(want map[notify.Purpose]bool) booking.WaitState {
		w.ok(w.desk.HandleConsent(t.Context(), e.ContactPhone, want))
		return w.entry(e).State
	}
	if got := leave(map[notify.Purpose]bool{notify.Survey: false}); got != booking.WaitOffered {
		t.Errorf("no surveys: it is %s", got)
	}
	if got := leave(map[notify.Purpose]bool{notify.Survey: false, notify.Reminder: false, notify.Marketing: false}); got != booking.WaitLeft || !w.offered("2026-11-24 10:00", w.anna.ID) {
		t.Errorf("STOP: it is %s", got)
	}
}
