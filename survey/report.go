package survey

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// What a report may be broken down by.
const (
	ByAdvisor  = "advisor"
	ByService  = "service"
	ByWorkshop = "workshop"
	ByWeek     = "week"
)

// Breakdowns are all of them.
var Breakdowns = []string{ByAdvisor, ByService, ByWorkshop, ByWeek}

// ReportFilter selects the surveys that were asked within [From, To), at one
// workshop or one advisor's where those are not 0.
type ReportFilter struct {
	From, To   time.Time
	WorkshopID int64
	AdvisorID  int64
	By         string
}

// Row of a report: what the customers of one advisor, service, workshop or week
// said, and beside it what happened to their jobs. An answer that came after its
// time is counted in Late and in nothing else.
type Row struct {
	Key        string // the id, or the week "2026-W48"
	Name       string // "" for a week
	WorkshopID int64  // of an advisor or a service

	Asked, Answered, Late int
	// CSAT is the share of 4 and 5 of 5, and of plain yes among the verdicts of
	// words; CES that of 4 of 5 and 5 of 7 upwards; NPS in points.
	CSAT, CES, NPS *Measure
	// Shrunk is the measure that most answers are of, drawn toward its
	// workshop's mean: a share, or points of NPS. nil without answers, and for
	// weeks.
	Shrunk *float64
	// Ranked tells that there are enough answers to compare with others; Rank is
	// the place among those that are, from 1.
	Ranked bool
	Rank   int

	Counts []Count // how often each score was given, and each verdict of words
	Facts  Facts
}

// Measure is one figure with its 95 % interval. N is how many answers it is of.
type Measure struct {
	N                int
	Value, Low, High float64
	// Adjusted and Margin are the middle and the half width of the interval of
	// an NPS, see NPS.
	Adjusted, Margin float64

	sum float64
}

// Count is how often an answer was given: a score on its scale, or a verdict.
type Count struct {
	Scale string
	Score *int
	Met   string
	N     int
}

// Facts is what happened to the jobs that were asked about.
type Facts struct {
	ReadyBy, ReadyByKept int     // jobs with a time they were promised ready by, and those ready by the first one given
	Billed, WithinQuote  int     // jobs with approved work and a final price, and those not above the approved sum
	Photos               int     // jobs with photos
	Wrote, Unanswered    int     // customers who wrote before they were asked, and those no person answered
	FirstAnswerHours     float64 // median time until a person answered
}

// Report tells how content customers are, one row for each key that was asked
// about: advisors and services by their place, weeks in their order. It takes a
// constant number of queries. Invalid where By is not one of Breakdowns.
func (s *Surveyor) Report(ctx context.Context, f ReportFilter) ([]Row, error) {
	if !slices.Contains(Breakdowns, f.By) {
		return nil, fault.BadField("query.by", "fault.one_of", f.By)
	}
	tallies, err := s.tally(ctx, f)
	if err != nil {
		return nil, err
	}
	whole := f
	whole.By, whole.AdvisorID = ByWorkshop, 0
	means, err := s.tally(ctx, whole)
	if err != nil {
		return nil, err
	}
	rows := rowsOf(tallies, rowsOf(means, nil, ByWorkshop), f.By)
	if err := s.nameRows(ctx, f.By, rows); err != nil {
		return nil, err
	}
	if err := s.addFacts(ctx, f, rows); err != nil {
		return nil, err
	}
	sortRows(rows, f.By)
	return rows, nil
}

// tally is a group of surveys that have the same answer.
type tally struct {
	Key        string
	WorkshopID int64
	Scale      string
	Score      *int
	Met        string
	Late       bool
	Answered   bool
	N          int
}

// rowsOf makes rows of tallies; shops are the rows of whole workshops to shrink
// toward.
func rowsOf(tallies []tally, shops []Row, by string) []Row {
	at := map[string]int{}
	var rows []Row
	for _, t := range tallies {
		i, ok := at[t.Key]
		if !ok {
			i = len(rows)
			at[t.Key] = i
			rows = append(rows, Row{Key: t.Key, WorkshopID: t.WorkshopID})
		}
		rows[i].add(t)
	}
	for i := range rows {
		rows[i].finish()
		if by != ByWeek {
			rows[i].shrink(shops)
		}
	}
	return rows
}

// add counts one tally.
func (r *Row) add(t tally) {
	r.Asked += t.N
	switch {
	case !t.Answered:
		return
	case t.Late:
		r.Late += t.N
		return
	}
	r.Answered += t.N
	if t.Score == nil && t.Met == "" {
		return // a person had to read it: an answer without a verdict
	}
	i := slices.IndexFunc(r.Counts, func(c Count) bool {
		return c.Scale == t.Scale && c.Met == t.Met && (c.Score == nil) == (t.Score == nil) && (c.Score == nil || *c.Score == *t.Score)
	})
	if i < 0 {
		i = len(r.Counts)
		r.Counts = append(r.Counts, Count{Scale: t.Scale, Score: t.Score, Met: t.Met})
	}
	r.Counts[i].N += t.N
}

// finish works the measures out of the counts.
func (r *Row) finish() {
	var met, ease [2]int // content, all
	var nps [3]int       // promoters, passives, detractors
	for _, c := range r.Counts {
		content := c.Met == "yes" || c.Score != nil && *c.Score >= goodFrom(c.Scale)
		into := &ease
		switch {
		case c.Scale == "0-10":
			if c.Score != nil {
				nps[npsGroup(*c.Score)] += c.N
			}
			continue
		case c.Scale == "1-5":
			into = &met
		case c.Score == nil: // words say whether, not how easy
			continue
		}
		into[1] += c.N
		if content {
			into[0] += c.N
		}
	}
	r.CSAT, r.CES = share(met), share(ease)
	if n := nps[0] + nps[1] + nps[2]; n > 0 {
		centre, margin := NPS(nps[0], nps[1], nps[2])
		sum := 100 * float64(nps[0]-nps[2])
		r.NPS = &Measure{N: n, sum: sum, Value: sum / float64(n), Adjusted: centre, Margin: margin, Low: max(-100, centre-margin), High: min(100, centre+margin)}
	}
	slices.SortFunc(r.Counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Scale, b.Scale), cmp.Compare(scoreOr(a.Score, -1), scoreOr(b.Score, -1)), cmp.Compare(a.Met, b.Met))
	})
}

// npsGroup tells promoters (9 and 10), passives (7 and 8) and detractors apart.
func npsGroup(score int) int {
	switch {
	case score >= 9:
		return 0
	case score >= 7:
		return 1
	}
	return 2
}

func scoreOr(score *int, other int) int {
	if score == nil {
		return other
	}
	return *score
}

func share(of [2]int) *Measure {
	if of[1] == 0 {
		return nil
	}
	m := Measure{N: of[1], sum: float64(of[0]), Value: float64(of[0]) / float64(of[1])}
	m.Low, m.High = Wilson(of[0], of[1])
	return &m
}

// Main is the measure that most answers are of, and its name: csat, ces or nps.
func (r *Row) Main() (string, *Measure) {
	name, main := "", (*Measure)(nil)
	for _, one := range []struct {
		name string
		m    *Measure
	}{{"csat", r.CSAT}, {"nps", r.NPS}, {"ces", r.CES}} {
		if one.m != nil && (main == nil || one.m.N > main.N) {
			name, main = one.name, one.m
		}
	}
	return name, main
}

func (r *Row) measure(name string) *Measure {
	switch name {
	case "csat":
		return r.CSAT
	case "ces":
		return r.CES
	}
	return r.NPS
}

// shrink draws a row toward the mean of its workshop.
func (r *Row) shrink(shops []Row) {
	name, main := r.Main()
	if main == nil {
		return
	}
	r.Ranked = main.N >= RankedFrom
	mean := main.Value // a workshop's own
	for i := range shops {
		if m := shops[i].measure(name); m != nil && shops[i].Key == strconv.FormatInt(r.WorkshopID, 10) {
			mean = m.Value
		}
	}
	r.Shrunk = new(Shrunk(main.sum, main.N, mean))
}

// sortRows puts the best of those with enough answers first and gives them their
// place; the others follow by name. Weeks stay in their order.
func sortRows(rows []Row, by string) {
	slices.SortFunc(rows, func(a, b Row) int {
		if by == ByWeek {
			return cmp.Compare(a.Key, b.Key)
		}
		if a.Ranked != b.Ranked {
			if a.Ranked {
				return -1
			}
			return 1
		}
		if a.Ranked {
			if c := cmp.Compare(*b.Shrunk, *a.Shrunk); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	for i := range rows {
		if rows[i].Ranked && by != ByWeek {
			rows[i].Rank = i + 1
		}
	}
}

// Remark is what a customer wrote beside an answer.
type Remark struct {
	JobID      int64
	AdvisorID  int64
	Advisor    string
	WorkshopID int64
	Scale      string
	Score      *int
	Met        string
	Comment    string
	Channel    notify.Channel
	AnsweredAt db.Time
}

// maxRemarks is how many of the latest remarks a report shows.
const maxRemarks = 300

// Remarks gives what customers wrote, newest first, at most maxRemarks. Those to
// an advisor with fewer than CommentsFrom answers in the range are left out:
// they would tell who wrote them. own is the workshop whose manager asks, who
// sees them all; 0 for anybody else.
func (s *Surveyor) Remarks(ctx context.Context, f ReportFilter, own int64) ([]Remark, error) {
	f.By = ByAdvisor
	tallies, err := s.tally(ctx, f)
	if err != nil {
		return nil, err
	}
	answered := map[string]int{}
	for _, t := range tallies {
		if t.Answered {
			answered[t.Key] += t.N
		}
	}
	rows, err := s.remarks(ctx, f)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r Remark) bool {
		return bare(r) || answered[strconv.FormatInt(r.AdvisorID, 10)] < CommentsFrom && (own == 0 || own != r.WorkshopID)
	}), nil
}

// bare tells a comment that is the score and nothing besides: "5", "neljä!".
func bare(r Remark) bool {
	return r.Score != nil && len(strings.Fields(r.Comment)) <= 1 && Read(r.Scale, r.Comment).Plain
}

// ReasonCount is how many customers were not asked for one reason.
type ReasonCount struct {
	Reason Reason
	N      int
}

// NotAsked counts those who were not asked, by reason, of the surveys that were
// made within [From, To). By is not looked at.
func (s *Surveyor) NotAsked(ctx context.Context, f ReportFilter) ([]ReasonCount, error) {
	return s.reasonCounts(ctx, f)
}
