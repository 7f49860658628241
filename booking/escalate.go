package booking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// How much opening time what a customer wrote may wait where the workshop has not
// said so: for its advisor alone, then for the team before the manager hears.
const (
	defaultReplyMinutes        = 60
	defaultReplyManagerMinutes = 180
)

// onDuty gives who looks after an advisor's customers now: the advisor, or during
// an absence the stand-in, and the stand-in's while both are away.
func (d *Desk) onDuty(ctx context.Context, advisorID int64) (int64, error) {
	seen := map[int64]bool{}
	for id := advisorID; id != 0 && !seen[id]; {
		seen[id] = true
		next, err := d.standInNow(ctx, id)
		if err != nil {
			return 0, err
		}
		if next == 0 {
			return id, nil
		}
		id = next
	}
	return advisorID, nil // all are away: it waits where it belongs
}

// EscalateReplies shows to the whole team, and later to the manager, what a
// customer wrote and nobody has answered within the opening hours that the
// workshop gives; it tells how many went on. It is idempotent.
func (d *Desk) EscalateReplies(ctx context.Context) (int, error) {
	done := 0
	var failed []error
	for after := (Attention{}); ; {
		due, err := d.dueReplies(ctx, after, sweepBatch)
		if err != nil {
			return done, errors.Join(append(failed, err)...)
		}
		n, err := d.escalateAll(ctx, due)
		done += n
		if err != nil {
			failed = append(failed, err)
		}
		if len(due) < sweepBatch || ctx.Err() != nil {
			return done, errors.Join(append(failed, ctx.Err())...)
		}
		after = due[len(due)-1]
	}
}

// escalateAll takes the replies of one batch on, workshop by workshop.
func (d *Desk) escalateAll(ctx context.Context, due []Attention) (int, error) {
	byShop := map[int64][]Attention{}
	for _, a := range due {
		byShop[a.WorkshopID] = append(byShop[a.WorkshopID], a)
	}
	done := 0
	var failed []error
	for id, list := range byShop {
		shop, err := d.Workshop(ctx, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		var open *opening
		if err == nil {
			open, err = d.openingFrom(ctx, shop, oldest(list))
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("escalate the replies of workshop %d: %w", id, err))
			continue
		}
		for _, a := range list {
			level, next := a.escalation(shop, open, d.now().Time)
			went, err := d.escalate(ctx, a, level, next)
			if err != nil {
				failed = append(failed, fmt.Errorf("escalate reply %d: %w", a.ID, err))
			} else if went {
				done++
			}
		}
	}
	return done, errors.Join(failed...)
}

// oldest is when the first of a list came, at most two weeks ago: what has waited
// longer has waited long enough for any rule.
func oldest(list []Attention) time.Time {
	first := list[0].CreatedAt.Time
	newest := first
	for _, a := range list {
		if a.CreatedAt.Before(first) {
			first = a.CreatedAt.Time
		}
		newest = latest(newest, a.CreatedAt.Time)
	}
	return latest(first, newest.AddDate(0, 0, -14))
}

// escalation is how far something that waits has come by now, and when that
// changes; zero: it does not.
func (a *Attention) escalation(shop *Workshop, open *opening, now time.Time) (level int, next time.Time) {
	team := time.Duration(cmp.Or(shop.ReplyMinutes, defaultReplyMinutes)) * time.Minute
	manager := max(time.Duration(cmp.Or(shop.ReplyManagerMinutes, defaultReplyManagerMinutes))*time.Minute, team)
	from := a.CreatedAt.Time
	if at := open.after(from, team); now.Before(at) {
		return 0, at
	}
	if at := open.after(from, manager); now.Before(at) {
		return 1, at
	}
	return 2, time.Time{}
}

// escalate notes a level and the next look, unless somebody was quicker; it tells
// whether the level rose.
func (d *Desk) escalate(ctx context.Context, a Attention, level int, next time.Time) (went bool, err error) {
	err = d.db.Tx(ctx, func(ctx context.Context) error {
		ours, err := d.storeLevel(ctx, a, level, db.At(next))
		went = ours && level > a.Level
		if err != nil || !went {
			return err
		}
		d.ring(ctx, a.WorkshopID, a.JobID)
		state := "reply_team"
		if level > 1 {
			state = "reply_manager"
		}
		return d.insertEvent(ctx, &JobEvent{JobID: a.JobID, At: d.now(), Kind: EventOther, Author: System.Name, State: state})
	})
	return went, err
}
