package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// PoolSet is what can be set of a pool of labour.
type PoolSet struct {
	Name    *string        `json:"name,omitempty"`
	Minutes map[string]int `json:"minutes,omitempty" doc:"labour by day: mon, tue, wed, thu, fri, sat, sun, or several as mon-fri; days that are left out stay"`
	Dates   *[]poolDateIO  `json:"dates,omitempty" doc:"other amounts on single dates from today on; all of them anew"`
}

type poolDateIO struct {
	Date    string `json:"date" example:"2026-12-23"`
	Minutes int    `json:"minutes"`
}

type poolNew struct {
	WorkshopID string `json:"workshop_id"`
	Skill      string `json:"skill" doc:"the word that services ask for, small letters"`
	PoolSet
}

type poolOut struct {
	ID         string         `json:"id"`
	WorkshopID string         `json:"workshop_id"`
	Skill      string         `json:"skill"`
	Name       string         `json:"name"`
	Minutes    map[string]int `json:"minutes"`
	Dates      []poolDateIO   `json:"dates"`
}

func (in *PoolSet) apply(p *booking.Pool) error {
	setIf(&p.Name, in.Name)
	week, err := booking.PoolWeek(p.Capacity, in.Minutes)
	if err == nil {
		p.Capacity = week
	}
	return err
}

// poolOf shapes a pool; dates may be those of others, too.
func poolOf(p booking.Pool, dates []booking.PoolDate) poolOut {
	out := poolOut{ID: idOf(p.ID), WorkshopID: idOf(p.WorkshopID), Skill: p.Skill, Name: p.Name, Minutes: map[string]int{}, Dates: []poolDateIO{}}
	for day, minutes := range p.Capacity {
		out.Minutes[dayKeys[(day+6)%7]] = minutes
	}
	for _, d := range dates {
		if d.PoolID == p.ID {
			out.Dates = append(out.Dates, poolDateIO{d.Day, d.Capacity})
		}
	}
	return out
}

// today is the date at a workshop.
func (s *Server) today(w *booking.Workshop) string {
	return s.opt.Now().In(w.Zone()).Format(time.DateOnly)
}

func (s *Server) listPools(ctx context.Context, in *workshopQuery) (*body[list[poolOut]], error) {
	w, err := s.seenQuery(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	pools, err := s.opt.Desk.Pools(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	ids := mapped(pools, func(p booking.Pool) int64 { return p.ID })
	dates, err := s.opt.Desk.PoolDates(ctx, ids, s.today(w))
	if err != nil {
		return nil, err
	}
	out := mapped(pools, func(p booking.Pool) poolOut { return poolOf(p, dates) })
	return whole(in.WholeIn, out, func(p *poolOut) string { return p.ID })
}

func (s *Server) getPool(ctx context.Context, in *one) (*body[poolOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.opt.Desk.Pool(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := s.seenShop(ctx, p.WorkshopID)
	if err != nil {
		return nil, err
	}
	dates, err := s.opt.Desk.PoolDates(ctx, []int64{id}, s.today(w))
	if err != nil {
		return nil, err
	}
	return &body[poolOut]{poolOf(*p, dates)}, nil
}

func (s *Server) postPool(ctx context.Context, in *posted[poolNew]) (*created[poolOut], error) {
	w, err := s.newShop(ctx, in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	p := booking.Pool{WorkshopID: w.ID, Skill: in.Body.Skill}
	if len(in.Body.Minutes) == 0 {
		return nil, fault.BadField("body.minutes", "fault.required", nil)
	}
	if err := in.Body.apply(&p); err != nil {
		return nil, err
	}
	by, made := managerOf(callerOf(ctx).staff), (*booking.Pool)(nil)
	err = s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		if made, err = s.opt.Desk.AddPool(ctx, by, p); err != nil {
			return err
		}
		return s.setPoolDates(ctx, by, made.ID, w, in.Body.Dates)
	})
	if err != nil {
		return nil, err
	}
	out, err := s.getPool(ctx, &one{idOf(made.ID)})
	if err != nil {
		return nil, err
	}
	return &created[poolOut]{"/api/v1/pools/" + out.Body.ID, out.Body}, nil
}

func (s *Server) patchPool(ctx context.Context, in *patched[PoolSet]) (*body[poolOut], error) {
	before, err := s.getPool(ctx, &one{in.ID})
	if err != nil {
		return nil, err
	}
	id := number(before.Body.ID)
	w, err := s.opt.Desk.Workshop(ctx, number(before.Body.WorkshopID))
	if err != nil {
		return nil, err
	}
	by := managerOf(callerOf(ctx).staff)
	err = s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		if _, err := s.opt.Desk.ChangePool(ctx, by, id, in.Body.apply); err != nil {
			return err
		}
		return s.setPoolDates(ctx, by, id, w, in.Body.Dates)
	})
	if err != nil {
		return nil, err
	}
	return s.getPool(ctx, &one{in.ID})
}

// setPoolDates sets the dates that were given.
func (s *Server) setPoolDates(ctx context.Context, by booking.Manager, id int64, w *booking.Workshop, given *[]poolDateIO) error {
	if given == nil {
		return nil
	}
	dates := mapped(*given, func(d poolDateIO) booking.PoolDate { return booking.PoolDate{Day: d.Date, Capacity: d.Minutes} })
	return s.opt.Desk.SetPoolDates(ctx, by, id, s.today(w), dates)
}

// limitIO is how many visits a day may come in one way.
type limitIO struct {
	Transport   string `json:"transport" doc:"drop_off, waiting, loaner, key_box"`
	PerDay      int    `json:"per_day"`
	OnlineShare int    `json:"online_share" doc:"how many of them are kept for booking online"`
}

// withLimits adds a workshop's limits to its shape.
func (s *Server) withLimits(ctx context.Context, w *booking.Workshop) (workshopOut, error) {
	out := workshopSettingsOf(w)
	limits, err := s.opt.Desk.TransportLimits(ctx, w.ID)
	if err != nil {
		return out, err
	}
	out.TransportLimits = new(mapped(limits, func(l booking.TransportLimit) limitIO {
		return limitIO{l.Transport, l.PerDay, l.OnlineShare}
	}))
	return out, nil
}

// setLimits sets the limits that were given.
func (s *Server) setLimits(ctx context.Context, by booking.Manager, id int64, given *[]limitIO) error {
	if given == nil {
		return nil
	}
	return s.opt.Desk.SetTransportLimits(ctx, by, id, mapped(*given, func(l limitIO) booking.TransportLimit {
		return booking.TransportLimit{Transport: l.Transport, PerDay: l.PerDay, OnlineShare: l.OnlineShare}
	}))
}
