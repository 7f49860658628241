package survey

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/notify"
)

// Votes of machines. Mail hosts and telephones open every link of a message
// before its reader does, and some press every button they find. Neither is an
// answer:
//
//   - Opening the page stores nothing at all. The page's form carries a mark
//     (Mark) that is signed and made anew for each view.
//   - A press counts only with a mark of this survey's page that is less than
//     markLife old and has not been used before. Any other press is answered
//     with the page again, a fresh mark in it and the score still chosen: a
//     person who came back with the browser's button presses once more.
//   - The first press of a view counts at once, because a person must not wait.
//     But as soon as burstScores different scores have been pressed on one
//     survey within burstTime, with whatever marks, none of them was a person's:
//     what stood before the first of them stands again, and the page asks again.
//     Someone who changes their mind needs the page of thanks and a new view
//     between two presses, and so much longer.
//   - What a press leads to (alerts, a case, a text to the customer) waits until
//     burstTime has passed: a text cannot be taken back. Whoever typed a comment
//     is no machine and is acted for at once.
//
// It needs no script, no cookie and no address of the visitor, who may share it
// with the scanner. A machine that presses one single score, or one every few
// seconds, cannot be told from a person by this.
const (
	markLife    = 24 * time.Hour
	burstTime   = 5 * time.Second
	burstScores = 3
	// keepPresses is longer than a mark lives, so that a used one is known.
	keepPresses = 2 * markLife
	// maxPresses is how many presses on one survey are stored while they are
	// kept: beyond it, none is taken.
	maxPresses = 500
)

// outcomeMachine is the outcome of an answer that turned out to be a machine's.
const outcomeMachine = "machine"

// Press is one press of the button on a survey's page.
type Press struct {
	ID       int64 `gorm:"primaryKey"`
	SurveyID int64
	At       db.Time
	Nonce    string // of the mark; "" where it was missing or forged
	Score    int
	Taken    bool    // counted as an answer
	Stood    string  // of a press that was taken: the survey before it, as JSON
	AnswerID int64   // the answer it became; 0 where it changed nothing
	ActAt    db.Time // when what it leads to is done; NULL: it has been, or leads to nothing
}

// TableName names the table.
func (Press) TableName() string { return "survey_presses" }

// secretOnce reads the key of the marks when it is first needed.
func secretOnce(d *db.DB) func(context.Context) ([]byte, error) {
	var mu sync.Mutex
	var key []byte
	return func(ctx context.Context) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		if key != nil {
			return key, nil
		}
		var err error
		key, err = d.Secret(ctx, "survey")
		return key, err
	}
}

const nonceBytes, signatureBytes = 20, 16

// Mark makes the mark of one view of a survey's page. It writes nothing.
func (s *Surveyor) Mark(ctx context.Context, row *Survey) (string, error) {
	key, err := s.key(ctx)
	if err != nil {
		return "", fmt.Errorf("mark the page of survey %d: %w", row.ID, err)
	}
	nonce := make([]byte, nonceBytes)
	rand.Read(nonce)
	binary.BigEndian.PutUint64(nonce, uint64(s.now().Unix()))
	return base64.RawURLEncoding.EncodeToString(append(nonce, signature(key, row, nonce)...)), nil
}

func signature(key []byte, row *Survey, nonce []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(nonce)
	mac.Write([]byte(row.Token))
	return mac.Sum(nil)[:signatureBytes]
}

// nonceOf gives the nonce of a mark of this survey's page, "" where the mark is
// not one or too old.
func (s *Surveyor) nonceOf(ctx context.Context, row *Survey, mark string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(mark)
	if err != nil || len(raw) != nonceBytes+signatureBytes {
		return "", nil
	}
	key, err := s.key(ctx)
	if err != nil {
		return "", fmt.Errorf("check the page of survey %d: %w", row.ID, err)
	}
	nonce := raw[:nonceBytes]
	if !hmac.Equal(raw[nonceBytes:], signature(key, row, nonce)) {
		return "", nil
	}
	age := s.now().Sub(time.Unix(int64(binary.BigEndian.Uint64(nonce)), 0))
	if age < -time.Minute || age > markLife {
		return "", nil
	}
	return base64.RawURLEncoding.EncodeToString(nonce), nil
}

// AnswerOnPage takes a press of the button on the survey's page, with the mark
// of the view it was pressed on. counted is false where the page must ask again;
// the survey is then what stands. Errors are those of Answer.
func (s *Surveyor) AnswerOnPage(ctx context.Context, token, mark string, score int, comment string) (row *Survey, counted bool, err error) {
	if _, err := s.key(ctx); err != nil { // read outside: it may have to be made
		return nil, false, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		counted = false
		if row, err = s.lock(ctx, "token = ?", token); err != nil {
			return err
		}
		if row == nil || !s.open(row) {
			return notFound()
		}
		typed := tidied(comment)
		if err := check(row, score, typed); err != nil {
			return err
		}
		counted, err = s.press(ctx, row, mark, score, typed)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return row, counted, nil
}

// press judges one press and lets it count, or takes back what a burst of them
// did.
func (s *Surveyor) press(ctx context.Context, row *Survey, mark string, score int, comment string) (bool, error) {
	nonce, err := s.nonceOf(ctx, row, mark)
	if err != nil {
		return false, err
	}
	earlier, err := s.pressesOf(ctx, row.ID)
	if err != nil || len(earlier) >= maxPresses {
		return false, err
	}
	now := s.now()
	p := Press{SurveyID: row.ID, At: now, Nonce: nonce, Score: score}
	var burst []Press
	scores := map[int]bool{score: true}
	used := false
	for _, one := range earlier {
		used = used || nonce != "" && one.Nonce == nonce
		if now.Sub(one.At.Time) < burstTime {
			burst = append(burst, one)
			scores[one.Score] = true
		}
	}
	same := row.Channel == notify.Web && row.Score != nil && *row.Score == score
	switch {
	case len(scores) >= burstScores:
		if err := s.takeBack(ctx, row, burst); err != nil {
			return false, err
		}
	case used && same && row.Comment == comment: // pressed twice
		return true, nil
	case nonce != "" && !used:
		if err := s.count(ctx, row, &p, score, comment); err != nil {
			return false, err
		}
	}
	return p.Taken, s.insertPress(ctx, &p)
}

// count makes an answer of a press.
func (s *Surveyor) count(ctx context.Context, row *Survey, p *Press, score int, comment string) error {
	stood, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("keep what stands of survey %d: %w", row.ID, err)
	}
	p.Taken, p.Stood = true, string(stood)
	if row.Channel == notify.Web && row.Score != nil && *row.Score == score && row.Comment == comment {
		return nil
	}
	before, err := s.answersOf(ctx, row.ID)
	if err != nil {
		return err
	}
	held := comment == ""
	if held {
		p.ActAt = db.At(p.At.Add(burstTime))
	}
	if err := s.answerOnPage(ctx, row, score, comment, comment, held); err != nil {
		return err
	}
	after, err := s.answersOf(ctx, row.ID)
	if err == nil && len(after) > len(before) {
		p.AnswerID = after[len(after)-1].ID
	}
	return err
}

// takeBack undoes what the presses of a machine did.
func (s *Surveyor) takeBack(ctx context.Context, row *Survey, burst []Press) error {
	first := slices.IndexFunc(burst, func(p Press) bool { return p.Taken })
	if first < 0 {
		return nil
	}
	stood, err := stoodBefore(burst)
	if err != nil {
		return fmt.Errorf("read what stood of survey %d: %w", row.ID, err)
	}
	if row.Channel == notify.Web { // an answer by text that came meanwhile is a person's
		*row = *stood
		if err := s.save(ctx, row); err != nil {
			return err
		}
	}
	if err := s.voidPresses(ctx, burst); err != nil {
		return err
	}
	event := booking.JobEvent{JobID: row.JobID, Kind: booking.EventSurvey, Channel: string(notify.Web), Author: booking.System.Name, State: outcomeMachine}
	if err := s.desk.AddEvent(ctx, event); err != nil {
		return fmt.Errorf("tell that a machine pressed on the survey of job %d: %w", row.JobID, err)
	}
	return nil
}

// stoodBefore is what stood before a burst: before its first press, or what a
// person wrote by text in between.
func stoodBefore(burst []Press) (*Survey, error) {
	var stood *Survey
	for _, p := range burst {
		var before Survey
		if !p.Taken {
			continue
		}
		if err := json.Unmarshal([]byte(p.Stood), &before); err != nil {
			return nil, err
		}
		if stood == nil || before.Channel != notify.Web && !before.AnsweredAt.IsZero() {
			stood = &before
		}
	}
	return stood, nil
}

// ActOnPresses does what presses lead to that have turned out to be a person's,
// and tells how many. One that fails is tried again by the next sweep.
func (s *Surveyor) ActOnPresses(ctx context.Context) (int, error) {
	rows, err := s.pressesToActOn(ctx, askBatch)
	if err != nil {
		return 0, err
	}
	done := 0
	var failed []error
	for _, p := range rows {
		if err := s.actOn(ctx, p); err != nil {
			failed = append(failed, fmt.Errorf("act on an answer to survey %d: %w", p.SurveyID, err))
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}

func (s *Surveyor) actOn(ctx context.Context, p Press) error {
	return s.db.Tx(ctx, func(ctx context.Context) error {
		row, err := s.lock(ctx, "id = ?", p.SurveyID)
		if err != nil || row == nil {
			return err
		}
		due, err := s.closePress(ctx, p.ID)
		if err != nil || !due || row.Channel != notify.Web || row.Score == nil || *row.Score != p.Score {
			return err // another replica's, a machine's, or another answer stands by now
		}
		stood, err := stoodBefore([]Press{p})
		if err != nil {
			return err
		}
		job, err := s.desk.Job(ctx, row.JobID)
		if err != nil {
			return fmt.Errorf("load the job: %w", err)
		}
		r := Reading{Outcome: []string{scoreWord(p.Score)}, Rule: rulePage, Score: &p.Score}
		in := &incoming{at: p.At, channel: notify.Web, job: job}
		if disagree(stood, r, in.channel) {
			r.Outcome, in.unclear = append(r.Outcome, NeedsPerson), true
		}
		_, err = s.alert(ctx, row, r, in)
		return err
	})
}

// Purge removes presses that no mark can refer to any more.
func (s *Surveyor) Purge(ctx context.Context) (int, error) {
	return s.purgePresses(ctx, s.now().Add(-keepPresses))
}
