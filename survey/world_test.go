package survey_test

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
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/survey"
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

// world is a small workshop with everything wired as the program does.
type world struct {
	*testing.T
	clock  *clock
	db     *db.DB
	notify *notify.Notifier
	desk   *booking.Desk
	survey *survey.Surveyor
	shop   *booking.Workshop
	anna   booking.Advisor
	bjorn  booking.Advisor
	people func(context.Context) ([]auth.Staff, error)
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	c := &clock{}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c.set(monday)
		w := &world{T: t, clock: c, db: d}
		w.start()
		w.fill()
		f(w)
	}, dbtest.Clock(c.now))
}

// start wires the rooms on the database, as a program that has just started.
func (w *world) start() {
	log := slog.New(slog.DiscardHandler)
	w.notify = notify.New(w.db, notify.Options{Now: w.clock.now, Log: log, MailDomain: "reply.neuvo.test"})
	w.desk = booking.New(w.db, w.notify, booking.Options{Now: w.clock.now, BaseURL: "https://neuvo.test", Log: log})
	w.survey = survey.New(w.db, w.desk, w.notify, survey.Options{Now: w.clock.now, BaseURL: "https://neuvo.test/", Log: log, Staff: w.people})
	w.desk.OnStatus(w.survey.OnStatus)
	w.desk.OnBroken(w.survey.OnBroken)
	w.desk.OnCalled(w.survey.OnCalled)
	w.desk.OnDone(w.survey.OnDone)
	w.desk.OnErase(w.survey.OnErase)
	w.desk.OnMoving(w.survey.OnMoving)
	w.notify.OnFailure(w.survey.HandleFailure)
	w.notify.OnReply(w.survey.HandleReply)
	w.notify.OnReply(w.desk.HandleReply)
	w.notify.SetVersions(w.desk.Version)
	w.notify.SetSubjects(w.desk)
}

func (w *world) fill() {
	w.Helper()
	f, err := os.Open("testdata/catalogue.yaml")
	w.ok(err)
	defer f.Close()
	c, err := booking.ReadCatalogue(f)
	w.ok(err)
	report, err := w.desk.Import(w.Context(), *c)
	w.ok(err)
	w.shop, err = w.desk.Workshop(w.Context(), report.Workshops["talo"])
	w.ok(err)
	advisors, err := w.desk.Advisors(w.Context(), w.shop.ID)
	w.ok(err)
	w.anna, w.bjorn = advisors[0], advisors[1]
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
	t, err := time.ParseInLocation("2006-01-02 15:04", wall, w.shop.Zone())
	w.ok(err)
	return t
}

// visit books, receives and finishes a job so that it only has to be collected.
func (w *world) visit(wall string, change ...func(*booking.BookingRequest)) *booking.Job {
	w.Helper()
	services, err := w.desk.Services(w.Context(), w.shop.ID)
	w.ok(err)
	r := booking.BookingRequest{
		WorkshopID: w.shop.ID, ServiceIDs: []int64{services[0].ID}, AdvisorID: w.anna.ID, Start: w.at(wall), Transport: "drop_off",
		Customer: booking.ContactInput{Name: "Maija Meikäläinen", Phone: "040 123 4567", Email: "maija@example.com", Locale: "fi"},
		Vehicle:  &booking.VehicleInput{Plate: "ABC-123"}, ConsentSurvey: true, ConsentReminders: true,
		Source: "desk", Actor: booking.Actor{Kind: "staff", Name: "Anna Virtanen"},
	}
	for _, f := range change {
		f(&r)
	}
	j, err := w.desk.Book(w.Context(), r)
	w.ok(err)
	w.move(j, booking.Received)
	w.move(j, booking.InWork)
	w.move(j, booking.Ready)
	return j
}

func (w *world) move(j *booking.Job, to booking.Status) {
	w.Helper()
	_, _, err := w.desk.Transition(w.Context(), booking.TransitionRequest{
		JobID: j.ID, To: to, By: w.bjorn.ID, Actor: booking.Actor{Kind: "staff", Advisor: w.bjorn.ID, Name: w.bjorn.Name},
	})
	w.ok(err)
}

// asked is a visit whose question has been asked; the clock stands at 18:00.
func (w *world) asked(change ...func(*booking.BookingRequest)) *booking.Job {
	w.Helper()
	j := w.visit("2026-11-23 10:00", change...)
	w.move(j, booking.Collected)
	w.clock.set(w.at("2026-11-23 18:00"))
	if n := w.ask(); n != 1 {
		w.Fatalf("%d asked", n)
	}
	return j
}

func (w *world) ask() int {
	w.Helper()
	n, err := w.survey.AskDue(w.Context())
	w.ok(err)
	return n
}

func (w *world) of(j *booking.Job) *survey.Survey {
	w.Helper()
	s, err := w.survey.ForJob(w.Context(), j.ID)
	w.ok(err)
	return s
}

// texts the customer writes; each is one message by SMS.
func (w *world) texts(j *booking.Job, body string) *notify.Message {
	w.Helper()
	return w.writes(j, notify.Message{Channel: notify.SMS, FromAddress: "+358401234567", Verified: true, Body: body})
}

func (w *world) writes(j *booking.Job, m notify.Message) *notify.Message {
	w.Helper()
	w.clock.set(w.clock.now().Add(time.Minute))
	got, err := w.notify.Record(w.Context(), j.Subject(), m)
	w.ok(err)
	return got
}

// sent is what we wrote to the customer, by occasion, since the question.
func (w *world) sent(j *booking.Job) []string {
	w.Helper()
	messages, err := w.notify.Messages(w.Context(), j.Subject())
	w.ok(err)
	var out []string
	for _, m := range messages {
		if m.Direction == notify.Out && (m.Purpose == notify.Survey || m.Occasion == "callback" || m.Occasion == "case_opened") {
			out = append(out, m.Occasion)
		}
	}
	return out
}

// alerts is what waits for an advisor.
func (w *world) alerts() []booking.AttentionKind {
	w.Helper()
	rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
	w.ok(err)
	var out []booking.AttentionKind
	for _, a := range rows {
		if a.AdvisorID != w.bjorn.ID {
			w.Errorf("%s went to advisor %d, not to the owner", a.Kind, a.AdvisorID)
		}
		out = append(out, a.Kind)
	}
	slices.Sort(out)
	return out
}

func same[T comparable](w *world, what string, got, want []T) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
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
