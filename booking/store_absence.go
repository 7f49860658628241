package booking

import (
	"cmp"
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"neuvo/internal/db"
)

// insertAbsence stores an absence, or finds the one that is there already.
func (d *Desk) insertAbsence(ctx context.Context, a *Absence) error {
	a.ID = 0
	same, err := all[Absence](ctx, d.db, "absence", "id", "resource_id = ? AND from_at = ? AND to_at = ?", a.ResourceID, a.FromAt, a.ToAt)
	if err != nil {
		return err
	}
	if len(same) > 0 {
		*a = same[0]
		return nil
	}
	if err := d.db.In(ctx).Create(a).Error; err != nil {
		return fmt.Errorf("store absence: %w", err)
	}
	return nil
}

func (d *Desk) deleteAbsence(ctx context.Context, id int64) error {
	res := d.db.In(ctx).Where("id = ?", id).Delete(&Absence{})
	if res.Error != nil {
		return fmt.Errorf("remove absence %d: %w", id, res.Error)
	}
	if res.RowsAffected == 0 {
		return notFound()
	}
	return nil
}

// jobsInAbsence gives the bookings to come that have a claim in an absence.
func (d *Desk) jobsInAbsence(ctx context.Context, a Absence) ([]int64, error) {
	var ids []int64
	err := d.db.In(ctx).Raw(`SELECT id FROM jobs WHERE id IN (
			SELECT job_id FROM claims WHERE resource_id = ? AND atom >= ? AND atom < ? AND job_id > 0)
		AND status = ? AND start_at > ?`,
		a.ResourceID, atomOf(a.FromAt.Time), atomAfter(a.ToAt.Time), Booked, d.now()).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("find the bookings in an absence: %w", err)
	}
	return ids, nil
}

// cmpJobs orders jobs by their start.
func cmpJobs(a, b *Job) int {
	return cmp.Or(a.StartAt.Compare(b.StartAt.Time), cmp.Compare(a.ID, b.ID))
}

// noteOffer notes that new times are offered for a job as it is; false where
// they have been already.
func (d *Desk) noteOffer(ctx context.Context, j *Job) (bool, error) {
	res := d.db.In(ctx).Clauses(clause.OnConflict{DoNothing: true}).
		Create(&TimeOffer{JobID: j.ID, Version: j.Version, OfferedAt: d.now()})
	if res.Error != nil {
		return false, fmt.Errorf("note the offer for job %d: %w", j.ID, res.Error)
	}
	return res.RowsAffected == 1, nil
}

// noteKept notes that a booking at risk is kept as it is.
func (d *Desk) noteKept(ctx context.Context, k *KeptRisk) error {
	err := d.db.In(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "job_id"}}, UpdateAll: true}).Create(k).Error
	if err != nil {
		return fmt.Errorf("keep job %d: %w", k.JobID, err)
	}
	return nil
}

// riskRow is what of a booking tells whether it still fits.
type riskRow struct {
	ID         int64
	BookedWith int64
	StartAt    db.Time
	WallStart  string
	Zone       string
	Version    int
	Overbooked bool
	Reception  int // minutes of the advisor
}

// riskRows loads the bookings to come of a workshop, or one of them, lean: there
// may be tens of thousands.
func (d *Desk) riskRows(ctx context.Context, workshopID, jobID int64) ([]riskRow, error) {
	q := `SELECT j.id, j.booked_with, j.start_at, j.wall_start, j.zone, j.version, j.overbooked,
		COALESCE((SELECT SUM(s.reception_minutes) FROM job_services js JOIN services s ON s.id = js.service_id WHERE js.job_id = j.id), 0) AS reception
		FROM jobs j WHERE j.workshop_id = ? AND j.closed_at IS NULL AND j.start_at > ? AND j.status = ?`
	args := []any{workshopID, d.now(), Booked}
	if jobID != 0 {
		q, args = q+" AND j.id = ?", append(args, jobID)
	}
	rows, err := d.db.In(ctx).Raw(q+" ORDER BY j.start_at, j.id", args...).Rows()
	if err != nil {
		return nil, fmt.Errorf("load the bookings to come: %w", err)
	}
	defer rows.Close()
	var out []riskRow
	for rows.Next() {
		var r riskRow
		if err := rows.Scan(&r.ID, &r.BookedWith, &r.StartAt, &r.WallStart, &r.Zone, &r.Version, &r.Overbooked, &r.Reception); err != nil {
			return nil, fmt.Errorf("read a booking to come: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the bookings to come: %w", err)
	}
	return out, nil
}

// lostResources gives, for bookings to come of a workshop, the bay or loaner of
// theirs that is away or out of use then: its name by job.
func (d *Desk) lostResources(ctx context.Context, workshopID int64) (map[int64]string, error) {
	const micros = AtomSeconds * 1_000_000
	var rows []struct {
		JobID int64
		Name  string
	}
	err := d.db.In(ctx).Raw(`SELECT DISTINCT c.job_id, r.name FROM resources r JOIN absences a ON a.resource_id = r.id
			JOIN claims c ON c.resource_id = r.id AND c.atom >= a.from_at / ? AND c.atom < (a.to_at + ?) / ?
		WHERE r.workshop_id = ? AND r.kind <> ? AND a.to_at > ? AND c.job_id > 0
		UNION SELECT c.job_id, r.name FROM resources r JOIN claims c ON c.resource_id = r.id AND c.atom >= ?
		WHERE r.workshop_id = ? AND r.kind <> ? AND r.active = ? AND c.job_id > 0
		ORDER BY 1, 2`,
		int64(micros), int64(micros-1), int64(micros), workshopID, KindAdvisor, d.now(),
		atomOf(d.now().Time), workshopID, KindAdvisor, false).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find what is away: %w", err)
	}
	out := make(map[int64]string, len(rows))
	for _, r := range rows {
		out[r.JobID] = r.Name
	}
	return out, nil
}

// saveOpening stores or replaces a workshop's opening on a public holiday.
func (d *Desk) saveOpening(ctx context.Context, o *HolidayOpening) error {
	err := d.db.In(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "workshop_id"}, {Name: "date"}}, UpdateAll: true,
	}).Create(o).Error
	if err != nil {
		return fmt.Errorf("open on %s: %w", o.Date, err)
	}
	return nil
}

// dropOpening removes a workshop's opening on a public holiday.
func (d *Desk) dropOpening(ctx context.Context, workshopID int64, day string) error {
	if err := d.db.In(ctx).Where("workshop_id = ? AND date = ?", workshopID, day).Delete(&HolidayOpening{}).Error; err != nil {
		return fmt.Errorf("close on %s: %w", day, err)
	}
	return nil
}
