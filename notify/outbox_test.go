package notify_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

func TestSendIsPartOfTheChangeItTellsOf(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		if _, err := n.Send(t.Context(), text("hello")); err == nil {
			t.Error("Send outside a transaction was accepted")
		}
		err := w.db.Tx(t.Context(), func(ctx context.Context) error {
			if _, err := n.Send(ctx, text("never")); err != nil {
				return err
			}
			return errBroken
		})
		if !errors.Is(err, errBroken) {
			t.Fatalf("Tx: %v", err)
		}
		m := w.queue(n, text("hello"))[0]
		if w.sendDue(n); !slices.Equal(w.sms.bodies(), []string{"hello"}) {
			t.Errorf("sent %q, want only what was committed", w.sms.bodies())
		}
		if got := w.states(n, m.ID); got != "queued claimed accepted" {
			t.Errorf("history is %q", got)
		}
		got := w.message(n, m.ID)
		if got.Gateway != "line-sms" || !strings.HasPrefix(got.GatewayID, "gw-m") || got.Attempts != 1 || got.Segments != 1 || !got.SentAt.Equal(w.clock.Now()) {
			t.Errorf("stored as %+v", got)
		}
	})
}

func TestAnEnvelopeCarriesWhatAReplyNeedsToFindItsWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		c := w.open(n, "job:1", mobile, "Liisa@Example.com")
		in, err := n.Record(t.Context(), "job:1", notify.Message{Channel: notify.Email, Body: "?", MessageID: "q@customer"})
		if err != nil {
			t.Fatal(err)
		}
		m := w.queue(n, notify.Outgoing{
			Subject: "job:1", Channel: notify.Email, To: " Liisa@Example.com", Author: "Maija\r\nBcc: x@y", Occasion: "advisor",
			MailTitle: "Your car\nis ready", Body: "Hello", Locale: "en", ByHuman: true, ReplyToMsg: in.ID,
		})[0]
		w.sendDue(n)
		want := []notify.Envelope{{
			ClientRef: "m2", MessageID: m.MessageID, From: w.addresses.For(c.ID), FromName: "Maija Bcc: x@y",
			To: "liisa@example.com", Title: "Your car is ready", Body: "Hello", Locale: "en", InReplyTo: "q@customer",
			Purpose: notify.JobUpdate, Occasion: "advisor",
		}}
		if diff := cmp.Diff(want, w.email.envelopes()); diff != "" {
			t.Errorf("envelope (-want +got):\n%s", diff)
		}
		if len(m.MessageID) < 26 || !strings.HasSuffix(m.MessageID, "@reply.neuvo.test") {
			t.Errorf("Message-ID %q", m.MessageID)
		}
	})
}

func TestWhatCannotBeSentIsRefusedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		for name, o := range map[string]notify.Outgoing{
			"a phone without a country code": {Subject: "job:1", Channel: notify.SMS, To: "0401234567", Body: "x"},
			"no e-mail address":              {Subject: "job:1", Channel: notify.Email, To: "liisa", Body: "x"},
			"nothing to say":                 {Subject: "job:1", Channel: notify.SMS, To: mobile, Body: " \n"},
			"a channel that sends nothing":   {Subject: "job:1", Channel: notify.Phone, To: mobile, Body: "x"},
		} {
			err := w.db.Tx(t.Context(), func(ctx context.Context) error { _, err := n.Send(ctx, o); return err })
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v, want Invalid", name, err)
			}
		}
		page := w.queue(n, notify.Outgoing{Subject: "job:1", Channel: notify.Web, Body: "on the page"})[0]
		if page.State != notify.Delivered || w.sendDue(n) != 0 {
			t.Errorf("a message on the page is %s", page.State)
		}
	})
}

func TestSuppressDropsWhatIsQueuedWithATrace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		reminder := text("tomorrow")
		reminder.Occasion = "reminder"
		other := text("another job")
		other.Subject = "job:2"
		rows := w.queue(n, text("booked"), reminder, other)
		if dropped, err := n.Suppress(t.Context(), "job:1", "cancelled", "reminder", "survey"); dropped != 1 || err != nil {
			t.Fatalf("Suppress = %d, %v", dropped, err)
		}
		w.sendDue(n)
		if diff := cmp.Diff([]string{"booked", "another job"}, w.sms.bodies()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if got := w.message(n, rows[1].ID); got.State != notify.Suppressed || got.Error != "cancelled" {
			t.Errorf("dropped as %s %q", got.State, got.Error)
		}
		if dropped, err := n.Suppress(t.Context(), "job:1", "cancelled"); dropped != 0 || err != nil {
			t.Errorf("what was sent is dropped: %d, %v", dropped, err)
		}
		if dropped, err := n.Suppress(t.Context(), "job:none", "cancelled"); dropped != 0 || err != nil {
			t.Errorf("an unknown subject: %d, %v", dropped, err)
		}
	})
}

func TestOpenIsIdempotentAndSetsWhoTakesPart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		first := w.open(n, "job:1", mobile, "Liisa@Example.com ")
		if again := w.open(n, "job:1", mobile, "new@example.com"); again.ID != first.ID {
			t.Errorf("opened twice as %d and %d", first.ID, again.ID)
		}
		if _, err := n.Open(t.Context(), "job:1"); err != nil {
			t.Fatal(err)
		}
		var got []string
		err := w.db.In(t.Context()).Raw("SELECT address FROM participants ORDER BY address").Scan(&got).Error
		if diff := cmp.Diff([]string{mobile, "new@example.com"}, got); diff != "" || err != nil {
			t.Errorf("participants (-want +got):\n%s%v", diff, err)
		}
	})
}

func TestMessagesHistoryAndStatsTellHowThingsStand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		if rows, err := n.Messages(t.Context(), "job:1"); len(rows) != 0 || err != nil {
			t.Errorf("no conversation: %v, %v", rows, err)
		}
		if _, _, err := n.Message(t.Context(), 7); !fault.Is(err, fault.NotFound) {
			t.Errorf("no message: %v", err)
		}
		later := text("later")
		later.NotBefore = db.At(w.clock.Now().Add(time.Hour))
		w.queue(n, text("now"), later)
		stats, err := n.Stats(t.Context())
		want := notify.Stats{Queued: 1, Later: 1, OldestDue: db.At(w.clock.Now())}
		if diff := cmp.Diff(want, stats); diff != "" || err != nil {
			t.Errorf("stats (-want +got):\n%s%v", diff, err)
		}
		w.sendDue(n)
		rows, err := n.Messages(t.Context(), "job:1")
		if err != nil || len(rows) != 2 || rows[0].State != notify.Accepted || rows[1].State != notify.Queued {
			t.Errorf("messages: %+v, %v", rows, err)
		}
	})
}

func TestTheBellRingsAfterTheCommitOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var rung []string
		n.OnChange(func(subject string) { rung = append(rung, subject) })
		_ = w.db.Tx(t.Context(), func(ctx context.Context) error {
			_, _ = n.Send(ctx, text("x"))
			if len(rung) != 0 {
				t.Error("it rang before the commit")
			}
			return errBroken
		})
		w.queue(n, text("y"))
		w.sendDue(n)
		if diff := cmp.Diff([]string{"job:1", "job:1"}, rung); diff != "" {
			t.Errorf("rung (-want +got):\n%s", diff)
		}
	})
}

func TestRecordHandsToTheFirstHandlerThatDealsWithIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var asked []string
		n.OnReply(func(_ context.Context, r notify.Reply) (bool, error) {
			asked = append(asked, "first "+r.Message.Body)
			return r.Message.Body == "5", nil
		})
		n.OnReply(func(_ context.Context, r notify.Reply) (bool, error) {
			asked = append(asked, "second "+r.Message.Body)
			if r.Message.Body == "boom" {
				return false, errBroken
			}
			return true, nil
		})
		for _, body := range []string{"5", "hello"} {
			m, err := n.Record(t.Context(), "job:1", notify.Message{Channel: notify.Web, Body: body, Verified: true})
			if err != nil || m.ID == 0 || m.State != notify.Received || m.Direction != notify.In || m.Kind != notify.Human {
				t.Errorf("Record(%s) = %+v, %v", body, m, err)
			}
		}
		if _, err := n.Record(t.Context(), "job:1", notify.Message{Channel: notify.Web, Body: "boom"}); !errors.Is(err, errBroken) {
			t.Errorf("a failing handler: %v", err)
		}
		want := []string{"first 5", "first hello", "second hello", "first boom", "second boom"}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		if rows, _ := n.Messages(t.Context(), "job:1"); len(rows) != 2 {
			t.Errorf("%d messages are kept, want 2: a failing handler takes its message back", len(rows))
		}
	})
}
