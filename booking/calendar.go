package booking

import (
	"time"

	"neuvo/internal/db"
)

// calendar is what the database knows about when a workshop's advisors can
// receive: loaded once, worked in memory.
type calendar struct {
	shop     *Workshop
	loc      *time.Location
	advisors []Advisor // active, in the order they are shown
	hours    []Hours
	closures []Closure
	openings []HolidayOpening // public holidays on which it opens all the same
	absences []Absence

	services  []Service  // active
	bays      []Resource // active
	loaners   []Resource // active
	pools     []Pool
	poolDates []PoolDate
	limits    []TransportLimit
}

// weekly adds the weekly hours of a resource (0: the workshop) to a set and
// tells whether it has any at all.
func (w *window) weekly(s atoms, resource int64) bool {
	any := false
	for _, h := range w.hours {
		if h.ResourceID != resource {
			continue
		}
		any = true
		for i := range len(w.bounds) - 1 {
			day := w.first.add(i)
			if day.Weekday() != h.Weekday {
				continue
			}
			// Only atoms that lie in the hours as a whole.
			s.add(int(atomAfter(day.at(h.FromMinute, w.loc))-w.base), int(atomOf(day.at(h.ToMinute, w.loc))-w.base))
		}
	}
	return any
}

// openings puts the hours that the workshop has on a public holiday in place of
// the weekday's.
func (w *window) openings() {
	if len(w.calendar.openings) == 0 {
		return
	}
	for i := range len(w.bounds) - 1 {
		day := w.first.add(i)
		o := w.opening(day)
		if o == nil || o.ToMinute == 0 {
			continue
		}
		usual := newAtoms(w.bounds[len(w.bounds)-1])
		usual.add(w.bounds[i], w.bounds[i+1])
		w.open.without(usual)
		w.open.add(int(atomAfter(day.at(o.FromMinute, w.loc))-w.base), int(atomOf(day.at(o.ToMinute, w.loc))-w.base))
	}
}

// closure is what closes the workshop on the window's ith date: a closure of its
// own or a public holiday of its country; nil if none.
func (w *window) closure(i int) *Closure { return w.closureOn(w.first.add(i)) }

// closureOn is closure for a date. The reason of a public holiday is the
// translation key of its name.
func (c *calendar) closureOn(d date) *Closure {
	if len(c.closures) > 0 {
		day := d.String()
		for k := range c.closures {
			if at := &c.closures[k]; at.FromDate <= day && day <= at.ToDate {
				return at
			}
		}
	}
	if key := c.holiday(d); key != "" {
		day := d.String()
		return &Closure{WorkshopID: c.shop.ID, FromDate: day, ToDate: day, Reason: key}
	}
	return nil
}

// terms are what a start must meet besides a free advisor.
type terms struct {
	online      bool
	overflow    bool      // only the advisor's claims count; what else is full is gone over
	walkIn      time.Time // starts up to here are walk-ins: only claims count
	earliest    time.Time
	latest      time.Time // exclusive; zero: no horizon
	gridMinutes int
}

// grid is the set of atoms at which the clock on the wall shows a multiple of
// so many minutes. In the hour that comes twice both comings count.
func (w *window) grid(minutes int) atoms {
	n := w.bounds[len(w.bounds)-1]
	out := newAtoms(n)
	for i := 0; i < n; {
		t := timeOf(w.base + int64(i)).In(w.loc)
		_, offset := t.Zone()
		until := n
		if _, end := t.ZoneBounds(); !end.IsZero() {
			until = min(n, int(atomAfter(end)-w.base))
		}
		for ; i < until; i++ {
			wall := (w.base+int64(i))*AtomSeconds + int64(offset)
			if wall%60 == 0 && wallMinute(wall)%minutes == 0 {
				out.add(i, i+1)
			}
		}
	}
	return out
}

// wallMinute is the minute of the day of a wall clock's count of seconds.
func wallMinute(wall int64) int {
	return int((wall - floorDiv(wall, 86400)*86400) / 60)
}

// onlineTerms are the terms of booking on the web.
func (c *calendar) onlineTerms(now time.Time) terms {
	return terms{
		online:      true,
		earliest:    now.Add(time.Duration(c.shop.MinNoticeMinutes) * time.Minute),
		latest:      dateOf(now, c.loc).add(c.shop.HorizonDays+1).at(0, c.loc),
		gridMinutes: c.shop.SlotMinutes,
	}
}

// walkInLead is how far ahead a start at the desk still counts as a walk-in.
const walkInLead = 10 * time.Minute

// deskTerms are the terms of booking at the desk: any atom from the beginning of
// today on, without notice or horizon.
func (c *calendar) deskTerms(now time.Time) terms {
	return terms{
		earliest:    dateOf(now, c.loc).at(0, c.loc),
		walkIn:      now.Add(walkInLead),
		gridMinutes: AtomSeconds / 60,
	}
}

// freeFormTerms are the terms of what is brought in from elsewhere: only claims
// count, at any time.
func freeFormTerms() terms {
	return terms{overflow: true, walkIn: time.Unix(1<<40, 0), gridMinutes: AtomSeconds / 60}
}

// termsFor gives the terms that a request's source has.
func (c *calendar) termsFor(source string, now db.Time) terms {
	switch source {
	case SourceDesk:
		return c.deskTerms(now.Time)
	case SourceImport, SourceDemo:
		return freeFormTerms()
	}
	return c.onlineTerms(now.Time)
}
