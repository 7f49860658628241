package web

import (
	"cmp"
	"context"
	"regexp"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// VisitIn is what a hold and a booking have in common; the library reads only
// exported embedded types.
type VisitIn struct {
	WorkshopID string    `json:"workshop_id"`
	ServiceIDs []string  `json:"service_ids" minItems:"1" maxItems:"20"`
	AdvisorID  string    `json:"advisor_id,omitempty" doc:"anyone when left out"`
	Start      time.Time `json:"start"`
	Transport  string    `json:"transport,omitempty" doc:"drop_off, waiting, loaner or key_box, as the service offers"`
}

type customerIn struct {
	Name   string `json:"name" minLength:"1" maxLength:"200"`
	Phone  string `json:"phone,omitempty" maxLength:"40" doc:"a mobile phone, E.164 or as dialled in the workshop's country"`
	Email  string `json:"email,omitempty" maxLength:"254"`
	Locale string `json:"locale,omitempty" enum:"fi,sv,en" doc:"the language of texts; the workshop's when left out"`
}

type vehicleIn struct {
	Plate   string `json:"plate" minLength:"1" maxLength:"20"`
	Make    string `json:"make,omitempty" maxLength:"60"`
	Model   string `json:"model,omitempty" maxLength:"60"`
	VIN     string `json:"vin,omitempty" maxLength:"30" doc:"17 characters (ISO 3779)"`
	Mileage int    `json:"mileage,omitempty" minimum:"0" maximum:"9999999" doc:"kilometres"`
}

// BookingIn is what a booking is made of, by whomever; the library reads only
// exported embedded types.
type BookingIn struct {
	VisitIn
	Customer customerIn `json:"customer"`
	Vehicle  *vehicleIn `json:"vehicle,omitempty"`
	Note     string     `json:"note,omitempty" maxLength:"2000"`
	HoldID   string     `json:"hold_id,omitempty" maxLength:"100" doc:"a hold that has run out does not matter while the start is still free; where it is not, the answer is 409 hold-expired. One that never was is a wrong field"`
	Consents consentsIn `json:"consents" required:"false"`
}

// consentsIn is what the customer agreed to. What is left out stands for the
// messages that belong to the visit, which the customer ends by answering STOP;
// marketing is never presumed.
type consentsIn struct {
	Survey    *bool `json:"survey,omitempty" default:"true" doc:"one question after the visit"`
	Reminders *bool `json:"reminders,omitempty" default:"true" doc:"a text before the visit"`
	Marketing *bool `json:"marketing,omitempty" default:"false"`
	// Wording is evidence: GDPR article 7(1).
	Wording *wordingIn `json:"wording,omitempty" doc:"the sentences that the customer agreed to, as your page showed them; kept as evidence with who, when and from where"`
}

// wordingIn are the sentences beside the boxes of a partner's page.
type wordingIn struct {
	Survey    string `json:"survey,omitempty" maxLength:"500"`
	Reminders string `json:"reminders,omitempty" maxLength:"500"`
	Marketing string `json:"marketing,omitempty" maxLength:"500"`
}

// evidence is what a call says of consents: a wording for each that is named, a
// word for word one where the partner's page tells it.
func (c *consentsIn) evidence(how, author, origin string) notify.Evidence {
	shown := c.Wording
	if shown == nil {
		shown = &wordingIn{}
	}
	ev := notify.Evidence{How: how, Author: author, Origin: origin, Wording: map[notify.Purpose]string{}}
	for _, one := range []struct {
		p     notify.Purpose
		said  *bool
		words string
	}{{notify.Survey, c.Survey, shown.Survey}, {notify.Reminder, c.Reminders, shown.Reminders}, {notify.Marketing, c.Marketing, shown.Marketing}} {
		if one.said != nil {
			ev.Wording[one.p] = one.words
		}
	}
	return ev
}

// want is what a call asks for; purposes that it does not name are left alone.
func (c *consentsIn) want() map[notify.Purpose]bool {
	want := map[notify.Purpose]bool{}
	for p, given := range map[notify.Purpose]*bool{notify.Survey: c.Survey, notify.Reminder: c.Reminders, notify.Marketing: c.Marketing} {
		if given != nil {
			want[p] = *given
		}
	}
	return want
}

// or is what was said, else what is presumed.
func or(said *bool, presumed bool) bool {
	if said == nil {
		return presumed
	}
	return *said
}

// ourHold tells the shape of the keys that holds have.
var ourHold = regexp.MustCompile(`^[a-z2-7]{20,40}$`)

// readHold reads the key of a hold. What cannot be one is told as unknown, as is
// later a key that was never given out.
func readHold(raw string) (string, error) {
	if raw != "" && !ourHold.MatchString(raw) {
		return "", fault.BadField("body.hold_id", "fault.hold_unknown", raw)
	}
	return raw, nil
}

// request reads a visit, as much of it as can be: the error names every input
// that could not.
func (in *VisitIn) request() (booking.BookingRequest, error) {
	r := booking.BookingRequest{Start: in.Start, Transport: in.Transport}
	var shop, services, advisor error
	if r.WorkshopID, shop = readID("body.workshop_id", in.WorkshopID); in.WorkshopID == "" {
		shop = fault.BadField("body.workshop_id", "validation.required", nil)
	}
	r.ServiceIDs, services = readIDs("body.service_ids", in.ServiceIDs)
	r.AdvisorID, advisor = readID("body.advisor_id", in.AdvisorID)
	return r, fault.Together(shop, services, advisor)
}

// request is VisitIn.request for a whole booking.
func (in *BookingIn) request() (booking.BookingRequest, error) {
	r, visit := in.VisitIn.request()
	r.Customer = booking.ContactInput{Name: in.Customer.Name, Phone: in.Customer.Phone, Email: in.Customer.Email, Locale: in.Customer.Locale}
	if v := in.Vehicle; v != nil {
		r.Vehicle = &booking.VehicleInput{Plate: v.Plate, Make: v.Make, Model: v.Model, VIN: v.VIN, Mileage: v.Mileage}
	}
	r.Note = in.Note
	c := in.Consents
	r.ConsentSurvey, r.ConsentReminders, r.ConsentMarketing = or(c.Survey, true), or(c.Reminders, true), or(c.Marketing, false)
	var hold error
	r.HoldKey, hold = readHold(in.HoldID)
	return r, fault.Together(visit, hold)
}

// posted is the body of a call.
type posted[T any] struct{ Body T }

type holdOut struct {
	HoldID    string    `json:"hold_id"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	AdvisorID string    `json:"advisor_id"`
	ExpiresAt time.Time `json:"expires_at"`
}

// holdIn takes a whole booking's body: what only the booking needs is not read.
type holdIn struct {
	VisitIn
	HoldID   string `json:"hold_id,omitempty" maxLength:"100" doc:"a hold to give up for this one"`
	Customer any    `json:"customer,omitempty" doc:"not read"`
	Vehicle  any    `json:"vehicle,omitempty" doc:"not read"`
	Note     any    `json:"note,omitempty" doc:"not read"`
	Consents any    `json:"consents,omitempty" doc:"not read"`
}

func (s *Server) postHold(ctx context.Context, in *posted[holdIn]) (*body[holdOut], error) {
	r, err := in.Body.request()
	if err != nil {
		return nil, err
	}
	if r.HoldKey, err = readHold(in.Body.HoldID); err != nil {
		return nil, err
	}
	r.Source, r.Actor = "web", actorOf(callerOf(ctx).staff)
	w, err := s.workshopOf(ctx, "body.workshop_id", in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	h, err := s.opt.Desk.Hold(ctx, r)
	if err != nil {
		return nil, err
	}
	zone := w.Zone()
	return &body[holdOut]{holdOut{
		HoldID: h.Key, Start: h.StartAt.In(zone), End: h.EndAt.In(zone),
		AdvisorID: idOf(h.AdvisorID), ExpiresAt: h.ExpiresAt.In(zone),
	}}, nil
}

// created is an answer that says where the new thing is.
type created[T any] struct {
	Location string `header:"Location"`
	Body     T
}

func (s *Server) postBooking(ctx context.Context, in *posted[BookingIn]) (*created[BookingOut], error) {
	r, err := in.Body.request()
	if err != nil {
		return nil, s.allWrong(ctx, r, booking.SourceWeb, err)
	}
	who := callerOf(ctx)
	if who.staff == nil {
		if err := s.allowPhone(r.Customer.Phone); err != nil {
			return nil, err
		}
	}
	// Whoever books here does so as a customer, also where a browser at the
	// desk is signed in: the desk has its own call.
	r.Source, r.Actor = "web", booking.Actor{Kind: "customer", Name: r.Customer.Name}
	r.Agreed = in.Body.Consents.evidence(notify.ByBooking, "", who.address)
	r.RequestKey = requestKeyOf(ctx)
	j, err := s.opt.Desk.Book(ctx, r)
	if err != nil {
		return nil, err
	}
	return &created[BookingOut]{Location: "/api/v1/bookings/" + j.Token, Body: s.bookingShape(j)}, nil
}

type tokenIn struct {
	Token string `path:"token"`
}

func (s *Server) getBooking(ctx context.Context, in *tokenIn) (*body[bookingFullOut], error) {
	j, err := s.opt.Desk.JobByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return s.fullBooking(ctx, j)
}

func (s *Server) fullBooking(ctx context.Context, j *booking.Job) (*body[bookingFullOut], error) {
	zone := zoneOf(j)
	out := bookingFullOut{
		BookingOut: s.bookingShape(j), Vehicle: vehicleOf(j.Vehicle), Services: jobServicesOf(j),
		ReadyBy: at(j.ReadyBy.Time, zone), Estimates: []estimateOut{}, Messages: []publicMessage{}, Promises: []promiseOut{},
	}
	messages, err := s.opt.Notifier.Messages(ctx, j.Subject())
	if err != nil {
		return nil, err
	}
	for i := range messages {
		if forCustomer(&messages[i]) {
			out.Messages = append(out.Messages, publicMessageOf(&messages[i], zone))
		}
	}
	out.Final, out.Consents = finalPriceOf(j), consentsOf(j)
	if out.Estimates, err = s.customersEstimates(ctx, j); err != nil {
		return nil, err
	}
	promises, err := s.opt.Desk.JobPromises(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	for i := range promises {
		out.Promises = append(out.Promises, s.forCustomerPromise(&promises[i], zone))
	}
	return &body[bookingFullOut]{out}, nil
}

type bookingPatch struct {
	Token string `path:"token"`
	Body  struct {
		Start     *time.Time `json:"start,omitempty"`
		AdvisorID string     `json:"advisor_id,omitempty"`
		Transport string     `json:"transport,omitempty"`
	}
}

func (s *Server) patchBooking(ctx context.Context, in *bookingPatch) (*body[bookingFullOut], error) {
	j, err := s.opt.Desk.JobByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	change := booking.ChangeRequest{Transport: in.Body.Transport}
	if in.Body.Start != nil {
		change.Start = *in.Body.Start
	}
	if change.AdvisorID, err = readID("body.advisor_id", in.Body.AdvisorID); err != nil {
		return nil, err
	}
	if change == (booking.ChangeRequest{}) {
		return nil, fault.BadField("body.start", "fault.nothing_to_change", nil)
	}
	if j, err = s.opt.Desk.Change(ctx, j.ID, change, customerActor(j)); err != nil {
		return nil, err
	}
	return s.fullBooking(ctx, j)
}

// customerActor is whoever holds a booking's token.
func customerActor(j *booking.Job) booking.Actor {
	return booking.Actor{Kind: "customer", Name: j.ContactName}
}

func (s *Server) deleteBooking(ctx context.Context, in *tokenIn) (*struct{}, error) {
	j, err := s.opt.Desk.JobByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return nil, s.opt.Desk.Cancel(ctx, j.ID, customerActor(j))
}

type consentsCall struct {
	Token string `path:"token"`
	Body  consentsNow
}

// postBookingConsents changes what a customer wants to hear.
func (s *Server) postBookingConsents(ctx context.Context, in *consentsCall) (*body[consentsShape], error) {
	j, err := s.opt.Desk.JobByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	said := in.Body.said()
	if len(said.want()) == 0 {
		return nil, fault.BadField("body.survey", "fault.nothing_to_change", nil)
	}
	j, err = s.opt.Desk.SetConsents(ctx, j.ID, said.want(), said.evidence(notify.ByPage, "", callerOf(ctx).address))
	if err != nil {
		return nil, err
	}
	return &body[consentsShape]{consentsOf(j)}, nil
}

type textIn struct {
	Token string `path:"token"`
	Body  struct {
		Body string `json:"body" minLength:"1" maxLength:"4000"`
	}
}

func (s *Server) postBookingMessage(ctx context.Context, in *textIn) (*body[publicMessage], error) {
	j, err := s.opt.Desk.JobByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	m, err := s.opt.Desk.CustomerWrites(ctx, in.Token, in.Body.Body)
	if err != nil {
		return nil, err
	}
	return &body[publicMessage]{publicMessageOf(m, zoneOf(j))}, nil
}

type callbackIn struct {
	Token string `path:"token"`
	Body  *struct {
		Note  string `json:"note,omitempty" maxLength:"2000"`
		Phone string `json:"phone,omitempty" maxLength:"40" doc:"the booking's when left out"`
	}
}

func (s *Server) postCallback(ctx context.Context, in *callbackIn) (*body[promiseOut], error) {
	j, err := s.opt.Desk.JobByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	var asked, note string
	if in.Body != nil {
		asked, note = in.Body.Phone, in.Body.Note
	}
	phone := cmp.Or(asked, j.ContactPhone)
	if callerOf(ctx).staff == nil {
		if err := s.allowPhone(phone); err != nil {
			return nil, err
		}
	}
	p, err := s.opt.Desk.AskCallback(ctx, in.Token, asked, note)
	if err != nil {
		return nil, err
	}
	return &body[promiseOut]{s.forCustomerPromise(p, zoneOf(j))}, nil
}

type surveyOut struct {
	State     string     `json:"state" enum:"planned,asked,answered,suppressed"`
	Question  string     `json:"question" doc:"in the reader's language"`
	Scale     string     `json:"scale" example:"1-5"`
	Min       int        `json:"min"`
	Max       int        `json:"max"`
	Advisor   string     `json:"advisor"`
	Workshop  string     `json:"workshop"`
	Reference string     `json:"reference"`
	Score     *int       `json:"score,omitempty"`
	Comment   string     `json:"comment,omitempty"`
	Answered  *time.Time `json:"answered_at,omitempty"`
}

func (s *Server) getSurvey(ctx context.Context, in *tokenIn) (*body[surveyOut], error) {
	return s.surveyShape(ctx, in.Token)
}

func (s *Server) surveyShape(ctx context.Context, token string) (*body[surveyOut], error) {
	v, j, err := s.opt.Surveyor.ByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	out := surveyOut{
		State: string(v.State), Scale: v.Scale, Advisor: v.Advisor, Reference: j.Reference,
		Score: v.Score, Comment: v.Comment, Answered: at(v.AnsweredAt.Time, zoneOf(j)),
		Question: templates.T(callerOf(ctx).locale, "survey.question."+v.Scale, nil),
	}
	out.Min, out.Max = templates.ScaleEnds(v.Scale)
	if j.Workshop != nil {
		out.Workshop = j.Workshop.Name
	}
	return &body[surveyOut]{out}, nil
}

type surveyIn struct {
	Token string `path:"token"`
	Body  struct {
		Score   int     `json:"score" minimum:"0" maximum:"10" doc:"within the survey's scale"`
		Comment *string `json:"comment,omitempty" maxLength:"2000" doc:"left out: an earlier one stays; empty: it is removed"`
	}
}

func (s *Server) postSurvey(ctx context.Context, in *surveyIn) (*body[surveyOut], error) {
	if _, err := s.opt.Surveyor.AnswerWith(ctx, in.Token, in.Body.Score, in.Body.Comment); err != nil {
		return nil, err
	}
	return s.surveyShape(ctx, in.Token)
}
