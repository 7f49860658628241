package booking

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// saveFeed stores an advisor's feed in place of the one before.
func (d *Desk) saveFeed(ctx context.Context, f *CalendarFeed) error {
	err := d.db.In(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "advisor_id"}}, DoUpdates: clause.AssignmentColumns([]string{"token", "created_at"}),
	}).Create(f).Error
	if err != nil {
		return fmt.Errorf("store the calendar feed of advisor %d: %w", f.AdvisorID, err)
	}
	return nil
}

func (d *Desk) dropFeed(ctx context.Context, advisorID int64) error {
	if err := d.db.In(ctx).Where("advisor_id = ?", advisorID).Delete(&CalendarFeed{}).Error; err != nil {
		return fmt.Errorf("end the calendar feed of advisor %d: %w", advisorID, err)
	}
	return nil
}

// jobsOfAdvisor loads the jobs an advisor owns that start in a span, cancelled
// ones left out, with everything beside them.
func (d *Desk) jobsOfAdvisor(ctx context.Context, advisorID int64, from, to time.Time, limit int) ([]Job, error) {
	a, err := d.Advisor(ctx, advisorID)
	if err != nil {
		return nil, err
	}
	var jobs []Job
	err = d.db.In(ctx).Where("workshop_id = ? AND start_at >= ? AND start_at < ?", a.WorkshopID, db.At(from), db.At(to)).
		Where("(received_by = ? OR (received_by = 0 AND booked_with = ?)) AND status NOT IN ?", advisorID, advisorID, []Status{Cancelled, NoShow}).
		Order("start_at, id").Limit(limit).Find(&jobs).Error
	if err != nil {
		return nil, fmt.Errorf("load the visits of advisor %d: %w", advisorID, err)
	}
	return jobs, d.fill(ctx, jobs)
}
