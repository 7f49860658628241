package web

import (
	"context"
	"strings"
	"testing"

	"neuvo/internal/auth"
	"neuvo/internal/db"
)

// manager adds a manager of workshop 1 to the staff.
func (b *bed) manager() string {
	b.t.Helper()
	const who = "mira@example.com"
	if b.db.Dialect == db.Postgres {
		// The workshops of the bed have been given their ids.
		b.must(b.db.Tx(b.t.Context(), func(ctx context.Context) error {
			for _, table := range []string{"workshops", "services", "resources"} {
				if err := b.db.In(ctx).Exec("SELECT setval(pg_get_serial_sequence(?, 'id'), 1000)", table).Error; err != nil {
					return err
				}
			}
			return nil
		}))
	}
	directory := auth.New(b.db)
	_, err := directory.Add(b.t.Context(), auth.NewStaff{Email: who, Name: "Mira Manager", Role: auth.Manager, Password: testPassword, WorkshopID: 1})
	b.must(err)
	b.tokens[who], err = directory.IssueToken(b.t.Context(), who)
	b.must(err)
	return who
}

func TestAManagerSetsAServiceOverTheAPI(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		made := b.send(mira, "POST", "/api/v1/services", object{
			"workshop_id": "1", "name": "Pesu", "duration_minutes": 30, "price_from": object{"amount": 2500, "currency": "EUR"},
			"transports": []string{"waiting"}, "translations": object{"en": object{"name": "Wash"}},
		}).want(201).equal("key", "pesu", "reception_minutes", 30, "active", true, "translations.en.name", "Wash", "price_from.currency", "EUR")
		id := made.text("id")
		if made.header.Get("Location") != "/api/v1/services/"+id {
			t.Errorf("location %q", made.header.Get("Location"))
		}
		path := "/api/v1/services/" + id
		b.send("", "GET", "/api/v1/services?workshop_id=1", nil, "Accept-Language", "en").want(200).equal("items.0.name", "Oil change", "items.0.key", nil)
		// Only what is given changes; null is not given.
		b.send(mira, "PATCH", path, `{"price_from":{"amount":2900},"description":null,"translations":{"sv":{"name":"Tvätt"},"en":{}}}`).want(200).
			equal("price_from.amount", 2900, "name", "Pesu", "duration_minutes", 30, "translations.sv.name", "Tvätt", "translations.en", nil)
		b.send("", "GET", "/api/v1/services?workshop_id=1", nil, "Accept-Language", "sv").want(200).equal("items.2.name", "Tvätt")
		b.send(mira, "GET", path, nil).want(200).equal("name", "Pesu", "position", 2)
		b.send(mira, "PATCH", path, object{"active": false}).want(200)
		if n := len(b.send("", "GET", "/api/v1/services?workshop_id=1&inactive=true", nil).want(200).items("items")); n != 2 {
			t.Errorf("strangers see %d services, want 2", n)
		}
		if n := len(b.send(mira, "GET", "/api/v1/services?workshop_id=1&inactive=true", nil).want(200).items("items")); n != 3 {
			t.Errorf("staff see %d services, want 3", n)
		}
		b.send(mira, "DELETE", path, nil).want(204)
		b.send(mira, "GET", path, nil).want(404)
		b.book("10:00")
		b.send(mira, "DELETE", "/api/v1/services/101", nil).want(204)
		b.send(mira, "GET", "/api/v1/services/101", nil).want(200).equal("active", false)
	})
}

func TestWrongSettingsAreToldAtTheirPlaceInEveryLanguage(t *testing.T) {
	b := onSQLite(t)
	mira := b.manager()
	for _, c := range []struct {
		name, method, path, body, location string
	}{
		{"a word it does not know", "PATCH", "/services/101", `{"colour":"red"}`, "body.colour"},
		{"text for a number", "PATCH", "/services/101", `{"duration_minutes":"long"}`, "body.duration_minutes"},
		{"seven minutes", "PATCH", "/services/101", `{"duration_minutes":7}`, "body.duration_minutes"},
		{"another currency", "PATCH", "/services/101", `{"price_from":{"amount":1,"currency":"SEK"}}`, "body.price_from.currency"},
		{"a way of coming that is none", "PATCH", "/services/101", `{"transports":["balloon"]}`, "body.transports[0]"},
		{"a language we lack", "PATCH", "/services/101", `{"translations":{"de":{"name":"Ölwechsel"}}}`, "body.translations.de"},
		{"no name", "POST", "/services", `{"workshop_id":"1","duration_minutes":30}`, "body.name"},
		{"no workshop", "POST", "/services", `{"name":"X","duration_minutes":30}`, "body.workshop_id"},
		{"another's workshop", "POST", "/services", `{"workshop_id":"2","name":"X","duration_minutes":30}`, "body.workshop_id"},
		{"a key that is taken", "POST", "/services", `{"workshop_id":"1","key":"oil","name":"X","duration_minutes":30}`, "body.key"},
		{"a stand-in from elsewhere", "PATCH", "/advisors/11", `{"stand_in_id":"21"}`, "body.stand_in_id"},
		{"a stand-in that is no id", "PATCH", "/advisors/11", `{"stand_in_id":"Matti"}`, "body.stand_in_id"},
		{"a zone that is none", "PATCH", "/workshops/1", `{"time_zone":"Europe/Vanda"}`, "body.time_zone"},
		{"a time that is none", "PATCH", "/workshops/1", `{"reminder_at":"10.00"}`, "body.reminder_at"},
		{"holidays of no kind", "PATCH", "/workshops/1", `{"holidays":"some"}`, "body.holidays"},
		{"no such day", "PUT", "/hours", `{"workshop_id":"1","week":{"monday":["08:00-16:00"]}}`, "body.week.monday"},
		{"a span that is none", "PUT", "/hours", `{"workshop_id":"1","week":{"mon":["8-16"]}}`, "body.week.mon[0]"},
		{"hours of another's advisor", "PUT", "/hours", `{"workshop_id":"1","resource_id":"21","week":{}}`, "body.resource_id"},
		{"never open", "PUT", "/hours", `{"workshop_id":"1","week":{}}`, "body.week"},
		{"a date that is none", "POST", "/closures", `{"workshop_id":"1","from":"24.12.2026"}`, "body.from"},
		{"a closure backwards", "POST", "/closures", `{"workshop_id":"1","from":"2026-12-24","to":"2026-12-23"}`, "body.to"},
		{"a skill in capitals", "POST", "/pools", `{"workshop_id":"1","skill":"Paint","minutes":{"mon":60}}`, "body.skill"},
		{"a pool without labour", "POST", "/pools", `{"workshop_id":"1","skill":"paint"}`, "body.minutes"},
		{"labour of no day", "POST", "/pools", `{"workshop_id":"1","skill":"paint","minutes":{"someday":60}}`, "body.minutes.someday"},
		{"labour of the past", "POST", "/pools", `{"workshop_id":"1","skill":"paint","minutes":{"mon":60},"dates":[{"date":"2026-11-22","minutes":0}]}`, "body.dates[0].date"},
		{"more online than there is", "PATCH", "/workshops/1", `{"transport_limits":[{"transport":"loaner","per_day":2,"online_share":3}]}`, "body.transport_limits[0].online_share"},
		{"labour of no skill", "PATCH", "/services/101", `{"labour_minutes":60}`, "body.skill"},
		{"a kind that is none", "POST", "/resources", `{"workshop_id":"1","kind":"robot","name":"X"}`, "body.kind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := map[string]bool{}
			for _, locale := range []string{"fi", "sv", "en"} {
				a := b.send(mira, c.method, "/api/v1"+c.path, c.body, "Accept-Language", locale).want(422).equal("errors.0.location", c.location)
				message := a.text("errors.0.message")
				if strings.Contains(message, "fault.") || strings.Contains(message, "validation.") || said[message] {
					t.Errorf("%s: %q", locale, message)
				}
				said[message] = true
			}
		})
	}
}

func TestSettingsAreForManagersOfTheirOwnWorkshop(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		bodies := object{
			"services": object{"workshop_id": "2", "name": "X", "duration_minutes": 30}, "advisors": object{"workshop_id": "2", "name": "X"},
			"resources": object{"workshop_id": "2", "name": "X", "kind": "bay"}, "closures": object{"workshop_id": "2", "from": "2026-12-24"},
		}
		for what, body := range bodies {
			b.send("", "POST", "/api/v1/"+what, body).want(401)
			b.send("olli@example.com", "POST", "/api/v1/"+what, body).want(403)
			b.send(mira, "POST", "/api/v1/"+what, body).want(422)
		}
		b.send("olli@example.com", "PUT", "/api/v1/hours", object{"workshop_id": "2", "week": object{"mon": []string{"08:00-16:00"}}}).want(403)
		for _, path := range []string{"/services/201", "/advisors/21", "/workshops/2"} {
			b.send("olli@example.com", "GET", "/api/v1"+path, nil).want(200)
			b.send("olli@example.com", "PATCH", "/api/v1"+path, object{"name": "X"}).want(403)
			b.send("olli@example.com", "DELETE", "/api/v1"+path, nil).want(403)
			b.send(mira, "GET", "/api/v1"+path, nil).want(404)
			b.send(mira, "PATCH", "/api/v1"+path, object{"name": "X"}).want(404)
			b.send("boss@example.com", "PATCH", "/api/v1"+path, object{"name": "Uusi nimi"}).want(200).equal("name", "Uusi nimi")
		}
		b.send(mira, "DELETE", "/api/v1/services/201", nil).want(404)
		b.send(mira, "DELETE", "/api/v1/workshops/1", nil).want(403)
		b.send(mira, "PATCH", "/api/v1/workshops/1", object{"active": false}).want(403)
		b.send(mira, "GET", "/api/v1/resources?workshop_id=2", nil).want(422)
		b.send(mira, "PATCH", "/api/v1/workshops/1", object{"phone": "09 4241 5500", "min_notice_minutes": 120}).want(200).
			equal("phone", "+358942415500", "min_notice_minutes", 120, "slot_minutes", 15)
		b.send(mira, "POST", "/api/v1/workshops", object{"name": "X"}).want(403)
		made := b.send("boss@example.com", "POST", "/api/v1/workshops", object{"name": "Pyöräpaja", "time_zone": "Europe/Helsinki", "locale": "fi", "country": "FI", "currency": "EUR"}).
			want(201).equal("key", "pyorapaja", "slot_minutes", 15, "reminder_at", "10:00", "active", true)
		b.send("boss@example.com", "DELETE", "/api/v1/workshops/"+made.text("id"), nil).want(204)
		var n int64
		b.must(b.db.In(t.Context()).Table("settings_log").Where("staff_id > 0").Count(&n).Error)
		if n != 6 {
			t.Errorf("%d lines in the log, want 6", n)
		}
	})
}

func TestAdvisorsHoursAndClosuresDecideWhatIsOffered(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		made := b.send(mira, "POST", "/api/v1/advisors", object{"workshop_id": "1", "name": "Pia Öst", "languages": []string{"sv"}, "stand_in_id": "11"}).
			want(201).equal("stand_in_id", "11", "active", true)
		id := made.text("id")
		free := func() int {
			a := b.send("", "GET", "/api/v1/availability?workshop_id=1&service_id=101&from=2026-11-25&to=2026-11-25&advisor_id="+id, nil).want(200)
			return len(a.items("days.0.slots"))
		}
		if free() == 0 {
			t.Error("nothing is offered with the new advisor")
		}
		b.send(mira, "PUT", "/api/v1/hours", object{"workshop_id": "1", "resource_id": id, "week": object{"wed": []string{"10:00-11:00"}}}).want(200).
			equal("resource_id", id, "week.wed.0", "10:00-11:00")
		if n := free(); n == 0 || n > 4 {
			t.Errorf("%d starts within an hour", n)
		}
		list := b.send("sanna@example.com", "GET", "/api/v1/hours?workshop_id=1", nil).want(200)
		if list.get("items.0.resource_id") != nil || list.text("items.0.week.mon.0") != "08:00-16:00" || list.text("items.1.resource_id") != id {
			t.Errorf("%s", list.raw)
		}
		closure := b.send(mira, "POST", "/api/v1/closures", object{"workshop_id": "1", "from": "2026-11-25", "reason": "Inventaario"}).want(201).equal("to", "2026-11-25")
		if n := free(); n != 0 {
			t.Errorf("%d starts on a closed day", n)
		}
		path := "/api/v1/closures/" + closure.text("id")
		b.send(mira, "PATCH", path, object{"from": "2026-11-26", "to": "2026-11-27"}).want(200).equal("reason", "Inventaario")
		b.send("sanna@example.com", "GET", "/api/v1/closures?workshop_id=1", nil).want(200).equal("items.0.from", "2026-11-26")
		b.send("sanna@example.com", "GET", "/api/v1/closures?workshop_id=1&from=2026-12-01", nil).want(200)
		b.send(mira, "DELETE", path, nil).want(204)
		if n := free(); n == 0 {
			t.Error("nothing is offered on an open day")
		}
		bay := b.send(mira, "POST", "/api/v1/resources", object{"workshop_id": "1", "kind": "bay", "name": "Nosturi 1"}).want(201).text("id")
		b.send(mira, "PATCH", "/api/v1/resources/"+bay, object{"active": false}).want(200).equal("active", false, "key", "nosturi-1")
		b.send("sanna@example.com", "GET", "/api/v1/resources?workshop_id=1", nil).want(200).equal("items.0.kind", "bay")
		b.send(mira, "DELETE", "/api/v1/resources/"+bay, nil).want(204)
		b.send(mira, "PATCH", "/api/v1/advisors/"+id, object{"active": false, "stand_in_id": ""}).want(200).equal("stand_in_id", "")
		if n := len(b.send("", "GET", "/api/v1/advisors?workshop_id=1", nil).want(200).items("items")); n != 2 {
			t.Errorf("%d advisors are offered", n)
		}
		b.send(mira, "DELETE", "/api/v1/advisors/"+id, nil).want(204)
		b.send(mira, "GET", "/api/v1/advisors/"+id, nil).want(404)
	})
}

func TestLabourAndPlacesAreSetByAmount(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		made := b.send(mira, "POST", "/api/v1/pools", object{"workshop_id": "1", "skill": "mechanic", "minutes": object{"mon-fri": 480},
			"dates": []object{{"date": "2026-12-23", "minutes": 120}}}).want(201).
			equal("minutes.wed", 480, "minutes.sun", 0, "dates.0.minutes", 120, "name", "")
		path := "/api/v1/pools/" + made.text("id")
		b.send(mira, "POST", "/api/v1/pools", object{"workshop_id": "1", "skill": "mechanic", "minutes": object{"mon": 1}}).want(422).equal("errors.0.location", "body.skill")
		b.send(mira, "PATCH", path, object{"name": "Mekaanikot", "minutes": object{"fri": 240}, "dates": []object{}}).want(200).
			equal("minutes.fri", 240, "minutes.mon", 480, "dates", "[]")
		b.send("sanna@example.com", "GET", "/api/v1/pools?workshop_id=1", nil).want(200).equal("items.0.name", "Mekaanikot")
		b.send("sanna@example.com", "PATCH", path, object{"name": "X"}).want(403)
		b.send("olli@example.com", "GET", path, nil).want(404)
		limits := []object{{"transport": "loaner", "per_day": 3, "online_share": 1}, {"transport": "waiting", "per_day": 8, "online_share": 0}}
		b.send(mira, "PATCH", "/api/v1/workshops/1", object{"transport_limits": limits}).want(200).equal("transport_limits.0.per_day", 3)
		ids := func() (ids []int64) {
			b.must(b.db.In(t.Context()).Table("transport_limits").Where("transport = ?", "loaner").Pluck("id", &ids).Error)
			return ids
		}
		before := ids()
		b.send(mira, "PATCH", "/api/v1/workshops/1", object{"transport_limits": []object{{"transport": "loaner", "per_day": 5, "online_share": 1}}}).want(200)
		if after := ids(); len(after) != 1 || after[0] != before[0] {
			t.Errorf("what was booked counts against %v, the limit is %v", before, after)
		}
		b.send(mira, "GET", "/api/v1/workshops/1", nil).want(200).equal("transport_limits", "[map[online_share:1 per_day:5 transport:loaner]]")
		b.send(mira, "DELETE", path, nil).want(204)
		b.send(mira, "DELETE", path, nil).want(404)
	})
}
