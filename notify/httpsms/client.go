package httpsms

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"neuvo/notify"
)

const (
	// callTimeout bounds a call whose caller set no shorter deadline.
	callTimeout = 20 * time.Second
	// maxAnswer bytes of an answer are read: a submission's is a few hundred, a
	// page of a history some tens of thousands.
	maxAnswer = 1 << 20
	// keepIdle is how long a connection waits for the next text of a burst: less
	// than any server waits, so that no text is written to a closing one.
	keepIdle = 4 * time.Second
	// maxIdle connections wait at a time.
	maxIdle = 16
)

// Common is what every gateway of this package must know.
type Common struct {
	// Hooks is the public address of this site, "https://service.example.com".
	// Delivery reports are asked for below it; none where it is empty.
	Hooks string
	// HookSecret stands in the addresses given to providers that do not sign
	// their calls.
	HookSecret string
	// Now is the clock; time.Now where nil.
	Now func() time.Time
	// TLS is the base of the TLS configuration, for a private authority; nil for
	// the system's.
	TLS *tls.Config
}

// client calls one provider.
type client struct {
	name    string
	base    string // without a slash at the end
	from    string // sender of texts whose own is none that a phone shows
	secrets []string
	opt     Common
	http    *http.Client
}

func newClient(name, base, from string, opt Common, secrets ...string) *client {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	opt.Hooks = strings.TrimRight(opt.Hooks, "/")
	c := &client{name: name, base: strings.TrimRight(base, "/"), from: from, opt: opt}
	for _, s := range append(secrets, opt.HookSecret) {
		if s != "" {
			c.secrets = append(c.secrets, s, url.QueryEscape(s))
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.IdleConnTimeout = maxIdle, maxIdle, keepIdle
	transport.MaxResponseHeaderBytes = 64 << 10
	if opt.TLS != nil {
		transport.TLSClientConfig = opt.TLS.Clone()
	}
	// A redirect would carry our credentials elsewhere: it is an answer like others.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &http.Client{Transport: transport, CheckRedirect: stay}
	return c
}

// Name implements notify.Gateway.
func (c *client) Name() string { return c.name }

// Channel implements notify.Gateway.
func (c *client) Channel() notify.Channel { return notify.SMS }

// Close closes the connections that are kept open. Calling it twice is harmless.
func (c *client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// senderName is what a phone shows for a name: at most eleven characters (3GPP
// TS 23.040 section 9.1.2.5). Short numbers look the same.
var senderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 .&_-]{0,10}$`)

// sender is whom a text comes from: our number or name, else the gateway's own.
func (c *client) sender(from string) string {
	if notify.IsE164(from) || senderName.MatchString(from) {
		return from
	}
	return c.from
}

// statusURL is where the provider reports on a message of ours. It names the
// message, so that a report finds it also before the answer to the submission.
func (c *client) statusURL(ref string, extra url.Values) string {
	if c.opt.Hooks == "" {
		return ""
	}
	q := url.Values{"ref": {ref}}
	for k, v := range extra {
		q[k] = v
	}
	return c.opt.Hooks + "/hooks/" + c.name + "/status?" + q.Encode()
}

// withSecret are the values that prove a call to a hook of ours.
func (c *client) withSecret() url.Values { return url.Values{secretField: {c.opt.HookSecret}} }

// answer is what a provider said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// decode reads a JSON answer.
func (a answer) decode(into any) error { return json.Unmarshal(a.body, into) }

// now is the provider's clock as its answer shows it, to the second; ours where
// it does not.
func (a answer) now(ours time.Time) time.Time {
	if at, err := http.ParseTime(a.header.Get("Date")); err == nil {
		return at
	}
	return ours
}

// progress tells how far a request got, as far as this side can know. The
// transport calls the hooks: headers go into its buffer before a byte of the
// request may leave, and a request whose writing failed was never whole.
type progress struct{ begun, broken atomic.Bool }

func (p *progress) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { p.broken.Store(false); p.begun.Store(true) },
		WroteRequest: func(i httptrace.WroteRequestInfo) { p.broken.Store(i.Err != nil) },
	})
}

// taken tells whether the provider may have the whole request.
func (p *progress) taken() bool { return p.begun.Load() && !p.broken.Load() }

// do makes one call and reads the answer whole. The error is a
// *notify.SendError; an answer of any status is none.
func (c *client) do(ctx context.Context, req *http.Request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var p progress
	res, err := c.http.Do(req.WithContext(p.trace(ctx)))
	if err != nil {
		return answer{}, c.cut(p.taken(), err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case a.status/100 != 2:
		return a, nil // the status says it all
	case err != nil:
		return a, c.cut(true, err)
	case len(a.body) > maxAnswer:
		return a, c.cut(true, errHuge)
	}
	return a, nil
}

// post makes a form call.
func (c *client) post(ctx context.Context, path string, form url.Values, sign func(*http.Request)) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, c.fail(outcome{}, "", "the gateway's address cannot be called", errBadAddress)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if sign != nil {
		sign(req)
	}
	return c.do(ctx, req)
}

// get makes a call that asks and changes nothing.
func (c *client) get(ctx context.Context, base, path string, query url.Values, sign func(*http.Request)) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path+"?"+query.Encode(), nil)
	if err != nil {
		return answer{}, c.fail(outcome{}, "", "the gateway's address cannot be called", errBadAddress)
	}
	req.Header.Set("Accept", "application/json")
	if sign != nil {
		sign(req)
	}
	return c.do(ctx, req)
}

// check makes a call that costs nothing and wants a plain yes.
func (c *client) check(ctx context.Context, base, path string, query url.Values, sign func(*http.Request)) error {
	a, err := c.get(ctx, base, path, query, sign)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return c.refused(a, "", excerpt(a.body))
	}
	return nil
}

// basic signs a call by name and password (RFC 7617).
func basic(user, password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(user, password) }
}

// baseURL takes a setting or the provider's own address.
func baseURL(given, usual string) (string, error) {
	u, err := url.Parse(cmp.Or(given, usual))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" {
		return "", errBadAddress
	}
	return strings.TrimRight(u.String(), "/"), nil
}

var (
	errHuge       = errors.New("the answer is too long to be one")
	errBadAddress = errors.New("not an address such as https://api.example.com")
	errSettings   = errors.New("account, password and sender are all needed")
)
