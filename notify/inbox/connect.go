package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"neuvo/internal/fault"
)

// How long one step with the server may take.
const (
	dialTime  = 20 * time.Second
	stepTime  = 30 * time.Second
	fetchTime = 5 * time.Minute
)

// security is how a connection is protected.
type security string

const (
	implicitTLS security = "implicit"
	startTLS    security = "starttls"
	noTLS       security = "none"
)

// server is what an IMAP URL says.
type server struct {
	host, port, user, password string
	security                   security
	folder                     string        // "" where it names none
	after                      string        // flag, leave, move:FOLDER, or ""
	auth                       string        // whose OAuth, "" for a password
	tokenURL                   string        // where auth is AuthOther
	tenant                     string        // of Microsoft
	idle                       time.Duration // of a cycle while somebody looks, 0 where it says none
}

// readURL reads imaps://user:password@host[:993][/FOLDER] (TLS from the first
// byte), imap://…[:143] (STARTTLS, required) and imap://…?tls=none (a server on
// this machine), with after=…, auth=…, tenant=…, token_url=… and idle=… in the query. The
// error is Invalid and names no secret.
func readURL(text string) (server, error) {
	bad := fault.New(fault.Invalid, "fault.imap_url")
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User == nil || u.User.Username() == "" {
		return server{}, bad // the parser's error would quote the password
	}
	s := server{host: u.Hostname(), port: u.Port(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	q := u.Query()
	s.folder, s.after, s.auth = strings.Trim(u.Path, "/"), q.Get("after"), q.Get("auth")
	s.tenant, s.tokenURL = q.Get("tenant"), q.Get("token_url")
	if !slices.Contains([]string{"", AuthGoogle, AuthMicrosoft, AuthOther}, s.auth) || (s.auth == AuthOther) != (s.tokenURL != "") {
		return server{}, bad
	}
	if q.Has("idle") {
		if s.idle, err = time.ParseDuration(q.Get("idle")); err != nil || s.idle < shortestCycle {
			return server{}, fault.New(fault.Invalid, "fault.imap_idle").With("value", q.Get("idle"))
		}
	}
	switch u.Scheme + " " + q.Get("tls") {
	case "imaps ", "imaps implicit":
		s.security = implicitTLS
	case "imap ", "imap starttls":
		s.security = startTLS
	case "imap none":
		s.security = noTLS
	default:
		return server{}, bad
	}
	if s.port == "" {
		s.port = "143"
		if s.security == implicitTLS {
			s.port = "993"
		}
	}
	return s, nil
}

func (s server) addr() string { return net.JoinHostPort(s.host, s.port) }

// session is a signed-in connection.
type session struct {
	client *imapclient.Client
	conn   net.Conn
	turn   sync.Mutex    // one exchange at a time
	idles  bool          // the server has IDLE
	moves  bool          // the server has MOVE
	picks  bool          // the server has UIDPLUS: it can expunge by UID
	near   bool          // the server is on this machine or in a private network
	trip   time.Duration // ending the last IDLE took
	// arrived gets a signal when the server says, unasked, that there is more.
	arrived chan struct{}
}

// connect dials, secures and signs in. The errors are Unavailable where the
// server does not answer, and Unauthorized where it refuses the sign-in.
func (p *Poller) connect(ctx context.Context) (*session, error) {
	s := &session{arrived: make(chan struct{}, 1)}
	unreachable := func(err error) error {
		return fault.New(fault.Unavailable, "fault.imap_connect").With("host", p.server.addr()).Cause(err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime+stepTime)
	defer cancel()
	conn, err := (&net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second}).DialContext(ctx, "tcp", p.server.addr())
	if err != nil {
		return nil, unreachable(err)
	}
	settings := &tls.Config{ServerName: p.server.host, MinVersion: tls.VersionTLS12, RootCAs: p.opt.roots}
	options := &imapclient.Options{TLSConfig: settings, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				select {
				case s.arrived <- struct{}{}:
				default:
				}
			}
		},
	}}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	s.conn, s.near = conn, isNear(conn.RemoteAddr())
	switch p.server.security {
	case implicitTLS:
		secured := tls.Client(conn, settings)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(unreachable(err), conn.Close())
		}
		s.client = imapclient.New(secured, options)
	case startTLS:
		if s.client, err = imapclient.NewStartTLS(conn, options); err != nil {
			return nil, unreachable(err)
		}
	default:
		s.client = imapclient.New(conn, options)
	}
	if err := s.client.WaitGreeting(); err != nil {
		s.close()
		return nil, unreachable(err)
	}
	if err := p.signIn(ctx, s); err != nil {
		s.close()
		if fault.Is(err, fault.Unauthorized) {
			return nil, err
		}
		if _, refused := errors.AsType[*imap.Error](err); refused {
			return nil, fault.New(fault.Unauthorized, "fault.imap_sign_in").With("host", p.server.addr()).With("user", p.server.user).Cause(err)
		}
		return nil, unreachable(err)
	}
	return s, nil
}

// signIn signs in with LOGIN, or AUTHENTICATE PLAIN where the server forbids that,
// or with an access token; and learns what the server can do. It asks: the
// client's own notion of capabilities may wait in vain for a server that does not
// volunteer them.
func (p *Poller) signIn(ctx context.Context, s *session) error {
	caps, err := s.client.Capability().Wait()
	if err != nil {
		return err
	}
	switch {
	case p.server.auth != "":
		err = p.signInWithToken(ctx, s, caps)
	case caps.Has(imap.CapLoginDisabled) && caps.Has(imap.AuthCap(sasl.Plain)):
		err = s.client.Authenticate(sasl.NewPlainClient("", p.server.user, p.server.password))
	default:
		err = s.client.Login(p.server.user, p.server.password).Wait()
	}
	if err != nil {
		return err
	}
	caps, err = s.client.Capability().Wait()
	s.idles = caps.Has(imap.CapIdle) || caps.Has(imap.CapIMAP4rev2)
	s.moves = caps.Has(imap.CapMove) || caps.Has(imap.CapIMAP4rev2)
	s.picks = caps.Has(imap.CapUIDPlus) || caps.Has(imap.CapIMAP4rev2)
	return err
}

// step runs one exchange with the server. When its time is over, or the
// context's, the connection is closed, which ends whatever waits for it.
func (s *session) step(ctx context.Context, limit time.Duration, what string, f func() error) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = s.conn.Close() })
	defer stop()
	if err := f(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// open selects the mailbox (EXAMINE where nothing is to be changed) and gives
// its UIDVALIDITY and UIDNEXT, 0 where the server does not say.
func (s *session) open(ctx context.Context, mailbox string, readOnly bool) (*imap.SelectData, error) {
	var data *imap.SelectData
	err := s.step(ctx, stepTime, "open the mailbox", func() (err error) {
		data, err = s.client.Select(mailbox, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
		return err
	})
	if _, refused := errors.AsType[*imap.Error](err); refused {
		return nil, fault.New(fault.NotFound, "fault.imap_mailbox").With("mailbox", mailbox).Cause(err)
	}
	return data, err
}

func (s *session) noop(ctx context.Context) error {
	return s.step(ctx, 10*time.Second, "ask the server whether it is there", s.client.Noop().Wait)
}

// close ends the connection without ceremony; what it says no longer matters.
func (s *session) close() {
	_ = s.conn.Close()
	_ = s.client.Close()
}
