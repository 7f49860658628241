package notify_test

import (
	"testing"
	"time"

	"neuvo/notify"
)

func TestAnAnswerWithinTheSecondStandsAfterWhatItAnswers(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		second := d.clock.Now().Add(time.Second).Truncate(time.Second)
		for _, c := range []struct {
			name     string
			asked    time.Duration // after the second, of our text
			read     time.Duration // when the mailbox was read
			wantAt   time.Duration // at the earliest
			wantMost time.Duration
		}{
			{"read in the same second", 478 * time.Millisecond, 604 * time.Millisecond, 604 * time.Millisecond, 604 * time.Millisecond},
			{"read later", 478 * time.Millisecond, 3 * time.Second, 478*time.Millisecond + time.Microsecond, 478*time.Millisecond + time.Microsecond},
			{"long after", -5 * time.Second, 3 * time.Second, 0, 0},
		} {
			second = second.Add(time.Minute)
			d.clock.Advance(second.Add(c.asked).Sub(d.clock.Now()))
			question := text("Question, " + c.name)
			question.Subject = "job:1"
			asked := d.queue(d.n, question)[0]
			d.clock.Advance(second.Add(c.read).Sub(d.clock.Now()))
			d.mails.next++
			raw := "raw " + c.name
			d.mails.parsed[raw] = d.mail("", asked.MessageID, "Answer, "+c.name)
			_, _, err := d.n.StoreRaw(t.Context(), notify.Raw{
				Source: "imap:INBOX", Mailbox: "INBOX", UIDValidity: 1, UID: d.mails.next, Bytes: []byte(raw), ReceivedAt: second,
			})
			if err != nil {
				t.Fatal(err)
			}
			d.mails.process()
			messages, err := d.n.Messages(t.Context(), "job:1")
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				if m.Direction != notify.In || m.Body != "Answer, "+c.name {
					continue
				}
				if got := m.CreatedAt.Sub(second); got < c.wantAt || got > c.wantMost {
					t.Errorf("%s: %v after the second", c.name, got)
				}
			}
		}
	})
}
