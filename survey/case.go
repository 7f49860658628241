package survey

import (
	"context"
	"fmt"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// Case is a recovery: something went wrong for a customer, one of ours owns it,
// and only the customer's word that it is sorted closes it.
type Case struct {
	ID             int64 `gorm:"primaryKey"`
	JobID          int64
	WorkshopID     int64
	OwnerID        int64 // advisor
	Cause          Cause
	Detail         string // the customer's words, or the fact
	MessageID      int64  // the customer's message that opened it; 0: none did
	State          CaseState
	Level          int   // how far it has been escalated: 0 the owner, 1 the team, 2 the managers
	PromiseID      int64 // the call that the customer was promised; 0: there is no number to call
	OpenedAt       db.Time
	AcknowledgeBy  db.Time // when somebody must have taken it, in opening time
	AcknowledgedAt db.Time
	AcknowledgedBy string
	EscalatedAt    db.Time
	AskedAt        db.Time // when the customer was asked whether it is sorted
	Reopened       int     // times that the customer said it is not
	SortedAt       db.Time // when the customer said it is
	ClosedAt       db.Time
	ReaskAt        db.Time // when the question of the survey is asked once more
	ReaskedAt      db.Time
	ReaskScore     *int
	NextAt         db.Time // when the sweep looks at it again; NULL: never

	Job     *booking.Job     `gorm:"-"`
	Owner   *booking.Advisor `gorm:"-"`
	Promise *booking.Promise `gorm:"-"`
}

// Cause is why a case was opened.
type Cause string

// The causes. Facts open a case before any question is asked.
const (
	CauseLowScore Cause = "low_score"
	CausePerson   Cause = "person"         // an answer that only a person can judge
	CauseBroken   Cause = "broken_promise" // a ready-by time that was not kept
	CauseReopened Cause = "reopened"       // a job that had been handed over came back
)

// CaseState is where a case stands.
type CaseState string

// The states. Only Sorted, Dismissed and Erased are final.
const (
	CaseWaiting   CaseState = "open"         // nobody has taken it yet
	CaseTaken     CaseState = "acknowledged" // its owner is at it
	CaseAsked     CaseState = "asked"        // the customer has been asked whether it is sorted
	CaseSorted    CaseState = "sorted"       // the customer said so
	CaseDismissed CaseState = "dismissed"    // it was none, says a manager, with the reason
	CaseErased    CaseState = "erased"       // the customer is no more in our records
)

const (
	// ackWithin is how soon a case must be taken, and escalateWithin how soon
	// after each escalation, in opening time.
	ackWithin, escalateWithin = 30 * time.Minute, 30 * time.Minute
	// askAfter the call that reached the customer he or she is asked whether it
	// is sorted, in opening time, where the owner has not asked before.
	askAfter = 4 * time.Hour
	// silentFor is how long the customer may leave that question unanswered
	// before the owner is told to call.
	silentFor = 3 * 24 * time.Hour
	// reaskAfter it was sorted the question of the survey is asked once more.
	reaskAfter = 10 * 24 * time.Hour
	// mistakenTap is how soon after hand-over a job that comes back was handed
	// over by mistake.
	mistakenTap = 30 * time.Minute
	// maxDetail is how much of a cause is kept, in characters.
	maxDetail = 1000
)

// Occasions of the texts of a case.
const (
	occasionCase   = "case_opened"
	occasionSorted = "sorted"
	occasionYes    = "sorted_yes"
	occasionReask  = "survey_reask"
)

const casePrefix = "case:"

// opening is what opens a case.
type opening struct {
	cause     Cause
	detail    string
	occasion  string // how the customer is told who calls: occasionCase or "callback"
	urgent    bool   // it speaks of danger
	messageID int64  // the customer's message that it came by; 0: none
}

// openCase opens a case on a job in the caller's transaction, or adds to the one
// that is open: its owner is alerted, must take it within thirty minutes of
// opening time, and the customer is told who calls and by when. told is false
// where there is no number to call.
func (s *Surveyor) openCase(ctx context.Context, job *booking.Job, o opening) (c *Case, told bool, err error) {
	c, err = s.lockCase(ctx, "job_id = ? AND closed_at IS NULL", job.ID)
	if err != nil {
		return nil, false, err
	}
	detail := []rune(strings.TrimSpace(o.detail))
	o.detail = string(detail[:min(len(detail), maxDetail)])
	fresh := c == nil
	if fresh {
		owner, err := s.desk.Present(ctx, job.WorkshopID, job.Owner())
		if err != nil {
			return nil, false, err
		}
		c = &Case{JobID: job.ID, WorkshopID: job.WorkshopID, OwnerID: owner, Cause: o.cause, Detail: o.detail, MessageID: o.messageID, State: CaseWaiting, OpenedAt: s.now()}
	} else if c.State == CaseAsked {
		c.State = CaseTaken
	}
	if fresh {
		if err := s.startClock(ctx, c, job.Workshop); err != nil {
			return nil, false, err
		}
	}
	if told, err = s.promiseFor(ctx, c, job, o); err != nil {
		return nil, false, err
	}
	if err := s.saveCase(ctx, c); err != nil {
		return nil, false, err
	}
	if err := s.caseEvent(ctx, c, booking.System, "case_opened", string(o.cause)); err != nil {
		return nil, false, err
	}
	if err := s.desk.Raise(ctx, booking.Attention{JobID: job.ID, WorkshopID: job.WorkshopID, AdvisorID: c.OwnerID, Kind: o.kind(), Body: o.detail}); err != nil {
		return nil, false, fmt.Errorf("alert the owner of case %d: %w", c.ID, err)
	}
	if fresh {
		err = s.mailAlert(ctx, c, job, 0)
	}
	return c, told, err
}

// kind is the attention that a cause raises.
func (o opening) kind() booking.AttentionKind {
	switch {
	case o.urgent:
		return booking.NeedsSafetyCall
	case o.cause == CauseLowScore:
		return booking.NeedsCare
	case o.cause == CausePerson:
		return booking.NeedsReading
	}
	return booking.NeedsCase
}

// startClock sets when somebody must have taken the case.
func (s *Surveyor) startClock(ctx context.Context, c *Case, shop *booking.Workshop) error {
	by, err := s.desk.OpenAfter(ctx, shop, ackWithin)
	if err != nil {
		return fmt.Errorf("start the clock of the case of job %d: %w", c.JobID, err)
	}
	c.State, c.Level, c.AcknowledgeBy, c.NextAt = CaseWaiting, 0, db.At(by), db.At(by)
	c.AcknowledgedAt, c.AcknowledgedBy, c.EscalatedAt, c.AskedAt = db.Time{}, "", db.Time{}, db.Time{}
	return nil
}

// promiseFor promises the customer of a case a call and tells who makes it.
func (s *Surveyor) promiseFor(ctx context.Context, c *Case, job *booking.Job, o opening) (told bool, err error) {
	if job.ContactPhone == "" {
		return false, nil
	}
	before, err := s.desk.JobPromises(ctx, job.ID)
	if err != nil {
		return false, err
	}
	note := []rune(o.detail)
	p, err := s.desk.PromiseCallback(ctx, booking.CallWish{JobID: job.ID, Note: string(note[:min(len(note), 500)]), Source: booking.FromSurvey, Silent: true, Unraised: true})
	if err != nil {
		return false, fmt.Errorf("promise a call on job %d: %w", job.ID, err)
	}
	c.PromiseID = p.ID
	for _, b := range before {
		if b.ID == p.ID { // was promised, and told, before
			return true, nil
		}
	}
	return true, s.desk.TellCall(ctx, p, o.occasion)
}

// Cases lists the cases of a workshop (0: of any), the oldest first, each with
// its job, owner and promised call; openOnly leaves out those that are closed.
func (s *Surveyor) Cases(ctx context.Context, workshopID int64, openOnly bool) ([]Case, error) {
	return s.casesWith(ctx, "(workshop_id = ? OR ? = 0) AND (closed_at IS NULL OR ?)", workshopID, workshopID, !openOnly)
}

// Case gives one case with what stands beside it; NotFound where there is none.
func (s *Surveyor) Case(ctx context.Context, id int64) (*Case, error) {
	rows, err := s.casesWith(ctx, "id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

// CaseOfJob gives the open case of a job, else the last one; nil where it never
// had any.
func (s *Surveyor) CaseOfJob(ctx context.Context, jobID int64) (*Case, error) {
	rows, err := s.casesWith(ctx, "job_id = ?", jobID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[len(rows)-1], nil
}

// changeCase changes an open case in one transaction; Conflict where it is
// closed.
func (s *Surveyor) changeCase(ctx context.Context, id int64, f func(context.Context, *Case) error) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		c, err := s.lockCase(ctx, "id = ?", id)
		if err != nil {
			return err
		}
		if c == nil {
			return notFound()
		}
		if !c.ClosedAt.IsZero() {
			return fault.New(fault.Conflict, "fault.case_closed")
		}
		if err := f(ctx, c); err != nil {
			return err
		}
		return s.saveCase(ctx, c)
	})
}

// Acknowledge takes a case: whoever does owns it where the owner has not. A
// second time is harmless.
func (s *Surveyor) Acknowledge(ctx context.Context, id int64, a booking.Actor) error {
	return s.changeCase(ctx, id, func(ctx context.Context, c *Case) error { return s.acknowledge(ctx, c, a) })
}

func (s *Surveyor) acknowledge(ctx context.Context, c *Case, a booking.Actor) error {
	if c.State != CaseWaiting {
		return nil
	}
	c.State, c.AcknowledgedAt, c.AcknowledgedBy, c.NextAt = CaseTaken, s.now(), a.Name, db.Time{}
	if a.Advisor != 0 {
		c.OwnerID = a.Advisor
	}
	if err := s.desk.Settle(ctx, c.JobID, a, caseKinds...); err != nil {
		return err
	}
	if c.PromiseID != 0 { // what is left to do
		if err := s.desk.RaiseCall(ctx, c.PromiseID); err != nil {
			return err
		}
	}
	return s.caseEvent(ctx, c, a, "case_acknowledged", "")
}

// caseKinds are the attentions that taking a case settles.
var caseKinds = []booking.AttentionKind{booking.NeedsCare, booking.NeedsCase, booking.NeedsEscalation, booking.NeedsReading, booking.NeedsSafetyCall}

// AskSorted asks the customer by text whether the matter is sorted. Whoever asks
// has taken the case.
func (s *Surveyor) AskSorted(ctx context.Context, id int64, a booking.Actor) error {
	return s.changeCase(ctx, id, func(ctx context.Context, c *Case) error {
		if c.State == CaseAsked { // a second tap
			return nil
		}
		if err := s.acknowledge(ctx, c, a); err != nil {
			return err
		}
		return s.askSorted(ctx, c, a)
	})
}

func (s *Surveyor) askSorted(ctx context.Context, c *Case, a booking.Actor) error {
	sent, err := s.desk.Tell(ctx, c.JobID, c.OwnerID, occasionSorted, notify.JobUpdate)
	if err != nil {
		return fmt.Errorf("ask whether case %d is sorted: %w", c.ID, err)
	}
	if sent == nil {
		return fault.New(fault.Conflict, "fault.case_no_address")
	}
	c.State, c.AskedAt, c.NextAt = CaseAsked, s.now(), db.At(s.now().Add(silentFor))
	return s.caseEvent(ctx, c, a, "case_asked", "")
}

// Dismiss closes what was no case after all: an answer that a person has read
// and that needs nothing. The reason is kept, and who gave it.
func (s *Surveyor) Dismiss(ctx context.Context, id int64, reason string, a booking.Actor) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || len([]rune(reason)) > maxDetail {
		return fault.BadField("body.reason", "fault.required", nil)
	}
	return s.changeCase(ctx, id, func(ctx context.Context, c *Case) error {
		c.State, c.ClosedAt, c.NextAt = CaseDismissed, s.now(), db.Time{}
		if err := s.desk.Settle(ctx, c.JobID, a, caseKinds...); err != nil {
			return err
		}
		return s.caseEvent(ctx, c, a, "case_dismissed", reason)
	})
}

// GiveCase gives a case to another advisor of the workshop.
func (s *Surveyor) GiveCase(ctx context.Context, id, advisorID int64, a booking.Actor) error {
	to, err := s.desk.Advisor(ctx, advisorID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	return s.changeCase(ctx, id, func(ctx context.Context, c *Case) error {
		if err != nil || to.WorkshopID != c.WorkshopID || !to.Active {
			return fault.BadField("body.advisor_id", "fault.advisor_unknown", advisorID)
		}
		c.OwnerID = to.ID
		return s.caseEvent(ctx, c, a, "case_given", to.Name)
	})
}

// caseEvent puts a step of a case on the timeline of its job.
func (s *Surveyor) caseEvent(ctx context.Context, c *Case, a booking.Actor, state, body string) error {
	err := s.desk.AddEvent(ctx, booking.JobEvent{
		JobID: c.JobID, Kind: booking.EventOther, Author: a.Name, StaffID: a.StaffID, State: state, Body: body,
	})
	if err != nil {
		return fmt.Errorf("put case %d on the timeline: %w", c.ID, err)
	}
	return nil
}
