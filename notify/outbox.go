package notify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// defaultLife is how long an outgoing message is worth sending where the room
// that asks for it does not say.
const defaultLife = 7 * 24 * time.Hour

// askedLife is how long an answer to a question is expected where the room that
// asks does not say.
const askedLife = 7 * 24 * time.Hour

// errOutsideTx is a mistake in the calling code, not something a person can mend.
var errOutsideTx = errors.New("a message is sent only inside the transaction of the change it tells of")

// Open gives the conversation of a subject, making it on first use, and sets
// who takes part in it. Without participants those that stand are kept. It joins
// the caller's transaction.
func (n *Notifier) Open(ctx context.Context, subject string, ps ...Participant) (*Conversation, error) {
	if subject == "" {
		return nil, errors.New("a conversation needs a subject")
	}
	var c *Conversation
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		fresh := false
		if len(ps) == 0 {
			c, err = n.ensureConversation(ctx, subject)
		} else {
			c, fresh, err = n.makeConversation(ctx, subject)
		}
		if err != nil || len(ps) == 0 {
			return err
		}
		rows := make([]Participant, 0, len(ps))
		seen := map[Participant]bool{}
		for _, p := range ps {
			p.ConversationID, p.Address = c.ID, normalAddress(p.Channel, p.Address)
			if p.Address != "" && !seen[p] {
				seen[p] = true
				rows = append(rows, p)
			}
		}
		return n.replaceParticipants(ctx, c.ID, fresh, rows)
	})
	if err != nil {
		return nil, fmt.Errorf("open conversation %s: %w", subject, err)
	}
	return c, nil
}

// Join adds to those who take part in the conversation of a subject, making it
// on first use. Whoever takes part already stays. It joins the caller's
// transaction.
func (n *Notifier) Join(ctx context.Context, subject string, ps ...Participant) error {
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		c, err := n.ensureConversation(ctx, subject)
		if err != nil {
			return err
		}
		rows := make([]Participant, len(ps))
		for i, p := range ps {
			rows[i] = Participant{ConversationID: c.ID, Channel: p.Channel, Address: normalAddress(p.Channel, p.Address)}
		}
		return n.replaceParticipants(ctx, c.ID, true, rows) // "fresh": nobody is taken out
	})
	if err != nil {
		return fmt.Errorf("join conversation %s: %w", subject, err)
	}
	return nil
}

// Send queues a message in the caller's transaction, so that it goes out if and
// only if the change it tells of has happened, and wakes the sender once that
// has committed. A message on the web channel has no gateway: the customer's
// page shows it, it is delivered as soon as it is stored.
func (n *Notifier) Send(ctx context.Context, o Outgoing) (*Message, error) {
	sent, err := n.SendAll(ctx, o)
	if err != nil {
		return nil, err
	}
	return sent[0], nil
}

// SendAll is Send for several messages about one subject, the same thing told
// on several channels: in as many round trips as one.
func (n *Notifier) SendAll(ctx context.Context, outs ...Outgoing) ([]*Message, error) {
	if !n.db.InTx(ctx) {
		return nil, errOutsideTx
	}
	if len(outs) == 0 {
		return nil, nil
	}
	subject, occasion := outs[0].Subject, outs[0].Occasion
	c := outs[0].Conversation
	if c == nil || c.Subject != subject {
		var err error
		if c, err = n.ensureConversation(ctx, subject); err != nil {
			return nil, fmt.Errorf("queue %s for %s: %w", occasion, subject, err)
		}
	}
	rows := make([]*Message, len(outs))
	wake := false
	for i, o := range outs {
		if o.Subject != subject {
			return nil, fmt.Errorf("queue %s for %s: it stands beside one for %s", o.Occasion, o.Subject, subject)
		}
		var err error
		if rows[i], err = n.addressed(ctx, o, c); err != nil {
			return nil, err
		}
		wake = wake || rows[i].State == Queued
	}
	if err := n.insertMessages(ctx, "", rows...); err != nil {
		return nil, fmt.Errorf("queue %s for %s: %w", occasion, subject, err)
	}
	for i, o := range outs {
		if o.Channel != Email {
			continue
		}
		if err := n.insertFiles(ctx, rows[i].ID, o.Files); err != nil {
			return nil, fmt.Errorf("keep the files of %s for %s: %w", o.Occasion, o.Subject, err)
		}
	}
	n.ring(ctx, subject)
	if wake {
		n.db.AfterCommit(ctx, n.Wake)
	}
	return rows, nil
}

// addressed makes the row of what is asked for in its conversation.
func (n *Notifier) addressed(ctx context.Context, o Outgoing, c *Conversation) (*Message, error) {
	m, err := n.outgoing(o)
	if err != nil {
		return nil, err
	}
	m.ConversationID, m.Prompt = c.ID, isAnswer(ctx, m.ToAddress)
	if n.opt.Addresses != nil {
		m.FromAddress = n.opt.Addresses.For(c.ID)
	}
	if o.ReplyToMsg != 0 {
		if m.InReplyTo, err = n.messageIDOf(ctx, o.ReplyToMsg, c.ID); err != nil {
			return nil, fmt.Errorf("find what is answered: %w", err)
		}
	}
	return m, nil
}

// outgoing makes the row of what is asked for.
func (n *Notifier) outgoing(o Outgoing) (*Message, error) {
	now := n.now()
	m := &Message{
		Direction: Out, Channel: o.Channel, Occasion: o.Occasion, Purpose: o.Purpose,
		Author: oneLine(o.Author), ToAddress: normalAddress(o.Channel, o.To), Subject: oneLine(o.MailTitle),
		Body: o.Body, Shown: o.Shown, Locale: o.Locale, State: Queued, SubjectVersion: o.Version, ByHuman: o.ByHuman, AtOnce: o.AtOnce,
		NextAt: now, CreatedAt: now, ExpiresAt: o.ExpiresAt,
	}
	if m.Purpose == "" {
		m.Purpose = JobUpdate
	}
	if o.NotBefore.After(now.Time) {
		m.NextAt = db.At(o.NotBefore.Time)
	}
	if m.ExpiresAt.IsZero() {
		m.ExpiresAt = db.At(m.NextAt.Add(defaultLife))
	}
	if o.Asks != "" {
		m.Asks, m.AsksUntil = o.Asks, o.AsksUntil
		if m.AsksUntil.IsZero() {
			m.AsksUntil = db.At(m.NextAt.Add(askedLife))
		}
	}
	switch o.Channel {
	case SMS:
		if !strings.HasPrefix(m.ToAddress, "+") {
			return nil, fault.BadField("to", "fault.phone", o.To)
		}
		m.Segments, _ = Segments(m.Body)
	case Email:
		if strings.Count(m.ToAddress, "@") != 1 {
			return nil, fault.BadField("to", "fault.email", o.To)
		}
	case Web:
		m.State, m.NextAt, m.SentAt = Delivered, db.Time{}, now
	default:
		return nil, fault.BadField("channel", "fault.channel", string(o.Channel))
	}
	if strings.TrimSpace(m.Body) == "" {
		return nil, fault.BadField("body", "fault.required", nil)
	}
	return m, nil
}

// newMessageID draws the Message-ID of a message. It is made once, before
// the first attempt, and never changes: a receiving host can tell a second copy
// by it, and an answer finds its way back by it.
func (n *Notifier) newMessageID() string {
	return strings.ToLower(rand.Text()) + "@" + n.opt.MailDomain
}

// Record stores what a customer wrote on our web page, or said at the phone
// desk, and hands it to the reply handlers, all in one transaction. The caller
// sets Channel, Author, Body and Verified; InReplyTo may name our message.
func (n *Notifier) Record(ctx context.Context, subject string, m Message) (*Message, error) {
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		c, err := n.ensureConversation(ctx, subject)
		if err != nil {
			return err
		}
		row := m
		row.ID, row.ConversationID, row.Direction, row.State = 0, c.ID, In, Received
		if row.Kind == "" {
			row.Kind = Human
		}
		if row.CreatedAt.IsZero() {
			row.CreatedAt = n.now()
		}
		row.NextAt = db.Time{}
		if err := n.insertMessage(ctx, &row, ""); err != nil {
			return err
		}
		if err := n.reply(ctx, Reply{Subject: subject, Message: row}); err != nil {
			return err
		}
		n.ring(ctx, subject)
		m = row
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("record a message on %s: %w", subject, err)
	}
	return &m, nil
}

// reply asks the handlers in turn until one has dealt with it.
func (n *Notifier) reply(ctx context.Context, r Reply) error {
	ctx = n.answering(ctx, &r.Message)
	for _, h := range n.onReply {
		if handled, err := h(ctx, r); err != nil || handled {
			return err
		}
	}
	return nil
}

// Suppress drops what is still queued on a subject (all of it, or only the
// named occasions) and says why in each message's history. What a gateway may
// already have is left alone. It tells how many were dropped.
func (n *Notifier) Suppress(ctx context.Context, subject, reason string, occasions ...string) (int, error) {
	dropped := 0
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		ids, err := n.suppressQueued(ctx, subject, reason, occasions)
		dropped = len(ids)
		if dropped > 0 {
			n.ring(ctx, subject)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("suppress what is queued on %s: %w", subject, err)
	}
	return dropped, nil
}

// Messages gives a subject's messages on all channels, oldest first; none where
// there is no conversation yet.
func (n *Notifier) Messages(ctx context.Context, subject string) ([]Message, error) {
	rows, err := n.messagesOf(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("read messages of %s: %w", subject, err)
	}
	for i := range rows {
		rows[i].keepSecret()
	}
	return rows, nil
}

// Message gives a message and its conversation, or NotFound.
func (n *Notifier) Message(ctx context.Context, id int64) (*Message, *Conversation, error) {
	m, c, err := n.messageByID(ctx, id)
	switch {
	case db.IsNotFound(err):
		return nil, nil, fault.New(fault.NotFound, "fault.not_found")
	case err != nil:
		return nil, nil, fmt.Errorf("read message %d: %w", id, err)
	}
	m.keepSecret()
	return m, c, nil
}

// keepSecret puts what may be shown in place of the body.
func (m *Message) keepSecret() {
	if m.Shown != "" {
		m.Body = m.Shown
	}
}

// History gives the states a message has passed through, oldest first.
func (n *Notifier) History(ctx context.Context, id int64) ([]MessageState, error) {
	rows, err := n.historyOf(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read history of message %d: %w", id, err)
	}
	return rows, nil
}

// Stats is how the queues stand, for /readyz.
type Stats struct {
	Queued      int // outgoing messages that are due or under way
	Later       int // outgoing messages that wait for their time; counted up to 100,000
	Undelivered int // outgoing messages that did not arrive and that nobody has dealt with
	Unknown     int // outgoing messages of which nobody knows whether a gateway has them; not those that a person has dealt with
	Triage      int // inbound messages that wait for a person
	Stored      int // inbound messages that nothing has read yet
	// States counts how many messages came into each state since the process began.
	States    map[State]int `gorm:"-"`
	OldestDue db.Time       // when the oldest message that is due should have gone; zero: none is due
	Oldest    time.Duration `gorm:"-"` // how long ago that was
	Missing   int64         // messages that the last daily counts found in mailboxes and not stored
}

// Stats counts what waits.
func (n *Notifier) Stats(ctx context.Context) (Stats, error) {
	s, err := n.countQueues(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("count what waits: %w", err)
	}
	return s, nil
}

// normalAddress is the form in which addresses are compared: e-mail in lower
// case, phones without spaces.
func normalAddress(channel Channel, address string) string {
	address = strings.TrimSpace(address)
	if channel == Email {
		return strings.ToLower(address)
	}
	return strings.ReplaceAll(address, " ", "")
}

// oneLine keeps line breaks, with which a header could be forged, out of what
// goes into one.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
