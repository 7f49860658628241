package survey_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/survey"
)

// set changes the workshop's settings.
func (w *world) set(change func(*booking.Workshop)) {
	w.Helper()
	shop, err := w.desk.ChangeWorkshop(w.Context(), booking.Manager{Actor: booking.Actor{Kind: "staff"}, Admin: true}, w.shop.ID, func(s *booking.Workshop) error {
		change(s)
		return nil
	})
	w.ok(err)
	w.shop = shop
}

func TestTheQuestionGoesTheSameEveningOrTheNextMorningWithinTheAllowedHours(t *testing.T) {
	for _, tt := range []struct{ name, collected, due string }{
		{"collected by day", "2026-11-23 11:10", "2026-11-23 18:00"},
		{"collected before the hour", "2026-11-23 17:55", "2026-11-23 18:00"},
		{"collected after it, an hour later", "2026-11-23 18:20", "2026-11-23 19:20"},
		{"collected when the allowed hours are soon over", "2026-11-23 19:05", "2026-11-24 09:30"},
		{"collected in the night", "2026-11-24 00:10", "2026-11-24 18:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(w *world) {
				w.set(func(s *booking.Workshop) { s.SurveyFromMinute = 9*60 + 30 })
				j := w.visit("2026-11-23 10:00")
				w.clock.set(w.at(tt.collected))
				w.move(j, booking.Collected)
				if s := w.of(j); !s.DueAt.Equal(w.at(tt.due)) {
					w.Errorf("due %v", s.DueAt.In(w.shop.Zone()))
				}
			})
		})
	}
}

func TestTheWorkshopChoosesWhatItAsks(t *testing.T) {
	for _, tt := range []struct {
		scale, says, reply string
		score              int
		alerts             []booking.AttentionKind
	}{
		{"1-5", "Vastasiko palvelu odotuksiasi? Vastaa 1-5 (5 = täysin)", "5", 5, nil},
		{"0-10", "suosittelisit meitä? Vastaa 0-10 (10 = erittäin todennäköisesti)", "6", 6, []booking.AttentionKind{booking.NeedsCare}},
		{"effort-5", "Kuinka helppoa asiointi kanssamme oli? Vastaa 1-5 (5 = erittäin helppoa)", "4", 4, nil},
		{"effort-7", "Kuinka helppoa asiointi kanssamme oli? Vastaa 1-7 (7 = erittäin helppoa)", "6/7", 6, nil},
		{"effort-7", "Vastaa 1-7", "3", 3, []booking.AttentionKind{booking.NeedsCare}},
	} {
		t.Run(tt.scale+" "+tt.reply, func(t *testing.T) {
			each(t, func(w *world) {
				w.set(func(s *booking.Workshop) { s.SurveyScale = tt.scale })
				j := w.asked()
				messages, err := w.notify.Messages(w.Context(), j.Subject())
				w.ok(err)
				if m := messages[len(messages)-1]; !strings.Contains(m.Body, tt.says) {
					w.Errorf("asked %q", m.Body)
				}
				w.texts(j, tt.reply)
				if s := w.of(j); s.Scale != tt.scale || s.Score == nil || *s.Score != tt.score {
					w.Errorf("stands as %+v", s)
				}
				same(w, "alerts", w.alerts(), tt.alerts)
			})
		})
	}
}

// complains opens a case on a job, as a broken promise does.
func (w *world) complains(j *booking.Job) {
	w.Helper()
	job, err := w.desk.Job(w.Context(), j.ID)
	w.ok(err)
	w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error {
		return w.survey.OnBroken(ctx, job, &booking.Promise{Kind: booking.PromiseReady, DueAt: job.EndAt})
	}))
}

func TestNobodyIsAskedWhileAComplaintIsOpen(t *testing.T) {
	each(t, func(w *world) {
		before := w.visit("2026-11-23 10:00")
		w.complains(before)
		w.move(before, booking.Collected)
		since := w.visit("2026-11-23 11:00", func(r *booking.BookingRequest) { r.Customer.Phone, r.Customer.Email = "050 765 4321", "" })
		w.move(since, booking.Collected)
		w.complains(since) // opened between pick-up and the hour of asking
		w.clock.set(w.at("2026-11-23 18:00"))
		if w.ask() != 0 {
			w.Error("asked")
		}
		for _, j := range []*booking.Job{before, since} {
			if s := w.of(j); s.State != survey.Suppressed || s.Reason != survey.CaseOpen {
				w.Errorf("job %d is %s %q", j.ID, s.State, s.Reason)
			}
			items, err := w.desk.Timeline(w.Context(), j.ID)
			w.ok(err)
			if !slices.ContainsFunc(items, func(i booking.TimelineItem) bool { return i.Kind == booking.EventSurvey && i.Body == "case_open" }) {
				w.Errorf("the timeline of job %d does not tell why", j.ID)
			}
		}
	})
}

func TestOurOwnPeopleAreNotAsked(t *testing.T) {
	each(t, func(w *world) {
		by := booking.Manager{Actor: booking.Actor{Kind: "staff"}, Admin: true}
		_, err := w.desk.ChangeAdvisor(w.Context(), by, w.anna.ID, func(a *booking.Advisor) error {
			a.Phone, a.Email = "+358 40 123 4567", "Anna@Example.com"
			return nil
		})
		w.ok(err)
		for i, contact := range []booking.ContactInput{
			{Name: "Anna Virtanen", Phone: "040 123 4567", Locale: "fi"},
			{Name: "Anna Virtanen", Email: "anna@example.com", Locale: "fi"},
		} {
			j := w.visit([]string{"2026-11-23 10:00", "2026-11-23 11:00"}[i], func(r *booking.BookingRequest) { r.Customer = contact })
			w.move(j, booking.Collected)
			if s := w.of(j); s.State != survey.Suppressed || s.Reason != survey.StaffOwn {
				w.Errorf("%+v is %s %q", contact, s.State, s.Reason)
			}
		}
	})
}

func TestSeveralJobsOfOneVisitAreOneQuestionWhateverTheThrottle(t *testing.T) {
	each(t, func(w *world) {
		w.set(func(s *booking.Workshop) { s.SurveyThrottleDays = 0 })
		first, second := w.visit("2026-11-23 10:00"), w.visit("2026-11-23 11:00")
		w.move(first, booking.Collected)
		w.move(second, booking.Collected)
		w.clock.set(w.at("2026-11-23 18:00"))
		if n := w.ask(); n != 1 {
			w.Errorf("%d asked", n)
		}
		third := w.visit("2026-11-23 12:00") // fetched last, after the question
		w.move(third, booking.Collected)
		for _, j := range []*booking.Job{second, third} {
			if s := w.of(j); s.Reason != survey.SameVisit {
				w.Errorf("job %d is %s %q", j.ID, s.State, s.Reason)
			}
		}
		w.clock.set(w.at("2026-11-25 08:00"))
		another := w.visit("2026-11-25 10:00")
		w.move(another, booking.Collected)
		if s := w.of(another); s.State != survey.Planned {
			w.Errorf("another visit is %s %q", s.State, s.Reason)
		}
	})
}

func TestTheThrottleIsTheWorkshops(t *testing.T) {
	each(t, func(w *world) {
		w.set(func(s *booking.Workshop) { s.SurveyThrottleDays = 7 })
		w.asked()
		for _, tt := range []struct {
			day    string
			reason survey.Reason
		}{{"2026-11-30", survey.Throttled}, {"2026-12-01", ""}} {
			w.clock.set(w.at(tt.day + " 08:00"))
			j := w.visit(tt.day + " 10:00")
			w.clock.set(w.at(tt.day + " 16:00"))
			w.move(j, booking.Collected)
			if s := w.of(j); s.Reason != tt.reason {
				w.Errorf("%s: %s %q", tt.day, s.State, s.Reason)
			}
		}
	})
}

func TestOneReminderGoesWhereItIsSwitchedOnAndNobodyAnswered(t *testing.T) {
	for _, tt := range []struct {
		name  string
		days  int
		event func(w *world, j *booking.Job)
		sent  []string
	}{
		{"not where it is off", 0, nil, []string{"survey"}},
		{"once", 2, nil, []string{"survey", "survey_reminder"}},
		{"not who has answered", 2, func(w *world, j *booking.Job) { w.texts(j, "4") }, []string{"survey", "thanks"}},
		{"not who was asked again already", 2, func(w *world, j *booking.Job) { w.texts(j, "no joo") }, []string{"survey", "survey_again"}},
		{"not who declined", 2, func(w *world, j *booking.Job) { w.texts(j, "ei kiitos") }, []string{"survey"}},
		{"not who tapped on the text", 2, func(w *world, j *booking.Job) { w.texts(j, "Liked “Vastasiko palvelu odotuksiasi?”") }, []string{"survey"}},
		{"not whose complaint is open", 2, func(w *world, j *booking.Job) { w.complains(j) }, []string{"survey"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(w *world) {
				w.set(func(s *booking.Workshop) { s.SurveyReminderDays = tt.days })
				j := w.asked()
				if tt.event != nil {
					tt.event(w, j)
				}
				for day := range 10 {
					w.clock.set(w.at("2026-11-24 18:00").AddDate(0, 0, day))
					if n := w.ask(); n > 0 && day != 1 {
						w.Errorf("%d texts on day %d", n, day+1)
					}
				}
				same(w, "sent", w.sent(j), tt.sent)
			})
		})
	}
}

func TestAReminderIsAnsweredLikeTheQuestion(t *testing.T) {
	each(t, func(w *world) {
		w.set(func(s *booking.Workshop) { s.SurveyReminderDays = 1 })
		j := w.asked()
		w.clock.set(w.clock.now().Add(24 * time.Hour))
		w.ask()
		w.texts(j, "kolmonen")
		if s := w.of(j); s.Score == nil || *s.Score != 3 || s.RemindedAt.IsZero() {
			w.Errorf("stands as %+v", s)
		}
		messages, err := w.notify.Messages(w.Context(), j.Subject())
		w.ok(err)
		if m := messages[len(messages)-2]; m.Channel != notify.SMS || !strings.Contains(m.Body, "En kysy enää") {
			w.Errorf("reminded with %+v", m)
		}
	})
}
