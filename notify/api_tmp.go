package notify

import (
	"context"
	"errors"
	"time"
)

var errLater = errors.New("being built")

func (n *Notifier) Open(ctx context.Context, subject string, ps ...Participant) (*Conversation, error) {
	return nil, errLater
}
func (n *Notifier) Send(ctx context.Context, o Outgoing) (*Message, error) { return nil, errLater }
func (n *Notifier) Record(ctx context.Context, subject string, m Message) (*Message, error) {
	return nil, errLater
}
func (n *Notifier) Suppress(ctx context.Context, subject, reason string, occasions ...string) (int, error) {
	return 0, errLater
}
func (n *Notifier) Messages(ctx context.Context, subject string) ([]Message, error) {
	return nil, errLater
}
func (n *Notifier) Message(ctx context.Context, id int64) (*Message, *Conversation, error) {
	return nil, nil, errLater
}
func (n *Notifier) History(ctx context.Context, id int64) ([]MessageState, error) {
	return nil, errLater
}
func (n *Notifier) SendDue(ctx context.Context) (int, error) { return 0, errLater }
func (n *Notifier) Run(ctx context.Context) error            { return errLater }
func (n *Notifier) Wake()                                    {}
func (n *Notifier) Cursor(ctx context.Context, mailbox string) (Mailbox, error) {
	return Mailbox{}, errLater
}
func (n *Notifier) SetPolled(ctx context.Context, mailbox string, pollErr error) error {
	return errLater
}

// Raw is one message as fetched, before anything reads it.
type Raw struct {
	Source      string // "imap:NAME" or "hook:GATEWAY"
	Mailbox     string // whose cursor moves on; "" where there is none
	UIDValidity int64
	UID         int64
	Bytes       []byte
	ReceivedAt  time.Time
}

func (n *Notifier) StoreRaw(ctx context.Context, r Raw) (id int64, fresh bool, err error) {
	return 0, false, errLater
}
func (n *Notifier) ProcessStored(ctx context.Context, parse func(raw []byte) (Parsed, error)) (int, error) {
	return 0, errLater
}
func (n *Notifier) Inbox(ctx context.Context, state string, limit int, cursor string) ([]Inbound, string, error) {
	return nil, "", errLater
}
func (n *Notifier) InboundByID(ctx context.Context, id int64) (*Inbound, error) { return nil, errLater }
func (n *Notifier) Assign(ctx context.Context, inboundID int64, subject, by string) (*Message, error) {
	return nil, errLater
}
func (n *Notifier) Dismiss(ctx context.Context, inboundID int64, by string) error { return errLater }
func (n *Notifier) Purge(ctx context.Context) (int, error)                        { return 0, errLater }

// Stats is the state of the queues, for /readyz.
type Stats struct {
	Queued    int
	Triage    int
	OldestDue time.Time
}

func (n *Notifier) Stats(ctx context.Context) (Stats, error) { return Stats{}, errLater }

type Addresses struct{}

func NewAddresses(pattern string, key []byte) (*Addresses, error) { return nil, errLater }
func (a *Addresses) For(conversationID int64) string             { return "" }
func (a *Addresses) Read(address string) (conversationID int64, ours, valid bool) {
	return 0, false, false
}
func (a *Addresses) Domain() string { return "" }

type Facts struct{}

func Match(p Parsed, f Facts) Placement          { return Placement{} }
func Segments(text string) (parts int, gsm7 bool) { return 0, false }
