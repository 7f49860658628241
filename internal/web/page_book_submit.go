package web

import (
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// bookForm is what the customer typed, kept as typed until it is right.
type bookForm struct {
	Name, Phone, Email string
	Plate, Make, Model string
	Note               string
	Reminders, Survey  bool
	Marketing          bool
	WithVehicle        bool // the part about the vehicle stands open
	Transport, Locale  string
	NoSMS              bool // at the desk: the customer has no mobile phone
}

// blankForm is the form before anything is typed: news about the own visit and
// the question after it are part of the service, advertising never is.
func blankForm() bookForm { return bookForm{Reminders: true, Survey: true} }

func readBookForm(c echo.Context) bookForm {
	f := bookForm{
		Name: typed(c, "name", maxLine), Phone: typed(c, "phone", maxLine), Email: typed(c, "email", maxLine),
		Plate: typed(c, "plate", maxLine), Make: typed(c, "make", maxLine), Model: typed(c, "model", maxLine),
		Note:      typed(c, "note", maxNote),
		Reminders: ticked(c, "reminders"), Survey: ticked(c, "survey"), Marketing: ticked(c, "marketing"),
		Transport: c.FormValue("transport"), Locale: c.FormValue("locale"),
	}
	f.WithVehicle = f.Plate != "" || f.Make != "" || f.Model != ""
	return f
}

// fill puts what was typed into a request.
func (f bookForm) fill(r *booking.BookingRequest, locale string) {
	r.Customer = booking.ContactInput{Name: f.Name, Phone: f.Phone, Email: f.Email, Locale: locale}
	if f.WithVehicle {
		r.Vehicle = &booking.VehicleInput{Plate: f.Plate, Make: f.Make, Model: f.Model}
	}
	r.Note = f.Note
	r.ConsentReminders, r.ConsentSurvey, r.ConsentMarketing = f.Reminders, f.Survey, f.Marketing
}

// pageBookSubmit makes the booking. Where the time has gone meanwhile, the
// same form comes back with the nearest other times as its buttons, and
// everything typed in it.
func (s *Server) pageBookSubmit(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return s.fail(c, err)
	}
	q := readBookQuery(form)
	if other, err := time.Parse(time.RFC3339, c.FormValue("alternative")); err == nil {
		// The kept time was another one.
		q.Start, q.Hold, q.With = other, "", 0
	}
	q.Edit = 0
	p, err := s.bookPage(c, q)
	if err != nil {
		return s.fail(c, err)
	}
	if len(p.Query.Services) == 0 || p.Query.Start.IsZero() {
		// The address was cut short on its way: start where it still makes sense.
		return seeOther(c, p.Query.on("/book"))
	}
	p.Step, p.Form = 3, readBookForm(c)
	p.setLinks()
	request := p.request()
	p.Form.fill(&request, p.Locale)
	request.Agreed = s.shownConsents(c, notify.ByBooking)
	if q.Hold != "" {
		// A second tap on the button gets the same visit, not "already taken".
		request.RequestKey = "hold:" + q.Hold
	}
	job, err := s.opt.Desk.Book(c.Request().Context(), request)
	if unknownHold(err) { // a page that lay open for days
		request.HoldKey, p.Query.Hold = "", ""
		job, err = s.opt.Desk.Book(c.Request().Context(), request)
	}
	if err == nil {
		return seeOther(c, "/j/"+url.PathEscape(job.Token)+"?new=1")
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	if taken, ok := errors.AsType[*booking.SlotTaken](err); ok {
		p.Query.Hold = ""
		p.Alternatives = p.alternatives(taken.Alternatives)
	}
	return s.showBook(c, status, p)
}

// unknownHold tells whether a request failed for a hold that nobody remembers.
// Whoever fills in a form knows nothing of holds.
func unknownHold(err error) bool {
	f, ok := errors.AsType[*fault.Error](err)
	return ok && slices.ContainsFunc(f.Fields, func(field fault.Field) bool { return field.Key == "fault.hold_unknown" })
}

// alternatives are the nearest other times as buttons.
func (p *bookPage) alternatives(slots []booking.Slot) []timeChoice {
	var out []timeChoice
	for _, slot := range slots {
		start := slot.Start.In(p.Workshop.Zone())
		out = append(out, timeChoice{Value: start.Format(time.RFC3339), Label: templates.Moment(p.Locale, start)})
	}
	return out
}

// bookSummaryAdvisor names who the booking is with: chosen, or found by the
// hold where anyone would do.
func (s *Server) bookSummaryAdvisor(c echo.Context, p *bookPage) error {
	id := p.Query.Advisor
	if id == 0 {
		id = p.Query.With
	}
	if id == 0 {
		return nil
	}
	advisors, err := s.opt.Desk.Advisors(c.Request().Context(), p.Query.Workshop)
	if err != nil {
		return err
	}
	for _, a := range advisors {
		if a.ID == id {
			p.AdvisorName = a.Name
		}
	}
	return nil
}
