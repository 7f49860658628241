package booking

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// telling is what a customer is to be told.
type telling struct {
	occasion string
	both     bool      // by e-mail as well, where there is an address
	services []Service // for what to bring, where the caller has them
	due      time.Time // of a promised call
	body     string    // an advisor's own words in place of the template's
	sign     bool      // body has no signature yet
	atOnce   bool      // also in the quiet hours
	purpose  notify.Purpose
	expires  time.Time
	link     string // path of the page in place of the job's own
	price    string // approved, and what it may cost at most
	ceiling  string
	former   string // first name of who had the job before
}

// What texts ask for, see notify.Outgoing.Asks.
const (
	AsksEstimate     = "estimate"
	AsksConfirmation = "confirmation"
	AsksOffer        = "offer"
	AsksSorted       = "sorted"
)

// How long a text is worth sending.
const (
	visitTextLife  = 72 * time.Hour      // about a visit to come
	statusTextLife = 24 * time.Hour      // about where the work stands
	linkLife       = 90 * 24 * time.Hour // of a short link to a page of no token
)

// page is the path of the page that a telling leads to.
func (t telling) page(j *Job) string { return cmp.Or(t.link, "/j/"+j.Token) }

// textData is what the texts of a job may speak of, in the customer's language.
// An SMS leads to the page by its short address.
func (d *Desk) textData(ctx context.Context, j *Job, t telling, channel notify.Channel) (templates.TextData, error) {
	l, start := j.Locale, j.LocalStart()
	data := templates.TextData{
		Workshop: j.Workshop.Name, WorkshopPhone: j.Workshop.Phone,
		Customer: firstName(j.ContactName), Reference: j.Reference, Address: j.Workshop.Address,
		Link: d.opt.BaseURL + t.page(j),
		Date: templates.Date(l, start), Time: templates.Clock(l, start), Day: templates.Day(l, start),
		Scale: j.Workshop.SurveyScale, Price: t.price, Ceiling: t.ceiling, Former: t.former,
	}
	if channel == notify.SMS {
		var err error
		if data.Link, err = d.shortURL(ctx, t.page(j)); err != nil {
			return data, err
		}
	}
	if j.Advisor != nil {
		data.Advisor = j.Advisor.FirstName()
	}
	data.Vehicle = j.vehicleName()
	var names []string
	for _, s := range j.Services {
		names = append(names, s.Name)
	}
	data.Service = strings.Join(names, ", ")
	if j.ReadyBy.After(d.now().Time) { // a promise that was broken is not repeated
		data.ReadyBy = templates.Moment(l, j.ReadyBy.In(j.zone()))
	}
	if !t.due.IsZero() {
		data.Due = templates.Moment(l, t.due.In(j.zone()))
	}
	seen := map[string]bool{}
	for _, s := range t.services {
		for _, b := range s.In(l).Bring {
			if !seen[b] {
				seen[b] = true
				data.Bring = append(data.Bring, b)
			}
		}
	}
	return data, nil
}

// vehicleName is how people call the vehicle of a job, "" without one.
func (j *Job) vehicleName() string {
	if j.Vehicle == nil {
		return ""
	}
	return strings.Join(strings.Fields(j.Vehicle.Make+" "+j.Vehicle.Model+" "+j.Vehicle.Plate), " ")
}

// tell queues what a customer is to be told, in the caller's transaction: by
// SMS, or by e-mail where there is no phone, or by both. It returns the first
// message, nil where the customer left no address.
func (d *Desk) tell(ctx context.Context, j *Job, t telling) (*notify.Message, error) {
	if t.services == nil && (t.occasion == "reminder" || t.occasion == "moved" || t.occasion == "booked") {
		rows, err := d.servicesByID(ctx, serviceIDs(j))
		if err != nil {
			return nil, err
		}
		for _, id := range serviceIDs(j) {
			t.services = append(t.services, rows[id])
		}
	}
	out := d.outgoing(j, t)
	var outs []notify.Outgoing
	for _, channel := range channelsOf(j, t.both) {
		out.Channel, out.To = channel, j.ContactPhone
		if channel == notify.Email {
			out.To = j.ContactEmail
		}
		var err error
		if out.MailTitle, out.Body, err = d.compose(ctx, j, t, channel); err != nil {
			return nil, err
		}
		if err := d.keepPage(ctx, j, t, out); err != nil {
			return nil, err
		}
		if out.Files = nil; channel == notify.Email {
			if out.Files, err = d.invitation(ctx, j, t); err != nil {
				return nil, err
			}
		}
		outs = append(outs, out)
	}
	sent, err := d.notify.SendAll(ctx, outs...)
	if err != nil {
		return nil, fmt.Errorf("queue %q of job %d: %w", t.occasion, j.ID, err)
	}
	if len(sent) == 0 {
		return nil, nil
	}
	return sent[0], nil
}

// Tell queues a text of an occasion to a job's customer in the caller's
// transaction, signed by an advisor (0: the owner of the job).
func (d *Desk) Tell(ctx context.Context, jobID, advisorID int64, occasion string, purpose notify.Purpose) (*notify.Message, error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	if advisorID != 0 && (j.Advisor == nil || j.Advisor.ID != advisorID) {
		if j.Advisor, err = d.Advisor(ctx, advisorID); err != nil {
			return nil, err
		}
	}
	return d.tell(ctx, j, telling{occasion: occasion, purpose: purpose, expires: d.now().Add(visitTextLife)})
}

// channelsOf is how the customer of a job is reached: by SMS, else by e-mail;
// or by both.
func channelsOf(j *Job, both bool) []notify.Channel {
	switch {
	case j.ContactPhone != "" && j.ContactEmail != "" && both:
		return []notify.Channel{notify.SMS, notify.Email}
	case j.ContactPhone != "":
		return []notify.Channel{notify.SMS}
	case j.ContactEmail != "":
		return []notify.Channel{notify.Email}
	}
	return nil
}

// compose writes a telling for a channel; title is for e-mail only.
func (d *Desk) compose(ctx context.Context, j *Job, t telling, channel notify.Channel) (title, body string, err error) {
	data, err := d.textData(ctx, j, t, channel)
	if err == nil && (channel == notify.Email || t.body == "") {
		title, body, err = d.Compose(ctx, j.Workshop, channel, j.Locale, t.occasion, data)
	}
	if err != nil {
		return "", "", fmt.Errorf("write %q of job %d: %w", t.occasion, j.ID, err)
	}
	switch {
	case t.body != "" && !t.sign:
		body = t.body
	case t.body != "":
		if body, err = d.signed(ctx, j, channel, t.body, data); err != nil {
			return "", "", fmt.Errorf("sign the words to job %d: %w", j.ID, err)
		}
	}
	return title, body, nil
}

// signed puts the advisor's signature under his or her own words, unless they
// end with it: a text that was edited on its preview holds it already.
func (d *Desk) signed(ctx context.Context, j *Job, channel notify.Channel, words string, data templates.TextData) (string, error) {
	data.Note = ""
	_, signature, err := d.Compose(ctx, j.Workshop, channel, j.Locale, "advisor", data)
	if err != nil || strings.HasSuffix(strings.TrimSpace(words), strings.TrimSpace(signature)) {
		return words, err
	}
	data.Note = words
	_, words, err = d.Compose(ctx, j.Workshop, channel, j.Locale, "advisor", data)
	return words, err
}

// keepPage makes the short address in an SMS work for as long as the page does.
func (d *Desk) keepPage(ctx context.Context, j *Job, t telling, out notify.Outgoing) error {
	if out.Channel != notify.SMS {
		return nil
	}
	url, err := d.shortURL(ctx, t.page(j))
	if err != nil {
		return err
	}
	// A page with a token ends with it, see FollowLink; the others lead somewhere
	// for as long as a text is likely to be read.
	return d.keepLink(ctx, t.page(j), url, out.Body, latest(j.TokenExpiresAt.Time, d.now().Add(linkLife)))
}

// outgoing is what the SMS and the e-mail of a telling have in common.
func (d *Desk) outgoing(j *Job, t telling) notify.Outgoing {
	out := notify.Outgoing{
		Subject: j.Subject(), Conversation: j.thread, Version: j.Version, Occasion: t.occasion, Purpose: t.purpose,
		Locale: j.Locale, ByHuman: t.body != "", ExpiresAt: db.At(t.expires),
		AtOnce: t.atOnce || waitsForIt(j, t.occasion),
	}
	if j.Advisor != nil {
		out.Author = j.Advisor.Name
	}
	if out.Purpose == "" {
		out.Purpose = notify.JobUpdate
	}
	switch t.occasion {
	case "estimate", "estimate_again":
		out.Asks, out.AsksUntil = AsksEstimate, db.At(t.expires)
	case "reconfirm":
		out.Asks = AsksConfirmation
	case "offer_times":
		out.Asks = AsksOffer
	case "sorted":
		out.Asks = AsksSorted
	}
	if out.ExpiresAt.IsZero() {
		life := statusTextLife
		switch t.occasion {
		case "booked", "moved", "cancelled", "new_advisor", "chosen_advisor", "offer_times":
			life = visitTextLife
		}
		out.ExpiresAt = db.At(d.now().Add(life))
	}
	return out
}

func serviceIDs(j *Job) []int64 {
	out := make([]int64, len(j.Services))
	for i, s := range j.Services {
		out[i] = s.ServiceID
	}
	return out
}

// Write sends an advisor's own words to the customer over a channel; "" is the
// one that the customer used last, else SMS. A text waits for the end of the quiet
// hours. It settles open attentions for the reply. Conflict where the customer has
// no address on that channel.
func (d *Desk) Write(ctx context.Context, jobID int64, channel notify.Channel, body string, a Actor) (*notify.Message, error) {
	return d.write(ctx, jobID, channel, body, false, a)
}

// WriteNow is Write that does not wait.
func (d *Desk) WriteNow(ctx context.Context, jobID int64, channel notify.Channel, body string, a Actor) (*notify.Message, error) {
	return d.write(ctx, jobID, channel, body, true, a)
}

func (d *Desk) write(ctx context.Context, jobID int64, channel notify.Channel, body string, now bool, a Actor) (*notify.Message, error) {
	var check checker
	body = check.text("body.body", body, maxNote, true)
	if channel != "" && channel != notify.SMS && channel != notify.Email {
		check.fail("body.channel", "fault.channel", string(channel))
	}
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	var sent *notify.Message
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		last, err := d.lastInbound(ctx, j)
		if err != nil {
			return err
		}
		out, err := d.ownWords(ctx, j, a, channel, body, last)
		if err != nil {
			return err
		}
		out.AtOnce = now
		if err := d.keepPage(ctx, j, telling{}, out); err != nil {
			return err
		}
		if sent, err = d.notify.Send(ctx, out); err != nil {
			return fmt.Errorf("queue the words to job %d: %w", j.ID, err)
		}
		if err := d.settle(ctx, j.ID, a, NeedsReply, NeedsReading, NeedsVerifying); err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return nil
	})
	return sent, err
}

// Draft is what Write would send, storing nothing.
func (d *Desk) Draft(ctx context.Context, jobID int64, channel notify.Channel, body string, a Actor) (notify.Outgoing, error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return notify.Outgoing{}, err
	}
	last, err := d.lastInbound(ctx, j)
	if err != nil {
		return notify.Outgoing{}, err
	}
	return d.ownWords(ctx, j, a, channel, body, last)
}

// ownWords addresses an advisor's own words. The advisor who writes signs;
// where staff who receive nobody write, the owner of the job does.
func (d *Desk) ownWords(ctx context.Context, j *Job, a Actor, channel notify.Channel, body string, last *notify.Message) (notify.Outgoing, error) {
	out := d.outgoing(j, telling{occasion: "advisor", body: body, expires: d.now().Add(visitTextLife)})
	out.Version = 0 // a person's words outlive a rescheduling
	if a.Name != "" {
		out.Author = a.Name
	}
	out.Channel, out.To = answerChannel(j, channel, last)
	if out.To == "" {
		return out, fault.New(fault.Conflict, "fault.no_address").With("channel", string(out.Channel))
	}
	if last != nil && last.Channel == out.Channel {
		out.ReplyToMsg = last.ID
	}
	data, err := d.textData(ctx, j, telling{}, out.Channel)
	data.Note = body
	data.Advisor = firstName(out.Author)
	if err == nil {
		out.MailTitle, out.Body, err = d.Compose(ctx, j.Workshop, out.Channel, j.Locale, "advisor", data)
	}
	if err != nil {
		return out, fmt.Errorf("sign the words to job %d: %w", j.ID, err)
	}
	return out, nil
}

// answerChannel is how to reach a customer: over the channel asked for, else the
// one he or she used last, else by SMS, else by e-mail. The address is "" where
// there is none.
func answerChannel(j *Job, asked notify.Channel, last *notify.Message) (notify.Channel, string) {
	mail := j.ContactEmail
	if mail == "" && last != nil && last.Channel == notify.Email && last.Verified {
		mail = last.FromAddress
	}
	byMail := asked == notify.Email ||
		asked == "" && mail != "" && (j.ContactPhone == "" || last != nil && last.Channel == notify.Email)
	if byMail {
		return notify.Email, mail
	}
	return notify.SMS, j.ContactPhone
}

// lastInbound is the customer's last message on a job; nil where there is none.
func (d *Desk) lastInbound(ctx context.Context, j *Job) (*notify.Message, error) {
	messages, err := d.notify.Messages(ctx, j.Subject())
	if err != nil {
		return nil, fmt.Errorf("read the messages of job %d: %w", j.ID, err)
	}
	for i := len(messages) - 1; i >= 0; i-- {
		if m := &messages[i]; m.Direction == notify.In && (m.Verified || m.Channel == notify.Web) {
			return m, nil
		}
	}
	return nil, nil
}

// CustomerWrites records what a customer writes on the page of the job; it runs
// the reply handlers like a text or an e-mail. Having the link is not proof of
// being the customer: the message is not marked as verified. NotFound for an
// unknown token.
func (d *Desk) CustomerWrites(ctx context.Context, token, body string) (*notify.Message, error) {
	var check checker
	body = check.text("body.body", body, maxNote, true)
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	var m *notify.Message
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.JobByToken(ctx, token)
		if err != nil {
			return err
		}
		m, err = d.notify.Record(ctx, j.Subject(), notify.Message{
			Direction: notify.In, Channel: notify.Web, Kind: notify.Human, Author: j.ContactName, FromAddress: j.ContactPhone,
			Body: body, Locale: j.Locale, State: notify.Received,
			MatchRule: "link", MatchEvidence: j.Reference, MatchConfidence: "certain", CreatedAt: d.now(),
		})
		if err != nil {
			return fmt.Errorf("record the words of the customer of job %d: %w", j.ID, err)
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return nil
	})
	return m, err
}
