package demo

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"neuvo/internal/fault"
)

// clockAnswer is what the contract says of the clock.
type clockAnswer struct {
	Now time.Time `json:"now"`
}

func (p *pages) clock(w http.ResponseWriter, r *http.Request) error {
	// The clock has no page of its own: only a browser is sent to the overview.
	if strings.Contains(r.Header.Get("Accept"), "text/html") && !wantsJSON(r) {
		return seeOther(w, "/demo#clock")
	}
	return writeJSON(w, http.StatusOK, clockAnswer{Now: p.now()})
}

// advance moves the clock. A form may name "until" in place of a length:
// "tomorrow" is the next day at 8:00 on the workshop's wall clock.
func (p *pages) advance(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Advance string `json:"advance"`
		Until   string `json:"until"`
	}
	err := readInput(r, &in, func(form url.Values) { in.Advance, in.Until = form.Get("advance"), form.Get("until") })
	if err != nil {
		return err
	}
	// A long walk may take longer than pages may; where there is no deadline to
	// lift, there is none to meet.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	err = p.move(context.WithoutCancel(r.Context()), in.Advance, in.Until)
	switch {
	case err != nil && (wantsJSON(r) || isJSON(r)), err != nil && fault.KindOf(err) == fault.Internal:
		return err
	case err != nil:
		w.WriteHeader(status(fault.KindOf(err)))
		return p.showOverview(w, r, sentence(locale(r), err))
	case wantsJSON(r) || isJSON(r):
		return writeJSON(w, http.StatusOK, clockAnswer{Now: p.now()})
	}
	return seeOther(w, "/demo#clock")
}

func (p *pages) move(ctx context.Context, advance, until string) error {
	ctx, cancel := context.WithTimeout(ctx, advanceWithin)
	defer cancel()
	var err error
	if advance == "" && until == "tomorrow" {
		err = p.opt.Clock.Until(ctx, nextMorning(p.now()), p.opt.Step)
	} else {
		var d time.Duration
		if d, err = ReadAdvance(advance); err == nil {
			err = p.opt.Clock.Advance(ctx, d, p.opt.Step)
		}
	}
	if err == nil && p.opt.Settle != nil {
		err = p.opt.Settle(ctx)
	}
	return err
}

// nextMorning is the next day's 8:00 in t's zone, whatever that day's length.
func nextMorning(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+1, 8, 0, 0, 0, t.Location())
}
