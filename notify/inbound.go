package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"neuvo/internal/db"
)

const (
	// maxReadings is how often handling one message is begun before it is left
	// to a person.
	maxReadings = 3
	// parseTimeout bounds the reading of one message.
	parseTimeout = 20 * time.Second
	// maxExcerpt bytes of a message that no parser could read are shown to people.
	maxExcerpt = 4000
	// maxLine and maxBody bytes of a header's value and of a text are kept; the
	// whole stands in the raw message.
	maxLine, maxBody = 1000, 256 << 10
)

// Raw is one message as fetched, before anything reads it.
type Raw struct {
	Source string // "imap:NAME" or "hook:GATEWAY"
	// Mailbox is the one whose cursor moves past this message, in the same
	// transaction; "" where there is no cursor.
	Mailbox     string
	UIDValidity int64
	UID         int64 // 0 where the source has no numbers: the content's hash stands in
	Bytes       []byte
	ReceivedAt  time.Time // zero: now
}

// Cursor tells how far a mailbox has been read; the zero cursor where it never
// was. Where its UIDValidity is not the mailbox's, everything is to be read
// again: what was there before is then recognised as a duplicate.
func (n *Notifier) Cursor(ctx context.Context, mailbox string) (Mailbox, error) {
	m, err := n.mailbox(ctx, mailbox)
	if err != nil {
		return Mailbox{}, fmt.Errorf("read the cursor of %s: %w", mailbox, err)
	}
	return m, nil
}

// SetPolled notes when a mailbox was last looked into, and what went wrong.
func (n *Notifier) SetPolled(ctx context.Context, mailbox string, pollErr error) error {
	text := ""
	if pollErr != nil {
		text = pollErr.Error()
	}
	if err := n.savePolled(ctx, Mailbox{Name: mailbox, PolledAt: n.now(), Error: text}); err != nil {
		return fmt.Errorf("note the poll of %s: %w", mailbox, err)
	}
	return nil
}

// StoreRaw keeps the bytes of a message and moves the cursor past it, in one
// transaction, before anything looks inside. fresh is false where it was stored
// before. Only after this returns may the mailbox be changed.
func (n *Notifier) StoreRaw(ctx context.Context, r Raw) (id int64, fresh bool, err error) {
	sum := sha256.Sum256(r.Bytes)
	row := Inbound{
		Source: r.Source, UIDValidity: r.UIDValidity, UID: r.UID, SHA256: hex.EncodeToString(sum[:]), Raw: r.Bytes,
		ReceivedAt: db.At(r.ReceivedAt), State: InStored, Candidates: []Candidate{},
	}
	if row.Raw == nil {
		row.Raw = []byte{}
	}
	if row.UID == 0 {
		row.UID = int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
	}
	if now := n.now(); row.ReceivedAt.IsZero() || sameSecond(row.ReceivedAt.Time, now.Time) {
		row.ReceivedAt = now
	}
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if id, fresh, err = n.insertInbound(ctx, row); err != nil || r.Mailbox == "" {
			return err
		}
		return n.advanceCursor(ctx, Mailbox{Name: r.Mailbox, UIDValidity: r.UIDValidity, LastUID: r.UID})
	})
	if err != nil {
		return 0, false, fmt.Errorf("store message %d of %s: %w", r.UID, r.Source, err)
	}
	return id, fresh, nil
}

// sameSecond tells whether a mailbox's time, which counts whole seconds
// (RFC 9051 section 2.3.3), may be an instant of the second from then on.
func sameSecond(whole, t time.Time) bool {
	return whole.Nanosecond() == 0 && t.Sub(whole) >= 0 && t.Sub(whole) < time.Second
}

// Parser reads stored bytes; the source ("imap:NAME" or "hook:GATEWAY") tells
// what they are.
type Parser func(source string, raw []byte) (Parsed, error)

// ProcessStored reads, matches and places every message that is stored and not
// yet dealt with, oldest first, and tells how many it dealt with (placed, noted
// or left to a person). A message that cannot be handled is passed over and never
// stops those behind it: it is tried at most three times in all, counting those
// that a crash of the program cut short, and then waits in triage.
func (n *Notifier) ProcessStored(ctx context.Context, parse Parser) (int, error) {
	select {
	case n.working <- struct{}{}:
		defer func() { <-n.working }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	done, last := 0, int64(0)
	var errs []error
	for ctx.Err() == nil {
		ids, err := n.storedAfter(ctx, last, 100)
		if err != nil {
			return done, errors.Join(append(errs, fmt.Errorf("list stored messages: %w", err))...)
		}
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			if ctx.Err() != nil {
				break
			}
			last = id
			// A message that was begun is brought to its end: breaking off would
			// cost it one of its attempts.
			settled, err := n.process(context.WithoutCancel(ctx), id, parse)
			if err != nil {
				errs = append(errs, fmt.Errorf("inbound message %d: %w", id, err))
			}
			if settled {
				done++
			}
		}
	}
	return done, errors.Join(errs...)
}

// process takes one stored message as far as it goes.
func (n *Notifier) process(ctx context.Context, id int64, parse Parser) (settled bool, err error) {
	in, err := n.beginReading(ctx, id) // committed before the parser sees the bytes
	if err != nil || in == nil {
		return false, err
	}
	if in.Attempts > maxReadings {
		why := ReasonUnreadable
		if in.Error != "" {
			why = ReasonGaveUp + ": " + in.Error
		}
		return n.triageUnread(ctx, in, why)
	}
	p, err := n.read(ctx, parse, in)
	if err != nil {
		n.opt.Log.WarnContext(ctx, "an inbound message could not be read", "inbound", id, "err", err)
		return n.triageUnread(ctx, in, ReasonUnreadable+": "+err.Error())
	}
	p = p.clean()
	in.fill(p)
	err = n.db.Tx(ctx, func(ctx context.Context) error { return n.place(ctx, in, p) })
	if err == nil {
		return true, nil
	}
	if in.Attempts >= maxReadings {
		settled, triageErr := n.triage(ctx, in, ReasonGaveUp+": "+err.Error(), in.Candidates)
		return settled, errors.Join(err, triageErr)
	}
	return false, errors.Join(err, n.saveInboundError(ctx, in, err.Error()))
}

// read runs the parser so that neither a panic nor an endless loop in it stops
// the mailbox.
func (n *Notifier) read(ctx context.Context, parse Parser, in *Inbound) (Parsed, error) {
	type result struct {
		p   Parsed
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if x := recover(); x != nil {
				n.opt.Log.ErrorContext(ctx, "the reader panicked", "inbound", in.ID, "panic", x, "stack", string(debug.Stack()))
				r = result{err: fmt.Errorf("the reader broke off: %v", x)}
			}
			done <- r
		}()
		r.p, r.err = parse(in.Source, in.Raw)
	}()
	timer := time.NewTimer(parseTimeout)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.p, r.err
	case <-timer.C:
		return Parsed{}, errors.New("reading it took too long")
	}
}

// fill copies what people see of a message in the inbox.
func (in *Inbound) fill(p Parsed) {
	in.Kind, in.Channel, in.MessageID = p.Kind, p.Channel, bareID(p.MessageID)
	in.FromAddress, in.Subject, in.Body = p.From, p.Subject, p.ReplyText
	if strings.TrimSpace(in.Body) == "" {
		in.Body = p.Text
	}
}

// place decides on a message that could be read, in one transaction: duplicate,
// placed with the reply handlers run, noted as a machine's, or triage.
func (n *Notifier) place(ctx context.Context, in *Inbound, p Parsed) error {
	locked, err := n.lockStored(ctx, in.ID)
	if err != nil || !locked { // another replica was quicker
		return err
	}
	if reason, err := n.duplicateOf(ctx, in); err != nil || reason != "" {
		if err != nil {
			return err
		}
		in.State, in.Reason = InDuplicate, reason
		return n.saveInbound(ctx, in)
	}
	facts, err := n.gather(ctx, p)
	if err != nil {
		return fmt.Errorf("gather what is known: %w", err)
	}
	where := Match(p, facts)
	switch {
	case in.Kind.machine():
		return n.note(ctx, in, p, where, facts)
	case where.ConversationID == 0:
		in.State, in.Reason, in.Candidates = InTriage, where.Reason, where.Candidates
		return n.saveInbound(ctx, in)
	}
	_, err = n.attach(ctx, in, p, facts.Conversations[where.ConversationID].Subject, where)
	return err
}

// attach makes the message of a placed inbound row, runs the reply handlers and
// marks the row placed. p is empty where only the row is left.
func (n *Notifier) attach(ctx context.Context, in *Inbound, p Parsed, subject string, where Placement) (*Message, error) {
	m := in.message(where)
	m.Author, m.InReplyTo = cmp.Or(p.FromName, m.Author), bareID(p.InReplyTo)
	last, err := n.lastIn(ctx, m.ConversationID)
	if err != nil {
		return nil, err
	}
	// What was read is most likely what is answered.
	if sameSecond(m.CreatedAt.Time, last) {
		m.CreatedAt = db.At(last.Add(time.Microsecond))
	}
	if err := n.insertMessage(ctx, m, ""); err != nil {
		return nil, err
	}
	in.Candidates = []Candidate{{Subject: subject, Why: where.Rule + ": " + where.Evidence}} // should a handler fail
	r := Reply{Subject: subject, Message: *m}
	if where.AnsweredID != 0 {
		var err error
		if r.InReplyToOccasion, err = n.occasionOf(ctx, where.AnsweredID); err != nil {
			return nil, err
		}
	}
	if !in.Kind.machine() { // a person may place a machine's message; it still answers nothing
		if err := n.reply(ctx, r); err != nil {
			return nil, fmt.Errorf("handle the reply: %w", err)
		}
	}
	in.State, in.Reason, in.Error, in.Candidates = InPlaced, "", "", []Candidate{}
	if err := n.saveInbound(ctx, in); err != nil {
		return nil, err
	}
	n.ring(ctx, subject)
	return m, nil
}

// message is the row that a conversation keeps of an inbound one.
func (in *Inbound) message(where Placement) *Message {
	return &Message{
		ConversationID: where.ConversationID, Direction: In, Channel: in.Channel, Kind: in.Kind,
		Author: in.FromAddress, FromAddress: in.FromAddress, Subject: in.Subject, Body: in.Body,
		State: Received, MessageID: in.MessageID, InboundID: in.ID, Verified: where.Verified,
		MatchRule: where.Rule, MatchEvidence: where.Evidence, MatchConfidence: where.Confidence,
		CreatedAt: in.ReceivedAt,
	}
}

// triageUnread leaves a message to a person that no parser got through, with as
// much of its text as can be shown.
func (n *Notifier) triageUnread(ctx context.Context, in *Inbound, reason string) (bool, error) {
	if in.Kind == "" {
		in.Kind, in.Channel = Human, Email
	}
	if in.Body == "" {
		in.Body = excerpt(in.Raw)
	}
	return n.triage(ctx, in, reason, nil)
}

// triage leaves a message to a person, in a transaction of its own.
func (n *Notifier) triage(ctx context.Context, in *Inbound, reason string, candidates []Candidate) (settled bool, err error) {
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		settled = false
		locked, err := n.lockStored(ctx, in.ID)
		if err != nil || !locked {
			return err
		}
		row := *in
		row.State, row.Reason, row.Candidates = InTriage, reason, candidates
		settled = true
		return n.saveInbound(ctx, &row)
	})
	return settled, err
}

// excerpt is the beginning of raw bytes as far as it is readable text.
func excerpt(raw []byte) string {
	return cleanText(string(raw[:min(len(raw), maxExcerpt)]), maxExcerpt)
}

// clean makes everything in p fit for storing: what came from outside may hold
// anything at all.
func (p Parsed) clean() Parsed {
	line := func(s string) string { return oneLine(cleanText(s, maxLine)) }
	for _, s := range []*string{&p.MessageID, &p.InReplyTo, &p.OriginalID, &p.From, &p.FromName, &p.Subject, &p.FailedRecipient, &p.FailedReason} {
		*s = line(*s)
	}
	p.Text, p.ReplyText = cleanText(p.Text, maxBody), cleanText(p.ReplyText, maxBody)
	p.References = slices.Clone(p.References)
	for i := range p.References {
		p.References[i] = line(p.References[i])
	}
	p.Recipients = slices.Clone(p.Recipients)
	for i := range p.Recipients {
		p.Recipients[i] = Recipient{Header: line(p.Recipients[i].Header), Address: line(p.Recipients[i].Address)}
	}
	p.Kind, p.Channel = cmp.Or(p.Kind, Human), cmp.Or(p.Channel, Email)
	p.From = normalAddress(p.Channel, p.From)
	return p
}

// cleanText drops what PostgreSQL refuses in a TEXT and no person can read (NUL,
// other controls, broken UTF-8) and cuts after limit bytes.
func cleanText(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}
