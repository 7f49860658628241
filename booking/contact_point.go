package booking

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// ContactPoint is an address or a number that is a customer's beside the one on
// file, because somebody of ours has confirmed it.
type ContactPoint struct {
	CustomerID  int64          `gorm:"primaryKey;autoIncrement:false"`
	Channel     notify.Channel `gorm:"primaryKey"`
	Address     string         `gorm:"primaryKey"`
	ConfirmedBy string
	ConfirmedAt db.Time
}

// ConfirmContact takes the sender of a message on a job for its customer's own
// address from now on, on every job of that customer that is open or to come. Only
// a member of staff who knows it may say so: nothing learns an address by itself.
// Conflict where the message has no sender that could be learned.
func (d *Desk) ConfirmContact(ctx context.Context, jobID, messageID int64, a Actor) error {
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		m, err := d.messageOf(ctx, j, messageID)
		if err != nil {
			return err
		}
		if m.Channel != notify.SMS && m.Channel != notify.Email || m.FromAddress == "" || m.Kind != notify.Human && m.Kind != "" {
			return fault.New(fault.Conflict, "fault.unknown_sender")
		}
		if m.Verified {
			return nil
		}
		p := ContactPoint{CustomerID: j.CustomerID, Channel: m.Channel, Address: m.FromAddress, ConfirmedBy: a.named(""), ConfirmedAt: d.now()}
		if err := d.storeContactPoint(ctx, &p); err != nil {
			return err
		}
		subjects, err := d.openSubjects(ctx, j.CustomerID)
		if err != nil {
			return err
		}
		if !slices.Contains(subjects, j.Subject()) {
			subjects = append(subjects, j.Subject())
		}
		if err := d.notify.Recognise(ctx, subjects, p.participant()); err != nil {
			return err
		}
		if err := d.settle(ctx, j.ID, a, NeedsVerifying); err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return d.event(ctx, j, a, JobEvent{Kind: EventOther, State: "contact_confirmed", Body: m.FromAddress})
	})
	if err != nil {
		return fmt.Errorf("confirm the sender of message %d on job %d: %w", messageID, jobID, err)
	}
	return nil
}

// messageOf gives an inbound message of a job; NotFound where it is another's.
func (d *Desk) messageOf(ctx context.Context, j *Job, messageID int64) (*notify.Message, error) {
	m, thread, err := d.notify.Message(ctx, messageID)
	if err != nil {
		return nil, err
	}
	if thread.Subject != j.Subject() || m.Direction != notify.In {
		return nil, notFound()
	}
	return m, nil
}

// MoveMessage puts what a customer wrote on another job, with the reason, which
// both jobs keep. The other job's advisor sees it as if it had just come; what the
// first job's had open for it is settled. Conflict where it is there already.
func (d *Desk) MoveMessage(ctx context.Context, messageID, fromJob, toJob int64, reason string, a Actor) (*notify.Message, error) {
	var check checker
	reason = check.text("body.reason", reason, maxNote, false)
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	var moved *notify.Message
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		from, err := d.lockJob(ctx, fromJob)
		if err != nil {
			return err
		}
		to, err := d.Job(ctx, toJob)
		if err != nil {
			return err
		}
		if _, err := d.messageOf(ctx, from, messageID); err != nil {
			return err
		}
		occasion := ""
		for _, f := range d.onMoving {
			answered, err := f(ctx, messageID, from, to, a)
			if err != nil {
				return fmt.Errorf("take back what the message did: %w", err)
			}
			occasion = cmp.Or(occasion, answered)
		}
		if moved, err = d.notify.Move(ctx, messageID, to.Subject(), a.named(""), reason, occasion); err != nil {
			return err
		}
		if err := d.settle(ctx, from.ID, a, NeedsReply, NeedsVerifying, NeedsReading); err != nil {
			return err
		}
		d.ring(ctx, from.WorkshopID, from.ID)
		d.ring(ctx, to.WorkshopID, to.ID)
		why := func(reference string) string { return strings.TrimSpace(reference + "\n" + reason) }
		if err := d.event(ctx, from, a, JobEvent{Kind: EventOther, State: "message_moved_to", Body: why(to.Reference)}); err != nil {
			return err
		}
		return d.event(ctx, to, a, JobEvent{Kind: EventOther, State: "message_moved_from", Body: why(from.Reference)})
	})
	if err != nil {
		return nil, fmt.Errorf("move message %d from job %d to job %d: %w", messageID, fromJob, toJob, err)
	}
	return moved, nil
}
