package httpsms

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"neuvo/internal/db"
	"neuvo/notify"
)

// Genuine implements Hook: Twilio signs the address it calls and the fields it
// sends. A body that is no form is signed by its hash, which stands in the
// address. The port may or may not be part of what was signed.
func (t *Twilio) Genuine(c *Call) bool {
	given := c.Header.Get("X-Twilio-Signature")
	if given == "" {
		return false
	}
	fields := c.Form
	if want := c.Query.Get("bodySHA256"); want != "" {
		sum := sha256.Sum256(c.Body)
		if !same(strings.ToLower(want), hex.EncodeToString(sum[:])) {
			return false
		}
		fields = nil
	}
	genuine := false
	for _, address := range withAndWithoutPort(c.URL) {
		genuine = same(given, twilioSignature(t.opt.Token, address, fields)) || genuine
	}
	return genuine
}

// twilioSignature is the base64 of the HMAC-SHA1 over the address and each field
// with its value, sorted by name; each value of a name counts once.
func twilioSignature(token, address string, fields url.Values) string {
	h := hmac.New(sha1.New, []byte(token))
	h.Write([]byte(address))
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(fields[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			h.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// withAndWithoutPort gives the ways to write an address: as it is, and with the
// usual port of its scheme added or any port left out.
func withAndWithoutPort(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{address}
	}
	ways := []string{address}
	scheme, rest, _ := strings.Cut(address, "://")
	host := u.Host
	_, after, _ := strings.Cut(rest, host)
	port := map[string]string{"https": "443", "http": "80"}[scheme]
	if u.Port() == "" && port != "" {
		ways = append(ways, scheme+"://"+host+":"+port+after)
	} else if u.Port() != "" {
		ways = append(ways, scheme+"://"+strings.TrimSuffix(host, ":"+u.Port())+after)
	}
	return ways
}

// ProviderID implements Hook.
func (t *Twilio) ProviderID(c *Call) string { return cmp.Or(c.get("MessageSid"), c.get("SmsSid")) }

// Answer implements Hook: an empty answer in TwiML, so that nothing is sent back.
func (t *Twilio) Answer() Answer {
	return Answer{http.StatusOK, "text/xml; charset=utf-8", `<?xml version="1.0" encoding="UTF-8"?><Response/>`}
}

// maxMedia files of one text are named.
const maxMedia = 10

// readTwilio reads an inbound text.
func readTwilio(c *Call) (notify.Parsed, error) {
	p, err := text(c.get("From"), c.get("To"), cmp.Or(c.get("MessageSid"), c.get("SmsSid")), c.get("Body"))
	if err != nil {
		return p, err
	}
	switch c.get("OptOutType") {
	case "STOP":
		p.OptOut = notify.OptedOut
	case "START":
		p.OptOut = notify.OptedIn
	}
	count, _ := strconv.Atoi(c.get("NumMedia"))
	for i := range min(count, maxMedia) {
		address := c.get(fmt.Sprintf("MediaUrl%d", i))
		p.Attachments = append(p.Attachments, notify.Attachment{Name: path.Base(address), ContentType: c.get(fmt.Sprintf("MediaContentType%d", i))})
	}
	return p, nil
}

// Status implements Hook.
func (t *Twilio) Status(c *Call) (notify.Report, error) {
	status, code := cmp.Or(c.get("MessageStatus"), c.get("SmsStatus")), c.get("ErrorCode")
	if status == "" {
		return notify.Report{}, fmt.Errorf("%w: a report without a status", ErrCall)
	}
	if code == "0" {
		code = ""
	}
	return notify.Report{
		Gateway: t.name, GatewayID: t.ProviderID(c), ClientRef: c.ref(), State: twilioState(status), Code: code,
		Text: excerpt([]byte(c.get("ErrorMessage"))), At: db.At(t.opt.Now()).Time, OptedOut: code == strconv.Itoa(twilioOptedOut),
	}, nil
}
