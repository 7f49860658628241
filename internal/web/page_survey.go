package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/survey"
)

// surveyPage is the one question after a visit.
type surveyPage struct {
	frame
	Survey   *survey.Survey
	Job      *booking.Job
	Path     string
	Advisor  string // first name of who asks
	PhotoURL string
	Scores   []choice
	Comment  string
	Answered bool
	Score    int  // the answer as it stands, where there is one
	Thanks   bool // an answer was given a moment ago
}

func (s *Server) surveyOf(c echo.Context) (*surveyPage, error) {
	f := s.frame(c)
	sv, job, err := s.opt.Surveyor.ByToken(c.Request().Context(), c.Param("token"))
	if fault.Is(err, fault.NotFound) {
		return nil, s.lost(c, f)
	}
	if err != nil {
		return nil, s.fail(c, err)
	}
	f = s.frameFor(c, job)
	first, _, _ := strings.Cut(sv.Advisor, " ")
	p := &surveyPage{frame: f, Survey: sv, Job: job, Path: "/s/" + sv.Token, Advisor: first, Comment: sv.Comment}
	if job.Advisor != nil && job.Advisor.ID == sv.AdvisorID {
		p.PhotoURL = job.Advisor.PhotoURL
	}
	chosen := -1
	if sv.Score != nil {
		chosen = *sv.Score
		p.Answered, p.Score = true, chosen
	}
	p.takeScores(chosen)
	return p, nil
}

// takeScores lists the scale's numbers; its ends say what they mean.
func (p *surveyPage) takeScores(chosen int) {
	low, high := ends(p.Survey.Scale)
	p.Scores = nil
	for n := low; n <= high; n++ {
		one := choice{Value: strconv.Itoa(n), Label: strconv.Itoa(n), Checked: n == chosen}
		switch n {
		case low:
			one.Hint = p.words("survey.worst." + p.Survey.Scale)
		case high:
			one.Hint = p.words("survey.best." + p.Survey.Scale)
		}
		p.Scores = append(p.Scores, one)
	}
}

// ends reads a scale such as "1-5".
func ends(scale string) (low, high int) {
	from, to, _ := strings.Cut(scale, "-")
	low, errLow := strconv.Atoi(from)
	high, errHigh := strconv.Atoi(to)
	if errLow != nil || errHigh != nil || high <= low || high > 10 {
		return 1, 5
	}
	return low, high
}

// pageSurvey shows the question, or the answer that was given and may be
// changed. It never writes: a link scanner that opens it does not vote.
func (s *Server) pageSurvey(c echo.Context) error {
	p, err := s.surveyOf(c)
	if p == nil {
		return err
	}
	p.Thanks = c.QueryParam("done") != ""
	return s.show(c, http.StatusOK, "survey", p.Locale, p)
}

// pageSurveySubmit records the answer.
func (s *Server) pageSurveySubmit(c echo.Context) error {
	p, err := s.surveyOf(c)
	if p == nil {
		return err
	}
	p.Comment = typed(c, "comment", maxNote)
	score, err := strconv.Atoi(c.FormValue("score"))
	if err != nil {
		p.Errors["score"] = p.words("page.survey.choose")
		p.Problem = p.Errors["score"]
		return s.show(c, http.StatusUnprocessableEntity, "survey", p.Locale, p)
	}
	p.takeScores(score)
	if _, err := s.opt.Surveyor.Answer(c.Request().Context(), c.Param("token"), score, p.Comment); err != nil {
		if status := p.refused(err); status != 0 {
			return s.show(c, status, "survey", p.Locale, p)
		}
		return s.fail(c, err)
	}
	return seeOther(c, p.Path+"?done=1")
}
