package web

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"neuvo/notify"
)

// undelivered books a visit whose texts find no gateway, and gives the job and
// its texts that did not arrive.
func (b *bed) undelivered(clock string) (job string, messages []string) {
	b.t.Helper()
	job, _ = b.book(clock)
	b.send(sanna, "POST", "/api/v1/jobs/"+job+"/messages", object{"body": "Hei!", "channel": "sms"}).want(201)
	if _, err := b.notify.SendDue(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	for _, item := range b.send(sanna, "GET", "/api/v1/messages?state=failed", nil).want(200).items("items") {
		if m := item.(object); m["job_id"] == job && m["channel"] == "sms" {
			messages = append(messages, m["id"].(string))
		}
	}
	if len(messages) != 2 {
		b.t.Fatalf("%d texts did not arrive, want 2", len(messages))
	}
	return job, messages
}

func TestWhatDidNotArriveIsListedSentAgainOrSettled(t *testing.T) {
	each(t, func(b *bed) {
		job, ids := b.undelivered("10:00")
		list := b.send(sanna, "GET", "/api/v1/messages?state=failed", nil).want(200)
		if !strings.Contains(string(list.raw), "no gateway is set up") {
			t.Errorf("no cause is given: %s", list.raw)
		}
		if got := b.send(olli, "GET", "/api/v1/messages?state=failed", nil).want(200).items("items"); len(got) != 0 {
			t.Errorf("another workshop's messages are shown: %v", got)
		}
		b.send("", "GET", "/api/v1/messages?state=failed", nil).want(401)
		b.send(olli, "POST", "/api/v1/messages/"+ids[0]+"/retry", nil).want(404)
		b.send(olli, "POST", "/api/v1/messages/"+ids[0]+"/settled", object{"how": "told"}).want(404)

		again := b.send(sanna, "POST", "/api/v1/messages/"+ids[0]+"/retry", nil).want(201)
		again.equal("state", "queued", "job_id", job, "channel", "sms")
		b.send(sanna, "POST", "/api/v1/messages/"+ids[0]+"/retry", nil).want(409)
		b.send(sanna, "POST", "/api/v1/messages/"+again.text("id")+"/settled", object{"how": "told"}).want(409)
		b.send(sanna, "POST", "/api/v1/messages/"+ids[1]+"/settled", object{"how": "forgotten"}).want(422)
		b.send(sanna, "POST", "/api/v1/messages/"+ids[1]+"/settled", object{"how": "told"}).want(200).equal("state", "failed")
		for _, item := range b.send(sanna, "GET", "/api/v1/messages?state=failed", nil).want(200).items("items") {
			if id := item.(object)["id"]; id == ids[0] || id == ids[1] {
				t.Errorf("%v is still listed", id)
			}
		}
	})
}

func TestTheDeskSeesWhatDidNotArriveAndDealsWithIt(t *testing.T) {
	b := onSQLite(t)
	_, ids := b.undelivered("10:00")
	b.atDesk(sanna)
	s := b.open("/desk/inbox").want(200).says("Did not arrive", "no gateway is set up", "Hei!")
	s.form("/desk/undelivered/"+ids[0]).press(t, "again").want(200).says("dealt with")
	b.open("/desk/inbox").form("/desk/undelivered/"+ids[1]).press(t, "told").want(200)
	for _, form := range b.open("/desk/inbox").want(200).forms() {
		if strings.HasSuffix(form, ids[0]) || strings.HasSuffix(form, ids[1]) {
			t.Errorf("%s is still there", form)
		}
	}
}

// silent is a gateway of texts that never answers.
type silent struct{}

func (silent) Name() string            { return "silent" }
func (silent) Channel() notify.Channel { return notify.SMS }
func (silent) Send(context.Context, notify.Envelope) (notify.Sent, error) {
	return notify.Sent{}, &notify.SendError{Unknown: true, Code: "timeout", Text: "no answer within 15 seconds"}
}

func TestWhatNobodyKnowsOfIsSentAgainOrMarkedAsArrivedByThem(t *testing.T) {
	each(t, func(b *bed) {
		n := notify.New(b.db, notify.Options{Now: b.clock.now, Routes: []notify.Route{{Gateway: silent{}, Concurrency: 3}}})
		job, _ := b.book("10:00")
		b.send(sanna, "POST", "/api/v1/jobs/"+job+"/messages", object{"body": "Hei!", "channel": "sms"}).want(201)
		for range 2 {
			if _, err := n.SendDue(t.Context()); err != nil { // both go to one phone: one after the other
				t.Fatal(err)
			}
			b.clock.advance(3 * time.Minute)
		}
		if _, err := n.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		stats, err := n.Stats(t.Context())
		if err != nil || stats.Unknown != 2 || stats.Undelivered < 2 {
			t.Errorf("%+v, %v", stats, err)
		}
		if g := n.GatewayGauges(); len(g) != 1 || g[0].Gateway != "silent" || g[0].Failing != 2 || g[0].Limit != 3 || g[0].UnderWay != 0 {
			t.Errorf("gateways stand as %+v", g)
		}
		if page := string(b.send("", "GET", "/metrics", nil).want(200).raw); !strings.Contains(page, "neuvo_outbox_unknown 2") {
			t.Error("the metrics do not tell of it")
		}
		b.atDesk(boss)
		s := b.open("/desk/inbox").want(200).says("May not have arrived", "It is not certain that this arrived", "no answer within 15 seconds (timeout)", "Send again", "It arrived")
		var ids []string
		for _, form := range s.forms() {
			if id, ok := strings.CutPrefix(form, "/desk/undelivered/"); ok {
				ids = append(ids, id)
			}
		}
		if len(ids) < 3 {
			t.Fatalf("the page has the forms %v", s.forms())
		}
		s.form("/desk/undelivered/"+ids[0]).press(t, "arrived").want(200).says("dealt with")
		b.open("/desk/inbox").form("/desk/undelivered/"+ids[2]).press(t, "again").want(200).says("dealt with")
		b.send(boss, "GET", "/api/v1/messages/"+ids[0], nil).want(200).equal("state", "delivered")
		var copies int64
		b.must(b.db.In(t.Context()).Model(&notify.Message{}).Where("retry_of = ? AND state = ?", ids[2], notify.Queued).Count(&copies).Error)
		if copies != 1 {
			t.Errorf("%d copies of it are queued", copies)
		}
	})
}

// press sends a form with one of its buttons.
func (f *sheet) press(t *testing.T, act string) *screen {
	t.Helper()
	values := url.Values{"act": {act}}
	for name, list := range f.values {
		if name != "act" {
			values[name] = list
		}
	}
	return f.s.b.browse("POST", attr(f.node, "action"), values)
}

// forms are the addresses that the page's forms are sent to.
func (s *screen) forms() (list []string) {
	for _, n := range s.all(func(n *html.Node) bool { return n.Data == "form" }) {
		list = append(list, attr(n, "action"))
	}
	return list
}

func TestQuietHoursAreShownBeforeSendingAndCanBeOverridden(t *testing.T) {
	b := onSQLite(t)
	b.notify.SetManners(b.desk.Manners)
	b.send(boss, "PATCH", "/api/v1/workshops/1", object{"calls_per_hour": 4, "quiet_from": "21:00", "quiet_until": "08:00"}).want(200).
		equal("quiet_from", "21:00", "quiet_until", "08:00")
	job, _ := b.book("10:00")
	path := "/api/v1/jobs/" + job
	b.clock.at = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	b.send(sanna, "GET", path+"/send-time", nil).want(200).equal("quiet_hours", false)
	b.clock.at = time.Date(2026, 11, 23, 20, 30, 0, 0, time.UTC)
	b.send(sanna, "GET", path+"/send-time", nil).want(200).equal("quiet_hours", true, "at", "2026-11-24T08:00:00+02:00")
	b.send(sanna, "GET", path+"/send-time?occasion=booked", nil).want(200).equal("quiet_hours", false)

	b.atDesk(sanna)
	s := b.open("/desk/jobs/"+job).want(200).says("Quiet hours", "Send now anyway")
	if s.form("/messages").values.Has("at_once") {
		t.Error("sending at night must be chosen")
	}
	waits := b.send(sanna, "POST", path+"/messages", object{"body": "Huomenna jatketaan.", "channel": "sms"}).want(201)
	goes := b.send(sanna, "POST", path+"/messages", object{"body": "Soitatteko heti?", "channel": "sms", "at_once": true}).want(201)
	if _, err := b.notify.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.send(sanna, "GET", "/api/v1/messages/"+waits.text("id"), nil).want(200).equal("state", "queued", "goes_at", "2026-11-24T08:00:00+02:00")
	b.send(sanna, "GET", "/api/v1/messages/"+goes.text("id"), nil).want(200).equal("state", "failed") // there is no gateway
}

func TestConsentsAreChangedAtTheDeskAndByTheCustomer(t *testing.T) {
	each(t, func(b *bed) {
		job, token := b.book("10:00")
		path := "/api/v1/jobs/" + job
		b.send(sanna, "PATCH", path, object{"consents": object{"survey": false, "marketing": true}}).want(200).
			equal("consents.survey", false, "consents.marketing", true)
		b.send(olli, "PATCH", path, object{"consents": object{"survey": true}}).want(404)
		gone, err := b.notify.Withdrawn(t.Context(), "+358401234567")
		if err != nil || !gone[notify.Survey] || gone[notify.Reminder] || gone[notify.Marketing] {
			t.Errorf("withdrawn %v, %v", gone, err)
		}
		form := b.open("/j/" + token).want(200).form("/consents")
		form.values.Set("survey", "1")
		form.values.Del("marketing")
		b.browse("POST", attr(form.node, "action"), form.values).want(200).says("Tallennettu")
		b.send(sanna, "GET", path, nil).want(200).equal("consents.survey", true, "consents.marketing", false)
		log, err := b.notify.Consents(t.Context(), "+358401234567")
		if err != nil || len(log) != 7 || log[0].How != notify.ByPage || log[3].Author != "Sanna Niemi" || log[6].How != notify.ByBooking {
			t.Errorf("log %+v, %v", log, err)
		}
	})
}
