package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"neuvo/internal/fault"
	"neuvo/templates"
)

// demand is what a choice of services takes.
type demand struct {
	services []Service
	duration time.Duration // as the customer sees it
	atoms    int           // of the advisor
}

// maxServices is how many services one visit may have.
const maxServices = 10

// demandOf loads the chosen services and adds up what they take. at tells where
// in the request they stand ("body.service_ids").
func (d *Desk) demandOf(ctx context.Context, workshopID int64, ids []int64, transport, at, transportAt string) (demand, []fault.Field, error) {
	var out demand
	if len(ids) == 0 || len(ids) > maxServices {
		return out, []fault.Field{{Location: at, Key: "fault.services_count", Args: map[string]any{"max": maxServices}}}, nil
	}
	rows, err := d.servicesByID(ctx, ids)
	if err != nil {
		return out, nil, err
	}
	var bad []fault.Field
	reception := 0
	for i, id := range ids {
		s, ok := rows[id]
		if !ok || s.WorkshopID != workshopID || !s.Active || slices.Contains(ids[:i], id) {
			bad = append(bad, fault.Field{Location: at, Key: "fault.service_unknown", Value: id})
			continue
		}
		if transport != "" && len(s.Transports) > 0 && !slices.Contains(s.Transports, transport) {
			bad = append(bad, fault.Field{Location: transportAt, Key: "fault.transport_unknown", Value: transport})
		}
		out.services = append(out.services, s)
		out.duration += time.Duration(s.DurationMinutes) * time.Minute
		reception += s.ReceptionMinutes
	}
	out.atoms = max(1, atomsIn(reception))
	if out.atoms > padDays*24*60/5 {
		bad = append(bad, fault.Field{Location: at, Key: "fault.visit_too_long"})
	}
	return out, bad, nil
}

// Availability answers what can be booked online in a range of dates: for each
// date its starts on the workshop's slot grid and who is free at them. Errors
// name the query's field. Its number of queries does not grow with the number
// of advisors or days; only where the range has nothing does it look further,
// window by window, for NextAvailable.
func (d *Desk) Availability(ctx context.Context, q AvailabilityQuery) (*Availability, error) {
	first, last, err := q.dates()
	if err != nil {
		return nil, err
	}
	c, need, err := d.prepare(ctx, q, first)
	if err != nil {
		return nil, err
	}
	now := d.now()
	t := c.onlineTerms(now.Time)
	w, err := d.window(ctx, c, first, last, exceptNone)
	if err != nil {
		return nil, err
	}
	out := &Availability{Days: w.days(last, need, t)}
	for _, day := range out.Days {
		if len(day.Slots) > 0 {
			return out, nil
		}
	}
	out.NextAvailable, err = d.nextAvailable(ctx, c, last.add(1), need, t)
	return out, err
}

// dates reads the range of a query.
func (q AvailabilityQuery) dates() (first, last date, err error) {
	var bad []fault.Field
	if first, err = parseDate(q.From); err != nil {
		bad = append(bad, fault.Field{Location: "query.from", Key: "fault.date", Value: q.From})
	}
	if last, err = parseDate(q.To); err != nil {
		bad = append(bad, fault.Field{Location: "query.to", Key: "fault.date", Value: q.To})
	}
	if len(bad) == 0 {
		switch {
		case last.Before(first.Time):
			bad = append(bad, fault.Field{Location: "query.to", Key: "fault.range_backwards", Value: q.To})
		case last.After(first.add(MaxRangeDays).Time):
			bad = append(bad, fault.Field{Location: "query.to", Key: "fault.range_long", Args: map[string]any{"days": MaxRangeDays}, Value: q.To})
		case first.Year() < 2000 || last.Year() > 2200:
			bad = append(bad, fault.Field{Location: "query.from", Key: "fault.date", Value: q.From})
		}
	}
	return first, last, invalid(bad)
}

// prepare loads the calendar of a query, from its first date on, and what its
// services take.
func (d *Desk) prepare(ctx context.Context, q AvailabilityQuery, first date) (*calendar, demand, error) {
	shop, err := d.Workshop(ctx, q.WorkshopID)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			err = fault.BadField("query.workshop_id", "fault.workshop_unknown", q.WorkshopID)
		}
		return nil, demand{}, err
	}
	need, bad, err := d.demandOf(ctx, q.WorkshopID, q.ServiceIDs, q.Transport, "query.service_id", "query.transport")
	if err == nil {
		err = invalid(bad)
	}
	if err != nil {
		return nil, demand{}, err
	}
	c, err := d.calendar(ctx, shop, first)
	if err != nil {
		return nil, demand{}, err
	}
	if q.AdvisorID != 0 && !c.only(q.AdvisorID) {
		return nil, demand{}, fault.BadField("query.advisor_id", "fault.advisor_unknown", q.AdvisorID)
	}
	return c, need, nil
}

// only narrows the calendar to one advisor and tells whether there is such a one.
func (c *calendar) only(advisorID int64) bool {
	i := slices.IndexFunc(c.advisors, func(a Advisor) bool { return a.ID == advisorID })
	if i < 0 {
		return false
	}
	c.advisors = c.advisors[i : i+1]
	return true
}

// window loads the claims of a range of dates and lays the calendar out.
func (d *Desk) window(ctx context.Context, c *calendar, first, last date, except exception) (*window, error) {
	from, to := atomOf(first.at(0, c.loc)), atomOf(last.add(padDays+1).at(0, c.loc))
	claims, err := d.claimsBetween(ctx, c.advisors, from, to, except)
	if err != nil {
		return nil, err
	}
	return c.layOut(first, last, claims), nil
}

// days lists what the window offers, date by date.
func (w *window) days(last date, need demand, t terms) []Day {
	offers := w.offers(need.atoms, t)
	union := newAtoms(w.bounds[len(w.bounds)-1])
	for _, o := range offers {
		union.or(o)
	}
	var out []Day
	for i := range len(w.bounds) - 1 - padDays {
		day := Day{Date: w.first.add(i).String()}
		union.each(w.bounds[i], w.bounds[i+1], func(at int) {
			day.Slots = append(day.Slots, w.slot(at, need, offers))
		})
		day.Closed = w.closedWord(i)
		out = append(out, day)
	}
	return out
}

// slot is the slot that begins at an atom of the window.
func (w *window) slot(at int, need demand, offers []atoms) Slot {
	start := timeOf(w.base + int64(at)).In(w.loc)
	s := Slot{Start: start, End: start.Add(need.duration)}
	for i := range offers {
		if offers[i].has(at) {
			s.AdvisorIDs = append(s.AdvisorIDs, w.lanes[i].advisor.ID)
		}
	}
	return s
}

// closedWord is why the workshop is closed on the window's ith date, "" where
// it is open for any of it.
func (w *window) closedWord(i int) string {
	if c := w.closure(i); c != nil && c.Reason != "" {
		return c.Reason
	}
	if w.closure(i) != nil || w.open.count(w.bounds[i], w.bounds[i+1]) == 0 {
		return templates.T(w.shop.Locale, "booking.closed", nil)
	}
	return ""
}

// nextAvailable looks for the first start from a date on, in windows of
// MaxRangeDays up to the horizon; zero where there is none.
func (d *Desk) nextAvailable(ctx context.Context, c *calendar, from date, need demand, t terms) (time.Time, error) {
	if today := dateOf(t.earliest, c.loc); from.Before(today.Time) {
		from = today
	}
	horizon := dateOf(t.latest, c.loc)
	for ; !from.After(horizon.Time); from = from.add(MaxRangeDays) {
		last := from.add(MaxRangeDays - 1)
		if last.After(horizon.Time) {
			last = horizon
		}
		w, err := d.window(ctx, c, from, last, exceptNone)
		if err != nil {
			return time.Time{}, err
		}
		for _, day := range w.days(last, need, t) {
			if len(day.Slots) > 0 {
				return day.Slots[0].Start, nil
			}
		}
	}
	return time.Time{}, nil
}

// maxAlternatives is how many other starts a lost race is answered with.
const maxAlternatives = 5

// alternatives gives the starts nearest to the one that was lost: with the same
// advisor first where one was chosen, then with anyone. The search is at most
// two windows.
func (d *Desk) alternatives(ctx context.Context, c *calendar, need demand, advisorID int64, wanted time.Time, t terms) ([]Slot, error) {
	first := dateOf(wanted, c.loc).add(-3)
	if today := dateOf(d.now().Time, c.loc); first.Before(today.Time) {
		first = today
	}
	// Alternatives keep to the grid and the hours, also at the desk.
	t.gridMinutes = c.shop.SlotMinutes
	if now := d.now().Time; t.earliest.Before(now) {
		t.earliest = now
	}
	for _, days := range []int{10, MaxRangeDays} {
		w, err := d.window(ctx, c, first, first.add(days), exceptNone)
		if err != nil {
			return nil, err
		}
		if out := nearest(w.days(first.add(days), need, t), advisorID, wanted); len(out) > 0 {
			return out, nil
		}
	}
	return nil, nil
}

// nearest picks the slots nearest to an instant and returns them in order of
// time, those with the wished advisor before others where not all fit.
func nearest(days []Day, advisorID int64, wanted time.Time) []Slot {
	var all []Slot
	for _, day := range days {
		all = append(all, day.Slots...)
	}
	other := func(s Slot) int {
		if advisorID == 0 || slices.Contains(s.AdvisorIDs, advisorID) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(other(a), other(b)), cmp.Compare(a.Start.Sub(wanted).Abs(), b.Start.Sub(wanted).Abs()))
	})
	all = all[:min(len(all), maxAlternatives)]
	slices.SortStableFunc(all, func(a, b Slot) int { return a.Start.Compare(b.Start) })
	return all
}
