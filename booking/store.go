package booking

import (
	"context"
	"errors"
	"fmt"

	"neuvo/internal/db"
)

// one loads the first row that matches, or a NotFound fault.
func one[T any](ctx context.Context, d *db.DB, what string, where string, args ...any) (*T, error) {
	rows, err := all[T](ctx, d, what, "", where, args...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

// all loads the rows that match, in an order.
func all[T any](ctx context.Context, d *db.DB, what, order, where string, args ...any) ([]T, error) {
	var rows []T
	q := d.In(ctx).Where(where, args...)
	if order != "" {
		q = q.Order(order)
	}
	if err := q.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load %s: %w", what, err)
	}
	return rows, nil
}

// Workshops gives every workshop that has not closed for good, in the order they
// were made.
func (d *Desk) Workshops(ctx context.Context) ([]Workshop, error) {
	return all[Workshop](ctx, d.db, "workshops", "id", "closed_at IS NULL")
}

// AllWorkshops is Workshops with those that have closed for good.
func (d *Desk) AllWorkshops(ctx context.Context) ([]Workshop, error) {
	return all[Workshop](ctx, d.db, "workshops", "id", "1 = 1")
}

// Workshop gives one workshop; NotFound where there is none.
func (d *Desk) Workshop(ctx context.Context, id int64) (*Workshop, error) {
	return one[Workshop](ctx, d.db, "workshop", "id = ?", id)
}

// Services gives what can be booked at a workshop, in its own order.
func (d *Desk) Services(ctx context.Context, workshopID int64) ([]Service, error) {
	return all[Service](ctx, d.db, "services", "position, id", "workshop_id = ? AND active", workshopID)
}

// Advisors gives who receives customers at a workshop, in its own order.
func (d *Desk) Advisors(ctx context.Context, workshopID int64) ([]Advisor, error) {
	return all[Advisor](ctx, d.db, "advisors", "position, id", "workshop_id = ? AND active", workshopID)
}

// Advisor gives one advisor, also one who has left; NotFound where there is none.
func (d *Desk) Advisor(ctx context.Context, id int64) (*Advisor, error) {
	return one[Advisor](ctx, d.db, "advisor", "id = ?", id)
}

// servicesByID loads services, in whatever state, by id.
func (d *Desk) servicesByID(ctx context.Context, ids []int64) (map[int64]Service, error) {
	rows, err := all[Service](ctx, d.db, "services", "", "id IN ?", ids)
	return byID(rows, func(s Service) int64 { return s.ID }), err
}

// calendar loads what bounds a workshop's advisors from a date on, except for
// claims: five queries.
func (d *Desk) calendar(ctx context.Context, shop *Workshop, first date) (*calendar, error) {
	c := &calendar{shop: shop, loc: shop.Zone()}
	var err1, err2, err3, err4, err5 error
	c.advisors, err1 = d.Advisors(ctx, shop.ID)
	c.hours, err2 = all[Hours](ctx, d.db, "hours", "", "workshop_id = ?", shop.ID)
	c.closures, err3 = all[Closure](ctx, d.db, "closures", "from_date", "workshop_id = ? AND to_date >= ?", shop.ID, first.String())
	c.absences, err4 = all[Absence](ctx, d.db, "absences", "from_at",
		"resource_id IN (SELECT id FROM resources WHERE workshop_id = ?) AND to_at > ?", shop.ID, db.At(first.at(0, c.loc)))
	c.openings, err5 = all[HolidayOpening](ctx, d.db, "holiday openings", "date", "workshop_id = ? AND date >= ?", shop.ID, first.String())
	return c, errors.Join(err1, err2, err3, err4, err5, d.loadNeeds(ctx, c))
}

// loadNeeds adds to a calendar what its services need besides the advisor: five
// queries.
func (d *Desk) loadNeeds(ctx context.Context, c *calendar) error {
	resources, err1 := all[Resource](ctx, d.db, "resources", "id", "workshop_id = ? AND active AND kind <> ?", c.shop.ID, KindAdvisor)
	var err2, err3, err4, err5 error
	c.services, err2 = d.Services(ctx, c.shop.ID)
	c.pools, err3 = all[Pool](ctx, d.db, "pools", "id", "workshop_id = ?", c.shop.ID)
	c.poolDates, err4 = all[PoolDate](ctx, d.db, "dates of pools", "day", "pool_id IN (SELECT id FROM pools WHERE workshop_id = ?)", c.shop.ID)
	c.limits, err5 = all[TransportLimit](ctx, d.db, "transport limits", "id", "workshop_id = ?", c.shop.ID)
	for _, r := range resources {
		switch r.Kind {
		case KindBay:
			c.bays = append(c.bays, r)
		case KindLoaner:
			c.loaners = append(c.loaners, r)
		}
	}
	return errors.Join(err1, err2, err3, err4, err5)
}

// byID makes a map of rows.
func byID[T any](rows []T, id func(T) int64) map[int64]T {
	out := make(map[int64]T, len(rows))
	for _, r := range rows {
		out[id(r)] = r
	}
	return out
}
