package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"neuvo/internal/fault"
)

// answerSubject is the fixed subject that an e-mail-to-SMS gateway puts on
// every answer.
const answerSubject = "SMS reply"

// sendWithin is how long a customer's message may take into the host.
const sendWithin = 10 * time.Second

// firstTexts is the shop's address for texts that answer none of its own.
const firstTexts = "texts"

// SendText answers as a phone: to where its latest text came from, else to the
// shop. Invalid names "path.number" or "body.body".
func (h *Host) SendText(number, body string) error {
	_, err := h.SendTextTo(number, "", body)
	return err
}

// SendTextTo sends a text as a phone to an address of the shop; "" answers the
// latest text, or writes to the shop where none came. It travels as a real e-mail over the host's own SMTP port.
func (h *Host) SendTextTo(number, to, body string) (*Text, error) {
	phone := Number(number)
	if phone == "" {
		return nil, fault.BadField("path.number", "demo.fault.number", number)
	}
	if strings.TrimSpace(body) == "" {
		return nil, fault.BadField("body.body", "demo.fault.empty", nil)
	}
	original := ""
	for _, t := range slices.Backward(h.Texts(phone)) {
		if to == "" || strings.EqualFold(t.From, strings.TrimSpace(to)) {
			to, original = t.From, t.Body
			break
		}
	}
	if to == "" { // whoever was never texted writes to the shop, not to a visit
		to = firstTexts + "@" + h.opt.ReplyDomain
	}
	address := Mailbox(to)
	if address == "" {
		return nil, fault.BadField("body.to", "demo.fault.address", to)
	}
	from := phone + "@" + h.opt.SMSDomain
	now := h.opt.Now()
	id := rand.Text() + "@" + h.opt.SMSDomain
	m, err := newMessage(from, address, answerSubject, wrapAnswer(phone, body, original, now), id, now)
	if err != nil {
		return nil, fmt.Errorf("write the text of a phone: %w", err)
	}
	if err := h.send(m); err != nil {
		return nil, fmt.Errorf("send the text of a phone: %w", err)
	}
	for _, t := range items(h.store, h.store.phones, phone, func(t Text) bool { return t.messageID == id }) {
		return &t, nil
	}
	return nil, fmt.Errorf("the text %s was taken and is not on the phone", id)
}

// The lines that an e-mail-to-SMS gateway wraps an answer in.
const (
	answerText     = "Text: "
	answerOriginal = "\n\n--- Original message ---\n"
)

// wrapAnswer is the body of a gateway's e-mail: who, when, what, and the text
// that was answered.
func wrapAnswer(phone, body, original string, at time.Time) string {
	wrapped := "Sender: " + phone + "\nDate: " + at.Format("2006-01-02 15:04:05") + "\n" + answerText + tidy(body)
	if original != "" {
		wrapped += answerOriginal + original
	}
	return wrapped + "\n"
}

// unwrapAnswer is what the customer typed, for the phone's own screen.
func unwrapAnswer(wrapped string) string {
	_, text, found := strings.Cut(wrapped, "\n"+answerText)
	if !found {
		return wrapped
	}
	if i := strings.LastIndex(text, answerOriginal); i >= 0 {
		text = text[:i]
	}
	return tidy(text)
}

// SendMail writes an e-mail as a customer, over the host's own SMTP port.
// Invalid names "path.address", "body.to", "body.body" or "body.in_reply_to".
func (h *Host) SendMail(address string, in NewMail) error {
	_, err := h.SendMailAs(address, in)
	return err
}

// SendMailAs is SendMail that gives the e-mail as it was sent.
func (h *Host) SendMailAs(address string, in NewMail) (*Mail, error) {
	from := Mailbox(address)
	if from == "" {
		return nil, fault.BadField("path.address", "demo.fault.address", address)
	}
	if strings.TrimSpace(in.Body) == "" {
		return nil, fault.BadField("body.body", "demo.fault.empty", nil)
	}
	answered := h.find(from, in.InReplyTo)
	if answered != nil {
		if in.To == "" {
			in.To = cmpOr(answered.ReplyTo, answered.From)
		}
		if in.Subject == "" {
			in.Subject = reSubject(answered.Subject)
		}
	}
	to := Mailbox(in.To)
	if to == "" || (domainOf(to) == h.opt.SMSDomain && Number(localOf(to)) == "") {
		return nil, fault.BadField("body.to", "demo.fault.address", in.To)
	}
	inReplyTo := firstID(in.InReplyTo)
	if strings.TrimSpace(in.InReplyTo) != "" && !validID(inReplyTo) {
		return nil, fault.BadField("body.in_reply_to", "demo.fault.message_id", in.InReplyTo)
	}
	id := rand.Text() + "@" + domainOf(from)
	m, err := newMessage(from, to, oneLine(in.Subject), in.Body, id, h.opt.Now())
	if err != nil {
		return nil, fault.BadField("body.to", "demo.fault.address", in.To).Cause(err)
	}
	if inReplyTo != "" {
		references := []string{inReplyTo}
		if answered != nil {
			references = append(slices.Clone(answered.references), inReplyTo)
		}
		m.SetGenHeader(gomail.HeaderInReplyTo, "<"+inReplyTo+">")
		m.SetGenHeader(gomail.HeaderReferences, "<"+strings.Join(references, "> <")+">")
	}
	if err := h.send(m); err != nil {
		return nil, fmt.Errorf("send the e-mail of a customer: %w", err)
	}
	for _, m := range items(h.store, h.store.boxes, from, func(m Mail) bool { return m.MessageID == id && m.Direction == Sent }) {
		return &m, nil
	}
	return nil, fmt.Errorf("the e-mail %s was taken and is not in the mailbox", id)
}

// find is the e-mail of a Message-ID in a mailbox, nil if it has none such.
func (h *Host) find(address, id string) *Mail {
	id = firstID(id)
	if id == "" {
		return nil
	}
	for _, m := range h.Correspondence(address) {
		if m.MessageID == id {
			return &m
		}
	}
	return nil
}

// validID tells what can stand in angle brackets (RFC 5322 section 3.6.4).
func validID(id string) bool {
	return strings.Count(id, "@") == 1 && !strings.ContainsAny(id, " <>\r\n\t") && len(id) < 900
}

func reSubject(subject string) string {
	if len(subject) >= 3 && strings.EqualFold(subject[:3], "re:") {
		return subject
	}
	return "Re: " + subject
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func newMessage(from, to, subject, body, id string, at time.Time) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From(from); err != nil {
		return nil, err
	}
	if err := m.To(to); err != nil {
		return nil, err
	}
	m.Subject(subject)
	m.SetMessageIDWithValue(id)
	m.SetDateWithValue(at)
	m.SetBodyString(gomail.TypeTextPlain, body)
	return m, nil
}

// send delivers over TCP to the host's own port, as a stranger would.
func (h *Host) send(m *gomail.Msg) error {
	addr, ok := h.smtpListener.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("the SMTP port is %s", h.smtpListener.Addr())
	}
	c, err := gomail.NewClient(addr.IP.String(), gomail.WithPort(addr.Port), gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithTimeout(sendWithin), gomail.WithHELO("phone."+h.opt.SMSDomain))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), sendWithin)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("%s: %w", net.JoinHostPort(addr.IP.String(), strconv.Itoa(addr.Port)), err)
	}
	return nil
}
