package demo

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// errClosed answers deliveries that come while the host shuts down.
var errClosed = errors.New("the mail host is closed")

// maxBatch is how many deliveries share one write to disk at most.
const maxBatch = 64

// store holds what was delivered: the phones and mailboxes in memory, the
// shop's INBOX in the IMAP server, and all of it in one file of JSON lines. One
// goroutine writes; deliveries that wait at the same time share one fsync.
type store struct {
	opt   HostOptions
	inbox *imapmemserver.User
	file  *os.File
	size  int64 // bytes of whole records in file
	next  int64 // id of the next record
	queue chan *pending
	done  chan struct{}

	// unsynced leaves forcing to disk to the end of a bulk of deliveries.
	unsynced atomic.Bool

	closing sync.RWMutex // held for reading while a delivery is handed over
	closed  bool

	mu     sync.RWMutex
	phones map[string]*line[Text]
	boxes  map[string]*line[Mail]
	onMail func()
}

// line is what one phone or mailbox holds, oldest first.
type line[T any] struct {
	items    []T
	seen     map[string]bool // Message-IDs, for a sender's retry
	received int
}

// pending is a delivery that waits for the disk.
type pending struct {
	record *record
	answer chan error
}

// openStore reloads the file in its order, so that the INBOX gets the same UIDs
// again, and starts writing.
func openStore(path string, opt HostOptions, inbox *imapmemserver.User) (*store, error) {
	s := &store{
		opt: opt, inbox: inbox, onMail: opt.OnMail, next: 1,
		queue: make(chan *pending, maxBatch), done: make(chan struct{}),
		phones: map[string]*line[Text]{}, boxes: map[string]*line[Mail]{},
	}
	var err error
	if s.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := s.reload(); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	if err := syncDir(path); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	go s.write()
	return s, nil
}

// accept keeps one message and returns when it is on disk and visible.
func (s *store) accept(from string, to []string, raw []byte) error {
	r := newRecord(from, to, raw, s.opt.Now(), s.opt)
	p := &pending{record: r, answer: make(chan error, 1)}
	s.closing.RLock()
	if s.closed {
		s.closing.RUnlock()
		return errClosed
	}
	s.queue <- p
	s.closing.RUnlock()
	return <-p.answer
}

// write is the one goroutine that touches the file after the start.
func (s *store) write() {
	defer close(s.done)
	for first := range s.queue {
		batch := []*pending{first}
	more:
		for len(batch) < maxBatch {
			select {
			case p, ok := <-s.queue:
				if !ok {
					break more
				}
				batch = append(batch, p)
			default:
				break more
			}
		}
		s.commit(batch)
	}
}

// commit writes a batch, forces it to disk, makes it visible and answers. What
// could not be written whole is cut off again, so that the file holds only
// what was answered with success.
func (s *store) commit(batch []*pending) {
	var lines []byte
	var err error
	for i, p := range batch {
		p.record.ID = s.next + int64(i)
		var b []byte
		if b, err = p.record.encode(); err != nil {
			break
		}
		lines = append(append(lines, b...), '\n')
	}
	if err == nil {
		if _, err = s.file.WriteAt(lines, s.size); err == nil && !s.unsynced.Load() {
			err = s.file.Sync()
		}
		if err != nil {
			err = errors.Join(err, s.file.Truncate(s.size))
		}
	}
	mail := false
	if err == nil {
		s.size += int64(len(lines))
		s.next += int64(len(batch))
		for _, p := range batch {
			arrived, applyErr := s.apply(p.record)
			if applyErr != nil {
				s.opt.Log.Error("demo mail host: put into the inbox", "error", applyErr)
			}
			mail = mail || arrived
		}
	}
	for _, p := range batch {
		p.answer <- err
	}
	if mail {
		s.ring()
	}
}

// apply makes a record visible and tells whether the shop got mail. It is the
// same for a fresh delivery and for a reloaded one.
func (s *store) apply(r *record) (bool, error) {
	s.mu.Lock()
	for _, number := range r.phones(s.opt) {
		lineOf(s.phones, number).add(r.MessageID, r.text(number), true)
	}
	for _, address := range r.mailboxes(s.opt) {
		lineOf(s.boxes, address).add(r.MessageID, r.mail(address), true)
	}
	switch sender := r.sender(s.opt); {
	case sender == "":
	case domainOf(sender) == s.opt.SMSDomain:
		if number := Number(localOf(sender)); number != "" {
			lineOf(s.phones, number).add("sent "+r.MessageID, r.sentText(number), false)
		}
	default:
		lineOf(s.boxes, sender).add("sent "+r.MessageID, r.sentMail(sender), false)
	}
	s.mu.Unlock()

	arrived := false
	for _, copied := range r.shopCopies(s.opt) {
		_, err := s.inbox.Append("INBOX", literal(copied), &imap.AppendOptions{Time: r.At})
		if err != nil {
			return arrived, err
		}
		arrived = true
	}
	return arrived, nil
}

func lineOf[T any](all map[string]*line[T], name string) *line[T] {
	l, ok := all[name]
	if !ok {
		l = &line[T]{seen: map[string]bool{}}
		all[name] = l
	}
	return l
}

// add appends an item unless one of the same Message-ID is there already.
func (l *line[T]) add(id string, item T, received bool) {
	if id != "" && id != "sent " {
		if l.seen[id] {
			return
		}
		l.seen[id] = true
	}
	l.items = append(l.items, item)
	if received {
		l.received++
	}
}

// bulk runs f with deliveries that are answered once the operating system has
// them: safe when the program is killed, not when the machine is. One fsync at
// the end makes up for it. Only the seed, which can be made again, does this.
func (s *store) bulk(f func() error) error {
	s.unsynced.Store(true)
	err := f()
	s.unsynced.Store(false)
	return errors.Join(err, s.file.Sync())
}

func (s *store) setOnMail(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onMail = f
}

func (s *store) ring() {
	s.mu.RLock()
	f := s.onMail
	s.mu.RUnlock()
	if f != nil {
		f()
	}
}

// close ends the writing goroutine after what it was handed.
func (s *store) close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.closing.Unlock()
	<-s.done
	return s.file.Close()
}

// items gives a copy of what a phone or mailbox holds; never nil.
func items[T any](s *store, all map[string]*line[T], name string, keep func(T) bool) []T {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []T{}
	if l, ok := all[name]; ok {
		for _, item := range l.items {
			if keep == nil || keep(item) {
				out = append(out, item)
			}
		}
	}
	return out
}

// Texts lists what a phone received, oldest first; empty for an unknown number.
func (h *Host) Texts(number string) []Text {
	return items(h.store, h.store.phones, Number(number), func(t Text) bool { return t.Direction == Received })
}

// Chat lists what a phone received and sent, oldest first.
func (h *Host) Chat(number string) []Text {
	return items(h.store, h.store.phones, Number(number), nil)
}

// Mails lists what a mailbox received, oldest first; empty for an unknown address.
func (h *Host) Mails(address string) []Mail {
	return items(h.store, h.store.boxes, Mailbox(address), func(m Mail) bool { return m.Direction == Received })
}

// Correspondence lists what a mailbox received and sent, oldest first.
func (h *Host) Correspondence(address string) []Mail {
	return items(h.store, h.store.boxes, Mailbox(address), nil)
}

// Phones lists the phones that received something, the latest first.
func (h *Host) Phones() []Phone {
	h.store.mu.RLock()
	defer h.store.mu.RUnlock()
	out := []Phone{}
	for number, l := range h.store.phones {
		if l.received > 0 {
			last := l.items[len(l.items)-1]
			out = append(out, Phone{Number: number, Count: l.received, LastAt: last.At, Last: last.Body})
		}
	}
	sortLatest(out, func(p Phone) (time.Time, string) { return p.LastAt, p.Number })
	return out
}

// Mailboxes lists the mailboxes that received something, the latest first.
func (h *Host) Mailboxes() []MailboxInfo {
	h.store.mu.RLock()
	defer h.store.mu.RUnlock()
	out := []MailboxInfo{}
	for address, l := range h.store.boxes {
		if l.received > 0 {
			last := l.items[len(l.items)-1]
			out = append(out, MailboxInfo{Address: address, Count: l.received, LastAt: last.At, Last: last.Subject})
		}
	}
	sortLatest(out, func(m MailboxInfo) (time.Time, string) { return m.LastAt, m.Address })
	return out
}
