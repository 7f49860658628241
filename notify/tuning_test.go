package notify_test

import (
	"testing"
	"time"

	"neuvo/internal/fault"
	"neuvo/notify"
)

// state gives how a gateway stands.
func (w *world) gateway(n *notify.Notifier, name string) notify.GatewayState {
	w.t.Helper()
	list, err := n.Gateways(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, g := range list {
		if g.Gateway.Name() == name {
			return g
		}
	}
	w.t.Fatalf("no gateway %s among %d", name, len(list))
	return notify.GatewayState{}
}

func (w *world) tune(n *notify.Notifier, t notify.Tuning) {
	w.t.Helper()
	if err := n.Tune(w.t.Context(), t); err != nil {
		w.t.Fatal(err)
	}
}

func TestAPausedGatewayGetsNothingAndTheNextTakesOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.named("first"), w.named("second")
		routes := []notify.Route{{Gateway: first}, {Gateway: second, Prefixes: []string{"+358"}}}
		n, other := w.processWith(routes...), w.processWith(routes...)
		w.tune(n, notify.Tuning{Gateway: "second", Paused: true, ChangedBy: "Mira"})
		w.queue(n, toPhone("+358401234567", "x"))
		w.sendDue(n)
		if len(first.bodies()) != 1 || len(second.bodies()) != 0 {
			t.Fatalf("the first got %v, the second %v", first.bodies(), second.bodies())
		}
		// Where all that fit are paused, it waits, in every process.
		w.tune(n, notify.Tuning{Gateway: "first", Paused: true})
		m := w.queue(n, toPhone("+358401234567", "y"))[0]
		w.clock.Advance(6 * time.Second)
		w.sendDue(other)
		w.sendDue(n)
		if got := w.message(n, m.ID); got.State != notify.Queued || len(first.bodies()) != 1 {
			t.Fatalf("it is %s", got.State)
		}
		if g := w.gateway(other, "second"); !g.Tuning.Paused || g.Tuning.ChangedBy != "Mira" || g.Tuning.ChangedAt.IsZero() {
			t.Errorf("%+v", g.Tuning)
		}
		w.tune(n, notify.Tuning{Gateway: "second"})
		w.clock.Advance(6 * time.Second)
		w.sendDue(other)
		if len(second.bodies()) != 1 || w.message(n, m.ID).State != notify.Accepted {
			t.Errorf("resumed, the second got %v", second.bodies())
		}
	})
}

func TestAManagerSlowsAGatewayDownAndNeverUp(t *testing.T) {
	each(t, slowsDown)
}

func slowsDown(t *testing.T, w *world) {
	g := w.named("g")
	n := w.processWith(notify.Route{Gateway: g, PerSecond: 10}, notify.Route{Gateway: w.named("free")})
	for name, c := range map[string]struct {
		gateway string
		rate    float64
		kind    fault.Kind
	}{"above the operator's": {"g", 11, fault.Invalid}, "below nothing": {"g", -1, fault.Invalid}, "no gateway": {"h", 1, fault.NotFound}, "beyond all": {"free", 1e9, fault.Invalid}} {
		if err := n.Tune(t.Context(), notify.Tuning{Gateway: c.gateway, PerSecond: c.rate}); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.tune(n, notify.Tuning{Gateway: "g", PerSecond: 2})
	if s := w.gateway(n, "g"); s.Rate() != 2 || s.PerSecond != 10 {
		t.Errorf("at %v of %v", s.Rate(), s.PerSecond)
	}
	for i := range 9 {
		w.queue(n, toPhone("+35840123456"+string(rune('0'+i)), "x"))
	}
	w.sendDue(n)
	if got := len(g.bodies()); got != 2 {
		t.Errorf("%d went at once, with 2 a second", got)
	}
	w.clock.Advance(time.Second)
	w.sendDue(n)
	if got := len(g.bodies()); got != 4 {
		t.Errorf("%d after a second", got)
	}
}

func TestHowAGatewayFaresIsTold(t *testing.T) {
	each(t, fares)
}

func fares(t *testing.T, w *world) {
	bad := w.named("bad")
	bad.say(refuseForNow)
	n := w.processWith(notify.Route{Gateway: w.email}, notify.Route{Gateway: bad, Numbers: []string{"+358401111111"}, Prefixes: []string{"+358"}}, notify.Route{Gateway: w.named("silent")})
	w.queue(n, toPhone("+358401234567", "x"))
	w.sendDue(n)
	g := w.gateway(n, "bad")
	if g.Counts[notify.OutcomeRetry] != 1 || g.Counts[notify.OutcomeAccepted] != 0 || g.Failure == nil || g.Failure.Text != "not now" || g.Failure.Code != "451" || !g.Answerable {
		t.Errorf("%+v %+v", g, g.Failure)
	}
	if g := w.gateway(n, "silent"); g.Answerable || g.Counts[notify.OutcomeAccepted] != 1 || g.Failure != nil {
		t.Errorf("%+v", g)
	}
	list, err := n.Gateways(t.Context())
	if err != nil || len(list) != 3 || list[0].Gateway.Channel() != notify.Email || !list[0].Answerable {
		t.Errorf("%v, %v", list, err)
	}
	w.clock.Advance(25 * time.Hour)
	if g := w.gateway(n, "bad"); g.Counts[notify.OutcomeRetry] != 0 || g.Failure != nil {
		t.Errorf("after a day: %+v %+v", g.Counts, g.Failure)
	}
}
