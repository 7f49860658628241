package survey

import (
	"context"
	"fmt"
	"slices"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// HandleReply takes a reply to the question, in the transaction that stores the
// message, and tells whether it dealt with it. It leaves to the desk what is
// written on our page, what comes from somebody who is not known to be the
// customer, and what answers something else than the question.
func (s *Surveyor) HandleReply(ctx context.Context, r notify.Reply) (bool, error) {
	if id, ok := caseOf(r.Subject); ok {
		return s.staffReply(ctx, id, r)
	}
	jobID, ok := booking.JobOf(r.Subject)
	m := r.Message
	if !ok || !m.Verified || r.Reaction != "" || m.Channel != notify.SMS && m.Channel != notify.Email || m.Kind != "" && m.Kind != notify.Human {
		return false, nil
	}
	handled := false
	err := s.db.Tx(ctx, func(ctx context.Context) error {
		var err error
		if handled, err = s.caseReply(ctx, jobID, r); err != nil || handled {
			return err
		}
		row, err := s.lockByJob(ctx, jobID)
		if err != nil || row == nil || row.AskedAt.IsZero() {
			return err
		}
		reading := Read(row.Scale, m.Body)
		said, err := s.lastSaid(ctx, r)
		if err != nil {
			return err
		}
		if !row.AnsweredAt.IsZero() {
			reading = later(row, reading)
		}
		if len(reading.Outcome) == 0 || !answers(said, reading) && !(row.AnsweredAt.IsZero() && settles(said, reading)) {
			return nil
		}
		job, err := s.desk.Job(ctx, jobID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("load the job of survey %d: %w", row.ID, err)
		}
		in := &incoming{
			at: m.CreatedAt, channel: m.Channel, messageID: m.ID, raw: m.Body, comment: m.Body, from: m.FromAddress, job: job,
		}
		if in.at.IsZero() {
			in.at = s.now()
		}
		handled, err = s.take(ctx, row, reading, in)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the reply to the survey of job %d: %w", jobID, err)
	}
	return handled, nil
}

// asksSurvey is what the question asks for, see notify.Outgoing.Asks.
const asksSurvey = "survey"

// The texts that a customer may be answering when the question is meant: the
// question itself, and those that come by themselves and ask for no number.
var (
	questions = []string{occasionAsk, occasionAgain, occasionRemind}
	followers = []string{occasionThanks, "callback", "late_call", "late_ready", occasionHeard, occasionCase}
)

// lastSaid is the occasion of what the customer is answering: the text that the
// reply refers to, else the last one of ours that went out.
func (s *Surveyor) lastSaid(ctx context.Context, r notify.Reply) ([]string, error) {
	if r.InReplyToOccasion != "" {
		return []string{r.InReplyToOccasion}, nil
	}
	messages, err := s.notify.Messages(ctx, r.Subject)
	if err != nil {
		return nil, fmt.Errorf("read the conversation: %w", err)
	}
	var said []string
	for _, m := range slices.Backward(messages) {
		switch {
		case m.ID == r.Message.ID || m.Direction != notify.Out:
		case m.State == notify.Suppressed || m.State == notify.Failed || m.State == notify.Expired:
		default:
			said = append(said, m.Occasion)
			if !slices.Contains(followers, m.Occasion) {
				return said, nil
			}
		}
	}
	return said, nil
}

// answers tells whether a reply plausibly answers the question: the question is
// what it is about, or something that followed an answer is and the reply says
// what only an answer would. "Ok" to a promised call is none.
func answers(said []string, r Reading) bool {
	if len(said) == 0 {
		return false
	}
	if slices.Contains(questions, said[0]) {
		return true
	}
	last := said[len(said)-1]
	return (slices.Contains(questions, last) || len(said) == 1 && slices.Contains(followers, last)) &&
		(r.Score != nil || r.Has(Urgent) || r.Has(Callback) || r.Has(Stop))
}

// settles tells a plain score or a clear verdict to a question that is open: it
// is its answer whichever of our mails the customer's program took to answer
// to. What a person of ours wrote is answered first.
func settles(said []string, r Reading) bool {
	if len(said) == 0 || said[0] == occasionOwn {
		return false
	}
	return r.Rule == ruleScore && r.Stated || r.Met != "" && len(r.Outcome) == 1
}

// later is what a reply says after the question has been answered: a number
// that happens to stand in a message changes nothing. Over a score only another
// plain one counts, over words one that stands for itself. The words of danger
// and the wish to be called count always; without any the reading is empty.
func later(row *Survey, r Reading) Reading {
	if r.Score == nil || r.Plain || row.Score == nil && r.Stated {
		return r
	}
	kept := r
	kept.Score, kept.Outcome = nil, nil
	for _, word := range r.Outcome {
		switch word {
		case Urgent, Callback, Stop, WrongPerson:
			kept.Outcome = append(kept.Outcome, word)
		}
	}
	if kept.Has(Urgent) {
		kept.Outcome = append([]string{NeedsPerson}, kept.Outcome...)
	}
	return kept
}

// take acts on a reply that has been read. It is not handled where the advisor
// had better read it as a message: chatter after an answer, and what stays
// unclear too late to ask.
func (s *Surveyor) take(ctx context.Context, row *Survey, r Reading, in *incoming) (bool, error) {
	before := *row
	late := !in.at.Before(row.ExpiresAt.Time)
	unclear := r.Has(Ask)
	if unclear && !before.AnsweredAt.IsZero() {
		return false, nil // "ok", "thanks" after an answer: a message like any other
	}
	if unclear && (row.AskedAgain || late || row.State == Suppressed) {
		r.Outcome, in.unclear = []string{NeedsPerson}, true
		unclear = false
	}
	s.settle(row, r)
	if unclear {
		row.AskedAgain = true
	}
	first, err := s.record(ctx, row, r, in)
	if err != nil || !first {
		return true, err
	}
	switch {
	case row.State == Suppressed:
		if _, err := s.notify.Suppress(ctx, in.job.Subject(), string(row.Reason), questions...); err != nil {
			return false, fmt.Errorf("drop what is queued: %w", err)
		}
	case unclear:
		return true, s.send(ctx, row, in.job, s.backTo(in, occasionAgain))
	case thankful(&before, row, r) && !late:
		return true, s.send(ctx, row, in.job, s.backTo(in, occasionThanks))
	case regrettable(&before, row, r) && !late && !in.told:
		return true, s.send(ctx, row, in.job, s.backTo(in, occasionHeard))
	}
	// A verdict of words beside a score that stands changes nothing and is not
	// lost: the advisor reads it.
	chatter := before.Score != nil && r.Score == nil && r.Met == "yes" && len(r.Outcome) == 1
	return !chatter, nil
}

// settle ends the survey where the customer does not want it; an answer that
// stands is kept.
func (s *Surveyor) settle(row *Survey, r Reading) {
	reason := Reason("")
	switch {
	case r.Has(Stop):
		reason = OptedOut
	case r.Has(WrongPerson):
		reason = WrongNumber
	case r.Has(NoAnswer):
		reason = Declined
	default:
		return
	}
	row.Reason = reason
	if row.AnsweredAt.IsZero() {
		row.State = Suppressed
	}
}

// thankful tells a first, good answer that nobody has to act on: it earns one
// short thank-you.
func thankful(before, row *Survey, r Reading) bool {
	good := r.Met == "yes" || r.Score != nil && *r.Score >= goodFrom(row.Scale)
	return good && len(r.Outcome) == 1 && before.AnsweredAt.IsZero()
}

// regrettable tells a first answer that is low: silence would be the second
// disappointment. Where a call is promised, the promise is the answer.
func regrettable(before, row *Survey, r Reading) bool {
	return r.Low(row.Scale) && before.AnsweredAt.IsZero() && !r.Has(Callback)
}

// goodFrom is the lowest score that is praise: 4 of 5, 5 of 7, 9 of 10. It is
// where CSAT, CES and NPS begin to count a customer as content.
func goodFrom(scale string) int {
	switch scaleOf(scale).hi {
	case 10:
		return 9
	case 7:
		return 5
	}
	return 4
}

// backTo answers on the way the customer came.
func (s *Surveyor) backTo(in *incoming, occasion string) telling {
	t := telling{occasion: occasion, channel: in.channel, to: in.from, answers: in.messageID}
	switch {
	case in.channel == notify.SMS && (t.to == "" || t.to[0] != '+'):
		t.to = in.job.ContactPhone
	case in.channel == notify.Email && t.to == "":
		t.to = in.job.ContactEmail
	}
	if t.to == "" {
		t.channel, t.to = addressOf(in.job)
	}
	return t
}
