package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// bookPage is the booking's one page in its three steps; the fourth is the
// page of the job that was made.
type bookPage struct {
	frame
	Step      int
	Query     bookQuery
	Services  []serviceChoice
	Chosen    []serviceChoice // the services chosen, for the summary
	Minutes   int             // of all of them
	PriceFrom int64
	BackURL   string // one step back

	Hidden     []hiddenField
	Transports []choice
	Advisors   []advisorChoice
	Calendar   *calendar

	Start        time.Time
	AdvisorName  string
	Form         bookForm
	Alternatives []timeChoice
}

// serviceChoice is a service in the reader's words.
type serviceChoice struct {
	ID          int64
	Name        string
	Description string
	Minutes     int
	PriceFrom   int64
	Bring       []string
	Checked     bool
}

// choice is one of a few radio buttons or links.
type choice struct {
	Value   string
	Label   string
	Hint    string
	URL     string
	Checked bool
}

// advisorChoice is a person to book with, and when that person is free next.
type advisorChoice struct {
	ID        int64
	Name      string
	Title     string
	PhotoURL  string
	Languages []string
	Next      string
	URL       string
	Checked   bool
}

// pageBook shows the step of the booking that the address has reached.
func (s *Server) pageBook(c echo.Context) error {
	p, err := s.bookPage(c, readBookQuery(c.QueryParams()))
	if err != nil {
		return s.fail(c, err)
	}
	if p.Query.Taken {
		p.Problem = p.words("page.book.taken")
	}
	p.Form = blankForm()
	return s.showBook(c, http.StatusOK, p)
}

// showBook adds what the step needs and renders it.
func (s *Server) showBook(c echo.Context, status int, p *bookPage) error {
	if p.Step == 2 {
		if err := s.bookTimes(c.Request().Context(), p); err != nil {
			if code := p.refused(err); code != 0 {
				p.Step = 1
				return s.show(c, code, "book", p.Locale, p)
			}
			return s.fail(c, err)
		}
	}
	if p.Step == 3 {
		p.Hidden = p.Query.hidden("taken", "transport")
		if err := s.bookSummaryAdvisor(c, p); err != nil {
			return s.fail(c, err)
		}
	}
	return s.show(c, status, "book", p.Locale, p)
}

// bookPage loads what every step shows: the workshop, its services and which
// of them are chosen.
func (s *Server) bookPage(c echo.Context, q bookQuery) (*bookPage, error) {
	ctx := c.Request().Context()
	p := &bookPage{frame: s.frame(c), Query: q}
	var err error
	if p.Workshops, err = s.opt.Desk.Workshops(ctx); err != nil {
		return nil, err
	}
	if len(p.Workshops) == 1 {
		q.Workshop = p.Workshops[0].ID
	}
	for i := range p.Workshops {
		if p.Workshops[i].ID == q.Workshop {
			p.Workshop = &p.Workshops[i]
		}
	}
	if p.Workshop == nil {
		// The workshop is asked for first; services of none can't be chosen.
		q = bookQuery{}
		p.Query, p.Step = q, 1
		return p, nil
	}
	services, err := s.opt.Desk.Services(ctx, q.Workshop)
	if err != nil {
		return nil, err
	}
	var offered []booking.Service
	p.takeServices(services, &q, &offered)
	p.Transports = p.transportsOf(offered, &q)
	p.Query, p.Step, p.Start = q, q.step(), q.Start.In(p.Workshop.Zone())
	p.setLinks()
	return p, nil
}

// takeServices sorts the workshop's services into those offered and those
// chosen; an id that is not offered is dropped from the query.
func (p *bookPage) takeServices(services []booking.Service, q *bookQuery, chosen *[]booking.Service) {
	var known []int64
	for _, sv := range services {
		words := sv.In(p.Locale)
		one := serviceChoice{
			ID: sv.ID, Name: words.Name, Description: words.Description, Bring: words.Bring,
			Minutes: sv.DurationMinutes, PriceFrom: sv.PriceFrom, Checked: slices.Contains(q.Services, sv.ID),
		}
		p.Services = append(p.Services, one)
		if one.Checked {
			known = append(known, sv.ID)
			*chosen = append(*chosen, sv)
			p.Chosen = append(p.Chosen, one)
			p.Minutes += one.Minutes
			p.PriceFrom += one.PriceFrom
		}
	}
	q.Services = known
}

// transportsOf lists the ways that all the chosen services allow, and settles
// on the first where the query names none of them.
func (p *bookPage) transportsOf(chosen []booking.Service, q *bookQuery) []choice {
	var common []string
	for i, sv := range chosen {
		if i == 0 {
			common = slices.Clone(sv.Transports)
			continue
		}
		common = slices.DeleteFunc(common, func(t string) bool { return !slices.Contains(sv.Transports, t) })
	}
	if !slices.Contains(common, q.Transport) {
		q.Transport = ""
		if len(common) > 0 {
			q.Transport = common[0]
		}
	}
	var out []choice
	for _, t := range common {
		out = append(out, choice{Value: t, Label: p.words("transport." + t), Checked: t == q.Transport})
	}
	return out
}

// setLinks gives the way one step back, with everything chosen so far.
func (p *bookPage) setLinks() {
	back := p.Query
	back.Taken = false
	switch p.Step {
	case 2:
		p.BackURL = with(back.on("/book"), "edit", "1")
	case 3:
		back.Day = p.Start.Format(time.DateOnly)
		p.BackURL = with(back.on("/book"), "edit", "2")
	}
}

// bookTimes fills in step 2: whom to book with, and when.
func (s *Server) bookTimes(ctx context.Context, p *bookPage) error {
	q, now := p.Query, s.opt.Now()
	advisors, err := s.opt.Desk.Advisors(ctx, q.Workshop)
	if err != nil {
		return err
	}
	next, err := s.nextFree(ctx, p, now)
	if err != nil {
		return err
	}
	link := func(id int64) string {
		to := q
		to.Advisor, to.From, to.Day, to.Taken = id, "", "", false
		return to.on("/book") + "#times"
	}
	p.Advisors = []advisorChoice{{Name: p.words("page.book.anyone"), Next: next[0], URL: link(0), Checked: q.Advisor == 0}}
	for _, a := range advisors {
		p.Advisors = append(p.Advisors, advisorChoice{
			ID: a.ID, Name: a.Name, Title: a.Title, PhotoURL: a.PhotoURL, Languages: a.Languages,
			Next: next[a.ID], URL: link(a.ID), Checked: q.Advisor == a.ID,
		})
		if q.Advisor == a.ID {
			p.AdvisorName = a.FirstName()
		}
	}
	p.Calendar, err = s.calendarOf(ctx, calendarAsk{
		Workshop: p.Workshop, Locale: p.Locale, Now: now, From: q.From, Day: q.Day, Chosen: q.Start, Keep: q.Hold != "",
		Query: booking.AvailabilityQuery{WorkshopID: q.Workshop, ServiceIDs: q.Services, AdvisorID: q.Advisor, Transport: q.Transport},
		URL: func(from, day string) string {
			to := q
			to.From, to.Day, to.Taken = from, day, false
			return to.on("/book") + "#times"
		},
	})
	p.Hidden = q.hidden("start", "taken", "with")
	return err
}

// nextFree tells each advisor's first free time up to the horizon, by id; 0 is
// whoever is first.
func (s *Server) nextFree(ctx context.Context, p *bookPage, now time.Time) (map[int64]string, error) {
	zone := p.Workshop.Zone()
	found, err := s.opt.Desk.FirstFree(ctx, booking.AvailabilityQuery{
		WorkshopID: p.Query.Workshop, ServiceIDs: p.Query.Services, Transport: p.Query.Transport,
	})
	if err != nil {
		return nil, err
	}
	next := map[int64]string{}
	for id, at := range found {
		next[id] = templates.Moment(p.Locale, at.In(zone))
		if at.Sub(now) > 300*24*time.Hour { // without its year the date could be this year's
			next[id] = templates.Date(p.Locale, at.In(zone)) + " " + templates.Clock(p.Locale, at.In(zone))
		}
	}
	return next, nil
}

// pageBookTime keeps the chosen time for the customer while the details are
// filled in, and goes on to them.
func (s *Server) pageBookTime(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return s.fail(c, err)
	}
	p, err := s.bookPage(c, readBookQuery(form))
	if err != nil {
		return s.fail(c, err)
	}
	q := &p.Query
	p.Step = min(2, p.Query.step())
	if q.Start.IsZero() {
		p.Errors["start"] = p.words("page.book.choose_time")
		p.Problem = p.Errors["start"]
		return s.showBook(c, http.StatusUnprocessableEntity, p)
	}
	hold, err := s.opt.Desk.Hold(c.Request().Context(), p.request())
	if unknownHold(err) { // a page that lay open for days
		q.Hold = ""
		hold, err = s.opt.Desk.Hold(c.Request().Context(), p.request())
	}
	if fault.Is(err, fault.Conflict) {
		q.Day, q.Start, q.Hold, q.Taken = p.Start.Format(time.DateOnly), time.Time{}, "", true
		return seeOther(c, q.on("/book")+"#times")
	}
	if err != nil {
		if status := p.refused(err); status != 0 {
			return s.showBook(c, status, p)
		}
		return s.fail(c, err)
	}
	q.Hold, q.With, q.Day, q.From, q.Taken = hold.Key, hold.AdvisorID, "", "", false
	return seeOther(c, q.on("/book"))
}

// request is the query as the booking room wants it.
func (p *bookPage) request() booking.BookingRequest {
	q := p.Query
	return booking.BookingRequest{
		WorkshopID: q.Workshop, ServiceIDs: q.Services, AdvisorID: q.Advisor, Start: q.Start,
		Transport: q.Transport, HoldKey: q.Hold, Source: "web", Actor: booking.Actor{Kind: "customer"},
	}
}

// WaitURL leads to the waiting list with what was chosen so far.
func (p *bookPage) WaitURL() string {
	q := p.Query
	q.Start, q.Hold, q.With, q.Day, q.Taken = time.Time{}, "", 0, "", false
	return q.on("/book/wait")
}
