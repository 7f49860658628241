package survey_test

import (
	"context"
	"slices"
	"testing"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/survey"
)

// happened are the events of a job that are none of its life, with what they say.
func (w *world) happened(j *booking.Job, state string) (bodies []string) {
	w.Helper()
	items, err := w.desk.Timeline(w.Context(), j.ID)
	w.ok(err)
	for _, i := range items {
		if i.State == state {
			bodies = append(bodies, i.Body)
		}
	}
	return bodies
}

func TestAnAnswerThatAPersonMovesTakesItsScoreAndItsCaseWithIt(t *testing.T) {
	each(t, func(w *world) {
		w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error {
			return w.db.In(ctx).Exec("UPDATE workshops SET survey_throttle_days = 1").Error
		}))
		first := w.asked()
		w.texts(first, "3")
		w.clock.set(w.at("2026-11-26 09:00"))
		second := w.visit("2026-11-26 10:00")
		w.move(second, booking.Collected)
		w.clock.set(w.at("2026-11-26 18:01"))
		if n := w.ask(); n != 1 {
			w.Fatalf("%d asked", n)
		}
		// It came back in the thread of the first visit and was meant for the second.
		m := w.texts(first, "1")
		c, err := w.survey.CaseOfJob(w.Context(), first.ID)
		w.ok(err)
		if s := w.of(first); s.Score == nil || *s.Score != 1 || c == nil || c.MessageID != m.ID {
			w.Fatalf("before: %+v, case %+v", s, c)
		}
		told := len(w.sent(first)) + len(w.sent(second))
		_, err = w.desk.MoveMessage(w.Context(), m.ID, first.ID, second.ID, "Hän tarkoitti toista autoa", w.by())
		w.ok(err)

		if s := w.of(first); s.Score == nil || *s.Score != 3 || s.State != survey.Answered || s.Comment != "3" {
			w.Errorf("the first visit's answer is %+v", s)
		}
		if s := w.of(second); s.Score == nil || *s.Score != 1 || s.State != survey.Answered {
			w.Errorf("the second visit's answer is %+v", s)
		}
		c, err = w.survey.CaseOfJob(w.Context(), first.ID)
		w.ok(err)
		if c.State != survey.CaseDismissed || c.ClosedAt.IsZero() {
			w.Errorf("the first visit's case is %+v", c)
		}
		if got := w.happened(first, "case_dismissed"); !slices.Equal(got, []string{"Asiakkaan viesti siirrettiin työhön " + second.Reference + ", ja asia sen mukana."}) {
			w.Errorf("closed because of %q", got)
		}
		there, err := w.survey.CaseOfJob(w.Context(), second.ID)
		w.ok(err)
		if there == nil || there.Cause != survey.CauseLowScore || !there.ClosedAt.IsZero() || there.PromiseID == 0 {
			w.Fatalf("the second visit's case is %+v", there)
		}
		left, err := w.desk.JobPromises(w.Context(), first.ID)
		w.ok(err)
		if p, err := w.desk.Promise(w.Context(), there.PromiseID); err != nil || p.JobID != second.ID || !p.ClosedAt.IsZero() || len(left) != 0 {
			w.Errorf("the call is %+v (%v), %d are left behind", p, err, len(left))
		}
		if got := len(w.sent(first)) + len(w.sent(second)); got != told {
			w.Errorf("the customer was told again: %v, %v", w.sent(first), w.sent(second))
		}
		for j, state := range map[*booking.Job]string{first: "message_moved_to", second: "message_moved_from"} {
			if got := w.happened(j, state); len(got) != 1 {
				w.Errorf("%s: %q", state, got)
			}
		}
		if got := w.happened(first, "answer_moved"); !slices.Equal(got, []string{second.Reference}) {
			w.Errorf("the first visit's timeline says %q", got)
		}
		list, err := w.desk.Attentions(w.Context(), w.shop.ID)
		w.ok(err)
		for _, a := range list {
			if a.JobID == first.ID {
				w.Errorf("%s is left on the first visit", a.Kind)
			}
		}
	})
}

func TestTheOnlyAnswerThatIsMovedLeavesTheQuestionOpen(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		other := w.visit("2026-11-24 10:00", func(r *booking.BookingRequest) {
			r.Customer = booking.ContactInput{Name: "Ville Virta", Phone: "040 765 4321", Locale: "fi"}
		})
		m := w.texts(j, "5 kiitos Björn")
		if s := w.of(j); s.Score == nil || *s.Score != 5 {
			w.Fatalf("before: %+v", s)
		}
		_, err := w.desk.MoveMessage(w.Context(), m.ID, j.ID, other.ID, "", w.by())
		w.ok(err)
		s := w.of(j)
		if s.Score != nil || s.State != survey.Asked || !s.AnsweredAt.IsZero() || s.Comment != "" || s.Channel != notify.Channel("") {
			w.Errorf("the question stands at %+v", s)
		}
		// It is another customer's visit: the words of a stranger are no score there.
		if s, err := w.survey.ForJob(w.Context(), other.ID); err == nil && s != nil && s.Score != nil {
			w.Errorf("the other's answer is %+v", s)
		}
		w.texts(j, "4")
		if s := w.of(j); s.Score == nil || *s.Score != 4 {
			w.Errorf("the question cannot be answered any more: %+v", s)
		}
	})
}
