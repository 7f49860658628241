package web

import (
	"context"
	"fmt"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// riskOut is a booking to come whose start no longer fits.
type riskOut struct {
	hitOut
	Rule        string          `json:"rule" enum:"closed,hours,absence,inactive,zone"`
	Detail      string          `json:"detail" doc:"the reason in the reader's language"`
	OfferedAt   *time.Time      `json:"offered_at,omitempty" doc:"when other times were offered to the customer"`
	Suggestions []suggestionOut `json:"suggestions,omitempty"`
}

// suggestionOut is what would mend it.
type suggestionOut struct {
	Action  string     `json:"action" enum:"stand_in,wall_time"`
	Start   time.Time  `json:"start"`
	Advisor *personOut `json:"advisor,omitempty"`
}

// riskText says what stands against a booking.
func riskText(locale string, r *booking.Risk) string {
	return reasonText(locale, booking.Reason{Rule: r.Rule, Detail: r.Detail})
}

func riskShape(locale string, r *booking.Risk) riskOut {
	zone := zoneOf(r.Job)
	out := riskOut{hitOut: hitOf(r.Job), Rule: r.Rule, Detail: riskText(locale, r), OfferedAt: at(r.OfferedAt, zone)}
	if r.StandIn != nil {
		out.Suggestions = append(out.Suggestions, suggestionOut{Action: booking.ResolveStandIn, Start: r.Job.LocalStart(), Advisor: personOf(r.StandIn)})
	}
	if !r.WallAt.IsZero() {
		out.Suggestions = append(out.Suggestions, suggestionOut{Action: actWallTime, Start: r.WallAt.In(zone), Advisor: personOf(r.Job.BookedAdvisor)})
	}
	return out
}

type riskQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id" doc:"your own when left out"`
}

func (s *Server) listAtRisk(ctx context.Context, in *riskQuery) (*body[list[riskOut]], error) {
	shop, err := s.oneShop(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	risks, err := s.opt.Desk.AtRisk(ctx, shop.ID)
	if err != nil {
		return nil, err
	}
	locale := callerOf(ctx).locale
	out := make([]riskOut, 0, len(risks))
	for i := range risks {
		out = append(out, riskShape(locale, &risks[i]))
	}
	return whole(in.WholeIn, out, func(r *riskOut) string { return r.JobID })
}

// What can be done about a booking at risk beside booking.ResolveStandIn and
// booking.ResolveOffer.
const (
	actKeep     = "keep"
	actWallTime = "wall_time"
)

type riskActIn struct {
	ID   string `path:"id"`
	Body struct {
		Action string `json:"action" enum:"stand_in,offer,keep,wall_time" doc:"keep leaves it as it is until something changes again; wall_time follows the clock on the wall after the rules of the zone have changed"`
	}
}

func (s *Server) postAtRisk(ctx context.Context, in *riskActIn) (*body[resolvedOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	done, err := s.mendRisk(ctx, j.ID, in.Body.Action, actorOf(c.staff))
	if err != nil {
		return nil, err
	}
	return &body[resolvedOut]{resolvedShape(c.locale, &done)}, nil
}

// mendRisk does what somebody decided about a booking at risk.
func (s *Server) mendRisk(ctx context.Context, jobID int64, action string, a booking.Actor) (booking.Resolved, error) {
	desk := s.opt.Desk
	switch action {
	case booking.ResolveStandIn, booking.ResolveOffer:
		return desk.Resolve(ctx, jobID, action, a)
	case actKeep:
		if err := desk.KeepRisk(ctx, jobID, a); err != nil {
			return booking.Resolved{}, err
		}
		j, err := desk.Job(ctx, jobID)
		return booking.Resolved{Job: j, Outcome: booking.ResolvedSettled}, err
	case actWallTime:
		j, err := desk.KeepWallTime(ctx, jobID, a)
		return booking.Resolved{Job: j, Outcome: booking.ResolvedMoved}, err
	}
	return booking.Resolved{}, fault.BadField("body.action", "fault.action_unknown", action)
}

// holidayOut is a public holiday and whether a workshop opens on it.
type holidayOut struct {
	Date string `json:"date" format:"date"`
	Name string `json:"name" doc:"in the reader's language"`
	Open bool   `json:"open"`
	From string `json:"from,omitempty" example:"10:00" doc:"hours of its own on that day; the weekday's when left out"`
	To   string `json:"to,omitempty" example:"14:00"`
}

type holidaysQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id" doc:"your own when left out"`
	Year       int    `query:"year" minimum:"2000" maximum:"2200" doc:"this year when left out"`
}

func (s *Server) listHolidays(ctx context.Context, in *holidaysQuery) (*body[list[holidayOut]], error) {
	shop, err := s.oneShop(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	if in.Year == 0 {
		in.Year = s.opt.Now().In(shop.Zone()).Year()
	}
	days, openings, err := s.opt.Desk.HolidaysOf(ctx, shop, in.Year)
	if err != nil {
		return nil, err
	}
	open := make(map[string]booking.HolidayOpening, len(openings))
	for _, o := range openings {
		open[o.Date] = o
	}
	locale := callerOf(ctx).locale
	out := make([]holidayOut, 0, len(days))
	for _, d := range days {
		one := holidayOut{Date: d.Date, Name: toldFact(locale, d.Key)}
		if o, ok := open[d.Date]; ok {
			one.Open = true
			if o.ToMinute > 0 {
				one.From, one.To = wallClock(o.FromMinute), wallClock(o.ToMinute)
			}
		}
		out = append(out, one)
	}
	return whole(in.WholeIn, out, func(h *holidayOut) string { return h.Date })
}

// wallClock writes a minute of the day.
func wallClock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

type holidayIn struct {
	Date       string `path:"date" format:"date"`
	WorkshopID string `query:"workshop_id" doc:"your own when left out"`
	Body       struct {
		From string `json:"from,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"hours of its own on that day"`
		To   string `json:"to,omitempty" pattern:"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"`
	}
}

func (s *Server) putHoliday(ctx context.Context, in *holidayIn) (*struct{}, error) {
	shop, err := s.oneShop(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	if (in.Body.From == "") != (in.Body.To == "") {
		return nil, fault.BadField("body.to", "validation.required", nil)
	}
	return nil, s.opt.Desk.OpenOnHoliday(ctx, shop.ID, in.Date, minuteOf(in.Body.From), minuteOf(in.Body.To))
}

// minuteOf reads a clock that has been checked; 0 for none.
func minuteOf(clock string) int {
	var h, m int
	if _, err := fmt.Sscanf(clock, "%d:%d", &h, &m); err != nil {
		return 0
	}
	return h*60 + m
}

type holidayDay struct {
	Date       string `path:"date" format:"date"`
	WorkshopID string `query:"workshop_id" doc:"your own when left out"`
}

func (s *Server) deleteHoliday(ctx context.Context, in *holidayDay) (*struct{}, error) {
	shop, err := s.oneShop(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	return nil, s.opt.Desk.CloseOnHoliday(ctx, shop.ID, in.Date)
}
