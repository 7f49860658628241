package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"time"

	"neuvo/booking"
)

// waiter is on the waiting list.
var waiter = person{name: "Aila Rask", phone: "+358 45 7000 395", locale: "fi"}

// planCalendar is what the desk has to decide: somebody on the waiting list is
// offered a time, and an advisor who will be away leaves bookings at risk.
func (s *seeder) planCalendar() {
	// What is offered is nobody's who books later in the plan.
	after := s.now
	for _, v := range s.visits {
		after = latest(after, v.start)
	}
	s.at(s.offerAt(), func(ctx context.Context) error {
		local := after.In(s.zone)
		_, err := s.opt.Desk.JoinWaitlist(ctx, booking.WaitRequest{
			WorkshopID: s.shop.ID, ServiceIDs: []int64{s.services["tyres"].ID}, Transport: s.services["tyres"].Transports[0],
			Earliest: s.wall(local.AddDate(0, 0, 1), 0), Latest: s.wall(local.AddDate(0, 0, 15), 0),
			Customer: booking.ContactInput{Name: waiter.name, Phone: waiter.phone, Locale: waiter.locale},
		})
		if err != nil {
			return fmt.Errorf("put %s on the waiting list: %w", waiter.name, err)
		}
		_, err = s.opt.Desk.SweepWaitlist(ctx)
		return err
	})
	var last *visit
	for _, v := range s.visits {
		if v.ends == booking.Booked && v.advises == s.advisors["mikael"].ID && (last == nil || v.start.After(last.start)) {
			last = v
		}
	}
	if last == nil {
		return
	}
	s.at(s.now.Add(-2*time.Minute), func(ctx context.Context) error {
		from, to := s.wall(last.start, 0), s.wall(last.start.In(s.zone).AddDate(0, 0, 1), 0)
		if from.Before(s.now) {
			from = s.now
		}
		_, err := s.opt.Desk.AddAbsence(ctx, last.advises, from, to, "Koulutus", s.actors[last.advises])
		return err
	})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// offerAt is the last time up to now at which somebody may be texted about a
// free time. An offer lasts for half an hour of opening time: what is offered in
// the evening still stands in the morning.
func (s *seeder) offerAt() time.Time {
	when := s.now.Add(-time.Minute)
	switch evening := s.wall(when, 19*60+55); {
	case when.Before(s.wall(when, 8*60)):
		return s.wall(when.In(s.zone).AddDate(0, 0, -1), 19*60+55)
	case when.After(evening):
		return evening
	}
	return when
}

// proposes puts extra work with a photo to a customer, line by line.
func (s *seeder) proposes(v *visit, ago time.Duration) {
	s.say(v, ago, func(ctx context.Context) error {
		picture, err := sensorPicture()
		if err != nil {
			return err
		}
		photo, err := s.opt.Desk.AddPhoto(ctx, v.job.ID, picture, s.actors[v.advises])
		if err != nil {
			return err
		}
		_, err = s.opt.Desk.ProposeEstimate(ctx, booking.NewEstimate{JobID: v.job.ID, Lines: []booking.NewLine{
			{Title: "Byte av NOx-givare", Price: 54000, LabourMinutes: 60, PhotoIDs: []int64{photo.ID}},
			{Title: "Rengöring av AdBlue-munstycke", Price: 8900, LabourMinutes: 30},
		}}, s.actors[v.advises])
		return err
	})
	s.steps[len(s.steps)-1].sends = true
}

// sensorPicture draws what a camera under a car could have seen: a sooty sensor
// in a pipe.
func sensorPicture() ([]byte, error) {
	const width, height = 320, 240
	grey := func(v uint8) color.Color { return color.RGBA{v, v, v - v/12, 255} }
	shades := color.Palette{grey(34), grey(70), grey(104), grey(140), color.RGBA{120, 72, 40, 255}, color.RGBA{62, 40, 26, 255}}
	m := image.NewPaletted(image.Rect(0, 0, width, height), shades)
	for y := range height {
		for x := range width {
			shade := 0
			if pipe := (y - 120 + x/6) * (y - 120 + x/6); pipe < 70*70 {
				shade = 3 - pipe*3/(70*70) // round: lighter in the middle
			}
			switch r := (x-190)*(x-190) + (y-95)*(y-95); {
			case r < 18*18:
				shade = 5
			case r < 34*34 || r < 40*40 && (x+y)%11 < 7:
				shade = 4
			}
			m.SetColorIndex(x, y, uint8(shade))
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, m)
	return out.Bytes(), err
}
