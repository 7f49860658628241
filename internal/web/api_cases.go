package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/survey"
)

type caseOut struct {
	ID             string      `json:"id"`
	JobID          string      `json:"job_id"`
	Reference      string      `json:"reference,omitempty"`
	State          string      `json:"state" enum:"open,acknowledged,asked,sorted,dismissed,erased"`
	Cause          string      `json:"cause" enum:"low_score,person,broken_promise,reopened"`
	Detail         string      `json:"detail,omitempty" doc:"the customer's words, or the fact"`
	Owner          *personOut  `json:"owner,omitempty"`
	OpenedAt       time.Time   `json:"opened_at"`
	AcknowledgeBy  *time.Time  `json:"acknowledge_by,omitempty" doc:"thirty minutes of opening time after it was opened"`
	AcknowledgedAt *time.Time  `json:"acknowledged_at,omitempty"`
	AcknowledgedBy string      `json:"acknowledged_by,omitempty"`
	EscalatedAt    *time.Time  `json:"escalated_at,omitempty"`
	Level          int         `json:"level" doc:"0 its owner has been told, 1 the whole team, 2 the managers"`
	Call           *promiseOut `json:"call,omitempty" doc:"the call that the customer was promised"`
	AskedAt        *time.Time  `json:"asked_at,omitempty" doc:"when the customer was asked whether it is sorted"`
	Reopened       int         `json:"reopened" doc:"times that the customer said it is not"`
	ClosedAt       *time.Time  `json:"closed_at,omitempty"`
	ReaskedAt      *time.Time  `json:"reasked_at,omitempty"`
	ReaskScore     *int        `json:"reask_score,omitempty" doc:"the answer to the question asked once more; it changes no figure"`
}

func (s *Server) caseOf(c *survey.Case, zone *time.Location) caseOut {
	out := caseOut{
		ID: idOf(c.ID), JobID: idOf(c.JobID), State: string(c.State), Cause: string(c.Cause), Detail: c.Detail, Owner: personOf(c.Owner),
		OpenedAt: c.OpenedAt.In(zone), AcknowledgeBy: at(c.AcknowledgeBy.Time, zone), AcknowledgedAt: at(c.AcknowledgedAt.Time, zone),
		AcknowledgedBy: c.AcknowledgedBy, EscalatedAt: at(c.EscalatedAt.Time, zone), Level: c.Level, AskedAt: at(c.AskedAt.Time, zone),
		Reopened: c.Reopened, ClosedAt: at(c.ClosedAt.Time, zone), ReaskedAt: at(c.ReaskedAt.Time, zone), ReaskScore: c.ReaskScore,
	}
	if c.Job != nil {
		out.Reference = c.Job.Reference
	}
	if c.Promise != nil {
		call := s.promiseAt(c.Promise, zone)
		out.Call = &call
	}
	return out
}

type casesQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id"`
	State      string `query:"state" enum:"open,all" default:"open"`
}

func (s *Server) listCases(ctx context.Context, in *casesQuery) (*body[list[caseOut]], error) {
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	var workshopID int64
	if shop != nil {
		workshopID = shop.ID
	}
	rows, err := s.opt.Surveyor.Cases(ctx, workshopID, in.State != "all")
	if err != nil {
		return nil, err
	}
	zone, err := s.listZone(ctx, shop)
	if err != nil {
		return nil, err
	}
	out := make([]caseOut, 0, len(rows))
	for i := range rows {
		there := zone
		if j := rows[i].Job; j != nil {
			there = zoneOf(j)
		}
		out = append(out, s.caseOf(&rows[i], there))
	}
	return whole(in.WholeIn, out, func(c *caseOut) string { return c.ID })
}

// caseFor loads a case that the caller may see.
func (s *Server) caseFor(ctx context.Context, raw string) (*survey.Case, error) {
	id, err := pathID(raw)
	if err != nil {
		return nil, err
	}
	c, err := s.opt.Surveyor.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	if !callerOf(ctx).staff.Sees(c.WorkshopID) {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	return c, nil
}

// caseAct does something to a case that the caller may see, and answers with the
// case as it then stands.
func (s *Server) caseAct(ctx context.Context, raw string, act func(id int64, a booking.Actor) error) (*body[caseOut], error) {
	c, err := s.caseFor(ctx, raw)
	if err != nil {
		return nil, err
	}
	if err := act(c.ID, actorOf(callerOf(ctx).staff)); err != nil {
		return nil, err
	}
	return s.getCase(ctx, &idIn{ID: raw})
}

func (s *Server) getCase(ctx context.Context, in *idIn) (*body[caseOut], error) {
	c, err := s.caseFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	zone := time.UTC
	if c.Job != nil {
		zone = zoneOf(c.Job)
	}
	return &body[caseOut]{s.caseOf(c, zone)}, nil
}

func (s *Server) postCaseAcknowledge(ctx context.Context, in *idIn) (*body[caseOut], error) {
	return s.caseAct(ctx, in.ID, func(id int64, a booking.Actor) error { return s.opt.Surveyor.Acknowledge(ctx, id, a) })
}

func (s *Server) postCaseAsk(ctx context.Context, in *idIn) (*body[caseOut], error) {
	return s.caseAct(ctx, in.ID, func(id int64, a booking.Actor) error { return s.opt.Surveyor.AskSorted(ctx, id, a) })
}

type caseOwnerIn struct {
	ID   string `path:"id"`
	Body struct {
		AdvisorID string `json:"advisor_id"`
	}
}

func (s *Server) postCaseOwner(ctx context.Context, in *caseOwnerIn) (*body[caseOut], error) {
	to, err := readID("body.advisor_id", in.Body.AdvisorID)
	if err != nil {
		return nil, err
	}
	return s.caseAct(ctx, in.ID, func(id int64, a booking.Actor) error { return s.opt.Surveyor.GiveCase(ctx, id, to, a) })
}

type caseDismissIn struct {
	ID   string `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

func (s *Server) postCaseDismiss(ctx context.Context, in *caseDismissIn) (*body[caseOut], error) {
	return s.caseAct(ctx, in.ID, func(id int64, a booking.Actor) error { return s.opt.Surveyor.Dismiss(ctx, id, in.Body.Reason, a) })
}

type sortedIn struct {
	Token string `path:"token"`
	Body  struct {
		Sorted bool `json:"sorted" doc:"whether what went wrong has been put right"`
	}
}

// postSorted takes the customer's word on whether the matter is sorted: nobody
// else closes a case.
func (s *Server) postSorted(ctx context.Context, in *sortedIn) (*struct{}, error) {
	return nil, s.opt.Surveyor.Sorted(ctx, in.Token, in.Body.Sorted)
}

func (s *Server) postAnnounce(ctx context.Context, in *idIn) (*body[promiseOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	staff := callerOf(ctx).staff
	p, err := s.opt.Desk.Promise(ctx, id)
	if err != nil {
		return nil, err
	}
	if !staff.Sees(p.WorkshopID) {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	if _, err := s.opt.Desk.AnnounceCall(ctx, id, actorOf(staff)); err != nil {
		return nil, err
	}
	shop, err := s.opt.Desk.Workshop(ctx, p.WorkshopID)
	if err != nil {
		return nil, err
	}
	return &body[promiseOut]{s.promiseAt(p, shop.Zone())}, nil
}

// mayDismiss tells whether a person may close a case without the customer's
// word.
func mayDismiss(staff *auth.Staff) bool { return staff.Can(auth.ActManage) }
