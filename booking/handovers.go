package booking

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
)

// HandoverReport tells how often the jobs of some days were handed over inside the
// house: each time a customer's thread changed hands.
type HandoverReport struct {
	Received  int          // jobs that somebody received
	Handed    int          // of them, handed over
	MoreThan1 int          // of those, more than once
	Handovers int          // in all
	Jobs      []HandedOver // those handed over more than once, the most often first
}

// HandedOver is a job that was handed over.
type HandedOver struct {
	JobID       int64
	Reference   string
	ContactName string
	Times       int
}

// maxHandedOver jobs are named in a report.
const maxHandedOver = 50

// Handovers counts the hand-overs of jobs whose visit began within [from, to) in a
// workshop (0: any), or of one advisor who had received them or has them now (0: any).
func (d *Desk) Handovers(ctx context.Context, workshopID, advisorID int64, from, to time.Time) (*HandoverReport, error) {
	var rows []HandedOver
	err := d.db.In(ctx).Raw(`SELECT j.id AS job_id, j.reference, j.contact_name,
			(SELECT COUNT(*) FROM job_events e WHERE e.job_id = j.id AND e.kind = ? AND e.state = 'handover') AS times
		FROM jobs j WHERE j.start_at >= ? AND j.start_at < ? AND j.received_by > 0
			AND (j.workshop_id = ? OR ? = 0) AND (j.received_by = ? OR j.booked_with = ? OR ? = 0)
		ORDER BY times DESC, j.id`, EventOther, db.At(from), db.At(to), workshopID, workshopID, advisorID, advisorID, advisorID).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count the hand-overs of workshop %d: %w", workshopID, err)
	}
	r := &HandoverReport{Received: len(rows)}
	for _, row := range rows {
		r.Handovers += row.Times
		if row.Times > 0 {
			r.Handed++
		}
		if row.Times > 1 {
			r.MoreThan1++
			if len(r.Jobs) < maxHandedOver {
				r.Jobs = append(r.Jobs, row)
			}
		}
	}
	return r, nil
}
