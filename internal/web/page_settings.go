package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// requireManager lets those who may change the settings through to a page.
func (s *Server) requireManager(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !s.staff(c).Can(auth.ActManage) {
			return s.fail(c, fault.New(fault.Forbidden, "fault.forbidden"))
		}
		return next(c)
	}
}

// Manages tells whether the person at the desk may change the settings.
func (f frame) Manages() bool { return f.Staff.Can(auth.ActManage) }

// settingsPage is what a manager sets of a workshop, at a glance.
type settingsPage struct {
	frame
	Week     []dayHours
	Closures []closureRow
	Closure  struct{ From, To, Reason string } // the form of a new one
	Advisors []booking.Advisor
	Services []serviceRow
	Changes  []changeRow
	Survey   booking.Workshop // what is asked after a visit, as it stands or was typed
	Query    string           // "?workshop=2" where there are several
}

// dayHours is a day of the form of weekly hours.
type dayHours struct {
	Key, Label string
	Spans      []hourSpan
	Error      string
}

// hourSpan is one opening of a day as typed; Number counts from one.
type hourSpan struct {
	Number   int
	From, To string
}

type closureRow struct {
	booking.Closure
	First, Last time.Time
}

type serviceRow struct {
	booking.Service
	Label string
}

// changeRow is a line of what was changed last.
type changeRow struct {
	At        time.Time
	Who, What string
}

// dayKeys are the days of a week in the order of the form.
var dayKeys = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// settingsFrame is the frame of a page of settings; query is what its links
// carry.
func (s *Server) settingsFrame(c echo.Context) (f frame, query string, err error) {
	f, err = s.deskFrame(c, "settings")
	if err == nil && len(f.Workshops) > 1 {
		query = "?workshop=" + idOf(f.Workshop.ID)
	}
	return f, query, err
}

// settingsURL is a page of settings of the workshop that is looked at.
func settingsURL(path, query, done string) string {
	address := "/desk/settings" + path + query
	if done != "" {
		address = with(address, "done", done)
	}
	return address
}

// pageSettings shows all settings.
func (s *Server) pageSettings(c echo.Context) error {
	p, err := s.settingsPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "settings", p.Locale, p)
}

func (s *Server) settingsPage(c echo.Context) (*settingsPage, error) {
	f, query, err := s.settingsFrame(c)
	if err != nil {
		return nil, err
	}
	ctx, shop := c.Request().Context(), f.Workshop
	p := &settingsPage{frame: f, Query: query, Survey: *shop}
	hours, err := s.opt.Desk.WeeklyHours(ctx, shop.ID)
	if err != nil {
		return nil, err
	}
	p.Week = p.weekOf(hours[0].Week)
	today := s.opt.Now().In(shop.Zone()).Format(time.DateOnly)
	closures, err := s.opt.Desk.Closures(ctx, shop.ID, today)
	if err != nil {
		return nil, err
	}
	for _, one := range closures {
		first, _ := time.Parse(time.DateOnly, one.FromDate) // what is stored is a date
		last, _ := time.Parse(time.DateOnly, one.ToDate)
		p.Closures = append(p.Closures, closureRow{one, first, last})
	}
	if p.Advisors, err = s.opt.Desk.AllAdvisors(ctx, shop.ID); err != nil {
		return nil, err
	}
	services, err := s.opt.Desk.AllServices(ctx, shop.ID)
	if err != nil {
		return nil, err
	}
	for _, one := range services {
		p.Services = append(p.Services, serviceRow{one, one.In(p.Locale).Name})
	}
	return p, s.settingsChanges(c, p)
}

// maxChanges is how many of the latest changes are shown.
const maxChanges = 10

// settingsChanges tells who changed what last.
func (s *Server) settingsChanges(c echo.Context, p *settingsPage) error {
	ctx := c.Request().Context()
	log, err := s.opt.Desk.SettingsLog(ctx, p.Workshop.ID, maxChanges)
	if err != nil || len(log) == 0 {
		return err
	}
	people, err := s.opt.Directory.List(ctx)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for i := range people {
		names[people[i].ID] = people[i].Name
	}
	for _, entry := range log {
		how := "changed"
		switch {
		case entry.Before == "":
			how = "added"
		case entry.After == "":
			how = "removed"
		}
		what := entry.What
		if !templates.Has(p.Locale, "page.settings.what."+what) {
			what = "other"
		}
		name := entry.Name
		if day, err := time.Parse(time.DateOnly, name); err == nil && what == "closure" {
			name = templates.Date(p.Locale, day)
		}
		p.Changes = append(p.Changes, changeRow{At: entry.At.In(p.Workshop.Zone()), Who: names[entry.StaffID],
			What: p.words("page.settings.how."+how, "what", p.words("page.settings.what."+what), "name", name)})
	}
	return nil
}

// weekOf lays weekly hours out as a form, each day with room for a break.
func (f *frame) weekOf(week map[string][]string) []dayHours {
	out := make([]dayHours, 0, len(dayKeys))
	for _, key := range dayKeys {
		day := dayHours{Key: key, Label: f.words("weekday.long." + key)}
		for _, span := range week[key] {
			from, to, _ := strings.Cut(span, "-")
			if to == "24:00" {
				to = "00:00" // all that an input of a time of day can say
			}
			day.add(from, to)
		}
		for len(day.Spans) < 2 {
			day.add("", "")
		}
		out = append(out, day)
	}
	return out
}

func (d *dayHours) add(from, to string) {
	d.Spans = append(d.Spans, hourSpan{len(d.Spans) + 1, from, to})
}

// typedWeek reads the form of weekly hours: as typed, to be shown again, and as
// the desk takes it.
func (f *frame) typedWeek(c echo.Context) ([]dayHours, map[string][]string, error) {
	form, err := c.FormParams()
	if err != nil {
		return nil, nil, err
	}
	typed, week := f.weekOf(nil), map[string][]string{}
	for i := range typed {
		day := &typed[i]
		day.Spans = nil
		from, to := form[day.Key+"-from"], form[day.Key+"-to"]
		for j := range min(len(from), len(to), 6) {
			day.add(from[j], to[j])
			if from[j] == "" && to[j] == "" {
				continue
			}
			end := to[j]
			if end == "00:00" {
				end = "24:00"
			}
			week[day.Key] = append(week[day.Key], from[j]+"-"+end)
		}
	}
	return typed, week, nil
}

// mark puts what is wrong with a day beside it.
func (f *frame) mark(week []dayHours) {
	for i := range week {
		week[i].Error = f.Errors[week[i].Key]
	}
}

// pageSettingsHours sets the workshop's hours.
func (s *Server) pageSettingsHours(c echo.Context) error {
	p, err := s.settingsPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	typed, week, err := p.typedWeek(c)
	if err != nil {
		return s.fail(c, err)
	}
	_, err = s.opt.Desk.SetHours(c.Request().Context(), managerOf(p.Staff), booking.WeeklyHours{WorkshopID: p.Workshop.ID, Week: week})
	if err == nil {
		return seeOther(c, settingsURL("", p.Query, "settings"))
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	p.Week = typed
	p.mark(p.Week)
	return s.show(c, status, "settings", p.Locale, p)
}

// pageSettingsClosure adds a closure.
func (s *Server) pageSettingsClosure(c echo.Context) error {
	p, err := s.settingsPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	p.Closure.From, p.Closure.To, p.Closure.Reason = c.FormValue("from"), c.FormValue("to"), typed(c, "reason", maxLine)
	_, err = s.opt.Desk.AddClosure(c.Request().Context(), managerOf(p.Staff), booking.Closure{
		WorkshopID: p.Workshop.ID, FromDate: p.Closure.From, ToDate: p.Closure.To, Reason: p.Closure.Reason,
	})
	if err == nil {
		return seeOther(c, settingsURL("", p.Query, "settings")+"#closures")
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.show(c, status, "settings", p.Locale, p)
}

// pageSettingsClosureRemove opens on those dates again.
func (s *Server) pageSettingsClosureRemove(c echo.Context) error {
	f, query, err := s.settingsFrame(c)
	if err != nil {
		return s.fail(c, err)
	}
	err = s.opt.Desk.RemoveClosure(c.Request().Context(), managerOf(f.Staff), number(c.Param("id")))
	if err != nil && !fault.Is(err, fault.NotFound) { // gone already is as wished
		return s.fail(c, err)
	}
	return seeOther(c, settingsURL("", query, "settings")+"#closures")
}
