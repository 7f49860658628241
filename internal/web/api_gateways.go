package web

import (
	"context"
	"maps"
	"slices"
	"time"

	"neuvo/internal/auth"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// gatewayOut is a gateway as managers see it: never its secrets, which live in
// the operator's configuration with what else says which gateways there are.
type gatewayOut struct {
	Name          string            `json:"name"`
	Channel       string            `json:"channel" enum:"sms,email"`
	State         string            `json:"state" enum:"active,paused,resting" doc:"resting: it failed several times running and is left alone for a while"`
	RestingUntil  *time.Time        `json:"resting_until,omitempty"`
	Order         int               `json:"order" doc:"its place, from 1, among those of its channel that are tried for a number; the longest fitting prefix comes first"`
	Prefixes      []string          `json:"prefixes" doc:"country prefixes it serves; empty: all"`
	Numbers       []string          `json:"numbers" doc:"ours at it"`
	SenderNames   map[string]string `json:"sender_names" doc:"registered names by country prefix"`
	Answerable    bool              `json:"answerable" doc:"customers can answer what it sends"`
	Rate          float64           `json:"rate" doc:"messages a second that it is given at most; 0: no bound"`
	OperatorsRate float64           `json:"operators_rate" doc:"the bound that the operator has set; 0: none"`
	Paused        bool              `json:"paused"`
	Last24Hours   map[string]uint64 `json:"last_24_hours" doc:"how its calls ended in this process: accepted, retry, refused, unknown"`
	LastFailure   *gatewayFailure   `json:"last_failure,omitempty" doc:"of the last 24 hours, in this process, where it lay in the gateway"`
	ChangedAt     *time.Time        `json:"changed_at,omitempty"`
	ChangedBy     string            `json:"changed_by,omitempty"`
}

type gatewayFailure struct {
	At   time.Time `json:"at"`
	Code string    `json:"code,omitempty"`
	Text string    `json:"text"`
}

// GatewayPath names a gateway.
type GatewayPath struct {
	Name string `path:"name" doc:"such as twilio or mail-sms"`
}

type gatewayPatch struct {
	GatewayPath
	Body struct {
		Paused *bool    `json:"paused,omitempty" doc:"it is given nothing: another that fits takes over, or messages wait"`
		Rate   *float64 `json:"rate,omitempty" doc:"messages a second, below the operator's; 0: the operator's"`
	}
}

// gatewaysOf are all gateways in the order in which they are tried.
func (s *Server) gatewaysOf(ctx context.Context) ([]gatewayOut, error) {
	states, err := s.opt.Notifier.Gateways(ctx)
	if err != nil {
		return nil, err
	}
	place := map[string]int{}
	out := []gatewayOut{}
	for _, g := range states {
		channel := string(g.Gateway.Channel())
		place[channel]++
		row := gatewayOut{
			Name: g.Gateway.Name(), Channel: channel, State: "active", Order: place[channel],
			Prefixes: append([]string{}, g.Prefixes...), Numbers: append([]string{}, g.Numbers...), SenderNames: map[string]string{},
			Answerable: g.Answerable, Rate: g.Rate(), OperatorsRate: g.PerSecond, Paused: g.Tuning.Paused,
			Last24Hours: g.Counts, ChangedBy: g.Tuning.ChangedBy,
		}
		maps.Copy(row.SenderNames, g.Names)
		if !g.Rest.IsZero() {
			row.State, row.RestingUntil = "resting", &g.Rest
		}
		if row.Paused {
			row.State = "paused"
		}
		if f := g.Failure; f != nil {
			row.LastFailure = &gatewayFailure{f.At, f.Code, f.Text}
		}
		if !g.Tuning.ChangedAt.IsZero() {
			row.ChangedAt = &g.Tuning.ChangedAt.Time
		}
		out = append(out, row)
	}
	return out, nil
}

// gatewayNamed is one of gatewaysOf; NotFound where there is none.
func (s *Server) gatewayNamed(ctx context.Context, name string) (*gatewayOut, error) {
	rows, err := s.gatewaysOf(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(rows, func(g gatewayOut) bool { return g.Name == name }); i >= 0 {
		return &rows[i], nil
	}
	return nil, fault.New(fault.NotFound, "fault.not_found")
}

// mayTune tells whether a manager may change what all workshops send through:
// one of a single workshop only where that is the only one.
func (s *Server) mayTune(ctx context.Context, staff *auth.Staff) (bool, error) {
	if managerOf(staff).WorkshopID == 0 {
		return true, nil
	}
	shops, err := s.opt.Desk.Workshops(ctx)
	return len(shops) == 1, err
}

// tune changes a gateway; what is nil stays.
func (s *Server) tune(ctx context.Context, staff *auth.Staff, name string, paused *bool, rate *float64) (*gatewayOut, error) {
	if may, err := s.mayTune(ctx, staff); err != nil || !may {
		return nil, errorOr(err, fault.New(fault.Forbidden, "fault.forbidden"))
	}
	g, err := s.gatewayNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	t := notify.Tuning{Gateway: name, Paused: g.Paused, ChangedBy: staff.Name}
	if g.Rate != g.OperatorsRate {
		t.PerSecond = g.Rate
	}
	if paused != nil {
		t.Paused = *paused
	}
	if rate != nil {
		t.PerSecond = *rate
	}
	if err := s.opt.Notifier.Tune(ctx, t); err != nil {
		return nil, err
	}
	return s.gatewayNamed(ctx, name)
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (s *Server) listGateways(ctx context.Context, _ *struct{}) (*body[list[gatewayOut]], error) {
	rows, err := s.gatewaysOf(ctx)
	if err != nil {
		return nil, err
	}
	return &body[list[gatewayOut]]{list[gatewayOut]{Items: rows}}, nil
}

func (s *Server) getGateway(ctx context.Context, in *GatewayPath) (*body[gatewayOut], error) {
	g, err := s.gatewayNamed(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return &body[gatewayOut]{*g}, nil
}

func (s *Server) patchGateway(ctx context.Context, in *gatewayPatch) (*body[gatewayOut], error) {
	g, err := s.tune(ctx, callerOf(ctx).staff, in.Name, in.Body.Paused, in.Body.Rate)
	if err != nil {
		return nil, err
	}
	return &body[gatewayOut]{*g}, nil
}
