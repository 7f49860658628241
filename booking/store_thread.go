package booking

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"neuvo/internal/db"
	"neuvo/notify"
)

// standInNow is who stands in for an advisor who is away now; 0 where the advisor
// is here or nobody stands in.
func (d *Desk) standInNow(ctx context.Context, advisorID int64) (int64, error) {
	var ids []int64
	err := d.db.In(ctx).Raw(`SELECT s.id FROM advisors a JOIN advisors s ON s.id = a.stand_in_id AND s.active
		WHERE a.id = ? AND EXISTS (SELECT 1 FROM absences b WHERE b.resource_id = a.id AND b.from_at <= ? AND b.to_at > ?)`,
		advisorID, d.now(), d.now()).Scan(&ids).Error
	if err != nil {
		return 0, fmt.Errorf("look for the stand-in of advisor %d: %w", advisorID, err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	return ids[0], nil
}

// dueReplies lists what waits for an answer and whose clock must be looked at.
func (d *Desk) dueReplies(ctx context.Context, after Attention, limit int) ([]Attention, error) {
	var rows []Attention
	q := d.db.In(ctx).Where("escalate_at <= ? AND done_at IS NULL", d.now())
	if after.ID != 0 {
		q = q.Where("escalate_at > ? OR escalate_at = ? AND id > ?", after.EscalateAt, after.EscalateAt, after.ID)
	}
	err := q.Order("escalate_at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list unanswered messages: %w", err)
	}
	return rows, nil
}

// storeLevel writes how far an attention has come; false where it has changed
// meanwhile.
func (d *Desk) storeLevel(ctx context.Context, a Attention, level int, next db.Time) (bool, error) {
	res := d.db.In(ctx).Model(&Attention{}).Where("id = ? AND done_at IS NULL AND escalate_at = ?", a.ID, a.EscalateAt).
		Updates(map[string]any{"level": level, "escalate_at": next, "tell_at": gorm.Expr("CASE WHEN level < ? THEN ? ELSE tell_at END", level, d.now())})
	return res.RowsAffected == 1, res.Error
}

// contactPoints are the confirmed addresses of a customer beside those on file.
func (d *Desk) contactPoints(ctx context.Context, customerID int64) ([]ContactPoint, error) {
	return all[ContactPoint](ctx, d.db, "contact points", "confirmed_at", "customer_id = ?", customerID)
}

func (d *Desk) storeContactPoint(ctx context.Context, p *ContactPoint) error {
	if err := d.db.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(p).Error; err != nil {
		return fmt.Errorf("store a contact point of customer %d: %w", p.CustomerID, err)
	}
	return nil
}

// openSubjects are the conversations of a customer's jobs that are not over.
func (d *Desk) openSubjects(ctx context.Context, customerID int64) ([]string, error) {
	var ids []int64
	err := d.db.In(ctx).Model(&Job{}).Where("customer_id = ? AND closed_at IS NULL", customerID).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("list the open jobs of customer %d: %w", customerID, err)
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = SubjectOf(id)
	}
	return out, nil
}

// participant is a contact point as a conversation knows it.
func (p ContactPoint) participant() notify.Participant {
	return notify.Participant{Channel: p.Channel, Address: p.Address}
}
