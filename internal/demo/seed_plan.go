package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"neuvo/booking"
)

// outcome is how a planned visit goes.
type outcome struct {
	services []string
	advisor  string
	ends     booking.Status
	answer   string // what the customer answers to the survey, by text
}

// lastWeek is what is over. The answers are the kind that come in.
var lastWeek = []outcome{
	{[]string{"tyres"}, "sanna", booking.Collected, "5"},
	{[]string{"service"}, "aino", booking.Collected, "4 - hyvää työtä, vähän myöhässä"},
	{[]string{"oil"}, "mikael", booking.Collected, "5, tack så mycket!"},
	{[]string{"brakes"}, "james", booking.Collected, "1. The noise is still there and I paid 400 euros"},
	{[]string{"mot"}, "aino", booking.Collected, "5 kiitos!"},
	{[]string{"aircon"}, "mikael", booking.Collected, ""},
	{[]string{"oil", "tyres"}, "sanna", booking.Collected, "2, auto oli likainen kun hain sen"},
	{[]string{"tyres"}, "", booking.NoShow, ""},
	{[]string{"diagnosis"}, "james", booking.Collected, "5 😊"},
	{[]string{"windscreen"}, "sanna", booking.Collected, ""},
	{[]string{"service"}, "mikael", booking.Collected, "4"},
	{[]string{"oil"}, "aino", booking.Cancelled, ""},
	{[]string{"tyres"}, "sanna", booking.Collected, "3, sain odottaa puoli tuntia"},
	{[]string{"brakes"}, "", booking.Collected, ""},
	{[]string{"mot"}, "mikael", booking.NoShow, ""},
}

// inHouse is what is going on now, the earliest received first.
var inHouse = []outcome{
	{[]string{"windscreen"}, "sanna", booking.WaitingParts, ""},
	{[]string{"diagnosis"}, "james", booking.WaitingParts, ""},
	{[]string{"service"}, "mikael", booking.Ready, ""},
	{[]string{"brakes"}, "aino", booking.WaitingApproval, ""},
	{[]string{"mot"}, "sanna", booking.Ready, ""},
	{[]string{"service"}, "james", booking.InWork, ""},
	{[]string{"aircon"}, "aino", booking.InWork, ""},
	{[]string{"diagnosis"}, "mikael", booking.WaitingApproval, ""},
	{[]string{"oil"}, "sanna", booking.Ready, ""},
	{[]string{"tyres"}, "", booking.InWork, ""},
	{[]string{"oil", "brakes"}, "aino", booking.Received, ""},
	{[]string{"tyres"}, "sanna", booking.Received, ""},
}

// ahead is what is booked.
var ahead = []outcome{
	{[]string{"tyres"}, "sanna", booking.Booked, ""},
	{[]string{"service"}, "aino", booking.Booked, ""},
	{[]string{"oil"}, "mikael", booking.Booked, ""},
	{[]string{"diagnosis"}, "james", booking.Booked, ""},
	{[]string{"tyres"}, "", booking.Booked, ""},
	{[]string{"mot"}, "sanna", booking.Booked, ""},
	{[]string{"brakes"}, "mikael", booking.Booked, ""},
	{[]string{"aircon"}, "", booking.Cancelled, ""},
	{[]string{"service"}, "james", booking.Booked, ""},
	{[]string{"tyres"}, "sanna", booking.Booked, ""},
	{[]string{"windscreen"}, "aino", booking.Booked, ""},
	{[]string{"oil"}, "mikael", booking.Booked, ""},
	{[]string{"service", "tyres"}, "", booking.Booked, ""},
	{[]string{"mot"}, "james", booking.Booked, ""},
	{[]string{"tyres"}, "aino", booking.Booked, ""},
	{[]string{"brakes"}, "sanna", booking.Booked, ""},
}

// cast gives each visit a customer, one who speaks the advisor's language where
// a language is wanted. The very first customer has two cars here at once.
type cast struct {
	left []person
}

var languageOf = map[string]string{"mikael": "sv", "james": "en", "sanna": "fi", "aino": "fi", "": "fi"}

func (c *cast) next(advisor string) person {
	for i, p := range c.left {
		if p.locale == languageOf[advisor] {
			c.left = append(c.left[:i:i], c.left[i+1:]...)
			return p
		}
	}
	p := c.left[0]
	c.left = c.left[1:]
	return p
}

// plan makes the visits and the steps of all of them.
func (s *seeder) plan(ctx context.Context) error {
	past, future, err := s.free(ctx)
	if err != nil {
		return err
	}
	people := &cast{left: slices.Clone(people[1:])}
	double := twice()
	var all []*visit
	place := func(f *slots, o outcome, p person, day int, into float64) (*visit, error) {
		v := &visit{person: p, services: o.services, advisor: o.advisor, ends: o.ends}
		slot, advisor, err := f.take(day, into, s.advisors[o.advisor].ID)
		if err != nil {
			return nil, fmt.Errorf("find a start for %v: %w", o.services, err)
		}
		v.start, v.advises = slot.Start, advisor
		all = append(all, v)
		return v, nil
	}
	// The house is full of what came on the last two days that were open; what
	// is over came before.
	days := len(past.days)
	over := &slots{days: past.days[:max(1, days-2)], taken: past.taken}
	lately := &slots{days: [][]booking.Slot{flat(past.days[max(1, days-2):])}, taken: past.taken}
	for i, o := range lastWeek {
		v, err := place(over, o, people.next(o.advisor), i, float64(i*37%80)/100)
		if err != nil {
			return err
		}
		s.planOver(v, o)
	}
	for i, o := range inHouse {
		p, both := double[i]
		if !both {
			p = people.next(o.advisor)
		}
		v, err := place(lately, o, p, 0, float64(i)/float64(len(inHouse)))
		if err != nil {
			return err
		}
		s.planInHouse(v, i)
	}
	for i, o := range ahead {
		v, err := place(future, o, people.next(o.advisor), i*2/3, float64(i*29%70)/100)
		if err != nil {
			return err
		}
		s.planAhead(v, i)
	}
	s.visits = all
	s.planRoutine()
	s.planCare()
	s.planLoose()
	s.planCalendar()
	return nil
}

// twice is the customer with two cars in the house at once, by place in inHouse.
func twice() map[int]person {
	first := people[0]
	second := first
	second.plate, second.make, second.model, second.mileage = "VMA-70", "Volkswagen", "Transporter", 212400
	return map[int]person{6: first, 8: second}
}

func flat(days [][]booking.Slot) []booking.Slot {
	var out []booking.Slot
	for _, d := range days {
		out = append(out, d...)
	}
	return out
}

// at adds a step, never after now.
func (s *seeder) at(when time.Time, do func(ctx context.Context) error) *step {
	if latest := s.now.Add(-20 * time.Second); when.After(latest) {
		when = latest
	}
	if earliest := s.now.Add(-seededSince); when.Before(earliest) {
		when = earliest
	}
	s.steps = append(s.steps, step{at: when, do: do})
	return &s.steps[len(s.steps)-1]
}
