package web

import (
	"context"
	"maps"
	"strings"
	"time"

	"neuvo/booking"
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
}

type serviceOut struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	DurationMinutes int      `json:"duration_minutes"`
	PriceFrom       moneyOut `json:"price_from"`
	Bring           []string `json:"bring" doc:"what to bring along"`
	Transports      []string `json:"transports" doc:"drop_off, waiting, loaner, key_box"`
}

type advisorOut struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Languages []string `json:"languages"`
	PhotoURL  string   `json:"photo_url"`
}

// body carries an answer.
type body[T any] struct{ Body T }

type none struct{}

func (s *Server) listWorkshops(ctx context.Context, _ *none) (*body[list[workshopOut]], error) {
	shops, err := s.opt.Desk.Workshops(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]workshopOut, 0, len(shops))
	for _, w := range shops {
		out = append(out, workshopOut{ID: idOf(w.ID), Name: w.Name, TimeZone: w.TimeZone, Locale: w.Locale,
			Phone: w.Phone, Email: w.Email, Address: w.Address})
	}
	return &body[list[workshopOut]]{listOf(out, "")}, nil
}

type workshopQuery struct {
	WorkshopID string `query:"workshop_id" required:"true"`
}

func (s *Server) listServices(ctx context.Context, in *workshopQuery) (*body[list[serviceOut]], error) {
	w, err := s.workshopOf(ctx, "query.workshop_id", in.WorkshopID)
	if err != nil {
		return nil, err
	}
	services, err := s.opt.Desk.Services(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	locale := callerOf(ctx).locale
	out := make([]serviceOut, 0, len(services))
	for _, v := range services {
		words := v.In(locale)
		out = append(out, serviceOut{
			ID: idOf(v.ID), Name: words.Name, Description: words.Description, DurationMinutes: v.DurationMinutes,
			PriceFrom: moneyOut{v.PriceFrom, w.Currency}, Bring: some(words.Bring), Transports: some(v.Transports),
		})
	}
	return &body[list[serviceOut]]{listOf(out, "")}, nil
}

// some is a list that is written as [] where it is empty.
func some(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}

func (s *Server) listAdvisors(ctx context.Context, in *workshopQuery) (*body[list[advisorOut]], error) {
	w, err := s.workshopOf(ctx, "query.workshop_id", in.WorkshopID)
	if err != nil {
		return nil, err
	}
	advisors, err := s.opt.Desk.Advisors(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	out := make([]advisorOut, 0, len(advisors))
	for _, a := range advisors {
		out = append(out, advisorOut{ID: idOf(a.ID), Name: a.Name, Title: a.Title, Languages: some(a.Languages), PhotoURL: a.PhotoURL})
	}
	return &body[list[advisorOut]]{listOf(out, "")}, nil
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
	found, err := s.opt.Desk.Availability(ctx, q)
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
	Rule   string `json:"rule" doc:"offered, past, notice, horizon, closed, hours, absence, taken, grid, service"`
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
	return fact
}

// told is toldFact for the arguments of a sentence.
func told(locale string, args map[string]any) map[string]any {
	for name, value := range args {
		if fact, ok := value.(string); ok && strings.HasPrefix(fact, "holiday.") {
			args = maps.Clone(args)
			args[name] = toldFact(locale, fact)
		}
	}
	return args
}
