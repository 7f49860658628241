package survey

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm/clause"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// one loads the survey that matches, or a NotFound fault.
func (s *Surveyor) one(ctx context.Context, where string, args ...any) (*Survey, error) {
	var rows []Survey
	if err := s.db.In(ctx).Where(where, args...).Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load a survey: %w", err)
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

// lock loads the survey that matches and keeps others from changing it until
// the transaction ends; nil where there is none.
func (s *Surveyor) lock(ctx context.Context, where string, args ...any) (*Survey, error) {
	var rows []Survey
	if err := s.db.ForUpdate(s.db.In(ctx)).Where(where, args...).Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("lock a survey: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

func (s *Surveyor) lockByJob(ctx context.Context, jobID int64) (*Survey, error) {
	return s.lock(ctx, "job_id = ?", jobID)
}

// save writes every column of a survey, or stores a new one.
func (s *Surveyor) save(ctx context.Context, row *Survey) error {
	if err := s.db.In(ctx).Save(row).Error; err != nil {
		return fmt.Errorf("save the survey of job %d: %w", row.JobID, err)
	}
	if row.AskedAt.IsZero() || row.State == Asked {
		return nil
	}
	return s.notify.Answered(ctx, booking.SubjectOf(row.JobID), asksSurvey)
}

// pastOf gives other surveys of the customer of a job, known by record, phone or
// e-mail, that may speak against asking again: opted out, planned, or asked
// after since.
func (s *Surveyor) pastOf(ctx context.Context, job *booking.Job, since time.Time) ([]Survey, error) {
	var rows []Survey
	err := s.db.In(ctx).Joins("JOIN jobs ON jobs.id = surveys.job_id").
		Where("surveys.job_id <> ?", job.ID).
		Where("jobs.customer_id = ? OR (jobs.contact_phone <> '' AND jobs.contact_phone = ?) OR (jobs.contact_email <> '' AND jobs.contact_email = ?)",
			job.CustomerID, job.ContactPhone, job.ContactEmail).
		Where("surveys.reason IN ? OR surveys.state = ? OR surveys.asked_at > ?", []Reason{OptedOut, WrongNumber}, Planned, db.At(since)).
		Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look for earlier surveys of the customer of job %d: %w", job.ID, err)
	}
	return rows, nil
}

// staffOwn tells whether the phone or the e-mail of a job is one of our own
// people's: an advisor's, or a sign-in's.
func (s *Surveyor) staffOwn(ctx context.Context, job *booking.Job) (bool, error) {
	var own []int
	err := s.db.In(ctx).Raw(`SELECT 1 FROM advisors WHERE (? <> '' AND phone = ?) OR (? <> '' AND LOWER(email) = LOWER(?))
		UNION ALL SELECT 1 FROM staff WHERE ? <> '' AND email = LOWER(?) LIMIT 1`,
		job.ContactPhone, job.ContactPhone, job.ContactEmail, job.ContactEmail, job.ContactEmail, job.ContactEmail).Scan(&own).Error
	if err != nil {
		return false, fmt.Errorf("ask whether the customer of job %d is one of us: %w", job.ID, err)
	}
	return len(own) > 0, nil
}

// due gives the surveys, up to limit, whose question is due by now, oldest
// first, after a place in that order.
func (s *Surveyor) due(ctx context.Context, after Survey, limit int) ([]Survey, error) {
	return s.dueBy(ctx, "due_at", Planned, after.DueAt, after.ID, limit)
}

// dueAgain is due for reminders.
func (s *Surveyor) dueAgain(ctx context.Context, after Survey, limit int) ([]Survey, error) {
	return s.dueBy(ctx, "remind_at", Asked, after.RemindAt, after.ID, limit)
}

func (s *Surveyor) dueBy(ctx context.Context, column string, state State, after db.Time, afterID int64, limit int) ([]Survey, error) {
	var rows []Survey
	if after.IsZero() {
		after = db.At(time.Unix(0, 0))
	}
	err := s.db.In(ctx).Where(column+" IS NOT NULL AND "+column+" <= ? AND state = ?", s.now(), state).
		Where(column+" > ? OR ("+column+" = ? AND id > ?)", after, after, afterID).
		Order(column + ", id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load due surveys: %w", err)
	}
	return rows, nil
}

// insertAnswer stores what came back; fresh is false where this message has been
// stored before.
func (s *Surveyor) insertAnswer(ctx context.Context, a *Answer) (fresh bool, err error) {
	res := s.db.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(a)
	if res.Error != nil {
		return false, fmt.Errorf("store an answer to survey %d: %w", a.SurveyID, res.Error)
	}
	return res.RowsAffected == 1, nil
}

func (s *Surveyor) answersOf(ctx context.Context, surveyID int64) ([]Answer, error) {
	var rows []Answer
	if err := s.db.In(ctx).Where("survey_id = ?", surveyID).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load answers to survey %d: %w", surveyID, err)
	}
	return rows, nil
}

// answerOfMessage is what a message was read as, nil where it was no answer.
func (s *Surveyor) answerOfMessage(ctx context.Context, messageID int64) (*Answer, error) {
	var rows []Answer
	if err := s.db.In(ctx).Where("message_id = ? AND message_id > 0", messageID).Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load the answer that message %d was: %w", messageID, err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	return &rows[0], nil
}

func (s *Surveyor) deleteAnswer(ctx context.Context, id int64) error {
	if err := s.db.In(ctx).Where("id = ?", id).Delete(&Answer{}).Error; err != nil {
		return fmt.Errorf("take answer %d back: %w", id, err)
	}
	return nil
}

func (s *Surveyor) list(ctx context.Context, f Filter) ([]Survey, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	q := s.db.In(ctx).Order("id DESC").Limit(min(limit, 200))
	if f.Cursor != "" {
		before, err := strconv.ParseInt(f.Cursor, 10, 64)
		if err != nil || before <= 0 {
			return nil, fault.BadField("query.cursor", "fault.cursor", f.Cursor)
		}
		q = q.Where("id < ?", before)
	}
	const when = "COALESCE(asked_at, due_at, created_at)"
	if !f.From.IsZero() {
		q = q.Where(when+" >= ?", db.At(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where(when+" < ?", db.At(f.To))
	}
	if f.AdvisorID != 0 {
		q = q.Where("advisor_id = ?", f.AdvisorID)
	}
	if f.WorkshopID != 0 {
		q = q.Where("workshop_id = ?", f.WorkshopID)
	}
	var rows []Survey
	if err := q.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list surveys: %w", err)
	}
	return rows, nil
}

// pressesOf gives the presses on a survey's page that are kept, oldest first.
func (s *Surveyor) pressesOf(ctx context.Context, surveyID int64) ([]Press, error) {
	var rows []Press
	err := s.db.In(ctx).Where("survey_id = ? AND at > ?", surveyID, db.At(s.now().Add(-keepPresses))).
		Order("at, id").Limit(maxPresses).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load the presses on survey %d: %w", surveyID, err)
	}
	return rows, nil
}

func (s *Surveyor) insertPress(ctx context.Context, p *Press) error {
	if err := s.db.In(ctx).Create(p).Error; err != nil {
		return fmt.Errorf("store a press on survey %d: %w", p.SurveyID, err)
	}
	return nil
}

// voidPresses marks presses, and the answers they became, as a machine's.
func (s *Surveyor) voidPresses(ctx context.Context, presses []Press) error {
	var ids, answers []int64
	for _, p := range presses {
		ids, answers = append(ids, p.ID), append(answers, p.AnswerID)
	}
	err := s.db.In(ctx).Model(&Press{}).Where("id IN ?", ids).Updates(map[string]any{"taken": false, "act_at": nil}).Error
	if err == nil {
		err = s.db.In(ctx).Model(&Answer{}).Where("id IN ?", answers).Update("outcome", outcomeMachine).Error
	}
	if err != nil {
		return fmt.Errorf("void the presses of a machine: %w", err)
	}
	return nil
}

// pressesToActOn gives presses whose time has come, oldest first.
func (s *Surveyor) pressesToActOn(ctx context.Context, limit int) ([]Press, error) {
	var rows []Press
	err := s.db.In(ctx).Where("act_at IS NOT NULL AND act_at <= ?", s.now()).Order("act_at, id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("load presses to act on: %w", err)
	}
	return rows, nil
}

// closePress takes a press off that list; false where it is not on it any more.
func (s *Surveyor) closePress(ctx context.Context, id int64) (bool, error) {
	res := s.db.In(ctx).Model(&Press{}).Where("id = ? AND act_at IS NOT NULL", id).Update("act_at", nil)
	if res.Error != nil {
		return false, fmt.Errorf("close press %d: %w", id, res.Error)
	}
	return res.RowsAffected == 1, nil
}

func (s *Surveyor) purgePresses(ctx context.Context, before time.Time) (int, error) {
	done := 0
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		res := s.db.In(ctx).Where("id IN (SELECT id FROM survey_presses WHERE at < ? ORDER BY at LIMIT 1000)", db.At(before)).Delete(&Press{})
		done = int(res.RowsAffected)
		return res.Error
	})
	if err != nil {
		return 0, fmt.Errorf("purge presses: %w", err)
	}
	return done, nil
}
