package notify

import (
	"context"

	"neuvo/internal/db"
)

func (n *Notifier) replayRows(ctx context.Context, f ReplayFilter, last int64, limit int) ([]*Inbound, error) {
	q := n.db.In(ctx).Where("id > ?", last).Order("id").Limit(limit)
	if len(f.IDs) > 0 {
		q = q.Where("id IN ?", f.IDs)
	}
	if !f.From.IsZero() {
		q = q.Where("received_at >= ?", db.At(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("received_at < ?", db.At(f.To))
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	var rows []*Inbound
	return rows, q.Find(&rows).Error
}

// subjectOfInbound is the subject that a stored message stands on, "" if none.
func (n *Notifier) subjectOfInbound(ctx context.Context, id int64) (string, error) {
	var subjects []string
	err := n.db.In(ctx).Raw(`SELECT c.subject FROM messages m JOIN conversations c ON c.id = m.conversation_id
		WHERE m.inbound_id = ? AND m.inbound_id > 0 LIMIT 1`, id).Scan(&subjects).Error
	if err != nil || len(subjects) == 0 {
		return "", err
	}
	return subjects[0], nil
}

// storeAgain puts a message back among those that wait to be read.
func (n *Notifier) storeAgain(ctx context.Context, id int64) error {
	return n.db.In(ctx).Model(&Inbound{}).Where("id = ?", id).
		Updates(map[string]any{"state": InStored, "attempts": 0, "reason": "", "error": ""}).Error
}

// reword gives the message that a stored one became the words as read now.
func (n *Notifier) reword(ctx context.Context, inboundID int64, subject, body string) error {
	return n.db.In(ctx).Model(&Message{}).Where("inbound_id = ? AND inbound_id > 0 AND direction = ?", inboundID, In).
		Updates(map[string]any{"subject": subject, "body": body}).Error
}

// storedUIDs are the numbers of what is stored of a source, lowest first: those
// above after, at most limit of them (-1: all).
func (n *Notifier) storedUIDs(ctx context.Context, source string, uidValidity, after int64, limit int) ([]int64, error) {
	var uids []int64
	err := n.db.In(ctx).Model(&Inbound{}).Where("source = ? AND uid_validity = ? AND uid > ?", source, uidValidity, after).
		Order("uid").Limit(limit).Pluck("uid", &uids).Error
	return uids, err
}

// storedAmong are those of some numbers that are stored of a source whose numbers
// are never given anew.
func (n *Notifier) storedAmong(ctx context.Context, source string, held []int64) (uids []int64, err error) {
	err = inChunks(held, func(part []int64) error {
		var some []int64
		err := n.db.In(ctx).Model(&Inbound{}).Where("source = ? AND uid_validity = 0 AND uid IN ?", source, part).Pluck("uid", &some).Error
		uids = append(uids, some...)
		return err
	})
	return uids, err
}

func (n *Notifier) countOf(ctx context.Context, source string) (c SourceCount, err error) {
	err = n.db.In(ctx).Where("source = ?", source).Limit(1).Find(&c).Error
	return c, err
}

func (n *Notifier) saveCount(ctx context.Context, c SourceCount) error {
	return n.db.Tx(ctx, func(ctx context.Context) error { return n.db.In(ctx).Save(&c).Error })
}

func (n *Notifier) counts(ctx context.Context) ([]SourceCount, error) {
	var rows []SourceCount
	return rows, n.db.In(ctx).Order("source").Find(&rows).Error
}
