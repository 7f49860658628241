package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestAManagerSetsHoursAndClosuresOnThePage(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		board := b.atDesk(mira)
		if got := board.link("Settings"); got != "/desk/settings" {
			t.Fatalf("the link leads to %s", got)
		}
		page := b.open("/desk/settings").want(200).says("Autohuolto Testi", "Opening hours", "Sanna Niemi", "Oil change", "from €89.00")
		f := page.form("/desk/settings/hours")
		if got := f.values["mon-from"]; len(got) != 2 || got[0] != "08:00" || got[1] != "" {
			t.Errorf("Monday opens at %v", got)
		}
		f.set("mon-from", "08:00", "13:00").set("mon-to", "12:00", "00:00").set("fri-from", "", "").set("fri-to", "", "").
			send().want(200).says("Saved.", "Hours Autohuolto Testi: changed", "Mira Manager")
		b.send(mira, "GET", "/api/v1/hours?workshop_id=1", nil).want(200).equal("items.0.week.mon.0", "08:00-12:00", "items.0.week.mon.1", "13:00-24:00", "items.0.week.fri", nil)
		wrong := b.open("/desk/settings").form("/desk/settings/hours").set("tue-from", "16:00", "").set("tue-to", "08:00", "").send().want(422)
		if got := wrong.wrong(); len(got) != 4 || got[0] != "tue-from" {
			t.Errorf("marked as wrong: %v", got)
		}
		if got := wrong.form("/desk/settings/hours").values["tue-from"]; got[0] != "16:00" {
			t.Errorf("what was typed is gone: %v", got)
		}
		closed := b.open("/desk/settings").form("/desk/settings/closures").set("from", "2026-12-24").set("to", "2026-12-26").set("reason", "Jouluna kiinni").
			send().want(200).says("24 December 2026", "Jouluna kiinni")
		closed.form("/desk/settings/closures").set("from", "2026-12-24").set("to", "2026-12-20").send().want(422)
		closed.form("/remove").send().want(200).saysNot("Jouluna kiinni")
	})
}

func TestAManagerSetsAdvisorsAndServicesOnThePage(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		b.atDesk(mira)
		page := b.open("/desk/settings")
		form := b.open(page.link("Add an advisor")).want(200).form("/advisors/new")
		bad := form.set("name", "").set("phone", "12").send().want(422)
		if got := strings.Join(bad.wrong(), " "); got != "name phone" {
			t.Errorf("marked as wrong: %s", got)
		}
		bad.form("/advisors/new").set("name", "Pia Öst").set("phone", "").set("title", "Rådgivare").set("languages", "sv, fi").set("stand_in_id", "11").
			set("wed-from", "10:00", "").set("wed-to", "11:00", "").send().want(200).says("Pia Öst", "Advisor Pia Öst: added")
		pia := b.open("/desk/settings").link("Pia Öst")
		f := b.open(pia).want(200).form(pia)
		if f.values.Get("languages") != "sv, fi" || f.values.Get("stand_in_id") != "11" || f.values["wed-to"][0] != "11:00" || f.values.Get("active") != "1" {
			t.Errorf("%v", f.values)
		}
		// A wrong hour keeps the rest from being stored as well.
		f.set("name", "Pia Norr").set("mon-from", "10:10", "").set("mon-to", "", "").send().want(422)
		b.open("/desk/settings").want(200).says("Pia Öst").saysNot("Pia Norr")
		f = b.open(pia).form(pia)
		f.values.Del("active")
		f.send().want(200).says("Not bookable")

		form = b.open(b.open("/desk/settings").link("Add a service")).want(200).form("/services/new")
		bad = form.set("name-fi", "").set("duration_minutes", "7").send().want(422)
		if got := strings.Join(bad.wrong(), " "); got != "name-fi duration_minutes" {
			t.Errorf("marked as wrong: %s", got)
		}
		bad.form("/services/new").set("name-fi", "Pesu").set("name-sv", "Tvätt").set("duration_minutes", "30").set("reception_minutes", "10").
			set("price_from", "25,50").set("transport", "waiting", "drop_off").send().want(200).says("Pesu", "€25.50")
		b.send("", "GET", "/api/v1/services?workshop_id=1", nil, "Accept-Language", "sv").want(200).
			equal("items.2.name", "Tvätt", "items.2.price_from.amount", 2550, "items.2.transports", "[waiting drop_off]")
		wash := b.open("/desk/settings").link("Pesu")
		b.open(wash).want(200).form(wash).set("price_from", "cheap").send().want(422)
		f = b.open(wash).want(200).form(wash).set("price_from", "").set("name-sv", "")
		f.values.Del("active")
		f.send().want(200).says("Not offered")
		b.send(mira, "GET", "/api/v1"+strings.TrimPrefix(wash, "/desk/settings"), nil).want(200).
			equal("active", false, "price_from.amount", 0, "translations", nil, "name", "Pesu")
	})
}

func TestTheSettingsPagesAreForManagersOfTheWorkshop(t *testing.T) {
	b := onSQLite(t)
	mira := b.manager()
	board := b.atDesk("sanna@example.com")
	board.saysNot("Settings")
	for _, path := range []string{"", "/advisors/11", "/services/101", "/services/new"} {
		b.open("/desk/settings" + path).want(http.StatusForbidden)
	}
	b.browse("POST", "/desk/settings/closures", map[string][]string{"from": {"2026-12-24"}}).want(http.StatusForbidden)
	b.browse("POST", "/desk/sign-out", map[string][]string{})
	b.atDesk(mira)
	for _, path := range []string{"/advisors/21", "/services/201", "/advisors/x", "/services/0"} {
		b.open("/desk/settings" + path).want(http.StatusNotFound)
		b.browse("POST", "/desk/settings"+path, map[string][]string{"name": {"X"}}).want(http.StatusNotFound)
	}
	b.browse("POST", "/desk/sign-out", map[string][]string{})
	b.atDesk("boss@example.com")
	page := b.open("/desk/settings?workshop=2").want(200).says("Bilservice Test", "Olli Ek")
	b.open(page.link("Olli Ek")).want(200)
	page.form("/desk/settings/hours?workshop=2").set("mon-from", "09:00", "").send().want(200).says("Hours Bilservice Test: changed")
	for _, locale := range []string{"fi", "sv"} {
		for _, path := range []string{"?", "/advisors/11?", "/advisors/new?", "/services/101?", "/services/new?"} {
			b.open("/desk/settings" + path + "workshop=1&lang=" + locale).want(200)
		}
	}
}
