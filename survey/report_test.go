package survey_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"neuvo/booking"
	"neuvo/internal/db"
	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/survey"
)

// answered is a visit of its own customer that was received by an advisor,
// asked about and answered by text; "" is not answered.
func (w *world) answered(n int, by booking.Advisor, reply string) *booking.Job {
	w.Helper()
	day := monday.AddDate(0, 0, 7*(n/4)) // four a week
	w.clock.set(day)
	phone := fmt.Sprintf("04012345%02d", n)
	j := w.visit(day.In(w.shop.Zone()).Format("2006-01-02")+fmt.Sprintf(" 1%d:00", n%4), func(r *booking.BookingRequest) {
		r.Customer = booking.ContactInput{Name: "Olli Ek", Phone: phone, Locale: "fi"}
	})
	w.ok(w.desk.Handover(w.Context(), booking.HandoverRequest{JobID: j.ID, To: by.ID, Send: true, Actor: booking.Actor{Kind: "staff", Name: "Anna"}}))
	w.move(j, booking.Collected)
	w.clock.set(w.at(day.In(w.shop.Zone()).Format("2006-01-02") + " 18:00"))
	w.ask()
	if reply != "" {
		w.writes(j, notify.Message{Channel: notify.SMS, FromAddress: "+358" + phone[1:], Verified: true, Body: reply})
	}
	return j
}

func (w *world) report(by string, change ...func(*survey.ReportFilter)) []survey.Row {
	w.Helper()
	f := survey.ReportFilter{WorkshopID: w.shop.ID, From: monday.AddDate(0, 0, -1), To: monday.AddDate(0, 3, 0), By: by}
	for _, c := range change {
		c(&f)
	}
	rows, err := w.survey.Report(w.Context(), f)
	w.ok(err)
	return rows
}

func TestAReportCountsHonestly(t *testing.T) {
	each(t, func(w *world) {
		// Anna: ten answers, nine content. Björn: three, all content, one of
		// them in words; one unclear, one silent.
		for i, reply := range []string{"5", "4", "5", "4", "5", "5", "4", "5", "4, soittakaa", "2"} {
			w.answered(i, w.anna, reply)
		}
		for i, reply := range []string{"5 kiitos", "kyllä", "5", "5 surkeaa", ""} {
			w.answered(10+i, w.bjorn, reply)
		}
		rows := w.report(survey.ByAdvisor)
		if len(rows) != 2 || rows[0].Name != "Anna Virtanen" || rows[1].Name != "Björn Lindqvist" {
			w.Fatalf("rows %+v", rows)
		}
		anna, bjorn := rows[0], rows[1]
		if anna.Asked != 10 || anna.Answered != 10 || anna.CSAT.N != 10 || anna.CSAT.Value != .9 || !anna.Ranked || anna.Rank != 1 {
			w.Errorf("Anna: %+v %+v", anna, anna.CSAT)
		}
		if low := anna.CSAT.Low; low < .5957 || low > .5959 {
			w.Errorf("Anna's interval begins at %v", low)
		}
		if bjorn.Asked != 5 || bjorn.Answered != 4 || bjorn.CSAT.N != 3 || bjorn.CSAT.Value != 1 || bjorn.Ranked || bjorn.Rank != 0 {
			w.Errorf("Björn: %+v %+v", bjorn, bjorn.CSAT)
		}
		mean := 12. / 13
		if want := (3 + 20*mean) / 23; *bjorn.Shrunk < want-1e-9 || *bjorn.Shrunk > want+1e-9 {
			w.Errorf("Björn is shrunk to %v, want %v", *bjorn.Shrunk, want)
		}
		var counts []string
		for _, c := range bjorn.Counts {
			score := 0
			if c.Score != nil {
				score = *c.Score
			}
			counts = append(counts, fmt.Sprint(score, c.Met, " x", c.N))
		}
		same(w, "Björn's answers", counts, []string{"0yes x1", "5 x2"})
		weeks := w.report(survey.ByWeek)
		if len(weeks) != 4 || weeks[0].Key != "2026-W48" || weeks[0].Asked != 4 || weeks[3].Asked != 3 || weeks[0].Shrunk != nil {
			w.Errorf("weeks %+v", weeks)
		}
		shop := w.report(survey.ByWorkshop)
		services := w.report(survey.ByService)
		if len(shop) != 1 || shop[0].Asked != 15 || shop[0].CSAT.N != 13 || len(services) != 1 || services[0].Name != "Vuosihuolto" || services[0].Asked != 15 {
			w.Errorf("workshop %+v, services %+v", shop, services)
		}
		own := w.report(survey.ByAdvisor, func(f *survey.ReportFilter) { f.AdvisorID = w.bjorn.ID })
		if len(own) != 1 || *own[0].Shrunk != *bjorn.Shrunk {
			w.Errorf("Björn's own report is %+v", own)
		}
		if _, err := w.survey.Report(w.Context(), survey.ReportFilter{By: "colour"}); !fault.Is(err, fault.Invalid) {
			w.Errorf("by colour: %v", err)
		}
		w.remarksAreShown()
	})
}

// remarksAreShown checks who sees what customers wrote: Björn has four answers.
func (w *world) remarksAreShown() {
	w.Helper()
	who := func(own int64) []string {
		rows, err := w.survey.Remarks(w.Context(), survey.ReportFilter{WorkshopID: w.shop.ID}, own)
		w.ok(err)
		var names []string
		for _, r := range rows {
			names = append(names, r.Advisor)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	same(w, "others read remarks to", who(0), []string{"Anna Virtanen"})
	same(w, "another's manager reads remarks to", who(w.shop.ID+1), []string{"Anna Virtanen"})
	same(w, "the manager reads remarks to", who(w.shop.ID), []string{"Anna Virtanen", "Björn Lindqvist"})
}

func TestALateAnswerIsCountedAsLateAndNothingElse(t *testing.T) {
	each(t, func(w *world) {
		j := w.asked()
		w.clock.set(w.clock.now().Add(survey.Lifetime + time.Hour))
		w.texts(j, "1")
		rows := w.report(survey.ByAdvisor)
		if len(rows) != 1 || rows[0].Late != 1 || rows[0].Answered != 0 || rows[0].CSAT != nil || rows[0].Shrunk != nil {
			w.Errorf("%+v", rows)
		}
		same(w, "alerts", w.alerts(), []booking.AttentionKind{booking.NeedsCare})
	})
}

func TestOtherQuestionsHaveTheirOwnMeasures(t *testing.T) {
	each(t, func(w *world) {
		w.set(func(s *booking.Workshop) { s.SurveyScale = "0-10" })
		for i, reply := range []string{"10", "9", "9", "10", "9", "10", "7", "8", "8", "3"} {
			w.answered(i, w.anna, reply)
		}
		row := w.report(survey.ByAdvisor)[0]
		if row.CSAT != nil || row.NPS == nil || row.NPS.N != 10 || row.NPS.Value != 50 || !row.Ranked {
			w.Fatalf("%+v %+v", row, row.NPS)
		}
		if got := fmt.Sprintf("%.1f ± %.1f", row.NPS.Adjusted, row.NPS.Margin); got != "38.5 ± 38.7" {
			w.Errorf("NPS %s", got)
		}
		w.set(func(s *booking.Workshop) { s.SurveyScale = "effort-7" })
		w.answered(12, w.bjorn, "5")
		if row := w.report(survey.ByAdvisor)[1]; row.CES == nil || row.CES.Value != 1 || row.NPS != nil {
			w.Errorf("%+v", row)
		}
	})
}

func TestFactsStandBesideTheScores(t *testing.T) {
	each(t, func(w *world) {
		staff := booking.Actor{Kind: "staff", Advisor: w.bjorn.ID, Name: w.bjorn.Name}
		j := w.visit("2026-11-23 10:00")
		w.clock.set(w.at("2026-11-23 12:00"))
		w.writes(j, notify.Message{Channel: notify.SMS, FromAddress: "+358401234567", Verified: true, Body: "Onko auto jo valmis?"})
		w.clock.set(w.at("2026-11-23 14:01"))
		_, err := w.desk.Write(w.Context(), j.ID, notify.SMS, "On, tervetuloa.", staff)
		w.ok(err)
		w.move(j, booking.Collected)
		w.ok(w.db.Tx(w.Context(), func(ctx context.Context) error {
			return errors.Join(
				w.db.In(ctx).Create(&booking.Photo{JobID: j.ID, Token: "t", ContentType: "image/png", Bytes: []byte{1}, CreatedAt: db.At(monday)}).Error,
				w.db.In(ctx).Create(&booking.Promise{JobID: j.ID, WorkshopID: w.shop.ID, Kind: booking.PromiseReady, OwnerID: w.bjorn.ID, State: booking.PromiseKept,
					FirstDueAt: db.At(monday.Add(time.Hour)), DueAt: db.At(monday.Add(time.Hour)), JudgedAt: db.At(monday.Add(time.Hour)), SpokeAt: db.At(monday), ClosedAt: db.At(monday), CreatedAt: db.At(monday)}).Error,
				w.db.In(ctx).Create(&booking.Estimate{JobID: j.ID, WorkshopID: w.shop.ID, Version: 1, State: booking.EstimateApproved, Currency: "EUR",
					Price: 9000, Ceiling: 9900, Approved: 9000, ApprovedCeiling: 9900, ExpiresAt: db.At(monday), CreatedAt: db.At(monday)}).Error,
				w.db.In(ctx).Table("jobs").Where("id = ?", j.ID).Updates(map[string]any{
					"final_price": 9500, "final_price_at": db.At(monday)}).Error)
		}))
		w.clock.set(w.at("2026-11-23 18:00"))
		w.ask()
		facts := w.report(survey.ByAdvisor)[0].Facts
		if facts.Wrote != 1 || facts.Unanswered != 0 || facts.FirstAnswerHours != 2 || facts.Photos != 1 ||
			facts.Billed != 1 || facts.WithinQuote != 0 || facts.ReadyBy != 1 || facts.ReadyByKept != 1 {
			w.Errorf("%+v", facts)
		}
	})
}

func TestWhoWasNotAskedIsCountedByReason(t *testing.T) {
	each(t, func(w *world) {
		for i := range 3 {
			j := w.visit(fmt.Sprintf("2026-11-23 1%d:00", i))
			w.move(j, booking.Collected)
		}
		counts, err := w.survey.NotAsked(w.Context(), survey.ReportFilter{WorkshopID: w.shop.ID, From: monday, To: monday.AddDate(0, 0, 1)})
		w.ok(err)
		if len(counts) != 1 || counts[0].Reason != survey.SameVisit || counts[0].N != 2 {
			w.Errorf("%+v", counts)
		}
	})
}

func TestPraiseByNameReachesWhoIsPraised(t *testing.T) {
	for _, tt := range []struct {
		reply string
		to    func(w *world) int64 // nil: nobody
	}{
		{"5 kiitos Annalle!", func(w *world) int64 { return w.anna.ID }},
		{"5, suuret kiitokset Björnille ja Annalle", func(w *world) int64 { return w.bjorn.ID }},
		{"5 tack Björn", func(w *world) int64 { return w.bjorn.ID }},
		{"5 mutta Anna myöhästyi", nil},
		{"2, Anna oli töykeä", nil},
		{"5, annan täydet pisteet", nil},
		{"5", nil},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			each(t, func(w *world) {
				j := w.asked()
				w.texts(j, tt.reply)
				rows, err := w.desk.Attentions(w.Context(), w.shop.ID)
				w.ok(err)
				var praised []int64
				for _, a := range rows {
					if a.Kind == booking.Praised {
						praised = append(praised, a.AdvisorID)
					}
				}
				var want []int64
				if tt.to != nil {
					want = []int64{tt.to(w)}
				}
				same(w, "praised", praised, want)
			})
		})
	}
}

func TestTheWordsOfCustomersAreCountedOncePerCustomer(t *testing.T) {
	remark := func(s string) survey.Remark { return survey.Remark{Comment: s} }
	got := survey.Words([]survey.Remark{
		remark("Ystävällinen palvelu, todella YSTÄVÄLLINEN"), remark("ystavallinen ja nopea"), remark("Nopea. Hinta hirvitti 5 4"), remark("hinta"),
	})
	want := []survey.WordCount{{Word: "hinta", N: 2}, {Word: "nopea", N: 2}, {Word: "ystävällinen", N: 2}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAdvisorsAreFoundByTheirFirstNamesInAnyCase(t *testing.T) {
	advisors := []booking.Advisor{{ID: 1, Name: "Matti Laine"}, {ID: 2, Name: "Sanna Niemi"}, {ID: 3, Name: "Olli Ek"}, {ID: 4, Name: "Pekka Aho"}}
	for text, want := range map[string][]int64{
		"Kiitos Matille": {1}, "matti hoiti homman": {1}, "Matin ja Sannan ansiosta": {1, 2}, "tack Ollis": {3}, "Thanks to Olli's work": {3},
		"Pekalle ruusuja": {4}, "matto jäi märäksi": nil, "ollila": nil, "": nil,
	} {
		var got []int64
		for _, a := range survey.Named(text, advisors) {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q names %v, want %v", text, got, want)
		}
	}
}
