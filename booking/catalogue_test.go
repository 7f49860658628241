package booking_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/templates"
)

func TestImportingAgainChangesNothing(t *testing.T) {
	each(t, func(w *world) {
		report, err := w.desk.Import(w.Context(), w.catalogue())
		w.ok(err)
		if report.Added != 0 || report.Changed != 0 || report.Unchanged == 0 || report.Workshops["keskusta"] != w.shop.ID || report.Advisors["keskusta/bjorn"] != w.bjorn.ID {
			w.Fatalf("%+v", report)
		}
		s := w.shop
		if s.HorizonDays != 550 || s.ReminderMinute != 600 || s.SurveyMinute != 1080 || s.Phone != "+358942415500" || s.SurveyScale != "1-5" {
			w.Errorf("%+v", s)
		}
		if w.anna.StandInID != w.bjorn.ID || w.bjorn.StandInID != w.anna.ID || w.anna.Phone != "+358501234501" || w.anna.FirstName() != "Anna" {
			w.Errorf("%+v", w.anna)
		}
		if w.annual.In("sv").Name != "Årsservice" || w.annual.In("fi").Name != "Vuosihuolto" || w.tyres.ReceptionMinutes != 30 || w.annual.ReceptionMinutes != 15 {
			w.Errorf("%+v", w.annual)
		}
		services, err := w.desk.Services(w.Context(), w.shop.ID)
		w.ok(err)
		if len(services) != 3 {
			w.Errorf("a retired service is offered: %+v", services)
		}
	})
}

func TestImportingChangesWhatHasChanged(t *testing.T) {
	each(t, func(w *world) {
		c := w.catalogue()
		shop := &c.Workshops[0]
		shop.Name = "Autohuolto Itäkeskus"
		shop.Services[0].PriceFrom = 25900
		shop.Services = append(shop.Services, booking.CatalogueService{Key: "wash", Name: "Pesu", DurationMinutes: 30})
		shop.Advisors[0].Hours = booking.CatalogueHours{"mon-fri": {"08:00-16:00"}}
		shop.Closures[0].Reason = "Joulutauko"
		off := false
		shop.Advisors[1].Active = &off
		report, err := w.desk.Import(w.Context(), c)
		w.ok(err)
		if report.Added != 1 || report.Changed != 5 {
			w.Fatalf("%+v", report)
		}
		advisors, err := w.desk.Advisors(w.Context(), w.shop.ID)
		w.ok(err)
		if len(advisors) != 1 || advisors[0].ID != w.anna.ID {
			w.Errorf("%+v", advisors)
		}
		if got := w.starts("2026-11-25", w.anna.ID); got[0] != "08:00" || got[len(got)-1] != "15:30" || len(got) != 31 {
			w.Errorf("%v", got)
		}
		if n := w.count("SELECT COUNT(*) FROM services"); n != 5 {
			w.Errorf("%d services", n)
		}
	})
}

func TestAWrongCatalogueSaysWhereAndWhatToMend(t *testing.T) {
	example, err := os.ReadFile("testdata/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"a word it does not know", "slot_minutes: 15", "slot_minute: 15", "workshops[0].slot_minute (line 14): fault.catalogue_word"},
		{"text for a number", "slot_minutes: 15", "slot_minutes: often", "workshops[0].slot_minutes (line 14): fault.catalogue_type"},
		{"a list for a mapping", "hours:\n      mon-fri: [\"07:30-17:00\"]\n      sat: [\"09:00-13:00\"]", "hours: [monday]", "workshops[0].hours (line 20): fault.catalogue_type"},
		{"a word twice", "slot_minutes: 15", "name: Two", "workshops[0].name (line 14): fault.catalogue_twice"},
		{"a slot of seven minutes", "slot_minutes: 15", "slot_minutes: 7", "workshops[0].slot_minutes (line 14): fault.minutes"},
		{"no such zone", "Europe/Helsinki", "Europe/Helsinky", "workshops[0].time_zone (line 7): fault.time_zone"},
		{"no zone", "time_zone: Europe/Helsinki", "", "workshops[0].time_zone (line 5): fault.time_zone"},
		{"a language we lack", "locale: fi # fi", "locale: de # fi", "workshops[0].locale (line 8): fault.locale_unknown"},
		{"a phone that is none", "09 4241 5500", "12", "workshops[0].phone (line 11): fault.phone_invalid"},
		{"no such day", "mon-fri:", "man-fri:", "workshops[0].hours.man-fri (line 21): fault.weekday"},
		{"hours that end before they begin", "07:30-17:00", "17:00-07:30", "workshops[0].hours.mon-fri[0] (line 21): fault.hours_span"},
		{"hours that overlap", "\"11:30-15:30\"", "\"10:30-15:30\"", "workshops[0].advisors[0].hours (line 76): fault.hours_overlap"},
		{"a date of another country", "from: 2026-12-24,", "from: 24.12.2026,", "workshops[0].closures[0].from (line 24): fault.date"},
		{"a key twice", "key: tyres", "key: annual", "workshops[0].services[1].key (line 45): fault.catalogue_duplicate"},
		{"a stand-in who is nobody", "stand_in: anna", "stand_in: carl", "workshops[0].advisors[1].stand_in (line 85): fault.catalogue_reference"},
		{"an absence that ends before it begins", "to: 2026-07-31", "to: 2026-06-30", "workshops[0].advisors[0].absences[0].to (line 80): fault.range_backwards"},
		{"a way of coming that is none", "[waiting, drop_off]", "[balloon]", "workshops[0].services[1].transports[0] (line 49): fault.one_of"},
		{"a role that is none", "role: advisor", "role: boss", "staff[0].role (line 112): fault.one_of"},
		{"a service of nothing", "name: Renkaanvaihto", "name: \"\"", "workshops[0].services[1].name (line 46): fault.required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(string(example), c.old, c.new, 1)
			if text == string(example) {
				t.Fatalf("%q is not in the example", c.old)
			}
			_, err := booking.ReadCatalogue(strings.NewReader(text))
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || e.Kind != fault.Invalid || len(e.Fields) == 0 {
				t.Fatalf("%v", err)
			}
			if got := e.Fields[0].Location + ": " + e.Fields[0].Key; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			for _, f := range e.Fields {
				for _, locale := range templates.Locales {
					if s := templates.T(locale, f.Key, f.Args); s == f.Key || strings.ContainsAny(s, "{}") {
						t.Errorf("%s in %s: %q", f.Key, locale, s)
					}
				}
			}
		})
	}
	for _, c := range []struct{ name, text string }{
		{"nothing", ""}, {"only a comment", "# later"}, {"a list", "- a"}, {"no YAML", "a: [b"}, {"no workshop", "workshops: []"},
		{"an alias of itself", "workshops: &a [*a]"},
	} {
		if _, err := booking.ReadCatalogue(strings.NewReader(c.text)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAPhoneIsReadAsPeopleWriteIt(t *testing.T) {
	for _, c := range []struct {
		raw, country, want string
		ok                 bool
	}{
		{"040 123 4567", "FI", "+358401234567", true},
		{"+358 (0)40 123-4567", "FI", "+358401234567", true},
		{"0701234567", "SE", "+46701234567", true},
		{"+1 415 867 5309", "FI", "+14158675309", true},
		{"09 4241 5500", "FI", "", false},
		{"112", "FI", "", false},
		{"", "FI", "", false},
		{"call me", "FI", "", false},
		{strings.Repeat("1", 5000), "FI", "", false},
	} {
		got, err := booking.NormalizePhone(c.raw, c.country)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%.20q: %q, %v", c.raw, got, err)
		}
	}
}
