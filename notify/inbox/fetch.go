package inbox

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	// maxMessage is the largest message that is fetched unless options say else.
	maxMessage = 50 << 20
	// maxHeaders bounds the fields of a message too large to fetch.
	maxHeaders = 256 << 10
	// A batch is fetched in one exchange, held in memory and stored in one commit.
	batchCount = 512
	batchBytes = 8 << 20
)

// KeptHeader stands on top of a stored message of which not everything could be
// fetched; its value says why.
const KeptHeader = "X-Neuvo-Kept"

// entry is a message in the mailbox that was not read yet.
type entry struct {
	uid  imap.UID
	size int64
}

// fetched is a message as it came from the server.
type fetched struct {
	uid   imap.UID
	bytes []byte
	date  time.Time
}

// list gives the messages after UID last, oldest first. next is the mailbox's
// UIDNEXT, 0 where unknown. "n:*" always names the newest message too (RFC 3501
// section 6.4.8): what is not new is left out.
func (s *session) list(ctx context.Context, last imap.UID, next imap.UID) ([]entry, error) {
	if next != 0 && next <= last+1 {
		return nil, nil
	}
	set := imap.UIDSet{{Start: last + 1, Stop: 0}}
	if next != 0 {
		set = imap.UIDSet{{Start: last + 1, Stop: next - 1}}
	}
	var entries []entry
	err := s.step(ctx, fetchTime, "list new messages", func() error {
		cmd := s.client.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true})
		defer cmd.Close()
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m, err := data.Collect()
			if err != nil {
				return err
			}
			if m.UID > last {
				entries = append(entries, entry{m.UID, m.RFC822Size})
			}
		}
		return cmd.Close()
	})
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.uid, b.uid) })
	return slices.CompactFunc(entries, func(a, b entry) bool { return a.uid == b.uid }), err
}

// nextBatch cuts the next messages to fetch at once off the front.
func nextBatch(entries []entry, limit int64) (batch, rest []entry) {
	var size int64
	for i, e := range entries {
		if i > 0 && (i == batchCount || size+e.size > batchBytes) {
			return entries[:i], entries[i:]
		}
		size += min(e.size, limit)
	}
	return entries, nil
}

// fetch gives the messages of a batch, oldest first. Those that vanished
// meanwhile are missing from it. One that the server cannot give is replaced by
// a note that says so: a person will see it, and the ones behind it come in.
func (s *session) fetch(ctx context.Context, batch []entry, limit int64) ([]fetched, error) {
	var small imap.UIDSet
	var out []fetched
	for _, e := range batch {
		if e.size <= limit {
			small.AddNum(e.uid)
			continue
		}
		m, err := s.fetchLarge(ctx, e, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, m...)
	}
	if len(small) > 0 {
		got, err := s.fetchSet(ctx, small, &imap.FetchItemBodySection{Peek: true})
		if _, refused := errors.AsType[*imap.Error](err); refused {
			got, err = s.fetchEach(ctx, batch, got, limit)
		}
		if err != nil {
			return nil, err
		}
		if err := s.mend(ctx, batch, got); err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	slices.SortFunc(out, func(a, b fetched) int { return cmp.Compare(a.uid, b.uid) })
	return out, nil
}

// fetchSet fetches a section of messages: BODY.PEEK and INTERNALDATE and never
// BODYSTRUCTURE, which servers get wrong for the very messages that matter.
func (s *session) fetchSet(ctx context.Context, set imap.UIDSet, section *imap.FetchItemBodySection) ([]fetched, error) {
	var out []fetched
	err := s.step(ctx, fetchTime, "fetch messages", func() error {
		cmd := s.client.Fetch(set, &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}})
		defer cmd.Close()
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			m, err := collect(data)
			if err != nil {
				return err
			}
			if m.bytes != nil && m.uid != 0 {
				out = append(out, m)
			}
		}
		return cmd.Close()
	})
	return out, err
}

// collect reads what came of one message, into no more memory than it has bytes.
func collect(data *imapclient.FetchMessageData) (m fetched, err error) {
	for item := data.Next(); item != nil && err == nil; item = data.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			m.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			m.date = item.Time
		case imapclient.FetchItemDataBodySection:
			if item.Literal != nil && m.bytes == nil {
				m.bytes = make([]byte, item.Literal.Size())
				_, err = io.ReadFull(item.Literal, m.bytes)
			}
		}
	}
	return m, err
}

// fetchEach goes on one by one after the server refused a batch.
func (s *session) fetchEach(ctx context.Context, batch []entry, have []fetched, limit int64) ([]fetched, error) {
	for _, e := range batch {
		if e.size > limit || slices.ContainsFunc(have, func(f fetched) bool { return f.uid == e.uid }) {
			continue
		}
		got, err := s.fetchSet(ctx, imap.UIDSetNum(e.uid), &imap.FetchItemBodySection{Peek: true})
		if refused, ok := errors.AsType[*imap.Error](err); ok {
			got, err = []fetched{note(e, "the mail server refuses to give this message: "+refused.Text, nil, time.Time{})}, nil
		}
		if err != nil {
			return nil, err
		}
		have = append(have, got...)
	}
	return have, nil
}

// mend looks once more for messages that came as nothing: some servers give no
// whole message where its header is not one, and still its parts. What remains
// empty is replaced by a note, so that a person learns that something came.
func (s *session) mend(ctx context.Context, batch []entry, got []fetched) error {
	for i := range got {
		m := &got[i]
		at := slices.IndexFunc(batch, func(e entry) bool { return e.uid == m.uid })
		if len(bytes.TrimSpace(m.bytes)) > 0 || at < 0 {
			continue
		}
		e := batch[at]
		m.bytes = nil
		for _, part := range []imap.PartSpecifier{imap.PartSpecifierHeader, imap.PartSpecifierText} {
			if e.size == 0 {
				break
			}
			more, err := s.fetchSet(ctx, imap.UIDSetNum(e.uid), &imap.FetchItemBodySection{Peek: true, Specifier: part})
			if _, refused := errors.AsType[*imap.Error](err); err != nil && !refused {
				return err
			}
			for _, f := range more {
				m.bytes = append(m.bytes, f.bytes...)
			}
		}
		switch {
		case len(bytes.TrimSpace(m.bytes)) > 0:
		case e.size == 0:
			*m = note(e, "the message is empty: it has no bytes at all", nil, m.date)
		default:
			*m = note(e, fmt.Sprintf("the mail server holds %d bytes of this message and gives none of them", e.size), nil, m.date)
		}
	}
	return nil
}

// fetchLarge keeps the fields of a message that is too large.
func (s *session) fetchLarge(ctx context.Context, e entry, limit int64) ([]fetched, error) {
	got, err := s.fetchSet(ctx, imap.UIDSetNum(e.uid), &imap.FetchItemBodySection{
		Peek: true, Specifier: imap.PartSpecifierHeader, Partial: &imap.SectionPartial{Offset: 0, Size: maxHeaders},
	})
	if _, refused := errors.AsType[*imap.Error](err); refused {
		return []fetched{note(e, "the message is too large and its header was refused", nil, time.Time{})}, nil
	}
	if err != nil || len(got) == 0 {
		return nil, err
	}
	reason := fmt.Sprintf("the message has %d bytes, more than the %d that are fetched; only its header is kept here", e.size, limit)
	return []fetched{note(e, reason, got[0].bytes, got[0].date)}, nil
}

// note is what is stored in place of a message that was not fetched whole.
func note(e entry, reason string, fields []byte, date time.Time) fetched {
	b := fmt.Appendf(nil, "%s: uid=%d; %s\r\n", KeptHeader, e.uid, oneLine(clean(reason)))
	return fetched{e.uid, append(append(b, fields...), "\r\n"...), date}
}
