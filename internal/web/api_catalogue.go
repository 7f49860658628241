package web

import (
	"context"
	"maps"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/templates"
)

type workshopOut struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	TimeZone string `json:"time_zone" example:"Europe/Helsinki"`
	Locale   string `json:"locale"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
	Address  string `json:"address"`

	// What only staff see: left out for others.
	Key                 string  `json:"key,omitempty"`
	Country             string  `json:"country,omitempty"`
	Region              *string `json:"region,omitempty"`
	Holidays            *string `json:"holidays,omitempty"`
	Currency            string  `json:"currency,omitempty"`
	SlotMinutes         *int    `json:"slot_minutes,omitempty"`
	MinNoticeMinutes    *int    `json:"min_notice_minutes,omitempty"`
	ChangeNoticeMinutes *int    `json:"change_notice_minutes,omitempty"`
	HorizonDays         *int    `json:"horizon_days,omitempty"`
	QuietFrom           string  `json:"quiet_from,omitempty"`
	QuietUntil          string  `json:"quiet_until,omitempty"`
	ReminderAt          string  `json:"reminder_at,omitempty"`
	SurveyAt            string  `json:"survey_at,omitempty"`
	SurveyScale         string  `json:"survey_scale,omitempty"`
	SurveyFrom          string  `json:"survey_from,omitempty"`
	SurveyUntil         string  `json:"survey_until,omitempty"`
	SurveyReminderDays  *int    `json:"survey_reminder_days,omitempty"`
	SurveyThrottleDays  *int    `json:"survey_throttle_days,omitempty"`
	ReviewURL           *string `json:"review_url,omitempty"`
	CallsPerHour        *int    `json:"calls_per_hour,omitempty"`
	ReplyMinutes        *int    `json:"reply_minutes,omitempty"`
	ReplyManagerMinutes *int    `json:"reply_manager_minutes,omitempty"`
	EstimateMargin      *int    `json:"estimate_margin,omitempty" doc:"percent; left out where it is as the country's law has it"`
	PhoneProof          *bool   `json:"phone_proof,omitempty"`

	TransportLimits *[]limitIO `json:"transport_limits,omitempty" doc:"not in lists"`
	Active          *bool      `json:"active,omitempty"`
}

func workshopOf(w *booking.Workshop) workshopOut {
	return workshopOut{ID: idOf(w.ID), Name: w.Name, TimeZone: w.TimeZone, Locale: w.Locale, Phone: w.Phone, Email: w.Email, Address: w.Address}
}

type serviceOut struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	DurationMinutes int      `json:"duration_minutes"`
	PriceFrom       moneyOut `json:"price_from"`
	Bring           []string `json:"bring" doc:"what to bring along"`
	Transports      []string `json:"transports" doc:"drop_off, waiting, loaner, key_box"`

	// What only staff see: left out for others.
	WorkshopID          string                   `json:"workshop_id,omitempty"`
	Key                 string                   `json:"key,omitempty"`
	Translations        map[string]translationIO `json:"translations,omitempty"`
	ReceptionMinutes    *int                     `json:"reception_minutes,omitempty"`
	WorkMinutes         *int                     `json:"work_minutes,omitempty"`
	LabourMinutes       *int                     `json:"labour_minutes,omitempty"`
	Skill               *string                  `json:"skill,omitempty"`
	BufferBeforeMinutes *int                     `json:"buffer_before_minutes,omitempty"`
	BufferAfterMinutes  *int                     `json:"buffer_after_minutes,omitempty"`
	RecallMonths        *int                     `json:"recall_months,omitempty"`
	Position            *int                     `json:"position,omitempty"`
	Active              *bool                    `json:"active,omitempty"`
}

type advisorOut struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Languages []string `json:"languages"`
	PhotoURL  string   `json:"photo_url"`

	// What only staff see: left out for others.
	WorkshopID string  `json:"workshop_id,omitempty"`
	StandInID  *string `json:"stand_in_id,omitempty"`
	Phone      *string `json:"phone,omitempty"`
	Email      *string `json:"email,omitempty"`
	MaxPerDay  *int    `json:"max_per_day,omitempty"`
	MaxPerSlot *int    `json:"max_per_slot,omitempty"`
	Position   *int    `json:"position,omitempty"`
	Active     *bool   `json:"active,omitempty"`
}

func advisorOf(a *booking.Advisor) advisorOut {
	return advisorOut{ID: idOf(a.ID), Name: a.Name, Title: a.Title, Languages: some(a.Languages), PhotoURL: a.PhotoURL}
}

// body carries an answer.
type body[T any] struct{ Body T }

// inactiveQuery asks for what is out of use as well.
type inactiveQuery struct {
	WholeIn
	Inactive bool `query:"inactive" doc:"for staff: also what is out of use"`
}

func (s *Server) listWorkshops(ctx context.Context, in *inactiveQuery) (*body[list[workshopOut]], error) {
	staff := callerOf(ctx).staff
	load := s.opt.Desk.Workshops
	if in.Inactive && staff.Can(auth.ActDesk) {
		load = s.opt.Desk.AllWorkshops
	}
	shops, err := load(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]workshopOut, 0, len(shops))
	for i := range shops {
		w := &shops[i]
		switch {
		case mayRead(staff, w.ID):
			out = append(out, workshopSettingsOf(w))
		case w.ClosedAt.IsZero():
			out = append(out, workshopOf(w))
		}
	}
	return whole(in.WholeIn, out, func(w *workshopOut) string { return w.ID })
}

// catalogueQuery asks what a workshop has.
type catalogueQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id" required:"true"`
	Inactive   bool   `query:"inactive" doc:"for staff: also what is out of use"`
}

// workshopQuery asks for a list of one workshop.
type workshopQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id" required:"true"`
}

func (s *Server) listServices(ctx context.Context, in *catalogueQuery) (*body[list[serviceOut]], error) {
	w, err := s.workshopOf(ctx, "query.workshop_id", in.WorkshopID)
	if err != nil {
		return nil, err
	}
	ours := mayRead(callerOf(ctx).staff, w.ID)
	load := s.opt.Desk.Services
	if in.Inactive && ours {
		load = s.opt.Desk.AllServices
	}
	services, err := load(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	locale := callerOf(ctx).locale
	out := make([]serviceOut, 0, len(services))
	for i := range services {
		v := &services[i]
		words := v.In(locale)
		one := serviceOut{
			ID: idOf(v.ID), Name: words.Name, Description: words.Description, DurationMinutes: v.DurationMinutes,
			PriceFrom: moneyOut{v.PriceFrom, w.Currency}, Bring: some(words.Bring), Transports: some(v.Transports),
		}
		if ours {
			one.forStaff(v)
		}
		out = append(out, one)
	}
	return whole(in.WholeIn, out, func(v *serviceOut) string { return v.ID })
}

// some is a list that is written as [] where it is empty.
func some(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}

func (s *Server) listAdvisors(ctx context.Context, in *catalogueQuery) (*body[list[advisorOut]], error) {
	w, err := s.workshopOf(ctx, "query.workshop_id", in.WorkshopID)
	if err != nil {
		return nil, err
	}
	ours := mayRead(callerOf(ctx).staff, w.ID)
	load := s.opt.Desk.Advisors
	if in.Inactive && ours {
		load = s.opt.Desk.AllAdvisors
	}
	advisors, err := load(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	shape := advisorOf
	if ours {
		shape = advisorSettingsOf
	}
	out := make([]advisorOut, 0, len(advisors))
	for i := range advisors {
		out = append(out, shape(&advisors[i]))
	}
	return whole(in.WholeIn, out, func(a *advisorOut) string { return a.ID })
}

// AvailabilityIn is what both questions about free times have in common; the
// library reads only exported embedded types.
type AvailabilityIn struct {
	WorkshopID string   `query:"workshop_id" required:"true"`
	ServiceIDs []string `query:"service_id,explode" required:"true" doc:"repeatable"`
	AdvisorID  string   `query:"advisor_id" doc:"anyone when left out"`
	Transport  string   `query:"transport" doc:"drop_off, waiting, loaner or key_box"`
}

// query makes the question for the desk.
func (in *AvailabilityIn) query(ctx context.Context, s *Server) (booking.AvailabilityQuery, *booking.Workshop, error) {
	var q booking.AvailabilityQuery
	w, err := s.workshopOf(ctx, "query.workshop_id", in.WorkshopID)
	if err != nil {
		return q, nil, err
	}
	q.WorkshopID, q.Transport = w.ID, in.Transport
	if q.ServiceIDs, err = readIDs("query.service_id", in.ServiceIDs); err != nil {
		return q, nil, err
	}
	q.AdvisorID, err = readID("query.advisor_id", in.AdvisorID)
	return q, w, err
}

type availabilityQuery struct {
	AvailabilityIn
	From string `query:"from" required:"true" format:"date"`
	To   string `query:"to" required:"true" format:"date" doc:"at most 62 days after from"`
}

type dayOut struct {
	Date   string    `json:"date" format:"date"`
	Slots  []slotOut `json:"slots"`
	Closed string    `json:"closed,omitempty" doc:"why the whole day is closed"`
}

type availabilityOut struct {
	Days          []dayOut   `json:"days"`
	NextAvailable *time.Time `json:"next_available,omitempty" doc:"the first start after an empty range"`
}

func (s *Server) availability(ctx context.Context, in *availabilityQuery) (*body[availabilityOut], error) {
	q, w, err := in.query(ctx, s)
	if err != nil {
		return nil, err
	}
	q.From, q.To = in.From, in.To
	found, err := s.noted(ctx, w, q)
	if err != nil {
		return nil, inQuery(err)
	}
	out := availabilityOut{Days: make([]dayOut, 0, len(found.Days)), NextAvailable: at(found.NextAvailable, w.Zone())}
	locale := callerOf(ctx).locale
	for _, d := range found.Days {
		out.Days = append(out.Days, dayOut{Date: d.Date, Slots: slotsOut(d.Slots), Closed: closedReason(locale, d.Closed)})
	}
	return &body[availabilityOut]{out}, nil
}

type whyQuery struct {
	AvailabilityIn
	Start string `query:"start" required:"true" format:"date-time"`
}

type reasonOut struct {
	Rule   string `json:"rule" doc:"offered, past, notice, horizon, closed, hours, absence, taken, grid, service, bay, loaner, pool, transport, cap"`
	Detail string `json:"detail" doc:"the reason in the reader's language"`
}

type reasonsOut struct {
	Reasons []reasonOut `json:"reasons"`
}

func (s *Server) why(ctx context.Context, in *whyQuery) (*body[reasonsOut], error) {
	q, w, err := in.query(ctx, s)
	if err != nil {
		return nil, err
	}
	start, err := time.Parse(time.RFC3339, in.Start)
	if err != nil {
		return nil, fault.BadField("query.start", "validation.date_time", in.Start)
	}
	q.From = start.In(w.Zone()).Format(time.DateOnly)
	q.To = q.From
	reasons, err := s.opt.Desk.Why(ctx, q, start)
	if err != nil {
		return nil, inQuery(err)
	}
	locale := callerOf(ctx).locale
	out := reasonsOut{Reasons: make([]reasonOut, 0, len(reasons))}
	for _, r := range reasons {
		out.Reasons = append(out.Reasons, reasonOut{Rule: r.Rule, Detail: reasonText(locale, r)})
	}
	return &body[reasonsOut]{out}, nil
}

// reasonText is the sentence of a rule followed by its fact, where it has one.
func reasonText(locale string, r booking.Reason) string {
	r.Detail = toldFact(locale, r.Detail)
	text := templates.T(locale, "why."+r.Rule, map[string]any{"detail": r.Detail})
	if r.Detail == "" {
		return text
	}
	return text + " (" + r.Detail + ")"
}

// toldFact is a fact in the reader's language: the name of a public holiday
// comes as its translation key, everything else as it is.
func toldFact(locale, fact string) string {
	if strings.HasPrefix(fact, "holiday.") && templates.Has(locale, fact) {
		return templates.T(locale, fact, nil)
	}
	return plainlyClosed(locale, fact)
}

// told is toldFact for the arguments of a sentence.
func told(locale string, args map[string]any) map[string]any {
	for name, value := range args {
		if fact, ok := value.(string); ok && toldFact(locale, fact) != fact {
			args = maps.Clone(args)
			args[name] = toldFact(locale, fact)
		}
	}
	return args
}
