package booking_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
)

// monday is when every story begins: Monday 23 November 2026, 08:00 in Helsinki.
var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

func (c *clock) advance(d time.Duration) { c.set(c.now().Add(d)) }

// world is the example catalogue on a fresh database.
type world struct {
	*testing.T
	clock  *clock
	db     *db.DB
	notify *notify.Notifier
	desk   *booking.Desk
	shop   *booking.Workshop
	annual booking.Service // 120 minutes, 15 of the advisor
	tyres  booking.Service // 30 minutes, all of the advisor
	anna   booking.Advisor // hours of her own
	bjorn  booking.Advisor // the workshop's hours
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	c := &clock{at: monday}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c.set(monday)
		f(newWorld(t, d, c))
	}, dbtest.Clock(c.now))
}

// onSQLite is for what no engine has a part in.
func onSQLite(t *testing.T) *world {
	t.Helper()
	c := &clock{at: monday}
	return newWorld(t, dbtest.SQLite(t, dbtest.Clock(c.now)), c)
}

func newWorld(t *testing.T, d *db.DB, c *clock) *world {
	t.Helper()
	w := &world{T: t, clock: c, db: d}
	w.notify = notify.New(d, notify.Options{Now: c.now, Log: slog.New(slog.DiscardHandler), MailDomain: "reply.neuvo.test"})
	w.desk = booking.New(d, w.notify, booking.Options{Now: c.now, BaseURL: "https://neuvo.test/", Log: slog.New(slog.DiscardHandler)})
	w.notify.OnReply(w.desk.HandleReply)
	w.notify.OnFailure(w.desk.HandleFailure)
	w.notify.SetVersions(w.desk.Version)
	w.notify.SetSubjects(w.desk)
	report, err := w.desk.Import(t.Context(), w.catalogue())
	w.ok(err)
	w.shop, err = w.desk.Workshop(t.Context(), report.Workshops["keskusta"])
	w.ok(err)
	services, err := w.desk.Services(t.Context(), w.shop.ID)
	w.ok(err)
	w.annual, w.tyres = services[0], services[1]
	advisors, err := w.desk.Advisors(t.Context(), w.shop.ID)
	w.ok(err)
	w.anna, w.bjorn = advisors[0], advisors[1]
	return w
}

func (w *world) catalogue() booking.Catalogue {
	w.Helper()
	f, err := os.Open("testdata/catalogue.yaml")
	w.ok(err)
	defer f.Close()
	c, err := booking.ReadCatalogue(f)
	w.ok(err)
	return *c
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%v", err)
	}
}

// at is a time on the wall of the workshop.
func (w *world) at(wall string) time.Time {
	w.Helper()
	loc, err := time.LoadLocation("Europe/Helsinki")
	w.ok(err)
	t, err := time.ParseInLocation("2006-01-02 15:04", wall, loc)
	w.ok(err)
	return t
}

// request is a good booking by the web; tests change what they are about.
func (w *world) request(wall string) booking.BookingRequest {
	return booking.BookingRequest{
		WorkshopID: w.shop.ID, ServiceIDs: []int64{w.tyres.ID}, Start: w.at(wall), Transport: "waiting",
		Customer: booking.ContactInput{Name: "Maija Meikäläinen", Phone: "040 123 4567", Email: "Maija@Example.com", Locale: "en"},
		Vehicle:  &booking.VehicleInput{Plate: "abc-123", Make: "Volvo", Model: "V60", Mileage: 81000},
		Note:     "Winter tyres are in the boot.", ConsentSurvey: true, ConsentReminders: true,
		Source: booking.SourceWeb, Actor: booking.Actor{Kind: "customer"},
	}
}

func (w *world) book(wall string) *booking.Job {
	w.Helper()
	j, err := w.desk.Book(w.Context(), w.request(wall))
	w.ok(err)
	return j
}

// staff is Anna at her desk.
func (w *world) staff() booking.Actor {
	return booking.Actor{Kind: "staff", StaffID: 7, Advisor: w.anna.ID, Name: w.anna.Name}
}

func (w *world) move(j *booking.Job, to booking.Status) (*booking.Job, *notify.Message) {
	w.Helper()
	out, m, err := w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: to, Send: true, By: w.anna.ID, Actor: w.staff()})
	w.ok(err)
	return out, m
}

func (w *world) messages(j *booking.Job) []notify.Message {
	w.Helper()
	ms, err := w.notify.Messages(w.Context(), j.Subject())
	w.ok(err)
	return ms
}

// occasions of a job's outgoing texts by SMS, oldest first.
func (w *world) occasions(j *booking.Job) []string {
	w.Helper()
	var out []string
	for _, m := range w.messages(j) {
		if m.Direction == notify.Out && m.Channel == notify.SMS {
			out = append(out, m.Occasion)
		}
	}
	return out
}

func (w *world) claims(jobID int64) int {
	w.Helper()
	return w.count("SELECT COUNT(*) FROM claims WHERE job_id = ?", jobID)
}

func (w *world) count(sql string, args ...any) int {
	w.Helper()
	var n int
	w.ok(w.db.In(w.Context()).Raw(sql, args...).Scan(&n).Error)
	return n
}

func (w *world) exec(sql string, args ...any) {
	w.Helper()
	w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error { return w.db.In(ctx).Exec(sql, args...).Error }))
}

// starts are the starts on offer on a date, as times on the wall.
func (w *world) starts(date string, advisor int64, services ...int64) []string {
	w.Helper()
	if len(services) == 0 {
		services = []int64{w.tyres.ID}
	}
	a, err := w.desk.Availability(w.Context(), booking.AvailabilityQuery{WorkshopID: w.shop.ID, ServiceIDs: services, AdvisorID: advisor, From: date, To: date})
	w.ok(err)
	var out []string
	for _, s := range a.Days[0].Slots {
		out = append(out, s.Start.Format("15:04"))
	}
	return out
}

func (w *world) offered(wall string, advisor int64) bool {
	w.Helper()
	return slices.Contains(w.starts(wall[:10], advisor), wall[11:])
}

// linkIn is where the short link in a text leads.
func (w *world) linkIn(body string) string {
	w.Helper()
	_, rest, found := strings.Cut(body, "https://neuvo.test/l/")
	if !found {
		w.Fatalf("no short link in %q", body)
	}
	target, err := w.desk.FollowLink(w.Context(), strings.Fields(rest)[0])
	w.ok(err)
	return target
}
