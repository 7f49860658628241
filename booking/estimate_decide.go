package booking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"neuvo/internal/fault"
	"neuvo/templates"
)

// CodeEstimate is the purpose of the codes that approve money.
const CodeEstimate = "estimate"

// LineDecision is what a customer says to one line.
type LineDecision struct {
	ID       int64
	Decision Decision
}

// DecideRequest is a customer's answer to an estimate.
type DecideRequest struct {
	Token      string // of the booking
	EstimateID int64
	Version    int // what was looked at
	Lines      []LineDecision
	Code       string // read from the phone of the job
	Actor      Actor
}

// EstimateChanged answers a decision on something that is no longer what the
// customer looked at: a Conflict, with what stands now.
type EstimateChanged struct {
	Fault   *fault.Error
	Current *Estimate // the open version, else the one that was decided on
	Token   string    // of the booking
	Zone    *time.Location
}

// Error is for logs.
func (e *EstimateChanged) Error() string { return "the estimate has changed: " + e.Fault.Error() }

// Unwrap makes it a Conflict for the edge.
func (e *EstimateChanged) Unwrap() error { return e.Fault }

// DecideEstimate records a customer's answer: every line approved or declined.
// Approving needs a code sent to the phone of the job: without one it is sent,
// and the answer is Forbidden "fault.code_needed"; a wrong one is Forbidden as
// CheckCode has it. A version that is no longer open, or a job that is over, is
// an *EstimateChanged. The same answer twice is harmless. The job goes on in
// work, and its advisor is told. Call it outside any transaction.
func (d *Desk) DecideEstimate(ctx context.Context, r DecideRequest) (*Estimate, error) {
	j, err := d.JobByToken(ctx, r.Token)
	if err != nil {
		return nil, err
	}
	e, err := d.Estimate(ctx, r.EstimateID)
	if err == nil && e.JobID != j.ID {
		err = notFound()
	}
	if err != nil {
		return nil, err
	}
	if err := r.check(e); err != nil {
		return nil, err
	}
	if e.Decided() && r.same(e) {
		return e, nil
	}
	if err := d.decidable(ctx, j, e, r.Version); err != nil {
		return nil, err
	}
	decide := func(ctx context.Context, j *Job) error { return d.decide(ctx, j, r) }
	switch {
	case !r.approves():
		err = d.db.Tx(ctx, func(ctx context.Context) error {
			if j, err = d.lockJob(ctx, j.ID); err != nil {
				return err
			}
			return decide(ctx, j)
		})
	case r.Code == "":
		return nil, d.askCode(ctx, j)
	default:
		err = d.checkCode(ctx, j.ID, CodeEstimate, r.Code, r.Actor, decide)
	}
	if err != nil {
		return nil, err
	}
	return d.Estimate(ctx, e.ID)
}

// check tells whether an answer covers every line of an estimate once.
func (r *DecideRequest) check(e *Estimate) error {
	var check checker
	if r.Version == 0 {
		check.fail("body.version", "fault.required", nil)
	}
	said := map[int64]bool{}
	for i, l := range r.Lines {
		at := fmt.Sprintf("body.lines[%d].", i)
		if said[l.ID] || !slices.ContainsFunc(e.Lines, func(have EstimateLine) bool { return have.ID == l.ID }) {
			check.fail(at+"id", "fault.unknown_id", l.ID)
		}
		if l.Decision != Approve && l.Decision != Decline {
			check.fail(at+"decision", "fault.decision", string(l.Decision))
		}
		said[l.ID] = true
	}
	if len(check.bad) == 0 && len(said) != len(e.Lines) {
		check.fail("body.lines", "fault.decision_missing", nil)
	}
	return invalid(check.bad)
}

// approves tells whether an answer says yes to anything.
func (r *DecideRequest) approves() bool {
	return slices.ContainsFunc(r.Lines, func(l LineDecision) bool { return l.Decision == Approve })
}

// same tells whether an answer repeats what was decided.
func (r *DecideRequest) same(e *Estimate) bool {
	return r.Version == e.Version && !slices.ContainsFunc(r.Lines, func(l LineDecision) bool {
		i := slices.IndexFunc(e.Lines, func(have EstimateLine) bool { return have.ID == l.ID })
		return i < 0 || e.Lines[i].Decision != l.Decision
	})
}

// decidable tells whether an estimate can be answered now; an *EstimateChanged
// where not.
func (d *Desk) decidable(ctx context.Context, j *Job, e *Estimate, version int) error {
	key := ""
	switch {
	case !slices.Contains(takesEstimates, j.Status):
		key = "fault.estimate_over"
	case e.State == EstimateSuperseded:
		key = "fault.estimate_changed"
	case e.Decided():
		key = "fault.estimate_decided"
	case e.State == EstimateExpired || !e.ExpiresAt.After(d.now().Time):
		key = "fault.estimate_expired"
	case e.State != EstimateSent:
		key = "fault.estimate_over"
	case e.Version != version:
		key = "fault.estimate_changed"
	default:
		return nil
	}
	current := e
	if e.State == EstimateSuperseded {
		rows, err := d.Estimates(ctx, j.ID)
		if err != nil {
			return err
		}
		current = &rows[len(rows)-1]
	}
	return &EstimateChanged{Fault: fault.New(fault.Conflict, key), Current: current, Token: j.Token, Zone: j.zone()}
}

// askCode sends a code to approve with, unless one is on its way already, and
// asks for it.
func (d *Desk) askCode(ctx context.Context, j *Job) error {
	var fresh *Code
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, j.ID)
		if err != nil {
			return err
		}
		if fresh, err = d.newestCode(ctx, j.ID, CodeEstimate); err != nil {
			return err
		}
		if fresh != nil && fresh.UsedAt.IsZero() && fresh.Tries < codeTries && d.now().Sub(fresh.CreatedAt.Time) < codePause {
			return nil
		}
		return d.sendCode(ctx, j, CodeEstimate)
	})
	if err != nil {
		return err
	}
	return fault.New(fault.Forbidden, "fault.code_needed")
}

// SendEstimateCode sends a (new) code for approving; errors as SendCode. One
// that has just gone is not sent twice.
func (d *Desk) SendEstimateCode(ctx context.Context, j *Job) error {
	err := d.askCode(ctx, j)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Key == "fault.code_needed" {
		return nil
	}
	return err
}

// decide records an answer on a locked job.
func (d *Desk) decide(ctx context.Context, j *Job, r DecideRequest) error {
	e, err := d.Estimate(ctx, r.EstimateID)
	if err != nil {
		return err
	}
	if err := d.decidable(ctx, j, e, r.Version); err != nil {
		return err
	}
	e.settle(r.Lines)
	e.DecidedAt, e.DecidedBy = d.now(), r.Actor.named(j.ContactName)
	if e.State != EstimateDeclined {
		e.DecidedPhone = codePhone(j)
	}
	if err := d.saveEstimate(ctx, e); err != nil {
		return err
	}
	if err := d.saveDecisions(ctx, e); err != nil {
		return err
	}
	body := d.decisionInWords(j, e)
	if err := d.event(ctx, j, r.Actor, JobEvent{Kind: EventEstimate, State: string(e.State), Body: body}); err != nil {
		return err
	}
	if err := d.Raise(ctx, Attention{JobID: j.ID, Kind: NeedsEstimate, Body: body}); err != nil {
		return err
	}
	if _, err := d.notify.Suppress(ctx, j.Subject(), "the customer has answered", "estimate"); err != nil {
		return fmt.Errorf("drop the text about an answered estimate of job %d: %w", j.ID, err)
	}
	if j.Status == WaitingApproval {
		if j, _, err = d.transition(ctx, j, TransitionRequest{JobID: j.ID, To: InWork, Actor: r.Actor}); err != nil {
			return err
		}
	}
	d.ring(ctx, j.WorkshopID, j.ID)
	t := telling{occasion: "estimate_decided", link: estimatePath(j, e)}
	if e.State != EstimateDeclined {
		t.price = templates.Money(j.Locale, e.Approved, e.Currency)
		if e.ApprovedCeiling > e.Approved {
			t.ceiling = templates.Money(j.Locale, e.ApprovedCeiling, e.Currency)
		}
	}
	_, err = d.tell(ctx, j, t)
	return err
}

// settle puts an answer on the lines and sums it up. The ceiling of a part is
// its share of the whole's, rounded down.
func (e *Estimate) settle(lines []LineDecision) {
	approved, declined := 0, 0
	e.Approved = 0
	for i := range e.Lines {
		l := &e.Lines[i]
		for _, said := range lines {
			if said.ID == l.ID {
				l.Decision = said.Decision
			}
		}
		if l.Decision == Approve {
			approved++
			e.Approved += l.Price
		} else {
			declined++
		}
	}
	switch {
	case declined == 0:
		e.State, e.ApprovedCeiling = EstimateApproved, e.Ceiling
	case approved == 0:
		e.State, e.ApprovedCeiling = EstimateDeclined, 0
	default:
		e.State = EstimatePartly
		if e.ApprovedCeiling = e.Approved; e.Price > 0 {
			e.ApprovedCeiling = e.Approved * e.Ceiling / e.Price
		}
	}
}

// decisionInWords is an answer on the timeline, for the staff.
func (d *Desk) decisionInWords(j *Job, e *Estimate) string {
	l := j.Workshop.Locale
	head := templates.T(l, "booking.estimate_"+string(e.State), map[string]any{
		"version": e.Version, "price": templates.Money(l, e.Approved, e.Currency),
		"ceiling": templates.Money(l, e.ApprovedCeiling, e.Currency),
	})
	for _, line := range e.Lines {
		mark := "–"
		if line.Decision == Approve {
			mark = "+"
		}
		head += fmt.Sprintf("\n%s %s %s", mark, line.Title, templates.Money(l, line.Price, e.Currency))
	}
	return head
}

// withdrawEstimates closes what is open on a job that is over.
func (d *Desk) withdrawEstimates(ctx context.Context, j *Job) error {
	open, err := all[Estimate](ctx, d.db, "estimates", "version", "job_id = ? AND state = ?", j.ID, EstimateSent)
	if err != nil || len(open) == 0 {
		return err
	}
	for i := range open { // one at most: a new version supersedes
		open[i].State = EstimateWithdrawn
		if err := d.saveEstimate(ctx, &open[i]); err != nil {
			return err
		}
	}
	if _, err := d.notify.Suppress(ctx, j.Subject(), "the job is over", "estimate"); err != nil {
		return fmt.Errorf("drop the text about an estimate of job %d: %w", j.ID, err)
	}
	return nil
}

// expiryBatch is how many estimates that have run out are read at once.
const expiryBatch = 100

// ExpireEstimates marks the estimates that have run out and tells their
// advisors; it tells how many. Each is one transaction, so that running it
// again, or on two replicas, changes nothing.
func (d *Desk) ExpireEstimates(ctx context.Context) (int, error) {
	n := 0
	var failed []error
	for after := int64(0); ; {
		due, err := d.dueEstimates(ctx, after, expiryBatch)
		if err != nil {
			return n, errors.Join(append(failed, err)...)
		}
		for _, e := range due {
			after = e.ID
			went, err := d.expire(ctx, e)
			if err != nil {
				failed = append(failed, fmt.Errorf("expire estimate %d: %w", e.ID, err))
			} else if went {
				n++
			}
		}
		if len(due) < expiryBatch || ctx.Err() != nil {
			return n, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

// expire marks one estimate unless it has been answered meanwhile.
func (d *Desk) expire(ctx context.Context, seen Estimate) (went bool, err error) {
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		went = false
		j, err := d.lockJob(ctx, seen.JobID)
		if err != nil {
			return err
		}
		e, err := d.Estimate(ctx, seen.ID)
		if err != nil {
			return err
		}
		if e.State != EstimateSent || e.ExpiresAt.After(d.now().Time) {
			return nil
		}
		went = true
		e.State = EstimateExpired
		if err := d.saveEstimate(ctx, e); err != nil {
			return err
		}
		l := j.Workshop.Locale
		body := templates.T(l, "booking.estimate_expired", map[string]any{
			"version": e.Version, "price": templates.Money(l, e.Price, e.Currency), "when": templates.Moment(l, e.ExpiresAt.In(j.zone())),
		})
		if err := d.event(ctx, j, System, JobEvent{Kind: EventEstimate, State: string(EstimateExpired), Body: body}); err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return d.Raise(ctx, Attention{JobID: j.ID, Kind: NeedsEstimate, Body: body})
	})
	return went && err == nil, err
}

// openEstimate is the version of a job that waits for an answer; nil where
// there is none.
func (d *Desk) openEstimate(ctx context.Context, jobID int64, now time.Time) (*Estimate, error) {
	rows, err := all[Estimate](ctx, d.db, "estimates", "version DESC", "job_id = ? AND state = ?", jobID, EstimateSent)
	if err != nil || len(rows) == 0 || !rows[0].ExpiresAt.After(now) {
		return nil, err
	}
	return &rows[0], nil
}

// Preview gives what an answer would make of an estimate, without recording it.
func (e *Estimate) Preview(lines []LineDecision) *Estimate {
	out := *e
	out.Lines = slices.Clone(e.Lines)
	out.settle(lines)
	return &out
}

// CodePhone is the number that the codes of a job go to, "" where there is none.
func CodePhone(j *Job) string { return codePhone(j) }
