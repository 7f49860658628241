package booking

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// window is a calendar laid out over a range of dates as sets of atoms. The
// sets stay apart, rule by rule, so that what offers a start can also tell why
// it does not.
type window struct {
	*calendar
	first   date
	base    int64     // the atom that index 0 stands for, a multiple of 64
	bounds  []int     // index at which each date begins, the end of the last included
	open    atoms     // the workshop's weekly hours
	closed  atoms     // closures, whole dates
	lanes   []lane    // one for each advisor who is asked for
	bays    []lane    // where a service needs one
	loaners []lane    // where the customer wants one
	counts  []counted // what has been taken by amount
	grids   map[int]atoms
}

// lane is one resource's part of a window.
type lane struct {
	id      int64
	name    string
	advisor Advisor // of an advisor's lane
	own     bool    // has weekly hours of its own
	hours   atoms   // own weekly hours; the workshop's where there are none
	away    atoms
	could   atoms // hours without closures and absences: free if nobody had claimed
	taken   atoms
	free    atoms // what is left
}

// counted is a counter's use in a window.
type counted struct {
	kind       string
	owner      int64
	at         int64 // the atom of its date's midnight UTC, or of its slot
	used, desk int64
}

// padDays is how far a window runs on behind its last date, so that a reception
// may go past midnight where the hours do.
const padDays = 1

// leadAtoms is how far a window runs ahead of its first date, so that a buffer
// may lie before midnight.
const leadAtoms = 64

// maxBuffer is the longest buffer, in minutes; it must fit into leadAtoms.
const maxBuffer = 240

// frame lays the calendar out without claims over the dates first to last, both
// included, and some days behind. It holds for any query on these dates and is
// not changed after.
func (c *calendar) frame(first, last date, pad int) *window {
	start := atomOf(first.at(0, c.loc)) - leadAtoms
	w := &window{calendar: c, first: first, base: start - (start%64+64)%64}
	for d := first; !d.After(last.add(pad + 1).Time); d = d.add(1) {
		w.bounds = append(w.bounds, int(atomOf(d.at(0, c.loc))-w.base))
	}
	n := w.end()
	w.open, w.closed = newAtoms(n), newAtoms(n)
	w.weekly(w.open, 0)
	w.openings()
	for i := range len(w.bounds) - 1 {
		if w.closure(i) != nil {
			w.closed.add(w.bounds[i], w.bounds[i+1])
		}
	}
	for _, a := range c.advisors {
		l := w.lane(a.ID, a.Name)
		l.advisor = a
		w.lanes = append(w.lanes, l)
	}
	for _, r := range c.bays {
		w.bays = append(w.bays, w.lane(r.ID, r.Name))
	}
	for _, r := range c.loaners {
		w.loaners = append(w.loaners, w.lane(r.ID, r.Name))
	}
	w.grids = map[int]atoms{}
	for _, minutes := range []int{max(1, c.shop.SlotMinutes), AtomSeconds / 60} {
		w.grids[minutes] = w.grid(minutes)
	}
	return w
}

// end is the length of the window's sets.
func (w *window) end() int { return w.bounds[len(w.bounds)-1] }

// lane lays out one resource.
func (w *window) lane(id int64, name string) lane {
	n := w.end()
	l := lane{id: id, name: name, hours: newAtoms(n), away: newAtoms(n)}
	if l.own = w.weekly(l.hours, id); !l.own {
		l.hours = w.open
	}
	for _, a := range w.absences {
		if a.ResourceID == id {
			// An atom that is touched at all is gone.
			l.away.add(int(max(-1, atomOf(a.FromAt.Time)-w.base)), int(min(int64(n), atomAfter(a.ToAt.Time)-w.base)))
		}
	}
	l.could = w.open.clone()
	l.could.and(l.hours)
	l.could.without(w.closed)
	l.could.without(l.away)
	return l
}

// layOut puts the calendar and the claims onto a window of dates, first to last
// included.
func (c *calendar) layOut(first, last date, claims []Claim) *window {
	return c.layOutFor(first, last, padDays, claims)
}

// layOutFor is layOut with so many days behind the last.
func (c *calendar) layOutFor(first, last date, pad int, claims []Claim) *window {
	w := c.frame(first, last, pad)
	sets := map[int64]atoms{}
	for _, claim := range claims {
		if sets[claim.ResourceID] == nil {
			sets[claim.ResourceID] = newAtoms(w.end())
		}
		i := int(claim.Atom - w.base)
		sets[claim.ResourceID].add(i, i+1)
	}
	out := w.filled(0, &demand{work: 1, span: 1}, func(id int64, s atoms) { copy(s, sets[id]) })
	return out
}

// filled gives the window with what is taken put in by a function: the lanes of
// one advisor (0: of all), and those of bays and loaners where they are needed.
func (w *window) filled(advisorID int64, need *demand, put func(id int64, s atoms)) *window {
	out := *w
	fill := func(lanes []lane, wanted bool) []lane {
		if !wanted {
			return nil
		}
		var kept []lane
		words := (w.end() + 63) / 64
		room := make(atoms, 2*words*len(lanes))
		for i := range lanes {
			l := lanes[i]
			l.taken, l.free, room = room[:words:words], room[words:2*words:2*words], room[2*words:]
			put(l.id, l.taken)
			for k := range l.free {
				l.free[k] = l.could[k] &^ l.taken[k]
			}
			kept = append(kept, l)
		}
		return kept
	}
	lanes := w.lanes
	if advisorID != 0 {
		lanes = nil
		if i := slices.IndexFunc(w.lanes, func(l lane) bool { return l.id == advisorID }); i >= 0 {
			lanes = w.lanes[i : i+1]
		}
	}
	out.lanes = fill(lanes, true)
	out.bays = fill(w.bays, need.work > 0)
	out.loaners = fill(w.loaners, need.span > 0)
	return &out
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

// allowed is the set of atoms at which the terms let a visit start.
func (w *window) allowed(t terms) atoms {
	n := w.end()
	from := int(max(-1, atomAfter(t.earliest)-w.base))
	until := n
	if !t.latest.IsZero() {
		until = int(min(int64(n), atomAfter(t.latest)-w.base))
	}
	out := newAtoms(n)
	out.add(max(from, w.bounds[0]), until)
	grid, ok := w.grids[t.gridMinutes]
	if !ok {
		grid = w.grid(t.gridMinutes)
	}
	out.and(grid)
	return out
}

// offers gives, for each advisor's lane, the atoms at which the demand can
// start: the advisor is free, and so is all else that it takes.
func (w *window) offers(need *demand, t terms) []atoms {
	common := w.allowed(t)
	for _, rule := range w.common(need, t.online) {
		common.and(rule.can)
	}
	out := make([]atoms, len(w.lanes))
	for i := range w.lanes {
		out[i] = w.advisorCan(&w.lanes[i], need)
		out[i].and(common)
	}
	return out
}

// advisorCan gives the starts that one advisor's own time and caps allow.
func (w *window) advisorCan(l *lane, need *demand) atoms {
	out := w.advisorHasTime(l, need)
	w.capped(l, out)
	return out
}

// advisorHasTime gives the starts at which an advisor has the time for the
// reception and nobody else in the buffers around it.
func (w *window) advisorHasTime(l *lane, need *demand) atoms {
	out := l.free.starts(need.atoms)
	if need.before > 0 || w.afterAdvisor(need) > 0 {
		around := l.taken.not().starts(need.before + need.atoms + w.afterAdvisor(need))
		out.and(around.later(need.before))
	}
	return out
}

// afterAdvisor is the buffer behind the advisor's part: where there is work in a
// bay it comes behind that.
func (w *window) afterAdvisor(need *demand) int {
	if w.inBay(need) {
		return 0
	}
	return need.after
}

// inBay tells whether the demand takes a bay here.
func (w *window) inBay(need *demand) bool { return need.work > 0 && len(w.calendar.bays) > 0 }

// onLoan tells whether the demand takes a loaner here.
func (w *window) onLoan(need *demand) bool { return need.span > 0 && len(w.calendar.loaners) > 0 }

// capped takes the dates and slots at which an advisor has enough visits out of
// a set.
func (w *window) capped(l *lane, out atoms) {
	if l.advisor.MaxPerDay == 0 && l.advisor.MaxPerSlot == 0 {
		return
	}
	for _, k := range w.counts {
		if k.owner != l.id {
			continue
		}
		switch {
		case k.kind == countDay && l.advisor.MaxPerDay > 0 && k.used >= int64(l.advisor.MaxPerDay):
			if i := w.dayAt(k.at); i >= 0 {
				out.remove(w.bounds[i], w.bounds[i+1])
			}
		case k.kind == countSlot && l.advisor.MaxPerSlot > 0 && k.used >= int64(l.advisor.MaxPerSlot):
			out.remove(int(k.at-w.base), int(k.at-w.base)+atomsIn(w.shop.SlotMinutes))
		}
	}
}

// dayAt is the place of the date whose midnight UTC is an atom, -1 outside.
func (w *window) dayAt(at int64) int {
	i := int(at-atomOf(w.first.Time)) / dayAtoms
	if at < atomOf(w.first.Time) || i >= len(w.bounds)-1 {
		return -1
	}
	return i
}

// bound is a rule that holds for whoever receives: the starts it allows, and
// what to say of it.
type bound struct {
	rule, detail string
	can          atoms
}

// common gives the rules of everything but the advisor that a demand meets.
func (w *window) common(need *demand, online bool) []bound {
	var out []bound
	if w.inBay(need) {
		can := newAtoms(w.end())
		for i := range w.bays {
			can.or(w.bayCan(&w.bays[i], need))
		}
		out = append(out, bound{RuleBay, w.shop.Name, can})
	}
	if w.onLoan(need) {
		can := newAtoms(w.end())
		for i := range w.loaners {
			can.or(w.loanerCan(&w.loaners[i], need))
		}
		out = append(out, bound{RuleLoaner, w.shop.Name, can})
	}
	for _, l := range need.labour {
		if p := w.pool(l.skill); p != nil {
			out = append(out, bound{RulePool, orWord(p.Name, p.Skill), w.labourCan(p, l.minutes, need.stay)})
		}
	}
	if t := w.limit(need.transport); t != nil {
		can := w.onDates(countTransport, t.ID, func(used, desk int64) bool {
			return used < int64(t.PerDay) && (online || desk < int64(t.PerDay-t.OnlineShare))
		})
		out = append(out, bound{RuleTransport, strconv.Itoa(t.PerDay), can})
	}
	return out
}

// bayCan gives the starts at which a bay is free for the work that follows the
// reception, and unclaimed for the buffer behind it.
func (w *window) bayCan(l *lane, need *demand) atoms {
	out := l.free.starts(need.work)
	if need.after > 0 {
		out.and(l.taken.not().starts(need.work + need.after))
	}
	return out.earlier(need.atoms)
}

// loanerCan gives the starts at which a car can be handed out, within its hours,
// and is there until the visit ends.
func (w *window) loanerCan(l *lane, need *demand) atoms {
	there := l.taken.clone()
	there.or(l.away)
	out := there.not().starts(need.span)
	hand := l.hours.starts(need.atoms)
	out.and(hand)
	return out
}

// onDates is the set of all atoms of the dates of which a test of the counter's use
// holds.
func (w *window) onDates(kind string, owner int64, holds func(used, desk int64) bool) atoms {
	type use struct{ used, desk int64 }
	uses := make([]use, len(w.bounds)-1)
	for _, k := range w.counts {
		if k.kind != kind || k.owner != owner {
			continue
		}
		if i := w.dayAt(k.at); i >= 0 {
			uses[i] = use{k.used, k.desk}
		}
	}
	out := newAtoms(w.end())
	for i, u := range uses {
		if holds(u.used, u.desk) {
			out.add(w.bounds[i], w.bounds[i+1])
		}
	}
	return out
}

// choices are the bays and loaners that a demand can have at an index, the least
// used around it first.
func (w *window) choices(at int, need *demand) (bays, loaners []int64) {
	pick := func(lanes []lane, can func(*lane, *demand) atoms) []int64 {
		type one struct {
			id   int64
			load int
		}
		var found []one
		for i := range lanes {
			if can(&lanes[i], need).has(at) {
				found = append(found, one{lanes[i].id, lanes[i].taken.count(at-dayAtoms, at+dayAtoms)})
			}
		}
		slices.SortStableFunc(found, func(a, b one) int { return cmp.Compare(a.load, b.load) })
		ids := make([]int64, len(found))
		for i, f := range found {
			ids[i] = f.id
		}
		return ids
	}
	if w.inBay(need) {
		bays = pick(w.bays, w.bayCan)
	}
	if w.onLoan(need) {
		loaners = pick(w.loaners, w.loanerCan)
	}
	return bays, loaners
}

// fair orders advisors for somebody who does not mind which: fewest claims on
// the day first, then as they are shown.
func (w *window) fair(ids []int64, day int) []int64 {
	load := make(map[int64]int, len(w.lanes))
	place := make(map[int64]int, len(w.lanes))
	for i := range w.lanes {
		l := &w.lanes[i]
		load[l.id] = l.taken.count(w.bounds[day], w.bounds[day+1])
		place[l.id] = i
	}
	out := slices.Clone(ids)
	slices.SortFunc(out, func(a, b int64) int {
		return cmp.Or(cmp.Compare(load[a], load[b]), cmp.Compare(place[a], place[b]))
	})
	return out
}
