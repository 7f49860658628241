package booking

import (
	"context"
	"errors"
	"slices"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// AbsenceImpact is an absence and the bookings to come that it hits.
type AbsenceImpact struct {
	Absence Absence // ID 0 in a preview
	Jobs    []Job   // in order of their start, with everything beside them
}

// maxAbsence is the longest absence: whoever is away longer has left.
const maxAbsence = 2 * 366 * 24 * time.Hour

const maxReason = 200

// PreviewAbsence tells which bookings an absence would hit and stores nothing.
// Errors as for AddAbsence.
func (d *Desk) PreviewAbsence(ctx context.Context, resourceID int64, from, to time.Time, reason string) (*AbsenceImpact, error) {
	a, err := d.checkAbsence(ctx, resourceID, from, to, reason)
	if err != nil {
		return nil, err
	}
	return d.impact(ctx, *a)
}

// AddAbsence notes that a resource (an advisor, a bay, a loaner) is away, from
// included, to excluded, and tells which bookings that hits; they stay as they
// are until somebody resolves them. The same absence twice is one. Wrong input
// is an Invalid fault that names each field.
func (d *Desk) AddAbsence(ctx context.Context, resourceID int64, from, to time.Time, reason string, a Actor) (*AbsenceImpact, error) {
	absence, err := d.checkAbsence(ctx, resourceID, from, to, reason)
	if err != nil {
		return nil, err
	}
	err = d.db.Tx(ctx, func(ctx context.Context) error { return d.insertAbsence(ctx, absence) })
	if err != nil {
		return nil, err
	}
	d.opt.Log.InfoContext(ctx, "absence added", "resource", resourceID, "from", from, "to", to, "by", a.named(""))
	out, err := d.impact(ctx, *absence)
	if err != nil {
		return nil, err
	}
	for i := range out.Jobs {
		d.ring(ctx, out.Jobs[i].WorkshopID, out.Jobs[i].ID)
	}
	return out, nil
}

// checkAbsence makes the row of an absence.
func (d *Desk) checkAbsence(ctx context.Context, resourceID int64, from, to time.Time, reason string) (*Absence, error) {
	var check checker
	reason = check.line("body.reason", reason, maxReason, false)
	year := func(t time.Time) bool { return !t.IsZero() && t.Year() >= 2000 && t.Year() <= 2200 }
	switch {
	case !year(from):
		check.fail("body.from", "fault.time", nil)
	case !year(to):
		check.fail("body.to", "fault.time", nil)
	case !to.After(from):
		check.fail("body.to", "fault.range_backwards", to.Format(time.RFC3339))
	case to.Sub(from) > maxAbsence:
		check.fail("body.to", "fault.absence_long", to.Format(time.RFC3339))
	}
	if _, err := d.ResourceByID(ctx, resourceID); fault.Is(err, fault.NotFound) {
		check.fail("body.resource_id", "fault.unknown_id", resourceID)
	} else if err != nil {
		return nil, err
	}
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	return &Absence{ResourceID: resourceID, FromAt: db.At(from), ToAt: db.At(to), Reason: reason}, nil
}

// impact loads the bookings that an absence hits: those with a claim in it that
// have not begun.
func (d *Desk) impact(ctx context.Context, a Absence) (*AbsenceImpact, error) {
	out := &AbsenceImpact{Absence: a}
	ids, err := d.jobsInAbsence(ctx, a)
	if err != nil || len(ids) == 0 {
		return out, err
	}
	jobs, err := d.loadJobs(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, j := range jobs {
		out.Jobs = append(out.Jobs, *j)
	}
	slices.SortFunc(out.Jobs, func(a, b Job) int { return cmpJobs(&a, &b) })
	return out, nil
}

// AbsenceImpactOf tells which bookings an absence still hits; NotFound where
// there is no such absence.
func (d *Desk) AbsenceImpactOf(ctx context.Context, id int64) (*AbsenceImpact, error) {
	a, err := one[Absence](ctx, d.db, "absence", "id = ?", id)
	if err != nil {
		return nil, err
	}
	return d.impact(ctx, *a)
}

// AbsentResource gives the resource that an absence is of, for those who must
// know its workshop; NotFound where there is no such absence.
func (d *Desk) AbsentResource(ctx context.Context, absenceID int64) (*Resource, error) {
	return one[Resource](ctx, d.db, "resource", "id = (SELECT resource_id FROM absences WHERE id = ?)", absenceID)
}

// ResourceByID gives one resource of whatever kind; NotFound where there is none.
func (d *Desk) ResourceByID(ctx context.Context, id int64) (*Resource, error) {
	return one[Resource](ctx, d.db, "resource", "id = ?", id)
}

// ResourceNames gives the names of all that a workshop has, in use or not.
func (d *Desk) ResourceNames(ctx context.Context, workshopID int64) (map[int64]string, error) {
	rows, err := all[Resource](ctx, d.db, "resources", "", "workshop_id = ?", workshopID)
	out := make(map[int64]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, err
}

// Absences lists the absences of a workshop that end after an instant, those of
// one resource where one is given, in order of their beginning.
func (d *Desk) Absences(ctx context.Context, workshopID, resourceID int64, after time.Time) ([]Absence, error) {
	where := "resource_id IN (SELECT id FROM resources WHERE workshop_id = ?) AND to_at > ?"
	args := []any{workshopID, db.At(after)}
	if resourceID != 0 {
		where, args = where+" AND resource_id = ?", append(args, resourceID)
	}
	return all[Absence](ctx, d.db, "absences", "from_at, id", where, args...)
}

// RemoveAbsence ends an absence; what was moved because of it stays where it is.
// NotFound where there is none.
func (d *Desk) RemoveAbsence(ctx context.Context, id int64, a Actor) error {
	err := d.db.Tx(ctx, func(ctx context.Context) error { return d.deleteAbsence(ctx, id) })
	if err == nil {
		d.opt.Log.InfoContext(ctx, "absence removed", "absence", id, "by", a.named(""))
	}
	return err
}

// Ways of resolving a booking that no longer fits.
const (
	ResolveStandIn = "stand_in" // the advisor's stand-in receives at the same time
	ResolveOffer   = "offer"    // the customer is asked to choose another time
)

// Outcomes of resolving one booking.
const (
	ResolvedMoved   = "moved"
	ResolvedOffered = "offered"
	ResolvedSettled = "settled" // nothing was left to do: moved, begun, cancelled or offered before
	ResolvedFailed  = "failed"  // it stays as it is; Reason tells why
)

// RuleNoStandIn and RuleNoAddress are words of Reason.Rule beside those of Why.
const (
	RuleNoStandIn = "no_stand_in"
	RuleNoAddress = "no_address"
)

// Resolved is what became of one booking.
type Resolved struct {
	Job          *Job // as it is now
	Outcome      string
	Reason       Reason // where it failed
	Alternatives []Slot // the nearest starts that are free, where it failed
}

// ResolveAbsence deals with bookings that an absence hits, all where jobIDs is
// empty: each in a transaction of its own, so that one that does not fit keeps
// no other. Asking again changes nothing that is settled. Invalid for a job of
// another workshop or an unknown action.
func (d *Desk) ResolveAbsence(ctx context.Context, id int64, action string, jobIDs []int64, a Actor) ([]Resolved, error) {
	if action != ResolveStandIn && action != ResolveOffer {
		return nil, fault.BadField("body.action", "fault.action_unknown", action)
	}
	hit, err := d.AbsenceImpactOf(ctx, id)
	if err != nil {
		return nil, err
	}
	resource, err := d.ResourceByID(ctx, hit.Absence.ResourceID)
	if err != nil {
		return nil, err
	}
	chosen, err := d.chosenJobs(ctx, hit.Jobs, jobIDs, resource.WorkshopID)
	if err != nil {
		return nil, err
	}
	var out []Resolved
	for _, c := range chosen {
		one := Resolved{Job: c.job, Outcome: ResolvedSettled}
		if c.hit {
			if one, err = d.Resolve(ctx, c.job.ID, action, a); err != nil {
				return out, err
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// chosen is a booking that is to be resolved, and whether it needs to be.
type chosenJob struct {
	job *Job
	hit bool
}

// chosenJobs finds the bookings to resolve; at names the wrong one.
func (d *Desk) chosenJobs(ctx context.Context, hit []Job, ids []int64, workshopID int64) ([]chosenJob, error) {
	var out []chosenJob
	if len(ids) == 0 {
		for i := range hit {
			out = append(out, chosenJob{&hit[i], true})
		}
		return out, nil
	}
	known := pointers(hit, func(j Job) int64 { return j.ID })
	others, err := d.loadJobs(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range unique(ids) {
		j := others[id]
		if j == nil || j.WorkshopID != workshopID {
			return nil, fault.BadField("body.job_ids", "fault.unknown_id", id)
		}
		out = append(out, chosenJob{j, known[id] != nil})
	}
	return out, nil
}

// Resolve deals with one booking that no longer fits: ResolveStandIn moves it to
// the stand-in of its advisor at the same time and tells the customer under the
// new name, ResolveOffer asks the customer to choose another time, once for each
// version of the job. What does not fit is no error but ResolvedFailed.
func (d *Desk) Resolve(ctx context.Context, jobID int64, action string, a Actor) (Resolved, error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return Resolved{}, err
	}
	if !changeable(j.Status) {
		return Resolved{Job: j, Outcome: ResolvedSettled}, nil
	}
	if action == ResolveOffer {
		return d.offerTimes(ctx, j, a)
	}
	return d.toStandIn(ctx, j, a)
}

// toStandIn moves a booking to the stand-in of its advisor at the same time.
func (d *Desk) toStandIn(ctx context.Context, j *Job, a Actor) (Resolved, error) {
	if j.BookedAdvisor == nil || j.BookedAdvisor.StandInID == 0 {
		return Resolved{Job: j, Outcome: ResolvedFailed, Reason: Reason{Rule: RuleNoStandIn}}, nil
	}
	standIn, err := d.Advisor(ctx, j.BookedAdvisor.StandInID)
	if err != nil {
		return Resolved{}, err
	}
	if !standIn.Active || standIn.WorkshopID != j.WorkshopID {
		return Resolved{Job: j, Outcome: ResolvedFailed, Reason: Reason{RuleNoStandIn, standIn.Name}}, nil
	}
	moved, err := d.Change(ctx, j.ID, ChangeRequest{AdvisorID: standIn.ID}, a)
	if err == nil {
		return Resolved{Job: moved, Outcome: ResolvedMoved}, nil
	}
	out := Resolved{Job: j, Outcome: ResolvedFailed}
	if taken, ok := errors.AsType[*SlotTaken](err); ok {
		out.Alternatives = taken.Alternatives
	} else if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
		return Resolved{}, err
	}
	out.Reason, err = d.whyNot(ctx, j, standIn, err)
	return out, err
}

// whyNot says why a booking does not fit with somebody else at the same time.
func (d *Desk) whyNot(ctx context.Context, j *Job, with *Advisor, refused error) (Reason, error) {
	reasons, err := d.WhyMove(ctx, j.ID, ChangeRequest{AdvisorID: with.ID})
	if err != nil {
		return Reason{}, err
	}
	if len(reasons) > 0 && reasons[0].Rule != RuleOffered {
		return reasons[0], nil
	}
	// It was lost in the moment between.
	d.opt.Log.DebugContext(ctx, "a move was refused and would fit now", "job", j.ID, "err", refused)
	return Reason{RuleTaken, with.Name}, nil
}

// offerTimes asks the customer of a booking to choose another time, by SMS and
// e-mail, once for each version of the job.
func (d *Desk) offerTimes(ctx context.Context, j *Job, a Actor) (Resolved, error) {
	out := Resolved{Job: j, Outcome: ResolvedSettled}
	if len(channelsOf(j, true)) == 0 {
		out.Outcome, out.Reason = ResolvedFailed, Reason{Rule: RuleNoAddress}
		return out, nil
	}
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		out.Outcome = ResolvedSettled
		j, err := d.lockJob(ctx, j.ID)
		if err != nil {
			return err
		}
		out.Job = j
		if !changeable(j.Status) {
			return nil
		}
		fresh, err := d.noteOffer(ctx, j)
		if err != nil || !fresh {
			return err
		}
		if err := d.event(ctx, j, a, JobEvent{Kind: EventOther, State: "offered", Body: j.WallStart}); err != nil {
			return err
		}
		if _, err := d.tell(ctx, j, telling{occasion: "offer_times", both: true, link: "/j/" + j.Token + "/move"}); err != nil {
			return err
		}
		out.Outcome = ResolvedOffered
		d.ring(ctx, j.WorkshopID, j.ID)
		return nil
	})
	return out, err
}
