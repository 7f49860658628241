package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/survey"
	"neuvo/templates"
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
	Mark     string
	Review   string // where everybody is invited to a public review, whatever the score
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
	if job.Workshop != nil {
		p.Review = job.Workshop.ReviewURL
	}
	if p.Mark, err = s.opt.Surveyor.Mark(c.Request().Context(), sv); err != nil {
		return nil, s.fail(c, err)
	}
	return p, nil
}

// takeScores lists the scale's numbers; its ends say what they mean.
func (p *surveyPage) takeScores(chosen int) {
	low, high := templates.ScaleEnds(p.Survey.Scale)
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
	_, counted, err := s.opt.Surveyor.AnswerOnPage(c.Request().Context(), c.Param("token"), c.FormValue("mark"), score, p.Comment)
	if err != nil {
		if status := p.refused(err); status != 0 {
			return s.show(c, status, "survey", p.Locale, p)
		}
		return s.fail(c, err)
	}
	if !counted {
		p.Problem = p.words("page.survey.once_more")
		return s.show(c, http.StatusUnprocessableEntity, "survey", p.Locale, p)
	}
	return seeOther(c, p.Path+"?done=1")
}
