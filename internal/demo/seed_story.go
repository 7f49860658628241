package demo

import (
	"context"
	"fmt"
	"time"

	"neuvo/booking"
)

// paths are the moves that lead to each status.
var paths = map[booking.Status][]booking.Status{
	booking.Received:        {booking.Received},
	booking.InWork:          {booking.Received, booking.InWork},
	booking.WaitingApproval: {booking.Received, booking.InWork, booking.WaitingApproval},
	booking.WaitingParts:    {booking.Received, booking.InWork, booking.WaitingParts},
	booking.Ready:           {booking.Received, booking.InWork, booking.Ready},
	booking.Collected:       {booking.Received, booking.InWork, booking.Ready, booking.Collected},
	booking.NoShow:          {booking.NoShow},
}

// After the start, when each move of a path is made.
var moveAfter = []time.Duration{5 * time.Minute, 40 * time.Minute, 150 * time.Minute, 260 * time.Minute}

// noShowAfter is when an advisor gives up on a customer.
const noShowAfter = time.Hour

// customer is the customer of a visit as an actor.
func (v *visit) customer() booking.Actor { return booking.Actor{Kind: "customer", Name: v.person.name} }

// planBooking books a visit online some time before it.
func (s *seeder) planBooking(v *visit, when time.Time) *step {
	return s.at(when, func(ctx context.Context) error {
		request := booking.BookingRequest{
			WorkshopID: s.shop.ID, AdvisorID: v.advises, Start: v.start,
			Customer: booking.ContactInput{Name: v.person.name, Phone: v.person.phone, Email: v.person.email, Locale: v.person.locale},
			Vehicle:  &booking.VehicleInput{Plate: v.person.plate, Make: v.person.make, Model: v.person.model, Mileage: v.person.mileage},
			Source:   booking.SourceDemo, Actor: v.customer(), ConsentSurvey: true, ConsentReminders: !v.quiet,
		}
		for _, key := range v.services {
			request.ServiceIDs = append(request.ServiceIDs, s.services[key].ID)
		}
		request.Transport = s.services[v.services[0]].Transports[0]
		if len(v.services) > 1 {
			request.Transport = "drop_off"
		}
		if v.quiet {
			request.Customer.Email = ""
		}
		var err error
		v.job, err = s.opt.Desk.Book(ctx, request)
		if err != nil {
			return fmt.Errorf("book %s for %s: %w", v.services[0], v.person.name, err)
		}
		return nil
	})
}

// planMoves takes a visit through its life. told are the moves that the
// customer gets a text about.
func (s *seeder) planMoves(v *visit, told ...booking.Status) {
	for i, to := range paths[v.ends] {
		when := s.moveAt(v, i, to)
		if latest := s.now.Add(time.Duration(i-len(paths[v.ends])) * 2 * time.Minute); when.After(latest) {
			when = latest
		}
		send := false
		for _, t := range told {
			send = send || t == to
		}
		s.at(when, func(ctx context.Context) error {
			request := booking.TransitionRequest{JobID: v.job.ID, To: to, Send: send, By: v.advises, Actor: s.actors[v.advises]}
			switch to {
			case booking.Received:
				request.ReadyBy = s.readyBy(v)
			case booking.WaitingParts: // the part comes the day after tomorrow
				request.ReadyBy = s.wall(s.coming[2], 14*60)
			}
			job, _, err := s.opt.Desk.Transition(ctx, request)
			if err != nil {
				return fmt.Errorf("move %s's job to %s: %w", v.person.name, to, err)
			}
			v.job = job
			return nil
		}).sends = send
	}
}

// wall is a minute of a date on the workshop's wall clock.
func (s *seeder) wall(date time.Time, minute int) time.Time {
	local := date.In(s.zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, minute, 0, 0, s.zone)
}

// The last minutes of a day for each move of a path: whoever came late in the
// afternoon still collects before the surveys go.
var moveLatest = []int{16*60 + 50, 17 * 60, 17*60 + 20, 17*60 + 40}

// moveAt is when a move of a visit's path is made.
func (s *seeder) moveAt(v *visit, i int, to booking.Status) time.Time {
	if to == booking.NoShow {
		return v.start.Add(noShowAfter)
	}
	when, latest := v.start.Add(moveAfter[i]), s.wall(v.start, moveLatest[i])
	if when.After(latest) && latest.After(v.start) {
		return latest
	}
	return when
}

// atEase is how far ahead of now what is promised for work that goes on stands at
// least: whoever starts the demo finds no promise that breaks at once.
const atEase = 3 * time.Hour

// readyBy is what an advisor promises when a car comes in: the length of the
// work and an hour for what comes between, by the end of the day. What is still
// being worked on was promised for an afternoon to come.
func (s *seeder) readyBy(v *visit) time.Time {
	minutes := 60
	for _, key := range v.services {
		minutes += s.services[key].DurationMinutes
	}
	ready, evening := v.start.Add(time.Duration(minutes)*time.Minute), s.wall(v.start, 17*60)
	if ready = ready.Truncate(15 * time.Minute); ready.After(evening) {
		ready = evening
	}
	if v.ends == booking.Ready || v.ends == booking.Collected || ready.After(s.now.Add(atEase)) {
		return ready
	}
	for _, day := range s.coming {
		later := s.wall(day, 14*60+30*(int(v.advises)%4))
		if later.After(s.now.Add(atEase)) {
			return later
		}
	}
	return s.wall(s.coming[len(s.coming)-1], 17*60)
}

// planOver plays a visit that is over, to the customer's answer.
func (s *seeder) planOver(v *visit, o outcome) {
	v.quiet = true
	s.planBooking(v, v.start.Add(-time.Duration(14+7*(len(s.steps)%6))*time.Hour)).sends = true
	if v.ends == booking.Cancelled {
		s.at(v.start.Add(-11*time.Hour), func(ctx context.Context) error {
			return s.opt.Desk.Cancel(ctx, v.job.ID, v.customer())
		})
		return
	}
	s.planMoves(v, booking.Ready)
	if o.answer != "" {
		s.answers = append(s.answers, answer{v, o.answer})
	}
}

// planInHouse plays a visit that is going on. i is its place in inHouse.
func (s *seeder) planInHouse(v *visit, i int) {
	v.quiet = i%3 != 0
	booked := v.start.Add(-time.Duration(16+5*i) * time.Hour)
	if v.person.email != "" && !s.mailed {
		s.mailed, v.quiet = true, false
		s.mails(v, booked.Add(40*time.Minute))
	}
	s.planBooking(v, booked).sends = true
	s.planMoves(v, booking.Received, booking.Ready, booking.WaitingParts)
	switch i {
	case 0:
		s.say(v, -26*time.Minute, func(ctx context.Context) error {
			return s.opt.Desk.Note(ctx, v.job.ID, "Lasi tulee tukusta huomenaamulla, asiakas tietää.", s.actors[v.advises])
		})
	case 3:
		s.writes(v, -95*time.Minute, "Etujarrupalat ovat loppu ja levyt urilla. Vaihto tänään, 289 € osineen. Sopiiko?")
		s.texts(v, -70*time.Minute, "Sopii, vaihtakaa vaan. Tuleeko valmiiksi tänään?")
	case 4:
		s.say(v, -50*time.Minute, func(ctx context.Context) error {
			return s.opt.Desk.Handover(ctx, booking.HandoverRequest{
				JobID: v.job.ID, To: s.advisors["aino"].ID, Note: "Lähden neljältä, asiakas hakee illalla.", Send: true, Actor: s.actors[v.advises],
			})
		})
	case 5:
		s.say(v, -40*time.Minute, func(ctx context.Context) error {
			_, err := s.opt.Desk.CustomerWrites(ctx, v.job.Token, "Could you also check the wiper blades while it is with you?")
			return err
		})
	case 6:
		s.say(v, -35*time.Minute, func(ctx context.Context) error {
			_, err := s.opt.Desk.AskCallback(ctx, v.job.Token, "", "Kysymys laskusta ennen kuin haen auton")
			return err
		})
	case 7:
		s.proposes(v, -30*time.Minute)
	}
}

// planAhead books a visit to come. i is its place in ahead.
func (s *seeder) planAhead(v *visit, i int) {
	s.planBooking(v, s.now.Add(-time.Duration(4+7*i/2)*time.Minute))
	if v.ends == booking.Cancelled {
		s.at(s.now.Add(-3*time.Minute), func(ctx context.Context) error {
			return s.opt.Desk.Cancel(ctx, v.job.ID, v.customer())
		})
	}
}

// say adds something on a job, counted back from now.
func (s *seeder) say(v *visit, ago time.Duration, do func(ctx context.Context) error) {
	s.at(s.now.Add(ago), func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return fmt.Errorf("on %s's job: %w", v.person.name, err)
		}
		return nil
	})
}

// writes is an advisor's own words to the customer.
func (s *seeder) writes(v *visit, ago time.Duration, words string) {
	s.say(v, ago, func(ctx context.Context) error {
		_, err := s.opt.Desk.Write(ctx, v.job.ID, "", words, s.actors[v.advises])
		return err
	})
	s.steps[len(s.steps)-1].sends = true
}

// texts is a customer's answer on the phone.
func (s *seeder) texts(v *visit, ago time.Duration, words string) {
	s.at(s.now.Add(ago), func(context.Context) error { return s.opt.Host.SendText(v.person.phone, words) }).reads = true
}

// question is what a customer writes back to the e-mail about the booking.
var question = map[string]string{
	"fi": "Hei,\n\njätän avaimen laatikkoon jo edellisenä iltana, sopiihan se?",
	"sv": "Hej,\n\njag lämnar nyckeln i lådan redan kvällen innan, går det bra?",
	"en": "Hello,\n\nI will leave the key in the box the evening before. Is that all right?",
}

// mails is a customer's answer to the latest e-mail.
func (s *seeder) mails(v *visit, when time.Time) {
	s.at(when, func(context.Context) error {
		list := s.opt.Host.Mails(v.person.email)
		if len(list) == 0 {
			return fmt.Errorf("no e-mail has come to %s", v.person.email)
		}
		return s.opt.Host.SendMail(v.person.email, NewMail{
			InReplyTo: list[len(list)-1].MessageID, Body: question[v.person.locale] + "\n\n" + v.person.name,
		})
	}).reads = true
}

// answer is a customer's answer to the survey.
type answer struct {
	visit *visit
	text  string
}

// planRoutine lets the schedules of each day run: reminders, surveys, and in the
// evening the customers answer.
func (s *seeder) planRoutine() {
	first := s.now.Add(-seededSince).In(s.zone)
	for i := range int(seededSince/day) + 1 {
		date := s.wall(first.AddDate(0, 0, i), 0)
		minute := func(m int) time.Time { return s.wall(date, m).Add(30 * time.Second) }
		s.due(minute(s.shop.ReminderMinute), func(ctx context.Context) error {
			_, err := s.opt.Desk.SendReminders(ctx)
			return err
		})
		s.due(minute(s.shop.SurveyMinute), func(ctx context.Context) error {
			_, err := s.opt.Surveyor.AskDue(ctx)
			return err
		})
		var today []answer
		for _, a := range s.answers {
			if start := a.visit.start.In(s.zone); start.YearDay() == date.YearDay() {
				today = append(today, a)
			}
		}
		if evening := minute(s.shop.SurveyMinute + 45); len(today) > 0 && evening.Before(s.now) {
			s.at(evening, func(ctx context.Context) error {
				for _, a := range today {
					if err := s.opt.Host.SendText(a.visit.person.phone, a.text); err != nil {
						return fmt.Errorf("answer as %s: %w", a.visit.person.name, err)
					}
				}
				return nil
			}).reads = true
		}
	}
}

// due adds a sweep, unless its time is still to come.
func (s *seeder) due(when time.Time, sweep func(ctx context.Context) error) {
	if when.Before(s.now) && when.After(s.now.Add(-seededSince)) {
		s.at(when, sweep).sends = true
	}
}

// planLoose is what belongs to no job: a question from somebody unknown waits
// in triage.
func (s *seeder) planLoose() {
	s.at(s.now.Add(-leftToSender-time.Minute), func(context.Context) error {
		return s.opt.Host.SendMail("kirsi.halonen@posti.test", NewMail{
			To: "huolto@" + s.opt.Host.opt.ReplyDomain, Subject: "Talvirenkaat",
			Body: "Hei,\n\nonko teillä vielä renkaanvaihtoaikoja ensi viikolle? Auto on Volvo V40.\n\nTerveisin\nKirsi Halonen",
		})
	}).reads = true
}
