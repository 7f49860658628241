package notify

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

// A message of which nobody knows whether its gateway has it is never simply sent
// again:
//
//   - A delivery report or a bounce about it settles it at any time.
//   - A gateway that can be asked is asked, until it answers. Only where it says
//     that it never had the message, and time enough has passed for that to be
//     true, does the message go again.
//   - What goes by SMTP goes once more after the grace time: with the same
//     Message-ID, by which the receiving host can tell a second copy.
//   - A text through a gateway that cannot be asked stays unknown. A person is
//     told, and decides: send again, or it arrived.
const (
	// unknownGrace passes before a message may be sent a second time: time for a
	// report to come in first, and for the gateway to list what it took.
	unknownGrace = 2 * time.Minute
	// firstAsk is how soon a gateway that can be asked is asked.
	firstAsk = 20 * time.Second
	// lastAsk is the longest wait between two questions it did not answer.
	lastAsk = 30 * time.Minute
)

// doubt is a message of which nobody knows what became of it.
type doubt struct {
	m       Message
	subject string
	lapsed  bool // its sender died while it handed it over
}

// gatewayOf is the gateway that may have a message; nil where it is set up no
// more.
func (n *Notifier) gatewayOf(m *Message) Gateway {
	for _, l := range n.lanes[m.Channel] {
		if l.name == m.Gateway {
			return l.Gateway
		}
	}
	return nil
}

// asker is the gateway of a message, where that can be asked.
func (n *Notifier) asker(m *Message) (Asker, bool) {
	a, ok := n.gatewayOf(m).(Asker)
	return a, ok
}

// mayRepeat tells whether a second copy harms nobody.
func (n *Notifier) mayRepeat(m *Message) bool {
	g := n.gatewayOf(m)
	_, asks := g.(Asker)
	r, ok := g.(Repeater)
	return ok && !asks && r.KnowsCopies()
}

// doubtedAt is when something is next to be done about a message that has just
// become unknown. Zero: nothing more happens by itself.
func (n *Notifier) doubtedAt(m *Message) db.Time {
	if _, asks := n.asker(m); asks {
		return db.At(n.opt.Now().Add(firstAsk))
	}
	return db.At(n.opt.Now().Add(unknownGrace))
}

// reconcile finds out what became of a message, or leaves it to a person.
func (n *Notifier) reconcile(ctx context.Context, d doubt) error {
	m := &d.m
	a, asks := n.asker(m)
	switch {
	case d.lapsed:
		m.Error, m.SentAt = "the sender stopped while it handed the message over", m.HandedAt
		return n.becomesUnknown(ctx, m)
	case asks:
		return n.ask(ctx, a, d)
	}
	return n.leaveToPeople(ctx, m, m.Error)
}

// becomesUnknown records that nobody knows whether the gateway has a message. The
// second time that this happens to an e-mail a person decides.
func (n *Notifier) becomesUnknown(ctx context.Context, m *Message) error {
	if n.mayRepeat(m) {
		before, err := n.timesIn(ctx, m.ID, Unknown)
		if err != nil {
			return err
		}
		if before > 0 {
			return n.leaveToPeople(ctx, m, m.Error)
		}
	}
	m.State, m.NextAt = Unknown, n.doubtedAt(m)
	return n.write(ctx, m, m.Error, false)
}

// leaveToPeople ends what the program can do about a message that is unknown.
func (n *Notifier) leaveToPeople(ctx context.Context, m *Message, detail string) error {
	m.State, m.NextAt, m.Error = Unknown, db.Time{}, detail
	return n.write(ctx, m, "whether it arrived could not be found out: "+detail, true)
}

// ask asks the gateway for a message, and acts on the answer.
func (n *Notifier) ask(ctx context.Context, a Asker, d doubt) error {
	m, now := &d.m, n.opt.Now()
	r, known, err := n.answer(ctx, a, m)
	passed := now.Sub(m.HandedAt.Time)
	switch {
	case err != nil && !m.ExpiresAt.After(now):
		return n.leaveToPeople(ctx, m, "the gateway could not be asked: "+err.Error())
	case err != nil:
		n.opt.Log.WarnContext(ctx, "a gateway could not be asked for a message", "gateway", m.Gateway, "message", m.ID, "err", err)
		return n.askLater(ctx, m, min(max(passed, firstAsk), lastAsk))
	case !known && passed < unknownGrace:
		return n.askLater(ctx, m, unknownGrace-passed)
	case !known:
		m.State, m.NextAt, m.Error = Queued, n.now(), ""
		return n.write(ctx, m, "the gateway was asked and never had it", false)
	}
	m.State, m.NextAt, m.Error = r.State, db.Time{}, ""
	if r.GatewayID != "" {
		m.GatewayID = r.GatewayID
	}
	switch r.State {
	case Delivered:
	case Failed:
		m.Error = MessageReport{State: r.State, Code: r.Code, Text: r.Text}.detail()
		return n.write(ctx, m, m.Error, true)
	default:
		m.State = Accepted
	}
	return n.write(ctx, m, "the gateway was asked and has it", false)
}

// answer makes the call, within its time limit.
func (n *Notifier) answer(ctx context.Context, a Asker, m *Message) (r Report, known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, gatewayTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the gateway's code broke off: %v", p)
		}
	}()
	return a.Ask(ctx, n.envelope(m), m.HandedAt.Time)
}

// askLater leaves a message unknown for now.
func (n *Notifier) askLater(ctx context.Context, m *Message, wait time.Duration) error {
	m.State, m.NextAt = Unknown, db.At(n.opt.Now().Add(wait))
	return n.db.Tx(ctx, func(ctx context.Context) error {
		_, err := n.settleMessage(ctx, m)
		return err
	})
}
