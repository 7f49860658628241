package demo

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/inbox"
	"neuvo/survey"
)

// rooms is the program wired as the demo wires it, without HTTP.
type rooms struct {
	SeedOptions
	poller *inbox.Poller
}

// wire opens a host and a database and connects the rooms. now is the machine's
// time; the zero time takes the real one.
func wire(t *testing.T, now time.Time) *rooms {
	t.Helper()
	clock := NewClock()
	if !now.IsZero() {
		began := time.Now()
		clock.real = func() time.Time { return now.Add(time.Since(began)) }
	}
	d := dbtest.SQLite(t, dbtest.Clock(clock.Now))
	if err := clock.Load(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	h, err := StartHost(HostOptions{Dir: t.TempDir(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return connect(t, d, clock, h)
}

func connect(t *testing.T, d *db.DB, clock *Clock, h *Host) *rooms {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	addresses, err := notify.NewAddresses("{token}@"+ReplyDomain, []byte("0123456789abcdef0123456789abcdef"))
	must(err)
	mailer, err := email.NewMailer(email.MailerOptions{URL: h.SMTPURL(), Log: log})
	must(err)
	texts, err := email.NewSMSGateway(mailer, email.SMSOptions{Address: h.SMSAddress()})
	must(err)
	n := notify.New(d, notify.Options{
		Now: clock.Now, Log: log, Addresses: addresses, MailDomain: ReplyDomain, Holder: "test",
		Routes: []notify.Route{{Gateway: email.NewSMTP(mailer)}, {Gateway: texts}},
	})
	poller, err := inbox.NewPoller(n, inbox.PollerOptions{
		URL: h.IMAPURL(), DB: d, Holder: "test", Log: log, Now: clock.Now,
		Parse: inbox.ParseOptions{SMSDomain: SMSDomain, OwnDomain: ReplyDomain, Country: "FI"},
	})
	must(err)
	t.Cleanup(func() { poller.Close(); mailer.Close() })
	desk := booking.New(d, n, booking.Options{Now: clock.Now, BaseURL: "http://demo.test", Log: log})
	surveyor := survey.New(d, desk, n, survey.Options{Now: clock.Now, BaseURL: "http://demo.test", Log: log})
	n.OnReply(surveyor.HandleReply)
	n.OnReply(desk.HandleReply)
	n.OnFailure(desk.HandleFailure)
	n.SetVersions(desk.Version)
	desk.OnStatus(surveyor.OnStatus)
	r := &rooms{poller: poller, SeedOptions: SeedOptions{
		DB: d, Clock: clock, Host: h, Desk: desk, Notifier: n, Surveyor: surveyor, Directory: auth.New(d), Log: log,
	}}
	r.Settle = func(ctx context.Context) error {
		for {
			sent, err := n.SendDue(ctx)
			if err != nil {
				return err
			}
			read, err := poller.Poll(ctx)
			if err != nil || sent+read == 0 {
				return err
			}
		}
	}
	return r
}

func TestAnEmptyDemoIsFilledWithAWeekOfWork(t *testing.T) {
	r := wire(t, time.Time{})
	before := r.Clock.Offset()
	began := time.Now()
	seeded, err := Seed(t.Context(), r.SeedOptions)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seeded %d jobs in %v", seeded.Jobs, time.Since(began))
	if !seeded.Fresh || seeded.Jobs < 36 || seeded.WorkshopName == "" || seeded.Zone.String() != "Europe/Helsinki" {
		t.Errorf("seeded is %+v", seeded)
	}
	if r.Clock.Offset() != before {
		t.Errorf("the clock was left %v off", r.Clock.Offset()-before)
	}
	admin, err := r.Directory.SignIn(t.Context(), seeded.StaffEmail, seeded.StaffPassword)
	if err != nil || !admin.Can("admin") {
		t.Errorf("the admin cannot sign in: %v", err)
	}
	if staff, err := r.Directory.List(t.Context()); err != nil || len(staff) != 5 {
		t.Errorf("%d staff (%v), want 5", len(staff), err)
	}
	if err := r.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkJobs(t, r, seeded)
	checkSurveys(t, r, seeded)
	checkOpenEnds(t, r, seeded)
}

// checkJobs wants every status that a job can have, and nothing out of order.
func checkJobs(t *testing.T, r *rooms, seeded Seeded) {
	t.Helper()
	jobs, _, err := r.Desk.Jobs(t.Context(), booking.JobFilter{WorkshopID: seeded.WorkshopID, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	if len(jobs) != seeded.Jobs {
		t.Errorf("%d jobs, want %d", len(jobs), seeded.Jobs)
	}
	count := map[booking.Status]int{}
	open := map[string]int{}
	now := r.Clock.Now()
	for _, j := range jobs {
		count[j.Status]++
		if j.CreatedAt.After(j.StartAt.Time) || j.CreatedAt.After(now) {
			t.Errorf("job %s was booked at %v for %v", j.Reference, j.CreatedAt, j.StartAt)
		}
		if !j.ReceivedAt.IsZero() && (j.ReceivedAt.Before(j.StartAt.Time) || j.ReceivedAt.After(now)) {
			t.Errorf("job %s was received at %v for %v", j.Reference, j.ReceivedAt, j.StartAt)
		}
		if j.ClosedAt.IsZero() {
			open[j.ContactPhone]++
		}
	}
	for _, s := range booking.Statuses {
		if s != booking.Unconfirmed && count[s] == 0 {
			t.Errorf("no job is %s", s)
		}
	}
	if !slices.Contains(slices.Collect(values(open)), 2) {
		t.Errorf("no customer has two open jobs")
	}
	t.Logf("jobs: %v", count)
}

func checkSurveys(t *testing.T, r *rooms, seeded Seeded) {
	t.Helper()
	list, err := r.Surveyor.List(t.Context(), survey.Filter{WorkshopID: seeded.WorkshopID, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for _, s := range list {
		switch {
		case s.Score != nil && s.Low():
			bad++
		case s.Score != nil:
			good++
		}
	}
	t.Logf("surveys: %d, good answers %d, bad %d", len(list), good, bad)
	want := 0
	for _, o := range lastWeek {
		if o.answer != "" {
			want++
		}
	}
	if good+bad != want || good < 3 || bad < 2 {
		t.Errorf("%d good and %d bad answers, want %d together", good, bad, want)
	}
}

func checkOpenEnds(t *testing.T, r *rooms, seeded Seeded) {
	t.Helper()
	promises, err := r.Desk.Promises(t.Context(), seeded.WorkshopID, true)
	if err != nil || len(promises) == 0 {
		t.Errorf("%d open promises (%v), want one", len(promises), err)
	}
	list, err := r.Desk.Waitlist(t.Context(), seeded.WorkshopID)
	if err != nil || len(list) != 1 || !list[0].Offered(r.Clock.Now()) {
		t.Errorf("%d on the waiting list (%v), want one with an offer: %+v", len(list), err, list)
	}
	if n, err := r.Desk.CountAtRisk(t.Context(), seeded.WorkshopID); err != nil || n == 0 {
		t.Errorf("%d bookings at risk (%v), want some", n, err)
	}
	var waiting int64
	err = r.DB.In(t.Context()).Model(&booking.Photo{}).Where("job_id IN (SELECT job_id FROM estimates WHERE state = 'sent')").Count(&waiting).Error
	if err != nil || waiting != 1 {
		t.Errorf("%d photos on proposals that wait (%v), want one", waiting, err)
	}
	triage, _, err := r.Notifier.Inbox(t.Context(), "triage", 50, "")
	if err != nil || len(triage) == 0 {
		t.Errorf("%d items in triage (%v), want one", len(triage), err)
	}
	attentions, err := r.Desk.Attentions(t.Context(), seeded.WorkshopID)
	if err != nil || len(attentions) < 2 {
		t.Errorf("%d attentions (%v), want some", len(attentions), err)
	}
	texts, states := 0, map[notify.State]int{}
	for _, p := range r.Host.Phones() {
		texts += p.Count
	}
	jobs, _, err := r.Desk.Jobs(t.Context(), booking.JobFilter{WorkshopID: seeded.WorkshopID, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		messages, err := r.Notifier.Messages(t.Context(), j.Subject())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			states[m.State]++
			if m.State == notify.Expired || m.State == notify.Failed || m.State == notify.Unknown {
				t.Errorf("the %s message of job %s is %s: %s", m.Occasion, j.Reference, m.State, m.Error)
			}
		}
	}
	t.Logf("phones %d, texts %d, mailboxes %d, triage %d, attentions %d, messages %v",
		len(r.Host.Phones()), texts, len(r.Host.Mailboxes()), len(triage), len(attentions), states)
}

func TestASeededDemoGoesOnWhereItWas(t *testing.T) {
	r := wire(t, time.Time{})
	first, err := Seed(t.Context(), r.SeedOptions)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Seed(t.Context(), r.SeedOptions)
	if err != nil {
		t.Fatal(err)
	}
	if again.Fresh || again.StaffPassword != first.StaffPassword || again.StaffEmail != first.StaffEmail || again.WorkshopID != first.WorkshopID {
		t.Errorf("the second start has %+v, the first had %+v", again, first)
	}
}

func TestTheDemoCanBeStartedOnAnyDay(t *testing.T) {
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	for name, now := range map[string]time.Time{
		"on a Sunday night":                 time.Date(2026, 11, 22, 3, 12, 0, 0, helsinki),
		"on a Monday before opening":        time.Date(2026, 11, 23, 6, 50, 0, 0, helsinki),
		"on a Wednesday morning":            time.Date(2026, 11, 25, 8, 5, 0, 0, helsinki),
		"in the middle of Christmas":        time.Date(2026, 12, 26, 14, 0, 0, 0, helsinki),
		"on New Year's Day":                 time.Date(2027, 1, 1, 12, 0, 0, 0, helsinki),
		"the day after summer time began":   time.Date(2027, 3, 29, 11, 30, 0, 0, helsinki),
		"late on a Friday":                  time.Date(2026, 11, 27, 22, 0, 0, 0, helsinki),
		"on the last hour before it closes": time.Date(2026, 11, 26, 16, 20, 0, 0, helsinki),
	} {
		t.Run(name, func(t *testing.T) {
			r := wire(t, now)
			seeded, err := Seed(t.Context(), r.SeedOptions)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			checkJobs(t, r, seeded)
			checkSurveys(t, r, seeded)
			checkOpenEnds(t, r, seeded)
			checkPromises(t, r, seeded)
		})
	}
}

// checkPromises lets the sweep look at what the seed has promised: nothing that
// is being worked on is late, or will be before anybody has looked around.
func checkPromises(t *testing.T, r *rooms, seeded Seeded) {
	t.Helper()
	if _, err := r.Desk.WatchPromises(t.Context()); err != nil {
		t.Fatal(err)
	}
	open, err := r.Desk.Promises(t.Context(), seeded.WorkshopID, true)
	if err != nil {
		t.Fatal(err)
	}
	ready := 0
	for _, p := range open {
		if p.Kind != booking.PromiseReady {
			continue
		}
		ready++
		if soon := r.Clock.Now().Add(2 * time.Hour); p.DueAt.Before(soon) || !p.BrokenAt.IsZero() || !p.LateToldAt.IsZero() {
			t.Errorf("the promise of job %d is due at %s, broken %s", p.JobID, p.DueAt, p.BrokenAt)
		}
	}
	if ready < 5 {
		t.Errorf("only %d cars have a promised time", ready)
	}
}
