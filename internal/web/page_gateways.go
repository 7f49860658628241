package web

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"neuvo/internal/fault"
)

// gatewaysPage is what the messages go through, and how it fares.
type gatewaysPage struct {
	frame
	Gateways []gatewayRow
	Query    string
	MayTune  bool
}

// gatewayRow is a gateway with its form.
type gatewayRow struct {
	gatewayOut
	Action    string
	Names     string // sender names by country
	Serves    string
	From      string
	RateInput string // as typed
	Resting   time.Time
	FailedAt  time.Time
	Error     string
}

// gatewaysPage reads how the gateways fare.
func (s *Server) gatewaysPage(c echo.Context) (*gatewaysPage, error) {
	f, query, err := s.settingsFrame(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Request().Context()
	rows, err := s.gatewaysOf(ctx)
	if err != nil {
		return nil, err
	}
	p := &gatewaysPage{frame: f, Query: query}
	if p.MayTune, err = s.mayTune(ctx, p.Staff); err != nil {
		return nil, err
	}
	zone := p.Workshop.Zone()
	for _, g := range rows {
		row := gatewayRow{gatewayOut: g, Action: settingsURL("/gateways/"+g.Name, query, ""), Serves: strings.Join(g.Prefixes, ", "), From: strings.Join(g.Numbers, ", ")}
		var names []string
		for _, prefix := range slices.Sorted(maps.Keys(g.SenderNames)) {
			names = append(names, strings.TrimSpace(prefix+" "+g.SenderNames[prefix]))
		}
		row.Names = strings.Join(names, ", ")
		if g.Rate != g.OperatorsRate {
			row.RateInput = strconv.FormatFloat(g.Rate, 'f', -1, 64)
		}
		if g.RestingUntil != nil {
			row.Resting = g.RestingUntil.In(zone)
		}
		if g.LastFailure != nil {
			row.FailedAt = g.LastFailure.At.In(zone)
		}
		p.Gateways = append(p.Gateways, row)
	}
	return p, nil
}

func (s *Server) pageGateways(c echo.Context) error {
	p, err := s.gatewaysPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	return s.show(c, http.StatusOK, "settings_gateways", p.Locale, p)
}

// pageGatewaySubmit pauses or resumes a gateway, or slows it down.
func (s *Server) pageGatewaySubmit(c echo.Context) error {
	p, err := s.gatewaysPage(c)
	if err != nil {
		return s.fail(c, err)
	}
	var paused *bool
	var rate *float64
	typedRate := typed(c, "rate", maxLine)
	switch c.FormValue("act") {
	case "pause", "resume":
		paused = new(c.FormValue("act") == "pause")
	default:
		rate = new(0.0)
		if typedRate != "" {
			if *rate, err = strconv.ParseFloat(strings.ReplaceAll(typedRate, ",", "."), 64); err != nil {
				*rate = -1 // refused as any rate that is none
			}
		}
	}
	_, err = s.tune(c.Request().Context(), p.Staff, c.Param("name"), paused, rate)
	if err == nil {
		return seeOther(c, with(settingsURL("/gateways", p.Query, ""), "done", "settings"))
	}
	if fault.Is(err, fault.Forbidden) {
		return s.fail(c, err)
	}
	status := p.refused(err)
	if status == 0 {
		return s.fail(c, err)
	}
	for i := range p.Gateways {
		if g := &p.Gateways[i]; g.Name == c.Param("name") {
			g.RateInput, g.Error = typedRate, p.Errors["rate"]
		}
	}
	return s.show(c, status, "settings_gateways", p.Locale, p)
}
