package httpsms

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/internal/db"
	"neuvo/notify"
)

// at is the clock of these tests.
var at = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func common() Common {
	return Common{Hooks: "https://desk.example.com", HookSecret: "hook-geheim", Now: func() time.Time { return at }}
}

// call is a provider's call as it comes in; fields make a form, a string is the
// body as it is.
func call(t *testing.T, method, base, uri string, header map[string]string, body any) *Call {
	t.Helper()
	text, kind := "", ""
	switch b := body.(type) {
	case url.Values:
		text, kind = b.Encode(), "application/x-www-form-urlencoded; charset=UTF-8"
	case string:
		text, kind = b, "application/json"
	}
	r := httptest.NewRequest(method, uri, strings.NewReader(text))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	c, err := ReadCall(r, base)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func twilio(t *testing.T, token string) *Twilio {
	t.Helper()
	g, err := NewTwilio(TwilioOptions{Common: common(), Account: "AC00000000000000000000000000000001", Token: token, From: "+358401110000"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func vonage(t *testing.T, method string) *Vonage {
	t.Helper()
	g, err := NewVonage(VonageOptions{Common: common(), Key: "key", Secret: "geheim", From: "Desk", SignatureSecret: "signing-geheim", SignatureMethod: method})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func elks(t *testing.T) *Elks46 {
	t.Helper()
	g, err := NewElks46(Elks46Options{Common: common(), User: "u1", Password: "geheim", From: "Desk"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func kannel(t *testing.T) *Kannel {
	t.Helper()
	g, err := NewKannel(KannelOptions{Common: common(), URL: "http://127.0.0.1:13013/cgi-bin/sendsms", User: "desk", Password: "geheim", From: "Desk"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTwiliosPublishedSignaturesAreGenuineAndNothingElseIs(t *testing.T) {
	first := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"},
	}
	second := url.Values{
		"AccountSid": {"AC00000000000000000000000000000001"}, "Body": {"YES jag kommer på fest 😀"}, "From": {"+46701234567"},
		"MessageSid": {"SM00000000000000000000000000000001"}, "NumMedia": {"0"}, "To": {"+46765190000"},
	}
	const (
		third  = `{"CallSid":"CA1234567890ABCDE","Caller":"+14158675309"}`
		hashed = "/myapp.php?bodySHA256=f1e3ae6a47cf6f51ee1e00364774e064ca3708e85c06d0b54c3f16342c32273a"
		sig1   = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
		sig2   = "ma7q2EcE6lrMAz3N8aOGTjirggc="
		sig3   = "z5jLKpCb4f602VtLI6C0jv/RnTo="
	)
	changed := url.Values{}
	for k, v := range second {
		changed[k] = v
	}
	changed.Set("Body", "NO")
	more := url.Values{}
	for k, v := range second {
		more[k] = v
	}
	more.Set("OptOutType", "STOP")
	for name, c := range map[string]struct {
		token, base, uri, sig string
		body                  any
		want                  bool
	}{
		"the first vector":                   {"12345", "https://mycompany.com", "/myapp.php?foo=1&bar=2", sig1, first, true},
		"the second vector":                  {"test-auth-token", "https://sms.example.test", "/hooks/twilio/inbound", sig2, second, true},
		"the second vector with the port":    {"test-auth-token", "https://sms.example.test:443", "/hooks/twilio/inbound", sig2, second, true},
		"the third vector, of a JSON body":   {"12345", "https://example.com", hashed, sig3, third, true},
		"a JSON body that was changed":       {"12345", "https://example.com", hashed, sig3, third + " ", false},
		"a field that was changed":           {"test-auth-token", "https://sms.example.test", "/hooks/twilio/inbound", sig2, changed, false},
		"a field that was added":             {"test-auth-token", "https://sms.example.test", "/hooks/twilio/inbound", sig2, more, false},
		"another address":                    {"test-auth-token", "https://sms.example.test", "/hooks/twilio/status", sig2, second, false},
		"another host":                       {"test-auth-token", "https://evil.example.test", "/hooks/twilio/inbound", sig2, second, false},
		"another token":                      {"12345", "https://sms.example.test", "/hooks/twilio/inbound", sig2, second, false},
		"no signature":                       {"test-auth-token", "https://sms.example.test", "/hooks/twilio/inbound", "", second, false},
		"a signature in other letters":       {"test-auth-token", "https://sms.example.test", "/hooks/twilio/inbound", strings.ToLower(sig2), second, false},
		"a query that was taken off the end": {"12345", "https://mycompany.com", "/myapp.php?foo=1", sig1, first, false},
	} {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{}
			if c.sig != "" {
				header["X-Twilio-Signature"] = c.sig
			}
			if got := twilio(t, c.token).Genuine(call(t, http.MethodPost, c.base, c.uri, header, c.body)); got != c.want {
				t.Errorf("genuine: %v", got)
			}
		})
	}
}

func TestVonagesSignaturesAreGenuineInAllMethodsAndOnlyForADay(t *testing.T) {
	// The sums were made with md5sum and openssl dgst -hmac.
	for method, sum := range map[string]string{
		"md5hash": "563a4ed45a29935fc37f22129ca9ca65",
		"md5":     "70b73697e79fac40c4c60ea21c254e1a",
		"sha1":    "24fb62fe253a09a3b20c91b20dab753cc7fd67d3",
		"sha256":  "8e95be97a081fd46959d795aa7523c2b1dfcd5ad83b9735a642b8c59b3bc5539",
		"sha512":  "f805e3013d381f9c61d82bc394aa44752aa323053614d636b418f6d5a510ea09b4416ce1d524eae183138dddade1aaa0c4c939b39e9d42a6f38ef98314a5cf1a",
	} {
		g := vonage(t, method)
		if !g.Genuine(call(t, http.MethodGet, "https://d", "/hooks/vonage/inbound?a=1%262&timestamp=1795426200&sig="+sum, nil, nil)) {
			t.Errorf("%s: the signature made elsewhere is refused", method)
		}
		for _, way := range []string{"GET", "form", "JSON"} {
			t.Run(method+" "+way, func(t *testing.T) {
				try := func(stamp time.Time, change func(url.Values)) bool {
					f := url.Values{
						"msisdn": {"358401234567"}, "to": {"358401110000"}, "messageId": {"0A"}, "text": {"a=b & c"}, "type": {"text"},
						"timestamp": {unix(stamp)}, "nonce": {"n"},
					}
					f.Set("sig", strings.ToUpper(vonageSignature(method, "signing-geheim", f)))
					if change != nil {
						change(f)
					}
					switch way {
					case "GET":
						return g.Genuine(call(t, http.MethodGet, "https://d", "/hooks/vonage/inbound?"+f.Encode(), nil, nil))
					case "form":
						return g.Genuine(call(t, http.MethodPost, "https://d", "/hooks/vonage/inbound", nil, f))
					}
					return g.Genuine(call(t, http.MethodPost, "https://d", "/hooks/vonage/inbound", nil, asJSON(t, f)))
				}
				if !try(at, nil) || !try(at.Add(-24*time.Hour), nil) {
					t.Error("a genuine call is refused")
				}
				if try(at.Add(-26*time.Hour), nil) || try(at.Add(10*time.Minute), nil) {
					t.Error("a call of another time is taken")
				}
				for what, change := range map[string]func(url.Values){
					"another text": func(f url.Values) { f.Set("text", "c=b & c") }, "a field more": func(f url.Values) { f.Set("x", "1") },
					"a field less": func(f url.Values) { f.Del("nonce") }, "no signature": func(f url.Values) { f.Del("sig") },
					"no time": func(f url.Values) { f.Del("timestamp") },
				} {
					if try(at, change) {
						t.Errorf("%s is taken", what)
					}
				}
			})
		}
	}
	unsigned, err := NewVonage(VonageOptions{Common: common(), Key: "k", Secret: "s", From: "Desk"})
	if err != nil {
		t.Fatal(err)
	}
	if unsigned.Genuine(call(t, http.MethodGet, "https://d", "/hooks/vonage/inbound?sig=d41d8cd98f00b204e9800998ecf8427e&timestamp="+unix(at), nil, nil)) {
		t.Error("an account that signs nothing is believed")
	}
}

func TestASecretInTheAddressOrAsPasswordIsAskedFor(t *testing.T) {
	for name, g := range map[string]Hook{"46elks": elks(t), "Kannel": kannel(t)} {
		for what, c := range map[string]struct {
			uri, password string
			want          bool
		}{
			"in the address":    {"/hooks/x/inbound?secret=hook-geheim", "", true},
			"as password":       {"/hooks/x/inbound", "hook-geheim", true},
			"a wrong one":       {"/hooks/x/inbound?secret=hook-geheix", "", false},
			"a part of it":      {"/hooks/x/inbound?secret=hook", "", false},
			"none":              {"/hooks/x/inbound", "", false},
			"an empty one":      {"/hooks/x/inbound?secret=", "", false},
			"a wrong password":  {"/hooks/x/inbound?secret=hook-geheim", "x", false},
			"in the wrong case": {"/hooks/x/inbound?secret=Hook-Geheim", "", false},
		} {
			header := map[string]string{}
			if c.password != "" {
				r := httptest.NewRequest("GET", "/", nil)
				r.SetBasicAuth("neuvo", c.password)
				header["Authorization"] = r.Header.Get("Authorization")
			}
			if got := g.Genuine(call(t, http.MethodPost, "https://d", c.uri, header, url.Values{"id": {"1"}})); got != c.want {
				t.Errorf("%s, %s: %v", name, what, got)
			}
		}
	}
	open, err := NewElks46(Elks46Options{User: "u", Password: "p", From: "Desk"})
	if err != nil {
		t.Fatal(err)
	}
	if open.Genuine(call(t, http.MethodPost, "https://d", "/hooks/elks46/inbound?secret=", nil, nil)) {
		t.Error("without a secret everything is believed")
	}
}

func TestAStoredCallIsReadAgainAndHoldsNoSecret(t *testing.T) {
	to := []notify.Recipient{{Header: "To", Address: "+358401110000"}}
	for name, c := range map[string]struct {
		source string
		call   *Call
		want   notify.Parsed
	}{
		"Twilio": {"hook:twilio", call(t, http.MethodPost, "https://desk.example.com", "/hooks/twilio/inbound",
			map[string]string{"X-Twilio-Signature": "x", "Authorization": "Basic geheim", "Cookie": "geheim"}, url.Values{
				"MessageSid": {"SM1"}, "From": {"+358401234567"}, "To": {"+358401110000"}, "Body": {"Ei käy 😀\nsoita & kerro"}, "NumMedia": {"1"},
				"MediaUrl0": {"https://api.twilio.com/Media/ME1"}, "MediaContentType0": {"image/jpeg"},
			}),
			notify.Parsed{ProviderID: "SM1", Text: "Ei käy 😀\nsoita & kerro", Attachments: []notify.Attachment{{Name: "ME1", ContentType: "image/jpeg"}}}},
		"Twilio's own opt-out": {"hook:twilio", call(t, http.MethodPost, "https://d", "/hooks/twilio/inbound", nil, url.Values{
			"MessageSid": {"SM2"}, "From": {"+358401234567"}, "To": {"+358401110000"}, "Body": {"Stop"}, "OptOutType": {"STOP"}}),
			notify.Parsed{ProviderID: "SM2", Text: "Stop", OptOut: notify.OptedOut}},
		"Twilio's own opt-in": {"hook:twilio", call(t, http.MethodPost, "https://d", "/hooks/twilio/inbound", nil, url.Values{
			"MessageSid": {"SM3"}, "From": {"+358401234567"}, "To": {"+358401110000"}, "Body": {"START"}, "OptOutType": {"START"}}),
			notify.Parsed{ProviderID: "SM3", Text: "START", OptOut: notify.OptedIn}},
		"Vonage by GET, a part of a longer text": {"hook:vonage", call(t, http.MethodGet, "https://d",
			"/hooks/vonage/inbound?msisdn=358401234567&to=358401110000&messageId=0A1&text=%C3%A4iti+ja&type=unicode&concat=true&concat-ref=7&concat-total=2&concat-part=1&message-timestamp=2026-11-23+09:29:00", nil, nil),
			notify.Parsed{ProviderID: "0A1", Text: "äiti ja", Part: notify.Part{Ref: "7", Number: 1, Total: 2}, Date: db.At(at.Add(-time.Minute))}},
		"Vonage with JSON": {"hook:vonage", call(t, http.MethodPost, "https://d", "/hooks/vonage/inbound", nil,
			`{"msisdn":"358401234567","to":"358401110000","messageId":"0A2","text":"5 \"hyvä\"","type":"text","timestamp":1795426200,"concat":null}`),
			notify.Parsed{ProviderID: "0A2", Text: `5 "hyvä"`}},
		"46elks": {"hook:elks46", call(t, http.MethodPost, "https://d", "/hooks/elks46/inbound?secret=hook-geheim", nil, url.Values{
			"id": {"s1"}, "from": {"+358401234567"}, "to": {"+358401110000"}, "message": {"Kiitos!"}, "direction": {"incoming"}, "created": {"2026-11-23T09:29:00.500000"}}),
			notify.Parsed{ProviderID: "s1", Text: "Kiitos!", Date: db.At(at.Add(-59500 * time.Millisecond))}},
		"Kannel with UTF-16": {"hook:kannel", call(t, http.MethodGet, "https://d",
			"/hooks/kannel/inbound?secret=hook-geheim&from=%2B358401234567&to=358401110000&id=k1&charset=UTF-16BE&time=2026-11-23+09:29:00&text=%00O%00k%D8%3D%DE%00%20%AC", nil, nil),
			notify.Parsed{ProviderID: "k1", Text: "Ok😀€", Date: db.At(at.Add(-time.Minute))}},
		"Kannel with Latin letters": {"hook:kannel", call(t, http.MethodGet, "https://d",
			"/hooks/kannel/inbound?secret=hook-geheim&from=%2B358401234567&to=358401110000&id=k2&charset=WINDOWS-1252&text=%E4%80", nil, nil),
			notify.Parsed{ProviderID: "k2", Text: "ä€"}},
	} {
		t.Run(name, func(t *testing.T) {
			raw := c.call.Raw()
			if strings.Contains(string(raw), "geheim") {
				t.Errorf("a secret is stored:\n%s", raw)
			}
			got, err := Parse(c.source, raw)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Kind, c.want.Channel, c.want.From, c.want.Number, c.want.Recipients = notify.Human, notify.SMS, "+358401234567", "+358401110000", to
			c.want.ReplyText = c.want.Text
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestACallThatBringsNoTextIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ source, raw string }{
		"nonsense":            {"hook:twilio", "what?"},
		"nothing":             {"hook:twilio", ""},
		"a strange gateway":   {"hook:pigeon", "GET / HTTP/1.1\r\nHost: d\r\n\r\n"},
		"no sender":           {"hook:twilio", "POST / HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\nMessageSid=SM1"},
		"no id":               {"hook:elks46", "GET /?from=%2B358401234567&message=x HTTP/1.1\r\nHost: d\r\n\r\n"},
		"data, not a text":    {"hook:kannel", "GET /?from=%2B358401234567&id=1&charset=binary&text=%00%01 HTTP/1.1\r\nHost: d\r\n\r\n"},
		"Vonage's data":       {"hook:vonage", "GET /?msisdn=358401234567&messageId=1&type=binary&data=00 HTTP/1.1\r\nHost: d\r\n\r\n"},
		"a body that is half": {"hook:twilio", "POST / HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\n\r\nMessageSid=SM1"},
		"JSON that is half":   {"hook:vonage", "POST / HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{\"a\""},
	} {
		if p, err := Parse(c.source, []byte(c.raw)); err == nil {
			t.Errorf("%s gives %+v", name, p)
		}
	}
}

func TestReportsAreReadInTheProvidersWords(t *testing.T) {
	form := func(uri string, f url.Values) *Call { return call(t, http.MethodPost, "https://d", uri, nil, f) }
	get := func(uri string) *Call { return call(t, http.MethodGet, "https://d", uri, nil, nil) }
	tw, vo, el, ka := twilio(t, "x"), vonage(t, "sha256"), elks(t), kannel(t)
	for name, c := range map[string]struct {
		hook Hook
		call *Call
		want notify.Report
	}{
		"Twilio sent":      {tw, form("/hooks/twilio/status?ref=m42", url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"sent"}}), notify.Report{GatewayID: "SM1", ClientRef: "m42", State: notify.Accepted}},
		"Twilio delivered": {tw, form("/hooks/twilio/status?ref=m42", url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}}), notify.Report{GatewayID: "SM1", ClientRef: "m42", State: notify.Delivered}},
		"Twilio opted out": {tw, form("/hooks/twilio/status", url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"failed"}, "ErrorCode": {"21610"}}), notify.Report{GatewayID: "SM1", State: notify.Failed, Code: "21610", OptedOut: true}},
		"Vonage delivered": {vo, get("/hooks/vonage/status?ref=m7&messageId=0A&status=delivered&err-code=0&scts=2611230929"), notify.Report{GatewayID: "0A", ClientRef: "m7", State: notify.Delivered, At: at.Add(-time.Minute)}},
		"Vonage failed":    {vo, get("/hooks/vonage/status?client-ref=m7&messageId=0A&status=failed&err-code=3"), notify.Report{GatewayID: "0A", ClientRef: "m7", State: notify.Failed, Code: "3", Text: vonageWhy["3"]}},
		"Vonage buffered":  {vo, get("/hooks/vonage/status?messageId=0A&status=buffered"), notify.Report{GatewayID: "0A", State: notify.Accepted}},
		"46elks delivered": {el, form("/hooks/elks46/status?ref=m9", url.Values{"id": {"s1"}, "status": {"delivered"}, "delivered": {"2026-11-23T09:29:00.000000"}}), notify.Report{GatewayID: "s1", ClientRef: "m9", State: notify.Delivered, At: at.Add(-time.Minute)}},
		"46elks failed":    {el, form("/hooks/elks46/status?ref=m9", url.Values{"id": {"s1"}, "status": {"failed"}}), notify.Report{GatewayID: "s1", ClientRef: "m9", State: notify.Failed}},
		"Kannel accepted":  {ka, get("/hooks/kannel/status?ref=m1&type=8&answer=ACK"), notify.Report{ClientRef: "m1", State: notify.Accepted}},
		"Kannel delivered": {ka, get("/hooks/kannel/status?ref=m1&type=1"), notify.Report{ClientRef: "m1", State: notify.Delivered}},
		"Kannel failed": {ka, get("/hooks/kannel/status?ref=m1&type=2&answer=id:1+sub:001+dlvrd:000+stat:UNDELIV+err:027+text:Hei"),
			notify.Report{ClientRef: "m1", State: notify.Failed, Code: "027", Text: "id:1 sub:001 dlvrd:000 stat:UNDELIV err:027 text:Hei"}},
		"Kannel rejected": {ka, get("/hooks/kannel/status?ref=m1&type=16&answer=NACK/11"), notify.Report{ClientRef: "m1", State: notify.Failed, Text: "NACK/11"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.hook.Status(c.call)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Gateway = c.hook.(notify.Gateway).Name()
			if c.want.At.IsZero() {
				c.want.At = at
			}
			if c.want.Gateway == "vonage" {
				if got.Part <= 0 {
					t.Error("parts of a text are not told apart")
				}
				c.want.Part = got.Part
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, c := range map[string]struct {
		hook Hook
		call *Call
	}{
		"Twilio without a status": {tw, form("/hooks/twilio/status", url.Values{"MessageSid": {"SM1"}})},
		"Vonage without an id":    {vo, get("/hooks/vonage/status?status=delivered")},
		"46elks without anything": {el, get("/hooks/elks46/status")},
		"Kannel of no message":    {ka, get("/hooks/kannel/status?type=1")},
		"Kannel of a strange one": {ka, get("/hooks/kannel/status?type=32&ref=m1")},
	} {
		if r, err := c.hook.Status(c.call); err == nil {
			t.Errorf("%s gives %+v", name, r)
		}
	}
}
