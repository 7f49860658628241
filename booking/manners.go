package booking

import (
	"context"
	"fmt"
	"slices"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// atOnce are the texts that somebody waits for: answers to what the customer has
// just done, a code, and that the advisor is about to call.
var atOnce = []string{"code", "booked", "moved", "cancelled", "estimate_decided", "calling"}

// waitsForIt tells whether a text goes out at any hour: who waits at the desk is
// told at once that the work is done.
func waitsForIt(j *Job, occasion string) bool {
	return slices.Contains(atOnce, occasion) || j.Transport == "waiting" && occasion == string(Ready)
}

// Manners tells notify the quiet hours of the workshop that a subject belongs to;
// none where there is no such job or entry.
func (d *Desk) Manners(ctx context.Context, subject string) (notify.Manners, error) {
	w, err := d.workshopOf(ctx, subject)
	if err != nil || w == nil {
		return notify.Manners{}, err
	}
	return w.manners(), nil
}

// manners are a workshop's.
func (w *Workshop) manners() notify.Manners {
	return notify.Manners{Zone: w.Zone(), QuietFrom: w.QuietFromMinute, QuietUntil: w.QuietUntilMinute}
}

// SetConsents changes what the customer of a job wants to hear: on this job, and
// for his or her addresses from now on. The evidence says how, from where and to
// which sentences.
func (d *Desk) SetConsents(ctx context.Context, jobID int64, want map[notify.Purpose]bool, ev notify.Evidence) (*Job, error) {
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		before := j.ConsentReminders
		j.consent(want)
		if j.ConsentReminders != before && j.Status == Booked && j.StartAt.After(d.now().Time) {
			d.schedule(j, j.Workshop, j.StartAt.Time, j.EndAt.Time)
		}
		if err := d.saveConsents(ctx, j); err != nil {
			return err
		}
		if err := d.notify.SetConsents(ctx, addressesOf(j), want, ev); err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("set the consents of job %d: %w", jobID, err)
	}
	return d.Job(ctx, jobID)
}

// consent puts what is wanted on the job.
func (j *Job) consent(want map[notify.Purpose]bool) {
	for purpose, to := range map[notify.Purpose]*bool{
		notify.Survey: &j.ConsentSurvey, notify.Reminder: &j.ConsentReminders, notify.Marketing: &j.ConsentMarketing,
	} {
		if given, named := want[purpose]; named {
			*to = given
		}
	}
}

// addressesOf are the customer's addresses on a job.
func addressesOf(j *Job) []string {
	var list []string
	for _, a := range []string{j.ContactPhone, j.ContactEmail} {
		if a != "" {
			list = append(list, a)
		}
	}
	return list
}

// ConsentsOf gives what the customer of a job has said to each kind of message,
// the newest first, with how that came about.
func (d *Desk) ConsentsOf(ctx context.Context, j *Job) ([]notify.Consent, error) {
	return d.notify.Consents(ctx, addressesOf(j)...)
}

// agreed writes down what a customer agreed to while booking and puts what holds
// of it on the request.
func (d *Desk) agreed(ctx context.Context, c ContactInput, r *BookingRequest) error {
	want := map[notify.Purpose]bool{notify.Survey: r.ConsentSurvey, notify.Reminder: r.ConsentReminders, notify.Marketing: r.ConsentMarketing}
	holds, err := d.notify.Agreed(ctx, addressesOf(&Job{ContactPhone: c.Phone, ContactEmail: c.Email}), want, r.Agreed)
	if err != nil {
		return err
	}
	r.ConsentSurvey, r.ConsentReminders, r.ConsentMarketing = holds[notify.Survey], holds[notify.Reminder], holds[notify.Marketing]
	return nil
}

// HandleConsent hears, inside the transaction that stores it, what the owner of an
// address has said by a word such as STOP: it holds for the visits that are not
// long over. Who wants nothing more is on no waiting list either.
func (d *Desk) HandleConsent(ctx context.Context, address string, want map[notify.Purpose]bool) error {
	if err := d.stopWaiting(ctx, address, want); err != nil {
		return err
	}
	jobs, err := d.recentOf(ctx, address, db.At(d.now().AddDate(0, -3, 0)))
	if err != nil {
		return fmt.Errorf("find the visits of an address: %w", err)
	}
	for i := range jobs {
		j := &jobs[i]
		before := j.ConsentReminders
		j.consent(want)
		if j.ConsentReminders != before && j.Status == Booked && j.StartAt.After(d.now().Time) {
			shop, err := d.Workshop(ctx, j.WorkshopID)
			if err != nil {
				return err
			}
			d.schedule(j, shop, j.StartAt.Time, j.EndAt.Time)
		}
		if err := d.saveConsents(ctx, j); err != nil {
			return fmt.Errorf("change the consents of job %d: %w", jobs[i].ID, err)
		}
		d.ring(ctx, jobs[i].WorkshopID, jobs[i].ID)
	}
	return nil
}

// Forecast tells when a text to the customer of a job would go if it was sent now.
func (d *Desk) Forecast(ctx context.Context, j *Job, occasion string, byHuman bool) (notify.Forecast, error) {
	f := notify.Forecast{At: d.now().Time}
	if j.ContactPhone == "" {
		return f, nil
	}
	f, err := d.notify.Forecast(ctx, j.Subject(), j.ContactPhone, byHuman)
	if err == nil && waitsForIt(j, occasion) {
		f.At, f.Quiet = d.now().Time, false
	}
	return f, err
}

// workshopOf is the workshop that a subject belongs to; nil: there is none.
func (d *Desk) workshopOf(ctx context.Context, subject string) (*Workshop, error) {
	var w *Workshop
	var err error
	if id, ok := waitOf(subject); ok {
		w, err = one[Workshop](ctx, d.db, "workshop", "id = (SELECT workshop_id FROM waitlist WHERE id = ?)", id)
	} else if id, ok := JobOf(subject); ok {
		w, err = one[Workshop](ctx, d.db, "workshop", "id = (SELECT workshop_id FROM jobs WHERE id = ?)", id)
	}
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return w, err
}
