package booking

import (
	"context"
	"fmt"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// AcceptOffer books the time that is held for an entry and gives the job. Doing
// it twice gives the same job. Conflict "fault.offer_gone" where no time is held
// any more: the entry waits on.
func (d *Desk) AcceptOffer(ctx context.Context, token string) (*Job, error) {
	e, err := d.WaitEntry(ctx, token)
	if err != nil {
		return nil, err
	}
	if e.JobID != 0 {
		return d.Job(ctx, e.JobID)
	}
	err = d.changeEntry(ctx, e.ID, func(ctx context.Context, locked *WaitEntry) error {
		if err := d.accept(ctx, locked); err != nil {
			return err
		}
		*e = *locked
		return nil
	})
	if err != nil {
		return nil, err
	}
	if e.JobID != 0 {
		return d.Job(ctx, e.JobID)
	}
	return d.bookEntry(ctx, e)
}

// accept notes on a locked entry that its customer said yes, and keeps the time
// until it is booked.
func (d *Desk) accept(ctx context.Context, e *WaitEntry) error {
	if e.State == WaitAccepted || e.State == WaitBooked {
		return nil
	}
	if !e.Offered(d.now().Time) {
		return fault.New(fault.Conflict, "fault.offer_gone")
	}
	until := latest(e.OfferUntil.Time, d.now().Add(acceptedHold))
	if err := d.extendHold(ctx, e.HoldKey, until); err != nil {
		return err
	}
	e.State, e.Unanswered, e.OfferUntil, e.CheckAt = WaitAccepted, 0, db.Time{}, d.now()
	return nil
}

// DeclineOffer passes the held time on to the next; the entry waits for another.
// Where none is held nothing happens.
func (d *Desk) DeclineOffer(ctx context.Context, token string) error {
	e, err := d.WaitEntry(ctx, token)
	if err != nil {
		return err
	}
	return d.changeEntry(ctx, e.ID, func(ctx context.Context, e *WaitEntry) error {
		if e.State != WaitOffered {
			return nil
		}
		return d.passOn(ctx, e, true)
	})
}

// LeaveWaitlist takes an entry off the list and passes on what is held for it. A
// second time is harmless.
func (d *Desk) LeaveWaitlist(ctx context.Context, token string) error {
	e, err := d.WaitEntry(ctx, token)
	if err != nil {
		return err
	}
	return d.changeEntry(ctx, e.ID, func(ctx context.Context, e *WaitEntry) error {
		switch e.State {
		case WaitOffered:
			if err := d.passOn(ctx, e, true); err != nil {
				return err
			}
		case Waiting:
		default:
			return nil // it has led to a job, or is over
		}
		d.closeEntry(e, WaitLeft)
		return nil
	})
}

// waitReply deals with what somebody on the list texted, inside the transaction
// that stores it. What is neither yes nor no is asked about once; anything after
// that is for a person.
func (d *Desk) waitReply(ctx context.Context, id int64, r notify.Reply) (bool, error) {
	handled := false
	err := d.changeEntry(ctx, id, func(ctx context.Context, e *WaitEntry) error {
		if e.JobID != 0 {
			handled = true
			return d.copyToJob(ctx, e, r)
		}
		if !r.Message.Verified {
			return nil // a stranger decides nothing
		}
		said := readAnswer(r.Message.Body)
		switch {
		case e.Offered(d.now().Time) && said == saidYes:
			handled = true
			return d.accept(ctx, e)
		case e.State == WaitOffered && said == saidNo:
			handled = true
			return d.passOn(ctx, e, true)
		case e.Open() && e.State != WaitAccepted && said == saidYes:
			handled = true
			return d.tellEntry(ctx, e, "waitlist_gone")
		case e.Offered(d.now().Time):
			return d.askAgain(ctx, e, r, &handled)
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("take the answer of waiting entry %d: %w", id, err)
	}
	return handled, nil
}

// askAgain asks once what an answer meant.
func (d *Desk) askAgain(ctx context.Context, e *WaitEntry, r notify.Reply, handled *bool) error {
	if asked, err := d.asked(ctx, notify.Reply{Subject: r.Subject}, "waitlist_unclear"); err != nil || asked {
		return err
	}
	*handled = true
	return d.tellEntry(ctx, e, "waitlist_unclear")
}

// copyToJob puts what was answered to the list's text after the booking on the
// thread of the job, where the advisor reads it.
func (d *Desk) copyToJob(ctx context.Context, e *WaitEntry, r notify.Reply) error {
	m := r.Message
	m.InReplyTo, m.InboundID = "", 0
	_, err := d.notify.Record(ctx, SubjectOf(e.JobID), m)
	return err
}
