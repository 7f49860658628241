package booking

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// tellPrefix begins the subject of the conversation in which staff are told of an
// attention, and may answer.
const tellPrefix = "tell:"

// tellOf is the attention that such a conversation is about.
func tellOf(subject string) (int64, bool) {
	digits, ok := strings.CutPrefix(subject, tellPrefix)
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, ok && err == nil
}

// maxTold is how much of a customer's words a text to staff holds.
const maxTold = 120

// TellStaff tells, by e-mail and text as they have set it, those whom a customer's
// words wait for and who have no page of the desk open, or have not looked for some
// minutes; it tells how many were told. A workshop that is closed rings nobody: it
// waits for the morning. It is idempotent.
func (d *Desk) TellStaff(ctx context.Context) (int, error) {
	if d.opt.Staff == nil {
		return 0, nil
	}
	due, err := d.dueTells(ctx, sweepBatch)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	staff, err := d.opt.Staff(ctx)
	if err != nil {
		return 0, fmt.Errorf("look up whom to tell: %w", err)
	}
	done, hours := 0, map[int64]*opening{}
	var failed []error
	for _, a := range due {
		n, err := d.tellOne(ctx, a, staff, hours)
		done += n
		if err != nil {
			failed = append(failed, fmt.Errorf("tell of attention %d: %w", a.ID, err))
		}
	}
	return done, errors.Join(failed...)
}

// tellOne tells those whom one attention waits for, now or when the time comes.
func (d *Desk) tellOne(ctx context.Context, a Attention, staff []auth.Staff, hours map[int64]*opening) (int, error) {
	j, err := d.Job(ctx, a.JobID)
	if err != nil {
		return 0, err
	}
	open := hours[a.WorkshopID]
	if open == nil {
		if open, err = d.openingOf(ctx, j.Workshop); err != nil {
			return 0, err
		}
		hours[a.WorkshopID] = open
	}
	now := d.now().Time
	if at := open.next(now); at.After(now) {
		return 0, d.db.Tx(ctx, func(ctx context.Context) error { _, err := d.storeTell(ctx, a, db.At(at)); return err })
	}
	var people []auth.Staff
	for _, p := range staff {
		if !p.Active || !p.Sees(a.WorkshopID) || !asked(&p, &a) {
			continue
		}
		if p.Present(now) {
			// The board shows it. Who does not look is told all the same.
			if later := open.after(a.CreatedAt.Time, time.Duration(p.TellMinutes)*time.Minute); a.Level == 0 && later.After(now) {
				return 0, d.db.Tx(ctx, func(ctx context.Context) error { _, err := d.storeTell(ctx, a, db.At(later)); return err })
			} else if a.Level > 0 {
				continue
			}
		}
		people = append(people, p)
	}
	told := 0
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		told = 0
		ours, err := d.storeTell(ctx, a, db.Time{})
		if err != nil || !ours {
			return err
		}
		told, err = d.tellPeople(ctx, j, &a, people)
		return err
	})
	return told, err
}

// asked tells whether an attention waits for a member of staff by now: its advisor,
// then the others of the team, then the managers.
func asked(p *auth.Staff, a *Attention) bool {
	switch a.Level {
	case 0:
		return p.AdvisorID != 0 && p.AdvisorID == a.AdvisorID
	case 1:
		return p.Can(auth.ActDesk) && p.AdvisorID != a.AdvisorID && p.AdvisorID != 0
	}
	return p.Can(auth.ActManage)
}

// tellPeople queues what each is told, in the caller's transaction.
func (d *Desk) tellPeople(ctx context.Context, j *Job, a *Attention, people []auth.Staff) (int, error) {
	subject := tellPrefix + strconv.FormatInt(a.ID, 10)
	var outs []notify.Outgoing
	var who []notify.Participant
	for _, p := range people {
		locale := p.Locale
		if locale == "" {
			locale = j.Workshop.Locale
		}
		args := map[string]any{
			"customer": j.ContactName, "reference": j.Reference, "words": a.Body, "link": fmt.Sprintf("%s/desk/jobs/%d", d.opt.BaseURL, j.ID),
			"why": templates.T(locale, "tell.level."+strconv.Itoa(min(a.Level, 2)), nil),
		}
		out := notify.Outgoing{
			Subject: subject, Author: j.Workshop.Name, Occasion: "tell_staff", Purpose: notify.JobUpdate, Locale: locale,
			ExpiresAt: db.At(d.now().Add(12 * time.Hour)),
		}
		if p.TellEmail && p.Email != "" {
			mail := out
			mail.Channel, mail.To = notify.Email, p.Email
			mail.MailTitle, mail.Body = templates.T(locale, "tell.title", args), templates.T(locale, "tell.body", args)
			outs, who = append(outs, mail), append(who, notify.Participant{Channel: notify.Email, Address: p.Email})
		}
		if p.TellSMS && p.Phone != "" {
			text := out
			if words := []rune(a.Body); len(words) > maxTold {
				args["words"] = string(words[:maxTold-1]) + "…"
			}
			text.Channel, text.To, text.Body = notify.SMS, p.Phone, templates.T(locale, "tell.text", args)
			outs, who = append(outs, text), append(who, notify.Participant{Channel: notify.SMS, Address: p.Phone})
		}
	}
	if len(outs) == 0 {
		return 0, nil
	}
	if err := d.notify.Join(ctx, subject, who...); err != nil {
		return 0, err
	}
	if _, err := d.notify.SendAll(ctx, outs...); err != nil {
		return 0, err
	}
	// Only an answer that names it belongs here: whatever else a colleague mails is
	// about something else.
	if err := d.notify.SetClosed(ctx, subject, d.now()); err != nil {
		return 0, err
	}
	return len(outs), nil
}

// Looked notes that a member of staff has a job's page open: who has seen what waits
// need not be told of it.
func (d *Desk) Looked(ctx context.Context, jobID, advisorID int64) error {
	waits, err := d.tellsOf(ctx, jobID, advisorID)
	if err != nil || !waits {
		return err
	}
	return d.db.Tx(ctx, func(ctx context.Context) error { return d.endTells(ctx, jobID, advisorID) })
}

// tellVersion: what was told of is worth telling while it waits.
func (d *Desk) tellVersion(ctx context.Context, id int64) (int, bool, error) {
	a, err := one[Attention](ctx, d.db, "attention", "id = ?", id)
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	return 0, a.DoneAt.IsZero(), nil
}

// staffReply keeps what a colleague answered to being told as a note on the job: it
// is not sent to the customer, and what waits goes on waiting.
func (d *Desk) staffReply(ctx context.Context, id int64, r notify.Reply) (bool, error) {
	m := r.Message
	if m.Kind != "" && m.Kind != notify.Human || r.Reaction != "" {
		return true, nil
	}
	a, err := one[Attention](ctx, d.db, "attention", "id = ?", id)
	if err != nil {
		return fault.Is(err, fault.NotFound), ignoreNotFound(err)
	}
	by := Actor{Kind: "staff", Name: m.FromAddress}
	if d.opt.Staff != nil && m.Verified {
		staff, err := d.opt.Staff(ctx)
		if err != nil {
			return false, err
		}
		for _, p := range staff {
			if p.Email == m.FromAddress || p.Phone == m.FromAddress {
				by = Actor{Kind: "staff", StaffID: p.ID, Advisor: p.AdvisorID, Name: p.Name}
			}
		}
	}
	body := excerptTo(m.Body, maxNote)
	if strings.TrimSpace(body) == "" {
		return true, nil
	}
	return true, d.Note(ctx, a.JobID, body, by)
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// excerptTo is the beginning of a text, in characters.
func excerptTo(s string, most int) string {
	r := []rune(s)
	return string(r[:min(len(r), most)])
}

// next is the first open instant from a time on; that time itself where it is open
// or nothing is known of the hours.
func (o *opening) next(from time.Time) time.Time {
	at := atomOf(from)
	for _, atom := range o.atoms {
		if atom >= at {
			if atom == at {
				return from
			}
			return timeOf(atom)
		}
	}
	return from
}
