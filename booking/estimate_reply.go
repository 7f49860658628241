package booking

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// What a customer may mean by answering the text about an estimate.
type estimateReply int

const (
	replyOther estimateReply = iota
	replyYes
	replyCall
)

// Words that ask for a call, and words that say yes, in fi, sv and en. A yes
// approves nothing: it only gets the link again.
var (
	callWords = []string{
		"soita", "soittakaa", "soitatko", "soittaisitko", "soittaisitteko", "soittele", "soittopyyntö", "puhelu",
		"ring", "ringa", "ringer", "call", "phone", "telephone",
	}
	yesWords = []string{
		"kyllä", "kylla", "joo", "juu", "jep", "jees", "ok", "okei", "sopii", "hyväksyn", "hyväksytään", "hyvaksyn", "tehkää", "tehdään", "selvä", "käy",
		"ja", "japp", "jo", "jag", "godkänner", "godkänt", "godkännes", "okej", "gärna", "kör",
		"yes", "yep", "yeah", "sure", "approve", "approved", "agree", "agreed", "okay", "fine",
	}
	// notYes are words that turn a yes round or make it a question.
	notYes = []string{"ei", "en", "älkää", "inte", "nej", "no", "not", "don't", "dont", "mutta", "men", "but", "jos", "om", "if"}
)

// readEstimateReply tells what a reply to the text about an estimate means.
// "Don't call" asks for no call, and "yes, but" is for a person to read.
func readEstimateReply(body string) estimateReply {
	words := strings.FieldsFunc(strings.ToLower(body), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	no := has(notYes)
	switch {
	case len(words) == 0:
		return replyOther
	case has(callWords) && !no:
		return replyCall
	case has(yesWords) && !no && !strings.Contains(body, "?"):
		return replyYes
	}
	return replyOther
}

// answerByText deals with a reply to the text about an estimate: by text nobody
// can approve. Whoever asks for a call is promised one; a yes gets the link
// once more, once, and the advisor is told. handled is false for all else.
func (d *Desk) answerByText(ctx context.Context, jobID int64, r notify.Reply) (handled bool, err error) {
	m := r.Message
	if !m.Verified || m.Channel != notify.SMS && m.Channel != notify.Email || m.Kind != "" && m.Kind != notify.Human {
		return false, nil
	}
	meant := readEstimateReply(m.Body)
	if meant == replyOther {
		return false, nil
	}
	open, err := d.openEstimate(ctx, jobID, d.now().Time)
	if err != nil || open == nil {
		return false, err
	}
	about, err := d.aboutEstimate(ctx, r)
	if err != nil || !about {
		return false, err
	}
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		if meant == replyCall && j.ContactPhone != "" {
			open, err := d.openingOf(ctx, j.Workshop)
			if err != nil {
				return err
			}
			_, err = d.promiseCall(ctx, CallWish{JobID: jobID, Note: m.Body, Source: FromText}, open)
			return err
		}
		return d.linkAgain(ctx, j, open.ID, m.Body)
	})
	if err != nil {
		return false, fmt.Errorf("take the reply about an estimate of job %d: %w", jobID, err)
	}
	return true, nil
}

// linkAgain sends the link once more, the first time, and tells the advisor.
func (d *Desk) linkAgain(ctx context.Context, j *Job, estimateID int64, said string) error {
	e, err := d.Estimate(ctx, estimateID)
	if err != nil {
		return err
	}
	if !e.LinkedAgain {
		e.LinkedAgain = true
		if err := d.saveEstimate(ctx, e); err != nil {
			return err
		}
		if _, err := d.tell(ctx, j, telling{occasion: "estimate_again", link: estimatePath(j, e), expires: e.ExpiresAt.Time}); err != nil {
			return err
		}
	}
	body := templates.T(j.Workshop.Locale, "booking.estimate_by_text", map[string]any{"said": excerpt(said)})
	return d.Raise(ctx, Attention{JobID: j.ID, Kind: NeedsEstimate, Body: body})
}

// aboutEstimate tells whether a reply answers the text about an estimate: the
// one that it names, else the last of ours that went out.
func (d *Desk) aboutEstimate(ctx context.Context, r notify.Reply) (bool, error) {
	occasions := []string{"estimate", "estimate_again"}
	if r.InReplyToOccasion != "" {
		return slices.Contains(occasions, r.InReplyToOccasion), nil
	}
	messages, err := d.notify.Messages(ctx, r.Subject)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the conversation: %w", err)
	}
	for _, m := range slices.Backward(messages) {
		switch {
		case m.Direction != notify.Out || m.Occasion == "code":
		case m.State == notify.Suppressed || m.State == notify.Failed || m.State == notify.Expired:
		default:
			return slices.Contains(occasions, m.Occasion), nil
		}
	}
	return false, nil
}
