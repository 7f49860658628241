package inbox

import (
	"cmp"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"neuvo/internal/db"
	"neuvo/notify"
)

// ParseOptions is what reading must know about us.
type ParseOptions struct {
	// SMSDomain is the right side of addresses of the e-mail-to-SMS gateway: a
	// message from NUMBER@SMSDomain is a text message. "" where there is none.
	SMSDomain string
	// OwnDomain is the right side of our own Message-IDs.
	OwnDomain string
	// Country is the ISO 3166-1 code that numbers without a country code are
	// read in; "" leaves such numbers as they are.
	Country string
	// TrustedAuthserv is the name by which our own mail server signs its
	// Authentication-Results; "" believes none.
	TrustedAuthserv string
}

// Parse reads raw bytes into all that matching may look at. It reads anything:
// the error is only for what says nothing (no text, no attachment, no subject of
// its own), and what could be read is returned with it.
func Parse(raw []byte, opt ParseOptions) (p notify.Parsed, err error) {
	defer func() {
		if r := recover(); r != nil {
			// A reader of others' broken messages must not stop the ones behind.
			p, err = bare(raw), fmt.Errorf("reading a message panicked: %v", r)
		}
	}()
	raw = normalise(raw)
	h, body := splitMessage(raw)
	root, _ := readTree(h, raw, body)
	// The fetch puts it on top; further down somebody else did.
	if len(h) > 0 && h[0].name == strings.ToLower(KeptHeader) && strings.TrimSpace(string(body)) == "" {
		root = &node{kind: "text/plain", body: []byte("[" + h[0].value + "]")}
	}
	own := fromUs(h, opt)
	h = h.withoutOurs()
	c := readContent(root)

	p = fields(h)
	p.Attachments = c.files
	p.Text = plainText(c.plain)
	if number, ok := gatewayNumber(p.From, opt.SMSDomain, opt.Country); ok {
		p.Channel, p.From, p.FromName = notify.SMS, number, ""
		p.ReplyText = unwrapSMS(p.Text)
	} else {
		if !blank(c.rich) && len(p.Text) < 300 && noHTML.MatchString(p.Text) {
			c.plain, p.Text = c.rich, plainText(c.rich)
		}
		forwards, sender := forwardSubject.MatchString(p.Subject), strings.ToLower(p.FromName+" "+p.From)
		s := stripReply(c.plain, forwards, sender)
		if !s.quotes && !s.forwarded && !blank(c.rich) {
			// The plain twin of some programs shows no trace of where the older
			// message begins; their HTML does.
			if r := stripReply(c.rich, forwards, sender); r.quotes {
				s = r
			}
		}
		p.ReplyText, p.Forwarded = s.text, s.forwarded
	}
	p.Kind, p.Forged = kindOf(h, c, p.From, p.Subject, p.Channel, own), forged(h, opt.TrustedAuthserv)
	if p.Kind == notify.Bounce {
		readBounce(&p, h, c, opt)
	}
	return p, wordless(&p, h, len(raw))
}

// noHTML is what senders put beside their HTML in place of a text.
var noHTML = regexp.MustCompile(`(?i)\bhtml\b.{0,80}\b(view|display|support|show|enable|capable|compatible)|\b(view|display|support|show|näyt\pL*|tue|visa\pL*|stöd\pL*|anzeig\pL*|darstell\pL*)\b.{0,80}\bhtml\b`)

// wordless tells a message that says nothing: a person may know what it was
// meant to be. One whose words all stand in the subject says those.
func wordless(p *notify.Parsed, h header, size int) error {
	switch {
	case p.Text == "" && p.Kind == notify.Human && p.Subject != "" && onlyCalendar(p.Attachments):
		// A calendar's "Accepted: Service" says it all in its subject.
		p.ReplyText = p.Subject
		return nil
	case p.Text != "" || len(p.Attachments) > 0:
		return nil
	case len(h) == 0:
		return fmt.Errorf("%d bytes without a field or a text", size)
	case p.Kind != notify.Human:
		return nil
	case p.Channel == notify.Email && p.Subject != "" && !answerSubject.MatchString(p.Subject):
		p.ReplyText = p.Subject
		return nil
	}
	return fmt.Errorf("the message of %s is empty: no text and no attachment", cmp.Or(p.From, "nobody"))
}

func onlyCalendar(files []notify.Attachment) bool {
	for _, f := range files {
		if f.ContentType != "text/calendar" && f.ContentType != "application/ics" {
			return false
		}
	}
	return len(files) > 0
}

// fields reads what the header alone tells.
func fields(h header) notify.Parsed {
	p := notify.Parsed{
		Kind:       notify.Human,
		Channel:    notify.Email,
		MessageID:  firstID(h.get("message-id")),
		InReplyTo:  firstID(h.get("in-reply-to")),
		References: ids(strings.Join(h.all("references"), " ")),
		Recipients: recipients(h),
		Subject:    h.text("subject"),
		Date:       db.At(date(h.get("date"))),
	}
	p.From, p.FromName = author(h)
	return p
}

// bare is a message of which only the fields could be read.
func bare(raw []byte) (p notify.Parsed) {
	defer func() {
		if recover() != nil {
			p = notify.Parsed{Kind: notify.Human, Channel: notify.Email}
		}
	}()
	h, _ := splitMessage(normalise(raw))
	return fields(h)
}

// dateLayouts are forms of the Date field that RFC 5322 does not have.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04:05", "Mon Jan 2 15:04:05 2006",
	"Mon Jan 2 15:04:05 MST 2006", time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
	"Monday, 2 January 2006 15:04:05 -0700", "Mon, 2 Jan 06 15:04:05 -0700",
}

// date reads the Date field; zero where it says nothing usable.
func date(value string) time.Time {
	value = strings.TrimSpace(value)
	if value == "" || len(value) > 200 {
		return time.Time{}
	}
	if t, err := mail.ParseDate(value); err == nil {
		return sane(t)
	}
	if i := strings.IndexByte(value, '('); i > 0 {
		value = strings.TrimSpace(value[:i])
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, value); err == nil {
			return sane(t)
		}
	}
	return time.Time{}
}

// sane drops dates that no mail was written on.
func sane(t time.Time) time.Time {
	if t.Year() < 1980 || t.Year() > 2200 {
		return time.Time{}
	}
	return t
}
