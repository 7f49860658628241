package web

import (
	"context"
	"slices"
	"strconv"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

// customerRowOut is a customer as the desk sees it.
type customerRowOut struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Phone     string    `json:"phone,omitempty" doc:"E.164"`
	Email     string    `json:"email,omitempty"`
	Locale    string    `json:"locale"`
	CreatedAt time.Time `json:"created_at"`
}

func customerRowOf(c *booking.Customer, zone *time.Location) customerRowOut {
	return customerRowOut{ID: idOf(c.ID), Name: c.Name, Phone: c.Phone, Email: c.Email, Locale: c.Locale, CreatedAt: c.CreatedAt.In(zone)}
}

type customersQuery struct {
	PageIn
	WorkshopID string `query:"workshop_id" doc:"who has been booked there; your own when you have one"`
	Q          string `query:"q" maxLength:"100" doc:"name, phone, e-mail or plate"`
}

func (s *Server) listCustomers(ctx context.Context, in *customersQuery) (*body[list[customerRowOut]], error) {
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	f := booking.CustomerFilter{Query: in.Q, Limit: in.Limit}
	if shop != nil {
		f.WorkshopID = shop.ID
	}
	if in.Cursor != "" {
		if f.After, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || f.After < 1 {
			return nil, fault.BadField("query.cursor", "fault.cursor", in.Cursor)
		}
	}
	zone, err := s.listZone(ctx, shop)
	if err != nil {
		return nil, err
	}
	rows, more, err := s.opt.Desk.Customers(ctx, f)
	if err != nil {
		return nil, err
	}
	next := ""
	if more {
		next = idOf(rows[len(rows)-1].ID)
	}
	return &body[list[customerRowOut]]{listOf(mapped(rows, func(c booking.Customer) customerRowOut { return customerRowOf(&c, zone) }), next)}, nil
}

func (s *Server) getCustomer(ctx context.Context, in *idIn) (*body[customerRowOut], error) {
	id, err := s.customerFor(ctx, in.ID, false)
	if err != nil {
		return nil, err
	}
	c, err := s.opt.Desk.CustomerByID(ctx, id)
	if err != nil {
		return nil, err
	}
	zone, err := s.listZone(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &body[customerRowOut]{customerRowOf(c, zone)}, nil
}

// customerFor reads the id of a customer whom this member of staff may see: who
// has been to a workshop of his or hers. What concerns all that is held, whole, is
// for those who see every workshop that the customer has been to: a manager of one
// workshop neither forgets nor hands out another's. Any other is unknown.
func (s *Server) customerFor(ctx context.Context, raw string, whole bool) (int64, error) {
	id, err := pathID(raw)
	if err != nil {
		return 0, err
	}
	staff := callerOf(ctx).staff
	shops, err := s.opt.Desk.WorkshopsOfCustomer(ctx, id)
	if err != nil {
		return 0, err
	}
	hidden := func(shop int64) bool { return !staff.Sees(shop) }
	if whole && slices.ContainsFunc(shops, hidden) || staff.WorkshopID != 0 && !slices.ContainsFunc(shops, staff.Sees) {
		return 0, fault.New(fault.NotFound, "fault.not_found")
	}
	return id, nil
}

// deleteCustomer erases a customer at his or her wish.
func (s *Server) deleteCustomer(ctx context.Context, in *idIn) (*struct{}, error) {
	id, err := s.customerFor(ctx, in.ID, true)
	if err != nil {
		return nil, err
	}
	return nil, s.opt.Desk.EraseCustomer(ctx, id, actorOf(callerOf(ctx).staff))
}

// exportOut is everything that is held of a customer.
type exportOut struct {
	ExportedAt time.Time         `json:"exported_at"`
	Customer   customerRowOut    `json:"customer"`
	Contacts   []contactOut      `json:"contacts" doc:"other addresses that the staff know to be the customer's"`
	Vehicles   []staffVehicleOut `json:"vehicles"`
	Consents   []consentOut      `json:"consents" doc:"the newest first"`
	Jobs       []exportJobOut    `json:"jobs"`
	Waiting    []exportWaitOut   `json:"waiting" doc:"places on the waiting list"`
}

type contactOut struct {
	Channel     notify.Channel `json:"channel"`
	Address     string         `json:"address"`
	ConfirmedBy string         `json:"confirmed_by"`
	ConfirmedAt time.Time      `json:"confirmed_at"`
}

type exportJobOut struct {
	Job       jobOut            `json:"job"`
	Events    []exportEventOut  `json:"events"`
	Messages  []messageOut      `json:"messages"`
	Estimates []estimateOut     `json:"estimates"`
	Promises  []promiseOut      `json:"promises"`
	Photos    []photoOut        `json:"photos"`
	Surveys   []exportSurveyOut `json:"surveys"`
	Cases     []caseOut         `json:"cases"`
}

type exportEventOut struct {
	At     time.Time         `json:"at"`
	Kind   booking.EventKind `json:"kind"`
	State  string            `json:"state,omitempty"`
	Author string            `json:"author,omitempty"`
	Body   string            `json:"body,omitempty"`
}

type exportSurveyOut struct {
	Survey  surveyRowOut      `json:"survey"`
	Answers []exportAnswerOut `json:"answers" doc:"each as it came"`
}

type exportAnswerOut struct {
	At      time.Time      `json:"at"`
	Channel notify.Channel `json:"channel"`
	Raw     string         `json:"raw"`
	Outcome string         `json:"outcome" doc:"how it was understood"`
}

type exportWaitOut struct {
	WorkshopID string       `json:"workshop_id"`
	State      string       `json:"state"`
	Earliest   time.Time    `json:"earliest"`
	Latest     time.Time    `json:"latest"`
	Name       string       `json:"name"`
	Phone      string       `json:"phone"`
	Email      string       `json:"email,omitempty"`
	CreatedAt  time.Time    `json:"created_at"`
	Messages   []messageOut `json:"messages"`
}

// exportCustomer gives a customer what is held of him or her.
func (s *Server) exportCustomer(ctx context.Context, in *idIn) (*body[exportOut], error) {
	id, err := s.customerFor(ctx, in.ID, true)
	if err != nil {
		return nil, err
	}
	held, err := s.opt.Desk.DossierOf(ctx, id)
	if err != nil {
		return nil, err
	}
	felt, err := s.opt.Surveyor.DossierOf(ctx, mapped(held.Jobs, func(j booking.Job) int64 { return j.ID }))
	if err != nil {
		return nil, err
	}
	zone, err := s.listZone(ctx, nil)
	if err != nil {
		return nil, err
	}
	out := exportOut{
		ExportedAt: s.opt.Now().In(zone), Customer: customerRowOf(&held.Customer, zone),
		Contacts: mapped(held.Contacts, func(p booking.ContactPoint) contactOut {
			return contactOut{p.Channel, p.Address, p.ConfirmedBy, p.ConfirmedAt.In(zone)}
		}),
		Vehicles: mapped(held.Vehicles, func(v booking.Vehicle) staffVehicleOut { return staffVehicleOf(&v) }),
		Consents: mapped(held.Consents, func(c notify.Consent) consentOut { return consentOf(&c, zone) }),
		Jobs:     mapped(held.Jobs, func(j booking.Job) exportJobOut { return s.exportJob(&j, held, felt) }),
		Waiting: mapped(held.Waiting, func(e booking.WaitEntry) exportWaitOut {
			return exportWaitOut{
				WorkshopID: idOf(e.WorkshopID), State: string(e.State), Earliest: e.Earliest.In(zone), Latest: e.Latest.In(zone),
				Name: e.ContactName, Phone: e.ContactPhone, Email: e.ContactEmail, CreatedAt: e.CreatedAt.In(zone),
				Messages: mapped(held.Messages[e.Subject()], func(m notify.Message) messageOut { return messageOf(&m, 0, zone) }),
			}
		}),
	}
	return &body[exportOut]{out}, nil
}

// exportJob is one visit of an export.
func (s *Server) exportJob(j *booking.Job, held *booking.Dossier, felt *survey.Dossier) exportJobOut {
	zone := zoneOf(j)
	return exportJobOut{
		Job: s.jobShape(j),
		Events: of(held.Events, func(e *booking.JobEvent) bool { return e.JobID == j.ID }, func(e *booking.JobEvent) exportEventOut {
			return exportEventOut{e.At.In(zone), e.Kind, e.State, e.Author, e.Body}
		}),
		Messages: mapped(held.Messages[j.Subject()], func(m notify.Message) messageOut { return messageOf(&m, j.ID, zone) }),
		Estimates: of(held.Estimates, func(e *booking.Estimate) bool { return e.JobID == j.ID }, func(e *booking.Estimate) estimateOut {
			return s.estimateShape(e, j.Token, zone)
		}),
		Promises: of(held.Promises, func(p *booking.Promise) bool { return p.JobID == j.ID }, func(p *booking.Promise) promiseOut {
			return s.promiseAt(p, zone)
		}),
		Photos: of(held.Photos, func(p *booking.Photo) bool { return p.JobID == j.ID }, s.photoShape),
		Surveys: of(felt.Surveys, func(v *survey.Survey) bool { return v.JobID == j.ID }, func(v *survey.Survey) exportSurveyOut {
			return exportSurveyOut{surveyRowOf(v, zone), of(felt.Answers, func(a *survey.Answer) bool { return a.SurveyID == v.ID }, func(a *survey.Answer) exportAnswerOut {
				return exportAnswerOut{a.At.In(zone), a.Channel, a.Raw, a.Outcome}
			})}
		}),
		Cases: of(felt.Cases, func(c *survey.Case) bool { return c.JobID == j.ID }, func(c *survey.Case) caseOut { return s.caseOf(c, zone) }),
	}
}

// of shapes the rows that belong to something.
func of[T, O any](rows []T, mine func(*T) bool, shape func(*T) O) []O {
	out := []O{}
	for i := range rows {
		if mine(&rows[i]) {
			out = append(out, shape(&rows[i]))
		}
	}
	return out
}
