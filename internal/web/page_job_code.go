package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// waitsForCode tells whether the page of a job is the step of the booking at
// which the code is asked for.
func (p *jobPage) waitsForCode() bool { return p.Job.Status == booking.Unconfirmed }

// CodeTo is the end of the number that the code went to.
func (p *jobPage) CodeTo() string { return phoneEnd(p.Job.ContactPhone) }

// showCode shows the last step of a booking: the code from the text.
func (s *Server) showCode(c echo.Context, status int, p *jobPage) error {
	return s.show(c, status, "job_code", p.Locale, p)
}

// pageJobConfirm takes the code.
func (s *Server) pageJobConfirm(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	job, err := s.opt.Desk.Confirm(c.Request().Context(), p.Job.Token, typed(c, "code", maxLine))
	if err == nil {
		return seeOther(c, "/j/"+url.PathEscape(job.Token)+"?new=1")
	}
	return s.codeRefused(c, p, err)
}

// pageJobResend sends the code once more.
func (s *Server) pageJobResend(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	if _, err := s.opt.Desk.SendConfirmation(c.Request().Context(), p.Job.Token); err != nil {
		return s.codeRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=code_sent")
}

// codeRefused shows the step again with what is wrong; a booking that has lapsed
// meanwhile shows itself.
func (s *Server) codeRefused(c echo.Context, p *jobPage, err error) error {
	e, status := asFault(err)
	if e.Kind == fault.Forbidden {
		p.Errors["code"] = templates.T(p.Locale, e.Key, e.Args)
		return s.showCode(c, http.StatusForbidden, p)
	}
	if p.refused(err) == 0 {
		return s.fail(c, err)
	}
	if e.Key == "fault.booking_confirmed" { // in another window: the page says so better
		return seeOther(c, p.Path)
	}
	if e.Kind == fault.Conflict || !p.waitsForCode() {
		return s.showJob(c, status, p)
	}
	return s.showCode(c, status, p)
}
