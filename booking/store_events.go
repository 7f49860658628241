package booking

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

func (d *Desk) insertEvent(ctx context.Context, e *JobEvent) error {
	if err := d.db.In(ctx).Create(e).Error; err != nil {
		return fmt.Errorf("store an event of job %d: %w", e.JobID, err)
	}
	return nil
}

// storeAttention adds an attention or gives the open one of its kind new words.
func (d *Desk) storeAttention(ctx context.Context, a *Attention) error {
	res := d.db.In(ctx).Model(&Attention{}).Where("job_id = ? AND kind = ? AND done_at IS NULL", a.JobID, a.Kind).
		Updates(map[string]any{"body": a.Body, "advisor_id": a.AdvisorID, "tell_at": a.TellAt})
	if res.Error == nil && res.RowsAffected == 0 {
		res = d.db.In(ctx).Create(a)
	}
	if res.Error != nil {
		return fmt.Errorf("store an attention on job %d: %w", a.JobID, res.Error)
	}
	return nil
}

// endAttentions marks open attentions as dealt with.
func (d *Desk) endAttentions(ctx context.Context, by, where string, args ...any) error {
	err := d.db.In(ctx).Model(&Attention{}).Where("done_at IS NULL").Where(where, args...).
		Updates(map[string]any{"done_at": d.now(), "done_by": by, "escalate_at": nil, "tell_at": nil}).Error
	if err != nil {
		return fmt.Errorf("end attentions: %w", err)
	}
	return nil
}

// reassign gives what is open on a job to another advisor, and tells how many
// promises that were.
func (d *Desk) reassign(ctx context.Context, jobID, advisorID int64) (promises int64, err error) {
	err = d.db.In(ctx).Model(&Attention{}).Where("job_id = ? AND done_at IS NULL", jobID).Update("advisor_id", advisorID).Error
	if err == nil {
		moved := d.db.In(ctx).Model(&Promise{}).Where("job_id = ? AND closed_at IS NULL", jobID).Where("owner_id <> ?", advisorID).
			Updates(map[string]any{"owner_id": advisorID, "handed_over": true})
		promises, err = moved.RowsAffected, moved.Error
	}
	if err != nil {
		return 0, fmt.Errorf("hand over what is open on job %d: %w", jobID, err)
	}
	return promises, nil
}

// jobIDs are the jobs that rows belong to.
func jobIDs[T any](rows []T, id func(T) int64) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return unique(out)
}

// loadJobs loads jobs with everything beside them.
func (d *Desk) loadJobs(ctx context.Context, ids []int64) (map[int64]*Job, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	jobs, err := all[Job](ctx, d.db, "jobs", "", "id IN ?", ids)
	if err == nil {
		err = d.fill(ctx, jobs)
	}
	return pointers(jobs, func(j Job) int64 { return j.ID }), err
}

// dueReminders gives the jobs, up to a limit, that are to be reminded of by now,
// the oldest first, after a place in that order.
func (d *Desk) dueReminders(ctx context.Context, after place, limit int) ([]Job, error) {
	var rows []Job
	at := db.At(time.UnixMicro(after.micros))
	err := d.db.In(ctx).Where("remind_at IS NOT NULL AND remind_at <= ?", d.now()).
		Where("(remind_at > ? OR (remind_at = ? AND id > ?))", at, at, after.id).
		Order("remind_at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load due reminders: %w", err)
	}
	return rows, nil
}
