package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/templates"
)

// deskMovePage moves a booking at the desk: to a time on offer, or to any other
// with the reasons that stand against it.
type deskMovePage struct {
	frame
	Job          *booking.Job
	Path         string
	Start        time.Time
	Advisors     []booking.Advisor
	Advisor      int64 // who is to receive
	Calendar     *calendar
	Date         string // of the free choice
	Clock        string
	Chosen       string       // the free choice in words, where it was checked
	Fits         bool         // it does
	Reasons      []string     // what stands against it
	Alternatives []timeChoice // the nearest starts, where somebody was faster
}

// pageDeskMove shows the times; with date and clock it checks a free choice.
func (s *Server) pageDeskMove(c echo.Context) error {
	p, err := s.deskMovePage(c)
	if err != nil {
		return s.fail(c, err)
	}
	if p.Job.Status != booking.Booked && p.Job.Status != booking.Unconfirmed {
		return seeOther(c, p.Path+"?failed=move")
	}
	return s.showDeskMove(c, http.StatusOK, p)
}

func (s *Server) deskMovePage(c echo.Context) (*deskMovePage, error) {
	job, err := s.deskJob(c, c.Param("id"))
	if err != nil {
		return nil, err
	}
	f, err := s.deskFrame(c, "job")
	if err != nil {
		return nil, err
	}
	f.Workshop = job.Workshop
	p := &deskMovePage{
		frame: f, Job: job, Path: jobURL(job.ID), Start: job.LocalStart(), Advisor: number(c.FormValue("advisor")),
		Date: dateOrNone(c.FormValue("date")), Clock: strings.TrimSpace(c.FormValue("clock")),
	}
	if p.Advisors, err = s.opt.Desk.Advisors(c.Request().Context(), job.WorkshopID); err != nil {
		return nil, err
	}
	if p.Advisor == 0 {
		p.Advisor = job.BookedWith
	}
	known := false
	for _, a := range p.Advisors {
		known = known || a.ID == p.Advisor
	}
	if !known && len(p.Advisors) > 0 {
		p.Advisor = p.Advisors[0].ID // the one it was booked with has left
	}
	return p, nil
}

// freeChoice is the start typed by hand; zero where none was.
func (p *deskMovePage) freeChoice() time.Time {
	return localInput(p.Date+"T"+p.Clock, p.Workshop.Zone())
}

func (s *Server) showDeskMove(c echo.Context, status int, p *deskMovePage) error {
	ctx := c.Request().Context()
	query := moveQuery(p.Job, p.Advisor, "")
	var err error
	p.Calendar, err = s.calendarOf(ctx, calendarAsk{
		Workshop: p.Workshop, Locale: p.Locale, Now: s.opt.Now(), Query: query,
		From: dateOrNone(c.FormValue("from")), Day: dateOrNone(c.FormValue("day")), URL: p.url,
	})
	if err != nil {
		// A service that is sold no more has no times to offer; the free choice
		// is still there.
		if p.refused(err) == 0 {
			return s.fail(c, err)
		}
		p.Problem, p.Errors = "", map[string]string{}
	}
	if p.Date == "" {
		p.Date = p.Start.Format(time.DateOnly)
	}
	if p.Clock == "" {
		p.Clock = p.Start.Format("15:04")
	} else if err := s.checkChoice(ctx, p); err != nil {
		return s.fail(c, err)
	}
	return s.show(c, status, "desk_move", p.Locale, p)
}

// checkChoice says whether the free choice fits, and if not, why.
func (s *Server) checkChoice(ctx context.Context, p *deskMovePage) error {
	start := p.freeChoice()
	if start.IsZero() {
		p.Errors["clock"] = p.words("page.book.choose_time")
		return nil
	}
	reasons, err := s.opt.Desk.WhyMove(ctx, p.Job.ID, booking.ChangeRequest{Start: start, AdvisorID: p.Advisor})
	if err != nil {
		if p.refused(err) != 0 {
			return nil
		}
		return err
	}
	p.Chosen = p.moment(start)
	for _, r := range reasons {
		if r.Rule == booking.RuleOffered {
			p.Fits = true
			continue
		}
		p.Reasons = append(p.Reasons, reasonText(p.Locale, r))
	}
	return nil
}

// url is the page with other times shown.
func (p *deskMovePage) url(from, day string) string {
	v := url.Values{}
	if p.Advisor != p.Job.BookedWith {
		v.Set("advisor", idOf(p.Advisor))
	}
	if from != "" {
		v.Set("from", from)
	}
	if day != "" {
		v.Set("day", day)
	}
	return strings.TrimSuffix(p.Path+"/move?"+v.Encode(), "?") + "#times"
}

// pageDeskMoveSubmit moves the booking.
func (s *Server) pageDeskMoveSubmit(c echo.Context) error {
	p, err := s.deskMovePage(c)
	if err != nil {
		return s.fail(c, err)
	}
	start, err := time.Parse(time.RFC3339, c.FormValue("start"))
	if err != nil {
		start = p.freeChoice()
	}
	if start.IsZero() {
		p.Problem = p.words("page.book.choose_time")
		p.Errors["start"] = p.Problem
		return s.showDeskMove(c, http.StatusUnprocessableEntity, p)
	}
	_, err = s.opt.Desk.Change(c.Request().Context(), p.Job.ID, booking.ChangeRequest{Start: start, AdvisorID: p.Advisor}, s.actor(c))
	if err == nil {
		return seeOther(c, p.Path+"?done=desk_moved")
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	local := start.In(p.Workshop.Zone())
	p.Date, p.Clock = local.Format(time.DateOnly), local.Format("15:04")
	if taken, ok := errors.AsType[*booking.SlotTaken](err); ok {
		for _, slot := range taken.Alternatives {
			at := slot.Start.In(p.Workshop.Zone())
			p.Alternatives = append(p.Alternatives, timeChoice{Value: at.Format(time.RFC3339), Label: templates.Moment(p.Locale, at)})
		}
	}
	return s.showDeskMove(c, status, p)
}
