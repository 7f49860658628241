package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// SweepWaitlist moves the waiting list along and tells how many entries moved:
// it books for whoever said yes, takes back offers that ran out, and offers what
// has become free to the first entry that it fits, in the order they came. It is
// idempotent; one entry that fails stops no other.
func (d *Desk) SweepWaitlist(ctx context.Context) (int, error) {
	moved := 0
	var errs []error
	for _, step := range []func(context.Context) (int, error){d.bookAccepted, d.endOffers, d.makeOffers} {
		n, err := step(ctx)
		moved += n
		errs = append(errs, err)
	}
	return moved, errors.Join(errs...)
}

// bookAccepted books for those who said yes by text: a reply is taken in within
// one transaction, a booking needs its own.
func (d *Desk) bookAccepted(ctx context.Context) (int, error) {
	rows, err := d.acceptedEntries(ctx, sweepBatch)
	booked := 0
	errs := []error{err}
	for _, row := range rows {
		e, err := d.entryWhere(ctx, "id = ?", row.ID)
		if err == nil {
			_, err = d.bookEntry(ctx, e)
		}
		if err != nil && !fault.Is(err, fault.Conflict) {
			errs = append(errs, fmt.Errorf("book for waiting entry %d: %w", row.ID, err))
			continue
		}
		booked++
	}
	return booked, errors.Join(errs...)
}

// bookEntry books the held time of an entry whose customer said yes. Conflict
// "fault.offer_gone" where it was lost after all; the entry waits on then, and
// the customer is told.
func (d *Desk) bookEntry(ctx context.Context, e *WaitEntry) (*Job, error) {
	job, err := d.Book(ctx, e.request())
	lost := fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid)
	if err != nil && !lost {
		return nil, err
	}
	err = d.changeEntry(ctx, e.ID, func(ctx context.Context, e *WaitEntry) error {
		if e.State != WaitAccepted {
			return nil
		}
		if !lost {
			d.ledTo(e, job)
			return nil
		}
		d.wait(e, false)
		return d.tellEntry(ctx, e, "waitlist_gone")
	})
	if err == nil && lost {
		err = fault.New(fault.Conflict, "fault.offer_gone")
	}
	return job, err
}

// request is the booking of the held time.
func (e *WaitEntry) request() BookingRequest {
	return BookingRequest{
		WorkshopID: e.WorkshopID, ServiceIDs: e.ServiceIDs, AdvisorID: e.OfferWith, Start: e.OfferStart.Time, Transport: e.Transport,
		Customer: ContactInput{Name: e.ContactName, Phone: e.ContactPhone, Email: e.ContactEmail, Locale: e.Locale}, Vehicle: e.Vehicle,
		HoldKey: e.HoldKey, ConsentReminders: true, Source: SourceWeb, PhoneProven: true,
		// Asked again after a crash, it is the same job.
		RequestKey: fmt.Sprintf("%s:%d", e.Subject(), e.Version),
		Actor:      Actor{Kind: "customer", Name: e.ContactName},
	}
}

// bookAtOnce books the held time of a locked entry whose customer has just said
// yes, in the same transaction: the hold has all that the visit takes, so that
// nobody can be quicker. Where it cannot be booked after all the sweep finds
// out, and tells the customer.
func (d *Desk) bookAtOnce(ctx context.Context, e *WaitEntry) error {
	r := e.request()
	p, err := d.plan(ctx, r, true)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) {
		return nil
	}
	if err != nil {
		return err
	}
	job, err := d.store(ctx, p, r, p.advisors[0])
	if err != nil {
		return err
	}
	d.ledTo(e, job)
	return nil
}

// ledTo closes a locked entry that has become a job.
func (d *Desk) ledTo(e *WaitEntry, job *Job) {
	d.closeEntry(e, WaitBooked)
	e.JobID, e.ReplyAt = job.ID, db.Time{}
}

// wait puts an entry back into the queue; answered is false where its offer was
// never answered.
func (d *Desk) wait(e *WaitEntry, answered bool) {
	if !e.OfferStart.IsZero() {
		e.Passed = append(e.Passed, e.OfferStart.Unix())
	}
	e.State, e.Version, e.HoldKey = Waiting, e.Version+1, ""
	e.OfferWith, e.OfferStart, e.OfferUntil, e.CheckAt = 0, db.Time{}, db.Time{}, d.now()
	if answered {
		e.Unanswered = 0
	}
}

// endOffers passes on what nobody answered in time.
func (d *Desk) endOffers(ctx context.Context) (int, error) {
	rows, err := d.lapsedOffers(ctx, sweepBatch)
	ended := 0
	errs := []error{err}
	for _, row := range rows {
		err := d.changeEntry(ctx, row.ID, func(ctx context.Context, e *WaitEntry) error {
			if e.State != WaitOffered || e.OfferUntil.After(d.now().Time) {
				return nil
			}
			return d.passOn(ctx, e, false)
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("end the offer to waiting entry %d: %w", row.ID, err))
			continue
		}
		ended++
	}
	return ended, errors.Join(errs...)
}

// passOn gives the held time of a locked entry to whoever comes next.
func (d *Desk) passOn(ctx context.Context, e *WaitEntry, answered bool) error {
	if err := d.endHold(ctx, e.HoldKey); err != nil {
		return err
	}
	start := e.OfferStart.Time
	if !answered {
		e.Unanswered++
	}
	d.wait(e, answered)
	if e.Unanswered >= maxUnanswered {
		d.closeEntry(e, WaitExpired)
	}
	if _, err := d.notify.Suppress(ctx, e.Subject(), "the offer is over", "waitlist_offer", "waitlist_unclear"); err != nil {
		return err
	}
	return d.freed(ctx, e.WorkshopID, start, start)
}

// closeEntry takes a locked entry off the list.
func (d *Desk) closeEntry(e *WaitEntry, state WaitState) {
	e.State, e.ClosedAt, e.CheckAt, e.OfferUntil = state, d.now(), db.Time{}, db.Time{}
}

// makeOffers looks for a time for every waiting entry of the workshops in which
// any is due to be looked at: all of them and in the order they came, so that
// nobody is passed over for one who happened to be due first.
func (d *Desk) makeOffers(ctx context.Context) (int, error) {
	shops, err := d.shopsToCheck(ctx)
	if err != nil {
		return 0, err
	}
	made := 0
	var errs []error
	for i := range shops {
		local := d.now().In(shops[i].Zone())
		if minute := local.Hour()*60 + local.Minute(); minute < offerFrom || minute >= offerUntil {
			continue // nobody is woken for it
		}
		if quiet := shops[i].manners(); quiet.Quiet(d.now().Time) {
			continue // the clock of an offer starts when its text may go
		}
		n, err := d.offerAt(ctx, &shops[i])
		made += n
		errs = append(errs, err)
	}
	return made, errors.Join(errs...)
}

func (d *Desk) offerAt(ctx context.Context, shop *Workshop) (int, error) {
	until, err := d.OpenAfter(ctx, shop, offerFor)
	if err != nil {
		return 0, err
	}
	made := 0
	var errs []error
	for after := int64(0); ; {
		rows, err := d.waitingEntries(ctx, shop.ID, after, sweepBatch)
		if err != nil {
			return made, errors.Join(append(errs, err)...)
		}
		for i := range rows {
			offered, err := d.offer(ctx, shop, &rows[i], until)
			if err != nil {
				errs = append(errs, fmt.Errorf("look for a time for waiting entry %d: %w", rows[i].ID, err))
			} else if offered {
				made++
			}
			after = rows[i].ID
		}
		if len(rows) < sweepBatch || ctx.Err() != nil {
			return made, errors.Join(append(errs, ctx.Err())...)
		}
	}
}

// offer holds the first time that fits an entry, and tells the customer.
func (d *Desk) offer(ctx context.Context, shop *Workshop, e *WaitEntry, until time.Time) (bool, error) {
	slots, err := d.slotsFor(ctx, shop, e, until)
	if err != nil {
		return false, err
	}
	if len(slots) > 0 {
		if waits, err := d.textWaits(ctx, e); err != nil || waits {
			return false, err
		}
	}
	for _, slot := range slots {
		h, err := d.Hold(ctx, BookingRequest{
			WorkshopID: e.WorkshopID, ServiceIDs: e.ServiceIDs, AdvisorID: e.AdvisorID, Start: slot.Start,
			Transport: e.Transport, Source: SourceWeb, Actor: System,
		})
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) {
			continue // somebody was quicker
		}
		if err != nil {
			return false, err
		}
		return d.sendOffer(ctx, shop, e, h, until)
	}
	return false, d.changeEntry(ctx, e.ID, func(_ context.Context, e *WaitEntry) error {
		if e.State != Waiting {
			return nil
		}
		if e.CheckAt = db.At(d.now().Add(checkEvery)); !e.Latest.After(d.now().Time) {
			d.closeEntry(e, WaitExpired)
		}
		return nil
	})
}

// textWaits tells whether an offer's text could not go now, because the phone has
// got enough for the moment or takes no texts any more: then nothing is held for
// it, and the entry is looked at again when the text may go.
func (d *Desk) textWaits(ctx context.Context, e *WaitEntry) (bool, error) {
	f, err := d.notify.Forecast(ctx, e.Subject(), e.ContactPhone, false)
	if err != nil {
		return false, fmt.Errorf("ask when the text may go: %w", err)
	}
	if !f.Blocked && !f.At.After(d.now().Time) {
		return false, nil
	}
	again := latest(f.At, d.now().Add(checkEvery))
	return true, d.changeEntry(ctx, e.ID, func(_ context.Context, e *WaitEntry) error {
		if e.State == Waiting {
			e.CheckAt = db.At(again)
		}
		return nil
	})
}

// offerEnds is until when an offer of a start may stand: as long as it can be
// booked online.
func offerEnds(shop *Workshop, start, until time.Time) time.Time {
	return earlier(until, start.Add(-time.Duration(shop.MinNoticeMinutes)*time.Minute))
}

// slotsFor lists the free starts that fit an entry, earliest first.
func (d *Desk) slotsFor(ctx context.Context, shop *Workshop, e *WaitEntry, until time.Time) ([]Slot, error) {
	zone, now := shop.Zone(), d.now().Time
	first, last := dateOf(latest(e.Earliest.Time, now), zone), dateOf(e.Latest.Time, zone)
	if last.Before(first.Time) {
		return nil, nil
	}
	if most := first.add(MaxRangeDays); last.After(most.Time) {
		last = most
	}
	found, err := d.Availability(ctx, AvailabilityQuery{
		WorkshopID: e.WorkshopID, ServiceIDs: e.ServiceIDs, AdvisorID: e.AdvisorID, Transport: e.Transport,
		From: first.String(), To: last.String(),
	})
	if fault.Is(err, fault.Invalid) {
		return nil, nil // a service or an advisor is no more: the entry runs out by itself
	}
	if err != nil {
		return nil, err
	}
	var out []Slot
	for _, day := range found.Days {
		for _, slot := range day.Slots {
			fits := !slot.Start.Before(e.Earliest.Time) && !slot.Start.After(e.Latest.Time) &&
				offerEnds(shop, slot.Start, until).Sub(now) >= shortestOffer && !e.passed(slot.Start)
			if fits {
				out = append(out, slot)
			}
		}
	}
	return out, nil
}

// passed tells whether a start has been offered to an entry before.
func (e *WaitEntry) passed(start time.Time) bool {
	for _, unix := range e.Passed {
		if unix == start.Unix() {
			return true
		}
	}
	return false
}

// sendOffer ties a hold to an entry and tells the customer.
func (d *Desk) sendOffer(ctx context.Context, shop *Workshop, e *WaitEntry, h *Hold, until time.Time) (bool, error) {
	offered := false
	err := d.changeEntry(ctx, e.ID, func(ctx context.Context, e *WaitEntry) error {
		if offered = e.State == Waiting; !offered {
			return d.endHold(ctx, h.Key)
		}
		until := offerEnds(shop, h.StartAt.Time, until)
		if runs, err := d.extendHold(ctx, h.Key, until); err != nil || !runs {
			offered = false // it ran out before it was tied to the entry
			return err
		}
		e.State, e.Version, e.HoldKey, e.OfferWith = WaitOffered, e.Version+1, h.Key, h.AdvisorID
		e.OfferStart, e.OfferUntil, e.CheckAt = h.StartAt, db.At(until), db.Time{}
		var err error
		if e.Advisor, err = d.Advisor(ctx, h.AdvisorID); err != nil {
			return err
		}
		return d.tellEntry(ctx, e, "waitlist_offer")
	})
	return offered && err == nil, err
}

// freed tells the waiting list that something between two starts may have
// become free; it joins the caller's transaction.
func (d *Desk) freed(ctx context.Context, workshopID int64, from, to time.Time) error {
	// A longer visit could begin before it.
	return d.checkEntries(ctx, workshopID, from.Add(-24*time.Hour), to)
}
