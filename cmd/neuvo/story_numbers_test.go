package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// operator is 46elks in the bed's place: texts go out over its API and come back
// over the hook.
type operator struct {
	*bed
	next int

	mu    sync.Mutex
	taken []operatorText
}

// operatorText is a text that the operator took over.
type operatorText struct{ From, To, Text string }

// ServeHTTP takes a text over as the operator's API does.
func (o *operator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken = append(o.taken, operatorText{r.PostFormValue("from"), r.PostFormValue("to"), r.PostFormValue("message")})
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id": "s%032x", "status": "created", "parts": 1}`, len(o.taken))
}

const storySecret = "a-long-secret-of-the-story"

func newOperator(t *testing.T, numbers ...string) *operator {
	t.Helper()
	o := &operator{}
	api := httptest.NewServer(o)
	t.Cleanup(api.Close)
	o.bed = newBedWith(t, t.TempDir()+"/neuvo.db", newInProcess, func(s *settingsServe) {
		s.SMSAddress, s.SMSOrder, s.HookSecret = "", []string{"elks46"}, storySecret
		s.Elks46.User, s.Elks46.Password, s.Elks46.URL, s.Elks46.Numbers = "u1", "word-of-ours", api.URL, numbers
	})
	return o
}

// texts of a phone, oldest first.
func (o *operator) texts(number string) (got []operatorText) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, k := range o.taken {
		if k.To == number {
			got = append(got, k)
		}
	}
	return got
}

// answers sends a text from a phone to a number of ours.
func (o *operator) answers(from, number, body string) {
	o.t.Helper()
	o.next++
	form := url.Values{"id": {fmt.Sprintf("in%d", o.next)}, "from": {from}, "to": {number}, "message": {body}, "direction": {"incoming"},
		"created": {o.now().Format("2006-01-02T15:04:05.000000")}}
	for range 2 { // the provider repeats what it is not sure of
		res, err := http.PostForm(o.url+"/hooks/elks46/inbound?secret="+storySecret, form)
		if err != nil {
			o.t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
			o.t.Fatalf("the hook gave %d, %v", res.StatusCode, err)
		}
	}
	o.passes(time.Minute)
}

func TestTwoJobsOfAPhoneHaveANumberEach(t *testing.T) {
	o := newOperator(t, "+358457000001", "+358457000002")
	volvo := o.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
	saab := o.books("Brake check", "Mikko Mäki", "2026-11-26T10:00:00+02:00", "XYZ-789")
	o.settles()
	got := o.texts(liisa)
	if len(got) != 2 || got[0].From == got[1].From {
		t.Fatalf("two jobs text from %+v", got)
	}
	from := func(reference string) string {
		i := slices.IndexFunc(got, func(k operatorText) bool { return strings.Contains(k.Text, reference) })
		if i < 0 {
			t.Fatalf("no text of %s: %+v", reference, got)
		}
		return got[i].From
	}
	o.answers(liisa, from("Satu"), "Vaihdattehan myös sulat?")
	o.answers(liisa, from("Mikko"), "Tulen vasta kymmeneltä")
	o.placedBy(o.inThread(volvo, "Vaihdattehan myös sulat?"), "sms", "pair")
	o.placedBy(o.inThread(saab, "Tulen vasta kymmeneltä"), "sms", "pair")
	for _, k := range got {
		if strings.Contains(k.Text, "koodilla") {
			t.Errorf("a number of its own needs no code: %q", k.Text)
		}
	}
}

func TestTwoJobsOfAPhoneOnOneNumberHaveCodes(t *testing.T) {
	o := newOperator(t, "+358457000001")
	volvo := o.books("Annual service", "Satu Salo", "2026-11-25T09:00:00+02:00", "ABC-123")
	o.settles()
	saab := o.books("Brake check", "Mikko Mäki", "2026-11-26T10:00:00+02:00", "XYZ-789")
	o.settles()
	got := o.texts(liisa)
	if len(got) != 2 || strings.Contains(got[0].Text, "koodilla") || !strings.HasSuffix(got[1].Text, "Jos vastaat, aloitathan koodilla J2.") {
		t.Fatalf("texts %+v", got)
	}
	o.answers(liisa, got[1].From, "J2 tulen kymmeneltä")
	o.placedBy(o.inThread(saab, "J2 tulen kymmeneltä"), "sms", "code")

	// Without a code she is asked which car she means, once; until she says so,
	// both advisors see it.
	o.answers(liisa, got[1].From, "Vaihdattehan myös sulat?")
	o.settles()
	list := o.texts(liisa)[2]
	if !strings.Contains(list.Text, "K2 Volvo V60 ABC-123") || !strings.Contains(list.Text, "J2 Volvo V60 XYZ-789") || list.From != got[1].From {
		t.Fatalf("the list reads %q", list.Text)
	}
	if left := o.items(satu, "/api/v1/inbox?state=triage"); len(left) != 1 || len(left[0]["candidates"].([]any)) != 2 {
		t.Fatalf("in triage: %v", left)
	}
	o.answers(liisa, got[1].From, "k2")
	o.placedBy(o.inThread(volvo, "Vaihdattehan myös sulat?"), "sms", "answered")
	if left := o.items(satu, "/api/v1/inbox?state=triage"); len(left) != 0 {
		t.Fatalf("still in triage: %v", left)
	}
	if n := len(o.texts(liisa)); n != 3 {
		t.Errorf("%d texts, want 3", n)
	}
}
