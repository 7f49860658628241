package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
)

// managerOf is who changes the settings: an admin every workshop's, a manager
// those he or she sees.
func managerOf(staff *auth.Staff) booking.Manager {
	m := booking.Manager{Actor: actorOf(staff), WorkshopID: staff.WorkshopID, Admin: staff.Can(auth.ActAdmin)}
	if m.Admin {
		m.WorkshopID = 0
	}
	return m
}

// mayRead tells whether a member of staff may read a workshop's settings.
func mayRead(staff *auth.Staff, workshopID int64) bool {
	return staff.Can(auth.ActDesk) && (staff.Sees(workshopID) || staff.Can(auth.ActAdmin))
}

// one is a call on one thing.
type one struct {
	ID string `path:"id"`
}

// patched is the body of a call on one thing.
type patched[T any] struct {
	ID   string `path:"id"`
	Body T
}

// gone is the answer to DELETE.
type gone struct{}

// setIf takes a value that was given.
func setIf[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// seenShop finds a workshop that the caller may read; another's is not found.
func (s *Server) seenShop(ctx context.Context, id int64) (*booking.Workshop, error) {
	w, err := s.opt.Desk.Workshop(ctx, id)
	if err == nil && !mayRead(callerOf(ctx).staff, id) {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	return w, err
}

// seenQuery finds the workshop that a list of staff is asked for.
func (s *Server) seenQuery(ctx context.Context, raw string) (*booking.Workshop, error) {
	w, err := s.workshopOf(ctx, "query.workshop_id", raw)
	if err == nil && !mayRead(callerOf(ctx).staff, w.ID) {
		err = fault.BadField("query.workshop_id", "fault.unknown_id", raw)
	}
	return w, err
}

// newShop reads the workshop of something new; one that does not exist, or is
// another manager's, is a wrong field.
func (s *Server) newShop(ctx context.Context, raw string) (*booking.Workshop, error) {
	if raw == "" {
		return nil, fault.BadField("body.workshop_id", "fault.required", nil)
	}
	w, err := s.workshopOf(ctx, "body.workshop_id", raw)
	if err == nil {
		if by := managerOf(callerOf(ctx).staff); by.WorkshopID != 0 && by.WorkshopID != w.ID {
			err = fault.BadField("body.workshop_id", "fault.unknown_id", raw)
		}
	}
	return w, err
}

// removed makes the handler of a DELETE.
func (s *Server) removed(remove func(context.Context, booking.Manager, int64) error) func(context.Context, *one) (*gone, error) {
	return func(ctx context.Context, in *one) (*gone, error) {
		id, err := pathID(in.ID)
		if err != nil {
			return nil, err
		}
		return nil, remove(ctx, managerOf(callerOf(ctx).staff), id)
	}
}

// Workshops.

func (s *Server) getWorkshop(ctx context.Context, in *one) (*body[workshopOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	w, err := s.seenShop(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := s.withLimits(ctx, w)
	if err != nil {
		return nil, err
	}
	return &body[workshopOut]{out}, nil
}

func (s *Server) postWorkshop(ctx context.Context, in *posted[workshopNew]) (*created[workshopOut], error) {
	w := booking.NewWorkshop()
	w.Key = in.Body.Key
	if err := in.Body.apply(&w, s.opt.Now()); err != nil {
		return nil, err
	}
	by, made := managerOf(callerOf(ctx).staff), (*booking.Workshop)(nil)
	err := s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		var err error
		if made, err = s.opt.Desk.AddWorkshop(ctx, by, w); err != nil {
			return err
		}
		return s.setLimits(ctx, by, made.ID, in.Body.TransportLimits)
	})
	if err != nil {
		return nil, err
	}
	out, err := s.withLimits(ctx, made)
	if err != nil {
		return nil, err
	}
	return &created[workshopOut]{"/api/v1/workshops/" + out.ID, out}, nil
}

func (s *Server) patchWorkshop(ctx context.Context, in *patched[WorkshopSet]) (*body[workshopOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	by, w := managerOf(callerOf(ctx).staff), (*booking.Workshop)(nil)
	err = s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		w, err = s.opt.Desk.ChangeWorkshop(ctx, by, id, func(w *booking.Workshop) error {
			return in.Body.apply(w, s.opt.Now())
		})
		if err != nil {
			return err
		}
		return s.setLimits(ctx, by, id, in.Body.TransportLimits)
	})
	if err != nil {
		return nil, err
	}
	out, err := s.withLimits(ctx, w)
	if err != nil {
		return nil, err
	}
	return &body[workshopOut]{out}, nil
}

// Services.

func (s *Server) getService(ctx context.Context, in *one) (*body[serviceOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	service, err := s.opt.Desk.Service(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := s.seenShop(ctx, service.WorkshopID)
	if err != nil {
		return nil, err
	}
	return &body[serviceOut]{serviceSettingsOf(service, w)}, nil
}

func (s *Server) postService(ctx context.Context, in *posted[serviceNew]) (*created[serviceOut], error) {
	w, err := s.newShop(ctx, in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	service := booking.Service{WorkshopID: w.ID, Key: in.Body.Key, Active: true}
	if err := in.Body.apply(&service, w); err != nil {
		return nil, err
	}
	made, err := s.opt.Desk.AddService(ctx, managerOf(callerOf(ctx).staff), service)
	if err != nil {
		return nil, err
	}
	return &created[serviceOut]{"/api/v1/services/" + idOf(made.ID), serviceSettingsOf(made, w)}, nil
}

func (s *Server) patchService(ctx context.Context, in *patched[ServiceSet]) (*body[serviceOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	before, err := s.opt.Desk.Service(ctx, id)
	if err != nil {
		return nil, err
	}
	w, err := s.seenShop(ctx, before.WorkshopID)
	if err != nil {
		return nil, err
	}
	service, err := s.opt.Desk.ChangeService(ctx, managerOf(callerOf(ctx).staff), id, func(v *booking.Service) error {
		return in.Body.apply(v, w)
	})
	if err != nil {
		return nil, err
	}
	return &body[serviceOut]{serviceSettingsOf(service, w)}, nil
}

// Advisors.

func (s *Server) getAdvisor(ctx context.Context, in *one) (*body[advisorOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	advisor, err := s.opt.Desk.Advisor(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.seenShop(ctx, advisor.WorkshopID); err != nil {
		return nil, err
	}
	return &body[advisorOut]{advisorSettingsOf(advisor)}, nil
}

func (s *Server) postAdvisor(ctx context.Context, in *posted[advisorNew]) (*created[advisorOut], error) {
	w, err := s.newShop(ctx, in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	advisor := booking.Advisor{WorkshopID: w.ID, Active: true}
	if err := in.Body.apply(&advisor); err != nil {
		return nil, err
	}
	made, err := s.opt.Desk.AddAdvisor(ctx, managerOf(callerOf(ctx).staff), in.Body.Key, advisor)
	if err != nil {
		return nil, err
	}
	return &created[advisorOut]{"/api/v1/advisors/" + idOf(made.ID), advisorSettingsOf(made)}, nil
}

func (s *Server) patchAdvisor(ctx context.Context, in *patched[AdvisorSet]) (*body[advisorOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	advisor, err := s.opt.Desk.ChangeAdvisor(ctx, managerOf(callerOf(ctx).staff), id, in.Body.apply)
	if err != nil {
		return nil, err
	}
	return &body[advisorOut]{advisorSettingsOf(advisor)}, nil
}

// Bays and loaners.

func (s *Server) listResources(ctx context.Context, in *workshopQuery) (*body[list[resourceOut]], error) {
	w, err := s.seenQuery(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	rows, err := s.opt.Desk.Resources(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	return whole(in.WholeIn, mapped(rows, resourceOf), func(r *resourceOut) string { return r.ID })
}

func (s *Server) getResource(ctx context.Context, in *one) (*body[resourceOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	r, err := s.opt.Desk.Resource(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.seenShop(ctx, r.WorkshopID); err != nil {
		return nil, err
	}
	return &body[resourceOut]{resourceOf(*r)}, nil
}

func (s *Server) postResource(ctx context.Context, in *posted[resourceNew]) (*created[resourceOut], error) {
	w, err := s.newShop(ctx, in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	r := booking.Resource{WorkshopID: w.ID, Key: in.Body.Key, Kind: booking.ResourceKind(in.Body.Kind), Active: true}
	if err := in.Body.apply(&r); err != nil {
		return nil, err
	}
	made, err := s.opt.Desk.AddResource(ctx, managerOf(callerOf(ctx).staff), r)
	if err != nil {
		return nil, err
	}
	return &created[resourceOut]{"/api/v1/resources/" + idOf(made.ID), resourceOf(*made)}, nil
}

func (s *Server) patchResource(ctx context.Context, in *patched[ResourceSet]) (*body[resourceOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	r, err := s.opt.Desk.ChangeResource(ctx, managerOf(callerOf(ctx).staff), id, in.Body.apply)
	if err != nil {
		return nil, err
	}
	return &body[resourceOut]{resourceOf(*r)}, nil
}

// Weekly hours.

func (s *Server) listHours(ctx context.Context, in *workshopQuery) (*body[list[hoursOut]], error) {
	w, err := s.seenQuery(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	rows, err := s.opt.Desk.WeeklyHours(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	return whole(in.WholeIn, mapped(rows, hoursOf), func(h *hoursOut) string { return "r" + h.ResourceID })
}

func (s *Server) putHours(ctx context.Context, in *posted[hoursIn]) (*body[hoursOut], error) {
	w, err := s.newShop(ctx, in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	resource, err := readID("body.resource_id", in.Body.ResourceID)
	if err != nil {
		return nil, err
	}
	set, err := s.opt.Desk.SetHours(ctx, managerOf(callerOf(ctx).staff),
		booking.WeeklyHours{WorkshopID: w.ID, ResourceID: resource, Week: in.Body.Week})
	if err != nil {
		return nil, err
	}
	return &body[hoursOut]{hoursOf(*set)}, nil
}

// Closures.

type closuresQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id" required:"true"`

	From string `query:"from" doc:"only those that end on this date or later; today when left out"`
}

func (s *Server) listClosures(ctx context.Context, in *closuresQuery) (*body[list[closureOut]], error) {
	w, err := s.seenQuery(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	from := in.From
	if from == "" {
		from = s.opt.Now().In(w.Zone()).Format(time.DateOnly)
	} else if _, err := time.Parse(time.DateOnly, from); err != nil {
		return nil, fault.BadField("query.from", "fault.date", from)
	}
	rows, err := s.opt.Desk.Closures(ctx, w.ID, from)
	if err != nil {
		return nil, err
	}
	return whole(in.WholeIn, mapped(rows, closureOf), func(c *closureOut) string { return c.ID })
}

func (s *Server) getClosure(ctx context.Context, in *one) (*body[closureOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.opt.Desk.Closure(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.seenShop(ctx, c.WorkshopID); err != nil {
		return nil, err
	}
	return &body[closureOut]{closureOf(*c)}, nil
}

func (s *Server) postClosure(ctx context.Context, in *posted[closureNew]) (*created[closureOut], error) {
	w, err := s.newShop(ctx, in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	c := booking.Closure{WorkshopID: w.ID}
	if err := in.Body.apply(&c); err != nil {
		return nil, err
	}
	made, err := s.opt.Desk.AddClosure(ctx, managerOf(callerOf(ctx).staff), c)
	if err != nil {
		return nil, err
	}
	return &created[closureOut]{"/api/v1/closures/" + idOf(made.ID), closureOf(*made)}, nil
}

func (s *Server) patchClosure(ctx context.Context, in *patched[ClosureSet]) (*body[closureOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.opt.Desk.ChangeClosure(ctx, managerOf(callerOf(ctx).staff), id, in.Body.apply)
	if err != nil {
		return nil, err
	}
	return &body[closureOut]{closureOf(*c)}, nil
}

// mapped gives each row its shape.
func mapped[T, O any](rows []T, shape func(T) O) []O {
	out := make([]O, 0, len(rows))
	for _, row := range rows {
		out = append(out, shape(row))
	}
	return out
}
