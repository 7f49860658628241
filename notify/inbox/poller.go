package inbox

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// What is done in the mailbox with a message once it is stored.
const (
	AfterFlag  = "flag"  // it is marked \Seen
	AfterLeave = "leave" // nothing: the mailbox is opened read-only
)

// leaseTime is how long a replica that dies keeps its mailbox from the others.
const leaseTime = 45 * time.Second

// PollerOptions for NewPoller.
type PollerOptions struct {
	// URL is imaps://user:password@host[:993] (TLS), imap://…[:143] (STARTTLS)
	// or imap://…?tls=none.
	URL string
	// Mailbox is the folder; INBOX where empty.
	Mailbox string
	Parse   ParseOptions
	// Read reads whatever is stored, from every source; Parse alone where nil.
	Read notify.Parser
	DB   *db.DB
	// Holder names this process in the lease.
	Holder string
	// Log is slog.Default() where nil.
	Log *slog.Logger
	// Now is the clock; the database's where nil.
	Now func() time.Time
	// After is AfterFlag (also where empty) or AfterLeave.
	After string
	// MaxMessage is the largest message fetched whole, in bytes; 50 MiB where 0.
	// Of a larger one the fields are kept, with the reason.
	MaxMessage int64
	// IdleCycle is how long one IDLE lasts, at most and by default 4 minutes:
	// middle boxes drop silent connections well before the 29 minutes of RFC 2177.
	IdleCycle time.Duration
	// NoIDLE polls even where the server offers IDLE: some offer it and are silent.
	NoIDLE bool
	// PollEvery is how often Watch looks where the server has no IDLE, does not
	// answer, or another replica has the mailbox; 20 seconds where 0.
	PollEvery time.Duration

	roots *x509.CertPool // for tests; the system's where nil
}

// store is what the poller needs of the Notifier.
type store interface {
	Cursor(ctx context.Context, mailbox string) (notify.Mailbox, error)
	SetPolled(ctx context.Context, mailbox string, pollErr error) error
	StoreRaw(ctx context.Context, r notify.Raw) (id int64, fresh bool, err error)
	ProcessStored(ctx context.Context, parse notify.Parser) (int, error)
}

// Poller brings what arrives in one mailbox into the database.
type Poller struct {
	store  store
	opt    PollerOptions
	server server
	name   string // of the mailbox, in cursors and leases

	mu      sync.Mutex // one poll at a time; guards session and closed
	session *session
	closed  bool
}

// NewPoller checks the options; it does not connect. Errors are Invalid.
func NewPoller(n *notify.Notifier, opt PollerOptions) (*Poller, error) {
	return newPoller(n, opt)
}

func newPoller(n store, opt PollerOptions) (*Poller, error) {
	s, err := readURL(opt.URL)
	if err != nil {
		return nil, err
	}
	if opt.Mailbox == "" {
		opt.Mailbox = "INBOX"
	}
	switch opt.After {
	case "":
		opt.After = AfterFlag
	case AfterFlag, AfterLeave:
	default:
		return nil, fault.New(fault.Invalid, "fault.imap_after").With("value", opt.After)
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Now == nil {
		opt.Now = opt.DB.Now
	}
	if opt.MaxMessage <= 0 {
		opt.MaxMessage = maxMessage
	}
	if opt.IdleCycle <= 0 || opt.IdleCycle > 4*time.Minute {
		opt.IdleCycle = 4 * time.Minute
	}
	if opt.PollEvery <= 0 {
		opt.PollEvery = 20 * time.Second
	}
	return &Poller{store: n, opt: opt, server: s, name: s.user + "@" + s.host + "/" + opt.Mailbox}, nil
}

// Name is the mailbox's name in cursors, leases and sources: no secret in it.
func (p *Poller) Name() string { return p.name }

// Poll takes the mailbox's lease, brings in everything that is new, and has it
// placed; fresh is how many messages were stored. Where another replica has the
// lease it does nothing. The connection is kept for the next poll; one that
// broke is made anew, once. The outcome stands in the mailbox's row.
func (p *Poller) Poll(ctx context.Context) (fresh int, err error) {
	fresh, _, err = p.poll(ctx)
	return fresh, err
}

func (p *Poller) poll(ctx context.Context) (fresh int, held bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, false, errors.New("the poller is closed")
	}
	if held, err = p.lease(ctx); err != nil || !held {
		p.drop()
		return 0, held, err
	}
	fresh, err = p.bringIn(ctx)
	if err != nil {
		p.drop()
	}
	// Leftovers of a process that died between storing and reading are here too.
	_, processErr := p.store.ProcessStored(ctx, p.parse)
	err = errors.Join(err, processErr)
	if ctx.Err() == nil {
		err = errors.Join(err, p.store.SetPolled(ctx, p.name, err))
	}
	return fresh, true, err
}

func (p *Poller) parse(source string, raw []byte) (notify.Parsed, error) {
	if p.opt.Read != nil {
		return p.opt.Read(source, raw)
	}
	return Parse(raw, p.opt.Parse)
}

func (p *Poller) lease(ctx context.Context) (bool, error) {
	held, err := p.opt.DB.TryLease(ctx, "mailbox:"+p.name, p.opt.Holder, leaseTime)
	if err != nil {
		return false, fmt.Errorf("take the lease of %s: %w", p.name, err)
	}
	return held, nil
}

// bringIn stores all that is behind the cursor.
func (p *Poller) bringIn(ctx context.Context) (fresh int, err error) {
	box, err := p.ready(ctx)
	if err != nil {
		return 0, err
	}
	cursor, err := p.store.Cursor(ctx, p.name)
	if err != nil {
		return 0, err
	}
	last := imap.UID(cursor.LastUID)
	if int64(box.UIDValidity) != cursor.UIDValidity {
		// The server numbered the messages anew (RFC 3501 section 2.3.1.1): all
		// are read again, and those known already are told by their bytes.
		if cursor.UIDValidity != 0 {
			p.opt.Log.Warn("mailbox was renumbered", "mailbox", p.name, "was", cursor.UIDValidity, "is", box.UIDValidity)
		}
		last = 0
	}
	entries, err := p.session.list(ctx, last, box.UIDNext)
	if err != nil {
		return 0, err
	}
	for batch, rest := nextBatch(entries, p.opt.MaxMessage); len(batch) > 0; batch, rest = nextBatch(rest, p.opt.MaxMessage) {
		n, err := p.bringBatch(ctx, batch, box.UIDValidity)
		fresh += n
		if err != nil {
			return fresh, err
		}
		if len(rest) == 0 {
			break
		}
		// What waits is placed between batches: the first replies of a long
		// queue need not wait for the last.
		if _, err := p.store.ProcessStored(ctx, p.parse); err != nil {
			p.opt.Log.Error("some messages could not be placed yet", "mailbox", p.name, "error", err)
		}
		if held, err := p.lease(ctx); err != nil || !held {
			return fresh, errors.Join(err, errors.New("the mailbox's lease was lost"))
		}
	}
	return fresh, nil
}

// bringBatch fetches a batch, stores it, and only then changes the mailbox.
func (p *Poller) bringBatch(ctx context.Context, batch []entry, uidValidity uint32) (fresh int, err error) {
	messages, err := p.session.fetch(ctx, batch, p.opt.MaxMessage)
	if err != nil {
		return 0, err
	}
	fresh, err = p.storeBatch(ctx, messages, uidValidity)
	if err != nil {
		return fresh, err
	}
	var stored imap.UIDSet
	for _, m := range messages {
		stored.AddNum(m.uid)
	}
	if len(stored) == 0 || p.opt.After != AfterFlag {
		return fresh, nil
	}
	err = p.session.step(ctx, stepTime, "flag messages", func() error {
		return p.session.client.Store(stored, &imap.StoreFlags{
			Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen},
		}, nil).Close()
	})
	if _, refused := errors.AsType[*imap.Error](err); refused {
		// A mailbox that may not be written is no reason to stop reading it.
		p.opt.Log.Warn("messages could not be flagged", "mailbox", p.name, "error", err)
		return fresh, nil
	}
	return fresh, err
}

// storeBatch stores messages in one transaction, which is many times faster than
// one each. Where that fails they are stored one by one, so that a message the
// database refuses keeps back only those behind it.
func (p *Poller) storeBatch(ctx context.Context, messages []fetched, uidValidity uint32) (fresh int, err error) {
	err = p.opt.DB.Tx(ctx, func(ctx context.Context) error {
		fresh = 0 // a transaction may run again from its start
		for _, m := range messages {
			isNew, err := p.keep(ctx, m, uidValidity)
			if err != nil {
				return err
			}
			fresh += boolInt(isNew)
		}
		return nil
	})
	if err == nil || ctx.Err() != nil {
		return fresh, err
	}
	fresh = 0
	for _, m := range messages {
		isNew, err := p.keep(ctx, m, uidValidity)
		if err != nil {
			return fresh, err
		}
		fresh += boolInt(isNew)
	}
	return fresh, nil
}

func (p *Poller) keep(ctx context.Context, m fetched, uidValidity uint32) (isNew bool, err error) {
	if m.date.IsZero() {
		m.date = p.opt.Now()
	}
	_, isNew, err = p.store.StoreRaw(ctx, notify.Raw{
		Source: "imap:" + p.name, Mailbox: p.name, UIDValidity: int64(uidValidity), UID: int64(m.uid),
		Bytes: m.bytes, ReceivedAt: m.date,
	})
	if err != nil {
		return false, fmt.Errorf("store message %d: %w", m.uid, err)
	}
	return isNew, nil
}

// ready gives a connection with the mailbox open, the kept one where it still
// answers. The mailbox is opened anew each time: only that tells its UIDVALIDITY.
func (p *Poller) ready(ctx context.Context) (*imap.SelectData, error) {
	if p.session != nil {
		if err := p.session.noop(ctx); err == nil {
			if box, err := p.session.open(ctx, p.opt.Mailbox, p.opt.After == AfterLeave); err == nil {
				return box, nil
			}
		}
		p.drop()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	p.session = s
	return s.open(ctx, p.opt.Mailbox, p.opt.After == AfterLeave)
}

func (p *Poller) drop() {
	if p.session != nil {
		p.session.close()
		p.session = nil
	}
}

// Check signs in and opens the mailbox, for `neuvo doctor`; nothing is read.
func (p *Poller) Check(ctx context.Context) error {
	s, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	_, err = s.open(ctx, p.opt.Mailbox, true)
	return err
}

// Close ends the connection and gives the lease up. Twice is harmless.
func (p *Poller) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.drop()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.opt.DB.Release(ctx, "mailbox:"+p.name, p.opt.Holder); err != nil {
		return fmt.Errorf("give up the lease of %s: %w", p.name, err)
	}
	return nil
}
