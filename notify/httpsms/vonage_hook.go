package httpsms

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// vonageMethods are how an account may sign: nil stands for the plain MD5 of the
// string and the secret, the others are HMACs.
var vonageMethods = map[string]func() hash.Hash{
	"md5hash": nil, "md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New,
}

// How far a signed call's time may be from ours. Vonage repeats a call for a day
// until it is taken, so that after a day without this server an old one is true;
// a copy of one is known by its id.
const (
	vonageOldest = 25 * time.Hour
	vonageAhead  = 5 * time.Minute
)

// Genuine implements Hook.
func (v *Vonage) Genuine(c *Call) bool {
	fields := url.Values{}
	for _, from := range []url.Values{c.Query, c.Form} {
		for name, values := range from {
			if len(values) > 0 {
				fields.Set(name, values[0])
			}
		}
	}
	sig := strings.ToLower(fields.Get("sig"))
	if v.opt.SignatureSecret == "" || sig == "" || !v.timely(fields.Get("timestamp")) {
		return false
	}
	if same(sig, vonageSignature(v.opt.SignatureMethod, v.opt.SignatureSecret, fields)) {
		return true
	}
	// The name of our message stands in the address that we gave: whether what
	// stands there is signed depends on how the call is made.
	fields.Del("ref")
	return same(sig, vonageSignature(v.opt.SignatureMethod, v.opt.SignatureSecret, fields))
}

// timely tells whether a call's time, in seconds since 1970, is near ours.
func (v *Vonage) timely(timestamp string) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return false
	}
	age := v.opt.Now().Sub(time.Unix(seconds, 0))
	return age <= vonageOldest && age >= -vonageAhead
}

// vonageSignature is the signature of the fields except sig: sorted by name,
// "&name=value" each, with & and = within a value as _.
func vonageSignature(method, secret string, fields url.Values) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		if name != "sig" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	neutral := strings.NewReplacer("&", "_", "=", "_")
	for _, name := range names {
		b.WriteString("&" + name + "=" + neutral.Replace(fields.Get(name)))
	}
	if method == "md5hash" {
		sum := md5.Sum([]byte(b.String() + secret))
		return hex.EncodeToString(sum[:])
	}
	h := hmac.New(vonageMethods[method], []byte(secret))
	h.Write([]byte(b.String()))
	return hex.EncodeToString(h.Sum(nil))
}

// ProviderID implements Hook.
func (v *Vonage) ProviderID(c *Call) string { return c.get("messageId") }

// Answer implements Hook.
func (v *Vonage) Answer() Answer { return Answer{Status: http.StatusNoContent} }

// readVonage reads an inbound text, or a part of one.
func readVonage(c *Call) (notify.Parsed, error) {
	p, err := text(c.get("msisdn"), c.get("to"), c.get("messageId"), c.get("text"))
	if err != nil {
		return p, err
	}
	if kind := c.get("type"); kind == "binary" {
		return p, fmt.Errorf("%w: it holds no text but data", ErrCall)
	}
	if at, err := time.Parse(time.DateTime, c.get("message-timestamp")); err == nil {
		p.Date = db.At(at)
	}
	if c.get("concat") == "true" {
		p.Part.Ref = c.get("concat-ref")
		p.Part.Number, _ = strconv.Atoi(c.get("concat-part"))
		p.Part.Total, _ = strconv.Atoi(c.get("concat-total"))
	}
	return p, nil
}

// vonageWhy are the codes of delivery reports that people may want to read.
var vonageWhy = map[string]string{
	"2": "the phone is off or out of reach", "3": "the number is no longer in use", "4": "the phone's owner or operator bars our texts",
	"5": "the number has moved to another operator", "6": "the operator took it for spam", "7": "the phone was busy", "8": "the operator's network failed",
	"9": "not a valid number", "10": "not a valid text", "11": "no way to this number", "12": "the phone cannot be reached", "13": "the owner is too young for it",
	"14": "the operator blocks the number", "15": "the owner's prepaid account is empty",
}

// Status implements Hook. Vonage reports on each part of a long text by itself
// (developer.vonage.com, "Delivery receipts", read in November 2026), without its
// number but with the id that the submission's answer gave that part: a number
// made of it tells the parts apart.
func (v *Vonage) Status(c *Call) (notify.Report, error) {
	status, id, code := c.get("status"), c.get("messageId"), c.get("err-code")
	if status == "" || id == "" {
		return notify.Report{}, fmt.Errorf("%w: a report without a status or an id", ErrCall)
	}
	if code == "0" {
		code = ""
	}
	ref := c.ref()
	if ref == "" {
		ref = c.get("client-ref")
	}
	sum := sha256.Sum256([]byte(id))
	r := notify.Report{
		Gateway: v.name, GatewayID: id, ClientRef: ref, Part: int(binary.BigEndian.Uint32(sum[:])>>2) + 1,
		State: vonageState(status), Code: code, Text: vonageWhy[code], At: db.At(v.opt.Now()).Time,
	}
	if at, err := time.Parse("0601021504", c.get("scts")); err == nil {
		r.At = at
	}
	return r, nil
}
