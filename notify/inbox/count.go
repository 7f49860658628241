package inbox

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"
)

// Count compares the mailbox with the database: every message up to the cursor
// must be stored. It tells how many were not, and brings those in: a server that
// shows a message late, behind a higher number, would hide it for ever otherwise.
// The outcome stands among the counts, where people see it.
func (p *Poller) Count(ctx context.Context) (missing int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held, err := p.lease(ctx); err != nil || !held || p.closed {
		return 0, err
	}
	missing, err = p.count(ctx)
	if err != nil {
		p.drop()
	}
	return missing, err
}

func (p *Poller) count(ctx context.Context) (missing int, err error) {
	box, err := p.ready(ctx)
	if err != nil {
		return 0, err
	}
	cursor, err := p.store.Cursor(ctx, p.name)
	if err != nil || int64(box.UIDValidity) != cursor.UIDValidity {
		return 0, err // renumbered: the next poll reads everything again
	}
	var held []int64
	err = p.session.step(ctx, fetchTime, "count the messages", func() error {
		found, err := p.session.client.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
		if err != nil {
			return err
		}
		for _, uid := range found.AllUIDs() {
			if int64(uid) <= cursor.LastUID {
				held = append(held, int64(uid))
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	slices.Sort(held)
	lost, err := p.store.Count(ctx, p.source(), cursor.UIDValidity, held)
	if err != nil || len(lost) == 0 {
		return len(lost), err
	}
	p.opt.Log.Error("messages of the mailbox were not stored and are fetched now", "mailbox", p.name, "missing", len(lost), "first", lost[0])
	entries := make([]entry, len(lost))
	for i, uid := range lost {
		entries[i] = entry{uid: imap.UID(uid)}
	}
	for len(entries) > 0 {
		var batch []entry
		batch, entries = nextBatch(entries, p.opt.MaxMessage)
		messages, err := p.session.fetch(ctx, batch, p.opt.MaxMessage)
		if err != nil {
			return len(lost), err
		}
		_, stored, err := p.bringBatch(ctx, fetchedBatch{messages: messages}, box.UIDValidity)
		if err == nil && len(stored) > 0 {
			_, err = p.tidy(ctx, stored)
		}
		if err != nil {
			return len(lost), err
		}
	}
	_, err = p.store.ProcessStored(ctx, p.parse)
	return len(lost), err
}
