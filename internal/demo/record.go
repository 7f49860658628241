package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

// record is one accepted delivery as the file keeps it: the envelope, what was
// read from the message, and its bytes.
type record struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	From      string    `json:"from"` // envelope sender, "" for a bounce
	To        []string  `json:"to"`   // envelope recipients
	MessageID string    `json:"message_id"`
	Read      reading   `json:"read"`
	Raw       lazyBytes `json:"raw"`
}

// reading is what the phones and mailboxes show of a message. It is kept with
// the record so that a start need not parse every message again.
type reading struct {
	From        string       `json:"from"`
	FromName    string       `json:"from_name,omitempty"`
	To          string       `json:"to"`
	ReplyTo     string       `json:"reply_to,omitempty"`
	InReplyTo   string       `json:"in_reply_to,omitempty"`
	References  []string     `json:"references,omitempty"`
	Subject     string       `json:"subject"`
	Body        string       `json:"body"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// lazyBytes is base64 in JSON, decoded only when asked for: most reloaded
// messages are never needed raw.
type lazyBytes struct {
	plain   []byte
	encoded json.RawMessage
}

// MarshalJSON implements json.Marshaler.
func (b lazyBytes) MarshalJSON() ([]byte, error) { return json.Marshal(b.plain) }

// UnmarshalJSON implements json.Unmarshaler.
func (b *lazyBytes) UnmarshalJSON(data []byte) error {
	b.encoded = slices.Clone(data)
	return nil
}

func (b *lazyBytes) bytes() []byte {
	if b.plain == nil && b.encoded != nil {
		// Written by MarshalJSON; a line that is not is refused as damaged.
		_ = json.Unmarshal(b.encoded, &b.plain)
	}
	return b.plain
}

func newRecord(from string, to []string, raw []byte, at time.Time, opt HostOptions) *record {
	r := &record{At: at.UTC().Truncate(time.Millisecond), From: from, To: slices.Clone(to), Raw: lazyBytes{plain: raw}}
	r.Read, r.MessageID = read(raw)
	if r.Read.From == "" {
		r.Read.From = from
	}
	if domainOf(r.sender(opt)) == opt.SMSDomain {
		r.Read.Body = unwrapAnswer(r.Read.Body)
	}
	return r
}

func (r *record) encode() ([]byte, error) { return json.Marshal(r) }

func decodeRecord(line []byte) (*record, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, err
	}
	if r.ID == 0 || len(r.To) == 0 {
		return nil, fmt.Errorf("no delivery in it")
	}
	return &r, nil
}

// read makes of raw bytes what is shown. It never fails: of what is no MIME,
// the bytes after the first empty line are the body.
func read(raw []byte) (reading, string) {
	env, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return readPlain(raw)
	}
	out := reading{
		Subject: env.GetHeader("Subject"), Body: tidy(env.Text),
		InReplyTo: firstID(env.GetHeader("In-Reply-To")), References: ids(env.GetHeader("References")),
		To: addresses(env, "To"), ReplyTo: addresses(env, "Reply-To"),
	}
	if list, err := env.AddressList("From"); err == nil && len(list) > 0 {
		out.From, out.FromName = strings.ToLower(list[0].Address), list[0].Name
	}
	for _, part := range slices.Concat(env.Attachments, env.Inlines, env.OtherParts) {
		out.Attachments = append(out.Attachments, Attachment{
			Name: part.FileName, ContentType: part.ContentType, Size: len(part.Content),
		})
	}
	return out, firstID(env.GetHeader("Message-ID"))
}

func readPlain(raw []byte) (reading, string) {
	var out reading
	id := ""
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err == nil {
		out.Subject = m.Header.Get("Subject")
		out.From, out.To = Mailbox(m.Header.Get("From")), Mailbox(m.Header.Get("To"))
		id = firstID(m.Header.Get("Message-ID"))
	}
	_, body, found := bytes.Cut(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	if !found {
		body = raw
	}
	out.Body = tidy(strings.ToValidUTF8(string(body), "\uFFFD"))
	return out, id
}

func addresses(env *enmime.Envelope, header string) string {
	list, err := env.AddressList(header)
	if err != nil {
		return ""
	}
	var out []string
	for _, a := range list {
		out = append(out, strings.ToLower(a.Address))
	}
	return strings.Join(out, ", ")
}

// ids splits a References header (RFC 5322 section 3.6.4).
func ids(header string) []string {
	var out []string
	for _, word := range strings.Fields(header) {
		if id := strings.Trim(word, "<>,"); id != "" {
			out = append(out, id)
		}
	}
	return out
}

func firstID(header string) string {
	if all := ids(header); len(all) > 0 {
		return all[0]
	}
	return ""
}

// tidy gives text as it is shown: plain line ends, nothing after the last line.
func tidy(text string) string {
	return strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), " \t\r\n")
}

// phones are the recipients that are phones, without repeats.
func (r *record) phones(opt HostOptions) []string {
	var out []string
	for _, to := range r.To {
		if domainOf(to) == opt.SMSDomain {
			if n := Number(localOf(to)); n != "" && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

// mailboxes are the recipients that are customers' mailboxes.
func (r *record) mailboxes(opt HostOptions) []string {
	var out []string
	for _, to := range r.To {
		if d := domainOf(to); d != opt.SMSDomain && d != opt.ReplyDomain && !slices.Contains(out, to) {
			out = append(out, to)
		}
	}
	return out
}

// sender is the customer who sent it: "" where the shop did, or nobody.
func (r *record) sender(opt HostOptions) string {
	if r.From == "" || domainOf(r.From) == opt.ReplyDomain {
		return ""
	}
	return r.From
}

// shopCopies is what goes into the shop's INBOX: one copy for each of the
// shop's addresses, under the trace headers that a delivering host adds
// (RFC 5321 section 4.4). The bytes are the same at every reload.
func (r *record) shopCopies(opt HostOptions) [][]byte {
	var out [][]byte
	var done []string
	for _, to := range r.To {
		if domainOf(to) != opt.ReplyDomain || slices.Contains(done, to) {
			continue
		}
		done = append(done, to)
		trace := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: by mail.%s with ESMTP id %d; %s\r\n",
			r.From, to, opt.ReplyDomain, r.ID, r.At.Format(time.RFC1123Z))
		out = append(out, append([]byte(trace), r.Raw.bytes()...))
	}
	return out
}

func (r *record) text(number string) Text {
	return Text{ID: fmt.Sprintf("t%d", r.ID), At: r.At, From: r.Read.From, To: number, Body: r.Read.Body, Direction: Received, messageID: r.MessageID}
}

func (r *record) sentText(number string) Text {
	return Text{ID: fmt.Sprintf("t%d", r.ID), At: r.At, From: number, To: r.To[0], Body: r.Read.Body, Direction: Sent, messageID: r.MessageID}
}

func (r *record) mail(address string) Mail {
	m := Mail{
		ID: fmt.Sprintf("m%d", r.ID), MessageID: r.MessageID, At: r.At,
		From: r.Read.From, FromName: r.Read.FromName, To: r.Read.To, ReplyTo: r.Read.ReplyTo,
		InReplyTo: r.Read.InReplyTo, Subject: r.Read.Subject, Body: r.Read.Body,
		Attachments: r.Read.Attachments, Direction: Received, references: r.Read.References,
	}
	if m.To == "" {
		m.To = address
	}
	if m.Attachments == nil {
		m.Attachments = []Attachment{}
	}
	return m
}

func (r *record) sentMail(address string) Mail {
	m := r.mail(address)
	m.Direction = Sent
	return m
}
