package email_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"neuvo/notify"
	"neuvo/notify/email"
	"neuvo/notify/inbox"
	"neuvo/notify/notifytest"
)

func TestARealMailServerCarriesMailBouncesTextsAndAnswers(t *testing.T) {
	post := notifytest.StartPostfix(t, notifytest.StartDovecot(t))
	addresses, err := notify.NewAddresses("desk+{token}@"+notifytest.ReplyDomain, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	m := mailer(t, email.MailerOptions{URL: post.URL()})
	hand := func(g notify.Gateway, e notify.Envelope) notify.Sent {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		sent, err := g.Send(ctx, e)
		if err != nil {
			t.Fatal(err)
		}
		return sent
	}
	// arrived waits for a mail in the box that replies reach, as the program reads it.
	arrived := func(what string, is func(notify.Parsed) bool) (found notify.Parsed) {
		t.Helper()
		notifytest.Eventually(t, what, func() bool {
			return slices.ContainsFunc(post.Mail(t, notifytest.ReplyBox), func(raw []byte) bool {
				p, err := inbox.Parse(raw, inbox.ParseOptions{SMSDomain: notifytest.SMSDomain, OwnDomain: notifytest.ReplyDomain})
				found = p
				return err == nil && is(p)
			})
		})
		return found
	}
	job := func(p notify.Parsed) int64 {
		for _, r := range p.Recipients {
			if id, _, valid := addresses.Read(r.Address); valid {
				return id
			}
		}
		return 0
	}
	texts, err := email.NewSMSGateway(m, email.SMSOptions{Address: "{digits}@" + notifytest.SMSDomain, Body: "{text}\n##"})
	if err != nil {
		t.Fatal(err)
	}
	write := func(id int64, to, body string) notify.Envelope {
		e := envelope()
		e.MessageID, e.From, e.To, e.Body, e.InReplyTo = "m"+string(rune('0'+id))+".x@"+notifytest.ReplyDomain, addresses.For(id), to, body, ""
		return e
	}

	t.Run("an address where nobody lives comes back as a bounce of that message", func(t *testing.T) {
		e := write(1, "liisa@"+notifytest.NobodyDomain, "Hei Liisa! Autosi on valmis.")
		if sent := hand(email.NewSMTP(m), e); sent.ID == "" {
			t.Error("the queue id is not kept")
		}
		p := arrived("the bounce", func(p notify.Parsed) bool { return p.Kind == notify.Bounce })
		if p.FailedRecipient != e.To || p.OriginalID != e.MessageID || !strings.Contains(p.FailedReason, "5.1.1") || job(p) != 1 {
			t.Errorf("bounce %+v", p)
		}
	})
	t.Run("a text reaches the phone as it was written, and its answer the job", func(t *testing.T) {
		for i, body := range []string{"Hei! Auto on valmis. Päivi", "Valmis 😀 – 45 €\ntoinen rivi", strings.Repeat("Pitkä viesti jatkuu. ", 20) + "loppu"} {
			id, phone := int64(2+i), "+35840123456"+string(rune('1'+i))
			hand(texts, write(id, phone, body))
			notifytest.Eventually(t, "the text reaches "+phone, func() bool { return slices.Contains(post.Texts(t, phone), body) })
			answer := "Kiitos Päivi! Haen kello 16 😀"
			post.Say(t, phone, answer)
			p := arrived("the answer of "+phone, func(p notify.Parsed) bool { return p.From == phone })
			if p.Channel != notify.SMS || p.Kind != notify.Human || p.ReplyText != answer || job(p) != id {
				t.Errorf("answer of %s: %+v", phone, p)
			}
		}
	})
	t.Run("a phone that does not exist comes back as a bounce of that text", func(t *testing.T) {
		e := write(7, "+358401230000", "Hei! Auto on valmis.")
		hand(texts, e)
		p := arrived("the bounce of the text", func(p notify.Parsed) bool { return p.Kind == notify.Bounce && p.OriginalID == e.MessageID })
		if p.FailedRecipient != "358401230000@"+notifytest.SMSDomain || job(p) != 7 {
			t.Errorf("bounce %+v", p)
		}
	})
}
