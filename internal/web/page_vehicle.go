package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// latestVisits is how many visits of a vehicle stand on the page of a job.
const latestVisits = 5

// visitRow is one visit of a vehicle on a page.
type visitRow struct {
	booking.VehicleVisit
	URL     string
	Start   time.Time
	Here    bool // the job whose page this is
	Another bool // under another owner
}

func visitRows(visits []booking.VehicleVisit, here, customer int64) []visitRow {
	out := make([]visitRow, 0, len(visits))
	for _, v := range visits {
		out = append(out, visitRow{v, jobURL(v.Job.ID), v.Job.LocalStart(), v.Job.ID == here, v.Job.CustomerID != customer})
	}
	return out
}

// vehicleForm is what the desk knows and types about a job's vehicle.
type vehicleForm struct {
	Plate, VIN, Make, Model, Mileage string
	Facts                            *booking.VehicleFacts // what the register said, not yet saved
	Open                             bool
	CanLookUp                        bool
}

func (s *Server) vehicleFormOf(j *booking.Job) vehicleForm {
	f := vehicleForm{CanLookUp: s.opt.Plates != nil}
	if v := j.Vehicle; v != nil {
		f.Plate, f.VIN, f.Make, f.Model = v.Plate, v.VIN, v.Make, v.Model
	}
	return f
}

// loadVehicle puts the vehicle's form and its latest visits on the job's page.
func (s *Server) loadVehicle(ctx context.Context, p *deskJobPage) error {
	if !p.Vehicle.Open {
		p.Vehicle = s.vehicleFormOf(p.Job)
	}
	if p.Job.Vehicle == nil {
		return nil
	}
	p.VehicleURL = vehicleURL(p.Job.Vehicle.ID)
	visits, err := s.opt.Desk.VehicleHistory(ctx, p.Job.Vehicle.ID, p.Staff.WorkshopID, latestVisits+1)
	if err != nil {
		return err
	}
	p.MoreVisits = len(visits) > latestVisits
	p.Visits = visitRows(visits[:min(len(visits), latestVisits)], p.Job.ID, p.Job.CustomerID)
	return nil
}

func vehicleURL(id int64) string { return "/desk/vehicles/" + strconv.FormatInt(id, 10) }

// pageDeskVehicle saves what is typed about a job's vehicle, or asks the plate
// register and shows what it says, to be saved or mended.
func (s *Server) pageDeskVehicle(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	ctx := c.Request().Context()
	p.Vehicle = vehicleForm{
		Plate: typed(c, "plate", maxLine), VIN: typed(c, "vin", maxLine), Make: typed(c, "make", maxLine), Model: typed(c, "model", maxLine),
		Mileage: typed(c, "mileage", maxLine), Open: true, CanLookUp: s.opt.Plates != nil,
	}
	f := &p.Vehicle
	if c.FormValue("look_up") != "" {
		facts, err := s.lookUp(ctx, p.Job.Workshop.Country, f.Plate)
		if err != nil {
			return s.vehicleRefused(c, p, err)
		}
		f.Facts = &facts
		f.Plate, f.VIN = cmp.Or(f.Plate, facts.Plate), cmp.Or(facts.VIN, f.VIN)
		f.Make, f.Model = cmp.Or(facts.Make, f.Make), cmp.Or(facts.Model, f.Model)
		return s.showDeskJob(c, http.StatusOK, p)
	}
	km := 0
	if f.Mileage != "" {
		if km, err = strconv.Atoi(f.Mileage); err != nil || km < 0 {
			p.Errors["mileage"] = p.words("validation.integer")
			return s.vehicleRefused(c, p, fault.New(fault.Invalid, "fault.invalid"))
		}
	}
	warnings, err := s.opt.Desk.SetVehicle(ctx, p.Job.ID, booking.VehicleUpdate{Plate: f.Plate, VIN: f.VIN, Make: f.Make, Model: f.Model, Mileage: km}, s.actor(c))
	if err != nil {
		return s.vehicleRefused(c, p, err)
	}
	to := p.Path + "?done=vehicle"
	if len(warnings) > 0 {
		to += "&failed=vehicle_" + warnings[len(warnings)-1]
	}
	return seeOther(c, to+"#vehicle")
}

// vehicleRefused shows the job again with what the register or the form lacks.
func (s *Server) vehicleRefused(c echo.Context, p *deskJobPage, err error) error {
	f, status := asFault(err)
	if f.Kind == fault.NotFound || f.Kind == fault.Unavailable {
		p.Problem = p.words(f.Key)
		return s.showDeskJob(c, status, p)
	}
	return s.deskRefused(c, p, err)
}

// vehiclePage is every visit of a vehicle.
type vehiclePage struct {
	frame
	Vehicle *booking.Vehicle
	Visits  []visitRow
}

// pageVehicle shows a vehicle's whole history.
func (s *Server) pageVehicle(c echo.Context) error {
	f, err := s.deskFrame(c, "job")
	if err != nil {
		return s.fail(c, err)
	}
	ctx := c.Request().Context()
	v, err := s.opt.Desk.Vehicle(ctx, number(c.Param("id")))
	if err != nil {
		return s.fail(c, err)
	}
	visits, err := s.opt.Desk.VehicleHistory(ctx, v.ID, f.Staff.WorkshopID, maxLimit)
	if err == nil && len(visits) == 0 {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "vehicle", f.Locale, &vehiclePage{frame: f, Vehicle: v, Visits: visitRows(visits, 0, v.CustomerID)})
}

// ownVisits are the customer's earlier visits with the vehicle of a job. A link
// alone shows none: whoever books under another's number holds one too. A code
// read from that phone does.
func (s *Server) ownVisits(ctx context.Context, j *booking.Job, items []booking.TimelineItem) ([]visitRow, error) {
	proven := slices.ContainsFunc(items, func(i booking.TimelineItem) bool { return i.Kind == booking.EventVerification })
	if !proven || j.Vehicle == nil {
		return nil, nil
	}
	visits, err := s.opt.Desk.OwnVehicleHistory(ctx, j, latestVisits+1)
	if err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(visitRows(visits, j.ID, j.CustomerID), func(r visitRow) bool {
		return !r.Start.Before(j.StartAt.Time) || r.Job.Status == booking.Cancelled || r.Job.Status == booking.NoShow
	})
	return rows[:min(len(rows), latestVisits)], nil
}

// deskLookUp fills the booking form's vehicle in from the plate register.
func (s *Server) deskLookUp(c echo.Context, p *deskBookPage, services []int64) error {
	status := http.StatusOK
	facts, err := s.lookUp(c.Request().Context(), p.Workshop.Country, p.Form.Plate)
	if err != nil {
		if status = p.refused(err); status == 0 {
			var f *fault.Error
			if f, status = asFault(err); f.Kind != fault.NotFound && f.Kind != fault.Unavailable {
				return s.fail(c, err)
			}
			p.Problem = p.words(f.Key)
		}
	} else {
		p.Form.Make, p.Form.Model = cmp.Or(facts.Make, p.Form.Make), cmp.Or(facts.Model, p.Form.Model)
	}
	return s.showDeskBook(c, status, p, services)
}
