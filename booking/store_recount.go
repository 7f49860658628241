package booking

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"neuvo/internal/db"
)

// standing loads the visits of a workshop that begin from an instant on and end
// after another, with their services and what they have taken: three queries.
func (d *Desk) standing(ctx context.Context, workshopID int64, from, endsAfter time.Time) ([]standing, error) {
	where := `FROM jobs j WHERE j.workshop_id = ? AND j.start_at >= ? AND j.end_at > ? AND j.status NOT IN (?, ?)`
	args := []any{workshopID, db.At(from), db.At(endsAfter), Cancelled, NoShow}
	var out []standing
	place := map[int64]int{}
	rows, err := d.db.In(ctx).Raw("SELECT j.id, j.booked_with, j.start_at, j.end_at, j.transport, j.source "+where+" ORDER BY j.start_at, j.id", args...).Rows()
	err = scanAll(rows, err, "visits to count", func(r *sql.Rows) error {
		var j standing
		err := r.Scan(&j.ID, &j.BookedWith, &j.StartAt, &j.EndAt, &j.Transport, &j.Source)
		place[j.ID] = len(out)
		out = append(out, j)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err = d.db.In(ctx).Raw("SELECT s.job_id, s.service_id FROM job_services s WHERE s.job_id IN (SELECT j.id "+where+") ORDER BY s.job_id, s.position", args...).Rows()
	err = scanAll(rows, err, "services of visits to count", func(r *sql.Rows) error {
		var job, service int64
		err := r.Scan(&job, &service)
		if i, ok := place[job]; ok {
			out[i].services = append(out[i].services, service)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err = d.db.In(ctx).Raw(`SELECT t.job_id, t.kind, t.owner_id, t.period, t.workshop_id, t.block, t.used, t.desk FROM takings t
		WHERE t.job_id > 0 AND t.job_id IN (SELECT j.id `+where+")", args...).Rows()
	return out, scanAll(rows, err, "takings of visits to count", func(r *sql.Rows) error {
		var t Taking
		err := r.Scan(&t.JobID, &t.Kind, &t.OwnerID, &t.Period, &t.WorkshopID, &t.Block, &t.Used, &t.Desk)
		if i, ok := place[t.JobID]; ok {
			out[i].has = append(out[i].has, t)
		}
		return err
	})
}

// recountBatch is how many rows a statement of a recount has at most.
const recountBatch = 500

// storeRecount writes what a recount found, in the order that bookings keep.
func (d *Desk) storeRecount(ctx context.Context, workshopID int64, c *counting) error {
	if len(c.net) == 0 {
		return nil
	}
	slices.SortFunc(c.net, compareCounters)
	blocks := map[markKey]bool{}
	for part := range slices.Chunk(c.net, recountBatch) {
		if err := d.moveCounters(ctx, part, true); err != nil {
			return err
		}
		for _, k := range part {
			blocks[markKey{k.Block, 0}] = true
		}
	}
	for _, t := range c.gone {
		err := d.db.In(ctx).Exec("DELETE FROM takings WHERE job_id = ? AND hold_id = 0 AND kind = ? AND owner_id = ? AND period = ?",
			t.JobID, t.Kind, t.OwnerID, t.Period).Error
		if err != nil {
			return fmt.Errorf("give takings back: %w", err)
		}
	}
	for part := range slices.Chunk(c.come, recountBatch) {
		if err := d.db.In(ctx).Create(&part).Error; err != nil {
			return fmt.Errorf("store takings: %w", err)
		}
	}
	return d.mark(ctx, changed{shopID: workshopID, reload: true}, blocks)
}
