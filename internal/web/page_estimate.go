package web

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
)

// estimatePage is a proposal as its customer sees it, and what he or she is
// about to answer.
type estimatePage struct {
	frame
	Job      *booking.Job
	Estimate *booking.Estimate
	JobPath  string // "/j/TOKEN"
	Path     string // "/j/TOKEN/estimate/7"
	Open     bool   // it can be answered
	Newer    string // where the version that took its place stands
	Rows     []estimateRow
	Expires  time.Time
	Decided  time.Time
	Sum      *booking.Estimate // what the answer comes to
	Exact    bool              // the price is the most it can cost
	NeedsSMS bool              // something is approved: a code proves who does
	CodeEnd  string            // the end of the number that the code went to
}

// estimateRow is a line with its two choices.
type estimateRow struct {
	booking.EstimateLine
	Name   string // of the input
	Chosen booking.Decision
	Error  string
}

// estimateURL is the customer's page of a proposal.
func estimateURL(token string, id int64) string {
	return "/j/" + token + "/estimate/" + strconv.FormatInt(id, 10)
}

// estimatePage finds the proposal of the address. Errors are answered: the page
// is nil then.
func (s *Server) estimatePage(c echo.Context) (*estimatePage, error) {
	j, err := s.jobOf(c)
	if j == nil {
		return nil, err
	}
	ctx := c.Request().Context()
	e, err := s.opt.Desk.Estimate(ctx, number(c.Param("id")))
	if err == nil && e.JobID != j.Job.ID {
		err = fault.New(fault.NotFound, "fault.not_found")
	}
	if fault.Is(err, fault.NotFound) {
		return nil, s.lost(c, j.frame)
	}
	if err != nil {
		return nil, s.fail(c, err)
	}
	p := &estimatePage{frame: j.frame, Job: j.Job, JobPath: j.Path, Path: estimateURL(j.Job.Token, e.ID)}
	if phone := booking.CodePhone(j.Job); len(phone) > 4 {
		p.CodeEnd = phone[len(phone)-4:]
	}
	return p, s.take(c, p, e)
}

// take puts a proposal and what was chosen on the page.
func (s *Server) take(c echo.Context, p *estimatePage, e *booking.Estimate) error {
	zone := p.Job.Workshop.Zone()
	p.Estimate, p.Rows, p.Exact = e, nil, e.Ceiling == e.Price
	p.Expires, p.Decided = e.ExpiresAt.In(zone), time.Time{}
	if e.Decided() {
		p.Decided = e.DecidedAt.In(zone)
	}
	p.Open = e.State == booking.EstimateSent && e.ExpiresAt.After(s.opt.Now()) && booking.TakesEstimates(p.Job.Status)
	for _, l := range e.Lines {
		row := estimateRow{EstimateLine: l, Name: "line-" + strconv.FormatInt(l.ID, 10), Chosen: l.Decision}
		if d := booking.Decision(c.FormValue(row.Name)); p.Open && (d == booking.Approve || d == booking.Decline) {
			row.Chosen = d
		}
		p.Rows = append(p.Rows, row)
	}
	p.Newer = ""
	if e.State == booking.EstimateSuperseded {
		rows, err := s.opt.Desk.Estimates(c.Request().Context(), p.Job.ID)
		if err != nil {
			return s.fail(c, err)
		}
		p.Newer = estimateURL(p.Job.Token, rows[len(rows)-1].ID)
	}
	return nil
}

// pageEstimate shows a proposal.
func (s *Server) pageEstimate(c echo.Context) error {
	p, err := s.estimatePage(c)
	if p == nil || err != nil {
		return err
	}
	return s.show(c, http.StatusOK, "estimate", p.Locale, p)
}

// decisions are the choices of the form; complete where every line has one.
func (p *estimatePage) decisions() (lines []booking.LineDecision, complete bool) {
	complete = true
	for i := range p.Rows {
		row := &p.Rows[i]
		if row.Chosen == "" {
			row.Error = p.words("page.estimate.choose")
			complete = false
			continue
		}
		lines = append(lines, booking.LineDecision{ID: row.ID, Decision: row.Chosen})
	}
	return lines, complete
}

// pageEstimateSubmit leads from the choices to a summary, and from there with
// the code to the answer. The summary is where money is approved, so that
// nobody does it by a slip.
func (s *Server) pageEstimateSubmit(c echo.Context) error {
	p, err := s.estimatePage(c)
	if p == nil || err != nil {
		return err
	}
	if !p.Open {
		return s.show(c, http.StatusConflict, "estimate", p.Locale, p)
	}
	lines, complete := p.decisions()
	if c.FormValue("step") == "back" {
		for i := range p.Rows {
			p.Rows[i].Error = ""
		}
		return s.show(c, http.StatusOK, "estimate", p.Locale, p)
	}
	if !complete {
		p.Problem = p.words("fault.decision_missing")
		return s.show(c, http.StatusUnprocessableEntity, "estimate", p.Locale, p)
	}
	p.Sum = p.Estimate.Preview(lines)
	p.NeedsSMS = p.Sum.State != booking.EstimateDeclined
	if c.FormValue("step") != "decide" {
		return s.askToDecide(c, p)
	}
	return s.decideEstimate(c, p, lines)
}

// askToDecide shows the summary, and sends the code that it asks for.
func (s *Server) askToDecide(c echo.Context, p *estimatePage) error {
	status := http.StatusOK
	if p.NeedsSMS {
		if err := s.opt.Desk.SendEstimateCode(c.Request().Context(), p.Job); err != nil {
			if status = p.refused(err); status == 0 {
				return s.fail(c, err)
			}
		}
	}
	return s.show(c, status, "estimate_check", p.Locale, p)
}

// decideEstimate records the answer, or shows what stands in its way.
func (s *Server) decideEstimate(c echo.Context, p *estimatePage, lines []booking.LineDecision) error {
	version, _ := strconv.Atoi(c.FormValue("version")) // what is no number is no version
	code := typed(c, "code", maxLine)
	if p.NeedsSMS && code == "" {
		p.Errors["code"] = p.words("fault.required")
		return s.show(c, http.StatusUnprocessableEntity, "estimate_check", p.Locale, p)
	}
	_, err := s.opt.Desk.DecideEstimate(c.Request().Context(), booking.DecideRequest{
		Token: p.Job.Token, EstimateID: p.Estimate.ID, Version: version, Lines: lines, Code: code, Actor: customerActor(p.Job),
	})
	if err == nil {
		return seeOther(c, p.Path+"?done=decided")
	}
	if changed, ok := errors.AsType[*booking.EstimateChanged](err); ok {
		p.Problem = p.words(changed.Fault.Key)
		p.Path, p.Sum = estimateURL(p.Job.Token, changed.Current.ID), nil
		if p.Job, err = s.opt.Desk.Job(c.Request().Context(), p.Job.ID); err != nil {
			return s.fail(c, err)
		}
		if err := s.take(c, p, changed.Current); err != nil {
			return err
		}
		return s.show(c, http.StatusConflict, "estimate", p.Locale, p)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Forbidden {
		p.Errors["code"] = s.problem(c.Request().Context(), p.Locale, err).Detail
		return s.show(c, http.StatusForbidden, "estimate_check", p.Locale, p)
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.show(c, status, "estimate_check", p.Locale, p)
}

// Zone is the workshop's, for the page's times.
func (p *estimatePage) Zone() *time.Location { return p.Job.Workshop.Zone() }

// AdvisorFirst is the advisor's first name, for the page's sentences.
func (p *estimatePage) AdvisorFirst() string {
	if p.Job.Advisor == nil {
		return ""
	}
	return p.Job.Advisor.FirstName()
}

// estimateCard is a proposal in a list of a job's page.
type estimateCard struct {
	*booking.Estimate
	URL     string
	Open    bool
	Expires time.Time
	Decided time.Time
}

// estimateCards are a job's proposals, the newest first.
func (s *Server) estimateCards(j *booking.Job, rows []booking.Estimate, url func(id int64) string) []estimateCard {
	zone := j.Workshop.Zone()
	out := make([]estimateCard, 0, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		e := &rows[i]
		card := estimateCard{Estimate: e, URL: url(e.ID), Expires: e.ExpiresAt.In(zone)}
		card.Open = e.State == booking.EstimateSent && e.ExpiresAt.After(s.opt.Now()) && booking.TakesEstimates(j.Status)
		if e.Decided() {
			card.Decided = e.DecidedAt.In(zone)
		}
		out = append(out, card)
	}
	return out
}
