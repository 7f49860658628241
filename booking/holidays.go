package booking

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rickar/cal/v2"

	"neuvo/internal/db"
)

// Words of Workshop.Holidays. The empty word is the custom of the country: its
// public holidays, and those eves on which nearly all of its workshops are
// closed.
const (
	HolidaysOff = "off"          // open on holidays like on any day
	WithEves    = "with_eves"    // closed on the customary eves as well
	WithoutEves = "without_eves" // open on eves, closed on public holidays only
)

// HolidayWords are the words that Workshop.Holidays may have.
var HolidayWords = []string{"", HolidaysOff, WithEves, WithoutEves}

// Holiday is one public holiday of one year.
type Holiday struct {
	Date string // YYYY-MM-DD
	Key  string // the translation key of its name: "holiday.christmas_day"
}

// HolidayOpening is a public holiday on which a workshop opens all the same:
// with the weekday's hours, or with its own where ToMinute is above zero.
// Advisors with weekly hours of their own keep to those.
type HolidayOpening struct {
	WorkshopID int64  `gorm:"primaryKey;autoIncrement:false"`
	Date       string `gorm:"primaryKey"` // YYYY-MM-DD
	FromMinute int    // wall-clock minutes of the day
	ToMinute   int    // exclusive
}

// TimeOffer notes that new times were offered for a version of a job.
type TimeOffer struct {
	JobID     int64 `gorm:"primaryKey;autoIncrement:false"`
	Version   int   `gorm:"primaryKey;autoIncrement:false"`
	OfferedAt db.Time
}

// KeptRisk notes that a booking at risk was kept as it is.
type KeptRisk struct {
	JobID       int64  `gorm:"primaryKey;autoIncrement:false"`
	Fingerprint string // what stood against it; anything else is a new risk
	KeptAt      db.Time
	KeptBy      string
}

// holidayRule is how to find one holiday in any year.
type holidayRule struct {
	key string // without "holiday."
	day cal.Holiday
	eve bool // no public holiday, but commonly closed
}

// Holidays gives the public holidays of a country (ISO 3166-1 alpha-2) and a
// region of it (ISO 3166-2, may be empty) in a year, in order of date; a date
// with two holidays has the first. choice is a word of Workshop.Holidays. A
// country that is not shipped has none.
func Holidays(country, region, choice string, year int) []Holiday {
	table := holidayTable(country, region, choice, year)
	out := make([]Holiday, 0, len(table))
	for day, key := range table {
		out = append(out, Holiday{Date: date{time.Unix(day*86400, 0).UTC()}.String(), Key: key})
	}
	slices.SortFunc(out, func(a, b Holiday) int { return cmp.Compare(a.Date, b.Date) })
	return out
}

// HolidayRegions are the parts of a country (ISO 3166-2) whose holidays differ
// from the others'; none where the whole country has the same.
func HolidayRegions(country string) []string {
	return slices.Sorted(maps.Keys(holidayCountries[country].regions))
}

// holidayID names one year's table.
type holidayID struct {
	country, region, choice string
	year                    int
}

// holidayTables keeps the tables that have been worked out. They depend on
// nothing but their name, and there are few: a country, a choice, some years.
var holidayTables sync.Map // holidayID to map[int64]string

// holidayTable gives a year's holidays by day since 1970: translation keys. It
// must not be changed.
func holidayTable(country, region, choice string, year int) map[int64]string {
	c, known := holidayCountries[country]
	if !known || choice == HolidaysOff {
		return nil
	}
	if c.regions[region] == nil {
		region = ""
	}
	id := holidayID{country, region, choice, year}
	if t, ok := holidayTables.Load(id); ok {
		return t.(map[int64]string)
	}
	t := c.year(id)
	holidayTables.Store(id, t)
	return t
}

// holidayCountry is the law and the custom of one country.
type holidayCountry struct {
	rules []holidayRule
	// regions add to the rules or, where whole is set, replace them.
	regions map[string]*holidayRegion
	// eves tells whether the custom of the country is to close on the eves.
	eves bool
	// substitutes tells whether a holiday on a weekend gives another day off.
	substitutes bool
}

// holidayRegion is what is different in a part of a country.
type holidayRegion struct {
	whole bool
	rules []holidayRule
}

// year works out one table.
func (c holidayCountry) year(id holidayID) map[int64]string {
	rules := c.rules
	if r := c.regions[id.region]; r != nil {
		if r.whole {
			rules = r.rules
		} else {
			rules = slices.Concat(rules, r.rules)
		}
	}
	eves := id.choice == WithEves || id.choice == "" && c.eves
	out := make(map[int64]string, len(rules))
	var days []int64
	for _, r := range rules {
		if r.eve && !eves {
			continue
		}
		actual, _ := r.day.Calc(id.year)
		if actual.IsZero() {
			continue
		}
		y, m, d := actual.Date()
		day := date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}.number()
		if out[day] == "" {
			out[day] = "holiday." + r.key
			days = append(days, day)
		}
	}
	if c.substitutes {
		substitute(out, days)
	}
	return out
}

// substitute adds, for each holiday on a Saturday or Sunday, the next weekday
// that is no holiday yet. The day itself stays: nobody works on the 25th.
func substitute(table map[int64]string, days []int64) {
	slices.Sort(days)
	for _, day := range days {
		if !weekend(day) {
			continue
		}
		next := day + 1
		for weekend(next) || table[next] != "" {
			next++
		}
		table[next] = table[day]
	}
}

// weekend tells of a day since 1970 (a Thursday) whether it is a Saturday or a
// Sunday.
func weekend(day int64) bool {
	w := time.Weekday((day + int64(time.Thursday)) % 7)
	return w == time.Saturday || w == time.Sunday
}

// number is the day's count since 1970-01-01.
func (d date) number() int64 { return floorDiv(d.Unix(), 86400) }

// holiday is the translation key of the public holiday that closes the workshop
// on a date; "" on any other day, and where it opens all the same.
func (c *calendar) holiday(d date) string {
	key := holidayTable(c.shop.Country, c.shop.Region, c.shop.Holidays, d.Year())[d.number()]
	if key == "" || c.opening(d) != nil {
		return ""
	}
	return key
}

// opening is the workshop's opening on a public holiday, nil where it has none.
func (c *calendar) opening(d date) *HolidayOpening {
	if len(c.openings) == 0 {
		return nil
	}
	day := d.String()
	i := slices.IndexFunc(c.openings, func(o HolidayOpening) bool { return o.Date == day })
	if i < 0 || holidayTable(c.shop.Country, c.shop.Region, c.shop.Holidays, d.Year())[d.number()] == "" {
		return nil
	}
	return &c.openings[i]
}
