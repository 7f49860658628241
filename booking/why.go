package booking

import (
	"context"
	"slices"
	"strings"
	"time"

	"neuvo/internal/fault"
)

// Words of Reason.Rule. The sentence of each is "why." + rule.
const (
	RuleOffered = "offered"
	RulePast    = "past"
	RuleNotice  = "notice"
	RuleHorizon = "horizon"
	RuleClosed  = "closed"
	RuleHours   = "hours"
	RuleAbsence = "absence"
	RuleTaken   = "taken"
	RuleGrid    = "grid"
	RuleService = "service"
	// What a visit takes besides the advisor's time.
	RuleBay       = "bay"
	RuleLoaner    = "loaner"
	RulePool      = "pool"
	RuleTransport = "transport"
	RuleCap       = "cap"
)

const detailTime = "2006-01-02 15:04"

// Why tells why a start is or is not offered online: a single "offered", or
// every rule that stands against it. From and To of the query are not used.
func (d *Desk) Why(ctx context.Context, q AvailabilityQuery, start time.Time) ([]Reason, error) {
	if start.IsZero() || start.Year() < 2000 || start.Year() > 2200 {
		return nil, fault.BadField("query.start", "fault.time", start)
	}
	s, need, err := d.prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	day := dateOf(start, s.loc)
	w, err := d.window(ctx, s, need, q.AdvisorID, day, day, &exceptions{})
	if err != nil {
		return nil, err
	}
	now := d.now().Time
	reasons, _ := w.judge(start, need, s.onlineTerms(now), now)
	return reasons, nil
}

// judge gives the advisors with whom a demand can start under the terms, and the
// reasons: RuleOffered alone where there are any, else every rule in the way.
func (w *window) judge(start time.Time, need *demand, t terms, now time.Time) ([]Reason, []int64) {
	at := w.index(start)
	walkIn := !t.online && !start.After(t.walkIn)
	if walkIn {
		if start.Before(t.earliest) {
			return []Reason{{RulePast, now.In(w.loc).Format(detailTime)}}, nil
		}
		w = w.anyHours()
	}
	var against []Reason
	if !t.overflow {
		for _, b := range w.common(need, t.online) {
			if !b.can.has(at) {
				against = append(against, Reason{b.rule, b.detail})
			}
		}
	}
	var free []int64
	var names []string
	if len(against) == 0 && (walkIn || onAtom(start) && w.allowed(t).has(at)) {
		for i := range w.lanes {
			l := &w.lanes[i]
			if t.overflow && !l.taken.meets(at, need.atoms) || w.advisorCan(l, need).has(at) {
				free, names = append(free, l.id), append(names, l.name)
			}
		}
	}
	if len(free) > 0 {
		return []Reason{{RuleOffered, strings.Join(names, ", ")}}, free
	}
	var reasons []Reason
	if !walkIn {
		reasons = w.timeReasons(start, t, now)
	}
	lanes, whole := w.laneReasons(at, need)
	reasons = append(reasons, lanes...)
	if !whole {
		reasons = append(reasons, against...)
	}
	if len(reasons) == 0 {
		reasons = []Reason{{RuleService, w.shop.Name}}
	}
	return reasons, nil
}

// anyHours is the window for a customer who stands at the desk, and for
// history: hours and absences are facts that the person in front of us
// overrules; what is taken stays taken.
func (w *window) anyHours() *window {
	out := *w
	all := newAtoms(w.end()).not()
	none := newAtoms(w.end())
	out.open, out.closed = all, none
	open := func(lanes []lane) []lane {
		lanes = slices.Clone(lanes)
		for i := range lanes {
			l := &lanes[i]
			l.hours, l.away, l.could, l.free = all, none, all, l.taken.not()
		}
		return lanes
	}
	out.lanes, out.bays, out.loaners = open(w.lanes), open(w.bays), open(w.loaners)
	return &out
}

// onAtom tells whether an instant is the beginning of an atom.
func onAtom(t time.Time) bool { return timeOf(atomOf(t)).Equal(t) }

// timeReasons are the rules against a start whoever would receive.
func (w *window) timeReasons(start time.Time, t terms, now time.Time) []Reason {
	var out []Reason
	switch {
	case start.Before(now) && start.Before(t.earliest):
		out = append(out, Reason{RulePast, now.In(w.loc).Format(detailTime)})
	case start.Before(t.earliest):
		out = append(out, Reason{RuleNotice, t.earliest.In(w.loc).Format(detailTime)})
	case !t.latest.IsZero() && !start.Before(t.latest):
		out = append(out, Reason{RuleHorizon, dateOf(t.latest, w.loc).add(-1).String()})
	}
	if !onAtom(start) || !w.grid(t.gridMinutes).has(w.index(start)) {
		out = append(out, Reason{RuleGrid, gridNear(start.In(w.loc), t.gridMinutes).In(w.loc).Format("15:04")})
	}
	return out
}

// gridNear is the last start on the grid before an instant, for the answer.
func gridNear(start time.Time, minutes int) time.Time {
	_, offset := start.Zone()
	wall := start.Unix() + int64(offset)
	return time.Unix(wall-int64(wallMinute(wall)%minutes*60)-wall%60-int64(offset), 0)
}

// laneReasons are the rules against a start from the advisor's side: the
// workshop's first (whole: then no other counts), then each advisor's own.
func (w *window) laneReasons(at int, need *demand) (out []Reason, whole bool) {
	n := need.atoms
	if w.closed.meets(at, n) {
		return []Reason{{RuleClosed, w.closedWord(max(0, w.dayOf(dateOf(timeOf(w.base+int64(at)), w.loc))))}}, true
	}
	if !w.open.covers(at, n) {
		return []Reason{{RuleHours, w.shop.Name}}, true
	}
	for i := range w.lanes {
		l := &w.lanes[i]
		switch {
		case !l.hours.covers(at, n):
			out = append(out, Reason{RuleHours, l.name})
		case l.away.meets(at, n):
			out = append(out, Reason{RuleAbsence, l.name})
		case !w.advisorHasTime(l, need).has(at):
			out = append(out, Reason{RuleTaken, l.name})
		case !w.advisorCan(l, need).has(at):
			out = append(out, Reason{RuleCap, l.name})
		}
	}
	if len(w.lanes) == 0 {
		out = append(out, Reason{RuleService, w.shop.Name})
	}
	return out, false
}
