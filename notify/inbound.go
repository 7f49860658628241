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

// SetDone notes that what is configured for stored messages (a flag, another
// folder) has been done in the mailbox up to a UID.
func (n *Notifier) SetDone(ctx context.Context, mailbox string, uidValidity, uid int64) error {
	if err := n.saveDone(ctx, mailbox, uidValidity, uid); err != nil {
		return fmt.Errorf("note what was done in %s: %w", mailbox, err)
	}
	return nil
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
	row := n.stored(r)
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

// StoreAll is StoreRaw for several messages of one mailbox, lowest UID first: all
// are kept, or none. It tells how many are fresh.
func (n *Notifier) StoreAll(ctx context.Context, list []Raw) (fresh int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	rows := make([]Inbound, len(list))
	for i, r := range list {
		rows[i] = n.stored(r)
	}
	end := list[len(list)-1]
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if fresh, err = n.insertAllInbound(ctx, slices.Clone(rows)); err != nil || end.Mailbox == "" {
			return err
		}
		return n.advanceCursor(ctx, Mailbox{Name: end.Mailbox, UIDValidity: end.UIDValidity, LastUID: end.UID})
	})
	if err != nil {
		return 0, fmt.Errorf("store %d messages of %s: %w", len(list), end.Source, err)
	}
	return fresh, nil
}

// stored is the row in which the bytes of a message are kept.
func (n *Notifier) stored(r Raw) Inbound {
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
	return row
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
	if err := n.releaseParts(ctx); err != nil {
		return 0, fmt.Errorf("take up texts whose parts do not come: %w", err)
	}
	var errs []error
	for ctx.Err() == nil {
		waiting, err := n.storedAfter(ctx, last, batchMessages)
		if err != nil {
			return done, errors.Join(append(errs, fmt.Errorf("list stored messages: %w", err))...)
		}
		if len(waiting) == 0 {
			break
		}
		for len(waiting) > 0 && ctx.Err() == nil {
			batch := nextBatch(waiting)
			waiting = waiting[len(batch):]
			last = batch[len(batch)-1].ID
			// What was begun is brought to its end: breaking off would cost it one of
			// its attempts.
			settled, err := n.processBatch(context.WithoutCancel(ctx), batch, parse)
			if err != nil {
				errs = append(errs, err)
			}
			done += settled
		}
	}
	return done, errors.Join(errs...)
}

// finish places what was read, in a transaction of its own, as far as it goes.
func (n *Notifier) finish(ctx context.Context, in *Inbound, p Parsed) (settled bool, err error) {
	var row Inbound
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		row = *in // a transaction may run again from its start
		return n.placeAll(ctx, []*reading{{in: &row, p: p}})
	})
	if err == nil {
		return true, nil
	}
	failed := fmt.Errorf("inbound message %d: %w", in.ID, err)
	if in.Attempts >= maxReadings {
		settled, triageErr := n.triage(ctx, in, ReasonGaveUp+": "+err.Error(), row.Candidates)
		return settled, errors.Join(failed, triageErr)
	}
	return false, errors.Join(failed, n.saveInboundError(ctx, in, err.Error()))
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
	in.Number, in.ProviderID = p.Number, p.ProviderID
	in.PartRef, in.PartNumber, in.PartTotal = p.Part.Ref, p.Part.Number, p.Part.Total
	if strings.TrimSpace(in.Body) == "" {
		in.Body = p.Text
	}
}

// attached is a message on its way to its conversation. p is empty where only the
// row is left.
type attached struct {
	in       *Inbound
	p        Parsed
	subject  string
	where    Placement
	occasion string // of our message that it answers
}

// attach makes the messages of placed inbound rows, runs the reply handlers and
// marks the rows placed. Each is on a conversation of its own.
func (n *Notifier) attach(ctx context.Context, list ...attached) ([]*Message, error) {
	if len(list) == 0 {
		return nil, nil
	}
	last, err := n.lastIn(ctx, list)
	if err != nil {
		return nil, err
	}
	rows := make([]*Message, len(list))
	for i, a := range list {
		m := a.in.message(a.where)
		m.Author, m.InReplyTo = cmp.Or(a.p.FromName, m.Author), bareID(a.p.InReplyTo)
		// What was read is most likely what is answered.
		if at := last[m.ConversationID]; sameSecond(m.CreatedAt.Time, at) {
			m.CreatedAt = db.At(at.Add(time.Microsecond))
		}
		rows[i] = m
	}
	if err := n.insertMessages(ctx, "", rows...); err != nil {
		return nil, err
	}
	for i, a := range list {
		if err := n.handle(ctx, a, rows[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// handle shows a message that was attached to the reply handlers and marks its
// row placed.
func (n *Notifier) handle(ctx context.Context, a attached, m *Message) error {
	in := a.in
	in.Candidates = []Candidate{{Subject: a.subject, Why: a.where.Rule + ": " + a.where.Evidence}} // should a handler fail
	r := Reply{Subject: a.subject, Message: *m, InReplyToOccasion: a.occasion}
	// A person may place a machine's message; it still answers nothing. Nor does a
	// code by itself, which only says where another message belongs.
	if bare := r.read(a.where); !in.Kind.machine() && !bare {
		opted, err := n.optOut(ctx, a.subject, m, in.Number, strings.TrimPrefix(in.Source, "hook:"), a.p.OptOut)
		if err != nil {
			return fmt.Errorf("act on an opt-out word: %w", err)
		}
		if !opted {
			err = n.reply(ctx, r)
		}
		if err != nil {
			return fmt.Errorf("handle the reply: %w", err)
		}
	}
	in.State, in.Reason, in.Error, in.Candidates = InPlaced, "", "", []Candidate{}
	if err := n.saveInbound(ctx, in); err != nil {
		return err
	}
	n.ring(ctx, a.subject)
	if a.where.Rule == RuleCode {
		return n.chosen(ctx, a, m)
	}
	return nil
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
	for _, s := range []*string{&p.MessageID, &p.InReplyTo, &p.OriginalID, &p.From, &p.FromName, &p.Subject, &p.FailedRecipient, &p.FailedReason, &p.Forged} {
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
