package web

import (
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/notify"
	"neuvo/survey"
	"neuvo/templates"
)

// list is the shape of every list; next_cursor is "" at its end.
type list[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor" doc:"give it as cursor to go on; empty at the end"`
}

func listOf[T any](items []T, next string) list[T] {
	if items == nil {
		items = []T{}
	}
	return list[T]{Items: items, NextCursor: next}
}

type moneyOut struct {
	Amount   int64  `json:"amount" doc:"in minor units"`
	Currency string `json:"currency" example:"EUR" doc:"ISO 4217"`
}

type personOut struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func personOf(a *booking.Advisor) *personOut {
	if a == nil {
		return nil
	}
	return &personOut{ID: idOf(a.ID), Name: a.Name}
}

type slotOut struct {
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	AdvisorIDs []string  `json:"advisor_ids"`
}

func slotsOut(slots []booking.Slot) []slotOut {
	out := make([]slotOut, 0, len(slots))
	for _, slot := range slots {
		ids := make([]string, 0, len(slot.AdvisorIDs))
		for _, id := range slot.AdvisorIDs {
			ids = append(ids, idOf(id))
		}
		out = append(out, slotOut{Start: slot.Start, End: slot.End, AdvisorIDs: ids})
	}
	return out
}

type vehicleOut struct {
	ID      string `json:"id,omitempty" doc:"for staff only"`
	Plate   string `json:"plate"`
	VIN     string `json:"vin,omitempty" doc:"for staff only"`
	Make    string `json:"make,omitempty"`
	Model   string `json:"model,omitempty"`
	Mileage int    `json:"mileage,omitempty" doc:"kilometres"`
}

func vehicleOf(v *booking.Vehicle) *vehicleOut {
	if v == nil {
		return nil
	}
	return &vehicleOut{Plate: v.Plate, Make: v.Make, Model: v.Model, Mileage: v.Mileage}
}

type jobServiceOut struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	PriceFrom moneyOut `json:"price_from"`
}

func jobServicesOf(j *booking.Job) []jobServiceOut {
	out := make([]jobServiceOut, 0, len(j.Services))
	for _, v := range j.Services {
		out = append(out, jobServiceOut{ID: idOf(v.ServiceID), Name: v.Name, PriceFrom: moneyOut{v.PriceFrom, currencyOf(j)}})
	}
	return out
}

func currencyOf(j *booking.Job) string {
	if j.Workshop != nil {
		return j.Workshop.Currency
	}
	return ""
}

// zoneOf is where a job's times are told.
func zoneOf(j *booking.Job) *time.Location {
	if loc, err := time.LoadLocation(j.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// BookingOut is a booking as its customer sees it; the library reads only
// exported embedded types.
type BookingOut struct {
	ID         string         `json:"id"`
	Reference  string         `json:"reference"`
	Token      string         `json:"token" doc:"the secret of manage-my-booking"`
	WorkshopID string         `json:"workshop_id"`
	Status     booking.Status `json:"status"`
	Start      time.Time      `json:"start"`
	End        time.Time      `json:"end"`
	Transport  string         `json:"transport,omitempty"`
	Advisor    *personOut     `json:"advisor,omitempty"`
	ManageURL  string         `json:"manage_url"`
}

func (s *Server) bookingShape(j *booking.Job) BookingOut {
	return BookingOut{
		ID: idOf(j.ID), Reference: j.Reference, Token: j.Token, WorkshopID: idOf(j.WorkshopID), Status: j.Status,
		Start: j.LocalStart(), End: j.LocalEnd(), Transport: j.Transport, Advisor: personOf(j.Advisor),
		ManageURL: s.opt.BaseURL + "/j/" + j.Token,
	}
}

// bookingFullOut is a booking with all that its customer may see. It holds no
// contact data: a token proves possession, not identity.
type bookingFullOut struct {
	BookingOut
	Vehicle   *vehicleOut     `json:"vehicle,omitempty"`
	Services  []jobServiceOut `json:"services"`
	ReadyBy   *time.Time      `json:"ready_by,omitempty"`
	Estimates []estimateOut   `json:"estimates" doc:"every proposal that no newer one has taken the place of"`
	Final     *moneyOut       `json:"final_price,omitempty" doc:"of the work that was estimated"`
	Messages  []publicMessage `json:"messages"`
	Promises  []promiseOut    `json:"promises"`
	Consents  consentsShape   `json:"consents" doc:"what the customer wants to hear"`
}

// publicMessage is a message as the customer sees it.
type publicMessage struct {
	ID        string           `json:"id"`
	At        time.Time        `json:"at"`
	Direction notify.Direction `json:"direction" enum:"in,out" doc:"in: from the customer"`
	Channel   notify.Channel   `json:"channel" enum:"sms,email,web,phone"`
	Author    string           `json:"author,omitempty"`
	Body      string           `json:"body"`
	State     notify.State     `json:"state"`
}

func publicMessageOf(m *notify.Message, zone *time.Location) publicMessage {
	return publicMessage{
		ID: idOf(m.ID), At: m.CreatedAt.In(zone), Direction: m.Direction, Channel: m.Channel,
		Author: m.Author, Body: m.Body, State: m.State,
	}
}

// forCustomer tells whether a message is part of what the customer and the desk
// said to each other: no machine's word, nothing that was never sent.
func forCustomer(m *notify.Message) bool {
	if m.Direction == notify.In {
		return m.Kind == "" || m.Kind == notify.Human
	}
	return m.State != notify.Suppressed && m.State != notify.Expired && m.State != notify.Failed
}

type promiseOut struct {
	ID         string     `json:"id"`
	JobID      string     `json:"job_id"`
	Reference  string     `json:"reference,omitempty"`
	Kind       string     `json:"kind"`
	State      string     `json:"state"`
	FirstDueAt time.Time  `json:"first_due_at" doc:"the deadline that was given first; never changes"`
	DueAt      time.Time  `json:"due_at"`
	Owner      *personOut `json:"owner,omitempty"`
	Outcome    string     `json:"outcome,omitempty"`
	Attempts   int        `json:"attempts"`
	// What counts.
	JudgedAt     *time.Time `json:"judged_at,omitempty" doc:"the time it must be kept by to count as kept"`
	FulfilledAt  *time.Time `json:"fulfilled_at,omitempty" doc:"spoken with the customer, or ready"`
	BrokenAt     *time.Time `json:"broken_at,omitempty" doc:"when its time passed unkept"`
	Renegotiated bool       `json:"renegotiated,omitempty" doc:"we gave another time"`
	HandedOver   bool       `json:"handed_over,omitempty" doc:"somebody else than the one named took it over"`

	Overdue bool   `json:"overdue" doc:"open, and its deadline has passed"`
	Phone   string `json:"phone,omitempty" doc:"for staff only"`
	Note    string `json:"note,omitempty"`
}

func promiseOf(p *booking.Promise, zone *time.Location) promiseOut {
	out := promiseOut{
		ID: idOf(p.ID), JobID: idOf(p.JobID), Kind: p.Kind, State: p.State, Owner: personOf(p.Owner),
		FirstDueAt: p.FirstDueAt.In(zone), DueAt: p.DueAt.In(zone), Outcome: p.Outcome,
		Attempts: p.Attempts, Phone: p.Phone, Note: p.Note,
		JudgedAt: at(p.JudgedAt.Time, zone), FulfilledAt: at(p.SpokeAt.Time, zone), BrokenAt: at(p.BrokenAt.Time, zone),
		Renegotiated: p.Renegotiated, HandedOver: p.HandedOver,
	}
	if p.Job != nil {
		out.Reference = p.Job.Reference
	}
	return out
}

// promiseAt is promiseOf that tells whether the promise is overdue by now.
func (s *Server) promiseAt(p *booking.Promise, zone *time.Location) promiseOut {
	out := promiseOf(p, zone)
	out.Overdue = p.ClosedAt.IsZero() && p.DueAt.Before(s.opt.Now())
	return out
}

// forCustomerPromise leaves out what only the desk needs.
func (s *Server) forCustomerPromise(p *booking.Promise, zone *time.Location) promiseOut {
	out := s.promiseAt(p, zone)
	out.Phone, out.Note, out.Reference, out.HandedOver, out.Renegotiated = "", "", "", false, false
	return out
}

type customerOut struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Phone  string `json:"phone,omitempty" doc:"E.164"`
	Email  string `json:"email,omitempty"`
	Locale string `json:"locale"`
}

type consentsShape struct {
	Survey    bool `json:"survey" required:"false"`
	Reminders bool `json:"reminders" required:"false"`
	Marketing bool `json:"marketing" required:"false"`
}

func consentsOf(j *booking.Job) consentsShape {
	return consentsShape{j.ConsentSurvey, j.ConsentReminders, j.ConsentMarketing}
}

// jobOut is a job as the desk sees it.
type jobOut struct {
	ID         string          `json:"id"`
	Reference  string          `json:"reference"`
	WorkshopID string          `json:"workshop_id"`
	Status     booking.Status  `json:"status"`
	Version    int             `json:"version" doc:"moves with every change of status, time, advisor and promised time"`
	Token      string          `json:"token"`
	ManageURL  string          `json:"manage_url"`
	BookedWith *personOut      `json:"booked_with,omitempty"`
	ReceivedBy *personOut      `json:"received_by,omitempty"`
	Customer   customerOut     `json:"customer"`
	Vehicle    *vehicleOut     `json:"vehicle,omitempty"`
	Services   []jobServiceOut `json:"services"`
	Start      time.Time       `json:"start"`
	End        time.Time       `json:"end"`
	ReadyBy    *time.Time      `json:"ready_by,omitempty"`
	Transport  string          `json:"transport,omitempty"`
	Overbooked *overbookIO     `json:"overbooked,omitempty" doc:"it was put on purpose where not everything was free"`
	Note       string          `json:"note,omitempty" doc:"what the customer wrote when booking"`
	Consents   consentsShape   `json:"consents"`
	Source     string          `json:"source"`
	CreatedAt  time.Time       `json:"created_at"`
	ReceivedAt *time.Time      `json:"received_at,omitempty"`
	ReadyAt    *time.Time      `json:"ready_at,omitempty"`
	ClosedAt   *time.Time      `json:"closed_at,omitempty"`
	FinalPrice *moneyOut       `json:"final_price,omitempty" doc:"of the work that was estimated"`
	// Transitions are the moves that make sense now.
	Transitions []booking.Status `json:"transitions"`
}

func (s *Server) jobShape(j *booking.Job) jobOut {
	zone := zoneOf(j)
	out := jobOut{
		ID: idOf(j.ID), Reference: j.Reference, WorkshopID: idOf(j.WorkshopID), Status: j.Status, Version: j.Revision,
		Token: j.Token, ManageURL: s.opt.BaseURL + "/j/" + j.Token, BookedWith: personOf(j.BookedAdvisor),
		Customer: customerOut{ID: idOf(j.CustomerID), Name: j.ContactName, Phone: j.ContactPhone, Email: j.ContactEmail, Locale: j.Locale},
		Vehicle:  vehicleOf(j.Vehicle), Services: jobServicesOf(j), Start: j.LocalStart(), End: j.LocalEnd(),
		ReadyBy: at(j.ReadyBy.Time, zone), Transport: j.Transport, Note: j.Note, Source: j.Source,
		Consents:  consentsOf(j),
		CreatedAt: j.CreatedAt.In(zone), ReceivedAt: at(j.ReceivedAt.Time, zone), ReadyAt: at(j.ReadyAt.Time, zone),
		ClosedAt: at(j.ClosedAt.Time, zone), Transitions: booking.NextStatuses(j.Status),
	}
	out.FinalPrice = finalPriceOf(j)
	if j.Overbooked {
		out.Overbooked = &overbookIO{j.OverbookReason}
	}
	if j.Vehicle != nil {
		out.Vehicle.ID, out.Vehicle.VIN = idOf(j.Vehicle.ID), j.Vehicle.VIN
	}
	if out.BookedWith == nil && j.ReceivedBy == 0 {
		out.BookedWith = personOf(j.Advisor)
	}
	if j.ReceivedBy != 0 {
		out.ReceivedBy = personOf(j.Advisor)
	}
	if out.Transitions == nil {
		out.Transitions = []booking.Status{}
	}
	return out
}

// messageOut is a message as the desk sees it.
type messageOut struct {
	ID        string           `json:"id"`
	JobID     string           `json:"job_id,omitempty"`
	At        time.Time        `json:"at"`
	Direction notify.Direction `json:"direction" enum:"in,out"`
	Channel   notify.Channel   `json:"channel" enum:"sms,email,web,phone"`
	Occasion  string           `json:"occasion,omitempty"`
	Author    string           `json:"author,omitempty"`
	From      string           `json:"from"`
	To        string           `json:"to"`
	Subject   string           `json:"subject,omitempty"`
	Body      string           `json:"body"`
	State     notify.State     `json:"state"`
	GoesAt    *time.Time       `json:"goes_at,omitempty" doc:"when it is sent or tried next, where it is queued"`
	Segments  int              `json:"segments"`
	Attempts  int              `json:"attempts"`
	Error     string           `json:"error,omitempty"`
	GatewayID string           `json:"gateway_id,omitempty"`
	Verified  *bool            `json:"verified,omitempty" doc:"inbound: whether the sender is known to belong to the job"`
	Match     *matchOut        `json:"match,omitempty"`
	SentAt    *time.Time       `json:"sent_at,omitempty"`
	History   []stepOut        `json:"history,omitempty"`
}

// matchOut tells why a message lies where it lies.
type matchOut struct {
	Rule       string `json:"rule"`
	Confidence string `json:"confidence,omitempty"`
	Evidence   string `json:"evidence,omitempty"`
}

func matchOf(rule, confidence, evidence string) *matchOut {
	if rule == "" {
		return nil
	}
	return &matchOut{Rule: rule, Confidence: confidence, Evidence: evidence}
}

// stepOut is one step of a message's history.
type stepOut struct {
	At     time.Time    `json:"at"`
	State  notify.State `json:"state"`
	Detail string       `json:"detail,omitempty"`
}

func messageOf(m *notify.Message, jobID int64, zone *time.Location) messageOut {
	out := messageOut{
		ID: idOf(m.ID), JobID: idOf(jobID), At: m.CreatedAt.In(zone), Direction: m.Direction, Channel: m.Channel,
		Occasion: m.Occasion, Author: m.Author, From: m.FromAddress, To: m.ToAddress, Subject: m.Subject, Body: m.Body,
		State: m.State, Segments: m.Segments, Attempts: m.Attempts, Error: m.Error, GatewayID: m.GatewayID,
		SentAt: at(m.SentAt.Time, zone), Match: matchOf(m.MatchRule, m.MatchConfidence, m.MatchEvidence),
	}
	if m.State == notify.Queued {
		out.GoesAt = at(m.NextAt.Time, zone)
	}
	if m.Direction == notify.In {
		out.Verified = new(m.Verified)
	}
	return out
}

// timelineOut is one line of a job's timeline.
type timelineOut struct {
	ID        string            `json:"id"`
	At        time.Time         `json:"at"`
	Kind      booking.EventKind `json:"kind" enum:"message,status,note,call,estimate,promise,survey,verification,event"`
	Direction string            `json:"direction,omitempty"`
	Channel   string            `json:"channel,omitempty"`
	Author    string            `json:"author,omitempty"`
	Body      string            `json:"body,omitempty"`
	State     string            `json:"state,omitempty"`
	Occasion  string            `json:"occasion,omitempty"`
	MessageID string            `json:"message_id,omitempty"`
	Verified  *bool             `json:"verified,omitempty"`
	Match     *matchOut         `json:"match,omitempty"`
	// Attachments are the files of an inbound message.
	Attachments []fileLink `json:"attachments,omitempty"`
}

func timelineOf(jobID int64, t *booking.TimelineItem, zone *time.Location, locale string) timelineOut {
	out := timelineOut{
		ID: t.ID, At: t.At.In(zone), Kind: t.Kind, Direction: t.Direction, Channel: t.Channel, Author: t.Author,
		Body: t.Body, State: t.State, Occasion: t.Occasion, MessageID: idOf(t.MessageID),
		Match: matchOf(t.Rule, t.Confidence, t.Evidence), Attachments: fileLinks(inboundURL(jobID, t.InboundID), t.Files),
	}
	if why := whyNotAsked(t, locale); why != "" {
		out.Body = why
	}
	if t.Direction == string(notify.In) {
		out.Verified = new(t.Verified)
	}
	return out
}

// whyNotAsked is the sentence of a timeline's item that says why a customer is
// not asked; "" for every other item.
func whyNotAsked(t *booking.TimelineItem, locale string) string {
	key := "survey.reason." + t.Body
	if t.Kind != booking.EventSurvey || t.State != string(survey.Suppressed) || !templates.Has(locale, key) {
		return ""
	}
	return templates.T(locale, key, nil)
}

// surveyRowOut is a survey as the desk sees it.
type surveyRowOut struct {
	JobID      string         `json:"job_id"`
	AdvisorID  string         `json:"advisor_id"`
	Advisor    string         `json:"advisor"`
	WorkshopID string         `json:"workshop_id"`
	State      survey.State   `json:"state"`
	Reason     survey.Reason  `json:"reason,omitempty" doc:"why it is suppressed: no_consent, no_address, throttled (asked not long ago), same_visit (asked about another job of it), case_open, staff (one of ours), reopened, stop, wrong_number, declined or outdated"`
	AskedAt    *time.Time     `json:"asked_at"`
	AnsweredAt *time.Time     `json:"answered_at,omitempty"`
	Channel    notify.Channel `json:"channel,omitempty"`
	Scale      string         `json:"scale"`
	Score      *int           `json:"score,omitempty"`
	Met        string         `json:"met,omitempty"`
	Comment    string         `json:"comment,omitempty"`
	Rule       string         `json:"rule"`
	Late       bool           `json:"late"`
}

func surveyRowOf(v *survey.Survey, zone *time.Location) surveyRowOut {
	in := func(t db.Time) *time.Time { return at(t.Time, zone) }
	return surveyRowOut{
		JobID: idOf(v.JobID), AdvisorID: idOf(v.AdvisorID), Advisor: v.Advisor, WorkshopID: idOf(v.WorkshopID),
		State: v.State, Reason: v.Reason, AskedAt: in(v.AskedAt), AnsweredAt: in(v.AnsweredAt), Channel: v.Channel, Scale: v.Scale,
		Score: v.Score, Met: v.Met, Comment: v.Comment, Rule: v.Rule, Late: v.Late,
	}
}
