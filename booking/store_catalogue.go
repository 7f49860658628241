package booking

import (
	"context"
	"fmt"

	"neuvo/internal/db"
)

// importBatch is how many rows one insert carries.
const importBatch = 200

// write inserts new rows and rewrites changed ones, a batch at a time.
func write[T any](ctx context.Context, d *db.DB, what string, fresh, changed []*T) error {
	if len(fresh) > 0 {
		if err := d.In(ctx).CreateInBatches(fresh, importBatch).Error; err != nil {
			return fmt.Errorf("store new %s: %w", what, err)
		}
	}
	if len(changed) > 0 {
		// Save of a slice is one insert that on a known id updates instead.
		if err := d.In(ctx).Save(changed).Error; err != nil {
			return fmt.Errorf("store changed %s: %w", what, err)
		}
	}
	return nil
}

// dropHours removes the weekly hours of workshops and of resources.
func (d *Desk) dropHours(ctx context.Context, shops, resources []int64) error {
	if len(shops)+len(resources) == 0 {
		return nil
	}
	err := d.db.In(ctx).Where("(resource_id = 0 AND workshop_id IN ?) OR resource_id IN ?", append(shops, -1), append(resources, -1)).
		Delete(&Hours{}).Error
	if err != nil {
		return fmt.Errorf("replace hours: %w", err)
	}
	return nil
}
