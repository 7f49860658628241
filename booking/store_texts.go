package booking

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// ownTextRows loads what a workshop says in its own words.
func (d *Desk) ownTextRows(ctx context.Context, workshopID int64) ([]OwnText, error) {
	return all[OwnText](ctx, d.db, "own texts", "", "workshop_id = ?", workshopID)
}

// saveOwnText stores a text and moves the workshop's version.
func (d *Desk) saveOwnText(ctx context.Context, t *OwnText) error {
	if err := d.db.In(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(t).Error; err != nil {
		return fmt.Errorf("store the text %s: %w", t.name(), err)
	}
	return d.bumpTexts(ctx, t.WorkshopID)
}

// deleteOwnText removes a text and moves the workshop's version.
func (d *Desk) deleteOwnText(ctx context.Context, t *OwnText) error {
	if err := d.db.In(ctx).Delete(t).Error; err != nil {
		return fmt.Errorf("remove the text %s: %w", t.name(), err)
	}
	return d.bumpTexts(ctx, t.WorkshopID)
}

func (d *Desk) bumpTexts(ctx context.Context, workshopID int64) error {
	err := d.db.In(ctx).Exec("UPDATE workshops SET texts_version = texts_version + 1 WHERE id = ?", workshopID).Error
	if err != nil {
		return fmt.Errorf("note that the texts of workshop %d have changed: %w", workshopID, err)
	}
	return nil
}

// saveShortLink stores a short address, or puts its end off.
func (d *Desk) saveShortLink(ctx context.Context, l *ShortLink) error {
	err := d.db.In(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "code"}}, DoUpdates: clause.AssignmentColumns([]string{"expires_at"}),
	}).Create(l).Error
	if err != nil {
		return fmt.Errorf("store a short link: %w", err)
	}
	return nil
}

// linkBatch bounds how many expired links go at once.
const linkBatch = 5000

// purgeLinks removes short addresses that have expired.
func (d *Desk) purgeLinks(ctx context.Context, before time.Time) (int, error) {
	res := d.db.In(ctx).Exec(`DELETE FROM short_links WHERE code IN
		(SELECT code FROM short_links WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`, db.At(before), linkBatch)
	if res.Error != nil {
		return 0, fmt.Errorf("remove expired short links: %w", res.Error)
	}
	return int(res.RowsAffected), nil
}
