package booking

import (
	"context"
	"strconv"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// WaitState is where an entry of the waiting list stands.
type WaitState string

// States of an entry: it waits, a time is held for it, the customer said yes to
// it, it led to a job, the customer left, or nothing came of it in time.
const (
	Waiting      WaitState = "waiting"
	WaitOffered  WaitState = "offered"
	WaitAccepted WaitState = "accepted"
	WaitBooked   WaitState = "booked"
	WaitLeft     WaitState = "left"
	WaitExpired  WaitState = "expired"
)

// Bounds of the waiting list.
const (
	// maxWaiting is how many entries one phone may have open.
	maxWaiting = 5
	// offerFor is how much opening time an offer stands.
	offerFor = 30 * time.Minute
	// shortestOffer is the least time that is worth offering: it takes reading a
	// text and answering it.
	shortestOffer = 10 * time.Minute
	// Offers go out from offerFrom to offerUntil on the workshop's wall clock.
	offerFrom, offerUntil = 8 * 60, 20 * 60
	// checkEvery is how often an entry is looked at although nothing told of a
	// freed time: holds that lapse and hours that change tell nobody.
	checkEvery = 15 * time.Minute
	// acceptedHold keeps the time of whoever said yes until the booking is made.
	acceptedHold = 10 * time.Minute
	// maxUnanswered offers in a row without a word end an entry.
	maxUnanswered = 2
)

// WaitEntry is somebody who wants to hear when a time becomes free.
type WaitEntry struct {
	ID           int64 `gorm:"primaryKey"`
	WorkshopID   int64
	Token        string // the secret of the entry's page
	State        WaitState
	Version      int     // moves with every offer, and outdates texts of the one before
	ServiceIDs   []int64 `gorm:"serializer:json"`
	AdvisorID    int64   // 0: anyone
	Transport    string
	Earliest     db.Time
	Latest       db.Time // the last start that would do
	ContactName  string
	ContactPhone string
	ContactEmail string
	Locale       string
	Vehicle      *VehicleInput `gorm:"serializer:json"`
	Passed       []int64       `gorm:"serializer:json"` // Unix times of starts that were turned down
	Unanswered   int           // offers in a row that ran out without a word
	HoldKey      string
	OfferWith    int64 // the advisor of the held time
	OfferStart   db.Time
	OfferUntil   db.Time
	CheckAt      db.Time // when to look for a time; NULL: not at all
	JobID        int64
	Reply        string  // the last that the customer wrote and only a person can answer
	ReplyAt      db.Time // when; NULL once somebody has read it
	CreatedAt    db.Time
	ClosedAt     db.Time

	// Loaded beside the row.
	Workshop *Workshop `gorm:"-"`
	Advisor  *Advisor  `gorm:"-"` // of the held time, else the one wished for
	Services []Service `gorm:"-"`
}

// TableName names the list, not its entries.
func (WaitEntry) TableName() string { return "waitlist" }

// WaitRequest asks for a place on the waiting list.
type WaitRequest struct {
	WorkshopID int64
	ServiceIDs []int64
	AdvisorID  int64 // 0: anyone
	Transport  string
	Earliest   time.Time // zero: now
	Latest     time.Time // the last start that would do
	Customer   ContactInput
	Vehicle    *VehicleInput
}

// JoinWaitlist puts a customer on the waiting list of a workshop: as soon as a
// time in the range becomes free, the first entry that it fits is offered it by
// SMS. Invalid names each wrong field; the range is at most MaxRangeDays long.
// Conflict "fault.waitlist_full" where this phone is on the list too often.
func (d *Desk) JoinWaitlist(ctx context.Context, r WaitRequest) (*WaitEntry, error) {
	e, err := d.waitEntry(ctx, r)
	if err != nil {
		return nil, err
	}
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		n, err := d.openEntries(ctx, e.ContactPhone)
		if err != nil {
			return err
		}
		if n >= maxWaiting {
			return fault.New(fault.Conflict, "fault.waitlist_full").With("max", maxWaiting)
		}
		e.ID = 0
		if err := d.insertEntry(ctx, e); err != nil {
			return err
		}
		_, err = d.notify.Open(ctx, e.Subject(), notify.Participant{Channel: notify.SMS, Address: e.ContactPhone})
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.WaitEntry(ctx, e.Token)
}

// waitEntry checks a request and makes its row.
func (d *Desk) waitEntry(ctx context.Context, r WaitRequest) (*WaitEntry, error) {
	shop, err := d.Workshop(ctx, r.WorkshopID)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.BadField("body.workshop_id", "fault.workshop_unknown", r.WorkshopID)
	} else if err != nil {
		return nil, err
	}
	var check checker
	_, bad, err := d.demandOf(ctx, shop.ID, r.ServiceIDs, r.Transport, "body.service_ids", "body.transport")
	if err != nil {
		return nil, err
	}
	check.bad = bad
	if r.AdvisorID != 0 {
		a, err := d.Advisor(ctx, r.AdvisorID)
		if fault.Is(err, fault.NotFound) || err == nil && (a.WorkshopID != shop.ID || !a.Active) {
			check.fail("body.advisor_id", "fault.advisor_unknown", r.AdvisorID)
		} else if err != nil {
			return nil, err
		}
	}
	now := d.now()
	if r.Earliest.Before(now.Time) {
		r.Earliest = now.Time
	}
	check.waitRange(r.Earliest, r.Latest, now.Time, now.AddDate(0, 0, shop.HorizonDays))
	contact := check.contact(r.Customer, shop, true)
	vehicle := check.vehicle(r.Vehicle)
	if err := invalid(check.bad); err != nil {
		return nil, err
	}
	return &WaitEntry{
		WorkshopID: shop.ID, Token: newToken(), State: Waiting, Version: 1, ServiceIDs: r.ServiceIDs, AdvisorID: r.AdvisorID,
		Transport: r.Transport, Earliest: db.At(r.Earliest), Latest: db.At(r.Latest), ContactName: contact.Name,
		ContactPhone: contact.Phone, ContactEmail: contact.Email, Locale: contact.Locale, Vehicle: vehicle, Passed: []int64{},
		CheckAt: now, CreatedAt: now,
	}, nil
}

// waitRange checks when somebody could come.
func (c *checker) waitRange(earliest, latest, now, horizon time.Time) {
	switch {
	case latest.IsZero():
		c.fail("body.latest", "fault.required", nil)
	case !latest.After(now):
		c.fail("body.latest", "fault.past", nil)
	case !latest.After(earliest):
		c.fail("body.latest", "fault.range_backwards", nil)
	case latest.After(horizon.AddDate(0, 0, 1)):
		c.fail("body.latest", "fault.waitlist_far", nil)
	case latest.Sub(earliest) > (MaxRangeDays+1)*24*time.Hour:
		c.fail("body.latest", "fault.range_long", nil).Args = map[string]any{"days": MaxRangeDays}
	}
}

const waitPrefix = "waitlist:"

// Subject is the entry's name in notify.
func (e *WaitEntry) Subject() string { return waitPrefix + strconv.FormatInt(e.ID, 10) }

// waitOf reads the entry out of a conversation's name.
func waitOf(subject string) (int64, bool) {
	digits, ok := strings.CutPrefix(subject, waitPrefix)
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil && id > 0
}

// Offered tells whether a time is held for the entry at an instant.
func (e *WaitEntry) Offered(at time.Time) bool {
	return e.State == WaitOffered && e.OfferUntil.After(at)
}

// Open tells whether the entry is still on the list.
func (e *WaitEntry) Open() bool { return e.ClosedAt.IsZero() }

// WaitEntry gives the entry of a token with what stands beside it; NotFound for
// an unknown one, or one that was closed more than a month ago.
func (d *Desk) WaitEntry(ctx context.Context, token string) (*WaitEntry, error) {
	if len(token) < 16 || len(token) > 64 {
		return nil, notFound()
	}
	return d.entryWhere(ctx, "token = ? AND (closed_at IS NULL OR closed_at > ?)", token, db.At(d.now().AddDate(0, -1, 0)))
}

// tellEntry queues a text to somebody on the list.
func (d *Desk) tellEntry(ctx context.Context, e *WaitEntry, occasion string) error {
	l, zone := e.Locale, e.Workshop.Zone()
	data := templates.TextData{
		Workshop: e.Workshop.Name, WorkshopPhone: e.Workshop.Phone, Address: e.Workshop.Address,
		Customer: firstName(e.ContactName),
	}
	page := "/w/" + e.Token
	var err error
	if data.Link, err = d.shortURL(ctx, page); err != nil {
		return err
	}
	out := notify.Outgoing{
		Subject: e.Subject(), Channel: notify.SMS, To: e.ContactPhone, Occasion: occasion,
		Purpose: notify.JobUpdate, Locale: l, ExpiresAt: db.At(d.now().Add(statusTextLife)), // over the quiet hours
	}
	if e.Advisor != nil {
		out.Author = e.Advisor.Name
	} else if out.Author, err = d.lastSigned(ctx, e.Subject()); err != nil { // of a time that was held before
		return err
	}
	data.Advisor = firstName(out.Author)
	var names []string
	for _, s := range e.Services {
		names = append(names, s.In(l).Name)
	}
	data.Service = strings.Join(names, ", ")
	if !e.OfferStart.IsZero() {
		start := e.OfferStart.In(zone)
		data.Date, data.Time, data.Day = templates.Date(l, start), templates.Clock(l, start), templates.Day(l, start)
		data.Due = templates.Moment(l, e.OfferUntil.In(zone))
	}
	if occasion == "waitlist_offer" || occasion == "waitlist_unclear" {
		// It is worthless as soon as the offer is over; all else holds on.
		out.Version, out.ExpiresAt = e.Version, e.OfferUntil
		out.Asks, out.AsksUntil = AsksOffer, e.OfferUntil
	}
	if _, out.Body, err = d.Compose(ctx, e.Workshop, notify.SMS, l, occasion, data); err != nil {
		return err
	}
	// The page outlives the list by a month, see WaitEntry.
	if err := d.keepLink(ctx, page, data.Link, out.Body, e.Latest.AddDate(0, 2, 0)); err != nil {
		return err
	}
	_, err = d.notify.Send(ctx, out)
	return err
}
