package notifytest

import (
	"bytes"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// SMTP is a mail server in this process that accepts everything and hands it
// to a function.
type SMTP struct {
	// Addr is host:port on loopback.
	Addr string
}

// URL is how the program's settings name this server.
func (s *SMTP) URL() string { return "smtp://" + s.Addr + "?tls=none" }

// StartSMTP starts an SMTP server on a free loopback port for the length of the
// test. deliver gets each message after its DATA; what it returns is the
// server's answer (a *smtp.SMTPError keeps its code, any other error is a 451).
func StartSMTP(t testing.TB, deliver func(from string, to []string, raw []byte) error) *SMTP {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen for SMTP: %v", err)
	}
	srv := smtp.NewServer(relay{deliver})
	srv.Domain = "mail.neuvo.test"
	srv.AllowInsecureAuth = true
	srv.ReadTimeout, srv.WriteTimeout = 30*time.Second, 30*time.Second
	srv.MaxMessageBytes = 64 << 20
	srv.EnableSMTPUTF8 = true
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = l.Close(); _ = srv.Close(); <-done }) // the listener too: it may not serve yet
	return &SMTP{Addr: l.Addr().String()}
}

type relay struct {
	deliver func(from string, to []string, raw []byte) error
}

// NewSession implements smtp.Backend.
func (r relay) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &relaySession{deliver: r.deliver}, nil
}

type relaySession struct {
	deliver func(from string, to []string, raw []byte) error
	from    string
	to      []string
}

func (s *relaySession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *relaySession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *relaySession) Data(r io.Reader) error {
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		return err
	}
	return s.deliver(s.from, slices.Clone(s.to), b.Bytes())
}

func (s *relaySession) Reset()        { s.from, s.to = "", nil }
func (s *relaySession) Logout() error { return nil }
