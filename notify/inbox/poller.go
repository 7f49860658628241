package inbox

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/oauth2"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// What is done in the mailbox with a message once it is stored.
const (
	AfterFlag  = "flag"  // it is marked \Seen
	AfterLeave = "leave" // nothing: the mailbox is opened read-only
	AfterMove  = "move"  // it is moved to the folder MoveTo
)

// leaseTime is how long a replica that dies keeps its mailbox from the others, who
// look every PollEvery: within a minute one of them has it.
const leaseTime = 30 * time.Second

// PollerOptions for NewPoller.
type PollerOptions struct {
	// URL is imaps://user:password@host[:993][/FOLDER] (TLS), imap://…[:143]
	// (STARTTLS) or imap://…?tls=none. Further in the query: after=flag, leave or
	// move:FOLDER; auth=google or microsoft (the password is a refresh token then).
	URL string
	// Mailbox is the folder where the URL names none; INBOX where empty too.
	Mailbox string
	// OAuth is needed for a URL with auth=….
	OAuth OAuthClient
	Parse ParseOptions
	// Read reads whatever is stored, from every source; Parse alone where nil.
	Read notify.Parser
	DB   *db.DB
	// Holder names this process in the lease.
	Holder string
	// Log is slog.Default() where nil.
	Log *slog.Logger
	// Now is the clock; the database's where nil.
	Now func() time.Time
	// After is AfterFlag (also where empty), AfterLeave or AfterMove; what the URL
	// says counts more.
	After string
	// MoveTo is the folder of AfterMove. It is made where it is missing.
	MoveTo string
	// MaxMessage is the largest message fetched whole, in bytes; 50 MiB where 0.
	// Of a larger one the fields are kept, with the reason.
	MaxMessage int64
	// IdleCycle is how long one IDLE lasts while nobody looks, at most and by
	// default 4 minutes: middle boxes drop silent connections well before the 29
	// minutes of RFC 2177. As often the mailbox is looked into unasked.
	IdleCycle time.Duration
	// Watched tells whether somebody looks at a page that shows what arrives;
	// nobody does where nil. It must not block.
	Watched func() bool
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
	SetDone(ctx context.Context, mailbox string, uidValidity, uid int64) error
	StoreAll(ctx context.Context, list []notify.Raw) (fresh int, err error)
	StoredUIDs(ctx context.Context, source string, uidValidity, after int64, limit int) ([]int64, error)
	Count(ctx context.Context, source string, uidValidity int64, held []int64) (missing []int64, err error)
	ProcessStored(ctx context.Context, parse notify.Parser) (int, error)
}

// Poller brings what arrives in one mailbox into the database.
type Poller struct {
	store  store
	opt    PollerOptions
	server server
	name   string // of the mailbox, in cursors and leases

	renewed atomic.Int64 // when the lease was last taken, in Unix nanoseconds; 0: it is not held

	mu      sync.Mutex // one poll at a time; guards session and closed
	session *session
	closed  bool

	tokens sync.Mutex // guards token
	token  *oauth2.Token

	polls, messages, rounds atomic.Int64
}

// Activity is what was done with a mailbox since the start.
type Activity struct {
	Polls    int64 // looks into the mailbox
	Messages int64 // stored
	Rounds   int64 // IDLEs begun
}

// Activity tells it.
func (p *Poller) Activity() Activity {
	return Activity{Polls: p.polls.Load(), Messages: p.messages.Load(), Rounds: p.rounds.Load()}
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
	opt.Mailbox = cmp.Or(s.folder, opt.Mailbox, "INBOX")
	if s.after != "" {
		opt.After, opt.MoveTo, _ = strings.Cut(s.after, ":")
	}
	opt.After = cmp.Or(opt.After, AfterFlag)
	if !slices.Contains([]string{AfterFlag, AfterLeave, AfterMove}, opt.After) || (opt.After == AfterMove) != (opt.MoveTo != "") || opt.MoveTo == opt.Mailbox {
		return nil, fault.New(fault.Invalid, "fault.imap_after").With("value", cmp.Or(s.after, opt.After))
	}
	if s.auth != "" && opt.OAuth.ID == "" {
		return nil, fault.New(fault.Invalid, "fault.imap_oauth")
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

// Folder is the folder that is read.
func (p *Poller) Folder() string { return p.opt.Mailbox }

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
	if held, err = p.keepLease(ctx); err != nil || !held {
		p.drop()
		return 0, held, err
	}
	p.polls.Add(1)
	fresh, err = p.bringIn(ctx)
	p.messages.Add(int64(fresh))
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

// keepLease is lease for those who ask often: it asks the database only where a
// third of the lease's time has passed.
func (p *Poller) keepLease(ctx context.Context) (held bool, err error) {
	if last := p.renewed.Load(); last != 0 && time.Since(time.Unix(0, last)) < leaseTime/3 {
		return true, nil
	}
	began := time.Now()
	if held, err = p.lease(ctx); held {
		p.renewed.Store(began.UnixNano())
	} else {
		p.renewed.Store(0)
	}
	return held, err
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
	p.renewed.Store(0)
	p.drop()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.opt.DB.Release(ctx, "mailbox:"+p.name, p.opt.Holder); err != nil {
		return fmt.Errorf("give up the lease of %s: %w", p.name, err)
	}
	return nil
}
