package web

import (
	"context"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// undeliveredItem is a message that did not arrive, as the desk sees it.
type undeliveredItem struct {
	notify.Undelivered
	At  time.Time
	Job *booking.Job // nil: it is about none
	URL string
}

// undelivered lists the messages of this desk that did not arrive and that nobody
// has dealt with.
func (s *Server) undelivered(ctx context.Context, f *frame) ([]undeliveredItem, error) {
	var out []undeliveredItem
	cursor := ""
	for range undeliveredPages { // those of other workshops stand between
		rows, next, err := s.opt.Notifier.Undelivered(ctx, maxTriage, cursor)
		if err != nil {
			return nil, err
		}
		items, err := s.undeliveredHere(ctx, f, rows)
		if err != nil {
			return nil, err
		}
		out, cursor = append(out, items...), next
		if len(out) >= maxTriage || cursor == "" {
			break
		}
	}
	return out[:min(len(out), maxTriage)], nil
}

// undeliveredPages bounds how far the list is read for one workshop's share.
const undeliveredPages = 10

// undeliveredHere picks those that who is signed in may see.
func (s *Server) undeliveredHere(ctx context.Context, f *frame, rows []notify.Undelivered) ([]undeliveredItem, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	jobs, err := s.jobsOfUndelivered(ctx, rows)
	if err != nil {
		return nil, err
	}
	var out []undeliveredItem
	for _, m := range rows {
		id, isJob := booking.JobOf(m.ConversationSubject)
		item := undeliveredItem{Undelivered: m, At: m.CreatedAt.In(f.Workshop.Zone()), Job: jobs[id]}
		switch {
		case item.Job != nil && f.Staff.Sees(item.Job.WorkshopID):
			item.URL = jobURL(id) + "?trace=" + strconv.FormatInt(m.ID, 10) + "#thread"
		case isJob || f.Staff.WorkshopID != 0:
			continue
		}
		out = append(out, item)
	}
	return out, nil
}

// undeliveredOf finds a message of the list of who is signed in.
func (s *Server) undeliveredOf(c echo.Context) (*undeliveredItem, error) {
	f, err := s.deskFrame(c, "inbox")
	if err != nil {
		return nil, err
	}
	items, err := s.undelivered(c.Request().Context(), &f)
	if err != nil {
		return nil, err
	}
	id := number(c.Param("id"))
	for i := range items {
		if items[i].ID == id {
			return &items[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "fault.not_found")
}

// pageUndelivered deals with a message that did not arrive: act is again, arrived
// or told.
func (s *Server) pageUndelivered(c echo.Context) error {
	item, err := s.undeliveredOf(c)
	if err == nil {
		ctx, by := c.Request().Context(), s.staff(c).Name
		if act := c.FormValue("act"); act == "again" {
			_, err = s.opt.Notifier.Retry(ctx, item.ID, by)
		} else {
			_, err = s.opt.Notifier.Settle(ctx, item.ID, act, by)
		}
	}
	switch {
	case fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
		return seeOther(c, "/desk/inbox?failed=gone")
	case err != nil:
		return s.fail(c, err)
	}
	return seeOther(c, "/desk/inbox?done=undelivered")
}

// pageDeskConsents keeps what the customer told the advisor about messages.
func (s *Server) pageDeskConsents(c echo.Context) error {
	job, err := s.deskJob(c, c.Param("id"))
	if err != nil {
		return s.fail(c, err)
	}
	if _, err := s.opt.Desk.SetConsents(c.Request().Context(), job.ID, tickedConsents(c), s.shownConsents(c, notify.ByDesk)); err != nil {
		return s.fail(c, err)
	}
	return seeOther(c, jobURL(job.ID)+"?done=consents#consents")
}

// pageJobConsents keeps what a customer wants to hear.
func (s *Server) pageJobConsents(c echo.Context) error {
	p, err := s.jobOf(c)
	if p == nil {
		return err
	}
	if _, err := s.opt.Desk.SetConsents(c.Request().Context(), p.Job.ID, tickedConsents(c), s.shownConsents(c, notify.ByPage)); err != nil {
		return s.fail(c, err)
	}
	return seeOther(c, p.Path+"?done=consents#consents")
}

// tickedConsents reads the three boxes of a form.
func tickedConsents(c echo.Context) map[notify.Purpose]bool {
	return map[notify.Purpose]bool{
		notify.Survey: ticked(c, "survey"), notify.Reminder: ticked(c, "reminders"), notify.Marketing: ticked(c, "marketing"),
	}
}

// consentKeys are the sentences beside the boxes of our own forms.
var consentKeys = map[notify.Purpose]string{
	notify.Survey: "page.book.consent_survey", notify.Reminder: "page.book.consent_reminders", notify.Marketing: "page.book.consent_marketing",
}

// shownConsents is the evidence of a form of ours: the sentences stood beside its
// boxes in the language of the page. At the desk a member of staff ticks them for
// the customer.
func (s *Server) shownConsents(c echo.Context, how string) notify.Evidence {
	ev := notify.Evidence{How: how, Origin: c.RealIP(), Wording: map[notify.Purpose]string{}}
	spoken := how == notify.ByDesk // to which words nobody knows
	if spoken {
		ev.Author, ev.Origin = s.staff(c).Name, ""
	}
	for p, key := range consentKeys {
		ev.Wording[p] = ""
		if !spoken {
			ev.Wording[p] = templates.T(s.locale(c), key, nil)
		}
	}
	return ev
}

// sendTime is when a text that is being written would go.
type sendTime struct {
	Waits  bool
	At     time.Time
	Recent int
	Many   bool
	// Blocked: the phone takes no texts any more.
	Blocked bool
}

// sendTimeOf asks when a text about a job would go.
func (s *Server) sendTimeOf(ctx context.Context, j *booking.Job, occasion string, byHuman bool) (sendTime, error) {
	f, err := s.opt.Desk.Forecast(ctx, j, occasion, byHuman)
	return sendTime{Waits: f.Quiet, At: f.At.In(zoneOf(j)), Recent: f.Recent, Many: f.Many, Blocked: f.Blocked}, err
}

// consentRow is a word of the customer's on a kind of message.
type consentRow struct {
	notify.Consent
	When time.Time
}

// loadConsents puts the consents of a job's customer on its page.
func (s *Server) loadConsents(ctx context.Context, p *deskJobPage) error {
	rows, err := s.opt.Desk.ConsentsOf(ctx, p.Job)
	for _, r := range rows {
		p.Consents = append(p.Consents, consentRow{r, r.At.In(p.Job.Workshop.Zone())})
	}
	return err
}
