package inbox

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// TestRepliesLandOnTheirConversation goes the whole way: LMTP, Dovecot, IMAP,
// reading, matching, the reply handlers.
func TestRepliesLandOnTheirConversation(t *testing.T) {
	dove := notifytest.StartDovecot(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		addresses, err := notify.NewAddresses("desk+{token}@reply.neuvo.test", bytes.Repeat([]byte("k"), 32))
		if err != nil {
			t.Fatal(err)
		}
		n := notify.New(d, notify.Options{Addresses: addresses, MailDomain: "neuvo.test"})
		var got []string
		n.OnReply(func(_ context.Context, r notify.Reply) (bool, error) {
			got = append(got, fmt.Sprintf("%s %s %s verified=%t: %s", r.Subject, r.Message.Channel, r.Message.FromAddress, r.Message.Verified, r.Message.Body))
			return true, nil
		})
		var one, two *notify.Conversation
		if err := d.Tx(ctx, func(ctx context.Context) (err error) {
			if one, err = n.Open(ctx, "job:1", notify.Participant{Channel: notify.Email, Address: "matti@asiakas.test"},
				notify.Participant{Channel: notify.SMS, Address: "+358401234567"}); err != nil {
				return err
			}
			two, err = n.Open(ctx, "job:2", notify.Participant{Channel: notify.SMS, Address: "+358401234567"})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		user := strings.ReplaceAll(strings.ToLower(string(d.Dialect)), " ", "")
		p, err := NewPoller(n, PollerOptions{URL: dove.IMAPURL(user), DB: d, Holder: "one", Parse: ours})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		mail := func(from, rcpt, body string, extra ...string) {
			t.Helper()
			raw := fmt.Sprintf("From: %s\r\nTo: Liisa <%s>\r\n%sSubject: Re: Auto\r\n\r\n%s\r\n", from, rcpt, strings.Join(extra, ""), body)
			if err := dove.Deliver(user, []byte(raw), rcpt); err != nil {
				t.Fatal(err)
			}
		}
		mail("Matti <Matti@Asiakas.test>", addresses.For(one.ID), "Sopii.\r\n\r\n-- \r\nMatti")
		mail("+358401234567@sms.neuvo.test", addresses.For(two.ID), "Sender: +358401234567\r\nDate: 2026-11-23 10:00\r\nText: 5\r\n\r\nOriginal message:\r\nMiten meni?")
		mail("Outo <outo@muu.test>", addresses.For(one.ID), "Kuka te olette?")
		mail("Matti <matti@asiakas.test>", addresses.For(one.ID), "Olen lomalla.", "Auto-Submitted: auto-replied\r\n")
		mail("Vieras <vieras@muu.test>", "desk@reply.neuvo.test", "Eksynyt viesti")
		if fresh, err := p.Poll(ctx); err != nil || fresh != 5 {
			t.Fatalf("%d fresh, %v", fresh, err)
		}
		want := []string{
			"job:1 email matti@asiakas.test verified=true: Sopii.",
			"job:2 sms +358401234567 verified=true: 5",
			"job:1 email outo@muu.test verified=false: Kuka te olette?",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("replies:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if s := states(t, d); s[notify.InPlaced] != 3 || s[notify.InEvent] != 1 || s[notify.InTriage] != 1 {
			t.Errorf("states %v", s)
		}
	})
}

// BenchmarkBringIn measures the whole way of a reply, from Dovecot into SQLite,
// placed; each turn is 1000 messages.
func BenchmarkBringIn(b *testing.B) {
	const messages = 1000
	h, _ := dovecot(b)
	for n := range messages {
		h.deliver(b, letter(n))
	}
	for b.Loop() {
		d := dbtest.SQLite(b)
		p := poller(b, d, h.url())
		if fresh, err := p.Poll(b.Context()); err != nil || fresh != messages {
			b.Fatalf("%d fresh, %v", fresh, err)
		}
	}
	b.ReportMetric(float64(messages*b.N)/b.Elapsed().Seconds(), "messages/s")
}
