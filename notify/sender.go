package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"neuvo/internal/db"
)

const (
	// gatewayTimeout bounds one call of a gateway.
	gatewayTimeout = 15 * time.Second
	// claimFor is how long a claim holds. It outlasts the wait for a turn and the
	// call, so that only a sender that died loses it.
	claimFor = time.Minute
	// turnFor is how long a claimed message may wait for its turn; one that waited
	// longer is given back, since its call might outlast the claim.
	turnFor = claimFor - 2*gatewayTimeout
	// A refused message is tried again after firstRetry, then twice as long each
	// time up to lastRetry, give or take a fifth, until it expires.
	firstRetry = 30 * time.Second
	lastRetry  = 30 * time.Minute
	// idleWait is how often Run looks even when nothing wakes it, for what other
	// replicas queued and left behind.
	idleWait = 15 * time.Second
	// alone is the most that is claimed at once where no lane sets the measure.
	alone = 64
)

// Wake makes Run look for due messages now. It never blocks.
func (n *Notifier) Wake() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Run sends what is due, whenever something is queued or falls due, until ctx
// ends; it then returns nil once the calls under way are done. Failures are
// logged and tried again: nothing but ctx stops it.
func (n *Notifier) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		_, next, err := n.sendDue(ctx)
		if err != nil && ctx.Err() == nil {
			n.opt.Log.ErrorContext(ctx, "sending what is due failed", "err", err)
		}
		timer := time.NewTimer(n.untilNext(ctx, next))
		select {
		case <-ctx.Done():
		case <-n.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// untilNext is how long Run may sleep; rate is when a route that is at its rate
// may send again, zero where none is.
func (n *Notifier) untilNext(ctx context.Context, rate time.Time) time.Duration {
	next, err := n.nextDue(ctx)
	if err != nil {
		return idleWait
	}
	if next.IsZero() || !rate.IsZero() && rate.Before(next.Time) {
		next = db.Time{Time: rate}
	}
	if next.IsZero() {
		return idleWait
	}
	return min(max(next.Sub(n.opt.Now()), 20*time.Millisecond), idleWait)
}

// SendDue hands every due message to a gateway, as far as the rates of the routes
// allow, and tells how many were taken over. Several may run at once, in one
// process or many: a claim in the database gives each message to one of them; in
// one process the second waits for the first. Messages to one recipient go
// strictly one after the other, and recipients take turns.
//
// That a gateway may have a message is written down before it is called. What a
// killed sender leaves behind is therefore unknown, and reconciled: see
// reconcile.go.
func (n *Notifier) SendDue(ctx context.Context) (int, error) {
	accepted, _, err := n.sendDue(ctx)
	return accepted, err
}

func (n *Notifier) sendDue(ctx context.Context) (accepted int, next time.Time, err error) {
	select {
	case n.sending <- struct{}{}:
		defer func() { <-n.sending }()
	case <-ctx.Done():
		return 0, next, ctx.Err()
	}
	errs := []error{n.retune(ctx), n.applyStray(ctx)}
	s := n.newSettler(ctx)
	var mu sync.Mutex
	var drains sync.WaitGroup
	for _, c := range n.classes {
		drains.Go(func() {
			at, err := n.drain(ctx, c, s)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			if !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		})
	}
	drains.Wait()
	accepted, err = s.close()
	return accepted, next, errors.Join(append(errs, err)...)
}

// drain sends what is due of a class until there is no more, or until its route
// is at its rate: then it tells when that allows the next. When ctx ends, calls
// under way are finished and what was not begun is given back.
func (n *Notifier) drain(ctx context.Context, c *class, s *settler) (next time.Time, err error) {
	var calls sync.WaitGroup
	defer calls.Wait()
	for ctx.Err() == nil {
		now := n.opt.Now()
		l, want := c.laneFor(now), alone
		if l != nil {
			if want, next = l.room(now, maxAhead); want == 0 && !next.IsZero() {
				return next, nil
			}
			if want == 0 {
				c.await(ctx)
				continue
			}
		}
		before := c.claimed.Load()
		b, err := n.claimDue(ctx, c, l, want)
		if l != nil {
			l.spare(want - b.used)
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("claim due messages: %w", err)
		}
		if b.empty() {
			if before == 0 {
				return time.Time{}, nil
			}
			if c.claimed.Load() > 0 {
				<-c.pulse // what comes after one that is under way may be due then
			}
			continue
		}
		s.fault(errors.Join(b.errs...))
		n.work(ctx, c, b, s, &calls)
	}
	return time.Time{}, nil
}

// roomWait bounds a wait for room on a lane.
const roomWait = 20 * time.Millisecond

// await waits until there may be room on the lane: a call has ended, or another
// class has given back what it had reserved and did not need, which rings no
// bell, since the bell would wake all classes in turn.
func (c *class) await(ctx context.Context) {
	timer := time.NewTimer(roomWait)
	defer timer.Stop()
	select {
	case <-c.pulse:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// work begins everything that a batch asks for.
func (n *Notifier) work(ctx context.Context, c *class, b *batch, s *settler, calls *sync.WaitGroup) {
	steady := context.WithoutCancel(ctx)
	c.claimed.Add(int64(len(b.ready)))
	for l, queue := range b.byLane() {
		for range min(len(queue), cap(l.slots)) {
			calls.Go(func() {
				for t := range queue {
					n.deliver(ctx, t, s)
				}
			})
		}
	}
	for _, end := range b.ends {
		s.fault(n.conclude(steady, end))
	}
	for _, d := range b.doubts {
		c.claimed.Add(1)
		calls.Go(func() {
			defer func() { c.claimed.Add(-1); n.pulse() }()
			s.fault(n.reconcile(steady, d))
		})
	}
}

// task is a claimed message on its way through a gateway.
type task struct {
	m       Message
	subject string
	class   *class
	lane    *lane
	origin  origin
	words   string // the body before anything was added for the number it goes from
	files   bool   // files go with it
	failure *SendError
	sent    Sent
}

// deliver waits for a message's turn and takes it through its gateway, and where
// that is at fault, through the next that fits.
func (n *Notifier) deliver(ctx context.Context, t *task, s *settler) {
	steady := context.WithoutCancel(ctx)
	select {
	case t.lane.slots <- struct{}{}:
	case <-ctx.Done():
		n.giveBack(steady, t, s)
		return
	}
	if ctx.Err() != nil || n.opt.Now().After(t.m.HandedAt.Add(turnFor)) {
		<-t.lane.slots
		n.giveBack(steady, t, s)
		return
	}
	n.attempt(steady, t)
	<-t.lane.slots
	for t.failure != nil && t.failure.Retryable {
		passed, err := n.passOn(steady, t)
		if err != nil {
			s.fault(fmt.Errorf("pass message %d on: %w", t.m.ID, err))
		}
		if !passed {
			break
		}
		t.lane.slots <- struct{}{}
		n.attempt(steady, t)
		<-t.lane.slots
	}
	s.add(t)
	n.pulse()
}

// giveBack queues a message whose turn did not come.
func (n *Notifier) giveBack(ctx context.Context, t *task, s *settler) {
	t.lane.spare(1)
	s.fault(n.untake(ctx, t))
	if err := n.release(ctx, &t.m); err != nil {
		s.fault(fmt.Errorf("give message %d back: %w", t.m.ID, err))
	}
	t.class.claimed.Add(-1)
	n.pulse()
}

// attempt makes one call.
func (n *Notifier) attempt(ctx context.Context, t *task) {
	letter := n.envelope(&t.m)
	if t.origin.from != "" {
		letter.From = t.origin.from
	}
	if t.files {
		var err error
		if letter.Files, err = n.filesOf(ctx, t.m.ID); err != nil {
			t.failure = &SendError{Retryable: true, Text: "its files could not be read", Err: err}
			t.lane.spare(1)
			return
		}
	}
	t.sent, t.failure = n.call(ctx, t.lane.Gateway, letter)
	t.lane.ended(n.opt.Now(), t.failure)
}

// call asks the gateway, within the time limit, and makes a typed failure of
// whatever goes wrong.
func (n *Notifier) call(ctx context.Context, g Gateway, e Envelope) (sent Sent, failure *SendError) {
	ctx, cancel := context.WithTimeout(ctx, gatewayTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			n.opt.Log.ErrorContext(ctx, "a gateway panicked", "gateway", g.Name(), "message", e.ClientRef, "panic", r, "stack", string(debug.Stack()))
			failure = &SendError{Unknown: true, Text: "the gateway's code broke off"}
		}
	}()
	sent, err := g.Send(ctx, e)
	if err == nil {
		return sent, nil
	}
	if typed, ok := errors.AsType[*SendError](err); ok {
		return Sent{}, typed
	}
	// Only a typed failure says that nothing was taken over.
	return Sent{}, &SendError{Unknown: true, Text: "no clear answer from the gateway", Err: err}
}

// envelope is what a gateway gets to see of a message.
func (n *Notifier) envelope(m *Message) Envelope {
	return Envelope{
		ClientRef: fmt.Sprintf("m%d", m.ID), MessageID: m.MessageID,
		From: m.FromAddress, FromName: m.Author, To: m.ToAddress, Title: m.Subject, Body: m.Body,
		Locale: m.Locale, InReplyTo: m.InReplyTo, Automatic: !m.ByHuman,
		Purpose: m.Purpose, Occasion: m.Occasion, Unsubscribe: n.leaveURL(m),
	}
}

// passOn takes a message that its gateway could not take to the next that fits,
// and writes that down before that is called. false: there is none.
func (n *Notifier) passOn(ctx context.Context, t *task) (bool, error) {
	now, at := n.opt.Now(), 0
	for i, l := range t.class.lanes {
		if l == t.lane {
			at = i
		}
	}
	for _, l := range t.class.lanes[at+1:] {
		if l.resting(now) {
			continue
		}
		if got, _ := l.room(now, 1); got == 0 {
			continue
		}
		outcome, err := n.handOn(ctx, t, l)
		if err == nil && outcome == handedOn {
			t.lane = l
			return true, nil
		}
		l.spare(1)
		if err != nil || outcome == claimLost {
			return false, err
		}
	}
	return false, nil
}

// retryAt is when a refused message is tried again: never after it expires, so
// that its end is noted on time.
func (n *Notifier) retryAt(m *Message, atLeast time.Duration) db.Time {
	wait := lastRetry
	if m.Attempts < 10 {
		wait = min(firstRetry<<max(m.Attempts-1, 0), lastRetry)
	}
	wait += time.Duration((rand.Float64()*0.4 - 0.2) * float64(wait))
	at := n.opt.Now().Add(max(wait, min(atLeast, time.Hour)))
	if !m.ExpiresAt.IsZero() && m.ExpiresAt.Before(at) {
		at = m.ExpiresAt.Time
	}
	return db.At(at)
}
