package booking

import (
	"cmp"
	"slices"
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
}

// window is a calendar laid out over a range of dates as sets of atoms. The
// sets stay apart, rule by rule, so that what offers a start can also tell why
// it does not.
type window struct {
	*calendar
	first  date
	base   int64  // the atom that index 0 stands for
	bounds []int  // index at which each date begins, the end of the last included
	open   atoms  // the workshop's weekly hours
	closed atoms  // closures, whole dates
	lanes  []lane // one for each advisor of the calendar
}

// lane is one advisor's part of a window.
type lane struct {
	advisor Advisor
	hours   atoms // own weekly hours; the workshop's where there are none
	away    atoms
	taken   atoms
	free    atoms // what is left
}

// padDays is how far a window runs on behind its last date, so that a reception
// may go past midnight where the hours do.
const padDays = 1

// layOut puts the calendar and the claims onto a window of dates, first to last
// included.
func (c *calendar) layOut(first, last date, claims []Claim) *window {
	w := &window{calendar: c, first: first, base: atomOf(first.at(0, c.loc))}
	for d := first; !d.After(last.add(padDays + 1).Time); d = d.add(1) {
		w.bounds = append(w.bounds, int(atomOf(d.at(0, c.loc))-w.base))
	}
	n := w.bounds[len(w.bounds)-1]
	w.open, w.closed = newAtoms(n), newAtoms(n)
	w.weekly(w.open, 0)
	w.openings()
	for i := range len(w.bounds) - 1 {
		if w.closure(i) != nil {
			w.closed.add(w.bounds[i], w.bounds[i+1])
		}
	}
	w.lanes = make([]lane, len(c.advisors))
	byID := make(map[int64]*lane, len(c.advisors))
	for i, a := range c.advisors {
		l := &w.lanes[i]
		*l = lane{advisor: a, hours: newAtoms(n), away: newAtoms(n), taken: newAtoms(n)}
		byID[a.ID] = l
		if !w.weekly(l.hours, a.ID) {
			l.hours = w.open
		}
	}
	for _, a := range c.absences {
		if l := byID[a.ResourceID]; l != nil {
			// An atom that is touched at all is gone.
			l.away.add(int(atomOf(a.FromAt.Time)-w.base), int(atomAfter(a.ToAt.Time)-w.base))
		}
	}
	for _, claim := range claims {
		if l := byID[claim.ResourceID]; l != nil {
			i := int(claim.Atom - w.base)
			l.taken.add(i, i+1)
		}
	}
	for i := range w.lanes {
		l := &w.lanes[i]
		l.free = w.open.clone()
		l.free.and(l.hours)
		l.free.without(w.closed)
		l.free.without(l.away)
		l.free.without(l.taken)
	}
	return w
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

// index is the place of an instant in the window's sets.
func (w *window) index(t time.Time) int { return int(atomOf(t) - w.base) }

// dayOf is the place of a date in the window, -1 outside it.
func (w *window) dayOf(d date) int {
	i := int(d.Sub(w.first.Time) / (24 * time.Hour))
	if d.Before(w.first.Time) || i >= len(w.bounds)-1 {
		return -1
	}
	return i
}

// terms are what a start must meet besides a free advisor.
type terms struct {
	online      bool
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

// allowed is the set of atoms at which the terms let a visit start.
func (w *window) allowed(t terms) atoms {
	n := w.bounds[len(w.bounds)-1]
	from := int(atomAfter(t.earliest) - w.base)
	until := n
	if !t.latest.IsZero() {
		until = min(n, int(atomAfter(t.latest)-w.base))
	}
	out := newAtoms(n)
	out.add(from, until)
	out.and(w.grid(t.gridMinutes))
	return out
}

// offers gives, for each lane, the atoms from which it can take n atoms.
func (w *window) offers(n int, t terms) []atoms {
	allowed := w.allowed(t)
	out := make([]atoms, len(w.lanes))
	for i := range w.lanes {
		out[i] = w.lanes[i].free.starts(n)
		out[i].and(allowed)
	}
	return out
}

// fair orders advisors for somebody who does not mind which: fewest claims on
// the day first, then as they are shown.
func (w *window) fair(ids []int64, day int) []int64 {
	load := make(map[int64]int, len(w.lanes))
	place := make(map[int64]int, len(w.lanes))
	for i := range w.lanes {
		l := &w.lanes[i]
		load[l.advisor.ID] = l.taken.count(w.bounds[day], w.bounds[day+1])
		place[l.advisor.ID] = i
	}
	out := slices.Clone(ids)
	slices.SortFunc(out, func(a, b int64) int {
		return cmp.Or(cmp.Compare(load[a], load[b]), cmp.Compare(place[a], place[b]))
	})
	return out
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
	return terms{walkIn: time.Unix(1<<40, 0), gridMinutes: AtomSeconds / 60}
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
