package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"neuvo/booking"
	"neuvo/templates"
)

// calendarWeeks is how many weeks a calendar shows at once: enough to choose
// from, and seven columns of it fit a phone.
const calendarWeeks = 4

// calendar is a month's worth of days and the times of the chosen one, as the
// booking, the moving of a booking and the desk's own booking show it.
type calendar struct {
	Range      string // the first and last date shown
	Weekdays   []string
	Weeks      [][]calendarDay
	EarlierURL string
	LaterURL   string
	DayTitle   string
	DayNote    string // why the chosen day has no times
	Parts      []dayPart
	NextURL    string // the first day with times, where this range has none
	NextLabel  string
	Empty      bool // nothing to choose in the whole range
}

// calendarDay is one cell: a link where there is something to choose.
type calendarDay struct {
	Date   string
	Text   string // the day's number, with its month where one begins
	URL    string
	State  string // free, full, closed, past
	Label  string // read aloud: the date and what is to be had
	Note   string
	Chosen bool
	Today  bool
}

// dayPart groups the times of a day: morning, afternoon, evening.
type dayPart struct {
	Label string
	Times []timeChoice
}

// timeChoice is one start as a radio button.
type timeChoice struct {
	ID      string
	Value   string // RFC 3339 with the workshop's offset
	Label   string
	Checked bool
}

// calendarAsk is what a calendar is made for.
type calendarAsk struct {
	Workshop *booking.Workshop
	Query    booking.AvailabilityQuery // From and To are set here
	From     string                    // any date of the first week; "" starts this week
	Day      string                    // "" takes the first day with times
	Chosen   time.Time                 // the start to show as chosen, offered or not
	Keep     bool                      // Chosen is the customer's own: offer it although it is taken
	Locale   string
	Now      time.Time
	// URL gives the address of the page with another first date or day.
	URL func(from, day string) string
}

// calendarOf asks for the availability of four weeks and lays it out.
func (s *Server) calendarOf(ctx context.Context, ask calendarAsk) (*calendar, error) {
	zone := ask.Workshop.Zone()
	today := midnight(ask.Now.In(zone))
	first := mondayOf(firstDate(ask, today))
	last := first.AddDate(0, 0, 7*calendarWeeks-1)
	horizon := today.AddDate(0, 0, ask.Workshop.HorizonDays)
	begin := first
	if begin.Before(today) {
		begin = today
	}
	query := ask.Query
	query.From, query.To = begin.Format(time.DateOnly), last.Format(time.DateOnly)
	found, err := s.opt.Desk.Availability(ctx, query)
	if err != nil {
		return nil, err
	}
	days := make(map[string]booking.Day, len(found.Days))
	for _, d := range found.Days {
		days[d.Date] = d
	}
	if ask.Keep && !ask.Chosen.IsZero() {
		offerChosen(days, ask.Chosen.In(zone))
	}
	chosen := chosenDay(ask, days, first, last)

	cal := &calendar{Range: shortDate(ask.Locale, first) + " – " + shortDate(ask.Locale, last)}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Monday {
			cal.Weeks = append(cal.Weeks, nil)
		}
		if len(cal.Weeks) == 1 {
			cal.Weekdays = append(cal.Weekdays, strings.Fields(templates.Day(ask.Locale, day))[0])
		}
		row := len(cal.Weeks) - 1
		cal.Weeks[row] = append(cal.Weeks[row], dayCell(ask, days, day, today, chosen))
	}
	if first.After(today) {
		cal.EarlierURL = ask.URL(first.AddDate(0, 0, -7*calendarWeeks).Format(time.DateOnly), "")
	}
	if next := last.AddDate(0, 0, 1); !next.After(horizon) {
		cal.LaterURL = ask.URL(next.Format(time.DateOnly), "")
	}
	cal.Empty = !slices.ContainsFunc(found.Days, func(d booking.Day) bool { return len(d.Slots) > 0 })
	if next := found.NextAvailable; !next.IsZero() {
		next = next.In(zone)
		cal.NextURL = ask.URL("", next.Format(time.DateOnly))
		cal.NextLabel = templates.Moment(ask.Locale, next)
	}
	cal.showDay(ask, days[chosen], chosen)
	return cal, nil
}

// firstDate is the date whose week the calendar starts with: never a past one.
func firstDate(ask calendarAsk, today time.Time) time.Time {
	for _, date := range []string{ask.From, ask.Day} {
		d, err := time.ParseInLocation(time.DateOnly, date, today.Location())
		if err == nil && d.After(today) {
			return d
		}
	}
	return today
}

// chosenDay is the day whose times are shown: the one asked for when it is in
// the range, else the first with times.
func chosenDay(ask calendarAsk, days map[string]booking.Day, first, last time.Time) string {
	if ask.Day >= first.Format(time.DateOnly) && ask.Day <= last.Format(time.DateOnly) {
		return ask.Day
	}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		if date := day.Format(time.DateOnly); len(days[date].Slots) > 0 {
			return date
		}
	}
	return ""
}

// offerChosen puts a start back among the times of its day: it is taken, but
// by the very customer who looks.
func offerChosen(days map[string]booking.Day, start time.Time) {
	date := start.Format(time.DateOnly)
	day, ok := days[date]
	if !ok || slices.ContainsFunc(day.Slots, func(o booking.Slot) bool { return o.Start.Equal(start) }) {
		return
	}
	day.Slots = append(slices.Clone(day.Slots), booking.Slot{Start: start})
	slices.SortFunc(day.Slots, func(a, b booking.Slot) int { return a.Start.Compare(b.Start) })
	days[date] = day
}

func dayCell(ask calendarAsk, days map[string]booking.Day, day, today time.Time, chosen string) calendarDay {
	date := day.Format(time.DateOnly)
	d, known := days[date]
	cell := calendarDay{Date: date, Text: strconv.Itoa(day.Day()), Chosen: date == chosen, Today: day.Equal(today)}
	if day.Day() == 1 {
		cell.Text = shortDate(ask.Locale, day)
	}
	switch {
	case day.Before(today) || !known:
		cell.State = "past"
	case len(d.Slots) > 0:
		cell.State = "free"
		cell.Note = templates.T(ask.Locale, "page.calendar.free", map[string]any{"count": len(d.Slots)})
	case d.Closed != "":
		cell.State, cell.Note = "closed", closedReason(ask.Locale, d.Closed)
	default:
		cell.State, cell.Note = "full", templates.T(ask.Locale, "page.calendar.full", nil)
	}
	if cell.State != "past" {
		cell.URL = ask.URL(ask.From, date)
	}
	cell.Label = templates.Day(ask.Locale, day)
	if cell.Note != "" {
		cell.Label += ", " + cell.Note
	}
	return cell
}

// closedReason is a closure's reason in the reader's language: the program's
// own reasons are translation keys, a workshop's are its own words.
func closedReason(locale, reason string) string {
	for _, key := range []string{reason, "why." + reason} {
		if templates.Has(locale, key) {
			return templates.T(locale, key, nil)
		}
	}
	return plainlyClosed(locale, reason)
}

// plainlyClosed puts the word for a workshop that is closed and no more, which
// comes in the workshop's language, into the reader's; other words are the
// workshop's own and stay.
func plainlyClosed(locale, word string) string {
	for _, l := range templates.Locales {
		if word == templates.T(l, "booking.closed", nil) {
			return templates.T(locale, "booking.closed", nil)
		}
	}
	return word
}

// showDay fills in the times of the chosen day.
func (c *calendar) showDay(ask calendarAsk, day booking.Day, date string) {
	d, err := time.ParseInLocation(time.DateOnly, date, ask.Workshop.Zone())
	if err != nil {
		return
	}
	c.DayTitle = templates.Day(ask.Locale, d)
	if len(day.Slots) == 0 {
		c.DayNote = templates.T(ask.Locale, "page.calendar.full", nil)
		if day.Closed != "" {
			c.DayNote = closedReason(ask.Locale, day.Closed)
		}
		return
	}
	names := []string{"morning", "afternoon", "evening"}
	parts := make([]dayPart, len(names))
	for _, slot := range day.Slots {
		start := slot.Start.In(ask.Workshop.Zone())
		part := 0
		switch {
		case start.Hour() >= 17:
			part = 2
		case start.Hour() >= 12:
			part = 1
		}
		parts[part].Times = append(parts[part].Times, timeChoice{
			ID:      "t" + start.UTC().Format("200601021504"),
			Value:   start.Format(time.RFC3339),
			Label:   templates.Clock(ask.Locale, start),
			Checked: start.Equal(ask.Chosen),
		})
	}
	for i, part := range parts {
		if len(part.Times) > 0 {
			part.Label = templates.T(ask.Locale, "page.calendar."+names[i], nil)
			c.Parts = append(c.Parts, part)
		}
	}
}

// shortDate is a date without its weekday and year.
func shortDate(locale string, t time.Time) string {
	_, date, _ := strings.Cut(templates.Day(locale, t), " ")
	return date
}

// midnight is the start of an instant's date in its own zone.
func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// mondayOf is the Monday of a date's week (ISO 8601).
func mondayOf(t time.Time) time.Time {
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
}
