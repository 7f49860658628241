package booking

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// States of a promise.
const (
	PromiseOpen   = "open"
	PromiseKept   = "kept"
	PromiseMissed = "missed" // the customer was reached, but after the time promised
	PromiseClosed = "closed"
)

// Outcomes of an attempt, in the words of the contract.
const (
	OutcomeReached      = "reached"
	OutcomeNoAnswer     = "no_answer"
	OutcomeMoved        = "moved_by_customer"
	OutcomeRenegotiated = "renegotiated"
)

// callWithin is how soon a promised call is due, in the workshop's opening time.
const callWithin = 2 * time.Hour

// AskCallback promises the customer of a token a call within two opening hours
// of the workshop, by the owner of the job. phone "" is the job's own; any valid
// number can be called. A job has one open call-back: asking again gives that
// one, with a new number or note, and its first deadline stays.
func (d *Desk) AskCallback(ctx context.Context, token, phone, note string) (*Promise, error) {
	j, err := d.JobByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	var check checker
	note = check.text("body.note", note, maxNote, false)
	number := ""
	if phone != "" {
		if number, err = normalizeAnyPhone(phone, j.Workshop.Country); err != nil {
			check.bad = append(check.bad, phoneField("body.phone", phone, err))
		}
	} else if j.ContactPhone == "" {
		check.fail("body.phone", "fault.required", nil)
	}
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	due, err := d.callDue(ctx, j.Workshop)
	if err != nil {
		return nil, err
	}
	var id int64
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		id, err = d.promiseCall(ctx, j.ID, number, note, due)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.promise(ctx, id)
}

// promiseCall stores the promise of a call in the caller's transaction; number
// "" is the one asked for before, else the job's own.
func (d *Desk) promiseCall(ctx context.Context, jobID int64, number, note string, due time.Time) (int64, error) {
	j, err := d.lockJob(ctx, jobID)
	if err != nil {
		return 0, err
	}
	open, err := all[Promise](ctx, d.db, "promises", "id", "job_id = ? AND kind = 'callback' AND closed_at IS NULL", jobID)
	if err != nil {
		return 0, err
	}
	p := Promise{
		JobID: j.ID, WorkshopID: j.WorkshopID, Kind: "callback", OwnerID: j.Owner(),
		FirstDueAt: db.At(due), DueAt: db.At(due), State: PromiseOpen, CreatedAt: d.now(),
	}
	again := len(open) > 0
	if again {
		p = open[0]
	}
	p.Phone, p.Note = cmp.Or(number, p.Phone, j.ContactPhone), cmp.Or(note, p.Note)
	if err := d.savePromise(ctx, &p); err != nil {
		return 0, err
	}
	body := p.Phone
	if p.Note != "" {
		body += ": " + p.Note
	}
	if err := d.Raise(ctx, Attention{JobID: j.ID, AdvisorID: p.OwnerID, Kind: NeedsCall, Body: body}); err != nil {
		return 0, err
	}
	if again {
		return p.ID, nil
	}
	customer := Actor{Kind: "customer", Name: j.ContactName}
	if err := d.event(ctx, j, customer, JobEvent{Kind: EventPromise, State: PromiseOpen, Body: body}); err != nil {
		return 0, err
	}
	_, err = d.tell(ctx, j, telling{occasion: "callback", due: due, expires: latest(due, d.now().Add(time.Hour))})
	return p.ID, err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// callDue is when callWithin of opening time will have passed from now.
func (d *Desk) callDue(ctx context.Context, shop *Workshop) (time.Time, error) {
	return d.openAfter(ctx, shop, callWithin)
}

// openAfter is when so much opening time of a workshop will have passed from now.
func (d *Desk) openAfter(ctx context.Context, shop *Workshop, length time.Duration) (time.Time, error) {
	now := d.now().Time
	first := dateOf(now, shop.Zone())
	c, err := d.calendar(ctx, shop, first)
	if err != nil {
		return time.Time{}, err
	}
	c.advisors = nil
	w := c.layOut(first, first.add(MaxRangeDays), nil)
	open := w.open.clone()
	open.without(w.closed)
	left := int(length / (AtomSeconds * time.Second))
	due := now.Add(length) // where no hours are known
	open.each(int(atomAfter(now)-w.base), w.bounds[len(w.bounds)-1], func(i int) {
		if left--; left == 0 {
			due = timeOf(w.base + int64(i) + 1)
		}
	})
	return due, nil
}

// Promises lists the promises of a workshop (0: of any), the next due first,
// each with its owner and job; openOnly leaves out those that are settled.
func (d *Desk) Promises(ctx context.Context, workshopID int64, openOnly bool) ([]Promise, error) {
	return d.promises(ctx, "(workshop_id = ? OR ? = 0) AND (closed_at IS NULL OR ?)", workshopID, workshopID, !openOnly)
}

// JobPromises lists the promises of a job, the next due first.
func (d *Desk) JobPromises(ctx context.Context, jobID int64) ([]Promise, error) {
	return d.promises(ctx, "job_id = ?", jobID)
}

func (d *Desk) promise(ctx context.Context, id int64) (*Promise, error) {
	rows, err := d.promises(ctx, "id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

func (d *Desk) promises(ctx context.Context, where string, args ...any) ([]Promise, error) {
	rows, err := all[Promise](ctx, d.db, "promises", "due_at, id", where, args...)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	jobs, err := d.loadJobs(ctx, jobIDs(rows, func(p Promise) int64 { return p.JobID }))
	if err != nil {
		return nil, err
	}
	owners, err := all[Advisor](ctx, d.db, "advisors", "", "id IN ?", jobIDs(rows, func(p Promise) int64 { return p.OwnerID }))
	if err != nil {
		return nil, err
	}
	owner := pointers(owners, func(a Advisor) int64 { return a.ID })
	for i := range rows {
		rows[i].Job, rows[i].Owner = jobs[rows[i].JobID], owner[rows[i].OwnerID]
	}
	return rows, nil
}

// Attempt records an attempt at a promised call. "reached" settles it: kept
// when in time, else missed. "no_answer", "moved_by_customer" and "renegotiated"
// leave it open and due two opening hours from now where that is later; the
// first deadline stays what it was. Conflict where it is settled already.
func (d *Desk) Attempt(ctx context.Context, promiseID int64, outcome, note string, a Actor) (*Promise, error) {
	var check checker
	note = check.text("body.note", note, maxNote, false)
	if !slices.Contains([]string{OutcomeReached, OutcomeNoAnswer, OutcomeMoved, OutcomeRenegotiated}, outcome) {
		check.fail("body.outcome", "fault.outcome", outcome)
	}
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	seen, err := d.promise(ctx, promiseID)
	if err != nil {
		return nil, err
	}
	shop, err := d.Workshop(ctx, seen.WorkshopID)
	if err != nil {
		return nil, err
	}
	again, err := d.callDue(ctx, shop)
	if err != nil {
		return nil, err
	}
	err = d.db.Tx(ctx, func(ctx context.Context) error { return d.attempt(ctx, promiseID, outcome, note, again, a) })
	if err != nil {
		return nil, err
	}
	return d.promise(ctx, promiseID)
}

// attempt is the transaction of Attempt.
func (d *Desk) attempt(ctx context.Context, id int64, outcome, note string, again time.Time, a Actor) error {
	p, err := d.lockPromise(ctx, id)
	if err != nil {
		return err
	}
	if !p.ClosedAt.IsZero() {
		return fault.New(fault.Conflict, "fault.promise_settled")
	}
	now := d.now()
	p.Attempts++
	p.Outcome = outcome
	if outcome == OutcomeReached {
		p.State, p.ClosedAt = PromiseKept, now
		if now.After(p.DueAt.Time) {
			p.State = PromiseMissed
		}
		if err := d.settle(ctx, p.JobID, a, NeedsCall); err != nil {
			return err
		}
	} else if again.After(p.DueAt.Time) {
		p.DueAt = db.At(again)
	}
	if err := d.savePromise(ctx, p); err != nil {
		return err
	}
	if err := d.AddEvent(ctx, JobEvent{
		JobID: p.JobID, Kind: EventCall, Channel: string(notify.Phone), Author: a.named(""), StaffID: a.StaffID, Body: note, State: outcome,
	}); err != nil {
		return fmt.Errorf("record the attempt: %w", err)
	}
	return nil
}
