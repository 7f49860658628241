package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListsThatFitOnePageAreReadOnLikeAllOthers(t *testing.T) {
	b := onSQLite(t)
	id, token := b.book("10:00")
	for i := range 4 {
		b.send(sanna, "POST", "/api/v1/jobs/"+id+"/notes", object{"body": fmt.Sprint("note ", i)}).want(201)
	}
	b.send("", "POST", "/api/v1/bookings/"+token+"/callback", nil).want(201)
	_, other := b.book("11:00")
	b.send("", "POST", "/api/v1/bookings/"+other+"/callback", object{}).want(201)
	for _, name := range []string{"Nosturi 1", "Nosturi 2"} {
		bay := b.send(boss, "POST", "/api/v1/resources", object{"workshop_id": "1", "kind": "bay", "name": name}).want(201).text("id")
		b.send(boss, "PUT", "/api/v1/hours", object{"workshop_id": "1", "resource_id": bay, "week": object{"mon-fri": []string{"08:00-15:00"}}}).want(200)
		b.send(boss, "POST", "/api/v1/absences", object{"resource_id": bay, "from": "2026-12-01T08:00:00+02:00", "to": "2026-12-01T09:00:00+02:00"}).want(201)
		b.send(boss, "POST", "/api/v1/pools", object{"workshop_id": "1", "skill": "skill-" + bay, "minutes": object{"mon-fri": 480}}).want(201)
	}
	for _, day := range []string{"2026-12-28", "2026-12-29"} {
		b.send(boss, "POST", "/api/v1/closures", object{"workshop_id": "1", "from": day}).want(201)
	}
	for range 2 {
		b.upload(sanna, "/api/v1/jobs/"+id+"/photos", smallJPEG(t)).want(201)
	}
	for _, path := range []string{
		"/api/v1/resources?workshop_id=1&", "/api/v1/hours?workshop_id=1&", "/api/v1/closures?workshop_id=1&", "/api/v1/pools?workshop_id=1&",
		"/api/v1/absences?workshop_id=1&", "/api/v1/holidays?workshop_id=1&", "/api/v1/jobs/" + id + "/photos?",
		"/api/v1/workshops?", "/api/v1/services?workshop_id=1&", "/api/v1/advisors?workshop_id=1&",
		"/api/v1/promises?", "/api/v1/jobs/" + id + "/timeline?",
	} {
		whole := b.send(sanna, "GET", path, nil).want(200)
		var read []any
		cursor, pages := "", 0
		for {
			page := b.send(sanna, "GET", path+"limit=1&cursor="+cursor, nil).want(200)
			if n := len(page.items("items")); n != 1 {
				t.Fatalf("%s: a page of %d", path, n)
			}
			read = append(read, page.items("items")...)
			pages++
			if cursor, _ = page.get("next_cursor").(string); cursor == "" {
				break
			}
		}
		if all := whole.items("items"); pages < 2 || fmt.Sprint(read) != fmt.Sprint(all) {
			t.Errorf("%s: %d pages give\n%v, want\n%v", path, pages, read, all)
		}
		for query, field := range map[string]string{
			"limit=abc": "query.limit", "limit=0": "query.limit", "limit=201": "query.limit",
			"cursor=zz": "query.cursor", "cursor=0.1": "query.cursor", "cursor=7.": "query.cursor",
		} {
			b.send(sanna, "GET", path+query, nil).want(422).equal("errors.0.location", field)
		}
	}
}

func TestAListGoesOnWhereItsLastItemHasGone(t *testing.T) {
	id := func(s *string) string { return *s }
	for _, c := range []struct{ name, cursor, want string }{
		{"its place tells", "2.b", "[d e]"},
		{"the item tells where others have gone before it", "3.d", "[e]"},
		{"past the end", "9.x", "[]"},
	} {
		got, err := cut(WholeIn{Limit: 5, Cursor: c.cursor}, []string{"a", "c", "d", "e"}, id)
		if err != nil || fmt.Sprint(got.Items) != c.want || got.NextCursor != "" {
			t.Errorf("%s: %v %v", c.name, got, err)
		}
	}
}

func TestAHoldTakesTheBodyOfABooking(t *testing.T) {
	b := onSQLite(t)
	body := visit("10:00")
	hold := b.send("", "POST", "/api/v1/holds", with1(body, "customer", nil)).want(201).text("hold_id")
	b.send("", "POST", "/api/v1/holds", with1(with1(body, "start", "2026-11-23T12:00:00+02:00"), "customer.name", "")).want(201)
	b.send("", "POST", "/api/v1/bookings", with1(body, "hold_id", hold)).want(201).equal("start", "2026-11-23T10:00:00+02:00")
	used := b.send("", "POST", "/api/v1/bookings", with1(body, "hold_id", hold), "Accept-Language", "en").want(409)
	if !strings.HasSuffix(used.text("type"), "hold-used") || len(used.items("alternatives")) == 0 || used.text("errors.0.location") != "body.hold_id" {
		t.Errorf("a hold used twice: %s", used.raw)
	}
	b.send("", "POST", "/api/v1/bookings", with1(visit("11:00"), "hold_id", "aaaaaaaaaaaaaaaaaaaaaaaaaa")).want(422).equal("errors.0.location", "body.hold_id")
	b.send("", "POST", "/api/v1/bookings", with1(visit("11:00"), "hold_id", "my hold")).want(422).equal("errors.0.location", "body.hold_id")
	b.send("", "POST", "/api/v1/holds", with1(visit("11:00"), "hold_id", "my hold")).want(422).equal("errors.0.location", "body.hold_id")
}

func TestConsentsThatAreLeftOutAreThoseOfTheVisit(t *testing.T) {
	b := onSQLite(t)
	for _, c := range []struct {
		name     string
		consents any
		want     string
	}{
		{"left out", nil, "map[marketing:false reminders:true survey:true]"},
		{"one said", object{"survey": false}, "map[marketing:false reminders:true survey:false]"},
		{"all refused", object{"survey": false, "reminders": false, "marketing": false}, "map[marketing:false reminders:false survey:false]"},
		{"all given", object{"survey": true, "reminders": true, "marketing": true}, "map[marketing:true reminders:true survey:true]"},
	} {
		body := with1(visit("10:00"), "consents", c.consents)
		made := b.send(sanna, "POST", "/api/v1/jobs", body).want(201)
		if got := fmt.Sprint(made.get("consents")); got != c.want {
			t.Errorf("%s, at the desk: %s", c.name, got)
		}
		b.send("", "DELETE", "/api/v1/bookings/"+made.text("token"), nil).want(204)
		online := b.send("", "POST", "/api/v1/bookings", body).want(201)
		if got := fmt.Sprint(b.send(sanna, "GET", "/api/v1/jobs/"+online.text("id"), nil).get("consents")); got != c.want {
			t.Errorf("%s, online: %s", c.name, got)
		}
		b.send("", "DELETE", "/api/v1/bookings/"+online.text("token"), nil).want(204)
	}
}

func TestACallbackNeedsNoBodyAndKeepsWhatWasAskedFor(t *testing.T) {
	b := onSQLite(t)
	_, token := b.book("10:00")
	path := "/api/v1/bookings/" + token + "/callback"
	first := b.send("", "POST", path, object{"note": "lasku", "phone": "040 999 9999"}).want(201).text("id")
	b.send("", "POST", path, nil).want(201).equal("id", first)
	b.send("", "POST", path, object{}).want(201).equal("id", first)
	b.send(sanna, "GET", "/api/v1/promises", nil).want(200).
		equal("items.0.phone", "+358409999999", "items.0.note", "lasku", "items.0.overdue", false)
	b.send("", "POST", path, object{"phone": "040 888 8888"}).want(201)
	b.clock.advance(48 * time.Hour)
	b.send(sanna, "GET", "/api/v1/promises", nil).want(200).
		equal("items.0.phone", "+358408888888", "items.0.overdue", true, "items.0.state", "open")
	b.send(sanna, "POST", "/api/v1/promises/"+first+"/attempts", object{"outcome": "reached"}).want(201).equal("overdue", false)
}

func TestTheDesksOwnWordsOfAMoveAreSignedOnce(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	path := "/api/v1/jobs/" + id + "/transitions"
	const signed = "Oma teksti.\nTerveisin Sanna, Autohuolto Testi"
	b.send(sanna, "POST", path, object{"to": "received", "message": object{"send": true, "body": "Oma teksti."}}).want(200).
		equal("message.body", signed)
	b.send(sanna, "POST", path, object{"to": "in_work", "message": object{"send": true, "body": signed}}).want(200).
		equal("message.body", signed)
	b.send(sanna, "POST", path, object{"to": "in_work", "message": object{"send": true, "body": "Vielä kerran."}}).want(200).
		equal("message", nil, "job.status", "in_work")
}

func TestWorkThatGoesOnDidNotBeginAgain(t *testing.T) {
	b := onSQLite(t)
	id, _ := b.book("10:00")
	path := "/api/v1/jobs/" + id + "/transitions"
	for _, c := range []struct{ to, says string }{
		{"received", ""}, {"in_work", "nyt käynnissä"}, {"waiting_parts", ""}, {"in_work", "jatkuu"},
		{"waiting_approval", ""}, {"in_work", "jatkuu"}, {"ready", ""}, {"in_work", "jatkuu"},
	} {
		if text := b.send(sanna, "POST", path, object{"to": c.to}).want(200).text("message.body"); !strings.Contains(text, c.says) {
			t.Errorf("%s: %q", c.to, text)
		}
	}
}

func TestAnotherAdvisorAtTheSameTimeIsNoNewTime(t *testing.T) {
	b := onSQLite(t)
	id, token := b.book("10:00")
	b.send("", "PATCH", "/api/v1/bookings/"+token, object{"advisor_id": "12"}).want(200).equal("advisor.name", "Matti Laine")
	line := b.send(sanna, "GET", "/api/v1/jobs/"+id+"/timeline", nil).want(200)
	if text := string(line.raw); strings.Contains(text, "Uusi aika") || !strings.Contains(text, "minä otan sinut vastaan") {
		t.Errorf("told: %s", text)
	}
}

func TestAConflictSaysWhatKindItIs(t *testing.T) {
	b := onSQLite(t)
	id, token := b.book("10:00")
	english := []string{"Accept-Language", "en"}
	taken := with1(visit("10:00"), "customer.phone", "+358401234599")
	b.send("", "POST", "/api/v1/bookings", taken, english...).want(409).equal("title", "The time is taken")
	b.send(sanna, "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": "ready"}, english...).want(409).equal("title", "Not possible now")
	b.send(sanna, "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": "received", "version": 99}, english...).want(409).
		equal("title", "Changed meanwhile")
	b.send("", "DELETE", "/api/v1/bookings/"+token, nil).want(204)
	b.send("", "PATCH", "/api/v1/bookings/"+token, object{"start": "2026-11-23T12:00:00+02:00"}, english...).want(409).
		equal("title", "Not possible now", "detail", "This booking has been cancelled. Please book a new time.")
}

func TestWhatIsWrongIsToldShortly(t *testing.T) {
	b := onSQLite(t)
	_, token := b.book("10:00")
	english := []string{"Accept-Language", "en"}
	long := b.send("", "POST", "/api/v1/bookings/"+token+"/messages", object{"body": strings.Repeat("ä", 5000)}, english...).want(422)
	if said := long.text("errors.0.value"); len([]rune(said)) != maxEcho || !strings.HasSuffix(said, "ä…") {
		t.Errorf("%d characters come back", len([]rune(said)))
	}
	b.send("", "POST", "/api/v1/bookings/"+token+"/messages", object{"body": ""}, english...).want(422).
		equal("errors.0.message", "At least one character.")
	b.send("", "POST", "/api/v1/bookings", with1(visit("11:00"), "service_ids", []string{}), english...).want(422).
		equal("errors.0.message", "At least one item.")
	b.send("", "POST", "/api/v1/bookings", with1(visit("11:00"), "service_ids", []string{"101", "101"}), english...).want(422).
		equal("errors.0.location", "body.service_ids[1]", "errors.0.message", "The same value is given twice.")
}

func TestReasonsAreInTheReadersLanguage(t *testing.T) {
	b := onSQLite(t)
	b.book("13:00")
	id, _ := b.book("10:00")
	b.stray(1, "maija@example.com")
	for locale, want := range map[string][2]string{
		"en": {"The customer has several open visits, and nothing in it says which one is meant.", "Closed"},
		"sv": {"Kunden har flera öppna besök, och inget i meddelandet säger vilket som avses.", "Stängt"},
	} {
		said := []string{"Accept-Language", locale}
		box := b.send(sanna, "GET", "/api/v1/inbox", nil, said...).want(200).equal("items.0.reason", want[0], "items.0.candidates.0.job_id", id)
		if why := box.text("items.0.candidates.0.why"); why != candidateReason(locale, "participant") {
			t.Errorf("%s: why %q", locale, why)
		}
		days := "/api/v1/availability?workshop_id=1&service_id=101&from=2026-11-28&to=2026-11-28"
		b.send("", "GET", days, nil, said...).want(200).equal("days.0.closed", want[1])
	}
}

func TestTheDescriptionTellsEveryRefusal(t *testing.T) {
	b := onSQLite(t)
	api := b.send("", "GET", "/openapi.json", nil).want(200)
	paths := api.get("paths").(object)
	for _, c := range []struct {
		method, path string
		want         []string
		not          []string
	}{
		{"post", "/api/v1/bookings", []string{"201", "400", "409", "422", "429", "500", "default"}, []string{"401", "403", "404"}},
		{"get", "/api/v1/bookings/{token}", []string{"200", "404"}, []string{"401", "409", "429"}},
		{"get", "/api/v1/jobs", []string{"200", "401", "403", "422"}, []string{"404", "409", "429"}},
		{"post", "/api/v1/jobs/{id}/transitions", []string{"200", "401", "403", "404", "409", "422"}, []string{"429"}},
	} {
		responses := paths[c.path].(object)[c.method].(object)["responses"].(object)
		for _, status := range c.want {
			r, ok := responses[status].(object)
			if !ok {
				t.Errorf("%s %s: no %s", c.method, c.path, status)
				continue
			}
			if strings.HasPrefix(status, "2") {
				continue
			}
			if r["content"].(object)[problemJSON] == nil || r["description"] == "" || r["description"] == http.StatusText(http.StatusConflict) {
				t.Errorf("%s %s %s: %v", c.method, c.path, status, r)
			}
			if status == "429" && r["headers"].(object)["Retry-After"] == nil {
				t.Errorf("%s %s: 429 without Retry-After", c.method, c.path)
			}
		}
		for _, status := range c.not {
			if responses[status] != nil {
				t.Errorf("%s %s: %s is described", c.method, c.path, status)
			}
		}
	}
	if api.get("components.schemas.Problem.properties.alternatives") == nil {
		t.Error("the alternatives are not described")
	}
}

func TestACustomersPageOpensInHisOwnLanguage(t *testing.T) {
	b := onSQLite(t)
	body := with1(visit("10:00"), "customer.locale", "sv")
	token := b.send("", "POST", "/api/v1/bookings", body).want(201).text("token")
	lang := func(path string) string {
		for _, l := range []string{"fi", "sv", "en"} {
			if strings.Contains(string(b.send("", "GET", path, nil, "Accept-Language", "en").want(200).raw), `<html lang="`+l+`"`) {
				return l
			}
		}
		return ""
	}
	got := []string{lang("/j/" + token), lang("/j/" + token + "?lang=fi"), lang("/j/" + token)} // the choice is kept
	if want := []string{"sv", "fi", "fi"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestASurveyThatIsNotAskedSaysWhy(t *testing.T) {
	b := onSQLite(t)
	collect := func(body object) string {
		id := b.send(sanna, "POST", "/api/v1/jobs", body).want(201).text("id")
		for _, to := range []string{"received", "ready", "collected"} {
			b.send(sanna, "POST", "/api/v1/jobs/"+id+"/transitions", object{"to": to, "message": object{"send": false}}).want(200)
		}
		return id
	}
	collect(visit("10:00"))
	second := collect(visit("11:00"))
	b.send(sanna, "GET", "/api/v1/surveys", nil).want(200).equal(
		"items.0.job_id", second, "items.0.state", "suppressed", "items.0.reason", "same_visit", "items.0.asked_at", nil,
		"items.1.state", "planned", "items.1.reason", nil)
	for locale, want := range map[string]string{"en": "another job of the same visit", "fi": "saman käynnin toisesta", "sv": "samma besök"} {
		line := b.send(sanna, "GET", "/api/v1/jobs/"+second+"/timeline", nil, "Accept-Language", locale).want(200)
		if !strings.Contains(string(line.raw), want) {
			t.Errorf("%s: %s", locale, line.raw)
		}
	}
	b.atDesk(sanna)
	b.open("/desk/jobs/" + second + "?lang=en").want(200).says("another job of the same visit")
}
