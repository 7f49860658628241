package booking

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// reconfirmDays is how long before a visit that was booked earlier still the
// customer is asked whether it holds.
const reconfirmDays = 30

// lateTextLife is how long a question about next month, or next year, is worth
// sending.
const lateTextLife = 72 * time.Hour

// reconfirmAt is when to ask about a visit that begins at a time on the wall of
// its workshop; zero where it is not booked long ahead.
func (d *Desk) reconfirmAt(shop *Workshop, start time.Time) db.Time {
	at := dateOf(start, shop.Zone()).add(-reconfirmDays).at(shop.ReminderMinute, shop.Zone())
	if !at.After(d.now().Time) || !start.AddDate(0, 0, -reconfirmDays).After(d.now().Time) {
		return db.Time{}
	}
	return db.At(at)
}

// AskReconfirmations asks the customers of visits booked long ahead whether they
// still hold, thirty days before, and tells how many were asked. It is
// idempotent, and one that fails stops no other.
func (d *Desk) AskReconfirmations(ctx context.Context) (int, error) {
	return d.sweep(ctx, "ask about job", d.dueAt("reconfirm_at"), func(ctx context.Context, j *Job) (bool, error) {
		if j.ReconfirmAt.IsZero() || j.ReconfirmAt.After(d.now().Time) {
			return false, nil
		}
		j.ReconfirmAt = db.Time{}
		if err := d.saveJob(ctx, j); err != nil {
			return false, err
		}
		if j.Status != Booked || !d.now().Before(j.StartAt.Time) {
			return false, nil
		}
		m, err := d.tell(ctx, j, telling{occasion: "reconfirm", expires: earlier(d.now().Add(lateTextLife), j.StartAt.Time)})
		d.ring(ctx, j.WorkshopID, j.ID)
		return m != nil, err
	})
}

// reconfirmed deals with the answer to the question whether a visit still holds:
// a yes goes on the timeline and needs nobody, a no is for the advisor.
func (d *Desk) reconfirmed(ctx context.Context, j *Job, r notify.Reply) (bool, error) {
	said := readAnswer(r.Message.Body)
	if said == saidUnclear || j.Status != Booked || !r.Message.Verified && r.Message.Channel != notify.Web {
		return false, nil
	}
	if is, err := d.asked(ctx, r, "reconfirm"); err != nil || !is {
		return false, err
	}
	state := "reconfirmed"
	if said == saidNo {
		state = "reconfirm_no"
	}
	customer := Actor{Kind: "customer", Name: j.ContactName}
	if err := d.event(ctx, j, customer, JobEvent{Kind: EventOther, Channel: string(r.Message.Channel), State: state}); err != nil {
		return false, err
	}
	if err := d.notify.Answered(ctx, j.Subject(), AsksConfirmation); err != nil {
		return false, err
	}
	d.ring(ctx, j.WorkshopID, j.ID)
	return said == saidYes, nil
}

// planRecall notes, once a job is done, when its customer may be told of the
// next visit; it takes that back where the job goes on after all.
func (d *Desk) planRecall(ctx context.Context, j *Job) error {
	j.RecallAt = db.Time{}
	if j.Status != Collected || !j.ConsentMarketing && !j.ConsentReminders || len(channelsOf(j, false)) == 0 {
		return nil
	}
	services, err := d.servicesByID(ctx, serviceIDs(j))
	if err != nil {
		return err
	}
	months := 0
	for _, s := range services {
		if s.RecallMonths > 0 && (months == 0 || s.RecallMonths < months) {
			months = s.RecallMonths
		}
	}
	if months == 0 {
		return nil
	}
	zone := j.Workshop.Zone()
	day := dateOf(addMonths(d.now().In(zone), months), zone)
	j.RecallAt = db.At(day.at(j.Workshop.ReminderMinute, zone))
	return nil
}

// addMonths is AddDate for months that keeps to the end of a short month: a
// month after 31 January is 28 February.
func addMonths(t time.Time, months int) time.Time {
	out := t.AddDate(0, months, 0)
	if out.Day() != t.Day() {
		out = out.AddDate(0, 0, -out.Day())
	}
	return out
}

// SendRecalls tells customers who agreed to it that the next visit is due by the
// interval of what was done, and tells how many were told. Who has been, or is
// about to come, with the same vehicle is left alone. It is idempotent, and one
// that fails stops no other.
func (d *Desk) SendRecalls(ctx context.Context) (int, error) {
	return d.sweep(ctx, "recall job", d.dueAt("recall_at"), func(ctx context.Context, j *Job) (bool, error) {
		if j.RecallAt.IsZero() || j.RecallAt.After(d.now().Time) {
			return false, nil
		}
		late := d.now().After(j.RecallAt.Add(recallWorth))
		j.RecallAt = db.Time{}
		if err := d.saveJob(ctx, j); err != nil {
			return false, err
		}
		if late || j.Status != Collected || !j.ConsentMarketing && !j.ConsentReminders {
			return false, nil
		}
		if newer, err := d.cameAgain(ctx, j); err != nil || newer {
			return false, err
		}
		purpose := notify.Reminder
		if !j.ConsentReminders {
			purpose = notify.Marketing
		}
		services, err := d.recallServices(ctx, j)
		if err != nil {
			return false, err
		}
		m, err := d.tell(ctx, j, telling{
			occasion: "recall", purpose: purpose, services: services, expires: d.now().Add(lateTextLife), link: d.bookLink(j, services),
		})
		d.ring(ctx, j.WorkshopID, j.ID)
		return m != nil, err
	})
}

// recallWorth is how late a recall may still go, after the program stood still.
const recallWorth = 14 * 24 * time.Hour

// recallServices are those of a job's services that come round again.
func (d *Desk) recallServices(ctx context.Context, j *Job) ([]Service, error) {
	rows, err := d.servicesByID(ctx, serviceIDs(j))
	if err != nil {
		return nil, err
	}
	var out []Service
	for _, id := range serviceIDs(j) {
		if s, ok := rows[id]; ok && s.RecallMonths > 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

// bookLink is the path of the booking page with a job's workshop and some services chosen.
func (d *Desk) bookLink(j *Job, services []Service) string {
	v := url.Values{"workshop": {strconv.FormatInt(j.WorkshopID, 10)}}
	for _, s := range services {
		if s.Active {
			v.Add("service", strconv.FormatInt(s.ID, 10))
		}
	}
	return "/book?" + v.Encode()
}

// rebookLink is the path of the booking page with what a job had chosen.
func (d *Desk) rebookLink(ctx context.Context, j *Job) (string, error) {
	rows, err := d.servicesByID(ctx, serviceIDs(j))
	if err != nil {
		return "", fmt.Errorf("link to a new booking for job %d: %w", j.ID, err)
	}
	var services []Service
	for _, id := range serviceIDs(j) {
		services = append(services, rows[id])
	}
	return d.bookLink(j, services), nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
