package booking

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

func (d *Desk) insertCode(ctx context.Context, c *Code) error {
	if err := d.db.In(ctx).Create(c).Error; err != nil {
		return fmt.Errorf("store a code of job %d: %w", c.JobID, err)
	}
	return nil
}

// newestCode loads the last code of a job for a purpose; nil where there is
// none. The job is locked: no two tries meet.
func (d *Desk) newestCode(ctx context.Context, jobID int64, purpose string) (*Code, error) {
	var rows []Code
	err := d.db.In(ctx).Where("job_id = ? AND purpose = ?", jobID, purpose).Order("id DESC").Limit(1).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load the code of job %d: %w", jobID, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// saveCode writes what a try has changed.
func (d *Desk) saveCode(ctx context.Context, c *Code) error {
	err := d.db.In(ctx).Model(&Code{}).Where("id = ?", c.ID).Updates(map[string]any{"tries": c.Tries, "used_at": c.UsedAt}).Error
	if err != nil {
		return fmt.Errorf("count a try on the code of job %d: %w", c.JobID, err)
	}
	return nil
}

// codesOfPhone loads the codes sent to a phone since an instant, oldest first.
func (d *Desk) codesOfPhone(ctx context.Context, phone string, since time.Time) ([]Code, error) {
	return all[Code](ctx, d.db, "codes", "created_at, id", "phone = ? AND created_at > ?", phone, db.At(since))
}

// purgeCodes removes codes that nobody counts any more.
func (d *Desk) purgeCodes(ctx context.Context, before time.Time) (int, error) {
	res := d.db.In(ctx).Where("created_at < ?", db.At(before)).Delete(&Code{})
	if res.Error != nil {
		return 0, fmt.Errorf("purge codes: %w", res.Error)
	}
	return int(res.RowsAffected), nil
}
