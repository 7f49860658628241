package web

import (
	"context"
	"time"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/survey"
)

// defaultReport and maxReport bound the days of a report.
const (
	defaultReport = 12 * 7
	maxReport     = 3 * 366
)

type satisfactionQuery struct {
	From       string `query:"from" format:"date" doc:"first day of asking; twelve weeks ago when left out"`
	To         string `query:"to" format:"date" doc:"last day of asking; today when left out"`
	By         string `query:"by" enum:"advisor,service,workshop,week" default:"advisor"`
	WorkshopID string `query:"workshop_id"`
	AdvisorID  string `query:"advisor_id" doc:"only this advisor's; who is no manager sees no other"`
}

// intervalOut is a 95 % interval.
type intervalOut struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

type npsOut struct {
	N        int         `json:"n" doc:"answers"`
	Score    float64     `json:"score" doc:"share of 9 and 10 less that of 0 to 6, in points from -100 to 100"`
	Adjusted float64     `json:"adjusted" doc:"adjusted Wald estimate, the middle of its interval"`
	Margin   float64     `json:"margin" doc:"half width of the 95 % interval around it"`
	Interval intervalOut `json:"interval"`
}

type cesOut struct {
	N        int         `json:"n" doc:"answers"`
	Score    float64     `json:"score" doc:"share of those who found it easy: 4 of 5, 5 of 7 and upwards"`
	Interval intervalOut `json:"interval"`
}

type countOut struct {
	Scale string `json:"scale"`
	Score *int   `json:"score,omitempty"`
	Met   string `json:"met,omitempty" doc:"yes or no: a verdict of words without a number"`
	Count int    `json:"count"`
}

type jobFactsOut struct {
	ReadyBy          int      `json:"ready_by" doc:"jobs that were promised to be ready by a time"`
	ReadyByKept      int      `json:"ready_by_kept" doc:"of them, ready by the time given first"`
	Billed           int      `json:"billed" doc:"jobs with approved extra work and a final price"`
	WithinQuote      int      `json:"within_quote" doc:"of them, not above what was approved"`
	Photos           int      `json:"photos" doc:"jobs with photos"`
	Wrote            int      `json:"wrote" doc:"customers who wrote before they were asked"`
	Unanswered       int      `json:"unanswered" doc:"of them, not answered by a person"`
	FirstAnswerHours *float64 `json:"first_answer_hours" doc:"median until a person answered"`
}

type satisfactionRow struct {
	Key          string       `json:"key" doc:"the id, or the ISO 8601 week"`
	Name         string       `json:"name"`
	Asked        int          `json:"asked"`
	Answered     int          `json:"answered" doc:"in time"`
	Late         int          `json:"late" doc:"answers after their time, counted nowhere else"`
	ResponseRate float64      `json:"response_rate" doc:"answered of asked, 0 to 1"`
	CSAT         *float64     `json:"csat" doc:"share of 4 and 5 of 5 and of plain yes, 0 to 1; null without answers to that question"`
	Interval     *intervalOut `json:"interval" doc:"Wilson's 95 % interval of the CSAT; of the measure that most answers are of, where there is none"`
	Shrunk       *float64     `json:"shrunk" doc:"that measure drawn toward the workshop's mean by 20 answers; null without answers and for weeks"`
	Ranked       bool         `json:"ranked" doc:"10 answers or more: may be compared with others"`
	Rank         int          `json:"rank,omitempty"`
	NPS          *npsOut      `json:"nps,omitempty"`
	CES          *cesOut      `json:"ces,omitempty"`
	Counts       []countOut   `json:"counts" doc:"how often each answer was given"`
	Facts        jobFactsOut  `json:"facts" doc:"what happened to the jobs that were asked about"`
}

type notAskedOut struct {
	Reason survey.Reason `json:"reason"`
	Count  int           `json:"count"`
}

type satisfactionOut struct {
	From     string            `json:"from"`
	To       string            `json:"to"`
	By       string            `json:"by"`
	Rows     []satisfactionRow `json:"rows" doc:"best first where ranked, then by name; weeks in their order"`
	NotAsked []notAskedOut     `json:"not_asked" doc:"who was not asked, by reason"`
}

// getSatisfaction is the report for programs. Its rates are shares from 0 to 1.
func (s *Server) getSatisfaction(ctx context.Context, in *satisfactionQuery) (*body[satisfactionOut], error) {
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	f := survey.ReportFilter{By: in.By}
	if shop != nil {
		f.WorkshopID = shop.ID
	}
	if f.AdvisorID, err = s.advisorSeen(callerOf(ctx).staff, in.AdvisorID); err != nil {
		return nil, err
	}
	out := satisfactionOut{By: in.By}
	if f.From, f.To, err = s.reportDays(ctx, shop, in.From, in.To); err != nil {
		return nil, err
	}
	out.From, out.To = f.From.Format(time.DateOnly), f.To.AddDate(0, 0, -1).Format(time.DateOnly)
	rows, err := s.opt.Surveyor.Report(ctx, f)
	if err != nil {
		return nil, err
	}
	out.Rows = rowsOut(rows)
	out.NotAsked, err = s.notAsked(ctx, f)
	return &body[satisfactionOut]{out}, err
}

// advisorSeen is whose answers a person may see: a manager those asked for,
// anybody else his or her own.
func (s *Server) advisorSeen(staff *auth.Staff, raw string) (int64, error) {
	id, err := readID("query.advisor_id", raw)
	switch {
	case err != nil || staff.Can(auth.ActManage):
		return id, err
	case staff.AdvisorID == 0 || id != 0 && id != staff.AdvisorID:
		return 0, fault.New(fault.Forbidden, "fault.forbidden")
	}
	return staff.AdvisorID, nil
}

// reportDays turns the days of a report into instants, with the defaults.
func (s *Server) reportDays(ctx context.Context, shop *booking.Workshop, from, to string) (start, end time.Time, err error) {
	if start, end, err = s.dayRange(ctx, shop, from, to); err != nil {
		return start, end, err
	}
	zone, err := s.listZone(ctx, shop)
	if err != nil {
		return start, end, err
	}
	if end.IsZero() {
		now := s.opt.Now().In(zone)
		end = time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, zone)
	}
	if start.IsZero() {
		start = end.AddDate(0, 0, -defaultReport)
	}
	if !end.After(start) || start.AddDate(0, 0, maxReport).Before(end) {
		return start, end, &fault.Error{Kind: fault.Invalid, Key: "fault.invalid", Fields: []fault.Field{
			{Location: "query.from", Key: "fault.report_days", Args: map[string]any{"max": maxReport}, Value: from}}}
	}
	return start, end, nil
}

func (s *Server) notAsked(ctx context.Context, f survey.ReportFilter) ([]notAskedOut, error) {
	counts, err := s.opt.Surveyor.NotAsked(ctx, f)
	out := make([]notAskedOut, 0, len(counts))
	for _, c := range counts {
		out = append(out, notAskedOut{c.Reason, c.N})
	}
	return out, err
}

// ownManagerOf is the workshop, as survey.Remarks has it, whose comments a
// person may all read: its manager's; where it has none of its own, whoever
// manages all.
func (s *Server) ownManagerOf(ctx context.Context, staff *auth.Staff, shop *booking.Workshop) (int64, error) {
	switch {
	case !staff.Can(auth.ActManage):
		return 0, nil
	case staff.WorkshopID == shop.ID:
		return shop.ID, nil
	}
	people, err := s.opt.Directory.List(ctx)
	if err != nil {
		return 0, err
	}
	for i := range people {
		if p := &people[i]; p.Active && p.Role == auth.Manager && p.WorkshopID == shop.ID {
			return 0, nil
		}
	}
	return shop.ID, nil
}

func rowsOut(rows []survey.Row) []satisfactionRow {
	out := make([]satisfactionRow, 0, len(rows))
	for i := range rows {
		out = append(out, rowOut(&rows[i]))
	}
	return out
}

func rowOut(r *survey.Row) satisfactionRow {
	out := satisfactionRow{
		Key: r.Key, Name: r.Name, Asked: r.Asked, Answered: r.Answered, Late: r.Late, Shrunk: r.Shrunk, Ranked: r.Ranked, Rank: r.Rank,
		Counts: make([]countOut, 0, len(r.Counts)),
		Facts: jobFactsOut{
			ReadyBy: r.Facts.ReadyBy, ReadyByKept: r.Facts.ReadyByKept, Billed: r.Facts.Billed, WithinQuote: r.Facts.WithinQuote,
			Photos: r.Facts.Photos, Wrote: r.Facts.Wrote, Unanswered: r.Facts.Unanswered,
		},
	}
	if r.Asked > 0 {
		out.ResponseRate = float64(r.Answered) / float64(r.Asked)
	}
	if r.Facts.Wrote > r.Facts.Unanswered {
		out.Facts.FirstAnswerHours = &r.Facts.FirstAnswerHours
	}
	_, main := r.Main()
	if r.CSAT != nil {
		out.CSAT, main = &r.CSAT.Value, r.CSAT
	}
	if main != nil {
		out.Interval = &intervalOut{main.Low, main.High}
	}
	if m := r.NPS; m != nil {
		out.NPS = &npsOut{N: m.N, Score: m.Value, Adjusted: m.Adjusted, Margin: m.Margin, Interval: intervalOut{m.Low, m.High}}
	}
	if m := r.CES; m != nil {
		out.CES = &cesOut{N: m.N, Score: m.Value, Interval: intervalOut{m.Low, m.High}}
	}
	for _, c := range r.Counts {
		out.Counts = append(out.Counts, countOut{c.Scale, c.Score, c.Met, c.N})
	}
	return out
}
