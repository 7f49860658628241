package web

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// exec changes the database as something else would.
func (b *bed) exec(sql string, args ...any) {
	b.t.Helper()
	b.must(b.db.Tx(b.t.Context(), func(ctx context.Context) error { return b.db.In(ctx).Exec(sql, args...).Error }))
}

func TestAnAbsenceIsPreviewedAddedResolvedAndRemoved(t *testing.T) {
	each(t, func(b *bed) {
		b.exec("UPDATE advisors SET stand_in_id = 12 WHERE id = 11")
		id, _ := b.book("10:00")
		body := object{"resource_id": "11", "from": "2026-11-23T09:00:00+02:00", "to": "2026-11-23T12:00:00+02:00", "reason": "Lääkäri", "dry_run": true}
		b.send(sanna, "POST", "/api/v1/absences", body).want(200).equal("jobs.0.job_id", id, "name", "Sanna Niemi", "id", nil)
		if got := b.send(sanna, "GET", "/api/v1/absences", nil).want(200).items("items"); len(got) != 0 {
			t.Fatalf("the preview is on the list: %v", got)
		}
		made := b.send(sanna, "POST", "/api/v1/absences", with1(body, "dry_run", nil)).want(201)
		away := "/api/v1/absences/" + made.text("id")
		if made.header.Get("Location") != away {
			t.Errorf("it lies at %s", made.header.Get("Location"))
		}
		b.send(sanna, "GET", "/api/v1/absences", nil).want(200).equal("items.0.reason", "Lääkäri", "items.0.from", "2026-11-23T09:00:00+02:00")
		b.send(sanna, "GET", "/api/v1/at-risk", nil).want(200).equal("items.0.job_id", id, "items.0.rule", "absence",
			"items.0.start", "2026-11-23T10:00:00+02:00", "items.0.suggestions.0.action", "stand_in", "items.0.suggestions.0.advisor.id", "12")
		b.send(sanna, "POST", away+"/resolve", object{"action": "stand_in"}).want(200).equal("items.0.outcome", "moved", "items.0.advisor.id", "12")
		b.send(sanna, "POST", away+"/resolve", object{"action": "stand_in", "job_ids": []string{id}}).want(200).equal("items.0.outcome", "settled")
		b.send(sanna, "GET", away, nil).want(200).equal("jobs", "[]")
		b.send(sanna, "POST", away+"/resolve", object{"action": "shrug"}).want(422).equal("errors.0.location", "body.action")
		b.send(sanna, "POST", away+"/resolve", object{"action": "offer", "job_ids": []string{"99"}}).want(422).equal("errors.0.location", "body.job_ids")
		b.send(sanna, "DELETE", away, nil).want(204)
		b.send(sanna, "DELETE", away, nil).want(404)
	})
}

func TestAbsencesAreEnteredByManagersAndOnesOwn(t *testing.T) {
	b := onSQLite(t)
	body := object{"resource_id": "12", "from": "2026-11-23T09:00:00+02:00", "to": "2026-11-23T12:00:00+02:00"}
	b.send(sanna, "POST", "/api/v1/absences", body).want(403)
	b.send(olli, "POST", "/api/v1/absences", body).want(422).equal("errors.0.location", "body.resource_id")
	made := b.send(boss, "POST", "/api/v1/absences", body).want(201)
	for _, call := range []string{"GET ", "DELETE "} {
		b.send(olli, strings.TrimSpace(call), "/api/v1/absences/"+made.text("id"), nil).want(404)
	}
	b.send(sanna, "DELETE", "/api/v1/absences/"+made.text("id"), nil).want(403)
	b.send(boss, "GET", "/api/v1/absences", nil).want(422).equal("errors.0.location", "query.workshop_id")
	b.send(boss, "GET", "/api/v1/absences?workshop_id=1&resource_id=12", nil).want(200).equal("items.0.resource_id", "12")
	for _, wrong := range []struct {
		path  string
		value any
		at    string
	}{
		{"to", "2026-11-22T12:00:00+02:00", "body.to"},
		{"to", "2031-11-22T12:00:00+02:00", "body.to"},
		{"resource_id", "x", "body.resource_id"},
		{"resource_id", nil, "body.resource_id"},
		{"from", "soon", "body.from"},
	} {
		b.send(boss, "POST", "/api/v1/absences", with1(body, wrong.path, wrong.value)).want(422).equal("errors.0.location", wrong.at)
	}
}

func TestABookingAtRiskIsMendedOverTheAPI(t *testing.T) {
	each(t, func(b *bed) {
		id, _ := b.book("10:00")
		b.send(sanna, "POST", "/api/v1/at-risk/"+id, object{"action": "keep"}).want(409)
		b.exec("INSERT INTO closures (workshop_id, from_date, to_date, reason) VALUES (1, '2026-11-23', '2026-11-23', 'Vesivahinko')")
		if got := b.send(sanna, "GET", "/api/v1/at-risk", nil).want(200).text("items.0.detail"); !strings.Contains(got, "Vesivahinko") {
			t.Errorf("at risk for %s", got)
		}
		b.send(olli, "POST", "/api/v1/at-risk/"+id, object{"action": "keep"}).want(404)
		b.send(sanna, "POST", "/api/v1/at-risk/"+id, object{"action": "stand_in"}).want(200).equal("outcome", "failed", "reason.rule", "no_stand_in")
		b.send(sanna, "POST", "/api/v1/at-risk/"+id, object{"action": "offer"}).want(200).equal("outcome", "offered")
		b.send(sanna, "POST", "/api/v1/at-risk/"+id, object{"action": "offer"}).want(200).equal("outcome", "settled")
		b.send(sanna, "POST", "/api/v1/at-risk/"+id, object{"action": "wall_time"}).want(409)
		b.send(sanna, "POST", "/api/v1/at-risk/"+id, object{"action": "keep"}).want(200).equal("outcome", "settled")
		if got := b.send(sanna, "GET", "/api/v1/at-risk", nil).want(200).items("items"); len(got) != 0 {
			t.Errorf("kept, and at risk: %v", got)
		}
	})
}

func TestHolidaysAreListedByNameAndCanBeOpened(t *testing.T) {
	each(t, func(b *bed) {
		list := b.send(sanna, "GET", "/api/v1/holidays?year=2027", nil, "Accept-Language", "sv").want(200)
		i := slices.IndexFunc(list.items("items"), func(v any) bool { return v.(object)["date"] == "2027-01-06" })
		if i < 0 || list.items("items")[i].(object)["name"] != "Trettondagen" {
			t.Fatalf("Epiphany: %s", list.raw)
		}
		at := "/api/v1/availability?workshop_id=1&service_id=101&from=2027-01-06&to=2027-01-06"
		for locale, name := range map[string]string{"fi": "Loppiainen", "sv": "Trettondagen", "en": "Epiphany"} {
			b.send("", "GET", at, nil, "Accept-Language", locale).want(200).equal("days.0.closed", name, "days.0.slots", "[]")
		}
		why := b.send("", "GET", "/api/v1/availability/why?workshop_id=1&service_id=101&start=2027-01-06T10:00:00%2B02:00", nil, "Accept-Language", "en").want(200)
		if why.equal("reasons.0.rule", "closed"); !strings.Contains(why.text("reasons.0.detail"), "Epiphany") {
			t.Errorf("why: %s", why.raw)
		}
		late := visit("10:00")
		late["start"] = "2027-01-06T10:00:00+02:00"
		if got := b.send("", "POST", "/api/v1/bookings", late, "Accept-Language", "en").want(422).text("errors.0.message"); strings.Contains(got, "holiday.") {
			t.Errorf("a key for a sentence: %s", got)
		}

		b.send(sanna, "PUT", "/api/v1/holidays/2027-01-06", object{"from": "10:00", "to": "12:00"}).want(403)
		b.send(boss, "PUT", "/api/v1/holidays/2027-01-06?workshop_id=1", object{"from": "10:00", "to": "12:00"}).want(204)
		b.send("", "GET", at, nil).want(200).equal("days.0.slots.0.start", "2027-01-06T10:00:00+02:00", "days.0.closed", nil)
		opened := b.send(sanna, "GET", "/api/v1/holidays?year=2027", nil).want(200).items("items")[i].(object)
		if opened["open"] != true || opened["from"] != "10:00" || opened["to"] != "12:00" {
			t.Errorf("it is listed as %v", opened)
		}
		b.send(boss, "PUT", "/api/v1/holidays/2027-01-07?workshop_id=1", object{}).want(422).equal("errors.0.location", "body.date")
		b.send(boss, "PUT", "/api/v1/holidays/2027-01-06?workshop_id=1", object{"from": "10:00"}).want(422)
		b.send(boss, "DELETE", "/api/v1/holidays/2027-01-06?workshop_id=1", nil).want(204)
		b.send("", "GET", at, nil).want(200).equal("days.0.slots", "[]")
	})
}
