package booking

import (
	"context"
	"fmt"
	"slices"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// Attempt records an attempt at a promised call. "reached" settles it: kept
// when in time, else missed. "no_answer", "moved_by_customer" and "renegotiated"
// leave it open and due two opening hours from now where that is later; the
// first deadline stays what it was. A time that the customer asked for before
// the one that stood had passed is what the promise is judged by from then on; a
// time that we asked for is not. Conflict where it is settled already.
func (d *Desk) Attempt(ctx context.Context, promiseID int64, outcome, note string, a Actor) (*Promise, error) {
	var check checker
	note = check.text("body.note", note, maxNote, false)
	if !slices.Contains([]string{OutcomeReached, OutcomeNoAnswer, OutcomeMoved, OutcomeRenegotiated}, outcome) {
		check.fail("body.outcome", "fault.outcome", outcome)
	}
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	seen, err := d.promise(ctx, promiseID)
	if err != nil {
		return nil, err
	}
	shop, err := d.Workshop(ctx, seen.WorkshopID)
	if err != nil {
		return nil, err
	}
	open, err := d.openingOf(ctx, shop)
	if err != nil {
		return nil, err
	}
	err = d.db.Tx(ctx, func(ctx context.Context) error { return d.attempt(ctx, promiseID, outcome, note, open, a) })
	if err != nil {
		return nil, err
	}
	return d.promise(ctx, promiseID)
}

// attempt is the transaction of Attempt.
func (d *Desk) attempt(ctx context.Context, id int64, outcome, note string, open *opening, a Actor) error {
	p, err := d.lockPromise(ctx, id)
	if err != nil {
		return err
	}
	if !p.ClosedAt.IsZero() || p.Kind != PromiseCall {
		return fault.New(fault.Conflict, "fault.promise_settled")
	}
	now := d.now()
	p.Attempts++
	p.Outcome = outcome
	if outcome == OutcomeReached {
		p.settle(now)
		if err := d.settle(ctx, p.JobID, a, NeedsCall, NeedsPromise, NeedsRescue); err != nil {
			return err
		}
	} else {
		p.postpone(outcome, now, open)
		if err := d.settle(ctx, p.JobID, a, NeedsPromise); err != nil {
			return err
		}
	}
	if err := d.savePromise(ctx, p); err != nil {
		return err
	}
	if outcome == OutcomeReached {
		j, err := d.Job(ctx, p.JobID)
		if err != nil {
			return err
		}
		for _, f := range d.onCalled {
			if err := f(ctx, j, p); err != nil {
				return fmt.Errorf("hear of the call of promise %d: %w", p.ID, err)
			}
		}
	}
	if err := d.AddEvent(ctx, JobEvent{
		JobID: p.JobID, Kind: EventCall, Channel: string(notify.Phone), Author: a.named(""), StaffID: a.StaffID, Body: note, State: outcome,
	}); err != nil {
		return fmt.Errorf("record the attempt: %w", err)
	}
	return nil
}

// settle ends a promise that has been fulfilled.
func (p *Promise) settle(now db.Time) {
	p.SpokeAt, p.ClosedAt, p.NextAt = now, now, db.Time{}
	p.State = PromiseMissed
	if !now.After(p.DueAt.Time) && p.BrokenAt.IsZero() {
		p.State = PromiseKept
	}
}

// postpone gives a promise that an attempt has not settled its next deadline.
func (p *Promise) postpone(outcome string, now db.Time, open *opening) {
	before := p.DueAt
	if again := open.after(open.now, callWithin); again.After(p.DueAt.Time) {
		p.DueAt = db.At(again)
	}
	switch outcome {
	case OutcomeMoved:
		if p.JudgedAt.Equal(before.Time) && !now.After(p.JudgedAt.Time) {
			p.JudgedAt = p.DueAt
		}
	case OutcomeRenegotiated:
		p.Renegotiated = true
	}
	p.WarnedAt, p.LateToldAt = db.Time{}, db.Time{}
	p.plan(open)
}
