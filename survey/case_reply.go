package survey

import (
	"context"
	"fmt"
	"slices"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// caseReply takes what belongs to a case: the customer's answer to whether it is
// sorted or to the question asked once more, and the staff's answer to an alert.
// said is what the customer is answering.
func (s *Surveyor) caseReply(ctx context.Context, jobID int64, r notify.Reply) (bool, error) {
	c, err := s.lockCase(ctx, "job_id = ?", jobID) // the newest
	if err != nil || c == nil || c.AskedAt.IsZero() {
		return false, err
	}
	said, err := s.lastSaid(ctx, r)
	if err != nil || len(said) == 0 {
		return false, err
	}
	switch {
	case c.State == CaseAsked && said[0] == occasionSorted:
		return s.sortedReply(ctx, c, r.Message)
	case !c.ReaskedAt.IsZero() && c.ReaskScore == nil && said[0] == occasionReask:
		return s.reaskReply(ctx, c, r.Message)
	}
	return false, nil
}

// sortedReply reads whether it is sorted. Only a clear yes closes a case; what
// is neither yes nor no is for its owner to read.
func (s *Surveyor) sortedReply(ctx context.Context, c *Case, m notify.Message) (bool, error) {
	yes, clear := booking.ReadYesNo(m.Body)
	reading := Read(scaleOf("").name, m.Body)
	if !clear && (reading.Has(Urgent) || reading.Has(Callback) || reading.Met == "no") {
		yes, clear = false, true
	}
	if !clear {
		return false, nil // the desk shows it to the owner as a message
	}
	job, err := s.desk.Job(ctx, c.JobID)
	if err != nil {
		return false, fmt.Errorf("load the job of case %d: %w", c.ID, err)
	}
	if yes && !reading.Has(Urgent) {
		err = s.closeSorted(ctx, c, job)
	} else {
		err = s.reopenCase(ctx, c, job, m.Body)
	}
	if err != nil {
		return false, err
	}
	return true, s.saveCase(ctx, c)
}

// Sorted takes the customer's answer from the page of the job. NotFound where no
// case of the job has been asked about.
func (s *Surveyor) Sorted(ctx context.Context, token string, yes bool) error {
	job, err := s.desk.JobByToken(ctx, token)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		c, err := s.lockCase(ctx, "job_id = ?", job.ID)
		if err != nil {
			return err
		}
		if c == nil || c.State != CaseAsked {
			if c != nil && c.State == CaseSorted && yes {
				return nil // a second tap
			}
			return notFound()
		}
		if yes {
			err = s.closeSorted(ctx, c, job)
		} else {
			err = s.reopenCase(ctx, c, job, "")
		}
		if err != nil {
			return err
		}
		return s.saveCase(ctx, c)
	})
}

// closeSorted closes a case on the customer's word.
func (s *Surveyor) closeSorted(ctx context.Context, c *Case, job *booking.Job) error {
	now := s.now()
	if err := s.notify.Answered(ctx, job.Subject(), booking.AsksSorted); err != nil {
		return err
	}
	c.State, c.SortedAt, c.ClosedAt = CaseSorted, now, now
	c.ReaskAt = db.At(sortedBy(now.Time, job.Workshop))
	c.NextAt = c.ReaskAt
	if err := s.desk.Settle(ctx, c.JobID, booking.System, caseKinds...); err != nil {
		return err
	}
	customer := booking.Actor{Kind: "customer", Name: job.ContactName}
	if err := s.caseEvent(ctx, c, customer, "case_sorted", ""); err != nil {
		return err
	}
	_, err := s.desk.Tell(ctx, c.JobID, c.OwnerID, occasionYes, notify.JobUpdate)
	return err
}

// reopenCase starts the clock of a case anew: the customer says that it is not
// sorted, and is told who calls.
func (s *Surveyor) reopenCase(ctx context.Context, c *Case, job *booking.Job, words string) error {
	if err := s.notify.Answered(ctx, job.Subject(), booking.AsksSorted); err != nil {
		return err
	}
	if err := s.startClock(ctx, c, job.Workshop); err != nil {
		return err
	}
	c.Reopened++
	customer := booking.Actor{Kind: "customer", Name: job.ContactName}
	if err := s.caseEvent(ctx, c, customer, "case_reopened", words); err != nil {
		return err
	}
	if _, err := s.promiseFor(ctx, c, job, opening{cause: c.Cause, detail: words, occasion: "callback"}); err != nil {
		return err
	}
	if words == "" {
		words = c.Detail
	}
	if err := s.desk.Raise(ctx, booking.Attention{JobID: c.JobID, AdvisorID: c.OwnerID, Kind: booking.NeedsCase, Body: words}); err != nil {
		return err
	}
	return s.mailAlert(ctx, c, job, 0)
}

// reaskReply takes the answer to the question that was asked once more. It
// stands on the case: the survey's own answer is not made better by it. A low
// one opens a new case.
func (s *Surveyor) reaskReply(ctx context.Context, c *Case, m notify.Message) (bool, error) {
	row, err := s.lockByJob(ctx, c.JobID)
	if err != nil || row == nil {
		return false, err
	}
	r := Read(row.Scale, m.Body)
	if r.Score == nil {
		return false, nil
	}
	c.ReaskScore = r.Score
	if err := s.saveCase(ctx, c); err != nil {
		return false, err
	}
	job, err := s.desk.Job(ctx, c.JobID)
	if err != nil {
		return false, err
	}
	customer := booking.Actor{Kind: "customer", Name: job.ContactName}
	if err := s.caseEvent(ctx, c, customer, "case_reasked", outOf(row, *r.Score)); err != nil {
		return false, err
	}
	if r.Low(row.Scale) || slices.ContainsFunc(r.Outcome, func(w string) bool { return w == Urgent || w == Callback }) {
		_, _, err = s.openCase(ctx, job, opening{cause: CauseLowScore, detail: outOf(row, *r.Score) + ": " + m.Body, occasion: occasionCase})
		return true, err
	}
	return true, nil
}

// staffReply takes a member of staff's answer to an alert: it takes the case.
func (s *Surveyor) staffReply(ctx context.Context, id int64, r notify.Reply) (bool, error) {
	m := r.Message
	if !m.Verified || m.Kind != "" && m.Kind != notify.Human || s.opt.Staff == nil {
		return true, nil // kept on the thread of the case, and acts on nothing
	}
	staff, err := s.opt.Staff(ctx)
	if err != nil {
		return false, err
	}
	for i := range staff {
		p := &staff[i]
		if !p.Active || p.Email != m.FromAddress {
			continue
		}
		a := booking.Actor{Kind: "staff", StaffID: p.ID, Advisor: p.AdvisorID, Name: p.Name}
		err := s.Acknowledge(ctx, id, a)
		if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		c, err := s.caseWhere(ctx, "id = ?", id)
		if err != nil || c == nil {
			return true, err
		}
		return true, s.desk.Note(ctx, c.JobID, m.Body, a)
	}
	return true, nil
}

// OnBroken opens a case for a ready-by time that was not kept, in the
// transaction that notes it, before any question is asked.
func (s *Surveyor) OnBroken(ctx context.Context, job *booking.Job, p *booking.Promise) error {
	if p.Kind != booking.PromiseReady {
		return nil
	}
	_, _, err := s.openCase(ctx, job, opening{cause: CauseBroken, detail: promised(job, p), occasion: "late_ready"})
	return err
}

// promised is a ready-by time in the words of the desk.
func promised(job *booking.Job, p *booking.Promise) string {
	l := job.Workshop.Locale
	return templates.T(l, "page.desk.ready_promised", map[string]any{"when": templates.Moment(l, p.DueAt.In(job.Workshop.Zone()))})
}

// OnCalled hears that the customer has been reached: a case is asked about some
// opening hours later, so that none is forgotten.
func (s *Surveyor) OnCalled(ctx context.Context, job *booking.Job, p *booking.Promise) error {
	c, err := s.lockCase(ctx, "job_id = ? AND closed_at IS NULL", job.ID)
	if err != nil || c == nil || c.State == CaseAsked {
		return err
	}
	owner := booking.Actor{Kind: "staff", Advisor: p.OwnerID}
	if adv, err := s.desk.Advisor(ctx, p.OwnerID); err == nil {
		owner.Name = adv.Name
	}
	if err := s.acknowledge(ctx, c, owner); err != nil {
		return err
	}
	at, err := s.desk.OpenAfter(ctx, job.Workshop, askAfter)
	if err != nil {
		return err
	}
	c.NextAt = db.At(at)
	return s.saveCase(ctx, c)
}

// OnDone takes the case of an attention that somebody has put away on the board.
func (s *Surveyor) OnDone(ctx context.Context, a *booking.Attention, by booking.Actor) error {
	if !slices.Contains(caseKinds, a.Kind) {
		return nil
	}
	c, err := s.lockCase(ctx, "job_id = ? AND closed_at IS NULL", a.JobID)
	if err != nil || c == nil {
		return err
	}
	if err := s.acknowledge(ctx, c, by); err != nil {
		return err
	}
	return s.saveCase(ctx, c)
}
