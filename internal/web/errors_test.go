package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"neuvo/internal/fault"
	"neuvo/templates"
)

func TestEachBadInputNamesItsFieldInEveryLanguage(t *testing.T) {
	b := onSQLite(t, func(o *Options) { o.Relaxed = true })
	_, token := b.book("15:00")
	fits := visit("10:00")
	availability := "/api/v1/availability?workshop_id=1&service_id=101&from=2026-11-23&to=2026-11-24"
	for _, c := range []struct {
		name, who, method, path string
		body                    any
		status                  int
		field                   string
	}{
		{"no workshop", "", "GET", "/api/v1/services", nil, 422, "query.workshop_id"},
		{"an unknown workshop", "", "GET", "/api/v1/services?workshop_id=99", nil, 422, "query.workshop_id"},
		{"a workshop that is no id", "", "GET", "/api/v1/advisors?workshop_id=x", nil, 422, "query.workshop_id"},
		{"no service", "", "GET", "/api/v1/availability?workshop_id=1&from=2026-11-23&to=2026-11-24", nil, 422, "query.service_id"},
		{"an unknown service", "", "GET", availability + "&service_id=99", nil, 422, "query.service_id"},
		{"a service that is no id", "", "GET", availability + "&service_id=x", nil, 422, "query.service_id[1]"},
		{"an unknown advisor", "", "GET", availability + "&advisor_id=99", nil, 422, "query.advisor_id"},
		{"an unknown transport", "", "GET", availability + "&transport=rocket", nil, 422, "query.transport"},
		{"a day that is none", "", "GET", strings.Replace(availability, "to=2026-11-24", "to=2026-11-31", 1), nil, 422, "query.to"},
		{"a range too long", "", "GET", strings.Replace(availability, "to=2026-11-24", "to=2027-11-24", 1), nil, 422, "query.to"},
		{"a range backwards", "", "GET", strings.Replace(availability, "to=2026-11-24", "to=2026-11-01", 1), nil, 422, "query.to"},
		{"a start without an offset", "", "GET", "/api/v1/availability/why?workshop_id=1&service_id=101&start=2026-11-23T10:00", nil, 422, "query.start"},

		{"no body", "", "POST", "/api/v1/bookings", "", 400, "body"},
		{"broken JSON", "", "POST", "/api/v1/bookings", `{"workshop_id": "1",`, 400, "body"},
		{"a list instead of an object", "", "POST", "/api/v1/bookings", `[]`, 422, "body"},
		{"no start", "", "POST", "/api/v1/bookings", with1(fits, "start", nil), 422, "body.start"},
		{"a start that is none", "", "POST", "/api/v1/bookings", with1(fits, "start", "tomorrow"), 422, "body.start"},
		{"a start in the past", "", "POST", "/api/v1/bookings", with1(fits, "start", "2026-11-20T10:00:00+02:00"), 422, "body.start"},
		{"no customer", "", "POST", "/api/v1/bookings", with1(fits, "customer", nil), 422, "body.customer"},
		{"no name", "", "POST", "/api/v1/bookings", with1(fits, "customer.name", nil), 422, "body.customer.name"},
		{"an empty name", "", "POST", "/api/v1/bookings", with1(fits, "customer.name", ""), 422, "body.customer.name"},
		{"no phone", "", "POST", "/api/v1/bookings", with1(fits, "customer.phone", nil), 422, "body.customer.phone"},
		{"a phone that is none", "", "POST", "/api/v1/bookings", with1(fits, "customer.phone", "12"), 422, "body.customer.phone"},
		{"a phone that is a number", "", "POST", "/api/v1/bookings", with1(fits, "customer.phone", 358401234567), 422, "body.customer.phone"},
		{"an e-mail that is none", "", "POST", "/api/v1/bookings", with1(fits, "customer.email", "maija"), 422, "body.customer.email"},
		{"an unknown language", "", "POST", "/api/v1/bookings", with1(fits, "customer.locale", "de"), 422, "body.customer.locale"},
		{"no plate", "", "POST", "/api/v1/bookings", with1(fits, "vehicle.plate", nil), 422, "body.vehicle.plate"},
		{"a mileage below zero", "", "POST", "/api/v1/bookings", with1(fits, "vehicle.mileage", -1), 422, "body.vehicle.mileage"},
		{"services that are no list", "", "POST", "/api/v1/bookings", with1(fits, "service_ids", "101"), 422, "body.service_ids"},
		{"no services", "", "POST", "/api/v1/bookings", with1(fits, "service_ids", []string{}), 422, "body.service_ids"},
		{"a service of another workshop", "", "POST", "/api/v1/bookings", with1(fits, "service_ids", []string{"201"}), 422, "body.service_ids"},
		{"a service that is a number", "", "POST", "/api/v1/bookings", with1(fits, "service_ids", []int{101}), 422, "body.service_ids[0]"},
		{"an unknown workshop to book", "", "POST", "/api/v1/bookings", with1(fits, "workshop_id", "99"), 422, "body.workshop_id"},
		{"an advisor that is no id", "", "POST", "/api/v1/bookings", with1(fits, "advisor_id", "Sanna"), 422, "body.advisor_id"},
		{"an advisor of another workshop", "", "POST", "/api/v1/bookings", with1(fits, "advisor_id", "21"), 422, "body.advisor_id"},
		{"an unknown transport to book", "", "POST", "/api/v1/bookings", with1(fits, "transport", "rocket"), 422, "body.transport"},
		{"a consent that is a word", "", "POST", "/api/v1/bookings", with1(fits, "consents.survey", "yes"), 422, "body.consents.survey"},
		{"a member nobody knows", "", "POST", "/api/v1/bookings", with1(fits, "advisor", "11"), 422, "body.advisor"},
		{"an endless note", "", "POST", "/api/v1/bookings", with1(fits, "note", strings.Repeat("x", 5000)), 422, "body.note"},
		{"no message", "", "POST", "/api/v1/bookings/" + token + "/messages", object{}, 422, "body.body"},
		{"an empty message", "", "POST", "/api/v1/bookings/" + token + "/messages", object{"body": "  "}, 422, "body.body"},
		{"a call-back phone that is none", "", "POST", "/api/v1/bookings/" + token + "/callback", object{"phone": "abc"}, 422, "body.phone"},
		{"a move to nowhere", "", "PATCH", "/api/v1/bookings/" + token, object{"advisor_id": "x"}, 422, "body.advisor_id"},

		{"no status", boss, "POST", "/api/v1/jobs/1/transitions", object{}, 422, "body.to"},
		{"an unknown channel", boss, "POST", "/api/v1/jobs/1/messages", object{"body": "x", "channel": "fax"}, 422, "body.channel"},
		{"an empty note", boss, "POST", "/api/v1/jobs/1/notes", object{"body": ""}, 422, "body.body"},
		{"a hand-over to nobody", boss, "POST", "/api/v1/jobs/1/handover", object{"advisor_id": "999"}, 422, "body.advisor_id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			messages := map[string]bool{}
			for _, locale := range templates.Locales {
				a := b.send(c.who, c.method, c.path, c.body, "Accept-Language", locale)
				a.t = t
				a.want(c.status)
				if a.header.Get("Content-Type") != problemJSON || a.header.Get("Content-Language") != locale {
					t.Errorf("headers %v", a.header)
				}
				a.equal("status", c.status, "errors.0.location", c.field)
				messages[a.text("errors.0.message")+a.text("title")+a.text("detail")] = true
				if said := a.text("errors.0.message"); strings.Contains(said, "expected") || strings.Contains(said, "validation.") || strings.Contains(said, "{") {
					t.Errorf("%s: not a sentence for people: %s", locale, said)
				}
			}
			if len(messages) != len(templates.Locales) {
				t.Errorf("some languages say the same: %v", messages)
			}
		})
	}
}

func TestNullIsReadAsAbsent(t *testing.T) {
	b := onSQLite(t)
	body := visit("10:00")
	for _, name := range []string{"vehicle", "advisor_id", "note", "hold_id", "consents"} {
		body[name] = nil
	}
	body["customer"].(object)["email"] = nil
	b.send("", "POST", "/api/v1/bookings", body).want(201)
	b.send("", "POST", "/api/v1/bookings", object{"workshop_id": nil}, "Accept-Language", "en").want(422)
}

func TestEveryErrorOfTheAPIIsAProblemDocument(t *testing.T) {
	b := onSQLite(t)
	for _, c := range []struct {
		name, method, path string
		body               any
		status             int
		headers            []string
	}{
		{"an unknown path", "GET", "/api/v1/nothing", nil, 404, nil},
		{"an unknown version", "GET", "/api/v9", nil, 404, nil},
		{"a wrong method", "PUT", "/api/v1/bookings", object{}, 405, nil},
		{"too much", "POST", "/api/v1/bookings", `{"note":"` + strings.Repeat("x", maxBody) + `"}`, 413, nil},
		{"another site's page", "POST", "/api/v1/bookings", visit("10:00"), 403, []string{"Sec-Fetch-Site", "cross-site"}},
		{"another content type", "POST", "/api/v1/bookings", "workshop_id=1", 415, []string{"Content-Type", "application/x-www-form-urlencoded"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := b.send("", c.method, c.path, c.body, append(c.headers, "Accept-Language", "en")...)
			a.t = t
			a.want(c.status)
			if got := a.header.Get("Content-Type"); got != problemJSON {
				t.Errorf("content type %s", got)
			}
			a.equal("status", c.status)
			for _, member := range []string{"type", "title", "detail"} {
				a.text(member)
			}
		})
	}
}

func TestAPanicIsOurFaultAndTellsNothing(t *testing.T) {
	b := onSQLite(t)
	b.server.echo.GET("/api/v1/boom", func(echo.Context) error { panic("secret detail") })
	b.server.echo.GET("/boom", func(echo.Context) error { panic("secret detail") })
	for _, path := range []string{"/api/v1/boom", "/boom"} {
		a := b.send("", "GET", path, nil).want(500)
		if strings.Contains(string(a.raw), "secret") {
			t.Errorf("%s tells: %s", path, a.raw)
		}
	}
	if log := b.logged.String(); !strings.Contains(log, "secret detail") || !strings.Contains(log, "errors_test.go") {
		t.Errorf("the log lacks the panic and its place: %s", log)
	}
}

func TestEachKindOfFaultHasItsStatus(t *testing.T) {
	for kind := fault.Internal; kind <= fault.Unavailable; kind++ {
		if f, status := asFault(errors.Join(fault.New(kind, "fault.internal"))); status < 400 || f.Kind != kind {
			t.Errorf("kind %d: status %d", kind, status)
		}
	}
	if _, status := asFault(&http.MaxBytesError{}); status != 413 {
		t.Errorf("too large: %d", status)
	}
	if f, status := asFault(errors.New("disk on fire")); status != 500 || f.Key != "fault.internal" {
		t.Errorf("any other error: %d %s", status, f.Key)
	}
}

func TestABookingIsToldAllThatIsWrongWithItAtOnce(t *testing.T) {
	b := onSQLite(t)
	places := func(a *answer) (out []string) {
		for _, e := range a.want(422).items("errors") {
			out = append(out, e.(object)["location"].(string))
		}
		slices.Sort(out)
		return out
	}
	for name, c := range map[string]struct {
		wrong object
		want  []string
	}{
		"what the room finds, with the start": {
			object{"customer.phone": "123", "customer.email": "nobody", "start": "2026-11-22T10:00:00+02:00", "vehicle.vin": "short"},
			[]string{"body.customer.email", "body.customer.phone", "body.start", "body.vehicle.vin"},
		},
		"what cannot be read, with what the room finds": {
			object{"advisor_id": "x", "hold_id": "my hold", "service_ids": []string{"999"}, "customer.name": " "},
			[]string{"body.advisor_id", "body.customer.name", "body.hold_id", "body.service_ids"},
		},
		"what the schema refuses, with both": {
			object{"customer.name": "", "customer.phone": "123", "workshop_id": "x", "start": "tomorrow", "vehicle.mileage": -1, "note": "\u0007"},
			[]string{"body.customer.name", "body.note", "body.start", "body.vehicle.mileage", "body.workshop_id"},
		},
		"an advisor and a service that are not there": {
			object{"advisor_id": "99", "service_ids": []string{"101", "201"}, "transport": "rocket"},
			[]string{"body.advisor_id", "body.service_ids", "body.transport"},
		},
		"nobody knows the workshop": {
			object{"workshop_id": "9", "customer.email": "nobody"},
			[]string{"body.customer.email", "body.workshop_id"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			body := visit("10:00")
			for path, value := range c.wrong {
				body = with1(body, path, value)
			}
			for _, call := range [][2]string{{"", "/api/v1/bookings"}, {"boss@example.com", "/api/v1/jobs"}} {
				if got := places(b.send(call[0], "POST", call[1], body)); !slices.Equal(got, c.want) {
					t.Errorf("%s: wrong are %v, want %v", call[1], got, c.want)
				}
			}
		})
	}
}
