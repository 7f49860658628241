package booking

import (
	"context"
	"errors"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// Change moves a booking to another start or advisor, or changes how the
// customer comes; zero fields stay. Only a visit that has not begun can be
// changed (Conflict). A customer may choose what Availability offers, the desk
// as for Book; a start that is taken is a *SlotTaken. The old claims are given
// back, texts about the old time are dropped, and the customer is told.
func (d *Desk) Change(ctx context.Context, jobID int64, c ChangeRequest, a Actor) (*Job, error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	if err := d.mayChange(j, a); err != nil {
		return nil, err
	}
	// Where another was quicker something else may do as well: another bay, or
	// labour of another day.
	for left := changeTries; ; left-- {
		p, err := d.changePlan(ctx, j, &c, a)
		if err != nil || p == nil {
			return j, err
		}
		err = d.db.Tx(ctx, func(ctx context.Context) error { return d.change(ctx, p, j, c, a) })
		switch {
		case err == nil:
			return d.Job(ctx, jobID)
		case !errors.Is(err, errTaken):
			return nil, err
		case left == 0:
			return nil, d.taken(ctx, p, c.AdvisorID)
		}
	}
}

// changeTries is how often a change is looked at again after it lost a race.
const changeTries = 3

// changeable tells whether a visit has not begun yet.
func changeable(s Status) bool { return s == Booked || s == Unconfirmed }

// mayChange tells whether somebody may move a visit or call it off now; a
// Conflict where not: the visit has begun, or it is so near that a customer
// writes to the advisor instead.
func (d *Desk) mayChange(j *Job, a Actor) error {
	switch {
	case j.Status == Cancelled:
		return fault.New(fault.Conflict, "fault.job_cancelled")
	case !changeable(j.Status):
		return fault.New(fault.Conflict, "fault.job_begun")
	}
	if a.Kind == "customer" && !d.now().Before(ChangeUntil(j)) {
		return fault.New(fault.Conflict, "fault.change_notice").With("minutes", templates.Minutes(j.Locale, j.Workshop.ChangeNoticeMinutes))
	}
	return nil
}

// ChangeUntil is until when the customer of a job may move it or call it off
// without asking anybody. A booking whose phone has not been proven yet may be
// given up at any time.
func ChangeUntil(j *Job) time.Time {
	if j.Status == Unconfirmed {
		return j.StartAt.Time
	}
	return j.StartAt.Add(-time.Duration(j.Workshop.ChangeNoticeMinutes) * time.Minute)
}

// changePlan checks a change and finds whether it can be; nil where nothing
// would change. It fills in what stays.
func (d *Desk) changePlan(ctx context.Context, j *Job, c *ChangeRequest, a Actor) (*plan, error) {
	if c.Start.IsZero() {
		c.Start = j.StartAt.Time
	}
	if c.AdvisorID == 0 {
		c.AdvisorID = j.BookedWith
	}
	if c.Transport == "" {
		c.Transport = j.Transport
	}
	if c.Start.Equal(j.StartAt.Time) && c.AdvisorID == j.BookedWith && c.Transport == j.Transport {
		return nil, nil
	}
	if c.Start.Year() < 2000 || c.Start.Year() > 2200 {
		return nil, fault.BadField("body.start", "fault.time", nil)
	}
	need, bad, err := d.demandOfJob(ctx, j, c.Transport)
	if err == nil {
		err = invalid(bad)
	}
	if err != nil {
		return nil, err
	}
	source := SourceDesk
	if a.Kind == "customer" {
		source = SourceWeb
	}
	cal, err := d.snapshot(ctx, j.WorkshopID)
	if err != nil {
		return nil, err
	}
	p := &plan{shop: j.Workshop, cal: cal, need: need, start: c.Start.In(j.Workshop.Zone()), transport: c.Transport}
	if c.Start.Equal(j.StartAt.Time) && c.AdvisorID == j.BookedWith && !cal.needsMore(&need) && j.BayID == 0 && j.LoanerID == 0 {
		return p, nil // nothing else is taken in another way of coming
	}
	if !d.db.InTx(ctx) {
		if _, err := d.endExpired(ctx); err != nil {
			return nil, err
		}
	}
	return p, d.whoCan(ctx, p, c.AdvisorID, source, holder{jobID: j.ID}, 0, "")
}

// needsMore tells whether a demand takes anything here besides an advisor.
func (c *calendar) needsMore(need *demand) bool {
	return need.work > 0 && len(c.bays) > 0 || need.span > 0 && len(c.loaners) > 0 ||
		len(need.labour) > 0 && len(c.pools) > 0 || len(c.limits) > 0
}

// change is the transaction of Change.
func (d *Desk) change(ctx context.Context, p *plan, seen *Job, c ChangeRequest, a Actor) error {
	j, err := d.lockJob(ctx, seen.ID)
	if err != nil {
		return err
	}
	if err := d.mayChange(j, a); err != nil {
		return err
	}
	if j.Version != seen.Version {
		return fault.New(fault.Conflict, "fault.job_changed")
	}
	moved := !j.StartAt.Equal(p.start) || j.BookedWith != c.AdvisorID
	if len(p.advisors) > 0 {
		mine := holder{jobID: j.ID}
		if err := d.exchange(ctx, mine, mine, p.takes()); err != nil {
			return err
		}
		p.mark(j)
	}
	if moved {
		if err := d.freed(ctx, j.WorkshopID, seen.StartAt.Time, seen.EndAt.Time); err != nil {
			return err
		}
		d.schedule(j, j.Workshop, p.start, p.start.Add(p.need.duration))
		j.BookedWith = c.AdvisorID
		j.Version++
	}
	j.Transport = p.transport
	j.Revision++
	if err := d.saveJob(ctx, j); err != nil {
		return err
	}
	what := "moved"
	if !moved {
		what = "changed"
	}
	if err := d.event(ctx, j, a, JobEvent{Kind: EventOther, Body: j.WallStart, State: what}); err != nil {
		return err
	}
	if moved && !c.Quiet && j.Status == Booked { // what waits for its code is not told of before
		if j, err = d.Job(ctx, j.ID); err != nil { // the advisor may be another
			return err
		}
		occasion := "moved"
		switch same := j.StartAt.Equal(seen.StartAt.Time); {
		case same && a.Kind == "customer":
			occasion = "chosen_advisor"
		case same:
			occasion = "new_advisor"
		}
		if _, err := d.tell(ctx, j, telling{occasion: occasion, both: true, services: p.need.services}); err != nil {
			return err
		}
	}
	d.ring(ctx, j.WorkshopID, j.ID)
	return nil
}

// Cancel calls a visit off, tells the customer and gives its time back. A
// customer may until the visit begins, the desk until the work is done; after
// that it is a Conflict. Cancelling twice is harmless.
func (d *Desk) Cancel(ctx context.Context, jobID int64, a Actor) error {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return err
	}
	if a.Kind == "customer" && j.Status != Cancelled {
		if err := d.mayChange(j, a); err != nil {
			return err
		}
	}
	// Nobody has been told of a booking that was never confirmed.
	_, _, err = d.Transition(ctx, TransitionRequest{JobID: jobID, To: Cancelled, Send: j.Status != Unconfirmed, Actor: a})
	return err
}

// close marks a job as closed and lets its token live on for a while.
func (d *Desk) close(j *Job) {
	now := d.now()
	j.ClosedAt = now
	until, most := now.AddDate(0, tokenAfterClose, 0), j.CreatedAt.AddDate(0, tokenAtMost, 0)
	if most.Before(until) {
		until = most
	}
	j.TokenExpiresAt = db.At(until)
	j.RemindAt = db.Time{}
}

// reopen takes close back.
func (d *Desk) reopen(j *Job) {
	j.ClosedAt = db.Time{}
	j.TokenExpiresAt = db.At(j.CreatedAt.AddDate(0, tokenAtMost, 0))
}
