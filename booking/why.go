package booking

import (
	"context"
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
)

const detailTime = "2006-01-02 15:04"

// Why tells why a start is or is not offered online: a single "offered", or
// every rule that stands against it. From and To of the query are not used.
func (d *Desk) Why(ctx context.Context, q AvailabilityQuery, start time.Time) ([]Reason, error) {
	if start.IsZero() || start.Year() < 2000 || start.Year() > 2200 {
		return nil, fault.BadField("query.start", "fault.time", start)
	}
	shop, err := d.Workshop(ctx, q.WorkshopID)
	if err != nil {
		return nil, err
	}
	day := dateOf(start, shop.Zone())
	c, need, err := d.prepare(ctx, q, day)
	if err != nil {
		return nil, err
	}
	w, err := d.window(ctx, c, day, day, exceptNone)
	if err != nil {
		return nil, err
	}
	now := d.now().Time
	reasons, _ := w.judge(start, need.atoms, c.onlineTerms(now), now)
	return reasons, nil
}

// judge gives the advisors who can take n atoms from start under the terms, and
// the reasons: RuleOffered alone where there are any, else every rule in the way.
func (w *window) judge(start time.Time, n int, t terms, now time.Time) ([]Reason, []int64) {
	at := w.index(start)
	var free []int64
	var names []string
	if !t.online && !start.After(t.walkIn) {
		return w.judgeWalkIn(start, n, t, now)
	}
	if onAtom(start) {
		for i, offer := range w.offers(n, t) {
			if offer.has(at) {
				a := w.lanes[i].advisor
				free, names = append(free, a.ID), append(names, a.Name)
			}
		}
	}
	if len(free) > 0 {
		return []Reason{{RuleOffered, strings.Join(names, ", ")}}, free
	}
	return append(w.timeReasons(start, t, now), w.laneReasons(at, n)...), nil
}

// judgeWalkIn is judge for a customer who stands at the desk, and for history:
// hours and absences are facts that the person in front of us overrules.
func (w *window) judgeWalkIn(start time.Time, n int, t terms, now time.Time) ([]Reason, []int64) {
	if start.Before(t.earliest) {
		return []Reason{{RulePast, now.In(w.loc).Format(detailTime)}}, nil
	}
	at := w.index(start)
	var free []int64
	var names []string
	var taken []Reason
	for i := range w.lanes {
		l := &w.lanes[i]
		if l.taken.meets(at, n) {
			taken = append(taken, Reason{RuleTaken, l.advisor.Name})
			continue
		}
		free, names = append(free, l.advisor.ID), append(names, l.advisor.Name)
	}
	if len(free) > 0 {
		return []Reason{{RuleOffered, strings.Join(names, ", ")}}, free
	}
	return taken, nil
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

// laneReasons are the rules against n atoms from at: the workshop's first, then
// each advisor's own.
func (w *window) laneReasons(at, n int) []Reason {
	if w.closed.meets(at, n) {
		return []Reason{{RuleClosed, w.closedWord(max(0, w.dayOf(dateOf(timeOf(w.base+int64(at)), w.loc))))}}
	}
	if !w.open.covers(at, n) {
		return []Reason{{RuleHours, w.shop.Name}}
	}
	var out []Reason
	for i := range w.lanes {
		l := &w.lanes[i]
		switch {
		case !l.hours.covers(at, n):
			out = append(out, Reason{RuleHours, l.advisor.Name})
		case l.away.meets(at, n):
			out = append(out, Reason{RuleAbsence, l.advisor.Name})
		case l.taken.meets(at, n):
			out = append(out, Reason{RuleTaken, l.advisor.Name})
		}
	}
	if len(w.lanes) == 0 {
		out = append(out, Reason{RuleService, w.shop.Name})
	}
	return out
}
