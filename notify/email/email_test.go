package email_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"neuvo/internal/fault"
	"neuvo/notify"
	"neuvo/notify/email"
)

var mimeWords mime.WordDecoder

// sentAt is the injected clock of these tests.
var sentAt = time.Date(2026, 11, 23, 9, 30, 0, 0, time.FixedZone("EET", 2*3600))

func mailer(t *testing.T, opt email.MailerOptions) *email.Mailer {
	t.Helper()
	opt.Now = func() time.Time { return sentAt }
	m, err := email.NewMailer(opt)
	if err != nil {
		t.Fatalf("NewMailer: %v", err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// envelope is an automatic mail from an advisor.
func envelope() notify.Envelope {
	return notify.Envelope{
		ClientRef: "m42", MessageID: "m42.abc@reply.neuvo.test", From: "desk+token@reply.neuvo.test", FromName: "Päivi Öst",
		To: "liisa@example.com", Title: "Autosi on valmis – tervetuloa", Body: "Hei Liisa!\n\n.Piste alussa ja åäö €.\n\nPäivi",
		Locale: "fi", InReplyTo: "q@customer", Automatic: true,
	}
}

func send(t *testing.T, g notify.Gateway, e notify.Envelope) (notify.Sent, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return g.Send(ctx, e)
}

// opened reads a message as the customer's program would: its header and its
// plain text.
func opened(t *testing.T, raw string) (mail.Header, string) {
	t.Helper()
	header, parts := partsOf(t, raw)
	return header, parts["text/plain"]
}

// partsOf reads every part of a message by its type.
func partsOf(t *testing.T, raw string) (mail.Header, map[string]string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("read the message: %v\n%s", err, raw)
	}
	parts := map[string]string{}
	readParts(t, parts, textproto.MIMEHeader(m.Header), m.Body)
	return m.Header, parts
}

func readParts(t *testing.T, parts map[string]string, header textproto.MIMEHeader, body io.Reader) {
	t.Helper()
	kind, args, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		if header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
		return
	}
	parts[kind] = args["boundary"]
	for r := multipart.NewReader(body, args["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		readParts(t, parts, p.Header, p)
	}
}

func TestAMailIsTheAdvisorsAndKeepsItsId(t *testing.T) {
	s := startServer(t, serverOptions{})
	g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + s.addr}))
	if g.Channel() != notify.Email || g.Name() == "" {
		t.Errorf("gateway %q for %s", g.Name(), g.Channel())
	}
	if _, err := send(t, g, envelope()); err != nil {
		t.Fatal(err)
	}
	got := s.messages()
	if len(got) != 1 || got[0].from != "desk+token@reply.neuvo.test" || len(got[0].to) != 1 || got[0].to[0] != "liisa@example.com" {
		t.Fatalf("envelope: %+v", got)
	}
	header, body := opened(t, got[0].raw)
	from, err := header.AddressList("From")
	if err != nil || from[0].Name != "Päivi Öst" || from[0].Address != "desk+token@reply.neuvo.test" {
		t.Errorf("From %v, %v", from, err)
	}
	subject, _ := mimeWords.DecodeHeader(header.Get("Subject"))
	want := map[string]string{
		"Message-Id": "<m42.abc@reply.neuvo.test>", "In-Reply-To": "<q@customer>", "References": "<q@customer>",
		"Auto-Submitted": "auto-generated", "To": "<liisa@example.com>", "Date": "Mon, 23 Nov 2026 09:30:00 +0200",
		"Content-Language": "fi", "X-Mailer": "", "User-Agent": "",
	}
	for name, value := range want {
		if header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, header.Get(name), value)
		}
	}
	if subject != envelope().Title {
		t.Errorf("Subject %q", subject)
	}
	if diff := cmp.Diff(envelope().Body, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestAPersonsOwnMailIsNotCalledAutomatic(t *testing.T) {
	s := startServer(t, serverOptions{})
	g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + s.addr, FromName: "Autohuolto"}))
	e := envelope()
	e.Automatic, e.InReplyTo, e.FromName, e.Title = false, "", "", "Hi\r\nBcc: x@evil.test"
	e.Purpose, e.Unsubscribe = notify.Marketing, "https://desk.test/u/token"
	if _, err := send(t, g, e); err != nil {
		t.Fatal(err)
	}
	header, _ := opened(t, s.messages()[0].raw)
	for _, name := range []string{"Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To", "References", "Bcc", "List-Unsubscribe", "List-Unsubscribe-Post"} {
		if header.Get(name) != "" {
			t.Errorf("%s: %q", name, header.Get(name))
		}
	}
	if from, _ := header.AddressList("From"); len(from) != 1 || from[0].Name != "Autohuolto" {
		t.Errorf("From %v", from)
	}
}

func TestATextGoesToTheGatewaysAddressAndIsNothingButTheText(t *testing.T) {
	for pattern, want := range map[string]string{
		"{digits}@sms.example.com": "358401234567@sms.example.com", "{e164}@sms.example.com": "+358401234567@sms.example.com",
	} {
		s := startServer(t, serverOptions{})
		g, err := email.NewSMSGateway(mailer(t, email.MailerOptions{URL: "smtp://" + s.addr, FromName: "x"}), email.SMSOptions{Address: pattern, Subject: "key"})
		if err != nil {
			t.Fatal(err)
		}
		e := envelope()
		e.To, e.Body = "+358401234567", "Hei! Auto on valmis. Päivi"
		sent, err := send(t, g, e)
		if err != nil || sent.Segments != 1 || g.Channel() != notify.SMS {
			t.Fatalf("sent %+v, %v", sent, err)
		}
		got := s.messages()[0]
		header, body := opened(t, got.raw)
		if got.to[0] != want || body != e.Body || header.Get("Subject") != "key" || header.Get("Message-Id") != "<"+e.MessageID+">" ||
			header.Get("From") != "<"+e.From+">" {
			t.Errorf("to %v: %q, %v", got.to, body, header)
		}
		e.To = "liisa@example.com,+358"
		if _, err := send(t, g, e); !permanent(err) {
			t.Errorf("what is no number: %v", err)
		}
	}
}

func TestSettingsThatCannotWorkAreRefusedWithoutShowingThem(t *testing.T) {
	for _, address := range []string{
		"", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://u:geheim@ho st", "smtp://h/path",
		"smtp://h?tls=maybe", "smtps://h?tls=none", "smtp://u:geheim@h:port",
	} {
		_, err := email.NewMailer(email.MailerOptions{URL: address})
		if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v, want Invalid without the secret", address, err)
		}
	}
	for _, pattern := range []string{"", "sms@example.com", "{digits}", "{digits}{e164}@example.com", "{digits}@", "x@{digits}.example.com", "{digits}@a@b", "{digits} x@b"} {
		if _, err := email.NewSMSGateway(mailer(t, email.MailerOptions{URL: "smtp://h"}), email.SMSOptions{Address: pattern}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, want Invalid", pattern, err)
		}
	}
}

// outcome names how a Send ended, as the outbox would act on it.
func outcome(err error) string {
	e, ok := errors.AsType[*notify.SendError](err)
	switch {
	case err == nil:
		return "sent"
	case !ok:
		return "untyped: " + err.Error()
	case e.Unknown:
		return "unknown"
	case e.Retryable:
		return strings.TrimSpace("retry " + e.Code)
	}
	return strings.TrimSpace("failed " + e.Code)
}

func permanent(err error) bool { return strings.HasPrefix(outcome(err), "failed") }

func TestEveryFaultOfAHostIsToldAsItWas(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		want    string
	}{
		"all is well":                           {nil, "sent"},
		"busy at the greeting":                  {map[string]string{"greeting": "421 too busy"}, "retry 421"},
		"closed for good at the greeting":       {map[string]string{"greeting": "554 not here"}, "retry 554"},
		"hangs up at once":                      {map[string]string{"greeting": ""}, "retry"},
		"hangs up after EHLO":                   {map[string]string{"EHLO": "", "HELO": ""}, "retry"},
		"sender refused for now":                {map[string]string{"MAIL": "450 greylisted"}, "retry 450"},
		"sender refused for good":               {map[string]string{"MAIL": "550 not allowed"}, "failed 550"},
		"wants a sign-in that is not set":       {map[string]string{"MAIL": "530 sign in first"}, "retry 530"},
		"recipient refused for now":             {map[string]string{"RCPT": "451 try later"}, "retry 451"},
		"recipient refused for good":            {map[string]string{"RCPT": "550 no such user"}, "failed 550"},
		"hangs up at the recipient":             {map[string]string{"RCPT": ""}, "retry"},
		"DATA refused":                          {map[string]string{"DATA": "452 no room"}, "retry 452"},
		"the whole refused for good":            {map[string]string{".": "554 spam"}, "failed 554"},
		"the whole refused for now":             {map[string]string{".": "451 scanner down"}, "retry 451"},
		"hangs up after the final dot":          {map[string]string{".": ""}, "unknown"},
		"nonsense after the final dot":          {map[string]string{".": "what?"}, "unknown"},
		"nonsense before any word of a message": {map[string]string{"greeting": "what?"}, "retry"},
	} {
		t.Run(name, func(t *testing.T) {
			g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + scripted(t, c.answers)}))
			_, err := send(t, g, envelope())
			if got := outcome(err); got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}

func TestABlackHoleCostsNoMoreThanTheTimeGiven(t *testing.T) {
	for step, want := range map[string]string{"greeting": "retry", "MAIL": "retry", "DATA": "retry", ".": "unknown"} {
		t.Run(step, func(t *testing.T) {
			g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + scripted(t, map[string]string{step: "..."})}))
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := g.Send(ctx, envelope())
			if got := outcome(err); got != want || time.Since(began) > 5*time.Second {
				t.Errorf("%s (%v) after %s, want %s", got, err, time.Since(began), want)
			}
		})
	}
}

func TestAHostThatIsNotThereIsTriedAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	m := mailer(t, email.MailerOptions{URL: "smtp://u:geheim@" + addr})
	_, err = send(t, email.NewSMTP(m), envelope())
	if outcome(err) != "retry" || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%s: %v", outcome(err), err)
	}
	if err := m.Check(t.Context()); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("Check: %v", err)
	}
}

func TestRefusalsOfARealServerAreTyped(t *testing.T) {
	s := startServer(t, serverOptions{})
	g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + s.addr}))
	for to, want := range map[string]string{"nobody@example.com": "failed 550", "full@example.com": "retry 452", "two@example.com, x@y": "failed", "": "failed"} {
		e := envelope()
		e.To = to
		if _, err := send(t, g, e); outcome(err) != want {
			t.Errorf("to %q: %s (%v), want %s", to, outcome(err), err, want)
		}
	}
	e := envelope()
	e.Body = "refuse these words"
	_, err := send(t, g, e)
	if outcome(err) != "failed 554" || !strings.Contains(err.Error(), "looks like spam") {
		t.Errorf("spam: %v", err)
	}
	if _, err := send(t, g, envelope()); err != nil {
		t.Errorf("a good one after the bad ones: %v", err)
	}
}

func TestEncryptionFollowsTheURL(t *testing.T) {
	start := startServer(t, serverOptions{startTLS: true, password: "pä:ss@word"})
	implicit := startServer(t, serverOptions{implicit: true})
	plain := startServer(t, serverOptions{})
	user := url.UserPassword("desk", "pä:ss@word").String() + "@"
	for name, c := range map[string]struct {
		url    string
		server *server
		trust  bool
		want   string
	}{
		"STARTTLS and a sign-in":               {"smtp://" + user + start.addr, start, true, "sent"},
		"STARTTLS with a wrong password":       {"smtp://desk:wrong@" + start.addr, start, true, "retry 535"},
		"STARTTLS without the sign-in":         {"smtp://" + start.addr, start, true, "retry 502"},
		"an authority we do not trust":         {"smtp://" + user + start.addr, start, false, "retry"},
		"TLS from the first byte":              {"smtps://" + implicit.addr, implicit, true, "sent"},
		"TLS from the first byte, not trusted": {"smtps://" + implicit.addr, implicit, false, "retry"},
		"a plain host where TLS is asked for":  {"smtp://" + plain.addr + "?tls=required", plain, true, "retry"},
		"a plain host":                         {"smtp://" + plain.addr, plain, true, "sent"},
		"a plain host that offers no sign-in":  {"smtp://" + user + plain.addr, plain, true, "retry"},
		"no encryption though it is offered":   {"smtp://" + start.addr + "?tls=none", start, true, "retry 502"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := &tls.Config{}
			if c.trust {
				conf.RootCAs = c.server.roots
			}
			m := mailer(t, email.MailerOptions{URL: c.url, TLS: conf})
			if _, err := send(t, email.NewSMTP(m), envelope()); outcome(err) != c.want {
				t.Errorf("%s (%v), want %s", outcome(err), err, c.want)
			}
		})
	}
	if !start.signedIn {
		t.Error("nobody signed in")
	}
}

func TestABurstSharesAConnectionAndAStaleOneIsReplaced(t *testing.T) {
	s := startServer(t, serverOptions{})
	m := mailer(t, email.MailerOptions{URL: "smtp://" + s.addr})
	g := email.NewSMTP(m)
	for i := range 5 {
		e := envelope()
		e.MessageID = fmt.Sprintf("m%d@x", i)
		if _, err := send(t, g, e); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.connections(); got != 1 {
		t.Errorf("%d connections for one burst", got)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := send(t, g, envelope()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := len(s.messages()); got != 13 {
		t.Errorf("%d messages", got)
	}
	if err := errors.Join(m.Check(t.Context()), m.Close(), m.Close()); err != nil {
		t.Error(err)
	}
	if _, err := send(t, g, envelope()); err != nil {
		t.Errorf("after Close: %v", err)
	}
}

func TestAHostThatHangsUpBetweenMessagesCostsNothing(t *testing.T) {
	// It closes each connection at the second thing asked of it after a message.
	addr := scripted(t, map[string]string{"NOOP": ""})
	g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + addr}))
	for range 3 {
		if _, err := send(t, g, envelope()); err != nil {
			t.Errorf("send: %v", err)
		}
	}
}

func TestTheHostsQueueIdIsKept(t *testing.T) {
	for answer, want := range map[string]string{
		"250 2.0.0 Ok: queued as 4FzX9k1": "4FzX9k1", "250 OK id=1qRt-0003": "1qRt-0003", "250 fine": "",
	} {
		g := email.NewSMTP(mailer(t, email.MailerOptions{URL: "smtp://" + scripted(t, map[string]string{".": answer})}))
		sent, err := send(t, g, envelope())
		if err != nil || sent.ID != want || sent.Final {
			t.Errorf("%q gives %+v, %v", answer, sent, err)
		}
	}
}

func TestWhatAGatewayWantsAroundATextStandsThere(t *testing.T) {
	for name, c := range map[string]struct {
		opt                 email.SMSOptions
		text, subject, body string
		refused             bool
	}{
		"the sender's name as subject and a mark at the end": {email.SMSOptions{Subject: "AUTOTALO", Body: "{text}\n##"}, "Valmis!", "AUTOTALO", "Valmis!\n##", false},
		"the phone in the subject":                           {email.SMSOptions{Subject: "to {e164}"}, "Valmis!", "to +358401234567", "Valmis!", false},
		"a password before":                                  {email.SMSOptions{Body: "key 7\n{text}"}, "Valmis {text}", "", "key 7\nValmis {text}", false},
		"as long as it may be":                               {email.SMSOptions{Max: 7}, "Välmis!", "", "Välmis!", false},
		"longer than it carries":                             {email.SMSOptions{Max: 6}, "Välmis!", "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, serverOptions{})
			c.opt.Address = "{digits}@sms.example.com"
			g, err := email.NewSMSGateway(mailer(t, email.MailerOptions{URL: "smtp://" + s.addr}), c.opt)
			if err != nil {
				t.Fatal(err)
			}
			e := envelope()
			e.To, e.Body = "+358401234567", c.text
			sent, err := send(t, g, e)
			if c.refused {
				if !permanent(err) || len(s.messages()) != 0 {
					t.Errorf("%v, %d mails", err, len(s.messages()))
				}
				return
			}
			if err != nil || sent.Segments != 1 {
				t.Fatalf("%+v, %v", sent, err)
			}
			header, body := opened(t, s.messages()[0].raw)
			if header.Get("Subject") != c.subject || body != c.body {
				t.Errorf("subject %q, body %q", header.Get("Subject"), body)
			}
		})
	}
	for _, body := range []string{"no place", "{text} and {text}"} {
		if _, err := email.NewSMSGateway(mailer(t, email.MailerOptions{URL: "smtp://h"}), email.SMSOptions{Address: "{digits}@h.example", Body: body}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
