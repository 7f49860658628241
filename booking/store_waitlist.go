package booking

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

func (d *Desk) insertEntry(ctx context.Context, e *WaitEntry) error {
	if err := d.db.In(ctx).Create(e).Error; err != nil {
		return fmt.Errorf("store an entry of the waiting list: %w", err)
	}
	return nil
}

// openEntries counts the entries of a phone that are still on a list.
func (d *Desk) openEntries(ctx context.Context, phone string) (int64, error) {
	return d.countEntries(ctx, "contact_phone = ? AND closed_at IS NULL", phone)
}

// entriesOfPhone lists them.
func (d *Desk) entriesOfPhone(ctx context.Context, phone string) ([]WaitEntry, error) {
	return d.entries(ctx, 2*maxWaiting, "id", "contact_phone = ? AND closed_at IS NULL", phone)
}

func (d *Desk) countEntries(ctx context.Context, where string, args ...any) (int64, error) {
	var n int64
	if err := d.db.In(ctx).Model(&WaitEntry{}).Where(where, args...).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count waiting entries: %w", err)
	}
	return n, nil
}

// entryWhere loads one entry with what stands beside it.
func (d *Desk) entryWhere(ctx context.Context, where string, args ...any) (*WaitEntry, error) {
	e, err := one[WaitEntry](ctx, d.db, "waiting entry", where, args...)
	if err != nil {
		return nil, err
	}
	return e, d.fillEntry(ctx, e)
}

func (d *Desk) fillEntry(ctx context.Context, e *WaitEntry) error {
	var err error
	if e.Workshop, err = d.Workshop(ctx, e.WorkshopID); err != nil {
		return err
	}
	services, err := d.servicesByID(ctx, e.ServiceIDs)
	if err != nil {
		return err
	}
	advisors, err := all[Advisor](ctx, d.db, "advisors", "id", "id = ? OR id = ?", e.OfferWith, e.AdvisorID)
	e.beside(e.Workshop, services, advisors)
	return err
}

// changeEntry locks an entry, changes it and saves it, in one transaction.
func (d *Desk) changeEntry(ctx context.Context, id int64, change func(context.Context, *WaitEntry) error) error {
	return d.db.Tx(ctx, func(ctx context.Context) error {
		var rows []WaitEntry
		if err := d.db.ForUpdate(d.db.In(ctx)).Where("id = ?", id).Find(&rows).Error; err != nil {
			return fmt.Errorf("lock waiting entry %d: %w", id, err)
		}
		if len(rows) == 0 {
			return notFound()
		}
		e := &rows[0]
		if err := d.fillEntry(ctx, e); err != nil {
			return err
		}
		before := *e
		if err := change(ctx, e); err != nil {
			return err
		}
		if err := d.db.In(ctx).Select("*").Omit("id", "created_at").Where("id = ?", id).Updates(e).Error; err != nil {
			return fmt.Errorf("save waiting entry %d: %w", id, err)
		}
		if before.State == WaitOffered && e.State != WaitOffered {
			if err := d.notify.Answered(ctx, e.Subject()); err != nil {
				return err
			}
		}
		if before.Open() != e.Open() {
			return d.notify.SetClosed(ctx, e.Subject(), e.ClosedAt)
		}
		return nil
	})
}

// acceptedEntries lists those who said yes and have no job yet.
func (d *Desk) acceptedEntries(ctx context.Context, limit int) ([]WaitEntry, error) {
	return d.entries(ctx, limit, "check_at, id", "check_at <= ? AND state = ?", d.now(), WaitAccepted)
}

// lapsedOffers lists the offers that ran out.
func (d *Desk) lapsedOffers(ctx context.Context, limit int) ([]WaitEntry, error) {
	return d.entries(ctx, limit, "offer_until, id", "offer_until <= ?", d.now())
}

// waitingEntries lists those of a workshop who wait, in the order they came.
func (d *Desk) waitingEntries(ctx context.Context, workshopID, after int64, limit int) ([]WaitEntry, error) {
	return d.entries(ctx, limit, "id", "workshop_id = ? AND closed_at IS NULL AND state = ? AND id > ?", workshopID, Waiting, after)
}

func (d *Desk) entries(ctx context.Context, limit int, order, where string, args ...any) ([]WaitEntry, error) {
	var rows []WaitEntry
	if err := d.db.In(ctx).Where(where, args...).Order(order).Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load waiting entries: %w", err)
	}
	return rows, nil
}

// shopsToCheck lists the workshops in which an entry is due to be looked at.
func (d *Desk) shopsToCheck(ctx context.Context) ([]Workshop, error) {
	return all[Workshop](ctx, d.db, "workshops", "id",
		"id IN (SELECT workshop_id FROM waitlist WHERE check_at <= ? AND state = ?)", d.now(), Waiting)
}

// checkEntries has those looked at whom a time between two starts could fit.
func (d *Desk) checkEntries(ctx context.Context, workshopID int64, from, to time.Time) error {
	err := d.db.In(ctx).Model(&WaitEntry{}).
		Where("workshop_id = ? AND closed_at IS NULL AND state = ? AND earliest <= ? AND latest >= ?", workshopID, Waiting, db.At(to), db.At(from)).
		Update("check_at", d.now()).Error
	if err != nil {
		return fmt.Errorf("tell the waiting list of a freed time: %w", err)
	}
	return nil
}

// extendHold lets a hold last longer; false where it has ended.
func (d *Desk) extendHold(ctx context.Context, key string, until time.Time) (bool, error) {
	res := d.db.In(ctx).Model(&Hold{}).Where("key = ? AND ended_at IS NULL", key).Update("expires_at", db.At(until))
	if res.Error != nil {
		return false, fmt.Errorf("let a hold last: %w", res.Error)
	}
	return res.RowsAffected == 1, d.touchHold(ctx, key)
}
