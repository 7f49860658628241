package booking_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/booking"
	"neuvo/templates"
)

// The whole list of each country and year, written from the laws that
// holidays_data.go names and from Easter Sunday: 20 April 2025, 5 April 2026,
// 28 March 2027, 16 April 2028.
var holidayYears = []struct {
	country, region, choice string
	year                    int
	days                    string // month-day
}{
	{"FI", "", "", 2025, "01-01 01-06 04-18 04-20 04-21 05-01 05-29 06-08 06-20 06-21 11-01 12-06 12-24 12-25 12-26"},
	{"FI", "", "", 2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-19 06-20 10-31 12-06 12-24 12-25 12-26"},
	{"FI", "", "", 2027, "01-01 01-06 03-26 03-28 03-29 05-01 05-06 05-16 06-25 06-26 11-06 12-06 12-24 12-25 12-26"},
	{"FI", "", "", 2028, "01-01 01-06 04-14 04-16 04-17 05-01 05-25 06-04 06-23 06-24 11-04 12-06 12-24 12-25 12-26"},
	{"FI", "", booking.WithoutEves, 2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-20 10-31 12-06 12-25 12-26"},

	{"SE", "", "", 2025, "01-01 01-06 04-18 04-20 04-21 05-01 05-29 06-06 06-08 06-21 11-01 12-25 12-26"},
	{"SE", "", "", 2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-20 10-31 12-25 12-26"},
	{"SE", "", "", 2027, "01-01 01-06 03-26 03-28 03-29 05-01 05-06 05-16 06-06 06-26 11-06 12-25 12-26"},
	{"SE", "", "", 2028, "01-01 01-06 04-14 04-16 04-17 05-01 05-25 06-04 06-06 06-24 11-04 12-25 12-26"},
	{"SE", "", booking.WithEves, 2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-19 06-20 10-31 12-24 12-25 12-26 12-31"},

	{"NO", "", "", 2025, "01-01 04-17 04-18 04-20 04-21 05-01 05-17 05-29 06-08 06-09 12-25 12-26"},
	{"NO", "", "", 2026, "01-01 04-02 04-03 04-05 04-06 05-01 05-14 05-17 05-24 05-25 12-25 12-26"},
	{"NO", "", "", 2027, "01-01 03-25 03-26 03-28 03-29 05-01 05-06 05-16 05-17 12-25 12-26"}, // Whit Monday is 17 May
	{"NO", "", "", 2028, "01-01 04-13 04-14 04-16 04-17 05-01 05-17 05-25 06-04 06-05 12-25 12-26"},

	{"DK", "", "", 2023, "01-01 04-06 04-07 04-09 04-10 05-05 05-18 05-28 05-29 06-05 12-25 12-26"}, // the last Great Prayer Day
	{"DK", "", "", 2025, "01-01 04-17 04-18 04-20 04-21 05-29 06-05 06-08 06-09 12-25 12-26"},
	{"DK", "", "", 2026, "01-01 04-02 04-03 04-05 04-06 05-14 05-24 05-25 06-05 12-25 12-26"},
	{"DK", "", "", 2027, "01-01 03-25 03-26 03-28 03-29 05-06 05-16 05-17 06-05 12-25 12-26"},
	{"DK", "", "", 2028, "01-01 04-13 04-14 04-16 04-17 05-25 06-04 06-05 12-25 12-26"}, // Whit Monday is 5 June

	{"EE", "", "", 2025, "01-01 02-24 04-18 04-20 05-01 06-08 06-23 06-24 08-20 12-24 12-25 12-26"},
	{"EE", "", "", 2026, "01-01 02-24 04-03 04-05 05-01 05-24 06-23 06-24 08-20 12-24 12-25 12-26"},
	{"EE", "", "", 2027, "01-01 02-24 03-26 03-28 05-01 05-16 06-23 06-24 08-20 12-24 12-25 12-26"},
	{"EE", "", "", 2028, "01-01 02-24 04-14 04-16 05-01 06-04 06-23 06-24 08-20 12-24 12-25 12-26"},

	{"DE", "", "", 2025, "01-01 04-18 04-21 05-01 05-29 06-09 10-03 12-25 12-26"},
	{"DE", "", "", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26"},
	{"DE", "", "", 2027, "01-01 03-26 03-29 05-01 05-06 05-17 10-03 12-25 12-26"},
	{"DE", "", "", 2028, "01-01 04-14 04-17 05-01 05-25 06-05 10-03 12-25 12-26"},
	{"DE", "BY", "", 2026, "01-01 01-06 04-03 04-06 05-01 05-14 05-25 06-04 10-03 11-01 12-25 12-26"},
	{"DE", "SN", "", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 10-03 10-31 11-18 12-25 12-26"},
	{"DE", "BE", "", 2025, "01-01 03-08 04-18 04-21 05-01 05-08 05-29 06-09 10-03 12-25 12-26"},
	{"DE", "BB", "", 2026, "01-01 04-03 04-05 04-06 05-01 05-14 05-24 05-25 10-03 10-31 12-25 12-26"},

	// A holiday on a weekend stays and gives the next weekday off as well.
	{"GB", "", "", 2022, "01-01 01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-25 12-26 12-27"},
	{"GB", "", "", 2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26"},
	{"GB", "", "", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28"},
	{"GB", "", "", 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-25 12-26 12-27 12-28"},
	{"GB", "", "", 2028, "01-01 01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26"},
	{"GB", "SCT", "", 2025, "01-01 01-02 04-18 05-05 05-26 08-04 11-30 12-01 12-25 12-26"},
	{"GB", "SCT", "", 2027, "01-01 01-02 01-04 03-26 05-03 05-31 08-02 11-30 12-25 12-26 12-27 12-28"},
	{"GB", "SCT", "", 2028, "01-01 01-02 01-03 01-04 04-14 05-01 05-29 08-07 11-30 12-25 12-26"},
	{"GB", "NIR", "", 2026, "01-01 03-17 04-03 04-06 05-04 05-25 07-12 07-13 08-31 12-25 12-26 12-28"},
}

func TestPublicHolidaysFallOnTheDaysOfTheLaw(t *testing.T) {
	for _, c := range holidayYears {
		var have []string
		for _, h := range booking.Holidays(c.country, c.region, c.choice, c.year) {
			have = append(have, h.Date[5:])
			for _, locale := range templates.Locales {
				if !templates.Has(locale, h.Key) {
					t.Errorf("%s has no name in %s", h.Key, locale)
				}
			}
		}
		if diff := cmp.Diff(strings.Fields(c.days), have); diff != "" {
			t.Errorf("%s %s %s %d: %s", c.country, c.region, c.choice, c.year, diff)
		}
	}
}

func TestHolidaysHaveTheirNames(t *testing.T) {
	for _, c := range []struct{ country, date, key string }{
		{"FI", "2026-06-19", "holiday.midsummer_eve"},
		{"FI", "2026-10-31", "holiday.all_saints"},
		{"FI", "2027-12-06", "holiday.independence_day"},
		{"SE", "2028-06-06", "holiday.national_day_se"},
		{"NO", "2027-05-17", "holiday.constitution_day"},
		{"EE", "2026-08-20", "holiday.restoration_day"},
		{"DE", "2026-10-03", "holiday.german_unity"},
		{"GB", "2026-12-28", "holiday.boxing_day"},    // the substitute of Saturday the 26th
		{"GB", "2022-12-27", "holiday.christmas_day"}, // that of Sunday the 25th: the 26th is taken
		{"GB", "2028-01-03", "holiday.new_year"},
	} {
		day, err := time.Parse(time.DateOnly, c.date)
		if err != nil {
			t.Fatal(err)
		}
		all := booking.Holidays(c.country, "", "", day.Year())
		i := slices.IndexFunc(all, func(h booking.Holiday) bool { return h.Date == c.date })
		if i < 0 || all[i].Key != c.key {
			t.Errorf("%s %s is not %s: %v", c.country, c.date, c.key, all)
		}
	}
}

func TestACountryThatIsNotShippedHasNoHolidays(t *testing.T) {
	for _, c := range [][3]string{{"US", "", ""}, {"", "", ""}, {"FI", "", booking.HolidaysOff}} {
		if got := booking.Holidays(c[0], c[1], c[2], 2026); len(got) != 0 {
			t.Errorf("%v: %v", c, got)
		}
	}
}

func TestOnlyRegionsThatExistAreTaken(t *testing.T) {
	w := onSQLite(t)
	for _, c := range []struct{ country, region, holidays, want string }{
		{"GB", "SCT", "", ""},
		{"GB", "BY", "", "workshops[0].region fault.one_of"},
		{"FI", "", booking.WithoutEves, ""},
		{"FI", "", "some", "workshops[0].holidays fault.one_of"},
	} {
		_, err := w.desk.Import(t.Context(), booking.Catalogue{Workshops: []booking.CatalogueWorkshop{{
			Key: "one", Name: "One", TimeZone: "Europe/London", Locale: "en", Country: c.country, Region: c.region, Holidays: c.holidays,
			Currency: "GBP", Hours: booking.CatalogueHours{"mon-fri": {"08:00-17:00"}},
		}}})
		if got := wrongField(err); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	if got := booking.HolidayRegions("GB"); !slices.Equal(got, []string{"NIR", "SCT"}) {
		t.Errorf("the regions of Britain: %v", got)
	}
	if got := booking.HolidayRegions("FI"); len(got) != 0 {
		t.Errorf("the regions of Finland: %v", got)
	}
}
