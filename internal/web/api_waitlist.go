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
