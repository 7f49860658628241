package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/templates"
)

// boardPage is the desk's day.
type boardPage struct {
	frame
	Day       time.Time
	Today     bool
	DayURLs   struct{ Before, After, Today string }
	Mine      bool
	MineURL   string
	AllURL    string
	CanMine   bool // the person receives customers
	Query     string
	Found     []boardJob
	Columns   []boardColumn
	Matters   []matter
	Elsewhere int // matters of colleagues, not shown
	AtRisk    int // bookings to come that no longer fit
	RiskURL   string
	Unread    int64 // what somebody on the waiting list wrote, and nobody has read
	Now       time.Time
}

// boardColumn is one station of the day.
type boardColumn struct {
	Key   string // arriving, house, ready, gone
	Label string
	Jobs  []boardJob
}

// boardJob is a job as a card.
type boardJob struct {
	*booking.Job
	Start     time.Time
	ReadyBy   time.Time
	ReadyText string // with its day where that is not today
	Late      bool   // it should have been ready, or the customer should have come
	OtherDay  bool
	Next      []choice
	Mine      bool
}

// matter is a job that an advisor must look at, with everything why: what a
// customer wrote, the call promised upon it and the case are one thing to do.
type matter struct {
	Job    *booking.Job
	Alerts []alert
}

// alert is a reason to look at a job.
type alert struct {
	booking.Attention
	At      time.Time
	Due     time.Time
	Overdue bool
	Urgent  bool
}

// pageBoard shows a day of the workshop.
func (s *Server) pageBoard(c echo.Context) error {
	f, err := s.deskFrame(c, "board")
	if err != nil {
		return s.fail(c, err)
	}
	ctx := c.Request().Context()
	zone := f.Workshop.Zone()
	p := &boardPage{frame: f, Now: s.opt.Now().In(zone), Query: strings.TrimSpace(c.QueryParam("q")), CanMine: f.Staff.AdvisorID != 0}
	today := midnight(p.Now)
	p.Day = today
	if d, err := time.ParseInLocation(time.DateOnly, c.QueryParam("date"), zone); err == nil {
		p.Day = d
	}
	p.Today = p.Day.Equal(today)
	p.Mine = p.CanMine && c.QueryParam("who") != "all"
	p.takeLinks(c)
	if p.Query != "" {
		err = s.boardSearch(ctx, p)
	} else {
		err = s.boardDay(ctx, p)
	}
	if err == nil {
		err = s.boardAlerts(ctx, p)
	}
	if err == nil {
		p.AtRisk, err = s.opt.Desk.CountAtRisk(ctx, p.Workshop.ID)
	}
	if err == nil {
		p.Unread, err = s.opt.Desk.UnreadOnWaitlist(ctx, p.Workshop.ID)
	}
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "board", p.Locale, p)
}

func (p *boardPage) takeLinks(c echo.Context) {
	base := "/desk"
	if shop := c.QueryParam("workshop"); shop != "" {
		base = with(base, "workshop", shop)
	}
	who := base
	if p.CanMine && !p.Mine {
		who = with(who, "who", "all")
	}
	p.DayURLs.Before = with(who, "date", p.Day.AddDate(0, 0, -1).Format(time.DateOnly))
	p.DayURLs.After = with(who, "date", p.Day.AddDate(0, 0, 1).Format(time.DateOnly))
	p.DayURLs.Today = who
	if !p.Today {
		base = with(base, "date", p.Day.Format(time.DateOnly))
	}
	p.MineURL, p.AllURL = base, with(base, "who", "all")
	p.RiskURL = atRiskURL
	if len(p.Workshops) > 1 {
		p.RiskURL = with(p.RiskURL, "workshop", idOf(p.Workshop.ID))
	}
}

// boardDay lays the day out: what starts on it, and today also what came
// earlier and is still in the house.
func (s *Server) boardDay(ctx context.Context, p *boardPage) error {
	day := booking.JobFilter{WorkshopID: p.Workshop.ID, From: p.Day, To: p.Day.AddDate(0, 0, 1), Limit: maxBoard}
	jobs, _, err := s.opt.Desk.Jobs(ctx, day)
	if err != nil {
		return err
	}
	if p.Today {
		inside, _, err := s.opt.Desk.Jobs(ctx, booking.JobFilter{
			WorkshopID: p.Workshop.ID, To: p.Day, Limit: maxBoard,
			Statuses: []booking.Status{booking.Received, booking.InWork, booking.WaitingApproval, booking.WaitingParts, booking.Ready},
		})
		if err != nil {
			return err
		}
		jobs = append(inside, jobs...)
	}
	keys := []string{"arriving", "house", "ready", "gone"}
	p.Columns = make([]boardColumn, len(keys))
	for i, key := range keys {
		p.Columns[i] = boardColumn{Key: key, Label: p.words("page.board.column." + key)}
	}
	slices.SortStableFunc(jobs, func(a, b booking.Job) int { return a.StartAt.Compare(b.StartAt.Time) })
	for i := range jobs {
		card := p.card(&jobs[i])
		if p.Mine && !card.Mine {
			continue
		}
		column := &p.Columns[columnOf(jobs[i].Status)]
		column.Jobs = append(column.Jobs, card)
	}
	return nil
}

// maxBoard bounds the cards of a day.
const maxBoard = 200

func columnOf(status booking.Status) int {
	switch status {
	case booking.Unconfirmed, booking.Booked:
		return 0
	case booking.Ready:
		return 2
	case booking.Collected, booking.Cancelled, booking.NoShow:
		return 3
	}
	return 1
}

// card shows a job on the board, with its next stations as buttons.
func (p *boardPage) card(job *booking.Job) boardJob {
	card := boardJob{Job: job, Start: job.LocalStart(), Mine: p.CanMine && job.Owner() == p.Staff.AdvisorID}
	card.OtherDay = !midnight(card.Start).Equal(p.Day)
	switch columnOf(job.Status) {
	case 0:
		card.Late = p.Now.After(card.Start.Add(15 * time.Minute))
	case 1:
		if !job.ReadyBy.IsZero() {
			card.ReadyBy = job.ReadyBy.In(p.Workshop.Zone())
			card.ReadyText = templates.Clock(p.Locale, card.ReadyBy)
			if !midnight(card.ReadyBy).Equal(midnight(p.Now)) {
				card.ReadyText = p.moment(card.ReadyBy)
			}
		}
		card.Late = !card.ReadyBy.IsZero() && p.Now.After(card.ReadyBy)
	}
	for _, to := range nextOnBoard(job.Status) {
		card.Next = append(card.Next, p.statusChoice(job, to))
	}
	return card
}

// nextOnBoard leaves out what is rare: the job's own page has all of it.
func nextOnBoard(status booking.Status) []booking.Status {
	return slices.DeleteFunc(booking.NextStatuses(status), func(to booking.Status) bool {
		return to == booking.Cancelled || to == booking.NoShow || backward(status, to)
	})
}

// backward tells a move that takes something back.
func backward(from, to booking.Status) bool {
	if columnOf(from) != columnOf(to) {
		return columnOf(to) < columnOf(from)
	}
	return to == booking.Received || to == booking.Booked || to == booking.Unconfirmed
}

// statusChoice is the button that opens the form of a next status.
func (f *frame) statusChoice(job *booking.Job, to booking.Status) choice {
	one := choice{Value: string(to), Label: f.actLabel(job.Status, to), URL: jobURL(job.ID) + "?to=" + string(to) + "#next"}
	if backward(job.Status, to) {
		one.Hint = "back"
	}
	return one
}

// actLabel names a move as the desk says it.
func (f *frame) actLabel(from, to booking.Status) string {
	switch {
	case backward(from, to):
		return f.words("page.act.back", "to", to)
	case to == booking.InWork && from != booking.Received:
		return f.words("page.act.go_on")
	}
	return f.words("page.act." + string(to))
}

// boardSearch finds jobs of any day.
func (s *Server) boardSearch(ctx context.Context, p *boardPage) error {
	jobs, _, err := s.opt.Desk.Jobs(ctx, booking.JobFilter{WorkshopID: p.Workshop.ID, Query: p.Query, Limit: 50})
	for i := range jobs {
		p.Found = append(p.Found, p.card(&jobs[i]))
	}
	return err
}

// boardAlerts lists what must be looked at, the promised calls with the time
// they are due.
func (s *Server) boardAlerts(ctx context.Context, p *boardPage) error {
	zone := p.Workshop.Zone()
	list, err := s.opt.Desk.Attentions(ctx, p.Workshop.ID)
	if err != nil {
		return err
	}
	promises, err := s.opt.Desk.Promises(ctx, p.Workshop.ID, true)
	if err != nil {
		return err
	}
	due := map[int64]time.Time{}
	for _, promise := range promises {
		if promise.Kind == booking.PromiseCall {
			due[promise.JobID] = promise.DueAt.In(zone)
		}
	}
	elsewhere := map[int64]bool{}
	for _, a := range list {
		if p.Mine && a.AdvisorID != p.Staff.AdvisorID && a.AdvisorID != 0 && !a.ForAll() {
			elsewhere[a.JobID] = true
			continue
		}
		one := alert{Attention: a, At: a.CreatedAt.In(zone), Urgent: a.Kind == booking.NeedsSafetyCall}
		if at, ok := due[a.JobID]; ok && promised[a.Kind] {
			one.Due, one.Overdue = at, p.Now.After(at)
		}
		one.Overdue = one.Overdue || a.Kind.ForAll()
		p.take(one)
	}
	for i := range p.Matters {
		slices.SortStableFunc(p.Matters[i].Alerts, func(a, b alert) int { return a.rank() - b.rank() })
		delete(elsewhere, p.Matters[i].Alerts[0].JobID)
	}
	slices.SortStableFunc(p.Matters, func(a, b matter) int { return a.Alerts[0].rank() - b.Alerts[0].rank() })
	p.Elsewhere = len(elsewhere)
	return nil
}

// take puts an alert with what else there is about its job.
func (p *boardPage) take(one alert) {
	i := slices.IndexFunc(p.Matters, func(m matter) bool { return m.Alerts[0].JobID == one.JobID })
	if i < 0 {
		i, p.Matters = len(p.Matters), append(p.Matters, matter{Job: one.Job})
	}
	p.Matters[i].Alerts = append(p.Matters[i].Alerts, one)
}

// Urgent tells whether somebody may be in danger.
func (m matter) Urgent() bool { return m.Alerts[0].Urgent }

// promised are the attentions that show by when the customer has been promised a
// call.
var promised = map[booking.AttentionKind]bool{
	booking.NeedsCall: true, booking.NeedsCare: true, booking.NeedsCase: true, booking.NeedsReading: true, booking.NeedsSafetyCall: true,
}

// rank puts danger first, then broken promises and what has come to the manager,
// then the rest as it came.
func (a alert) rank() int {
	switch {
	case a.Urgent:
		return 0
	case a.Overdue, a.Level > 1:
		return 1
	}
	return 2
}

// pageAttentionDone takes an alert off the screen.
func (s *Server) pageAttentionDone(c echo.Context) error {
	ctx := c.Request().Context()
	f, err := s.deskFrame(c, "board")
	if err != nil {
		return s.fail(c, err)
	}
	id := number(c.Param("id"))
	list, err := s.opt.Desk.Attentions(ctx, f.Workshop.ID)
	if err != nil {
		return s.fail(c, err)
	}
	// One that is not in this workshop's list is another's, or done already.
	if slices.ContainsFunc(list, func(a booking.Attention) bool { return a.ID == id }) {
		if err := s.opt.Desk.Done(ctx, id, s.actor(c)); err != nil && !fault.Is(err, fault.NotFound) {
			return s.fail(c, err)
		}
	}
	return seeOther(c, backOr(c, "/desk"))
}
