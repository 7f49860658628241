package inbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"golang.org/x/oauth2"

	"neuvo/internal/fault"
)

// Whose access tokens a mailbox is read with (auth=… of its URL). The password of
// the URL is the refresh token then.
const (
	AuthGoogle    = "google"
	AuthMicrosoft = "microsoft"
	AuthOther     = "xoauth2" // token_url=… of the URL says where tokens come from
)

// OAuthClient is how this program is registered with whoever gives access tokens.
type OAuthClient struct {
	ID, Secret string
}

// tokenTime bounds asking for an access token.
const tokenTime = 20 * time.Second

// tokenSource is where access tokens of a mailbox come from, and what they are
// asked for. The addresses and scopes are those that Google and Microsoft document
// for IMAP.
func (s server) tokenSource(client OAuthClient) *oauth2.Config {
	c := &oauth2.Config{ClientID: client.ID, ClientSecret: client.Secret}
	switch s.auth {
	case AuthGoogle:
		c.Endpoint.TokenURL = "https://oauth2.googleapis.com/token"
		c.Scopes = []string{"https://mail.google.com/"}
	case AuthMicrosoft:
		c.Endpoint.TokenURL = "https://login.microsoftonline.com/" + cmp.Or(s.tenant, "common") + "/oauth2/v2.0/token"
		c.Scopes = []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access"}
	default:
		c.Endpoint.TokenURL = s.tokenURL
	}
	c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	return c
}

// signInWithToken signs in with XOAUTH2, or with OAUTHBEARER (RFC 7628) where the
// server has only that. A token that the server refuses before its time is
// forgotten, so that the next sign-in asks for another.
func (p *Poller) signInWithToken(ctx context.Context, s *session, caps imap.CapSet) error {
	token, err := p.accessToken(ctx)
	if err != nil {
		return err
	}
	var client sasl.Client = &xoauth2{user: p.server.user, token: token}
	if !caps.Has(imap.AuthCap("XOAUTH2")) && caps.Has(imap.AuthCap(sasl.OAuthBearer)) {
		client = sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: p.server.user, Token: token})
	}
	if err := s.client.Authenticate(client); err != nil {
		p.tokens.Lock()
		p.token = nil
		p.tokens.Unlock()
		return err
	}
	return nil
}

// accessToken gives a token that is valid for a while yet. The refresh token that
// comes with a new one is kept in the database: Microsoft's last 90 days each, and
// the configured one would have run out at some later start.
func (p *Poller) accessToken(ctx context.Context) (string, error) {
	p.tokens.Lock()
	defer p.tokens.Unlock()
	if p.token.Valid() {
		return p.token.AccessToken, nil
	}
	refused := func(err error) error {
		// The cause may quote the answer, never what was sent.
		return fault.New(fault.Unauthorized, "fault.imap_token").With("user", p.server.user).Cause(err)
	}
	refresh, err := p.refreshToken(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Timeout: tokenTime}), tokenTime)
	defer cancel()
	fresh, err := p.server.tokenSource(p.opt.OAuth).TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response != nil && answer.Response.StatusCode < 500 {
			return "", refused(err)
		}
		return "", fault.New(fault.Unavailable, "fault.imap_connect").With("host", "OAuth").Cause(err)
	}
	p.token = fresh
	if fresh.RefreshToken != "" && fresh.RefreshToken != refresh {
		if err := p.opt.DB.SetSetting(ctx, p.refreshKey(), fresh.RefreshToken); err != nil {
			p.opt.Log.Warn("a new refresh token could not be kept", "mailbox", p.name, "error", err)
		}
	}
	return fresh.AccessToken, nil
}

// refreshToken is the newest that is known: the one kept for the one configured,
// else that itself.
func (p *Poller) refreshToken(ctx context.Context) (string, error) {
	if p.opt.DB == nil {
		return p.server.password, nil
	}
	kept, err := p.opt.DB.GetSetting(ctx, p.refreshKey())
	if err != nil {
		return "", err
	}
	return cmp.Or(kept, p.server.password), nil
}

// refreshKey names the kept token by the configured one: a newly configured token
// is used as it is.
func (p *Poller) refreshKey() string {
	sum := sha256.Sum256([]byte(p.name + "\x00" + p.server.password))
	return "imap.refresh." + hex.EncodeToString(sum[:16])
}

// xoauth2 is the SASL mechanism of Google and Microsoft: one message with the user
// and the token; a refusal comes as a challenge that wants an empty answer.
type xoauth2 struct{ user, token string }

// Start implements sasl.Client.
func (x *xoauth2) Start() (mechanism string, first []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next implements sasl.Client.
func (x *xoauth2) Next([]byte) (response []byte, err error) { return []byte{}, nil }
