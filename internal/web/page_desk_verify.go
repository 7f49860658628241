package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// pageDeskVerify sends a code to the phone on file, or takes the one that the
// customer read out.
func (s *Server) pageDeskVerify(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	ctx := c.Request().Context()
	if c.FormValue("act") == "send" {
		if _, err := s.opt.Desk.SendVerification(ctx, p.Job.ID); err != nil {
			return s.deskRefused(c, p, err)
		}
		return seeOther(c, p.Path+"?done=code_sent&verify=1#verify")
	}
	err = s.opt.Desk.ConfirmVerification(ctx, p.Job.ID, typed(c, "code", maxLine), s.actor(c))
	if err == nil {
		return seeOther(c, p.Path+"?done=verified#verify")
	}
	if e, status := asFault(err); e.Kind == fault.Forbidden {
		p.Errors["code"], p.Verifying = templates.T(p.Locale, e.Key, e.Args), true
		p.Problem = p.Errors["code"]
		return s.showDeskJob(c, status, p)
	}
	return s.deskRefused(c, p, err)
}

// verifiedAt is when the customer last proved to hold the phone of a job; zero
// where that never was.
func verifiedAt(items []booking.TimelineItem, zone *time.Location) time.Time {
	for i := len(items) - 1; i >= 0; i-- {
		if items[i].Kind == booking.EventVerification {
			return items[i].At.In(zone)
		}
	}
	return time.Time{}
}
