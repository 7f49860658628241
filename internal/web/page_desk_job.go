package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/notify"
	"neuvo/survey"
	"neuvo/templates"
)

// deskJobPage is a job as the desk sees it: everything on one page.
type deskJobPage struct {
	frame
	Job       *booking.Job
	Path      string
	Start     time.Time
	End       time.Time
	ReadyBy   time.Time
	Next      []choice
	Preview   *statusForm
	Timeline  []timelineRow
	Handovers int // inside the house
	Promises  []promiseRow
	Case      *caseRow // the open one, else the last
	Survey    *survey.Survey
	ScoreText string // "4 / 5"
	Advisors  []booking.Advisor
	Channels  []choice
	CanCancel bool
	Body      string // the message as typed
	Draft     *draftView
	Note      string
	PublicURL string
	Verified  time.Time // when the customer last proved to hold the phone
	CanVerify bool
	Verifying bool // a code is on its way: ask for it
	Now       time.Time

	Vehicle    vehicleForm
	VehicleURL string // its whole history
	Visits     []visitRow
	MoreVisits bool

	Consents []consentRow // what the customer has said to messages, the newest first

	Sending sendTime // when the advisor's own words would go

	Estimates  []estimateCard
	CanPropose bool
	FinalText  string // as typed
	FinalMost  int64  // what the customer has approved at most
}

// timelineRow is one line of the timeline.
type timelineRow struct {
	booking.TimelineItem
	Whole   string // address of all that a message says
	Links   []fileLink
	When    time.Time
	Label   string
	Trace   []traceRow // how an outgoing message fared, where asked for
	Traced  bool
	TraceTo string
	// Of what a person wrote to us: the page of its job, for moving it, and whether
	// its sender may be learned as the customer's.
	Path     string
	CanLearn bool
}

// traceRow is one state of a message on its way.
type traceRow struct {
	At     time.Time
	State  string
	Detail string
}

// promiseRow is a promise with its clock.
type promiseRow struct {
	booking.Promise
	Due     time.Time
	Overdue bool
	Open    bool
}

// jobURL is the desk's page of a job.
func jobURL(id int64) string { return "/desk/jobs/" + strconv.FormatInt(id, 10) }

// pageDeskJob shows a job; ?to= opens the form of a next status, ?trace= the
// history of one message.
func (s *Server) pageDeskJob(c echo.Context) error {
	p, err := s.deskJobPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	p.Verifying = c.QueryParam("verify") != ""
	if err := s.opt.Desk.Looked(c.Request().Context(), p.Job.ID, p.Staff.AdvisorID); err != nil {
		return s.fail(c, err)
	}
	if to := booking.Status(c.QueryParam("to")); to != "" {
		if err := s.openPreview(c, p, to); err != nil {
			return s.fail(c, err)
		}
	}
	return s.showDeskJob(c, http.StatusOK, p)
}

// deskJobPage finds the job of the address for who is signed in.
func (s *Server) deskJobPage(c echo.Context) (*deskJobPage, error) {
	job, err := s.deskJob(c, c.Param("id"))
	if err != nil {
		return nil, err
	}
	f, err := s.deskFrame(c, "job")
	if err != nil {
		return nil, err
	}
	f.Workshop = job.Workshop
	zone := job.Workshop.Zone()
	p := &deskJobPage{
		frame: f, Job: job, Path: jobURL(job.ID), Start: job.LocalStart(), End: job.LocalEnd(), Now: s.opt.Now().In(zone),
		CanCancel: job.Status == booking.Booked || job.Status == booking.Unconfirmed, PublicURL: "/j/" + job.Token,
	}
	if !job.ReadyBy.IsZero() {
		p.ReadyBy = job.ReadyBy.In(zone)
	}
	return p, nil
}

// showDeskJob loads what stands below the head and renders the page.
func (s *Server) showDeskJob(c echo.Context, status int, p *deskJobPage) error {
	if err := s.loadDeskJob(c.Request().Context(), p, number(c.QueryParam("trace"))); err != nil {
		return s.fail(c, err)
	}
	return s.show(c, status, "desk_job", p.Locale, p)
}

func (s *Server) loadDeskJob(ctx context.Context, p *deskJobPage, trace int64) error {
	zone := p.Job.Workshop.Zone()
	for _, to := range booking.NextStatuses(p.Job.Status) {
		if to == booking.Cancelled {
			continue // it has its own button, apart from the others
		}
		p.Next = append(p.Next, p.statusChoice(p.Job, to))
	}
	slices.SortStableFunc(p.Next, func(a, b choice) int { return strings.Compare(a.Hint, b.Hint) }) // backward last
	items, err := s.opt.Desk.Timeline(ctx, p.Job.ID)
	if err != nil {
		return err
	}
	names, err := s.opt.Desk.Advisors(ctx, p.Job.WorkshopID)
	if err != nil {
		return err
	}
	p.Advisors = names
	if err := s.loadConsents(ctx, p); err != nil {
		return err
	}
	p.Verified, p.CanVerify = verifiedAt(items, zone), p.Job.Customer.Phone != "" || p.Job.ContactPhone != ""
	for _, item := range items {
		row := timelineRow{TimelineItem: item, When: item.At.In(zone), Label: p.timelineLabel(item)}
		row.Body = p.timelineBody(item)
		if item.InboundID != 0 {
			row.Whole = inboundURL(p.Job.ID, item.InboundID)
			row.Links = fileLinks(row.Whole, item.Files)
		}
		if item.Kind == booking.EventMessage && item.Direction == string(notify.Out) {
			row.TraceTo = p.Path + "?trace=" + strconv.FormatInt(item.MessageID, 10) + "#" + item.ID
			row.Traced = item.MessageID == trace
		}
		if item.State == "handover" {
			p.Handovers++
		}
		if item.Kind == booking.EventMessage && item.Direction == string(notify.In) {
			row.Path = p.Path
			row.CanLearn = !item.Verified && item.From != "" && item.Channel != string(notify.Web)
		}
		if item.Direction == string(notify.In) && item.Verified {
			row.Author = p.Job.ContactName // the address is the customer's own
		}
		if row.Traced {
			if row.Trace, err = s.traceOf(ctx, trace, zone); err != nil {
				return err
			}
		}
		p.Timeline = append(p.Timeline, row)
	}
	promises, err := s.opt.Desk.JobPromises(ctx, p.Job.ID)
	if err != nil {
		return err
	}
	for _, promise := range promises {
		open := promise.ClosedAt.IsZero()
		p.Promises = append(p.Promises, promiseRow{promise, promise.DueAt.In(zone), open && p.Now.After(promise.DueAt.Time), open})
	}
	if p.Case, err = s.caseOfJob(ctx, p); err != nil {
		return err
	}
	p.takeChannels()
	if p.Sending, err = s.sendTimeOf(ctx, p.Job, "", true); err != nil {
		return err
	}
	if err := s.loadVehicle(ctx, p); err != nil {
		return err
	}
	if err := s.loadEstimates(ctx, p); err != nil {
		return err
	}
	// A job without a survey has none to show.
	p.Survey, err = s.surveyOfJob(ctx, p.Job.ID)
	if p.Survey != nil && p.Survey.Score != nil {
		_, top := templates.ScaleEnds(p.Survey.Scale)
		p.ScoreText = fmt.Sprintf("%d / %d", *p.Survey.Score, top)
	}
	return err
}

// timelineLabel says in words what an item other than a message is.
func (p *deskJobPage) timelineLabel(item booking.TimelineItem) string {
	switch item.Kind {
	case booking.EventMessage:
		return p.words("channel." + item.Channel)
	case booking.EventStatus:
		return p.words("status." + item.State)
	}
	if key := "page.event_state." + item.State; item.Kind == booking.EventOther && templates.Has(p.Locale, key) {
		return p.words(key)
	}
	if key := "event_state." + item.State; item.Kind == booking.EventOther && templates.Has(p.Locale, key) {
		return p.words(key)
	}
	return p.words("event." + string(item.Kind))
}

// timelineBody gives what an event says: a start as it was promised is told as
// people tell it.
func (p *deskJobPage) timelineBody(item booking.TimelineItem) string {
	if at := localInput(item.Body, p.Workshop.Zone()); item.Kind == booking.EventOther && !at.IsZero() {
		return p.moment(at)
	}
	if why := whyNotAsked(&item, p.Locale); why != "" {
		return why
	}
	if key := "case.cause." + item.Body; item.State == "case_opened" && templates.Has(p.Locale, key) {
		return p.words(key)
	}
	return item.Body
}

func (s *Server) traceOf(ctx context.Context, messageID int64, zone *time.Location) ([]traceRow, error) {
	history, err := s.opt.Notifier.History(ctx, messageID)
	var out []traceRow
	for _, step := range history {
		out = append(out, traceRow{step.At.In(zone), string(step.State), step.Detail})
	}
	return out, err
}

// takeChannels lists the ways to reach this customer.
func (p *deskJobPage) takeChannels() {
	p.Channels = []choice{{Label: p.words("page.desk.channel_last"), Checked: true}}
	if p.Job.ContactPhone != "" {
		p.Channels = append(p.Channels, choice{Value: string(notify.SMS), Label: p.words("channel.sms"), Hint: p.Job.ContactPhone})
	}
	if p.Job.ContactEmail != "" {
		p.Channels = append(p.Channels, choice{Value: string(notify.Email), Label: p.words("channel.email"), Hint: p.Job.ContactEmail})
	}
}
