package survey

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/templates"
)

// OnMoving takes back from a job's survey what a message said that a person moves
// to another job: what stood before it stands again, the case that it opened is
// closed, and the call that it brought goes with it. On the other job it is an
// answer to the question like any other, where that has been asked.
func (s *Surveyor) OnMoving(ctx context.Context, messageID int64, from, to *booking.Job, a booking.Actor) (string, error) {
	answer, err := s.answerOfMessage(ctx, messageID)
	if err != nil || answer == nil {
		return "", err
	}
	row, err := s.lock(ctx, "id = ? AND job_id = ?", answer.SurveyID, from.ID)
	if err != nil || row == nil {
		return "", err
	}
	if err := s.deleteAnswer(ctx, answer.ID); err != nil {
		return "", err
	}
	rest, err := s.answersOf(ctx, row.ID)
	if err != nil {
		return "", err
	}
	row.restand(rest)
	if err := s.save(ctx, row); err != nil {
		return "", err
	}
	err = s.desk.AddEvent(ctx, booking.JobEvent{
		JobID: from.ID, Kind: booking.EventOther, Author: a.Name, StaffID: a.StaffID, State: "answer_moved", Body: to.Reference,
	})
	if err != nil {
		return "", fmt.Errorf("tell that the answer of job %d was moved: %w", from.ID, err)
	}
	if err := s.closeMoved(ctx, messageID, from, to, a); err != nil {
		return "", err
	}
	if err := s.desk.Settle(ctx, from.ID, a, booking.Praised, booking.NeedsReading); err != nil {
		return "", err
	}
	if words := strings.Split(answer.Outcome, ","); slices.Contains(words, Callback) || slices.Contains(words, NeedsPerson) || row.lowWord(words) {
		if err := s.desk.MoveCall(ctx, from, to, a); err != nil {
			return "", err
		}
	}
	return occasionAsk, nil
}

// closeMoved closes the case that a message opened on the job that it leaves.
func (s *Surveyor) closeMoved(ctx context.Context, messageID int64, from, to *booking.Job, a booking.Actor) error {
	c, err := s.lockCase(ctx, "message_id = ? AND job_id = ? AND closed_at IS NULL", messageID, from.ID)
	if err != nil || c == nil {
		return err
	}
	c.State, c.ClosedAt, c.NextAt = CaseDismissed, s.now(), db.Time{}
	if err := s.saveCase(ctx, c); err != nil {
		return err
	}
	if err := s.desk.Settle(ctx, from.ID, a, caseKinds...); err != nil {
		return err
	}
	why := templates.T(from.Workshop.Locale, "case.moved", map[string]any{"reference": to.Reference})
	return s.caseEvent(ctx, c, a, "case_dismissed", why)
}

// restand lets what came back stand anew, oldest first, as if nothing else had.
func (row *Survey) restand(answers []Answer) {
	row.Score, row.Met, row.Comment, row.Channel, row.Rule = nil, "", "", "", ""
	row.AnsweredAt, row.Late, row.State = db.Time{}, false, Asked
	if row.Reason == OptedOut || row.Reason == WrongNumber || row.Reason == Declined {
		row.Reason = ""
	}
	for _, a := range answers {
		if a.Outcome != outcomeMachine {
			row.stand(row.readAgain(a), a.At, a.Channel, a.Raw)
		}
	}
}

// readAgain is what a stored answer says: of the page, the score that was pressed.
func (row *Survey) readAgain(a Answer) Reading {
	if a.Rule != rulePage {
		return Read(row.Scale, a.Raw)
	}
	r := Reading{Rule: rulePage, Outcome: strings.Split(a.Outcome, ",")}
	for _, word := range r.Outcome {
		if digits, is := strings.CutPrefix(word, "score="); is {
			if score, err := strconv.Atoi(digits); err == nil {
				r.Score = &score
			}
		}
	}
	return r
}

// lowWord tells whether the outcome words of an answer hold a low score.
func (row *Survey) lowWord(words []string) bool {
	r := row.readAgain(Answer{Rule: rulePage, Outcome: strings.Join(words, ",")})
	return r.Score != nil && low(row.Scale, *r.Score)
}
