package booking

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// endedHold tells why a hold that no longer runs cannot be used: Invalid where
// there never was one of this key, else the key of the sentence for what became
// of it, which matters only to whoever does not get the start.
func (d *Desk) endedHold(ctx context.Context, key string) (string, error) {
	rows, err := all[Hold](ctx, d.db, "hold", "", "key = ?", key)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 {
		return "", fault.BadField("body.hold_id", "fault.hold_unknown", key)
	}
	if h := rows[0]; !h.EndedAt.IsZero() && h.EndedAt.Before(h.ExpiresAt.Time) {
		return "fault.hold_used", nil
	}
	return "fault.hold_expired", nil
}

// purgeHolds forgets holds that ended before an instant.
func (d *Desk) purgeHolds(ctx context.Context, before time.Time) (int, error) {
	res := d.db.In(ctx).Where("ended_at < ?", db.At(before)).Delete(&Hold{})
	if res.Error != nil {
		return 0, fmt.Errorf("forget holds: %w", res.Error)
	}
	return int(res.RowsAffected), nil
}
