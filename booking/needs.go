package booking

import (
	"context"
	"slices"
	"strconv"
	"time"

	"neuvo/internal/fault"
)

// Ways of coming that decide what a visit takes.
const (
	TransportWaiting = "waiting"
	TransportLoaner  = "loaner"
)

// demand is what a choice of services takes.
type demand struct {
	services  []Service
	transport string
	duration  time.Duration // as the customer sees it
	atoms     int           // of the advisor
	work      int           // of a bay, right after the advisor
	span      int           // of a loaner, from the start on
	before    int           // of the advisor, kept free before the start
	after     int           // kept free after the work, or after the advisor where there is none
	labour    []labour      // of pools, in the order of their skills
	stay      int           // how long the car is there for the labour, from the start on
}

// labour is what a visit takes of one skill's pool.
type labour struct {
	skill   string
	minutes int
}

// maxServices is how many services one visit may have.
const maxServices = 10

// maxVisit is how long a visit may be, in atoms, so that a loaner's way back
// stays in sight.
const maxVisit = 31 * dayAtoms

// dayAtoms is how many atoms a day of 24 hours has.
const dayAtoms = 24 * 60 * 60 / AtomSeconds

// add puts one service into the demand. The customer who waits has the work
// done in a bay at once; a car that stays takes labour of the day instead. Where
// no way of coming has been said the car stays if the service knows its labour.
func (n *demand) add(s Service) {
	n.services = append(n.services, s)
	n.duration += time.Duration(s.DurationMinutes) * time.Minute
	n.atoms += atomsIn(s.ReceptionMinutes)
	n.before = max(n.before, atomsIn(s.BufferBeforeMinutes))
	n.after = max(n.after, atomsIn(s.BufferAfterMinutes))
	stays := n.transport != TransportWaiting
	if n.transport == "" {
		stays = s.LabourMinutes > 0
	}
	switch {
	case !stays:
		n.work += atomsIn(s.WorkMinutes)
	case s.LabourMinutes > 0:
		i := slices.IndexFunc(n.labour, func(l labour) bool { return l.skill == s.Skill })
		if i < 0 {
			i = len(n.labour)
			n.labour = append(n.labour, labour{skill: s.Skill})
		}
		n.labour[i].minutes += s.LabourMinutes
	}
}

// settle ends the adding up.
func (n *demand) settle() {
	n.atoms = max(1, n.atoms)
	n.stay = max(n.atoms, int((n.duration+AtomSeconds*time.Second-1)/(AtomSeconds*time.Second)))
	if n.transport == TransportLoaner {
		n.span = max(n.atoms, int(n.duration/(AtomSeconds*time.Second)))
	}
}

// reach is how many days behind a start the demand may touch.
func (n *demand) reach() int {
	stay := 0
	if len(n.labour) > 0 {
		stay = n.stay
	}
	return 1 + max(n.atoms+n.work+n.after, n.span, stay)/dayAtoms
}

// demandOf looks the chosen services up and adds up what they take. at tells
// where in the request they stand ("body.service_ids").
func (c *calendar) demandOf(ids []int64, transport, at, transportAt string) (demand, []fault.Field) {
	out := demand{transport: transport}
	if len(ids) == 0 || len(ids) > maxServices {
		return out, []fault.Field{{Location: at, Key: "fault.services_count", Args: map[string]any{"max": maxServices}}}
	}
	var bad []fault.Field
	for i, id := range ids {
		k := slices.IndexFunc(c.services, func(s Service) bool { return s.ID == id })
		if k < 0 || slices.Contains(ids[:i], id) {
			bad = append(bad, fault.Field{Location: at, Key: "fault.service_unknown", Value: id})
			continue
		}
		s := c.services[k]
		if transport != "" && len(s.Transports) > 0 && !slices.Contains(s.Transports, transport) {
			bad = append(bad, fault.Field{Location: transportAt, Key: "fault.transport_unknown", Value: transport})
		}
		out.add(s)
	}
	out.settle()
	if out.atoms+out.work > padDays*dayAtoms || out.span > maxVisit || len(out.labour) > 0 && out.stay > maxVisit {
		bad = append(bad, fault.Field{Location: at, Key: "fault.visit_too_long"})
	}
	return out, bad
}

// demandOf is calendar.demandOf where nothing else of the calendar is needed.
func (d *Desk) demandOf(ctx context.Context, workshopID int64, ids []int64, transport, at, transportAt string) (demand, []fault.Field, error) {
	s, err := d.snapshot(ctx, workshopID)
	if err != nil {
		return demand{}, nil, err
	}
	need, bad := s.demandOf(ids, transport, at, transportAt)
	return need, bad, nil
}

// demandOfJob is what a job's services take. A service that has been retired
// since it was booked still counts; a new way of coming must be one it knows.
func (d *Desk) demandOfJob(ctx context.Context, j *Job, transport string) (demand, []fault.Field, error) {
	rows, err := d.servicesByID(ctx, serviceIDs(j))
	if err != nil {
		return demand{}, nil, err
	}
	out := demand{transport: transport}
	var bad []fault.Field
	for _, id := range serviceIDs(j) {
		s := rows[id]
		out.add(s)
		if transport != j.Transport && len(s.Transports) > 0 && !slices.Contains(s.Transports, transport) {
			bad = append(bad, fault.Field{Location: "body.transport", Key: "fault.transport_unknown", Value: transport})
		}
	}
	out.duration = j.EndAt.Sub(j.StartAt.Time)
	out.settle()
	return out, bad, nil
}

// amounts are what a visit adds to counters, in their fixed order: with an
// advisor at a start, its labour shared among dates, online or from the desk.
// What is not limited is not counted.
func (c *calendar) amounts(need *demand, advisorID int64, start time.Time, labour []share, online bool) []Counter {
	var out []Counter
	day := dateOf(start, c.loc)
	take := func(kind string, owner int64, period string, at int64, n, capacity, deskCapacity int) {
		k := Counter{
			Kind: kind, OwnerID: owner, Period: period, WorkshopID: c.shop.ID, Block: blockOf(at),
			Used: int64(n), Capacity: int64(capacity), DeskCapacity: int64(deskCapacity),
		}
		if !online {
			k.Desk = k.Used
		}
		out = append(out, k)
	}
	dayAtom := atomOf(day.Time)
	for _, l := range labour {
		all := c.capacity(l.pool, l.day)
		take(countPool, l.pool.ID, l.day.String(), atomOf(l.day.Time), l.minutes, all, all)
	}
	if t := c.limit(need.transport); t != nil {
		take(countTransport, t.ID, day.String(), dayAtom, 1, t.PerDay, max(0, t.PerDay-t.OnlineShare))
	}
	if i := slices.IndexFunc(c.advisors, func(a Advisor) bool { return a.ID == advisorID }); i >= 0 {
		a := &c.advisors[i]
		if a.MaxPerDay > 0 {
			take(countDay, a.ID, day.String(), dayAtom, 1, a.MaxPerDay, a.MaxPerDay)
		}
		if a.MaxPerSlot > 0 {
			at := atomOf(gridNear(start.In(c.loc), c.shop.SlotMinutes))
			take(countSlot, a.ID, strconv.FormatInt(at, 10), at, 1, a.MaxPerSlot, a.MaxPerSlot)
		}
	}
	slices.SortFunc(out, compareCounters)
	return out
}

// pool is the workshop's pool of a skill; nil where it has none.
func (c *calendar) pool(skill string) *Pool {
	for i := range c.pools {
		if c.pools[i].Skill == skill {
			return &c.pools[i]
		}
	}
	return nil
}

// limit is the workshop's limit of a way of coming; nil where it has none.
func (c *calendar) limit(transport string) *TransportLimit {
	for i := range c.limits {
		if c.limits[i].Transport == transport {
			return &c.limits[i]
		}
	}
	return nil
}

// capacity is what a pool holds on a date, in minutes.
func (c *calendar) capacity(p *Pool, day date) int {
	if len(c.poolDates) > 0 {
		word := day.String()
		for _, d := range c.poolDates {
			if d.PoolID == p.ID && d.Day == word {
				return d.Capacity
			}
		}
	}
	if w := int(day.Weekday()); w < len(p.Capacity) {
		return p.Capacity[w]
	}
	return 0
}
