package notify

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// Messages are read in parallel and placed many to a transaction: the wait for
// the disk and the queries are shared. A message whose reading was begun before
// goes alone, so that one that ends the program takes nobody with it; and where a
// batch cannot be placed, each of it is placed by itself.

// A batch is bounded by its bytes, as it is held in memory, and by its number:
// SQLite takes 32,766 values in one statement, and a message has some fifty.
const (
	batchMessages = 512
	batchBytes    = 16 << 20
)

// reading is a message of a batch on its way.
type reading struct {
	in  *Inbound
	p   Parsed
	err error // why it could not be read
	// alone: it depends on another of the batch and goes after it.
	alone bool
	part  bool // it waits for the other parts of its text
}

// nextBatch is how many of those that wait are taken at once, at least one.
func nextBatch(waiting []waitingRow) []waitingRow {
	var size int64
	for i, w := range waiting {
		size += w.Size
		if i > 0 && (w.Attempts > 0 || waiting[0].Attempts > 0 || size > batchBytes) {
			return waiting[:i]
		}
	}
	return waiting
}

// processBatch takes stored messages as far as they go and tells how many it
// dealt with.
func (n *Notifier) processBatch(ctx context.Context, batch []waitingRow, parse Parser) (done int, err error) {
	ids := make([]int64, len(batch))
	for i, w := range batch {
		ids[i] = w.ID
	}
	rows, err := n.beginReading(ctx, ids) // committed before the parser sees the bytes
	if err != nil {
		return 0, fmt.Errorf("begin to read %d inbound messages from %d: %w", len(ids), ids[0], err)
	}
	var errs []error
	settle := func(settled bool, err error) {
		done += boolInt(settled)
		if err != nil {
			errs = append(errs, err)
		}
	}
	list := make([]*reading, 0, len(rows))
	for _, in := range rows {
		if in.Attempts > maxReadings {
			why := ReasonUnreadable
			if in.Error != "" {
				why = ReasonGaveUp + ": " + in.Error
			}
			settle(n.triageUnread(ctx, in, why))
			continue
		}
		list = append(list, &reading{in: in})
	}
	n.readAll(ctx, parse, list)
	readable := list[:0]
	for _, r := range list {
		if r.err != nil {
			n.opt.Log.WarnContext(ctx, "an inbound message could not be read", "inbound", r.in.ID, "err", r.err)
			settle(n.triageUnread(ctx, r.in, ReasonUnreadable+": "+r.err.Error()))
			continue
		}
		readable = append(readable, r)
	}
	if len(readable) == 1 {
		settle(n.finish(ctx, readable[0].in, readable[0].p))
		return done, errors.Join(errs...)
	}
	placed, later, err := n.finishTogether(ctx, readable)
	done += placed
	if err != nil {
		n.opt.Log.WarnContext(ctx, "a batch of inbound messages is placed one by one", "messages", len(readable), "err", err)
	}
	for _, r := range later {
		settle(n.finish(ctx, r.in, r.p))
	}
	return done, errors.Join(errs...)
}

// finishTogether places readings in one transaction and gives those that must go
// by themselves, in their order: those that depend on another, or all where the
// transaction failed.
func (n *Notifier) finishTogether(ctx context.Context, list []*reading) (placed int, later []*reading, err error) {
	if len(list) == 0 {
		return 0, nil, nil
	}
	var work []*reading
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		work = make([]*reading, len(list)) // a transaction may run again from its start
		for i, r := range list {
			row := *r.in
			work[i] = &reading{in: &row, p: r.p}
		}
		return n.placeAll(ctx, work)
	})
	if err != nil {
		return 0, list, err
	}
	for i, w := range work {
		if w.alone {
			later = append(later, list[i])
		}
	}
	return len(list) - len(later), later, nil
}

// readAll runs the parser over a batch on every core.
func (n *Notifier) readAll(ctx context.Context, parse Parser, list []*reading) {
	next := make(chan *reading)
	var readers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		readers.Go(func() {
			for r := range next {
				if r.p, r.err = n.read(ctx, parse, r.in); r.err == nil {
					r.p = r.p.clean()
					r.in.fill(r.p)
				}
			}
		})
	}
	for _, r := range list {
		next <- r
	}
	close(next)
	readers.Wait()
}

// placeAll decides on messages that could be read, in the transaction of ctx:
// duplicate, placed with the reply handlers run, noted as a machine's, or triage.
// Of several that concern the same conversation, come from the same person or bear
// the same Message-ID the first is decided on and the others are marked: what the
// first brings about may change what they mean.
func (n *Notifier) placeAll(ctx context.Context, list []*reading) error {
	waits, err := n.lockAllStored(ctx, list)
	if err != nil {
		return err
	}
	markSame(list)
	ps := make([]Parsed, len(list))
	for i, r := range list {
		ps[i] = r.p
	}
	doubles, err := n.duplicates(ctx, list)
	if err != nil {
		return err
	}
	for i, r := range list {
		if !waits[r.in.ID] || r.alone || doubles[r.in.ID] != "" {
			continue
		}
		if r.part, err = n.assemble(ctx, r.in, &ps[i]); err != nil {
			return err
		}
		r.p = ps[i]
	}
	facts, err := n.gatherAll(ctx, ps)
	if err != nil {
		return fmt.Errorf("gather what is known: %w", err)
	}
	var replies []attached
	taken := map[int64]bool{}
	for i, r := range list {
		if !waits[r.in.ID] || r.alone || r.part { // another replica was quicker, or it goes later
			continue
		}
		if why := doubles[r.in.ID]; why != "" {
			r.in.State, r.in.Reason = InDuplicate, why
			if err := n.saveInbound(ctx, r.in); err != nil {
				return err
			}
			continue
		}
		where := hold(r.p, Match(r.p, facts[i]), facts[i])
		if r.alone = where.ConversationID != 0 && taken[where.ConversationID]; r.alone {
			continue
		}
		taken[where.ConversationID] = true
		reply, err := n.decided(ctx, r, where, facts[i])
		if err != nil {
			return err
		}
		replies = append(replies, reply...)
	}
	if _, err = n.attach(ctx, replies...); err != nil {
		return err
	}
	return n.insertInboundFiles(ctx, list)
}

// decided does with a message what was decided; a reply is given back, to be
// attached with the others of its batch.
func (n *Notifier) decided(ctx context.Context, r *reading, where Placement, facts Facts) (reply []attached, err error) {
	switch {
	case r.in.Kind.machine():
		return nil, n.note(ctx, r.in, r.p, where, facts)
	case where.ConversationID == 0:
		if opted, err := n.optOutUnplaced(ctx, r.in, r.p); err != nil || opted {
			return nil, err
		}
		r.in.State, r.in.Reason, r.in.Candidates = InTriage, where.Reason, where.Candidates
		if err := n.saveInbound(ctx, r.in); err != nil {
			return nil, err
		}
		return nil, n.askBack(ctx, r.in, r.p, facts)
	}
	return []attached{{
		in: r.in, p: r.p, subject: facts.Conversations[where.ConversationID].Subject, where: where,
		occasion: facts.occasion(where.AnsweredID),
	}}, nil
}

// markSame marks those of a batch that may be copies of one before them, or that
// the same person wrote.
func markSame(list []*reading) {
	seen := map[string]bool{}
	for _, r := range list {
		// A part may complete a text, which then has a sender like any other.
		r.alone = r.alone || r.p.Part.Total > 1 && len(list) > 1
		keys := []string{"bytes " + r.in.SHA256}
		if r.in.MessageID != "" {
			keys[0] = "id " + r.in.MessageID
		}
		if r.in.FromAddress != "" && !r.in.Kind.machine() {
			keys = append(keys, "from "+r.in.FromAddress)
		}
		for _, key := range keys {
			r.alone = r.alone || seen[key]
			seen[key] = true
		}
	}
}

// occasion is what our message was sent for, by its id.
func (f Facts) occasion(id int64) string {
	if id == 0 {
		return ""
	}
	for _, m := range f.Messages {
		if m.ID == id {
			return m.Occasion
		}
	}
	for _, t := range f.Texts {
		if t.ID == id {
			return t.Occasion
		}
	}
	for _, c := range f.Conversations {
		if c.Asked.ID == id {
			return c.Asked.Occasion
		}
	}
	return ""
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
