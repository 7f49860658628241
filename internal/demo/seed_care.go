package demo

import (
	"context"
	"fmt"
	"time"

	"neuvo/booking"
	"neuvo/survey"
)

// planCare lets the advisors look after those who were not content: on the
// mornings after, cases are taken and the promised calls made, later the
// customers are asked whether it is sorted and say so. What happened since the last
// working day is left as it is, for whoever tries the demo.
func (s *seeder) planCare() {
	first := s.now.Add(-seededSince).In(s.zone)
	for i := range int(seededSince/day) + 1 {
		date := s.wall(first.AddDate(0, 0, i), 0)
		if d := date.In(s.zone).Weekday(); d == time.Saturday || d == time.Sunday {
			continue
		}
		s.care(date, 7*60+45, func(ctx context.Context, c *survey.Case, by booking.Actor) error {
			if c.State != survey.CaseWaiting {
				return nil
			}
			return s.opt.Surveyor.Acknowledge(ctx, c.ID, by)
		})
		s.care(date, 9*60+10, func(ctx context.Context, c *survey.Case, by booking.Actor) error {
			if c.State != survey.CaseTaken || c.Promise == nil || !c.Promise.ClosedAt.IsZero() {
				return nil
			}
			_, err := s.opt.Desk.Attempt(ctx, c.PromiseID, booking.OutcomeReached, "", by)
			return err
		})
		s.care(date, 14*60, func(ctx context.Context, c *survey.Case, by booking.Actor) error {
			if c.State != survey.CaseTaken {
				return nil
			}
			return s.opt.Surveyor.AskSorted(ctx, c.ID, by)
		})
		if answered := s.wall(date, 15*60+30); answered.Before(s.now) {
			s.at(answered, s.sorted).reads = true
		}
	}
}

// care does something for every open case at a minute of a day.
func (s *seeder) care(date time.Time, minute int, do func(context.Context, *survey.Case, booking.Actor) error) {
	s.due(s.wall(date, minute), func(ctx context.Context) error {
		open, err := s.opt.Surveyor.Cases(ctx, s.shop.ID, true)
		if err != nil {
			return err
		}
		for i := range open {
			c := &open[i]
			by := booking.Actor{Kind: "staff", Advisor: c.OwnerID, Name: c.Owner.Name}
			if err := do(ctx, c, by); err != nil {
				return fmt.Errorf("look after case %d: %w", c.ID, err)
			}
		}
		return nil
	})
}

// sorted lets the customers who were asked say that it is.
func (s *seeder) sorted(ctx context.Context) error {
	yes := map[string]string{"fi": "Kyllä, kiitos!", "sv": "Ja tack!", "en": "Yes, thank you!"}
	open, err := s.opt.Surveyor.Cases(ctx, s.shop.ID, true)
	if err != nil {
		return err
	}
	for _, c := range open {
		if c.State != survey.CaseAsked || c.Job == nil {
			continue
		}
		if err := s.opt.Host.SendText(c.Job.ContactPhone, yes[c.Job.Locale]); err != nil {
			return fmt.Errorf("answer as %s: %w", c.Job.ContactName, err)
		}
	}
	return nil
}
