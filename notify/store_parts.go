package notify

import (
	"context"

	"neuvo/internal/db"
)

// siblings gives the pieces that wait for this one.
func (n *Notifier) siblings(ctx context.Context, in *Inbound) ([]Inbound, error) {
	var rows []Inbound
	err := n.db.ForUpdate(n.db.In(ctx)).Omit("raw").Order("id").Limit(maxParts).
		Where("from_address = ? AND part_ref = ? AND state = ? AND source = ? AND number = ? AND part_total = ? AND id <> ?",
			in.FromAddress, in.PartRef, InPart, in.Source, in.Number, in.PartTotal, in.ID).
		Where("received_at BETWEEN ? AND ?", db.At(in.ReceivedAt.Add(-partSpan)), db.At(in.ReceivedAt.Add(partSpan))).Find(&rows).Error
	return rows, err
}

// joined marks pieces that have become part of another row.
func (n *Notifier) joined(ctx context.Context, rows []Inbound, reason string) error {
	if len(rows) == 0 {
		return nil
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return n.db.In(ctx).Model(&Inbound{}).Where("id IN ?", ids).Updates(map[string]any{"state": InEvent, "reason": reason}).Error
}

// releaseParts takes up, of each text whose other pieces do not come, the piece
// that came first.
func (n *Notifier) releaseParts(ctx context.Context) error {
	due := db.At(n.opt.Now().Add(-partWait))
	var ids []int64
	err := n.db.In(ctx).Raw(`SELECT MIN(id) FROM inbound WHERE state = 'part' AND received_at <= ?
		GROUP BY source, from_address, part_ref, number LIMIT 500`, due).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	return n.db.Tx(ctx, func(ctx context.Context) error {
		return n.db.In(ctx).Model(&Inbound{}).Where("id IN ? AND state = ?", ids, InPart).Update("state", InStored).Error
	})
}

// asking tells whether a phone was asked which job it means and has not said yet.
func (n *Notifier) asking(ctx context.Context, phone string) (bool, error) {
	var count int64
	err := n.db.In(ctx).Model(&Message{}).Where("to_address = ? AND asks_until > ? AND asks = ?", phone, n.now(), asksWhich).Count(&count).Error
	return count > 0, err
}

// waitingOf gives the texts of a phone that wait in triage, oldest first.
func (n *Notifier) waitingOf(ctx context.Context, phone string, since db.Time) ([]Inbound, error) {
	var rows []Inbound
	err := n.db.ForUpdate(n.db.In(ctx)).Omit("raw").Order("id").Limit(20).
		Where("from_address = ? AND state = ? AND channel = ? AND received_at > ?", phone, InTriage, SMS, since).Find(&rows).Error
	return rows, err
}

// sendFrom makes a queued text go out from a number of ours.
func (n *Notifier) sendFrom(ctx context.Context, id int64, number string) error {
	return n.db.In(ctx).Model(&Message{}).Where("id = ?", id).Update("from_address", number).Error
}
