package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
)

// absencesPage lists who is away, and enters a new absence.
type absencesPage struct {
	frame
	Absences []absenceRow
	People   []choice // whose absence this person may enter
	From, To string   // as typed: 2026-11-24T08:00
	Reason   string
	Looked   bool
	Hits     []booking.Job // what the new one would hit
}

// absenceRow is an absence in words.
type absenceRow struct {
	booking.Absence
	Name     string
	From, To time.Time
	URL      string
}

const absencesURL = "/desk/absences"

// pageAbsences shows the list.
func (s *Server) pageAbsences(c echo.Context) error {
	p, err := s.absencesPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "desk_absences", p.Locale, p)
}

func (s *Server) absencesPage(c echo.Context) (*absencesPage, error) {
	f, err := s.deskFrame(c, "risk")
	if err != nil {
		return nil, err
	}
	ctx, zone := c.Request().Context(), f.Workshop.Zone()
	now := s.opt.Now().In(zone)
	p := &absencesPage{frame: f, From: c.FormValue("from"), To: c.FormValue("to"), Reason: typed(c, "reason", maxLine)}
	if p.From == "" {
		p.From = midnight(now).AddDate(0, 0, 1).Format(inputTime)
		p.To = midnight(now).AddDate(0, 0, 2).Format(inputTime)
	}
	rows, err := s.opt.Desk.Absences(ctx, f.Workshop.ID, 0, midnight(now))
	if err != nil {
		return nil, err
	}
	names, err := s.opt.Desk.ResourceNames(ctx, f.Workshop.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range rows {
		p.Absences = append(p.Absences, absenceRowOf(a, names[a.ResourceID], zone))
	}
	advisors, err := s.opt.Desk.Advisors(ctx, f.Workshop.ID)
	for _, a := range advisors {
		if mine := a.ID == f.Staff.AdvisorID; mine || f.Staff.Can(auth.ActManage) {
			id := idOf(a.ID)
			chosen := c.FormValue("who") == id || c.FormValue("who") == "" && mine
			p.People = append(p.People, choice{Value: id, Label: a.Name, Checked: chosen})
		}
	}
	return p, err
}

// inputTime is how an input of type datetime-local writes a time.
const inputTime = "2006-01-02T15:04"

func absenceRowOf(a booking.Absence, name string, zone *time.Location) absenceRow {
	return absenceRow{Absence: a, Name: name, From: a.FromAt.In(zone), To: a.ToAt.In(zone), URL: absencesURL + "/" + idOf(a.ID)}
}

// pageAbsencesSubmit shows what an absence would hit, or enters it.
func (s *Server) pageAbsencesSubmit(c echo.Context) error {
	p, err := s.absencesPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	ctx, zone := c.Request().Context(), p.Workshop.Zone()
	who := number(c.FormValue("who"))
	if !slices.ContainsFunc(p.People, func(o choice) bool { return number(o.Value) == who }) {
		return s.fail(c, fault.New(fault.Forbidden, "fault.forbidden"))
	}
	from, to := localInput(p.From, zone), localInput(p.To, zone)
	p.Looked = ticked(c, "look")
	var hit *booking.AbsenceImpact
	if p.Looked {
		hit, err = s.opt.Desk.PreviewAbsence(ctx, who, from, to, p.Reason)
	} else {
		hit, err = s.opt.Desk.AddAbsence(ctx, who, from, to, p.Reason, s.actor(c))
	}
	if err != nil {
		p.Looked = false
		status := p.refused(err)
		if status == 0 {
			return s.fail(c, err)
		}
		return s.show(c, status, "desk_absences", p.Locale, p)
	}
	if !p.Looked {
		return seeOther(c, with(absencesURL+"/"+idOf(hit.Absence.ID), "done", "absence"))
	}
	p.Hits = hit.Jobs
	return s.show(c, http.StatusOK, "desk_absences", p.Locale, p)
}

// absencePage is one absence with the bookings it hits.
type absencePage struct {
	frame
	absenceRow
	CanEnd  bool
	StandIn string // who stands in, "" where nobody is named
	Hits    []hitRow
}

// hitRow is a booking that an absence hits.
type hitRow struct {
	*booking.Job
	Start   time.Time
	Chosen  bool
	Problem string // why it could not be resolved
	MoveURL string
}

// pageAbsence shows an absence.
func (s *Server) pageAbsence(c echo.Context) error {
	p, err := s.absencePage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "desk_absence", p.Locale, p)
}

func (s *Server) absencePage(c echo.Context) (*absencePage, error) {
	ctx := c.Request().Context()
	f, err := s.deskFrame(c, "risk")
	if err != nil {
		return nil, err
	}
	id := number(c.Param("id"))
	resource, err := s.opt.Desk.AbsentResource(ctx, id)
	if err == nil && !f.Staff.Sees(resource.WorkshopID) {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	if err != nil {
		return nil, err
	}
	hit, err := s.opt.Desk.AbsenceImpactOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if f.Workshop, err = s.opt.Desk.Workshop(ctx, resource.WorkshopID); err != nil {
		return nil, err
	}
	zone := f.Workshop.Zone()
	p := &absencePage{frame: f, absenceRow: absenceRowOf(hit.Absence, resource.Name, zone), CanEnd: mayAbsent(f.Staff, resource) == nil}
	for i := range hit.Jobs {
		j := &hit.Jobs[i]
		p.Hits = append(p.Hits, hitRow{Job: j, Start: j.LocalStart(), Chosen: true, MoveURL: jobURL(j.ID) + "/move"})
	}
	p.StandIn, err = s.standInOf(ctx, resource)
	return p, err
}

// standInOf names who stands in for an advisor.
func (s *Server) standInOf(ctx context.Context, resource *booking.Resource) (string, error) {
	if resource.Kind != booking.KindAdvisor {
		return "", nil
	}
	a, err := s.opt.Desk.Advisor(ctx, resource.ID)
	if err != nil || a.StandInID == 0 {
		return "", err
	}
	standIn, err := s.opt.Desk.Advisor(ctx, a.StandInID)
	if err != nil || !standIn.Active {
		return "", err
	}
	return standIn.Name, nil
}

// pageAbsenceResolve deals with the chosen bookings. Those that do not fit are
// shown again with the reason.
func (s *Server) pageAbsenceResolve(c echo.Context) error {
	p, err := s.absencePage(c)
	if err != nil {
		return s.fail(c, err)
	}
	form, err := c.FormParams()
	if err != nil {
		return s.fail(c, err)
	}
	var ids []int64
	for _, raw := range form["job"] {
		if id := number(raw); id != 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		p.Problem = p.words("page.absence.choose")
		return s.show(c, http.StatusUnprocessableEntity, "desk_absence", p.Locale, p)
	}
	done, err := s.opt.Desk.ResolveAbsence(c.Request().Context(), p.ID, c.FormValue("action"), ids, s.actor(c))
	if err != nil {
		if status := p.refused(err); status != 0 {
			return s.show(c, status, "desk_absence", p.Locale, p)
		}
		return s.fail(c, err)
	}
	failed := map[int64]booking.Reason{}
	for _, r := range done {
		if r.Outcome == booking.ResolvedFailed {
			failed[r.Job.ID] = r.Reason
		}
	}
	if len(failed) == 0 {
		return seeOther(c, with(p.URL, "done", "resolved"))
	}
	if p, err = s.absencePage(c); err != nil { // as it is now
		return s.fail(c, err)
	}
	p.Problem = p.words("page.absence.failed", "count", len(failed))
	for i := range p.Hits {
		why, bad := failed[p.Hits[i].ID]
		if p.Hits[i].Chosen = bad; bad {
			p.Hits[i].Problem = reasonText(p.Locale, why)
		}
	}
	return s.show(c, http.StatusConflict, "desk_absence", p.Locale, p)
}

// pageAbsenceEnd ends an absence; ending it twice is harmless.
func (s *Server) pageAbsenceEnd(c echo.Context) error {
	p, err := s.absencePage(c)
	if fault.Is(err, fault.NotFound) {
		return seeOther(c, absencesURL)
	}
	if err == nil && !p.CanEnd {
		err = fault.New(fault.Forbidden, "fault.forbidden")
	}
	if err == nil {
		err = s.opt.Desk.RemoveAbsence(c.Request().Context(), p.ID, s.actor(c))
	}
	if err != nil {
		return s.fail(c, err)
	}
	return seeOther(c, absencesURL+"?done=absence_ended&workshop="+strconv.FormatInt(p.Workshop.ID, 10))
}
