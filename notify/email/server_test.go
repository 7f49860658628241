package email_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// received is one message as a server got it.
type received struct {
	from string
	to   []string
	raw  string
}

// server is a real SMTP server on loopback. It counts connections and keeps
// what it got.
type server struct {
	addr  string
	roots *x509.CertPool

	mu       sync.Mutex
	got      []received
	sessions int
	signedIn bool
}

type serverOptions struct {
	implicit bool // TLS from the first byte
	startTLS bool
	password string // asked for where set
}

func startServer(t *testing.T, opt serverOptions) *server {
	t.Helper()
	s := &server{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		s.sessions++
		s.mu.Unlock()
		plain := &session{server: s}
		if opt.password != "" {
			return &authSession{session: plain, password: opt.password}, nil
		}
		return plain, nil
	}))
	srv.Domain, srv.AllowInsecureAuth = "mx.test", !opt.startTLS
	srv.ReadTimeout, srv.WriteTimeout = 20*time.Second, 20*time.Second
	if opt.implicit || opt.startTLS {
		cert, roots := certificate(t)
		s.roots = roots
		conf := &tls.Config{Certificates: []tls.Certificate{cert}}
		if opt.implicit {
			l = tls.NewListener(l, conf)
		} else {
			srv.TLSConfig = conf
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = l.Close(); _ = srv.Close(); <-done }) // the listener too: it may not serve yet
	return s
}

func (s *server) messages() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.got...)
}

func (s *server) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

type session struct {
	server *server
	now    received
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.now.from = from; return nil }
func (s *session) Reset()                                      { s.now = received{} }
func (s *session) Logout() error                               { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch {
	case strings.HasPrefix(to, "nobody@"):
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	case strings.HasPrefix(to, "full@"):
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	}
	s.now.to = append(s.now.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if strings.Contains(string(raw), "refuse these words") {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "looks like spam"}
	}
	s.now.raw = string(raw)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.got = append(s.server.got, s.now)
	return nil
}

// authSession asks for a sign-in.
type authSession struct {
	*session
	password string
	in       bool
}

func (s *authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "desk" || password != s.password {
			return smtp.ErrAuthFailed
		}
		s.in = true
		s.server.mu.Lock()
		s.server.signedIn = true
		s.server.mu.Unlock()
		return nil
	}), nil
}

func (s *authSession) Mail(from string, o *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	return s.session.Mail(from, o)
}

// certificate makes a certificate for 127.0.0.1 and the authority to trust.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// scripted is a server that speaks by a script and can therefore fail as real
// ones do: each command's first word has its answer. An empty answer closes the
// connection, "..." says nothing for ever. "greeting" and "." (after the final
// dot) are commands too.
func scripted(t *testing.T, answers map[string]string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	over := make(chan struct{})
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				go func() { <-over; _ = conn.Close() }()
				follow(conn, answers)
			})
		}
	})
	t.Cleanup(func() { close(over); _ = l.Close(); group.Wait() })
	return l.Addr().String()
}

func follow(conn net.Conn, answers map[string]string) {
	in := bufio.NewReader(conn)
	say := func(command, usual string) bool {
		answer, ok := answers[command]
		if !ok {
			answer = usual
		}
		switch answer {
		case "":
			return false
		case "...":
			_, _ = io.Copy(io.Discard, in) // until the other side gives up
			return false
		}
		_, err := io.WriteString(conn, answer+"\r\n")
		return err == nil
	}
	if !say("greeting", "220 scripted") {
		return
	}
	data := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		if data {
			if line == "." {
				data = false
				if !say(".", "250 ok") {
					return
				}
			}
			continue
		}
		command := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
		usual := "250 ok"
		switch command {
		case "DATA":
			usual = "354 go on"
		case "QUIT":
			usual = "221 bye"
		}
		if !say(command, usual) {
			return
		}
		data = command == "DATA" && (answers["DATA"] == "" || strings.HasPrefix(answers["DATA"], "354"))
	}
}
