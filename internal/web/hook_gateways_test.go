package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"neuvo/notify"
	"neuvo/notify/httpsms"
)

const hookSecret = "a-secret-of-the-hooks"

// withHooks sets up every gateway that is called.
func withHooks(t *testing.T, now *clock) func(*Options) {
	common := httpsms.Common{Hooks: "http://desk.example.com", HookSecret: hookSecret, Now: now.now}
	var list []httpsms.Hook
	add := func(h httpsms.Hook, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, h)
	}
	twilio, err := httpsms.NewTwilio(httpsms.TwilioOptions{Common: common, Account: "AC1", Token: "twilio-token", From: "Desk"})
	add(twilio, err)
	vonage, err := httpsms.NewVonage(httpsms.VonageOptions{Common: common, Key: "k", Secret: "s", From: "Desk", SignatureSecret: "vonage-secret", SignatureMethod: "sha256"})
	add(vonage, err)
	elks, err := httpsms.NewElks46(httpsms.Elks46Options{Common: common, User: "u", Password: "p", From: "Desk"})
	add(elks, err)
	kannel, err := httpsms.NewKannel(httpsms.KannelOptions{Common: common, URL: "http://127.0.0.1:1/sendsms", User: "u", Password: "p", From: "Desk"})
	add(kannel, err)
	return func(o *Options) {
		o.Hooks, o.Parse = list, httpsms.Parse
		o.RateLimit.Address = Limit{Every: 1 << 40, Burst: 1}
	}
}

// hooked is a bed whose gateways are called.
func hooked(t *testing.T) *bed {
	c := &clock{at: monday}
	return onSQLite(t, withHooks(t, c))
}

// byTwilio signs a form as Twilio does, here written out by itself.
func byTwilio(path string, form url.Values) []string {
	h := hmac.New(sha1.New, []byte("twilio-token"))
	fmt.Fprint(h, "http://desk.example.com"+path)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		fmt.Fprint(h, name+form.Get(name))
	}
	return []string{"Content-Type", "application/x-www-form-urlencoded", "X-Twilio-Signature", base64.StdEncoding.EncodeToString(h.Sum(nil))}
}

// byVonage signs a query as Vonage does.
func byVonage(b *bed, query url.Values) string {
	query.Set("timestamp", fmt.Sprint(b.clock.now().Unix()))
	h := hmac.New(sha256.New, []byte("vonage-secret"))
	for _, name := range slices.Sorted(maps.Keys(query)) {
		fmt.Fprint(h, "&"+name+"="+query.Get(name))
	}
	query.Set("sig", hex.EncodeToString(h.Sum(nil)))
	return query.Encode()
}

// stored are the texts that came, oldest first.
func stored(b *bed) []notify.Inbound {
	b.t.Helper()
	var rows []notify.Inbound
	b.must(b.db.In(b.t.Context()).Order("id").Find(&rows).Error)
	return rows
}

func TestATextThatAProviderBringsIsStoredWholeThenReadAndAnsweredAsItWants(t *testing.T) {
	for name, c := range map[string]struct {
		send        func(*bed) *answer
		status      int
		kind, body  string
		from, words string
	}{
		"twilio": {
			func(b *bed) *answer {
				f := url.Values{"MessageSid": {"SM1"}, "From": {"+358401234567"}, "To": {"+358401110000"}, "Body": {"Hyvä 😀"}}
				return b.send("", "POST", "/hooks/twilio/inbound", f.Encode(), byTwilio("/hooks/twilio/inbound", f)...)
			}, 200, "text/xml; charset=utf-8", `<?xml version="1.0" encoding="UTF-8"?><Response/>`, "+358401234567", "Hyvä 😀",
		},
		"vonage": {
			func(b *bed) *answer {
				q := url.Values{"messageId": {"0A1"}, "msisdn": {"358401234567"}, "to": {"358401110000"}, "text": {"Hyvä"}, "type": {"text"}}
				return b.send("", "GET", "/hooks/vonage/inbound?"+byVonage(b, q), nil)
			}, 204, "", "", "+358401234567", "Hyvä",
		},
		"elks46": {
			func(b *bed) *answer {
				f := url.Values{"id": {"s1"}, "from": {"+358401234567"}, "to": {"+358401110000"}, "message": {"Hyvä"}}
				return b.send("", "POST", "/hooks/elks46/inbound?secret="+hookSecret, f.Encode(), "Content-Type", formType)
			}, 200, "", "", "+358401234567", "Hyvä",
		},
		"kannel": {
			func(b *bed) *answer {
				return b.send("", "GET", "/hooks/kannel/inbound?secret="+hookSecret+"&id=k1&from=%2B358401234567&to=358401110000&charset=UTF-8&text=Hyv%C3%A4", nil)
			}, 202, "", "", "+358401234567", "Hyvä",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := hooked(t)
			for range 3 { // providers repeat what they think was not heard
				a := c.send(b)
				if a.status != c.status || string(a.raw) != c.body || (c.kind != "" && a.header.Get("Content-Type") != c.kind) {
					t.Errorf("answered %d %q %s", a.status, a.raw, a.header.Get("Content-Type"))
				}
			}
			rows := stored(b)
			if len(rows) != 1 {
				t.Fatalf("%d stored, want one", len(rows))
			}
			in := rows[0]
			if in.Source != "hook:"+name || in.Channel != notify.SMS || in.FromAddress != c.from || in.Body != c.words || in.State != notify.InTriage {
				t.Errorf("stored %+v", in)
			}
			if strings.Contains(string(in.Raw), hookSecret) {
				t.Errorf("the secret is stored:\n%s", in.Raw)
			}
			again, err := httpsms.Parse(in.Source, in.Raw)
			if err != nil || again.Text != c.words || again.ProviderID == "" || again.Number != "+358401110000" {
				t.Errorf("read again: %+v, %v", again, err)
			}
			if strings.Contains(b.logged.String(), hookSecret) {
				t.Error("the secret is in the log")
			}
		})
	}
}

func TestACallThatIsNotTheProvidersIsRefusedAndLeavesNothing(t *testing.T) {
	b := hooked(t)
	f := url.Values{"MessageSid": {"SM1"}, "From": {"+358401234567"}, "To": {"+358401110000"}, "Body": {"Hyvä"}, "id": {"1"}, "MessageStatus": {"delivered"}}
	forged := byTwilio("/hooks/twilio/inbound", url.Values{"MessageSid": {"SM2"}})
	for _, c := range []struct {
		method, path string
		headers      []string
	}{
		{"POST", "/hooks/twilio/inbound", []string{"Content-Type", formType}},
		{"POST", "/hooks/twilio/inbound", forged},
		{"POST", "/hooks/twilio/status", byTwilio("/hooks/twilio/inbound", f)},
		{"POST", "/hooks/vonage/inbound", []string{"Content-Type", formType}},
		{"GET", "/hooks/vonage/inbound?messageId=1&msisdn=358401234567&text=x&sig=00", nil},
		{"GET", "/hooks/vonage/status?messageId=1&status=delivered", nil},
		{"POST", "/hooks/elks46/inbound", []string{"Content-Type", formType}},
		{"POST", "/hooks/elks46/inbound?secret=wrong", []string{"Content-Type", formType}},
		{"POST", "/hooks/elks46/status?secret=", []string{"Content-Type", formType}},
		{"GET", "/hooks/kannel/inbound?id=1&from=%2B358401234567&text=x", nil},
		{"GET", "/hooks/kannel/status?ref=m1&type=1&secret=" + hookSecret[1:], nil},
	} {
		var body any
		if c.method == "POST" {
			body = f.Encode()
		}
		if a := b.send("", c.method, c.path, body, c.headers...); a.status != 403 || len(a.raw) != 0 {
			t.Errorf("%s %s: %d %q", c.method, c.path, a.status, a.raw)
		}
	}
	if a := b.send("", "GET", "/hooks/twilio/inbound?MessageSid=SM1", nil); a.status != 404 && a.status != 405 {
		t.Errorf("Twilio by GET: %d", a.status)
	}
	if a := b.send("", "POST", "/hooks/pigeon/inbound?secret="+hookSecret, "x"); a.status != 404 {
		t.Errorf("a gateway that there is not: %d", a.status)
	}
	if a := b.send("", "POST", "/hooks/elks46/inbound?secret="+hookSecret, strings.Repeat("x", 300<<10), "Content-Type", formType); a.status != 400 {
		t.Errorf("a call that is too long: %d", a.status)
	}
	if n := len(stored(b)); n != 0 {
		t.Errorf("%d stored", n)
	}
}

func TestAReportMovesTheMessageThatItsAddressNames(t *testing.T) {
	b := hooked(t)
	report := func(status, ref string) {
		t.Helper()
		path := "/hooks/twilio/status?ref=" + ref
		f := url.Values{"MessageSid": {"SM9"}, "MessageStatus": {status}}
		if a := b.send("", "POST", path, f.Encode(), byTwilio(path, f)...); a.status != 200 {
			t.Fatalf("%s: %d", status, a.status)
		}
	}
	id, _ := b.book("10:00")
	var m notify.Message
	b.must(b.db.In(t.Context()).Where("direction = 'out' AND channel = 'sms'").First(&m).Error)
	b.must(b.db.Tx(t.Context(), func(ctx context.Context) error {
		return b.db.In(ctx).Model(&m).Updates(map[string]any{"state": notify.Unknown, "gateway": "twilio", "next_at": nil}).Error
	}))
	report("sent", fmt.Sprintf("m%d", m.ID))
	report("delivered", fmt.Sprintf("m%d", m.ID))
	report("sent", fmt.Sprintf("m%d", m.ID)) // late
	b.must(b.db.In(t.Context()).First(&m, m.ID).Error)
	if m.State != notify.Delivered || m.GatewayID != "SM9" {
		t.Errorf("job %s: %s %q", id, m.State, m.GatewayID)
	}
	report("delivered", "m999999") // nobody's: taken, so that it is not repeated for a day
	report("nonsense", "x")
}

// What is described of a provider's call is all that the program reads of it, and
// a gateway that is not set up takes nothing.
func TestAGatewayThatIsNotSetUpLetsNobodyIn(t *testing.T) {
	b := onSQLite(t)
	for _, form := range hookForms {
		for _, kind := range []string{"inbound", "status"} {
			for _, method := range form.methods {
				b.send("", method, hookPrefix+form.gateway+"/"+kind, nil).want(403)
			}
		}
	}
	if rows := stored(b); len(rows) != 0 {
		t.Errorf("stored: %+v", rows)
	}
	described := b.send("", "GET", "/openapi.json", nil).want(200)
	body := described.get("paths").(object)["/hooks/twilio/inbound"].(object)["post"].(object)["requestBody"].(object)["content"].(object)[formType].(object)["schema"].(object)
	if fields := body["properties"].(object); fields["From"] == nil || fields["Body"] == nil || fmt.Sprint(body["required"]) != "[From MessageSid To]" {
		t.Errorf("%v", body)
	}
	for _, tag := range described.get("tags").([]any) {
		if tag.(object)["name"] == "gateways" {
			return
		}
	}
	t.Error("no tag for gateways")
}
