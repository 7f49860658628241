package survey

import (
	"context"
	"fmt"
)

// OnErase forgets the words of a customer's surveys and ends the cases that are
// open, in the erasure's transaction; scores stay as numbers without a person.
func (s *Surveyor) OnErase(ctx context.Context, jobs []int64) error {
	if len(jobs) == 0 {
		return nil
	}
	tx := s.db.In(ctx)
	var subjects []string
	if err := tx.Raw("SELECT 'case:' || CAST(id AS TEXT) FROM cases WHERE job_id IN ?", jobs).Scan(&subjects).Error; err != nil {
		return fmt.Errorf("look up cases to erase: %w", err)
	}
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE surveys SET comment = '', due_at = NULL, remind_at = NULL WHERE job_id IN ?", []any{jobs}},
		{"UPDATE survey_answers SET raw = '' WHERE survey_id IN (SELECT id FROM surveys WHERE job_id IN ?)", []any{jobs}},
		{"UPDATE cases SET detail = '', next_at = NULL, state = CASE WHEN closed_at IS NULL THEN ? ELSE state END, closed_at = COALESCE(closed_at, ?) WHERE job_id IN ?",
			[]any{CaseErased, s.now(), jobs}},
	} {
		if err := tx.Exec(step.sql, step.args...).Error; err != nil {
			return fmt.Errorf("erase surveys and cases: %w", err)
		}
	}
	if len(subjects) == 0 {
		return nil
	}
	return s.notify.Erase(ctx, subjects, []string{"\x01"})
}
