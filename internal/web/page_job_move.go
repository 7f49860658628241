package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
)

// pageJobMove offers other times with the same advisor, or with anyone.
func (s *Server) pageJobMove(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	if !p.CanMove {
		return seeOther(c, p.cannot("move"))
	}
	if c.QueryParam("taken") != "" {
		p.Problem = p.words("page.book.taken")
	}
	return s.showMove(c, http.StatusOK, p)
}

func (s *Server) showMove(c echo.Context, status int, p *jobPage) error {
	job := p.Job
	query := moveQuery(job, job.BookedWith, "")
	anyone := c.FormValue("anyone") != ""
	if anyone {
		query.AdvisorID = 0
		p.Hidden = []hiddenField{{"anyone", "1"}}
	}
	var err error
	p.Calendar, err = s.calendarOf(c.Request().Context(), calendarAsk{
		Workshop: job.Workshop, Locale: p.Locale, Now: s.opt.Now(), Query: query,
		From: dateOrNone(c.FormValue("from")), Day: dateOrNone(c.FormValue("day")),
		URL: func(from, day string) string { return p.moveURL(anyone, from, day) },
	})
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, status, "job_move", p.Locale, p)
}

func (p *jobPage) moveURL(anyone bool, from, day string) string {
	v := url.Values{}
	if anyone {
		v.Set("anyone", "1")
	}
	if from != "" {
		v.Set("from", from)
	}
	if day != "" {
		v.Set("day", day)
	}
	return strings.TrimSuffix(p.Path+"/move?"+v.Encode(), "?") + "#times"
}

// pageJobMoveSubmit moves the booking.
func (s *Server) pageJobMoveSubmit(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	start, err := time.Parse(time.RFC3339, c.FormValue("start"))
	if err != nil {
		p.Errors["start"] = p.words("page.book.choose_time")
		p.Problem = p.Errors["start"]
		return s.showMove(c, http.StatusUnprocessableEntity, p)
	}
	change := booking.ChangeRequest{Start: start}
	if c.FormValue("anyone") != "" {
		if change.AdvisorID, err = s.whoIsFree(c.Request().Context(), p.Job, start); err != nil {
			return s.jobRefused(c, p, err)
		}
	}
	actor := booking.Actor{Kind: "customer", Name: p.Job.ContactName}
	_, err = s.opt.Desk.Change(c.Request().Context(), p.Job.ID, change, actor)
	if err == nil {
		return seeOther(c, p.Path+"?done=moved")
	}
	if _, ok := errors.AsType[*booking.SlotTaken](err); ok {
		day := start.In(p.Job.Workshop.Zone()).Format(time.DateOnly)
		return seeOther(c, with(p.Path+"/move?taken=1&anyone="+url.QueryEscape(c.FormValue("anyone")), "day", day))
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.showMove(c, status, p)
}

// whoIsFree finds an advisor for a moved booking where anyone would do: the one
// it is with already if possible.
func (s *Server) whoIsFree(ctx context.Context, job *booking.Job, start time.Time) (int64, error) {
	date := start.In(job.Workshop.Zone()).Format(time.DateOnly)
	found, err := s.opt.Desk.Availability(ctx, moveQuery(job, 0, date))
	if err != nil {
		return 0, err
	}
	for _, day := range found.Days {
		for _, slot := range day.Slots {
			if slot.Start.Equal(start) && len(slot.AdvisorIDs) > 0 && !slices.Contains(slot.AdvisorIDs, job.BookedWith) {
				return slot.AdvisorIDs[0], nil
			}
		}
	}
	// It stays with whom it is; if that one has no time either, the move says so.
	return 0, nil
}

// moveQuery asks for the times a job could move to.
func moveQuery(job *booking.Job, advisorID int64, date string) booking.AvailabilityQuery {
	q := booking.AvailabilityQuery{
		WorkshopID: job.WorkshopID, AdvisorID: advisorID, Transport: job.Transport, From: date, To: date,
	}
	for _, js := range job.Services {
		q.ServiceIDs = append(q.ServiceIDs, js.ServiceID)
	}
	return q
}

// pageJobCancel asks whether to cancel; only its form does.
func (s *Server) pageJobCancel(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	if !p.CanMove {
		return seeOther(c, p.cannot("cancel"))
	}
	return s.show(c, http.StatusOK, "job_cancel", p.Locale, p)
}

// pageJobCancelSubmit cancels the booking. Doing it twice is harmless.
func (s *Server) pageJobCancelSubmit(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	if p.Job.Status == booking.Cancelled {
		return seeOther(c, p.Path)
	}
	err = s.opt.Desk.Cancel(c.Request().Context(), p.Job.ID, booking.Actor{Kind: "customer", Name: p.Job.ContactName})
	if err == nil {
		return seeOther(c, p.Path+"?done=cancelled")
	}
	return s.jobRefused(c, p, err)
}

// cannot is where somebody is sent who can't move or cancel a visit any more:
// where it is only too near, to the form that writes to the advisor.
func (p *jobPage) cannot(act string) string {
	if p.TooNear {
		return p.Path + "?failed=near#thread"
	}
	return p.Path + "?failed=" + act
}
