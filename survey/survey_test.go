package survey_test

import (
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

func TestTheQuestionGoesOutOnceAtTheWorkshopsHourFromWhoReceived(t *testing.T) {
	each(t, func(w *world) {
		j := w.visit("2026-11-23 10:00")
		w.move(j, booking.Collected)
		s := w.of(j)
		if s.State != survey.Planned || !s.DueAt.Equal(w.at("2026-11-23 18:00")) || s.AdvisorID != w.bjorn.ID || s.Advisor != "Björn Lindqvist" {
			w.Fatalf("planned as %+v", s)
		}
		if w.ask() != 0 {
			w.Fatal("asked before its hour")
		}
		w.clock.set(w.at("2026-11-23 18:01"))
		w.start() // a restart loses nothing
		if w.ask() != 1 || w.ask() != 0 {
			w.Fatal("not asked exactly once")
		}
		s = w.of(j)
		if s.State != survey.Asked || !s.DueAt.IsZero() || !s.ExpiresAt.Equal(w.clock.now().Add(survey.Lifetime)) {
			w.Fatalf("asked as %+v", s)
		}
		messages, err := w.notify.Messages(w.Context(), j.Subject())
		w.ok(err)
		m := messages[len(messages)-1]
		if m.Channel != notify.SMS || m.ToAddress != "+358401234567" || m.Author != "Björn Lindqvist" || m.Purpose != notify.Survey ||
			w.linkIn(m.Body) != "/s/"+s.Token || !strings.Contains(m.Body, "Björn") || !strings.Contains(m.Body, "1–5") && !strings.Contains(m.Body, "1-5") {
			w.Fatalf("the text is %+v", m)
		}
		w.of(j)
	})
}

func TestACarCollectedLateIsAskedAboutTheNextMorning(t *testing.T) {
	each(t, func(w *world) {
		j := w.visit("2026-11-23 10:00", func(r *booking.BookingRequest) { r.Customer.Phone = "" })
		w.clock.set(w.at("2026-11-23 19:30"))
		w.move(j, booking.Collected)
		if s := w.of(j); !s.DueAt.Equal(w.at("2026-11-24 09:00")) {
			w.Fatalf("due %v", s.DueAt)
		}
		w.clock.set(w.at("2026-11-25 03:00")) // the program stood still and comes back at night
		if w.ask() != 1 {
			w.Fatal("not asked")
		}
		messages, err := w.notify.Messages(w.Context(), j.Subject())
		w.ok(err)
		m := messages[len(messages)-1]
		if m.Channel != notify.Email || m.Subject == "" || !m.NextAt.Equal(w.at("2026-11-25 09:00")) {
			w.Fatalf("the e-mail is %+v", m)
		}
	})
}

func TestWhoIsNotAskedIsRecordedWithTheReason(t *testing.T) {
	each(t, func(w *world) {
		refuses := w.visit("2026-11-23 10:00", func(r *booking.BookingRequest) { r.ConsentSurvey = false })
		w.move(refuses, booking.Collected)
		first := w.visit("2026-11-23 11:00")
		w.move(first, booking.Collected)
		second := w.visit("2026-11-23 12:00")
		w.move(second, booking.Collected)
		other := w.visit("2026-11-23 13:00", func(r *booking.BookingRequest) {
			r.Customer = booking.ContactInput{Name: "Olli Ek", Phone: "050 765 4321", Locale: "sv"}
		})
		w.move(other, booking.Collected)
		w.clock.set(w.at("2026-11-23 18:00"))
		if n := w.ask(); n != 2 {
			w.Fatalf("%d asked", n)
		}
		for _, tt := range []struct {
			job    *booking.Job
			state  survey.State
			reason survey.Reason
		}{
			{refuses, survey.Suppressed, survey.NoConsent}, {first, survey.Asked, ""},
			{second, survey.Suppressed, survey.SameVisit}, {other, survey.Asked, ""},
		} {
			if s := w.of(tt.job); s.State != tt.state || s.Reason != tt.reason {
				w.Errorf("job %d is %s %q, want %s %q", tt.job.ID, s.State, s.Reason, tt.state, tt.reason)
			}
		}
		w.clock.set(w.at("2026-12-22 19:00"))
		soon := w.visit("2026-12-23 10:00")
		w.move(soon, booking.Collected)
		if s := w.of(soon); s.Reason != survey.Throttled {
			w.Errorf("asked again after 29 days: %s", s.State)
		}
		w.clock.set(w.at("2026-12-23 18:30"))
		later := w.visit("2026-12-28 10:00")
		w.move(later, booking.Collected)
		if s := w.of(later); s.State != survey.Planned {
			w.Errorf("after 30 days: %s %s", s.State, s.Reason)
		}
	})
}

func TestAJobThatIsOpenedAgainIsNotAskedAbout(t *testing.T) {
	each(t, func(w *world) {
		j := w.visit("2026-11-23 10:00")
		w.move(j, booking.Collected)
		full, err := w.desk.Job(w.Context(), j.ID)
		w.ok(err)
		w.ok(w.survey.OnStatus(w.Context(), full, booking.Collected, booking.InWork))
		if s := w.of(j); s.State != survey.Suppressed || s.Reason != survey.Reopened {
			w.Fatalf("%s %s", s.State, s.Reason)
		}
		w.clock.set(w.at("2026-11-23 19:00"))
		if w.ask() != 0 {
			w.Fatal("asked")
		}
		w.ok(w.survey.OnStatus(w.Context(), full, booking.Ready, booking.Collected))
		if s := w.of(j); s.State != survey.Planned || !s.DueAt.Equal(w.at("2026-11-23 20:00")) {
			w.Fatalf("%s, due %v", s.State, s.DueAt)
		}
		w.clock.set(w.at("2026-12-05 19:00"))
		if w.ask() != 0 || w.of(j).Reason != survey.Outdated {
			w.Fatal("a question of last week was asked")
		}
	})
}

func TestAReplyByTextIsRecordedAndReachesWhoMustKnow(t *testing.T) {
	const thanks, again, heard, call = "thanks", "survey_again", "case_opened", "callback"
	for _, tt := range []struct {
		name, reply string
		state       survey.State
		score       int // 0: none
		met         string
		reason      survey.Reason
		sent        []string // after the question
		alerts      []booking.AttentionKind
	}{
		{name: "a good score is thanked for", reply: "5", state: survey.Answered, score: 5, sent: []string{thanks}},
		{name: "a middling score is noted", reply: "3", state: survey.Answered, score: 3},
		{name: "a low score alerts", reply: "2", state: survey.Answered, score: 2, sent: []string{heard}, alerts: []booking.AttentionKind{booking.NeedsCare}},
		{name: "words that are content", reply: "Ei valittamista", state: survey.Answered, met: "yes", sent: []string{thanks}},
		{name: "words that are not", reply: "pettymys", state: survey.Answered, met: "no", sent: []string{heard}, alerts: []booking.AttentionKind{booking.NeedsCare}},
		{name: "a complaint beside a score", reply: "5 mutta auto oli likainen", state: survey.Answered, score: 5, sent: []string{call}, alerts: []booking.AttentionKind{booking.NeedsReading}},
		{name: "a contradiction", reply: "5 surkeaa", state: survey.Answered, sent: []string{call}, alerts: []booking.AttentionKind{booking.NeedsReading}},
		{name: "danger", reply: "jarrut vinkuu yhä", state: survey.Answered, sent: []string{call}, alerts: []booking.AttentionKind{booking.NeedsSafetyCall}},
		{name: "a wish to be called", reply: "4, soittakaa silti", state: survey.Answered, score: 4, sent: []string{"callback"}, alerts: []booking.AttentionKind{booking.NeedsCall}},
		{name: "something unclear is asked about", reply: "no joo", state: survey.Asked, sent: []string{again}},
		{name: "a tap on our text", reply: "Liked “Vastasiko palvelu odotuksiasi?”", state: survey.Asked},
		{name: "no wish to answer", reply: "ei kiitos", state: survey.Suppressed, reason: survey.Declined},
		{name: "opting out", reply: "STOP", state: survey.Suppressed, reason: survey.OptedOut, alerts: []booking.AttentionKind{booking.NeedsReading}},
		{name: "the wrong person", reply: "väärä numero", state: survey.Suppressed, reason: survey.WrongNumber, alerts: []booking.AttentionKind{booking.NeedsReading}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(w *world) {
				j := w.asked()
				m := w.texts(j, tt.reply)
				s := w.of(j)
				score := 0
				if s.Score != nil {
					score = *s.Score
				}
				if s.State != tt.state || score != tt.score || s.Met != tt.met || s.Reason != tt.reason {
					w.Errorf("stands as %s %d %q %q", s.State, score, s.Met, s.Reason)
				}
				if tt.state == survey.Answered && (s.Channel != notify.SMS || s.Comment != tt.reply || s.Rule == "" || s.AnsweredAt.IsZero() || s.Late) {
					w.Errorf("recorded as %+v", s)
				}
				same(w, "sent", w.sent(j)[1:], tt.sent)
				same(w, "alerts", w.alerts(), tt.alerts)
				answers, err := w.survey.Answers(w.Context(), s.ID)
				w.ok(err)
				if len(answers) != 1 || answers[0].MessageID != m.ID || answers[0].Raw != tt.reply {
					w.Errorf("kept %+v", answers)
				}
			})
		})
	}
}

func TestTheSameMessageIsOneAnswer(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		m := w.texts(j, "5")
		handled, err := w.survey.HandleReply(w.Context(), notify.Reply{Subject: j.Subject(), Message: *m})
		w.ok(err)
		answers, err := w.survey.Answers(w.Context(), w.of(j).ID)
		w.ok(err)
		if !handled || len(answers) != 1 {
			w.Errorf("handled %v, %d answers", handled, len(answers))
		}
		same(w, "sent", w.sent(j), []string{"survey", "thanks"})
	})
}

func TestASecondUnclearReplyGoesToAPerson(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "nja")
		same(w, "alerts", w.alerts(), nil)
		w.texts(j, "ihan ok")
		same(w, "sent", w.sent(j), []string{"survey", "survey_again"})
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsReading})
		w.texts(j, "4")
		if s := w.of(j); s.Score == nil || *s.Score != 4 || s.State != survey.Answered {
			w.Errorf("stands as %+v", s)
		}
	})
}

func TestALaterAnswerReplacesAndAnotherOnThePageThatDisagreesIsRead(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "5")
		w.texts(j, "eiku 4")
		s := w.of(j)
		if *s.Score != 4 {
			w.Fatalf("score %d", *s.Score)
		}
		same(w, "alerts", w.alerts(), nil)
		s, err := w.survey.Answer(w.Context(), s.Token, 2, "Auto jäi likaiseksi")
		w.ok(err)
		if *s.Score != 2 || s.Channel != notify.Web || s.Comment != "Auto jäi likaiseksi" || s.Rule != "page" {
			w.Fatalf("stands as %+v", s)
		}
		_, err = w.survey.Answer(w.Context(), s.Token, 2, "Auto jäi likaiseksi") // pressed twice
		w.ok(err)
		answers, err := w.survey.Answers(w.Context(), s.ID)
		w.ok(err)
		var kept []string
		for _, a := range answers {
			kept = append(kept, a.Outcome)
		}
		same(w, "history", kept, []string{"score=5", "score=4", "score=2,person"})
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsCare})
		same(w, "sent", w.sent(j), []string{"survey", "thanks", "case_opened"})
	})
}

func TestThePageRefusesWhatIsOffTheScaleAndWhatIsTooLong(t *testing.T) {
	each(t, func(w *world) {
		planned := w.visit("2026-11-23 11:00", func(r *booking.BookingRequest) {
			r.Customer = booking.ContactInput{Name: "Olli Ek", Phone: "050 765 4321", Locale: "sv"}
		})
		j := w.asked()
		token := w.of(j).Token
		_, err := w.survey.Answer(w.Context(), token, 6, strings.Repeat("ä", survey.MaxComment+1))
		f, ok := err.(*fault.Error)
		if !ok || len(f.Fields) != 2 || f.Fields[0].Location != "body.score" || f.Fields[1].Location != "body.comment" {
			w.Fatalf("got %v", err)
		}
		_, err = w.survey.Answer(w.Context(), token, 3, strings.Repeat("ä", survey.MaxComment))
		w.ok(err)
		w.move(planned, booking.Collected)
		for _, token := range []string{"", "nobody's", w.of(planned).Token} {
			if _, _, err := w.survey.ByToken(w.Context(), token); !fault.Is(err, fault.NotFound) {
				w.Errorf("page of %q: %v", token, err)
			}
		}
		w.clock.set(w.clock.now().Add(survey.Lifetime + time.Hour))
		if _, _, err := w.survey.ByToken(w.Context(), token); !fault.Is(err, fault.NotFound) {
			w.Errorf("expired page: %v", err)
		}
		if _, err := w.survey.Answer(w.Context(), token, 3, ""); !fault.Is(err, fault.NotFound) {
			w.Errorf("expired answer: %v", err)
		}
	})
}

func TestAnAnswerAfterItsTimeIsLateAndStillAlerts(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.clock.set(w.clock.now().Add(survey.Lifetime + 24*time.Hour))
		w.texts(j, "1, vika tuli takaisin")
		if s := w.of(j); !s.Late || s.Score == nil || *s.Score != 1 {
			w.Fatalf("stands as %+v", s)
		}
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsCare})
	})
}

func TestWhatAnswersSomethingElseIsLeftToTheAdvisor(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.writes(j, notify.Message{Channel: notify.SMS, FromAddress: "+358509999999", Body: "1"}) // a stranger
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsVerifying})
		_, err := w.desk.Write(w.Context(), j.ID, notify.SMS, "Moneltako haette toisen auton?", booking.Actor{Kind: "staff", Advisor: w.bjorn.ID, Name: w.bjorn.Name})
		w.ok(err)
		w.texts(j, "4")
		if s := w.of(j); s.Score != nil || s.State != survey.Asked {
			w.Fatalf("taken for an answer: %+v", s)
		}
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsReply}) // writing back settled the other
	})
}

func TestChatterAfterAnAnswerIsAMessage(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "4")
		w.texts(j, "Kiitos itsellesi!")
		s := w.of(j)
		if *s.Score != 4 {
			w.Fatalf("score %d", *s.Score)
		}
		same(w, "sent", w.sent(j), []string{"survey", "thanks"})
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsReply})
	})
}

func TestWhoOptedOutIsNotAskedAgain(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "lopeta")
		w.clock.set(w.at("2027-03-01 08:00"))
		later := w.visit("2027-03-01 10:00")
		w.move(later, booking.Collected)
		if s := w.of(later); s.State != survey.Suppressed || s.Reason != survey.OptedOut {
			w.Errorf("%s %s", s.State, s.Reason)
		}
	})
}

func TestAReplyByEMailIsThankedByEMail(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked(func(r *booking.BookingRequest) { r.Customer.Phone = "" })
		w.writes(j, notify.Message{
			Channel: notify.Email, FromAddress: "maija@example.com", Verified: true, Body: "5/5, kiitos!\n\n> Vastasiko palvelu odotuksiasi?",
		})
		messages, err := w.notify.Messages(w.Context(), j.Subject())
		w.ok(err)
		m := messages[len(messages)-1]
		if s := w.of(j); s.Score == nil || *s.Score != 5 || m.Occasion != "thanks" || m.Channel != notify.Email || m.ToAddress != "maija@example.com" {
			w.Errorf("stands as %+v, thanked by %+v", s, m)
		}
	})
}

func TestSurveysAreListedNewestFirstByPages(t *testing.T) {
	each(t, func(w *world) {
		var want []int64
		for i, phone := range []string{"040 123 4567", "050 765 4321", "050 765 4322"} {
			j := w.visit("2026-11-23 1"+string(rune('0'+i))+":00", func(r *booking.BookingRequest) {
				r.Customer = booking.ContactInput{Name: "Olli Ek", Phone: phone, Locale: "sv"}
			})
			w.move(j, booking.Collected)
			want = append([]int64{j.ID}, want...)
		}
		var got []int64
		for f := (survey.Filter{WorkshopID: w.shop.ID, AdvisorID: w.bjorn.ID, From: w.at("2026-11-23 00:00"), To: w.at("2026-11-24 00:00"), Limit: 2}); ; {
			rows, err := w.survey.List(w.Context(), f)
			w.ok(err)
			for _, s := range rows {
				got = append(got, s.JobID)
			}
			if len(rows) < f.Limit {
				break
			}
			f.Cursor = rows[len(rows)-1].Cursor()
		}
		same(w, "jobs", got, want)
		if rows, err := w.survey.List(w.Context(), survey.Filter{AdvisorID: w.anna.ID}); err != nil || len(rows) != 0 {
			w.Errorf("Anna received none: %v %v", rows, err)
		}
		if _, err := w.survey.List(w.Context(), survey.Filter{Cursor: "x"}); !fault.Is(err, fault.Invalid) {
			w.Errorf("a wrong cursor: %v", err)
		}
	})
}

func TestSweepsThatRunAtTheSameTimeAskOnce(t *testing.T) {
	each(t, func(w *world) {
		j := w.visit("2026-11-23 10:00")
		w.move(j, booking.Collected)
		w.clock.set(w.at("2026-11-23 18:00"))
		counts := make(chan int)
		for range 4 {
			go func() {
				n, err := w.survey.AskDue(w.Context())
				if err != nil {
					w.Errorf("sweep: %v", err)
				}
				counts <- n
			}()
		}
		total := 0
		for range 4 {
			total += <-counts
		}
		if total != 1 {
			w.Errorf("asked %d times", total)
		}
		same(w, "sent", w.sent(j), []string{"survey"})
	})
}
