package booking_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// nightShop is a workshop that is open around the clock, in a zone.
func (w *world) nightShop(key, zone string, hours ...string) (shop, service int64) {
	w.Helper()
	report, err := w.desk.Import(w.Context(), booking.Catalogue{Workshops: []booking.CatalogueWorkshop{{
		Key: key, Name: "Yöpaja", TimeZone: zone, Locale: "fi", Country: "FI", Currency: "EUR", SlotMinutes: 60, Holidays: booking.HolidaysOff,
		Hours:    booking.CatalogueHours{"mon-sun": hours},
		Services: []booking.CatalogueService{{Key: "wash", Name: "Pesu", DurationMinutes: 60}},
		Advisors: []booking.CatalogueAdvisor{{Key: "olli", Name: "Olli"}},
	}}})
	w.ok(err)
	services, err := w.desk.Services(w.Context(), report.Workshops[key])
	w.ok(err)
	return report.Workshops[key], services[0].ID
}

func TestDaysOnWhichTheClocksChange(t *testing.T) {
	w := onSQLite(t)
	w.clock.set(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		name, zone, hours, date string
		want                    []string
	}{
		{"an hour is missing in Helsinki in spring", "Europe/Helsinki", "01:00-06:00", "2026-03-29",
			[]string{"2026-03-28T23:00Z", "2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z"}},
		{"an hour comes twice in Helsinki in autumn", "Europe/Helsinki", "01:00-06:00", "2026-10-25",
			[]string{"2026-10-24T22:00Z", "2026-10-24T23:00Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z", "2026-10-25T03:00Z"}},
		{"an afternoon in New York is an hour earlier for the world", "America/New_York", "13:00-18:00", "2026-03-08",
			[]string{"2026-03-08T17:00Z", "2026-03-08T18:00Z", "2026-03-08T19:00Z", "2026-03-08T20:00Z", "2026-03-08T21:00Z"}},
		{"an hour comes twice in Auckland in April", "Pacific/Auckland", "01:00-04:00", "2026-04-05",
			[]string{"2026-04-04T12:00Z", "2026-04-04T13:00Z", "2026-04-04T14:00Z", "2026-04-04T15:00Z"}},
		{"an hour is missing in Auckland in September", "Pacific/Auckland", "01:00-04:00", "2026-09-27",
			[]string{"2026-09-26T13:00Z", "2026-09-26T14:00Z"}},
		{"hours that end in the gap end with it", "Europe/Helsinki", "01:00-03:30", "2026-03-29",
			[]string{"2026-03-28T23:00Z", "2026-03-29T00:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			shop, service := w.nightShop(strings.ToLower(strings.NewReplacer("/", "-", ":", "").Replace(c.zone+c.hours)), c.zone, c.hours)
			a, err := w.desk.Availability(t.Context(), booking.AvailabilityQuery{WorkshopID: shop, ServiceIDs: []int64{service}, From: c.date, To: c.date})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range a.Days[0].Slots {
				got = append(got, s.Start.UTC().Format("2006-01-02T15:04Z"))
				if s.End.Sub(s.Start) != time.Hour {
					t.Errorf("%s lasts %s", s.Start, s.End.Sub(s.Start))
				}
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("got %v", got)
			}
		})
	}
}

func TestAvailabilityShowsHoursClosuresAndAbsences(t *testing.T) {
	w := onSQLite(t)
	// Anna's own hours inside the workshop's, with her lunch; Björn's are the workshop's.
	if got := w.starts("2026-11-25", w.anna.ID); got[0] != "07:30" || got[len(got)-1] != "15:00" || slices.Contains(got, "10:45") || slices.Contains(got, "11:15") || !slices.Contains(got, "11:30") {
		t.Errorf("Anna: %v", got)
	}
	if got := w.starts("2026-11-25", w.bjorn.ID); got[0] != "07:30" || got[len(got)-1] != "16:30" || len(got) != 37 {
		t.Errorf("Björn: %v", got)
	}
	// Her training on the 24th begins at noon.
	if got := w.starts("2026-11-24", w.anna.ID); slices.Contains(got, "11:45") || !slices.Contains(got, "11:30") || slices.Contains(got, "13:00") {
		t.Errorf("Anna on the 24th: %v", got)
	}
	// The notice: an hour from now, 08:00.
	if got := w.starts("2026-11-23", w.bjorn.ID); got[0] != "09:00" {
		t.Errorf("today: %v", got)
	}
	a, err := w.desk.Availability(t.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.annual.ID}, From: "2026-12-23", To: "2026-12-28"})
	w.ok(err)
	var words []string
	for _, d := range a.Days {
		words = append(words, d.Date[8:]+d.Closed)
	}
	if want := []string{"23", "24Joulu", "25Joulu", "26Joulu", "27Suljettu", "28"}; !slices.Equal(words, want) {
		t.Errorf("closed: %v", words)
	}
	if s := a.Days[0].Slots[0]; s.End.Sub(s.Start) != 2*time.Hour || len(s.AdvisorIDs) != 2 || !a.NextAvailable.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestAnEmptyRangeNamesTheNextStart(t *testing.T) {
	w := onSQLite(t)
	ask := func(from, to string) time.Time {
		t.Helper()
		a, err := w.desk.Availability(t.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, AdvisorID: w.anna.ID, From: from, To: to})
		w.ok(err)
		return a.NextAvailable
	}
	if got := ask("2026-12-24", "2026-12-27"); !got.Equal(w.at("2026-12-28 07:30")) {
		t.Errorf("after Christmas: %s", got)
	}
	if got := ask("2026-10-01", "2026-10-31"); !got.Equal(w.at("2026-11-23 09:00")) {
		t.Errorf("after a range that has passed: %s", got)
	}
	// Anna is away for ten months: several windows on.
	w.exec("INSERT INTO absences (resource_id, from_at, to_at) VALUES (?, ?, ?)", w.anna.ID, w.at("2026-11-23 00:00").UnixMicro(), w.at("2027-09-30 00:00").UnixMicro())
	if got := ask("2026-11-23", "2026-11-29"); !got.Equal(w.at("2027-09-30 07:30")) {
		t.Errorf("after the leave: %s", got)
	}
	w.exec("UPDATE absences SET to_at = ?", w.at("2030-01-01 00:00").UnixMicro())
	if got := ask("2026-11-23", "2026-11-29"); !got.IsZero() {
		t.Errorf("beyond the horizon: %s", got)
	}
}

func TestOnlineBookingReachesEighteenMonths(t *testing.T) {
	w := onSQLite(t)
	if j := w.book("2028-05-24 09:00"); j.WallStart != "2028-05-24T09:00" || !j.RemindAt.Equal(w.at("2028-05-23 10:00")) {
		t.Fatalf("%+v", j)
	}
}

func TestWhyAStartIsNotOffered(t *testing.T) {
	w := onSQLite(t)
	r := w.request("2026-11-25 13:00")
	r.AdvisorID = w.anna.ID
	_, err := w.desk.Book(t.Context(), r)
	w.ok(err)
	for _, c := range []struct {
		wall    string
		advisor int64
		want    string
	}{
		{"2026-11-25 14:00", 0, "offered Anna Virtanen, Björn Lindqvist"},
		{"2026-11-25 13:00", 0, "offered Björn Lindqvist"},
		{"2026-11-25 13:00", w.anna.ID, "taken Anna Virtanen"},
		{"2026-11-25 12:45", w.anna.ID, "taken Anna Virtanen"},
		{"2026-11-24 13:00", w.anna.ID, "absence Anna Virtanen"},
		{"2026-11-25 16:00", w.anna.ID, "hours Anna Virtanen"},
		{"2026-11-25 18:00", 0, "hours Autohuolto Keskusta"},
		{"2026-12-24 10:00", 0, "closed Joulu"},
		{"2026-11-25 14:05", 0, "grid 14:00"},
		{"2026-11-23 08:15", 0, "notice 2026-11-23 09:00"},
		{"2026-11-20 10:00", 0, "past 2026-11-23 08:00"},
		{"2028-11-22 10:00", 0, "horizon 2028-05-26"},
	} {
		reasons, err := w.desk.Why(t.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, AdvisorID: c.advisor}, w.at(c.wall))
		w.ok(err)
		if got := reasons[0].Rule + " " + reasons[0].Detail; got != c.want {
			t.Errorf("%s: %v, want %q", c.wall, reasons, c.want)
		}
	}
}

func TestAnAvailabilityQueryIsChecked(t *testing.T) {
	w := onSQLite(t)
	good := booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, From: "2026-11-23", To: "2027-01-24"}
	if _, err := w.desk.Availability(t.Context(), good); err != nil {
		t.Fatalf("62 days apart: %v", err)
	}
	for _, c := range []struct {
		location string
		change   func(*booking.AvailabilityQuery)
	}{
		{"query.from", func(q *booking.AvailabilityQuery) { q.From = "23.11.2026" }},
		{"query.to", func(q *booking.AvailabilityQuery) { q.To = "" }},
		{"query.to", func(q *booking.AvailabilityQuery) { q.To = "2026-11-22" }},
		{"query.to", func(q *booking.AvailabilityQuery) { q.To = "2027-01-25" }},
		{"query.workshop_id", func(q *booking.AvailabilityQuery) { q.WorkshopID = 99 }},
		{"query.service_id", func(q *booking.AvailabilityQuery) { q.ServiceIDs = nil }},
		{"query.advisor_id", func(q *booking.AvailabilityQuery) { q.AdvisorID = 99 }},
		{"query.transport", func(q *booking.AvailabilityQuery) { q.Transport = "balloon" }},
	} {
		q := good
		c.change(&q)
		_, err := w.desk.Availability(t.Context(), q)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "["+c.location+":") {
			t.Errorf("%s: %v", c.location, err)
		}
	}
}

// countQueries tells how many statements f runs.
func (w *world) countQueries(f func()) int {
	w.Helper()
	var n atomic.Int64
	count := func(*gorm.DB) { n.Add(1) }
	name := fmt.Sprintf("count:%p", &n)
	conn := w.db.In(w.Context()).Callback()
	w.ok(conn.Query().Before("gorm:query").Register(name, count))
	w.ok(conn.Row().Before("gorm:row").Register(name, count))
	f()
	w.ok(conn.Query().Remove(name))
	w.ok(conn.Row().Remove(name))
	return int(n.Load())
}

func TestTheNumberOfQueriesDoesNotGrow(t *testing.T) {
	each(t, func(w *world) {
		// The other advisor keeps the ranges from being empty.
		ask := func(advisor int64, to string) int {
			return w.countQueries(func() {
				_, err := w.desk.Availability(w.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, AdvisorID: advisor, From: "2026-11-23", To: to})
				w.ok(err)
			})
		}
		list := func() int {
			return w.countQueries(func() {
				_, _, err := w.desk.Jobs(w.Context(), booking.JobFilter{WorkshopID: w.shop.ID})
				w.ok(err)
			})
		}
		w.book("2026-11-25 09:00")
		forget := func() { w.exec("UPDATE workshops SET name = name") } // what is sold may have changed
		forget()
		one, jobs := ask(w.bjorn.ID, "2026-11-23"), list()
		if again := ask(w.bjorn.ID, "2026-11-23"); again != 2 {
			w.Errorf("%d queries for a day that nobody has touched", again)
		}
		if one == 0 || one > 18 || jobs == 0 || jobs > 7 {
			w.Fatalf("%d queries for a day, %d for a list", one, jobs)
		}
		c := w.catalogue()
		for i := range 20 {
			c.Workshops[0].Advisors = append(c.Workshops[0].Advisors, booking.CatalogueAdvisor{
				Key: fmt.Sprintf("extra-%d", i), Name: "Extra", Absences: []booking.CatalogueAbsence{{From: "2026-12-01", To: "2026-12-05"}},
			})
		}
		_, err := w.desk.Import(w.Context(), c)
		w.ok(err)
		for i := range 12 {
			w.book(fmt.Sprintf("2026-11-26 %02d:00", 8+i%8))
		}
		ask(0, "2027-01-24") // the extra advisors' claims are read
		forget()
		if many := ask(0, "2027-01-24"); many > one {
			w.Errorf("%d queries for 22 advisors and 62 days, %d for one and a day", many, one)
		}
		if more := list(); more != jobs {
			w.Errorf("%d queries for a list of 13 jobs, %d for one", more, jobs)
		}
	})
}

func TestTheFirstTimeWithSomebodyIsFoundUpToTheHorizon(t *testing.T) {
	each(t, func(w *world) {
		// Anna is away for fifteen months, Björn is not.
		_, err := w.desk.AddAbsence(w.Context(), w.anna.ID, w.at("2026-11-23 00:00"), w.at("2028-02-23 00:00"), "", w.staff())
		w.ok(err)
		first := func() map[int64]time.Time {
			w.Helper()
			found, err := w.desk.FirstFree(w.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}})
			w.ok(err)
			return found
		}
		got := first()
		if !got[w.bjorn.ID].Equal(got[0]) || dateWall(got[0]) != "2026-11-23" || dateWall(got[w.anna.ID]) < "2028-02-23" {
			w.Errorf("first times %v", got)
		}
		a, err := w.desk.Availability(w.Context(), booking.AvailabilityQuery{
			WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, AdvisorID: w.anna.ID, From: "2026-11-23", To: "2026-12-23",
		})
		w.ok(err)
		if !a.NextAvailable.Equal(got[w.anna.ID]) {
			w.Errorf("next %v, first %v", a.NextAvailable, got[w.anna.ID])
		}
		r := w.request("2028-02-23 10:00")
		r.Start, r.AdvisorID = got[w.anna.ID], w.anna.ID
		_, err = w.desk.Book(w.Context(), r)
		w.ok(err)
		if now := first()[w.anna.ID]; !now.After(got[w.anna.ID]) {
			w.Errorf("%v is taken, and first is %v", got[w.anna.ID], now)
		}
		// Nobody is promised a time beyond the horizon.
		_, err = w.desk.AddAbsence(w.Context(), w.anna.ID, w.at("2028-02-23 00:00"), w.at("2028-12-31 00:00"), "", w.staff())
		w.ok(err)
		if at, ok := first()[w.anna.ID]; ok {
			w.Errorf("first with somebody who is away for good: %v", at)
		}
	})
}

func dateWall(t time.Time) string { return t.Format(time.DateOnly) }
