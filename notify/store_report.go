package notify

import (
	"context"

	"neuvo/internal/db"
)

// messageOfReport locks and gives the message that a report is about, nil where
// none is known by its names (yet).
func (n *Notifier) messageOfReport(ctx context.Context, r Report) (*Message, error) {
	q := n.db.ForUpdate(n.db.In(ctx)).Where("direction = ? AND gateway = ?", Out, r.Gateway)
	if id := refID(r.ClientRef); id != 0 {
		q = q.Where("id = ?", id)
	} else if r.GatewayID != "" {
		q = q.Where("gateway_id = ? AND gateway_id <> ''", r.GatewayID)
	} else {
		return nil, nil
	}
	var rows []Message
	if err := q.Order("id DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func (n *Notifier) insertReport(ctx context.Context, r *MessageReport) error {
	return n.db.In(ctx).Create(r).Error
}

func (n *Notifier) reportsOf(ctx context.Context, id int64) ([]MessageReport, error) {
	var rows []MessageReport
	err := n.db.In(ctx).Where("message_id = ?", id).Order("id").Find(&rows).Error
	return rows, err
}

// adoptReports gives a message the reports that came before its gateway's
// answer, and tells whether it has any reports.
func (n *Notifier) adoptReports(ctx context.Context, m *Message) (bool, error) {
	if m.GatewayID != "" {
		err := n.db.In(ctx).Model(&MessageReport{}).
			Where("gateway = ? AND gateway_id = ? AND message_id = 0", m.Gateway, m.GatewayID).
			Update("message_id", m.ID).Error
		if err != nil {
			return false, err
		}
	}
	var count int64
	err := n.db.In(ctx).Model(&MessageReport{}).Where("message_id = ?", m.ID).Count(&count).Error
	return count > 0, err
}

// strayReports are those whose message has become known only after them, when
// both were written at the same moment.
func (n *Notifier) strayReports(ctx context.Context, limit int) ([]Message, error) {
	var rows []Message
	err := n.db.In(ctx).Where(`id IN (SELECT m.id FROM message_reports r
		JOIN messages m ON m.gateway = r.gateway AND m.gateway_id = r.gateway_id AND m.gateway_id <> ''
		WHERE r.message_id = 0 LIMIT ?)`, limit).Find(&rows).Error
	return rows, err
}

// dropReports forgets reports that nobody came for, and those of messages long
// past.
func (n *Notifier) dropReports(ctx context.Context, before db.Time) error {
	return n.db.Tx(ctx, func(ctx context.Context) error {
		return n.db.In(ctx).Where("received_at < ?", before).Delete(&MessageReport{}).Error
	})
}
