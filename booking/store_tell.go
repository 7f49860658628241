package booking

import (
	"context"
	"fmt"
	"strconv"

	"neuvo/internal/db"
)

// dueTells lists what staff are to be told of now, oldest first.
func (d *Desk) dueTells(ctx context.Context, limit int) ([]Attention, error) {
	var rows []Attention
	err := d.db.In(ctx).Where("tell_at <= ? AND done_at IS NULL", d.now()).Order("tell_at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list what staff are to be told of: %w", err)
	}
	return rows, nil
}

// storeTell sets when staff are told of an attention next; false where it has
// changed meanwhile.
func (d *Desk) storeTell(ctx context.Context, a Attention, at db.Time) (bool, error) {
	res := d.db.In(ctx).Model(&Attention{}).Where("id = ? AND done_at IS NULL AND tell_at = ?", a.ID, a.TellAt).Update("tell_at", at)
	return res.RowsAffected == 1, res.Error
}

// lookedAt picks the attentions of a job that an advisor sees who looks at it.
const lookedAt = "job_id = ? AND tell_at IS NOT NULL AND done_at IS NULL AND (advisor_id = ? OR level > 0)"

func (d *Desk) tellsOf(ctx context.Context, jobID, advisorID int64) (bool, error) {
	var ids []int64
	err := d.db.In(ctx).Model(&Attention{}).Where(lookedAt, jobID, advisorID).Limit(1).Pluck("id", &ids).Error
	if err != nil {
		return false, fmt.Errorf("look what staff are to be told of on job %d: %w", jobID, err)
	}
	return len(ids) > 0, nil
}

func (d *Desk) endTells(ctx context.Context, jobID, advisorID int64) error {
	if err := d.db.In(ctx).Model(&Attention{}).Where(lookedAt, jobID, advisorID).Update("tell_at", nil).Error; err != nil {
		return fmt.Errorf("note that job %d was looked at: %w", jobID, err)
	}
	return nil
}

// tellSubjects are the conversations in which staff were told of jobs.
func (d *Desk) tellSubjects(ctx context.Context, jobs []int64) ([]string, error) {
	var ids []int64
	if len(jobs) == 0 {
		return nil, nil
	}
	if err := d.db.In(ctx).Model(&Attention{}).Where("job_id IN ?", jobs).Pluck("id", &ids).Error; err != nil {
		return nil, fmt.Errorf("list the attentions of %d jobs: %w", len(jobs), err)
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = tellPrefix + strconv.FormatInt(id, 10)
	}
	return out, nil
}
