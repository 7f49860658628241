package web

import (
	"context"
	"time"
)

type handoversQuery struct {
	From       string `query:"from" format:"date" doc:"first day of the visits; twelve weeks ago when left out"`
	To         string `query:"to" format:"date" doc:"last day of the visits; today when left out"`
	WorkshopID string `query:"workshop_id"`
	AdvisorID  string `query:"advisor_id" doc:"only this advisor's; who is no manager sees no other"`
}

type handedOut struct {
	JobID     string `json:"job_id"`
	Reference string `json:"reference"`
	Times     int    `json:"times"`
}

type handoversOut struct {
	From         string      `json:"from"`
	To           string      `json:"to"`
	Received     int         `json:"received" doc:"jobs of these days that somebody received"`
	HandedOver   int         `json:"handed_over" doc:"of them, handed over inside the house"`
	MoreThanOnce int         `json:"more_than_once" doc:"of those, more than once"`
	Handovers    int         `json:"handovers" doc:"in all"`
	Jobs         []handedOut `json:"jobs" doc:"those handed over more than once, the most often first; at most 50"`
}

// getHandovers tells how often customers were handed on inside the house.
func (s *Server) getHandovers(ctx context.Context, in *handoversQuery) (*body[handoversOut], error) {
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	var workshopID int64
	if shop != nil {
		workshopID = shop.ID
	}
	advisorID, err := s.advisorSeen(callerOf(ctx).staff, in.AdvisorID)
	if err != nil {
		return nil, err
	}
	from, to, err := s.reportDays(ctx, shop, in.From, in.To)
	if err != nil {
		return nil, err
	}
	r, err := s.opt.Desk.Handovers(ctx, workshopID, advisorID, from, to)
	if err != nil {
		return nil, err
	}
	out := handoversOut{
		From: from.Format(time.DateOnly), To: to.AddDate(0, 0, -1).Format(time.DateOnly),
		Received: r.Received, HandedOver: r.Handed, MoreThanOnce: r.MoreThan1, Handovers: r.Handovers, Jobs: make([]handedOut, 0, len(r.Jobs)),
	}
	for _, j := range r.Jobs {
		out.Jobs = append(out.Jobs, handedOut{JobID: idOf(j.JobID), Reference: j.Reference, Times: j.Times})
	}
	return &body[handoversOut]{out}, nil
}
