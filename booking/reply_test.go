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

// wrote gives the customer's last message on a job.
func (w *world) wrote(j *booking.Job) notify.Message {
	w.Helper()
	for _, m := range slices.Backward(w.messages(j)) {
		if m.Direction == notify.In {
			return m
		}
	}
	w.Fatalf("nothing was written on job %d", j.ID)
	return notify.Message{}
}

// states of the events on a job's timeline, oldest first.
func (w *world) eventStates(j *booking.Job) []string {
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

func TestAReplyWaitsForItsAdvisorThenTheTeamThenTheManager(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-12-01 09:00")
		w.clock.set(w.at("2026-11-23 16:30")) // the workshop closes at five
		w.reply(j, notify.Message{Channel: notify.SMS, Body: "Voinko tulla aiemmin?", Verified: true, FromAddress: j.ContactPhone})
		sweep := func(wall string) (rose, level int) {
			w.Helper()
			w.clock.set(w.at(wall))
			rose, err := w.desk.EscalateReplies(w.Context())
			w.ok(err)
			rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
			w.ok(err)
			if len(rows) != 1 {
				w.Fatalf("%+v", rows)
			}
			return rose, rows[0].Level
		}
		for _, c := range []struct {
			wall        string
			rose, level int
		}{
			{"2026-11-23 16:31", 0, 0}, {"2026-11-23 23:00", 0, 0}, // the night does not count
			{"2026-11-24 07:55", 0, 0}, {"2026-11-24 08:05", 1, 1}, {"2026-11-24 08:06", 0, 1},
			{"2026-11-24 09:55", 0, 1}, {"2026-11-24 10:05", 1, 2}, {"2026-11-25 10:05", 0, 2},
		} {
			if rose, level := sweep(c.wall); rose != c.rose || level != c.level {
				w.Errorf("%s: %d rose, level %d; want %d, %d", c.wall, rose, level, c.rose, c.level)
			}
		}
		if got := w.eventStates(j); !slices.Equal(got, []string{"reply_team", "reply_manager"}) {
			w.Errorf("the timeline tells %v", got)
		}
		_, err := w.desk.Write(w.Context(), j.ID, "", "Totta kai.", w.staff())
		w.ok(err)
		if n := w.count("SELECT COUNT(*) FROM attentions WHERE escalate_at IS NOT NULL"); n != 0 {
			w.Errorf("%d clocks run on after the answer", n)
		}
	})
}

func TestTheWorkshopSaysHowLongAReplyMayWait(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-12-01 09:00")
	w.exec("UPDATE workshops SET reply_minutes = 15, reply_manager_minutes = 30")
	w.clock.set(w.at("2026-11-24 10:00"))
	w.reply(j, notify.Message{Channel: notify.SMS, Body: "Hei", Verified: true, FromAddress: j.ContactPhone})
	for i, want := range []int{0, 1, 2} {
		w.clock.set(w.at("2026-11-24 10:00").Add(time.Duration(i) * 16 * time.Minute))
		_, err := w.desk.EscalateReplies(t.Context())
		w.ok(err)
		if n := w.count("SELECT level FROM attentions"); n != want {
			t.Errorf("after %d minutes level %d", 16*i, n)
		}
	}
}

func TestTheStandInSeesWhatIsWrittenDuringAnAbsence(t *testing.T) {
	each(t, func(w *world) {
		r := w.request("2026-12-10 09:00")
		r.AdvisorID = w.anna.ID
		j, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		w.exec("UPDATE advisors SET stand_in_id = ? WHERE id = ?", w.bjorn.ID, w.anna.ID)
		_, err = w.desk.AddAbsence(w.Context(), w.anna.ID, w.at("2026-11-24 00:00"), w.at("2026-11-26 00:00"), "Flunssa", w.staff())
		w.ok(err)
		owner := func(wall string) int64 {
			w.Helper()
			w.clock.set(w.at(wall))
			w.reply(j, notify.Message{Channel: notify.SMS, Body: "Hei", Verified: true, FromAddress: j.ContactPhone})
			rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
			w.ok(err)
			return rows[0].AdvisorID
		}
		if got := owner("2026-11-23 10:00"); got != w.anna.ID {
			w.Errorf("before the absence it goes to %d", got)
		}
		if got := owner("2026-11-24 10:00"); got != w.bjorn.ID {
			w.Errorf("during the absence it goes to %d", got)
		}
		// Both away, each the other's stand-in: it stays with its owner.
		w.exec("UPDATE advisors SET stand_in_id = ? WHERE id = ?", w.anna.ID, w.bjorn.ID)
		_, err = w.desk.AddAbsence(w.Context(), w.bjorn.ID, w.at("2026-11-25 00:00"), w.at("2026-11-26 00:00"), "Kurssi", w.staff())
		w.ok(err)
		if got := owner("2026-11-25 10:00"); got != w.anna.ID {
			w.Errorf("with both away it goes to %d", got)
		}
		if got := owner("2026-11-27 10:00"); got != w.anna.ID {
			w.Errorf("after the absence it goes to %d", got)
		}
	})
}

func TestAYesOnACancelledJobBringsNothingBack(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-12-01 09:00")
		w.ok(w.desk.Cancel(w.Context(), j.ID, w.staff()))
		w.reply(j, notify.Message{Channel: notify.SMS, Body: "Y", Verified: true, FromAddress: j.ContactPhone})
		after, err := w.desk.Job(w.Context(), j.ID)
		w.ok(err)
		if after.Status != booking.Cancelled || w.claims(j.ID) != 0 {
			w.Errorf("the job is %s", after.Status)
		}
		if got := w.attentions(); !slices.Equal(got, []string{"reply"}) {
			w.Errorf("its advisor sees %v", got)
		}
		if n := w.count("SELECT COUNT(*) FROM conversations WHERE closed_at IS NULL"); n != 0 {
			w.Errorf("%d conversations of jobs that are over are open", n)
		}
	})
}

func TestAMarkApprovesNothingAndADoubtIsSeen(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-12-01 09:00")
	mark := func(kind notify.Reaction) []string {
		t.Helper()
		m := notify.Message{Channel: notify.SMS, Body: "👍 “…”", Verified: true, Kind: notify.Human}
		handled, err := w.desk.HandleReply(t.Context(), notify.Reply{Subject: j.Subject(), Message: m, Reaction: kind})
		w.ok(err)
		if !handled {
			t.Errorf("%s was left to others", kind)
		}
		return w.attentions()
	}
	for _, kind := range []notify.Reaction{notify.ReactionLike, notify.ReactionOther, notify.ReactionRemoved} {
		if got := mark(kind); len(got) != 0 {
			t.Errorf("%s asks for %v", kind, got)
		}
	}
	if got := mark(notify.ReactionQuestion); !slices.Equal(got, []string{"reply"}) {
		t.Errorf("a question mark asks for %v", got)
	}
}

func TestATextThatMayBeAboutTwoJobsIsSeenByBothUntilItHasItsPlace(t *testing.T) {
	each(t, func(w *world) {
		one, two := w.book("2026-12-01 09:00"), w.book("2026-12-02 09:00")
		subjects := []string{one.Subject(), two.Subject(), "waitlist:77"}
		doubt := func(over bool) []string {
			w.Helper()
			w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error {
				return w.desk.Doubt(ctx, notify.Inbound{Body: "Tulen viideltä"}, subjects, over)
			}))
			return w.attentions()
		}
		if got := doubt(false); !slices.Equal(got, []string{"which_job", "which_job"}) {
			w.Errorf("in doubt: %v", got)
		}
		if got := doubt(true); len(got) != 0 {
			w.Errorf("placed: %v", got)
		}
		known, err := w.desk.Describe(w.Context(), subjects)
		w.ok(err)
		if got := known[one.Subject()]; len(known) != 2 || got.Label != "Volvo V60 ABC-123" || got.Locale != "en" || got.Author != one.Advisor.Name {
			w.Errorf("%+v", known)
		}
		w.exec("UPDATE jobs SET contact_name = 'Erkki Esimerkki' WHERE id = ?", two.ID)
		known, err = w.desk.Describe(w.Context(), subjects)
		w.ok(err)
		if known[one.Subject()].Label != "Volvo V60 ABC-123 (Maija)" || known[two.Subject()].Label != "Volvo V60 ABC-123 (Erkki)" {
			w.Errorf("on a shared phone: %+v", known)
		}
	})
}

func TestOnlyAPersonOfOursTeachesAnAddress(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-12-01 09:00")
		later := w.book("2026-12-03 09:00")
		from := "maija@work.example"
		w.reply(j, notify.Message{Channel: notify.Email, Body: "It is me, from work", FromAddress: from})
		if got := w.attentions(); !slices.Equal(got, []string{"unverified"}) {
			w.Fatalf("%v", got)
		}
		m := w.wrote(j)
		if err := w.desk.ConfirmContact(w.Context(), later.ID, m.ID, w.staff()); !fault.Is(err, fault.NotFound) {
			w.Errorf("over another job: %v", err)
		}
		for range 2 { // a second tap is harmless
			w.ok(w.desk.ConfirmContact(w.Context(), j.ID, m.ID, w.staff()))
		}
		if m = w.wrote(j); !m.Verified || len(w.attentions()) != 0 || !slices.Equal(w.eventStates(j), []string{"contact_confirmed"}) {
			w.Errorf("verified %t, open %v, events %v", m.Verified, w.attentions(), w.eventStates(j))
		}
		// It counts on every open job of the customer and on those to come, and the
		// customer's record is as it was.
		w.clock.advance(time.Minute)
		next := w.book("2026-12-04 09:00")
		if n := w.count("SELECT COUNT(*) FROM participants WHERE address = ?", from); n != 3 {
			w.Errorf("it takes part in %d jobs", n)
		}
		if got, err := w.desk.Job(w.Context(), next.ID); err != nil || got.Customer.Email != "maija@example.com" || got.ContactEmail != "maija@example.com" {
			w.Errorf("%+v, %v", got.Customer, err)
		}
	})
}

func TestAMessageOfAnotherJobIsMovedWithTheReason(t *testing.T) {
	each(t, func(w *world) {
		one := w.book("2026-12-01 09:00")
		r := w.request("2026-12-02 09:00")
		r.AdvisorID = w.bjorn.ID
		two, err := w.desk.Book(w.Context(), r)
		w.ok(err)
		w.reply(one, notify.Message{Channel: notify.SMS, Body: "Pyyhkijät myös", Verified: true, FromAddress: one.ContactPhone})
		m := w.wrote(one)
		_, err = w.desk.MoveMessage(w.Context(), m.ID, one.ID, two.ID, "the other car", w.staff())
		w.ok(err)
		rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
		w.ok(err)
		if len(rows) != 1 || rows[0].JobID != two.ID || rows[0].AdvisorID != w.bjorn.ID {
			w.Errorf("%+v", rows)
		}
		if got := w.wrote(two); got.ID != m.ID || got.MatchRule != notify.RuleHand || !strings.Contains(got.MatchEvidence, "the other car") {
			w.Errorf("%+v", got)
		}
		if !slices.Equal(w.eventStates(one), []string{"message_moved_to"}) || !slices.Equal(w.eventStates(two), []string{"message_moved_from"}) {
			w.Errorf("events %v and %v", w.eventStates(one), w.eventStates(two))
		}
		if _, err = w.desk.MoveMessage(w.Context(), m.ID, one.ID, two.ID, "", w.staff()); !fault.Is(err, fault.NotFound) {
			w.Errorf("a second time: %v", err)
		}
	})
}

func TestReferencesAreReadInATitle(t *testing.T) {
	w := onSQLite(t)
	j := w.book("2026-12-01 09:00")
	for title, want := range map[string][]string{
		"Re: " + j.Reference:                             {j.Reference},
		strings.ToLower(j.Reference) + " " + j.Reference: {j.Reference},
		"NV-12345, NV-7K3Q and XNV-7K3Q9":                nil,
		"":                                               nil,
	} {
		if got := w.desk.TagsIn(title); !slices.Equal(got, want) {
			t.Errorf("%q: %v", title, got)
		}
	}
	got, err := w.desk.Tagged(t.Context(), []string{j.Reference, "NV-ZZZZZ"})
	if err != nil || len(got) != 1 || got[j.Reference] != j.Subject() {
		t.Errorf("%v, %v", got, err)
	}
}
