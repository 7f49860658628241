package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"neuvo/internal/db"
)

// settler stores how calls went, those of some milliseconds at once. Senders do not wait for it, except through the order of
// each recipient, which the claims keep.
type settler struct {
	n     *Notifier
	ctx   context.Context
	tasks chan *task
	done  chan struct{}

	mu       sync.Mutex
	accepted int
	errs     []error
}

const (
	// maxSettled is how many outcomes are stored at once.
	maxSettled = maxAhead
	// settleWait is how long an outcome waits for others to share its commit.
	settleWait = 4 * time.Millisecond
)

// newSettler begins to store outcomes until close, also when ctx has ended: to
// forget an outcome would mean to send twice.
func (n *Notifier) newSettler(ctx context.Context) *settler {
	s := &settler{n: n, ctx: context.WithoutCancel(ctx), tasks: make(chan *task, maxSettled), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *settler) run() {
	defer close(s.done)
	for t := range s.tasks {
		list := s.gather(t)
		s.store(list)
		for _, t := range list {
			t.class.claimed.Add(-1)
		}
		s.n.pulse()
	}
}

// gather gives the outcomes that are stored together: what has come in, and what
// comes within settleWait while other calls are under way.
func (s *settler) gather(first *task) []*task {
	list := append(make([]*task, 0, maxSettled), first)
	timer := time.NewTimer(settleWait)
	defer timer.Stop()
	for len(list) < maxSettled && s.n.underWay() > len(list) {
		select {
		case more, open := <-s.tasks:
			if !open {
				return list
			}
			list = append(list, more)
		case <-timer.C:
			return list
		}
	}
	return list
}

// add hands over an outcome.
func (s *settler) add(t *task) { s.tasks <- t }

// fault notes an error for SendDue to return.
func (s *settler) fault(err error) {
	if err != nil {
		s.mu.Lock()
		s.errs = append(s.errs, err)
		s.mu.Unlock()
	}
}

// close waits for what was added and tells how many messages were taken over.
func (s *settler) close() (accepted int, err error) {
	close(s.tasks)
	<-s.done
	return s.accepted, errors.Join(s.errs...)
}

// store writes the outcomes: those that were accepted together, the others one by
// one, since each is a story of its own.
func (s *settler) store(list []*task) {
	var taken []*task
	for _, t := range list {
		if t.failure == nil {
			s.accepted++
			s.n.accept(t)
			taken = append(taken, t)
			continue
		}
		if err := s.n.settle(s.ctx, t); err != nil {
			s.fault(fmt.Errorf("record how message %d went: %w", t.m.ID, err))
		}
	}
	if len(taken) == 0 || s.n.settleAll(s.ctx, taken) == nil {
		return
	}
	// One of them spoils it for all, or is no longer ours.
	for _, t := range taken {
		if err := s.n.write(s.ctx, &t.m, t.sent.ID, false); err != nil {
			s.fault(fmt.Errorf("record that message %d was taken: %w", t.m.ID, err))
		}
	}
}

// accept puts a gateway's yes on the message.
func (n *Notifier) accept(t *task) {
	m := &t.m
	m.State, m.GatewayID, m.SentAt, m.NextAt, m.Error = Accepted, t.sent.ID, n.now(), db.Time{}, ""
	if t.sent.Final {
		m.State = Delivered
	}
	if t.sent.Segments > 0 {
		m.Segments = t.sent.Segments
	}
}

// errNotAll means that not every message of a batch was still ours.
var errNotAll = errors.New("not every claim is still ours")

// settleAll writes that messages were taken over, in one transaction.
func (n *Notifier) settleAll(ctx context.Context, tasks []*task) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		if err := n.settleAccepted(ctx, tasks); err != nil {
			return err
		}
		reported, err := n.adoptAll(ctx, tasks)
		if err != nil {
			return err
		}
		rung := map[string]bool{}
		for _, t := range tasks {
			if reported[t.m.ID] {
				m := t.m
				if err := n.applyReports(ctx, &m); err != nil {
					return err
				}
			}
			if !rung[t.subject] {
				rung[t.subject] = true
				n.ring(ctx, t.subject)
			}
		}
		return nil
	})
}

// settle records an attempt that failed.
func (n *Notifier) settle(ctx context.Context, t *task) error {
	m, failure := &t.m, t.failure
	m.NextAt, m.Error = db.Time{}, failure.Error()
	if !failure.Unknown {
		if err := n.untake(ctx, t); err != nil {
			return err
		}
	}
	switch {
	case failure.OptedOut:
		return n.gatewayRefusesPhone(ctx, m, failure)
	case failure.Unknown:
		m.SentAt = n.now()
		return n.becomesUnknown(ctx, m)
	case failure.Retryable:
		m.State, m.NextAt = Queued, n.retryAt(m, failure.RetryAfter)
		return n.write(ctx, m, m.Error, false)
	}
	return n.end(ctx, m, Failed, failure.Error())
}

// conclude carries out a verdict that a message is not to be sent.
func (n *Notifier) conclude(ctx context.Context, e ending) error {
	if e.byMail {
		return n.byMailInstead(ctx, &e.m, e.detail)
	}
	return n.end(ctx, &e.m, e.state, e.detail)
}

// end records that a message will not be sent (any more). Those that a person
// would miss are told to the failure handlers.
func (n *Notifier) end(ctx context.Context, m *Message, state State, detail string) error {
	m.State, m.Error, m.NextAt = state, detail, db.Time{}
	return n.write(ctx, m, detail, state != Suppressed)
}

// write stores the state of m with its history. The failure handlers run in the
// same transaction; should one of them fail, the outcome is recorded without
// it, since forgetting the outcome would mean sending twice.
func (n *Notifier) write(ctx context.Context, m *Message, detail string, failed bool) error {
	err := n.writeOnce(ctx, m, detail, failed, n.onFailure)
	if err == nil || len(n.onFailure) == 0 {
		return err
	}
	n.opt.Log.ErrorContext(ctx, "recording a message's state failed, trying without the failure handlers", "message", m.ID, "err", err)
	return n.writeOnce(ctx, m, detail, failed, nil)
}

func (n *Notifier) writeOnce(ctx context.Context, m *Message, detail string, failed bool, handlers []FailureHandler) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		row := *m
		ours, err := n.settleMessage(ctx, &row)
		if err != nil {
			return err
		}
		if !ours {
			n.opt.Log.WarnContext(ctx, "a message's outcome came after its claim was lost", "message", m.ID, "state", row.State)
			return n.addHistory(ctx, row.State, "too late, another sender has taken over: "+detail, m.ID)
		}
		if err := n.addHistory(ctx, row.State, detail, m.ID); err != nil {
			return err
		}
		c, err := n.conversationOf(ctx, m.ConversationID)
		if err != nil {
			return err
		}
		if failed {
			for _, h := range handlers {
				if err := h(ctx, c.Subject, row); err != nil {
					return fmt.Errorf("failure handler: %w", err)
				}
			}
		}
		n.ring(ctx, c.Subject)
		if row.State != Accepted && row.State != Unknown {
			return nil
		}
		early, err := n.adoptReports(ctx, &row)
		if err != nil || !early {
			return err
		}
		return n.applyReports(ctx, &row)
	})
}

// handing is what became of passing a message to another route.
type handing int

const (
	claimLost handing = iota
	cannotGo          // the route has no sender for it
	handedOn          // noted, to be called now
)

// handOn writes that the gateway of another lane may have a message from now on,
// and why that of the first has it not.
func (n *Notifier) handOn(ctx context.Context, t *task, l *lane) (outcome handing, err error) {
	until := db.At(n.opt.Now().Add(claimFor))
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		before, m := *t, t.m
		if err := n.untake(ctx, &before); err != nil {
			return err
		}
		m.Body = t.words // what was added to it was for the number of the other lane
		from, err := n.senderOn(ctx, &m, &l.Route)
		if errors.Is(err, errNoSender) {
			outcome = cannotGo
			return nil
		}
		if err != nil {
			return err
		}
		if m.Body != t.m.Body {
			m.Segments, _ = Segments(m.Body)
			if err := n.saveBody(ctx, &m); err != nil {
				return err
			}
		}
		ours, err := n.rehand(ctx, &m, l.name, until)
		if err != nil {
			return err
		}
		if !ours {
			return errClaimLost
		}
		detail := t.lane.name + ": " + t.failure.Error() + "; passed on to " + l.name
		if err := n.addHistory(ctx, Claimed, detail, m.ID); err != nil {
			return err
		}
		outcome = handedOn
		m.Gateway, m.HandedAt, m.ClaimedUntil, m.NextAt = l.name, n.now(), until, until
		t.m, t.origin = m, from
		return nil
	})
	if errors.Is(err, errClaimLost) {
		return claimLost, nil
	}
	return outcome, err
}

// errClaimLost undoes what was prepared for a message that another sender has.
var errClaimLost = errors.New("the claim is no longer ours")
