package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// riskPage lists the bookings to come that no longer fit.
type riskPage struct {
	frame
	Days []riskDay
	All  int
}

// riskDay are those of one date.
type riskDay struct {
	Day   time.Time
	Risks []riskCard
}

// riskCard is a booking at risk with what can be done about it.
type riskCard struct {
	booking.Risk
	Start   time.Time
	Why     string
	Offered time.Time
	MoveURL string
	WallAt  time.Time
	Reached bool   // there is a way to reach the customer
	Problem string // why the last try failed
}

const atRiskURL = "/desk/at-risk"

// pageAtRisk shows the list.
func (s *Server) pageAtRisk(c echo.Context) error {
	p, err := s.riskPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "desk_risk", p.Locale, p)
}

func (s *Server) riskPage(c echo.Context) (*riskPage, error) {
	f, err := s.deskFrame(c, "risk")
	if err != nil {
		return nil, err
	}
	p := &riskPage{frame: f}
	risks, err := s.opt.Desk.AtRisk(c.Request().Context(), f.Workshop.ID)
	if err != nil {
		return nil, err
	}
	p.All = len(risks)
	for _, r := range risks {
		card := p.riskCard(r)
		if n := len(p.Days); n == 0 || !p.Days[n-1].Day.Equal(midnight(card.Start)) {
			p.Days = append(p.Days, riskDay{Day: midnight(card.Start)})
		}
		day := &p.Days[len(p.Days)-1]
		day.Risks = append(day.Risks, card)
	}
	return p, nil
}

func (p *riskPage) riskCard(r booking.Risk) riskCard {
	zone := zoneOf(r.Job)
	card := riskCard{
		Risk: r, Start: r.Job.LocalStart(), Why: riskText(p.Locale, &r), MoveURL: jobURL(r.Job.ID) + "/move",
		Reached: r.Job.ContactPhone != "" || r.Job.ContactEmail != "",
	}
	if !r.OfferedAt.IsZero() {
		card.Offered = r.OfferedAt.In(zone)
	}
	if !r.WallAt.IsZero() {
		card.WallAt = r.WallAt.In(zone)
	}
	return card
}

// pageAtRiskSubmit does what somebody decided, and comes back to the list. What
// is settled already is no failure: the list shows how it is.
func (s *Server) pageAtRiskSubmit(c echo.Context) error {
	job, err := s.deskJob(c, c.Param("id"))
	if err != nil {
		return s.fail(c, err)
	}
	action := c.FormValue("action")
	done, err := s.mendRisk(c.Request().Context(), job.ID, action, s.actor(c))
	switch {
	case fault.Is(err, fault.Conflict):
		f, _ := asFault(err)
		if f.Key == "fault.not_at_risk" {
			return seeOther(c, s.riskURL(c, job, "done", "settled"))
		}
		return s.riskFailed(c, job, nil, err)
	case err != nil:
		if f, _ := asFault(err); f.Kind == fault.Invalid {
			return s.riskFailed(c, job, nil, err)
		}
		return s.fail(c, err)
	case done.Outcome == booking.ResolvedFailed:
		return s.riskFailed(c, job, &done, nil)
	}
	word := done.Outcome
	switch {
	case action == actKeep:
		word = "kept"
	case action == actWallTime:
		word = "wall_time"
	case word == booking.ResolvedMoved:
		word = "desk_moved"
	}
	return seeOther(c, s.riskURL(c, job, "done", word))
}

// riskURL is the list of the job's workshop, with a word about what was done.
func (s *Server) riskURL(c echo.Context, job *booking.Job, name, word string) string {
	q := url.Values{name: {word}}
	if shops := s.staff(c).WorkshopID; shops == 0 {
		q.Set("workshop", idOf(job.WorkshopID))
	}
	return atRiskURL + "?" + q.Encode()
}

// riskFailed shows the list again, the booking that stays on it with the reason.
func (s *Server) riskFailed(c echo.Context, job *booking.Job, done *booking.Resolved, err error) error {
	p, loadErr := s.riskPage(c)
	if loadErr != nil {
		return s.fail(c, loadErr)
	}
	if done != nil {
		p.Problem = p.words("page.risk.failed", "customer", job.ContactName, "why", reasonText(p.Locale, done.Reason))
	} else {
		p.refused(err)
		if why := p.Errors["start"]; why != "" {
			p.Problem = p.words("page.risk.failed", "customer", job.ContactName, "why", why)
		}
	}
	for i := range p.Days {
		for k := range p.Days[i].Risks {
			if card := &p.Days[i].Risks[k]; card.Job.ID == job.ID {
				card.Problem = p.Problem
			}
		}
	}
	return s.show(c, http.StatusConflict, "desk_risk", p.Locale, p)
}
