package booking

import "context"

// takeOver takes for a holder what a visit needs, and ends the hold of a key
// with the same stroke.
func (d *Desk) takeOver(ctx context.Context, key string, to holder, t takes) error {
	h, err := d.holdByKey(ctx, key)
	if err != nil {
		return err
	}
	if h == nil {
		return d.exchange(ctx, holder{}, to, t)
	}
	if h.WorkshopID != t.shopID { // a hold elsewhere: its memory is another
		if err := d.freeHold(ctx, h); err != nil {
			return err
		}
		return d.exchange(ctx, holder{}, to, t)
	}
	if err := d.exchange(ctx, holder{holdID: h.ID}, to, t); err != nil {
		return err
	}
	return d.dropHold(ctx, h.ID)
}

// takes is what the plan takes with the best that it has found.
func (p *plan) takes() takes {
	at := atomOf(p.start)
	n := &p.need
	t := takes{shopID: p.shop.ID, overflow: p.over != "" || p.terms.overflow}
	advisor := span{p.advisors[0], at - int64(n.before), n.before + n.atoms}
	if len(p.bays) > 0 {
		t.spans = append(t.spans, span{p.bays[0], at + int64(n.atoms), n.work + n.after})
	} else {
		advisor.n += n.after
	}
	t.spans = append(t.spans, advisor)
	if len(p.loaners) > 0 {
		t.spans = append(t.spans, span{p.loaners[0], at, n.span})
	}
	t.counts = p.cal.amounts(n, p.advisors[0], p.start, p.labour, p.terms.online)
	return t
}

// mark puts on a job what the plan has chosen.
func (p *plan) mark(j *Job) {
	j.BayID, j.LoanerID = 0, 0
	if len(p.bays) > 0 {
		j.BayID = p.bays[0]
	}
	if len(p.loaners) > 0 {
		j.LoanerID = p.loaners[0]
	}
	j.Overbooked, j.OverbookReason = p.over != "", p.over
}
