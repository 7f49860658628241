package notify

import (
	"context"
	"fmt"
	"time"
)

// Envelope is a message ready for a gateway.
type Envelope struct {
	ClientRef string // stable over retries: "m42"
	MessageID string // RFC 5322 id without angle brackets
	From      string // our signed per-conversation address, our number, or a sender name
	FromName  string
	To        string // E.164 phone or e-mail address
	Title     string
	Body      string
	Locale    string
	InReplyTo string
	Automatic bool // set Auto-Submitted: auto-generated (RFC 3834)
	Purpose   Purpose
	Occasion  string
	// Unsubscribe, where not empty, is the page that ends mail of this purpose;
	// it takes the one-click POST of RFC 8058.
	Unsubscribe string
	Files       []File
}

// Sent is a gateway's word that it took a message over.
type Sent struct {
	ID       string // the gateway's id, may be empty
	Segments int
	Final    bool // it is delivered already
}

// SendError is a gateway's typed failure.
type SendError struct {
	Retryable bool
	// Unknown: the bytes were written and no answer came. The message may have
	// been taken over and must not simply be sent again.
	Unknown bool
	// RetryAfter is how long the gateway asks to be left alone, 0 where it does
	// not say.
	RetryAfter time.Duration
	// OptedOut: it carries nothing to this phone any more, because its owner told
	// it so.
	OptedOut bool
	Code     string // the gateway's or SMTP's code
	Text     string // for people, no secrets
	Err      error
}

// Error implements error.
func (e *SendError) Error() string {
	if e.Code != "" {
		return fmt.Sprintf("%s (%s)", e.Text, e.Code)
	}
	return e.Text
}

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// OwnHeader is the e-mail field by which our own mail is known when it comes
// back, also where a provider has rewritten its Message-ID; its value is the
// message's client reference, "m42".
const OwnHeader = "X-Neuvo-Message"

// Gateway sends messages of one channel. Send returns a *SendError where the
// message was not taken over.
type Gateway interface {
	Name() string
	Channel() Channel
	Send(ctx context.Context, e Envelope) (Sent, error)
}

// Report is a delivery report: what became of a message that a gateway took
// over, or one part of it. It names the message by the gateway's id, by our
// client reference, or both.
type Report struct {
	Gateway   string
	GatewayID string
	ClientRef string // "m42"
	Part      int    // from 1; 0: the whole message
	State     State  // Accepted, Delivered or Failed
	Code      string // the gateway's
	Text      string // for people, no secrets
	At        time.Time
	// OptedOut: the gateway carries nothing to this phone any more, because its
	// owner told the gateway so.
	OptedOut bool
}

// Asker is a gateway that can be asked whether it has a message, so that one of
// which nobody knows need not be sent again. known is false where it never took
// the message over; an error where it could not say.
type Asker interface {
	Ask(ctx context.Context, e Envelope, handedAt time.Time) (r Report, known bool, err error)
}

// Repeater is a gateway whose far side can tell a second copy of a message by its
// Message-ID, as mail hosts do: what became of one being unknown, it is sent once
// more.
type Repeater interface {
	KnowsCopies() bool
}

// Route is a gateway and the traffic it is given. Where several routes of one
// channel fit, they are tried in their order: the next where one is refused for
// a reason that lies in the gateway, and not in the message.
type Route struct {
	Gateway Gateway
	// Prefixes of E.164 numbers ("+358") it serves; empty: all.
	Prefixes []string
	// PerSecond bounds the messages handed over in a second, 0: no bound;
	// Concurrency the calls at once, 0: the notifier's.
	PerSecond   float64
	Concurrency int
	// Numbers are ours, in E.164, that customers can answer to. Empty where the
	// answers come back to a signed address, as through an e-mail-to-SMS gateway.
	Numbers []string
	// Names are the registered sender names by country prefix ("+358": "AUTOTALO"),
	// for texts that ask nothing. Nobody can answer a name.
	Names map[string]string
	// From is what the gateway sends from where it is told nothing: a number or a
	// name. "" for one whose answers come back to a signed address.
	From string
}
