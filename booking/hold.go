package booking

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"neuvo/internal/db"
)

// holdFor is how long a customer who is typing keeps a start.
const holdFor = 10 * time.Minute

// Hold keeps a start for a customer who is typing; a hold of the same key ends.
// Booking with its key takes its claims over. Errors as for Book.
func (d *Desk) Hold(ctx context.Context, r BookingRequest) (*Hold, error) {
	p, err := d.plan(ctx, r, false)
	if err != nil {
		return nil, err
	}
	var h *Hold
	err = d.try(ctx, p, r, func() error {
		h = &Hold{
			Key: strings.ToLower(rand.Text()), WorkshopID: p.shop.ID, AdvisorID: p.advisors[0],
			StartAt: db.At(p.start), EndAt: db.At(p.start.Add(p.need.duration)), ExpiresAt: db.At(d.now().Add(holdFor)),
		}
		return d.db.Tx(ctx, func(ctx context.Context) error {
			h.ID = 0
			if err := d.insertHold(ctx, h); err != nil {
				return err
			}
			t := p.takes()
			t.expires = h.ExpiresAt
			return d.takeOver(ctx, r.HoldKey, holder{holdID: h.ID}, t)
		})
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// endHold ends the hold of a key, if there is one.
func (d *Desk) endHold(ctx context.Context, key string) error {
	h, err := d.holdByKey(ctx, key)
	if err != nil || h == nil {
		return err
	}
	return d.freeHold(ctx, h)
}
