package httpsms

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"neuvo/internal/db"
	"neuvo/notify"
)

// Genuine implements Hook: 46elks signs nothing, so that a secret must stand in
// the address it is given.
func (g *Elks46) Genuine(c *Call) bool { return c.knows(g.opt.HookSecret) }

// ProviderID implements Hook.
func (g *Elks46) ProviderID(c *Call) string { return c.get("id") }

// Answer implements Hook. Whatever stood in the body would be sent to the
// customer as a text.
func (g *Elks46) Answer() Answer { return Answer{Status: http.StatusOK, ContentType: "text/plain"} }

// readElks46 reads an inbound text.
func readElks46(c *Call) (notify.Parsed, error) {
	p, err := text(c.get("from"), c.get("to"), c.get("id"), c.get("message"))
	if at, err := time.Parse(elksTime, c.get("created")); err == nil {
		p.Date = db.At(at)
	}
	return p, err
}

// Status implements Hook. There is one report for a text, however many parts it
// takes.
func (g *Elks46) Status(c *Call) (notify.Report, error) {
	status, id := c.get("status"), c.get("id")
	if status == "" || id == "" {
		return notify.Report{}, fmt.Errorf("%w: a report without a status or an id", ErrCall)
	}
	r := notify.Report{Gateway: g.name, GatewayID: id, ClientRef: c.ref(), State: elksState(status), At: db.At(g.opt.Now()).Time}
	if at, err := time.Parse(elksTime, strings.TrimSuffix(c.get("delivered"), "Z")); err == nil {
		r.At = at
	}
	return r, nil
}

// Genuine implements Hook: the secret stands in the addresses that Kannel's
// configuration holds and that we give it for reports.
func (k *Kannel) Genuine(c *Call) bool { return c.knows(k.opt.HookSecret) }

// ProviderID implements Hook.
func (k *Kannel) ProviderID(c *Call) string { return c.get("id") }

// Answer implements Hook. Kannel would send the body to the customer; for an
// empty one its service says omit-empty.
func (k *Kannel) Answer() Answer {
	return Answer{Status: http.StatusAccepted, ContentType: "text/plain"}
}

// readKannel reads an inbound text. Kannel says in which character set it gives
// the text's bytes.
func readKannel(c *Call) (notify.Parsed, error) {
	words := c.get("text")
	switch strings.ToUpper(c.get("charset")) {
	case "UTF-16BE", "UCS-2":
		words = fromUTF16([]byte(words))
	case "WINDOWS-1252", "ISO-8859-1", "LATIN1":
		if decoded, err := charmap.Windows1252.NewDecoder().String(words); err == nil {
			words = decoded
		}
	case "BINARY":
		return notify.Parsed{}, fmt.Errorf("%w: it holds no text but data", ErrCall)
	}
	p, err := text(c.get("from"), c.get("to"), c.get("id"), words)
	if at, err := time.Parse(time.DateTime, c.get("time")); err == nil {
		p.Date = db.At(at)
	}
	return p, err
}

// fromUTF16 reads big-endian UTF-16, which is what phones put into a text
// outside the 7-bit alphabet (3GPP TS 23.038 says UCS-2; emoji make it UTF-16).
func fromUTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(units))
}

// Status implements Hook. Kannel 1.4.5 splits a long text and reports on it once:
// an operator's refusal of any part, else what became of the first.
func (k *Kannel) Status(c *Call) (notify.Report, error) {
	state, ok := kannelState(c.get("type"))
	if !ok || c.ref() == "" {
		return notify.Report{}, fmt.Errorf("%w: a report without a type or a message", ErrCall)
	}
	r := notify.Report{Gateway: k.name, ClientRef: c.ref(), State: state, At: db.At(k.opt.Now()).Time}
	if state == notify.Failed {
		r.Text = excerpt([]byte(c.get("answer")))
		r.Code = receiptError(r.Text)
	}
	return r, nil
}

// receiptError takes the operator's code out of a delivery receipt as SMPP has
// it ("… stat:UNDELIV err:027 …", SMPP 3.4 appendix B).
func receiptError(receipt string) string {
	_, after, ok := strings.Cut(receipt, "err:")
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(after, " ")
	return code
}

var (
	_ Hook = (*Twilio)(nil)
	_ Hook = (*Vonage)(nil)
	_ Hook = (*Elks46)(nil)
	_ Hook = (*Kannel)(nil)
)

// KannelInbound is the address, below that of this site, that Kannel's service
// is to get for texts of phones; Kannel fills in what stands behind the percent
// signs.
func KannelInbound(secret string) string {
	return "/hooks/kannel/inbound?secret=" + url.QueryEscape(secret) + "&id=%I&from=%p&to=%P&charset=%C&time=%t&text=%b"
}
