package survey_test

import (
	"encoding/base64"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

// view opens the survey's page and gives its mark.
func (w *world) view(j *booking.Job) string {
	w.Helper()
	row, _, err := w.survey.ByToken(w.Context(), w.of(j).Token)
	w.ok(err)
	mark, err := w.survey.Mark(w.Context(), row)
	w.ok(err)
	return mark
}

// press presses the button with a score, some time after the last.
func (w *world) press(j *booking.Job, mark string, score int, after time.Duration) bool {
	w.Helper()
	w.clock.set(w.clock.now().Add(after))
	_, counted, err := w.survey.AnswerOnPage(w.Context(), w.of(j).Token, mark, score, "")
	w.ok(err)
	return counted
}

func (w *world) stands(j *booking.Job, state survey.State, score int) {
	w.Helper()
	s := w.of(j)
	got := 0
	if s.Score != nil {
		got = *s.Score
	}
	if s.State != state || got != score {
		w.Errorf("stands as %s %d, want %s %d", s.State, got, state, score)
	}
}

func TestAPersonsPressCountsOnceAndMayBeChanged(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		mark := w.view(j)
		if !w.press(j, mark, 2, 20*time.Second) || !w.press(j, mark, 2, time.Second) {
			w.Error("pressed twice on one view: asked again")
		}
		if w.press(j, mark, 4, 10*time.Second) {
			w.Error("a used mark counted for another score")
		}
		w.stands(j, survey.Answered, 2)
		if !w.press(j, w.view(j), 4, 3*time.Second) {
			w.Error("a fresh view did not count")
		}
		w.stands(j, survey.Answered, 4)
		answers, err := w.survey.Answers(w.Context(), w.of(j).ID)
		w.ok(err)
		if len(answers) != 2 {
			w.Errorf("%d answers are kept", len(answers))
		}
	})
}

func TestAMachineThatPressesEveryButtonHasNoVote(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fresh  bool // a view for each press
		before int  // a person's answer before it
		scores []int
	}{
		{"all on one view", false, 0, []int{1, 2, 3, 4, 5}},
		{"a view for each", true, 0, []int{1, 2, 3, 4, 5}},
		{"from the best down", true, 0, []int{5, 4, 3, 2, 1}},
		{"over a person's answer", true, 4, []int{1, 2, 3, 4, 5}},
		{"round and round", true, 0, []int{1, 2, 3, 4, 5, 1, 2, 3, 4, 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(w *world) {
				j := w.asked()
				state := survey.Asked
				if tt.before > 0 {
					state = survey.Answered
					w.press(j, w.view(j), tt.before, time.Minute)
					w.clock.set(w.clock.now().Add(time.Minute))
				}
				mark, again := w.view(j), false
				for _, score := range tt.scores {
					if tt.fresh {
						mark = w.view(j)
					}
					again = !w.press(j, mark, score, 150*time.Millisecond)
				}
				if !again {
					w.Error("the page did not ask again")
				}
				w.stands(j, state, tt.before)
				same(w, "alerts", w.alerts(), nil)
				answers, err := w.survey.Answers(w.Context(), w.of(j).ID)
				w.ok(err)
				for i, a := range answers {
					if machine := a.Outcome == "machine"; machine != (tt.before == 0 || i > 0) {
						w.Errorf("answer %d is kept as %s", i, a.Outcome)
					}
				}
				w.clock.set(w.clock.now().Add(time.Minute))
				w.acts()
				same(w, "alerts", w.alerts(), nil)
				same(w, "sent", w.sent(j), []string{"survey"})
				// The person comes later, and is heard.
				if !w.press(j, w.view(j), 3, time.Minute) {
					w.Error("the person's press did not count")
				}
				w.stands(j, survey.Answered, 3)
			})
		})
	}
}

// acts runs the sweep of what presses lead to.
func (w *world) acts() int {
	w.Helper()
	n, err := w.survey.ActOnPresses(w.Context())
	w.ok(err)
	return n
}

func TestALowPressAlertsOnceItIsKnownToBeAPersons(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.press(j, w.view(j), 1, time.Minute)
		if w.acts() != 0 {
			w.Error("acted at once")
		}
		same(w, "alerts", w.alerts(), nil)
		w.clock.set(w.clock.now().Add(6 * time.Second))
		if w.acts() != 1 || w.acts() != 0 {
			w.Error("not acted on exactly once")
		}
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsCare})
	})
}

func TestAPressThatDisagreesWithATextGoesToAPerson(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "5")
		w.press(j, w.view(j), 4, time.Minute)
		w.clock.set(w.clock.now().Add(time.Minute))
		w.acts()
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsReading})
	})
}

func TestAnAnswerByTextSurvivesAMachine(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.press(j, w.view(j), 1, time.Minute)
		_, err := w.notify.Record(w.Context(), j.Subject(), notify.Message{Channel: notify.SMS, FromAddress: "+358401234567", Verified: true, Body: "5"})
		w.ok(err)
		w.press(j, w.view(j), 2, time.Second)
		w.press(j, w.view(j), 4, time.Second)
		w.press(j, w.view(j), 5, time.Second)
		w.stands(j, survey.Answered, 5)
		if s := w.of(j); s.Channel != notify.SMS {
			w.Errorf("a machine's press stands: %+v", s)
		}
	})
}

func TestAPressWithoutAGoodMarkIsAskedAgain(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		other := w.visit("2026-11-24 10:00", func(r *booking.BookingRequest) { r.Customer.Phone, r.Customer.Email = "050 765 4321", "" })
		w.move(other, booking.Collected)
		w.clock.set(w.clock.now().Add(24 * time.Hour))
		w.ask()
		forged, err := base64.RawURLEncoding.DecodeString(w.view(j))
		w.ok(err)
		forged[0] ^= 1
		old := w.view(j)
		for name, mark := range map[string]string{
			"none": "", "nonsense": "%%%", "another survey's": w.view(other), "forged": base64.RawURLEncoding.EncodeToString(forged),
		} {
			if w.press(j, mark, 5, 10*time.Second) {
				w.Errorf("%s: counted", name)
			}
		}
		if w.press(j, old, 5, 25*time.Hour) {
			w.Error("too old: counted")
		}
		w.stands(j, survey.Asked, 0)
		if _, _, err := w.survey.AnswerOnPage(w.Context(), w.of(j).Token, w.view(j), 6, ""); !fault.Is(err, fault.Invalid) {
			w.Errorf("off the scale: %v", err)
		}
		w.clock.set(w.clock.now().Add(72 * time.Hour))
		if n, err := w.survey.Purge(w.Context()); err != nil || n != 5 {
			w.Errorf("purged %d presses: %v", n, err)
		}
	})
}
