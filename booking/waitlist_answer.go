package booking

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	// From here on the hold cannot run out under the booking.
	until := latest(e.OfferUntil.Time, d.now().Add(acceptedHold))
	if runs, err := d.extendHold(ctx, e.HoldKey, until); err != nil {
		return err
	} else if !runs {
		return fault.New(fault.Conflict, "fault.offer_gone")
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
	return d.changeEntry(ctx, e.ID, d.leave)
}

// stopWaiting takes whoever has said STOP to all that is not part of the work off
// the waiting lists: an offer is not part of it.
func (d *Desk) stopWaiting(ctx context.Context, address string, want map[notify.Purpose]bool) error {
	for _, p := range notify.ConsentPurposes {
		if given, named := want[p]; !named || given {
			return nil
		}
	}
	rows, err := d.entriesOfPhone(ctx, address)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := d.changeEntry(ctx, rows[i].ID, d.leave); err != nil {
			return fmt.Errorf("take waiting entry %d off the list: %w", rows[i].ID, err)
		}
	}
	return nil
}

// leave is LeaveWaitlist on a locked entry.
func (d *Desk) leave(ctx context.Context, e *WaitEntry) error {
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
}

// waitReply deals with what somebody on the list texted, inside the transaction
// that stores it. A yes to the time that is held books it there and then. What
// is neither yes nor no is asked about once, and stands on the entry for the
// desk to read, as does all else that asks for a person.
func (d *Desk) waitReply(ctx context.Context, id int64, r notify.Reply) (bool, error) {
	err := d.changeEntry(ctx, id, func(ctx context.Context, e *WaitEntry) error {
		if e.JobID != 0 {
			return d.copyToJob(ctx, e, r)
		}
		if !r.Message.Verified {
			d.unread(e, r) // a stranger decides nothing
			return nil
		}
		if isStop(r.Message.Body) {
			return d.leave(ctx, e)
		}
		offered, said := e.Offered(d.now().Time), readAnswer(r.Message.Body)
		switch {
		case said == saidYes && e.State == WaitAccepted:
			return nil // it is being booked
		case said == saidYes && offered:
			err := d.accept(ctx, e)
			if fault.Is(err, fault.Conflict) {
				return d.tellEntry(ctx, e, "waitlist_gone")
			}
			if err != nil {
				return err
			}
			return d.bookAtOnce(ctx, e)
		case said == saidYes && e.Open():
			return d.tellEntry(ctx, e, "waitlist_gone")
		case said == saidYes:
			return d.tellEntry(ctx, e, "waitlist_over")
		case said == saidNo && e.State == WaitOffered:
			return d.passOn(ctx, e, true)
		case said == saidNo:
			return nil // to what is over
		}
		d.unread(e, r)
		if offered {
			return d.askAgain(ctx, e, r)
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("take the answer of waiting entry %d: %w", id, err)
	}
	return true, nil
}

// unread puts what was written in front of the desk, on the entry.
func (d *Desk) unread(e *WaitEntry, r notify.Reply) {
	e.Reply, e.ReplyAt = excerpt(r.Message.Body), d.now()
}

// askAgain asks once what an answer meant.
func (d *Desk) askAgain(ctx context.Context, e *WaitEntry, r notify.Reply) error {
	if asked, err := d.asked(ctx, notify.Reply{Subject: r.Subject}, "waitlist_unclear"); err != nil || asked {
		return err
	}
	return d.tellEntry(ctx, e, "waitlist_unclear")
}

// stopWords as the whole of a text ask for silence.
var stopWords = []string{
	"stop", "stopp", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "optout", "opt out", "opt-out", "revoke",
	"seis", "lopeta", "lopeta viestit", "ei viestejä", "poista", "peru", "peruuta", "kiellä",
	"sluta", "avsluta", "avbryt", "avregistrera", "avanmäl", "avprenumerera",
}

// isStop tells whether a text is nothing but an opt-out keyword.
func isStop(body string) bool {
	return slices.Contains(stopWords, strings.Trim(strings.ToLower(body), ".! \"'*\n\t"))
}

// undelivered passes on the time of somebody whom its offer did not reach.
func (d *Desk) undelivered(ctx context.Context, id int64) error {
	return d.changeEntry(ctx, id, func(ctx context.Context, e *WaitEntry) error {
		if e.State != WaitOffered {
			return nil
		}
		return d.passOn(ctx, e, false)
	})
}

// copyToJob puts what was answered to the list's text after the booking on the
// thread of the job, where the advisor reads it.
func (d *Desk) copyToJob(ctx context.Context, e *WaitEntry, r notify.Reply) error {
	m := r.Message
	m.InReplyTo, m.InboundID = "", 0
	_, err := d.notify.Record(ctx, SubjectOf(e.JobID), m)
	return err
}
