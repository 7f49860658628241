package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"neuvo/internal/fault"
)

const (
	// keepIdle is how long a connection waits for the next message of a burst.
	keepIdle = 5 * time.Second
	// maxIdle connections wait at a time: more than calls are under way at once.
	maxIdle = 16
	// fallbackTimeout bounds a hand-over whose caller set no deadline.
	fallbackTimeout = 30 * time.Second
)

// MailerOptions for NewMailer.
type MailerOptions struct {
	// URL of the host: smtp://user:password@host:587 (STARTTLS where the host
	// offers it), smtps://host:465 (TLS from the first byte). ?tls=required
	// refuses a host without STARTTLS, ?tls=none never encrypts: for a host on
	// this machine. A password is sent only encrypted, to this machine, or where
	// tls=none says so.
	URL string
	// FromName is the display name of messages that have no author.
	FromName string
	// Log is slog.Default() where nil.
	Log *slog.Logger
	// Now stamps the Date header; time.Now where nil.
	Now func() time.Time
	// TLS is the base of the TLS configuration, for a private authority; nil for
	// the system's.
	TLS *tls.Config
	// Signature signs what is sent; nil for none.
	Signature *Signature
}

// Mailer hands messages over to one SMTP host. It keeps a few connections open
// through a burst. It may be used from several goroutines.
type Mailer struct {
	host, port     string
	user, password string
	mode           tlsMode
	tls            *tls.Config
	helo           string
	fromName       string
	signer         *Signature
	log            *slog.Logger
	now            func() time.Time

	mu     sync.Mutex
	idle   []*session
	closed bool
}

// tlsMode is how a connection gets encrypted.
type tlsMode int

const (
	startIfOffered tlsMode = iota
	startRequired
	fromFirstByte
	never
)

// NewMailer reads the URL; it does not connect (see Check). The error is
// Invalid and never shows the URL, which may hold a password.
func NewMailer(opt MailerOptions) (*Mailer, error) {
	bad := fault.New(fault.Invalid, "fault.smtp_url")
	u, err := url.Parse(opt.URL)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || (u.Path != "" && u.Path != "/") {
		return nil, bad
	}
	m := &Mailer{host: u.Hostname(), port: u.Port(), fromName: opt.FromName, signer: opt.Signature, log: opt.Log, now: opt.Now}
	switch u.Scheme {
	case "smtp":
		m.port = cmp.Or(m.port, "587")
	case "smtps":
		m.mode, m.port = fromFirstByte, cmp.Or(m.port, "465")
	default:
		return nil, bad
	}
	switch mode := u.Query().Get("tls"); {
	case mode == "":
	case mode == "required" && u.Scheme == "smtp":
		m.mode = startRequired
	case mode == "none" && u.Scheme == "smtp":
		m.mode = never
	default:
		return nil, bad
	}
	if u.User != nil {
		m.user = u.User.Username()
		m.password, _ = u.User.Password()
	}
	if opt.TLS != nil {
		m.tls = opt.TLS.Clone()
	} else {
		m.tls = &tls.Config{}
	}
	m.tls.ServerName = cmp.Or(m.tls.ServerName, m.host)
	m.tls.MinVersion = max(m.tls.MinVersion, tls.VersionTLS12)
	if m.helo, _ = os.Hostname(); m.helo == "" {
		m.helo = "localhost"
	}
	if m.log == nil {
		m.log = slog.Default()
	}
	if m.now == nil {
		m.now = time.Now
	}
	return m, nil
}

// Check connects, signs in and leaves again. The error says, without secrets,
// what did not work.
func (m *Mailer) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fallbackTimeout)
	defer cancel()
	s, err := m.dial(ctx)
	if err != nil {
		return err
	}
	s.quit()
	return nil
}

// Close closes the connections that are kept open. Messages under way are not
// touched. Calling it twice is harmless.
func (m *Mailer) Close() error {
	m.mu.Lock()
	idle := m.idle
	m.idle, m.closed = nil, true
	m.mu.Unlock()
	for _, s := range idle {
		s.timer.Stop()
		s.quit()
	}
	return nil
}

// acquire gives a connection that answers, kept or new.
func (m *Mailer) acquire(ctx context.Context) (*session, error) {
	for {
		m.mu.Lock()
		if len(m.idle) == 0 {
			m.mu.Unlock()
			return m.dial(ctx)
		}
		s := m.idle[len(m.idle)-1]
		m.idle = m.idle[:len(m.idle)-1]
		m.mu.Unlock()
		// A timer that has fired is closing the connection already.
		if s.timer.Stop() && s.alive(ctx) {
			return s, nil
		}
		s.drop()
	}
}

// release keeps a connection for the next message of a burst.
func (m *Mailer) release(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || len(m.idle) >= maxIdle {
		go s.quit()
		return
	}
	s.timer = time.AfterFunc(keepIdle, func() {
		m.mu.Lock()
		at := slices.Index(m.idle, s)
		if at >= 0 {
			m.idle = slices.Delete(m.idle, at, at+1)
		}
		m.mu.Unlock()
		if at >= 0 {
			s.quit()
		}
	})
	m.idle = append(m.idle, s)
}

// onThisMachine tells whether the host is loopback, where nobody listens in.
func (m *Mailer) onThisMachine() bool {
	if m.host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(m.host)
	return err == nil && ip.IsLoopback()
}

func (m *Mailer) address() string { return net.JoinHostPort(m.host, m.port) }

// Settings that do not fit the host.
var (
	errNoTLS   = errors.New("the host offers no STARTTLS, and tls=required asks for it")
	errNoAuth  = errors.New("the host offers no sign-in, but a user name is set")
	errNoMech  = errors.New("the host offers no way to sign in that this program knows")
	errTalker  = errors.New("it does not stop talking")
	errPlainPw = errors.New("the host offers no encryption; a password is not sent in the clear (tls=none would allow it)")
)
