package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

type undeliveredQuery struct {
	PageIn
	State string `query:"state" enum:"failed" default:"failed" doc:"failed: what did not arrive, or of which nobody knows, and nobody has dealt with"`
}

// listUndelivered lists the messages that did not arrive, of the workshops that
// the caller sees.
func (s *Server) listUndelivered(ctx context.Context, in *undeliveredQuery) (*body[list[messageOut]], error) {
	rows, next, err := s.opt.Notifier.Undelivered(ctx, in.Limit, in.Cursor)
	if err != nil {
		return nil, inQuery(err)
	}
	jobs, err := s.jobsOfUndelivered(ctx, rows)
	if err != nil {
		return nil, err
	}
	staff, out := callerOf(ctx).staff, make([]messageOut, 0, len(rows))
	for i := range rows {
		id, isJob := booking.JobOf(rows[i].ConversationSubject)
		zone := time.UTC
		switch j := jobs[id]; {
		case j != nil && staff.Sees(j.WorkshopID):
			zone = zoneOf(j)
		case isJob || staff.WorkshopID != 0:
			continue
		}
		out = append(out, messageOf(&rows[i].Message, id, zone))
	}
	return &body[list[messageOut]]{listOf(out, next)}, nil
}

// jobsOfUndelivered loads the jobs that the messages are about, at once.
func (s *Server) jobsOfUndelivered(ctx context.Context, rows []notify.Undelivered) (map[int64]*booking.Job, error) {
	var ids []int64
	for _, m := range rows {
		if id, ok := booking.JobOf(m.ConversationSubject); ok {
			ids = append(ids, id)
		}
	}
	out := map[int64]*booking.Job{}
	if len(ids) == 0 {
		return out, nil
	}
	jobs, err := s.opt.Desk.JobsByID(ctx, ids)
	for i := range jobs {
		out[jobs[i].ID] = &jobs[i]
	}
	return out, err
}

// ownMessage finds the job of a message that the caller may deal with; nil where
// it is about none.
func (s *Server) ownMessage(ctx context.Context, raw string) (id int64, j *booking.Job, err error) {
	if id, err = pathID(raw); err != nil {
		return 0, nil, err
	}
	_, thread, err := s.opt.Notifier.Message(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	staff := callerOf(ctx).staff
	jobID, isJob := booking.JobOf(thread.Subject)
	if !isJob {
		if staff.WorkshopID != 0 {
			err = fault.New(fault.NotFound, "fault.not_found")
		}
		return id, nil, err
	}
	j, err = s.visibleJob(ctx, staff, jobID)
	return id, j, err
}

// shapeOf is a message of a job, or of none.
func shapeOf(m *notify.Message, j *booking.Job) messageOut {
	if j == nil {
		return messageOf(m, 0, time.UTC)
	}
	return messageOf(m, j.ID, zoneOf(j))
}

func (s *Server) postRetry(ctx context.Context, in *idIn) (*created[messageOut], error) {
	id, j, err := s.ownMessage(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.opt.Notifier.Retry(ctx, id, callerOf(ctx).staff.Name)
	if err != nil {
		return nil, err
	}
	return &created[messageOut]{Location: "/api/v1/messages/" + idOf(m.ID), Body: shapeOf(m, j)}, nil
}

type settledIn struct {
	ID   string `path:"id"`
	Body struct {
		How string `json:"how" enum:"arrived,told" doc:"arrived: the customer has it; told: the customer was told otherwise, by phone for one"`
	}
}

func (s *Server) postSettled(ctx context.Context, in *settledIn) (*body[messageOut], error) {
	id, j, err := s.ownMessage(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.opt.Notifier.Settle(ctx, id, in.Body.How, callerOf(ctx).staff.Name)
	if err != nil {
		return nil, err
	}
	return &body[messageOut]{shapeOf(m, j)}, nil
}

type sendTimeIn struct {
	ID       string `path:"id"`
	Occasion string `query:"occasion" doc:"of the text, such as ready; left out for your own words"`
}

// sendTimeOut is when a text to a customer would go.
type sendTimeOut struct {
	At         time.Time `json:"at"`
	QuietHours bool      `json:"quiet_hours" doc:"it waits for the end of the workshop's quiet hours; at_once sends it anyway"`
	Recent     int       `json:"recent" doc:"automatic texts that the phone got in the last day, from all advisors"`
	Many       bool      `json:"many" doc:"so many that an automatic text waits; your own words do not"`
	Blocked    bool      `json:"blocked" doc:"the phone's owner has stopped texts at the gateway: it goes by e-mail, or you call"`
}

func (s *Server) getSendTime(ctx context.Context, in *sendTimeIn) (*body[sendTimeOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	f, err := s.opt.Desk.Forecast(ctx, j, in.Occasion, in.Occasion == "")
	if err != nil {
		return nil, err
	}
	return &body[sendTimeOut]{sendTimeOut{At: f.At.In(zoneOf(j)), QuietHours: f.Quiet, Recent: f.Recent, Many: f.Many, Blocked: f.Blocked}}, nil
}

// consentsNow changes consents: what is left out stays as it is.
type consentsNow struct {
	Survey    *bool      `json:"survey,omitempty"`
	Reminders *bool      `json:"reminders,omitempty"`
	Marketing *bool      `json:"marketing,omitempty"`
	Wording   *wordingIn `json:"wording,omitempty" doc:"the sentences that the customer answered to, kept as evidence"`
}

// said is it in the shape of a booking's.
func (c *consentsNow) said() *consentsIn {
	return &consentsIn{Survey: c.Survey, Reminders: c.Reminders, Marketing: c.Marketing, Wording: c.Wording}
}

type patchJobIn struct {
	ID   string `path:"id"`
	Body struct {
		Consents *consentsNow `json:"consents,omitempty" doc:"what the customer told you; it holds for the phone and the e-mail address from now on"`
	}
}

func (s *Server) patchJob(ctx context.Context, in *patchJobIn) (*body[jobOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if c := in.Body.Consents; c != nil {
		said := c.said()
		if j, err = s.opt.Desk.SetConsents(ctx, j.ID, said.want(), said.evidence(notify.ByDesk, callerOf(ctx).staff.Name, "")); err != nil {
			return nil, err
		}
	}
	return &body[jobOut]{s.jobShape(j)}, nil
}

// consentOut is one word of a customer on a kind of message.
type consentOut struct {
	At      time.Time      `json:"at"`
	Address string         `json:"address" doc:"the phone or the e-mail address that it holds for"`
	Purpose notify.Purpose `json:"purpose" enum:"survey,reminder,marketing"`
	Given   bool           `json:"given"`
	How     string         `json:"how" enum:"booking,page,desk,text,mail" doc:"the form of a booking, the page of the visit, told to an advisor, a word such as STOP, the way out of an e-mail"`
	Author  string         `json:"author,omitempty" doc:"who of the staff wrote it down"`
	Origin  string         `json:"origin,omitempty" doc:"the network address or the phone that it came from"`
	Wording string         `json:"wording,omitempty" doc:"the sentence that was agreed to or turned down"`
}

func (s *Server) listConsents(ctx context.Context, in *idIn) (*body[list[consentOut]], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	rows, err := s.opt.Desk.ConsentsOf(ctx, j)
	if err != nil {
		return nil, err
	}
	out := mapped(rows, func(c notify.Consent) consentOut { return consentOf(&c, zoneOf(j)) })
	return &body[list[consentOut]]{listOf(out, "")}, nil
}

func consentOf(c *notify.Consent, zone *time.Location) consentOut {
	return consentOut{
		At: c.At.In(zone), Address: c.Address, Purpose: c.Purpose, Given: c.Given, How: c.How, Author: c.Author, Origin: c.Origin, Wording: c.Wording,
	}
}
