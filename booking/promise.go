package booking

import (
	"cmp"
	"context"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// Promise is a call-back or ready-by time given to a customer. Its first
// deadline never changes, whatever is agreed or happens later.
type Promise struct {
	ID         int64 `gorm:"primaryKey"`
	JobID      int64
	WorkshopID int64
	Kind       string // PromiseCall, PromiseReady
	OwnerID    int64  // advisor
	FirstDueAt db.Time
	DueAt      db.Time // the deadline as the customer knows it by now
	// JudgedAt is the time it must be kept by to count as kept: the first
	// deadline, or the one that the customer chose before that had passed. NULL
	// where the promise was taken back by mistake and counts for nothing.
	JudgedAt     db.Time
	Phone        string
	Note         string
	State        string // open, kept, missed, closed
	Outcome      string // of the last attempt
	Attempts     int
	SpokeAt      db.Time // when it was fulfilled: spoken with the customer, or ready
	NextAt       db.Time // when the sweep looks at it again; NULL: never
	WarnedAt     db.Time // when the owner was warned of the deadline that is near
	LateToldAt   db.Time // when the customer was told that it will be late
	BrokenAt     db.Time // when the deadline passed unkept
	Renegotiated bool    // we gave another time
	HandedOver   bool    // somebody else than the one named took it over
	Source       string  // page, text, desk, survey, late; "" for a ready-by time
	CreatedAt    db.Time
	ClosedAt     db.Time

	Owner *Advisor `gorm:"-"`
	Job   *Job     `gorm:"-"`
}

// Kinds of promises.
const (
	PromiseCall  = "callback"
	PromiseReady = "ready_by"
)

// States of a promise.
const (
	PromiseOpen   = "open"
	PromiseKept   = "kept"
	PromiseMissed = "missed" // fulfilled, but after the time it is judged by
	PromiseClosed = "closed" // the job ended, or it was taken back
)

// Outcomes of an attempt, in the words of the contract.
const (
	OutcomeReached      = "reached"
	OutcomeNoAnswer     = "no_answer"
	OutcomeMoved        = "moved_by_customer"
	OutcomeRenegotiated = "renegotiated"
)

// Where a wish to be called came from.
const (
	FromPage   = "page"
	FromText   = "text"
	FromDesk   = "desk" // the phone desk, or the API
	FromSurvey = "survey"
	FromLate   = "late" // promised by the program because a car will not be ready in time
)

// Kept tells whether it counts as kept: fulfilled by the time it is judged by,
// by the one who was named, without us asking for another time.
func (p *Promise) Kept() bool {
	return !p.SpokeAt.IsZero() && !p.JudgedAt.IsZero() && !p.SpokeAt.After(p.JudgedAt.Time) && !p.Renegotiated && !p.HandedOver
}

const (
	// callWithin is how soon a promised call is due, in the workshop's opening
	// time; callStep later where the owner has promised too many by then.
	callWithin = 2 * time.Hour
	callStep   = 30 * time.Minute
	// callSteps bounds how far ahead a call is promised.
	callSteps = 200
)

// CallWish is somebody's wish to be called.
type CallWish struct {
	JobID  int64
	Phone  string // "": the job's own; any valid number can be called
	Note   string
	Source string
	// Silent leaves it to the caller to tell the customer who calls and when;
	// Unraised, to put it in front of the owner.
	Silent, Unraised bool
}

// AskCallback promises the customer of a token a call; see PromiseCallback.
func (d *Desk) AskCallback(ctx context.Context, token, phone, note string) (*Promise, error) {
	j, err := d.JobByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	return d.PromiseCallback(ctx, CallWish{JobID: j.ID, Phone: phone, Note: note, Source: FromPage})
}

// PromiseCallback promises a customer a call at a time that can be kept: after
// two opening hours of the workshop, later where its owner has as many calls
// promised by then as he or she can make. The owner is the job's, or the
// stand-in where that one is away. The customer is told by text who calls, from
// which number and by when. A job has one open call-back: asking again gives
// that one, with a new number or note, and its first deadline stays; where its
// time has passed it gets a new one, which counts against us.
func (d *Desk) PromiseCallback(ctx context.Context, w CallWish) (*Promise, error) {
	j, err := d.Job(ctx, w.JobID)
	if err != nil {
		return nil, err
	}
	var check checker
	w.Note = check.text("body.note", w.Note, maxNote, false)
	number := ""
	if w.Phone != "" {
		if number, err = normalizeAnyPhone(w.Phone, j.Workshop.Country); err != nil {
			check.bad = append(check.bad, phoneField("body.phone", w.Phone, err))
		}
	} else if j.ContactPhone == "" {
		check.fail("body.phone", "fault.required", nil)
	}
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	w.Phone = number
	open, err := d.openingOf(ctx, j.Workshop)
	if err != nil {
		return nil, err
	}
	var id int64
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		id, err = d.promiseCall(ctx, w, open)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.promise(ctx, id)
}

// promiseCall stores the promise of a call in the caller's transaction; a number
// "" is the one asked for before, else the job's own.
func (d *Desk) promiseCall(ctx context.Context, w CallWish, open *opening) (int64, error) {
	j, err := d.lockJob(ctx, w.JobID)
	if err != nil {
		return 0, err
	}
	p, err := d.openPromise(ctx, j.ID, PromiseCall)
	if err != nil {
		return 0, err
	}
	again := p != nil
	if !again {
		if p, err = d.newCall(ctx, j, w, open); err != nil {
			return 0, err
		}
	}
	renewed := again && !p.DueAt.After(open.now)
	if renewed { // we are late: another time is ours to give, and to answer for
		due, err := d.callDue(ctx, open, p.OwnerID, j.Workshop.CallsPerHour)
		if err != nil {
			return 0, err
		}
		p.DueAt, p.Renegotiated = db.At(due), true
		p.WarnedAt, p.LateToldAt, p.BrokenAt = db.Time{}, db.Time{}, db.Time{}
		p.plan(open)
	}
	p.Phone, p.Note = cmp.Or(w.Phone, p.Phone, j.ContactPhone), cmp.Or(w.Note, p.Note)
	if err := d.savePromise(ctx, p); err != nil {
		return 0, err
	}
	if !w.Unraised {
		if err := d.raiseCall(ctx, p); err != nil {
			return 0, err
		}
	}
	if again { // whoever asks by text hears when, again
		if !w.Silent && (renewed || w.Source == FromText) {
			return p.ID, d.tellCall(ctx, j, p, "callback")
		}
		return p.ID, nil
	}
	by := Actor{Kind: "customer", Name: j.ContactName}
	if w.Source == FromLate {
		by = System
	}
	if err := d.event(ctx, j, by, JobEvent{Kind: EventPromise, State: PromiseOpen, Body: p.body()}); err != nil || w.Silent {
		return p.ID, err
	}
	return p.ID, d.tellCall(ctx, j, p, "callback")
}

// body is a promised call in a line: the number and what it is about.
func (p *Promise) body() string {
	if p.Note == "" {
		return p.Phone
	}
	return p.Phone + ": " + p.Note
}

func (d *Desk) raiseCall(ctx context.Context, p *Promise) error {
	return d.Raise(ctx, Attention{JobID: p.JobID, AdvisorID: p.OwnerID, Kind: NeedsCall, Body: p.body()})
}

// RaiseCall puts a promised call in front of its owner, in the caller's
// transaction; one that is settled is left alone.
func (d *Desk) RaiseCall(ctx context.Context, promiseID int64) error {
	p, err := d.Promise(ctx, promiseID)
	if err != nil || !p.ClosedAt.IsZero() {
		return err
	}
	return d.raiseCall(ctx, p)
}

// newCall makes the row of a promised call.
func (d *Desk) newCall(ctx context.Context, j *Job, w CallWish, open *opening) (*Promise, error) {
	owner, err := d.present(ctx, j.WorkshopID, j.Owner(), open.after(open.now, callWithin))
	if err != nil {
		return nil, err
	}
	due, err := d.callDue(ctx, open, owner, j.Workshop.CallsPerHour)
	if err != nil {
		return nil, err
	}
	p := &Promise{
		JobID: j.ID, WorkshopID: j.WorkshopID, Kind: PromiseCall, OwnerID: owner, Source: w.Source,
		FirstDueAt: db.At(due), DueAt: db.At(due), JudgedAt: db.At(due), State: PromiseOpen, CreatedAt: d.now(),
	}
	p.plan(open)
	return p, nil
}

// tellCall tells the customer of a promised call: who, from which number, by
// when. It is signed by whoever calls.
func (d *Desk) tellCall(ctx context.Context, j *Job, p *Promise, occasion string) error {
	if j.Advisor == nil || j.Advisor.ID != p.OwnerID {
		owner, err := d.Advisor(ctx, p.OwnerID)
		if err != nil {
			return err
		}
		copied := *j
		copied.Advisor = owner
		j = &copied
	}
	_, err := d.tell(ctx, j, telling{occasion: occasion, due: p.DueAt.Time, expires: latest(p.DueAt.Time, d.now().Add(time.Hour))})
	return err
}

// wishByText promises the call that a customer asks for in a message, in the
// transaction that stores it.
func (d *Desk) wishByText(ctx context.Context, j *Job, r notify.Reply) (bool, error) {
	if d.wish == nil || !r.Message.Verified || j.ContactPhone == "" || !d.wish(r.Message.Body) {
		return false, nil
	}
	_, err := d.PromiseCallback(ctx, CallWish{JobID: j.ID, Note: r.Message.Body, Source: FromText})
	return err == nil, err
}

// TellCall tells the customer of a promised call in the words of an occasion, in
// the caller's transaction.
func (d *Desk) TellCall(ctx context.Context, p *Promise, occasion string) error {
	j, err := d.Job(ctx, p.JobID)
	if err != nil {
		return err
	}
	return d.tellCall(ctx, j, p, occasion)
}

// callDue is the first deadline, from callWithin on, by which an advisor has no
// more calls promised in the opening hour before it than can be made.
func (d *Desk) callDue(ctx context.Context, open *opening, owner int64, perHour int) (time.Time, error) {
	taken, err := all[Promise](ctx, d.db, "promised calls", "due_at", "owner_id = ? AND kind = ? AND closed_at IS NULL", owner, PromiseCall)
	if err != nil {
		return time.Time{}, err
	}
	due := open.after(open.now, callWithin)
	for range callSteps {
		since, n := open.before(due, time.Hour), 0
		for _, p := range taken {
			if p.DueAt.After(since) && !p.DueAt.After(due) {
				n++
			}
		}
		if n < cmp.Or(perHour, defaultCalls) {
			return due, nil
		}
		due = open.after(due, callStep)
	}
	return due, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Promises lists the promises of a workshop (0: of any), the next due first,
// each with its owner and job; openOnly leaves out those that are settled.
func (d *Desk) Promises(ctx context.Context, workshopID int64, openOnly bool) ([]Promise, error) {
	return d.promises(ctx, "(workshop_id = ? OR ? = 0) AND (closed_at IS NULL OR ?)", workshopID, workshopID, !openOnly)
}

// JobPromises lists the promises of a job, the next due first.
func (d *Desk) JobPromises(ctx context.Context, jobID int64) ([]Promise, error) {
	return d.promises(ctx, "job_id = ?", jobID)
}

func (d *Desk) promise(ctx context.Context, id int64) (*Promise, error) {
	rows, err := d.promises(ctx, "id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

func (d *Desk) promises(ctx context.Context, where string, args ...any) ([]Promise, error) {
	rows, err := all[Promise](ctx, d.db, "promises", "due_at, id", where, args...)
	if err != nil || len(rows) == 0 {
		return rows, err
	}
	jobs, err := d.loadJobs(ctx, jobIDs(rows, func(p Promise) int64 { return p.JobID }))
	if err != nil {
		return nil, err
	}
	owners, err := all[Advisor](ctx, d.db, "advisors", "", "id IN ?", jobIDs(rows, func(p Promise) int64 { return p.OwnerID }))
	if err != nil {
		return nil, err
	}
	owner := pointers(owners, func(a Advisor) int64 { return a.ID })
	for i := range rows {
		rows[i].Job, rows[i].Owner = jobs[rows[i].JobID], owner[rows[i].OwnerID]
	}
	return rows, nil
}

// AnnounceCall tells the customer, just before a promised call, that it comes
// now and from which number: people do not take calls from numbers they do not
// know. Conflict where the promise is settled.
func (d *Desk) AnnounceCall(ctx context.Context, promiseID int64, a Actor) (*notify.Message, error) {
	var sent *notify.Message
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		p, err := d.lockPromise(ctx, promiseID)
		if err != nil {
			return err
		}
		if !p.ClosedAt.IsZero() || p.Kind != PromiseCall {
			return fault.New(fault.Conflict, "fault.promise_settled")
		}
		j, err := d.Job(ctx, p.JobID)
		if err != nil {
			return err
		}
		if caller, err := d.Advisor(ctx, cmp.Or(a.Advisor, p.OwnerID)); err == nil {
			j.Advisor = caller
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
		sent, err = d.tell(ctx, j, telling{occasion: "calling", expires: d.now().Add(15 * time.Minute)})
		d.ring(ctx, p.WorkshopID, p.JobID)
		return err
	})
	return sent, err
}
