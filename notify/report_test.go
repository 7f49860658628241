package notify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"neuvo/notify"
)

// reporter says what a gateway says of one message.
type reporter struct {
	w *world
	n *notify.Notifier
}

func (r reporter) say(rep notify.Report) {
	r.w.t.Helper()
	rep.Gateway, rep.At = "line-sms", r.w.clock.Now()
	if err := r.n.Report(r.w.t.Context(), rep); err != nil {
		r.w.t.Fatalf("Report: %v", err)
	}
}

func TestDeliveryReportsOnlyMoveForward(t *testing.T) {
	const accepted, delivered, failed = notify.Accepted, notify.Delivered, notify.Failed
	whole := func(states ...notify.State) (list []notify.Report) {
		for _, s := range states {
			list = append(list, notify.Report{GatewayID: "gw", State: s, Code: "7"})
		}
		return list
	}
	part := func(number int, s notify.State) notify.Report {
		return notify.Report{GatewayID: "gw", Part: number, State: s}
	}
	for name, c := range map[string]struct {
		segments int
		reports  []notify.Report
		want     notify.State
		told     int
	}{
		"delivered":                              {1, whole(delivered), delivered, 0},
		"delivered twice":                        {1, whole(delivered, delivered), delivered, 0},
		"accepted after delivered":               {1, whole(delivered, accepted), delivered, 0},
		"failed after delivered":                 {1, whole(delivered, failed), delivered, 0},
		"failed twice is told once":              {1, whole(failed, failed), failed, 1},
		"a phone that has it outweighs failure":  {1, whole(failed, delivered), delivered, 1},
		"one of two parts":                       {2, []notify.Report{part(2, delivered)}, accepted, 0},
		"one part twice is still one":            {2, []notify.Report{part(1, delivered), part(1, delivered)}, accepted, 0},
		"all parts, the last first":              {3, []notify.Report{part(3, delivered), part(1, delivered), part(2, accepted), part(2, delivered), part(2, accepted)}, delivered, 0},
		"one part that fails":                    {2, []notify.Report{part(1, delivered), part(2, failed)}, failed, 1},
		"parts are there and the whole is heard": {2, []notify.Report{part(1, accepted), {GatewayID: "gw", State: delivered}}, delivered, 0},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				for _, early := range []string{"after the answer", "before the answer", "before the answer, by our reference"} {
					n := w.process("a")
					told := 0
					n.OnFailure(func(context.Context, string, notify.Message) error { told++; return nil })
					r := reporter{w, n}
					id := early
					w.sms.say(func(e notify.Envelope) (notify.Sent, error) {
						for _, rep := range c.reports {
							rep.GatewayID = id
							if early == "before the answer, by our reference" {
								rep.ClientRef = e.ClientRef
							}
							if early != "after the answer" {
								r.say(rep)
							}
						}
						return notify.Sent{ID: id, Segments: c.segments}, nil
					})
					m := w.queue(n, text("x"))[0]
					w.sendDue(n)
					if early == "after the answer" {
						for _, rep := range c.reports {
							rep.GatewayID = id
							r.say(rep)
						}
					}
					wantTold := c.told
					if early != "after the answer" && c.want == delivered {
						wantTold = 0 // all is known at once
					}
					if got := w.message(n, m.ID); got.State != c.want || told != wantTold {
						t.Errorf("%s: it is %s, told %d times; want %s, %d", early, got.State, told, c.want, wantTold)
					}
				}
			})
		})
	}
}

func TestAReportSettlesWhatNobodyKnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		w.sms.say(noAnswer)
		m := w.queue(n, text("x"))[0]
		w.sendDue(n)
		reporter{w, n}.say(notify.Report{ClientRef: "m" + fmt.Sprint(m.ID), GatewayID: "late", State: notify.Delivered})
		w.clock.Advance(time.Hour)
		w.sendDue(n)
		if got := w.message(n, m.ID); got.State != notify.Delivered || got.GatewayID != "late" || len(w.sms.bodies()) != 1 {
			t.Errorf("it is %s %q after %d calls", got.State, got.GatewayID, len(w.sms.bodies()))
		}
	})
}

func TestAnotherGatewaysReportTouchesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		m := w.queue(n, text("x"))[0]
		w.sendDue(n)
		err := n.Report(t.Context(), notify.Report{Gateway: "other", GatewayID: "gw-m" + fmt.Sprint(m.ID), ClientRef: "m" + fmt.Sprint(m.ID), State: notify.Failed})
		if got := w.message(n, m.ID); got.State != notify.Accepted || err != nil {
			t.Errorf("it is %s, %v", got.State, err)
		}
		if n.Report(t.Context(), notify.Report{Gateway: "line-sms", State: notify.Failed}) == nil {
			t.Error("a report that names nothing was taken")
		}
	})
}
