package email

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"neuvo/notify"
)

// session is one connection to the host, past its greeting and sign-in.
type session struct {
	conn   net.Conn // the bare connection: closing it ends whatever waits on it
	client *smtp.Client
	timer  *time.Timer // closes it when idle
}

// dial connects, encrypts and signs in, all before ctx ends. The error is a
// *notify.SendError: nothing of a message has been said yet, so that even a
// final refusal (a wrong password, say) is about us and not about a message, and
// is worth another try once it has been mended.
func (m *Mailer) dial(ctx context.Context) (*session, error) {
	dialer := net.Dialer{}
	conn, err := dialer.DialContext(ctx, "tcp", m.address())
	if err != nil {
		return nil, beforeMail("the mail host cannot be reached", err)
	}
	conn = &bounded{Conn: conn}
	defer interrupt(ctx, conn)()
	s := &session{conn: conn}
	if err := m.greet(s); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

// greet takes a fresh connection through greeting, encryption and sign-in.
func (m *Mailer) greet(s *session) error {
	wire := s.conn
	if m.mode == fromFirstByte {
		wire = tls.Client(s.conn, m.tls)
	}
	var err error
	if s.client, err = smtp.NewClient(wire, m.host); err != nil {
		return beforeMail("the mail host does not greet", err)
	}
	if err := s.client.Hello(m.helo); err != nil {
		return beforeMail("the mail host does not answer EHLO", err)
	}
	if m.mode == startIfOffered || m.mode == startRequired {
		offered, _ := s.client.Extension("STARTTLS")
		if !offered && m.mode == startRequired {
			return beforeMail("encryption with the mail host", errNoTLS)
		}
		if offered {
			if err := s.client.StartTLS(m.tls); err != nil {
				return beforeMail("encryption with the mail host failed", err)
			}
		}
	}
	if m.user == "" {
		return nil
	}
	auth, err := m.auth(s.client)
	if err == nil {
		err = s.client.Auth(auth)
	}
	if err != nil {
		return beforeMail("signing in to the mail host failed", err)
	}
	return nil
}

// auth picks how to sign in, by what the host offers.
func (m *Mailer) auth(c *smtp.Client) (smtp.Auth, error) {
	offered, line := c.Extension("AUTH")
	if !offered {
		return nil, errNoAuth
	}
	mechanisms := strings.Fields(strings.ToUpper(line))
	_, encrypted := c.TLSConnectionState()
	inClear := encrypted || m.mode == never || m.onThisMachine()
	switch {
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(m.user, m.password), nil
	case slices.Contains(mechanisms, "PLAIN") && inClear:
		return smtp.PlainAuth("", m.user, m.password, m.host, true), nil
	case slices.Contains(mechanisms, "LOGIN") && inClear:
		return smtp.LoginAuth(m.user, m.password, m.host, true), nil
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return smtp.CRAMMD5Auth(m.user, m.password), nil
	case !inClear:
		return nil, errPlainPw
	}
	return nil, errNoMech
}

// interrupt bounds everything that happens on a connection by ctx, until the
// returned function is called.
func interrupt(ctx context.Context, conn net.Conn) (done func()) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(fallbackTimeout)
	}
	_ = conn.SetDeadline(deadline)
	if b, ok := conn.(*bounded); ok {
		b.read.Store(0)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return func() { stop() }
}

// maxAnswers bytes are read of a host in one go; its answers to a message are a
// few lines.
const maxAnswers = 1 << 20

// bounded is a connection to a host that may not talk without end.
type bounded struct {
	net.Conn
	read atomic.Int64 // since the last interrupt
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.read.Load() > maxAnswers {
		return 0, errTalker
	}
	n, err := b.Conn.Read(p)
	b.read.Add(int64(n))
	return n, err
}

// alive tells whether a kept connection still answers.
func (s *session) alive(ctx context.Context) bool {
	defer interrupt(ctx, s.conn)()
	return s.client.Noop() == nil
}

// quit takes leave and closes.
func (s *session) quit() {
	_ = s.conn.SetDeadline(time.Now().Add(2 * time.Second))
	_ = s.client.Quit()
	s.drop()
}

// drop closes without a word.
func (s *session) drop() { _ = s.conn.Close() }

// handOver gives one message to the host. It returns what the host said when it
// took the message over (RFC 5321 section 3.3: from its 250 after the final dot
// on, the message is its responsibility), or a *notify.SendError.
func (m *Mailer) handOver(ctx context.Context, from, to string, message []byte) (answer string, err error) {
	s, err := m.acquire(ctx)
	if err != nil {
		return "", err
	}
	done := interrupt(ctx, s.conn)
	answer, err = s.transaction(from, to, message)
	done()
	if err != nil {
		// What the host thinks of the connection now is not worth finding out.
		s.drop()
		return "", err
	}
	m.release(s)
	return answer, nil
}

// transaction is MAIL, RCPT and DATA. Where the connection breaks, the step
// decides: until the final dot has been sent the host must not deliver; after it
// nobody knows.
func (s *session) transaction(from, to string, message []byte) (string, error) {
	s.client.SkipSMTPUTF8(isASCII(from + to))
	if err := s.client.Mail("<" + from + ">"); err != nil {
		return "", refused("the sender", err)
	}
	if err := s.client.Rcpt("<" + to + ">"); err != nil {
		return "", refused("the recipient", err)
	}
	w, err := s.client.Data()
	if err != nil {
		return "", refused("the message", err)
	}
	if _, err := bytes.NewReader(message).WriteTo(w); err != nil {
		return "", refused("the message", err)
	}
	if err := w.Close(); err != nil {
		return "", afterDot(err)
	}
	if closer, ok := w.(*smtp.DataCloser); ok {
		return closer.ServerResponse(), nil
	}
	return "", nil
}

// queueID is how common hosts name what they took over.
var queueID = regexp.MustCompile(`(?i)(?:queued as|id=|queue[d]? id:?)\s*([A-Za-z0-9._-]{4,64})`)

// sent is the host's word as the outbox keeps it.
func sent(answer string, segments int) notify.Sent {
	s := notify.Sent{Segments: segments}
	if found := queueID.FindStringSubmatch(answer); found != nil {
		s.ID = found[1]
	}
	return s
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 126 }) < 0
}

// failure makes the typed failure that the outbox acts on.
func failure(retryable, unknown bool, code int, text string, err error) *notify.SendError {
	e := &notify.SendError{Retryable: retryable, Unknown: unknown, Text: text, Err: err}
	if code > 0 {
		e.Code = fmt.Sprint(code)
	}
	return e
}
