package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"neuvo/templates"
)

// site serves the pages over a host with a phone and a mailbox in use.
func site(t *testing.T, change func(*PagesOptions)) (*Host, *Clock, string) {
	t.Helper()
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	clock := stoppedClock()
	h, err := StartHost(HostOptions{Dir: t.TempDir(), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	opt := PagesOptions{Host: h, Clock: clock, Seeded: func() Seeded {
		return Seeded{WorkshopID: 1, WorkshopName: "Autohuolto Kallionkulma", Zone: helsinki, StaffEmail: "maarit@kallionkulma.test", StaffPassword: "secret-of-the-demo"}
	}}
	if change != nil {
		change(&opt)
	}
	server := httptest.NewServer(NewPages(opt))
	t.Cleanup(server.Close)
	mustPost(t, h, "tok@reply.neuvo.test", "358401234567@sms.neuvo.test", "From: Sanna <tok@reply.neuvo.test>\r\nMessage-ID: <a@x>\r\n",
		"Autosi on valmis: http://demo.test/j/abc.\n<b>Sanna</b>\n")
	mustPost(t, h, "tok@reply.neuvo.test", "ville@posti.test", "From: Sanna <tok@reply.neuvo.test>\r\nMessage-ID: <b@x>\r\nSubject: Varaus\r\n", "Tervetuloa\n")
	return h, clock, server.URL
}

// ask makes one request; header lines are "Name: value".
func ask(t *testing.T, method, target, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(b)
}

const (
	acceptJSON = "Accept: application/json"
	sendJSON   = "Content-Type: application/json"
	sendForm   = "Content-Type: application/x-www-form-urlencoded"
)

func TestAPhoneIsReadAndAnsweredByScripts(t *testing.T) {
	h, _, base := site(t, nil)
	for _, spelling := range []string{"%2B358401234567", "+358401234567", "358401234567"} {
		_, body := ask(t, "GET", base+"/demo/phones/"+spelling, "", acceptJSON)
		var got struct {
			Items []map[string]any `json:"items"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Items) != 1 {
			t.Fatalf("%s: %s (%v)", spelling, body, err)
		}
		item := got.Items[0]
		if item["from"] != "tok@reply.neuvo.test" || item["to"] != "+358401234567" || item["id"] != "t1" ||
			item["at"] != "2026-11-20T10:30:00+02:00" || !strings.HasPrefix(item["body"].(string), "Autosi on valmis") {
			t.Errorf("%s: %v", spelling, item)
		}
	}
	answer, body := ask(t, "POST", base+"/demo/phones/%2B358401234567", `{"body": "Tulen kohta"}`, acceptJSON, sendJSON)
	if answer.StatusCode != http.StatusCreated || !strings.Contains(body, `"to":"tok@reply.neuvo.test"`) {
		t.Errorf("answering gave %d %s", answer.StatusCode, body)
	}
	if _, list := readInbox(t, h); len(list) != 1 {
		t.Errorf("%d messages in the inbox, want 1", len(list))
	}
	_, body = ask(t, "GET", base+"/demo/phones/358401234567", "", acceptJSON)
	if strings.Contains(body, "Tulen kohta") {
		t.Errorf("the list has what the phone sent: %s", body)
	}
	_, body = ask(t, "GET", base+"/demo/phones/358401234567?all=1", "", acceptJSON)
	if !strings.Contains(body, "Tulen kohta") {
		t.Errorf("the whole chat lacks what the phone sent: %s", body)
	}
	_, body = ask(t, "GET", base+"/demo/phones/358409999999", "", acceptJSON)
	if strings.TrimSpace(body) != `{"items":[],"next_cursor":""}` {
		t.Errorf("an unknown phone is %s", body)
	}
	_, body = ask(t, "GET", base+"/demo/phones", "", acceptJSON)
	if !strings.Contains(body, `"number":"+358401234567"`) {
		t.Errorf("the phones are %s", body)
	}
}

func TestAMailboxIsReadAndAnsweredByScripts(t *testing.T) {
	h, _, base := site(t, nil)
	_, body := ask(t, "GET", base+"/demo/mail/ville@posti.test", "", acceptJSON)
	for _, want := range []string{`"message_id":"b@x"`, `"subject":"Varaus"`, `"body":"Tervetuloa"`, `"attachments":[]`, `"from":"tok@reply.neuvo.test"`, `"to":"ville@posti.test"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the mailbox lacks %s: %s", want, body)
		}
	}
	answer, body := ask(t, "POST", base+"/demo/mail/ville%40posti.test",
		`{"in_reply_to": "b@x", "to": "tok@reply.neuvo.test", "subject": "Re: Varaus", "body": "Kiitos"}`, acceptJSON, sendJSON)
	if answer.StatusCode != http.StatusCreated || !strings.Contains(body, `"in_reply_to":"b@x"`) {
		t.Errorf("answering gave %d %s", answer.StatusCode, body)
	}
	if _, list := readInbox(t, h); len(list) != 1 || !strings.Contains(list[0].Body, "In-Reply-To: <b@x>") {
		t.Errorf("the inbox has %v", list)
	}
	_, body = ask(t, "GET", base+"/demo/mail", "", acceptJSON)
	if !strings.Contains(body, `"address":"ville@posti.test"`) {
		t.Errorf("the mailboxes are %s", body)
	}
}

func TestListsAreCutToALimit(t *testing.T) {
	h, _, base := site(t, nil)
	for _, body := range []string{"second", "third"} {
		mustPost(t, h, "tok@reply.neuvo.test", "358401234567@sms.neuvo.test", "", body+"\n")
	}
	var got listing[Text]
	_, body := ask(t, "GET", base+"/demo/phones/358401234567?limit=2", "", acceptJSON)
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Items) != 2 || got.NextCursor == "" {
		t.Fatalf("the first page is %s", body)
	}
	_, body = ask(t, "GET", base+"/demo/phones/358401234567?limit=2&cursor="+url.QueryEscape(got.NextCursor), "", acceptJSON)
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Items) != 1 || got.Items[0].Body != "third" || got.NextCursor != "" {
		t.Errorf("the second page is %s", body)
	}
}

func TestBadInputIsAProblemThatNamesTheField(t *testing.T) {
	_, _, base := site(t, nil)
	for name, c := range map[string]struct{ path, body, field string }{
		"an empty text":              {"/demo/phones/358401234567", `{"body": ""}`, "body.body"},
		"no body at all":             {"/demo/phones/358401234567", ``, "body.body"},
		"a number for a text":        {"/demo/phones/358401234567", `{"body": 5}`, "body.body"},
		"what is no JSON":            {"/demo/phones/358401234567", `{"body"`, "body"},
		"a phone that is no number":  {"/demo/phones/hello", `{"body": "x"}`, "path.number"},
		"a mail to nobody":           {"/demo/mail/ville@posti.test", `{"body": "x", "subject": "y"}`, "body.to"},
		"a mailbox without a domain": {"/demo/mail/ville", `{"body": "x", "to": "a@b.test"}`, "path.address"},
		"time that goes back":        {"/demo/clock", `{"advance": "-1h"}`, "body.advance"},
		"time that is no time":       {"/demo/clock", `{"advance": "soon"}`, "body.advance"},
		"more than two years":        {"/demo/clock", `{"advance": "20000h"}`, "body.advance"},
		"no time":                    {"/demo/clock", `{}`, "body.advance"},
	} {
		answer, body := ask(t, "POST", base+c.path, c.body, acceptJSON, sendJSON, "Accept-Language: fi")
		var doc struct {
			Type, Title, Detail string
			Status              int
			Errors              []struct{ Location, Message string }
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Errorf("%s: %s: %v", name, body, err)
			continue
		}
		want := 422
		if c.field == "body" {
			want = 400 // as in the API
		}
		if !strings.HasPrefix(doc.Type, "/docs#") {
			t.Errorf("%s: type %s", name, doc.Type)
		}
		if answer.StatusCode != want || doc.Status != want || answer.Header.Get("Content-Type") != "application/problem+json" ||
			len(doc.Errors) != 1 || doc.Errors[0].Location != c.field || doc.Title == "" || doc.Errors[0].Message == "" ||
			strings.Contains(doc.Errors[0].Message, ".fault.") || strings.HasPrefix(doc.Title, "problem.") {
			t.Errorf("%s: %d %s", name, answer.StatusCode, body)
		}
	}
}

func TestWhatIsNoPhoneAndNoMailboxHasNoPage(t *testing.T) {
	_, _, base := site(t, nil)
	for path, field := range map[string]string{"/demo/phones/abc": "path.number", "/demo/mail/bad": "path.address"} {
		answer, body := ask(t, "GET", base+path, "", acceptJSON)
		if answer.StatusCode != 422 || !strings.Contains(body, field) {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
		if answer, _ := ask(t, "GET", base+path, ""); answer.StatusCode != 422 {
			t.Errorf("%s for people: %d", path, answer.StatusCode)
		}
	}
}

func TestAPhoneThatGotNothingWritesToTheShop(t *testing.T) {
	_, _, base := site(t, nil)
	answer, body := ask(t, "POST", base+"/demo/phones/358409999999", `{"body": "Onko vapaata?"}`, acceptJSON, sendJSON)
	if answer.StatusCode != 201 || !strings.Contains(body, firstTexts+"@"+ReplyDomain) {
		t.Errorf("%d %s", answer.StatusCode, body)
	}
}

func TestSendersAreToldApart(t *testing.T) {
	const hello = "Hei Tessa! Sinulle on varattu aika ti 24.11. klo "
	for _, c := range []struct {
		name  string
		texts []string
		want  []string
	}{
		{"one is named by its beginning", []string{hello + "9.00: Öljynvaihto"}, []string{hello + "9.00: Öljynvai…"}},
		{"what all say is left out", []string{hello + "9.00: Öljynvaihto, ABC-123. Nähdään!", hello + "10.00: Renkaat, XYZ-789. Nähdään!"},
			[]string{"… 9.00: Öljynvaihto, ABC-123. Nähdään!", "… 10.00: Renkaat, XYZ-789. Nähdään!"}},
		{"others differ from the start", []string{"Valmista tuli.", "Kiitos käynnistä."}, []string{"Valmista tuli.", "Kiitos käynnistä."}},
		{"equal ones stay whole words", []string{"Valmista tuli.", "Valmista tuli."}, []string{"… tuli.", "… tuli."}},
	} {
		var senders []sender
		for _, text := range c.texts {
			senders = append(senders, sender{Last: text})
		}
		tellApart(senders)
		for i := range senders {
			if senders[i].Last != c.want[i] {
				t.Errorf("%s: %q, want %q", c.name, senders[i].Last, c.want[i])
			}
		}
	}
}

func TestTheClockIsToldAndMoved(t *testing.T) {
	var steps int
	var settled bool
	_, _, base := site(t, func(o *PagesOptions) {
		o.Step = func(context.Context, time.Time) error { steps++; return nil }
		o.Settle = func(context.Context) error { settled = true; return nil }
	})
	_, body := ask(t, "GET", base+"/demo/clock", "", acceptJSON)
	if strings.TrimSpace(body) != `{"now":"2026-11-20T10:30:00+02:00"}` {
		t.Errorf("the clock tells %s", body)
	}
	answer, body := ask(t, "POST", base+"/demo/clock", `{"advance": "26h"}`, acceptJSON, sendJSON)
	if answer.StatusCode != http.StatusOK || strings.TrimSpace(body) != `{"now":"2026-11-21T12:30:00+02:00"}` {
		t.Errorf("moving it gave %d %s", answer.StatusCode, body)
	}
	if steps != 26*60 || !settled {
		t.Errorf("%d steps, settled %v", steps, settled)
	}
	answer, _ = ask(t, "POST", base+"/demo/clock", "until=tomorrow", sendForm)
	if answer.StatusCode != http.StatusSeeOther {
		t.Errorf("the form gave %d", answer.StatusCode)
	}
	_, body = ask(t, "GET", base+"/demo/clock", "", acceptJSON)
	if strings.TrimSpace(body) != `{"now":"2026-11-22T08:00:00+02:00"}` {
		t.Errorf("tomorrow at eight is %s", body)
	}
}

func TestPagesShowWhatHappened(t *testing.T) {
	_, _, base := site(t, nil)
	for path, wants := range map[string][]string{
		"/demo":                         {"Autohuolto Kallionkulma", "secret-of-the-demo", `href="/book"`, `href="/desk"`, `value="4h"`, "/demo/phones/&#43;358401234567|/demo/phones/+358401234567", "ville@posti.test"},
		"/demo/phones":                  {"+358401234567|&#43;358401234567"},
		"/demo/phones/+358401234567":    {`href="http://demo.test/j/abc"`, "&lt;b&gt;Sanna&lt;/b&gt;", `name="body"`, `method="post"`},
		"/demo/phones/+358409999999":    {`name="body"`},
		"/demo/mail":                    {"ville@posti.test"},
		"/demo/mail/ville@posti.test":   {"Varaus", "Tervetuloa", `value="b@x"`, `value="Re: Varaus"`, `value="tok@reply.neuvo.test"`},
		"/demo/mail/nobody@posti.test":  {`name="to"`},
		"/demo/mail/v@posti.test?new=1": {`name="to"`},
	} {
		for _, locale := range templates.Locales {
			answer, body := ask(t, "GET", base+path, "", "Accept: text/html", "Accept-Language: "+locale)
			if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s: %d %s", path, answer.StatusCode, answer.Header.Get("Content-Type"))
			}
			if strings.Contains(body, ">demo.") || (strings.HasPrefix(path, "/demo/phones") && strings.Contains(body, "<b>Sanna")) {
				t.Errorf("%s in %s shows a key or markup of a customer", path, locale)
			}
			for _, want := range wants {
				one, other, _ := strings.Cut(want, "|")
				if !strings.Contains(body, one) && (other == "" || !strings.Contains(body, other)) {
					t.Errorf("%s in %s lacks %s:\n%s", path, locale, want, body)
				}
			}
		}
	}
}

func TestFormsAnswerWithoutJavaScript(t *testing.T) {
	h, _, base := site(t, nil)
	answer, _ := ask(t, "POST", base+"/demo/phones/+358401234567", "body=Tulen+kohta", sendForm)
	if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(answer.Header.Get("Location"), "/demo/phones/+358401234567") {
		t.Errorf("the phone's form gave %d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
	answer, _ = ask(t, "POST", base+"/demo/mail/ville@posti.test", url.Values{
		"in_reply_to": {"b@x"}, "to": {"tok@reply.neuvo.test"}, "subject": {"Re: Varaus"}, "body": {"Kiitos"},
	}.Encode(), sendForm)
	if answer.StatusCode != http.StatusSeeOther {
		t.Errorf("the mailbox's form gave %d", answer.StatusCode)
	}
	if _, list := readInbox(t, h); len(list) != 2 {
		t.Errorf("%d messages in the inbox, want 2", len(list))
	}
	answer, body := ask(t, "POST", base+"/demo/phones/+358401234567", "body=+", sendForm, "Accept-Language: en")
	if answer.StatusCode != 422 || !strings.Contains(body, "Please write a message first.") || !strings.Contains(body, "Autosi on valmis") {
		t.Errorf("an empty form gave %d %s", answer.StatusCode, body)
	}
	_, body = ask(t, "GET", base+"/demo/phones/+358401234567", "", "HX-Request: true")
	if strings.Contains(body, "<html") || !strings.Contains(body, "Tulen kohta") {
		t.Errorf("the part that is asked for again is:\n%s", body)
	}
	answer, _ = ask(t, "GET", base+"/demo/phones?number=040+1234567", "")
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/demo/phones/+358401234567" {
		t.Errorf("opening a phone gave %d to %s", answer.StatusCode, answer.Header.Get("Location"))
	}
}
