package survey

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	// settleTime is how long after pick-up nobody is asked yet: who has just
	// driven off cannot know.
	settleTime = time.Hour
	// defaultFrom and defaultUntil are the allowed hours of a workshop that has
	// none.
	defaultFrom, defaultUntil = 9 * 60, 20 * 60
)

// Occasions of the texts of a survey.
const (
	occasionAsk    = "survey"
	occasionAgain  = "survey_again"
	occasionRemind = "survey_reminder"
	occasionThanks = "thanks"
	occasionHeard  = "acknowledge" // to a low answer
	// occasionOwn marks what a person of ours wrote in own words.
	occasionOwn = "advisor"
)

// AskDue asks the questions that have fallen due, oldest first, then reminds of
// those that were not answered, and tells how many of both. Each is one
// transaction that queues the text and takes the survey off the list, so that a
// missed tick, a second replica or a restart neither loses nor doubles any. One
// that fails is tried again by the next sweep and stops no other.
func (s *Surveyor) AskDue(ctx context.Context) (int, error) {
	asked, err := s.sweep(ctx, s.due, s.ask)
	reminded, err2 := s.sweep(ctx, s.dueAgain, s.remind)
	return asked + reminded, errors.Join(err, err2)
}

// sweep does one thing to each row of a list, batch by batch.
func (s *Surveyor) sweep(ctx context.Context, list func(context.Context, Survey, int) ([]Survey, error), do func(context.Context, int64) (bool, error)) (int, error) {
	done := 0
	var failed []error
	for after := (Survey{}); ; {
		rows, err := list(ctx, after, askBatch)
		if err != nil {
			return done, errors.Join(append(failed, err)...)
		}
		for _, row := range rows {
			went, err := do(ctx, row.ID)
			if err != nil {
				failed = append(failed, fmt.Errorf("ask about job %d: %w", row.JobID, err))
			} else if went {
				done++
			}
			after = row
		}
		if len(rows) < askBatch || ctx.Err() != nil {
			return done, errors.Join(append(failed, ctx.Err())...)
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
		row.Week = weekOf(now.In(job.Workshop.Zone()))
		if days := job.Workshop.SurveyReminderDays; days > 0 {
			row.RemindAt = db.At(reminderAt(now.Time, job.Workshop, days))
		}
		if err := s.save(ctx, row); err != nil {
			return err
		}
		went = true
		channel, to := addressOf(job)
		return s.send(ctx, row, job, telling{occasion: occasionAsk, channel: channel, to: to, notBefore: s.decent(job.Workshop)})
	})
	return went && err == nil, err
}

// remind asks one question once more that nobody has answered, unless something
// has come to speak against it. Whoever wrote anything back is not reminded.
func (s *Surveyor) remind(ctx context.Context, id int64) (bool, error) {
	went := false
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		went = false
		row, err := s.lock(ctx, "id = ?", id)
		if err != nil {
			return err
		}
		if row == nil || row.RemindAt.IsZero() || row.RemindAt.After(s.now().Time) {
			return nil
		}
		due := row.RemindAt
		row.RemindAt = db.Time{}
		job, err := s.desk.Job(ctx, row.JobID)
		if err != nil {
			return fmt.Errorf("load the job: %w", err)
		}
		reason, err := s.reasonNotToAsk(ctx, job.Workshop, job, false)
		if err != nil {
			return err
		}
		if row.State != Asked || row.AskedAgain || reason != "" && reason != Throttled && reason != SameVisit ||
			job.Status != booking.Collected || !s.open(row) || s.now().Sub(due.Time) > tooLate {
			return s.save(ctx, row)
		}
		row.RemindedAt = s.now()
		if err := s.save(ctx, row); err != nil {
			return err
		}
		went = true
		channel, to := addressOf(job)
		return s.send(ctx, row, job, telling{occasion: occasionRemind, channel: channel, to: to, notBefore: s.decent(job.Workshop)})
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
	}
	return s.reasonNotToAsk(ctx, job.Workshop, job, false)
}

// allowed gives the wall-clock minutes within which a workshop asks.
func allowed(shop *booking.Workshop) (from, until int) {
	if from, until = shop.SurveyFromMinute, shop.SurveyUntilMinute; until <= from {
		return defaultFrom, defaultUntil
	}
	return from, until
}

// minuteOn is a minute of the wall clock, days after the date of a time.
func minuteOn(local time.Time, days, minute int) time.Time {
	return time.Date(local.Year(), local.Month(), local.Day()+days, 0, minute, 0, 0, local.Location())
}

// dueAt is when a customer who collects now is asked: the same evening at the
// workshop's minute; who collects after that an hour later; and the next morning
// where the allowed hours are over by then.
func dueAt(now time.Time, shop *booking.Workshop) time.Time {
	from, until := allowed(shop)
	local := now.In(shop.Zone())
	due := minuteOn(local, 0, min(max(shop.SurveyMinute, from), until))
	if !due.After(now) {
		due = now.Add(settleTime)
	}
	if due.After(minuteOn(local, 0, until)) {
		return minuteOn(local, 1, from)
	}
	return due
}

// reminderAt is when a question asked now is asked once more: days later, at the
// workshop's minute.
func reminderAt(now time.Time, shop *booking.Workshop, days int) time.Time {
	from, until := allowed(shop)
	return minuteOn(now.In(shop.Zone()), days, min(max(shop.SurveyMinute, from), until))
}

// weekOf names the ISO 8601 week of a time.
func weekOf(local time.Time) string {
	year, week := local.ISOWeek()
	return fmt.Sprintf("%04d-W%02d", year, week)
}

// decent is when a question may go that is asked now: at once within the allowed
// hours, else as they begin. A program that comes back at night wakes nobody.
func (s *Surveyor) decent(shop *booking.Workshop) db.Time {
	from, until := allowed(shop)
	local := s.opt.Now().In(shop.Zone())
	switch {
	case local.Before(minuteOn(local, 0, from)):
		return db.At(minuteOn(local, 0, from))
	case local.After(minuteOn(local, 0, until)):
		return db.At(minuteOn(local, 1, from))
	}
	return db.Time{}
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
	if t.channel == notify.SMS {
		var err error
		if data.Link, err = s.desk.Shorten(ctx, "/s/"+row.Token, row.ExpiresAt.Time); err != nil {
			return fmt.Errorf("shorten the link of survey %d: %w", row.ID, err)
		}
	}
	data.Customer, _, _ = strings.Cut(job.ContactName, " ")
	if v := job.Vehicle; v != nil {
		data.Vehicle = strings.Join(strings.Fields(v.Make+" "+v.Model+" "+v.Plate), " ")
	}
	out := notify.Outgoing{
		Subject: job.Subject(), Channel: t.channel, To: t.to, Author: row.Advisor, Occasion: t.occasion,
		Purpose: notify.Survey, Locale: job.Locale, NotBefore: t.notBefore, ReplyToMsg: t.answers,
	}
	if slices.Contains(questions, t.occasion) {
		out.Asks, out.AsksUntil = asksSurvey, row.ExpiresAt
	}
	out.ExpiresAt = db.At(s.now().Add(textLife))
	if t.notBefore.After(s.now().Time) {
		out.ExpiresAt = db.At(t.notBefore.Add(textLife))
	}
	var err error
	if out.MailTitle, out.Body, err = s.desk.Compose(ctx, job.Workshop, t.channel, job.Locale, t.occasion, data); err != nil {
		return fmt.Errorf("write %q of job %d: %w", t.occasion, job.ID, err)
	}
	if _, err := s.notify.Send(ctx, out); err != nil {
		return fmt.Errorf("queue %q of job %d: %w", t.occasion, job.ID, err)
	}
	return nil
}
