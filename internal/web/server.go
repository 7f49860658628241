package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"

	"neuvo/booking"
	"neuvo/internal/auth"
	"neuvo/internal/db"
	"neuvo/notify"
	"neuvo/notify/httpsms"
	"neuvo/notify/inbox"
	"neuvo/survey"
)

// Options for New. DB, Desk, Notifier, Surveyor and Directory are needed.
type Options struct {
	DB        *db.DB
	Desk      *booking.Desk
	Notifier  *notify.Notifier
	Surveyor  *survey.Surveyor
	Directory *auth.Directory
	// Now is the clock; the database's when nil.
	Now func() time.Time
	// Log receives one line a request and every failure of ours.
	Log *slog.Logger
	// BaseURL is where people reach the program, without a slash at the end. An
	// https URL makes the session cookie Secure.
	BaseURL string
	// TrustedProxies are addresses or CIDR ranges whose X-Forwarded-For is
	// believed; none means that clients connect directly.
	TrustedProxies []string
	// Version is shown in the API's description.
	Version string
	// Plates is the register that the desk looks vehicles up in; nil for none.
	Plates booking.PlateRegister
	// Hooks are the gateways that their providers call us for, and Parse reads
	// what they bring once it is stored.
	Hooks []httpsms.Hook
	Parse notify.Parser
	// Mailboxes are those that are read, for the metrics.
	Mailboxes []*inbox.Poller
	// Demo is mounted at /demo; nil outside demo mode.
	Demo http.Handler
	// Ready tells whether the program can do its work; nil asks the database.
	Ready func(ctx context.Context) error
	// RateLimit bounds public posts and sign-ins; zero fields take the defaults.
	RateLimit RateLimit
	// Relaxed lifts the rate limits, for demos and rehearsals, where one address
	// plays everyone.
	Relaxed bool
}

// Time limits of a connection. Streams and the demo's clock lift the write one.
const (
	readTimeout  = 30 * time.Second
	writeTimeout = 60 * time.Second
	idleTimeout  = 2 * time.Minute
)

// Server serves the API and the pages.
type Server struct {
	opt      Options
	log      *slog.Logger
	echo     *echo.Echo
	http     *http.Server
	sessions *scs.SessionManager
	origins  *http.CrossOriginProtection
	bell     *bell
	limits   *limits
	metrics  *metrics
	memory   *memory
	secure   bool // cookies only over TLS

	mu         sync.Mutex
	fallback   string // locale of the first workshop
	fallbackAt time.Time
}

// New builds the server with all its routes. It fails where an option is
// missing or TrustedProxies cannot be read.
func New(opt Options) (*Server, error) {
	switch {
	case opt.DB == nil, opt.Desk == nil, opt.Notifier == nil, opt.Surveyor == nil, opt.Directory == nil:
		return nil, errors.New("web: DB, Desk, Notifier, Surveyor and Directory are needed")
	}
	if opt.Now == nil {
		opt.Now = opt.DB.Now
	}
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Ready == nil {
		opt.Ready = opt.DB.Ping
	}
	if opt.Relaxed {
		opt.RateLimit = relaxed()
	}
	opt.BaseURL = strings.TrimRight(opt.BaseURL, "/")
	s := &Server{
		opt: opt, log: opt.Log, echo: echo.New(), secure: strings.HasPrefix(opt.BaseURL, "https://"),
		bell: newBell(), limits: newLimits(opt.RateLimit, opt.Now), memory: newMemory(opt.Desk),
	}
	extract, err := ipExtractor(opt.TrustedProxies)
	if err != nil {
		return nil, err
	}
	s.echo.IPExtractor = extract
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.handleError
	s.sessions = s.newSessions()
	s.metrics = newMetrics(opt.Notifier, opt.Mailboxes, s.bell)
	s.origins = http.NewCrossOriginProtection()
	if origin := originOf(opt.BaseURL); origin != "" {
		if err := s.origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("web: base URL %q: %w", opt.BaseURL, err)
		}
	}
	// A way out acts for its token and for no cookie: whatever posts it, such as a
	// mail program's own page, may.
	s.origins.AddInsecureBypassPattern("POST " + leavePrefix + "{token}")
	opt.Desk.OnChange(s.bell.ring)
	opt.Notifier.OnChange(s.ringSubject)
	s.routes()
	s.http = &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(opt.Log.Handler(), slog.LevelDebug),
	}
	s.http.RegisterOnShutdown(s.bell.close)
	return s, nil
}

// Handler gives the server without a network, for tests and for mounting. A HEAD
// is answered as its GET without the body (RFC 9110 section 9.3.2), so that
// those who only look at a link see what a browser would.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && !endless(r.URL.Path) {
			// A copy: the connection itself must still know that it is a HEAD.
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		s.echo.ServeHTTP(w, r)
	})
}

// Listen opens the address, so that a taken port is told before anything else
// starts and port 0 can be asked for.
func (s *Server) Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

// Serve answers requests until Shutdown, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}

// Shutdown ends the live streams, takes no new connections and waits for the
// requests under way, or for ctx. Calling it twice is harmless.
func (s *Server) Shutdown(ctx context.Context) error {
	s.bell.close()
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop HTTP: %w", err), s.http.Close())
	}
	return nil
}

// ringSubject passes a change of a conversation on to the desk's pages. Which
// workshop it is in is not known here, so every page looks.
func (s *Server) ringSubject(subject string) {
	jobID, _ := booking.JobOf(subject)
	s.bell.ring(0, jobID)
}

// originOf cuts a URL down to scheme and host; "" where it has none.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// ipExtractor tells the client's address. Echo's own default believes any
// X-Forwarded-For, which would let a client choose its rate limit.
func ipExtractor(proxies []string) (echo.IPExtractor, error) {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect(), nil
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		cidr := p
		if ip := net.ParseIP(p); ip != nil {
			bits := 128
			if ip.To4() != nil {
				bits = 32
			}
			cidr = fmt.Sprintf("%s/%d", p, bits)
		}
		_, network, err := net.ParseCIDR(cidr)
		if err != nil {
			return nil, fmt.Errorf("web: trusted proxy %q is neither an address nor a range such as 10.0.0.0/8", p)
		}
		trust = append(trust, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(trust...), nil
}
