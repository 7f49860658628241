package booking

import (
	"context"
	"time"

	"neuvo/internal/db"
)

// Present is who does now what an advisor should do: see present.
func (d *Desk) Present(ctx context.Context, workshopID, advisorID int64) (int64, error) {
	return d.present(ctx, workshopID, advisorID, d.now().Add(AtomSeconds*time.Second))
}

// present is who does what an advisor should do until an instant: the advisor;
// who is away then has it done by the stand-in, else by the colleague with the
// least promised. Where everybody is away it stays with the advisor.
func (d *Desk) present(ctx context.Context, workshopID, advisorID int64, until time.Time) (int64, error) {
	at := db.At(until.Add(-AtomSeconds * time.Second))
	absences, err := all[Absence](ctx, d.db, "absences", "", "from_at <= ? AND to_at > ?", at, at)
	if err != nil {
		return 0, err
	}
	away := map[int64]bool{}
	for _, a := range absences {
		away[a.ResourceID] = true
	}
	if !away[advisorID] {
		return advisorID, nil
	}
	team, err := d.Advisors(ctx, workshopID)
	if err != nil {
		return 0, err
	}
	open, err := all[Promise](ctx, d.db, "open promises", "", "workshop_id = ? AND closed_at IS NULL", workshopID)
	if err != nil {
		return 0, err
	}
	load := map[int64]int{}
	for _, p := range open {
		load[p.OwnerID]++
	}
	standIn, best := int64(0), int64(0)
	for _, a := range team {
		if a.ID == advisorID {
			standIn = a.StandInID
		}
	}
	for _, a := range team {
		switch {
		case away[a.ID]:
		case a.ID == standIn:
			return a.ID, nil
		case best == 0 || load[a.ID] < load[best]:
			best = a.ID
		}
	}
	if best == 0 {
		return advisorID, nil
	}
	return best, nil
}
