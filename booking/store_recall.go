package booking

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

// dueFunc gives a batch of the jobs that a sweep has to look at, in order of a
// time, after a place in that order; and where the batch ends.
type dueFunc func(ctx context.Context, after place, limit int) ([]Job, place, error)

// dueAt lists the jobs whose time in a column of ours has come.
func (d *Desk) dueAt(column string) dueFunc {
	return func(ctx context.Context, after place, limit int) ([]Job, place, error) {
		rows, err := d.dueBy(ctx, column, column+" IS NOT NULL", d.now(), after, limit)
		if len(rows) == 0 {
			return nil, after, err
		}
		last := rows[len(rows)-1]
		at := map[string]db.Time{"reconfirm_at": last.ReconfirmAt, "recall_at": last.RecallAt}[column]
		return rows, place{at.UnixMicro(), last.ID}, nil
	}
}

// unconfirmedSince lists the bookings that wait for a code for too long.
func (d *Desk) unconfirmedSince(ctx context.Context, after place, limit int) ([]Job, place, error) {
	// The status stands in the text of the query so that the partial index is used.
	rows, err := d.dueBy(ctx, "created_at", "status = 'unconfirmed'", db.At(d.now().Add(-confirmWithin)), after, limit)
	if len(rows) == 0 {
		return nil, after, err
	}
	last := rows[len(rows)-1]
	return rows, place{last.CreatedAt.UnixMicro(), last.ID}, nil
}

func (d *Desk) dueBy(ctx context.Context, column, condition string, until db.Time, after place, limit int) ([]Job, error) {
	var rows []Job
	at := db.At(time.UnixMicro(after.micros))
	err := d.db.In(ctx).Where(condition+" AND "+column+" <= ?", until).
		Where("("+column+" > ? OR ("+column+" = ? AND id > ?))", at, at, after.id).
		Order(column + ", id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load what is due by %s: %w", column, err)
	}
	return rows, nil
}

// cameAgain tells whether there is a later visit than a job's, past or to come:
// with the same vehicle, or by the same customer where no vehicle tells them
// apart.
func (d *Desk) cameAgain(ctx context.Context, j *Job) (bool, error) {
	q := d.db.In(ctx).Model(&Job{}).
		Where("start_at > ? AND id <> ? AND status NOT IN ?", j.StartAt, j.ID, []Status{Cancelled, NoShow, Unconfirmed})
	if j.VehicleID != 0 {
		q = q.Where("customer_id = ? AND vehicle_id IN ?", j.CustomerID, []int64{0, j.VehicleID})
	} else {
		q = q.Where("customer_id = ?", j.CustomerID)
	}
	var n int64
	if err := q.Limit(1).Count(&n).Error; err != nil {
		return false, fmt.Errorf("look for a later visit than job %d: %w", j.ID, err)
	}
	return n > 0, nil
}
