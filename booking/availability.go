package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"neuvo/internal/fault"
	"neuvo/templates"
)

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
	s, need, err := d.prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	t := s.onlineTerms(d.now().Time)
	w, err := d.window(ctx, s, need, q.AdvisorID, first, last, &exceptions{})
	if err != nil {
		return nil, err
	}
	out := &Availability{Days: w.days(last, need, t)}
	for i := range out.Days {
		if len(out.Days[i].Slots) > 0 {
			return out, nil
		}
	}
	out.NextAvailable, err = d.nextAvailable(ctx, s, need, q.AdvisorID, last.add(1), t)
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

// prepare gives the calendar of a query, and what its services take.
func (d *Desk) prepare(ctx context.Context, q AvailabilityQuery) (*snapshot, *demand, error) {
	s, err := d.snapshot(ctx, q.WorkshopID)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			err = fault.BadField("query.workshop_id", "fault.workshop_unknown", q.WorkshopID)
		}
		return nil, nil, err
	}
	need, bad := s.demandOf(q.ServiceIDs, q.Transport, "query.service_id", "query.transport")
	if err := invalid(bad); err != nil {
		return nil, nil, err
	}
	if q.AdvisorID != 0 && !s.has(q.AdvisorID) {
		return nil, nil, fault.BadField("query.advisor_id", "fault.advisor_unknown", q.AdvisorID)
	}
	return s, &need, nil
}

// has tells whether an advisor receives customers here.
func (c *calendar) has(advisorID int64) bool {
	return slices.ContainsFunc(c.advisors, func(a Advisor) bool { return a.ID == advisorID })
}

// window lays a range of dates out with what is taken: for one advisor or for
// all (0), and for the bays, loaners and counters that the demand meets.
func (d *Desk) window(ctx context.Context, s *snapshot, need *demand, advisorID int64, first, last date, except *exceptions) (*window, error) {
	return d.windowOf(ctx, s, need, advisorID, first, last, except, false)
}

// windowOf is window, at a glance where that will do: see look.
func (d *Desk) windowOf(ctx context.Context, s *snapshot, need *demand, advisorID int64, first, last date, except *exceptions, glancing bool) (*window, error) {
	frame := s.frame(first, last, max(padDays, need.reach()))
	var resources []int64
	counters := len(need.labour) > 0 && len(s.pools) > 0 || s.limit(need.transport) != nil
	for i := range frame.lanes {
		l := &frame.lanes[i]
		if advisorID == 0 || l.id == advisorID {
			resources = append(resources, l.id)
			counters = counters || l.advisor.MaxPerDay > 0 || l.advisor.MaxPerSlot > 0
		}
	}
	if frame.inBay(need) {
		for i := range frame.bays {
			resources = append(resources, frame.bays[i].id)
		}
	}
	if frame.onLoan(need) {
		for i := range frame.loaners {
			resources = append(resources, frame.loaners[i].id)
		}
	}
	from, to := blockOf(frame.base), blockOf(frame.base+int64(frame.end())-1)
	seen, err := d.look(ctx, d.occupancy(ctx, s.shop.ID), s.shop.ID, resources, counters, glancing, from, to)
	if err != nil {
		return nil, err
	}
	now := d.now()
	w := frame.filled(advisorID, need, func(id int64, set atoms) { seen.into(set, frame.base, id, now, except) })
	w.counts = seen.counted(now, except)
	return w, nil
}

// days lists what the window offers, date by date.
func (w *window) days(last date, need *demand, t terms) []Day {
	offers := w.offers(need, t)
	union := newAtoms(w.end())
	total := 0
	until := w.bounds[w.dayOf(last)+1]
	for _, o := range offers {
		union.or(o)
		total += o.count(w.bounds[0], until)
	}
	// One array each for all slots and all their advisors.
	slots := make([]Slot, 0, union.count(w.bounds[0], until))
	ids := make([]int64, 0, total)
	out := make([]Day, 0, len(w.bounds))
	for i := 0; i <= w.dayOf(last); i++ {
		from := len(slots)
		union.each(w.bounds[i], w.bounds[i+1], func(at int) {
			begin := len(ids)
			for k := range offers {
				if offers[k].has(at) {
					ids = append(ids, w.lanes[k].id)
				}
			}
			start := timeOf(w.base + int64(at)).In(w.loc)
			slots = append(slots, Slot{Start: start, End: start.Add(need.duration), AdvisorIDs: ids[begin:len(ids):len(ids)]})
		})
		day := Day{Date: w.first.add(i).String(), Closed: w.closedWord(i)}
		if len(slots) > from {
			day.Slots = slots[from:len(slots):len(slots)]
		}
		out = append(out, day)
	}
	return out
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

// nextAvailable looks for the first start from a date on up to the horizon, at
// one go; zero where there is none.
func (d *Desk) nextAvailable(ctx context.Context, s *snapshot, need *demand, advisorID int64, from date, t terms) (time.Time, error) {
	if today := dateOf(t.earliest, s.loc); from.Before(today.Time) {
		from = today
	}
	horizon := dateOf(t.latest, s.loc)
	if from.After(horizon.Time) {
		return time.Time{}, nil
	}
	// Whatever the date asked from, the layout of the whole horizon is the same.
	first := dateOf(d.now().Time, s.loc)
	w, err := d.window(ctx, s, need, advisorID, first, horizon, &exceptions{})
	if err != nil {
		return time.Time{}, err
	}
	best := -1
	begin := w.bounds[max(0, w.dayOf(from))]
	for _, o := range w.offers(need, t) {
		if at := o.next(begin); at >= 0 && (best < 0 || at < best) {
			best = at
		}
	}
	if best < 0 || best >= w.bounds[w.dayOf(horizon)+1] {
		return time.Time{}, nil
	}
	return timeOf(w.base + int64(best)).In(s.loc), nil
}

// maxAlternatives is how many other starts a lost race is answered with.
const maxAlternatives = 5

// alternatives gives the starts nearest to the one that was lost: with the same
// advisor first where one was chosen, then with anyone. The search is at most
// two windows.
func (d *Desk) alternatives(ctx context.Context, c *snapshot, need *demand, advisorID int64, wanted time.Time, t terms) ([]Slot, error) {
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
		w, err := d.window(ctx, c, need, 0, first, first.add(days), &exceptions{})
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
