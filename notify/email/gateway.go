package email

import (
	"cmp"
	"context"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"neuvo/internal/fault"
	"neuvo/notify"
)

// smtpGateway sends e-mail.
type smtpGateway struct{ mailer *Mailer }

// NewSMTP gives the gateway for e-mail. Its messages come from the address of
// their conversation, with the advisor's name on it, and bounce to the same.
func NewSMTP(m *Mailer) notify.Gateway { return smtpGateway{m} }

// Name implements notify.Gateway.
func (smtpGateway) Name() string { return "smtp" }

// Channel implements notify.Gateway.
func (smtpGateway) Channel() notify.Channel { return notify.Email }

// Send implements notify.Gateway.
func (g smtpGateway) Send(ctx context.Context, e notify.Envelope) (notify.Sent, error) {
	name := cmp.Or(e.FromName, g.mailer.fromName)
	answer, err := g.mailer.send(ctx, e, letter{fromName: name, to: e.To, subject: e.Title})
	if err != nil {
		return notify.Sent{}, err
	}
	return sent(answer, 0), nil
}

// SMSOptions for NewSMSGateway. Operators differ in what they read out of a mail.
type SMSOptions struct {
	// Address is where a text for a number goes, in the words of the gateway:
	// "{digits}@sms.example.com" (358401234567) or "{e164}@sms.example.com"
	// (+358401234567).
	Address string
	// Subject of the mails, where the gateway reads a password, a route or the
	// sender's name there. {digits} and {e164} stand for the phone.
	Subject string
	// Body is what stands around {text}: a mark after which the gateway stops
	// reading, say. "{text}" where empty.
	Body string
	// Max characters of a text are sent on by a gateway that cuts longer ones: it
	// is not given those. 0: it cuts none.
	Max int
}

// smsGateway sends texts as mails to a gateway that makes SMS of them.
type smsGateway struct {
	mailer *Mailer
	opt    SMSOptions
}

// textPlace is where the text stands in SMSOptions.Body.
const textPlace = "{text}"

// NewSMSGateway gives the gateway for SMS over an e-mail-to-SMS service. The
// mails are plain text and nothing but the text and what the gateway wants
// around it; the answer comes back to the conversation's address. The error is
// Invalid.
func NewSMSGateway(m *Mailer, opt SMSOptions) (notify.Gateway, error) {
	local, domain, ok := strings.Cut(opt.Address, "@")
	places := strings.Count(local, "{digits}") + strings.Count(local, "{e164}")
	probe, err := mail.ParseAddress(forNumber(opt.Address, "+358401234567"))
	if !ok || places != 1 || strings.ContainsAny(domain, "{}@") || err != nil || probe.Name != "" {
		return nil, fault.New(fault.Invalid, "fault.sms_address").With("address", opt.Address)
	}
	opt.Body = cmp.Or(opt.Body, textPlace)
	if strings.Count(opt.Body, textPlace) != 1 {
		return nil, fault.New(fault.Invalid, "fault.sms_body").With("body", opt.Body)
	}
	return smsGateway{m, opt}, nil
}

// Name implements notify.Gateway.
func (smsGateway) Name() string { return "mail-sms" }

// Channel implements notify.Gateway.
func (smsGateway) Channel() notify.Channel { return notify.SMS }

// Addressed implements notify.Addressed: the answer to a text comes back to the
// address that the mail came from.
func (smsGateway) Addressed() bool { return true }

// Send implements notify.Gateway.
func (g smsGateway) Send(ctx context.Context, e notify.Envelope) (notify.Sent, error) {
	if !notify.IsE164(e.To) {
		return notify.Sent{}, failure(false, false, 0, "not a phone number with a country code: "+e.To, nil)
	}
	if length := utf8.RuneCountInString(e.Body); g.opt.Max > 0 && length > g.opt.Max {
		return notify.Sent{}, failure(false, false, 0, fmt.Sprintf("the text has %d characters, and the gateway would cut it after %d", length, g.opt.Max), nil)
	}
	parts, _ := notify.Segments(e.Body)
	e.Body = strings.Replace(g.opt.Body, textPlace, e.Body, 1)
	answer, err := g.mailer.send(ctx, e, letter{to: forNumber(g.opt.Address, e.To), subject: forNumber(g.opt.Subject, e.To), plain: true})
	if err != nil {
		return notify.Sent{}, err
	}
	return sent(answer, parts), nil
}

// forNumber fills the pattern of a gateway's address or subject.
func forNumber(pattern, e164 string) string {
	return strings.NewReplacer("{e164}", e164, "{digits}", strings.TrimPrefix(e164, "+")).Replace(pattern)
}

// send makes the mail of an envelope and hands it over.
func (m *Mailer) send(ctx context.Context, e notify.Envelope, l letter) (string, error) {
	text, err := m.compose(e, l)
	if err != nil {
		return "", failure(false, false, 0, "the message cannot be written as a mail: "+err.Error(), err)
	}
	answer, err := m.handOver(ctx, e.From, l.to, text)
	if err == nil {
		m.log.DebugContext(ctx, "the mail host took a message over", "message", e.ClientRef, "host", m.host, "answer", answer)
	}
	return answer, err
}
