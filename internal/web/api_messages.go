package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

func (s *Server) getMessage(ctx context.Context, in *idIn) (*body[messageOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	m, thread, err := s.opt.Notifier.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	staff, zone := callerOf(ctx).staff, time.UTC
	jobID, isJob := booking.JobOf(thread.Subject)
	if isJob {
		j, err := s.visibleJob(ctx, staff, jobID)
		if err != nil {
			return nil, err
		}
		zone = zoneOf(j)
	} else if staff.WorkshopID != 0 {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	steps, err := s.opt.Notifier.History(ctx, id)
	if err != nil {
		return nil, err
	}
	out := messageOf(m, jobID, zone)
	out.History = make([]stepOut, 0, len(steps))
	for _, step := range steps {
		out.History = append(out.History, stepOut{At: step.At.In(zone), State: step.State, Detail: step.Detail})
	}
	return &body[messageOut]{out}, nil
}

type moveMessageIn struct {
	ID   string `path:"id"`
	Body struct {
		JobID  string `json:"job_id"`
		Reason string `json:"reason,omitempty" maxLength:"2000" doc:"both jobs keep it"`
	}
}

// jobOfMessage finds the job that a message stands on, for who may see it.
func (s *Server) jobOfMessage(ctx context.Context, raw string) (messageID, jobID int64, err error) {
	if messageID, err = pathID(raw); err != nil {
		return 0, 0, err
	}
	_, thread, err := s.opt.Notifier.Message(ctx, messageID)
	if err != nil {
		return 0, 0, err
	}
	jobID, ok := booking.JobOf(thread.Subject)
	if !ok {
		return 0, 0, fault.New(fault.NotFound, "fault.not_found")
	}
	_, err = s.visibleJob(ctx, callerOf(ctx).staff, jobID)
	return messageID, jobID, err
}

func (s *Server) postMoveMessage(ctx context.Context, in *moveMessageIn) (*body[messageOut], error) {
	id, from, err := s.jobOfMessage(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	to, err := s.jobFor(ctx, in.Body.JobID)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.BadField("body.job_id", "fault.unknown_id", in.Body.JobID)
	}
	if err != nil {
		return nil, err
	}
	moved, err := s.opt.Desk.MoveMessage(ctx, id, from, to.ID, in.Body.Reason, actorOf(callerOf(ctx).staff))
	if err != nil {
		return nil, err
	}
	return &body[messageOut]{messageOf(moved, to.ID, zoneOf(to))}, nil
}

func (s *Server) postConfirmSender(ctx context.Context, in *idIn) (*struct{}, error) {
	id, jobID, err := s.jobOfMessage(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.opt.Desk.ConfirmContact(ctx, jobID, id, actorOf(callerOf(ctx).staff))
}

type candidateOut struct {
	JobID     string `json:"job_id"`
	Reference string `json:"reference"`
	Why       string `json:"why" doc:"in the reader's language"`
}

type inboxOut struct {
	ID         string              `json:"id"`
	ReceivedAt time.Time           `json:"received_at"`
	State      notify.InboundState `json:"state"`
	Kind       notify.Kind         `json:"kind,omitempty"`
	Channel    notify.Channel      `json:"channel"`
	From       string              `json:"from"`
	Subject    string              `json:"subject,omitempty"`
	Body       string              `json:"body"`
	Reason     string              `json:"reason" doc:"why nobody could place it with certainty, in the reader's language"`
	Candidates []candidateOut      `json:"candidates"`
}

type inboxQuery struct {
	PageIn
	State string `query:"state" enum:"triage,all" default:"triage"`
}

func (s *Server) listInbox(ctx context.Context, in *inboxQuery) (*body[list[inboxOut]], error) {
	state := in.State
	if state == "all" {
		state = ""
	}
	rows, next, err := s.opt.Notifier.Inbox(ctx, state, in.Limit, in.Cursor)
	if err != nil {
		return nil, inQuery(err)
	}
	jobs, err := s.candidateJobs(ctx, rows)
	if err != nil {
		return nil, err
	}
	zone, err := s.staffZone(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]inboxOut, 0, len(rows))
	for i := range rows {
		if item, ok := inboxOf(ctx, &rows[i], jobs, zone); ok {
			out = append(out, item)
		}
	}
	return &body[list[inboxOut]]{listOf(out, next)}, nil
}

// inboxOf shapes a message that waits. It is false for one whose candidates
// all belong to workshops that the caller does not see.
func inboxOf(ctx context.Context, m *notify.Inbound, jobs map[int64]*booking.Job, zone *time.Location) (inboxOut, bool) {
	out := inboxOut{
		ID: idOf(m.ID), ReceivedAt: m.ReceivedAt.In(zone), State: m.State, Kind: m.Kind, Channel: m.Channel,
		From: m.FromAddress, Subject: m.Subject, Body: m.Body, Reason: triageReason(callerOf(ctx).locale, m.Reason), Candidates: []candidateOut{},
	}
	who, others := callerOf(ctx), false
	for _, candidate := range m.Candidates {
		id, _ := booking.JobOf(candidate.Subject)
		j := jobs[id]
		switch {
		case j == nil:
		case !who.staff.Sees(j.WorkshopID):
			others = true
		default:
			out.Candidates = append(out.Candidates, candidateOut{JobID: idOf(id), Reference: j.Reference, Why: candidateReason(who.locale, candidate.Why)})
		}
	}
	return out, len(out.Candidates) > 0 || !others
}

// candidateJobs loads the jobs that the messages may belong to, at once.
func (s *Server) candidateJobs(ctx context.Context, rows []notify.Inbound) (map[int64]*booking.Job, error) {
	var ids []int64
	for i := range rows {
		for _, candidate := range rows[i].Candidates {
			if id, ok := booking.JobOf(candidate.Subject); ok {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	jobs, err := s.opt.Desk.JobsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*booking.Job, len(jobs))
	for i := range jobs {
		out[jobs[i].ID] = &jobs[i]
	}
	return out, nil
}

// staffZone is where times are told that belong to no job.
func (s *Server) staffZone(ctx context.Context) (*time.Location, error) {
	shop, err := s.scope(ctx, "")
	if err != nil {
		return nil, err
	}
	return s.listZone(ctx, shop)
}

// inboundFor finds an inbound message that the caller may deal with.
func (s *Server) inboundFor(ctx context.Context, raw string) (*notify.Inbound, error) {
	id, err := pathID(raw)
	if err != nil {
		return nil, err
	}
	m, err := s.opt.Notifier.InboundByID(ctx, id)
	if err != nil {
		return nil, err
	}
	jobs, err := s.candidateJobs(ctx, []notify.Inbound{*m})
	if err != nil {
		return nil, err
	}
	if _, ok := inboxOf(ctx, m, jobs, time.UTC); !ok {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	return m, nil
}

type assignIn struct {
	ID   string `path:"id"`
	Body struct {
		JobID string `json:"job_id"`
	}
}

func (s *Server) postAssign(ctx context.Context, in *assignIn) (*body[messageOut], error) {
	m, err := s.inboundFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	jobID, err := readID("body.job_id", in.Body.JobID)
	if err == nil && jobID == 0 {
		err = fault.BadField("body.job_id", "validation.required", nil)
	}
	if err != nil {
		return nil, err
	}
	staff := callerOf(ctx).staff
	j, err := s.visibleJob(ctx, staff, jobID)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.BadField("body.job_id", "fault.unknown_id", in.Body.JobID)
	}
	if err != nil {
		return nil, err
	}
	placed, err := s.opt.Notifier.Assign(ctx, m.ID, j.Subject(), staff.Name)
	if err != nil {
		return nil, err
	}
	return &body[messageOut]{messageOf(placed, j.ID, zoneOf(j))}, nil
}

func (s *Server) postDismiss(ctx context.Context, in *idIn) (*struct{}, error) {
	m, err := s.inboundFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, s.opt.Notifier.Dismiss(ctx, m.ID, callerOf(ctx).staff.Name)
}

type promisesQuery struct {
	WholeIn
	WorkshopID string `query:"workshop_id"`
	State      string `query:"state" enum:"open,all" default:"open"`
}

func (s *Server) listPromises(ctx context.Context, in *promisesQuery) (*body[list[promiseOut]], error) {
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	var workshopID int64
	if shop != nil {
		workshopID = shop.ID
	}
	promises, err := s.opt.Desk.Promises(ctx, workshopID, in.State != "all")
	if err != nil {
		return nil, err
	}
	zone, err := s.listZone(ctx, shop)
	if err != nil {
		return nil, err
	}
	out := make([]promiseOut, 0, len(promises))
	for i := range promises {
		there := zone
		if j := promises[i].Job; j != nil {
			there = zoneOf(j)
		}
		out = append(out, s.promiseAt(&promises[i], there))
	}
	return whole(in.WholeIn, out, func(p *promiseOut) string { return p.ID })
}

type promiseIn struct {
	Body struct {
		JobID string `json:"job_id"`
		Phone string `json:"phone,omitempty" maxLength:"40" doc:"the booking's when left out"`
		Note  string `json:"note,omitempty" maxLength:"2000"`
	}
}

func (s *Server) postPromise(ctx context.Context, in *promiseIn) (*body[promiseOut], error) {
	j, err := s.jobFor(ctx, in.Body.JobID)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.BadField("body.job_id", "fault.unknown_id", in.Body.JobID)
	}
	if err != nil {
		return nil, err
	}
	p, err := s.opt.Desk.PromiseCallback(ctx, booking.CallWish{JobID: j.ID, Phone: in.Body.Phone, Note: in.Body.Note, Source: booking.FromDesk})
	if err != nil {
		return nil, err
	}
	return &body[promiseOut]{s.promiseAt(p, zoneOf(j))}, nil
}

type attemptIn struct {
	ID   string `path:"id"`
	Body struct {
		Outcome string `json:"outcome" enum:"reached,no_answer,moved_by_customer,renegotiated"`
		Note    string `json:"note,omitempty" maxLength:"2000"`
	}
}

func (s *Server) postAttempt(ctx context.Context, in *attemptIn) (*body[promiseOut], error) {
	id, err := pathID(in.ID)
	if err != nil {
		return nil, err
	}
	staff := callerOf(ctx).staff
	p, err := s.opt.Desk.Promise(ctx, id)
	if err != nil {
		return nil, err
	}
	if !staff.Sees(p.WorkshopID) {
		return nil, fault.New(fault.NotFound, "fault.not_found")
	}
	shop, err := s.opt.Desk.Workshop(ctx, p.WorkshopID)
	if err != nil {
		return nil, err
	}
	if p, err = s.opt.Desk.Attempt(ctx, id, in.Body.Outcome, in.Body.Note, actorOf(staff)); err != nil {
		return nil, err
	}
	return &body[promiseOut]{s.promiseAt(p, shop.Zone())}, nil
}

type surveysQuery struct {
	PageIn
	From       string `query:"from" format:"date" doc:"first day of asking"`
	To         string `query:"to" format:"date" doc:"last day of asking"`
	AdvisorID  string `query:"advisor_id"`
	WorkshopID string `query:"workshop_id"`
}

func (s *Server) listSurveys(ctx context.Context, in *surveysQuery) (*body[list[surveyRowOut]], error) {
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	// One more than asked for tells whether there is a next page.
	f := survey.Filter{Limit: min(in.Limit, maxLimit-1) + 1, Cursor: in.Cursor}
	if shop != nil {
		f.WorkshopID = shop.ID
	}
	if f.AdvisorID, err = s.advisorSeen(callerOf(ctx).staff, in.AdvisorID); err != nil {
		return nil, err
	}
	if f.From, f.To, err = s.dayRange(ctx, shop, in.From, in.To); err != nil {
		return nil, err
	}
	rows, err := s.opt.Surveyor.List(ctx, f)
	if err != nil {
		return nil, inQuery(err)
	}
	next := ""
	if len(rows) == f.Limit {
		rows = rows[:len(rows)-1]
		next = rows[len(rows)-1].Cursor()
	}
	zone, err := s.listZone(ctx, shop)
	if err != nil {
		return nil, err
	}
	out := make([]surveyRowOut, 0, len(rows))
	for i := range rows {
		out = append(out, surveyRowOf(&rows[i], zone))
	}
	return &body[list[surveyRowOut]]{listOf(out, next)}, nil
}
