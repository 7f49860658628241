package email

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"neuvo/notify"
)

// letter is a mail about to be written.
type letter struct {
	fromName, to, subject string
	// plain leaves the HTML out: a gateway makes SMS of the text and of nothing else.
	plain bool
}

// compose writes the mail of an envelope, signed where a key is set. It is the
// text, and the same text as HTML (RFC 2046 section 5.1.4), except where plain.
// The Message-ID is the outbox's, so that a second attempt is the same message.
func (m *Mailer) compose(e notify.Envelope, l letter) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP), gomail.WithCharset(gomail.CharsetUTF8))
	if err := bareAddress(e.From); err != nil {
		return nil, fmt.Errorf("sender: %w", err)
	}
	if err := bareAddress(l.to); err != nil {
		return nil, fmt.Errorf("recipient: %w", err)
	}
	msg.FromMailAddress(&mail.Address{Name: oneLine(l.fromName), Address: e.From})
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &mail.Address{Address: l.to})
	if subject := oneLine(l.subject); subject != "" {
		msg.Subject(subject)
	}
	msg.SetDateWithValue(m.now())
	msg.SetMessageIDWithValue(oneLine(e.MessageID))
	setManners(msg, e)
	text := strings.ReplaceAll(e.Body, "\r\n", "\n")
	if l.plain {
		msg.SetBodyString(gomail.TypeTextPlain, text)
	} else {
		text = withFarewell(text, e)
		page, err := asHTML(text, e)
		if err != nil {
			return nil, err
		}
		msg.SetBodyString(gomail.TypeTextPlain, text)
		msg.AddAlternativeString(gomail.TypeTextHTML, page)
	}
	for _, f := range e.Files {
		if err := msg.AttachReader(oneLine(f.Name), bytes.NewReader(f.Content), gomail.WithFileContentType(gomail.ContentType(oneLine(f.ContentType)))); err != nil {
			return nil, fmt.Errorf("attach %s: %w", f.Name, err)
		}
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, err
	}
	return m.signer.sign(b.Bytes())
}

// setManners adds the fields by which machines know what they have before them:
// which message of ours it is and what it answers; that no person wrote it (RFC
// 3834 section 5, and the same for Exchange), which keeps absence notices and
// loops away; and how to be rid of its kind with one click (RFC 8058).
func setManners(msg *gomail.Msg, e notify.Envelope) {
	msg.SetGenHeader(notify.OwnHeader, oneLine(e.ClientRef))
	if id := oneLine(e.InReplyTo); id != "" {
		msg.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, "<"+id+">")
		msg.SetGenHeaderPreformatted(gomail.HeaderReferences, "<"+id+">")
	}
	if e.Automatic {
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
		msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "OOF, AutoReply")
	}
	if leave := leaveURL(e); leave != "" {
		msg.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+leave+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	if e.Locale != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, oneLine(e.Locale))
	}
}

// leaveURL is where the recipient takes consent back; "" on what comes with a
// job and on a person's own words, which nobody subscribes to.
func leaveURL(e notify.Envelope) string {
	if !e.Automatic || e.Purpose == notify.JobUpdate || strings.ContainsAny(e.Unsubscribe, " \t\r\n<>") {
		return ""
	}
	return e.Unsubscribe
}

// bareAddress refuses what is not exactly one address without a name.
func bareAddress(address string) error {
	parsed, err := mail.ParseAddress(address)
	if err != nil {
		return err
	}
	if parsed.Address != address || parsed.Name != "" {
		return fmt.Errorf("%q is not a bare address", address)
	}
	return nil
}

// oneLine keeps line breaks out of header values.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
