package notify_test

import (
	"context"
	"strings"
	"testing"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
	"neuvo/notify"
)

func TestTheWayOutOfAMailEndsItsKindAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		addresses, err := notify.NewAddresses("{token}@reply.neuvo.test", []byte(strings.Repeat("k", 32)))
		if err != nil {
			t.Fatal(err)
		}
		out := &letters{}
		n := notify.New(d, notify.Options{Addresses: addresses, LeaveURL: "https://desk.test/u/", Routes: []notify.Route{{Gateway: out}}})
		for _, subject := range []string{"job:1", "job:2"} {
			if _, err := n.Open(t.Context(), subject, notify.Participant{Channel: notify.SMS, Address: "+35840123456" + subject[4:]},
				notify.Participant{Channel: notify.Email, Address: "liisa" + subject[4:] + "@example.com"}); err != nil {
				t.Fatal(err)
			}
		}
		send := func(p notify.Purpose, human bool) string {
			t.Helper()
			err := d.Tx(t.Context(), func(ctx context.Context) error {
				_, err := n.Send(ctx, notify.Outgoing{Subject: "job:1", Channel: notify.Email, To: "liisa1@example.com", Purpose: p, MailTitle: "x", Body: "x", ByHuman: human})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.SendDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			return out.last.Unsubscribe
		}
		for _, c := range []struct {
			purpose notify.Purpose
			human   bool
		}{{notify.JobUpdate, false}, {notify.JobUpdate, true}} {
			if got := send(c.purpose, c.human); got != "" {
				t.Errorf("%s (by a person: %t) can be left: %s", c.purpose, c.human, got)
			}
		}
		token, ok := strings.CutPrefix(send(notify.Survey, false), "https://desk.test/u/")
		if !ok || len(token) < 16 {
			t.Fatalf("the way out is %q", token)
		}
		if p, err := n.WayOut(token); p != notify.Survey || err != nil {
			t.Errorf("it is for %q, %v", p, err)
		}
		all := []string{"+358401234561", "liisa1@example.com", "+358401234562", "liisa2@example.com"}
		if gone, err := n.Withdrawn(t.Context(), all...); len(gone) != 0 || err != nil {
			t.Errorf("looking withdrew %v, %v", gone, err)
		}
		for range 2 {
			if err := n.Leave(t.Context(), strings.ToUpper(token)); err != nil {
				t.Fatal(err)
			}
		}
		for _, address := range all {
			gone, err := n.Withdrawn(t.Context(), address)
			theirs := address == all[0] || address == all[1]
			if err != nil || gone[notify.Survey] != theirs || gone[notify.Reminder] || gone[notify.Marketing] {
				t.Errorf("%s: %v, %v", address, gone, err)
			}
		}
		for i := range token {
			c := byte('a')
			if token[i] == 'a' {
				c = 'b'
			}
			if err := n.Leave(t.Context(), token[:i]+string(c)+token[i+1:]); !fault.Is(err, fault.NotFound) {
				t.Errorf("a forged token is taken: %v", err)
			}
		}
		for _, wrong := range []string{"", "x", strings.Repeat("a", 500), token + "a", token[:len(token)-1]} {
			if _, err := n.WayOut(wrong); !fault.Is(err, fault.NotFound) {
				t.Errorf("%.20q: %v", wrong, err)
			}
		}
	})
}

// letters keeps the last e-mail it was given.
type letters struct{ last notify.Envelope }

func (*letters) Name() string            { return "letters" }
func (*letters) Channel() notify.Channel { return notify.Email }
func (l *letters) Send(_ context.Context, e notify.Envelope) (notify.Sent, error) {
	l.last = e
	return notify.Sent{Final: true}, nil
}
