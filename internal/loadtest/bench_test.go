package loadtest

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
)

// onBoth runs a benchmark on a generated database of each engine.
func onBoth(b *testing.B, s size, f func(b *testing.B, w *world)) {
	now := running()
	b.Run("sqlite", func(b *testing.B) { f(b, generated(b, dbtest.SQLite(b, dbtest.Clock(now)), s)) })
	b.Run("postgres", func(b *testing.B) { f(b, generated(b, dbtest.Postgres(b, dbtest.Clock(now)), s)) })
}

func generated(tb testing.TB, d *db.DB, s size) *world {
	w := open(d)
	began := time.Now()
	w.generate(tb, s)
	tb.Logf("%s: %d jobs generated in %v", s.name, w.jobs, time.Since(began).Round(time.Millisecond))
	return w
}

// BenchmarkDesk measures the desk by itself, one caller, nothing remembered
// between answers beyond what the program remembers.
func BenchmarkDesk(b *testing.B) {
	for _, s := range []size{eight, fifty, million} {
		b.Run(s.name, func(b *testing.B) {
			onBoth(b, s, func(b *testing.B, w *world) {
				b.Run("month", func(b *testing.B) { w.benchAvailability(b, 0, 1, 31) })
				b.Run("day", func(b *testing.B) { w.benchAvailability(b, 0, 1, 1) })
				b.Run("first free with one", func(b *testing.B) { w.benchFirstFree(b) })
				b.Run("book", func(b *testing.B) { w.benchBook(b) })
			})
		})
	}
}

func (w *world) query(advisor int64, first, days int) booking.AvailabilityQuery {
	from := monday.AddDate(0, 0, first)
	return booking.AvailabilityQuery{
		WorkshopID: w.shop, ServiceIDs: []int64{w.services["tyres"]}, AdvisorID: advisor,
		From: from.Format(time.DateOnly), To: from.AddDate(0, 0, days-1).Format(time.DateOnly),
	}
}

func (w *world) benchAvailability(b *testing.B, advisor int64, first, days int) {
	i := 0
	for b.Loop() {
		a, err := w.desk.Availability(b.Context(), w.query(advisor, first+i%20, days))
		must(b, err)
		if len(a.Days) != days {
			b.Fatal("days are missing")
		}
		i++
	}
}

// benchFirstFree asks for one advisor whose time is taken to the end of the
// horizon.
func (w *world) benchFirstFree(b *testing.B) {
	advisor := w.advisors[len(w.advisors)-1]
	pool := w.sql(b)
	first := monday.Unix() / 300
	_, err := pool.ExecContext(b.Context(), fmt.Sprintf(`INSERT INTO claims (resource_id, atom, job_id)
		WITH RECURSIVE n(i) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 288 * 540)
		SELECT %d, %d + i, 0 FROM n WHERE (%d + i) %% 288 BETWEEN 48 AND 216
		ON CONFLICT (resource_id, atom) DO NOTHING`, advisor, first, first))
	must(b, err)
	_, err = pool.ExecContext(b.Context(), fmt.Sprintf(`INSERT INTO marks (workshop_id, block, resource_id, lane, version)
		SELECT %d, atom / 8192, resource_id, 0, 1 FROM claims WHERE resource_id = %d GROUP BY atom / 8192, resource_id
		ON CONFLICT (workshop_id, block, resource_id, lane) DO UPDATE SET version = marks.version + 1`, w.shop, advisor))
	must(b, err)
	for b.Loop() {
		a, err := w.desk.Availability(b.Context(), w.query(advisor, 1, 1))
		must(b, err)
		if a.NextAvailable.Before(monday.AddDate(0, 17, 0)) {
			b.Fatalf("next is %v", a.NextAvailable)
		}
	}
}

var booked atomic.Int64

// beyond gives every start on offer after the filled days, to the horizon.
func (w *world) beyond(tb testing.TB) []time.Time {
	tb.Helper()
	if w.starts == nil {
		for first := 63; first < 540; first += 60 {
			q := w.query(0, first, 60)
			q.ServiceIDs = []int64{w.services["quick"]}
			a, err := w.desk.Availability(tb.Context(), q)
			must(tb, err)
			for _, day := range a.Days {
				for _, slot := range day.Slots {
					w.starts = append(w.starts, slot.Start)
				}
			}
		}
	}
	return w.starts
}

// request is the nth booking: another customer, and as long as there are any
// another start.
func (w *world) request(tb testing.TB, n int64) booking.BookingRequest {
	starts := w.beyond(tb)
	start := starts[n%int64(len(starts))]
	return booking.BookingRequest{
		WorkshopID: w.shop, ServiceIDs: []int64{w.services["quick"]}, Start: start, Transport: "waiting",
		Customer: booking.ContactInput{Name: "Maija Virtanen", Phone: fmt.Sprintf("+35840%07d", n), Email: fmt.Sprintf("m%d@example.com", n), Locale: "fi"},
		Vehicle:  &booking.VehicleInput{Plate: fmt.Sprintf("ABC-%d", n%1000), Make: "Volvo", Model: "V60"},
		Source:   booking.SourceWeb, Actor: booking.Actor{Kind: "customer"}, ConsentSurvey: true, ConsentReminders: true,
	}
}

var helsinki = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		panic(err)
	}
	return loc
}()

func (w *world) benchBook(b *testing.B) {
	w.beyond(b)
	before := burnt(b)
	b.ResetTimer()
	b.SetParallelism(16) // × 2 cores: 32 callers
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.desk.Book(b.Context(), w.request(b, booked.Add(1))); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bookings/s")
	b.ReportMetric(float64((burnt(b)-before).Microseconds())/float64(b.N), "cpu-µs/booking")
}

// burnt is the processor time that this process has used: unlike the clock it
// tells the same on a busy machine.
func burnt(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	must(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
