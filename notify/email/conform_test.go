package email_test

import (
	"net/url"
	"testing"

	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/notifytest"
)

func TestBothGatewaysOverSMTPConform(t *testing.T) {
	host := func(t testing.TB, addr string) *email.Mailer {
		m, err := email.NewMailer(email.MailerOptions{URL: "smtp://" + url.UserPassword(notifytest.Key, notifytest.Geheim).String() + "@" + addr})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		return m
	}
	start := func(t testing.TB) *notifytest.Counterpart { return notifytest.StartMailHost(t) }
	mail := envelope()
	mail.Body = "Hei Liisa! Autosi on valmis."
	text := mail
	text.To, text.Title = "+358401234567", ""
	secrets := []string{notifytest.Geheim, url.QueryEscape(notifytest.Geheim)}
	for name, h := range map[string]notifytest.Harness{
		"e-mail": {
			Gateway: func(t testing.TB, _ *notifytest.Counterpart, addr string) notify.Gateway {
				return email.NewSMTP(host(t, addr))
			},
			Envelope: mail, Sender: mail.From, To: mail.To,
		},
		"e-mail-to-SMS": {
			Gateway: func(t testing.TB, _ *notifytest.Counterpart, addr string) notify.Gateway {
				g, err := email.NewSMSGateway(host(t, addr), email.SMSOptions{Address: "{digits}@sms.example.com", Subject: "key"})
				if err != nil {
					t.Fatal(err)
				}
				return g
			},
			Envelope: text, Sender: text.From, To: "358401234567@sms.example.com",
		},
	} {
		h.Start, h.Secrets = start, secrets
		t.Run(name, func(t *testing.T) { notifytest.Conform(t, h) })
	}
}
