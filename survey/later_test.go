package survey_test

import (
	"testing"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/survey"
)

func TestOnlyAPlainScoreTakesThePlaceOfOneThatStands(t *testing.T) {
	for _, tt := range []struct {
		name, later string
		score       int
	}{
		{"a date is conversation", "See you 1.12.", 5},
		{"a number in a sentence is conversation", "crash test 3", 5},
		{"a sentence with a number is conversation", "I paid 3 already", 5},
		{"a date with a greeting is conversation", "Kiitos, nähdään 3.12.", 5},
		{"an address is conversation", "Osoite on Kuusitie 2 B 4", 5},
		{"another plain score", "4", 4},
		{"a correction", "sittenkin 4", 4},
		{"a correction with thanks", "actually 4, thanks", 4},
		{"a correction with thanks to somebody", "Itse asiassa 4, kiitos Mikolle!", 4},
		{"a correction in Swedish", "Förlåt, menade 3", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(w *world) {
				j := w.asked()
				w.texts(j, "5")
				w.texts(j, tt.later)
				if s := w.of(j); s.Score == nil || *s.Score != tt.score {
					w.Errorf("stands as %+v", s)
				}
				answers, err := w.survey.Answers(w.Context(), w.of(j).ID)
				w.ok(err)
				if tt.score == 5 && len(answers) > 1 && answers[1].Outcome != "person,urgent" {
					w.Errorf("kept as an answer: %+v", answers[1])
				}
			})
		})
	}
}

func TestDangerInALaterMessageIsSeenAndTheScoreStands(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "5")
		w.texts(j, "jarrut ei pidä, ajoin 2 km")
		if s := w.of(j); s.Score == nil || *s.Score != 5 {
			w.Errorf("stands as %+v", s)
		}
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsSafetyCall})
	})
}

func TestACommentIsKeptWhereALaterAnswerHasNone(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		token := w.of(j).Token
		_, err := w.survey.Answer(w.Context(), token, 1, "Penkki jäi likaiseksi")
		w.ok(err)
		w.texts(j, "Itse asiassa 5, kiitos Mikolle!")
		stands := func(score int, comment string) {
			w.Helper()
			if s := w.of(j); s.Score == nil || *s.Score != score || s.Comment != comment {
				w.Errorf("stands as %+v", s)
			}
		}
		stands(5, "Penkki jäi likaiseksi")
		_, err = w.survey.AnswerWith(w.Context(), token, 2, nil)
		w.ok(err)
		stands(2, "Penkki jäi likaiseksi")
		_, err = w.survey.AnswerWith(w.Context(), token, 2, new(""))
		w.ok(err)
		stands(2, "")
	})
}

func TestALowAnswerIsThankedForOnce(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "1")
		w.texts(j, "2")
		same(w, "sent", w.sent(j), []string{"survey", "case_opened"})
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsCare})
	})
}

func TestALowAnswerThatAsksForACallIsPromisedOneAndNothingElse(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "1, soittakaa")
		same(w, "sent", w.sent(j), []string{"survey", "case_opened"})
	})
}

func TestAnAnswerToAnOlderMailOfOursIsTheAnswer(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		score      int
		met        string
	}{
		{"a plain score", "4", 4, ""},
		{"a score with praise", "En stark fyra, tack! Jättebra jobbat.", 4, ""},
		{"a verdict", "Kyllä, loistavaa palvelua!", 0, "yes"},
		{"a number in a sentence is none", "Otan mukaan 2 avainta", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(w *world) {
				j := w.asked()
				messages, err := w.notify.Messages(w.Context(), j.Subject())
				w.ok(err)
				m := notify.Message{Channel: notify.Email, FromAddress: "maija@example.com", Verified: true, Body: tt.body, CreatedAt: messages[0].CreatedAt}
				_, err = w.survey.HandleReply(w.Context(), notify.Reply{Subject: j.Subject(), Message: m, InReplyToOccasion: "booked"})
				w.ok(err)
				s := w.of(j)
				if tt.score == 0 && s.Score != nil || tt.score > 0 && (s.Score == nil || *s.Score != tt.score) || s.Met != tt.met {
					w.Errorf("stands as %+v", s)
				}
				if answered := s.State == survey.Answered; answered != (tt.score > 0 || tt.met != "") {
					w.Errorf("is %s", s.State)
				}
			})
		})
	}
}
