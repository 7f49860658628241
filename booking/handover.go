package booking

import (
	"context"
	"strings"

	"neuvo/internal/fault"
	"neuvo/notify"
)

// HandoverRequest for Handover.
type HandoverRequest struct {
	JobID int64
	To    int64  // the advisor who takes over
	Note  string // what the colleague should know; the customer never sees it
	// Send tells the customer who takes over. A colleague who only minds the
	// thread for an hour needs no telling.
	Send   bool
	AtOnce bool // also in the quiet hours
	Actor  Actor
}

// Handover gives a received job to another advisor of the workshop, who signs
// and owns its thread, its promises and what waits for attention from then on.
// Whoever has it already keeps it, and nothing is sent. A job that nobody has
// received yet is moved with Change (Conflict).
func (d *Desk) Handover(ctx context.Context, r HandoverRequest) error {
	var check checker
	note := check.text("body.note", r.Note, maxNote, false)
	if err := invalid(check.bad); err != nil {
		return err
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, r.JobID)
		if err != nil {
			return err
		}
		to, err := d.Advisor(ctx, r.To)
		if fault.Is(err, fault.NotFound) || err == nil && (to.WorkshopID != j.WorkshopID || !to.Active) {
			return fault.BadField("body.advisor_id", "fault.advisor_unknown", r.To)
		} else if err != nil {
			return err
		}
		from := j.ReceivedBy
		switch from {
		case 0:
			return fault.New(fault.Conflict, "fault.handover_early")
		case to.ID:
			return nil
		}
		j.ReceivedBy = to.ID
		j.Revision++
		if err := d.saveJob(ctx, j); err != nil {
			return err
		}
		promises, err := d.reassign(ctx, j.ID, to.ID)
		if err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		if err := d.event(ctx, j, r.Actor, JobEvent{Kind: EventOther, State: occasionHandover, Body: strings.TrimSpace(to.Name + "\n" + note)}); err != nil {
			return err
		}
		// Of what is over the customer expects no word from anybody, unless a call
		// is still promised.
		if r.Send && (j.ClosedAt.IsZero() || promises > 0) {
			return d.tellHandover(ctx, j.ID, from, r.AtOnce)
		}
		return d.forgetHandover(ctx, j)
	})
}

// occasionHandover tells who has taken a job over.
const occasionHandover = "handover"

// tellHandover tells the customer who takes over from whom. What an earlier
// hand-over wanted to say and has not said is not true any more; where the job
// is back with whom the customer last heard of, there is nothing to say at all.
func (d *Desk) tellHandover(ctx context.Context, jobID, from int64, atOnce bool) error {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return err
	}
	unsaid, err := d.notify.Suppress(ctx, j.Subject(), handedOn, occasionHandover)
	if err != nil {
		return err
	}
	former, err := d.Advisor(ctx, from)
	if err != nil {
		return err
	}
	t := telling{occasion: occasionHandover, former: former.FirstName(), atOnce: atOnce}
	if unsaid > 0 {
		last, err := d.lastSigned(ctx, j.Subject())
		if err != nil || last == j.Advisor.Name {
			return err
		}
		t.former = firstName(last)
	}
	_, err = d.tell(ctx, j, t)
	return err
}

// handedOn is why the text of an earlier hand-over does not go.
const handedOn = "the job has been handed on"

// forgetHandover drops what an earlier hand-over has not said yet.
func (d *Desk) forgetHandover(ctx context.Context, j *Job) error {
	_, err := d.notify.Suppress(ctx, j.Subject(), handedOn, occasionHandover)
	return err
}

// lastSigned is who signed the last message to a customer that was not dropped,
// "" where there is none.
func (d *Desk) lastSigned(ctx context.Context, subject string) (string, error) {
	messages, err := d.notify.Messages(ctx, subject)
	if err != nil {
		return "", err
	}
	for i := len(messages) - 1; i >= 0; i-- {
		if m := &messages[i]; m.Direction == notify.Out && m.State != notify.Suppressed && m.Author != "" {
			return m.Author, nil
		}
	}
	return "", nil
}
