package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
)

// absenceOut is a span in which an advisor, a bay or a loaner is away.
type absenceOut struct {
	ID         string    `json:"id,omitempty" doc:"left out in a preview"`
	ResourceID string    `json:"resource_id"`
	Name       string    `json:"name"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to" doc:"exclusive"`
	Reason     string    `json:"reason"`
}

// hitOut is a booking that an absence hits, or that is at risk.
type hitOut struct {
	JobID     string     `json:"job_id"`
	Reference string     `json:"reference"`
	Start     time.Time  `json:"start"`
	Advisor   *personOut `json:"advisor,omitempty"`
	Customer  string     `json:"customer"`
}

func hitOf(j *booking.Job) hitOut {
	return hitOut{JobID: idOf(j.ID), Reference: j.Reference, Start: j.LocalStart(), Advisor: personOf(j.BookedAdvisor), Customer: j.ContactName}
}

// impactOut is an absence with the bookings it hits.
type impactOut struct {
	absenceOut
	Jobs []hitOut `json:"jobs" doc:"the bookings to come that it hits"`
}

// absenceShape writes an absence in the zone of its workshop.
func absenceShape(a *booking.Absence, name string, zone *time.Location) absenceOut {
	return absenceOut{ID: idOf(a.ID), ResourceID: idOf(a.ResourceID), Name: name, From: a.FromAt.In(zone), To: a.ToAt.In(zone), Reason: a.Reason}
}

type absencesQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id" doc:"your own when left out"`
	ResourceID string `query:"resource_id" doc:"of one advisor, bay or loaner"`
	From       string `query:"from" format:"date" doc:"those that end on this day or later; today when left out"`
}

func (s *Server) listAbsences(ctx context.Context, in *absencesQuery) (*body[list[absenceOut]], error) {
	shop, err := s.oneShop(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	resource, err := readID("query.resource_id", in.ResourceID)
	if err != nil {
		return nil, err
	}
	after := midnight(s.opt.Now().In(shop.Zone()))
	if in.From != "" {
		if after, err = time.ParseInLocation(time.DateOnly, in.From, shop.Zone()); err != nil {
			return nil, fault.BadField("query.from", "validation.date", in.From)
		}
	}
	rows, err := s.opt.Desk.Absences(ctx, shop.ID, resource, after)
	if err != nil {
		return nil, err
	}
	names, err := s.opt.Desk.ResourceNames(ctx, shop.ID)
	if err != nil {
		return nil, err
	}
	out := make([]absenceOut, 0, len(rows))
	for i := range rows {
		out = append(out, absenceShape(&rows[i], names[rows[i].ResourceID], shop.Zone()))
	}
	return whole(in.WholeIn, out, func(a *absenceOut) string { return a.ID })
}

// oneShop is the workshop that a list of one workshop is about: the caller's own
// where none is named, or the only one.
func (s *Server) oneShop(ctx context.Context, raw string) (*booking.Workshop, error) {
	shop, err := s.scope(ctx, raw)
	if err == nil && shop == nil {
		err = fault.BadField("query.workshop_id", "validation.required", nil)
	}
	return shop, err
}

type absenceIn struct {
	ResourceID string    `json:"resource_id" doc:"an advisor, a bay or a loaner"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to" doc:"exclusive"`
	Reason     string    `json:"reason,omitempty" maxLength:"200"`
	DryRun     bool      `json:"dry_run,omitempty" doc:"only tell what it would hit"`
}

type impactAnswer struct {
	Status   int
	Location string `header:"Location"`
	Body     impactOut
}

func (s *Server) postAbsence(ctx context.Context, in *posted[absenceIn]) (*impactAnswer, error) {
	id, err := readID("body.resource_id", in.Body.ResourceID)
	if err == nil && id == 0 {
		err = fault.BadField("body.resource_id", "validation.required", nil)
	}
	if err != nil {
		return nil, err
	}
	staff := callerOf(ctx).staff
	resource, err := s.opt.Desk.ResourceByID(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && !staff.Sees(resource.WorkshopID) {
		return nil, fault.BadField("body.resource_id", "fault.unknown_id", in.Body.ResourceID)
	}
	if err == nil {
		err = mayAbsent(staff, resource)
	}
	if err != nil {
		return nil, err
	}
	out := &impactAnswer{Status: 200}
	var hit *booking.AbsenceImpact
	if in.Body.DryRun {
		hit, err = s.opt.Desk.PreviewAbsence(ctx, id, in.Body.From, in.Body.To, in.Body.Reason)
	} else {
		hit, err = s.opt.Desk.AddAbsence(ctx, id, in.Body.From, in.Body.To, in.Body.Reason, actorOf(staff))
		out.Status = 201
	}
	if err != nil {
		return nil, err
	}
	if out.Body, err = s.impactShape(ctx, hit, resource); err != nil {
		return nil, err
	}
	if !in.Body.DryRun {
		out.Location = "/api/v1/absences/" + out.Body.ID
	}
	return out, nil
}

// mayAbsent tells whether somebody may enter an absence: managers anybody's,
// advisors their own.
func mayAbsent(staff *auth.Staff, resource *booking.Resource) error {
	if staff.Can(auth.ActManage) || staff.AdvisorID != 0 && staff.AdvisorID == resource.ID {
		return nil
	}
	return fault.New(fault.Forbidden, "fault.forbidden")
}

func (s *Server) impactShape(ctx context.Context, hit *booking.AbsenceImpact, resource *booking.Resource) (impactOut, error) {
	shop, err := s.opt.Desk.Workshop(ctx, resource.WorkshopID)
	if err != nil {
		return impactOut{}, err
	}
	out := impactOut{absenceOut: absenceShape(&hit.Absence, resource.Name, shop.Zone()), Jobs: make([]hitOut, 0, len(hit.Jobs))}
	for i := range hit.Jobs {
		out.Jobs = append(out.Jobs, hitOf(&hit.Jobs[i]))
	}
	return out, nil
}

// absentFor finds what an absence is of, for somebody who may see it.
func (s *Server) absentFor(ctx context.Context, raw string) (int64, *booking.Resource, error) {
	id, err := pathID(raw)
	if err != nil {
		return 0, nil, err
	}
	resource, err := s.opt.Desk.AbsentResource(ctx, id)
	if err == nil && !callerOf(ctx).staff.Sees(resource.WorkshopID) {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	return id, resource, err
}

func (s *Server) getAbsence(ctx context.Context, in *idIn) (*body[impactOut], error) {
	id, resource, err := s.absentFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	hit, err := s.opt.Desk.AbsenceImpactOf(ctx, id)
	if err != nil {
		return nil, err
	}
	out, err := s.impactShape(ctx, hit, resource)
	return &body[impactOut]{out}, err
}

func (s *Server) deleteAbsence(ctx context.Context, in *idIn) (*struct{}, error) {
	id, resource, err := s.absentFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	staff := callerOf(ctx).staff
	if err := mayAbsent(staff, resource); err != nil {
		return nil, err
	}
	return nil, s.opt.Desk.RemoveAbsence(ctx, id, actorOf(staff))
}

type resolveIn struct {
	ID   string `path:"id"`
	Body struct {
		JobIDs []string `json:"job_ids,omitempty" maxItems:"500" doc:"all that the absence hits when left out"`
		Action string   `json:"action" enum:"stand_in,offer" doc:"stand_in moves each to the advisor's stand-in at the same time; offer asks the customer to choose another"`
	}
}

// resolvedOut is what became of one booking.
type resolvedOut struct {
	hitOut
	Outcome      string     `json:"outcome" enum:"moved,offered,settled,failed" doc:"settled: nothing was left to do"`
	Reason       *reasonOut `json:"reason,omitempty" doc:"why it failed"`
	Alternatives []slotOut  `json:"alternatives,omitempty" doc:"the nearest starts that are free, where it failed"`
}

func resolvedShape(locale string, r *booking.Resolved) resolvedOut {
	out := resolvedOut{hitOut: hitOf(r.Job), Outcome: r.Outcome}
	if r.Reason.Rule != "" {
		out.Reason = &reasonOut{Rule: r.Reason.Rule, Detail: reasonText(locale, r.Reason)}
	}
	if len(r.Alternatives) > 0 {
		out.Alternatives = slotsOut(r.Alternatives)
	}
	return out
}

func (s *Server) postResolve(ctx context.Context, in *resolveIn) (*body[list[resolvedOut]], error) {
	id, _, err := s.absentFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	ids, err := readIDs("body.job_ids", in.Body.JobIDs)
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	done, err := s.opt.Desk.ResolveAbsence(ctx, id, in.Body.Action, ids, actorOf(c.staff))
	if err != nil {
		return nil, err
	}
	out := make([]resolvedOut, 0, len(done))
	for i := range done {
		out = append(out, resolvedShape(c.locale, &done[i]))
	}
	return &body[list[resolvedOut]]{listOf(out, "")}, nil
}
