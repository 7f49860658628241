package booking

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

// savePromise writes every column of a promise, or stores a new one.
func (d *Desk) savePromise(ctx context.Context, p *Promise) error {
	if err := d.db.In(ctx).Save(p).Error; err != nil {
		return fmt.Errorf("save a promise of job %d: %w", p.JobID, err)
	}
	return nil
}

// lockPromise loads a promise and keeps others from changing it until the
// transaction ends.
func (d *Desk) lockPromise(ctx context.Context, id int64) (*Promise, error) {
	var rows []Promise
	if err := d.db.ForUpdate(d.db.In(ctx)).Where("id = ?", id).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("lock promise %d: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

// openPromise loads the open promise of a kind on a job and keeps others from
// changing it; nil where there is none.
func (d *Desk) openPromise(ctx context.Context, jobID int64, kind string) (*Promise, error) {
	var rows []Promise
	err := d.db.ForUpdate(d.db.In(ctx)).Where("job_id = ? AND kind = ? AND closed_at IS NULL", jobID, kind).Order("id").Limit(1).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load the open promise of job %d: %w", jobID, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// duePromises gives the promises, up to a limit, that the clock has come to, in
// order of their ids after one.
func (d *Desk) duePromises(ctx context.Context, after int64, limit int) ([]Promise, error) {
	var rows []Promise
	err := d.db.In(ctx).Where("next_at IS NOT NULL AND next_at <= ? AND id > ?", d.now(), after).Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load promises to watch: %w", err)
	}
	return rows, nil
}

// PromiseRate counts the promises of one kind and owner that were due in a time.
type PromiseRate struct {
	Kind    string
	OwnerID int64
	Owner   string // the name
	Due     int    // judged by a time in the range that has passed, or settled
	Kept    int    // fulfilled by then, by the one named, at the time first given
}

// PromiseRates counts the promises of a workshop (0: of any) that are judged by
// a time in [from, to): what was missed, handed over or put off by us counts
// against us, what the customer put off is judged by the time he or she chose.
func (d *Desk) PromiseRates(ctx context.Context, workshopID int64, from, to time.Time) ([]PromiseRate, error) {
	var rows []PromiseRate
	err := d.db.In(ctx).Raw(`SELECT kind, owner_id, (SELECT a.name FROM advisors a WHERE a.id = owner_id) AS owner, COUNT(*) AS due,
			SUM(CASE WHEN spoke_at IS NOT NULL AND spoke_at <= judged_at AND NOT renegotiated AND NOT handed_over THEN 1 ELSE 0 END) AS kept
		FROM promises WHERE (workshop_id = ? OR ? = 0) AND judged_at >= ? AND judged_at < ? AND (judged_at <= ? OR closed_at IS NOT NULL)
		GROUP BY kind, owner_id ORDER BY kind, owner_id`,
		workshopID, workshopID, db.At(from), db.At(to), d.now()).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count promises: %w", err)
	}
	return rows, nil
}
