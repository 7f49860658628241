package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

// jobPage is "my visit": where the job stands, the thread with the advisor,
// and what the customer may still do.
type jobPage struct {
	frame
	Job       *booking.Job
	Path      string // "/j/TOKEN"
	New       bool   // it was booked a moment ago
	Headline  string
	Steps     []jobStep
	Ended     string // cancelled or no_show: a sentence instead of steps
	Bring     []string
	Thread    []bubble
	Promise   *booking.Promise // the open call-back
	AskSorted bool             // something went wrong: has it been put right?
	CanMove   bool
	Closed    bool
	PhoneHint string // which number is called where none is given
	ReadyBy   time.Time
	Body      string // the message as typed
	Phone     string // the number to call as typed
	CallNote  string

	Calendar *calendar
	Hidden   []hiddenField

	Estimates []estimateCard
	Visits    []visitRow // earlier ones of the vehicle, once the phone has been proven
	// TooNear tells that the visit is ahead, but so near that only the advisor
	// can still move it or call it off.
	TooNear bool
	ICS     string // the path of the visit's calendar file
}

// jobStep is one station on the job's way.
type jobStep struct {
	Label  string
	Detail string
	At     time.Time
	State  string // done, now, ahead
}

// bubble is one message of the thread as the customer sees it.
type bubble struct {
	Mine    bool
	Author  string
	Channel string
	Body    string
	At      time.Time
	State   string
}

// jobOf finds the job of the address and loads its page. Errors are answered:
// the page is nil then.
func (s *Server) jobOf(c echo.Context) (*jobPage, error) {
	f := s.frame(c)
	job, err := s.opt.Desk.JobByToken(c.Request().Context(), c.Param("token"))
	if fault.Is(err, fault.NotFound) {
		return nil, s.lost(c, f)
	}
	if err != nil {
		return nil, s.fail(c, err)
	}
	f = s.frameFor(c, job)
	f.notice(c)
	p := &jobPage{
		frame: f, Job: job, Path: "/j/" + url.PathEscape(job.Token), New: c.QueryParam("new") != "",
		CanMove: (job.Status == booking.Booked || job.Status == booking.Unconfirmed) && s.opt.Now().Before(booking.ChangeUntil(job)),
		TooNear: job.Status == booking.Booked && !s.opt.Now().Before(booking.ChangeUntil(job)) && s.opt.Now().Before(job.StartAt.Time),
		ICS:     "/calendar/" + url.PathEscape(job.Token) + ".ics",
		Closed:  job.Status == booking.Collected || job.Status == booking.Cancelled || job.Status == booking.NoShow,
	}
	if n := len(job.ContactPhone); n > 4 {
		// Its end is enough to know it by; the link alone proves no identity.
		p.PhoneHint = p.words("page.job.phone_hint", "end", job.ContactPhone[n-4:])
	}
	if !job.ReadyBy.IsZero() {
		p.ReadyBy = job.ReadyBy.In(job.Workshop.Zone())
	}
	return p, nil
}

// lost is the friendly answer to a link that is unknown or too old.
func (s *Server) lost(c echo.Context, f frame) error {
	shops, err := s.opt.Desk.Workshops(c.Request().Context())
	if err != nil {
		return s.fail(c, err)
	}
	if len(shops) == 1 {
		f.Workshop = &shops[0]
	}
	return s.show(c, http.StatusNotFound, "lost", f.Locale, struct {
		frame
		Workshops []booking.Workshop
	}{f, shops})
}

// pageJob shows the customer's own page of a job.
func (s *Server) pageJob(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	if p.waitsForCode() {
		return s.showCode(c, http.StatusOK, p)
	}
	return s.showJob(c, http.StatusOK, p)
}

func (s *Server) showJob(c echo.Context, status int, p *jobPage) error {
	ctx := c.Request().Context()
	items, err := s.opt.Desk.Timeline(ctx, p.Job.ID)
	if err != nil {
		return s.fail(c, err)
	}
	promises, err := s.opt.Desk.JobPromises(ctx, p.Job.ID)
	if err != nil {
		return s.fail(c, err)
	}
	for i := range promises {
		if promises[i].ClosedAt.IsZero() && promises[i].Kind == booking.PromiseCall && promises[i].DueAt.After(s.opt.Now()) {
			p.Promise = &promises[i]
		}
	}
	recovery, err := s.opt.Surveyor.CaseOfJob(ctx, p.Job.ID)
	if err != nil {
		return s.fail(c, err)
	}
	p.AskSorted = recovery != nil && recovery.State == survey.CaseAsked
	if p.Bring, err = s.bringFor(ctx, p.Job, p.Locale); err != nil {
		return s.fail(c, err)
	}
	estimates, err := s.opt.Desk.Estimates(ctx, p.Job.ID)
	if err != nil {
		return s.fail(c, err)
	}
	estimates = slices.DeleteFunc(estimates, func(e booking.Estimate) bool { return e.State == booking.EstimateSuperseded })
	p.Estimates = s.estimateCards(p.Job, estimates, func(id int64) string { return estimateURL(p.Job.Token, id) })
	if p.Visits, err = s.ownVisits(ctx, p.Job, items); err != nil {
		return s.fail(c, err)
	}
	zone := p.Job.Workshop.Zone()
	p.Thread = threadOf(items, zone)
	p.takeSteps(items, zone)
	return s.show(c, status, "job", p.Locale, p)
}

// bringFor is what the customer should bring, without doubles, in his or her
// language.
func (s *Server) bringFor(ctx context.Context, job *booking.Job, locale string) ([]string, error) {
	services, err := s.opt.Desk.Services(ctx, job.WorkshopID)
	if err != nil {
		return nil, err
	}
	var bring []string
	for _, sv := range services {
		if !slices.ContainsFunc(job.Services, func(js booking.JobService) bool { return js.ServiceID == sv.ID }) {
			continue
		}
		for _, item := range sv.In(locale).Bring {
			if !slices.Contains(bring, item) {
				bring = append(bring, item)
			}
		}
	}
	return bring, nil
}

// threadOf picks the messages out of a timeline. What was queued and then
// dropped never reached the customer and is not shown as if it had.
func threadOf(items []booking.TimelineItem, zone *time.Location) []bubble {
	var out []bubble
	for _, item := range items {
		if item.Kind != booking.EventMessage || item.State == string(notify.Suppressed) {
			continue
		}
		out = append(out, bubble{
			Mine: item.Direction == string(notify.In), Author: item.Author, Channel: item.Channel,
			Body: item.Body, At: item.At.In(zone), State: item.State,
		})
	}
	return out
}

// takeSteps lays the job's status out as stations, with the time each was
// reached.
func (p *jobPage) takeSteps(items []booking.TimelineItem, zone *time.Location) {
	p.Headline = p.words("page.job.headline."+string(p.Job.Status), "advisor", p.advisorFirst())
	if p.Job.Status == booking.Cancelled || p.Job.Status == booking.NoShow {
		p.Ended = p.words("page.job.ended." + string(p.Job.Status))
		return
	}
	reached := map[booking.Status]time.Time{}
	for _, item := range items {
		if item.Kind == booking.EventStatus {
			reached[booking.Status(item.State)] = item.At.In(zone)
		}
	}
	now := stationOf(p.Job.Status)
	for i, st := range []booking.Status{booking.Booked, booking.Received, booking.InWork, booking.Ready, booking.Collected} {
		step := jobStep{Label: p.words("page.job.step." + string(st)), State: "ahead"}
		switch {
		case i < now, i == now && p.Closed:
			step.State, step.At = "done", reached[st]
		case i == now:
			step.State, step.At = "now", reached[st]
			if p.Job.Status != st {
				step.Detail, step.At = p.words("status."+string(p.Job.Status)), reached[p.Job.Status]
			}
		}
		if st == booking.Booked && step.At.IsZero() {
			step.At = p.Job.CreatedAt.In(zone)
		}
		p.Steps = append(p.Steps, step)
	}
}

// stationOf is the station that a status belongs to.
func stationOf(status booking.Status) int {
	switch status {
	case booking.Received:
		return 1
	case booking.InWork, booking.WaitingApproval, booking.WaitingParts:
		return 2
	case booking.Ready:
		return 3
	case booking.Collected:
		return 4
	}
	return 0
}

func (p *jobPage) advisorFirst() string {
	if p.Job.Advisor == nil {
		return ""
	}
	return p.Job.Advisor.FirstName()
}

// Zone is the workshop's, for the page's times.
func (p *jobPage) Zone() *time.Location { return p.Job.Workshop.Zone() }

// AdvisorFirst is the advisor's first name, for the page's sentences.
func (p *jobPage) AdvisorFirst() string { return p.advisorFirst() }

// pageJobWrite takes a message to the advisor.
func (s *Server) pageJobWrite(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	p.Body = typed(c, "body", maxNote)
	if p.Body == "" {
		p.Errors["body"] = p.words("page.job.write_empty")
		p.Problem = p.Errors["body"]
		return s.showJob(c, http.StatusUnprocessableEntity, p)
	}
	if _, err := s.opt.Desk.CustomerWrites(c.Request().Context(), p.Job.Token, p.Body); err != nil {
		return s.jobRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=written#thread")
}

// pageJobCallback takes the wish to be called.
func (s *Server) pageJobCallback(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	p.Phone, p.CallNote = typed(c, "phone", maxLine), typed(c, "note", maxNote)
	if _, err := s.opt.Desk.AskCallback(c.Request().Context(), p.Job.Token, p.Phone, p.CallNote); err != nil {
		return s.jobRefused(c, p, err)
	}
	return seeOther(c, p.Path+"?done=callback#callback")
}

// jobRefused shows the page again with what is wrong.
func (s *Server) jobRefused(c echo.Context, p *jobPage, err error) error {
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	return s.showJob(c, status, p)
}
