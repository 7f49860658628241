package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// deskWaitPage is the waiting list as the desk sees it.
type deskWaitPage struct {
	frame
	Entries []deskWaitEntry
}

// deskWaitEntry is a place on the list with its times on the workshop's clock.
type deskWaitEntry struct {
	booking.WaitEntry
	From, To     time.Time
	Start, Until time.Time // of the held time
	Wrote        time.Time // when what nobody has read was written
	Offered      bool
	Names        []string
	JobURL       string
}

const waitlistURL = "/desk/waitlist"

// pageDeskWaitlist shows who waits for a time, what is held for whom, and what
// they wrote.
func (s *Server) pageDeskWaitlist(c echo.Context) error {
	f, err := s.deskFrame(c, "waitlist")
	if err != nil {
		return s.fail(c, err)
	}
	rows, err := s.opt.Desk.Waitlist(c.Request().Context(), f.Workshop.ID)
	if err != nil {
		return s.fail(c, err)
	}
	p := &deskWaitPage{frame: f}
	for _, e := range rows {
		p.Entries = append(p.Entries, p.entry(e, s.opt.Now()))
	}
	return s.show(c, http.StatusOK, "desk_waitlist", p.Locale, p)
}

func (p *deskWaitPage) entry(e booking.WaitEntry, now time.Time) deskWaitEntry {
	zone := p.Workshop.Zone()
	out := deskWaitEntry{WaitEntry: e, From: e.Earliest.In(zone), To: e.Latest.In(zone), Offered: e.Offered(now)}
	if !e.OfferStart.IsZero() {
		out.Start, out.Until = e.OfferStart.In(zone), e.OfferUntil.In(zone)
	}
	if !e.ReplyAt.IsZero() {
		out.Wrote = e.ReplyAt.In(zone)
	}
	for _, sv := range e.Services {
		out.Names = append(out.Names, sv.In(p.Locale).Name)
	}
	if e.JobID != 0 {
		out.JobURL = jobURL(e.JobID)
	}
	return out
}

// pageDeskWaitAct does for somebody on the list what he or she asked the desk
// to, or puts what was written away as read.
func (s *Server) pageDeskWaitAct(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.waitFor(ctx, s.staff(c).Sees, c.Param("id"))
	if err != nil {
		return s.fail(c, err)
	}
	back := with(waitlistURL, "workshop", idOf(e.WorkshopID))
	job, err := s.actOnWait(ctx, e, c.FormValue("act"))
	switch {
	case fault.Is(err, fault.Conflict):
		return seeOther(c, with(back, "failed", "offer_gone"))
	case err != nil:
		return s.fail(c, err)
	case job != nil:
		return seeOther(c, jobURL(job.ID)+"?done=booked")
	}
	return seeOther(c, back+"#w"+url.QueryEscape(idOf(e.ID)))
}

// waitFor finds a place on the list of a workshop that somebody sees.
func (s *Server) waitFor(ctx context.Context, sees func(int64) bool, raw string) (*booking.WaitEntry, error) {
	id, err := pathID(raw)
	if err != nil {
		return nil, err
	}
	e, err := s.opt.Desk.WaitEntryByID(ctx, id)
	if err == nil && !sees(e.WorkshopID) {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	return e, err
}

// actOnWait does one thing with a place on the list; a job where it was booked.
func (s *Server) actOnWait(ctx context.Context, e *booking.WaitEntry, act string) (*booking.Job, error) {
	desk := s.opt.Desk
	switch act {
	case "accept":
		return desk.AcceptOffer(ctx, e.Token)
	case "decline":
		return nil, desk.DeclineOffer(ctx, e.Token)
	case "leave":
		return nil, desk.LeaveWaitlist(ctx, e.Token)
	case "read":
		return nil, desk.ReadWaitReply(ctx, e.ID)
	}
	bad := fault.BadField("body.action", "fault.one_of", act)
	bad.Fields[0].Args = map[string]any{"known": "accept, decline, leave, read"}
	return nil, bad
}
