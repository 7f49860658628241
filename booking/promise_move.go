package booking

import (
	"context"
	"fmt"

	"neuvo/internal/db"
)

// MoveHandler takes back, inside the transaction that moves it, what a message did
// on the job that it leaves, and names the occasion of our text that it answers;
// "" where it answers none. The message is handled anew on the other job after.
type MoveHandler func(ctx context.Context, messageID int64, from, to *Job, a Actor) (occasion string, err error)

// OnMoving adds a handler of messages that a person moves to another job.
func (d *Desk) OnMoving(f MoveHandler) { d.onMoving = append(d.onMoving, f) }

// MoveCall gives the open promise of a call on a job to another job, in the
// caller's transaction: the customer who was promised it is called all the same.
// Where the other job has one already, that one is enough.
func (d *Desk) MoveCall(ctx context.Context, from, to *Job, a Actor) error {
	p, err := d.openPromise(ctx, from.ID, PromiseCall)
	if err != nil || p == nil {
		return err
	}
	there, err := d.openPromise(ctx, to.ID, PromiseCall)
	if err != nil {
		return err
	}
	if there == nil && to.WorkshopID == from.WorkshopID {
		p.JobID = to.ID
	} else {
		p.State, p.ClosedAt, p.NextAt, p.JudgedAt = "closed", d.now(), db.Time{}, db.Time{}
	}
	if err := d.savePromise(ctx, p); err != nil {
		return err
	}
	if err := d.settle(ctx, from.ID, a, NeedsCall, NeedsPromise); err != nil {
		return fmt.Errorf("settle the call of job %d: %w", from.ID, err)
	}
	return nil
}
