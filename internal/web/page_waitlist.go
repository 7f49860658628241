package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// joinPage is the form for a place on the waiting list.
type joinPage struct {
	bookPage
	From, To string // dates as typed
	Least    string // the first date that can be chosen
}

// pageJoin asks when somebody could come, and how to reach them.
func (s *Server) pageJoin(c echo.Context) error {
	p, err := s.joinPage(c, c.QueryParams())
	if p == nil {
		return err
	}
	return s.showJoin(c, http.StatusOK, p)
}

// joinPage loads what was chosen on the booking page; where that makes no sense
// the visitor is sent back there and the page is nil.
func (s *Server) joinPage(c echo.Context, values url.Values) (*joinPage, error) {
	q := readBookQuery(values)
	q.Start, q.Hold = time.Time{}, ""
	b, err := s.bookPage(c, q)
	if err != nil {
		return nil, s.fail(c, err)
	}
	if b.Workshop == nil || len(b.Query.Services) == 0 {
		return nil, seeOther(c, b.Query.on("/book"))
	}
	today := s.opt.Now().In(b.Workshop.Zone())
	p := &joinPage{bookPage: *b, Least: today.Format(time.DateOnly)}
	p.From, p.To = p.Least, today.AddDate(0, 0, 14).Format(time.DateOnly)
	if day := p.Query.From; day > p.Least {
		p.From = day
		if t, err := time.Parse(time.DateOnly, day); err == nil {
			p.To = t.AddDate(0, 0, 14).Format(time.DateOnly)
		}
	}
	p.BackURL = p.Query.on("/book") + "#times"
	p.Hidden = p.Query.hidden("start", "hold", "taken", "with", "from", "day")
	return p, nil
}

func (s *Server) showJoin(c echo.Context, status int, p *joinPage) error {
	if err := s.bookSummaryAdvisor(c, &p.bookPage); err != nil {
		return s.fail(c, err)
	}
	return s.show(c, status, "waitlist_join", p.Locale, p)
}

// pageJoinSubmit puts the customer on the list.
func (s *Server) pageJoinSubmit(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return s.fail(c, err)
	}
	p, err := s.joinPage(c, form)
	if p == nil {
		return err
	}
	p.Form = readBookForm(c)
	p.From, p.To = c.FormValue("earliest"), c.FormValue("latest")
	zone := p.Workshop.Zone()
	r := booking.WaitRequest{
		WorkshopID: p.Query.Workshop, ServiceIDs: p.Query.Services, AdvisorID: p.Query.Advisor, Transport: p.Query.Transport,
		Customer: booking.ContactInput{Name: p.Form.Name, Phone: p.Form.Phone, Email: p.Form.Email, Locale: p.Locale},
	}
	if r.Earliest, err = momentOf("body.earliest", p.From, zone, false); err == nil {
		r.Latest, err = momentOf("body.latest", p.To, zone, true)
	}
	if err == nil {
		var e *booking.WaitEntry
		if e, err = s.opt.Desk.JoinWaitlist(c.Request().Context(), r); err == nil {
			return seeOther(c, "/w/"+url.PathEscape(e.Token)+"?done=waiting")
		}
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.showJoin(c, status, p)
}

// waitPage is somebody's place on the waiting list.
type waitPage struct {
	frame
	Entry   *booking.WaitEntry
	Path    string // "/w/TOKEN"
	Names   []string
	Offered bool
	Start   time.Time // the time that is held
	Until   time.Time // and how long
	From    time.Time
	To      time.Time
	JobURL  string
	BookURL string
}

// waitOf finds the entry of the address. Errors are answered: the page is nil
// then.
func (s *Server) waitOf(c echo.Context) (*waitPage, error) {
	f := s.frame(c)
	ctx := c.Request().Context()
	e, err := s.opt.Desk.WaitEntry(ctx, c.Param("token"))
	if fault.Is(err, fault.NotFound) {
		return nil, s.lost(c, f)
	}
	if err != nil {
		return nil, s.fail(c, err)
	}
	f.Workshop = e.Workshop
	f.notice(c)
	zone := e.Workshop.Zone()
	p := &waitPage{
		frame: f, Entry: e, Path: "/w/" + url.PathEscape(e.Token), Offered: e.Offered(s.opt.Now()),
		From: e.Earliest.In(zone), To: e.Latest.In(zone),
		BookURL: bookQuery{Workshop: e.WorkshopID, Services: e.ServiceIDs, Advisor: e.AdvisorID}.on("/book"),
	}
	for _, sv := range e.Services {
		p.Names = append(p.Names, sv.In(f.Locale).Name)
	}
	if !e.OfferStart.IsZero() {
		p.Start = e.OfferStart.In(zone)
	}
	if !e.OfferUntil.IsZero() {
		p.Until = e.OfferUntil.In(zone)
	}
	if e.JobID != 0 {
		job, err := s.opt.Desk.Job(ctx, e.JobID)
		if err != nil {
			return nil, s.fail(c, err)
		}
		p.JobURL = "/j/" + url.PathEscape(job.Token)
	}
	return p, nil
}

// pageWait shows a place on the list; opening the link does nothing to it.
func (s *Server) pageWait(c echo.Context) error {
	p, err := s.waitOf(c)
	if p == nil {
		return err
	}
	return s.show(c, http.StatusOK, "waitlist", p.Locale, p)
}

// pageWaitAct takes the answer: accept, decline or leave.
func (s *Server) pageWaitAct(c echo.Context) error {
	p, err := s.waitOf(c)
	if p == nil {
		return err
	}
	ctx, token := c.Request().Context(), p.Entry.Token
	switch c.FormValue("act") {
	case "accept":
		var job *booking.Job
		if job, err = s.opt.Desk.AcceptOffer(ctx, token); err == nil {
			return seeOther(c, "/j/"+url.PathEscape(job.Token)+"?new=1")
		}
	case "decline":
		if err = s.opt.Desk.DeclineOffer(ctx, token); err == nil {
			return seeOther(c, p.Path+"?done=declined")
		}
	case "leave":
		if err = s.opt.Desk.LeaveWaitlist(ctx, token); err == nil {
			return seeOther(c, p.Path)
		}
	default:
		return seeOther(c, p.Path)
	}
	if fault.Is(err, fault.Conflict) {
		return seeOther(c, p.Path+"?failed=offer_gone")
	}
	return s.fail(c, err)
}
