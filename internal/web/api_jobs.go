package web

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// defaultLimit and maxLimit bound a page of a list.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// PageIn is how a list is read on; the library reads only exported embedded types.
type PageIn struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"200"`
}

// jobFor finds a job that this member of staff may see. Another workshop's job
// is as unknown as one that does not exist.
func (s *Server) jobFor(ctx context.Context, raw string) (*booking.Job, error) {
	id, err := pathID(raw)
	if err != nil {
		return nil, err
	}
	return s.visibleJob(ctx, callerOf(ctx).staff, id)
}

// visibleJob is jobFor for an id that has been read.
func (s *Server) visibleJob(ctx context.Context, staff *auth.Staff, id int64) (*booking.Job, error) {
	j, err := s.opt.Desk.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	if !staff.Sees(j.WorkshopID) {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	return j, nil
}

type jobsQuery struct {
	PageIn
	WorkshopID string   `query:"workshop_id" doc:"one workshop; your own when you have one"`
	Date       string   `query:"date" format:"date" doc:"one day on the workshop's calendar"`
	From       string   `query:"from" format:"date" doc:"first day"`
	To         string   `query:"to" format:"date" doc:"last day"`
	Status     []string `query:"status,explode" doc:"repeatable"`
	AdvisorID  string   `query:"advisor_id"`
	Q          string   `query:"q" maxLength:"200" doc:"reference, plate, name, phone or e-mail"`
}

func (s *Server) listJobs(ctx context.Context, in *jobsQuery) (*body[list[jobOut]], error) {
	f := booking.JobFilter{Query: strings.TrimSpace(in.Q), Limit: in.Limit, Cursor: in.Cursor}
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	if shop != nil {
		f.WorkshopID = shop.ID
	}
	if f.AdvisorID, err = readID("query.advisor_id", in.AdvisorID); err != nil {
		return nil, err
	}
	if f.Statuses, err = readStatuses(in.Status); err != nil {
		return nil, err
	}
	if in.Date != "" {
		in.From, in.To = in.Date, in.Date
	}
	if f.From, f.To, err = s.dayRange(ctx, shop, in.From, in.To); err != nil {
		return nil, err
	}
	jobs, next, err := s.opt.Desk.Jobs(ctx, f)
	if err != nil {
		return nil, inQuery(err)
	}
	out := make([]jobOut, 0, len(jobs))
	for i := range jobs {
		out = append(out, s.jobShape(&jobs[i]))
	}
	return &body[list[jobOut]]{listOf(out, next)}, nil
}

// scope is the workshop that a list is about: the caller's own, else the one
// asked for, else nil for all. Asking for another's is asking for an unknown one.
func (s *Server) scope(ctx context.Context, raw string) (*booking.Workshop, error) {
	staff := callerOf(ctx).staff
	if raw == "" {
		if staff.WorkshopID == 0 {
			return nil, nil
		}
		return s.opt.Desk.Workshop(ctx, staff.WorkshopID)
	}
	w, err := s.workshopOf(ctx, "query.workshop_id", raw)
	if err == nil && !staff.Sees(w.ID) {
		return nil, fault.BadField("query.workshop_id", "fault.unknown_id", raw)
	}
	return w, err
}

func readStatuses(raw []string) ([]booking.Status, error) {
	var out []booking.Status
	for _, part := range raw {
		for word := range strings.SplitSeq(part, ",") {
			status := booking.Status(strings.TrimSpace(word))
			if !slices.Contains(booking.Statuses, status) {
				return nil, fault.BadField("query.status", "fault.unknown_status", word)
			}
			out = append(out, status)
		}
	}
	return out, nil
}

// dayRange turns first and last day into instants, [from, to), on a workshop's
// calendar (the first workshop's, where the list is about all of them).
func (s *Server) dayRange(ctx context.Context, shop *booking.Workshop, from, to string) (start, end time.Time, err error) {
	if from == "" && to == "" {
		return start, end, nil
	}
	zone, err := s.listZone(ctx, shop)
	if err != nil {
		return start, end, err
	}
	if from != "" {
		if start, err = time.ParseInLocation(time.DateOnly, from, zone); err != nil {
			return start, end, fault.BadField("query.from", "validation.date", from)
		}
	}
	if to != "" {
		if end, err = time.ParseInLocation(time.DateOnly, to, zone); err != nil {
			return start, end, fault.BadField("query.to", "validation.date", to)
		}
		end = end.AddDate(0, 0, 1)
	}
	if from != "" && to != "" && !end.After(start) {
		return start, end, fault.BadField("query.to", "fault.range_backwards", to)
	}
	return start, end, nil
}

// listZone is where the days of a list are told.
func (s *Server) listZone(ctx context.Context, shop *booking.Workshop) (*time.Location, error) {
	if shop != nil {
		return shop.Zone(), nil
	}
	shops, err := s.opt.Desk.Workshops(ctx)
	if err != nil || len(shops) == 0 {
		return time.UTC, err
	}
	return shops[0].Zone(), nil
}

// jobIn is a booking by the desk, which alone may overbook.
type jobIn struct {
	BookingIn
	Overbook *overbookIO `json:"overbook,omitempty" doc:"put the visit where not everything it needs is free, and record why; where all of it is free after all nothing is overbooked"`
}

// overbookIO is why a visit stands where not everything it needs was free.
type overbookIO struct {
	Reason string `json:"reason" minLength:"1" maxLength:"200"`
}

func (s *Server) postJob(ctx context.Context, in *posted[jobIn]) (*created[jobOut], error) {
	r, err := in.Body.request()
	if err != nil {
		return nil, s.allWrong(ctx, r, booking.SourceDesk, err)
	}
	staff := callerOf(ctx).staff
	if !staff.Sees(r.WorkshopID) {
		return nil, fault.BadField("body.workshop_id", "fault.unknown_id", in.Body.WorkshopID)
	}
	r.Source, r.Actor = "desk", actorOf(staff)
	r.Agreed = in.Body.Consents.evidence(notify.ByDesk, staff.Name, "")
	if over := in.Body.Overbook; over != nil {
		r.Overbook, r.OverbookReason = true, over.Reason
	}
	r.RequestKey = requestKeyOf(ctx)
	j, err := s.opt.Desk.Book(ctx, r)
	if err != nil {
		return nil, err
	}
	return &created[jobOut]{Location: "/api/v1/jobs/" + idOf(j.ID), Body: s.jobShape(j)}, nil
}

type idIn struct {
	ID string `path:"id"`
}

func (s *Server) getJob(ctx context.Context, in *idIn) (*body[jobOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &body[jobOut]{s.jobShape(j)}, nil
}

type transitionIn struct {
	ID   string `path:"id"`
	Body struct {
		To      booking.Status `json:"to" enum:"booked,received,in_work,waiting_approval,waiting_parts,ready,collected,cancelled,no_show" doc:"booked takes a mistaken received back; the status that the job has already changes nothing and sends nothing a second time"`
		ReadyBy *time.Time     `json:"ready_by,omitempty"`
		Version int            `json:"version,omitempty" minimum:"0" doc:"the job's version as you saw it; another one is a conflict"`
		Message *struct {
			Send bool   `json:"send"`
			Body string `json:"body,omitempty" maxLength:"4000" doc:"your own words instead of the usual text; your signature is added"`

			AtOnce bool `json:"at_once,omitempty" doc:"also in the quiet hours"`
		} `json:"message,omitempty" doc:"the usual text is sent when this is left out"`
	}
}

type transitionOut struct {
	Job     jobOut      `json:"job"`
	Message *messageOut `json:"message,omitempty"`
}

func (s *Server) postTransition(ctx context.Context, in *transitionIn) (*body[transitionOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	staff := callerOf(ctx).staff
	r := booking.TransitionRequest{JobID: j.ID, To: in.Body.To, Revision: in.Body.Version, Send: true, By: staff.AdvisorID, Actor: actorOf(staff)}
	if in.Body.ReadyBy != nil {
		r.ReadyBy = *in.Body.ReadyBy
	}
	if m := in.Body.Message; m != nil {
		r.Send, r.Body, r.Sign, r.AtOnce = m.Send, m.Body, true, m.AtOnce
	}
	j, m, err := s.opt.Desk.Transition(ctx, r)
	if err != nil {
		return nil, err
	}
	out := transitionOut{Job: s.jobShape(j)}
	if m != nil {
		out.Message = new(messageOf(m, j.ID, zoneOf(j)))
	}
	return &body[transitionOut]{out}, nil
}

// jobListIn asks for a list of one job.
type jobListIn struct {
	ID string `path:"id"`
	WholeIn
}

func (s *Server) getTimeline(ctx context.Context, in *jobListIn) (*body[list[timelineOut]], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	items, err := s.opt.Desk.Timeline(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	zone := zoneOf(j)
	out := make([]timelineOut, 0, len(items))
	for i := range items {
		out = append(out, timelineOf(j.ID, &items[i], zone, callerOf(ctx).locale))
	}
	return whole(in.WholeIn, out, func(t *timelineOut) string { return t.ID })
}

type jobMessageIn struct {
	ID   string `path:"id"`
	Body struct {
		Body    string         `json:"body" minLength:"1" maxLength:"4000"`
		Channel notify.Channel `json:"channel,omitempty" enum:"sms,email" doc:"the one the customer used last when left out"`
		AtOnce  bool           `json:"at_once,omitempty" doc:"also in the quiet hours"`
	}
}

func (s *Server) postJobMessage(ctx context.Context, in *jobMessageIn) (*created[messageOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	write := s.opt.Desk.Write
	if in.Body.AtOnce {
		write = s.opt.Desk.WriteNow
	}
	m, err := write(ctx, j.ID, in.Body.Channel, in.Body.Body, actorOf(callerOf(ctx).staff))
	if err != nil {
		return nil, err
	}
	return &created[messageOut]{Location: "/api/v1/messages/" + idOf(m.ID), Body: messageOf(m, j.ID, zoneOf(j))}, nil
}

type noteIn struct {
	ID   string `path:"id"`
	Body struct {
		Body string `json:"body" minLength:"1" maxLength:"4000"`
	}
}

func (s *Server) postNote(ctx context.Context, in *noteIn) (*body[timelineOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.opt.Desk.Note(ctx, j.ID, in.Body.Body, actorOf(callerOf(ctx).staff)); err != nil {
		return nil, err
	}
	items, err := s.opt.Desk.Timeline(ctx, j.ID)
	if err != nil {
		return nil, err
	}
	for i := range slices.Backward(items) {
		if items[i].Kind == booking.EventNote {
			return &body[timelineOut]{timelineOf(j.ID, &items[i], zoneOf(j), callerOf(ctx).locale)}, nil
		}
	}
	return nil, fmt.Errorf("the note of job %d is not on its timeline", j.ID)
}

// handoverMessage is what the customer hears of a hand-over.
type handoverMessage struct {
	Send   bool `json:"send"`
	AtOnce bool `json:"at_once,omitempty" doc:"also in the quiet hours"`
}

type handoverIn struct {
	ID   string `path:"id"`
	Body struct {
		AdvisorID string           `json:"advisor_id"`
		Note      string           `json:"note,omitempty" maxLength:"4000" doc:"for the colleague; the customer never sees it"`
		Message   *handoverMessage `json:"message,omitempty" doc:"the customer is told who takes over when this is left out; send false for a colleague who only minds the job for an hour"`
	}
}

func (s *Server) postHandover(ctx context.Context, in *handoverIn) (*body[jobOut], error) {
	j, err := s.jobFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	to, err := readID("body.advisor_id", in.Body.AdvisorID)
	if err == nil && to == 0 {
		err = fault.BadField("body.advisor_id", "validation.required", nil)
	}
	if err != nil {
		return nil, err
	}
	r := booking.HandoverRequest{JobID: j.ID, To: to, Note: in.Body.Note, Send: true, Actor: actorOf(callerOf(ctx).staff)}
	if m := in.Body.Message; m != nil {
		r.Send, r.AtOnce = m.Send, m.AtOnce
	}
	if err := s.opt.Desk.Handover(ctx, r); err != nil {
		return nil, err
	}
	if j, err = s.opt.Desk.Job(ctx, j.ID); err != nil {
		return nil, err
	}
	return &body[jobOut]{s.jobShape(j)}, nil
}
