package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"neuvo/internal/fault"
)

// SlotTaken answers a booking whose start went to somebody else: the same
// conflict for the eye, with the nearest starts that are free.
type SlotTaken struct {
	Alternatives []Slot
	// Reasons are the rules in the way; none where another was quicker.
	Reasons []Reason
	// Hold is the sentence that tells what became of the hold the request
	// named, "fault.hold_expired" or "fault.hold_used"; "" where it named none.
	Hold string
}

// Error is for logs.
func (e *SlotTaken) Error() string {
	return fmt.Sprintf("the start is taken, %d alternatives", len(e.Alternatives))
}

// Unwrap makes it a Conflict for the edge.
func (e *SlotTaken) Unwrap() error {
	if e.Hold == "" {
		return fault.New(fault.Conflict, "fault.slot_taken")
	}
	f := fault.New(fault.Conflict, e.Hold)
	f.Fields = []fault.Field{{Location: "body.hold_id", Key: e.Hold}}
	return f
}

// refuse answers a start that is not offered: what somebody else has got is a
// conflict with alternatives, anything else is a wrong start.
func (d *Desk) refuse(ctx context.Context, p *plan, advisorID int64, reasons []Reason) error {
	reason := Reason{Rule: RuleService}
	if len(reasons) > 0 {
		reason = reasons[0]
	}
	for _, r := range reasons {
		switch r.Rule {
		case RulePast, RuleNotice, RuleHorizon, RuleGrid, RuleClosed:
			e := fault.BadField("body.start", "why."+r.Rule, p.start.Format(time.RFC3339))
			e.Fields[0].Args = map[string]any{"detail": r.Detail}
			return e
		case RuleTaken, RuleAbsence, RuleBay, RuleLoaner, RulePool, RuleTransport, RuleCap:
			err := d.taken(ctx, p, advisorID)
			if taken, ok := errors.AsType[*SlotTaken](err); ok {
				taken.Reasons = reasons
			}
			return err
		}
	}
	e := fault.BadField("body.start", "why."+reason.Rule, p.start.Format(time.RFC3339))
	e.Fields[0].Args = map[string]any{"detail": reason.Detail}
	return e
}

// taken is the answer to a lost start, made outside any transaction.
func (d *Desk) taken(ctx context.Context, p *plan, advisorID int64) error {
	terms := p.terms
	if !terms.online {
		terms.walkIn, terms.overflow = time.Time{}, false
	}
	slots, err := d.alternatives(ctx, p.cal, &p.need, advisorID, p.start, terms)
	if err != nil {
		return fmt.Errorf("find alternatives: %w", err)
	}
	d.opt.Log.InfoContext(ctx, "a start was lost to another booking", "workshop", p.shop.Key, "start", p.start, "advisor", advisorID, "alternatives", len(slots))
	return &SlotTaken{Alternatives: slots, Hold: p.ended}
}
