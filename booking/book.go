package booking

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// Where a booking comes from.
const (
	SourceWeb    = "web"
	SourceDesk   = "desk"
	SourceImport = "import"
	SourceDemo   = "demo"
)

// How long a manage-my-booking token lives: so long after the job has closed,
// and never longer after it was booked.
const (
	tokenAfterClose = 12 // months
	tokenAtMost     = 24 // months
)

// plan is a request that has been checked: what it takes, and who could.
type plan struct {
	shop      *Workshop
	cal       *snapshot
	need      demand
	terms     terms
	start     time.Time
	advisors  []int64 // who can, the best first
	bays      []int64 // where the work can be done, the best first; none where it needs none
	loaners   []int64 // what can be lent, the best first; none where none is wanted
	labour    []share // of pools, over the dates that the car is there
	over      string  // why the desk overbooks; "" where everything is free
	ended     string  // what became of the hold that was to be used; "" where it runs or there is none
	contact   ContactInput
	vehicle   *VehicleInput
	note      string
	transport string
	glance    bool // to choose, a look of a moment ago will do
}

// Book makes a job of a request. The claims under the primary key decide in the
// end: a start that somebody else got first is a *SlotTaken with alternatives;
// wrong input is an Invalid fault that names each field. Online only what
// Availability offers can be booked; the desk may book without notice and at
// once. The customer is told by SMS, and by e-mail where an address was given.
// Call it outside any transaction: it may need several.
func (d *Desk) Book(ctx context.Context, r BookingRequest) (*Job, error) {
	if made, err := d.jobOfRequest(ctx, r.RequestKey); made != nil || err != nil {
		return made, err
	}
	job, err := d.book(ctx, r)
	if _, lost := errors.AsType[*SlotTaken](err); lost {
		// Perhaps to itself: the same request, asked twice at once.
		if made, err := d.jobOfRequest(ctx, r.RequestKey); made != nil || err != nil {
			return made, err
		}
	}
	return job, err
}

// book is Book for a request that has made no job yet.
func (d *Desk) book(ctx context.Context, r BookingRequest) (*Job, error) {
	p, err := d.plan(ctx, r, true)
	if err != nil {
		return nil, err
	}
	var job *Job
	err = d.try(ctx, p, r, func() error {
		var err error
		job, err = d.bookWith(ctx, p, r, p.advisors[0])
		return err
	})
	if err != nil {
		return nil, err
	}
	return job, nil
}

// try takes what a plan has chosen. Where another was quicker it looks again and
// takes the next best: each time that happens somebody else has got one of them,
// so that it ends when all are gone, with a *SlotTaken.
func (d *Desk) try(ctx context.Context, p *plan, r BookingRequest, take func() error) error {
	for left := len(p.advisors) + len(p.bays) + len(p.loaners) + 2*len(p.labour); ; left-- {
		err := take()
		if !errors.Is(err, errTaken) {
			return err
		}
		if left <= 0 {
			return d.taken(ctx, p, r.AdvisorID)
		}
		p.glance = false
		if err := d.place(ctx, p, r); err != nil {
			return err
		}
	}
}

// plan checks a request and finds who can take it.
func (d *Desk) plan(ctx context.Context, r BookingRequest, withCustomer bool) (*plan, error) {
	if r.Source == "" {
		r.Source = SourceWeb
	}
	if !d.db.InTx(ctx) {
		if _, err := d.endExpired(ctx); err != nil {
			return nil, err
		}
	}
	cal, err := d.snapshot(ctx, r.WorkshopID)
	if fault.Is(err, fault.NotFound) {
		// Which phones and services there are, only the workshop tells.
		check := checker{}
		check.fail("body.workshop_id", "fault.workshop_unknown", r.WorkshopID)
		if withCustomer {
			check.customer(&plan{}, r, &Workshop{Locale: templates.Locales[0]})
		}
		return nil, invalid(check.bad)
	} else if err != nil {
		return nil, err
	}
	shop := cal.shop
	p := &plan{shop: shop, cal: cal, transport: r.Transport, glance: true}
	var check checker
	p.need, check.bad = cal.demandOf(r.ServiceIDs, r.Transport, "body.service_ids", "body.transport")
	if r.Start.IsZero() || r.Start.Year() < 2000 || r.Start.Year() > 2200 {
		check.fail("body.start", "fault.time", nil)
	}
	timed := len(check.bad) == 0
	if withCustomer {
		check.customer(p, r, shop)
	}
	if r.Overbook {
		check.overbook(&r)
	}
	wrong := invalid(check.bad)
	if wrong == nil {
		return p, d.place(ctx, p, r)
	}
	if r.AdvisorID != 0 && !cal.has(r.AdvisorID) {
		wrong = fault.Together(wrong, fault.BadField("body.advisor_id", "fault.advisor_unknown", r.AdvisorID))
	} else if timed { // what is wrong with the start is told as well, not that it is taken
		if err := d.place(ctx, p, r); fault.Is(err, fault.Invalid) {
			wrong = fault.Together(wrong, err)
		}
	}
	return nil, wrong
}

// customer checks what a request says of who comes with what.
func (c *checker) customer(p *plan, r BookingRequest, shop *Workshop) {
	p.contact = c.contact(r.Customer, shop, r.Source == SourceWeb)
	p.vehicle = c.vehicle(r.Vehicle)
	p.note = c.text("body.note", r.Note, maxNote, false)
}

// Check tells all that is wrong with a request, as Book would, and takes nothing:
// an Invalid fault that names each field. That its start is taken is no mistake.
func (d *Desk) Check(ctx context.Context, r BookingRequest) error {
	_, err := d.plan(ctx, r, true)
	if _, lost := errors.AsType[*SlotTaken](err); lost {
		return nil
	}
	return err
}

// place finds who can receive at the start of a checked request.
func (d *Desk) place(ctx context.Context, p *plan, r BookingRequest) error {
	hold, err := d.holdByKey(ctx, r.HoldKey)
	if err != nil {
		return err
	}
	except := holder{}
	if hold == nil && r.HoldKey != "" {
		if p.ended, err = d.endedHold(ctx, r.HoldKey); err != nil {
			return err
		}
	}
	if hold != nil {
		except.holdID = hold.ID
	}
	p.start = r.Start.In(p.shop.Zone())
	if r.Source != SourceWeb && r.Source != "" {
		p.start = timeOf(atomOf(p.start)).In(p.shop.Zone()) // "now" begins at its atom
	}
	var prefer int64
	switch {
	case hold != nil && hold.StartAt.Equal(p.start):
		prefer = hold.AdvisorID
	case r.Source == SourceDesk:
		prefer = r.Actor.Advisor
	}
	over := ""
	if r.Overbook {
		over = r.OverbookReason
	}
	return d.whoCan(ctx, p, r.AdvisorID, r.Source, except, prefer, over)
}

// whoCan fills in who can receive at the plan's start, the preferred first, and
// the bay and the loaner to go with it, or tells why nobody can. Where the desk
// overbooks for a reason, only a start that has passed is refused.
func (d *Desk) whoCan(ctx context.Context, p *plan, advisorID int64, source string, except holder, prefer int64, over string) error {
	p.terms = p.cal.termsFor(source, d.now())
	p.over = ""
	if advisorID != 0 && !p.cal.has(advisorID) {
		return fault.BadField("body.advisor_id", "fault.advisor_unknown", advisorID)
	}
	without, err := d.exceptionsOf(ctx, except)
	if err != nil {
		return err
	}
	day := dateOf(p.start, p.cal.loc)
	// Online a glance will do to choose, for the database decides; not to refuse.
	// What may overflow is decided here.
	var w *window
	var reasons []Reason
	var free []int64
	for _, glancing := range []bool{true, false} {
		if glancing && (!p.glance || !p.terms.online || p.terms.overflow) {
			continue
		}
		if w, err = d.windowOf(ctx, p.cal, &p.need, advisorID, day, day, without, glancing); err != nil {
			return err
		}
		if reasons, free = w.judge(p.start, &p.need, p.terms, d.now().Time); len(free) > 0 {
			break
		}
	}
	if len(free) == 0 {
		if over == "" || len(w.lanes) == 0 || reasons[0].Rule == RulePast {
			return d.refuse(ctx, p, advisorID, reasons)
		}
		p.over = over
		for i := range w.lanes {
			free = append(free, w.lanes[i].id)
		}
	}
	p.advisors = w.fair(free, 0)
	if i := slices.Index(p.advisors, prefer); i > 0 {
		p.advisors = slices.Insert(slices.Delete(p.advisors, i, i+1), 0, prefer)
	}
	if p.over != "" || !p.terms.online && !p.start.After(p.terms.walkIn) {
		w = w.anyHours()
	}
	p.bays, p.loaners = w.choices(w.index(p.start), &p.need)
	p.labour = w.shares(&p.need, w.index(p.start))
	return nil
}

// bookTries is how often a reference that is in use already is drawn again.
const bookTries = 5

// bookWith books with one advisor in one transaction; errTaken where an atom
// went to somebody else.
func (d *Desk) bookWith(ctx context.Context, p *plan, r BookingRequest, advisor int64) (*Job, error) {
	var job *Job
	var err error
	for range bookTries {
		err = d.db.Tx(ctx, func(ctx context.Context) error {
			var err error
			job, err = d.store(ctx, p, r, advisor)
			return err
		})
		if !errors.Is(err, errNameUsed) {
			return job, err
		}
		if made, err := d.jobOfRequest(ctx, r.RequestKey); made != nil || err != nil {
			return made, err
		}
	}
	return nil, fmt.Errorf("draw a reference: %w", err)
}

// store is the transaction of a booking: people, job, claims, text. Everything
// is taken in this order by every booking, so that two never wait for each
// other in a ring.
func (d *Desk) store(ctx context.Context, p *plan, r BookingRequest, advisor int64) (*Job, error) {
	customer, fresh, err := d.customerFor(ctx, p.contact)
	if err != nil {
		return nil, err
	}
	vehicle, err := d.vehicleFor(ctx, customer.ID, fresh, p.vehicle)
	if err != nil {
		return nil, err
	}
	if err := d.agreed(ctx, p.contact, &r); err != nil {
		return nil, err
	}
	job, err := d.newJob(p, r, advisor, customer, vehicle)
	if err != nil {
		return nil, err
	}
	if err := d.insertJob(ctx, job); err != nil {
		return nil, err
	}
	if err := d.takeOver(ctx, r.HoldKey, holder{jobID: job.ID}, p.takes()); err != nil {
		return nil, err
	}
	full := p.beside(job, customer, vehicle)
	if err := d.event(ctx, full, r.Actor, JobEvent{Kind: EventStatus, State: string(full.Status)}); err != nil {
		return nil, err
	}
	if err := d.tellOverbooked(ctx, full, r.Actor); err != nil {
		return nil, err
	}
	if p.vehicle != nil && p.vehicle.Mileage > 0 {
		source := ToldByCustomer
		if r.Actor.Kind == "staff" {
			source = ReadByStaff
		}
		if _, err := d.readMileage(ctx, full, vehicle, p.vehicle.Mileage, source, r.Actor); err != nil {
			return nil, err
		}
	}
	if err := d.openThread(ctx, full); err != nil {
		return nil, err
	}
	if err := d.tellBooked(ctx, full, p.need.services); err != nil {
		return nil, err
	}
	d.ring(ctx, full.WorkshopID, full.ID)
	return full, nil
}

// beside puts beside a new job what Job would load: all of it is known here.
func (p *plan) beside(j *Job, customer *Customer, vehicle *Vehicle) *Job {
	shop := *p.shop // the plan's is shared
	j.Workshop, j.Customer, j.Vehicle = &shop, customer, vehicle
	for _, a := range p.cal.advisors {
		if a.ID == j.BookedWith {
			j.Advisor, j.BookedAdvisor = &a, &a
		}
	}
	return j
}

// newJob makes the row of a booking.
func (d *Desk) newJob(p *plan, r BookingRequest, advisor int64, customer *Customer, vehicle *Vehicle) (*Job, error) {
	reference, err := newReference()
	if err != nil {
		return nil, err
	}
	now := d.now()
	job := &Job{
		WorkshopID: p.shop.ID, Reference: reference, Token: newToken(),
		TokenExpiresAt: db.At(now.AddDate(0, tokenAtMost, 0)),
		Status:         Booked, Version: 1, Revision: 1, CustomerID: customer.ID,
		ContactName: p.contact.Name, ContactPhone: p.contact.Phone, ContactEmail: p.contact.Email, Locale: p.contact.Locale,
		BookedWith: advisor, Zone: p.shop.TimeZone, Transport: p.transport, Note: p.note,
		ConsentSurvey: r.ConsentSurvey, ConsentReminders: r.ConsentReminders, ConsentMarketing: r.ConsentMarketing,
		Source: r.Source, RequestKey: r.RequestKey, CreatedAt: now, UpdatedAt: now,
	}
	if job.Source == "" {
		job.Source = SourceWeb
	}
	if p.shop.PhoneProof && job.Source == SourceWeb && !r.PhoneProven {
		job.Status = Unconfirmed
	}
	if vehicle != nil {
		job.VehicleID = vehicle.ID
	}
	p.mark(job)
	for i, s := range p.need.services {
		job.Services = append(job.Services, JobService{Position: i + 1, ServiceID: s.ID, Name: s.In(job.Locale).Name, PriceFrom: s.PriceFrom})
	}
	d.schedule(job, p.shop, p.start, p.start.Add(p.need.duration))
	return job, nil
}

// schedule puts a job at a time: the instants, the wall clock as promised, and
// when to remind of it.
func (d *Desk) schedule(j *Job, shop *Workshop, start, end time.Time) {
	local := start.In(shop.Zone())
	j.StartAt, j.EndAt = db.At(start), db.At(end)
	j.WallStart = local.Format("2006-01-02T15:04")
	j.ReconfirmAt = d.reconfirmAt(shop, local)
	j.RemindAt = db.Time{}
	if !j.ConsentReminders || (j.ContactPhone == "" && j.ContactEmail == "") {
		return
	}
	remind := dateOf(local, shop.Zone()).add(-1).at(shop.ReminderMinute, shop.Zone())
	if remind.After(d.now().Time) {
		j.RemindAt = db.At(remind)
	}
}

// openThread opens the job's conversation with the customer's addresses.
func (d *Desk) openThread(ctx context.Context, j *Job) error {
	var ps []notify.Participant
	if j.ContactPhone != "" {
		ps = append(ps, notify.Participant{Channel: notify.SMS, Address: j.ContactPhone})
	}
	if j.ContactEmail != "" {
		ps = append(ps, notify.Participant{Channel: notify.Email, Address: j.ContactEmail})
	}
	if j.Customer == nil || j.Customer.CreatedAt.Before(j.CreatedAt.Time) { // one who is new has none
		points, err := d.contactPoints(ctx, j.CustomerID)
		if err != nil {
			return err
		}
		for _, p := range points {
			ps = append(ps, p.participant())
		}
	}
	var err error
	if j.thread, err = d.notify.Open(ctx, j.Subject(), ps...); err != nil {
		return fmt.Errorf("open the conversation of job %d: %w", j.ID, err)
	}
	return nil
}

// referenceAlphabet has no character that is taken for another when it is read
// or said (0 O, 1 I L), and no U or V, which scrawl alike.
const referenceAlphabet = "23456789ABCDEFGHJKMNPQRSTWXYZ"

// newReference draws what people call a job by: "NV-7K3Q9".
func newReference() (string, error) {
	out := []byte("NV-.....")
	for i := 3; i < len(out); i++ {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(referenceAlphabet))))
		if err != nil {
			return "", fmt.Errorf("draw a reference: %w", err)
		}
		out[i] = referenceAlphabet[n.Int64()]
	}
	return string(out), nil
}

// newToken draws the secret of manage-my-booking: 18 characters of base32 are
// 90 bits, and short enough for a text.
func newToken() string { return strings.ToLower(rand.Text()[:18]) }
