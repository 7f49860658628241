package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// inboxPage lists the messages that could not be placed with certainty.
type inboxPage struct {
	frame
	Items       []triageItem
	Undelivered []undeliveredItem
	Query       string
	For         int64 // the message that another job is looked for
	Found       []booking.Job
	Looked      bool
	Counts      []notify.SourceCount // of mailboxes in which something was missing
}

// pageInbox shows them; ?for= and ?q= look for another job to attach one to.
func (s *Server) pageInbox(c echo.Context) error {
	p := &inboxPage{}
	var err error
	if p.frame, err = s.deskFrame(c, "inbox"); err != nil {
		return s.fail(c, err)
	}
	ctx := c.Request().Context()
	if p.Items, err = s.triage(ctx, &p.frame); err != nil {
		return s.fail(c, err)
	}
	if p.Undelivered, err = s.undelivered(ctx, &p.frame); err != nil {
		return s.fail(c, err)
	}
	counts, err := s.opt.Notifier.Counts(ctx)
	if err != nil {
		return s.fail(c, err)
	}
	for _, count := range counts {
		if count.Missing > 0 {
			p.Counts = append(p.Counts, count)
		}
	}
	p.For, p.Query = number(c.QueryParam("for")), strings.TrimSpace(c.QueryParam("q"))
	if p.For != 0 && p.Query != "" {
		p.Looked = true
		p.Found, _, err = s.opt.Desk.Jobs(ctx, booking.JobFilter{WorkshopID: p.Workshop.ID, Query: p.Query, Limit: 10})
		if err != nil {
			return s.fail(c, err)
		}
	}
	return s.show(c, http.StatusOK, "inbox", p.Locale, p)
}

// waiting finds a waiting message that is this person's business.
func (s *Server) waiting(c echo.Context, id int64) (*triageItem, error) {
	f, err := s.deskFrame(c, "inbox")
	if err != nil {
		return nil, err
	}
	items, err := s.triage(c.Request().Context(), &f)
	if err != nil {
		return nil, err
	}
	for i := range items {
		if items[i].ID == id {
			return &items[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "fault.not_found")
}

// pageInboxAssign attaches a waiting message to a job.
func (s *Server) pageInboxAssign(c echo.Context) error {
	item, err := s.waiting(c, number(c.Param("id")))
	if fault.Is(err, fault.NotFound) {
		return seeOther(c, "/desk/inbox?failed=gone")
	}
	if err != nil {
		return s.fail(c, err)
	}
	job, err := s.deskJob(c, c.FormValue("job"))
	if err != nil {
		return s.fail(c, err)
	}
	if _, err := s.opt.Notifier.Assign(c.Request().Context(), item.ID, job.Subject(), s.staff(c).Name); err != nil {
		if fault.Is(err, fault.Conflict) {
			return seeOther(c, "/desk/inbox?failed=gone")
		}
		return s.fail(c, err)
	}
	return seeOther(c, "/desk/inbox?done=assigned")
}

// pageInboxDismiss puts a waiting message away unplaced.
func (s *Server) pageInboxDismiss(c echo.Context) error {
	item, err := s.waiting(c, number(c.Param("id")))
	if fault.Is(err, fault.NotFound) {
		return seeOther(c, "/desk/inbox?failed=gone")
	}
	if err != nil {
		return s.fail(c, err)
	}
	if err := s.opt.Notifier.Dismiss(c.Request().Context(), item.ID, s.staff(c).Name); err != nil && !fault.Is(err, fault.Conflict) {
		return s.fail(c, err)
	}
	return seeOther(c, "/desk/inbox?done=dismissed")
}
