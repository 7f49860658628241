package inbox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"

	"neuvo/internal/dbtest"
	"neuvo/internal/fault"
	"neuvo/notify/notifytest"
)

// issuer gives access tokens for refresh tokens, as Google and Microsoft do.
type issuer struct {
	mu      sync.Mutex
	refresh string   // the one that is good now
	rotates bool     // each answer brings another
	issued  []string // access tokens
	short   bool     // they are over as soon as they are given
}

// ServeHTTP implements http.Handler.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.FormValue("grant_type") != "refresh_token" || r.FormValue("client_id") != "desk" || r.FormValue("refresh_token") != i.refresh {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	i.issued = append(i.issued, fmt.Sprintf("access-%d", len(i.issued)+1))
	if i.rotates {
		i.refresh = fmt.Sprintf("refresh-%d", len(i.issued)+1)
	}
	life := 3600
	if i.short {
		life = 1
	}
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d,"refresh_token":%q}`, i.issued[len(i.issued)-1], life, i.refresh)
}

// good tells whether an access token is the newest.
func (i *issuer) good(token string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.issued) > 0 && i.issued[len(i.issued)-1] == token
}

// bearer is a session that takes access tokens and no password.
type bearer struct {
	imapserver.Session
	issuer    *issuer
	mechanism string
}

// AuthenticateMechanisms implements imapserver.SessionSASL.
func (b *bearer) AuthenticateMechanisms() []string { return []string{b.mechanism} }

// Login implements imapserver.Session.
func (b *bearer) Login(string, string) error { return imapserver.ErrAuthFailed }

// Authenticate implements imapserver.SessionSASL.
func (b *bearer) Authenticate(string) (sasl.Server, error) { return &bearerServer{b: b}, nil }

type bearerServer struct {
	b       *bearer
	refused bool
}

// Next implements sasl.Server: XOAUTH2 as Google documents it, OAUTHBEARER as in
// RFC 7628 section 3.1.
func (s *bearerServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if s.refused {
		return nil, false, errors.New("invalid credentials")
	}
	if response == nil {
		return []byte{}, false, nil
	}
	text := string(response)
	_, token, _ := strings.Cut(text, "auth=Bearer ")
	token, _, _ = strings.Cut(token, "\x01")
	names := strings.HasPrefix(text, "user=inbox\x01") || strings.Contains(text, "a=inbox,")
	if !names || !s.b.issuer.good(token) {
		s.refused = true
		return []byte(`{"status":"401"}`), false, nil
	}
	return nil, true, s.b.Session.Login("inbox", notifytest.Password)
}

// tokenHost is an IMAP server that wants access tokens, and who gives them.
func tokenHost(t *testing.T, mechanism string, i *issuer) (host, string) {
	t.Helper()
	user := imapmemserver.NewUser("inbox", notifytest.Password)
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	backend := imapmemserver.New()
	backend.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &bearer{backend.NewSession(), i, mechanism}, nil, nil
		},
		InsecureAuth: true, Logger: quiet{},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	tokens := httptest.NewServer(i)
	t.Cleanup(tokens.Close)
	h := host{addr: l.Addr().String(), deliver: func(t testing.TB, raw string) {
		t.Helper()
		if _, err := user.Append("INBOX", literal{strings.NewReader(raw), int64(len(raw))}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}}
	return h, fmt.Sprintf("imap://inbox:refresh-1@%s?tls=none&auth=xoauth2&token_url=%s", h.addr, url.QueryEscape(tokens.URL))
}

func withClient(o *PollerOptions) { o.OAuth = OAuthClient{ID: "desk", Secret: "s"} }

func TestAMailboxIsReadWithAccessTokens(t *testing.T) {
	for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
		t.Run(mechanism, func(t *testing.T) {
			i := &issuer{refresh: "refresh-1"}
			h, url := tokenHost(t, mechanism, i)
			h.deliver(t, letter(1))
			p := poller(t, dbtest.SQLite(t), url, withClient)
			poll(t, p, 1)
			if err := p.Check(t.Context()); err != nil { // another sign-in, with the token that is still good
				t.Error(err)
			}
			if len(i.issued) != 1 {
				t.Errorf("%d access tokens were asked for", len(i.issued))
			}
		})
	}
}

func TestATokenThatIsOverIsRenewedAndTheNewRefreshTokenOutlivesTheProgram(t *testing.T) {
	i := &issuer{refresh: "refresh-1", rotates: true, short: true}
	h, url := tokenHost(t, "XOAUTH2", i)
	d := dbtest.SQLite(t)
	p := poller(t, d, url, withClient)
	for n := range 3 {
		h.deliver(t, letter(n))
		p.drop() // each poll signs in anew
		poll(t, p, 1)
	}
	if len(i.issued) != 3 {
		t.Errorf("%d access tokens were asked for", len(i.issued))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	// A new process has the configured token, which is long used up.
	h.deliver(t, letter(9))
	poll(t, poller(t, d, url, withClient), 1)
}

func TestARefusedTokenIsSaidAndAnotherIsAskedForNextTime(t *testing.T) {
	i := &issuer{refresh: "refresh-1"}
	_, url := tokenHost(t, "XOAUTH2", i)
	p := poller(t, dbtest.SQLite(t), url, withClient)
	poll(t, p, 0)
	i.mu.Lock()
	i.issued = append(i.issued, "somebody else's")
	i.mu.Unlock()
	if err := p.Check(t.Context()); !fault.Is(err, fault.Unauthorized) || strings.Contains(fmt.Sprint(err), "access-") {
		t.Errorf("a revoked token: %v", err)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Errorf("after asking for another: %v", err)
	}
	i.mu.Lock()
	i.refresh, i.issued = "withdrawn", nil
	i.mu.Unlock()
	again := poller(t, dbtest.SQLite(t), url, withClient)
	if err := again.Check(t.Context()); !fault.Is(err, fault.Unauthorized) || strings.Contains(fmt.Sprint(err), "refresh-1") {
		t.Errorf("a withdrawn consent: %v", err)
	}
	if _, err := NewPoller(nil, PollerOptions{URL: url, DB: dbtest.SQLite(t)}); !fault.Is(err, fault.Invalid) {
		t.Errorf("without a client: %v", err)
	}
}

func TestGoogleAndMicrosoftAreAskedWhereTheyGiveTokens(t *testing.T) {
	for text, want := range map[string]string{
		"imaps://a%40b.test:r@imap.gmail.com?auth=google":                         "https://oauth2.googleapis.com/token https://mail.google.com/",
		"imaps://a%40b.test:r@outlook.office365.com?auth=microsoft":               "https://login.microsoftonline.com/common/oauth2/v2.0/token https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
		"imaps://a%40b.test:r@outlook.office365.com?auth=microsoft&tenant=b.test": "https://login.microsoftonline.com/b.test/oauth2/v2.0/token https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
	} {
		s, err := readURL(text)
		if err != nil {
			t.Fatal(err)
		}
		c := s.tokenSource(OAuthClient{ID: "x"})
		if got := c.Endpoint.TokenURL + " " + strings.Join(c.Scopes, " "); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
