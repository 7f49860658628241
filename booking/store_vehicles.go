package booking

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"
)

// saveVehicle writes every column of a vehicle, or stores a new one.
func (d *Desk) saveVehicle(ctx context.Context, v *Vehicle) error {
	if err := d.db.In(ctx).Save(v).Error; err != nil {
		return fmt.Errorf("save a vehicle of customer %d: %w", v.CustomerID, err)
	}
	return nil
}

// storeMileage keeps one reading of a job: a later one takes its place.
func (d *Desk) storeMileage(ctx context.Context, m *Mileage) error {
	if err := d.db.In(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(m).Error; err != nil {
		return fmt.Errorf("store the mileage of job %d: %w", m.JobID, err)
	}
	return nil
}

// mileagesBefore are the readings of a vehicle, under whatever owner, the latest
// first. What the customer of the job itself told is no reading.
func (d *Desk) mileagesBefore(ctx context.Context, v *Vehicle, j *Job) ([]Mileage, error) {
	rows, err := d.sameVehicles(ctx, v)
	if err != nil {
		return nil, err
	}
	return all[Mileage](ctx, d.db, "mileages", "at DESC", "vehicle_id IN ? AND (job_id <> ? OR source = ?)", vehicleIDs(rows), j.ID, ReadByStaff)
}

func vehicleIDs(rows []Vehicle) []int64 {
	out := make([]int64, len(rows))
	for i, v := range rows {
		out[i] = v.ID
	}
	return out
}

// sameVehicles are the rows of one vehicle: its own, and those that share its
// plate or its VIN. Two VINs that differ are two vehicles, whatever the plate.
func (d *Desk) sameVehicles(ctx context.Context, v *Vehicle) ([]Vehicle, error) {
	return all[Vehicle](ctx, d.db, "vehicles", "id",
		"id = ? OR (? <> '' AND vin = ?) OR (? <> '' AND plate_key = ? AND (vin = '' OR ? = '' OR vin = ?))",
		v.ID, v.VIN, v.VIN, v.PlateKey, v.PlateKey, v.VIN, v.VIN)
}

// vehiclesLike finds vehicles by plate key or VIN.
func (d *Desk) vehiclesLike(ctx context.Context, plate, vin string, workshopID int64, limit int) ([]Vehicle, error) {
	q := d.db.In(ctx).Model(&Vehicle{})
	if plate != "" {
		q = q.Where("plate_key = ?", plate)
	}
	if vin != "" {
		q = q.Where("vin = ?", vin)
	}
	if workshopID != 0 {
		q = q.Where("id IN (SELECT vehicle_id FROM jobs WHERE workshop_id = ? AND vehicle_id > 0)", workshopID)
	}
	var rows []Vehicle
	if err := q.Order("id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load vehicles: %w", err)
	}
	return rows, nil
}

// jobsOfVehicles are the visits of vehicles, the latest first.
func (d *Desk) jobsOfVehicles(ctx context.Context, rows []Vehicle, workshopID int64, limit int) ([]Job, error) {
	q := d.db.In(ctx).Where("vehicle_id > 0 AND vehicle_id IN ?", vehicleIDs(rows))
	if workshopID != 0 {
		q = q.Where("workshop_id = ?", workshopID)
	}
	var jobs []Job
	if err := q.Order("start_at DESC, id DESC").Limit(limit).Find(&jobs).Error; err != nil {
		return nil, fmt.Errorf("load visits: %w", err)
	}
	return jobs, nil
}
