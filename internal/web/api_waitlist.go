package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
)

type waitIn struct {
	WorkshopID string     `json:"workshop_id"`
	ServiceIDs []string   `json:"service_ids" minItems:"1" maxItems:"20"`
	AdvisorID  string     `json:"advisor_id,omitempty" doc:"anyone when left out"`
	Transport  string     `json:"transport,omitempty"`
	Earliest   string     `json:"earliest,omitempty" doc:"a time (RFC 3339) or a date; now when left out"`
	Latest     string     `json:"latest" doc:"the last start that would do: a time, or a date with all of its day"`
	Customer   customerIn `json:"customer"`
	Vehicle    *vehicleIn `json:"vehicle,omitempty"`
}

type waitOut struct {
	ID        string            `json:"id"`
	Token     string            `json:"token" doc:"the secret of the entry's page"`
	State     booking.WaitState `json:"state" enum:"waiting,offered,accepted,booked,left,expired"`
	Earliest  time.Time         `json:"earliest"`
	Latest    time.Time         `json:"latest"`
	ManageURL string            `json:"manage_url"`
}

// postWait puts a customer on the waiting list.
func (s *Server) postWait(ctx context.Context, in *posted[waitIn]) (*created[waitOut], error) {
	w, err := s.workshopOf(ctx, "body.workshop_id", in.Body.WorkshopID)
	if err != nil {
		return nil, err
	}
	if callerOf(ctx).staff == nil {
		if err := s.allowPhone(in.Body.Customer.Phone); err != nil {
			return nil, err
		}
	}
	r, err := in.Body.request(w)
	if err != nil {
		return nil, err
	}
	e, err := s.opt.Desk.JoinWaitlist(ctx, r)
	if err != nil {
		return nil, err
	}
	zone := w.Zone()
	return &created[waitOut]{Location: "/w/" + e.Token, Body: waitOut{
		ID: idOf(e.ID), Token: e.Token, State: e.State, Earliest: e.Earliest.In(zone), Latest: e.Latest.In(zone),
		ManageURL: s.opt.BaseURL + "/w/" + e.Token,
	}}, nil
}

// waitRowOut is a place on the waiting list as the desk sees it.
type waitRowOut struct {
	ID         string            `json:"id"`
	WorkshopID string            `json:"workshop_id"`
	State      booking.WaitState `json:"state" enum:"waiting,offered,accepted,booked,left,expired"`
	ServiceIDs []string          `json:"service_ids"`
	Advisor    *personOut        `json:"advisor,omitempty" doc:"of the held time, else the one wished for"`
	Transport  string            `json:"transport,omitempty"`
	Earliest   time.Time         `json:"earliest"`
	Latest     time.Time         `json:"latest"`
	Name       string            `json:"name"`
	Phone      string            `json:"phone" doc:"E.164"`
	Email      string            `json:"email,omitempty"`
	OfferStart *time.Time        `json:"offer_start,omitempty" doc:"the time that is held"`
	OfferUntil *time.Time        `json:"offer_until,omitempty" doc:"and how long"`
	Reply      string            `json:"reply,omitempty" doc:"the last that was written back and is neither yes nor no"`
	ReplyAt    *time.Time        `json:"reply_at,omitempty" doc:"when; left out once it has been read"`
	JobID      string            `json:"job_id,omitempty" doc:"the booking it led to"`
	ManageURL  string            `json:"manage_url"`
}

func (s *Server) waitRow(e *booking.WaitEntry) waitRowOut {
	zone := e.Workshop.Zone()
	return waitRowOut{
		ID: idOf(e.ID), WorkshopID: idOf(e.WorkshopID), State: e.State, ServiceIDs: mapped(e.ServiceIDs, idOf), Advisor: personOf(e.Advisor),
		Transport: e.Transport, Earliest: e.Earliest.In(zone), Latest: e.Latest.In(zone), Name: e.ContactName, Phone: e.ContactPhone,
		Email: e.ContactEmail, OfferStart: at(e.OfferStart.Time, zone), OfferUntil: at(e.OfferUntil.Time, zone),
		Reply: e.Reply, ReplyAt: at(e.ReplyAt.Time, zone), JobID: idOf(e.JobID), ManageURL: s.opt.BaseURL + "/w/" + e.Token,
	}
}

type waitlistQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id" doc:"your own when left out"`
}

// listWaitlist gives the desk its waiting list.
func (s *Server) listWaitlist(ctx context.Context, in *waitlistQuery) (*body[list[waitRowOut]], error) {
	shop, err := s.oneShop(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	rows, err := s.opt.Desk.Waitlist(ctx, shop.ID)
	if err != nil {
		return nil, err
	}
	out := make([]waitRowOut, 0, len(rows))
	for i := range rows {
		out = append(out, s.waitRow(&rows[i]))
	}
	return whole(in.WholeIn, out, func(e *waitRowOut) string { return e.ID })
}

type waitActIn struct {
	ID   string `path:"id"`
	Body struct {
		Action string `json:"action" enum:"accept,decline,leave,read" doc:"accept books the held time; decline passes it on; leave takes the customer off the list; read puts away what was written"`
	}
}

// postWaitAct does for somebody on the list what he or she told the desk.
func (s *Server) postWaitAct(ctx context.Context, in *waitActIn) (*body[waitRowOut], error) {
	e, err := s.waitFor(ctx, callerOf(ctx).staff.Sees, in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.actOnWait(ctx, e, in.Body.Action); err != nil {
		return nil, err
	}
	if e, err = s.opt.Desk.WaitEntryByID(ctx, e.ID); err != nil {
		return nil, err
	}
	return &body[waitRowOut]{s.waitRow(e)}, nil
}

func (in *waitIn) request(w *booking.Workshop) (booking.WaitRequest, error) {
	c := in.Customer
	r := booking.WaitRequest{
		WorkshopID: w.ID, Transport: in.Transport,
		Customer: booking.ContactInput{Name: c.Name, Phone: c.Phone, Email: c.Email, Locale: c.Locale},
	}
	var err error
	if r.ServiceIDs, err = readIDs("body.service_ids", in.ServiceIDs); err != nil {
		return r, err
	}
	if r.AdvisorID, err = readID("body.advisor_id", in.AdvisorID); err != nil {
		return r, err
	}
	if v := in.Vehicle; v != nil {
		r.Vehicle = &booking.VehicleInput{Plate: v.Plate, Make: v.Make, Model: v.Model, Mileage: v.Mileage}
	}
	if in.Earliest != "" {
		if r.Earliest, err = momentOf("body.earliest", in.Earliest, w.Zone(), false); err != nil {
			return r, err
		}
	}
	r.Latest, err = momentOf("body.latest", in.Latest, w.Zone(), true)
	return r, err
}

// momentOf reads a time, or a date as its first or its last moment on a
// workshop's wall clock.
func momentOf(location, raw string, zone *time.Location, end bool) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, raw); err == nil {
		return t, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, raw, zone)
	if err != nil {
		return time.Time{}, fault.BadField(location, "fault.time", raw)
	}
	if end {
		day = day.AddDate(0, 0, 1).Add(-time.Minute)
	}
	return day, nil
}
