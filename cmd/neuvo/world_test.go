package main

import (
	"bytes"
	"fmt"
	"net/mail"
	"net/smtp"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/jhillyerd/enmime/v2"

	"neuvo/internal/demo"
	"neuvo/notify/notifytest"
)

const (
	replyDomain = "reply.neuvo.test"
	smsDomain   = "sms.neuvo.test"
)

// letter is a text or an e-mail that a customer got.
type letter struct {
	from, messageID, subject, body string
}

// world is everything outside the program: what sends, what receives, and the
// customers' phones and mailboxes.
type world interface {
	smtpURL() string
	imapURL() string
	texts(t *testing.T, number string) []letter
	mails(t *testing.T, address string) []letter
	// answerText sends a text from a phone to the address a text came from.
	answerText(t *testing.T, number, to, body string)
	// answerMail sends an e-mail from a customer; inReplyTo may be empty.
	answerMail(t *testing.T, from, to, inReplyTo, subject, body string)
	// poison puts bytes no parser is made for into the workshop's mailbox.
	poison(t *testing.T, raw []byte)
}

// inProcess is the demo's own mail host.
type inProcess struct{ host *demo.Host }

func newInProcess(t *testing.T, now func() time.Time) world {
	t.Helper()
	host, err := demo.StartHost(demo.HostOptions{Dir: t.TempDir(), ReplyDomain: replyDomain, SMSDomain: smsDomain, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	return &inProcess{host}
}

func (w *inProcess) smtpURL() string { return w.host.SMTPURL() }
func (w *inProcess) imapURL() string { return w.host.IMAPURL() }

func (w *inProcess) texts(_ *testing.T, number string) (got []letter) {
	for _, text := range w.host.Texts(number) {
		got = append(got, letter{from: text.From, body: text.Body})
	}
	return got
}

func (w *inProcess) mails(_ *testing.T, address string) (got []letter) {
	for _, m := range w.host.Mails(address) {
		got = append(got, letter{from: m.From, messageID: m.MessageID, subject: m.Subject, body: m.Body})
	}
	return got
}

func (w *inProcess) answerText(t *testing.T, number, to, body string) {
	t.Helper()
	if _, err := w.host.SendTextTo(number, to, body); err != nil {
		t.Fatal(err)
	}
}

func (w *inProcess) answerMail(t *testing.T, from, to, inReplyTo, subject, body string) {
	t.Helper()
	err := w.host.SendMail(from, demo.NewMail{InReplyTo: inReplyTo, To: to, Subject: subject, Body: body})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *inProcess) poison(t *testing.T, raw []byte) {
	t.Helper()
	server, err := url.Parse(w.host.SMTPURL())
	if err != nil {
		t.Fatal(err)
	}
	if err := smtp.SendMail(server.Host, nil, "stranger@example.test", []string{"desk@" + replyDomain}, raw); err != nil {
		t.Fatal(err)
	}
}

// onDovecot is a real IMAP server for what comes in, and a plain SMTP server
// that keeps what goes out.
type onDovecot struct {
	dovecot *notifytest.Dovecot
	smtp    *notifytest.SMTP

	mu      sync.Mutex
	stopped bool
	sent    map[string][]letter // by recipient
	next    int
}

func newOnDovecot(t *testing.T, _ func() time.Time) world {
	t.Helper()
	w := &onDovecot{sent: map[string][]letter{}}
	w.dovecot = notifytest.StartDovecot(t)
	w.smtp = notifytest.StartSMTP(t, w.deliver)
	return w
}

func (w *onDovecot) deliver(from string, to []string, raw []byte) error {
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return &gosmtp.SMTPError{Code: 451, EnhancedCode: gosmtp.EnhancedCode{4, 3, 2}, Message: "the gateway is stopped"}
	}
	got := letter{from: from, messageID: strings.Trim(e.GetHeader("Message-ID"), "<>"), subject: e.GetHeader("Subject"), body: strings.TrimSpace(e.Text)}
	for _, recipient := range to {
		w.sent[recipient] = append(w.sent[recipient], got)
	}
	return nil
}

// stop makes the gateway refuse for now, or takes it up again.
func (w *onDovecot) stop(stopped bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = stopped
}

func (w *onDovecot) smtpURL() string { return w.smtp.URL() }
func (w *onDovecot) imapURL() string { return w.dovecot.IMAPURL("desk") }

func (w *onDovecot) texts(t *testing.T, number string) []letter {
	return w.mails(t, strings.TrimPrefix(number, "+")+"@"+smsDomain)
}

func (w *onDovecot) mails(_ *testing.T, address string) []letter {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent[address])
}

func (w *onDovecot) answerText(t *testing.T, number, to, body string) {
	t.Helper()
	w.answerMail(t, number+"@"+smsDomain, to, "", "SMS", "Sender: "+number+"\r\nText: "+body)
}

func (w *onDovecot) answerMail(t *testing.T, from, to, inReplyTo, subject, body string) {
	t.Helper()
	w.mu.Lock()
	w.next++
	id := fmt.Sprintf("customer-%d@example.test", w.next)
	w.mu.Unlock()
	var raw strings.Builder
	fmt.Fprintf(&raw, "From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%s>\r\nDate: %s\r\n", from, to, subject, id, time.Now().Format(time.RFC1123Z))
	if inReplyTo != "" {
		fmt.Fprintf(&raw, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n", inReplyTo, inReplyTo)
	}
	fmt.Fprintf(&raw, "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", body)
	if _, err := mail.ReadMessage(strings.NewReader(raw.String())); err != nil {
		t.Fatal(err)
	}
	w.poison(t, []byte(raw.String()))
}

func (w *onDovecot) poison(t *testing.T, raw []byte) {
	t.Helper()
	if err := w.dovecot.Deliver("desk", raw); err != nil {
		t.Fatal(err)
	}
}
