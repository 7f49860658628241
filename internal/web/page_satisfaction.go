package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/survey"
	"neuvo/templates"
)

// satisfactionPage is how content customers are, for managers; an advisor sees
// what was said of his or her own work.
type satisfactionPage struct {
	frame
	Handed   *booking.HandoverReport // inside the house
	From, To string                  // dates
	Export   string                  // the address of the exports, up to the format
	Whole    *reportRow
	Weeks    []reportRow
	Advisors []reportRow
	Services []reportRow
	Plot     weekPlot
	Bars     []scoreBar
	Words    []survey.WordCount
	Praise   []remarkRow
	Remarks  []remarkRow
	NotAsked []reasonRow
	Promises []owedRow
	Kept     []keptRow
	Cases    []openCaseRow
}

// reportRow is a row in words.
type reportRow struct {
	survey.Row
	Label    string
	Response string // "67 %"
	Score    string // "90 %", or points of NPS; "" without answers
	Between  string // its interval
	Shrunk   string
	Whisker  *whisker
	ReadyBy  string // "9 / 10"
	Quote    string
	Photos   string
	Wait     string // hours
}

// whisker is an interval as a line with its point, in a drawing of 120 by 16.
type whisker struct{ X, Low, High string }

type reasonRow struct {
	Text string
	N    int
}

type remarkRow struct {
	survey.Remark
	At     time.Time
	Answer string // "5 / 5", or the verdict in words
	Named  string // who is praised
}

type owedRow struct {
	booking.Promise
	Due     time.Time
	Overdue bool
}

// openCaseRow is an open case; By is when somebody must have taken it, zero where
// somebody has.
type openCaseRow struct {
	survey.Case
	Opened, By time.Time
	Overdue    bool
}

// pageSatisfaction shows the report.
func (s *Server) pageSatisfaction(c echo.Context) error {
	p, err := s.satisfactionPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "satisfaction", p.Locale, p)
}

// reportFilter reads whose report is asked for, and of which days.
func (s *Server) reportFilter(c echo.Context, f *frame) (survey.ReportFilter, error) {
	out := survey.ReportFilter{WorkshopID: f.Workshop.ID}
	var err error
	if out.AdvisorID, err = s.advisorSeen(f.Staff, ""); err != nil {
		return out, err
	}
	out.From, out.To, err = s.reportDays(c.Request().Context(), f.Workshop, c.QueryParam("from"), c.QueryParam("to"))
	return out, err
}

func (s *Server) satisfactionPage(c echo.Context) (*satisfactionPage, error) {
	f, err := s.deskFrame(c, "satisfaction")
	if err != nil {
		return nil, err
	}
	p := &satisfactionPage{frame: f}
	filter, err := s.reportFilter(c, &f)
	if err != nil {
		return nil, err
	}
	p.From, p.To = filter.From.Format(time.DateOnly), filter.To.AddDate(0, 0, -1).Format(time.DateOnly)
	p.Export = with(with("/desk/satisfaction/export?workshop="+idOf(f.Workshop.ID), "from", p.From), "to", p.To)
	ctx := c.Request().Context()
	if p.Handed, err = s.opt.Desk.Handovers(ctx, filter.WorkshopID, filter.AdvisorID, filter.From, filter.To); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		by string
		to *[]reportRow
	}{{survey.ByWeek, &p.Weeks}, {survey.ByAdvisor, &p.Advisors}, {survey.ByService, &p.Services}} {
		filter.By = part.by
		rows, err := s.opt.Surveyor.Report(ctx, filter)
		if err != nil {
			return nil, err
		}
		*part.to = p.told(part.by, rows)
	}
	filter.By = survey.ByWorkshop
	whole, err := s.opt.Surveyor.Report(ctx, filter)
	if err != nil {
		return nil, err
	}
	if len(whole) > 0 {
		p.Whole = &p.told(survey.ByWorkshop, whole)[0]
		p.Bars = barsOf(whole[0].Counts)
	}
	p.Plot = plotOf(p.Weeks)
	if err := s.addRemarks(c, p, filter); err != nil {
		return nil, err
	}
	return p, s.addOpen(c, p, filter)
}

// addRemarks puts what customers wrote on the page, as far as its reader may
// see it.
func (s *Server) addRemarks(c echo.Context, p *satisfactionPage, f survey.ReportFilter) error {
	ctx := c.Request().Context()
	own, err := s.ownManagerOf(ctx, p.Staff, p.Workshop)
	if err != nil {
		return err
	}
	remarks, err := s.opt.Surveyor.Remarks(ctx, f, own)
	if err != nil {
		return err
	}
	advisors, err := s.opt.Desk.Advisors(ctx, p.Workshop.ID)
	if err != nil {
		return err
	}
	p.Words = survey.Words(remarks)
	for _, r := range remarks {
		row := remarkRow{Remark: r, At: r.AnsweredAt.In(p.Workshop.Zone())}
		switch {
		case r.Score != nil:
			_, top := templates.ScaleEnds(r.Scale)
			row.Answer = fmt.Sprintf("%d / %d", *r.Score, top)
		case r.Met == "yes":
			row.Answer = p.words("page.satisfaction.met_yes")
		case r.Met == "no":
			row.Answer = p.words("page.satisfaction.met_no")
		}
		if named := survey.Named(r.Comment, advisors); r.Praises() && len(named) > 0 && len(p.Praise) < maxPraise {
			var names []string
			for _, a := range named {
				names = append(names, a.Name)
			}
			praise := row
			praise.Named = strings.Join(names, ", ")
			p.Praise = append(p.Praise, praise)
		}
		if len(p.Remarks) < maxShownRemarks {
			p.Remarks = append(p.Remarks, row)
		}
	}
	return nil
}

// How many remarks the page shows, of what the export holds.
const (
	maxPraise       = 20
	maxShownRemarks = 50
)

// addOpen puts on the page who was not asked and what is still owed.
func (s *Server) addOpen(c echo.Context, p *satisfactionPage, f survey.ReportFilter) error {
	ctx := c.Request().Context()
	counts, err := s.opt.Surveyor.NotAsked(ctx, f)
	if err != nil {
		return err
	}
	for _, one := range counts {
		p.NotAsked = append(p.NotAsked, reasonRow{p.words("survey.reason." + string(one.Reason)), one.N})
	}
	promises, err := s.opt.Desk.Promises(ctx, p.Workshop.ID, true)
	if err != nil {
		return err
	}
	rates, err := s.opt.Desk.PromiseRates(ctx, p.Workshop.ID, f.From, f.To)
	if err != nil {
		return err
	}
	p.Kept = keptRows(rates, f.AdvisorID, p.words)
	cases, err := s.opt.Surveyor.Cases(ctx, p.Workshop.ID, true)
	if err != nil {
		return err
	}
	for _, one := range cases {
		if f.AdvisorID != 0 && one.OwnerID != f.AdvisorID {
			continue
		}
		row := openCaseRow{Case: one, Opened: one.OpenedAt.In(p.Workshop.Zone())}
		if one.State == survey.CaseWaiting {
			row.By, row.Overdue = one.AcknowledgeBy.In(p.Workshop.Zone()), one.AcknowledgeBy.Before(s.opt.Now())
		}
		p.Cases = append(p.Cases, row)
	}
	for _, one := range promises {
		if f.AdvisorID == 0 || one.OwnerID == f.AdvisorID {
			p.Promises = append(p.Promises, owedRow{one, one.DueAt.In(p.Workshop.Zone()), one.DueAt.Before(s.opt.Now())})
		}
	}
	return nil
}

// told puts rows into words.
func (p *satisfactionPage) told(by string, rows []survey.Row) []reportRow {
	out := make([]reportRow, 0, len(rows))
	for _, r := range rows {
		one := reportRow{Row: r, Label: r.Name, ReadyBy: ratio(r.Facts.ReadyByKept, r.Facts.ReadyBy), Quote: ratio(r.Facts.WithinQuote, r.Facts.Billed),
			Photos: ratio(r.Facts.Photos, r.Asked)}
		if by == survey.ByWeek {
			one.Label = p.weekLabel(r.Key)
		}
		if r.Asked > 0 {
			one.Response = percent(float64(r.Answered) / float64(r.Asked))
		}
		if r.Facts.Wrote > r.Facts.Unanswered {
			one.Wait = decimal(p.Locale, r.Facts.FirstAnswerHours)
		}
		name, main := r.Main()
		if main != nil {
			one.Score, one.Between = figure(name, main.Value), figure(name, main.Low)+"–"+figure(name, main.High)
			one.Whisker = whiskerOf(name, main)
			if r.Shrunk != nil {
				one.Shrunk = figure(name, *r.Shrunk)
			}
		}
		out = append(out, one)
	}
	return out
}

// weekLabel is "48" of "2026-W48", with the word for it.
func (p *satisfactionPage) weekLabel(key string) string {
	year, week, _ := strings.Cut(key, "-W")
	return p.words("page.satisfaction.week", "week", strings.TrimPrefix(week, "0"), "year", year)
}

func ratio(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%d / %d", part, whole)
}

// figure writes a measure: a share as a percentage, NPS in points.
func figure(name string, v float64) string {
	if name == "nps" {
		return strings.ReplaceAll(strconv.Itoa(int(roundHalf(v))), "-", "−")
	}
	return percent(v)
}

func roundHalf(v float64) float64 {
	if v < 0 {
		return -float64(int(-v + .5))
	}
	return float64(int(v + .5))
}

func percent(share float64) string { return strconv.Itoa(int(100*share+.5)) + "\u00a0%" }

// decimal writes a number with one digit behind the sign of the language.
func decimal(locale string, v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	if locale != "en" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// pageSatisfactionExport gives the report as a file: CSV of one breakdown, or
// JSON of everything that the page shows.
func (s *Server) pageSatisfactionExport(c echo.Context) error {
	f, err := s.deskFrame(c, "satisfaction")
	if err != nil {
		return s.fail(c, err)
	}
	filter, err := s.reportFilter(c, &f)
	if err != nil {
		return s.fail(c, err)
	}
	filter.By = survey.ByAdvisor
	if by := c.QueryParam("by"); by != "" {
		filter.By = by
	}
	name := "satisfaction-" + filter.From.Format(time.DateOnly) + "-" + filter.By
	if c.QueryParam("format") == "csv" {
		rows, err := s.opt.Surveyor.Report(c.Request().Context(), filter)
		if err != nil {
			return s.fail(c, err)
		}
		c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
		c.Response().Header().Set("Content-Type", "text/csv; charset=utf-8")
		c.Response().WriteHeader(http.StatusOK)
		return writeCSV(c.Response(), rows)
	}
	out, err := s.wholeReport(c, &f, filter)
	if err != nil {
		return s.fail(c, err)
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`.json"`)
	return c.JSON(http.StatusOK, out)
}

// reportColumns are the columns of the CSV.
var reportColumns = []string{
	"key", "name", "asked", "answered", "late", "response_rate", "csat", "low", "high", "nps", "nps_adjusted", "nps_margin", "ces", "shrunk",
	"ranked", "rank", "ready_by", "ready_by_kept", "billed", "within_quote", "photos", "wrote", "unanswered", "first_answer_hours",
}

// writeCSV writes rows as RFC 4180 has it. A text that a spreadsheet would take
// for a formula gets an apostrophe before it.
func writeCSV(to http.ResponseWriter, rows []survey.Row) error {
	w := csv.NewWriter(to)
	_ = w.Write(reportColumns) // what fails is told by Error
	for i := range rows {
		r := rowOut(&rows[i])
		number := func(v *float64) string {
			if v == nil {
				return ""
			}
			return strconv.FormatFloat(*v, 'f', 4, 64)
		}
		var low, high, nps, adjusted, margin, ces *float64
		if r.Interval != nil {
			low, high = &r.Interval.Low, &r.Interval.High
		}
		if r.NPS != nil {
			nps, adjusted, margin = &r.NPS.Score, &r.NPS.Adjusted, &r.NPS.Margin
		}
		if r.CES != nil {
			ces = &r.CES.Score
		}
		name := r.Name
		if name != "" && strings.ContainsRune("=+-@\t\r", rune(name[0])) {
			name = "'" + name
		}
		cells := []string{r.Key, name}
		for _, n := range []int{r.Asked, r.Answered, r.Late} {
			cells = append(cells, strconv.Itoa(n))
		}
		for _, v := range []*float64{&r.ResponseRate, r.CSAT, low, high, nps, adjusted, margin, ces, r.Shrunk} {
			cells = append(cells, number(v))
		}
		cells = append(cells, strconv.FormatBool(r.Ranked))
		for _, n := range []int{r.Rank, r.Facts.ReadyBy, r.Facts.ReadyByKept, r.Facts.Billed, r.Facts.WithinQuote, r.Facts.Photos, r.Facts.Wrote, r.Facts.Unanswered} {
			cells = append(cells, strconv.Itoa(n))
		}
		_ = w.Write(append(cells, number(r.Facts.FirstAnswerHours)))
	}
	w.Flush()
	return w.Error()
}

// wholeReport is the page as a program reads it.
type wholeReportOut struct {
	From      string                       `json:"from"`
	To        string                       `json:"to"`
	Workshop  string                       `json:"workshop"`
	Rows      map[string][]satisfactionRow `json:"rows"`
	NotAsked  []notAskedOut                `json:"not_asked"`
	Words     []wordOut                    `json:"words"`
	Comments  []commentOut                 `json:"comments"`
	Generated time.Time                    `json:"generated_at"`
}

type wordOut struct {
	Word  string `json:"word"`
	Count int    `json:"customers"`
}

type commentOut struct {
	JobID   string    `json:"job_id"`
	Advisor string    `json:"advisor"`
	Scale   string    `json:"scale"`
	Score   *int      `json:"score,omitempty"`
	Met     string    `json:"met,omitempty"`
	Comment string    `json:"comment"`
	At      time.Time `json:"at"`
}

func (s *Server) wholeReport(c echo.Context, f *frame, filter survey.ReportFilter) (*wholeReportOut, error) {
	ctx, zone := c.Request().Context(), f.Workshop.Zone()
	out := &wholeReportOut{
		From: filter.From.Format(time.DateOnly), To: filter.To.AddDate(0, 0, -1).Format(time.DateOnly), Workshop: f.Workshop.Name,
		Rows: map[string][]satisfactionRow{}, Words: []wordOut{}, Comments: []commentOut{}, Generated: s.opt.Now().In(zone),
	}
	for _, by := range survey.Breakdowns {
		filter.By = by
		rows, err := s.opt.Surveyor.Report(ctx, filter)
		if err != nil {
			return nil, err
		}
		out.Rows[by] = rowsOut(rows)
	}
	own, err := s.ownManagerOf(ctx, f.Staff, f.Workshop)
	if err != nil {
		return nil, err
	}
	remarks, err := s.opt.Surveyor.Remarks(ctx, filter, own)
	if err != nil {
		return nil, err
	}
	for _, w := range survey.Words(remarks) {
		out.Words = append(out.Words, wordOut{w.Word, w.N})
	}
	for _, r := range remarks {
		out.Comments = append(out.Comments, commentOut{idOf(r.JobID), r.Advisor, r.Scale, r.Score, r.Met, r.Comment, r.AnsweredAt.In(zone)})
	}
	out.NotAsked, err = s.notAsked(ctx, filter)
	return out, err
}

// SeesSatisfaction tells whether the person at the desk has something to see on the page of
// the report: managers, and advisors their own.
func (f frame) SeesSatisfaction() bool {
	return f.Staff.Can(auth.ActManage) || f.Staff != nil && f.Staff.AdvisorID != 0
}

// lastOf gives the last n of some rows.
func lastOf[T any](rows []T, n int) []T { return slices.Clone(rows[max(0, len(rows)-n):]) }
