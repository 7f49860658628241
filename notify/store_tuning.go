package notify

import (
	"context"

	"gorm.io/gorm/clause"
)

// tunings are what managers have set, one row a gateway.
func (n *Notifier) tunings(ctx context.Context) ([]Tuning, error) {
	var rows []Tuning
	return rows, n.db.In(ctx).Order("gateway").Find(&rows).Error
}

func (n *Notifier) saveTuning(ctx context.Context, t *Tuning) error {
	return n.db.In(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(t).Error
}
