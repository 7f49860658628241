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
	"neuvo/notify"
	"neuvo/templates"
)

// deskBookPage books for a customer on the phone or at the counter: one form,
// without the notice that online booking needs.
type deskBookPage struct {
	frame
	Services     []serviceChoice
	Advisors     []booking.Advisor
	Advisor      int64
	Date         string
	Times        []timeChoice
	TimesNote    string
	Looked       bool   // times were asked for
	Clock        string // a time typed by hand, HH:MM
	Now          bool
	Transports   []choice
	Locales      []choice
	Form         bookForm
	Alternatives []timeChoice
	Reasons      []string // why the start is not free
	Overbook     string   // why the visit is put where not everything is free
	CanLookUp    bool     // a plate register is at hand
}

// pageDeskBook shows the empty form.
func (s *Server) pageDeskBook(c echo.Context) error {
	p, chosen, err := s.deskBookPage(c, c.QueryParams())
	if err != nil {
		return s.fail(c, err)
	}
	p.Form = blankForm()
	p.takeLocales()
	return s.showDeskBook(c, http.StatusOK, p, chosen)
}

// deskBookPage reads what the form says about the visit.
func (s *Server) deskBookPage(c echo.Context, form url.Values) (*deskBookPage, []int64, error) {
	f, err := s.deskFrame(c, "book")
	if err != nil {
		return nil, nil, err
	}
	ctx := c.Request().Context()
	q := readBookQuery(form)
	p := &deskBookPage{
		frame: f, Advisor: q.Advisor, Date: dateOrNone(form.Get("date")), Clock: form.Get("clock"),
		Now: form.Get("start") == "now", Looked: form.Has("look"), Overbook: strings.TrimSpace(form.Get("overbook_reason")), CanLookUp: s.opt.Plates != nil,
	}
	if p.Date == "" {
		p.Date = s.opt.Now().In(f.Workshop.Zone()).Format(time.DateOnly)
	}
	services, err := s.opt.Desk.Services(ctx, f.Workshop.ID)
	if err != nil {
		return nil, nil, err
	}
	p.Advisors, err = s.opt.Desk.Advisors(ctx, f.Workshop.ID)
	if err != nil {
		return nil, nil, err
	}
	all := []string{}
	for _, sv := range services {
		words := sv.In(p.Locale)
		p.Services = append(p.Services, serviceChoice{
			ID: sv.ID, Name: words.Name, Minutes: sv.DurationMinutes, PriceFrom: sv.PriceFrom, Checked: slices.Contains(q.Services, sv.ID),
		})
		for _, t := range sv.Transports {
			if !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	for _, t := range all {
		p.Transports = append(p.Transports, choice{Value: t, Label: p.words("transport." + t), Checked: t == q.Transport})
	}
	return p, q.Services, nil
}

// takeLocales lists the languages that the customer may be written to in.
func (p *deskBookPage) takeLocales() {
	if p.Form.Locale == "" {
		p.Form.Locale = p.Workshop.Locale
	}
	for _, l := range templates.Locales {
		p.Locales = append(p.Locales, choice{Value: l, Label: p.words("locale." + l), Checked: l == p.Form.Locale})
	}
}

// showDeskBook adds the free times of the date where services are chosen.
func (s *Server) showDeskBook(c echo.Context, status int, p *deskBookPage, services []int64) error {
	if len(services) > 0 {
		if err := s.deskTimes(c.Request().Context(), p, services, c.FormValue("start")); err != nil {
			if code := p.refused(err); code != 0 {
				return s.show(c, code, "desk_book", p.Locale, p)
			}
			return s.fail(c, err)
		}
	} else if p.Looked {
		p.Errors["service"] = p.words("page.book.choose_service")
	}
	return s.show(c, status, "desk_book", p.Locale, p)
}

func (s *Server) deskTimes(ctx context.Context, p *deskBookPage, services []int64, chosen string) error {
	found, err := s.opt.Desk.Availability(ctx, booking.AvailabilityQuery{
		WorkshopID: p.Workshop.ID, ServiceIDs: services, AdvisorID: p.Advisor, From: p.Date, To: p.Date, Transport: p.Form.Transport,
	})
	if err != nil {
		return err
	}
	for _, day := range found.Days {
		if day.Closed != "" {
			p.TimesNote = closedReason(p.Locale, day.Closed)
		}
		for _, slot := range day.Slots {
			start := slot.Start.In(p.Workshop.Zone())
			value := start.Format(time.RFC3339)
			p.Times = append(p.Times, timeChoice{
				ID: "t" + start.UTC().Format("200601021504"), Value: value, Label: templates.Clock(p.Locale, start), Checked: value == chosen,
			})
		}
	}
	if len(p.Times) == 0 && p.TimesNote == "" {
		p.TimesNote = p.words("page.desk.no_times")
		if !found.NextAvailable.IsZero() {
			p.TimesNote = p.words("page.desk.no_times_until", "when", p.moment(found.NextAvailable.In(p.Workshop.Zone())))
		}
	}
	return nil
}

// moment is a day and a time in the page's language.
func (f *frame) moment(t time.Time) string { return templates.Moment(f.Locale, t) }

// pageDeskBookSubmit books, or shows the times of another date with everything
// typed kept.
func (s *Server) pageDeskBookSubmit(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return s.fail(c, err)
	}
	p, services, err := s.deskBookPage(c, form)
	if err != nil {
		return s.fail(c, err)
	}
	p.Form = readBookForm(c)
	p.takeLocales()
	if c.FormValue("look_up") != "" {
		return s.deskLookUp(c, p, services)
	}
	if p.Looked {
		return s.showDeskBook(c, http.StatusOK, p, services)
	}
	start := s.deskStart(c, p)
	if start.IsZero() {
		p.Errors["start"] = p.words("page.book.choose_time")
		p.Problem = p.Errors["start"]
		return s.showDeskBook(c, http.StatusUnprocessableEntity, p, services)
	}
	request := booking.BookingRequest{
		WorkshopID: p.Workshop.ID, ServiceIDs: services, AdvisorID: p.Advisor, Start: start,
		Transport: p.Form.Transport, Source: "desk", Actor: s.actor(c),
		Overbook: p.Overbook != "", OverbookReason: p.Overbook,
	}
	p.Form.fill(&request, p.Form.Locale)
	request.Agreed = s.shownConsents(c, notify.ByDesk)
	job, err := s.opt.Desk.Book(c.Request().Context(), request)
	if err == nil {
		return seeOther(c, jobURL(job.ID)+"?done=booked")
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	if taken, ok := errors.AsType[*booking.SlotTaken](err); ok {
		for _, r := range taken.Reasons {
			p.Reasons = append(p.Reasons, reasonText(p.Locale, r))
		}
		for _, slot := range taken.Alternatives {
			at := slot.Start.In(p.Workshop.Zone())
			p.Alternatives = append(p.Alternatives, timeChoice{Value: at.Format(time.RFC3339), Label: p.moment(at)})
		}
	}
	return s.showDeskBook(c, status, p, services)
}

// deskStart is the start that the form asks for: an alternative that was
// tapped, now, a time typed by hand, or one of those offered. Zero for none.
func (s *Server) deskStart(c echo.Context, p *deskBookPage) time.Time {
	if t, err := time.Parse(time.RFC3339, c.FormValue("alternative")); err == nil {
		return t
	}
	if p.Now {
		// The next whole atom: claims begin at multiples of it.
		const step = booking.AtomSeconds * time.Second
		now := s.opt.Now()
		return now.Add(step - 1).Truncate(step)
	}
	if p.Clock != "" {
		return localInput(p.Date+"T"+p.Clock, p.Workshop.Zone())
	}
	t, _ := time.Parse(time.RFC3339, c.FormValue("start")) // nothing offered was chosen: zero
	return t
}
