package survey_test

import (
	"context"
	"log/slog"
	"testing"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/survey"
)

// carrier is a gateway of texts that takes everything.
type carrier struct{ sent []notify.Envelope }

func (c *carrier) Name() string            { return "carrier" }
func (c *carrier) Channel() notify.Channel { return notify.SMS }
func (c *carrier) Send(_ context.Context, e notify.Envelope) (notify.Sent, error) {
	c.sent = append(c.sent, e)
	return notify.Sent{ID: e.ClientRef}, nil
}

// carried is start with a gateway, and the manners of the workshop.
func (w *world) carried() *carrier {
	c, log := &carrier{}, slog.New(slog.DiscardHandler)
	w.notify = notify.New(w.db, notify.Options{Now: w.clock.now, Log: log, MailDomain: "reply.neuvo.test", Routes: []notify.Route{{Gateway: c}}})
	w.desk = booking.New(w.db, w.notify, booking.Options{Now: w.clock.now, BaseURL: "https://neuvo.test", Log: log})
	w.survey = survey.New(w.db, w.desk, w.notify, survey.Options{Now: w.clock.now, BaseURL: "https://neuvo.test/", Log: log})
	w.desk.OnStatus(w.survey.OnStatus)
	w.desk.OnBroken(w.survey.OnBroken)
	w.desk.OnCalled(w.survey.OnCalled)
	w.notify.OnReply(w.survey.HandleReply)
	w.notify.OnReply(w.desk.HandleReply)
	w.notify.SetVersions(w.desk.Version)
	w.notify.SetManners(w.desk.Manners)
	return c
}

// deliver sends what may go and tells which occasions that were.
func (w *world) deliver(c *carrier) (occasions []string) {
	w.Helper()
	before := len(c.sent)
	_, err := w.notify.SendDue(w.Context())
	w.ok(err)
	for _, e := range c.sent[before:] {
		occasions = append(occasions, e.Occasion)
	}
	return occasions
}

func TestWhoAnswersBadlyAtNightIsToldAtOnceWhoCalls(t *testing.T) {
	each(t, func(w *world) {
		sms := w.carried()
		j := w.asked()
		w.deliver(sms)
		w.clock.set(w.at("2026-11-23 22:30"))
		w.texts(j, "1, penkki jäi likaiseksi")
		same(w, "told at night", w.deliver(sms), []string{"case_opened"})
	})
}

func TestTextsOfACaseFollowTheQuietHoursOnEveryNight(t *testing.T) {
	for name, night := range map[string]struct{ visit, day, morning string }{
		"an ordinary night":            {"2026-11-23", "2026-11-23", "2026-11-24"},
		"the night summer time ends":   {"2026-10-23", "2026-10-24", "2026-10-25"},
		"the night summer time begins": {"2027-03-25", "2027-03-27", "2027-03-28"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				sms := w.carried()
				w.clock.set(w.at(night.visit + " 08:00"))
				j := w.visit(night.visit + " 10:00")
				w.clock.set(w.at(night.visit + " 12:00"))
				w.move(j, booking.Collected)
				w.deliver(sms)
				w.clock.set(w.at(night.day + " 21:30"))
				// It comes back after the hand-over: a fact that opens a case late in the
				// day, and a call that is promised.
				w.move(j, booking.Ready)
				c := w.caseOf(j)
				if c.Cause != survey.CauseReopened {
					w.Fatalf("the case is %+v", c)
				}
				told := len(sms.sent)
				w.ok(w.survey.AskSorted(w.Context(), c.ID, w.by()))
				for _, at := range []string{night.day + " 21:31", night.day + " 23:59", night.morning + " 02:30", night.morning + " 03:30", night.morning + " 07:59"} {
					w.clock.set(w.at(at))
					if went := w.deliver(sms); len(went) != 0 {
						w.Errorf("%s: woken by %v", at, went)
					}
				}
				w.clock.set(w.at(night.morning + " 08:00"))
				w.deliver(sms)
				var got []string
				for _, e := range sms.sent[told:] {
					got = append(got, e.Occasion)
				}
				same(w, "in the morning", got, []string{"callback", "sorted"})
			})
		})
	}
}
