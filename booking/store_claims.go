package booking

import (
	"context"
	"errors"
	"fmt"

	"neuvo/internal/db"
)

// errTaken means that another job or hold has one of the atoms.
var errTaken = errors.New("an atom is taken")

// exception names whose claims do not count: those of the job that moves, and of
// the hold that becomes a booking.
type exception struct{ jobID, holdID int64 }

// exceptNone lets every claim count. Ids begin at 1.
var exceptNone = exception{-1, -1}

// claimsBetween loads the claims of advisors in [from, to) atoms. The claims of
// a hold that has run out do not count.
func (d *Desk) claimsBetween(ctx context.Context, advisors []Advisor, from, to int64, except exception) ([]Claim, error) {
	ids := make([]int64, len(advisors))
	for i, a := range advisors {
		ids[i] = a.ID
	}
	// Read row by row: a busy range has tens of thousands, and a struct mapped
	// by reflection would be most of the time that an answer takes.
	rows, err := d.db.In(ctx).Raw(`SELECT resource_id, atom FROM claims
		WHERE resource_id IN ? AND atom >= ? AND atom < ?
		AND (hold_id = 0 OR (hold_id <> ? AND hold_id IN (SELECT id FROM holds WHERE expires_at > ?)))
		AND (job_id = 0 OR job_id <> ?)`,
		ids, from, to, except.holdID, d.now(), except.jobID).Rows()
	if err != nil {
		return nil, fmt.Errorf("load claims: %w", err)
	}
	var out []Claim
	for rows.Next() {
		var c Claim
		if err := rows.Scan(&c.ResourceID, &c.Atom); err != nil {
			return nil, errors.Join(fmt.Errorf("read claim: %w", err), rows.Close())
		}
		out = append(out, c)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read claims: %w", err)
	}
	return out, nil
}

// claim takes n atoms of a resource from one on, in one insert and in the order
// of the primary key, so that two bookings meet in the same order. errTaken
// where any has an owner already; on PostgreSQL the transaction is then broken
// and must end. What holds that have run out left in the way is removed first.
func (d *Desk) claim(ctx context.Context, resource, atom int64, n int, jobID, holdID int64) error {
	err := d.db.In(ctx).Exec(`DELETE FROM claims WHERE resource_id = ? AND atom >= ? AND atom < ?
		AND hold_id > 0 AND hold_id NOT IN (SELECT id FROM holds WHERE expires_at > ?)`,
		resource, atom, atom+int64(n), d.now()).Error
	if err != nil {
		return fmt.Errorf("remove expired holds: %w", err)
	}
	rows := make([]Claim, n)
	for i := range rows {
		rows[i] = Claim{ResourceID: resource, Atom: atom + int64(i), JobID: jobID, HoldID: holdID}
	}
	err = d.db.In(ctx).Create(&rows).Error
	if db.IsDuplicate(err) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	return nil
}

// freeJob gives back what a job has claimed.
func (d *Desk) freeJob(ctx context.Context, jobID int64) error {
	if err := d.db.In(ctx).Where("job_id = ?", jobID).Delete(&Claim{}).Error; err != nil {
		return fmt.Errorf("free the claims of job %d: %w", jobID, err)
	}
	return nil
}

// holdByKey loads a hold that still runs; nil where there is none.
func (d *Desk) holdByKey(ctx context.Context, key string) (*Hold, error) {
	if key == "" {
		return nil, nil
	}
	rows, err := all[Hold](ctx, d.db, "hold", "", "key = ? AND expires_at > ?", key, d.now())
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// freeHold ends a hold and gives back what it has claimed.
func (d *Desk) freeHold(ctx context.Context, id int64) error {
	if err := d.db.In(ctx).Where("hold_id = ?", id).Delete(&Claim{}).Error; err != nil {
		return fmt.Errorf("free the claims of hold %d: %w", id, err)
	}
	if err := d.db.In(ctx).Where("id = ?", id).Delete(&Hold{}).Error; err != nil {
		return fmt.Errorf("end hold %d: %w", id, err)
	}
	return nil
}

func (d *Desk) insertHold(ctx context.Context, h *Hold) error {
	if err := d.db.In(ctx).Create(h).Error; err != nil {
		return fmt.Errorf("store hold: %w", err)
	}
	return nil
}

// purgeClaims removes holds that have run out, their claims, and claims before
// an atom; it tells how many rows went.
func (d *Desk) purgeClaims(ctx context.Context, before int64) (int, error) {
	total := 0
	for _, q := range []struct {
		sql string
		arg any
	}{
		{"DELETE FROM claims WHERE hold_id > 0 AND hold_id NOT IN (SELECT id FROM holds WHERE expires_at > ?)", d.now()},
		{"DELETE FROM holds WHERE expires_at <= ?", d.now()},
		{"DELETE FROM claims WHERE atom < ?", before},
	} {
		res := d.db.In(ctx).Exec(q.sql, q.arg)
		if res.Error != nil {
			return 0, fmt.Errorf("purge claims: %w", res.Error)
		}
		total += int(res.RowsAffected)
	}
	return total, nil
}
