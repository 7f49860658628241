package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/internal/db"
	"neuvo/notify"
)

func TestOneRecipientGetsMessagesInTheirOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var want []string
		for i := range 12 {
			w.queue(n, text(fmt.Sprint(i)))
			want = append(want, fmt.Sprint(i))
		}
		var mu sync.Mutex
		busy, most := 0, 0
		w.sms.say(func(notify.Envelope) (notify.Sent, error) {
			mu.Lock()
			busy++
			most = max(most, busy)
			mu.Unlock()
			defer func() { mu.Lock(); busy--; mu.Unlock() }()
			return notify.Sent{}, nil
		})
		if got := w.sendDue(n); got != 12 {
			t.Errorf("%d were sent", got)
		}
		if diff := cmp.Diff(want, w.sms.bodies()); diff != "" || most != 1 {
			t.Errorf("order (-want +got):\n%s%d at once", diff, most)
		}
	})
}

func TestRecipientsDoNotWaitForEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var list []notify.Outgoing
		for i := range 4 {
			o := text("hello")
			o.To = fmt.Sprintf("+35840000000%d", i)
			list = append(list, o)
		}
		w.queue(n, list...)
		var gate sync.WaitGroup
		gate.Add(4)
		w.sms.say(func(notify.Envelope) (notify.Sent, error) {
			gate.Done()
			gate.Wait() // passes only if all four are under way at once
			return notify.Sent{}, nil
		})
		if got := w.sendDue(n); got != 4 {
			t.Errorf("%d were sent", got)
		}
	})
}

func TestAStoppedGatewayDelaysTextsAndLosesNone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		w.sms.say(refuseForNow)
		rows := w.queue(n, text("one"), text("two"))
		mail := text("by mail")
		mail.Channel, mail.To = notify.Email, "liisa@example.com"
		w.queue(n, mail)
		for range 6 {
			w.sendDue(n)
			w.clock.Advance(10 * time.Minute)
		}
		if diff := cmp.Diff([]string{"by mail"}, w.email.bodies()); diff != "" {
			t.Errorf("the other gateway (-want +got):\n%s", diff)
		}
		if slices.Contains(w.sms.bodies(), "two") {
			t.Error("the second was tried before the first had gone")
		}
		if got := w.message(n, rows[0].ID); got.State != notify.Queued || got.Error != "not now (451)" || got.Attempts < 4 {
			t.Errorf("waits as %s %q after %d attempts", got.State, got.Error, got.Attempts)
		}
		w.sms.say(nil)
		w.clock.Advance(40 * time.Minute)
		before := len(w.sms.bodies())
		if got := w.sendDue(n); got != 2 {
			t.Errorf("%d were sent when it came back", got)
		}
		if diff := cmp.Diff([]string{"one", "two"}, w.sms.bodies()[before:]); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if got := w.message(n, rows[0].ID); got.Error != "" || got.State != notify.Accepted {
			t.Errorf("the first is %s %q", got.State, got.Error)
		}
	})
}

func TestRetriesSlowDownToHalfAnHour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		w.sms.say(refuseForNow)
		m := w.queue(n, text("x"))[0]
		var waits []time.Duration
		for range 10 {
			w.sendDue(n)
			wait := w.message(n, m.ID).NextAt.Sub(w.clock.Now())
			waits = append(waits, wait)
			w.clock.Advance(wait)
		}
		for i, wait := range waits {
			want := min(30*time.Second<<i, 30*time.Minute)
			if wait < want*8/10-time.Second || wait > want*12/10+time.Second {
				t.Errorf("wait %d is %s, want about %s", i+1, wait, want)
			}
		}
	})
}

func TestAWorthlessMessageExpires(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var told []string
		n.OnFailure(func(_ context.Context, subject string, m notify.Message) error {
			told = append(told, subject+" "+string(m.State))
			return nil
		})
		w.sms.say(refuseForNow)
		o := text("ready today")
		o.ExpiresAt = db.At(w.clock.Now().Add(time.Minute))
		m := w.queue(n, o)[0]
		w.sendDue(n)
		w.clock.Advance(2 * time.Minute)
		w.sms.say(nil)
		w.sendDue(n)
		if got := w.message(n, m.ID); got.State != notify.Expired || !got.NextAt.IsZero() || !strings.Contains(got.Error, "not now") {
			t.Errorf("it is %s %q", got.State, got.Error)
		}
		if got := w.states(n, m.ID); got != "queued claimed queued expired" {
			t.Errorf("history %q", got)
		}
		if diff := cmp.Diff([]string{"job:1 expired"}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

func TestWhatTheSubjectHasOutgrownIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		version, live := 3, true
		n.SetVersions(func(_ context.Context, subject string) (int, bool, error) {
			if subject != "job:1" {
				return 0, false, nil
			}
			return version, live, nil
		})
		old, current, any := text("old"), text("current"), text("any")
		old.Version, current.Version = 2, 3
		dead := text("dead")
		dead.Subject = "job:9"
		rows := w.queue(n, old, current, any, dead)
		w.sendDue(n)
		if diff := cmp.Diff([]string{"current", "any"}, w.sms.bodies()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		for _, i := range []int{0, 3} {
			if got := w.message(n, rows[i].ID); got.State != notify.Suppressed || got.Error == "" {
				t.Errorf("%s is %s %q", got.Body, got.State, got.Error)
			}
		}
	})
}

func TestAFinalRefusalIsToldInTheSameTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var told []notify.Message
		n.OnFailure(func(ctx context.Context, subject string, m notify.Message) error {
			if !w.db.InTx(ctx) || subject != "job:1" {
				t.Errorf("told of %s, in a transaction: %t", subject, w.db.InTx(ctx))
			}
			told = append(told, m)
			return nil
		})
		w.sms.say(refuseForGood)
		m := w.queue(n, text("x"), text("y"))[0]
		w.sendDue(n)
		if len(told) != 2 || told[0].ID != m.ID || told[0].State != notify.Failed || told[0].Error != "no such number (550)" {
			t.Errorf("told of %+v", told)
		}
		if got := w.message(n, m.ID); got.State != notify.Failed || !got.NextAt.IsZero() {
			t.Errorf("it is %s", got.State)
		}
	})
}

func TestAFailingFailureHandlerDoesNotSendTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		n.OnFailure(func(context.Context, string, notify.Message) error { return errBroken })
		w.sms.say(refuseForGood)
		m := w.queue(n, text("x"))[0]
		w.sendDue(n)
		w.clock.Advance(time.Hour)
		w.sendDue(n)
		if got := w.states(n, m.ID); got != "queued claimed failed" || len(w.sms.bodies()) != 1 {
			t.Errorf("history %q after %d calls", got, len(w.sms.bodies()))
		}
	})
}

func TestAMessageThatCannotBeJudgedWaitsAndHoldsUpNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		broken := true
		n.SetVersions(func(_ context.Context, subject string) (int, bool, error) {
			if subject == "job:1" && broken {
				return 0, false, errBroken
			}
			return 0, true, nil
		})
		other := text("other")
		other.Subject, other.To = "job:2", "+358400000002"
		m := w.queue(n, text("x"), other)[0]
		if sent, err := n.SendDue(t.Context()); !errors.Is(err, errBroken) || sent != 1 {
			t.Fatalf("SendDue: %d, %v", sent, err)
		}
		if got := w.message(n, m.ID); got.State != notify.Queued || !got.NextAt.After(w.clock.Now()) {
			t.Fatalf("it is %s until %s", got.State, got.NextAt)
		}
		broken = false
		w.clock.Advance(2 * time.Minute)
		if w.sendDue(n) != 1 || w.states(n, m.ID) != "queued queued claimed accepted" {
			t.Errorf("history %q", w.states(n, m.ID))
		}
	})
}

// mail is text by e-mail.
func mail(body string) notify.Outgoing {
	o := text(body)
	o.Channel, o.To = notify.Email, "liisa@example.com"
	return o
}

// dieInTheCall lets a first process claim m and end in the middle of the call; a
// second has then noticed. end brings the dead process's answer.
func (w *world) dieInTheCall(first, second *notify.Notifier, g *line, o notify.Outgoing) (m *notify.Message, end func()) {
	w.t.Helper()
	called, release := make(chan struct{}), make(chan struct{})
	g.say(func(notify.Envelope) (notify.Sent, error) {
		close(called)
		<-release
		return notify.Sent{ID: "late"}, nil
	})
	m = w.queue(first, o)[0]
	ended := make(chan struct{})
	go func() { defer close(ended); _, _ = first.SendDue(w.t.Context()) }()
	<-called // from here on the first process is as good as dead
	g.say(nil)
	w.clock.Advance(2 * time.Minute)
	// The first may still be looking for more and find its own claim lapsed.
	for range 100 {
		if w.sendDue(second); w.message(second, m.ID).State == notify.Unknown {
			break
		}
	}
	return m, func() { close(release); <-ended }
}

func TestASenderKilledInTheCallLeavesAnEMailUnknownAndItGoesOnceMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := w.process("first"), w.process("second")
		m, end := w.dieInTheCall(first, second, w.email, mail("x"))
		w.queue(second, mail("y"))
		w.sendDue(second)
		if got := w.message(second, m.ID); got.State != notify.Unknown || got.NextAt.IsZero() || len(w.email.bodies()) != 1 {
			t.Fatalf("it is %s, %d calls: y must wait for x", got.State, len(w.email.bodies()))
		}
		w.clock.Advance(3 * time.Minute)
		if w.sendDue(second) != 2 {
			t.Error("it did not go once more")
		}
		sent := w.email.envelopes()
		if len(sent) != 3 || sent[0].MessageID != sent[1].MessageID || sent[0].MessageID == "" || sent[2].Body != "y" {
			t.Errorf("sent %+v, want x twice with one Message-ID, then y", sent)
		}
		end()
		if got := w.message(second, m.ID); got.GatewayID == "late" || got.State != notify.Accepted {
			t.Errorf("the dead process's answer was taken: %s %s", got.State, got.GatewayID)
		}
	})
}

func TestAfterASecondUnknownAPersonDecidesOnAnEMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var told []notify.State
		n.OnFailure(func(_ context.Context, _ string, m notify.Message) error { told = append(told, m.State); return nil })
		w.email.say(noAnswer)
		m := w.queue(n, mail("x"))[0]
		w.queue(n, mail("y"))
		for range 20 {
			w.sendDue(n)
			w.clock.Advance(time.Minute)
		}
		if got := w.message(n, m.ID); got.State != notify.Unknown || !got.NextAt.IsZero() || got.Attempts != 2 {
			t.Errorf("it is %s after %d attempts", got.State, got.Attempts)
		}
		if diff := cmp.Diff([]string{"x", "x", "y", "y"}, w.email.bodies()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]notify.State{notify.Unknown, notify.Unknown}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

func TestATextOfWhichNobodyKnowsIsNeverSentTwiceByItself(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var told []notify.State
		n.OnFailure(func(_ context.Context, _ string, m notify.Message) error { told = append(told, m.State); return nil })
		w.sms.say(noAnswer)
		m := w.queue(n, text("x"))[0]
		w.queue(n, text("y"))
		for range 20 {
			w.sendDue(n)
			w.sms.say(nil)
			w.clock.Advance(time.Minute)
		}
		if got := w.message(n, m.ID); got.State != notify.Unknown || !got.NextAt.IsZero() {
			t.Errorf("it is %s", got.State)
		}
		if diff := cmp.Diff([]string{"x", "y"}, w.sms.bodies()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]notify.State{notify.Unknown}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

func TestAGatewayThatPanicsIsNotASender(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		w.sms.say(func(notify.Envelope) (notify.Sent, error) { panic("gateway") })
		m := w.queue(n, text("x"))[0]
		if w.sendDue(n) != 0 || w.message(n, m.ID).State != notify.Unknown {
			t.Errorf("it is %s", w.message(n, m.ID).State)
		}
	})
}

func TestAChannelWithoutAGatewayFailsAloud(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := notify.New(w.db, notify.Options{Now: w.clock.Now, Addresses: w.addresses, Routes: []notify.Route{{Gateway: w.email}}})
		told := 0
		n.OnFailure(func(context.Context, string, notify.Message) error { told++; return nil })
		m := w.queue(n, text("x"))[0]
		w.sendDue(n)
		if got := w.message(n, m.ID); got.State != notify.Failed || told != 1 {
			t.Errorf("it is %s, told %d times", got.State, told)
		}
	})
}

func TestSendersOfManyProcessesShareTheWork(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var list []notify.Outgoing
		for i := range 60 {
			o := text(fmt.Sprint(i))
			o.To = fmt.Sprintf("+3584000000%02d", i%20)
			list = append(list, o)
		}
		processes := []*notify.Notifier{w.process("a"), w.process("b"), w.process("c")}
		w.queue(processes[0], list...)
		var group sync.WaitGroup
		for _, n := range processes {
			group.Go(func() { _, _ = n.SendDue(t.Context()) })
		}
		group.Wait()
		w.sendDue(processes[0])
		last := map[string]string{}
		sent := w.sms.envelopes()
		for _, e := range sent {
			var was, is int
			_, _ = fmt.Sscan(e.Body, &is)
			if body, ok := last[e.To]; ok {
				_, _ = fmt.Sscan(body, &was)
				if is <= was {
					t.Errorf("%s got %d after %d", e.To, is, was)
				}
			}
			last[e.To] = e.Body
		}
		if len(sent) != 60 {
			t.Errorf("%d calls for 60 messages", len(sent))
		}
	})
}

func TestAMessageForLaterHoldsNothingBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		later := text("reminder")
		later.NotBefore = db.At(w.clock.Now().Add(time.Hour))
		w.queue(n, later, text("now"))
		w.sendDue(n)
		w.clock.Advance(time.Hour)
		w.sendDue(n)
		if diff := cmp.Diff([]string{"now", "reminder"}, w.sms.bodies()); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

func TestRunSendsAsSoonAsSomethingIsCommittedAndFinishesWhatItBegan(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		called, release := make(chan string, 8), make(chan struct{})
		w.sms.say(func(e notify.Envelope) (notify.Sent, error) {
			called <- e.Body
			if e.Body == "slow" {
				<-release
			}
			return notify.Sent{}, nil
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- n.Run(ctx) }()
		w.queue(n, text("quick"))
		if got := <-called; got != "quick" {
			t.Errorf("sent %q", got)
		}
		slow := w.queue(n, text("slow"))[0]
		<-called
		stop()
		close(release)
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if got := w.message(n, slow.ID); got.State != notify.Accepted {
			t.Errorf("what was under way at the stop is %s", got.State)
		}
	})
}

func TestWhatIsToldOfAFailureIsTheWholeMessage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := w.process("a")
		var told notify.Message
		n.OnFailure(func(_ context.Context, _ string, m notify.Message) error { told = m; return nil })
		w.email.say(refuseForGood)
		o := text("Shall we?")
		o.Channel, o.To, o.MailTitle, o.Purpose, o.Occasion, o.Version = notify.Email, "liisa@example.com", "Offer", notify.Reminder, "offer", 3
		o.Asks, o.AtOnce, o.Locale, o.Shown = "offer", true, "sv", "a code"
		stored := w.queue(n, o)[0]
		w.sendDue(n)
		if diff := cmp.Diff(w.message(n, stored.ID), told, cmp.FilterPath(func(p cmp.Path) bool {
			return p.String() == "ClaimedUntil" || p.String() == "Body" // the claim is over, and the secret forgotten
		}, cmp.Ignore())); diff != "" {
			t.Errorf("(-stored +told):\n%s", diff)
		}
		if told.Body != "Shall we?" || told.Asks != "offer" || told.AsksUntil.IsZero() {
			t.Errorf("told of %+v", told)
		}
	})
}
