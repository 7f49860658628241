package booking

import (
	"context"
	"sort"
	"time"
)

// opening is the opening time of a workshop around now: promises are counted in
// it, because nobody can be called from a closed workshop.
type opening struct {
	atoms []int64 // every open atom from the beginning of today on, in order
	now   time.Time
}

// openingOf lays out a workshop's hours, closures and holidays from today on.
func (d *Desk) openingOf(ctx context.Context, shop *Workshop) (*opening, error) {
	return d.openingFrom(ctx, shop, d.now().Time)
}

// openingFrom lays them out from the date of an instant on.
func (d *Desk) openingFrom(ctx context.Context, shop *Workshop, from time.Time) (*opening, error) {
	o := &opening{now: d.now().Time}
	first := dateOf(from, shop.Zone())
	c, err := d.calendar(ctx, shop, first)
	if err != nil {
		return nil, err
	}
	c.advisors = nil
	w := c.layOut(first, first.add(MaxRangeDays), nil)
	open := w.open.clone()
	open.without(w.closed)
	open.each(0, w.bounds[len(w.bounds)-1], func(i int) { o.atoms = append(o.atoms, w.base+int64(i)) })
	return o, nil
}

// after is when so much opening time will have passed from an instant; without
// known hours, so much time.
func (o *opening) after(from time.Time, length time.Duration) time.Time {
	n := max(int(length/(AtomSeconds*time.Second)), 1)
	first := atomAfter(from)
	i := sort.Search(len(o.atoms), func(i int) bool { return o.atoms[i] >= first }) + n - 1
	if i >= len(o.atoms) {
		return from.Add(length)
	}
	return timeOf(o.atoms[i] + 1)
}

// before is when so much opening time is left until an instant; the beginning of
// today's where that was earlier.
func (o *opening) before(until time.Time, length time.Duration) time.Time {
	n := int(length / (AtomSeconds * time.Second))
	end := atomAfter(until)
	i := sort.Search(len(o.atoms), func(i int) bool { return o.atoms[i] >= end }) - n
	switch {
	case len(o.atoms) == 0:
		return until.Add(-length)
	case i < 0:
		return timeOf(o.atoms[0])
	case i >= len(o.atoms):
		return until
	}
	return timeOf(o.atoms[i])
}

// OpenAfter is when so much opening time of a workshop will have passed from
// now: the clock of everything that somebody of ours must do.
func (d *Desk) OpenAfter(ctx context.Context, shop *Workshop, length time.Duration) (time.Time, error) {
	o, err := d.openingOf(ctx, shop)
	if err != nil {
		return time.Time{}, err
	}
	return o.after(o.now, length), nil
}
