package survey

import (
	"context"
	"fmt"

	"neuvo/booking"
)

// lockCase loads the case that matches and keeps others from changing it until
// the transaction ends; nil where there is none.
func (s *Surveyor) lockCase(ctx context.Context, where string, args ...any) (*Case, error) {
	var rows []Case
	if err := s.db.ForUpdate(s.db.In(ctx)).Where(where, args...).Order("id DESC").Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("lock a case: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// caseWhere loads the newest case that matches; nil where there is none.
func (s *Surveyor) caseWhere(ctx context.Context, where string, args ...any) (*Case, error) {
	var rows []Case
	if err := s.db.In(ctx).Where(where, args...).Order("id DESC").Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load a case: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

// saveCase writes every column of a case, or stores a new one.
func (s *Surveyor) saveCase(ctx context.Context, c *Case) error {
	if err := s.db.In(ctx).Save(c).Error; err != nil {
		return fmt.Errorf("save the case of job %d: %w", c.JobID, err)
	}
	return nil
}

// dueCases gives the cases, up to a limit, that the clock has come to, in order
// of their ids after one.
func (s *Surveyor) dueCases(ctx context.Context, after int64, limit int) ([]Case, error) {
	var rows []Case
	err := s.db.In(ctx).Where("next_at IS NOT NULL AND next_at <= ? AND id > ?", s.now(), after).Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load due cases: %w", err)
	}
	return rows, nil
}

// casesWith loads the cases that match, the oldest first, with what stands
// beside them in a constant number of queries.
func (s *Surveyor) casesWith(ctx context.Context, where string, args ...any) ([]Case, error) {
	var rows []Case
	if err := s.db.In(ctx).Where(where, args...).Order("opened_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load cases: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	var jobs, owners, promises []int64
	for _, c := range rows {
		jobs, owners, promises = append(jobs, c.JobID), append(owners, c.OwnerID), append(promises, c.PromiseID)
	}
	loaded, err := s.desk.JobsByID(ctx, jobs)
	if err != nil {
		return nil, err
	}
	job := make(map[int64]*booking.Job, len(loaded))
	for i := range loaded {
		job[loaded[i].ID] = &loaded[i]
	}
	var people []booking.Advisor
	if err := s.db.In(ctx).Where("id IN ?", owners).Find(&people).Error; err != nil {
		return nil, fmt.Errorf("load the owners of cases: %w", err)
	}
	var calls []booking.Promise
	if err := s.db.In(ctx).Where("id IN ?", promises).Find(&calls).Error; err != nil {
		return nil, fmt.Errorf("load the calls of cases: %w", err)
	}
	for i := range rows {
		c := &rows[i]
		c.Job = job[c.JobID]
		for k := range people {
			if people[k].ID == c.OwnerID {
				c.Owner = &people[k]
			}
		}
		for k := range calls {
			if calls[k].ID == c.PromiseID {
				c.Promise = &calls[k]
			}
		}
	}
	return rows, nil
}

// openCaseOf tells whether a customer has a case open, about whatever job: who
// has is not asked how it was.
func (s *Surveyor) openCaseOf(ctx context.Context, customerID int64) (bool, error) {
	var n int64
	err := s.db.In(ctx).Raw("SELECT COUNT(*) FROM cases JOIN jobs ON jobs.id = cases.job_id WHERE jobs.customer_id = ? AND cases.closed_at IS NULL", customerID).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for open cases of customer %d: %w", customerID, err)
	}
	return n > 0, nil
}
