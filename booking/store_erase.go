package booking

import (
	"context"
	"crypto/rand"
	"fmt"
)

// eraseRows blanks what booking keeps of a customer.
func (d *Desk) eraseRows(ctx context.Context, id int64, jobs []int64, phone string) error {
	tx := d.db.In(ctx)
	jobs = append([]int64{0}, jobs...)
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE customers SET name = '', phone = '', email = '', updated_at = ? WHERE id = ?", []any{d.now(), id}},
		{"DELETE FROM contact_points WHERE customer_id = ?", []any{id}},
		{"UPDATE vehicles SET plate = '', vin = '' WHERE customer_id = ?", []any{id}},
		{"UPDATE jobs SET contact_name = '', contact_phone = '', contact_email = '', note = '', token = ? || CAST(id AS TEXT), token_expires_at = ?, request_key = '', remind_at = NULL, reconfirm_at = NULL, recall_at = NULL WHERE customer_id = ?",
			[]any{rand.Text(), d.now(), id}},
		{"UPDATE job_events SET body = '', author = CASE WHEN staff_id > 0 THEN author ELSE '' END WHERE job_id IN ? AND kind <> 'status'", []any{jobs}},
		{"UPDATE job_events SET author = '' WHERE job_id IN ? AND staff_id = 0", []any{jobs}},
		{"UPDATE attentions SET body = '', done_at = COALESCE(done_at, ?) WHERE job_id IN ?", []any{d.now(), jobs}},
		{"UPDATE promises SET phone = '', note = '', state = CASE WHEN closed_at IS NULL THEN 'closed' ELSE state END, judged_at = CASE WHEN closed_at IS NULL AND judged_at > ? THEN NULL ELSE judged_at END, next_at = NULL, closed_at = COALESCE(closed_at, ?) WHERE job_id IN ?",
			[]any{d.now(), d.now(), jobs}},
		{"UPDATE estimates SET decided_by = '', decided_phone = '' WHERE job_id IN ?", []any{jobs}},
		{"DELETE FROM photos WHERE job_id IN ?", []any{jobs}},
		{"DELETE FROM codes WHERE phone = ? AND phone <> ''", []any{phone}},
		{"UPDATE waitlist SET contact_name = '', contact_phone = '', contact_email = '', vehicle = NULL, check_at = NULL, closed_at = COALESCE(closed_at, ?) WHERE contact_phone = ? AND contact_phone <> ''", []any{d.now(), phone}},
	} {
		if err := tx.Exec(step.sql, step.args...).Error; err != nil {
			return fmt.Errorf("erase customer %d: %w", id, err)
		}
	}
	return nil
}

// WorkshopsOfCustomer gives the workshops that a customer has been to.
func (d *Desk) WorkshopsOfCustomer(ctx context.Context, id int64) ([]int64, error) {
	var ids []int64
	if err := d.db.In(ctx).Raw("SELECT DISTINCT workshop_id FROM jobs WHERE customer_id = ?", id).Scan(&ids).Error; err != nil {
		return nil, fmt.Errorf("look up the workshops of customer %d: %w", id, err)
	}
	return ids, nil
}
