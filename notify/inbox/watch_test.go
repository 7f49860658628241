package inbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"neuvo/internal/db"
	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
	"neuvo/notify/notifytest"
)

// watching runs Watch for the length of the test; the channel gets a signal for
// every wake.
func watching(t *testing.T, p *Poller) <-chan struct{} {
	t.Helper()
	woken := make(chan struct{}, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Watch(ctx, func() { woken <- struct{}{} }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("watch: %v", err)
		}
	})
	return woken
}

func awaken(t *testing.T, woken <-chan struct{}, within time.Duration) {
	t.Helper()
	select {
	case <-woken:
	case <-time.After(within):
		t.Fatalf("nothing woke within %s", within)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !met(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// TestAReplyIsInWithinASecondOfItsArrival leaves no polling to help: PollEvery
// and the cycle are long.
func TestAReplyIsInWithinASecondOfItsArrival(t *testing.T) {
	h, _ := dovecot(t)
	h.deliver(t, letter(0))
	p := poller(t, dbtest.SQLite(t), h.url(), func(o *PollerOptions) { o.PollEvery = time.Hour })
	woken := watching(t, p)
	awaken(t, woken, 30*time.Second) // the first is there already; after it, IDLE begins
	for n := range 5 {
		h.deliver(t, letter(n+1))
		start := time.Now()
		awaken(t, woken, 20*time.Second)
		t.Logf("message %d was in after %s", n+1, time.Since(start).Round(time.Millisecond))
	}
}

func TestWatchingGoesOnAfterTheConnectionBroke(t *testing.T) {
	h, _ := dovecot(t)
	proxy := notifytest.StartProxy(t, h.addr)
	p := poller(t, dbtest.SQLite(t), host{addr: proxy.Addr}.url(), func(o *PollerOptions) { o.PollEvery = time.Hour })
	woken := watching(t, p)
	for n := range 3 {
		h.deliver(t, letter(n))
		awaken(t, woken, 30*time.Second)
		proxy.Cut()
	}
}

func TestAServerWithoutIDLEIsPolled(t *testing.T) {
	h := memory(t, nil, nil)
	woken := watching(t, poller(t, dbtest.SQLite(t), h.url(), func(o *PollerOptions) { o.NoIDLE = true }))
	for n := range 3 {
		h.deliver(t, letter(n))
		awaken(t, woken, 30*time.Second)
	}
}

func TestShortIDLECyclesLoseNothing(t *testing.T) {
	h := memory(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}}, nil)
	d := dbtest.SQLite(t)
	p := poller(t, d, h.url(), func(o *PollerOptions) { o.IdleCycle = 5 * time.Millisecond })
	woken := watching(t, p)
	for n := range 100 {
		h.deliver(t, letter(n))
	}
	for total := 0; total < 100; {
		awaken(t, woken, 30*time.Second)
		total = 0
		for _, n := range states(t, d) {
			total += n
		}
	}
}

// TestShortCyclesWithoutALookLoseNothing leaves all to what the server announces:
// nothing is looked for unasked.
func TestShortCyclesWithoutALookLoseNothing(t *testing.T) {
	idling := memory(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}}, nil)
	dove, _ := dovecot(t)
	for name, h := range map[string]host{"memory": idling, "dovecot": dove} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.SQLite(t)
			p := poller(t, d, h.url(), func(o *PollerOptions) {
				o.PollEvery, o.Watched = time.Hour, func() bool { return true }
			})
			p.server.idle = 5 * time.Millisecond
			woken := watching(t, p)
			for n := range 100 {
				h.deliver(t, letter(n))
			}
			for total := 0; total < 100; {
				awaken(t, woken, 30*time.Second)
				total = 0
				for _, n := range states(t, d) {
					total += n
				}
			}
		})
	}
}

func TestIDLEGoesInShortCyclesWhileSomebodyLooks(t *testing.T) {
	h, _ := dovecot(t)
	var open atomic.Bool
	p := poller(t, dbtest.SQLite(t), h.url(), func(o *PollerOptions) { o.PollEvery, o.Watched = time.Hour, open.Load })
	h.deliver(t, letter(0))
	woken := watching(t, p)
	awaken(t, woken, 30*time.Second)
	until(t, "IDLE begins", func() bool { return p.Activity().Polls == 2 })
	before := p.Activity()
	if before.Rounds != 1 {
		t.Fatalf("with nobody looking: %+v", before)
	}
	open.Store(true) // in the middle of a long cycle
	until(t, "cycles are short", func() bool { return p.Activity().Rounds >= before.Rounds+4 })
	if now := p.Activity(); now.Polls > before.Polls+1 {
		t.Errorf("each cycle looked into the mailbox: %+v, then %+v", before, now)
	}
	h.deliver(t, letter(1))
	awaken(t, woken, 30*time.Second)
}

func TestHowLongACycleIs(t *testing.T) {
	long := 4 * time.Minute
	for name, c := range map[string]struct {
		query   string
		far     bool
		nobody  bool
		trip    time.Duration
		want    time.Duration
		refused bool
	}{
		"a server nearby is asked often":                    {want: 200 * time.Millisecond},
		"nobody looks":                                      {nobody: true, want: long},
		"nobody looks, whatever the address says":           {query: "&idle=100ms", nobody: true, want: long},
		"a server elsewhere is left alone":                  {far: true, want: long},
		"unless the address says else":                      {query: "&idle=500ms", far: true, want: 500 * time.Millisecond},
		"a hosted mailbox behind a tunnel is left alone":    {query: "&auth=google", want: long},
		"the address may forbid it":                         {query: "&idle=4m", want: long},
		"a server that takes long is asked less often":      {trip: 50 * time.Millisecond, want: time.Second},
		"a server that takes very long is left alone":       {trip: 20 * time.Second, want: long},
		"a time that would wear out any server is refused":  {query: "&idle=10ms", refused: true},
		"what is no time is refused and not taken for none": {query: "&idle=often", refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := NewPoller(nil, PollerOptions{
				URL: "imap://a:b@localhost?tls=none" + c.query, DB: &db.DB{}, OAuth: OAuthClient{ID: "x"}, Watched: func() bool { return !c.nobody },
			})
			if c.refused {
				if !fault.Is(err, fault.Invalid) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := p.cycle(&session{near: !c.far, trip: c.trip}); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	for addr, near := range map[string]bool{"127.0.0.1": true, "10.1.2.3": true, "192.168.1.9": true, "fd00::1": true, "8.8.8.8": false, "2a00:1450::1": false} {
		if got := isNear(&net.TCPAddr{IP: net.ParseIP(addr)}); got != near {
			t.Errorf("%s near: %t", addr, got)
		}
	}
}

func TestAWatcherWithoutTheLeaseTakesOver(t *testing.T) {
	h := memory(t, imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}}, nil)
	d := dbtest.SQLite(t)
	one := poller(t, d, h.url())
	poll(t, one, 0)
	woken := watching(t, poller(t, d, h.url(), func(o *PollerOptions) { o.Holder = "two" }))
	h.deliver(t, letter(1))
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	awaken(t, woken, 30*time.Second)
}

func TestTLSAndSTARTTLSCheckTheCertificate(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	user := imapmemserver.NewUser("inbox", notifytest.Password)
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	backend := imapmemserver.New()
	backend.AddUser(user)
	settings := certified.TLS.Clone()
	settings.NextProtos = nil
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return backend.NewSession(), nil, nil
		},
		TLSConfig: settings, Logger: quiet{},
	})
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(plain) }()
	t.Cleanup(func() { _ = srv.Close() })
	d := dbtest.SQLite(t)
	url := fmt.Sprintf("imap://inbox:%s@%s", notifytest.Password, plain.Addr())
	trusting := poller(t, d, url, func(o *PollerOptions) { o.roots = roots })
	if err := trusting.Check(t.Context()); err != nil {
		t.Errorf("STARTTLS with a trusted certificate: %v", err)
	}
	if err := poller(t, d, url).Check(t.Context()); err == nil {
		t.Error("STARTTLS took a certificate that nobody signed")
	}
	secured := tlsListener(t, settings, srv)
	url = fmt.Sprintf("imaps://inbox:%s@%s", notifytest.Password, secured)
	if err := poller(t, d, url, func(o *PollerOptions) { o.roots = roots }).Check(t.Context()); err != nil {
		t.Errorf("TLS with a trusted certificate: %v", err)
	}
	if err := poller(t, d, url).Check(t.Context()); err == nil {
		t.Error("TLS took a certificate that nobody signed")
	}
	// A server that offers sign-in only after TLS gets no password without it.
	url = fmt.Sprintf("imap://inbox:%s@%s?tls=none", notifytest.Password, plain.Addr())
	if err := poller(t, d, url).Check(t.Context()); err == nil {
		t.Error("signed in without TLS")
	}
}

func tlsListener(t *testing.T, settings *tls.Config, srv *imapserver.Server) net.Addr {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", settings)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	return l.Addr()
}
