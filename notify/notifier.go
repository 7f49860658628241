package notify

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"sync"
	"time"

	"neuvo/internal/db"
)

// Notifier sends and receives for all conversations.
type Notifier struct {
	db      *db.DB
	opt     Options
	lanes   map[Channel][]*lane
	classes []*class
	self    string        // this notifier in claims: a restarted process is another one
	wake    chan struct{} // rung for Run
	sending chan struct{} // held by the SendDue that is under way
	working chan struct{} // held by the ProcessStored that is under way

	onReply   []ReplyHandler
	onFailure []FailureHandler
	onConsent []ConsentHandler
	tally     stateTally
	tuned     sync.Mutex // guards tunedAt
	tunedAt   time.Time
	onChange  []func(subject string)
	versions  VersionFunc
	subjects  Subjects
	manners   MannersFunc
}

// VersionFunc tells where a subject stands when a text about it is about to be
// sent: its version, and whether it is still alive. A text that speaks of
// another version, or of a dead subject, is suppressed.
type VersionFunc func(ctx context.Context, subject string) (version int, live bool, err error)

// Options for New.
type Options struct {
	// Now is the clock; the database's where nil.
	Now func() time.Time
	// Log is slog.Default() where nil.
	Log *slog.Logger
	// Addresses makes and reads our signed per-conversation addresses.
	Addresses *Addresses
	// LeaveURL is the page that takes the token of a mail's way out, which is put
	// behind it: "https://service.example.com/u/"; "": mail has none.
	LeaveURL string
	// MailDomain is the right side of our Message-IDs; the domain of Addresses
	// where empty.
	MailDomain string
	// Routes are the gateways and the traffic each is given, in order of
	// preference.
	Routes []Route
	// Holder names this process in claims and leases; the host's name where
	// empty.
	Holder string
	// Files takes files out of raw mail; nil: there is no mail with files.
	Files FileReader
	// Burst bounds the automatic texts to one phone.
	Burst Burst
	// Concurrency is how many messages a route that does not say sends at once; 8
	// when 0.
	Concurrency int
}

// New makes a notifier on a migrated database. Handlers are set before the
// first call of any other method; they are not guarded against each other.
func New(d *db.DB, opt Options) *Notifier {
	if opt.Now == nil {
		opt.Now = d.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Concurrency <= 0 {
		opt.Concurrency = 8
	}
	if opt.MailDomain == "" && opt.Addresses != nil {
		opt.MailDomain = opt.Addresses.Domain()
	}
	if opt.MailDomain == "" {
		opt.MailDomain = "localhost"
	}
	if opt.Holder == "" {
		opt.Holder, _ = os.Hostname()
	}
	n := &Notifier{
		db: d, opt: opt, lanes: makeLanes(opt.Routes, opt.Concurrency), self: opt.Holder + "/" + rand.Text()[:10],
		wake: make(chan struct{}, 1), sending: make(chan struct{}, 1), working: make(chan struct{}, 1),
	}
	n.classes = classesOf(n.lanes)
	return n
}

// OnReply adds a handler of placed replies; they are asked in the order added.
func (n *Notifier) OnReply(h ReplyHandler) { n.onReply = append(n.onReply, h) }

// OnFailure adds a handler of outgoing messages that will not arrive.
func (n *Notifier) OnFailure(h FailureHandler) { n.onFailure = append(n.onFailure, h) }

// OnChange adds a bell that rings after a commit that changed a conversation.
// It must not block.
func (n *Notifier) OnChange(f func(subject string)) { n.onChange = append(n.onChange, f) }

// SetVersions sets who knows the versions of subjects; without it no text is
// outdated.
func (n *Notifier) SetVersions(f VersionFunc) { n.versions = f }

// now is the clock as the database keeps instants.
func (n *Notifier) now() db.Time { return db.At(n.opt.Now()) }

// ring tells the bells, once the transaction of ctx has committed, that
// something is new on a conversation.
func (n *Notifier) ring(ctx context.Context, subject string) {
	n.db.AfterCommit(ctx, func() {
		for _, f := range n.onChange {
			f(subject)
		}
	})
}
