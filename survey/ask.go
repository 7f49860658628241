package survey

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/notify"
	"neuvo/templates"
)

const (
	// askBatch is how many due surveys are read at once.
	askBatch = 100
	// textLife is how long a question is worth sending once it is asked.
	textLife = 48 * time.Hour
	// tooLate is how long after its hour a question is still asked: a program
	// that stood still for longer would puzzle people.
	tooLate = 7 * 24 * time.Hour
	// earliest and latest are the wall-clock minutes between which a question
	// goes out that could not go at its own time.
	earliest, latest = 8 * 60, 21 * 60
)

// Occasions of the texts of a survey.
const (
	occasionAsk    = "survey"
	occasionAgain  = "survey_again"
	occasionThanks = "thanks"
	occasionHeard  = "acknowledge" // to a low answer
	// occasionOwn marks what a person of ours wrote in own words.
	occasionOwn = "advisor"
)

// AskDue asks the questions that have fallen due, oldest first, and tells how
// many. Each is one transaction that queues the text and takes the survey off
// the list, so that a missed tick, a second replica or a restart neither loses
// nor doubles any. One that fails is tried again by the next sweep and stops no
// other.
func (s *Surveyor) AskDue(ctx context.Context) (int, error) {
	asked := 0
	var failed []error
	for after := (Survey{}); ; {
		rows, err := s.due(ctx, after, askBatch)
		if err != nil {
			return asked, errors.Join(append(failed, err)...)
		}
		for _, row := range rows {
			went, err := s.ask(ctx, row.ID)
			if err != nil {
				failed = append(failed, fmt.Errorf("ask about job %d: %w", row.JobID, err))
			} else if went {
				asked++
			}
			after = row
		}
		if len(rows) < askBatch || ctx.Err() != nil {
			return asked, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

// ask asks one question unless it has been asked or something has come to speak
// against it since it was planned.
func (s *Surveyor) ask(ctx context.Context, id int64) (bool, error) {
	went := false
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		went = false
		row, err := s.lock(ctx, "id = ?", id)
		if err != nil {
			return err
		}
		if row == nil || row.State != Planned || row.DueAt.IsZero() || row.DueAt.After(s.now().Time) {
			return nil
		}
		job, err := s.desk.Job(ctx, row.JobID)
		if err != nil {
			return fmt.Errorf("load the job: %w", err)
		}
		if row.Reason, err = s.reasonAtLast(ctx, row, job); err != nil {
			return err
		}
		due := row.DueAt
		row.DueAt = db.Time{}
		if row.Reason != "" {
			row.State = Suppressed
			if err := s.save(ctx, row); err != nil {
				return err
			}
			return s.tellSuppressed(ctx, row)
		}
		now := s.now()
		row.State, row.AskedAt, row.ExpiresAt = Asked, now, db.At(now.Add(Lifetime))
		if err := s.save(ctx, row); err != nil {
			return err
		}
		went = true
		channel, to := addressOf(job)
		return s.send(ctx, row, job, telling{occasion: occasionAsk, channel: channel, to: to, notBefore: s.decent(job, due.Time)})
	})
	return went && err == nil, err
}

// reasonAtLast looks once more, at the hour of asking.
func (s *Surveyor) reasonAtLast(ctx context.Context, row *Survey, job *booking.Job) (Reason, error) {
	switch {
	case job.Status != booking.Collected:
		return Reopened, nil
	case s.now().Sub(row.DueAt.Time) > tooLate:
		return Outdated, nil
	case !job.ConsentSurvey:
		return NoConsent, nil
	case job.ContactPhone == "" && job.ContactEmail == "":
		return NoAddress, nil
	}
	past, err := s.pastOf(ctx, job, s.now().Add(-Throttle))
	if err != nil {
		return "", err
	}
	for _, p := range past {
		switch {
		case p.Reason == OptedOut || p.Reason == WrongNumber:
			return p.Reason, nil
		case p.AskedAt.After(s.now().Add(-Throttle)):
			return Throttled, nil
		}
	}
	return "", nil
}

// decent is when a question may go: now at its own hour or by day, else at the
// next morning's earliest. A program that comes back at night wakes nobody.
func (s *Surveyor) decent(job *booking.Job, due time.Time) db.Time {
	now := s.opt.Now()
	local := now.In(job.Workshop.Zone())
	minute := local.Hour()*60 + local.Minute()
	if now.Sub(due) < time.Hour || minute >= earliest && minute < latest {
		return db.Time{}
	}
	day := local.Day()
	if minute >= latest {
		day++
	}
	return db.At(time.Date(local.Year(), local.Month(), day, 0, earliest, 0, 0, local.Location()))
}

// addressOf is where the customer of a job is asked: by SMS, else by e-mail.
func addressOf(job *booking.Job) (notify.Channel, string) {
	if job.ContactPhone != "" {
		return notify.SMS, job.ContactPhone
	}
	return notify.Email, job.ContactEmail
}

// telling is a text of a survey on its way out.
type telling struct {
	occasion  string
	channel   notify.Channel
	to        string
	notBefore db.Time
	answers   int64 // the customer's message it answers
}

// send queues a text of a survey in the caller's transaction.
func (s *Surveyor) send(ctx context.Context, row *Survey, job *booking.Job, t telling) error {
	first, _, _ := strings.Cut(row.Advisor, " ")
	data := templates.TextData{
		Advisor: first, Workshop: job.Workshop.Name, WorkshopPhone: job.Workshop.Phone, Reference: job.Reference,
		Scale: row.Scale, Link: s.opt.BaseURL + "/s/" + row.Token,
	}
	data.Customer, _, _ = strings.Cut(job.ContactName, " ")
	if v := job.Vehicle; v != nil {
		data.Vehicle = strings.Join(strings.Fields(v.Make+" "+v.Model+" "+v.Plate), " ")
	}
	out := notify.Outgoing{
		Subject: job.Subject(), Channel: t.channel, To: t.to, Author: row.Advisor, Occasion: t.occasion,
		Purpose: notify.Survey, Locale: job.Locale, NotBefore: t.notBefore, ReplyToMsg: t.answers,
	}
	out.ExpiresAt = db.At(s.now().Add(textLife))
	if t.notBefore.After(s.now().Time) {
		out.ExpiresAt = db.At(t.notBefore.Add(textLife))
	}
	var err error
	if t.channel == notify.Email {
		out.MailTitle, out.Body, err = templates.Mail(job.Locale, t.occasion, data)
	} else {
		out.Body, err = templates.Text(job.Locale, t.occasion, data)
	}
	if err != nil {
		return fmt.Errorf("write %q of job %d: %w", t.occasion, job.ID, err)
	}
	if _, err := s.notify.Send(ctx, out); err != nil {
		return fmt.Errorf("queue %q of job %d: %w", t.occasion, job.ID, err)
	}
	return nil
}
