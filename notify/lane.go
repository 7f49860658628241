package notify

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// aheadFor is how much work is noted as handed over before its turn comes, so
	// that the notes of many messages share one commit. What a killed process
	// leaves unknown is this and the calls under way.
	aheadFor = 50 * time.Millisecond
	// maxAhead bounds it however fast the gateway is.
	maxAhead = 512
	// A route whose gateway failed brokenAfter times running is passed over for
	// firstBreak, then twice as long each time up to lastBreak, where another
	// route fits.
	brokenAfter           = 3
	firstBreak, lastBreak = 30 * time.Second, 5 * time.Minute
)

// Outcomes of a call, as counted for each gateway.
const (
	OutcomeAccepted = "accepted"
	OutcomeRetry    = "retry"   // refused for now, for a reason of the gateway's
	OutcomeRefused  = "refused" // refused for good, for a reason of the message's
	OutcomeUnknown  = "unknown" // handed over and never answered
)

// lane is a route at work: its rate, its calls under way, and how it has fared.
type lane struct {
	Route
	name  string
	slots chan struct{} // one for each call that may be under way

	mu     sync.Mutex
	tokens float64
	filled time.Time // when tokens was last true
	handed int       // noted as handed over, and the call not ended
	pace   pace
	fails  int // running failures of the gateway
	broken time.Time
	counts map[string]uint64
	recent hourly
	tuning Tuning // what a manager has set
	// failure is the last that lay in the gateway.
	failure *GatewayFailure
}

func newLane(r Route, concurrency int) *lane {
	if r.Concurrency > 0 {
		concurrency = r.Concurrency
	}
	return &lane{Route: r, name: r.Gateway.Name(), slots: make(chan struct{}, concurrency), counts: map[string]uint64{}, recent: hourly{}}
}

// room takes leave to hand over up to want messages and tells for how many it
// got it. Where the rate forbids all, next is when it will allow one. Few of many
// are not worth a commit of their own: it gives none until half of what may wait
// for its turn has had it.
func (l *lane) room(now time.Time, want int) (got int, next time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handed == 0 {
		l.pace.rest()
	}
	if l.tuning.Paused {
		return 0, now.Add(tuneEvery)
	}
	rate := lower(l.PerSecond, l.tuning.PerSecond)
	ahead := l.pace.ahead(cap(l.slots))
	got = min(want, cap(l.slots)+ahead-l.handed)
	if got <= 0 || got < min(want, ahead/2) {
		return 0, time.Time{}
	}
	if rate > 0 {
		most := max(rate, 1)
		if l.filled.IsZero() {
			l.tokens = most
		} else if spent := now.Sub(l.filled); spent > 0 {
			l.tokens = min(l.tokens+spent.Seconds()*rate, most)
		}
		l.filled = now
		// A hair is forgiven: a clock in whole microseconds never quite gets there.
		if l.tokens < 1-1e-4 {
			return 0, now.Add(time.Duration((1 - l.tokens) / rate * float64(time.Second)))
		}
		got = min(got, int(l.tokens+1e-4))
		l.tokens -= float64(got)
	}
	l.handed += got
	return got, time.Time{}
}

// spare gives back leave that was not used.
func (l *lane) spare(count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handed -= count
	if rate := lower(l.PerSecond, l.tuning.PerSecond); rate > 0 {
		l.tokens = min(l.tokens+float64(count), max(rate, 1))
	}
}

// ended notes how a call went.
func (l *lane) ended(now time.Time, failure *SendError) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handed--
	l.pace.tick(now)
	l.counts[outcomeOf(failure)]++
	l.recent.add(now, outcomeOf(failure))
	if failure == nil || !failure.Retryable && !failure.Unknown {
		l.fails, l.broken = 0, time.Time{}
		return
	}
	l.fails++
	l.failure = &GatewayFailure{At: now, Code: failure.Code, Text: failure.Text}
	rest := failure.RetryAfter
	if l.fails >= brokenAfter {
		rest = max(rest, min(firstBreak<<min(l.fails-brokenAfter, 8), lastBreak))
	}
	if until := now.Add(rest); rest > 0 && until.After(l.broken) {
		l.broken = until
	}
}

// resting tells whether the gateway is to be left alone for now.
func (l *lane) resting(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tuning.Paused || now.Before(l.broken)
}

func outcomeOf(failure *SendError) string {
	switch {
	case failure == nil:
		return OutcomeAccepted
	case failure.Unknown:
		return OutcomeUnknown
	case failure.Retryable:
		return OutcomeRetry
	}
	return OutcomeRefused
}

// pace measures how many calls end in a second.
type pace struct {
	since time.Time
	calls int
	rate  float64
}

func (p *pace) tick(now time.Time) {
	if p.calls++; p.since.IsZero() {
		p.since, p.calls = now, 0
	}
	if took := now.Sub(p.since); took >= aheadFor {
		p.rate = float64(p.calls) / took.Seconds()
		p.since, p.calls = now, 0
	}
}

// rest leaves the time without work out of the measure.
func (p *pace) rest() { p.since = time.Time{} }

// ahead is how many messages are handed over before their turn.
func (p *pace) ahead(slots int) int {
	return min(max(int(p.rate*aheadFor.Seconds()), slots), maxAhead)
}

// stateTally counts the messages that came into a state since the process began.
type stateTally struct {
	mu     sync.Mutex
	counts map[State]int
}

// countState counts messages once the transaction of ctx has committed.
func (n *Notifier) countState(ctx context.Context, s State, count int) {
	n.db.AfterCommit(ctx, func() {
		n.tally.mu.Lock()
		defer n.tally.mu.Unlock()
		if n.tally.counts == nil {
			n.tally.counts = map[State]int{}
		}
		n.tally.counts[s] += count
	})
}

func (n *Notifier) stateCounts() map[State]int {
	n.tally.mu.Lock()
	defer n.tally.mu.Unlock()
	return maps.Clone(n.tally.counts)
}

// GatewayCount is how often the calls of a gateway ended in an outcome since the
// process began.
type GatewayCount struct {
	Gateway string
	Outcome string
	Count   uint64
}

// GatewayCounts gives the outcomes of every gateway.
func (n *Notifier) GatewayCounts() []GatewayCount {
	sums := map[GatewayCount]uint64{}
	for _, lanes := range n.lanes {
		for _, l := range lanes {
			l.mu.Lock()
			for _, outcome := range []string{OutcomeAccepted, OutcomeRetry, OutcomeRefused, OutcomeUnknown} {
				sums[GatewayCount{Gateway: l.name, Outcome: outcome}] += l.counts[outcome]
			}
			l.mu.Unlock()
		}
	}
	list := make([]GatewayCount, 0, len(sums))
	for key, count := range sums {
		key.Count = count
		list = append(list, key)
	}
	slices.SortFunc(list, func(a, b GatewayCount) int {
		return cmp.Or(cmp.Compare(a.Gateway, b.Gateway), cmp.Compare(a.Outcome, b.Outcome))
	})
	return list
}
