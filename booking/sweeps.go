package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// reminderBatch is how many due reminders are read at once.
const reminderBatch = 100

// SendReminders sends the reminders that have fallen due, the oldest first, and
// tells how many. Each is one transaction that also takes it off the list, so
// that a missed tick, a second replica or a restart neither loses nor doubles
// any. One that fails is tried again by the next sweep and stops no other.
func (d *Desk) SendReminders(ctx context.Context) (int, error) {
	sent := 0
	var failed []error
	for after := (place{}); ; {
		due, err := d.dueReminders(ctx, after, reminderBatch)
		if err != nil {
			return sent, errors.Join(append(failed, err)...)
		}
		for _, j := range due {
			went, err := d.remind(ctx, j.ID)
			if err != nil {
				failed = append(failed, fmt.Errorf("remind of job %d: %w", j.ID, err))
			} else if went {
				sent++
			}
			after = place{j.RemindAt.UnixMicro(), j.ID}
		}
		if len(due) < reminderBatch || ctx.Err() != nil {
			return sent, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

// remind sends one reminder unless it has been sent, or the visit has begun or
// is no more.
func (d *Desk) remind(ctx context.Context, jobID int64) (bool, error) {
	went := false
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		went = false
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		if j.RemindAt.IsZero() || j.RemindAt.After(d.now().Time) {
			return nil
		}
		j.RemindAt = db.Time{}
		if err := d.saveJob(ctx, j); err != nil {
			return err
		}
		if j.Status != Booked || !j.ConsentReminders || !d.now().Before(j.StartAt.Time) {
			return nil
		}
		went = true
		_, err = d.tell(ctx, j, telling{occasion: "reminder", purpose: notify.Reminder, expires: j.StartAt.Time})
		d.ring(ctx, j.WorkshopID, j.ID)
		return err
	})
	return went && err == nil, err
}

// sweepBatch is how many due jobs a sweep reads at once.
const sweepBatch = 100

// sweep does one thing for every job that is due, each in a transaction of its
// own with the job locked; do tells whether there was anything to do. One that
// fails is tried again by the next sweep and stops no other.
func (d *Desk) sweep(ctx context.Context, what string, due dueFunc, do func(context.Context, *Job) (bool, error)) (int, error) {
	done := 0
	var failed []error
	for after := (place{}); ; {
		rows, next, err := due(ctx, after, sweepBatch)
		if err != nil {
			return done, errors.Join(append(failed, err)...)
		}
		for _, row := range rows {
			did := false
			err := d.db.Tx(ctx, func(ctx context.Context) error {
				did = false
				j, err := d.lockJob(ctx, row.ID)
				if err != nil {
					return err
				}
				did, err = do(ctx, j)
				return err
			})
			if err != nil {
				failed = append(failed, fmt.Errorf("%s %d: %w", what, row.ID, err))
			} else if did {
				done++
			}
		}
		after = next
		if len(rows) < sweepBatch || ctx.Err() != nil {
			return done, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

// keepClaims is how long past claims stay, for a glance at yesterday.
const keepClaims = 24 * time.Hour

// keepHolds is how long a hold that has ended is remembered.
const keepHolds = 24 * time.Hour

// Purge removes holds that ended a day ago, claims older than a day, spent codes
// and expired short links; it tells how many rows went. Running it at any time is harmless.
func (d *Desk) Purge(ctx context.Context) (int, error) {
	n := 0
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if n, err = d.purgeClaims(ctx, atomOf(d.now().Add(-keepClaims))); err != nil {
			return err
		}
		holds, err := d.purgeHolds(ctx, d.now().Add(-keepHolds))
		if err != nil {
			return err
		}
		n += holds
		codes, err := d.purgeCodes(ctx, d.now().Add(-keepCodes))
		if err != nil {
			return err
		}
		links, err := d.purgeLinks(ctx, d.now().Time)
		n += codes + links
		return err
	})
	if err != nil {
		return n, err
	}
	_, err = d.foldMarks(ctx) // what it gathers is not gone
	return n, err
}
