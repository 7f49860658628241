package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// pageDeskWrite sends the advisor's own words.
func (s *Server) pageDeskWrite(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	p.Body = typed(c, "body", maxNote)
	if p.Body == "" {
		p.Errors["body"] = p.words("fault.message_empty")
		return s.deskRefused(c, p, fault.New(fault.Invalid, "fault.message_empty"))
	}
	channel := notify.Channel(c.FormValue("channel"))
	if c.FormValue("replace") != "" || c.FormValue("act") == "look" {
		if c.FormValue("replace") != "" {
			p.Body = notify.ToGSM7(p.Body)
		}
		if p.Draft, err = s.draft(c, p, p.Body); err != nil {
			return s.fail(c, err)
		}
		return s.showDeskJob(c, http.StatusOK, p)
	}
	write := s.opt.Desk.Write
	if ticked(c, "at_once") {
		write = s.opt.Desk.WriteNow
	}
	if _, err := write(c.Request().Context(), p.Job.ID, channel, p.Body, s.actor(c)); err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=sent#thread")
}

// pageDeskMoveMessage puts what a customer wrote on another job, named by its
// reference.
func (s *Server) pageDeskMoveMessage(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	ctx := c.Request().Context()
	to, err := s.jobByReference(ctx, s.staff(c), c.FormValue("reference"))
	if err == nil {
		_, err = s.opt.Desk.MoveMessage(ctx, number(c.Param("message")), p.Job.ID, to, typed(c, "reason", maxNote), s.actor(c))
	}
	if err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, jobURL(to)+"?done=message_moved#thread")
}

// jobByReference finds a job that a person may see; Conflict where there is none.
func (s *Server) jobByReference(ctx context.Context, who *auth.Staff, reference string) (int64, error) {
	words := s.opt.Desk.TagsIn(reference)
	if len(words) != 1 {
		return 0, fault.New(fault.Conflict, "fault.message_moves")
	}
	found, err := s.opt.Desk.Tagged(ctx, words)
	if err != nil {
		return 0, err
	}
	id, ok := booking.JobOf(found[words[0]])
	if !ok {
		return 0, fault.New(fault.Conflict, "fault.message_moves")
	}
	if _, err := s.visibleJob(ctx, who, id); err != nil {
		if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.Conflict, "fault.message_moves")
		}
		return 0, err
	}
	return id, nil
}

// pageDeskLearnSender takes the sender of a message for the customer's own
// address, because who is signed in says so.
func (s *Server) pageDeskLearnSender(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	if err := s.opt.Desk.ConfirmContact(c.Request().Context(), p.Job.ID, number(c.Param("message")), s.actor(c)); err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=recognised#thread")
}

// pageDeskNote keeps a note that no customer sees.
func (s *Server) pageDeskNote(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	p.Note = typed(c, "note", maxNote)
	if p.Note == "" {
		p.Errors["note"] = p.words("fault.message_empty")
		return s.deskRefused(c, p, fault.New(fault.Invalid, "fault.message_empty"))
	}
	if err := s.opt.Desk.Note(c.Request().Context(), p.Job.ID, p.Note, s.actor(c)); err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=noted#thread")
}

// pageDeskHandover gives the thread to a colleague of the same workshop.
func (s *Server) pageDeskHandover(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	to := number(c.FormValue("advisor"))
	if to == 0 {
		p.Errors["advisor"] = p.words("fault.required")
		return s.deskRefused(c, p, fault.New(fault.Invalid, "fault.invalid"))
	}
	r := booking.HandoverRequest{JobID: p.Job.ID, To: to, Note: typed(c, "handover_note", maxNote), Send: ticked(c, "tell"), Actor: s.actor(c)}
	if err := s.opt.Desk.Handover(c.Request().Context(), r); err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=handover")
}

// pageDeskCancel cancels a booking at the customer's wish.
func (s *Server) pageDeskCancel(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	if p.Job.Status == booking.Cancelled {
		return seeOther(c, p.Path)
	}
	if err := s.opt.Desk.Cancel(c.Request().Context(), p.Job.ID, s.actor(c)); err != nil {
		return s.deskRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=cancelled")
}

// pageDeskAttempt records how a promised call ended.
func (s *Server) pageDeskAttempt(c echo.Context) error {
	ctx := c.Request().Context()
	id := number(c.Param("id"))
	job, err := s.deskJob(c, c.FormValue("job"))
	if err != nil {
		return s.fail(c, err)
	}
	promises, err := s.opt.Desk.JobPromises(ctx, job.ID)
	if err != nil {
		return s.fail(c, err)
	}
	for _, promise := range promises {
		if promise.ID != id {
			continue
		}
		// A second tap finds it closed; that is no failure.
		if !promise.ClosedAt.IsZero() {
			return seeOther(c, jobURL(job.ID)+"#promises")
		}
		if c.FormValue("outcome") == "announce" {
			if _, err := s.opt.Desk.AnnounceCall(ctx, id, s.actor(c)); err != nil {
				return s.fail(c, err)
			}
			return seeOther(c, jobURL(job.ID)+"?done=sent#promises")
		}
		if _, err := s.opt.Desk.Attempt(ctx, id, c.FormValue("outcome"), typed(c, "note", maxNote), s.actor(c)); err != nil {
			return s.fail(c, err)
		}
		return seeOther(c, jobURL(job.ID)+"?done=attempt#promises")
	}
	return s.fail(c, fault.New(fault.NotFound, "fault.not_found"))
}

// deskRefused shows the job again with what is to be mended.
func (s *Server) deskRefused(c echo.Context, p *deskJobPage, err error) error {
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.showDeskJob(c, status, p)
}
