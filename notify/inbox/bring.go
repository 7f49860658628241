package inbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"neuvo/notify"
)

// bringIn stores all that is behind the cursor. While one batch is stored and
// placed, the next is fetched.
func (p *Poller) bringIn(ctx context.Context) (fresh int, err error) {
	box, err := p.ready(ctx)
	if err != nil {
		return 0, err
	}
	cursor, err := p.store.Cursor(ctx, p.name)
	if err != nil {
		return 0, err
	}
	last, tidy := imap.UID(cursor.LastUID), true
	if int64(box.UIDValidity) != cursor.UIDValidity {
		// The server numbered the messages anew (RFC 3501 section 2.3.1.1): all
		// are read again, and those known already are told by their bytes.
		if cursor.UIDValidity != 0 {
			p.opt.Log.Warn("mailbox was renumbered", "mailbox", p.name, "was", cursor.UIDValidity, "is", box.UIDValidity)
		}
		last = 0
	} else if cursor.DoneUID < cursor.LastUID && p.opt.After != AfterLeave {
		// A connection was lost after these were stored, or the server refused.
		if tidy, err = p.finishLate(ctx, cursor); err != nil {
			return 0, err
		}
	}
	entries, err := p.session.list(ctx, last, box.UIDNext)
	if err != nil {
		return 0, err
	}
	fetching, stop := context.WithCancel(ctx)
	ahead := p.fetchAhead(fetching, p.session, entries)
	defer func() { // the session is nobody else's when this returns
		stop()
		for range ahead {
		}
	}()
	for batch := range ahead {
		n, stored, err := p.bringBatch(ctx, batch, box.UIDValidity)
		fresh += n
		if err != nil {
			return fresh, err
		}
		batch.messages = nil // from here on they are read from the database
		// What came is placed before the next batch is stored, and before its
		// flags: the advisor waits for it, the mailbox does not.
		if _, err := p.store.ProcessStored(ctx, p.parse); err != nil {
			p.opt.Log.Error("some messages could not be placed yet", "mailbox", p.name, "error", err)
		}
		if tidy {
			if tidy, err = p.finish(ctx, stored, box.UIDValidity); err != nil {
				return fresh, err
			}
		}
		if batch.last {
			break
		}
		if held, err := p.keepLease(ctx); err != nil || !held {
			return fresh, errors.Join(err, errors.New("the mailbox's lease was lost"))
		}
	}
	return fresh, ctx.Err()
}

// fetchedBatch is what one fetch brought.
type fetchedBatch struct {
	messages []fetched
	err      error
	last     bool
}

// fetchAhead fetches batch after batch and holds one that nobody has asked for
// yet, and no more: it may be one message of 50 MB. The channel is closed at the end, after an error, and when ctx is done.
func (p *Poller) fetchAhead(ctx context.Context, s *session, entries []entry) <-chan fetchedBatch {
	ahead := make(chan fetchedBatch)
	go func() {
		defer close(ahead)
		for len(entries) > 0 && ctx.Err() == nil {
			var batch []entry
			batch, entries = nextBatch(entries, p.opt.MaxMessage)
			messages, err := s.fetch(ctx, batch, p.opt.MaxMessage)
			if gone := len(batch) - len(messages); err == nil && gone > 0 {
				p.opt.Log.Warn("messages were removed before they could be fetched, or the server kept them back; the nightly count looks again", "mailbox", p.name, "messages", gone)
			}
			select {
			case ahead <- fetchedBatch{messages, err, len(entries) == 0}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return ahead
}

// bringBatch stores a batch and gives the numbers of what is stored now, lowest
// first. Only what is stored may be changed in the mailbox.
func (p *Poller) bringBatch(ctx context.Context, batch fetchedBatch, uidValidity uint32) (fresh int, stored []imap.UID, err error) {
	if batch.err != nil || len(batch.messages) == 0 {
		return 0, nil, batch.err
	}
	rows := make([]notify.Raw, len(batch.messages))
	for i, m := range batch.messages {
		if m.date.IsZero() {
			m.date = p.opt.Now()
		}
		rows[i] = notify.Raw{
			Source: p.source(), Mailbox: p.name, UIDValidity: int64(uidValidity), UID: int64(m.uid), Bytes: m.bytes, ReceivedAt: m.date,
		}
		stored = append(stored, m.uid)
	}
	fresh, err = p.keep(ctx, rows)
	return fresh, stored, err
}

// source is this mailbox in rows of stored messages.
func (p *Poller) source() string { return "imap:" + p.name }

// keep stores messages in one transaction, which is many times faster than one
// each. Where that fails they are stored one by one, so that a message the
// database refuses keeps back only those behind it.
func (p *Poller) keep(ctx context.Context, rows []notify.Raw) (fresh int, err error) {
	fresh, err = p.store.StoreAll(ctx, rows)
	if err == nil || ctx.Err() != nil {
		return fresh, err
	}
	fresh = 0
	for i := range rows {
		n, err := p.store.StoreAll(ctx, rows[i:i+1])
		if err != nil {
			return fresh, err
		}
		fresh += n
	}
	return fresh, nil
}

// finish does in the mailbox what is configured for stored messages and notes
// that it is done up to the last of them. It is idempotent: where the connection
// is lost before the note, the next poll does it again. done is false where the
// server refused: what comes after must not be noted then, so that a later poll
// finds where to go on.
func (p *Poller) finish(ctx context.Context, stored []imap.UID, uidValidity uint32) (done bool, err error) {
	if p.opt.After == AfterLeave || len(stored) == 0 {
		return true, nil
	}
	if done, err = p.tidy(ctx, stored); err != nil || !done {
		return false, err
	}
	return true, p.store.SetDone(ctx, p.name, int64(uidValidity), int64(stored[len(stored)-1]))
}

// finishLate is finish for what was stored by an earlier poll. It asks the
// database which these are: a message that the server shows late, between them,
// is stored by nobody yet and must stay where the daily count finds it.
func (p *Poller) finishLate(ctx context.Context, cursor notify.Mailbox) (done bool, err error) {
	for from := cursor.DoneUID; from < cursor.LastUID; {
		uids, err := p.store.StoredUIDs(ctx, p.source(), cursor.UIDValidity, from, batchCount)
		if err != nil || len(uids) == 0 {
			return err == nil, err
		}
		stored := make([]imap.UID, len(uids))
		for i, uid := range uids {
			stored[i] = imap.UID(uid)
		}
		if done, err := p.finish(ctx, stored, uint32(cursor.UIDValidity)); err != nil || !done {
			return false, err
		}
		from = uids[len(uids)-1]
	}
	return true, nil
}

// tidy flags or moves messages. done is false where the server refused: a mailbox
// that may not be written is no reason to stop reading it.
func (p *Poller) tidy(ctx context.Context, stored []imap.UID) (done bool, err error) {
	set := imap.UIDSetNum(stored...)
	switch p.opt.After {
	case AfterLeave:
	case AfterFlag:
		err = p.session.flag(ctx, set, imap.FlagSeen)
	case AfterMove:
		err = p.session.move(ctx, set, p.opt.MoveTo)
	}
	if _, refused := errors.AsType[*imap.Error](err); refused {
		p.opt.Log.Warn("messages could not be flagged or moved; the next poll tries again", "mailbox", p.name, "error", err)
		return false, nil
	}
	return err == nil, err
}

// flag adds a flag to messages; those that are gone are passed over.
func (s *session) flag(ctx context.Context, set imap.UIDSet, flag imap.Flag) error {
	return s.step(ctx, stepTime, "flag messages", func() error {
		return s.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
	})
}

// move moves messages to another folder, which is made where it is missing. A
// server without MOVE (RFC 6851) copies them, marks them \Deleted and, where it
// has UIDPLUS (RFC 4315), expunges exactly these. Without that they stay, marked:
// a plain EXPUNGE would remove what others have marked.
func (s *session) move(ctx context.Context, set imap.UIDSet, folder string) error {
	err := s.moveOnce(ctx, set, folder)
	if refused, ok := errors.AsType[*imap.Error](err); !ok || refused.Code != imap.ResponseCodeTryCreate {
		return err
	}
	err = s.step(ctx, stepTime, "make the folder", s.client.Create(folder, nil).Wait)
	// A session that broke off may be making it at this moment.
	if refused, ok := errors.AsType[*imap.Error](err); err != nil && !(ok && refused.Code == imap.ResponseCodeAlreadyExists) {
		return fmt.Errorf("%s is missing: %w", folder, err)
	}
	return s.moveOnce(ctx, set, folder)
}

func (s *session) moveOnce(ctx context.Context, set imap.UIDSet, folder string) error {
	if s.moves {
		return s.step(ctx, fetchTime, "move messages", func() error {
			_, err := s.client.Move(set, folder).Wait()
			return err
		})
	}
	err := s.step(ctx, fetchTime, "copy messages", func() error {
		_, err := s.client.Copy(set, folder).Wait()
		return err
	})
	if err != nil {
		return err
	}
	if err := s.flag(ctx, set, imap.FlagDeleted); err != nil || !s.picks {
		return err
	}
	return s.step(ctx, stepTime, "expunge messages", func() error { return s.client.UIDExpunge(set).Close() })
}
