package booking

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// Timeline is all that happened on a job, oldest first: its events and the
// messages of its conversation.
func (d *Desk) Timeline(ctx context.Context, jobID int64) ([]TimelineItem, error) {
	events, err := all[JobEvent](ctx, d.db, "events", "at, id", "job_id = ?", jobID)
	if err != nil {
		return nil, err
	}
	messages, err := d.notify.Messages(ctx, SubjectOf(jobID))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, fmt.Errorf("read the messages of job %d: %w", jobID, err)
	}
	items := make([]TimelineItem, 0, len(events)+len(messages))
	for _, e := range events {
		items = append(items, TimelineItem{
			ID: "e" + strconv.FormatInt(e.ID, 10), At: e.At.Time, Kind: e.Kind, Channel: e.Channel,
			Author: e.Author, Body: e.Body, State: e.State,
		})
	}
	files, err := d.filesOf(ctx, messages)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		items = append(items, TimelineItem{
			ID: "m" + strconv.FormatInt(m.ID, 10), At: m.CreatedAt.Time, Kind: EventMessage,
			Direction: string(m.Direction), Channel: string(m.Channel), Author: m.Author, Body: m.Body, State: string(m.State),
			Occasion: m.Occasion, MessageID: m.ID, From: senderOf(m), Verified: m.Verified,
			Rule: m.MatchRule, Confidence: m.MatchConfidence, Evidence: m.MatchEvidence,
			InboundID: m.InboundID, Files: files[m.InboundID],
		})
	}
	slices.SortStableFunc(items, func(a, b TimelineItem) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.rank(), b.rank()))
	})
	return items, nil
}

// filesOf lists what came with messages, by the stored message they came as.
func (d *Desk) filesOf(ctx context.Context, messages []notify.Message) (map[int64][]notify.InboundFile, error) {
	var ids []int64
	for _, m := range messages {
		if m.InboundID != 0 {
			ids = append(ids, m.InboundID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return d.notify.Files(ctx, ids...)
}

// senderOf is the address that an inbound message of a person came from.
func senderOf(m notify.Message) string {
	if m.Direction != notify.In || m.Kind != notify.Human && m.Kind != "" {
		return ""
	}
	return m.FromAddress
}

// rank orders what has one time because it happened in one transaction: what the
// customer wrote, what came of it, the text that tells of it.
func (i TimelineItem) rank() int {
	switch i.Direction {
	case string(notify.In):
		return 0
	case string(notify.Out):
		return 2
	}
	return 1
}

// named is how an actor appears on the timeline.
func (a Actor) named(customer string) string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Kind == "system":
		return System.Name
	}
	return customer
}

// event adds to the timeline of a job in the caller's transaction.
func (d *Desk) event(ctx context.Context, j *Job, a Actor, e JobEvent) error {
	e.JobID, e.At, e.StaffID = j.ID, d.now(), a.StaffID
	e.Author = cmp.Or(e.Author, a.named(j.ContactName))
	return d.insertEvent(ctx, &e)
}

// AddEvent puts something that happened on a job's timeline; At is now where it
// is zero. It joins the caller's transaction.
func (d *Desk) AddEvent(ctx context.Context, e JobEvent) error {
	if e.At.IsZero() {
		e.At = d.now()
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := one[Job](ctx, d.db, "job", "id = ?", e.JobID)
		if err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return d.insertEvent(ctx, &e)
	})
}

// Note puts a remark of the staff on a job; customers never see it.
func (d *Desk) Note(ctx context.Context, jobID int64, body string, a Actor) error {
	var check checker
	body = check.text("body.body", body, maxNote, true)
	if err := invalid(check.bad); err != nil {
		return err
	}
	return d.AddEvent(ctx, JobEvent{JobID: jobID, Kind: EventNote, Author: a.named(""), StaffID: a.StaffID, Body: body})
}

// Raise asks an advisor to look at a job; the workshop and the advisor are the
// job's and its owner where they are not given. One open attention of a kind is
// enough for a job: a second only replaces its words.
func (d *Desk) Raise(ctx context.Context, a Attention) error {
	return d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := one[Job](ctx, d.db, "job", "id = ?", a.JobID)
		if err != nil {
			return err
		}
		if a.WorkshopID == 0 {
			a.WorkshopID = j.WorkshopID
		}
		if a.AdvisorID == 0 {
			if a.AdvisorID, err = d.onDuty(ctx, j.Owner()); err != nil {
				return err
			}
		}
		if a.CreatedAt.IsZero() {
			a.CreatedAt = d.now()
		}
		if slices.Contains(waitsForReply, a.Kind) {
			a.EscalateAt, a.TellAt = a.CreatedAt, a.CreatedAt
		}
		a.Body = excerpt(a.Body)
		d.ring(ctx, j.WorkshopID, j.ID)
		return d.storeAttention(ctx, &a)
	})
}

// maxExcerpt is how much of a message the board shows.
const maxExcerpt = 300

func excerpt(s string) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= maxExcerpt {
		return string(r)
	}
	return string(r[:maxExcerpt-1]) + "…"
}

// Attentions lists what waits for an advisor of a workshop (0: of any), oldest
// first, each with its job.
func (d *Desk) Attentions(ctx context.Context, workshopID int64) ([]Attention, error) {
	rows, err := all[Attention](ctx, d.db, "attentions", "created_at, id",
		"done_at IS NULL AND (workshop_id = ? OR ? = 0)", workshopID, workshopID)
	if err != nil {
		return nil, err
	}
	jobs, err := d.loadJobs(ctx, jobIDs(rows, func(a Attention) int64 { return a.JobID }))
	for i := range rows {
		rows[i].Job = jobs[rows[i].JobID]
	}
	return rows, err
}

// Done marks an attention as dealt with; a second time is harmless.
func (d *Desk) Done(ctx context.Context, attentionID int64, a Actor) error {
	return d.db.Tx(ctx, func(ctx context.Context) error {
		row, err := one[Attention](ctx, d.db, "attention", "id = ?", attentionID)
		if err != nil {
			return err
		}
		d.ring(ctx, row.WorkshopID, row.JobID)
		if err := d.endAttentions(ctx, a.named(""), "id = ?", attentionID); err != nil || !row.DoneAt.IsZero() {
			return err
		}
		for _, f := range d.onDone {
			if err := f(ctx, row, a); err != nil {
				return fmt.Errorf("hear that attention %d is done: %w", attentionID, err)
			}
		}
		return nil
	})
}

// Settle ends the open attentions of some kinds on a job, in the caller's
// transaction.
func (d *Desk) Settle(ctx context.Context, jobID int64, a Actor, kinds ...AttentionKind) error {
	return d.db.Tx(ctx, func(ctx context.Context) error { return d.settle(ctx, jobID, a, kinds...) })
}

// settle ends the open attentions of some kinds on a job.
func (d *Desk) settle(ctx context.Context, jobID int64, a Actor, kinds ...AttentionKind) error {
	return d.endAttentions(ctx, a.named(""), "job_id = ? AND kind IN ?", jobID, kinds)
}

// HandleReply puts what a customer wrote in front of the owner of the job, in
// the transaction that stores it. It takes every reply to a job.
func (d *Desk) HandleReply(ctx context.Context, r notify.Reply) (bool, error) {
	if id, ok := waitOf(r.Subject); ok {
		return d.waitReply(ctx, id, r)
	}
	if id, ok := tellOf(r.Subject); ok {
		return d.staffReply(ctx, id, r)
	}
	id, ok := JobOf(r.Subject)
	if !ok {
		return false, nil
	}
	switch r.Reaction {
	case notify.ReactionLike, notify.ReactionOther, notify.ReactionRemoved:
		return true, nil // it stands on the timeline; it approves nothing and asks nothing
	}
	if r.Reaction == "" {
		if handled, err := d.answerByText(ctx, id, r); handled || err != nil {
			return handled, err
		}
	}
	j, err := one[Job](ctx, d.db, "job", "id = ?", id)
	if err != nil {
		return false, fmt.Errorf("load the job of a reply: %w", err)
	}
	if r.Reaction == "" {
		if done, err := d.reconfirmed(ctx, j, r); err != nil || done {
			return done, err
		}
	}
	if done, err := d.wishByText(ctx, j, r); err != nil || done {
		return done, err
	}
	kind := NeedsReply
	if !r.Message.Verified && r.Message.Channel != notify.Web {
		kind = NeedsVerifying
	}
	if err := d.Raise(ctx, Attention{JobID: id, Kind: kind, Body: r.Message.Body}); err != nil {
		return false, fmt.Errorf("raise the reply on job %d: %w", id, err)
	}
	return true, nil
}

// HandleFailure puts a message that will not arrive in front of the owner of
// the job: the customer must be called. A question about the service that did
// not arrive needs nobody.
func (d *Desk) HandleFailure(ctx context.Context, subject string, m notify.Message) error {
	if id, ok := waitOf(subject); ok && m.Occasion == "waitlist_offer" {
		return d.undelivered(ctx, id)
	}
	id, ok := JobOf(subject)
	if !ok || m.Purpose == notify.Survey || m.Purpose == notify.Marketing {
		return nil
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.Job(ctx, id)
		if err != nil {
			return fmt.Errorf("load the job of a failed message: %w", err)
		}
		return d.Raise(ctx, Attention{JobID: id, Kind: NeedsDelivery, Body: templates.T(j.Workshop.Locale, "booking.undelivered", map[string]any{
			"to": m.ToAddress, "phone": cmp.Or(j.ContactPhone, j.Customer.Phone), "error": m.Error,
		})})
	})
}

// Version tells notify which version of a job texts may speak of; live is false
// where there is no such job.
func (d *Desk) Version(ctx context.Context, subject string) (int, bool, error) {
	if id, ok := tellOf(subject); ok {
		return d.tellVersion(ctx, id)
	}
	if id, ok := waitOf(subject); ok {
		e, err := one[WaitEntry](ctx, d.db, "waiting entry", "id = ?", id)
		if fault.Is(err, fault.NotFound) {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		return e.Version, e.Open(), nil
	}
	id, ok := JobOf(subject)
	if !ok {
		return 0, false, nil
	}
	j, err := one[Job](ctx, d.db, "job", "id = ?", id)
	if fault.Is(err, fault.NotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	return j.Version, true, nil
}
