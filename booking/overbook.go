package booking

import "context"

// maxOverbookReason is how long the reason of an overbooking may be, in characters.
const maxOverbookReason = 200

// overbook checks an overbooking: the desk's own decision, with a reason.
func (c *checker) overbook(r *BookingRequest) {
	if r.Source != SourceDesk || r.Actor.Kind != "staff" {
		c.fail("body.overbook", "fault.overbook_desk", nil)
		return
	}
	r.OverbookReason = c.line("body.overbook.reason", r.OverbookReason, maxOverbookReason, true)
}

// tellOverbooked records that a job stands where not everything was free.
func (d *Desk) tellOverbooked(ctx context.Context, j *Job, a Actor) error {
	if !j.Overbooked {
		return nil
	}
	return d.event(ctx, j, a, JobEvent{Kind: EventOther, State: "overbooked", Body: j.OverbookReason})
}
