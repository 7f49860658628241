package booking

import (
	"context"

	"neuvo/internal/db"
)

// keepReadyBy keeps the promise of a ready-by time in step with its job after a
// move, in the move's transaction.
func (d *Desk) keepReadyBy(ctx context.Context, j *Job, from Status) error {
	p, err := d.openPromise(ctx, j.ID, PromiseReady)
	if err != nil {
		return err
	}
	if p == nil && undoes[[2]Status{from, j.Status}] && from == Ready {
		if p, err = d.reopenReady(ctx, j); err != nil {
			return err
		}
	}
	now := d.now()
	switch j.Status {
	case Ready, Collected:
		if p == nil {
			return nil
		}
		p.settle(now)
		if err := d.settle(ctx, j.ID, System, NeedsPromise, NeedsRescue); err != nil {
			return err
		}
		return d.savePromise(ctx, p)
	case Booked, Unconfirmed, Cancelled, NoShow:
		if p == nil {
			return nil
		}
		p.State, p.ClosedAt, p.NextAt = PromiseClosed, now, db.Time{}
		if now.Before(p.JudgedAt.Time) { // nothing was due yet: it counts for nothing
			p.JudgedAt = db.Time{}
		}
		return d.savePromise(ctx, p)
	}
	if j.ReadyBy.IsZero() || p != nil && p.DueAt.Equal(j.ReadyBy.Time) {
		return nil
	}
	open, err := d.openingOf(ctx, j.Workshop)
	if err != nil {
		return err
	}
	if p == nil {
		p = &Promise{
			JobID: j.ID, WorkshopID: j.WorkshopID, Kind: PromiseReady, FirstDueAt: j.ReadyBy, JudgedAt: j.ReadyBy,
			State: PromiseOpen, Phone: j.ContactPhone, CreatedAt: now,
		}
	} else if j.ReadyBy.After(p.DueAt.Time) {
		p.Renegotiated = true
	}
	p.OwnerID, p.DueAt = j.Owner(), j.ReadyBy
	p.WarnedAt, p.LateToldAt, p.BrokenAt = db.Time{}, db.Time{}, db.Time{}
	p.plan(open)
	if err := d.settle(ctx, j.ID, System, NeedsPromise, NeedsRescue); err != nil {
		return err
	}
	return d.savePromise(ctx, p)
}

// reopenReady opens the promise again that a mistaken "ready" had settled.
func (d *Desk) reopenReady(ctx context.Context, j *Job) (*Promise, error) {
	rows, err := all[Promise](ctx, d.db, "promises", "id DESC", "job_id = ? AND kind = ?", j.ID, PromiseReady)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	p := &rows[0]
	open, err := d.openingOf(ctx, j.Workshop)
	if err != nil {
		return nil, err
	}
	p.State, p.SpokeAt, p.ClosedAt = PromiseOpen, db.Time{}, db.Time{}
	p.plan(open)
	return p, d.savePromise(ctx, p)
}
