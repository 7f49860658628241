package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// twilioCalls makes a signed call of Twilio.
func (b *bed) twilioCalls(path string, form url.Values) {
	b.t.Helper()
	h := hmac.New(sha1.New, []byte(notifytest.Geheim))
	fmt.Fprint(h, "http://neuvo.test"+path)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		fmt.Fprint(h, name+form.Get(name))
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(h.Sum(nil)))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s", path, res.Status)
	}
}

func TestTextsOverHTTPAreReportedAnsweredAndTakeAnotherWayWhereOneIsClosed(t *testing.T) {
	for engine, dsn := range engines {
		t.Run(engine, func(t *testing.T) {
			first, second := notifytest.StartTwilio(t, nil), notifytest.StartSendSMS(t)
			b := &bed{t: t, token: map[string]string{}}
			b.clock.Store(start.UnixNano())
			b.world = newInProcess(t, b.now)
			b.set = func(s *settingsServe) {
				s.SMSAddress, s.HookSecret, s.SMSOrder = "", "a-long-secret-of-the-hooks", []string{"twilio", "kannel"}
				s.Twilio.Account, s.Twilio.Token, s.Twilio.URL, s.Twilio.Numbers = notifytest.Account, notifytest.Geheim, first.URL, []string{"+358401110000", "+358401110001"}
				s.Kannel.URL, s.Kannel.User, s.Kannel.Password, s.Kannel.Numbers = second.URL+"/cgi-bin/sendsms", notifytest.Key, notifytest.Geheim, []string{"+358401119999"}
			}
			b.boot(dsn(t))
			b.stock()

			// Liisa books; the text comes from a number of ours and is reported, late
			// news last.
			volvo := b.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
			b.settles()
			taken := first.Taken()
			if len(taken) != 1 || taken[0].To != liisa || !strings.HasPrefix(taken[0].From, "+35840111000") || !strings.Contains(taken[0].Text, "Satu") {
				t.Fatalf("taken %+v", taken)
			}
			for _, status := range []string{"sent", "delivered", "sent"} {
				b.twilioCalls("/hooks/twilio/status?ref="+taken[0].Ref, url.Values{"MessageSid": {taken[0].ID}, "MessageStatus": {status}})
			}
			var m notify.Message
			if err := b.app.db.In(t.Context()).Where("gateway_id = ?", taken[0].ID).First(&m).Error; err != nil || m.State != notify.Delivered {
				t.Errorf("reported as %s, %v", m.State, err)
			}

			// She answers to that number, and Twilio brings it twice.
			for range 2 {
				b.twilioCalls("/hooks/twilio/inbound", url.Values{"MessageSid": {"SM77"}, "From": {liisa}, "To": {taken[0].From}, "Body": {"Vaihdattehan myös sulat? 😀"}, "NumMedia": {"0"}})
			}
			b.settles()
			if item := b.inThread(volvo, "Vaihdattehan myös sulat? 😀"); item["channel"] != "sms" || item["verified"] != true {
				t.Errorf("in the thread: %v", item)
			}

			// Twilio has no room: the next text goes the other way.
			first.Behave(notifytest.Later)
			b.moves(satu, volvo, "received")
			if other := second.Taken(); len(other) != 1 || other[0].To != liisa || other[0].Text == "" || other[0].Ref == "" {
				t.Errorf("the other way %+v, the first %d", other, len(first.Taken()))
			}
		})
	}
}
