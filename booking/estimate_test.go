package booking_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/fault"
	"neuvo/notify"
)

// inHouse is a job that has been received.
func (w *world) inHouse() *booking.Job {
	w.Helper()
	j, _ := w.move(w.book("2026-11-23 10:00"), booking.Received)
	return j
}

// proposal of two lines, 100.00 and 50.00.
func proposal(j *booking.Job) booking.NewEstimate {
	return booking.NewEstimate{JobID: j.ID, Lines: []booking.NewLine{
		{Title: "Front brake pads", Price: 10000, LabourMinutes: 45}, {Title: "Wiper blades", Price: 5000},
	}}
}

func (w *world) propose(n booking.NewEstimate) *booking.Estimate {
	w.Helper()
	e, err := w.desk.ProposeEstimate(w.Context(), n, w.staff())
	w.ok(err)
	return e
}

// answer makes the answer of a customer to an estimate, a decision a line.
func answer(j *booking.Job, e *booking.Estimate, decisions ...booking.Decision) booking.DecideRequest {
	r := booking.DecideRequest{Token: j.Token, EstimateID: e.ID, Version: e.Version, Actor: booking.Actor{Kind: "customer"}}
	for i, d := range decisions {
		r.Lines = append(r.Lines, booking.LineDecision{ID: e.Lines[i].ID, Decision: d})
	}
	return r
}

// decide answers with the code that is asked for.
func (w *world) decide(j *booking.Job, r booking.DecideRequest) (*booking.Estimate, error) {
	w.Helper()
	_, err := w.desk.DecideEstimate(w.Context(), r)
	if !fault.Is(err, fault.Forbidden) {
		w.Fatalf("without a code it ends with %v", err)
	}
	r.Code = w.code(j)
	return w.desk.DecideEstimate(w.Context(), r)
}

func (w *world) status(j *booking.Job) booking.Status {
	w.Helper()
	now, err := w.desk.Job(w.Context(), j.ID)
	w.ok(err)
	return now.Status
}

func (w *world) attention(kind booking.AttentionKind) string {
	w.Helper()
	rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
	w.ok(err)
	for _, a := range rows {
		if a.Kind == kind {
			return a.Body
		}
	}
	return ""
}

func TestAnEstimateIsFrozenAndGoesByLinkAlone(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		e := w.propose(proposal(j))
		if e.Version != 1 || e.State != booking.EstimateSent || e.Price != 15000 || e.Ceiling != 17250 || e.Currency != "EUR" {
			w.Errorf("made %+v", e)
		}
		if w.status(j) != booking.WaitingApproval {
			w.Errorf("the job stands at %s", w.status(j))
		}
		texts := w.messages(j)
		last := texts[len(texts)-1]
		if last.Occasion != "estimate" || !strings.Contains(last.Body, w.shortOf(fmt.Sprintf("/j/%s/estimate/%d", j.Token, e.ID))) {
			w.Errorf("the text is %q: %s", last.Occasion, last.Body)
		}
		if strings.Contains(last.Body, "150") || slices.Contains(w.occasions(j), "waiting_approval") {
			w.Errorf("more than the link went: %v %s", w.occasions(j), last.Body)
		}
		items, err := w.desk.Timeline(w.Context(), j.ID)
		w.ok(err)
		if !slices.ContainsFunc(items, func(i booking.TimelineItem) bool { return i.Kind == booking.EventEstimate && i.State == "sent" }) {
			w.Error("the timeline says nothing of it")
		}
	})
}

func TestANewVersionTakesThePlaceOfAnOpenOne(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		first := w.propose(proposal(j))
		changed := proposal(j)
		changed.Lines[0].Price = 12000
		second := w.propose(changed)
		if second.Version != 2 {
			w.Errorf("version %d", second.Version)
		}
		_, err := w.desk.DecideEstimate(w.Context(), answer(j, first, booking.Approve, booking.Approve))
		gone, ok := errors.AsType[*booking.EstimateChanged](err)
		if !ok || !fault.Is(err, fault.Conflict) || gone.Current.ID != second.ID || gone.Current.Lines[0].Price != 12000 {
			w.Errorf("the old one answers %v", err)
		}
		stale := answer(j, second, booking.Approve, booking.Decline)
		stale.Version = 1
		if _, err := w.desk.DecideEstimate(w.Context(), stale); !fault.Is(err, fault.Conflict) {
			w.Errorf("a stale version answers %v", err)
		}
		queued := 0
		for _, m := range w.messages(j) {
			if m.Occasion == "estimate" && m.State == notify.Queued {
				queued++
			}
		}
		if queued != 1 {
			w.Errorf("%d texts about it wait to go", queued)
		}
		frozen, err := w.desk.Estimate(w.Context(), first.ID)
		w.ok(err)
		if frozen.Lines[0].Price != 10000 || frozen.State != booking.EstimateSuperseded || frozen.SupersededBy != second.ID {
			w.Errorf("the old one is %+v", frozen)
		}
	})
}

func TestMoneyIsApprovedOnlyWithACode(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		e := w.propose(proposal(j))
		yes := answer(j, e, booking.Approve, booking.Decline)
		_, err := w.desk.DecideEstimate(w.Context(), yes)
		if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Forbidden || f.Key != "fault.code_needed" {
			w.Fatalf("without a code: %v", err)
		}
		// Asking again at once sends no second one and does not complain.
		if _, err := w.desk.DecideEstimate(w.Context(), yes); !fault.Is(err, fault.Forbidden) {
			w.Errorf("asked again: %v", err)
		}
		right := w.code(j)
		yes.Code = "000000"
		if right == yes.Code {
			yes.Code = "000001"
		}
		if _, err := w.desk.DecideEstimate(w.Context(), yes); !fault.Is(err, fault.Forbidden) {
			w.Errorf("a wrong code: %v", err)
		}
		if w.status(j) != booking.WaitingApproval {
			w.Error("a wrong code moved the job")
		}
		yes.Code = right
		got, err := w.desk.DecideEstimate(w.Context(), yes)
		w.ok(err)
		if got.State != booking.EstimatePartly || got.Approved != 10000 || got.ApprovedCeiling != 11500 || got.DecidedPhone != "+358401234567" {
			w.Errorf("decided %+v", got)
		}
		if got.Lines[0].Decision != booking.Approve || got.Lines[1].Decision != booking.Decline {
			w.Errorf("lines %+v", got.Lines)
		}
		if w.status(j) != booking.InWork || !strings.Contains(w.attention(booking.NeedsEstimate), "Front brake pads") {
			w.Errorf("the job stands at %s, the advisor hears %q", w.status(j), w.attention(booking.NeedsEstimate))
		}
		if slices.Contains(w.occasions(j), "in_work") || w.occasions(j)[len(w.occasions(j))-1] != "estimate_decided" {
			w.Errorf("the customer got %v", w.occasions(j))
		}
		// The same answer again is harmless, another one is not taken.
		if _, err := w.desk.DecideEstimate(w.Context(), yes); err != nil {
			w.Errorf("the same again: %v", err)
		}
		if _, err := w.desk.DecideEstimate(w.Context(), answer(j, e, booking.Approve, booking.Approve)); !fault.Is(err, fault.Conflict) {
			w.Errorf("another answer: %v", err)
		}
	})
}

func TestDecliningNeedsNoCode(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		e, err := w.desk.DecideEstimate(w.Context(), answer(j, w.propose(proposal(j)), booking.Decline, booking.Decline))
		w.ok(err)
		if e.State != booking.EstimateDeclined || e.ApprovedCeiling != 0 || e.DecidedPhone != "" || w.status(j) != booking.InWork {
			w.Errorf("decided %+v, the job stands at %s", e, w.status(j))
		}
	})
}

func TestEveryLineIsAnsweredOnce(t *testing.T) {
	w := onSQLite(t)
	j := w.inHouse()
	e := w.propose(proposal(j))
	for name, r := range map[string]booking.DecideRequest{
		"a line is missing": answer(j, e, booking.Approve),
		"an unknown word":   answer(j, e, booking.Approve, "maybe"),
		"another's line":    {Token: j.Token, EstimateID: e.ID, Version: 1, Lines: []booking.LineDecision{{ID: e.Lines[0].ID, Decision: booking.Decline}, {ID: 999, Decision: booking.Decline}}},
		"a line twice":      {Token: j.Token, EstimateID: e.ID, Version: 1, Lines: []booking.LineDecision{{ID: e.Lines[0].ID, Decision: booking.Decline}, {ID: e.Lines[0].ID, Decision: booking.Approve}}},
	} {
		if _, err := w.desk.DecideEstimate(t.Context(), r); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := w.request("2026-11-23 12:00")
	other.Customer.Phone = "0401112222"
	stranger, err := w.desk.Book(t.Context(), other)
	w.ok(err)
	foreign := answer(j, e, booking.Decline, booking.Decline)
	foreign.Token = stranger.Token
	if _, err := w.desk.DecideEstimate(t.Context(), foreign); !fault.Is(err, fault.NotFound) {
		t.Errorf("another booking's token: %v", err)
	}
}

func TestAJobThatIsOverRefusesKindly(t *testing.T) {
	each(t, func(w *world) {
		for _, end := range []booking.Status{booking.Cancelled, booking.Collected} {
			wall := "2026-11-23 10:00"
			if end == booking.Collected {
				wall = "2026-11-23 11:00"
			}
			j, _ := w.move(w.book(wall), booking.Received)
			e := w.propose(proposal(j))
			if end == booking.Collected {
				w.move(j, booking.Ready)
			}
			w.move(j, end)
			_, err := w.desk.DecideEstimate(w.Context(), answer(j, e, booking.Decline, booking.Decline))
			if f, _ := errors.AsType[*fault.Error](err); f == nil || f.Kind != fault.Conflict || f.Key != "fault.estimate_over" {
				w.Errorf("%s: %v", end, err)
			}
			if now, _ := w.desk.Estimate(w.Context(), e.ID); now.State != booking.EstimateWithdrawn {
				w.Errorf("%s leaves it %s", end, now.State)
			}
			if _, err := w.desk.ProposeEstimate(w.Context(), proposal(j), w.staff()); !fault.Is(err, fault.Conflict) {
				w.Errorf("%s takes a new one: %v", end, err)
			}
		}
	})
}

func TestAnEstimateThatRunsOutIsToldOnce(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		n := proposal(j)
		n.ExpiresAt = w.clock.now().Add(2 * time.Hour)
		e := w.propose(n)
		if n, err := w.desk.ExpireEstimates(w.Context()); n != 0 || err != nil {
			w.Errorf("too early: %d %v", n, err)
		}
		w.clock.advance(2 * time.Hour)
		if _, err := w.desk.DecideEstimate(w.Context(), answer(j, e, booking.Decline, booking.Decline)); !fault.Is(err, fault.Conflict) {
			w.Errorf("before the sweep: %v", err)
		}
		if n, err := w.desk.ExpireEstimates(w.Context()); n != 1 || err != nil {
			w.Errorf("swept %d %v", n, err)
		}
		if n, err := w.desk.ExpireEstimates(w.Context()); n != 0 || err != nil {
			w.Errorf("swept again %d %v", n, err)
		}
		if now, _ := w.desk.Estimate(w.Context(), e.ID); now.State != booking.EstimateExpired || w.attention(booking.NeedsEstimate) == "" {
			w.Errorf("it is %s, the advisor hears %q", now.State, w.attention(booking.NeedsEstimate))
		}
		if again := w.propose(proposal(j)); again.Version != 2 {
			w.Errorf("the next has version %d", again.Version)
		}
	})
}

func TestTheFinalPriceKeepsToWhatWasApproved(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		_, err := w.decide(j, answer(j, w.propose(proposal(j)), booking.Approve, booking.Approve))
		w.ok(err)
		if _, err := w.desk.SetFinalPrice(w.Context(), j.ID, 17251, w.staff()); !fault.Is(err, fault.Conflict) {
			w.Errorf("above the ceiling: %v", err)
		}
		got, err := w.desk.SetFinalPrice(w.Context(), j.ID, 17250, w.staff())
		w.ok(err)
		if got.FinalPrice != 17250 || got.FinalPriceAt.IsZero() {
			w.Errorf("recorded %d at %v", got.FinalPrice, got.FinalPriceAt)
		}
		// More needs a new estimate that is approved.
		w.clock.advance(time.Minute)
		more := w.propose(booking.NewEstimate{JobID: j.ID, Lines: []booking.NewLine{{Title: "Discs", Price: 20000}}, Ceiling: 20000})
		if _, err := w.desk.SetFinalPrice(w.Context(), j.ID, 20000, w.staff()); !fault.Is(err, fault.Conflict) {
			w.Errorf("before the approval: %v", err)
		}
		_, err = w.decide(j, answer(j, more, booking.Approve))
		w.ok(err)
		if _, err = w.desk.SetFinalPrice(w.Context(), j.ID, 37250, w.staff()); err != nil {
			w.Errorf("within both: %v", err)
		}
		if _, err := w.desk.SetFinalPrice(w.Context(), j.ID, 37251, w.staff()); !fault.Is(err, fault.Conflict) {
			w.Errorf("above both: %v", err)
		}
	})
}

func TestTheCeilingIsTheLawsOfTheCountry(t *testing.T) {
	set := func(n int) *int { return &n }
	for name, c := range map[string]struct {
		shop  booking.Workshop
		price int64
		want  int64
	}{
		"Finland, 15 %":                        {booking.Workshop{Country: "FI"}, 10000, 11500},
		"Sweden, 15 %, rounded down":           {booking.Workshop{Country: "SE"}, 9999, 11498},
		"Germany has what was said":            {booking.Workshop{Country: "DE"}, 10000, 10000},
		"Germany with a margin of 10 %":        {booking.Workshop{Country: "DE", EstimateMargin: set(10)}, 10000, 11000},
		"Finland with a smaller margin":        {booking.Workshop{Country: "FI", EstimateMargin: set(5)}, 10000, 10500},
		"Finland never more than the law says": {booking.Workshop{Country: "FI", EstimateMargin: set(40)}, 10000, 11500},
	} {
		if got := booking.CeilingOf(&c.shop, c.price); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestAProposalIsChecked(t *testing.T) {
	w := onSQLite(t)
	j := w.inHouse()
	for name, change := range map[string]func(*booking.NewEstimate){
		"no lines":                   func(n *booking.NewEstimate) { n.Lines = nil },
		"a line without words":       func(n *booking.NewEstimate) { n.Lines[0].Title = " " },
		"a price below nothing":      func(n *booking.NewEstimate) { n.Lines[0].Price = -1 },
		"another currency":           func(n *booking.NewEstimate) { n.Lines[0].Currency = "USD" },
		"a ceiling below the price":  func(n *booking.NewEstimate) { n.Ceiling = 14999 },
		"a ceiling above the law's":  func(n *booking.NewEstimate) { n.Ceiling = 17251 },
		"an end in the past":         func(n *booking.NewEstimate) { n.ExpiresAt = w.clock.now() },
		"an end in a year":           func(n *booking.NewEstimate) { n.ExpiresAt = w.clock.now().AddDate(1, 0, 0) },
		"a photo of nobody knows":    func(n *booking.NewEstimate) { n.Lines[0].PhotoIDs = []int64{77} },
		"labour of a hundred months": func(n *booking.NewEstimate) { n.Lines[0].LabourMinutes = 1 << 22 },
	} {
		n := proposal(j)
		change(&n)
		if _, err := w.desk.ProposeEstimate(t.Context(), n, w.staff()); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w.status(j) != booking.Received {
		t.Errorf("a refused proposal moved the job to %s", w.status(j))
	}
}

// saysByText is a text of the customer that has been placed on the job.
func (w *world) saysByText(j *booking.Job, body string) {
	w.Helper()
	_, err := w.notify.Record(w.Context(), j.Subject(), notify.Message{
		Direction: notify.In, Channel: notify.SMS, Kind: notify.Human, FromAddress: j.ContactPhone, Body: body,
		State: notify.Received, Verified: true,
	})
	w.ok(err)
}

func TestByTextNobodyApproves(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		e := w.propose(proposal(j))
		w.saysByText(j, "Kyllä, tehkää vaan")
		w.saysByText(j, "Joo!")
		if now, _ := w.desk.Estimate(w.Context(), e.ID); now.State != booking.EstimateSent || w.status(j) != booking.WaitingApproval {
			w.Errorf("a text made it %s", now.State)
		}
		again := 0
		for _, o := range w.occasions(j) {
			if o == "estimate_again" {
				again++
			}
		}
		if again != 1 || !strings.Contains(w.attention(booking.NeedsEstimate), "Joo!") {
			w.Errorf("the link went again %d times, the advisor hears %q", again, w.attention(booking.NeedsEstimate))
		}
		w.saysByText(j, "soittakaa ensin")
		promises, err := w.desk.JobPromises(w.Context(), j.ID)
		w.ok(err)
		if len(promises) != 1 || promises[0].State != booking.PromiseOpen {
			w.Errorf("promises %+v", promises)
		}
		w.saysByText(j, "Mitä jos en tee mitään?")
		if w.attention(booking.NeedsReply) == "" {
			w.Error("a question was not put in front of the advisor")
		}
	})
}

func TestOfTwoAnswersAtOnceOneCounts(t *testing.T) {
	each(t, func(w *world) {
		j := w.inHouse()
		e := w.propose(proposal(j))
		var wg sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			wg.Go(func() {
				r := answer(j, e, booking.Decline, booking.Decline)
				_, results[i] = w.desk.DecideEstimate(w.Context(), r)
			})
		}
		wg.Wait()
		for _, err := range results {
			if err != nil && !fault.Is(err, fault.Conflict) {
				w.Errorf("one answer ends with %v", err)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM job_events WHERE job_id = ? AND kind = 'estimate' AND state = 'declined'", j.ID); n != 1 {
			w.Errorf("%d answers were recorded", n)
		}
	})
}
