package booking

import (
	"context"
	"fmt"
	"slices"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// moves are the moves of a job that make sense, the usual one first. Some undo a
// mistaken tap, see undoes.
var moves = map[Status][]Status{
	Unconfirmed:     {Booked, Cancelled},
	Booked:          {Received, NoShow, Cancelled},
	Received:        {InWork, WaitingApproval, WaitingParts, Ready, Booked, Cancelled},
	InWork:          {Ready, WaitingApproval, WaitingParts, Received, Cancelled},
	WaitingApproval: {InWork, WaitingParts, Ready, Cancelled},
	WaitingParts:    {InWork, WaitingApproval, Ready, Cancelled},
	Ready:           {Collected, InWork, WaitingApproval, WaitingParts},
	Collected:       {Ready},
	NoShow:          {Received},
}

// undoes are the moves that take another back: a job that was not received after
// all, work that goes on after "ready", a car that still stands there, a
// customer who came late after all. What the other move wanted to tell is not
// true any more.
var undoes = map[[2]Status]bool{
	{Received, Booked}: true,
	{InWork, Received}: true,
	{Ready, InWork}:    true,
	{Collected, Ready}: true,
	{NoShow, Received}: true,
}

// silent are the moves that only put right what the customer never heard of.
var silent = map[[2]Status]bool{
	{Unconfirmed, Booked}: true,
	{Received, Booked}:    true,
	{InWork, Received}:    true,
	{Collected, Ready}:    true,
}

// NextStatuses gives the statuses that a job may move to from one, the usual
// first; for a job that has been closed by mistake only the way back.
func NextStatuses(s Status) []Status { return slices.Clone(moves[s]) }

// occasionOf is the text of a move, "" where the customer has nothing to hear.
func occasionOf(from, to Status) string {
	if silent[[2]Status{from, to}] || to == Booked || to == Unconfirmed {
		return ""
	}
	if to == InWork && from != Received {
		return occasionResumed // the customer has heard that it began
	}
	return string(to)
}

// occasionResumed tells that work goes on which had to wait.
const occasionResumed = "resumed"

// Transition moves a job along its life and tells the customer where asked to.
// A move that makes no sense and a Revision that is not the job's are Conflicts.
// A job that is there already stays as it is and nothing is sent, so that a
// double tap is harmless. The text is signed by the advisor who received.
func (d *Desk) Transition(ctx context.Context, r TransitionRequest) (*Job, *notify.Message, error) {
	var check checker
	r.Body = check.text("body.message.body", r.Body, maxNote, false)
	if !slices.Contains(Statuses, r.To) {
		check.fail("body.to", "fault.status_unknown", string(r.To))
	}
	if err := invalid(check.bad); err != nil {
		return nil, nil, err
	}
	var job *Job
	var sent *notify.Message
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, r.JobID)
		if err != nil {
			return err
		}
		job, sent, err = d.transition(ctx, j, r)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return job, sent, nil
}

// transition is Transition on a locked job.
func (d *Desk) transition(ctx context.Context, j *Job, r TransitionRequest) (*Job, *notify.Message, error) {
	from, wasOpen := j.Status, j.ClosedAt.IsZero()
	if from == r.To && (r.ReadyBy.IsZero() || r.ReadyBy.Equal(j.ReadyBy.Time)) {
		return j, nil, nil
	}
	if r.Revision != 0 && r.Revision != j.Revision {
		return nil, nil, fault.New(fault.Conflict, "fault.job_changed")
	}
	if err := d.move(ctx, j, r); err != nil {
		return nil, nil, err
	}
	if from != r.To {
		if err := d.planRecall(ctx, j); err != nil {
			return nil, nil, err
		}
	}
	j.Revision++
	if err := d.saveJob(ctx, j); err != nil {
		return nil, nil, err
	}
	if wasOpen != j.ClosedAt.IsZero() {
		if err := d.notify.SetClosed(ctx, j.Subject(), j.ClosedAt); err != nil {
			return nil, nil, err
		}
	}
	if err := d.keepReadyBy(ctx, j, from); err != nil {
		return nil, nil, err
	}
	if from == r.To { // only the promised time is new
		err := d.event(ctx, j, r.Actor, JobEvent{Kind: EventOther, State: "ready_by", Body: j.ReadyBy.In(j.zone()).Format(detailTime)})
		d.ring(ctx, j.WorkshopID, j.ID)
		return j, nil, err
	}
	if err := d.event(ctx, j, r.Actor, JobEvent{Kind: EventStatus, State: string(r.To)}); err != nil {
		return nil, nil, err
	}
	if err := d.aftermath(ctx, j, from); err != nil {
		return nil, nil, err
	}
	full, err := d.Job(ctx, j.ID) // the owner may be another
	if err != nil {
		return nil, nil, err
	}
	sent, err := d.tellMove(ctx, full, from, r)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range d.onStatus {
		if err := f(ctx, full, from, r.To); err != nil {
			return nil, nil, err
		}
	}
	d.ring(ctx, full.WorkshopID, full.ID)
	return full, sent, nil
}

// tellMove tells the customer of a move where asked to. That a booking has been
// confirmed is always told: until then nothing was.
func (d *Desk) tellMove(ctx context.Context, j *Job, from Status, r TransitionRequest) (*notify.Message, error) {
	if from == Unconfirmed && r.To == Booked {
		return nil, d.tellBooked(ctx, j, nil)
	}
	t, err := d.moveTelling(ctx, j, from, r.To)
	if err != nil || !r.Send || t.occasion == "" && r.Body == "" {
		return nil, err
	}
	if t.occasion == "" {
		t.occasion = "advisor"
	}
	t.body, t.sign, t.atOnce = r.Body, r.Sign, r.AtOnce
	return d.tell(ctx, j, t)
}

// moveTelling is what there is to tell of a move; its occasion is "" where there
// is nothing.
func (d *Desk) moveTelling(ctx context.Context, j *Job, from, to Status) (telling, error) {
	t := telling{occasion: occasionOf(from, to), both: to == Cancelled}
	var err error
	if to == NoShow {
		t.link, err = d.rebookLink(ctx, j)
	}
	return t, err
}

// move checks a move and makes it on the row.
func (d *Desk) move(ctx context.Context, j *Job, r TransitionRequest) error {
	from, now := j.Status, d.now()
	if err := d.allowed(j, r.To); err != nil {
		return err
	}
	// The time that stands may have passed: only a new promise must be ahead.
	if !r.ReadyBy.IsZero() && !r.ReadyBy.Equal(j.ReadyBy.Time) {
		if !r.ReadyBy.After(now.Time) || r.ReadyBy.After(now.AddDate(1, 0, 0)) {
			return fault.BadField("body.ready_by", "fault.ready_by", r.ReadyBy.Format(time.RFC3339))
		}
		j.ReadyBy = db.At(r.ReadyBy)
	}
	if from == r.To {
		return nil
	}
	j.Status = r.To
	switch r.To {
	case Booked:
		j.ReceivedBy, j.ReceivedAt, j.ReadyBy = 0, db.Time{}, db.Time{}
		d.schedule(j, j.Workshop, j.StartAt.Time, j.EndAt.Time)
		return nil
	case Received:
		if from != InWork {
			by, err := d.receiver(ctx, j, r)
			if err != nil {
				return err
			}
			j.ReceivedBy, j.ReceivedAt = by, now
		}
		d.reopen(j)
	case Ready:
		if from != Collected {
			j.ReadyAt = now
		}
		d.reopen(j)
	case InWork, WaitingApproval, WaitingParts:
		j.ReadyAt = db.Time{}
	case Cancelled:
		j.Version++
		d.close(j)
	case Collected, NoShow:
		d.close(j)
	}
	j.RemindAt = db.Time{}
	return nil
}

// allowed tells whether a job may move to a status now; a Conflict where not.
func (d *Desk) allowed(j *Job, to Status) error {
	if j.Status == to {
		return nil
	}
	if !slices.Contains(moves[j.Status], to) {
		return fault.New(fault.Conflict, "fault.move").With("from", string(j.Status)).With("to", string(to))
	}
	if to == NoShow && d.now().Before(j.StartAt.Time) {
		return fault.New(fault.Conflict, "fault.no_show_early")
	}
	return nil
}

// receiver is who receives the customer: who acts, else who it was booked with.
func (d *Desk) receiver(ctx context.Context, j *Job, r TransitionRequest) (int64, error) {
	by := r.By
	if by == 0 {
		by = r.Actor.Advisor
	}
	if by == 0 || by == j.BookedWith {
		return j.BookedWith, nil
	}
	a, err := d.Advisor(ctx, by)
	if fault.Is(err, fault.NotFound) || err == nil && (a.WorkshopID != j.WorkshopID || !a.Active) {
		return 0, fault.BadField("body.by", "fault.advisor_unknown", by)
	}
	return by, err
}

// aftermath is what a move brings with it: claims given back, queued texts that
// no longer hold dropped.
func (d *Desk) aftermath(ctx context.Context, j *Job, from Status) error {
	if j.Status == Cancelled || j.Status == NoShow {
		if err := d.freeJob(ctx, j); err != nil {
			return err
		}
		if err := d.freed(ctx, j.WorkshopID, j.StartAt.Time, j.EndAt.Time); err != nil {
			return err
		}
	}
	if j.Status == Cancelled || j.Status == NoShow || j.Status == Collected {
		if err := d.withdrawEstimates(ctx, j); err != nil {
			return err
		}
	}
	outdated := []string{"reminder"}
	if undoes[[2]Status{from, j.Status}] {
		outdated = append(outdated, string(from))
		if from == InWork {
			outdated = append(outdated, occasionResumed)
		}
	}
	if _, err := d.notify.Suppress(ctx, j.Subject(), "the job has moved on", outdated...); err != nil {
		return fmt.Errorf("drop outdated texts of job %d: %w", j.ID, err)
	}
	return nil
}

// Preview gives exactly the text that Transition would send for a move without
// a body of its own: signed by whoever would own the job then, with the ready-by
// time that is about to be promised. "" where nothing would go.
func (d *Desk) Preview(ctx context.Context, jobID int64, to Status, readyBy time.Time, by int64) (text string, err error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return "", err
	}
	from := j.Status
	occasion := occasionOf(from, to)
	if j.Status == to || occasion == "" {
		return "", d.allowed(j, to)
	}
	if err := d.move(ctx, j, TransitionRequest{To: to, ReadyBy: readyBy, By: by}); err != nil {
		return "", err
	}
	if j.Advisor == nil || j.Advisor.ID != j.Owner() {
		if j.Advisor, err = d.Advisor(ctx, j.Owner()); err != nil {
			return "", err
		}
	}
	channels := channelsOf(j, false)
	if len(channels) == 0 {
		return "", nil
	}
	t, err := d.moveTelling(ctx, j, from, to)
	if err != nil {
		return "", err
	}
	_, text, err = d.compose(ctx, j, t, channels[0])
	return text, err
}
