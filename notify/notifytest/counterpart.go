package notifytest

import (
	"crypto/tls"
	"slices"
	"sync"
	"testing"
	"time"

	"neuvo/notify"
)

// Behaviour is how a counterpart answers the next submissions.
type Behaviour int

// What a provider may do with a submission.
const (
	Accept   Behaviour = iota // take it over
	Refuse                    // for good: it is about this text or phone
	Later                     // for now: it is busy
	Throttle                  // for now: too many at once
	Settings                  // wrong account, password or sender
	Garbage                   // say yes in words that mean nothing
	Huge                      // say yes and never stop talking
)

// Taken is a text that a counterpart took over.
type Taken struct {
	From, To, Text string
	Ref            string // our reference, as far as the provider carries one
	ID             string // the provider's
}

// Counterpart is the provider's side of a gateway, in this process and speaking
// the real protocol.
type Counterpart struct {
	// Addr is host:port on loopback.
	Addr string
	// URL of the same without encryption, where it speaks HTTP.
	URL string
	// TLS is what a client needs to trust it; nil where it speaks in the clear.
	TLS *tls.Config

	mu        sync.Mutex
	behaviour Behaviour
	onTaken   func()
	taken     []Taken
	received  []Received
	maxPage   int
}

// Received is a text of a phone that a counterpart keeps in its list.
type Received struct {
	ID, From, To, Text string
	At                 time.Time
}

// Receive puts texts of phones into its list, without calling anybody; page is how
// many the list gives at a time.
func (c *Counterpart) Receive(page int, list ...Received) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.received, c.maxPage = append(c.received, list...), page
}

// inList gives one page of what it received, from an offset on, newest first, and
// the offset of the next page, -1 where there is none.
func (c *Counterpart) inList(offset int, fits func(Received) bool) (page []Received, next int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Received
	for _, r := range c.received {
		if fits(r) {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b Received) int { return b.At.Compare(a.At) })
	end := min(len(all), offset+max(c.maxPage, 1))
	if offset >= end {
		return nil, -1
	}
	if next = end; next == len(all) {
		next = -1
	}
	return all[offset:end], next
}

// Behave sets how it answers from now on.
func (c *Counterpart) Behave(b Behaviour) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behaviour = b
}

// OnTaken sets what happens when it has the whole of a submission and has not
// answered yet.
func (c *Counterpart) OnTaken(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onTaken = f
}

// Taken are the texts it took over, in their order.
func (c *Counterpart) Taken() []Taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.taken)
}

// manner is how to answer now.
func (c *Counterpart) manner() Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.behaviour
}

// take notes a submission and gives its number, from 1.
func (c *Counterpart) take(t Taken) (number int) {
	c.mu.Lock()
	c.taken = append(c.taken, t)
	number, f := len(c.taken), c.onTaken
	c.mu.Unlock()
	if f != nil {
		f()
	}
	return number
}

// Harness is what the conformance suite must know of a gateway.
type Harness struct {
	// Start starts the provider for the length of the test.
	Start func(t testing.TB) *Counterpart
	// Gateway makes the gateway under test, which finds its provider at addr.
	Gateway func(t testing.TB, c *Counterpart, addr string) notify.Gateway
	// Envelope is a message that the provider takes.
	Envelope notify.Envelope
	// Sender is what the provider is to see as the sender of Envelope.
	Sender string
	// To is what the provider is to see as its recipient.
	To string
	// Secrets may stand in no error.
	Secrets []string
	// RetryAfter: the provider says how long it wants to be left alone.
	RetryAfter bool
	// References: the provider carries our reference.
	References bool
}
