package notify_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/internal/fault"
	"neuvo/notify"
)

// named is a line with a name of its own.
type named struct {
	*line
	name string
}

func (g named) Name() string { return g.name }

func (w *world) named(name string) named { return named{&line{channel: notify.SMS}, name} }

// toPhone is a text to a phone.
func toPhone(phone, body string) notify.Outgoing {
	o := text(body)
	o.To = phone
	return o
}

func TestTextsTakeTheRouteWithTheLongestPrefix(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		finland, mobile, rest := w.named("finland"), w.named("mobile"), w.named("rest")
		n := w.processWith(notify.Route{Gateway: rest},
			notify.Route{Gateway: finland, Prefixes: []string{"+358", "+372"}}, notify.Route{Gateway: mobile, Prefixes: []string{"+35840"}})
		w.queue(n, toPhone("+358401234567", "mobile"), toPhone("+358501234567", "finland"), toPhone("+3721234567", "estonia"), toPhone("+46701234567", "sweden"))
		w.sendDue(n)
		got := map[string][]string{}
		for _, g := range []named{finland, mobile, rest} {
			got[g.name] = g.bodies()
		}
		if len(got["finland"]) != 2 || strings.Join(got["mobile"], "") != "mobile" || strings.Join(got["rest"], "") != "sweden" {
			t.Errorf("sent %v", got)
		}
	})
}

func TestANumberThatNoRouteServesFailsAloud(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.processWith(notify.Route{Gateway: w.sms, Prefixes: []string{"+358"}})
		told := 0
		n.OnFailure(func(context.Context, string, notify.Message) error { told++; return nil })
		m := w.queue(n, toPhone("+46701234567", "sweden"))[0]
		w.sendDue(n)
		if got := w.message(n, m.ID); got.State != notify.Failed || told != 1 || !strings.Contains(got.Error, "+46701234567") {
			t.Errorf("it is %s %q", got.State, got.Error)
		}
	})
}

func TestTheNextRouteTakesOverWhereTheGatewayIsAtFaultAndOnlyThere(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(notify.Envelope) (notify.Sent, error)
		want   notify.State
		second int
		states string
	}{
		"it cannot be reached":             {refuseForNow, notify.Accepted, 1, "queued claimed claimed accepted"},
		"the number is bad":                {refuseForGood, notify.Failed, 0, "queued claimed failed"},
		"nobody knows whether it has it":   {noAnswer, notify.Unknown, 0, "queued claimed unknown"},
		"it takes the text":                {nil, notify.Accepted, 0, "queued claimed accepted"},
		"the phone's owner has stopped it": {stopped, notify.Failed, 0, "queued claimed failed"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				first, second := w.named("first"), w.named("second")
				n := w.processWith(notify.Route{Gateway: first}, notify.Route{Gateway: second})
				first.say(c.answer)
				m := w.queue(n, text("x"))[0]
				w.sendDue(n)
				got := w.message(n, m.ID)
				if got.State != c.want || len(second.bodies()) != c.second || w.states(n, m.ID) != c.states {
					t.Errorf("it is %s, the second got %d, history %q", got.State, len(second.bodies()), w.states(n, m.ID))
				}
				if want := map[int]string{0: "first", 1: "second"}[c.second]; got.Gateway != want {
					t.Errorf("it stands with %q, want %q", got.Gateway, want)
				}
			})
		})
	}
}

func TestABrokenGatewayIsPassedOverForAWhile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.named("first"), w.named("second")
		n := w.processWith(notify.Route{Gateway: first, Concurrency: 1}, notify.Route{Gateway: second})
		first.say(refuseForNow)
		for i := range 20 {
			w.queue(n, toPhone(fmt.Sprintf("+35840%07d", i), "x"))
			w.sendDue(n)
		}
		if tried := len(first.bodies()); tried != 3 || len(second.bodies()) != 20 {
			t.Errorf("the first was tried %d times, the second sent %d", tried, len(second.bodies()))
		}
		first.say(nil)
		w.clock.Advance(time.Minute)
		w.queue(n, toPhone("+358409999999", "x"))
		w.sendDue(n)
		if len(first.bodies()) != 4 {
			t.Error("it was not tried again")
		}
	})
}

func TestAllRoutesDownIsATryLater(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.named("first"), w.named("second")
		n := w.processWith(notify.Route{Gateway: first}, notify.Route{Gateway: second})
		first.say(refuseForNow)
		second.say(func(notify.Envelope) (notify.Sent, error) {
			return notify.Sent{}, &notify.SendError{Retryable: true, RetryAfter: 10 * time.Minute, Code: "429", Text: "slow down"}
		})
		m := w.queue(n, text("x"))[0]
		w.sendDue(n)
		got := w.message(n, m.ID)
		if got.State != notify.Queued || got.Attempts != 1 || got.NextAt.Sub(w.clock.Now()) < 10*time.Minute {
			t.Errorf("it is %s until %s after %d attempts", got.State, got.NextAt.Sub(w.clock.Now()), got.Attempts)
		}
	})
}

func TestARouteKeepsToItsRateAndRecipientsTakeTurns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		slow, quick := w.named("slow"), w.named("quick")
		n := w.processWith(notify.Route{Gateway: slow, Prefixes: []string{"+358"}, PerSecond: 2}, notify.Route{Gateway: quick})
		for i := range 6 {
			w.queue(n, toPhone("+358400000001", fmt.Sprint("a", i)))
		}
		w.queue(n, toPhone("+358400000002", "b0"), toPhone("+358400000002", "b1"))
		for i := range 10 {
			w.queue(n, toPhone(fmt.Sprintf("+4670%07d", i), "q"))
		}
		var per []int
		for range 4 {
			before := len(slow.bodies())
			w.sendDue(n)
			w.sendDue(n)
			per = append(per, len(slow.bodies())-before)
			w.clock.Advance(time.Second)
		}
		if diff := cmp.Diff([]int{2, 2, 2, 2}, per); diff != "" {
			t.Errorf("in each second (-want +got):\n%s", diff)
		}
		if got := strings.Join(slow.bodies()[:4], " "); !strings.Contains(got, "b0") || !strings.Contains(got, "b1") {
			t.Errorf("six texts to one held up another: %q", slow.bodies())
		}
		if len(quick.bodies()) != 10 {
			t.Errorf("the other route sent %d", len(quick.bodies()))
		}
	})
}

func TestARouteKeepsToItsCallsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		busy, most := make(chan struct{}, 100), atomic.Int64{}
		n := w.processWith(notify.Route{Gateway: w.sms, Concurrency: 3})
		reached := make(chan struct{})
		w.sms.say(func(notify.Envelope) (notify.Sent, error) {
			busy <- struct{}{}
			if len(busy) == 3 {
				select {
				case <-reached:
				default:
					close(reached)
				}
			}
			<-reached // passes once three are under way
			if now := int64(len(busy)); now > 3 {
				most.Store(now)
			}
			<-busy
			return notify.Sent{}, nil
		})
		for i := range 12 {
			w.queue(n, toPhone(fmt.Sprintf("+35840%07d", i), "x"))
		}
		if got := w.sendDue(n); got != 12 || most.Load() > 3 {
			t.Errorf("%d were sent, %d at once", got, most.Load())
		}
	})
}

func stopped(notify.Envelope) (notify.Sent, error) {
	return notify.Sent{}, &notify.SendError{OptedOut: true, Code: "21610", Text: "the owner has stopped texts"}
}

func TestAQuestionComesFromWhatCanBeAnswered(t *testing.T) {
	name := map[string]string{"+358": "AUTOTALO"}
	for title, c := range map[string]struct {
		routes func(a, b named) []notify.Route
		asks   string
		want   string // gateway and sender; "": refused
	}{
		"news may come from a registered name": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, Names: name, Numbers: []string{"+358457000"}}}
		}, "", "a AUTOTALO"},
		"a question comes from the number": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, Names: name, Numbers: []string{"+358457000"}}}
		}, "survey", "a +358457000"},
		"or takes the next route that has one": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, Names: name}, {Gateway: b, Numbers: []string{"+358457001"}}}
		}, "offer", "b +358457001"},
		"a name alone cannot ask": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, Names: name}}
		}, "survey", ""},
		"a name registered elsewhere sends nothing here": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, Names: map[string]string{"+46": "AUTOHUS"}}}
		}, "", ""},
		"nor does one for every country": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, Names: map[string]string{"": "AUTOTALO"}}}
		}, "", ""},
		"a gateway's own name cannot ask either": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, From: "AUTOTALO"}}
		}, "estimate", ""},
		"nor is it taken for registered": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, From: "AUTOTALO"}}
		}, "", ""},
		"a question passes by a gateway with a name of its own": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, From: "AUTOTALO"}, {Gateway: b}}
		}, "confirmation", "b " + "signed"},
		"a gateway's own number can ask": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, From: "+358457002"}}
		}, "survey", "a signed"},
		"also beside names": {func(a, b named) []notify.Route {
			return []notify.Route{{Gateway: a, Names: name, From: "17171"}}
		}, "survey", "a signed"},
	} {
		t.Run(title, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				a, b := w.named("a"), w.named("b")
				n := w.processWith(c.routes(a, b)...)
				o := text("x")
				o.Asks = c.asks
				m := w.queue(n, o)[0]
				w.sendDue(n)
				got := ""
				for _, g := range []named{a, b} {
					for _, e := range g.envelopes() {
						if strings.Contains(e.From, "@") {
							e.From = "signed"
						}
						got += g.name + " " + e.From
					}
				}
				row := w.message(n, m.ID)
				if got != c.want || (c.want == "") != (row.State == notify.Failed) {
					t.Errorf("sent %q, it is %s %q", got, row.State, row.Error)
				}
			})
		})
	}
}

func TestAQuestionThatNoTextCanAskGoesByMailWhereThereIsAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.processWith(notify.Route{Gateway: w.sms, Names: map[string]string{"+358": "AUTOTALO"}}, notify.Route{Gateway: w.email})
		told := 0
		n.OnFailure(func(context.Context, string, notify.Message) error { told++; return nil })
		w.open(n, "job:1", mobile, "liisa@example.com")
		ask := func(subject string) notify.Message {
			o := text("Did it meet your expectations?")
			o.Subject, o.Asks = subject, "survey"
			m := w.queue(n, o)[0]
			w.sendDue(n)
			w.sendDue(n)
			return w.message(n, m.ID)
		}
		if m := ask("job:1"); m.State != notify.Suppressed || told != 0 || len(w.email.bodies()) != 1 || len(w.sms.bodies()) != 0 {
			t.Errorf("it is %s %q, mailed %q", m.State, m.Error, w.email.bodies())
		}
		list, err := n.Messages(t.Context(), "job:1")
		if last := list[len(list)-1]; err != nil || last.Asks != "survey" || last.AsksUntil.IsZero() {
			t.Errorf("the mail asks %q, %v", last.Asks, err)
		}
		w.open(n, "job:2", mobile, "")
		if m := ask("job:2"); m.State != notify.Failed || told != 1 || !strings.Contains(m.Error, "a sender that can be answered") || !strings.Contains(m.Error, "(no_sender)") {
			t.Errorf("without an address it is %s %q, told %d", m.State, m.Error, told)
		}
	})
}

func TestANumberIsTakenOnlyForTheRouteThatATextWent(t *testing.T) {
	const secondLine = "+358457009999"
	each(t, func(t *testing.T, w *world) {
		first, second := w.named("first"), w.named("second")
		n := w.processWith(notify.Route{Gateway: first, Numbers: []string{line1}}, notify.Route{Gateway: second, Numbers: []string{secondLine}})
		pairs := func() (list []string) {
			var rows []notify.NumberPair
			if err := w.db.In(t.Context()).Order("number, conversation_id").Find(&rows).Error; err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				list = append(list, fmt.Sprintf("%s:%d shared=%t", r.Number, r.ConversationID, r.Shared))
			}
			return list
		}
		say := func(subject, body string) notify.Message {
			o := text(body)
			o.Subject, o.Locale = subject, "en"
			m := w.queue(n, o)[0]
			w.sendDue(n)
			return w.message(n, m.ID)
		}
		one, two := w.open(n, "job:1", mobile, ""), w.open(n, "job:2", mobile, "")
		say("job:1", "one")
		want := []string{fmt.Sprintf("%s:%d shared=false", line1, one.ID)}
		if diff := cmp.Diff(want, pairs()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		// The first route is at fault: what was taken there, and the code that it would
		// have needed, are given back.
		first.say(refuseForNow)
		if m := say("job:2", "two"); m.State != notify.Accepted || m.Body != "two" || second.bodies()[0] != "two" || second.envelopes()[0].From != secondLine {
			t.Errorf("it is %s %q, sent %q from %s", m.State, m.Body, second.bodies(), second.envelopes()[0].From)
		}
		want = append(want, fmt.Sprintf("%s:%d shared=false", secondLine, two.ID))
		if diff := cmp.Diff(want, pairs()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// Refused for good it was sent from nowhere; unknown it may have been.
		first.say(refuseForGood)
		three, four := w.open(n, "job:3", other, ""), w.open(n, "job:4", other, "")
		o := toPhone(other, "three")
		o.Subject = "job:3"
		w.queue(n, o)
		w.sendDue(n)
		if got := pairs(); len(got) != 2 {
			t.Errorf("a refused text keeps a number: %q (%d)", got, three.ID)
		}
		first.say(noAnswer)
		o.Subject = "job:4"
		w.queue(n, o)
		w.sendDue(n)
		if got := pairs(); len(got) != 3 || !slices.Contains(got, fmt.Sprintf("%s:%d shared=false", line1, four.ID)) {
			t.Errorf("a text that may have gone has no number: %q", got)
		}
	})
}

func TestSenderNamesAndNumbersAreCheckedBeforehand(t *testing.T) {
	g := named{&line{channel: notify.SMS}, "g"}
	for title, c := range map[string]struct {
		route notify.Route
		key   string
	}{
		"a name of eleven characters":    {notify.Route{Gateway: g, Names: map[string]string{"+358": "AUTOHUOLTO1"}}, ""},
		"one of twelve":                  {notify.Route{Gateway: g, Names: map[string]string{"+358": "AUTOHUOLTO12"}}, "fault.sender_name"},
		"digits only":                    {notify.Route{Gateway: g, Names: map[string]string{"+358": "12345"}}, "fault.sender_name"},
		"letters that are no SMS ones":   {notify.Route{Gateway: g, Names: map[string]string{"+358": "Žluť"}}, "fault.sender_name"},
		"a letter that providers refuse": {notify.Route{Gateway: g, Names: map[string]string{"+46": "BILÄGARE"}}, "fault.sender_name"},
		"a space at its end":             {notify.Route{Gateway: g, Names: map[string]string{"+46": "AUTO "}}, "fault.sender_name"},
		"two spaces within":              {notify.Route{Gateway: g, Names: map[string]string{"+46": "AUTO  OY"}}, "fault.sender_name"},
		"a sign at its beginning":        {notify.Route{Gateway: g, Names: map[string]string{"+46": "-AUTO"}}, "fault.sender_name"},
		"signs that all take":            {notify.Route{Gateway: g, Names: map[string]string{"+46": "A&B Auto-1"}}, ""},
		"the gateway's own name":         {notify.Route{Gateway: g, From: "AUTOHUOLTO12"}, "fault.sender_name"},
		"the gateway's own number":       {notify.Route{Gateway: g, From: "+358457000001"}, ""},
		"a name where names do not pass": {notify.Route{Gateway: g, Names: map[string]string{"+1": "GARAGE"}}, "fault.sender_country"},
		"a country without its plus":     {notify.Route{Gateway: g, Names: map[string]string{"358": "AUTO"}}, "fault.route_prefix"},
		"a prefix without its plus":      {notify.Route{Gateway: g, Prefixes: []string{"358"}}, "fault.route_prefix"},
		"a number with spaces":           {notify.Route{Gateway: g, Numbers: []string{"+358 457"}}, "fault.sender_number"},
	} {
		t.Run(title, func(t *testing.T) {
			err := notify.CheckRoutes([]notify.Route{c.route})
			if c.key == "" && err != nil || c.key != "" && (err == nil || !strings.Contains(err.Error(), c.key) || !fault.Is(err, fault.Invalid)) {
				t.Errorf("CheckRoutes: %v, want %q", err, c.key)
			}
		})
	}
}
