package notifytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/notify"
)

// bench is a gateway on its counterpart, with a bad network between them.
type bench struct {
	*testing.T
	h       Harness
	there   *Counterpart
	network *Proxy
	gateway notify.Gateway
}

// Conform is the suite that every gateway passes: whatever happens on the way to
// the provider and at the provider, the outcome is told as it was.
func Conform(t *testing.T, h Harness) {
	for name, check := range map[string]func(*bench){
		"a text is taken over as it is":                        (*bench).takenOver,
		"every kind of text arrives as it was written":         (*bench).texts,
		"what is no recipient is refused here":                 (*bench).recipients,
		"many at once are each taken over once":                (*bench).manyAtOnce,
		"a refusal for good is final":                          refusal(Refuse, final),
		"a refusal for now is tried again":                     refusal(Later, again),
		"a provider that is overrun is left alone for a while": refusal(Throttle, again),
		"wrong settings are mended and tried again":            refusal(Settings, again),
		"an answer that means nothing tells nothing":           (*bench).garbage,
		"an answer without an end is not read to the end":      (*bench).huge,
		"a provider that is not there is tried again":          (*bench).refused,
		"a reset before the text is tried again":               (*bench).resetBefore,
		"a reset after the text tells nothing":                 (*bench).resetAfter,
		"a connection closed after the text tells nothing":     (*bench).closedAfter,
		"half an answer tells nothing":                         (*bench).halfAnswer,
		"a black hole before the text is tried again":          (*bench).holeBefore,
		"a black hole after the text tells nothing":            (*bench).holeAfter,
		"a slow network is only slow":                          (*bench).slow,
		"a call broken off before the text sends nothing":      (*bench).brokenOffBefore,
		"a call broken off after the text tells nothing":       (*bench).brokenOffAfter,
		"a kept connection that dies sends nothing twice":      (*bench).stale,
		"what it was asked about is told":                      (*bench).asked,
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{T: t, h: h, there: h.Start(t)}
			b.network = StartProxy(t, b.there.Addr)
			b.gateway = h.Gateway(t, b.there, b.network.Addr)
			check(b)
		})
	}
}

// The three ways in which a submission may fail.
const (
	final   = "failed for good"
	again   = "to be tried again"
	unknown = "unknown"
	sent    = "sent"
)

// hurry bounds what must end by itself.
const hurry = 400 * time.Millisecond

// send hands a message over and names the outcome as the outbox would act on it.
func (b *bench) send(ctx context.Context, e notify.Envelope) (notify.Sent, string, *notify.SendError) {
	b.Helper()
	s, err := b.gateway.Send(ctx, e)
	if err == nil {
		return s, sent, nil
	}
	failure, ok := errors.AsType[*notify.SendError](err)
	if !ok || failure == nil {
		b.Fatalf("an error without a type: %v", err)
	}
	b.discreet(err)
	switch {
	case failure.Text == "":
		b.Error("a failure without a word for people")
	case failure.Unknown && failure.Retryable:
		b.Errorf("both unknown and to be tried again: %v", err)
	}
	switch {
	case failure.Unknown:
		return s, unknown, failure
	case failure.Retryable:
		return s, again, failure
	}
	return s, final, failure
}

// discreet looks for secrets in an error and all that it wraps.
func (b *bench) discreet(err error) {
	b.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range b.h.Secrets {
			if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), secret) {
				b.Errorf("a secret is told: %v", err)
			}
		}
	}
}

// expect sends the usual message and wants an outcome, and how many the provider
// has then.
func (b *bench) expect(ctx context.Context, want string, taken int) *notify.SendError {
	b.Helper()
	_, got, failure := b.send(ctx, b.h.Envelope)
	if got != want {
		b.Errorf("%s, want %s: %v", got, want, failure)
	}
	if n := len(b.there.Taken()); n != taken {
		b.Errorf("the provider has %d, want %d", n, taken)
	}
	return failure
}

// soon is a context for what must end by itself before long.
func (b *bench) soon(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(b.Context(), d)
	b.Cleanup(cancel)
	return ctx
}

func (b *bench) takenOver() {
	e := b.h.Envelope
	got, how, failure := b.send(b.soon(10*time.Second), e)
	taken := b.there.Taken()
	if how != sent || len(taken) != 1 {
		b.Fatalf("%s, %d taken: %v", how, len(taken), failure)
	}
	want := Taken{From: b.h.Sender, To: b.h.To, Text: e.Body, ID: taken[0].ID, Ref: taken[0].Ref}
	if b.h.References {
		want.Ref = e.ClientRef
	}
	if taken[0] != want {
		b.Errorf("taken %+v, want %+v", taken[0], want)
	}
	if got.ID != taken[0].ID || got.Final {
		b.Errorf("told %+v, and the provider calls it %q", got, taken[0].ID)
	}
	if b.gateway.Name() == "" || b.gateway.Channel() == "" {
		b.Error("a gateway without a name or a channel")
	}
}

// texts of every kind: what a workshop writes, and what breaks encodings.
var texts = []string{
	"Hei Liisa! Autosi on valmis. Terveisin Päivi",
	"åäö ÅÄÖ é à ñ £ € [~] {x} ^ | \\",
	"Привет! Ваша машина готова.",
	"Valmis 😀🚗👩‍🔧 – “kiitos”",
	"rivi\nrivi\n\nloppu",
	".alkaa pisteellä\n.ja toinen\n..ja kolmas",
	"100 % & a=b + c?d#e;f/g \"h\" 'i' <j>",
	strings.Repeat("Pitkä viesti jatkuu. ", 20) + "loppu",
	strings.Repeat("Длинное 😀 ", 25) + "конец",
	"x",
}

func (b *bench) texts() {
	for i, text := range texts {
		e := b.h.Envelope
		e.Body, e.ClientRef = text, fmt.Sprintf("m%d", 100+i)
		got, how, failure := b.send(b.soon(10*time.Second), e)
		taken := b.there.Taken()
		if how != sent || len(taken) != i+1 {
			b.Fatalf("%q: %s, %d taken: %v", text, how, len(taken), failure)
		}
		if taken[i].Text != text {
			b.Errorf("arrived as %q, want %q", taken[i].Text, text)
		}
		if parts, _ := notify.Segments(text); b.gateway.Channel() == notify.SMS && got.Segments != parts {
			b.Errorf("%q: %d parts, want %d", text, got.Segments, parts)
		}
	}
}

func (b *bench) recipients() {
	for _, to := range []string{"", "x", "\r\n", "+35840 1234567 ", "liisa@example.com,x@example.com", "a\r\nb@example.com", "0401234567;x"} {
		e := b.h.Envelope
		e.To = to
		if _, how, failure := b.send(b.soon(10*time.Second), e); how != final {
			b.Errorf("%q: %s: %v", to, how, failure)
		}
	}
	if n := len(b.there.Taken()); n != 0 {
		b.Errorf("the provider has %d", n)
	}
}

func (b *bench) manyAtOnce() {
	const people, each = 8, 5
	var group sync.WaitGroup
	ctx := b.soon(30 * time.Second)
	for p := range people {
		group.Go(func() {
			for i := range each {
				e := b.h.Envelope
				e.Body = fmt.Sprintf("%d of %d", i, p)
				if _, err := b.gateway.Send(ctx, e); err != nil {
					b.Errorf("send: %v", err)
				}
			}
		})
	}
	group.Wait()
	times := map[string]int{}
	for _, taken := range b.there.Taken() {
		times[taken.Text]++
	}
	if len(times) != people*each || len(b.there.Taken()) != people*each {
		b.Errorf("%d different of %d, want %d", len(times), len(b.there.Taken()), people*each)
	}
}

// refusal is a provider that says no.
func refusal(behaviour Behaviour, want string) func(*bench) {
	return func(b *bench) {
		b.there.Behave(behaviour)
		failure := b.expect(b.soon(10*time.Second), want, 0)
		if failure == nil || failure.Code == "" {
			b.Fatalf("a refusal without its code: %v", failure)
		}
		if behaviour == Throttle && b.h.RetryAfter && failure.RetryAfter < time.Second {
			b.Errorf("to be left alone for %s", failure.RetryAfter)
		}
		b.there.Behave(Accept)
		if _, how, failure := b.send(b.soon(10*time.Second), b.h.Envelope); how != sent {
			b.Errorf("after the refusal: %s: %v", how, failure)
		}
	}
}

func (b *bench) garbage() {
	b.there.Behave(Garbage)
	b.expect(b.soon(10*time.Second), unknown, 1)
}

func (b *bench) huge() {
	b.there.Behave(Huge)
	began := time.Now()
	b.expect(b.soon(20*time.Second), unknown, 1)
	if took := time.Since(began); took > 10*time.Second {
		b.Errorf("listened for %s", took)
	}
}

func (b *bench) refused() {
	b.network.Refuse()
	b.expect(b.soon(10*time.Second), again, 0)
	b.network.Cut()
	b.expect(b.soon(10*time.Second), sent, 1)
}

func (b *bench) resetBefore() {
	b.network.Reset()
	b.expect(b.soon(10*time.Second), again, 0)
}

func (b *bench) resetAfter() {
	b.there.OnTaken(b.network.Reset)
	b.expect(b.soon(10*time.Second), unknown, 1)
}

func (b *bench) closedAfter() {
	b.there.OnTaken(b.network.Refuse)
	b.expect(b.soon(10*time.Second), unknown, 1)
}

func (b *bench) halfAnswer() {
	b.there.OnTaken(func() { b.network.CutAfter(2) })
	b.expect(b.soon(10*time.Second), unknown, 1)
}

func (b *bench) holeBefore() {
	b.network.Swallow()
	began := time.Now()
	b.expect(b.soon(hurry), again, 0)
	if took := time.Since(began); took > 5*time.Second {
		b.Errorf("it took %s", took)
	}
}

func (b *bench) holeAfter() {
	b.there.OnTaken(b.network.SwallowAnswers)
	began := time.Now()
	b.expect(b.soon(4*hurry), unknown, 1)
	if took := time.Since(began); took > 10*time.Second {
		b.Errorf("it took %s", took)
	}
}

func (b *bench) slow() {
	b.network.Delay(20 * time.Millisecond)
	b.expect(b.soon(20*time.Second), sent, 1)
}

func (b *bench) brokenOffBefore() {
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	b.expect(ctx, again, 0)
}

func (b *bench) brokenOffAfter() {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.there.OnTaken(func() { b.network.SwallowAnswers(); cancel() })
	b.expect(ctx, unknown, 1)
}

func (b *bench) stale() {
	for i := range 5 {
		e := b.h.Envelope
		e.Body = fmt.Sprintf("number %d", i)
		_, how, failure := b.send(b.soon(10*time.Second), e)
		if how == final {
			b.Errorf("%d: %s: %v", i, how, failure)
		}
		b.network.Cut()
	}
	times := map[string]int{}
	for _, taken := range b.there.Taken() {
		if times[taken.Text]++; times[taken.Text] > 1 {
			b.Errorf("%q arrived twice", taken.Text)
		}
	}
	if times["number 0"] != 1 {
		b.Error("the first did not arrive")
	}
}

// asked is about gateways that can be asked: they tell what they have, what they
// never had, and when they cannot say.
func (b *bench) asked() {
	asker, ok := b.gateway.(notify.Asker)
	if !ok {
		return
	}
	handed := time.Now()
	b.expect(b.soon(10*time.Second), sent, 1)
	ask := func(ctx context.Context, e notify.Envelope, handed time.Time) (notify.Report, bool, error) {
		r, known, err := asker.Ask(ctx, e, handed)
		b.discreet(err)
		return r, known, err
	}
	r, known, err := ask(b.soon(10*time.Second), b.h.Envelope, handed)
	if err != nil || !known || r.GatewayID != b.there.Taken()[0].ID || r.State != notify.Accepted || r.Gateway != b.gateway.Name() {
		b.Errorf("what it has: %+v, %v, %v", r, known, err)
	}
	other := b.h.Envelope
	other.Body, other.ClientRef = "another text", "m77"
	if r, known, err := ask(b.soon(10*time.Second), other, handed.Add(-time.Hour)); err != nil || known {
		b.Errorf("what it never had: %+v, %v, %v", r, known, err)
	}
	if r, known, err := ask(b.soon(10*time.Second), other, time.Now()); err == nil {
		b.Errorf("what it may not know yet: %+v, %v", r, known)
	}
	b.there.Behave(Settings)
	if r, known, err := ask(b.soon(10*time.Second), b.h.Envelope, handed); err == nil {
		b.Errorf("with wrong settings: %+v, %v", r, known)
	}
	b.there.Behave(Garbage)
	if r, known, err := ask(b.soon(10*time.Second), b.h.Envelope, handed.Add(-time.Hour)); err == nil {
		b.Errorf("an answer that means nothing: %+v, %v", r, known)
	}
	b.network.Swallow()
	if r, known, err := ask(b.soon(hurry), b.h.Envelope, handed.Add(-time.Hour)); err == nil {
		b.Errorf("from a black hole: %+v, %v", r, known)
	}
}
