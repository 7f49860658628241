package email_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

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
	t.Run("a signed survey arrives as it was signed, in two shapes, with its way out", func(t *testing.T) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		sign, err := email.NewSignature(notifytest.ReplyDomain, "desk1", keyFile(t, "PRIVATE KEY", pkcs8(t, key)))
		if err != nil {
			t.Fatal(err)
		}
		record, err := sign.Record()
		if err != nil {
			t.Fatal(err)
		}
		e := write(9, addresses.For(9), "Hei Åsa 😀! "+strings.Repeat("Pitkä rivi, joka jatkuu. ", 50)+"\n.\nhttps://desk.test/s/x")
		e.FromName, e.Purpose, e.Occasion, e.Unsubscribe = "Päivi 😀 <b>Bergström-von der Lentokonesuihkuturbiini</b>", notify.Survey, "survey", "https://desk.test/u/token"
		e.Files = []notify.File{{Name: "käynti.ics", ContentType: "text/calendar; method=PUBLISH; charset=utf-8", Content: []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")}}
		hand(email.NewSMTP(mailer(t, email.MailerOptions{URL: post.URL(), Signature: sign})), e)
		var raw []byte
		notifytest.Eventually(t, "the survey", func() bool {
			all := post.Mail(t, notifytest.ReplyBox)
			i := slices.IndexFunc(all, func(raw []byte) bool { return strings.Contains(string(raw), "<"+e.MessageID+">") })
			if i >= 0 {
				raw = all[i]
			}
			return i >= 0
		})
		// A real host has put its own fields before it: the signature holds.
		found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(string) ([]string, error) { return []string{record}, nil }})
		if err != nil || len(found) != 1 || found[0].Err != nil {
			t.Errorf("the signature: %+v, %v", found, err)
		}
		header, parts := partsOf(t, strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n", "\r\n"))
		for name, want := range map[string]string{
			"Message-Id": "<" + e.MessageID + ">", "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply",
			"List-Unsubscribe": "<https://desk.test/u/token>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		for _, kind := range []string{"multipart/alternative", "text/plain", "text/html", "text/calendar"} {
			if parts[kind] == "" {
				t.Errorf("no %s", kind)
			}
		}
		if !strings.HasPrefix(parts["text/plain"], "Hei Åsa 😀! Pitkä rivi") || strings.Contains(parts["text/html"], "<b>") {
			t.Errorf("%s", parts["text/html"])
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
