package booking

import (
	"context"
	"strings"

	"neuvo/internal/db"
)

// saveConsents writes what the customer of a job wants to hear.
func (d *Desk) saveConsents(ctx context.Context, j *Job) error {
	return d.db.In(ctx).Model(&Job{}).Where("id = ?", j.ID).Updates(map[string]any{
		"consent_survey": j.ConsentSurvey, "consent_reminders": j.ConsentReminders, "consent_marketing": j.ConsentMarketing,
		"remind_at": j.RemindAt,
	}).Error
}

// recentOf locks the visits of a phone or an e-mail address since an instant, at
// most 50.
func (d *Desk) recentOf(ctx context.Context, address string, since db.Time) ([]Job, error) {
	const most = 50
	const byPhone, byEmail = "contact_phone = ? AND contact_phone <> '' AND start_at > ?", "contact_email = ? AND contact_email <> '' AND start_at > ?"
	where := byPhone
	if strings.Contains(address, "@") {
		where = byEmail
	}
	var jobs []Job
	err := d.db.ForUpdate(d.db.In(ctx)).Where(where, address, since).Order("id DESC").Limit(most).Find(&jobs).Error
	return jobs, err
}
