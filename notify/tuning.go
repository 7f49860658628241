package notify

import (
	"context"
	"fmt"
	"time"

	"neuvo/internal/db"
	"neuvo/internal/fault"
)

// Tuning is what a manager has set of a gateway while the program runs. Which
// gateways there are, their secrets, numbers, registered names and order are the
// operator's.
type Tuning struct {
	Gateway   string `gorm:"primaryKey"` // its name
	Paused    bool   // it is given nothing; another that fits takes over, or all waits
	PerSecond float64
	ChangedAt db.Time
	ChangedBy string
}

// TableName names the table.
func (Tuning) TableName() string { return "gateway_tunings" }

// Addressed is a gateway whose texts come from our signed address, so that they
// can be answered without a number.
type Addressed interface {
	Addressed() bool
}

// GatewayFailure is the last failure of a gateway that lay in the gateway.
type GatewayFailure struct {
	At   time.Time
	Code string
	Text string // for people, no secrets
}

// GatewayState is a gateway with how it fares. Counts and Failure are of this
// process and, at most, of the last 24 hours.
type GatewayState struct {
	Route
	Answerable bool // customers can answer what it sends
	Tuning     Tuning
	Rest       time.Time // it failed and is left alone until then; zero: it is not
	Counts     map[string]uint64
	Failure    *GatewayFailure
}

// Rate is how many messages a second it is given at most, 0: no bound.
func (g *GatewayState) Rate() float64 { return lower(g.PerSecond, g.Tuning.PerSecond) }

// lower is the lower of two bounds, of which 0 is none.
func lower(a, b float64) float64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

const (
	// tuneEvery is how old what a manager has set may be in another process.
	tuneEvery = 5 * time.Second
	// maxTunedRate is far above what any gateway takes.
	maxTunedRate = 10_000
)

// Gateways lists the gateways in the order in which they are tried, e-mail first.
func (n *Notifier) Gateways(ctx context.Context) ([]GatewayState, error) {
	if err := n.loadTunings(ctx); err != nil {
		return nil, err
	}
	var list []GatewayState
	now := n.opt.Now()
	for _, r := range n.opt.Routes {
		for _, l := range n.lanes[r.Gateway.Channel()] {
			if l.Gateway == r.Gateway {
				list = append(list, l.state(now))
				break
			}
		}
	}
	return list, nil
}

// state is how a lane fares.
func (l *lane) state(now time.Time) GatewayState {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := GatewayState{Route: l.Route, Tuning: l.tuning, Counts: l.recent.sums(now)}
	if now.Before(l.broken) {
		g.Rest = l.broken
	}
	if l.failure != nil && now.Sub(l.failure.At) < 24*time.Hour {
		failure := *l.failure
		g.Failure = &failure
	}
	addressed, ok := l.Gateway.(Addressed)
	g.Answerable = l.Gateway.Channel() == Email || len(l.Numbers) > 0 || ok && addressed.Addressed()
	return g
}

// Tune sets what a manager wants of a gateway: whether it rests, and a rate below
// the operator's (0: the operator's). NotFound for a gateway that is not set up,
// Invalid for a rate that is none or above the operator's.
func (n *Notifier) Tune(ctx context.Context, t Tuning) error {
	l := n.laneNamed(t.Gateway)
	switch {
	case l == nil:
		return fault.New(fault.NotFound, "fault.not_found")
	case t.PerSecond < 0 || t.PerSecond > maxTunedRate || t.PerSecond != t.PerSecond:
		return fault.BadField("body.rate", "fault.gateway_rate", t.PerSecond)
	case l.PerSecond > 0 && t.PerSecond > l.PerSecond:
		return &fault.Error{Kind: fault.Invalid, Key: "fault.invalid", Fields: []fault.Field{
			{Location: "body.rate", Key: "fault.gateway_rate_above", Args: map[string]any{"most": l.PerSecond}, Value: t.PerSecond},
		}}
	}
	t.ChangedAt = n.now()
	if err := n.db.Tx(ctx, func(ctx context.Context) error { return n.saveTuning(ctx, &t) }); err != nil {
		return fmt.Errorf("set the gateway %s: %w", t.Gateway, err)
	}
	n.opt.Log.InfoContext(ctx, "a gateway was set", "gateway", t.Gateway, "paused", t.Paused, "rate", t.PerSecond, "by", t.ChangedBy)
	if err := n.loadTunings(ctx); err != nil {
		return err
	}
	n.Wake()
	return nil
}

func (n *Notifier) laneNamed(name string) *lane {
	for _, lanes := range n.lanes {
		for _, l := range lanes {
			if l.name == name {
				return l
			}
		}
	}
	return nil
}

// retune takes up what another process was told, now and then.
func (n *Notifier) retune(ctx context.Context) error {
	n.tuned.Lock()
	due := n.opt.Now().Sub(n.tunedAt) >= tuneEvery || n.opt.Now().Before(n.tunedAt)
	n.tuned.Unlock()
	if !due {
		return nil
	}
	return n.loadTunings(ctx)
}

// loadTunings puts on every lane what is set of its gateway.
func (n *Notifier) loadTunings(ctx context.Context) error {
	n.tuned.Lock()
	defer n.tuned.Unlock()
	rows, err := n.tunings(ctx)
	if err != nil {
		return fmt.Errorf("read what is set of the gateways: %w", err)
	}
	set := map[string]Tuning{}
	for _, t := range rows {
		set[t.Gateway] = t
	}
	for _, lanes := range n.lanes {
		for _, l := range lanes {
			l.mu.Lock()
			l.tuning = set[l.name]
			l.mu.Unlock()
		}
	}
	n.tunedAt = n.opt.Now()
	return nil
}

// hourly counts outcomes by the hour, of the last day.
type hourly map[int64]map[string]uint64

func (h hourly) add(now time.Time, outcome string) {
	hour := now.Unix() / 3600
	if h[hour] == nil {
		for old := range h {
			if old <= hour-24 {
				delete(h, old)
			}
		}
		h[hour] = map[string]uint64{}
	}
	h[hour][outcome]++
}

func (h hourly) sums(now time.Time) map[string]uint64 {
	out := map[string]uint64{OutcomeAccepted: 0, OutcomeRetry: 0, OutcomeRefused: 0, OutcomeUnknown: 0}
	for hour, counts := range h {
		if hour > now.Unix()/3600-24 {
			for outcome, count := range counts {
				out[outcome] += count
			}
		}
	}
	return out
}
