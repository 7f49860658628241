package booking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// standing is a visit to come, as much of it as is counted.
type standing struct {
	Job
	services []int64
	has      []Taking
}

// recount counts the visits of a workshop that stand already against its limits
// as they are now: a limit that is new, or falls on other dates than before,
// has not counted them. It joins the caller's transaction and tells how many
// counters moved. Nothing is refused: what stands stands, also beyond a limit.
func (d *Desk) recount(ctx context.Context, workshopID int64) (int, error) {
	s, err := d.loadSnapshot(ctx, workshopID, 0)
	if err != nil {
		return 0, err
	}
	today := dateOf(d.now().Time, s.loc)
	jobs, err := d.standing(ctx, workshopID, today.add(-maxVisit/dayAtoms).at(0, s.loc), today.at(0, s.loc))
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	var ids []int64
	for i := range jobs {
		ids = append(ids, jobs[i].services...)
	}
	slices.Sort(ids)
	services, err := d.servicesByID(ctx, slices.Compact(ids))
	if err != nil {
		return 0, err
	}
	c := counting{calendar: s.calendar, used: map[counterKey]int64{}, place: map[counterKey]int{}}
	for i := range jobs {
		for _, t := range jobs[i].has {
			c.used[t.key()] += t.Used
		}
	}
	for i := range jobs {
		c.job(&jobs[i], services)
	}
	return len(c.net), d.storeRecount(ctx, workshopID, &c)
}

// changeCounted changes a setting and counts anew where the change moves what is
// counted: counted tells a setting before from one after.
func changeCounted[T any, K comparable](ctx context.Context, d *Desk, t settingKind[T], by Manager, id int64,
	edit func(context.Context, *T) error, counted func(*T) K) (*T, error) {
	var out *T
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		var before K
		var err error
		out, err = t.change(ctx, d, by, id, func(ctx context.Context, row *T) error {
			before = counted(row)
			return edit(ctx, row)
		})
		if err != nil || counted(out) == before {
			return err
		}
		_, err = d.recount(ctx, t.shop(out))
		return err
	})
	return out, err
}

// counterKey names a counter.
type counterKey struct {
	kind   string
	owner  int64
	period string
}

func (t *Taking) key() counterKey { return counterKey{t.Kind, t.OwnerID, t.Period} }

func (k *Counter) key() counterKey { return counterKey{k.Kind, k.OwnerID, k.Period} }

// counting gathers what a recount changes.
type counting struct {
	*calendar
	used       map[counterKey]int64 // as it will be
	net        []Counter
	place      map[counterKey]int // of a counter in net
	gone, come []Taking
}

// job compares what a visit has taken with what it takes under the limits now.
func (c *counting) job(j *standing, services map[int64]Service) {
	need := demand{transport: j.Transport}
	for _, id := range j.services {
		need.add(services[id])
	}
	need.duration = j.EndAt.Sub(j.StartAt.Time)
	need.settle()
	want := c.amounts(&need, j.BookedWith, j.StartAt.Time, c.labourOf(j, &need), j.Source == SourceWeb)
	for _, t := range j.has {
		i := slices.IndexFunc(want, func(k Counter) bool { return k.key() == t.key() })
		switch {
		case i >= 0:
			want = slices.Delete(want, i, i+1) // it counts already
		case c.counts(t.Kind, t.OwnerID):
			c.gone = append(c.gone, t)
			c.add(Counter{Kind: t.Kind, OwnerID: t.OwnerID, Period: t.Period, WorkshopID: t.WorkshopID, Block: t.Block, Used: -t.Used, Desk: -t.Desk})
		}
	}
	for _, k := range want {
		c.come = append(c.come, Taking{
			JobID: j.ID, Kind: k.Kind, OwnerID: k.OwnerID, Period: k.Period, WorkshopID: k.WorkshopID, Block: k.Block, Used: k.Used, Desk: k.Desk,
		})
		c.add(k)
	}
}

// labourOf is what a visit takes of pools: as it was shared when it was booked,
// else shared among its days by what is left of them.
func (c *counting) labourOf(j *standing, need *demand) []share {
	var out []share
	first, last := dateOf(j.StartAt.Time, c.loc), dateOf(j.StartAt.Add(time.Duration(need.stay)*AtomSeconds*time.Second-1), c.loc)
	for _, l := range need.labour {
		p := c.pool(l.skill)
		if p == nil {
			continue
		}
		known := false
		for _, t := range j.has {
			if day, err := parseDate(t.Period); err == nil && t.Kind == countPool && t.OwnerID == p.ID {
				out, known = append(out, share{p, day, int(t.Used)}), true
			}
		}
		for left, day := l.minutes, first; !known && left > 0; day = day.add(1) {
			key, n := counterKey{countPool, p.ID, day.String()}, left
			if day.Before(last.Time) {
				n = 0
				if c.closureOn(day) == nil {
					n = max(0, min(left, c.capacity(p, day)-int(c.used[key])))
				}
			}
			if left -= n; n > 0 {
				out = append(out, share{p, day, n})
			}
		}
	}
	return out
}

// counts tells whether a counter is of this calendar's limits.
func (c *counting) counts(kind string, owner int64) bool {
	switch kind {
	case countPool:
		return slices.ContainsFunc(c.pools, func(p Pool) bool { return p.ID == owner })
	case countTransport:
		return slices.ContainsFunc(c.limits, func(t TransportLimit) bool { return t.ID == owner })
	}
	return c.has(owner)
}

// add moves a counter by what one visit takes more or less of it.
func (c *counting) add(k Counter) {
	c.used[k.key()] += k.Used
	i, known := c.place[k.key()]
	if !known {
		c.place[k.key()] = len(c.net)
		c.net = append(c.net, k)
		return
	}
	c.net[i].Used += k.Used
	c.net[i].Desk += k.Desk
}

// Recount counts, at every workshop, the visits that stand against the limits
// as they are, and tells how many counters were off: a booking that was on its
// way while a limit was set has not been counted. It is idempotent.
func (d *Desk) Recount(ctx context.Context) (int, error) {
	shops, err := d.Workshops(ctx)
	if err != nil {
		return 0, err
	}
	moved := 0
	var errs []error
	for i := range shops {
		err := d.db.Tx(ctx, func(ctx context.Context) error {
			n, err := d.recount(ctx, shops[i].ID)
			moved += n
			return err
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("count the visits of workshop %d: %w", shops[i].ID, err))
		}
	}
	return moved, errors.Join(errs...)
}
