package web

import (
	"strings"
	"testing"
)

func TestCustomersAreFoundWithinOnesOwnWorkshops(t *testing.T) {
	each(t, func(b *bed) {
		b.book("10:00")
		b.send("", "POST", "/api/v1/bookings", with1(with1(with1(with1(visit("11:00"), "customer.email", "aija@example.com"), "customer.name", "Äijä Öhman"), "customer.phone", "+358401234599"), "vehicle.plate", "XYZ-9")).want(201)
		b.send("", "GET", "/api/v1/customers", nil).want(401)
		all := b.send(sanna, "GET", "/api/v1/customers", nil).want(200).equal("next_cursor", "", "items.0.name", "Maija Virtanen", "items.1.name", "Äijä Öhman")
		first := b.send(sanna, "GET", "/api/v1/customers?limit=1", nil).want(200).equal("items.0.name", "Maija Virtanen")
		b.send(sanna, "GET", "/api/v1/customers?limit=1&cursor="+first.text("next_cursor"), nil).want(200).equal("items.0.name", "Äijä Öhman", "next_cursor", "")
		for q, name := range map[string]string{"virta": "Maija Virtanen", "%C3%A4ij%C3%A4": "Äijä Öhman", "xyz9": "Äijä Öhman", "040+1234599": "Äijä Öhman", "MAIJA@": "Maija Virtanen"} {
			if items := b.send(sanna, "GET", "/api/v1/customers?q="+q, nil).want(200).items("items"); len(items) != 1 || items[0].(object)["name"] != name {
				t.Errorf("%s finds %v", q, items)
			}
		}
		b.send(sanna, "GET", "/api/v1/customers?cursor=x", nil).want(422).equal("errors.0.location", "query.cursor")
		path := "/api/v1/customers/" + all.text("items.0.id")
		b.send(sanna, "GET", path, nil).want(200).equal("phone", "+358401234567")
		if items := b.send(olli, "GET", "/api/v1/customers", nil).want(200).items("items"); len(items) != 0 {
			t.Errorf("another workshop's advisor sees %v", items)
		}
		b.send(olli, "GET", path, nil).want(404)
		b.send(boss, "GET", "/api/v1/customers/999", nil).want(404)
		b.send(sanna, "GET", path+"/export", nil).want(403)
		b.send(boss, "GET", "/api/v1/customers/999/export", nil).want(404)
	})
}

func TestAnExportHoldsAllThatIsKeptOfACustomer(t *testing.T) {
	each(t, func(b *bed) {
		token := b.askedSurvey()
		b.send("", "POST", "/api/v1/surveys/"+token, object{"score": 2, "comment": "penkki oli likainen"}).want(200)
		id := b.send(boss, "GET", "/api/v1/jobs", nil).want(200).text("items.0.id")
		manage := b.send(boss, "GET", "/api/v1/jobs/"+id, nil).want(200).text("token")
		b.send("", "POST", "/api/v1/bookings/"+manage+"/messages", object{"body": "Unohdin hanskat autoon"}).want(201)
		b.send(boss, "POST", "/api/v1/jobs/"+id+"/notes", object{"body": "Hanskat tiskillä"}).want(201)
		// Another's visit is not in it.
		b.send(boss, "POST", "/api/v1/jobs", with1(with1(with1(visit("14:00"), "start", "2026-11-24T14:00:00+02:00"), "customer.phone", "+358401234599"), "customer.name", "Somebody Else")).want(201)

		who := b.send(boss, "GET", "/api/v1/customers?q=virtanen", nil).want(200).text("items.0.id")
		out := b.send(boss, "GET", "/api/v1/customers/"+who+"/export", nil).want(200)
		out.equal("customer.name", "Maija Virtanen", "vehicles.0.plate", "ABC-123", "jobs.0.job.id", id, "jobs.0.surveys.0.survey.score", 2,
			"jobs.0.surveys.0.answers.0.raw", "penkki oli likainen", "jobs.0.photos", []any{}, "jobs.0.estimates", []any{})
		for _, held := range []string{"Unohdin hanskat autoon", "Hanskat tiskillä", "maija@example.com", "low_score"} {
			if !strings.Contains(string(out.raw), held) {
				t.Errorf("%q is not in the export", held)
			}
		}
		if len(out.items("jobs")) != 1 || len(out.items("consents")) == 0 || len(out.items("jobs.0.messages")) == 0 || len(out.items("jobs.0.promises")) == 0 {
			t.Errorf("%s", out.raw)
		}
		if strings.Contains(string(out.raw), "Somebody Else") {
			t.Error("another customer stands in the export")
		}
	})
}
