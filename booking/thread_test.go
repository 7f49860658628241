package booking_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// kinds of the open attentions of the workshop.
func (w *world) attentions() []string {
	w.Helper()
	rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
	w.ok(err)
	var out []string
	for _, a := range rows {
		if a.Job == nil || a.Job.ID != a.JobID || a.Job.Vehicle == nil {
			w.Errorf("an attention without its job: %+v", a)
		}
		out = append(out, string(a.Kind))
	}
	return out
}

func TestWhatTheCustomerWritesReachesTheOwner(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-11-25 09:00")
		r.AdvisorID = w.bjorn.ID
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		m, err := w.desk.CustomerWrites(w.Context(), j.Token, "Can I come earlier?")
		w.ok(err)
		if m.Verified || m.Channel != notify.Web || m.Direction != notify.In {
			w.Errorf("%+v", m)
		}
		_, err = w.desk.CustomerWrites(w.Context(), j.Token, "Say at eight?")
		w.ok(err)
		rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
		w.ok(err)
		if len(rows) != 1 || rows[0].Kind != booking.NeedsReply || rows[0].AdvisorID != w.bjorn.ID || rows[0].Body != "Say at eight?" {
			w.Fatalf("%+v", rows)
		}
		// An answer settles it and goes where the customer can read it.
		out, err := w.desk.Write(w.Context(), j.ID, "", "Eight is fine.", w.staff())
		w.ok(err)
		if out.Channel != notify.SMS || out.ToAddress != j.ContactPhone || !out.ByHuman || out.SubjectVersion != 0 || out.Author != "Anna Virtanen" ||
			!strings.Contains(out.Body, "Eight is fine.") || !strings.Contains(out.Body, "Anna") {
			w.Errorf("%+v", out)
		}
		if got := w.attentions(); len(got) != 0 {
			w.Errorf("still open: %v", got)
		}
		// A stranger who holds the address of the job.
		w.reply(j, notify.Message{Channel: notify.Email, Body: "I am his wife"})
		if got := w.attentions(); !slices.Equal(got, []string{"unverified"}) {
			w.Errorf("%v", got)
		}
		if handled, err := w.desk.HandleReply(w.Context(), notify.Reply{Subject: "other:1"}); handled || err != nil {
			w.Errorf("what is no job: %v, %v", handled, err)
		}
		// The answer to an e-mail goes by e-mail, in its thread.
		w.reply(j, notify.Message{Channel: notify.Email, Body: "Thank you", Verified: true, FromAddress: j.ContactEmail})
		if out, err = w.desk.Write(w.Context(), j.ID, "", "My pleasure.", w.staff()); err != nil || out.Channel != notify.Email || out.ToAddress != j.ContactEmail || out.Subject == "" {
			w.Errorf("%+v, %v", out, err)
		}
		if _, err := w.desk.Write(w.Context(), j.ID, notify.Web, "x", w.staff()); !fault.Is(err, fault.Invalid) {
			w.Errorf("a channel that is none: %v", err)
		}
		if _, err := w.desk.CustomerWrites(w.Context(), strings.Repeat("a", 18), "x"); !fault.Is(err, fault.NotFound) {
			w.Errorf("an unknown token: %v", err)
		}
	})
}

// reply puts an inbound message on a job as the placement would.
func (w *world) reply(j *booking.Job, m notify.Message) {
	w.Helper()
	_, err := w.notify.Record(w.Context(), j.Subject(), m)
	w.ok(err)
}

func TestAMessageThatDoesNotArriveAsksForACall(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	fail := func(p notify.Purpose) {
		t.Helper()
		w.ok(w.db.Tx(t.Context(), func(ctx context.Context) error {
			return w.desk.HandleFailure(ctx, j.Subject(), notify.Message{ToAddress: j.ContactEmail, Purpose: p, Error: "no such user"})
		}))
	}
	fail(notify.Survey)
	if got := w.attentions(); len(got) != 0 {
		t.Fatalf("for a question: %v", got)
	}
	fail(notify.JobUpdate)
	rows, err := w.desk.Attentions(t.Context(), 0)
	w.ok(err)
	if len(rows) != 1 || rows[0].Kind != booking.NeedsDelivery || !strings.Contains(rows[0].Body, j.ContactPhone) || !strings.Contains(rows[0].Body, "no such user") {
		t.Fatalf("%+v", rows)
	}
	w.ok(w.desk.Done(t.Context(), rows[0].ID, w.staff()))
	w.ok(w.desk.Done(t.Context(), rows[0].ID, w.staff()))
	if got := w.attentions(); len(got) != 0 {
		t.Fatalf("%v", got)
	}
}

func TestTheTimelineTellsAllOldestFirst(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.clock.advance(time.Minute)
		w.ok(w.desk.Note(w.Context(), j.ID, "Wants the old tyres back.", w.staff()))
		w.clock.advance(time.Minute)
		_, err := w.desk.CustomerWrites(w.Context(), j.Token, "Hello")
		w.ok(err)
		w.clock.advance(time.Minute)
		w.move(j, booking.Received)
		w.ok(w.desk.Handover(w.Context(), booking.HandoverRequest{JobID: j.ID, To: w.bjorn.ID, Note: "I am off to lunch.", Actor: w.staff()}))
		items, err := w.desk.Timeline(w.Context(), j.ID)
		w.ok(err)
		var got []string
		for _, i := range items {
			if i.ID == "" || i.At.IsZero() {
				w.Errorf("%+v", i)
			}
			got = append(got, strings.Join([]string{string(i.Kind), i.Direction, i.Channel, i.Author, i.State, i.Occasion}, "|"))
		}
		want := []string{
			"status|||Maija Meikäläinen|booked|",
			"message|out|sms|" + j.Advisor.Name + "|queued|booked",
			"message|out|email|" + j.Advisor.Name + "|queued|booked",
			"note|||Anna Virtanen||",
			"message|in|web|Maija Meikäläinen|received|",
			"status|||Anna Virtanen|received|",
			"event|||Anna Virtanen|handover|",
			"message|out|sms|Anna Virtanen|queued|received",
		}
		if !slices.Equal(got, want) {
			w.Fatalf("got\n%s", strings.Join(got, "\n"))
		}
	})
}

func TestAHandoverTakesTheThreadAlong(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-11-25 09:00")
	w.move(j, booking.Received)
	p, err := w.desk.AskCallback(t.Context(), j.Token, "", "")
	w.ok(err)
	w.ok(w.desk.Handover(t.Context(), booking.HandoverRequest{JobID: j.ID, To: w.bjorn.ID, Send: true, Actor: w.staff()}))
	_, m := w.move(j, booking.InWork)
	if m.Author != "Björn Lindqvist" {
		t.Errorf("signed by %s", m.Author)
	}
	ps, err := w.desk.JobPromises(t.Context(), j.ID)
	w.ok(err)
	rows, err := w.desk.Attentions(t.Context(), w.shop.ID)
	w.ok(err)
	if ps[0].ID != p.ID || ps[0].Owner.ID != w.bjorn.ID || rows[0].AdvisorID != w.bjorn.ID {
		t.Errorf("%+v %+v", ps, rows)
	}
}

func TestACallIsPromisedWithinTwoOpeningHours(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-12-28 09:00")
	for _, c := range []struct{ name, now, due string }{
		{"in the middle of the day", "2026-11-23 10:02", "2026-11-23 12:05"},
		{"before opening", "2026-11-24 06:00", "2026-11-24 09:30"},
		{"an hour before closing", "2026-11-24 16:00", "2026-11-25 08:30"},
		{"on Saturday after closing", "2026-11-28 15:00", "2026-11-30 09:30"},
		{"before Christmas", "2026-12-23 16:30", "2026-12-28 09:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.clock.set(w.at(c.now))
			p, err := w.desk.AskCallback(t.Context(), j.Token, "09 4241 5500", "About the price")
			w.ok(err)
			if !p.DueAt.Equal(w.at(c.due)) || p.FirstDueAt != p.DueAt || p.Phone != "+358942415500" || p.Owner.ID != j.BookedWith || p.State != booking.PromiseOpen {
				t.Fatalf("%+v", p)
			}
			_, err = w.desk.Attempt(t.Context(), p.ID, booking.OutcomeReached, "", w.staff())
			w.ok(err)
		})
	}
}

func TestAPromiseIsKeptMissedOrMoved(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		w.clock.set(w.at("2026-11-23 10:00"))
		p, err := w.desk.AskCallback(w.Context(), j.Token, "", "")
		w.ok(err)
		again, err := w.desk.AskCallback(w.Context(), j.Token, "", "It is urgent")
		w.ok(err)
		if again.ID != p.ID || again.Note != "It is urgent" || p.Phone != j.ContactPhone {
			w.Fatalf("%+v", again)
		}
		if got := w.occasions(j); !slices.Equal(got, []string{"booked", "callback"}) {
			w.Errorf("texts %v", got)
		}
		if got := w.attentions(); !slices.Equal(got, []string{"callback"}) {
			w.Errorf("%v", got)
		}
		w.clock.set(w.at("2026-11-23 11:30"))
		p, err = w.desk.Attempt(w.Context(), p.ID, booking.OutcomeNoAnswer, "Rang out", w.staff())
		w.ok(err)
		if p.State != booking.PromiseOpen || p.Attempts != 1 || !p.DueAt.Equal(w.at("2026-11-23 13:30")) || !p.FirstDueAt.Equal(w.at("2026-11-23 12:00")) {
			w.Fatalf("%+v", p)
		}
		w.clock.set(w.at("2026-11-23 14:00"))
		p, err = w.desk.Attempt(w.Context(), p.ID, booking.OutcomeReached, "", w.staff())
		w.ok(err)
		if p.State != booking.PromiseMissed || p.ClosedAt.IsZero() || len(w.attentions()) != 0 {
			w.Fatalf("%+v", p)
		}
		if _, err = w.desk.Attempt(w.Context(), p.ID, booking.OutcomeReached, "", w.staff()); !fault.Is(err, fault.Conflict) {
			w.Errorf("a second end: %v", err)
		}
		if _, err = w.desk.Attempt(w.Context(), p.ID, "perhaps", "", w.staff()); !fault.Is(err, fault.Invalid) {
			w.Errorf("an outcome that is none: %v", err)
		}
		open, err := w.desk.Promises(w.Context(), w.shop.ID, true)
		w.ok(err)
		all, err := w.desk.Promises(w.Context(), 0, false)
		w.ok(err)
		if len(open) != 0 || len(all) != 1 || all[0].Job.ID != j.ID {
			w.Errorf("%d open, %d in all", len(open), len(all))
		}
	})
}

func TestRemindersGoOnceOnTheDayBefore(t *testing.T) {
	each(t, func(w *world) {
		reminded := w.book("2026-11-25 09:00")
		r := w.request("2026-11-25 10:00")
		r.ConsentReminders = false
		silent, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		cancelled := w.book("2026-11-25 11:30")
		tomorrow := w.book("2026-11-24 09:00") // its reminder would be today at ten
		w.ok(w.desk.Cancel(w.Context(), cancelled.ID, w.staff()))
		sweep := func(wall string) int {
			w.Helper()
			w.clock.set(w.at(wall))
			n, err := w.desk.SendReminders(w.Context())
			w.ok(err)
			return n
		}
		for _, c := range []struct {
			wall string
			want int
		}{
			{"2026-11-23 09:59", 0}, {"2026-11-23 10:00", 1}, {"2026-11-23 10:01", 0},
			{"2026-11-24 09:59", 0}, {"2026-11-24 11:00", 1}, {"2026-11-24 11:01", 0},
		} {
			if got := sweep(c.wall); got != c.want {
				w.Errorf("%s: %d reminders", c.wall, got)
			}
		}
		ms := w.messages(reminded)
		last := ms[len(ms)-1]
		if last.Occasion != "reminder" || last.Purpose != notify.Reminder || !last.ExpiresAt.Equal(reminded.StartAt.Time) || last.Channel != notify.SMS {
			w.Errorf("%+v", last)
		}
		for _, j := range []*booking.Job{silent, cancelled} {
			if slices.Contains(w.occasions(j), "reminder") {
				w.Errorf("job %d was reminded of", j.ID)
			}
		}
		if !slices.Contains(w.occasions(tomorrow), "reminder") {
			w.Error("tomorrow's job was not reminded of")
		}
		// After an outage of days, a visit that has passed is not reminded of.
		late := w.book("2026-12-01 09:00")
		if n := sweep("2026-12-02 09:00"); n != 0 || slices.Contains(w.occasions(late), "reminder") {
			w.Errorf("%d reminders of the past", n)
		}
		if n := w.count("SELECT COUNT(*) FROM jobs WHERE remind_at IS NOT NULL"); n != 0 {
			w.Errorf("%d are left on the list", n)
		}
	})
}

func TestJobsAreFoundByWhatPeopleType(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-11-25 09:00")
		r := w.request("2026-11-26 09:00")
		r.Customer = booking.ContactInput{Name: "Åke Äijälä", Phone: "+46 70 123 45 67", Email: "ake_100%@example.com"}
		r.Vehicle = nil
		other, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		for _, c := range []struct {
			words string
			want  []int64
		}{
			{j.Reference, []int64{j.ID}},
			{strings.ToLower(j.Reference), []int64{j.ID}},
			{"abc 123", []int64{j.ID}},
			{"bc-12", []int64{j.ID}},
			{"meikäl", []int64{j.ID}},
			{"äijälä", []int64{other.ID}},
			{"åke ä", []int64{other.ID}},
			{"040 123 45", []int64{j.ID}},
			{"+46 70", []int64{other.ID}},
			{"ake_100%", []int64{other.ID}},
			{"%", nil},
			{"example.com", []int64{j.ID, other.ID}},
			{"nobody", nil},
		} {
			items, next, err := w.desk.Jobs(w.Context(), booking.JobFilter{WorkshopID: w.shop.ID, Query: c.words})
			w.ok(err)
			var got []int64
			for _, i := range items {
				got = append(got, i.ID)
			}
			if c.words == "%" {
				c.want = []int64{other.ID} // its address has one
			}
			if !slices.Equal(got, c.want) || next != "" {
				w.Errorf("%q finds %v, want %v", c.words, got, c.want)
			}
		}
	})
}

func TestJobsComePageByPage(t *testing.T) {
	w := onSQLite(t)
	var want []int64
	for _, at := range []string{"25 09:00", "25 09:00", "25 10:00", "26 09:00", "27 09:00"} {
		want = append(want, w.book("2026-11-"+at).ID)
	}
	w.move(&booking.Job{ID: want[4]}, booking.Received)
	var got []int64
	f := booking.JobFilter{WorkshopID: w.shop.ID, Limit: 2}
	for pages := 1; ; pages++ {
		items, next, err := w.desk.Jobs(t.Context(), f)
		w.ok(err)
		for _, i := range items {
			got = append(got, i.ID)
		}
		if f.Cursor = next; next == "" {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for _, c := range []struct {
		name string
		f    booking.JobFilter
		want int
	}{
		{"a day", booking.JobFilter{From: w.at("2026-11-25 00:00"), To: w.at("2026-11-26 00:00")}, 3},
		{"a status", booking.JobFilter{Statuses: []booking.Status{booking.Received}}, 1},
		{"an advisor", booking.JobFilter{AdvisorID: w.anna.ID, Statuses: []booking.Status{booking.Received}}, 1},
		{"another workshop", booking.JobFilter{WorkshopID: 99}, 0},
		{"open", booking.JobFilter{OpenOnly: true}, 5},
	} {
		items, _, err := w.desk.Jobs(t.Context(), c.f)
		w.ok(err)
		if len(items) != c.want {
			t.Errorf("%s: %d jobs", c.name, len(items))
		}
	}
	if _, _, err := w.desk.Jobs(t.Context(), booking.JobFilter{Cursor: "x"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

func TestASubjectNamesItsJob(t *testing.T) {
	for subject, want := range map[string]int64{"job:42": 42, "job:": 0, "job:-1": 0, "job:x": 0, "survey:1": 0, "": 0} {
		if id, ok := booking.JobOf(subject); (ok && id != want) || ok != (want != 0) {
			t.Errorf("%q: %d, %v", subject, id, ok)
		}
	}
	if booking.SubjectOf(42) != "job:42" {
		t.Error(booking.SubjectOf(42))
	}
}
