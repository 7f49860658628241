package survey

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// Options for New.
type Options struct {
	Now     func() time.Time // the clock; the database's when nil
	BaseURL string           // where the pages are; the link is BaseURL + "/s/" + token
	Log     *slog.Logger     // slog.Default() when nil
	// Staff lists who may be alerted of cases by e-mail; nil alerts on the board
	// alone.
	Staff func(ctx context.Context) ([]auth.Staff, error)
}

// Surveyor plans, asks and records surveys. It is safe for concurrent use.
type Surveyor struct {
	db     *db.DB
	desk   *booking.Desk
	notify *notify.Notifier
	opt    Options
	key    func(context.Context) ([]byte, error) // signs what the page's form carries
}

// New makes a Surveyor. The program sets its OnStatus on the desk and its
// HandleReply, before the desk's, on the notifier.
func New(d *db.DB, desk *booking.Desk, n *notify.Notifier, opt Options) *Surveyor {
	if opt.Now == nil {
		opt.Now = d.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	opt.BaseURL = strings.TrimRight(opt.BaseURL, "/")
	return &Surveyor{db: d, desk: desk, notify: n, opt: opt, key: secretOnce(d)}
}

func (s *Surveyor) now() db.Time { return db.At(s.opt.Now()) }

// notFound is the answer for anything unknown, not yet asked or expired.
func notFound() error { return fault.New(fault.NotFound, "fault.not_found") }

// OnStatus plans the survey of a job that has been collected, and takes it back
// where the job leaves `collected` before it was asked. It runs in the
// transaction of the move.
func (s *Surveyor) OnStatus(ctx context.Context, job *booking.Job, from, to booking.Status) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		switch {
		case to == booking.Collected:
			return s.plan(ctx, job)
		case from == booking.Collected:
			return s.cameBack(ctx, job)
		}
		return nil
	})
}

// plan stores the survey of a job, planned or suppressed with its reason. One
// that has been asked stays as it is: a job is asked once.
func (s *Surveyor) plan(ctx context.Context, job *booking.Job) error {
	row, err := s.lockByJob(ctx, job.ID)
	if err != nil {
		return err
	}
	if row == nil {
		row = &Survey{JobID: job.ID, WorkshopID: job.WorkshopID, Token: rand.Text(), CreatedAt: s.now()}
	}
	if !row.AskedAt.IsZero() {
		return nil
	}
	shop := job.Workshop
	if shop == nil {
		if shop, err = s.desk.Workshop(ctx, job.WorkshopID); err != nil {
			return fmt.Errorf("plan the survey of job %d: %w", job.ID, err)
		}
	}
	row.AdvisorID, row.Scale = job.Owner(), scaleOf(shop.SurveyScale).name
	if job.Advisor != nil && job.Advisor.ID == job.Owner() {
		row.Advisor = job.Advisor.Name
	} else if advisor, err := s.desk.Advisor(ctx, job.Owner()); err == nil {
		row.Advisor = advisor.Name
	} else if !fault.Is(err, fault.NotFound) {
		return fmt.Errorf("plan the survey of job %d: %w", job.ID, err)
	}
	before := row.Reason
	if row.Reason, err = s.reasonNotToAsk(ctx, shop, job, true); err != nil {
		return err
	}
	row.State, row.DueAt, row.RemindAt = Suppressed, db.Time{}, db.Time{}
	if row.Reason == "" {
		row.State, row.DueAt = Planned, db.At(dueAt(s.opt.Now(), shop))
	}
	if err := s.save(ctx, row); err != nil || row.Reason == before {
		return err
	}
	return s.tellSuppressed(ctx, row)
}

// tellSuppressed puts on the job's timeline that its customer is not asked, and
// why: the reason is the event's body, for readers of any language to be told.
func (s *Surveyor) tellSuppressed(ctx context.Context, row *Survey) error {
	if row.State != Suppressed {
		return nil
	}
	event := booking.JobEvent{JobID: row.JobID, Kind: booking.EventSurvey, Author: booking.System.Name, State: string(Suppressed), Body: string(row.Reason)}
	if err := s.desk.AddEvent(ctx, event); err != nil {
		return fmt.Errorf("tell why job %d has no survey: %w", row.JobID, err)
	}
	return nil
}

// reasonNotToAsk tells why a customer is not to be asked, "" where nothing
// speaks against it. planning looks ahead: what is planned for another job of
// the customer counts as asked.
func (s *Surveyor) reasonNotToAsk(ctx context.Context, shop *booking.Workshop, job *booking.Job, planning bool) (Reason, error) {
	switch {
	case !job.ConsentSurvey:
		return NoConsent, nil
	case job.ContactPhone == "" && job.ContactEmail == "":
		return NoAddress, nil
	}
	if own, err := s.staffOwn(ctx, job); err != nil || own {
		return StaffOwn, err
	}
	if open, err := s.openCaseOf(ctx, job.CustomerID); err != nil || open {
		return CaseOpen, err
	}
	now, throttle := s.now(), time.Duration(shop.SurveyThrottleDays)*24*time.Hour
	past, err := s.pastOf(ctx, job, now.Add(-max(throttle, visitTime)))
	if err != nil {
		return "", err
	}
	reason := Reason("")
	for _, p := range past {
		here, planned := p.WorkshopID == job.WorkshopID, planning && p.State == Planned
		switch {
		case p.Reason == OptedOut || p.Reason == WrongNumber:
			return p.Reason, nil
		case here && (planned || p.AskedAt.After(now.Add(-visitTime))):
			reason = SameVisit
		case reason == "" && throttle > 0 && (planned || p.AskedAt.After(now.Add(-throttle))):
			reason = Throttled
		}
	}
	return reason, nil
}

// cameBack deals with a job that leaves `collected`: its question is taken back
// and, where that was no mistaken tap, a case is opened.
func (s *Surveyor) cameBack(ctx context.Context, job *booking.Job) error {
	row, err := s.lockByJob(ctx, job.ID)
	if err != nil {
		return err
	}
	if row != nil && s.now().Sub(row.CreatedAt.Time) > mistakenTap {
		if _, _, err := s.openCase(ctx, job, opening{cause: CauseReopened, detail: job.Reference, occasion: "callback"}); err != nil {
			return err
		}
	}
	return s.unplan(ctx, job.ID)
}

// unplan takes back a survey that has not been asked.
func (s *Surveyor) unplan(ctx context.Context, jobID int64) error {
	row, err := s.lockByJob(ctx, jobID)
	if err != nil || row == nil || row.State != Planned {
		return err
	}
	row.State, row.Reason, row.DueAt = Suppressed, Reopened, db.Time{}
	return s.save(ctx, row)
}

// ForJob gives the survey of a job; NotFound where it has none.
func (s *Surveyor) ForJob(ctx context.Context, jobID int64) (*Survey, error) {
	return s.one(ctx, "job_id = ?", jobID)
}

// ByToken gives the survey of a page and its job. NotFound where the token is
// unknown, the question has not been asked or has expired. It writes nothing.
func (s *Surveyor) ByToken(ctx context.Context, token string) (*Survey, *booking.Job, error) {
	row, err := s.one(ctx, "token = ?", token)
	if err != nil {
		return nil, nil, err
	}
	if !s.open(row) {
		return nil, nil, notFound()
	}
	job, err := s.desk.Job(ctx, row.JobID)
	if err != nil {
		return nil, nil, fmt.Errorf("load the job of survey %d: %w", row.ID, err)
	}
	return row, job, nil
}

// open tells whether the survey's page takes answers.
func (s *Surveyor) open(row *Survey) bool {
	return !row.AskedAt.IsZero() && s.now().Before(row.ExpiresAt.Time)
}

// Answers gives what came back to a survey, oldest first: the last is what
// stands, the others its history.
func (s *Surveyor) Answers(ctx context.Context, surveyID int64) ([]Answer, error) {
	return s.answersOf(ctx, surveyID)
}

// List gives surveys, newest first. The last row's Cursor continues the list.
func (s *Surveyor) List(ctx context.Context, f Filter) ([]Survey, error) {
	return s.list(ctx, f)
}
