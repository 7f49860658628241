package web

import (
	"context"
	"errors"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// staffVehicleOut is a vehicle as the desk sees it.
type staffVehicleOut struct {
	ID         string `json:"id"`
	CustomerID string `json:"customer_id"`
	Plate      string `json:"plate"`
	VIN        string `json:"vin,omitempty"`
	Make       string `json:"make,omitempty"`
	Model      string `json:"model,omitempty"`
	Mileage    int    `json:"mileage,omitempty" doc:"kilometres, as last known"`
}

func staffVehicleOf(v *booking.Vehicle) staffVehicleOut {
	return staffVehicleOut{
		ID: idOf(v.ID), CustomerID: idOf(v.CustomerID), Plate: v.Plate, VIN: v.VIN, Make: v.Make, Model: v.Model, Mileage: v.Mileage,
	}
}

type vehiclesQuery struct {
	WholeIn
	Plate string `query:"plate" maxLength:"20" doc:"hyphens, spaces and capitals do not matter"`
	VIN   string `query:"vin" maxLength:"30"`
}

func (s *Server) listVehicles(ctx context.Context, in *vehiclesQuery) (*body[list[staffVehicleOut]], error) {
	rows, err := s.opt.Desk.Vehicles(ctx, booking.VehicleFilter{
		Plate: in.Plate, VIN: in.VIN, WorkshopID: callerOf(ctx).staff.WorkshopID, Limit: maxLimit,
	})
	if err != nil {
		return nil, err
	}
	out := make([]staffVehicleOut, 0, len(rows))
	for i := range rows {
		out = append(out, staffVehicleOf(&rows[i]))
	}
	return whole(in.WholeIn, out, func(v *staffVehicleOut) string { return v.ID })
}

// vehicleVisitOut is one visit of a vehicle.
type vehicleVisitOut struct {
	JobID      string          `json:"job_id"`
	Reference  string          `json:"reference"`
	Status     booking.Status  `json:"status"`
	Start      time.Time       `json:"start"`
	Customer   string          `json:"customer"`
	VehicleID  string          `json:"vehicle_id" doc:"another owner's visits stand under a vehicle of that owner"`
	Plate      string          `json:"plate"`
	Services   []jobServiceOut `json:"services"`
	Mileage    int             `json:"mileage,omitempty" doc:"kilometres, as read at this visit"`
	FinalPrice *moneyOut       `json:"final_price,omitempty"`
}

type historyIn struct {
	ID string `path:"id"`
	WholeIn
}

func (s *Server) vehicleHistory(ctx context.Context, in *historyIn) (*body[list[vehicleVisitOut]], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	visits, err := s.opt.Desk.VehicleHistory(ctx, id, callerOf(ctx).staff.WorkshopID, maxLimit)
	if err == nil && len(visits) == 0 {
		err = fault.New(fault.NotFound, "fault.not_found") // never here: another workshop's business
	}
	if err != nil {
		return nil, err
	}
	out := make([]vehicleVisitOut, 0, len(visits))
	for _, v := range visits {
		out = append(out, vehicleVisitOut{
			JobID: idOf(v.Job.ID), Reference: v.Job.Reference, Status: v.Job.Status, Start: v.Job.LocalStart(), Customer: v.Job.ContactName,
			VehicleID: idOf(v.Vehicle.ID), Plate: v.Vehicle.Plate, Services: jobServicesOf(v.Job), Mileage: v.Kilometres, FinalPrice: finalPriceOf(v.Job),
		})
	}
	return whole(in.WholeIn, out, func(v *vehicleVisitOut) string { return v.JobID })
}

type jobVehicleIn struct {
	ID   string `path:"id"`
	Body struct {
		Plate   string `json:"plate,omitempty" maxLength:"20"`
		VIN     string `json:"vin,omitempty" maxLength:"30" doc:"17 characters (ISO 3779)"`
		Make    string `json:"make,omitempty" maxLength:"60"`
		Model   string `json:"model,omitempty" maxLength:"60"`
		Mileage int    `json:"mileage,omitempty" minimum:"0" maximum:"9999999" doc:"kilometres, as read at this visit"`
	}
}

type jobVehicleOut struct {
	Vehicle  staffVehicleOut `json:"vehicle"`
	Warnings []string        `json:"warnings" doc:"stored all the same: vin (a North-American check digit is wrong), mileage (less than at an earlier visit)"`
}

func (s *Server) patchJobVehicle(ctx context.Context, in *jobVehicleIn) (*body[jobVehicleOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	warnings, err := s.opt.Desk.SetVehicle(ctx, j.ID, booking.VehicleUpdate{
		Plate: b.Plate, VIN: b.VIN, Make: b.Make, Model: b.Model, Mileage: b.Mileage,
	}, actorOf(callerOf(ctx).staff))
	if err != nil {
		return nil, err
	}
	if j, err = s.opt.Desk.Job(ctx, j.ID); err != nil {
		return nil, err
	}
	if warnings == nil {
		warnings = []string{}
	}
	return &body[jobVehicleOut]{jobVehicleOut{staffVehicleOf(j.Vehicle), warnings}}, nil
}

type plateQuery struct {
	Plate   string `query:"plate" required:"true" minLength:"1" maxLength:"20"`
	Country string `query:"country" maxLength:"2" doc:"ISO 3166-1 alpha-2; the workshop's when left out"`
}

// factsOut is what a plate register knows.
type factsOut struct {
	Plate        string `json:"plate,omitempty"`
	VIN          string `json:"vin,omitempty"`
	Make         string `json:"make,omitempty"`
	Model        string `json:"model,omitempty"`
	FirstUsed    string `json:"first_used,omitempty" format:"date"`
	Colour       string `json:"colour,omitempty"`
	Fuel         string `json:"fuel,omitempty"`
	InspectionBy string `json:"inspection_by,omitempty" format:"date"`
}

func (s *Server) lookUpPlate(ctx context.Context, in *plateQuery) (*body[factsOut], error) {
	country := in.Country
	if country == "" {
		shops, err := s.opt.Desk.Workshops(ctx)
		if err != nil {
			return nil, err
		}
		for i := range shops {
			if callerOf(ctx).staff.Sees(shops[i].ID) {
				country = shops[i].Country
				break
			}
		}
	}
	f, err := s.lookUp(ctx, country, in.Plate)
	if err != nil {
		return nil, inQuery(err)
	}
	return &body[factsOut]{factsOut(f)}, nil
}

// lookUp asks the plate register. Its failures are told as people can mend
// them; what only the operator can mend is logged.
func (s *Server) lookUp(ctx context.Context, country, plate string) (booking.VehicleFacts, error) {
	if s.opt.Plates == nil {
		return booking.VehicleFacts{}, fault.New(fault.Conflict, "fault.register_off")
	}
	f, err := s.opt.Plates.Lookup(ctx, country, plate)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, booking.ErrPlateUnknown):
		return f, fault.New(fault.NotFound, "fault.plate_unknown").Cause(err)
	case errors.Is(err, booking.ErrPlateInvalid):
		e := fault.BadField("body.plate", "fault.plate", plate)
		return f, e.Cause(err)
	case errors.Is(err, booking.ErrRegisterCountry):
		return f, fault.New(fault.Conflict, "fault.register_country").Cause(err)
	case errors.Is(err, context.Canceled):
		return f, err
	}
	s.log.WarnContext(ctx, "the plate register gives no answer", "error", err)
	return f, fault.New(fault.Unavailable, "fault.register_unavailable").Cause(err)
}
