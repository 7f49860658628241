package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"neuvo/internal/db"
	"neuvo/templates"
)

// How much opening time before a promised time its owner is warned, and the
// customer honestly told that it will be late.
const (
	warnCall, lateCall   = 30 * time.Minute, 10 * time.Minute
	warnReady, lateReady = time.Hour, 15 * time.Minute
)

// ahead is how long before its time a promise is warned of, and told late.
func (p *Promise) ahead() (warn, late time.Duration) {
	if p.Kind == PromiseReady {
		return warnReady, lateReady
	}
	return warnCall, lateCall
}

// plan sets when the sweep must look at an open promise next.
func (p *Promise) plan(open *opening) {
	warn, late := p.ahead()
	next := p.DueAt.Time
	switch {
	case !p.ClosedAt.IsZero() || !p.BrokenAt.IsZero() && p.Kind == PromiseReady:
		p.NextAt = db.Time{}
		return
	case p.WarnedAt.IsZero():
		next = open.before(p.DueAt.Time, warn)
	case p.LateToldAt.IsZero() && p.BrokenAt.IsZero():
		next = open.before(p.DueAt.Time, late)
	}
	p.NextAt = db.At(next)
}

// WatchPromises warns, tells and notes what the clock says of promises: their
// owner when a time is near, the customer honestly before it will be late, the
// team when it has passed. It tells how many it dealt with; it is idempotent, and
// one that fails is tried again and stops no other.
func (d *Desk) WatchPromises(ctx context.Context) (int, error) {
	done := 0
	var failed []error
	hours := map[int64]*opening{} // by workshop: laid out once for a sweep
	for after := int64(0); ; {
		due, err := d.duePromises(ctx, after, sweepBatch)
		if err != nil {
			return done, errors.Join(append(failed, err)...)
		}
		for _, p := range due {
			after = p.ID
			if err := d.watchPromise(ctx, p, hours); err != nil {
				failed = append(failed, fmt.Errorf("watch promise %d: %w", p.ID, err))
			} else {
				done++
			}
		}
		if len(due) < sweepBatch || ctx.Err() != nil {
			return done, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

// watchPromise takes one promise as far as the clock has come.
func (d *Desk) watchPromise(ctx context.Context, seen Promise, hours map[int64]*opening) error {
	open := hours[seen.WorkshopID]
	if open == nil {
		shop, err := d.Workshop(ctx, seen.WorkshopID)
		if err != nil {
			return err
		}
		if open, err = d.openingOf(ctx, shop); err != nil {
			return err
		}
		hours[seen.WorkshopID] = open
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, seen.JobID) // before the promise, as everywhere
		if err != nil {
			return err
		}
		p, err := d.lockPromise(ctx, seen.ID)
		if err != nil || p.NextAt.IsZero() || p.NextAt.After(open.now) {
			return err
		}
		if err := d.stepPromise(ctx, j, p, open); err != nil {
			return err
		}
		if p.NextAt.IsZero() || !p.NextAt.After(open.now) {
			p.plan(open)
		}
		if !p.NextAt.IsZero() && !p.NextAt.After(open.now) { // nothing is left to do but to keep it
			p.NextAt = db.Time{}
		}
		d.ring(ctx, p.WorkshopID, p.JobID)
		return d.savePromise(ctx, p)
	})
}

// stepPromise does what is due on an open promise.
func (d *Desk) stepPromise(ctx context.Context, j *Job, p *Promise, open *opening) error {
	_, late := p.ahead()
	now := db.At(open.now)
	switch {
	case !p.ClosedAt.IsZero():
		return nil
	case !now.Before(p.DueAt.Time):
		return d.breakPromise(ctx, j, p)
	case p.LateToldAt.IsZero() && !now.Before(open.before(p.DueAt.Time, late)):
		if p.WarnedAt.IsZero() {
			p.WarnedAt = now
		}
		return d.tellLate(ctx, j, p, open)
	case p.WarnedAt.IsZero():
		p.WarnedAt = now
		return d.Raise(ctx, Attention{JobID: j.ID, AdvisorID: p.OwnerID, Kind: NeedsPromise, Body: d.promiseLine(j, p)})
	}
	return nil
}

// promiseLine is a promise in the words of the desk.
func (d *Desk) promiseLine(j *Job, p *Promise) string {
	l := j.Workshop.Locale
	return templates.T(l, "booking.promise_"+p.Kind, map[string]any{
		"customer": j.ContactName, "phone": p.Phone, "due": templates.Moment(l, p.DueAt.In(j.zone())),
	})
}

// tellLate tells the customer, before the promised time, that it will not be
// kept, and by when instead. It happens once: a second delay is the team's to
// explain in person.
func (d *Desk) tellLate(ctx context.Context, j *Job, p *Promise, open *opening) error {
	p.LateToldAt = db.At(open.now)
	if p.Kind == PromiseReady {
		return d.tellNotReady(ctx, j, p, open)
	}
	p.Renegotiated = true
	p.DueAt = db.At(open.after(p.DueAt.Time, time.Hour))
	p.WarnedAt = db.Time{}
	p.NextAt = db.At(open.before(p.DueAt.Time, warnCall))
	if err := d.event(ctx, j, System, JobEvent{Kind: EventPromise, State: "late", Body: d.promiseLine(j, p)}); err != nil {
		return err
	}
	if err := d.Raise(ctx, Attention{JobID: j.ID, AdvisorID: p.OwnerID, Kind: NeedsPromise, Body: d.promiseLine(j, p)}); err != nil {
		return err
	}
	return d.tellCall(ctx, j, p, "late_call")
}

// tellNotReady says that the car will not be ready in time and that a call will
// tell the new one. The call is a promise like any other.
func (d *Desk) tellNotReady(ctx context.Context, j *Job, p *Promise, open *opening) error {
	if err := d.event(ctx, j, System, JobEvent{Kind: EventPromise, State: "late", Body: d.promiseLine(j, p)}); err != nil {
		return err
	}
	wish := CallWish{JobID: j.ID, Source: FromLate, Silent: true,
		Note: templates.T(j.Workshop.Locale, "booking.call_new_time", map[string]any{"due": templates.Moment(j.Workshop.Locale, p.DueAt.In(j.zone()))})}
	if j.ContactPhone == "" {
		return d.Raise(ctx, Attention{JobID: j.ID, AdvisorID: p.OwnerID, Kind: NeedsPromise, Body: d.promiseLine(j, p)})
	}
	id, err := d.promiseCall(ctx, wish, open)
	if err != nil {
		return err
	}
	call, err := one[Promise](ctx, d.db, "promise", "id = ?", id)
	if err != nil {
		return err
	}
	return d.tellCall(ctx, j, call, "late_ready")
}

// breakPromise notes that the time has passed: the whole team sees it, and
// whoever keeps cases hears of it.
func (d *Desk) breakPromise(ctx context.Context, j *Job, p *Promise) error {
	if !p.BrokenAt.IsZero() {
		return nil
	}
	p.BrokenAt, p.WarnedAt, p.LateToldAt = d.now(), d.now(), d.now()
	if err := d.event(ctx, j, System, JobEvent{Kind: EventPromise, State: PromiseMissed, Body: d.promiseLine(j, p)}); err != nil {
		return err
	}
	if err := d.settle(ctx, j.ID, System, NeedsPromise); err != nil {
		return err
	}
	if err := d.Raise(ctx, Attention{JobID: j.ID, AdvisorID: p.OwnerID, Kind: NeedsRescue, Body: d.promiseLine(j, p)}); err != nil {
		return err
	}
	for _, f := range d.onBroken {
		if err := f(ctx, j, p); err != nil {
			return fmt.Errorf("hear of the broken promise %d: %w", p.ID, err)
		}
	}
	return nil
}
