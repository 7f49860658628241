package httpsms

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"neuvo/notify"
)

// KannelOptions for NewKannel.
type KannelOptions struct {
	Common
	// URL of smsbox's sendsms service: "http://127.0.0.1:13013/cgi-bin/sendsms".
	URL      string
	User     string // sendsms-user
	Password string
	From     string // number or name of texts whose own sender is none
	SMSC     string // smsc-id to route by; "" leaves that to Kannel
}

// Kannel sends through a Kannel gateway of one's own, which speaks SMPP and
// knows modems. It cannot be asked what became of a text: only its reports tell.
type Kannel struct {
	*client
	opt KannelOptions
}

// NewKannel reads the settings; it does not call (see Check).
func NewKannel(opt KannelOptions) (*Kannel, error) {
	base, err := baseURL(opt.URL, "")
	if err != nil {
		return nil, fmt.Errorf("kannel: %w", err)
	}
	if opt.User == "" || opt.Password == "" || opt.From == "" {
		return nil, fmt.Errorf("kannel: %w", errSettings)
	}
	c := newClient("kannel", base, opt.From, opt.Common, opt.Password)
	opt.Common = c.opt
	return &Kannel{client: c, opt: opt}, nil
}

const (
	// kannelReports asks for all there are: delivered 1, undelivered 2, queued 4,
	// accepted 8 and rejected 16 by the operator.
	kannelReports = "31"
	// kannelUCS2 is the data coding of texts outside the 7-bit alphabet.
	kannelUCS2 = "2"
)

// Send implements notify.Gateway.
func (k *Kannel) Send(ctx context.Context, e notify.Envelope) (notify.Sent, error) {
	if !notify.IsE164(e.To) {
		return notify.Sent{}, k.final("", "not a phone number with a country code: "+e.To)
	}
	parts, gsm7 := notify.Segments(e.Body)
	query := url.Values{
		"username": {k.opt.User}, "password": {k.opt.Password}, "from": {k.sender(e.From)}, "to": {e.To},
		"text": {e.Body}, "charset": {"UTF-8"}, "coding": {"0"},
	}
	if !gsm7 {
		query.Set("coding", kannelUCS2)
	}
	if k.opt.SMSC != "" {
		query.Set("smsc", k.opt.SMSC)
	}
	if hook := k.statusURL(e.ClientRef, k.withSecret()); hook != "" {
		query.Set("dlr-mask", kannelReports)
		// Kannel fills in what stands behind the percent signs.
		query.Set("dlr-url", hook+"&type=%d&id=%F&answer=%A")
	}
	a, err := k.submit(ctx, query)
	if err != nil {
		return notify.Sent{}, err
	}
	said := excerpt(a.body)
	switch {
	case a.status/100 == 2 && (strings.HasPrefix(said, "0:") || strings.HasPrefix(said, "3:")): // accepted, queued
		return notify.Sent{Segments: parts}, nil
	case a.status/100 == 2:
		return notify.Sent{}, k.unclear(a)
	}
	return notify.Sent{}, k.refused(a, "", said)
}

// submit calls sendsms, which takes a GET. Go's client repeats a GET by itself
// when a kept connection breaks; with a body of its own, though an empty one, it
// does not, and a text is not sent twice.
func (k *Kannel) submit(ctx context.Context, query url.Values) (answer, error) {
	once := struct{ io.Reader }{bytes.NewReader(nil)}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.base+"?"+query.Encode(), once)
	if err != nil {
		return answer{}, k.fail(outcome{}, "", "the gateway's address cannot be called", errBadAddress)
	}
	return k.do(ctx, req)
}

// Check calls sendsms without a text, which Kannel refuses after it has looked
// at the password. The error says, without secrets, what did not work.
func (k *Kannel) Check(ctx context.Context) error {
	a, err := k.submit(ctx, url.Values{"username": {k.opt.User}, "password": {k.opt.Password}})
	if err != nil {
		return err
	}
	if said := excerpt(a.body); a.status == http.StatusForbidden || !strings.Contains(strings.ToLower(said), "missing") {
		return k.refused(a, "", said)
	}
	return nil
}

// kannelState is the type of a delivery report in our words.
func kannelState(kind string) (notify.State, bool) {
	switch kind {
	case "1":
		return notify.Delivered, true
	case "2", "16":
		return notify.Failed, true
	case "4", "8":
		return notify.Accepted, true
	}
	return "", false
}
