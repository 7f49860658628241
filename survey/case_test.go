package survey_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

// tick moves the clock and lets the sweeps look.
func (w *world) tick(wall string) {
	w.Helper()
	w.clock.set(w.at(wall))
	_, err := w.desk.WatchPromises(w.Context())
	w.ok(err)
	_, err = w.survey.WatchCases(w.Context())
	w.ok(err)
}

func (w *world) caseOf(j *booking.Job) *survey.Case {
	w.Helper()
	c, err := w.survey.CaseOfJob(w.Context(), j.ID)
	w.ok(err)
	if c == nil {
		w.Fatalf("job %d has no case", j.ID)
	}
	return c
}

// texted are the occasions of all our texts to the customer from one on.
func (w *world) texted(j *booking.Job, from string) []string {
	w.Helper()
	messages, err := w.notify.Messages(w.Context(), j.Subject())
	w.ok(err)
	var out []string
	for _, m := range messages {
		if m.Direction == notify.Out && (len(out) > 0 || m.Occasion == from) {
			out = append(out, m.Occasion)
		}
	}
	return out
}

func (w *world) by() booking.Actor {
	return booking.Actor{Kind: "staff", StaffID: 9, Advisor: w.bjorn.ID, Name: w.bjorn.Name}
}

func TestALowScoreIsFollowedUntilTheCustomerSaysItIsSorted(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked() // Monday 18:00, after closing; it opens at 7:30
		w.texts(j, "1, penkki jäi likaiseksi")
		c := w.caseOf(j)
		if c.State != survey.CaseWaiting || c.Cause != survey.CauseLowScore || c.OwnerID != w.bjorn.ID || c.PromiseID == 0 {
			w.Fatalf("opened as %+v", c)
		}
		if !c.AcknowledgeBy.Equal(w.at("2026-11-24 08:00")) {
			w.Errorf("to be taken by %v", c.AcknowledgeBy.In(w.shop.Zone()))
		}
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsCare})

		w.tick("2026-11-24 07:55")
		w.ok(w.survey.Acknowledge(w.Context(), c.ID, w.by()))
		w.ok(w.survey.Acknowledge(w.Context(), c.ID, w.by())) // a second tap
		same(w, "alerts once it is taken", w.alerts(), []booking.AttentionKind{booking.NeedsCall})
		w.tick("2026-11-24 08:31")
		if c = w.caseOf(j); c.Level != 0 || c.AcknowledgedBy != w.bjorn.Name {
			w.Errorf("escalated although it was taken: %+v", c)
		}

		// The call will be late: the customer hears it before.
		due := c.Promise.DueAt.In(w.shop.Zone()).Format("2006-01-02 15:04")
		if due != "2026-11-24 09:30" {
			w.Errorf("the call is due %s", due)
		}
		w.tick("2026-11-24 09:21")
		w.clock.set(w.at("2026-11-24 10:10"))
		_, err := w.desk.Attempt(w.Context(), c.PromiseID, booking.OutcomeReached, "Pesu maanantaina", w.by())
		w.ok(err)
		w.tick("2026-11-24 14:09")
		if got := w.caseOf(j).State; got != survey.CaseTaken {
			w.Errorf("asked too soon: %s", got)
		}
		w.tick("2026-11-24 14:11")
		if got := w.caseOf(j).State; got != survey.CaseAsked {
			w.Fatalf("not asked: %s", got)
		}

		w.texts(j, "ei")
		c = w.caseOf(j)
		if c.State != survey.CaseWaiting || c.Reopened != 1 || c.PromiseID == 0 {
			w.Fatalf("after a no: %+v", c)
		}
		w.ok(w.survey.AskSorted(w.Context(), c.ID, w.by()))
		w.texts(j, "Kyllä, kiitos")
		c = w.caseOf(j)
		if c.State != survey.CaseSorted || c.SortedAt.IsZero() || c.ClosedAt.IsZero() {
			w.Fatalf("after a yes: %+v", c)
		}
		w.tick("2026-12-03 18:01")
		if w.caseOf(j).ReaskedAt.IsZero() != true {
			w.Error("asked once more before ten days have passed")
		}
		w.tick("2026-12-04 18:01")
		w.tick("2026-12-05 18:01")
		w.texts(j, "4")
		c = w.caseOf(j)
		if c.ReaskScore == nil || *c.ReaskScore != 4 {
			w.Errorf("the answer to the question asked once more: %+v", c)
		}
		if s := w.of(j); s.Score == nil || *s.Score != 1 {
			w.Errorf("it changed the survey's own answer: %+v", s)
		}
		same(w, "texts", w.texted(j, "survey"), []string{"survey", "case_opened", "late_call", "sorted", "callback", "sorted", "sorted_yes", "survey_reask"})
	})
}

func TestACaseThatNobodyTakesIsEscalated(t *testing.T) {
	each(t, func(w *world) {
		w.staff(
			auth.Staff{ID: 1, Active: true, Email: "bjorn@talo.fi", Name: "Björn", Role: auth.Advisor, AdvisorID: w.bjorn.ID, WorkshopID: w.shop.ID},
			auth.Staff{ID: 2, Active: true, Email: "anna@talo.fi", Name: "Anna", Role: auth.Advisor, AdvisorID: w.anna.ID, WorkshopID: w.shop.ID},
			auth.Staff{ID: 3, Active: true, Email: "pomo@talo.fi", Name: "Pomo", Role: auth.Manager, WorkshopID: w.shop.ID},
			auth.Staff{ID: 4, Active: true, Email: "muu@talo.fi", Name: "Muu", Role: auth.Manager, WorkshopID: w.shop.ID + 1},
		)
		j := w.asked()
		w.texts(j, "2")
		c := w.caseOf(j)
		alerted := func(want ...string) {
			w.Helper()
			messages, err := w.notify.Messages(w.Context(), fmt.Sprintf("case:%d", c.ID))
			w.ok(err)
			var to []string
			for _, m := range messages {
				to = append(to, strings.TrimSuffix(m.ToAddress, "@talo.fi"))
			}
			same(w, "mailed", to, want)
		}
		alerted("bjorn")
		w.tick("2026-11-24 08:31")
		alerted("bjorn", "bjorn", "anna", "pomo")
		if got := w.alerts(); !slices.Contains(got, booking.NeedsEscalation) {
			w.Errorf("the board shows %v", got)
		}
		w.tick("2026-11-24 09:02")
		w.tick("2026-11-24 12:00")
		alerted("bjorn", "bjorn", "anna", "pomo", "pomo")
		if c = w.caseOf(j); c.Level != 2 || c.State != survey.CaseWaiting {
			w.Errorf("stands at %+v", c)
		}
		// A colleague takes it by answering the mail.
		_, err := w.notify.Record(w.Context(), fmt.Sprintf("case:%d", c.ID), notify.Message{
			Channel: notify.Email, FromAddress: "anna@talo.fi", Verified: true, Body: "Minä soitan"})
		w.ok(err)
		if c = w.caseOf(j); c.State != survey.CaseTaken || c.OwnerID != w.anna.ID || c.AcknowledgedBy != "Anna" {
			w.Errorf("taken by mail: %+v", c)
		}
	})
}

func TestAnAlertThatDoesNotArriveEscalatesAtOnce(t *testing.T) {
	each(t, func(w *world) {
		w.staff(auth.Staff{ID: 1, Active: true, Email: "bjorn@talo.fi", Name: "Björn", Role: auth.Advisor, AdvisorID: w.bjorn.ID, WorkshopID: w.shop.ID},
			auth.Staff{ID: 3, Active: true, Email: "pomo@talo.fi", Name: "Pomo", Role: auth.Manager, WorkshopID: w.shop.ID})
		j := w.asked()
		w.texts(j, "1")
		c := w.caseOf(j)
		w.ok(w.survey.HandleFailure(w.Context(), fmt.Sprintf("case:%d", c.ID), notify.Message{State: notify.Failed, ToAddress: "bjorn@talo.fi", Error: "no such mailbox"}))
		w.ok(w.survey.HandleFailure(w.Context(), fmt.Sprintf("case:%d", c.ID), notify.Message{State: notify.Failed, ToAddress: "pomo@talo.fi", Error: "no such mailbox"}))
		if c = w.caseOf(j); c.Level != 1 || c.EscalatedAt.IsZero() {
			w.Errorf("stands at %+v", c)
		}
	})
}

func TestOnlyTheCustomersClearWordClosesACase(t *testing.T) {
	for _, tt := range []struct {
		reply string
		state survey.CaseState
	}{
		{"kyllä", survey.CaseSorted}, {"Joo kiitos!", survey.CaseSorted}, {"Ja tack", survey.CaseSorted}, {"yes", survey.CaseSorted},
		{"ei", survey.CaseWaiting}, {"nej", survey.CaseWaiting}, {"Not yet", survey.CaseAsked}, {"soittakaa vielä", survey.CaseWaiting},
		{"Kyllä ja ei, penkki on yhä likainen", survey.CaseAsked}, {"Milloin voin tuoda auton?", survey.CaseAsked},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			each(t, func(w *world) {
				j := w.asked()
				w.texts(j, "1")
				w.ok(w.survey.AskSorted(w.Context(), w.caseOf(j).ID, w.by()))
				w.texts(j, tt.reply)
				if got := w.caseOf(j).State; got != tt.state {
					w.Errorf("%q leaves the case %s, want %s", tt.reply, got, tt.state)
				}
			})
		})
	}
}

func TestTheCustomerMayAnswerOnThePageOfTheJob(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		if err := w.survey.Sorted(w.Context(), j.Token, true); !fault.Is(err, fault.NotFound) {
			w.Errorf("without a case: %v", err)
		}
		w.texts(j, "1")
		if err := w.survey.Sorted(w.Context(), j.Token, true); !fault.Is(err, fault.NotFound) {
			w.Errorf("before it is asked: %v", err)
		}
		w.ok(w.survey.AskSorted(w.Context(), w.caseOf(j).ID, w.by()))
		w.ok(w.survey.Sorted(w.Context(), j.Token, true))
		w.ok(w.survey.Sorted(w.Context(), j.Token, true)) // a second tap
		if got := w.caseOf(j).State; got != survey.CaseSorted {
			w.Errorf("is %s", got)
		}
	})
}

func TestBadFactsOpenACaseBeforeAnyQuestion(t *testing.T) {
	each(t, func(w *world) {
		w.clock.set(w.at("2026-11-23 09:00"))
		j := w.visit("2026-11-23 10:00", func(r *booking.BookingRequest) { r.Note = "" })
		w.move(j, booking.InWork)
		_, _, err := w.desk.Transition(w.Context(), booking.TransitionRequest{JobID: j.ID, To: booking.InWork, ReadyBy: w.at("2026-11-23 14:00"), Actor: w.by()})
		w.ok(err)
		w.tick("2026-11-23 13:46")
		w.tick("2026-11-23 14:01")
		if c := w.caseOf(j); c.Cause != survey.CauseBroken || c.PromiseID == 0 {
			w.Errorf("opened as %+v", c)
		}
		if got := w.texted(j, "late_ready"); !slices.Equal(got, []string{"late_ready"}) {
			w.Errorf("told %v: once is enough", got)
		}
		w.move(j, booking.Ready)
		w.move(j, booking.Collected)
		if s := w.of(j); s.State != survey.Suppressed || s.Reason != survey.CaseOpen {
			w.Errorf("asked while a case is open: %s %s", s.State, s.Reason)
		}
	})
}

func TestAJobThatComesBackOpensACaseAMistakenTapDoesNot(t *testing.T) {
	each(t, func(w *world) {
		tapped, back := w.visit("2026-11-23 10:00"), w.visit("2026-11-23 11:00", func(r *booking.BookingRequest) {
			r.Customer.Phone, r.Customer.Email = "050 765 4321", ""
		})
		w.move(tapped, booking.Collected)
		w.move(back, booking.Collected)
		w.tick("2026-11-23 12:00")
		w.move(back, booking.Ready)
		if c := w.caseOf(back); c.Cause != survey.CauseReopened {
			w.Errorf("opened as %+v", c)
		}
		w.clock.set(monday)
		w.move(tapped, booking.Ready)
		if c, err := w.survey.CaseOfJob(w.Context(), tapped.ID); err != nil || c != nil {
			w.Errorf("a mistaken tap opened %+v, %v", c, err)
		}
	})
}

func TestACaseIsClosedWithoutTheCustomerOnlyWithAReason(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "5 surkeaa")
		c := w.caseOf(j)
		if err := w.survey.Dismiss(w.Context(), c.ID, " ", w.by()); !fault.Is(err, fault.Invalid) {
			w.Errorf("without a reason: %v", err)
		}
		w.ok(w.survey.Dismiss(w.Context(), c.ID, "Vitsi, kysyin asiakkaalta", w.by()))
		if err := w.survey.Acknowledge(w.Context(), c.ID, w.by()); !fault.Is(err, fault.Conflict) {
			w.Errorf("taken although it is closed: %v", err)
		}
		if err := w.survey.Acknowledge(w.Context(), 4711, w.by()); !fault.Is(err, fault.NotFound) {
			w.Errorf("one that does not exist: %v", err)
		}
	})
}

func TestACustomerWithoutAPhoneIsAnsweredByMail(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked(func(r *booking.BookingRequest) { r.Customer.Phone = "" })
		w.writes(j, notify.Message{Channel: notify.Email, FromAddress: "maija@example.com", Verified: true, Body: "1"})
		if c := w.caseOf(j); c.PromiseID != 0 {
			w.Errorf("a call was promised: %+v", c)
		}
		same(w, "sent", w.sent(j), []string{"survey", "acknowledge"})
	})
}

func TestTheOwnersStandInHasTheCaseWhileTheOwnerIsAway(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		_, err := w.desk.AddAbsence(w.Context(), w.bjorn.ID, w.at("2026-11-23 17:00"), w.at("2026-11-27 08:00"), "", w.by())
		w.ok(err)
		w.texts(j, "1")
		c := w.caseOf(j)
		if c.OwnerID != w.anna.ID || c.Promise.OwnerID != w.anna.ID {
			w.Errorf("case of %d, call of %d, want %d", c.OwnerID, c.Promise.OwnerID, w.anna.ID)
		}
	})
}

// staff makes a surveyor that knows these people.
func (w *world) staff(people ...auth.Staff) {
	w.people = func(context.Context) ([]auth.Staff, error) { return people, nil }
	w.start()
}

func TestAnErasedCustomerLeavesNoCaseOpenAndNoWordsBehind(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.texts(j, "1, penkki jäi likaiseksi")
		full, err := w.desk.Job(w.Context(), j.ID)
		w.ok(err)
		open := w.visit("2026-11-25 10:00")
		if err := w.desk.EraseCustomer(w.Context(), full.CustomerID, w.by()); !fault.Is(err, fault.Conflict) {
			w.Fatalf("with a car in the house: %v", err)
		}
		w.move(open, booking.Collected)
		w.ok(w.desk.EraseCustomer(w.Context(), full.CustomerID, w.by()))
		w.tick("2026-11-24 12:00")
		w.tick("2026-12-24 12:00")
		c := w.caseOf(j)
		if c.State != survey.CaseErased || c.Detail != "" || !c.NextAt.IsZero() || c.Promise.State != booking.PromiseClosed {
			w.Errorf("the case stands as %+v", c)
		}
		if got := w.alerts(); len(got) != 0 {
			w.Errorf("alerts %v", got)
		}
		if s := w.of(j); s.Score == nil || *s.Score != 1 || s.Comment != "" {
			w.Errorf("the answer stands as %+v", s)
		}
		for _, table := range []string{"customers", "jobs", "messages", "job_events", "attentions", "promises", "cases", "surveys", "survey_answers", "participants", "vehicles", "consents", "message_states"} {
			var rows []map[string]any
			w.ok(w.db.In(w.Context()).Table(table).Find(&rows).Error)
			for _, row := range rows {
				for column, value := range row {
					for _, secret := range []string{"Maija", "401234567", "maija@example.com", "likaiseksi", "ABC-123"} {
						if strings.Contains(fmt.Sprintf("%s", value), secret) {
							w.Errorf("%s.%s still says %s", table, column, secret)
						}
					}
				}
			}
		}
	})
}

// Who was asked is counted, also where we have failed the customer meanwhile and
// said so: what was told then is not what the score answers.
func TestAnAnswerCountsWhileACaseIsOpen(t *testing.T) {
	for _, tt := range []struct {
		reply string
		score int
	}{
		{"1, kukaan ei soittanut", 1}, {"1 nobody called me", 1}, {"2 - ni ringde aldrig", 2}, {"1. Where is my car key?", 1}, {"5", 5},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			each(t, func(w *world) {
				j := w.asked()
				_, err := w.desk.AskCallback(w.Context(), j.Token, "", "the invoice")
				w.ok(err)
				for at := range 20 { // the next morning, often enough to be told before it is late
					w.tick(w.at("2026-11-24 08:00").Add(time.Duration(at) * 10 * time.Minute).In(w.shop.Zone()).Format("2006-01-02 15:04"))
				}
				if got := w.texted(j, "late_call"); len(got) == 0 {
					w.Fatal("nothing was told of the call that is late")
				}
				w.move(j, booking.Ready) // back again
				if c, err := w.survey.CaseOfJob(w.Context(), j.ID); err != nil || c == nil || !c.ClosedAt.IsZero() {
					w.Fatalf("no case is open: %+v %v", c, err)
				}
				w.texts(j, tt.reply)
				if row := w.of(j); row.Score == nil || *row.Score != tt.score || row.State != survey.Answered {
					w.Errorf("%q leaves the survey %s with %v", tt.reply, row.State, row.Score)
				}
			})
		})
	}
}
