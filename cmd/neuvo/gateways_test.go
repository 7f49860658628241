package main

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"neuvo/notify"
	"neuvo/notify/email"
)

// providers is a server that knows what each gateway's check asks for.
func providers(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	yes := func(user string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if name, password, _ := r.BasicAuth(); name != user || password != "word-of-ours" {
				http.Error(w, "no", http.StatusUnauthorized)
				return
			}
			_, _ = w.Write([]byte("{}"))
		}
	}
	mux.Handle("GET /2010-04-01/Accounts/AC1.json", yes("AC1"))
	mux.Handle("GET /account/get-balance", yes("key1"))
	mux.Handle("GET /a1/me", yes("u1"))
	mux.HandleFunc("GET /cgi-bin/sendsms", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("password") != "word-of-ours" {
			http.Error(w, "Authorization failed for sendsms", http.StatusForbidden)
			return
		}
		http.Error(w, "Missing receiver and/or sender and/or text", http.StatusBadRequest)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// allGateways sets up every gateway of texts, at a server of all providers.
func allGateways(url string) map[string]string {
	return map[string]string{
		"twilio-account": "AC1", "twilio-token": "word-of-ours", "twilio-numbers": "+358401110000,+358401110001", "twilio-url": url,
		"vonage-key": "key1", "vonage-secret": "word-of-ours", "vonage-from": "AUTOTALO", "vonage-url": url, "vonage-signature-secret": "x", "vonage-numbers": "+46701110000", "vonage-prefixes": "+46,+47",
		"elks46-user": "u1", "elks46-password": "word-of-ours", "elks46-numbers": "+46765190000", "elks46-url": url, "elks46-names": "+46=AUTOTALO", "elks46-rate": "2.5",
		"kannel-url": url + "/cgi-bin/sendsms", "kannel-user": "desk", "kannel-password": "word-of-ours", "kannel-from": "1234",
		"hook-secret": "a-long-secret-of-the-hooks", "sms-order": "kannel,elks46",
	}
}

func TestTheDoctorCallsEachGatewayThatIsSetUpAndNoOther(t *testing.T) {
	mail := newInProcess(t, time.Now)
	file := t.TempDir() + "/neuvo.db"
	stocked(t, file)
	doctor := func(change map[string]string) (int, string) {
		args := []string{"doctor", "--database", file, "--smtp", mail.smtpURL(), "--imap", mail.imapURL(), "--reply-address", "{token}@" + replyDomain, "--base-url", healthy(t, time.Now)}
		for flag, value := range change {
			args = append(args, "--"+flag, value)
		}
		code, out, said := neuvo(t, args...)
		if strings.Contains(out+said, "word-of-ours") {
			t.Errorf("a password is shown:\n%s%s", out, said)
		}
		return code, out + said
	}
	url := providers(t)
	code, out := doctor(allGateways(url))
	for _, want := range []string{`ok +twilio +.*/hooks/twilio/inbound`, `ok +vonage `, `ok +elks46 `, `note +kannel .*kannel-numbers`, `note +sms-address `} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(out) {
			t.Errorf("%s is missing", want)
		}
	}
	if code != 0 {
		t.Errorf("%d\n%s", code, out)
	}
	if _, out := doctor(map[string]string{"sms-address": "{digits}@" + smsDomain}); regexp.MustCompile(`twilio|vonage|elks46|kannel`).MatchString(out) {
		t.Errorf("what is not set up is looked at:\n%s", out)
	}
	for _, c := range []struct{ flag, value, want string }{
		{"twilio-token", "wrong", `mend +twilio .*401`}, {"vonage-secret", "wrong", `mend +vonage .*401`}, {"elks46-password", "wrong", `mend +elks46 .*401`},
		{"kannel-password", "wrong", `mend +kannel .*Authorization failed`}, {"twilio-url", "http://127.0.0.1:1", `mend +twilio .*takes no connections`},
		{"twilio-url", "ftp://x", `mend +settings .*twilio-account`}, {"hook-secret", "short", `mend +settings .*hook-secret`},
		{"sms-order", "pigeon", `mend +settings .*sms-order`}, {"elks46-numbers", "0401234567", `mend +settings .*elks46-numbers`},
		{"sms-body", "no text", `mend +settings .*sms-body`}, {"vonage-signature-method", "rot13", `mend +settings .*vonage-key`},
	} {
		all := allGateways(url)
		all[c.flag] = c.value
		if code, out := doctor(all); code != 1 || !regexp.MustCompile(`(?m)^`+c.want).MatchString(out) {
			t.Errorf("%s %s: %d\n%s", c.flag, c.value, code, out)
		}
	}
}

func TestGatewaysAreTriedInTheOrderOfTheSettings(t *testing.T) {
	s := settingsServe{BaseURL: "https://desk.example.com"}
	s.SMSAddress, s.HookSecret, s.SMSOrder = "{digits}@sms.example.com", "a-long-secret-of-the-hooks", []string{"kannel", "mail"}
	s.Twilio.Account, s.Twilio.Token, s.Twilio.Numbers, s.Twilio.Rate = "AC1", "t", []string{"+358401110000"}, 3
	s.Twilio.Prefixes, s.Twilio.Names = []string{"+358"}, map[string]string{"+358": "AUTOTALO"}
	s.Kannel.URL, s.Kannel.User, s.Kannel.Password, s.Kannel.From = "http://127.0.0.1:1/x", "u", "p", "Desk"
	texts, err := s.textGateways(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	m, err := email.NewMailer(email.MailerOptions{URL: "smtp://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.routes(m, texts)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range list {
		names = append(names, r.Gateway.Name())
	}
	if got := strings.Join(names, " "); got != "smtp kannel mail-sms twilio" {
		t.Errorf("in the order %s", got)
	}
	last := list[3]
	if last.PerSecond != 3 || last.Numbers[0] != "+358401110000" || last.Prefixes[0] != "+358" || last.Names["+358"] != "AUTOTALO" || last.Gateway.Channel() != notify.SMS {
		t.Errorf("%+v", last)
	}
	if len(hooks(texts)) != 2 {
		t.Errorf("%d are called", len(hooks(texts)))
	}
}
