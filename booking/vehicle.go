package booking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// Mileage is what the odometer of a vehicle showed at one visit.
type Mileage struct {
	JobID      int64 `gorm:"primaryKey;autoIncrement:false"`
	VehicleID  int64
	Kilometres int
	At         db.Time
	Source     string // customer: as told when booking; staff: as read
	Author     string
}

// Sources of a mileage.
const (
	ToldByCustomer = "customer"
	ReadByStaff    = "staff"
)

// PlateKey is a plate without what people leave out or put in, for comparing:
// "abc 123" and "ABC-123" are one.
func PlateKey(plate string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, plate)
}

// vinLength is how many characters a VIN has (ISO 3779).
const vinLength = 17

// NormalizeVIN gives a vehicle identification number in capitals without the
// spaces and hyphens of documents. ok is false where it is none: 17 characters
// of digits and capitals without I, O and Q (ISO 3779).
func NormalizeVIN(raw string) (vin string, ok bool) {
	vin = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return unicode.ToUpper(r)
	}, strings.TrimSpace(raw))
	if len(vin) != vinLength {
		return vin, false
	}
	for _, r := range vin {
		if vinValue(r) < 0 {
			return vin, false
		}
	}
	return vin, true
}

// vinValue is a character's value in the check sum (49 CFR 565.15(c), table
// III); -1 where a VIN has no such character.
func vinValue(r rune) int {
	if r >= '0' && r <= '9' {
		return int(r - '0')
	}
	const letters, values = "ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789"
	if i := strings.IndexRune(letters, r); i >= 0 {
		return int(values[i] - '0')
	}
	return -1
}

// vinWeights of the 17 places (49 CFR 565.15(c), table IV).
var vinWeights = [vinLength]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}

// VINDoubtful tells whether a normalised VIN is of North America (its first
// character is 1 to 5, ISO 3780) and its check digit is wrong: a slip of the
// finger in all likelihood, but no proof of one. Elsewhere the ninth character
// means something else.
func VINDoubtful(vin string) bool {
	if len(vin) != vinLength || vin[0] < '1' || vin[0] > '5' {
		return false
	}
	sum := 0
	for i, r := range vin {
		sum += vinValue(r) * vinWeights[i]
	}
	return vin[8] != "0123456789X"[sum%11]
}

// vin checks a VIN that may be left out.
func (c *checker) vin(location, raw string) string {
	if strings.TrimSpace(raw) == "" {
		return ""
	}
	vin, ok := NormalizeVIN(raw)
	if !ok {
		c.fail(location, "fault.vin", raw)
	}
	return vin
}

// VehicleUpdate is what the staff learn about the vehicle of a job. Empty
// fields leave what is known as it is.
type VehicleUpdate struct {
	Plate, VIN, Make, Model string
	Mileage                 int // kilometres as read at this visit; 0: not read
}

// Warnings that an update of a vehicle can leave: it is stored all the same.
const (
	WarnVIN     = "vin"     // the check digit of a North-American VIN is wrong
	WarnMileage = "mileage" // the odometer shows less than at an earlier visit
)

// SetVehicle records what the staff learn about the vehicle of a job, and tells
// what is odd about it. A job without a vehicle gets one; a plate or VIN that
// another vehicle of the same customer has makes it the job's. A mileage lower
// than an earlier one is kept with a note on the job: an odometer can have been
// replaced, but never in silence.
func (d *Desk) SetVehicle(ctx context.Context, jobID int64, u VehicleUpdate, a Actor) (warnings []string, err error) {
	var check checker
	in := VehicleInput{Plate: u.Plate, VIN: u.VIN, Make: u.Make, Model: u.Model, Mileage: u.Mileage}
	u.VIN = check.vin("body.vin", u.VIN)
	clean := check.vehicleFields("body.", in, false)
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	u.Plate, u.Make, u.Model = clean.Plate, clean.Make, clean.Model
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		warnings, err = d.setVehicle(ctx, jobID, u, a)
		return err
	})
	return warnings, err
}

// setVehicle is the transaction of SetVehicle.
func (d *Desk) setVehicle(ctx context.Context, jobID int64, u VehicleUpdate, a Actor) ([]string, error) {
	j, err := d.lockJob(ctx, jobID)
	if err != nil {
		return nil, err
	}
	v, err := d.vehicleOf(ctx, j, u)
	if err != nil {
		return nil, err
	}
	var warnings []string
	v.Plate, v.VIN = cmp.Or(u.Plate, v.Plate), cmp.Or(u.VIN, v.VIN)
	v.Make, v.Model = cmp.Or(u.Make, v.Make), cmp.Or(u.Model, v.Model)
	v.PlateKey = PlateKey(v.Plate)
	if u.VIN != "" && VINDoubtful(u.VIN) {
		warnings = append(warnings, WarnVIN)
	}
	if err := d.saveVehicle(ctx, v); err != nil {
		return nil, err
	}
	if j.VehicleID != v.ID {
		j.VehicleID, j.Vehicle = v.ID, v
		if err := d.saveJob(ctx, j); err != nil {
			return nil, err
		}
	}
	if u.Mileage > 0 {
		fell, err := d.readMileage(ctx, j, v, u.Mileage, ReadByStaff, a)
		if err != nil {
			return nil, err
		}
		if fell {
			warnings = append(warnings, WarnMileage)
		}
		v.Mileage = u.Mileage
		if err := d.saveVehicle(ctx, v); err != nil {
			return nil, err
		}
	}
	d.ring(ctx, j.WorkshopID, j.ID)
	return warnings, nil
}

// vehicleOf is the vehicle that an update speaks of: another one of the same
// customer that has the plate or VIN, else the job's own, else a new one.
func (d *Desk) vehicleOf(ctx context.Context, j *Job, u VehicleUpdate) (*Vehicle, error) {
	known, err := all[Vehicle](ctx, d.db, "vehicles", "id", "customer_id = ?", j.CustomerID)
	if err != nil {
		return nil, err
	}
	same := func(v Vehicle) bool {
		return u.VIN != "" && v.VIN == u.VIN || u.Plate != "" && v.PlateKey == PlateKey(u.Plate) && (u.VIN == "" || v.VIN == "")
	}
	own := slices.IndexFunc(known, func(v Vehicle) bool { return v.ID == j.VehicleID })
	if own >= 0 && same(known[own]) {
		return &known[own], nil
	}
	if i := slices.IndexFunc(known, same); i >= 0 {
		return &known[i], nil
	}
	if own >= 0 {
		return &known[own], nil
	}
	if u.Plate == "" {
		return nil, fault.BadField("body.plate", "fault.required", nil)
	}
	return &Vehicle{CustomerID: j.CustomerID, Plate: u.Plate, CreatedAt: d.now()}, nil
}

// readMileage keeps what the odometer shows at a visit, and tells whether it
// shows less than at an earlier one; a note on the job says so then.
func (d *Desk) readMileage(ctx context.Context, j *Job, v *Vehicle, km int, source string, a Actor) (fell bool, err error) {
	earlier, err := d.mileagesBefore(ctx, v, j)
	if err != nil {
		return false, err
	}
	for _, m := range earlier {
		if m.Kilometres <= km || fell {
			continue
		}
		fell = true
		body := templates.T(j.Workshop.Locale, "booking.mileage_fell", map[string]any{
			"now": strconv.Itoa(km), "before": strconv.Itoa(m.Kilometres), "date": templates.Date(j.Workshop.Locale, m.At.In(j.zone())),
		})
		if err := d.event(ctx, j, System, JobEvent{Kind: EventNote, State: "mileage", Body: body}); err != nil {
			return false, err
		}
	}
	return fell, d.storeMileage(ctx, &Mileage{
		JobID: j.ID, VehicleID: v.ID, Kilometres: km, At: d.now(), Source: source, Author: a.named(j.ContactName),
	})
}

// VehicleVisit is one visit of a vehicle.
type VehicleVisit struct {
	Job        *Job
	Vehicle    *Vehicle // the row it was booked under: another owner has another
	Kilometres int      // as read then, 0 where it was not
}

// VehicleFilter selects vehicles.
type VehicleFilter struct {
	Plate, VIN string // one of them; a plate is compared by PlateKey
	// WorkshopID keeps to vehicles with a visit there; 0: any.
	WorkshopID int64
	Limit      int
}

// Vehicles finds vehicles by plate or VIN, the latest first. A plate that went
// to another customer has a vehicle for each.
func (d *Desk) Vehicles(ctx context.Context, f VehicleFilter) ([]Vehicle, error) {
	plate := PlateKey(f.Plate)
	vin, ok := NormalizeVIN(f.VIN)
	switch {
	case plate == "" && f.VIN == "":
		return nil, fault.BadField("query.plate", "fault.required", nil)
	case f.VIN != "" && !ok:
		return nil, fault.BadField("query.vin", "fault.vin", f.VIN)
	}
	if f.Limit <= 0 {
		f.Limit = defaultPage
	}
	return d.vehiclesLike(ctx, plate, vin, f.WorkshopID, min(f.Limit, maxPage))
}

// Vehicle gives a vehicle; NotFound where there is none.
func (d *Desk) Vehicle(ctx context.Context, id int64) (*Vehicle, error) {
	return one[Vehicle](ctx, d.db, "vehicle", "id = ?", id)
}

// VehicleHistory gives the visits of a vehicle, the latest first, at a workshop
// (0: at any): those of every row with its plate or VIN, so also those under
// another owner. It is for the staff. The number of queries does not depend on
// the number of visits.
func (d *Desk) VehicleHistory(ctx context.Context, vehicleID, workshopID int64, limit int) ([]VehicleVisit, error) {
	v, err := d.Vehicle(ctx, vehicleID)
	if err != nil {
		return nil, err
	}
	rows, err := d.sameVehicles(ctx, v)
	if err != nil {
		return nil, err
	}
	return d.visits(ctx, rows, workshopID, limit)
}

// OwnVehicleHistory is VehicleHistory for the customer of a job: only his or
// her own visits. Whoever shows it has made sure who is looking.
func (d *Desk) OwnVehicleHistory(ctx context.Context, j *Job, limit int) ([]VehicleVisit, error) {
	if j.Vehicle == nil {
		return nil, nil
	}
	rows, err := d.sameVehicles(ctx, j.Vehicle)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(v Vehicle) bool { return v.CustomerID != j.CustomerID })
	return d.visits(ctx, rows, 0, limit)
}

// visits loads the jobs of vehicles with their mileages.
func (d *Desk) visits(ctx context.Context, rows []Vehicle, workshopID int64, limit int) ([]VehicleVisit, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	if limit <= 0 {
		limit = defaultPage
	}
	jobs, err1 := d.jobsOfVehicles(ctx, rows, workshopID, min(limit, maxPage))
	if err1 == nil {
		err1 = d.fill(ctx, jobs)
	}
	ids := make([]int64, len(jobs))
	for i := range jobs {
		ids[i] = jobs[i].ID
	}
	read, err2 := all[Mileage](ctx, d.db, "mileages", "", "job_id IN ?", ids)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("load the visits of a vehicle: %w", err)
	}
	km := byID(read, func(m Mileage) int64 { return m.JobID })
	out := make([]VehicleVisit, len(jobs))
	for i := range jobs {
		out[i] = VehicleVisit{Job: &jobs[i], Vehicle: jobs[i].Vehicle, Kilometres: km[jobs[i].ID].Kilometres}
	}
	return out, nil
}
