package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// advisorPage is the form of an advisor; ID is 0 for a new one.
type advisorPage struct {
	frame
	ID        int64
	Advisor   booking.Advisor
	Languages string // as typed: "fi, sv"
	Others    []booking.Advisor
	Week      []dayHours
	Query     string
	Action    string
}

// pageSettingsAdvisor shows the form of an advisor.
func (s *Server) pageSettingsAdvisor(c echo.Context) error {
	p, err := s.advisorPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "settings_advisor", p.Locale, p)
}

func (s *Server) advisorPage(c echo.Context) (*advisorPage, error) {
	f, query, err := s.settingsFrame(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Request().Context()
	p := &advisorPage{frame: f, Query: query, Action: "/desk/settings/advisors/new", Advisor: booking.Advisor{Active: true}}
	all, err := s.opt.Desk.AllAdvisors(ctx, f.Workshop.ID)
	if err != nil {
		return nil, err
	}
	if raw := c.Param("id"); raw != "" {
		p.ID, p.Action = number(raw), "/desk/settings/advisors/"+raw
		i := slices.IndexFunc(all, func(a booking.Advisor) bool { return a.ID == p.ID })
		if i < 0 {
			return nil, fault.New(fault.NotFound, "fault.not_found")
		}
		p.Advisor = all[i]
	}
	for _, a := range all {
		if a.ID != p.ID && (a.Active || a.ID == p.Advisor.StandInID) {
			p.Others = append(p.Others, a)
		}
	}
	p.Languages = strings.Join(p.Advisor.Languages, ", ")
	hours, err := s.opt.Desk.WeeklyHours(ctx, f.Workshop.ID)
	if err != nil {
		return nil, err
	}
	p.Week = p.weekOf(nil)
	for _, h := range hours {
		if p.ID != 0 && h.ResourceID == p.ID {
			p.Week = p.weekOf(h.Week)
		}
	}
	return p, nil
}

// pageSettingsAdvisorSubmit stores an advisor together with his or her hours.
func (s *Server) pageSettingsAdvisorSubmit(c echo.Context) error {
	p, err := s.advisorPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	days, week, err := p.typedWeek(c)
	if err != nil {
		return s.fail(c, err)
	}
	p.Week, p.Languages = days, typed(c, "languages", maxLine)
	fill := func(a *booking.Advisor) error {
		a.Name, a.Title = typed(c, "name", maxLine), typed(c, "title", maxLine)
		a.Languages = strings.FieldsFunc(p.Languages, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
		a.Phone, a.Email = typed(c, "phone", maxLine), typed(c, "email", maxLine)
		a.StandInID, a.Active = number(c.FormValue("stand_in_id")), ticked(c, "active")
		return nil
	}
	by := managerOf(p.Staff)
	// The person and the hours are one form: both are stored or neither.
	err = s.opt.DB.Tx(c.Request().Context(), func(ctx context.Context) error {
		id := p.ID
		if id == 0 {
			fresh := booking.Advisor{WorkshopID: p.Workshop.ID}
			if err := fill(&fresh); err != nil {
				return err
			}
			made, err := s.opt.Desk.AddAdvisor(ctx, by, "", fresh)
			if err != nil {
				return err
			}
			id = made.ID
		} else if _, err := s.opt.Desk.ChangeAdvisor(ctx, by, id, fill); err != nil {
			return err
		}
		_, err := s.opt.Desk.SetHours(ctx, by, booking.WeeklyHours{WorkshopID: p.Workshop.ID, ResourceID: id, Week: week})
		return err
	})
	if err == nil {
		return seeOther(c, settingsURL("", p.Query, "settings")+"#advisors")
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	if err := fill(&p.Advisor); err != nil {
		return s.fail(c, err)
	}
	p.mark(p.Week)
	return s.show(c, status, "settings_advisor", p.Locale, p)
}

// servicePage is the form of a service; ID is 0 for a new one.
type servicePage struct {
	frame
	ID         int64
	Service    booking.Service
	Names      []serviceName
	Price      string // as typed, in whole units of the currency
	Transports []choice
	Query      string
	Action     string
}

// serviceName is a service's name in one language; the workshop's own must be
// given.
type serviceName struct {
	Locale, Label, Value, Error string
	Own                         bool
}

// pageSettingsService shows the form of a service.
func (s *Server) pageSettingsService(c echo.Context) error {
	p, err := s.servicePage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "settings_service", p.Locale, p)
}

func (s *Server) servicePage(c echo.Context) (*servicePage, error) {
	f, query, err := s.settingsFrame(c)
	if err != nil {
		return nil, err
	}
	p := &servicePage{frame: f, Query: query, Action: "/desk/settings/services/new",
		Service: booking.Service{WorkshopID: f.Workshop.ID, DurationMinutes: 60, ReceptionMinutes: 15, Active: true}}
	if raw := c.Param("id"); raw != "" {
		p.ID, p.Action = number(raw), "/desk/settings/services/"+raw
		found, err := s.opt.Desk.Service(c.Request().Context(), p.ID)
		if err == nil && found.WorkshopID != f.Workshop.ID {
			err = fault.New(fault.NotFound, "fault.not_found")
		}
		if err != nil {
			return nil, err
		}
		p.Service = *found
	}
	p.Price = amountText(p.Service.PriceFrom)
	for _, locale := range templates.Locales {
		name := serviceName{Locale: locale, Own: locale == f.Workshop.Locale, Value: p.Service.Translations[locale].Name,
			Label: p.words("page.settings.name_in", "language", p.words("locale."+locale))}
		if name.Own {
			name.Value = p.Service.In(locale).Name
		}
		p.Names = append(p.Names, name)
	}
	p.takeTransports()
	return p, nil
}

func (p *servicePage) takeTransports() {
	p.Transports = nil
	for _, t := range booking.Transports {
		p.Transports = append(p.Transports, choice{Value: t, Label: p.words("transport." + t), Checked: slices.Contains(p.Service.Transports, t)})
	}
}

// pageSettingsServiceSubmit stores a service.
func (s *Server) pageSettingsServiceSubmit(c echo.Context) error {
	p, err := s.servicePage(c)
	if err != nil {
		return s.fail(c, err)
	}
	form, err := c.FormParams()
	if err != nil {
		return s.fail(c, err)
	}
	p.Price = typed(c, "price_from", 20)
	for i := range p.Names {
		p.Names[i].Value = typed(c, "name-"+p.Names[i].Locale, maxLine)
	}
	fill := func(v *booking.Service) error {
		p.fillNames(v)
		v.DurationMinutes, v.ReceptionMinutes = int(number(c.FormValue("duration_minutes"))), int(number(c.FormValue("reception_minutes")))
		v.Transports, v.Active = form["transport"], ticked(c, "active")
		if v.PriceFrom = 0; p.Price == "" {
			return nil
		}
		price, ok := readAmount(p.Price)
		if !ok {
			return fault.BadField("body.price_from", "fault.price", p.Price)
		}
		v.PriceFrom = price
		return nil
	}
	ctx, by := c.Request().Context(), managerOf(p.Staff)
	if p.ID == 0 {
		fresh := booking.Service{WorkshopID: p.Workshop.ID}
		if err = fill(&fresh); err == nil {
			_, err = s.opt.Desk.AddService(ctx, by, fresh)
		}
	} else {
		_, err = s.opt.Desk.ChangeService(ctx, by, p.ID, fill)
	}
	if err == nil {
		return seeOther(c, settingsURL("", p.Query, "settings")+"#services")
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	_ = fill(&p.Service) // shown again as typed; what is wrong is told already
	p.takeTransports()
	for i := range p.Names {
		if p.Names[i].Own {
			p.Names[i].Error = p.Errors["name"]
		}
	}
	return s.show(c, status, "settings_service", p.Locale, p)
}

// fillNames puts the typed names into a service: its own in the workshop's
// language, the others as translations. What else a translation holds stays.
func (p *servicePage) fillNames(v *booking.Service) {
	words := make(map[string]booking.Translation, len(v.Translations))
	for locale, t := range v.Translations {
		words[locale] = t
	}
	for _, name := range p.Names {
		t := words[name.Locale]
		if t.Name = name.Value; name.Own {
			v.Name, t.Name = name.Value, ""
		}
		words[name.Locale] = t
		if t.Name == "" && t.Description == "" && len(t.Bring) == 0 {
			delete(words, name.Locale)
		}
	}
	v.Translations = words
}
