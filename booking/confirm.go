package booking

import (
	"context"
	"time"

	"neuvo/internal/fault"
	"neuvo/notify"
)

// confirmWithin is how long a booking may wait for its phone to be proven.
const confirmWithin = 20 * time.Minute

// tellBooked tells of a new booking: that it stands or, where its phone is to
// be proven first, the code. What is brought in has been told elsewhere.
func (d *Desk) tellBooked(ctx context.Context, j *Job, services []Service) error {
	switch {
	case j.Source == SourceImport:
		return nil
	case j.Status == Unconfirmed:
		return d.sendCode(ctx, j, CodeConfirm)
	}
	_, err := d.tell(ctx, j, telling{occasion: "booked", both: true, services: services})
	return err
}

// Confirm takes the code of an unconfirmed booking; only then it is booked and
// the customer told so. The right code once more, a second tap on the button,
// gives the booking as it is. Forbidden as for CheckCode; Conflict
// "fault.booking_confirmed" for another code where the booking stands already,
// "fault.booking_lapsed" where its time has been given back; NotFound for an
// unknown token.
func (d *Desk) Confirm(ctx context.Context, token, code string) (*Job, error) {
	j, err := d.JobByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	if j.Status != Unconfirmed {
		return d.confirmedWith(ctx, j, code)
	}
	customer := Actor{Kind: "customer", Name: j.ContactName}
	refused := d.checkCode(ctx, j.ID, CodeConfirm, code, customer, func(ctx context.Context, j *Job) error {
		if j.Status != Unconfirmed {
			return nil
		}
		_, _, err := d.transition(ctx, j, TransitionRequest{JobID: j.ID, To: Booked, Actor: customer})
		return err
	})
	if refused != nil && !fault.Is(refused, fault.Forbidden) {
		return nil, refused
	}
	if j, err = d.Job(ctx, j.ID); err != nil || refused == nil {
		return j, err
	}
	if j.Status == Unconfirmed {
		return nil, refused
	}
	return d.confirmedWith(ctx, j, code) // another tap was quicker
}

// confirmedWith answers a code for a booking that waits for none any more: the
// one that confirmed it changes nothing, any other is refused.
func (d *Desk) confirmedWith(ctx context.Context, j *Job, code string) (*Job, error) {
	if err := lapsed(j); err != nil {
		return nil, err
	}
	c, err := d.newestCode(ctx, j.ID, CodeConfirm)
	if err != nil {
		return nil, err
	}
	if c != nil && !c.UsedAt.IsZero() {
		right, err := d.isCode(ctx, c, code)
		if err != nil || right {
			return j, err
		}
	}
	return nil, fault.New(fault.Conflict, "fault.booking_confirmed")
}

// lapsed refuses what concerns the code of a booking whose time was given back.
func lapsed(j *Job) error {
	if j.Status == Cancelled {
		return fault.New(fault.Conflict, "fault.booking_lapsed")
	}
	return nil
}

// SendConfirmation sends the code of an unconfirmed booking once more. Conflict
// "fault.booking_confirmed" where it waits for none, and nothing is sent. Other
// errors as for Confirm and SendCode.
func (d *Desk) SendConfirmation(ctx context.Context, token string) (*Job, error) {
	j, err := d.JobByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	if err := lapsed(j); err != nil {
		return nil, err
	}
	if j.Status != Unconfirmed {
		return nil, fault.New(fault.Conflict, "fault.booking_confirmed")
	}
	return j, d.SendCode(ctx, j.ID, CodeConfirm)
}

// SendVerification sends a code to the phone on file of a job, so that whoever
// stands at the desk or is on the phone can prove to hold it. It gives the
// number. Errors as for SendCode.
func (d *Desk) SendVerification(ctx context.Context, jobID int64) (phone string, err error) {
	if err := d.SendCode(ctx, jobID, CodeDesk); err != nil {
		return "", err
	}
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return "", err
	}
	return codePhone(j), nil
}

// ConfirmVerification takes the code that a customer read to the staff; the
// timeline keeps when, and by whom. Errors as for CheckCode.
func (d *Desk) ConfirmVerification(ctx context.Context, jobID int64, code string, a Actor) error {
	return d.checkCode(ctx, jobID, CodeDesk, code, a, nil)
}

// FreeUnconfirmed gives back the times of bookings whose phone was not proven in
// time, and tells how many. Nobody is told: nothing was ever promised. It is
// idempotent, and one that fails stops no other.
func (d *Desk) FreeUnconfirmed(ctx context.Context) (int, error) {
	return d.sweep(ctx, "give back unconfirmed job", d.unconfirmedSince, func(ctx context.Context, j *Job) (bool, error) {
		if j.Status != Unconfirmed || j.CreatedAt.After(d.now().Add(-confirmWithin)) {
			return false, nil
		}
		if _, err := d.notify.Suppress(ctx, j.Subject(), "the booking was not confirmed", "code"); err != nil {
			return false, err
		}
		_, _, err := d.transition(ctx, j, TransitionRequest{JobID: j.ID, To: Cancelled, Actor: System})
		return err == nil, err
	})
}

// asked tells whether the last text that a job's customer got is of an occasion,
// so that a bare "yes" can only be the answer to it.
func (d *Desk) asked(ctx context.Context, r notify.Reply, occasion string) (bool, error) {
	if r.InReplyToOccasion != "" {
		return r.InReplyToOccasion == occasion, nil
	}
	messages, err := d.notify.Messages(ctx, r.Subject)
	if err != nil {
		return false, err
	}
	for i := len(messages) - 1; i >= 0; i-- {
		m := &messages[i]
		if m.Direction == notify.Out && m.State != notify.Suppressed && m.State != notify.Failed && m.State != notify.Expired {
			return m.Occasion == occasion, nil
		}
	}
	return false, nil
}
