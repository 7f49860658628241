package booking

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	ics "github.com/arran4/golang-ical"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/templates"
)

// CalendarType is the media type of calendars, RFC 5545 section 8.1.
const CalendarType = "text/calendar; charset=utf-8"

// How far back and ahead an advisor's feed goes.
const (
	feedBack  = 1  // months
	feedAhead = 12 // months
	// feedMost bounds one feed.
	feedMost = 5000
)

// CalendarFeed is the secret under which an advisor's calendar is subscribed to.
type CalendarFeed struct {
	AdvisorID int64 `gorm:"primaryKey;autoIncrement:false"`
	Token     string
	CreatedAt db.Time
}

// JobCalendar is a job as a calendar of one event (RFC 5545), for its customer.
// Its times are instants in UTC, so that no reader needs our zone rules; its
// UID stays, its SEQUENCE is the job's version.
func (d *Desk) JobCalendar(ctx context.Context, j *Job) ([]byte, error) {
	services, err := d.servicesByID(ctx, serviceIDs(j))
	if err != nil {
		return nil, err
	}
	return d.jobCalendar(j, slices.Collect(maps.Values(services))), nil
}

// jobCalendar is JobCalendar where the services are at hand.
func (d *Desk) jobCalendar(j *Job, services []Service) []byte {
	var bring []string
	for _, js := range j.Services {
		i := slices.IndexFunc(services, func(s Service) bool { return s.ID == js.ServiceID })
		if i < 0 {
			continue
		}
		for _, item := range services[i].In(j.Locale).Bring {
			if !slices.Contains(bring, item) {
				bring = append(bring, item)
			}
		}
	}
	cal := d.newCalendar(j.Workshop.Name)
	event := d.visit(cal, j)
	event.SetSummary(strings.Join(serviceNames(j), ", ") + ", " + j.Workshop.Name)
	lines := []string{j.Reference}
	if j.Advisor != nil {
		lines = append(lines, templates.T(j.Locale, "calendar.with", map[string]any{"advisor": j.Advisor.Name}))
	}
	if len(bring) > 0 {
		lines = append(lines, templates.T(j.Locale, "calendar.bring", map[string]any{"things": strings.Join(bring, ", ")}))
	}
	link := d.opt.BaseURL + "/j/" + j.Token
	lines = append(lines, templates.T(j.Locale, "calendar.manage", map[string]any{"link": link}))
	event.SetDescription(strings.Join(lines, "\n"))
	event.SetURL(link)
	return serialized(cal)
}

// newCalendar is an empty calendar that is published, RFC 5546 section 3.2.1.
func (d *Desk) newCalendar(name string) *ics.Calendar {
	cal := ics.NewCalendarFor("Neuvo")
	cal.SetProductId("-//Neuvo//Neuvo//EN")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(name)
	return cal
}

// serialized is a calendar as it travels: lines end in CRLF and are folded, RFC
// 5545 section 3.1.
func serialized(cal *ics.Calendar) []byte {
	return []byte(cal.Serialize(ics.WithNewLine("\r\n")))
}

// visit adds what a job's event says to everybody.
func (d *Desk) visit(cal *ics.Calendar, j *Job) *ics.VEvent {
	event := cal.AddEvent(d.eventUID(j))
	event.SetDtStampTime(j.UpdatedAt.Time)
	event.SetCreatedTime(j.CreatedAt.Time)
	event.SetModifiedAt(j.UpdatedAt.Time)
	event.SetSequence(j.Version)
	event.SetStartAt(j.StartAt.Time)
	event.SetEndAt(j.EndAt.Time)
	event.SetStatus(eventStatus(j.Status))
	event.SetLocation(strings.Trim(j.Workshop.Name+", "+j.Workshop.Address, ", "))
	return event
}

// eventUID names a job's event for good, and for nobody else's.
func (d *Desk) eventUID(j *Job) string {
	host := "neuvo"
	if u, err := url.Parse(d.opt.BaseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return strings.ToLower(j.Reference) + "@" + host
}

func eventStatus(s Status) ics.ObjectStatus {
	switch s {
	case Unconfirmed:
		return ics.ObjectStatusTentative
	case Cancelled, NoShow:
		return ics.ObjectStatusCancelled
	}
	return ics.ObjectStatusConfirmed
}

func serviceNames(j *Job) []string {
	names := make([]string, len(j.Services))
	for i, s := range j.Services {
		names[i] = s.Name
	}
	return names
}

// invitation is the calendar file of the e-mails that tell when a visit is; none
// for others.
func (d *Desk) invitation(ctx context.Context, j *Job, t telling) ([]notify.File, error) {
	switch t.occasion {
	case "booked", "moved", "cancelled", "new_advisor":
	default:
		return nil, nil
	}
	var content []byte
	if t.services != nil {
		content = d.jobCalendar(j, t.services)
	} else {
		var err error
		if content, err = d.JobCalendar(ctx, j); err != nil {
			return nil, fmt.Errorf("make the invitation of job %d: %w", j.ID, err)
		}
	}
	return []notify.File{{
		Name: strings.ToLower(j.Reference) + ".ics", ContentType: "text/calendar; method=PUBLISH; charset=utf-8", Content: content,
	}}, nil
}

// Feeds gives the secrets of a workshop's feeds by advisor.
func (d *Desk) Feeds(ctx context.Context, workshopID int64) (map[int64]string, error) {
	rows, err := all[CalendarFeed](ctx, d.db, "calendar feeds", "", "advisor_id IN (SELECT id FROM advisors WHERE workshop_id = ?)", workshopID)
	out := make(map[int64]string, len(rows))
	for _, r := range rows {
		out[r.AdvisorID] = r.Token
	}
	return out, err
}

// NewFeed makes an advisor's calendar a new secret; the one before ends at once.
func (d *Desk) NewFeed(ctx context.Context, advisorID int64) (*CalendarFeed, error) {
	if _, err := d.Advisor(ctx, advisorID); err != nil {
		return nil, err
	}
	feed := &CalendarFeed{AdvisorID: advisorID, Token: "cal" + newToken() + newToken(), CreatedAt: d.now()}
	return feed, d.db.Tx(ctx, func(ctx context.Context) error { return d.saveFeed(ctx, feed) })
}

// EndFeed ends an advisor's feed; a second time is harmless.
func (d *Desk) EndFeed(ctx context.Context, advisorID int64) error {
	return d.db.Tx(ctx, func(ctx context.Context) error { return d.dropFeed(ctx, advisorID) })
}

// Calendar gives the calendar of a secret: a job's token, or that of an advisor's
// feed with the visits of the last month and of the next twelve. NotFound for an
// unknown one.
func (d *Desk) Calendar(ctx context.Context, token string) ([]byte, error) {
	j, err := d.JobByToken(ctx, token)
	if err == nil {
		return d.JobCalendar(ctx, j)
	}
	if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	feed, err := one[CalendarFeed](ctx, d.db, "calendar feed", "token = ?", token)
	if err != nil {
		return nil, err
	}
	return d.advisorCalendar(ctx, feed.AdvisorID)
}

func (d *Desk) advisorCalendar(ctx context.Context, advisorID int64) ([]byte, error) {
	advisor, err := d.Advisor(ctx, advisorID)
	if err != nil {
		return nil, err
	}
	now := d.now().Time
	jobs, err := d.jobsOfAdvisor(ctx, advisorID, now.AddDate(0, -feedBack, 0), now.AddDate(0, feedAhead, 0), feedMost)
	if err != nil {
		return nil, err
	}
	cal := d.newCalendar(advisor.Name)
	cal.SetXPublishedTTL("PT15M")
	cal.SetRefreshInterval("PT15M", ics.WithValue("DURATION"))
	for i := range jobs {
		d.visitOf(cal, &jobs[i])
	}
	return serialized(cal), nil
}

// visitOf adds a job as its advisor sees it: who, with what, for what. What the
// desk knows beyond that stays behind its sign-in.
func (d *Desk) visitOf(cal *ics.Calendar, j *Job) {
	event := d.visit(cal, j)
	parts := []string{j.ContactName}
	if j.Vehicle != nil {
		parts = append(parts, j.Vehicle.Plate)
	}
	event.SetSummary(strings.Join(append(parts, serviceNames(j)...), ", "))
	link := fmt.Sprintf("%s/desk/jobs/%d", d.opt.BaseURL, j.ID)
	event.SetDescription(j.Reference + "\n" + link)
	event.SetURL(link)
}
