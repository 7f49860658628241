package booking

import (
	"context"
)

// JobsByID gives the jobs of these ids with everything beside them, in one go
// and in no order; ids that do not exist are left out.
func (d *Desk) JobsByID(ctx context.Context, ids []int64) ([]Job, error) {
	ids = unique(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	jobs, err := all[Job](ctx, d.db, "jobs", "id", "id IN ?", ids)
	if err != nil {
		return nil, err
	}
	return jobs, d.fill(ctx, jobs)
}

// Promise gives one promise without what stands beside it; NotFound where there
// is none.
func (d *Desk) Promise(ctx context.Context, id int64) (*Promise, error) {
	return one[Promise](ctx, d.db, "promise", "id = ?", id)
}
