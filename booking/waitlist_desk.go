package booking

import (
	"context"
	"time"

	"neuvo/internal/db"
)

// keepClosedEntries is how long the desk still sees a place on the list that has
// led to a job or has ended.
const keepClosedEntries = 24 * time.Hour

// maxWaitlist bounds the list as the desk sees it.
const maxWaitlist = 500

// Waitlist lists a workshop's waiting list for the desk: what somebody wrote and
// nobody has read comes first, then those who wait in the order they came, then
// what was closed within a day. Each has its workshop, services and advisor.
func (d *Desk) Waitlist(ctx context.Context, workshopID int64) ([]WaitEntry, error) {
	shop, err := d.Workshop(ctx, workshopID)
	if err != nil {
		return nil, err
	}
	rows, err := d.entries(ctx, maxWaitlist, "reply_at IS NULL, closed_at IS NOT NULL, id",
		"workshop_id = ? AND (closed_at IS NULL OR closed_at > ? OR reply_at IS NOT NULL)", workshopID, db.At(d.now().Add(-keepClosedEntries)))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var ids []int64
	for i := range rows {
		ids = append(ids, rows[i].ServiceIDs...)
	}
	services, err := d.servicesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	advisors, err := all[Advisor](ctx, d.db, "advisors", "position, id", "workshop_id = ?", workshopID)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].beside(shop, services, advisors)
	}
	return rows, nil
}

// beside puts beside an entry what stands there.
func (e *WaitEntry) beside(shop *Workshop, services map[int64]Service, advisors []Advisor) {
	e.Workshop, e.Services, e.Advisor = shop, nil, nil
	for _, id := range e.ServiceIDs {
		if s, ok := services[id]; ok {
			e.Services = append(e.Services, s)
		}
	}
	with := e.OfferWith
	if with == 0 {
		with = e.AdvisorID
	}
	for i := range advisors {
		if advisors[i].ID == with {
			e.Advisor = &advisors[i]
		}
	}
}

// UnreadOnWaitlist counts the entries of a workshop on which somebody wrote what
// nobody has read yet.
func (d *Desk) UnreadOnWaitlist(ctx context.Context, workshopID int64) (int64, error) {
	return d.countEntries(ctx, "workshop_id = ? AND reply_at IS NOT NULL", workshopID)
}

// WaitEntryByID gives an entry to the desk; NotFound where there is none.
func (d *Desk) WaitEntryByID(ctx context.Context, id int64) (*WaitEntry, error) {
	return d.entryWhere(ctx, "id = ?", id)
}

// ReadWaitReply notes that somebody at the desk has dealt with what was written
// on an entry; a second time is harmless.
func (d *Desk) ReadWaitReply(ctx context.Context, id int64) error {
	return d.changeEntry(ctx, id, func(_ context.Context, e *WaitEntry) error {
		e.ReplyAt = db.Time{}
		return nil
	})
}
