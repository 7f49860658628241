package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

// statusForm is the form of a next status: it shows the very text that goes
// out before it goes.
type statusForm struct {
	To        booking.Status
	Label     string
	Text      string // as it will go
	Shown     string // the template's text for what was chosen, to see what was edited
	Cost      *costView
	Send      bool
	HasText   bool
	AskReady  bool
	ReadyBy   string // datetime-local
	AskBy     bool
	By        int64
	Revision  int
	Recipient string
	Sending   sendTime
}

// readyFits are the statuses that come with a new time of being ready.
var readyFits = []booking.Status{booking.Received, booking.InWork, booking.WaitingParts, booking.WaitingApproval}

// openPreview fills in the form for a next status from the address.
func (s *Server) openPreview(c echo.Context, p *deskJobPage, to booking.Status) error {
	if !slices.Contains(booking.NextStatuses(p.Job.Status), to) || to == booking.Cancelled {
		p.Problem = p.words("fault.transition", "from", p.Job.Status, "to", to)
		return nil
	}
	f := &statusForm{
		To: to, Label: p.actLabel(p.Job.Status, to), Revision: p.Job.Revision, By: s.actingAdvisor(c, p.Job),
		AskReady: slices.Contains(readyFits, to), AskBy: to == booking.Received, Recipient: p.recipient(),
	}
	readyBy := localInput(c.FormValue("ready_by"), p.Job.Workshop.Zone())
	if readyBy.IsZero() && !c.QueryParams().Has("ready_by") && p.ReadyBy.After(p.Now) {
		readyBy = p.ReadyBy
	}
	if !readyBy.IsZero() {
		f.ReadyBy = readyBy.In(p.Job.Workshop.Zone()).Format("2006-01-02T15:04")
	}
	text, err := s.opt.Desk.Preview(c.Request().Context(), p.Job.ID, to, readyBy, f.By)
	if fault.Is(err, fault.Invalid) { // a time that cannot be: the form says so
		p.refused(err)
		text, err = s.opt.Desk.Preview(c.Request().Context(), p.Job.ID, to, time.Time{}, f.By)
	}
	if err != nil {
		return err
	}
	p.setText(f, text)
	f.Shown, f.HasText, f.Send = text, text != "", text != ""
	if f.Sending, err = s.sendTimeOf(c.Request().Context(), p.Job, string(to), false); err != nil {
		return err
	}
	p.Preview = f
	return nil
}

// setText counts what a text costs.
func (p *deskJobPage) setText(f *statusForm, text string) {
	f.Text, f.Cost = text, p.statusCost(text)
}

// recipient is where a message about the job goes.
func (p *deskJobPage) recipient() string {
	if p.Job.ContactPhone != "" {
		return p.Job.ContactPhone
	}
	return p.Job.ContactEmail
}

// actingAdvisor is who the text is signed by: the one chosen in the form, else
// the person signed in, else who the job is with.
func (s *Server) actingAdvisor(c echo.Context, job *booking.Job) int64 {
	if by := number(c.FormValue("by")); by != 0 {
		return by
	}
	if staff := s.staff(c); staff.AdvisorID != 0 && staff.WorkshopID == job.WorkshopID {
		return staff.AdvisorID
	}
	return job.Owner()
}

// pageDeskStatus moves the job. A text that was not edited but no longer says
// what was chosen is shown again before it goes: nothing leaves unseen.
func (s *Server) pageDeskStatus(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	to := booking.Status(c.FormValue("to"))
	revision := int(number(c.FormValue("revision")))
	if revision != p.Job.Revision {
		return s.staleStatus(c, p, to)
	}
	if err := s.openPreview(c, p, to); err != nil {
		return s.fail(c, err)
	}
	form := p.Preview
	if form == nil {
		return s.showDeskJob(c, http.StatusConflict, p)
	}
	body, shown := typed(c, "body", maxNote), typed(c, "shown", maxNote)
	form.Send = form.HasText && ticked(c, "send")
	if c.FormValue("replace") != "" {
		p.setText(form, notify.ToGSM7(body))
		return s.showDeskJob(c, http.StatusOK, p)
	}
	if body == "" && form.Send {
		p.Errors["body"] = p.words("fault.message_empty")
		p.Problem = p.Errors["body"]
		return s.showDeskJob(c, http.StatusUnprocessableEntity, p)
	}
	if form.Send && body == shown && form.Text != shown || c.FormValue("refresh") != "" {
		return seeOther(c, p.previewURL(form, "look"))
	}
	readyBy := localInput(form.ReadyBy, p.Job.Workshop.Zone())
	if !form.AskReady {
		readyBy = time.Time{}
	}
	request := booking.TransitionRequest{
		JobID: p.Job.ID, To: to, ReadyBy: readyBy, Revision: revision, Send: form.Send, By: form.By, Actor: s.actor(c),
		AtOnce: ticked(c, "at_once"),
	}
	if body != form.Shown {
		request.Body = body
	}
	job, _, err := s.opt.Desk.Transition(c.Request().Context(), request)
	if err == nil {
		return seeOther(c, jobURL(job.ID)+"?done=status")
	}
	if fault.Is(err, fault.Conflict) {
		return s.staleStatus(c, p, to)
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	p.setText(form, body)
	return s.showDeskJob(c, status, p)
}

// previewURL is the form's own address with what was chosen in it.
func (p *deskJobPage) previewURL(f *statusForm, done string) string {
	v := url.Values{"to": {string(f.To)}, "ready_by": {f.ReadyBy}, "by": {strconv.FormatInt(f.By, 10)}, "done": {done}}
	return p.Path + "?" + v.Encode() + "#next"
}

// staleStatus answers a second tap or a page that stood open too long: where
// the job is already there it is no error, else it says kindly what happened.
func (s *Server) staleStatus(c echo.Context, p *deskJobPage, to booking.Status) error {
	job, err := s.opt.Desk.Job(c.Request().Context(), p.Job.ID)
	if err != nil {
		return s.fail(c, err)
	}
	p.Job, p.Preview = job, nil
	if job.Status == to {
		p.Notice = p.words("page.desk.already", "status", p.words("status."+string(to)))
		return s.showDeskJob(c, http.StatusConflict, p)
	}
	p.Problem = p.words("page.desk.stale", "status", p.words("status."+string(job.Status)))
	return s.showDeskJob(c, http.StatusConflict, p)
}

// surveyOfJob is the job's survey, or nil where there is none.
func (s *Server) surveyOfJob(ctx context.Context, jobID int64) (*survey.Survey, error) {
	sv, err := s.opt.Surveyor.ForJob(ctx, jobID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return sv, err
}
