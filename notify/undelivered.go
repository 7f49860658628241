package notify

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// Undelivered is an outgoing message that did not arrive, or of which nobody
// knows, and that nobody has dealt with.
type Undelivered struct {
	Message
	ConversationSubject string
}

// How a person settles a message that did not arrive.
const (
	SettledArrived = "arrived" // the customer has it
	SettledTold    = "told"    // the customer was told otherwise, by phone for one
)

// retryLife is how long a message that a person sends again is worth sending.
const retryLife = 24 * time.Hour

// Undelivered lists what did not arrive, newest first. limit is 1 to 200, 50
// where 0. The second value is the cursor of the next page, "" on the last.
func (n *Notifier) Undelivered(ctx context.Context, limit int, cursor string) ([]Undelivered, string, error) {
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	var before int64
	if cursor != "" {
		var err error
		if before, err = strconv.ParseInt(cursor, 10, 64); err != nil || before <= 0 {
			return nil, "", fault.BadField("query.cursor", "fault.cursor", cursor)
		}
	}
	rows, err := n.listUndelivered(ctx, before, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("list what did not arrive: %w", err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = strconv.FormatInt(rows[limit-1].ID, 10)
	}
	for i := range rows {
		rows[i].keepSecret()
	}
	return rows, next, nil
}

// dead reads, in the caller's transaction, an outgoing message that did not
// arrive and that nobody has dealt with: NotFound, or Conflict where there is
// nothing to deal with.
func (n *Notifier) dead(ctx context.Context, id int64) (*Message, *Conversation, error) {
	m, c, err := n.lockedMessage(ctx, id)
	switch {
	case db.IsNotFound(err):
		return nil, nil, fault.New(fault.NotFound, "fault.not_found")
	case err != nil:
		return nil, nil, err
	case m.Direction != Out || !m.SettledAt.IsZero() || !m.undelivered():
		return nil, nil, fault.New(fault.Conflict, "fault.message_settled")
	}
	return m, c, nil
}

func (m *Message) undelivered() bool {
	return m.State == Failed || m.State == Expired || m.State == Unknown && m.NextAt.IsZero()
}

// Retry sends a message that did not arrive again, on a person's word: a copy of
// it, so that both stories stay whole. Conflict where it has been dealt with, or
// held a secret that is forgotten by now.
func (n *Notifier) Retry(ctx context.Context, id int64, by string) (*Message, error) {
	var again *Message
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		m, c, err := n.dead(ctx, id)
		if err != nil {
			return err
		}
		if m.Shown != "" {
			return fault.New(fault.Conflict, "fault.message_secret")
		}
		files, err := n.filesOf(ctx, m.ID)
		if err != nil {
			return err
		}
		again = &Message{
			ConversationID: m.ConversationID, Direction: Out, Channel: m.Channel, Occasion: m.Occasion, Purpose: m.Purpose,
			Author: m.Author, FromAddress: m.FromAddress, ToAddress: m.ToAddress, Subject: m.Subject, Body: m.Body,
			Locale: m.Locale, InReplyTo: m.InReplyTo, Segments: m.Segments, ByHuman: m.ByHuman, AtOnce: true, RetryOf: m.ID,
			State: Queued, NextAt: n.now(), CreatedAt: n.now(), ExpiresAt: db.At(n.opt.Now().Add(retryLife)),
			Asks: m.Asks, AsksUntil: m.AsksUntil, // a question still comes from what can be answered
		}
		if again.AsksUntil.Before(again.ExpiresAt.Time) && !again.AsksUntil.IsZero() {
			again.AsksUntil = again.ExpiresAt
		}
		if err := n.insertMessage(ctx, again, "sent again by "+by); err != nil {
			return err
		}
		if err := n.insertFiles(ctx, again.ID, files); err != nil {
			return err
		}
		m.SettledAt, m.SettledBy = n.now(), by
		if err := n.markSettled(ctx, m, "sent again by "+by); err != nil {
			return err
		}
		n.ring(ctx, c.Subject)
		n.db.AfterCommit(ctx, n.Wake)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("send message %d again: %w", id, err)
	}
	return again, nil
}

// Settle takes a message that did not arrive off the list, on a person's word:
// how is SettledArrived or SettledTold.
func (n *Notifier) Settle(ctx context.Context, id int64, how, by string) (*Message, error) {
	var m *Message
	err := n.db.Tx(ctx, func(ctx context.Context) error {
		var c *Conversation
		var err error
		if m, c, err = n.dead(ctx, id); err != nil {
			return err
		}
		detail := "the customer was told by " + by
		switch how {
		case SettledTold:
		case SettledArrived:
			m.State, m.Error, detail = Delivered, "", "it arrived, says "+by
		default:
			return fault.BadField("body.how", "fault.settled_how", how)
		}
		m.SettledAt, m.SettledBy = n.now(), by
		if err := n.markSettled(ctx, m, detail); err != nil {
			return err
		}
		n.ring(ctx, c.Subject)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("settle message %d: %w", id, err)
	}
	m.keepSecret()
	return m, nil
}
