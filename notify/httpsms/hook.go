package httpsms

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"neuvo/notify"
)

// Hook is the other direction of a gateway: what its provider calls us for.
type Hook interface {
	// Name is the gateway's, and the part of the address that providers call.
	Name() string
	// Methods are the HTTP methods that the provider may call by.
	Methods() []string
	// Genuine tells whether the provider made this call. Nothing of a call is
	// believed before.
	Genuine(c *Call) bool
	// ProviderID is the provider's own id of the text that a call brings.
	ProviderID(c *Call) string
	// Status reads a delivery report.
	Status(c *Call) (notify.Report, error)
	// Answer is what the provider wants to hear when a call was taken.
	Answer() Answer
}

// Answer to a provider. Some send whatever stands in the body to the customer.
type Answer struct {
	Status      int
	ContentType string
	Body        string
}

// secretField is the value in a hook's address that proves a call of a provider
// that does not sign.
const secretField = "secret"

// Call is a call of a provider.
type Call struct {
	Method string
	URL    string // whole, as the provider has it
	Header http.Header
	Body   []byte
	Query  url.Values
	Form   url.Values // the body's, also where it is JSON
}

// maxCall bounds a provider's call: a text and what is known of it.
const maxCall = 128 << 10

// ErrCall is a call that cannot be read.
var ErrCall = errors.New("the call cannot be read")

// ReadCall reads a request that came to base, the public address of this site.
func ReadCall(r *http.Request, base string) (*Call, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCall+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCall, err)
	}
	if len(body) > maxCall {
		return nil, fmt.Errorf("%w: it is too long", ErrCall)
	}
	c := &Call{Method: r.Method, URL: strings.TrimRight(base, "/") + r.URL.RequestURI(), Header: r.Header.Clone(), Body: body}
	if c.Query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCall, err)
	}
	if c.Form, err = readForm(r.Header.Get("Content-Type"), body); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCall, err)
	}
	return c, nil
}

// readForm reads the fields of a body.
func readForm(contentType string, body []byte) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return url.Values{}, nil
	case err == nil && kind == "application/json":
		return readJSON(body)
	}
	return url.ParseQuery(string(body))
}

// readJSON reads an object as form fields: numbers as they are written, objects
// within it as their JSON.
func readJSON(body []byte) (url.Values, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	form := url.Values{}
	for name, raw := range fields {
		text := string(raw)
		if text == "null" {
			continue
		}
		if raw[0] == '"' {
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, err
			}
		}
		form.Set(name, text)
	}
	return form, nil
}

// get is a field of the body, else of the address.
func (c *Call) get(name string) string {
	if v, ok := c.Form[name]; ok && len(v) > 0 {
		return v[0]
	}
	return c.Query.Get(name)
}

// ref is the message of ours that a report is about, as our address names it.
func (c *Call) ref() string { return c.Query.Get("ref") }

// knows tells whether a call holds a secret, in its address or as the password
// of basic authentication. The comparison takes the same time whatever it holds.
func (c *Call) knows(secret string) bool {
	given := c.Query.Get(secretField)
	if _, password, ok := (&http.Request{Header: c.Header}).BasicAuth(); ok {
		given = password
	}
	return same(given, secret)
}

// same compares in constant time, also where the lengths differ. Nothing equals
// an empty secret.
func same(given, want string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}

// Raw is the call as an HTTP request that can be read again, without what proves
// who made it to anybody who sees it.
func (c *Call) Raw() []byte {
	u, err := url.Parse(c.URL)
	if err != nil {
		u = &url.URL{Path: "/"}
	}
	if c.Query.Has(secretField) {
		query := u.Query()
		query.Del(secretField)
		u.RawQuery = query.Encode()
	}
	header := c.Header.Clone()
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Transfer-Encoding", "Connection"} {
		header.Del(name)
	}
	header.Set("Content-Length", fmt.Sprint(len(c.Body)))
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", c.Method, u.RequestURI(), u.Host)
	_ = header.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	b.Write(c.Body)
	return b.Bytes()
}

// readers read the text that a call of each provider brings.
var readers = map[string]func(*Call) (notify.Parsed, error){
	"twilio": readTwilio, "vonage": readVonage, "elks46": readElks46, "kannel": readKannel,
}

// SourcePrefix begins the source of a stored call: "hook:twilio".
const SourcePrefix = "hook:"

// Parse reads a stored call of the source "hook:GATEWAY". Whether the provider
// made it was looked at before it was stored.
func Parse(source string, raw []byte) (notify.Parsed, error) {
	read := readers[strings.TrimPrefix(source, SourcePrefix)]
	if read == nil {
		return notify.Parsed{}, fmt.Errorf("%q is no gateway whose calls are known", source)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return notify.Parsed{}, fmt.Errorf("%w: %w", ErrCall, err)
	}
	defer r.Body.Close()
	c, err := ReadCall(r, "https://"+r.Host)
	if err != nil {
		return notify.Parsed{}, err
	}
	return read(c)
}

// text makes the Parsed of a text that a person wrote.
func text(from, number, id, words string) (notify.Parsed, error) {
	p := notify.Parsed{
		Kind: notify.Human, Channel: notify.SMS, From: e164(from), Number: e164(number), ProviderID: id, Text: words, ReplyText: words,
	}
	p.Recipients = []notify.Recipient{{Header: "To", Address: p.Number}}
	if p.From == "" || id == "" {
		return p, fmt.Errorf("%w: sender or id is missing", ErrCall)
	}
	return p, nil
}

// e164 writes a number with its plus where the provider leaves it out. A short
// number or a name stays as it is.
func e164(number string) string {
	number = strings.TrimSpace(strings.ReplaceAll(number, " ", ""))
	digits := strings.TrimPrefix(strings.TrimPrefix(number, "+"), "00")
	if strings.Trim(digits, "0123456789") != "" || len(digits) < 7 || strings.HasPrefix(digits, "0") {
		return number
	}
	return "+" + digits
}

// Methods implements Hook.
func (t *Twilio) Methods() []string { return []string{http.MethodPost} }

// Methods implements Hook: an account is set to one of the two.
func (v *Vonage) Methods() []string { return []string{http.MethodPost, http.MethodGet} }

// Methods implements Hook.
func (g *Elks46) Methods() []string { return []string{http.MethodPost} }

// Methods implements Hook: reports and services call by GET, unless a service is
// set to POST.
func (k *Kannel) Methods() []string { return []string{http.MethodGet, http.MethodPost} }
