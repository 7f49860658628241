package httpsms

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// called is the other side of Kannel: our hooks, kept as they came.
type called struct {
	hook Hook
	base string

	mu      sync.Mutex
	reports []notify.Report
	texts   []notify.Parsed
}

// ServeHTTP implements http.Handler as the program does.
func (c *called) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, err := ReadCall(r, c.base)
	if err != nil || !c.hook.Genuine(call) {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/status") {
		if report, err := c.hook.Status(call); err == nil {
			c.reports = append(c.reports, report)
		}
	} else if p, err := Parse("hook:kannel", call.Raw()); err == nil {
		c.texts = append(c.texts, p)
	} else {
		c.texts = append(c.texts, notify.Parsed{Text: "unread: " + err.Error() + string(call.Raw())})
	}
	answer := c.hook.Answer()
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, answer.Body)
}

// states are what was reported of a message, in the order in which it came, and
// its failure.
func (c *called) states(ref string) (list []notify.State, failure notify.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.reports {
		if r.ClientRef == ref {
			list = append(list, r.State)
			if r.State == notify.Failed {
				failure = r
			}
		}
	}
	return list, failure
}

// from are the texts of a phone.
func (c *called) from(phone string) (list []notify.Parsed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.texts {
		if p.From == phone {
			list = append(list, p)
		}
	}
	return list
}

func TestARealKannelCarriesTextsReportsAndAnswers(t *testing.T) {
	there := &called{}
	site := httptest.NewServer(there)
	t.Cleanup(site.Close)
	there.base = site.URL
	common := Common{Hooks: site.URL, HookSecret: "hook-geheim-0123456"}
	k := notifytest.StartKannel(t, site.URL+KannelInbound(common.HookSecret))
	options := KannelOptions{Common: common, URL: k.URL, User: notifytest.Key, Password: notifytest.Password, From: "+358401110000"}
	g, err := NewKannel(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	there.hook = g
	send := func(e notify.Envelope) (notify.Sent, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		return g.Send(ctx, e)
	}

	t.Run("texts of every kind reach the operator as they were written and are reported", func(t *testing.T) {
		for i, text := range []string{
			"Hei Liisa! Autosi on valmis. Terveisin Päivi", "Hinta 45 € [alv 25,5 %] {ok} ~ | ^ \\", "Привет! Ваша машина готова.", "Valmis 😀🚗",
			strings.Repeat("Pitkä viesti jatkuu. ", 20) + "loppu", strings.Repeat("Длинное 😀 ", 25) + "конец", "rivi\nrivi & 100 % + a=b",
		} {
			e := words()
			e.Body, e.To, e.ClientRef = text, "+35840123456"+string(rune('2'+i)), "m"+string(rune('1'+i))
			sent, err := send(e)
			if err != nil {
				t.Fatal(err)
			}
			notifytest.Eventually(t, text+" reaches the operator", func() bool {
				_, _, parts := k.SMSC.Text(e.To)
				return parts >= sent.Segments
			})
			from, got, parts := k.SMSC.Text(e.To)
			if got != text || parts != sent.Segments || strings.TrimPrefix(from, "+") != "358401110000" {
				t.Errorf("%q from %s in %d parts, want %q in %d", got, from, parts, text, sent.Segments)
			}
			notifytest.Eventually(t, text+" is reported", func() bool {
				states, _ := there.states(e.ClientRef)
				return slices.Contains(states, notify.Delivered)
			})
			if states, _ := there.states(e.ClientRef); len(states) > 2 { // the operator has it, the phone has it
				t.Errorf("a text of %d parts is reported as %v", sent.Segments, states)
			}
		}
	})
	t.Run("an operator that refuses or cannot deliver is heard", func(t *testing.T) {
		for to, want := range map[string]string{"+358401230000": "", "+358401230001": "027"} {
			e := words()
			e.To, e.ClientRef = to, "m9"+to[len(to)-1:]
			if _, err := send(e); err != nil {
				t.Fatal(err)
			}
			notifytest.Eventually(t, "the failure of "+to, func() bool {
				states, _ := there.states(e.ClientRef)
				return slices.Contains(states, notify.Failed)
			})
			if _, failure := there.states(e.ClientRef); failure.Code != want || failure.Text == "" {
				t.Errorf("%s: %+v", to, failure)
			}
		}
	})
	t.Run("what phones send comes in as it was written", func(t *testing.T) {
		for i, c := range []struct {
			text   string
			coding int
		}{{"Hyvä, kiitos! 5 @ 10 €", 0}, {"Привет 😀", 8}, {"ok", 0}} {
			phone := "+35850123456" + string(rune('1'+i))
			k.SMSC.Say(t, phone, "+358401110000", c.text, c.coding)
			notifytest.Eventually(t, "the text of "+phone, func() bool { return len(there.from(phone)) > 0 })
			got := there.from(phone)[0]
			if got.Text != c.text || got.Number != "+358401110000" || got.ProviderID == "" || got.Date.IsZero() {
				t.Errorf("got %+v, want %q", got, c.text)
			}
		}
		const phone = "+358501234569"
		k.SMSC.Say(t, phone, "+358401110000", "alku ja ", 0, 5, 0, 3, 7, 2, 1)
		k.SMSC.Say(t, phone, "+358401110000", "loppu", 0, 5, 0, 3, 7, 2, 2)
		notifytest.Eventually(t, "the long text", func() bool { return len(there.from(phone)) > 0 })
		if got := there.from(phone); len(got) != 1 || got[0].Text != "alku ja loppu" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("the settings can be looked at without sending", func(t *testing.T) {
		if err := g.Check(t.Context()); err != nil {
			t.Errorf("with the right password: %v", err)
		}
		wrong := options
		wrong.Password = "geheim-wrong"
		other, err := NewKannel(wrong)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		if err := other.Check(t.Context()); err == nil || strings.Contains(err.Error(), "geheim-wrong") {
			t.Errorf("with a wrong one: %v", err)
		}
		e, ok := errors.AsType[*notify.SendError](func() error { _, err := other.Send(t.Context(), words()); return err }())
		if !ok || !e.Retryable || e.Unknown {
			t.Errorf("a text with a wrong one: %+v", e)
		}
	})
	t.Run("a Kannel that was stopped is tried again", func(t *testing.T) {
		k.Stop()
		if err := g.Close(); err != nil { // on a kept connection nobody would know
			t.Fatal(err)
		}
		_, err := send(words())
		if e, ok := errors.AsType[*notify.SendError](err); !ok || !e.Retryable || e.Unknown {
			t.Errorf("%v", err)
		}
	})
}
