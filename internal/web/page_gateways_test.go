package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"neuvo/notify"
)

// through is a gateway of texts that takes everything.
type through string

func (t through) Name() string          { return string(t) }
func (through) Channel() notify.Channel { return notify.SMS }
func (through) Send(context.Context, notify.Envelope) (notify.Sent, error) {
	return notify.Sent{Final: true}, nil
}

// withGateways gives the server two gateways of texts and one of e-mail.
func withGateways(o *Options) {
	o.Notifier = notify.New(o.DB, notify.Options{Now: o.Now, Log: o.Log, Routes: []notify.Route{
		{Gateway: &lastMail{}}, {Gateway: through("twilio"), Prefixes: []string{"+358", "+46"}, PerSecond: 10, Numbers: []string{"+358401111111"}, Names: map[string]string{"+358": "AUTOTALO"}},
		{Gateway: through("kannel")},
	}})
}

func TestAManagerSeesAndSetsTheGatewaysOverTheAPI(t *testing.T) {
	each(t, func(b *bed) {
		mira := b.manager()
		b.send(sanna, "GET", "/api/v1/gateways", nil).want(http.StatusForbidden)
		b.send("", "GET", "/api/v1/gateways", nil).want(http.StatusUnauthorized)
		list := b.send(mira, "GET", "/api/v1/gateways", nil).want(200)
		list.equal("items.0.channel", "email", "items.1.name", "twilio", "items.1.state", "active", "items.1.order", 1, "items.1.rate", 10, "items.1.answerable", true,
			"items.1.prefixes.1", "+46", "items.1.sender_names.+358", "AUTOTALO", "items.2.name", "kannel", "items.2.order", 2, "items.2.answerable", false, "items.2.last_24_hours.accepted", 0)
		// What all workshops send through is not for the manager of one of several.
		b.send(mira, "PATCH", "/api/v1/gateways/twilio", object{"paused": true}).want(http.StatusForbidden)
		b.send(boss, "PATCH", "/api/v1/gateways/twilio", object{"paused": true, "rate": 2.5}).want(200).
			equal("state", "paused", "rate", 2.5, "operators_rate", 10, "changed_by", "Bea Boss")
		b.send(boss, "PATCH", "/api/v1/gateways/twilio", object{"paused": false}).want(200).equal("state", "active", "rate", 2.5)
		b.send(boss, "PATCH", "/api/v1/gateways/twilio", object{"rate": 11}, "Accept-Language", "en").want(422).
			equal("errors.0.location", "body.rate", "errors.0.message", "At most 10 a second: more is for whoever runs this program to set.")
		b.send(boss, "PATCH", "/api/v1/gateways/twilio", object{"rate": -1}).want(422)
		b.send(boss, "PATCH", "/api/v1/gateways/twilio", object{"rate": 0}).want(200).equal("rate", 10)
		b.send(boss, "PATCH", "/api/v1/gateways/nobody", object{"paused": true}).want(404)
		b.send(boss, "GET", "/api/v1/gateways/kannel", nil).want(200).equal("name", "kannel")
		b.send(boss, "GET", "/api/v1/gateways/nobody", nil).want(404)
	}, withGateways)
}

func TestTheGatewaysArePausedAndResumedOnThePage(t *testing.T) {
	b := onSQLite(t, withGateways)
	b.atDesk("boss@example.com")
	page := b.open(b.open("/desk/settings").link("Gateways")).want(200)
	page.says("twilio", "In use", "+358, +46", "+358 AUTOTALO", "customers can answer", "10 a second", "0 sent, 0 put off").saysNot("page.gateways", "{")
	page.accessible()
	at := "/desk/settings/gateways/twilio?workshop=1"
	page.form(at).set("act", "pause").send().want(200).says("Saved.", "Paused", "Resume")
	b.open("/desk/settings/gateways").form(at).set("act", "resume").send().want(200).says("Saved.").saysNot("Paused")
	b.open("/desk/settings/gateways").form(at).set("act", "rate").set("rate", "2,5").send().want(200).says("2.5 a second")
	for typed, told := range map[string]string{"many": "Give a number", "11": "At most 10 a second", "-3": "Give a number"} {
		refused := b.open("/desk/settings/gateways").form(at).set("act", "rate").set("rate", typed).send().want(422).says(told)
		refused.accessible()
		if got := refused.form(at).values.Get("rate"); got != typed {
			t.Errorf("what was typed is %q now", got)
		}
	}
	b.browse("POST", "/desk/sign-out", nil)
	mira := b.manager()
	b.atDesk(mira)
	seen := b.open("/desk/settings/gateways").want(200).says("twilio")
	if forms := strings.Join(seen.forms(), " "); strings.Contains(forms, "gateways") {
		t.Errorf("a manager of one workshop of several may change %s", forms)
	}
	b.browse("POST", at, map[string][]string{"act": {"pause"}}).want(http.StatusForbidden)
}
