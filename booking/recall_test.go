package booking_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

func (w *world) run(sweep string) int {
	w.Helper()
	f := map[string]func() (int, error){
		"reconfirm": func() (int, error) { return w.desk.AskReconfirmations(w.Context()) },
		"recall":    func() (int, error) { return w.desk.SendRecalls(w.Context()) },
	}[sweep]
	n, err := f()
	w.ok(err)
	return n
}

// texted is a reply by SMS to the last text of a job.
func (w *world) texted(j *booking.Job, body string) {
	w.Helper()
	_, err := w.notify.Record(w.Context(), j.Subject(), notify.Message{
		Channel: notify.SMS, Author: j.ContactName, FromAddress: j.ContactPhone, Body: body, Verified: true,
	})
	w.ok(err)
}

func (w *world) states(j *booking.Job) []string {
	w.Helper()
	items, err := w.desk.Timeline(w.Context(), j.ID)
	w.ok(err)
	var out []string
	for _, i := range items {
		if i.Kind == booking.EventOther {
			out = append(out, i.State)
		}
	}
	return out
}

func TestAVisitBookedLongAheadIsAskedAboutThirtyDaysBefore(t *testing.T) {
	each(t, func(w *world) {
		far, near := w.book("2027-03-10 10:00"), w.book("2026-12-10 10:00")
		w.clock.set(w.at("2027-02-08 09:59"))
		if n := w.run("reconfirm"); n != 0 {
			w.Fatalf("%d asked too early", n)
		}
		w.clock.set(w.at("2027-02-08 10:00"))
		if n := w.run("reconfirm") + w.run("reconfirm"); n != 1 || !slices.Contains(w.occasions(far), "reconfirm") || slices.Contains(w.occasions(near), "reconfirm") {
			w.Fatalf("%d asked", n)
		}
		w.texted(far, "Kyllä!")
		if a, err := w.desk.Attentions(w.Context(), w.shop.ID); err != nil || len(a) != 0 || !slices.Equal(w.states(far), []string{"reconfirmed"}) {
			w.Errorf("a yes needs nobody: %v %v %v", a, err, w.states(far))
		}
		w.texted(far, "ei sittenkään")
		if a, err := w.desk.Attentions(w.Context(), w.shop.ID); err != nil || len(a) != 1 || a[0].Kind != booking.NeedsReply {
			w.Errorf("a no is for the advisor: %v %v", a, err)
		}
	})
}

// collected is a visit that was done and picked up at once.
func (w *world) collected(wall string, change func(*booking.BookingRequest)) *booking.Job {
	w.Helper()
	r := w.request(wall)
	r.ServiceIDs, r.Transport = []int64{w.annual.ID}, "drop_off"
	change(&r)
	j, err := w.desk.Book(w.Context(), r)
	w.ok(err)
	w.clock.set(w.at(wall))
	for _, to := range []booking.Status{booking.Received, booking.Ready, booking.Collected} {
		j, _ = w.move(j, to)
	}
	return j
}

func TestTheNextVisitIsSuggestedAfterItsInterval(t *testing.T) {
	each(t, func(w *world) {
		w.exec("UPDATE services SET recall_months = 12 WHERE id = ?", w.annual.ID)
		j := w.collected("2026-11-25 10:00", func(*booking.BookingRequest) {})
		quiet := w.collected("2026-11-26 10:00", func(r *booking.BookingRequest) {
			r.ConsentReminders, r.ConsentMarketing = false, false
			r.Customer.Phone, r.Vehicle = "040 999 8888", nil
		})
		if !j.RecallAt.Equal(w.at("2027-11-25 10:00")) || !quiet.RecallAt.IsZero() {
			w.Fatalf("%v %v", j.RecallAt, quiet.RecallAt)
		}
		w.clock.set(w.at("2027-11-25 09:59"))
		if n := w.run("recall"); n != 0 {
			w.Fatal("too early")
		}
		w.clock.set(w.at("2027-11-25 10:00"))
		if n := w.run("recall") + w.run("recall"); n != 1 {
			w.Fatalf("%d told", n)
		}
		ms := w.messages(j)
		last := ms[len(ms)-1]
		if last.Occasion != "recall" || last.Purpose != notify.Reminder || !strings.HasPrefix(w.linkIn(last.Body), "/book?service=") {
			w.Errorf("%+v", last)
		}
	})
}

func TestWhoComesAgainAnywayIsNotReminded(t *testing.T) {
	each(t, func(w *world) {
		w.exec("UPDATE services SET recall_months = 1 WHERE id = ?", w.annual.ID)
		j := w.collected("2026-11-25 10:00", func(*booking.BookingRequest) {})
		w.book("2027-01-20 10:00") // the same vehicle
		w.clock.set(w.at("2026-12-25 10:00"))
		if n := w.run("recall"); n != 0 || slices.Contains(w.occasions(j), "recall") {
			w.Error("told although the next visit is booked")
		}
	})
}

func TestAJobIsAnEventInAnyCalendar(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 10:00")
		r.AdvisorID = w.anna.ID
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		event := func(token string) *ics.VEvent {
			raw, err := w.desk.Calendar(w.Context(), token)
			w.ok(err)
			for line := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
				if len(line) > 75 { // RFC 5545 section 3.1
					w.Errorf("a line of %d octets: %q", len(line), line)
				}
			}
			cal, err := ics.ParseCalendar(strings.NewReader(string(raw)))
			w.ok(err)
			if len(cal.Events()) != 1 {
				w.Fatalf("%d events", len(cal.Events()))
			}
			return cal.Events()[0]
		}
		e := event(j.Token)
		start, err := e.GetStartAt()
		w.ok(err)
		uid := e.Id()
		value := func(p ics.ComponentProperty) string { return e.GetProperty(p).Value }
		if !start.Equal(j.StartAt.Time) || value(ics.ComponentPropertySequence) != "1" || value(ics.ComponentPropertyStatus) != "CONFIRMED" ||
			!strings.Contains(value(ics.ComponentPropertyDescription), "/j/"+j.Token) || !strings.Contains(value(ics.ComponentPropertyLocation), w.shop.Name) {
			w.Errorf("%v %+v", start, e.Properties)
		}
		_, err = w.desk.Change(w.Context(), j.ID, booking.ChangeRequest{Start: w.at("2026-11-25 10:30")}, w.staff())
		w.ok(err)
		if e = event(j.Token); e.Id() != uid || value(ics.ComponentPropertySequence) != "2" {
			w.Errorf("%s %s", e.Id(), value(ics.ComponentPropertySequence))
		}
		feed, err := w.desk.NewFeed(w.Context(), w.anna.ID)
		w.ok(err)
		if e = event(feed.Token); e.Id() != uid || strings.Contains(value(ics.ComponentPropertyDescription), j.Token) {
			w.Errorf("%+v", e.Properties)
		}
		w.ok(w.desk.Cancel(w.Context(), j.ID, w.staff()))
		if e = event(j.Token); value(ics.ComponentPropertyStatus) != "CANCELLED" || value(ics.ComponentPropertySequence) != "3" {
			w.Errorf("%+v", e.Properties)
		}
		w.ok(w.desk.EndFeed(w.Context(), w.anna.ID))
		_, err = w.desk.Calendar(w.Context(), feed.Token)
		refusal(w.T, err, fault.NotFound, "fault.not_found")
	})
}

func TestTheInvitationGoesWithTheMails(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 10:00")
		w.clock.advance(time.Minute)
		w.ok(w.desk.Cancel(w.Context(), j.ID, w.staff()))
		if n := w.count(`SELECT COUNT(*) FROM message_attachments a JOIN messages m ON m.id = a.message_id
			WHERE m.channel = 'email' AND m.occasion IN ('booked', 'cancelled') AND a.content_type LIKE 'text/calendar; method=PUBLISH%'`); n != 2 {
			w.Errorf("%d invitations", n)
		}
		if n := w.count("SELECT COUNT(*) FROM message_attachments a JOIN messages m ON m.id = a.message_id WHERE m.channel <> 'email'"); n != 0 {
			w.Errorf("%d texts carry a file", n)
		}
	})
}
