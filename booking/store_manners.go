package booking

import (
	"context"

	"neuvo/internal/db"
)

// saveConsents writes what the customer of a job wants to hear.
func (d *Desk) saveConsents(ctx context.Context, j *Job) error {
	return d.db.In(ctx).Model(&Job{}).Where("id = ?", j.ID).Updates(map[string]any{
		"consent_survey": j.ConsentSurvey, "consent_reminders": j.ConsentReminders, "consent_marketing": j.ConsentMarketing,
		"remind_at": j.RemindAt,
	}).Error
}

// recentOfPhone locks the visits of a phone since an instant, at most 50.
func (d *Desk) recentOfPhone(ctx context.Context, phone string, since db.Time) ([]Job, error) {
	const most = 50
	var jobs []Job
	err := d.db.ForUpdate(d.db.In(ctx)).Where("contact_phone = ? AND contact_phone <> '' AND start_at > ?", phone, since).
		Order("id DESC").Limit(most).Find(&jobs).Error
	return jobs, err
}
