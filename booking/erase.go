package booking

import (
	"context"
	"fmt"
	"slices"

	"neuvo/internal/fault"
)

// EraseHandler forgets, in the erasure's transaction, what another room keeps of
// a customer's jobs.
type EraseHandler func(ctx context.Context, jobs []int64) error

// OnErase adds a handler of erasures.
func (d *Desk) OnErase(f EraseHandler) { d.onErase = append(d.onErase, f) }

// CustomerByID gives one customer; NotFound where there is none.
func (d *Desk) CustomerByID(ctx context.Context, id int64) (*Customer, error) {
	return one[Customer](ctx, d.db, "customer", "id = ?", id)
}

// EraseCustomer forgets a customer at his or her wish (Regulation (EU) 2016/679,
// article 17): name, addresses, words, photos, plates. What was done, when and
// for how much stays for the books, without a person. Promises and cases that
// are open end: there is nobody left to keep them to. Conflict where a job of the
// customer is not over: finish or cancel it first.
func (d *Desk) EraseCustomer(ctx context.Context, id int64, a Actor) error {
	return d.db.Tx(ctx, func(ctx context.Context) error {
		c, err := d.CustomerByID(ctx, id)
		if err != nil {
			return err
		}
		jobs, err := all[Job](ctx, d.db, "jobs", "id", "customer_id = ?", id)
		if err != nil {
			return err
		}
		addresses := []string{c.Phone, c.Email}
		var ids []int64
		var subjects []string
		for i := range jobs {
			j := &jobs[i]
			if j.ClosedAt.IsZero() {
				return fault.New(fault.Conflict, "fault.customer_open_job").With("reference", j.Reference)
			}
			ids, subjects = append(ids, j.ID), append(subjects, j.Subject())
			addresses = append(addresses, j.ContactPhone, j.ContactEmail)
		}
		points, err := d.contactPoints(ctx, id)
		if err != nil {
			return err
		}
		for _, p := range points {
			addresses = append(addresses, p.Address)
		}
		waits, err := all[WaitEntry](ctx, d.db, "waiting entries", "id", "contact_phone = ? AND contact_phone <> ''", c.Phone)
		if err != nil {
			return err
		}
		for i := range waits {
			subjects = append(subjects, waits[i].Subject())
		}
		told, err := d.tellSubjects(ctx, ids)
		if err != nil {
			return err
		}
		subjects = append(subjects, told...)
		addresses = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(addresses))), func(s string) bool { return s == "" })
		for _, f := range d.onErase { // they may still look at the promises
			if err := f(ctx, ids); err != nil {
				return fmt.Errorf("erase customer %d: %w", id, err)
			}
		}
		if err := d.eraseRows(ctx, id, ids, c.Phone); err != nil {
			return err
		}
		if err := d.notify.Erase(ctx, append(subjects, ""), append(addresses, "\x01")); err != nil { // never an empty list
			return err
		}
		for i := range jobs {
			if err := d.event(ctx, &jobs[i], a, JobEvent{Kind: EventOther, Author: a.named(System.Name), State: "erased"}); err != nil {
				return err
			}
			d.ring(ctx, jobs[i].WorkshopID, jobs[i].ID)
		}
		d.opt.Log.InfoContext(ctx, "customer erased", "customer", id, "jobs", len(jobs), "by", a.StaffID)
		return nil
	})
}
