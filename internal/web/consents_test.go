package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"neuvo/notify"
)

const maija = "+358401234567"

// said lists what is on file of an address, the oldest first.
func (b *bed) said(address string) (list []string) {
	b.t.Helper()
	rows, err := b.notify.Consents(b.t.Context(), address)
	b.must(err)
	for i := len(rows) - 1; i >= 0; i-- {
		r := rows[i]
		if !r.At.Equal(b.clock.now()) {
			b.t.Errorf("%s is dated %s", r.Purpose, r.At)
		}
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %t by %s %s from %s: %s", r.Purpose, r.Given, r.How, r.Author, r.Origin, r.Wording)))
	}
	return list
}

func TestConsentsOfABookingAreEvidence(t *testing.T) {
	each(t, func(b *bed) {
		// On our page: what was ticked, in the words beside the boxes.
		form := filled(b.toDetails("10:00"))
		form.values.Del("survey")
		form.values.Set("marketing", "1")
		form.send().want(200).says("Your booking is made")
		want := []string{
			"reminder true by booking  from 127.0.0.1: Remind me the day before",
			"marketing true by booking  from 127.0.0.1: You may send me offers",
		}
		for _, address := range []string{maija, "maija@example.com"} {
			if diff := cmp.Diff(want, b.said(address)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", address, diff)
			}
		}
		// A partner's page tells its own words. What is left out is presumed, not
		// said; what is refused is no withdrawal from what was agreed to before.
		partner := with1(visit("11:00"), "consents", object{"survey": true, "marketing": false, "wording": object{"survey": "Haluan  antaa\npalautetta"}})
		b.send("", "POST", "/api/v1/bookings", partner).want(201)
		want = append(want, "survey true by booking  from 127.0.0.1: Haluan antaa palautetta")
		if diff := cmp.Diff(want, b.said(maija)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// At the desk an advisor writes it down; what is known is not written again.
		desk := with1(visit("12:00"), "customer", object{"name": "Kalle", "phone": "+358407654321"})
		id := b.send(sanna, "POST", "/api/v1/jobs", desk).want(201).text("id")
		want = []string{"survey true by desk Sanna Niemi from :", "reminder true by desk Sanna Niemi from :"}
		if diff := cmp.Diff(want, b.said("+358407654321")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		log := b.send(sanna, "GET", "/api/v1/jobs/"+id+"/consents", nil).want(200)
		log.equal("items.1.purpose", "survey", "items.1.how", "desk", "items.1.author", "Sanna Niemi", "items.1.given", true)
		b.send(olli, "GET", "/api/v1/jobs/"+id+"/consents", nil).want(404)
		b.send("", "GET", "/api/v1/jobs/"+id+"/consents", nil).want(401)
		b.atDesk("sanna@example.com")
		b.open("/desk/jobs/"+id).want(200).says("Consents: who, when and how", "Question after the visit: yes told at the desk, Sanna Niemi")
	})
}

func TestTheFormOfABookingBringsNothingBackThatItsOwnerHasStopped(t *testing.T) {
	each(t, func(b *bed) {
		_, token := b.book("10:00")
		stop := map[notify.Purpose]bool{notify.Survey: false, notify.Reminder: false, notify.Marketing: false}
		b.must(b.notify.SetConsents(t.Context(), []string{maija}, stop, notify.Evidence{How: notify.ByText, Origin: maija}))
		all := with1(visit("11:00"), "consents", object{"survey": true, "reminders": true, "marketing": true})
		again := b.send("", "POST", "/api/v1/bookings", all).want(201)
		b.send(sanna, "GET", "/api/v1/jobs/"+again.text("id"), nil).equal("consents.survey", false, "consents.reminders", false, "consents.marketing", false)
		gone, err := b.notify.Withdrawn(t.Context(), maija)
		if err != nil || len(gone) != 3 {
			t.Errorf("withdrawn %v, %v", gone, err)
		}
		// The customer says so on the page of the visit, or through a partner's.
		path := "/api/v1/bookings/" + token
		b.send("", "GET", path, nil).want(200).equal("consents.survey", true)
		b.send("", "POST", path+"/consents", object{"survey": true, "marketing": false, "wording": object{"survey": "Kysykää vain"}}).want(200).
			equal("survey", true, "reminders", true, "marketing", false)
		list := b.said(maija)
		if got := list[len(list)-1]; got != "survey true by page  from 127.0.0.1: Kysykää vain" {
			t.Errorf("written down: %q", got)
		}
		if gone, err = b.notify.Withdrawn(t.Context(), maija); err != nil || gone[notify.Survey] || !gone[notify.Reminder] {
			t.Errorf("withdrawn %v, %v", gone, err)
		}
		b.send("", "POST", path+"/consents", object{}).want(422).equal("errors.0.location", "body.survey")
		b.send("", "POST", "/api/v1/bookings/aaaaaaaaaaaaaaaaaa/consents", object{"survey": true}).want(404)
	})
}
