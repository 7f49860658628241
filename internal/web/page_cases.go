package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/survey"
)

// casesPage lists the cases of a workshop with their clocks.
type casesPage struct {
	frame
	Cases      []caseRow
	All        bool
	CanDismiss bool
}

// caseRow is a case with its clock.
type caseRow struct {
	survey.Case
	Opened, By, Asked, Closed time.Time
	Call                      time.Time
	Late                      bool // nobody has taken it in time
	CallLate                  bool
	Waiting                   bool // nobody has taken it yet
	Open                      bool
}

func caseRowOf(c *survey.Case, zone *time.Location, now time.Time) caseRow {
	local := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.In(zone)
	}
	row := caseRow{
		Case: *c, Opened: local(c.OpenedAt.Time), By: local(c.AcknowledgeBy.Time), Asked: local(c.AskedAt.Time), Closed: local(c.ClosedAt.Time),
		Waiting: c.State == survey.CaseWaiting, Open: c.ClosedAt.IsZero(),
	}
	row.Late = row.Waiting && now.After(c.AcknowledgeBy.Time)
	if c.Promise != nil && c.Promise.ClosedAt.IsZero() {
		row.Call = local(c.Promise.DueAt.Time)
		row.CallLate = now.After(c.Promise.DueAt.Time)
	}
	return row
}

// pageCases shows what went wrong for customers, whose it is, and by when.
func (s *Server) pageCases(c echo.Context) error {
	f, err := s.deskFrame(c, "cases")
	if err != nil {
		return s.fail(c, err)
	}
	ctx := c.Request().Context()
	p := &casesPage{frame: f, All: c.QueryParam("all") != "", CanDismiss: mayDismiss(f.Staff)}
	rows, err := s.opt.Surveyor.Cases(ctx, f.Workshop.ID, !p.All)
	if err != nil {
		return s.fail(c, err)
	}
	for i := range rows {
		p.Cases = append(p.Cases, caseRowOf(&rows[i], f.Workshop.Zone(), s.opt.Now()))
	}
	return s.show(c, http.StatusOK, "desk_cases", p.Locale, p)
}

// pageCaseAct does what a button on a case says.
func (s *Server) pageCaseAct(c echo.Context) error {
	ctx := c.Request().Context()
	id := number(c.Param("id"))
	found, err := s.opt.Surveyor.Case(ctx, id)
	if err != nil {
		return s.fail(c, err)
	}
	job, err := s.deskJob(c, idOf(found.JobID)) // authorises
	if err != nil {
		return s.fail(c, err)
	}
	staff := callerOf(ctx).staff
	a := s.actor(c)
	switch c.FormValue("act") {
	case "acknowledge":
		err = s.opt.Surveyor.Acknowledge(ctx, id, a)
	case "ask":
		err = s.opt.Surveyor.AskSorted(ctx, id, a)
	case "dismiss":
		if !mayDismiss(staff) {
			return s.fail(c, fault.New(fault.Forbidden, "fault.forbidden"))
		}
		err = s.opt.Surveyor.Dismiss(ctx, id, typed(c, "reason", maxLine), a)
	default:
		err = fault.New(fault.Invalid, "fault.invalid")
	}
	if err != nil && !fault.Is(err, fault.Conflict) { // a second tap finds it closed
		return s.fail(c, err)
	}
	return seeOther(c, backOr(c, jobURL(job.ID)+"#case"))
}

// caseOfJob is the case that a job's page shows: nil where there is none.
func (s *Server) caseOfJob(ctx context.Context, p *deskJobPage) (*caseRow, error) {
	c, err := s.opt.Surveyor.CaseOfJob(ctx, p.Job.ID)
	if err != nil || c == nil {
		return nil, err
	}
	row := caseRowOf(c, p.Job.Workshop.Zone(), p.Now)
	return &row, nil
}

// pageDeskCallback promises a call that a customer asked for on the phone.
func (s *Server) pageDeskCallback(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	wish := booking.CallWish{JobID: p.Job.ID, Phone: typed(c, "phone", maxLine), Note: typed(c, "call_note", maxNote), Source: booking.FromDesk}
	if _, err := s.opt.Desk.PromiseCallback(c.Request().Context(), wish); err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=promised#promises")
}

// pageJobSorted takes the customer's word on whether it has been put right.
func (s *Server) pageJobSorted(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	err = s.opt.Surveyor.Sorted(c.Request().Context(), p.Job.Token, c.FormValue("sorted") == "yes")
	if err != nil && !fault.Is(err, fault.NotFound) { // nothing is asked any more
		return s.jobRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=decided")
}
