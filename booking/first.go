package booking

import (
	"context"
	"time"
)

// FirstFree tells when each advisor is free first for what a query asks, up to
// the horizon of online booking, by id; under 0 stands whoever is first. An
// advisor without any free time is not there. From and To of the query are not
// used. The number of queries does not grow with advisors or days.
func (d *Desk) FirstFree(ctx context.Context, q AvailabilityQuery) (map[int64]time.Time, error) {
	s, need, err := d.prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	now := d.now().Time
	t := s.onlineTerms(now)
	first, last := dateOf(now, s.loc), dateOf(t.latest, s.loc)
	w, err := d.window(ctx, s, need, q.AdvisorID, first, last, &exceptions{})
	if err != nil {
		return nil, err
	}
	out := map[int64]time.Time{}
	for i, offer := range w.offers(need, t) {
		at := offer.next(w.bounds[0])
		if at < 0 || at >= w.bounds[w.dayOf(last)+1] {
			continue
		}
		start := timeOf(w.base + int64(at)).In(s.loc)
		out[w.lanes[i].id] = start
		if anyone, ok := out[0]; !ok || start.Before(anyone) {
			out[0] = start
		}
	}
	return out, nil
}
