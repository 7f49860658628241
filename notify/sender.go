package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"neuvo/internal/db"
)

const (
	// gatewayTimeout bounds one call of a gateway.
	gatewayTimeout = 15 * time.Second
	// claimFor is how long a claim holds. It outlasts the calls of one round, so
	// that only a sender that died loses it.
	claimFor = time.Minute
	// A refused message is tried again after firstRetry, then twice as long each
	// time up to lastRetry, give or take a fifth, until it expires.
	firstRetry = 30 * time.Second
	lastRetry  = 30 * time.Minute
	// unknownGrace passes before a message is sent a second time of which nobody
	// knows whether the gateway has it: time for a report to come in first.
	unknownGrace = 2 * time.Minute
	// idleWait is how often Run looks even when nothing wakes it, for what other
	// replicas queued and left behind.
	idleWait = 15 * time.Second
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
		if _, err := n.SendDue(ctx); err != nil && ctx.Err() == nil {
			n.opt.Log.ErrorContext(ctx, "sending what is due failed", "err", err)
		}
		timer := time.NewTimer(n.untilNext(ctx))
		select {
		case <-ctx.Done():
		case <-n.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// untilNext is how long Run may sleep.
func (n *Notifier) untilNext(ctx context.Context) time.Duration {
	next, err := n.nextDue(ctx)
	if err != nil || next.IsZero() {
		return idleWait
	}
	return min(max(next.Sub(n.opt.Now()), 50*time.Millisecond), idleWait)
}

// SendDue hands every due message to its gateway and tells how many were taken
// over. Several may run at once, in one process or many: a claim in the database
// gives each message to one of them; in one process the second waits for the
// first. Messages to one recipient go strictly one after the other.
//
// What a killed sender leaves behind: a claim whose gateway call had not begun
// is simply taken up again. Where the call had begun, the message is unknown; it
// is sent once more after a grace time, with the same Message-ID, by which the
// receiving host can tell the copy. If that too ends in nobody knowing, the
// failure handlers hear of it and a person decides. So a text can arrive twice
// after a crash at the worst moment, but none is lost in silence.
func (n *Notifier) SendDue(ctx context.Context) (int, error) {
	select {
	case n.sending <- struct{}{}:
		defer func() { <-n.sending }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	total := 0
	var errs []error
	if err := n.applyStray(ctx); err != nil {
		errs = append(errs, err)
	}
	for ctx.Err() == nil {
		taken, lapsed, err := n.claimDue(ctx, 2*n.opt.Concurrency, db.At(n.opt.Now().Add(claimFor)))
		if err != nil {
			errs = append(errs, fmt.Errorf("claim due messages: %w", err))
			break
		}
		if len(taken)+len(lapsed) == 0 {
			break
		}
		// What failed here keeps its claim and is taken up again when that lapses.
		accepted, err := n.round(ctx, taken, lapsed)
		total += accepted
		errs = append(errs, err)
	}
	return total, errors.Join(errs...)
}

// round works through one batch of claims. When ctx ends, calls under way are
// finished and recorded, and what was not begun is given back.
func (n *Notifier) round(ctx context.Context, taken, lapsed []Message) (accepted int, err error) {
	steady := context.WithoutCancel(ctx)
	var errs []error
	for i := range lapsed {
		m := lapsed[i]
		errs = append(errs, n.settle(steady, &m, &SendError{Unknown: true, Text: "the sender stopped while it handed the message over"}, Sent{}))
	}
	results := make([]error, len(taken))
	took := make([]bool, len(taken))
	var group errgroup.Group
	group.SetLimit(n.opt.Concurrency)
	for i := range taken {
		group.Go(func() error {
			if ctx.Err() != nil {
				results[i] = n.releaseClaims(steady, []int64{taken[i].ID})
				return nil
			}
			took[i], results[i] = n.deliver(steady, &taken[i])
			return nil
		})
	}
	_ = group.Wait() // the errors are in results: one message never stops another
	for _, ok := range took {
		if ok {
			accepted++
		}
	}
	return accepted, errors.Join(append(errs, results...)...)
}

// deliver takes one claimed message through its gateway.
func (n *Notifier) deliver(ctx context.Context, m *Message) (accepted bool, err error) {
	proceed, err := n.begin(ctx, m)
	if err != nil {
		return false, fmt.Errorf("begin message %d: %w", m.ID, err)
	}
	if !proceed {
		return false, nil
	}
	route := n.routesFor(m.Channel, m.ToAddress)[0]
	sender, err := n.senderFor(ctx, m, route) // may add to the text
	if err != nil {
		return false, fmt.Errorf("choose the sender of message %d: %w", m.ID, err)
	}
	letter := n.envelope(m)
	if sender != "" {
		letter.From = sender
	}
	if m.Channel == Email {
		if letter.Files, err = n.filesOf(ctx, m.ID); err != nil {
			return false, fmt.Errorf("read the files of message %d: %w", m.ID, err)
		}
	}
	sent, sendErr := n.call(ctx, route.Gateway, letter)
	if err := n.settle(ctx, m, sendErr, sent); err != nil {
		return false, fmt.Errorf("record how message %d went: %w", m.ID, err)
	}
	return sendErr == nil, nil
}

// begin decides at the last moment whether the message should still go, and
// notes durably that the gateway may have it from now on.
func (n *Notifier) begin(ctx context.Context, m *Message) (proceed bool, err error) {
	var verdict State
	var detail string
	err = n.db.Tx(ctx, func(ctx context.Context) error {
		proceed = false
		c, err := n.conversationOf(ctx, m.ConversationID)
		if err != nil {
			return err
		}
		if verdict, detail, err = n.verdict(ctx, m, c.Subject); err != nil || verdict != "" {
			return err
		}
		m.Gateway = n.routesFor(m.Channel, m.ToAddress)[0].Gateway.Name()
		proceed, err = n.markHanded(ctx, m, db.At(n.opt.Now().Add(claimFor)))
		return err
	})
	if err != nil {
		return false, err
	}
	if verdict != "" {
		return false, n.end(ctx, m, verdict, detail)
	}
	if proceed {
		m.Attempts++
	}
	return proceed, nil
}

// verdict tells why a claimed message should not go: the state it ends in and
// the reason, or "" where it should.
func (n *Notifier) verdict(ctx context.Context, m *Message, subject string) (State, string, error) {
	if !m.ExpiresAt.IsZero() && !m.ExpiresAt.After(n.opt.Now()) {
		if m.Error != "" {
			return Expired, "it could not be sent while it was worth sending: " + m.Error, nil
		}
		return Expired, "it was not sent while it was worth sending", nil
	}
	if len(n.routesFor(m.Channel, m.ToAddress)) == 0 {
		return Failed, "no gateway is set up for " + string(m.Channel), nil
	}
	if n.versions == nil || isList(subject) {
		return "", "", nil
	}
	version, live, err := n.versions(ctx, subject)
	switch {
	case err != nil:
		return "", "", fmt.Errorf("ask for the version of %s: %w", subject, err)
	case !live:
		return Suppressed, "what it tells of is over", nil
	case m.SubjectVersion != 0 && m.SubjectVersion < version:
		return Suppressed, fmt.Sprintf("it tells of version %d, now it is %d", m.SubjectVersion, version), nil
	}
	return "", "", nil
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
		Purpose: m.Purpose, Occasion: m.Occasion,
	}
}

// settle records how an attempt went.
func (n *Notifier) settle(ctx context.Context, m *Message, failure *SendError, sent Sent) error {
	now := n.now()
	m.NextAt, m.Error = db.Time{}, ""
	switch {
	case failure == nil:
		m.State, m.GatewayID, m.SentAt = Accepted, sent.ID, now
		if sent.Final {
			m.State = Delivered
		}
		if sent.Segments > 0 {
			m.Segments = sent.Segments
		}
		return n.write(ctx, m, sent.ID, false)
	case failure.Unknown:
		m.State, m.Error, m.SentAt = Unknown, failure.Error(), now
		m.NextAt = db.At(now.Add(unknownGrace))
		return n.write(ctx, m, m.Error, false)
	case failure.Retryable:
		m.State, m.Error = Queued, failure.Error()
		m.NextAt = n.retryAt(m)
		return n.write(ctx, m, m.Error, false)
	}
	return n.end(ctx, m, Failed, failure.Error())
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
		row, tell := *m, failed
		if row.State == Unknown {
			before, err := n.timesIn(ctx, m.ID, Unknown)
			if err != nil {
				return err
			}
			if before > 0 { // it was sent again already: from here on a person decides
				row.NextAt, tell = db.Time{}, true
			}
		}
		ours, err := n.settleMessage(ctx, &row)
		if err != nil {
			return err
		}
		if !ours {
			n.opt.Log.WarnContext(ctx, "a message's outcome came after its claim was lost", "message", m.ID, "state", row.State)
			detail = "too late, another sender has taken over: " + detail
			return n.addHistory(ctx, row.State, detail, m.ID)
		}
		if err := n.addHistory(ctx, row.State, detail, m.ID); err != nil {
			return err
		}
		c, err := n.conversationOf(ctx, m.ConversationID)
		if err != nil {
			return err
		}
		if tell {
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

// retryAt is when a refused message is tried again: never after it expires, so
// that its end is noted on time.
func (n *Notifier) retryAt(m *Message) db.Time {
	wait := lastRetry
	if m.Attempts < 10 {
		wait = min(firstRetry<<max(m.Attempts-1, 0), lastRetry)
	}
	wait += time.Duration((rand.Float64()*0.4 - 0.2) * float64(wait))
	at := n.opt.Now().Add(wait)
	if !m.ExpiresAt.IsZero() && m.ExpiresAt.Before(at) {
		at = m.ExpiresAt.Time
	}
	return db.At(at)
}
