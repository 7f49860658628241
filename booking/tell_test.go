package booking_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/notify"
)

// colleagues makes the staff of the workshop: the advisor of the test's jobs, one
// more, a manager, and somebody of another workshop.
func (w *world) colleagues(j *booking.Job) *[]auth.Staff {
	w.Helper()
	advisors, err := w.desk.Advisors(w.Context(), w.shop.ID)
	w.ok(err)
	other := advisors[slices.IndexFunc(advisors, func(a booking.Advisor) bool { return a.ID != j.Owner() })]
	own := func(p auth.Staff) auth.Staff {
		p.Active, p.TellEmail, p.TellMinutes = true, true, 5
		return p
	}
	staff := &[]auth.Staff{
		own(auth.Staff{ID: 1, Email: "oma@talo.fi", Phone: "+358501111111", TellSMS: true, Role: auth.Advisor, AdvisorID: j.Owner(), WorkshopID: w.shop.ID, Locale: "en"}),
		own(auth.Staff{ID: 2, Email: "toinen@talo.fi", Role: auth.Advisor, AdvisorID: other.ID, WorkshopID: w.shop.ID}),
		own(auth.Staff{ID: 3, Email: "pomo@talo.fi", Role: auth.Manager, WorkshopID: w.shop.ID}),
		own(auth.Staff{ID: 4, Email: "muu@talo.fi", Role: auth.Manager, WorkshopID: w.shop.ID + 1}),
	}
	w.desk = booking.New(w.db, w.notify, booking.Options{
		Now: w.clock.now, BaseURL: "https://neuvo.test", Staff: func(context.Context) ([]auth.Staff, error) { return *staff, nil },
	})
	return staff
}

// told is who has been told of the waiting message, in order.
func (w *world) told() (to []string) {
	w.Helper()
	var rows []notify.Message
	w.ok(w.db.In(w.Context()).Where("occasion = 'tell_staff'").Order("id").Find(&rows).Error)
	for _, m := range rows {
		to = append(to, strings.TrimSuffix(m.ToAddress, "@talo.fi"))
	}
	return to
}

func (w *world) tellAt(wall string) {
	w.Helper()
	w.clock.set(w.at(wall))
	_, err := w.desk.EscalateReplies(w.Context())
	w.ok(err)
	for range 2 { // a second sweep tells nobody again
		_, err = w.desk.TellStaff(w.Context())
		w.ok(err)
	}
}

func TestWhoHasNoPageOpenIsToldOfAReplyThenTheTeamThenTheManager(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-12-01 09:00")
		w.colleagues(j)
		w.clock.set(w.at("2026-11-23 22:10")) // long closed
		w.ok(w.desk.Raise(w.Context(), booking.Attention{JobID: j.ID, Kind: booking.NeedsReply, Body: "Voinko tulla aiemmin?"}))
		for _, step := range []struct {
			wall string
			want []string
		}{
			{"2026-11-23 22:11", nil}, {"2026-11-24 07:29", nil}, // nobody is rung at night
			{"2026-11-24 07:31", []string{"oma", "+358501111111"}},
			{"2026-11-24 08:20", []string{"oma", "+358501111111"}},
			{"2026-11-24 08:40", []string{"oma", "+358501111111", "toinen"}},
			{"2026-11-24 10:40", []string{"oma", "+358501111111", "toinen", "pomo"}},
			{"2026-11-25 11:05", []string{"oma", "+358501111111", "toinen", "pomo"}},
		} {
			w.tellAt(step.wall)
			if got := w.told(); !slices.Equal(got, step.want) {
				w.Errorf("%s: told %v, want %v", step.wall, got, step.want)
			}
		}
		var m notify.Message
		w.ok(w.db.In(w.Context()).Where("to_address = ?", "+358501111111").Take(&m).Error)
		if !strings.Contains(m.Body, "Voinko tulla aiemmin?") || !strings.Contains(m.Body, fmt.Sprintf("https://neuvo.test/desk/jobs/%d", j.ID)) || !strings.Contains(m.Body, j.Reference) {
			w.Errorf("told as %q", m.Body)
		}
	})
}

func TestWhoHasAPageOpenIsToldOnlyAfterNotLookingForSomeMinutes(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-12-01 09:00")
		staff := w.colleagues(j)
		w.clock.set(w.at("2026-11-24 10:00"))
		(*staff)[0].TellMinutes = 15
		here := func() { (*staff)[0].SeenAt = db.At(w.clock.now()) }
		here()
		w.ok(w.desk.Raise(w.Context(), booking.Attention{JobID: j.ID, Kind: booking.NeedsReply, Body: "Hei"}))
		w.tellAt("2026-11-24 10:01")
		w.clock.set(w.at("2026-11-24 10:09"))
		here()
		w.tellAt("2026-11-24 10:10")
		if got := w.told(); got != nil {
			w.Errorf("told %v with the page open", got)
		}
		w.clock.set(w.at("2026-11-24 10:19"))
		here()
		w.tellAt("2026-11-24 10:20")
		if got := w.told(); len(got) != 2 {
			w.Errorf("told %v, want the advisor who does not look", got)
		}
	})
}

func TestTheStandInIsToldAndWhatIsAnsweredIsNotTold(t *testing.T) {
	each(t, func(w *world) {
		j := w.book("2026-12-01 09:00")
		staff := w.colleagues(j)
		w.clock.set(w.at("2026-11-24 10:00"))
		w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error {
			if err := w.db.In(ctx).Exec("UPDATE advisors SET stand_in_id = ? WHERE id = ?", (*staff)[1].AdvisorID, j.Owner()).Error; err != nil {
				return err
			}
			return w.db.In(ctx).Create(&booking.Absence{ResourceID: j.Owner(), FromAt: db.At(w.at("2026-11-24 00:00")), ToAt: db.At(w.at("2026-11-25 00:00"))}).Error
		}))
		w.ok(w.desk.Raise(w.Context(), booking.Attention{JobID: j.ID, Kind: booking.NeedsReply, Body: "Hei"}))
		w.tellAt("2026-11-24 10:01")
		if got := w.told(); !slices.Equal(got, []string{"toinen"}) {
			w.Fatalf("told %v, want the stand-in", got)
		}
		var m notify.Message
		w.ok(w.db.In(w.Context()).Where("occasion = 'tell_staff'").Take(&m).Error)
		_, c, err := w.notify.Message(w.Context(), m.ID)
		w.ok(err)
		// The stand-in answers the mail: the house reads it, the customer does not.
		_, err = w.desk.HandleReply(w.Context(), notify.Reply{Subject: c.Subject, Message: notify.Message{
			Channel: notify.Email, FromAddress: "toinen@talo.fi", Verified: true, Body: "Soitan hänelle kymmeneltä"}})
		w.ok(err)
		items, err := w.desk.Timeline(w.Context(), j.ID)
		w.ok(err)
		last := items[len(items)-1]
		if last.Kind != booking.EventNote || last.Body != "Soitan hänelle kymmeneltä" {
			w.Errorf("the answer became %+v", last)
		}
		if _, live, err := w.desk.Version(w.Context(), c.Subject); err != nil || !live {
			w.Errorf("live %t, %v", live, err)
		}
		w.ok(w.desk.Settle(w.Context(), j.ID, booking.System, booking.NeedsReply))
		if _, live, err := w.desk.Version(w.Context(), c.Subject); err != nil || live {
			w.Errorf("it is told although it was answered: live %t, %v", live, err)
		}
		w.tellAt("2026-11-24 15:00")
		if got := w.told(); !slices.Equal(got, []string{"toinen"}) {
			w.Errorf("told %v", got)
		}
	})
}
