package survey

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/notify"
	"neuvo/templates"
)

// caseBatch is how many due cases are read at once.
const caseBatch = 100

// WatchCases does what the clock asks of cases: escalates those that nobody has
// taken, asks customers who have been called whether it is sorted, reminds of
// those that do not answer, and asks the question of the survey once more ten
// days after. It tells how many it dealt with; it is idempotent, and one that
// fails is tried again and stops no other.
func (s *Surveyor) WatchCases(ctx context.Context) (int, error) {
	done := 0
	var failed []error
	for after := int64(0); ; {
		rows, err := s.dueCases(ctx, after, caseBatch)
		if err != nil {
			return done, errors.Join(append(failed, err)...)
		}
		for _, row := range rows {
			after = row.ID
			if err := s.watchCase(ctx, row.ID); err != nil {
				failed = append(failed, fmt.Errorf("watch case %d: %w", row.ID, err))
			} else {
				done++
			}
		}
		if len(rows) < caseBatch || ctx.Err() != nil {
			return done, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

func (s *Surveyor) watchCase(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		c, err := s.lockCase(ctx, "id = ?", id)
		if err != nil || c == nil || c.NextAt.IsZero() || c.NextAt.After(s.now().Time) {
			return err
		}
		job, err := s.desk.Job(ctx, c.JobID)
		if err != nil {
			return fmt.Errorf("load the job: %w", err)
		}
		switch c.State {
		case CaseWaiting:
			err = s.escalate(ctx, c, job)
		case CaseTaken: // the customer has been called
			err = s.askSorted(ctx, c, booking.System)
		case CaseAsked:
			c.NextAt = db.Time{}
			err = s.desk.Raise(ctx, booking.Attention{JobID: c.JobID, AdvisorID: c.OwnerID, Kind: booking.NeedsCase,
				Body: templates.T(job.Workshop.Locale, "case.silent", map[string]any{"customer": job.ContactName})})
		case CaseSorted:
			err = s.reask(ctx, c, job)
		default:
			c.NextAt = db.Time{}
		}
		if err != nil {
			return err
		}
		return s.saveCase(ctx, c)
	})
}

// escalate shows a case that nobody took to more people: first to the whole
// team, then to the managers.
func (s *Surveyor) escalate(ctx context.Context, c *Case, job *booking.Job) error {
	c.Level, c.EscalatedAt, c.NextAt = min(c.Level+1, 2), s.now(), db.Time{}
	if c.Level < 2 {
		next, err := s.desk.OpenAfter(ctx, job.Workshop, escalateWithin)
		if err != nil {
			return err
		}
		c.NextAt = db.At(next)
	}
	if err := s.caseEvent(ctx, c, booking.System, "case_escalated", strconv.Itoa(c.Level)); err != nil {
		return err
	}
	body := templates.T(job.Workshop.Locale, "case.escalated", map[string]any{"customer": job.ContactName, "detail": c.Detail})
	if err := s.desk.Raise(ctx, booking.Attention{JobID: c.JobID, AdvisorID: c.OwnerID, Kind: booking.NeedsEscalation, Body: body}); err != nil {
		return err
	}
	return s.mailAlert(ctx, c, job, c.Level)
}

// mailAlert tells those who must act by e-mail, beside the board: the owner at
// level 0, the team at 1, the managers at 2. Where the program knows no staff,
// or an owner without an e-mail, the board alone tells.
func (s *Surveyor) mailAlert(ctx context.Context, c *Case, job *booking.Job, level int) error {
	if s.opt.Staff == nil {
		return nil
	}
	staff, err := s.opt.Staff(ctx)
	if err != nil {
		return fmt.Errorf("look up whom to alert: %w", err)
	}
	subject := casePrefix + strconv.FormatInt(c.ID, 10)
	var outs []notify.Outgoing
	var people []notify.Participant
	for i := range staff {
		p := &staff[i]
		if !p.Active || p.Email == "" || !p.Sees(c.WorkshopID) || !alerted(p, c, level) {
			continue
		}
		locale := p.Locale
		if locale == "" {
			locale = job.Workshop.Locale
		}
		args := map[string]any{
			"customer": job.ContactName, "reference": job.Reference, "detail": c.Detail, "cause": templates.T(locale, "case.cause."+string(c.Cause), nil),
			"by": templates.Moment(locale, c.AcknowledgeBy.In(job.Workshop.Zone())), "link": fmt.Sprintf("%s/desk/jobs/%d", s.opt.BaseURL, c.JobID),
		}
		people = append(people, notify.Participant{Channel: notify.Email, Address: p.Email})
		outs = append(outs, notify.Outgoing{
			Subject: subject, Channel: notify.Email, To: p.Email, Author: job.Workshop.Name, Occasion: "case_alert", Purpose: notify.JobUpdate,
			Locale: locale, MailTitle: templates.T(locale, "case.alert_title", args), Body: templates.T(locale, "case.alert_body", args),
			ExpiresAt: db.At(s.now().Add(textLife)),
		})
	}
	if len(outs) == 0 {
		return nil
	}
	if err := s.notify.Join(ctx, subject, people...); err != nil {
		return err
	}
	if _, err := s.notify.SendAll(ctx, outs...); err != nil {
		return fmt.Errorf("alert the staff of case %d: %w", c.ID, err)
	}
	return nil
}

// alerted tells whether a member of staff is told at a level.
func alerted(p *auth.Staff, c *Case, level int) bool {
	switch level {
	case 0:
		return p.AdvisorID == c.OwnerID
	case 1:
		return p.Can(auth.ActDesk)
	}
	return p.Can(auth.ActManage)
}

// reask asks the question of the survey once more after a case was sorted,
// unless the customer wants no questions.
func (s *Surveyor) reask(ctx context.Context, c *Case, job *booking.Job) error {
	c.NextAt = db.Time{}
	row, err := s.lockByJob(ctx, c.JobID)
	if err != nil {
		return err
	}
	if row == nil || row.Reason == OptedOut || row.Reason == WrongNumber || !job.ConsentSurvey {
		return nil
	}
	channel, to := addressOf(job)
	if to == "" {
		return nil
	}
	c.ReaskedAt = s.now()
	return s.send(ctx, row, job, telling{occasion: occasionReask, channel: channel, to: to, notBefore: s.decent(job.Workshop)})
}

// caseOf reads the case out of a conversation's name.
func caseOf(subject string) (int64, bool) {
	digits, ok := strings.CutPrefix(subject, casePrefix)
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil && id > 0
}

// Version tells notify whether an alert is still worth sending: mine is false
// where the subject is no case.
func (s *Surveyor) Version(ctx context.Context, subject string) (version int, live, mine bool, err error) {
	id, ok := caseOf(subject)
	if !ok {
		return 0, false, false, nil
	}
	c, err := s.caseWhere(ctx, "id = ?", id)
	return 0, err == nil && c != nil && c.State == CaseWaiting, true, err
}

// HandleFailure escalates at once where the alert to the owner does not arrive:
// the clock waits for somebody who does not know.
func (s *Surveyor) HandleFailure(ctx context.Context, subject string, m notify.Message) error {
	id, ok := caseOf(subject)
	if !ok || m.State == notify.Expired {
		return nil
	}
	return s.db.Tx(ctx, func(ctx context.Context) error {
		c, err := s.lockCase(ctx, "id = ?", id)
		if err != nil || c == nil || c.State != CaseWaiting || c.Level > 0 {
			return err
		}
		job, err := s.desk.Job(ctx, c.JobID)
		if err != nil {
			return err
		}
		if err := s.caseEvent(ctx, c, booking.System, "case_alert_failed", m.ToAddress+": "+m.Error); err != nil {
			return err
		}
		if err := s.escalate(ctx, c, job); err != nil {
			return err
		}
		return s.saveCase(ctx, c)
	})
}

// sortedBy is when the question of the survey is asked once more: so many days
// later at the workshop's hour of asking.
func sortedBy(now time.Time, shop *booking.Workshop) time.Time {
	return dueAt(now.Add(reaskAfter), shop)
}
