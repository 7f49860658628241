package web

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// bookQuery is where a customer stands in the booking: all of it travels in the
// address, so that the back button works and nothing needs a session.
type bookQuery struct {
	Workshop  int64
	Services  []int64
	Transport string
	Advisor   int64  // 0: anyone
	From      string // first date of the calendar shown
	Day       string // the date whose times are shown
	Start     time.Time
	Hold      string
	With      int64 // the advisor whom the hold took, where anyone would do
	Taken     bool  // the chosen time went to somebody else
	Edit      int   // the earlier step that the customer went back to; it does not travel on
}

func readBookQuery(v url.Values) bookQuery {
	q := bookQuery{
		Workshop:  number(v.Get("workshop")),
		Transport: v.Get("transport"),
		Advisor:   number(v.Get("advisor")),
		From:      dateOrNone(v.Get("from")),
		Day:       dateOrNone(v.Get("day")),
		Hold:      v.Get("hold"),
		With:      number(v.Get("with")),
		Taken:     v.Get("taken") != "",
		Edit:      int(number(v.Get("edit"))),
	}
	for _, raw := range v["service"] {
		if id := number(raw); id > 0 && !slices.Contains(q.Services, id) {
			q.Services = append(q.Services, id)
		}
	}
	// A malformed start is no start: the customer chooses again.
	q.Start, _ = time.Parse(time.RFC3339, v.Get("start"))
	return q
}

// values gives the query back as it travels; zero fields are left out.
func (q bookQuery) values() url.Values {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			v.Set(name, value)
		}
	}
	set("workshop", strconv.FormatInt(q.Workshop, 10))
	for _, id := range q.Services {
		v.Add("service", strconv.FormatInt(id, 10))
	}
	set("transport", q.Transport)
	set("advisor", strconv.FormatInt(q.Advisor, 10))
	set("from", q.From)
	set("day", q.Day)
	if !q.Start.IsZero() {
		v.Set("start", q.Start.Format(time.RFC3339))
	}
	set("hold", q.Hold)
	set("with", strconv.FormatInt(q.With, 10))
	if q.Taken {
		v.Set("taken", "1")
	}
	return v
}

// on gives the address of a page with this query.
func (q bookQuery) on(path string) string {
	if v := q.values(); len(v) > 0 {
		return path + "?" + v.Encode()
	}
	return path
}

// hidden gives the query as hidden inputs, leaving the named ones out: those
// the form asks for itself.
func (q bookQuery) hidden(except ...string) []hiddenField {
	return hiddenFields(q.values(), except...)
}

// step tells which of the steps the query has reached: 1 services, 2 advisor
// and time, 3 details.
func (q bookQuery) step() int {
	reached := 3
	switch {
	case len(q.Services) == 0:
		reached = 1
	case q.Start.IsZero() || q.Hold == "":
		reached = 2
	}
	if q.Edit > 0 {
		return min(q.Edit, reached)
	}
	return reached
}

// hiddenField is an input that a form carries along unseen.
type hiddenField struct{ Name, Value string }

func hiddenFields(v url.Values, except ...string) []hiddenField {
	var out []hiddenField
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if slices.Contains(except, name) {
			continue
		}
		for _, value := range v[name] {
			out = append(out, hiddenField{name, value})
		}
	}
	return out
}

// number reads an id; 0 where it is none.
func number(raw string) int64 {
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// dateOrNone keeps a date of the form YYYY-MM-DD and drops anything else.
func dateOrNone(raw string) string {
	if _, err := time.Parse(time.DateOnly, raw); err != nil {
		return ""
	}
	return raw
}
