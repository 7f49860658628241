package booking

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"neuvo/internal/db"
)

// changeDays are dates on or around which clocks change, and ordinary ones.
var changeDays = map[string][]string{
	"Europe/Helsinki":     {"2026-03-28", "2026-10-24", "2026-06-01"},
	"America/New_York":    {"2026-03-07", "2026-10-31", "2026-07-04"},
	"America/Santiago":    {"2026-04-04", "2026-09-05"},
	"America/Havana":      {"2026-03-07", "2026-10-31"},
	"Australia/Lord_Howe": {"2026-04-04", "2026-10-03"},
	"Asia/Kathmandu":      {"2026-05-05"},
	"Africa/Cairo":        {"2026-04-23", "2026-10-29"},
	"UTC":                 {"2026-02-27"},
}

// naive works out availability minute by minute, without sets, atoms or any
// arithmetic on wall clocks: it looks at what a clock in the zone shows.
type naive struct {
	c      *calendar
	claims []Claim
	from   time.Time // of minute 0
	wall   []string  // what the clock shows at each minute
	first  map[string]int
}

// walls keeps what clocks show, the slow part, from one check to the next.
var walls = map[string][]string{}

func newNaive(c *calendar, claims []Claim, first date) *naive {
	n := &naive{c: c, claims: claims, from: first.Add(-36 * time.Hour), first: map[string]int{}}
	key := c.loc.String() + first.String()
	if walls[key] == nil {
		for m := range 8 * 24 * 60 {
			walls[key] = append(walls[key], n.from.Add(time.Duration(m)*time.Minute).In(c.loc).Format("2006-01-02 15:04"))
		}
	}
	n.wall = walls[key]
	return n
}

// reached is the first minute at which the clock shows a wall time or a later one.
func (n *naive) reached(day date, minute int) int {
	want := day.Add(time.Duration(minute) * time.Minute).Format("2006-01-02 15:04")
	if _, known := n.first[want]; !known {
		n.first[want] = slices.IndexFunc(n.wall, func(w string) bool { return w >= want })
	}
	return n.first[want]
}

// open tells for each minute whether the weekly hours of a resource cover it.
func (n *naive) open(resource int64, first date, days int) (out []bool, own bool) {
	out = make([]bool, len(n.wall))
	for _, h := range n.c.hours {
		if h.ResourceID != resource {
			continue
		}
		own = true
		for i := range days + 1 {
			if d := first.add(i); d.Weekday() == h.Weekday {
				for m := n.reached(d, h.FromMinute); m < n.reached(d, h.ToMinute); m++ {
					out[m] = true
				}
			}
		}
	}
	return out, own
}

// starts lists "instant advisor" of every start on offer.
func (n *naive) starts(first date, days, reception int, t terms) map[string]bool {
	out := map[string]bool{}
	shop, _ := n.open(0, first, days)
	for _, a := range n.c.advisors {
		hours, own := n.open(a.ID, first, days)
		if !own {
			hours = shop
		}
		free := make([]bool, len(n.wall))
		for m := range free {
			if !shop[m] || !hours[m] {
				continue
			}
			at := n.from.Add(time.Duration(m) * time.Minute)
			free[m] = !n.closed(m) && !n.away(a.ID, at) && !n.taken(a.ID, at)
		}
		for m := range free {
			if !free[m] {
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
			if m+reception <= len(free) && !slices.Contains(free[m:m+reception], false) {
				out[fmt.Sprintf("%s %d", at.UTC().Format(time.RFC3339), a.ID)] = true
			}
		}
	}
	return out
}

func (n *naive) closed(m int) bool {
	return slices.ContainsFunc(n.c.closures, func(c Closure) bool { return c.FromDate <= n.wall[m][:10] && n.wall[m][:10] <= c.ToDate })
}

func (n *naive) away(id int64, at time.Time) bool {
	return slices.ContainsFunc(n.c.absences, func(a Absence) bool {
		return a.ResourceID == id && !at.Before(a.FromAt.Time) && at.Before(a.ToAt.Time)
	})
}

func (n *naive) taken(id int64, at time.Time) bool {
	return slices.ContainsFunc(n.claims, func(c Claim) bool { return c.ResourceID == id && c.Atom == at.Unix()/AtomSeconds })
}

// drawHours draws weekly hours of the window's days; many begin or end where
// clocks change, in the first four hours of a day.
func drawHours(t *rapid.T, resource int64, first date) []Hours {
	var out []Hours
	for range rapid.IntRange(0, 6).Draw(t, "spans") {
		most := rapid.SampledFrom([]int{48, 288}).Draw(t, "most")
		from := rapid.IntRange(0, most-1).Draw(t, "from")
		out = append(out, Hours{
			ResourceID: resource, Weekday: first.add(rapid.IntRange(0, 3).Draw(t, "day")).Weekday(),
			FromMinute: from * 5, ToMinute: rapid.IntRange(from+1, most).Draw(t, "to") * 5,
		})
	}
	return out
}

func TestAvailabilityIsWhatCountingMinutesGives(t *testing.T) {
	var zones []string
	for z := range changeDays {
		zones = append(zones, z)
	}
	slices.Sort(zones)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		first, err := parseDate(rapid.SampledFrom(changeDays[name]).Draw(t, "day"))
		if err != nil {
			t.Fatal(err)
		}
		days := rapid.IntRange(1, 3).Draw(t, "days")
		c := &calendar{
			shop:     &Workshop{Name: "Shop", Locale: "en", TimeZone: name, SlotMinutes: rapid.SampledFrom([]int{5, 10, 15, 20, 30, 45, 60, 90}).Draw(t, "slot")},
			loc:      loc,
			advisors: []Advisor{{ID: 1, Name: "A"}, {ID: 2, Name: "B"}},
		}
		// Broad hours often enough that something is on offer.
		for d := range 7 {
			if rapid.IntRange(0, 3).Draw(t, "open") > 0 {
				c.hours = append(c.hours, Hours{Weekday: time.Weekday(d), FromMinute: 0, ToMinute: 24 * 60})
			}
		}
		c.hours = append(append(c.hours, drawHours(t, 0, first)...), drawHours(t, 2, first)...)
		if rapid.IntRange(0, 4).Draw(t, "closure") == 0 {
			c.closures = []Closure{{FromDate: first.add(1).String(), ToDate: first.add(1).String()}}
		}
		base := first.at(0, loc)
		for range rapid.IntRange(0, 2).Draw(t, "absences") {
			from := base.Add(time.Duration(rapid.IntRange(-500, 4000).Draw(t, "away")) * 5 * time.Minute)
			c.absences = append(c.absences, Absence{ResourceID: 1, FromAt: db.At(from), ToAt: db.At(from.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "long")) * 5 * time.Minute))})
		}
		var claims []Claim
		for range rapid.IntRange(0, 30).Draw(t, "claims") {
			claims = append(claims, Claim{ResourceID: int64(rapid.IntRange(1, 2).Draw(t, "who")), Atom: atomOf(base) + int64(rapid.IntRange(0, 800).Draw(t, "atom"))})
		}
		terms := terms{
			online: true, gridMinutes: c.shop.SlotMinutes,
			earliest: base.Add(time.Duration(rapid.IntRange(-300, 900).Draw(t, "earliest")) * time.Minute),
			latest:   base.Add(time.Duration(rapid.IntRange(900, 9000).Draw(t, "latest")) * time.Minute),
		}
		n := rapid.IntRange(1, 20).Draw(t, "reception")

		w := c.layOut(first, first.add(days-1), claims)
		got := map[string]bool{}
		for _, day := range w.days(first.add(days-1), &demand{atoms: n}, terms) {
			for _, s := range day.Slots {
				if s.Start.Format(time.DateOnly) != day.Date {
					t.Fatalf("%s stands under %s", s.Start, day.Date)
				}
				for _, id := range s.AdvisorIDs {
					got[fmt.Sprintf("%s %d", s.Start.UTC().Format(time.RFC3339), id)] = true
				}
			}
		}
		want := newNaive(c, claims, first).starts(first, days, n*5, terms)
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
		// Why speaks of the same: "offered" exactly where there is an offer.
		at := base.Add(time.Duration(rapid.IntRange(0, 24*60*days/5).Draw(t, "why")) * 5 * time.Minute)
		if day := dateOf(at, loc); !day.After(first.add(days - 1).Time) {
			reasons, free := c.layOut(day, day, claims).judge(at, &demand{atoms: n}, terms, terms.earliest)
			for _, a := range c.advisors {
				if slices.Contains(free, a.ID) != want[fmt.Sprintf("%s %d", at.UTC().Format(time.RFC3339), a.ID)] {
					t.Fatalf("why %s: %v", at, reasons)
				}
			}
			if len(reasons) == 0 || (reasons[0].Rule == RuleOffered) != (len(free) > 0) {
				t.Fatalf("why %s: %v though free are %v", at, reasons, free)
			}
		}
	})
}
