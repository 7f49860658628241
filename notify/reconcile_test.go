package notify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"neuvo/notify"
)

// frank is a line that can be asked what it has.
type frank struct {
	*line
	ask   func(e notify.Envelope) (notify.Report, bool, error)
	asked []string
}

func (f *frank) Ask(_ context.Context, e notify.Envelope, handedAt time.Time) (notify.Report, bool, error) {
	if handedAt.IsZero() {
		return notify.Report{}, false, errors.New("asked for what was never handed over")
	}
	f.asked = append(f.asked, e.ClientRef+" "+e.Body)
	return f.ask(e)
}

func TestAGatewayThatCanBeAskedIsAsked(t *testing.T) {
	has := func(s notify.State) func(notify.Envelope) (notify.Report, bool, error) {
		return func(notify.Envelope) (notify.Report, bool, error) {
			return notify.Report{GatewayID: "found", State: s, Code: "30003", Text: "the phone is off"}, true, nil
		}
	}
	for name, c := range map[string]struct {
		ask   func(notify.Envelope) (notify.Report, bool, error)
		want  notify.State
		calls int
		told  int
		id    string
	}{
		"it has it":              {has(notify.Accepted), notify.Accepted, 1, 0, "found"},
		"it has delivered it":    {has(notify.Delivered), notify.Delivered, 1, 0, "found"},
		"it could not deliver":   {has(notify.Failed), notify.Failed, 1, 1, "found"},
		"it never had it":        {func(notify.Envelope) (notify.Report, bool, error) { return notify.Report{}, false, nil }, notify.Accepted, 2, 0, "gw-m1"},
		"it never says anything": {func(notify.Envelope) (notify.Report, bool, error) { return notify.Report{}, false, errBroken }, notify.Unknown, 1, 1, ""},
		"asking it breaks":       {func(notify.Envelope) (notify.Report, bool, error) { panic("asking") }, notify.Unknown, 1, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				g := &frank{line: w.sms, ask: c.ask}
				n := w.processWith(notify.Route{Gateway: g})
				told := 0
				n.OnFailure(func(context.Context, string, notify.Message) error { told++; return nil })
				w.sms.say(noAnswer)
				m := w.queue(n, text("x"))[0]
				w.sendDue(n)
				w.sms.say(nil)
				sentAt := w.clock.Now()
				for range 12 {
					w.clock.Advance(30 * time.Second)
					w.sendDue(n)
					if calls := len(w.sms.bodies()); calls > 1 && w.clock.Now().Sub(sentAt) < 2*time.Minute {
						t.Fatal("it was sent again before the gateway could know")
					}
				}
				w.clock.Advance(8 * 24 * time.Hour)
				w.sendDue(n)
				got := w.message(n, m.ID)
				if got.State != c.want || len(w.sms.bodies()) != c.calls || told != c.told || got.GatewayID != c.id || !got.NextAt.IsZero() {
					t.Errorf("it is %s %q after %d calls, told %d times", got.State, got.GatewayID, len(w.sms.bodies()), told)
				}
				if len(g.asked) == 0 || g.asked[0] != "m1 x" {
					t.Errorf("asked %q", g.asked)
				}
			})
		})
	}
}

func TestADeadSendersTextIsAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		g := &frank{line: w.sms, ask: func(notify.Envelope) (notify.Report, bool, error) {
			return notify.Report{GatewayID: "found", State: notify.Accepted}, true, nil
		}}
		first, second := w.processWith(notify.Route{Gateway: g}), w.processWith(notify.Route{Gateway: g})
		m, end := w.dieInTheCall(first, second, w.sms, text("x"))
		w.clock.Advance(time.Minute)
		w.sendDue(second)
		end()
		if got := w.message(second, m.ID); got.State != notify.Accepted || got.GatewayID != "found" || len(w.sms.bodies()) != 1 {
			t.Errorf("it is %s %q after %d calls", got.State, got.GatewayID, len(w.sms.bodies()))
		}
	})
}
