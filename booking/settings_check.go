package booking

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"neuvo/templates"
)

// The rules of what may be set, for a catalogue and for the settings alike. Each
// checks a row below a location and tidies it in place.

// workshopRow checks a workshop and gives its zone.
func (k *catalogueCheck) workshopRow(at string, w *Workshop) *time.Location {
	w.Name = k.line(at+".name", w.Name, maxName, true)
	w.Email = k.email(at+".email", w.Email)
	w.Address = k.line(at+".address", w.Address, 200, false)
	loc, err := time.LoadLocation(w.TimeZone)
	if w.TimeZone == "" || w.TimeZone == "Local" || err != nil {
		k.fail(at+".time_zone", "fault.time_zone", w.TimeZone)
		loc = time.UTC
	}
	k.oneOf(at+".locale", "fault.locale_unknown", w.Locale, templates.Locales)
	if !countryPattern.MatchString(w.Country) {
		k.fail(at+".country", "fault.country", w.Country)
	}
	if !currencyPattern.MatchString(w.Currency) {
		k.fail(at+".currency", "fault.currency", w.Currency)
	}
	w.Phone = k.anyPhone(at+".phone", w.Phone, w.Country)
	k.oneOf(at+".holidays", "fault.one_of", w.Holidays, HolidayWords)
	w.Region = k.line(at+".region", w.Region, 10, false)
	if known := HolidayRegions(w.Country); w.Region != "" && len(known) > 0 {
		k.oneOf(at+".region", "fault.one_of", w.Region, known)
	}
	k.between(at+".calls_per_hour", int64(w.CallsPerHour), 0, 60)
	k.between(at+".reply_minutes", int64(w.ReplyMinutes), 0, 60*24*7)
	k.between(at+".reply_manager_minutes", int64(w.ReplyManagerMinutes), 0, 60*24*7)
	if w.EstimateMargin != nil {
		k.between(at+".estimate_margin", int64(*w.EstimateMargin), 0, 100)
	}
	k.minutes(at+".slot_minutes", w.SlotMinutes, 5, 240)
	k.between(at+".min_notice_minutes", int64(w.MinNoticeMinutes), 0, 60*24*30)
	k.between(at+".change_notice_minutes", int64(w.ChangeNoticeMinutes), 0, 60*24*30)
	k.between(at+".horizon_days", int64(w.HorizonDays), 1, 1100)
	k.surveyRow(at, w)
	return loc
}

// surveyRow checks what is asked after a visit, when and how often.
func (k *catalogueCheck) surveyRow(at string, w *Workshop) {
	k.oneOf(at+".survey_scale", "fault.one_of", w.SurveyScale, SurveyScales)
	k.between(at+".survey_from", int64(w.SurveyFromMinute), 0, 24*60)
	k.between(at+".survey_until", int64(w.SurveyUntilMinute), 0, 24*60)
	if w.SurveyUntilMinute <= w.SurveyFromMinute {
		k.fail(at+".survey_until", "fault.clock_backwards", clockWord(w.SurveyUntilMinute))
	}
	k.between(at+".survey_reminder_days", int64(w.SurveyReminderDays), 0, 10)
	k.between(at+".survey_throttle_days", int64(w.SurveyThrottleDays), 0, 3650)
	w.ReviewURL = strings.TrimSpace(w.ReviewURL)
	if u, err := url.Parse(w.ReviewURL); w.ReviewURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || len(w.ReviewURL) > 500) {
		k.fail(at+".review_url", "fault.web_address", w.ReviewURL)
	}
}

// serviceRow checks what can be booked.
func (k *catalogueCheck) serviceRow(at string, s *Service) {
	s.Name = k.line(at+".name", s.Name, maxName, true)
	s.Description = k.text(at+".description", s.Description, maxNote, false)
	k.minutes(at+".duration_minutes", s.DurationMinutes, 5, 60*24*14)
	k.minutes(at+".reception_minutes", s.ReceptionMinutes, 5, 60*24)
	k.serviceNeeds(at, s)
	k.between(at+".price_from", s.PriceFrom, 0, 1_000_000_000)
	k.between(at+".recall_months", int64(s.RecallMonths), 0, 240)
	s.Transports = append([]string{}, s.Transports...)
	if s.Translations == nil {
		s.Translations = map[string]Translation{}
	}
	for i, t := range s.Transports {
		k.oneOf(fmt.Sprintf("%s.transports[%d]", at, i), "fault.one_of", t, Transports)
	}
	s.Bring = k.lines(at+".bring", s.Bring)
	for _, locale := range slices.Sorted(maps.Keys(s.Translations)) {
		here := at + ".translations." + locale
		k.oneOf(here, "fault.locale_unknown", locale, templates.Locales)
		t := s.Translations[locale]
		t.Name = k.line(here+".name", t.Name, maxName, false)
		t.Description = k.text(here+".description", t.Description, maxNote, false)
		if len(t.Bring) > 0 {
			t.Bring = k.lines(here+".bring", t.Bring)
		}
		s.Translations[locale] = t
	}
}

// advisorRow checks who receives customers, at a workshop in a country.
func (k *catalogueCheck) advisorRow(at, country string, a *Advisor) {
	a.Name = k.line(at+".name", a.Name, maxName, true)
	a.Title = k.line(at+".title", a.Title, maxName, false)
	a.PhotoURL = k.line(at+".photo_url", a.PhotoURL, 500, false)
	a.Email = k.email(at+".email", a.Email)
	a.Phone = k.anyPhone(at+".phone", a.Phone, country)
	a.Languages = k.lines(at+".languages", a.Languages)
	k.advisorCaps(at, a)
}

// closureRow checks a span of closed dates; without an end it is one day.
func (k *catalogueCheck) closureRow(at string, c *Closure) {
	c.ToDate = orWord(c.ToDate, c.FromDate)
	from, err1 := parseDate(c.FromDate)
	until, err2 := parseDate(c.ToDate)
	switch {
	case err1 != nil:
		k.fail(at+".from", "fault.date", c.FromDate)
	case err2 != nil:
		k.fail(at+".to", "fault.date", c.ToDate)
	case until.Before(from.Time):
		k.fail(at+".to", "fault.range_backwards", c.ToDate)
	}
	c.Reason = k.line(at+".reason", c.Reason, maxName, false)
}

// lines checks a list of short texts.
func (k *catalogueCheck) lines(at string, in []string) []string {
	out := append([]string{}, in...) // never nil: the columns hold a list
	for i, s := range in {
		out[i] = k.line(fmt.Sprintf("%s[%d]", at, i), s, 200, true)
	}
	return out
}

// anyPhone checks a number that is only called; it may be left out.
func (k *catalogueCheck) anyPhone(at, raw, country string) string {
	if raw = strings.TrimSpace(raw); raw == "" {
		return ""
	}
	phone, err := normalizeAnyPhone(raw, country)
	if err != nil {
		k.bad = append(k.bad, phoneField(at, raw, err))
	}
	return phone
}

// between checks a number within bounds, both included.
func (k *catalogueCheck) between(at string, n, least, most int64) {
	if n < least || n > most {
		k.fail(at, "fault.between", n).Args = map[string]any{"min": least, "max": most}
	}
}
