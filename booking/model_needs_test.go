package booking

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"neuvo/internal/db"
)

// tenZones have changes of clocks of an hour, of half an hour and of none, on
// both halves of the earth.
var tenZones = []string{
	"Europe/Helsinki", "America/New_York", "Pacific/Auckland", "America/Santiago", "Australia/Lord_Howe",
	"Asia/Kathmandu", "Africa/Cairo", "America/St_Johns", "Atlantic/Azores", "Asia/Tokyo",
}

// free tells for each minute whether a resource could work: in its hours, not
// away, not claimed.
func (n *naive) free(id int64, first date, days int) []bool {
	shop, _ := n.open(0, first, days)
	hours, own := n.open(id, first, days)
	if !own {
		hours = shop
	}
	out := make([]bool, len(n.wall))
	for m := range out {
		at := n.from.Add(time.Duration(m) * time.Minute)
		out[m] = shop[m] && hours[m] && !n.closed(m) && !n.away(id, at) && !n.taken(id, at)
	}
	return out
}

// holds tells whether something holds for every minute of [from, to).
func holds(set []bool, from, to int) bool {
	return from >= 0 && to <= len(set) && !slices.Contains(set[from:to], false)
}

// unclaimed tells for each minute whether nobody has a resource.
func (n *naive) unclaimed(id int64, there bool) []bool {
	out := make([]bool, len(n.wall))
	for m := range out {
		at := n.from.Add(time.Duration(m) * time.Minute)
		out[m] = !n.taken(id, at) && (!there || !n.away(id, at))
	}
	return out
}

// used is what a counter has in a period.
func used(counts []counted, kind string, owner, at int64) (used, desk int64) {
	for _, c := range counts {
		if c.kind == kind && c.owner == owner && c.at == at {
			return c.used, c.desk
		}
	}
	return 0, 0
}

// startsOf lists "instant advisor" of every start on offer of a demand.
func (n *naive) startsOf(first date, days int, need *demand, counts []counted, t terms) map[string]bool {
	ahead := days + 2
	type bay struct{ free, unclaimed []bool }
	var bays []bay
	for _, b := range n.c.bays {
		bays = append(bays, bay{n.free(b.ID, first, ahead), n.unclaimed(b.ID, false)})
	}
	type loaner struct{ hours, there []bool }
	var loaners []loaner
	shop, _ := n.open(0, first, ahead)
	for _, l := range n.c.loaners {
		hours, own := n.open(l.ID, first, ahead)
		if !own {
			hours = shop
		}
		loaners = append(loaners, loaner{hours, n.unclaimed(l.ID, true)})
	}
	r, work, after := need.atoms*5, need.work*5, need.after*5
	inBay, onLoan := work > 0 && len(bays) > 0, need.span > 0 && len(loaners) > 0
	behind := after
	if inBay {
		behind = 0
	}
	out := map[string]bool{}
	for _, a := range n.c.advisors {
		free, unclaimed := n.free(a.ID, first, ahead), n.unclaimed(a.ID, false)
		for m := range free {
			if !holds(free, m, m+r) || !holds(unclaimed, m-need.before*5, m+r+behind) {
				continue
			}
			at, wall := n.from.Add(time.Duration(m)*time.Minute), n.wall[m]
			if wall[:10] < first.String() || wall[:10] > first.add(days-1).String() || at.Before(t.earliest) || !at.Before(t.latest) {
				continue
			}
			var hour, minute int
			if _, err := fmt.Sscanf(wall[11:], "%d:%d", &hour, &minute); err != nil || (hour*60+minute)%t.gridMinutes != 0 {
				continue
			}
			if inBay && !slices.ContainsFunc(bays, func(b bay) bool { return holds(b.free, m+r, m+r+work) && holds(b.unclaimed, m+r, m+r+work+after) }) {
				continue
			}
			if onLoan && !slices.ContainsFunc(loaners, func(l loaner) bool { return holds(l.there, m, m+need.span*5) && holds(l.hours, m, m+r) }) {
				continue
			}
			if n.full(&a, wall[:10], at, need, counts, t) {
				continue
			}
			out[fmt.Sprintf("%s %d", at.UTC().Format(time.RFC3339), a.ID)] = true
		}
	}
	return out
}

// room is what a pool has left on a date on which the workshop is open.
func (n *naive) room(p *Pool, day string, counts []counted) int64 {
	d, _ := time.Parse(time.DateOnly, day)
	if n.closed(slices.IndexFunc(n.wall, func(w string) bool { return w[:10] == day })) {
		return 0
	}
	u, _ := used(counts, countPool, p.ID, d.Unix()/AtomSeconds)
	return max(0, int64(p.Capacity[d.Weekday()])-u)
}

// days are the dates that a clock shows in the minutes from m to to.
func (n *naive) days(m, to int) []string {
	var out []string
	for ; m < to; m++ {
		if day := n.wall[m][:10]; !slices.Contains(out, day) {
			out = append(out, day)
		}
	}
	return out
}

// full tells whether a pool, a way of coming or the advisor has no room on a
// date.
func (n *naive) full(a *Advisor, day string, at time.Time, need *demand, counts []counted, t terms) bool {
	d, _ := time.Parse(time.DateOnly, day)
	midnight := d.Unix() / AtomSeconds
	for _, l := range need.labour {
		for _, p := range n.c.pools {
			m, room := int(at.Sub(n.from)/time.Minute), int64(0)
			for _, day := range n.days(m, m+need.stay*5) {
				room += n.room(&p, day, counts)
			}
			if p.Skill == l.skill && room < int64(l.minutes) {
				return true
			}
		}
	}
	for _, l := range n.c.limits {
		u, desk := used(counts, countTransport, l.ID, midnight)
		if l.Transport == need.transport && (u >= int64(l.PerDay) || !t.online && desk >= int64(l.PerDay-l.OnlineShare)) {
			return true
		}
	}
	if u, _ := used(counts, countDay, a.ID, midnight); a.MaxPerDay > 0 && u >= int64(a.MaxPerDay) {
		return true
	}
	// The slot of a start on the grid begins with it.
	u, _ := used(counts, countSlot, a.ID, at.Unix()/AtomSeconds)
	return a.MaxPerSlot > 0 && u >= int64(a.MaxPerSlot)
}

// checkShares checks that labour is shared among the days that the car is there,
// none beyond what is left of the day, the first days first.
func (n *naive) checkShares(t *rapid.T, shares []share, at time.Time, need *demand, counts []counted) {
	if len(need.labour) == 0 || len(n.c.pools) == 0 {
		if len(shares) > 0 {
			t.Fatalf("shares of nothing: %v", shares)
		}
		return
	}
	m, left := int(at.Sub(n.from)/time.Minute), int64(need.labour[0].minutes)
	for _, day := range n.days(m, m+need.stay*5) {
		want, got := min(left, n.room(&n.c.pools[0], day, counts)), int64(0)
		for _, s := range shares {
			if s.day.String() == day {
				got += int64(s.minutes)
			}
		}
		if got != want {
			t.Fatalf("%d minutes on %s, want %d: %v", got, day, want, shares)
		}
		left -= got
	}
	if left != 0 {
		t.Fatalf("%d minutes are on no day: %v", left, shares)
	}
}

// drawNeeds draws a workshop with bays, loaners, labour, ways of coming and
// caps, what has been taken of them, and what somebody asks for.
func drawNeeds(t *rapid.T, c *calendar, first date, days int) (*demand, []counted) {
	flip := func(label string) bool { return rapid.Bool().Draw(t, label) }
	c.advisors[0].MaxPerDay = rapid.IntRange(0, 2).Draw(t, "cap")
	c.advisors[1].MaxPerSlot = rapid.IntRange(0, 1).Draw(t, "slot cap")
	for id := range int64(rapid.IntRange(0, 2).Draw(t, "bays")) {
		c.bays = append(c.bays, Resource{ID: 11 + id, Kind: KindBay})
	}
	for id := range int64(rapid.IntRange(0, 2).Draw(t, "loaners")) {
		c.loaners = append(c.loaners, Resource{ID: 21 + id, Kind: KindLoaner})
	}
	if flip("pool") {
		c.pools = []Pool{{ID: 31, Skill: "m", Capacity: []int{60, 60, 120, 60, 0, 60, 60}}}
	}
	if flip("limit") {
		c.limits = []TransportLimit{{ID: 41, Transport: TransportLoaner, PerDay: 2, OnlineShare: 1}}
	}
	need := &demand{
		atoms: rapid.IntRange(1, 6).Draw(t, "reception"), before: rapid.IntRange(0, 4).Draw(t, "before"), after: rapid.IntRange(0, 4).Draw(t, "after"),
		transport: rapid.SampledFrom([]string{TransportWaiting, TransportLoaner, "drop_off"}).Draw(t, "transport"),
	}
	switch need.transport {
	case TransportWaiting:
		need.work = rapid.IntRange(0, 12).Draw(t, "work")
	case TransportLoaner:
		need.span = rapid.IntRange(need.atoms, 200).Draw(t, "span")
	}
	if need.transport != TransportWaiting && flip("labour") {
		need.labour = []labour{{"m", 5 * rapid.IntRange(1, 40).Draw(t, "minutes")}}
		need.stay = rapid.IntRange(need.atoms, 3*dayAtoms).Draw(t, "stay")
		if flip("closure") {
			day := first.add(rapid.IntRange(0, 3).Draw(t, "closed")).String()
			c.closures = []Closure{{FromDate: day, ToDate: day, Reason: "x"}}
		}
	}
	var counts []counted
	for i := range days + 4 {
		at := atomOf(first.add(i).Time)
		n := func(label string, most int) int64 { return int64(rapid.IntRange(0, most).Draw(t, label)) }
		counts = append(counts, counted{countPool, 31, at, n("labour used", 120), 0}, counted{countTransport, 41, at, n("loaners used", 2), n("desk", 1)},
			counted{countDay, 1, at, n("visits", 2), 0})
	}
	return need, counts
}

func TestNeedsAreWhatCountingMinutesGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(tenZones).Draw(t, "zone")
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		first, err := parseDate("2026-01-01")
		if err != nil {
			t.Fatal(err)
		}
		first = first.add(rapid.IntRange(0, 364).Draw(t, "day of the year"))
		days := rapid.IntRange(1, 2).Draw(t, "days")
		c := &calendar{
			shop:     &Workshop{Name: "Shop", Locale: "en", TimeZone: name, SlotMinutes: rapid.SampledFrom([]int{5, 15, 30, 60}).Draw(t, "slot")},
			loc:      loc,
			advisors: []Advisor{{ID: 1, Name: "A"}, {ID: 2, Name: "B"}},
		}
		need, counts := drawNeeds(t, c, first, days)
		for d := range 7 {
			c.hours = append(c.hours, Hours{Weekday: time.Weekday(d), FromMinute: 60 * rapid.IntRange(0, 9).Draw(t, "opens"), ToMinute: 60 * rapid.IntRange(12, 24).Draw(t, "closes")})
		}
		c.hours = append(append(append(c.hours, drawHours(t, 2, first)...), drawHours(t, 12, first)...), drawHours(t, 22, first)...)
		base := first.at(0, loc)
		for range rapid.IntRange(0, 2).Draw(t, "absences") {
			from := base.Add(time.Duration(rapid.IntRange(-100, 600).Draw(t, "away")) * 5 * time.Minute)
			who := rapid.SampledFrom([]int64{1, 11, 21}).Draw(t, "who is away")
			c.absences = append(c.absences, Absence{ResourceID: who, FromAt: db.At(from), ToAt: db.At(from.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "long")) * 5 * time.Minute))})
		}
		var claims []Claim
		for range rapid.IntRange(0, 40).Draw(t, "claims") {
			who := rapid.SampledFrom([]int64{1, 2, 11, 12, 21, 22}).Draw(t, "who")
			claims = append(claims, Claim{ResourceID: who, Atom: atomOf(base) + int64(rapid.IntRange(-20, 700).Draw(t, "atom"))})
		}
		terms := terms{
			online: true, gridMinutes: c.shop.SlotMinutes,
			earliest: base.Add(time.Duration(rapid.IntRange(-300, 600).Draw(t, "earliest")) * time.Minute),
			latest:   base.Add(time.Duration(rapid.IntRange(900, 9000).Draw(t, "latest")) * time.Minute),
		}
		w := c.layOutFor(first, first.add(days-1), need.reach(), claims)
		w.counts = counts
		// One slot of the second advisor is full, wherever it begins.
		full := w.bounds[0] + rapid.IntRange(60, 200).Draw(t, "full slot")
		full = int(atomOf(gridNear(timeOf(w.base+int64(full)).In(loc), c.shop.SlotMinutes)) - w.base)
		w.counts = append(w.counts, countedOf(countSlot, 2, strconv.FormatInt(w.base+int64(full), 10), 1, 0))

		got := map[string]bool{}
		for _, day := range w.days(first.add(days-1), need, terms) {
			for _, s := range day.Slots {
				for _, id := range s.AdvisorIDs {
					got[fmt.Sprintf("%s %d", s.Start.UTC().Format(time.RFC3339), id)] = true
				}
			}
		}
		want := newNaive(c, claims, first).startsOf(first, days, need, w.counts, terms)
		for s := range want {
			if !got[s] {
				t.Fatalf("%s is not offered", s)
			}
		}
		for s := range got {
			if !want[s] {
				t.Fatalf("%s is offered", s)
			}
		}
		// Why speaks of the same, and whoever is offered has a bay and a loaner.
		at := base.Add(time.Duration(rapid.IntRange(0, 280).Draw(t, "why")) * 5 * time.Minute)
		if dateOf(at, loc) != first {
			return
		}
		reasons, free := w.judge(at, need, terms, terms.earliest)
		for _, a := range c.advisors {
			if slices.Contains(free, a.ID) != want[fmt.Sprintf("%s %d", at.UTC().Format(time.RFC3339), a.ID)] {
				t.Fatalf("why %s: %v", at, reasons)
			}
		}
		if len(reasons) == 0 || (reasons[0].Rule == RuleOffered) != (len(free) > 0) {
			t.Fatalf("why %s: %v though free are %v", at, reasons, free)
		}
		bays, loaners := w.choices(w.index(at), need)
		if len(free) > 0 {
			newNaive(c, claims, first).checkShares(t, w.shares(need, w.index(at)), at, need, w.counts)
		}
		if len(free) > 0 && (w.inBay(need) && len(bays) == 0 || w.onLoan(need) && len(loaners) == 0) {
			t.Fatalf("%s is offered without a bay or a loaner", at)
		}
	})
}
