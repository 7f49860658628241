package web

import (
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// The shapes of settings as they are given: a member that is left out stays as
// it is, or takes its default in what is new. The library reads only exported
// embedded types.

// WorkshopSet is what can be set of a workshop.
type WorkshopSet struct {
	Name                *string `json:"name,omitempty"`
	TimeZone            *string `json:"time_zone,omitempty" example:"Europe/Helsinki" doc:"IANA name"`
	Locale              *string `json:"locale,omitempty" doc:"fi, sv or en"`
	Country             *string `json:"country,omitempty" example:"FI" doc:"ISO 3166-1 alpha-2"`
	Region              *string `json:"region,omitempty" doc:"where holidays differ within the country, ISO 3166-2: SCT, NIR, BY"`
	Holidays            *string `json:"holidays,omitempty" doc:"public holidays it closes on: empty for the country's custom, with_eves, without_eves, off"`
	Currency            *string `json:"currency,omitempty" example:"EUR" doc:"ISO 4217"`
	Phone               *string `json:"phone,omitempty"`
	Email               *string `json:"email,omitempty"`
	Address             *string `json:"address,omitempty"`
	SlotMinutes         *int    `json:"slot_minutes,omitempty" doc:"starts are offered on multiples of this; 15"`
	MinNoticeMinutes    *int    `json:"min_notice_minutes,omitempty" doc:"online booking closes this long before a start; 60"`
	ChangeNoticeMinutes *int    `json:"change_notice_minutes,omitempty" doc:"how late customers may move or cancel; 120"`
	HorizonDays         *int    `json:"horizon_days,omitempty" doc:"how far ahead online booking goes; 550"`
	QuietFrom           *string `json:"quiet_from,omitempty" example:"21:00" doc:"texts that nobody waits for wait from this time of day"`
	QuietUntil          *string `json:"quiet_until,omitempty" example:"08:00" doc:"until this one; the same as quiet_from for no quiet hours"`
	ReminderAt          *string `json:"reminder_at,omitempty" example:"10:00" doc:"on the day before"`
	SurveyAt            *string `json:"survey_at,omitempty" example:"18:00"`
	SurveyScale         *string `json:"survey_scale,omitempty" doc:"what is asked: 1-5 (expectations), 0-10 (recommending, NPS), effort-5 or effort-7 (how easy it was, CES)"`
	SurveyFrom          *string `json:"survey_from,omitempty" example:"09:00" doc:"no survey goes out earlier; 09:00"`
	SurveyUntil         *string `json:"survey_until,omitempty" example:"20:00" doc:"and none later; 20:00"`
	SurveyReminderDays  *int    `json:"survey_reminder_days,omitempty" doc:"after how many days without an answer to ask once more; 0 for never"`
	SurveyThrottleDays  *int    `json:"survey_throttle_days,omitempty" doc:"how long a customer who was asked is left in peace; 30"`
	ReviewURL           *string `json:"review_url,omitempty" doc:"where everybody who answered is invited to a public review, whatever the score"`
	CallsPerHour        *int    `json:"calls_per_hour,omitempty" doc:"promised calls that one advisor can keep in an hour; 4"`
	ReplyMinutes        *int    `json:"reply_minutes,omitempty" doc:"opening time in which an advisor answers what a customer wrote, before the whole team sees it; 0 for the usual 60"`
	ReplyManagerMinutes *int    `json:"reply_manager_minutes,omitempty" doc:"and before the manager does; 0 for the usual 180"`
	EstimateMargin      *int    `json:"estimate_margin,omitempty" doc:"percent by which a final price may exceed an estimate; -1 for what the country's law has"`
	PhoneProof          *bool   `json:"phone_proof,omitempty" doc:"online bookings wait for a code sent by SMS"`
	Active              *bool   `json:"active,omitempty" doc:"false closes the workshop for good; for admins"`

	TransportLimits *[]limitIO `json:"transport_limits,omitempty" doc:"all of them anew; a way that is left out has none"`
}

type workshopNew struct {
	Key string `json:"key,omitempty" doc:"name for importing; made of the name when left out"`
	WorkshopSet
}

func (in *WorkshopSet) apply(w *booking.Workshop, now time.Time) error {
	setIf(&w.Name, in.Name)
	setIf(&w.TimeZone, in.TimeZone)
	setIf(&w.Locale, in.Locale)
	setIf(&w.Country, in.Country)
	setIf(&w.Currency, in.Currency)
	setIf(&w.Phone, in.Phone)
	setIf(&w.Email, in.Email)
	setIf(&w.Address, in.Address)
	setIf(&w.SlotMinutes, in.SlotMinutes)
	setIf(&w.MinNoticeMinutes, in.MinNoticeMinutes)
	setIf(&w.ChangeNoticeMinutes, in.ChangeNoticeMinutes)
	setIf(&w.HorizonDays, in.HorizonDays)
	setIf(&w.CallsPerHour, in.CallsPerHour)
	setIf(&w.ReplyMinutes, in.ReplyMinutes)
	setIf(&w.ReplyManagerMinutes, in.ReplyManagerMinutes)
	setIf(&w.SurveyScale, in.SurveyScale)
	setIf(&w.SurveyReminderDays, in.SurveyReminderDays)
	setIf(&w.SurveyThrottleDays, in.SurveyThrottleDays)
	setIf(&w.ReviewURL, in.ReviewURL)
	setIf(&w.PhoneProof, in.PhoneProof)
	setIf(&w.Region, in.Region)
	setIf(&w.Holidays, in.Holidays)
	if in.EstimateMargin != nil {
		w.EstimateMargin = in.EstimateMargin
		if *in.EstimateMargin == -1 {
			w.EstimateMargin = nil
		}
	}
	if in.Active != nil {
		w.ClosedAt = db.Time{}
		if !*in.Active {
			w.ClosedAt = db.At(now)
		}
	}
	for _, clock := range []struct {
		to    *int
		name  string
		given *string
	}{
		{&w.QuietFromMinute, "quiet_from", in.QuietFrom}, {&w.QuietUntilMinute, "quiet_until", in.QuietUntil},
		{&w.ReminderMinute, "reminder_at", in.ReminderAt}, {&w.SurveyMinute, "survey_at", in.SurveyAt},
		{&w.SurveyFromMinute, "survey_from", in.SurveyFrom}, {&w.SurveyUntilMinute, "survey_until", in.SurveyUntil},
	} {
		if err := clockIf(clock.to, "body."+clock.name, clock.given); err != nil {
			return err
		}
	}
	return nil
}

// clockIf takes a time of day that was given, as minutes.
func clockIf(to *int, location string, raw *string) error {
	if raw == nil {
		return nil
	}
	t, err := time.Parse("15:04", *raw)
	if err != nil {
		return fault.BadField(location, "fault.clock", *raw)
	}
	*to = t.Hour()*60 + t.Minute()
	return nil
}

// clockOf is a minute of the day as a time.
func clockOf(minute int) string {
	return time.Date(2000, 1, 1, 0, minute, 0, 0, time.UTC).Format("15:04")
}

// workshopSettingsOf is a workshop with all that staff may see of it.
func workshopSettingsOf(w *booking.Workshop) workshopOut {
	out := workshopOf(w)
	out.Key, out.Country, out.Currency = w.Key, w.Country, w.Currency
	out.SlotMinutes, out.MinNoticeMinutes = &w.SlotMinutes, &w.MinNoticeMinutes
	out.ChangeNoticeMinutes, out.HorizonDays = &w.ChangeNoticeMinutes, &w.HorizonDays
	out.QuietFrom, out.QuietUntil = clockOf(w.QuietFromMinute), clockOf(w.QuietUntilMinute)
	out.ReminderAt, out.SurveyAt, out.SurveyScale = clockOf(w.ReminderMinute), clockOf(w.SurveyMinute), w.SurveyScale
	out.SurveyFrom, out.SurveyUntil, out.ReviewURL = clockOf(w.SurveyFromMinute), clockOf(w.SurveyUntilMinute), &w.ReviewURL
	out.SurveyReminderDays, out.SurveyThrottleDays = &w.SurveyReminderDays, &w.SurveyThrottleDays
	out.Region, out.Holidays, out.EstimateMargin = &w.Region, &w.Holidays, w.EstimateMargin
	out.CallsPerHour = &w.CallsPerHour
	out.ReplyMinutes, out.ReplyManagerMinutes = &w.ReplyMinutes, &w.ReplyManagerMinutes
	out.PhoneProof, out.Active = &w.PhoneProof, new(w.ClosedAt.IsZero())
	return out
}

// ServiceSet is what can be set of a service.
type ServiceSet struct {
	Name                *string                  `json:"name,omitempty"`
	Description         *string                  `json:"description,omitempty"`
	Translations        map[string]translationIO `json:"translations,omitempty" doc:"by locale; an empty one is taken out"`
	DurationMinutes     *int                     `json:"duration_minutes,omitempty" doc:"the whole visit as the customer sees it"`
	ReceptionMinutes    *int                     `json:"reception_minutes,omitempty" doc:"of the advisor; the whole duration when left out"`
	WorkMinutes         *int                     `json:"work_minutes,omitempty" doc:"of a bay, where the customer waits"`
	LabourMinutes       *int                     `json:"labour_minutes,omitempty" doc:"of the skill's daily pool, where the car stays: from the days that it is there, the first ones first"`
	Skill               *string                  `json:"skill,omitempty"`
	BufferBeforeMinutes *int                     `json:"buffer_before_minutes,omitempty"`
	BufferAfterMinutes  *int                     `json:"buffer_after_minutes,omitempty"`
	PriceFrom           *priceIn                 `json:"price_from,omitempty"`
	Bring               []string                 `json:"bring,omitempty" doc:"what to bring along"`
	Transports          []string                 `json:"transports,omitempty" doc:"drop_off, waiting, loaner, key_box"`
	RecallMonths        *int                     `json:"recall_months,omitempty" doc:"0 for never"`
	Position            *int                     `json:"position,omitempty" doc:"where it stands in the list"`
	Active              *bool                    `json:"active,omitempty" doc:"whether it is offered"`
}

type priceIn struct {
	Amount   int64  `json:"amount" doc:"in minor units"`
	Currency string `json:"currency,omitempty" doc:"the workshop's, where given"`
}

type translationIO struct {
	Name        string   `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	Bring       []string `json:"bring,omitempty"`
}

type serviceNew struct {
	WorkshopID string `json:"workshop_id"`
	Key        string `json:"key,omitempty" doc:"name for importing; made of the name when left out"`
	ServiceSet
}

func (in *ServiceSet) apply(v *booking.Service, w *booking.Workshop) error {
	setIf(&v.Name, in.Name)
	setIf(&v.Description, in.Description)
	setIf(&v.DurationMinutes, in.DurationMinutes)
	setIf(&v.ReceptionMinutes, in.ReceptionMinutes)
	setIf(&v.WorkMinutes, in.WorkMinutes)
	setIf(&v.LabourMinutes, in.LabourMinutes)
	setIf(&v.Skill, in.Skill)
	setIf(&v.BufferBeforeMinutes, in.BufferBeforeMinutes)
	setIf(&v.BufferAfterMinutes, in.BufferAfterMinutes)
	setIf(&v.RecallMonths, in.RecallMonths)
	setIf(&v.Position, in.Position)
	setIf(&v.Active, in.Active)
	if in.Bring != nil {
		v.Bring = in.Bring
	}
	if in.Transports != nil {
		v.Transports = in.Transports
	}
	if v.Translations == nil {
		v.Translations = map[string]booking.Translation{}
	}
	for locale, t := range in.Translations {
		v.Translations[locale] = booking.Translation{Name: t.Name, Description: t.Description, Bring: t.Bring}
		if t.Name == "" && t.Description == "" && len(t.Bring) == 0 {
			delete(v.Translations, locale)
		}
	}
	if in.PriceFrom != nil {
		if in.PriceFrom.Currency != "" && in.PriceFrom.Currency != w.Currency {
			e := fault.BadField("body.price_from.currency", "fault.one_of", in.PriceFrom.Currency)
			e.Fields[0].Args = map[string]any{"known": w.Currency}
			return e
		}
		v.PriceFrom = in.PriceFrom.Amount
	}
	return nil
}

// serviceSettingsOf is a service as it is set: its own words, and the others
// under translations.
func serviceSettingsOf(v *booking.Service, w *booking.Workshop) serviceOut {
	out := serviceOut{
		ID: idOf(v.ID), Name: v.Name, Description: v.Description, DurationMinutes: v.DurationMinutes,
		PriceFrom: moneyOut{v.PriceFrom, w.Currency}, Bring: some(v.Bring), Transports: some(v.Transports),
	}
	out.forStaff(v)
	return out
}

// forStaff adds what only staff see.
func (out *serviceOut) forStaff(v *booking.Service) {
	out.WorkshopID, out.Key = idOf(v.WorkshopID), v.Key
	out.Translations = make(map[string]translationIO, len(v.Translations))
	for locale, t := range v.Translations {
		out.Translations[locale] = translationIO{Name: t.Name, Description: t.Description, Bring: t.Bring}
	}
	out.ReceptionMinutes, out.WorkMinutes, out.LabourMinutes = &v.ReceptionMinutes, &v.WorkMinutes, &v.LabourMinutes
	out.Skill = &v.Skill
	out.BufferBeforeMinutes, out.BufferAfterMinutes = &v.BufferBeforeMinutes, &v.BufferAfterMinutes
	out.RecallMonths, out.Position, out.Active = &v.RecallMonths, &v.Position, &v.Active
}

// AdvisorSet is what can be set of an advisor.
type AdvisorSet struct {
	Name       *string  `json:"name,omitempty"`
	Title      *string  `json:"title,omitempty"`
	Languages  []string `json:"languages,omitempty" example:"[\"fi\",\"sv\"]"`
	PhotoURL   *string  `json:"photo_url,omitempty"`
	Phone      *string  `json:"phone,omitempty"`
	Email      *string  `json:"email,omitempty"`
	StandInID  *string  `json:"stand_in_id,omitempty" doc:"another advisor of the workshop; empty for none"`
	MaxPerDay  *int     `json:"max_per_day,omitempty" doc:"visits that may begin on a date; 0 for any number"`
	MaxPerSlot *int     `json:"max_per_slot,omitempty" doc:"visits that may begin within a slot; 0 for any number"`
	Position   *int     `json:"position,omitempty" doc:"where the advisor stands in the list"`
	Active     *bool    `json:"active,omitempty" doc:"whether the advisor receives customers"`
}

type advisorNew struct {
	WorkshopID string `json:"workshop_id"`
	Key        string `json:"key,omitempty" doc:"name for importing; made of the name when left out"`
	AdvisorSet
}

func (in *AdvisorSet) apply(a *booking.Advisor) error {
	setIf(&a.Name, in.Name)
	setIf(&a.Title, in.Title)
	setIf(&a.PhotoURL, in.PhotoURL)
	setIf(&a.Phone, in.Phone)
	setIf(&a.Email, in.Email)
	setIf(&a.MaxPerDay, in.MaxPerDay)
	setIf(&a.MaxPerSlot, in.MaxPerSlot)
	setIf(&a.Position, in.Position)
	setIf(&a.Active, in.Active)
	if in.Languages != nil {
		a.Languages = in.Languages
	}
	if in.StandInID == nil {
		return nil
	}
	id, err := readID("body.stand_in_id", *in.StandInID)
	a.StandInID = id
	return err
}

func advisorSettingsOf(a *booking.Advisor) advisorOut {
	out := advisorOf(a)
	out.WorkshopID, out.StandInID = idOf(a.WorkshopID), new(idOf(a.StandInID))
	out.Phone, out.Email = &a.Phone, &a.Email
	out.MaxPerDay, out.MaxPerSlot = &a.MaxPerDay, &a.MaxPerSlot
	out.Position, out.Active = &a.Position, &a.Active
	return out
}

// ResourceSet is what can be set of a bay or a loaner.
type ResourceSet struct {
	Name   *string `json:"name,omitempty"`
	Active *bool   `json:"active,omitempty" doc:"whether bookings may take it"`
}

type resourceNew struct {
	WorkshopID string `json:"workshop_id"`
	Key        string `json:"key,omitempty" doc:"name for importing; made of the name when left out"`
	Kind       string `json:"kind" doc:"bay or loaner"`
	ResourceSet
}

func (in *ResourceSet) apply(r *booking.Resource) error {
	setIf(&r.Name, in.Name)
	setIf(&r.Active, in.Active)
	return nil
}

type resourceOut struct {
	ID         string               `json:"id"`
	WorkshopID string               `json:"workshop_id"`
	Key        string               `json:"key"`
	Kind       booking.ResourceKind `json:"kind"`
	Name       string               `json:"name"`
	Active     bool                 `json:"active"`
}

func resourceOf(r booking.Resource) resourceOut {
	return resourceOut{ID: idOf(r.ID), WorkshopID: idOf(r.WorkshopID), Key: r.Key, Kind: r.Kind, Name: r.Name, Active: r.Active}
}

type hoursIn struct {
	WorkshopID string              `json:"workshop_id"`
	ResourceID string              `json:"resource_id,omitempty" doc:"an advisor, a bay or a loaner; the workshop itself when left out"`
	Week       map[string][]string `json:"week" doc:"mon, tue, wed, thu, fri, sat, sun, or several as mon-fri, to spans like 07:30-17:00; days that are left out are closed; a resource with none has the workshop's hours"`
}

type hoursOut struct {
	WorkshopID string              `json:"workshop_id"`
	ResourceID string              `json:"resource_id,omitempty"`
	Week       map[string][]string `json:"week"`
}

func hoursOf(h booking.WeeklyHours) hoursOut {
	return hoursOut{WorkshopID: idOf(h.WorkshopID), ResourceID: idOf(h.ResourceID), Week: h.Week}
}

// ClosureSet is what can be set of a closure.
type ClosureSet struct {
	From   *string `json:"from,omitempty" example:"2026-12-24"`
	To     *string `json:"to,omitempty" doc:"the last closed date; the first when left out"`
	Reason *string `json:"reason,omitempty"`
}

type closureNew struct {
	WorkshopID string `json:"workshop_id"`
	ClosureSet
}

func (in *ClosureSet) apply(c *booking.Closure) error {
	setIf(&c.FromDate, in.From)
	setIf(&c.ToDate, in.To)
	setIf(&c.Reason, in.Reason)
	return nil
}

type closureOut struct {
	ID         string `json:"id"`
	WorkshopID string `json:"workshop_id"`
	From       string `json:"from"`
	To         string `json:"to"`
	Reason     string `json:"reason"`
}

func closureOf(c booking.Closure) closureOut {
	return closureOut{ID: idOf(c.ID), WorkshopID: idOf(c.WorkshopID), From: c.FromDate, To: c.ToDate, Reason: c.Reason}
}
