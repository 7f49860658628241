package booking

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"neuvo/internal/fault"
	"neuvo/notify"
)

// CustomerFilter selects customers who are not forgotten, in the order in which
// they came first.
type CustomerFilter struct {
	WorkshopID int64  // who has been booked there; 0: everybody
	Query      string // a name, phone, e-mail address or plate; "" for all
	After      int64  // the last id of the page before
	Limit      int
}

// Customers gives a page of customers, and whether there are more.
func (d *Desk) Customers(ctx context.Context, f CustomerFilter) (items []Customer, more bool, err error) {
	if len(f.Query) > maxQuery {
		return nil, false, invalid([]fault.Field{{Location: "query.q", Key: "fault.too_long", Args: map[string]any{"max": maxQuery}}})
	}
	f.Limit = min(max(f.Limit, 1), maxPage)
	q := d.db.In(ctx).Where("name <> '' AND id > ?", f.After)
	if f.WorkshopID != 0 {
		q = q.Where("EXISTS (SELECT 1 FROM jobs WHERE jobs.customer_id = customers.id AND jobs.workshop_id = ?)", f.WorkshopID)
	}
	if words := strings.TrimSpace(f.Query); words != "" {
		lower := like(strings.ToLower(words))
		cond := d.db.In(ctx).Where(`LOWER(name) LIKE ? ESCAPE '!'`, lower).
			Or(`name LIKE ? ESCAPE '!'`, like(title(words))). // see search
			Or(`email LIKE ? ESCAPE '!'`, lower)
		if key := PlateKey(words); len(key) >= 2 {
			cond = cond.Or(`id IN (SELECT customer_id FROM vehicles WHERE plate_key LIKE ? ESCAPE '!')`, like(key))
		}
		if digits := onlyDigits(words); len(digits) >= 4 {
			cond = cond.Or(`phone LIKE ? ESCAPE '!'`, like(strings.TrimLeft(digits, "0")))
		}
		q = q.Where(cond)
	}
	if err := q.Order("id").Limit(f.Limit + 1).Find(&items).Error; err != nil {
		return nil, false, fmt.Errorf("load customers: %w", err)
	}
	if more = len(items) > f.Limit; more {
		items = items[:f.Limit]
	}
	return items, more, nil
}

// Dossier is all that is held of a customer but for what the survey's room keeps.
type Dossier struct {
	Customer  Customer
	Contacts  []ContactPoint
	Vehicles  []Vehicle
	Jobs      []Job
	Events    []JobEvent
	Estimates []Estimate
	Promises  []Promise
	Photos    []Photo // without their bytes
	Messages  map[string][]notify.Message
	Consents  []notify.Consent
	Waiting   []WaitEntry
}

// DossierOf gathers what is held of a customer (Regulation (EU) 2016/679, article
// 15), in a constant number of queries. NotFound where there is none.
func (d *Desk) DossierOf(ctx context.Context, id int64) (*Dossier, error) {
	c, err := d.CustomerByID(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &Dossier{Customer: *c}
	if out.Contacts, err = d.contactPoints(ctx, id); err != nil {
		return nil, err
	}
	if out.Vehicles, err = all[Vehicle](ctx, d.db, "vehicles", "id", "customer_id = ?", id); err != nil {
		return nil, err
	}
	if out.Jobs, err = all[Job](ctx, d.db, "jobs", "start_at, id", "customer_id = ?", id); err != nil {
		return nil, err
	}
	if err := d.fill(ctx, out.Jobs); err != nil {
		return nil, err
	}
	if out.Waiting, err = all[WaitEntry](ctx, d.db, "waiting entries", "id", "contact_phone = ? AND contact_phone <> ''", c.Phone); err != nil {
		return nil, err
	}
	return out, d.dossierOfJobs(ctx, out)
}

// dossierOfJobs adds what belongs to the jobs of a customer.
func (d *Desk) dossierOfJobs(ctx context.Context, out *Dossier) error {
	ids := []int64{0} // never an empty list
	var subjects, addresses []string
	for i := range out.Jobs {
		j := &out.Jobs[i]
		ids, subjects = append(ids, j.ID), append(subjects, j.Subject())
		addresses = append(addresses, addressesOf(j)...)
	}
	for i := range out.Waiting {
		subjects = append(subjects, out.Waiting[i].Subject())
	}
	for _, p := range out.Contacts {
		addresses = append(addresses, p.Address)
	}
	addresses = slices.Compact(slices.Sorted(slices.Values(append(addresses, out.Customer.Phone, out.Customer.Email))))
	addresses = slices.DeleteFunc(addresses, func(a string) bool { return a == "" })
	var err error
	if out.Events, err = all[JobEvent](ctx, d.db, "events", "at, id", "job_id IN ?", ids); err != nil {
		return err
	}
	if out.Estimates, err = d.estimates(ctx, "job_id IN ?", ids); err != nil {
		return err
	}
	if out.Promises, err = d.promises(ctx, "job_id IN ?", ids); err != nil {
		return err
	}
	if out.Photos, err = d.photosWithoutBytes(ctx, "job_id IN ?", ids); err != nil {
		return err
	}
	if out.Messages, err = d.notify.MessagesOf(ctx, append(subjects, "")); err != nil {
		return err
	}
	out.Consents, err = d.notify.Consents(ctx, addresses...)
	return err
}
