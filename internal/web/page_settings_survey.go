package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/templates"
)

// Scales are the questions to choose from.
func (p *settingsPage) Scales() []choice {
	var out []choice
	for _, scale := range booking.SurveyScales {
		low, high := templates.ScaleEnds(scale)
		label := p.words("survey.question."+scale) + " " + strconv.Itoa(low) + "–" + strconv.Itoa(high)
		out = append(out, choice{Value: scale, Label: label, Checked: scale == p.Survey.SurveyScale})
	}
	return out
}

// SurveyFields are the other fields of the form, as the part "field" takes them.
func (p *settingsPage) SurveyFields() []map[string]any {
	field := func(name, kind, value string) map[string]any {
		return map[string]any{"name": name, "type": kind, "value": value, "error": p.Errors[name], "required": true, "label": p.words("page.settings.survey." + name)}
	}
	w := &p.Survey
	return []map[string]any{
		field("survey_at", "time", clockOf(w.SurveyMinute)),
		field("survey_from", "time", clockOf(w.SurveyFromMinute)),
		field("survey_until", "time", clockOf(w.SurveyUntilMinute)),
		field("survey_throttle_days", "number", strconv.Itoa(w.SurveyThrottleDays)),
		field("survey_reminder_days", "number", strconv.Itoa(w.SurveyReminderDays)),
	}
}

// pageSettingsReplies sets how long what a customer wrote may wait.
func (s *Server) pageSettingsReplies(c echo.Context) error {
	return s.changeWorkshop(c, "#replies", func(w *booking.Workshop) error {
		whole := func(name string) *int { return new(int(number(c.FormValue(name)))) }
		in := WorkshopSet{ReplyMinutes: whole("reply_minutes"), ReplyManagerMinutes: whole("reply_manager_minutes")}
		return in.apply(w, s.opt.Now())
	})
}

// pageSettingsSurvey sets what is asked after a visit, when and how often.
func (s *Server) pageSettingsSurvey(c echo.Context) error {
	return s.changeWorkshop(c, "#survey", func(w *booking.Workshop) error {
		whole := func(name string) *int { return new(int(number(c.FormValue(name)))) }
		given := func(name string) *string { return new(typed(c, name, maxLine)) }
		in := WorkshopSet{
			SurveyScale: given("survey_scale"), SurveyAt: given("survey_at"), SurveyFrom: given("survey_from"), SurveyUntil: given("survey_until"),
			SurveyThrottleDays: whole("survey_throttle_days"), SurveyReminderDays: whole("survey_reminder_days"), ReviewURL: new(typed(c, "review_url", 600)),
		}
		return in.apply(w, s.opt.Now())
	})
}

// changeWorkshop changes some of a workshop's settings and shows its part of the
// page again; fill may run more than once.
func (s *Server) changeWorkshop(c echo.Context, part string, fill func(*booking.Workshop) error) error {
	p, err := s.settingsPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	_, err = s.opt.Desk.ChangeWorkshop(c.Request().Context(), managerOf(p.Staff), p.Workshop.ID, fill)
	if err == nil {
		return seeOther(c, settingsURL("", p.Query, "settings")+part)
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	_ = fill(&p.Survey) // shown again as typed; what is wrong is told already
	return s.show(c, status, "settings", p.Locale, p)
}
