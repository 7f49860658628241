package web

import (
	"context"

	"neuvo/booking"
	"neuvo/survey"
)

type promiseRateOut struct {
	Kind     string      `json:"kind" enum:"callback,ready_by"`
	Advisor  *personOut  `json:"advisor,omitempty"`
	Due      int         `json:"due" doc:"promises judged by a time in the range"`
	Kept     int         `json:"kept" doc:"fulfilled by the time first given, by the one named; what we missed, handed over or put off is not"`
	Rate     float64     `json:"rate" doc:"kept of due, 0 to 1"`
	Interval intervalOut `json:"interval" doc:"Wilson's 95 % interval"`
}

type promiseRatesQuery struct {
	From       string `query:"from" format:"date" doc:"first day; twelve weeks ago when left out"`
	To         string `query:"to" format:"date" doc:"last day; today when left out"`
	WorkshopID string `query:"workshop_id"`
}

type promiseRatesOut struct {
	Rows []promiseRateOut `json:"rows"`
}

// getPromiseRates tells how well promises are kept; an advisor sees his or her
// own.
func (s *Server) getPromiseRates(ctx context.Context, in *promiseRatesQuery) (*body[promiseRatesOut], error) {
	shop, err := s.scope(ctx, in.WorkshopID)
	if err != nil {
		return nil, err
	}
	only, err := s.advisorSeen(callerOf(ctx).staff, "")
	if err != nil {
		return nil, err
	}
	from, to, err := s.reportDays(ctx, shop, in.From, in.To)
	if err != nil {
		return nil, err
	}
	var workshopID int64
	if shop != nil {
		workshopID = shop.ID
	}
	rates, err := s.opt.Desk.PromiseRates(ctx, workshopID, from, to)
	if err != nil {
		return nil, err
	}
	out := promiseRatesOut{Rows: []promiseRateOut{}}
	for _, r := range rates {
		if only != 0 && r.OwnerID != only {
			continue
		}
		low, high := survey.Wilson(r.Kept, r.Due)
		row := promiseRateOut{Kind: r.Kind, Due: r.Due, Kept: r.Kept, Rate: float64(r.Kept) / float64(r.Due), Interval: intervalOut{low, high}}
		row.Advisor = &personOut{ID: idOf(r.OwnerID), Name: r.Owner}
		out.Rows = append(out.Rows, row)
	}
	return &body[promiseRatesOut]{out}, nil
}

// keptRow is how one kind of promise has been kept, for the page.
type keptRow struct {
	Label, Share, Between string
	Kept, Due             int
}

// keptRows adds up the promises of each kind; advisor 0 is everybody's.
func keptRows(rates []booking.PromiseRate, advisor int64, words func(key string, args ...any) string) []keptRow {
	var out []keptRow
	for _, kind := range []string{booking.PromiseCall, booking.PromiseReady} {
		row := keptRow{Label: words("page.satisfaction.kept_" + kind)}
		for _, r := range rates {
			if r.Kind == kind && (advisor == 0 || r.OwnerID == advisor) {
				row.Kept, row.Due = row.Kept+r.Kept, row.Due+r.Due
			}
		}
		if row.Due == 0 {
			continue
		}
		low, high := survey.Wilson(row.Kept, row.Due)
		row.Share, row.Between = percent(float64(row.Kept)/float64(row.Due)), percent(low)+"–"+percent(high)
		out = append(out, row)
	}
	return out
}
