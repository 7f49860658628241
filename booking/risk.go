package booking

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"neuvo/internal/fault"
)

// Words of Risk.Rule beside RuleClosed, RuleHours and RuleAbsence.
const (
	RuleInactive = "inactive" // the advisor has left
	RuleZone     = "zone"     // the rules of the time zone have changed
)

// Risk is a booking to come whose start no longer fits.
type Risk struct {
	Job    *Job
	Rule   string // closed, hours, absence, inactive, zone
	Detail string // the fact: the name of the day, of who or what is away, a time
	// WallAt is, where Rule is zone, the instant at which the clock on the wall
	// will show what was promised to the customer.
	WallAt time.Time
	// StandIn could receive at the same time, nil where nobody is named or free.
	StandIn *Advisor
	// OfferedAt is when other times were offered, zero where they were not.
	OfferedAt time.Time
}

// finding is what stands against one booking.
type finding struct {
	row    riskRow
	rule   string
	detail string
	wallAt time.Time
	mark   string // changes with what stands against it
}

// AtRisk lists the bookings to come of a workshop that no longer fit, because
// hours, closures, holidays, absences, people or the rules of a time zone have
// changed since; in order of their start. Those that somebody has kept as they
// are come back only when what stands against them changes. The number of
// queries does not depend on the number of bookings.
func (d *Desk) AtRisk(ctx context.Context, workshopID int64) ([]Risk, error) {
	c, found, err := d.findings(ctx, workshopID, 0)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids := jobIDs(found, func(f finding) int64 { return f.row.ID })
	// Nobody reads more at once, and an IN list has its bounds.
	ids = ids[:min(len(ids), maxRisks)]
	jobs, err := d.loadJobs(ctx, ids)
	if err != nil {
		return nil, err
	}
	offers, err := all[TimeOffer](ctx, d.db, "time offers", "version", "job_id IN ?", ids)
	if err != nil {
		return nil, err
	}
	offered := byID(offers, func(o TimeOffer) int64 { return o.JobID })
	var out []Risk
	for _, f := range found {
		j := jobs[f.row.ID]
		if j == nil {
			continue
		}
		r := Risk{Job: j, Rule: f.rule, Detail: f.detail, WallAt: f.wallAt}
		if o, ok := offered[j.ID]; ok && o.Version == j.Version {
			r.OfferedAt = o.OfferedAt.Time
		}
		out = append(out, r)
	}
	return out, d.standIns(ctx, c, found, out)
}

// maxRisks bounds the list: more is a mistake in the settings, to be mended
// there and not job by job.
const maxRisks = 500

// CountAtRisk tells how many bookings AtRisk would list.
func (d *Desk) CountAtRisk(ctx context.Context, workshopID int64) (int, error) {
	_, found, err := d.findings(ctx, workshopID, 0)
	return min(len(found), maxRisks), err
}

// findings holds the bookings to come of a workshop, or one of them, against its
// calendar, less those that are kept.
func (d *Desk) findings(ctx context.Context, workshopID, jobID int64) (*calendar, []finding, error) {
	s, err := d.snapshot(ctx, workshopID)
	if err != nil {
		return nil, nil, err
	}
	c := s.calendar
	rows, err := d.riskRows(ctx, workshopID, jobID)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	lost, err := d.lostResources(ctx, workshopID)
	if err != nil {
		return nil, nil, err
	}
	kept, err := all[KeptRisk](ctx, d.db, "kept bookings", "", "job_id IN (SELECT id FROM jobs WHERE workshop_id = ? AND closed_at IS NULL)", workshopID)
	if err != nil {
		return nil, nil, err
	}
	marks := make(map[int64]string, len(kept))
	for _, k := range kept {
		marks[k.JobID] = k.Fingerprint
	}
	judge := newRiskJudge(c, lost)
	var out []finding
	for _, r := range rows {
		if f, bad := judge.look(r); bad && marks[r.ID] != f.mark {
			out = append(out, f)
		}
	}
	return c, out, nil
}

// riskJudge holds bookings against a calendar.
type riskJudge struct {
	*calendar
	advisors map[int64]*Advisor
	weekly   map[int64][]Hours   // by resource, 0: the workshop
	away     map[int64][]Absence // by resource
	lost     map[int64]string
}

func newRiskJudge(c *calendar, lost map[int64]string) *riskJudge {
	r := &riskJudge{
		calendar: c, advisors: pointers(c.advisors, func(a Advisor) int64 { return a.ID }),
		weekly: map[int64][]Hours{}, away: map[int64][]Absence{}, lost: lost,
	}
	for _, h := range c.hours {
		r.weekly[h.ResourceID] = append(r.weekly[h.ResourceID], h)
	}
	for _, a := range c.absences {
		r.away[a.ResourceID] = append(r.away[a.ResourceID], a)
	}
	return r
}

// look tells what stands against a booking; false where it fits. What concerns
// the whole workshop comes first.
func (r *riskJudge) look(row riskRow) (finding, bool) {
	f := finding{row: row}
	start := row.StartAt.Time
	end := start.Add(time.Duration(max(1, atomsIn(row.Reception))*AtomSeconds) * time.Second)
	if at, ok := wallMoved(row); ok {
		f.rule, f.wallAt = RuleZone, at
		f.detail = row.WallStart[11:] + " → " + start.In(zoneNamed(row.Zone)).Format("15:04")
		return f.marked(start, at), true
	}
	first, last := dateOf(start, r.loc), dateOf(end.Add(-time.Second), r.loc)
	// Whoever overbooked on purpose knew the hours.
	for d := first; !row.Overbooked && !d.After(last.Time); d = d.add(1) {
		if c := r.closureOn(d); c != nil {
			f.rule, f.detail = RuleClosed, c.Reason
			return f.marked(c.FromDate, c.ToDate, c.Reason), true
		}
	}
	if !row.Overbooked && !r.covers(0, start, end) {
		f.rule, f.detail = RuleHours, r.shop.Name
		return f.marked(r.weekly[0]), true
	}
	advisor := r.advisors[row.BookedWith]
	if advisor == nil {
		f.rule = RuleInactive
		return f.marked(), true
	}
	for _, a := range r.away[row.BookedWith] {
		if a.FromAt.Before(end) && start.Before(a.ToAt.Time) {
			f.rule, f.detail = RuleAbsence, advisor.Name
			return f.marked(a.FromAt.UnixMicro(), a.ToAt.UnixMicro()), true
		}
	}
	if !row.Overbooked && len(r.weekly[row.BookedWith]) > 0 && !r.covers(row.BookedWith, start, end) {
		f.rule, f.detail = RuleHours, advisor.Name
		return f.marked(r.weekly[row.BookedWith]), true
	}
	if name, ok := r.lost[row.ID]; ok {
		f.rule, f.detail = RuleAbsence, name
		return f.marked(), true
	}
	return f, false
}

// marked adds the mark: the booking as it is and what stands against it.
func (f finding) marked(against ...any) finding {
	sum := sha256.Sum256(fmt.Append(nil, f.row.Version, f.row.StartAt.UnixMicro(), f.row.BookedWith, f.rule, f.detail, against))
	f.mark = hex.EncodeToString(sum[:12])
	return f
}

// covers tells whether the weekly hours of a resource, or the hours that the
// workshop has on a public holiday, cover [start, end) without a gap.
func (r *riskJudge) covers(resource int64, start, end time.Time) bool {
	type span struct{ from, to time.Time }
	var spans []span
	last := dateOf(end, r.loc)
	for d := dateOf(start, r.loc).add(-1); !d.After(last.Time); d = d.add(1) {
		if o := r.opening(d); resource == 0 && o != nil && o.ToMinute > 0 {
			spans = append(spans, span{d.at(o.FromMinute, r.loc), d.at(o.ToMinute, r.loc)})
			continue
		}
		for _, h := range r.weekly[resource] {
			if h.Weekday == d.Weekday() {
				spans = append(spans, span{d.at(h.FromMinute, r.loc), d.at(h.ToMinute, r.loc)})
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	at := start
	for _, s := range spans {
		if !s.from.After(at) && s.to.After(at) {
			at = s.to
		}
	}
	return !at.Before(end)
}

// wallMoved tells whether the wall clock no longer shows, at a booking's
// instant, what was promised; and when it will.
func wallMoved(row riskRow) (time.Time, bool) {
	loc := zoneNamed(row.Zone)
	wall, err := time.Parse(wallFormat, row.WallStart)
	if err != nil || row.StartAt.In(loc).Format(wallFormat) == row.WallStart {
		return time.Time{}, false
	}
	return date{wall.Truncate(24 * time.Hour)}.at(wall.Hour()*60+wall.Minute(), loc), true
}

// wallFormat is how a job keeps what was promised.
const wallFormat = "2006-01-02T15:04"

func zoneNamed(name string) *time.Location {
	if loc, err := loadZone(name); err == nil {
		return loc
	}
	return time.UTC
}

// standIns fills in who could receive in place of an advisor: named as the
// stand-in, there at that time, and free. One query.
func (d *Desk) standIns(ctx context.Context, c *calendar, found []finding, risks []Risk) error {
	var wanted []int64
	judge := newRiskJudge(c, nil)
	seen := map[int64]bool{}
	var from, to int64
	for i := range risks {
		a := judge.advisors[standInOf(risks[i].Job)]
		if a == nil || !replaceable(risks[i].Rule) {
			continue
		}
		at := atomOf(risks[i].Job.StartAt.Time)
		if len(wanted) == 0 {
			from = at
		}
		from, to = min(from, at), max(to, at+padDays*288)
		if !seen[a.ID] {
			seen[a.ID] = true
			wanted = append(wanted, a.ID)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	claims, err := d.claimsBetween(ctx, wanted, from, to)
	if err != nil {
		return err
	}
	taken := make(map[Claim]bool, len(claims))
	for _, claim := range claims {
		taken[Claim{ResourceID: claim.ResourceID, Atom: claim.Atom}] = true
	}
	rows := byID(found, func(f finding) int64 { return f.row.ID })
	for i := range risks {
		r := &risks[i]
		a := judge.advisors[standInOf(r.Job)]
		if a == nil || !replaceable(r.Rule) {
			continue
		}
		row := rows[r.Job.ID].row
		row.BookedWith = a.ID
		if _, bad := judge.look(row); bad {
			continue
		}
		free := true
		first := atomOf(row.StartAt.Time)
		for n := range int64(max(1, atomsIn(row.Reception))) {
			free = free && !taken[Claim{ResourceID: a.ID, Atom: first + n}]
		}
		if free {
			r.StandIn = a
		}
	}
	return nil
}

// replaceable tells whether another advisor could mend a risk.
func replaceable(rule string) bool {
	return rule == RuleAbsence || rule == RuleInactive || rule == RuleHours
}

func standInOf(j *Job) int64 {
	if j.BookedAdvisor == nil {
		return 0
	}
	return j.BookedAdvisor.StandInID
}

// riskOf is what stands against one booking now; a Conflict where nothing does
// any more.
func (d *Desk) riskOf(ctx context.Context, jobID int64) (*Job, finding, error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return nil, finding{}, err
	}
	_, found, err := d.findings(ctx, j.WorkshopID, jobID)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.Conflict, "fault.not_at_risk")
	}
	if err != nil {
		return j, finding{}, err
	}
	return j, found[0], nil
}

// KeepRisk keeps a booking at risk as it is: it leaves the list until something
// changes again, and its timeline tells who decided so. A Conflict where nothing
// stands against it.
func (d *Desk) KeepRisk(ctx context.Context, jobID int64, a Actor) error {
	j, f, err := d.riskOf(ctx, jobID)
	if err != nil {
		return err
	}
	return d.db.Tx(ctx, func(ctx context.Context) error {
		if err := d.noteKept(ctx, &KeptRisk{JobID: jobID, Fingerprint: f.mark, KeptAt: d.now(), KeptBy: a.named("")}); err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return d.event(ctx, j, a, JobEvent{Kind: EventOther, State: "kept", Body: j.WallStart})
	})
}

// KeepWallTime moves a booking to the instant at which the clock on the wall
// shows what was promised, after the rules of its zone have changed: claims move
// along, the customer hears nothing, since for him or her nothing changes.
// A Conflict where the two agree; a *SlotTaken or an Invalid fault where the
// new instant does not fit.
func (d *Desk) KeepWallTime(ctx context.Context, jobID int64, a Actor) (*Job, error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	at, moved := wallMoved(riskRow{StartAt: j.StartAt, WallStart: j.WallStart, Zone: j.Zone})
	if !moved {
		return nil, fault.New(fault.Conflict, "fault.not_at_risk")
	}
	return d.Change(ctx, jobID, ChangeRequest{Start: at, Quiet: true}, a)
}

// WhyMove tells whether a booking could be moved at the desk: RuleOffered alone,
// with who could receive, or every rule in the way. Zero fields of the change
// stay as they are.
func (d *Desk) WhyMove(ctx context.Context, jobID int64, c ChangeRequest) ([]Reason, error) {
	j, err := d.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	if c.Start.IsZero() {
		c.Start = j.StartAt.Time
	}
	if c.AdvisorID == 0 {
		c.AdvisorID = j.BookedWith
	}
	if c.Start.Year() < 2000 || c.Start.Year() > 2200 {
		return nil, fault.BadField("body.start", "fault.time", nil)
	}
	need, _, err := d.demandOfJob(ctx, j, j.Transport)
	if err != nil {
		return nil, err
	}
	cal, err := d.snapshot(ctx, j.WorkshopID)
	if err != nil {
		return nil, err
	}
	if !cal.has(c.AdvisorID) {
		return nil, fault.BadField("body.advisor_id", "fault.advisor_unknown", c.AdvisorID)
	}
	except, err := d.exceptionsOf(ctx, holder{jobID: j.ID})
	if err != nil {
		return nil, err
	}
	day := dateOf(c.Start, cal.loc)
	w, err := d.window(ctx, cal, &need, c.AdvisorID, day, day, except)
	if err != nil {
		return nil, err
	}
	now := d.now().Time
	reasons, _ := w.judge(c.Start, &need, cal.deskTerms(now), now)
	return reasons, nil
}
