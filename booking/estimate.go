package booking

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// EstimateState is where an estimate stands.
type EstimateState string

// States of an estimate. One that was sent is never changed: what changes is a
// new version that supersedes it.
const (
	EstimateSent       EstimateState = "sent"
	EstimateApproved   EstimateState = "approved"
	EstimatePartly     EstimateState = "partly_approved"
	EstimateDeclined   EstimateState = "declined"
	EstimateExpired    EstimateState = "expired"
	EstimateSuperseded EstimateState = "superseded"
	EstimateWithdrawn  EstimateState = "withdrawn" // the job was cancelled or collected first
)

// Decision is what a customer says to a line.
type Decision string

// The decisions, in the words of the contract.
const (
	Approve Decision = "approve"
	Decline Decision = "decline"
)

// Estimate is extra work proposed on a job: a frozen version.
type Estimate struct {
	ID              int64 `gorm:"primaryKey"`
	JobID           int64
	WorkshopID      int64
	Version         int // counts up within a job
	State           EstimateState
	Currency        string
	Price           int64 // the lines' sum, minor units
	Ceiling         int64 // what the lines may cost at most, if all are approved
	ExpiresAt       db.Time
	CreatedBy       string
	CreatedAt       db.Time
	DecidedAt       db.Time
	DecidedBy       string
	DecidedPhone    string // the number that the code went to, "" where none was needed
	Approved        int64  // the approved lines' sum
	ApprovedCeiling int64  // what they may cost at most
	SupersededBy    int64  // the version that took its place
	LinkedAgain     bool   // the link was sent again, to a yes by text

	Lines []EstimateLine `gorm:"-"`
}

// Decided tells whether the customer has answered.
func (e *Estimate) Decided() bool { return !e.DecidedAt.IsZero() }

// EstimateLine is one piece of work of an estimate.
type EstimateLine struct {
	ID            int64 `gorm:"primaryKey"`
	EstimateID    int64
	Position      int
	Title         string
	Price         int64 // minor units
	LabourMinutes int
	PhotoIDs      []int64 `gorm:"serializer:json"`
	Decision      Decision

	Photos []Photo `gorm:"-"` // without their bytes
}

// NewEstimate is what the staff propose.
type NewEstimate struct {
	JobID     int64
	Lines     []NewLine
	Ceiling   int64     // 0: what the law of the country allows
	ExpiresAt time.Time // zero: estimateLife from now
}

// NewLine is one line of a NewEstimate.
type NewLine struct {
	Title         string
	Price         int64
	Currency      string // "" is the workshop's, and no other will do
	LabourMinutes int
	PhotoIDs      []int64
}

// Bounds of an estimate.
const (
	maxLines        = 50
	maxTitle        = 200
	maxLinePrice    = 100_000_000   // 1,000,000.00
	maxEstimate     = 1_000_000_000 // 10,000,000.00: sums and shares of it stay far from overflow
	maxLabour       = 60 * 24 * 30  // minutes
	maxLinePhotos   = 10
	maxEstimateLife = 90 * 24 * time.Hour
	estimateLife    = 3 * 24 * time.Hour
)

// lawMargin is how far, in percent, a final price may exceed a price estimate
// given to a consumer: 15 in Finland (Consumer Protection Act 38/1978, chapter
// 8, section 24) and in Sweden (konsumenttjänstlagen 1985:716, section 36).
// Elsewhere what was said counts, unless the workshop sets a margin.
var lawMargin = map[string]int{"FI": 15, "SE": 15}

// CeilingOf is what work estimated at a price may cost at most at a workshop.
// Where the law knows a margin, a workshop may set a smaller one, not a larger.
func CeilingOf(w *Workshop, price int64) int64 {
	margin, law := lawMargin[w.Country]
	if set := w.EstimateMargin; set != nil {
		margin = max(0, *set)
		if law {
			margin = min(margin, lawMargin[w.Country])
		}
	}
	return price + price*int64(margin)/100
}

// check validates a proposal at a workshop and gives its row.
func (n *NewEstimate) check(w *Workshop, now time.Time) (*Estimate, error) {
	var check checker
	e := &Estimate{JobID: n.JobID, WorkshopID: w.ID, State: EstimateSent, Currency: w.Currency, Version: 1}
	if len(n.Lines) == 0 || len(n.Lines) > maxLines {
		check.fail("body.lines", "fault.estimate_lines", nil).Args = map[string]any{"max": maxLines}
	}
	for i, l := range n.Lines[:min(len(n.Lines), maxLines)] {
		at := fmt.Sprintf("body.lines[%d].", i)
		line := EstimateLine{
			Position: i + 1, Title: check.line(at+"title", l.Title, maxTitle, true), Price: l.Price,
			LabourMinutes: l.LabourMinutes, PhotoIDs: unique(l.PhotoIDs),
		}
		if l.Price < 0 || l.Price > maxLinePrice {
			check.fail(at+"price", "fault.price", l.Price)
		}
		if l.Currency != "" && l.Currency != w.Currency {
			check.fail(at+"price.currency", "fault.price_currency", l.Currency).Args = map[string]any{"currency": w.Currency}
		}
		if l.LabourMinutes < 0 || l.LabourMinutes > maxLabour {
			check.fail(at+"labour_minutes", "fault.between", l.LabourMinutes).Args = map[string]any{"min": 0, "max": maxLabour}
		}
		if len(line.PhotoIDs) > maxLinePhotos {
			check.fail(at+"photo_ids", "fault.photo_count", nil).Args = map[string]any{"max": maxLinePhotos}
		}
		e.Price += line.Price
		e.Lines = append(e.Lines, line)
	}
	if len(check.bad) == 0 && e.Price > maxEstimate {
		check.fail("body.lines", "fault.price", e.Price)
	}
	n.checkBounds(&check, e, w, now)
	return e, invalid(check.bad)
}

// checkBounds validates the ceiling and the expiry.
func (n *NewEstimate) checkBounds(check *checker, e *Estimate, w *Workshop, now time.Time) {
	e.Ceiling = n.Ceiling
	highest := CeilingOf(w, e.Price)
	if _, law := lawMargin[w.Country]; !law {
		highest = max(highest, 2*e.Price) // a person has written it on purpose
	}
	switch {
	case n.Ceiling == 0:
		e.Ceiling = CeilingOf(w, e.Price)
	case n.Ceiling < e.Price || n.Ceiling > highest:
		check.fail("body.ceiling", "fault.ceiling", n.Ceiling).Args = map[string]any{
			"min": templates.Money(w.Locale, e.Price, w.Currency), "max": templates.Money(w.Locale, highest, w.Currency),
		}
	}
	expires := n.ExpiresAt
	if expires.IsZero() {
		expires = now.Add(estimateLife)
	}
	if !expires.After(now) || expires.After(now.Add(maxEstimateLife)) {
		check.fail("body.expires_at", "fault.estimate_expiry", n.ExpiresAt.Format(time.RFC3339))
	}
	e.ExpiresAt = db.At(expires)
}

// takesEstimates are the statuses of a job that extra work can be proposed on.
var takesEstimates = []Status{Booked, Received, InWork, WaitingApproval, WaitingParts, Ready}

// TakesEstimates tells whether extra work can be proposed and answered on a job
// of a status.
func TakesEstimates(s Status) bool { return slices.Contains(takesEstimates, s) }

// ProposeEstimate freezes a proposal as a new version, moves the job to waiting
// for approval (before it is received it stays as booked) and texts the
// customer the link. A version that is still open is superseded. Conflict where
// the job is cancelled, collected or not yet confirmed.
func (d *Desk) ProposeEstimate(ctx context.Context, n NewEstimate, a Actor) (*Estimate, error) {
	var made *Estimate
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, n.JobID)
		if err != nil {
			return err
		}
		made, err = d.propose(ctx, j, n, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.Estimate(ctx, made.ID)
}

// propose is ProposeEstimate on a locked job.
func (d *Desk) propose(ctx context.Context, j *Job, n NewEstimate, a Actor) (*Estimate, error) {
	if !slices.Contains(takesEstimates, j.Status) {
		return nil, fault.New(fault.Conflict, "fault.estimate_job").With("status", string(j.Status))
	}
	e, err := n.check(j.Workshop, d.now().Time)
	if err != nil {
		return nil, err
	}
	if err := d.checkPhotos(ctx, e); err != nil {
		return nil, err
	}
	earlier, err := all[Estimate](ctx, d.db, "estimates", "version", "job_id = ?", j.ID)
	if err != nil {
		return nil, err
	}
	e.CreatedBy, e.CreatedAt = a.named(""), d.now()
	if len(earlier) > 0 {
		e.Version = earlier[len(earlier)-1].Version + 1
	}
	if err := d.insertEstimate(ctx, e); err != nil {
		return nil, err
	}
	for _, old := range earlier {
		if old.State == EstimateSent || old.State == EstimateExpired {
			old.State, old.SupersededBy = EstimateSuperseded, e.ID
			if err := d.saveEstimate(ctx, &old); err != nil {
				return nil, err
			}
		}
	}
	if err := d.settle(ctx, j.ID, a, NeedsEstimate); err != nil {
		return nil, err
	}
	return e, d.announce(ctx, j, e, a)
}

// announce tells of a new estimate: on the timeline, by the job's status, and
// to the customer by a link alone.
func (d *Desk) announce(ctx context.Context, j *Job, e *Estimate, a Actor) error {
	if err := d.event(ctx, j, a, JobEvent{Kind: EventEstimate, State: string(EstimateSent), Body: d.linesInWords(j, e)}); err != nil {
		return err
	}
	if _, err := d.notify.Suppress(ctx, j.Subject(), "a newer estimate has been sent", "estimate"); err != nil {
		return fmt.Errorf("drop the text about the older estimate of job %d: %w", j.ID, err)
	}
	if j.Status != Booked {
		moved, _, err := d.transition(ctx, j, TransitionRequest{JobID: j.ID, To: WaitingApproval, Actor: a})
		if err != nil {
			return err
		}
		j = moved
	}
	d.ring(ctx, j.WorkshopID, j.ID)
	_, err := d.tell(ctx, j, telling{occasion: "estimate", link: estimatePath(j, e), expires: e.ExpiresAt.Time})
	return err
}

// estimatePath is the customer's page of an estimate.
func estimatePath(j *Job, e *Estimate) string {
	return fmt.Sprintf("/j/%s/estimate/%d", j.Token, e.ID)
}

// linesInWords is an estimate on the timeline, for the staff.
func (d *Desk) linesInWords(j *Job, e *Estimate) string {
	var b strings.Builder
	for _, l := range e.Lines {
		fmt.Fprintf(&b, "%s %s\n", l.Title, templates.Money(j.Workshop.Locale, l.Price, e.Currency))
	}
	return b.String() + templates.T(j.Workshop.Locale, "booking.estimate_total", map[string]any{
		"version": e.Version, "price": templates.Money(j.Workshop.Locale, e.Price, e.Currency),
		"ceiling": templates.Money(j.Workshop.Locale, e.Ceiling, e.Currency),
	})
}

// Estimate gives an estimate with its lines and their photos; NotFound where
// there is none.
func (d *Desk) Estimate(ctx context.Context, id int64) (*Estimate, error) {
	rows, err := d.estimates(ctx, "id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, notFound()
	}
	return &rows[0], nil
}

// Estimates gives every version of a job's estimates, the newest last.
func (d *Desk) Estimates(ctx context.Context, jobID int64) ([]Estimate, error) {
	return d.estimates(ctx, "job_id = ?", jobID)
}

// SetFinalPrice records what the estimated work cost in the end, in minor units
// of the workshop's currency. A price above what the customer approved as its
// ceiling is a Conflict: more needs a new estimate that he or she approves. On a
// job where nothing was estimated there is no ceiling.
func (d *Desk) SetFinalPrice(ctx context.Context, jobID, amount int64, a Actor) (*Job, error) {
	if amount < 0 || amount > 2*maxEstimate {
		return nil, fault.BadField("body.amount", "fault.price", amount)
	}
	err := d.db.Tx(ctx, func(ctx context.Context) error {
		j, err := d.lockJob(ctx, jobID)
		if err != nil {
			return err
		}
		if j.Status == Cancelled || j.Status == NoShow {
			return fault.New(fault.Conflict, "fault.estimate_job").With("status", string(j.Status))
		}
		rows, err := all[Estimate](ctx, d.db, "estimates", "version", "job_id = ?", jobID)
		if err != nil {
			return err
		}
		if most, given := ApprovedCeiling(rows); given && amount > most {
			return fault.New(fault.Conflict, "fault.final_price").
				With("ceiling", templates.Money(j.Workshop.Locale, most, j.Workshop.Currency))
		}
		j.FinalPrice, j.FinalPriceAt = amount, d.now()
		if err := d.saveJob(ctx, j); err != nil {
			return err
		}
		d.ring(ctx, j.WorkshopID, j.ID)
		return d.event(ctx, j, a, JobEvent{
			Kind: EventEstimate, State: "final_price", Body: templates.T(j.Workshop.Locale, "booking.final_price", map[string]any{
				"price": templates.Money(j.Workshop.Locale, amount, j.Workshop.Currency),
			}),
		})
	})
	if err != nil {
		return nil, err
	}
	return d.Job(ctx, jobID)
}

// ApprovedCeiling is what the approved work of a job may cost at most; given is
// false where nothing was ever estimated.
func ApprovedCeiling(rows []Estimate) (most int64, given bool) {
	for _, e := range rows {
		most += e.ApprovedCeiling
	}
	return most, len(rows) > 0
}
