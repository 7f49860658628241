package booking

import (
	"fmt"
	"testing"
	"time"
)

// A busy quarter: twelve advisors with hours of their own, 62 days, half of it
// claimed.
func BenchmarkAvailability(b *testing.B) {
	loc := zone(b, "Europe/Helsinki")
	first, err := parseDate("2026-10-01")
	if err != nil {
		b.Fatal(err)
	}
	c := &calendar{shop: &Workshop{Name: "Shop", Locale: "en", SlotMinutes: 15}, loc: loc}
	var claims []Claim
	for id := range int64(13) {
		for day := range 5 {
			c.hours = append(c.hours, Hours{ResourceID: id, Weekday: time.Weekday(day + 1), FromMinute: 450, ToMinute: 1020})
		}
		if id == 0 {
			continue
		}
		c.advisors = append(c.advisors, Advisor{ID: id, Name: fmt.Sprint("Advisor ", id)})
		for day := range 62 {
			base := atomOf(first.add(day).at(480, loc))
			for i := range int64(48) {
				claims = append(claims, Claim{ResourceID: id, Atom: base + i*2})
			}
		}
	}
	t := terms{online: true, earliest: first.at(0, loc), latest: first.add(100).at(0, loc), gridMinutes: 15}
	for b.Loop() {
		w := c.layOut(first, first.add(61), claims)
		if len(w.days(first.add(61), &demand{atoms: 1}, t)) != 62 {
			b.Fatal("days are missing")
		}
	}
}
