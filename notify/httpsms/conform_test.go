package httpsms

import (
	"testing"

	"neuvo/notify"
	"neuvo/notify/notifytest"
)

// words is a text of the advisor to a phone.
func words() notify.Envelope {
	return notify.Envelope{
		ClientRef: "m42", MessageID: "m42.abc@reply.neuvo.test", From: "+358401110000", FromName: "Päivi Öst", To: "+358401234567",
		Body: "Hei Liisa! Autosi on valmis. Terveisin Päivi", Locale: "fi", Automatic: true, Purpose: notify.JobUpdate,
	}
}

func TestEveryGatewayConforms(t *testing.T) {
	known := func(c *notifytest.Counterpart) Common {
		return Common{Hooks: "https://desk.example.com", HookSecret: "hook-" + notifytest.Geheim, TLS: c.TLS}
	}
	for name, h := range map[string]notifytest.Harness{
		"twilio": {
			Start: func(t testing.TB) *notifytest.Counterpart { return notifytest.StartTwilio(t, official(t)) },
			Gateway: func(t testing.TB, c *notifytest.Counterpart, addr string) notify.Gateway {
				return made(NewTwilio(TwilioOptions{Common: known(c), Account: notifytest.Account, Token: notifytest.Geheim, From: "Desk", URL: "https://" + addr}))(t)
			},
			Sender: "+358401110000", To: "+358401234567", RetryAfter: true, References: true,
		},
		"vonage": {
			Start: func(t testing.TB) *notifytest.Counterpart { return notifytest.StartVonage(t) },
			Gateway: func(t testing.TB, c *notifytest.Counterpart, addr string) notify.Gateway {
				return made(NewVonage(VonageOptions{Common: known(c), Key: notifytest.Key, Secret: notifytest.Geheim, From: "Desk", URL: "https://" + addr, ReportsURL: "https://" + addr}))(t)
			},
			Sender: "358401110000", To: "358401234567", RetryAfter: true, References: true,
		},
		"46elks": {
			Start: func(t testing.TB) *notifytest.Counterpart { return notifytest.StartElks46(t) },
			Gateway: func(t testing.TB, c *notifytest.Counterpart, addr string) notify.Gateway {
				return made(NewElks46(Elks46Options{Common: known(c), User: notifytest.Key, Password: notifytest.Geheim, From: "Desk", URL: "https://" + addr}))(t)
			},
			Sender: "+358401110000", To: "+358401234567", RetryAfter: true, References: true,
		},
		"kannel": {
			Start: func(t testing.TB) *notifytest.Counterpart { return notifytest.StartSendSMS(t) },
			Gateway: func(t testing.TB, c *notifytest.Counterpart, addr string) notify.Gateway {
				return made(NewKannel(KannelOptions{Common: known(c), URL: "https://" + addr + "/cgi-bin/sendsms", User: notifytest.Key, Password: notifytest.Geheim, From: "Desk"}))(t)
			},
			Sender: "+358401110000", To: "+358401234567", RetryAfter: true, References: true,
		},
	} {
		h.Envelope, h.Secrets = words(), []string{notifytest.Geheim, "gehe%2Fim%2Bwort%3D1"}
		t.Run(name, func(t *testing.T) { notifytest.Conform(t, h) })
	}
}

// made is a gateway that could be made.
func made[G interface {
	notify.Gateway
	Close() error
}](g G, err error) func(t testing.TB) notify.Gateway {
	return func(t testing.TB) notify.Gateway {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = g.Close() })
		return g
	}
}
