package survey

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// rulePage is the rule of an answer given on the page: nothing had to be read.
const rulePage = "page"

// Answer records a score and a comment from the survey's page. NotFound where
// the token is unknown or expired, Invalid where the score is off the scale or
// the comment too long. Answering again replaces what stood and keeps it as
// history; sending the same twice is one answer.
func (s *Surveyor) Answer(ctx context.Context, token string, score int, comment string) (*Survey, error) {
	return s.AnswerWith(ctx, token, score, &comment)
}

// AnswerWith is Answer where the comment may be left out: nil keeps the one that
// stands, "" removes it.
func (s *Surveyor) AnswerWith(ctx context.Context, token string, score int, said *string) (*Survey, error) {
	var row *Survey
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if row, err = s.lock(ctx, "token = ?", token); err != nil {
			return err
		}
		if row == nil || !s.open(row) {
			return notFound()
		}
		typed, comment := "", row.Comment
		if said != nil {
			typed = tidied(*said)
			comment = typed
		}
		if err := check(row, score, typed); err != nil {
			return err
		}
		if row.Channel == notify.Web && row.Score != nil && *row.Score == score && row.Comment == comment {
			return nil
		}
		return s.answerOnPage(ctx, row, score, typed, comment, false)
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}

// check validates what the page sent.
func check(row *Survey, score int, comment string) error {
	var bad []fault.Field
	if scale := scaleOf(row.Scale); score < scale.lo || score > scale.hi {
		bad = append(bad, fault.Field{Location: "body.score", Key: "fault.score", Args: map[string]any{"scale": row.Scale}, Value: score})
	}
	if utf8.RuneCountInString(comment) > MaxComment {
		bad = append(bad, fault.Field{Location: "body.comment", Key: "fault.too_long", Args: map[string]any{"max": MaxComment}})
	}
	if len(bad) > 0 {
		return &fault.Error{Kind: fault.Invalid, Key: "fault.invalid", Fields: bad}
	}
	return nil
}

// answerOnPage records a valid answer of the page. Its comment is read as well:
// danger, a wish to be called and a complaint need someone whatever the score.
// typed is what came now, comment what is to stand. held leaves what the answer
// leads to for later.
func (s *Surveyor) answerOnPage(ctx context.Context, row *Survey, score int, typed, comment string, held bool) error {
	job, err := s.desk.Job(ctx, row.JobID)
	if err != nil {
		return fmt.Errorf("load the job of survey %d: %w", row.ID, err)
	}
	r := Reading{Outcome: []string{scoreWord(score)}, Rule: rulePage, Score: &score}
	if words := Read(row.Scale, typed); typed != "" && words.Score == nil {
		person := words.Has(NeedsPerson) || words.Met == "no" && !low(row.Scale, score)
		for _, w := range []struct {
			on   bool
			word string
		}{{person, NeedsPerson}, {words.Has(Urgent), Urgent}, {words.Has(Callback), Callback}} {
			if w.on {
				r.Outcome = append(r.Outcome, w.word)
			}
		}
	}
	in := &incoming{at: s.now(), channel: notify.Web, raw: typed, comment: comment, job: job, held: held}
	_, err = s.record(ctx, row, r, in)
	return err
}

// tidied is what was typed, without what no database keeps.
func tidied(said string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(said, "\uFFFD"), "\x00", ""))
}

// incoming is something that came back, beside its reading.
type incoming struct {
	at        db.Time
	channel   notify.Channel
	messageID int64  // 0: from the page
	raw       string // as it came
	comment   string // what stands as the comment
	from      string // address it came from
	job       *booking.Job
	held      bool // what it leads to is done later, see Press
	told      bool // the customer has been told who calls about it
	unclear   bool // a person must read it, but nothing says that anything is wrong
}

// record stores what came back with its reading, lets a verdict replace what
// stood, tells the job's timeline and whoever must know. first is false where
// this message has been recorded before; then nothing happens.
func (s *Surveyor) record(ctx context.Context, row *Survey, r Reading, in *incoming) (first bool, err error) {
	first, err = s.insertAnswer(ctx, &Answer{
		SurveyID: row.ID, MessageID: in.messageID, At: in.at, Channel: in.channel, Raw: in.raw,
		Outcome: strings.Join(r.Outcome, ","), Rule: r.Rule,
	})
	if err != nil || !first {
		return first, err
	}
	row.RemindAt = db.Time{} // whoever wrote anything back is not reminded
	if disagree(row, r, in.channel) && !r.Has(NeedsPerson) {
		r.Outcome = append(r.Outcome, NeedsPerson)
		in.unclear = true
	}
	row.stand(r, in.at, in.channel, in.comment)
	if err := s.save(ctx, row); err != nil {
		return first, err
	}
	event := booking.JobEvent{
		JobID: row.JobID, At: in.at, Kind: booking.EventSurvey, Channel: string(in.channel), Author: in.job.ContactName,
		State: strings.Join(r.Outcome, ","), Body: said(row, r, in),
	}
	if err := s.desk.AddEvent(ctx, event); err != nil {
		return first, fmt.Errorf("put the answer on the timeline of job %d: %w", row.JobID, err)
	}
	if in.held {
		return first, nil
	}
	told, err := s.alert(ctx, row, r, in)
	in.told = in.told || told
	return first, err
}

// stand lets a verdict take the place of what stands, where it does.
func (row *Survey) stand(r Reading, at db.Time, channel notify.Channel, comment string) {
	if !replaces(row, r) {
		return
	}
	before := row.Comment
	row.State, row.AnsweredAt, row.Channel, row.Rule = Answered, at, channel, r.Rule
	row.Score, row.Met, row.Comment = r.Score, r.Met, comment
	if r.Plain && before != "" && !Read(row.Scale, before).Plain {
		row.Comment = before // a bare score takes nothing back of what was told
	}
	if row.Reason == Declined { // who opted out stays so whatever else he says
		row.Reason = ""
	}
	row.Late = !row.ExpiresAt.IsZero() && !at.Before(row.ExpiresAt.Time)
}

func scoreWord(score int) string { return "score=" + strconv.Itoa(score) }

// disagree tells a score that differs from the one that came another way.
func disagree(stood *Survey, r Reading, channel notify.Channel) bool {
	return stood.Score != nil && r.Score != nil && *stood.Score != *r.Score && stood.Channel != channel
}

// outOf writes a score as "4 / 5".
func outOf(row *Survey, score int) string {
	return fmt.Sprintf("%d / %d", score, scaleOf(row.Scale).hi)
}

// said is the answer on the timeline: the score, and the words where no message
// beside it holds them.
func said(row *Survey, r Reading, in *incoming) string {
	switch {
	case r.Score == nil:
		return in.raw
	case in.messageID == 0 && in.raw != "":
		return outOf(row, *r.Score) + ": " + in.raw
	}
	return outOf(row, *r.Score)
}

// replaces tells a verdict that takes the place of what stands: any score, any
// verdict of words where no score stands, and what a person must judge where
// nothing stands.
func replaces(row *Survey, r Reading) bool {
	switch {
	case r.Score != nil:
		return true
	case row.Score != nil:
		return false
	case r.Met != "":
		return true
	}
	return row.AnsweredAt.IsZero() && r.Has(NeedsPerson) && !r.Has(WrongPerson)
}

// alert puts an answer that needs someone in front of the owner of the job. A low
// score, and what only a person can judge, open a case; told: the customer has
// been told who calls.
func (s *Surveyor) alert(ctx context.Context, row *Survey, r Reading, in *incoming) (told bool, err error) {
	body := in.raw
	if r.Score != nil {
		body = outOf(row, *r.Score) + ": " + in.raw
	}
	body = strings.TrimSuffix(body, ": ")
	raise := func(kind booking.AttentionKind) error {
		err := s.desk.Raise(ctx, booking.Attention{JobID: row.JobID, WorkshopID: row.WorkshopID, Kind: kind, Body: body})
		if err != nil {
			return fmt.Errorf("alert the owner of job %d: %w", row.JobID, err)
		}
		return nil
	}
	if err := s.passThanks(ctx, row, r, in); err != nil {
		return false, err
	}
	if c := caseFor(row, r, in, body); c != nil {
		c.messageID = in.messageID
		if _, told, err = s.openCase(ctx, in.job, *c); err != nil {
			return false, err
		}
	} else if r.Has(Stop) || r.Has(NeedsPerson) {
		if err := raise(booking.NeedsReading); err != nil {
			return false, err
		}
	}
	if !r.Has(Callback) || told {
		return told, nil
	}
	asked, err := s.promiseCall(ctx, in)
	if err == nil && !asked {
		err = raise(booking.NeedsCall)
	}
	return told, err
}

// caseFor is the case that an answer opens, nil where it opens none: a low
// score, or trouble that is told in words. What stays unclear, and answers that
// disagree, are read by the owner and are no case yet.
func caseFor(row *Survey, r Reading, in *incoming, detail string) *opening {
	switch {
	case r.Has(Stop) || r.Has(WrongPerson):
		return nil
	case r.Low(row.Scale):
		return &opening{cause: CauseLowScore, detail: detail, occasion: occasionCase, urgent: r.Has(Urgent)}
	case r.Has(Urgent), r.Met == "no", r.Has(NeedsPerson) && !in.unclear:
		return &opening{cause: CausePerson, detail: detail, occasion: "callback", urgent: r.Has(Urgent)}
	}
	return nil
}

// promiseCall makes a promise of the wish to be called. It is false where the
// desk cannot promise one by itself for want of a number; a person must then see
// the wish.
func (s *Surveyor) promiseCall(ctx context.Context, in *incoming) (bool, error) {
	note := []rune(in.raw)
	_, err := s.desk.PromiseCallback(ctx, booking.CallWish{JobID: in.job.ID, Note: string(note[:min(len(note), 500)]), Source: booking.FromSurvey})
	switch {
	case err == nil:
		return true, nil
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Invalid):
		return false, nil
	}
	return false, fmt.Errorf("promise a call on job %d: %w", in.job.ID, err)
}

// passThanks hands praise by name to whom it is meant for; the manager reads it
// on the report. A complaint in the same breath is no praise.
func (s *Surveyor) passThanks(ctx context.Context, row *Survey, r Reading, in *incoming) error {
	praise := Remark{Scale: row.Scale, Score: r.Score, Met: r.Met}
	if in.raw == "" || !praise.Praises() || r.Has(NeedsPerson) || r.Has(Urgent) {
		return nil
	}
	advisors, err := s.desk.Advisors(ctx, row.WorkshopID)
	if err != nil {
		return fmt.Errorf("look for whom the customer of job %d names: %w", row.JobID, err)
	}
	named := Named(in.raw, advisors)
	if len(named) == 0 {
		return nil
	}
	to := named[0]
	if i := slices.IndexFunc(named, func(a booking.Advisor) bool { return a.ID == row.AdvisorID }); i >= 0 {
		to = named[i]
	}
	thanks := booking.Attention{JobID: row.JobID, WorkshopID: row.WorkshopID, AdvisorID: to.ID, Kind: booking.Praised, Body: in.raw}
	if err := s.desk.Raise(ctx, thanks); err != nil {
		return fmt.Errorf("pass on the thanks of job %d: %w", row.JobID, err)
	}
	return nil
}
