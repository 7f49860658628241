package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"neuvo/booking"
)

// step is something that happens in the demo's week.
type step struct {
	at time.Time
	do func(ctx context.Context) error
	// What follows once it is committed: texts go out, or answers are read too.
	sends, reads bool
}

// visit is one job of the demo.
type visit struct {
	person   person
	services []string
	advisor  string // key of whom the customer wants; "" anyone
	ends     booking.Status
	quiet    bool // no reminder and no e-mail

	start   time.Time
	advises int64 // who has the start free
	job     *booking.Job
}

// week plans what happens and lets it happen in order.
func (s *seeder) week(ctx context.Context) error {
	if err := s.plan(ctx); err != nil {
		return err
	}
	slices.SortStableFunc(s.steps, func(a, b step) int { return a.at.Compare(b.at) })
	for i := 0; i < len(s.steps); {
		end := s.together(i)
		if err := s.run(ctx, s.steps[i:end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

// sendTogether is how far apart steps may be whose texts go out together.
const sendTogether = 20 * time.Minute

// together tells where the batch that begins at step i ends: after a step that
// reads, or once texts wait and the next step is long after. Each batch is one
// transaction.
func (s *seeder) together(i int) int {
	var first time.Time
	for ; i < len(s.steps); i++ {
		st := s.steps[i]
		switch {
		case st.reads:
			return i + 1
		case !first.IsZero() && st.at.Sub(first) > sendTogether:
			return i
		case st.sends && first.IsZero():
			first = st.at
		}
	}
	return i
}

func (s *seeder) run(ctx context.Context, steps []step) error {
	err := s.opt.DB.Tx(ctx, func(ctx context.Context) error {
		for _, st := range steps {
			s.opt.Clock.set(st.at)
			if st.reads {
				continue // answers go over SMTP, not through this transaction
			}
			if err := st.do(ctx); err != nil {
				return fmt.Errorf("at %s: %w", st.at.Format(time.RFC3339), err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	last := steps[len(steps)-1]
	if s.now.Sub(last.at) < leftToSender && !last.reads {
		return nil
	}
	switch {
	case last.reads:
		// What is answered must have come first.
		if _, err := s.opt.Notifier.SendDue(ctx); err != nil {
			return err
		}
		if err := last.do(ctx); err != nil {
			return fmt.Errorf("at %s: %w", last.at.Format(time.RFC3339), err)
		}
		if s.opt.Settle != nil {
			return s.opt.Settle(ctx)
		}
	case slices.ContainsFunc(steps, func(st step) bool { return st.sends }):
		_, err = s.opt.Notifier.SendDue(ctx)
	}
	return err
}

// leftToSender is the end of the week whose texts stay queued: the sender takes
// them up as soon as the program runs, and the first page need not wait.
const leftToSender = time.Hour

// slots are starts that can be booked, by day, and who is taken when.
type slots struct {
	days  [][]booking.Slot
	taken map[int64]map[int64]bool // advisor, quarter of an hour
}

// free asks the desk once for all starts of the demo's weeks. It asks for the
// service with the longest reception, so that each start fits every service.
func (s *seeder) free(ctx context.Context) (past, future *slots, err error) {
	longest := slices.MaxFunc(slices.Collect(values(s.services)), func(a, b booking.Service) int {
		return cmp.Compare(a.ReceptionMinutes, b.ReceptionMinutes)
	})
	from := s.now.Add(-seededSince).In(s.zone)
	available, err := s.opt.Desk.Availability(ctx, booking.AvailabilityQuery{
		WorkshopID: s.shop.ID, ServiceIDs: []int64{longest.ID}, Transport: longest.Transports[0],
		From: from.Format(time.DateOnly), To: from.AddDate(0, 0, 45).Format(time.DateOnly),
	})
	if err != nil {
		return nil, nil, err
	}
	taken := map[int64]map[int64]bool{}
	past, future = &slots{taken: taken}, &slots{taken: taken}
	for _, d := range available.Days {
		var before, after []booking.Slot
		for _, slot := range d.Slots {
			if slot.Start.Before(s.now.Add(-10 * time.Minute)) {
				before = append(before, slot)
			} else if slot.Start.After(s.now.Add(45 * time.Minute)) {
				after = append(after, slot)
			}
		}
		if len(before) > 0 {
			past.days = append(past.days, before)
		}
		if len(after) > 0 {
			s.coming = append(s.coming, after[0].Start)
			future.days = append(future.days, after)
		}
	}
	if len(past.days) < 2 || len(future.days) < 2 {
		return nil, nil, fmt.Errorf("the workshop is open on %d days before and %d days after now", len(past.days), len(future.days))
	}
	return past, future, nil
}

func values[K comparable, V any](m map[K]V) func(func(V) bool) {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// quarter is how finely the demo spreads its starts, in seconds.
const quarter = 15 * 60

// take gives a start on a day, about as far into it as asked (0 to 1), with the
// wanted advisor where he or she is in. Taken starts move on to the next, and
// over to the next day.
func (f *slots) take(day int, into float64, wanted int64) (booking.Slot, int64, error) {
	for range f.days {
		list := f.days[day%len(f.days)]
		first := int(into * float64(len(list)))
		for i := range list {
			slot := list[(first+i)%len(list)]
			who := slot.AdvisorIDs
			if slices.Contains(who, wanted) {
				who = []int64{wanted}
			}
			for _, id := range who {
				if f.claim(id, slot.Start.Unix()/quarter) {
					return slot, id, nil
				}
			}
		}
		day++
	}
	return booking.Slot{}, 0, fmt.Errorf("no start is left for the demo")
}

func (f *slots) claim(advisor, q int64) bool {
	mine := f.taken[advisor]
	if mine == nil {
		mine = map[int64]bool{}
		f.taken[advisor] = mine
	}
	if mine[q] || mine[q+1] || mine[q-1] {
		return false
	}
	mine[q], mine[q+1] = true, true
	return true
}
