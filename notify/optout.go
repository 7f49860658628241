package notify

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"neuvo/internal/db"
	"neuvo/templates"
)

// GatewayOptOut is a phone whose owner told a gateway to carry nothing more: the
// gateway refuses to, so we do not try.
type GatewayOptOut struct {
	Phone   string `gorm:"primaryKey"`
	Gateway string `gorm:"primaryKey"`
	At      db.Time
}

// Words that end or bring back what is not part of the service bought, in the
// languages of the customers. They count only as the whole of a text: "stop at
// the traffic lights it squeaks" is for the advisor.
var (
	stopWords = wordSet("stop", "stopp", "stop all", "stopall", "unsubscribe", "end texts", "no more texts",
		"lopeta", "lopettakaa", "lopeta viestit", "peru viestit", "ei viestejä", "ei enää viestejä", "ei kiitos viestejä",
		"sluta", "avsluta", "sluta sms", "inga fler sms", "inga fler meddelanden")
	startWords = wordSet("start", "unstop", "aloita", "starta", "börja")
)

func wordSet(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// OptWord reads a text as an opt-out word (OptedOut), as one that brings texts
// back (OptedIn), or as neither ("").
//
// What is neither letter nor digit around it does not count: "STOP!!! 🛑" is one.
// "STOP 12345" is none: the number may be of a bill or a car, so a person reads it.
func OptWord(body string) OptOut {
	word := strings.Join(strings.Fields(strings.ToLower(strings.TrimFunc(body, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}))), " ")
	switch {
	case stopWords[word]:
		return OptedOut
	case startWords[word]:
		return OptedIn
	}
	return ""
}

// optOut acts on a text that is an opt-out word, or that a gateway has taken for
// one: surveys, reminders and offers end, or surveys and reminders come back. What
// belongs to the work on a car goes on. It tells whether the text was one; no
// room needs to look at it then. number is ours that the text was sent to, gateway
// where it came from, by what that has made of it.
func (n *Notifier) optOut(ctx context.Context, subject string, m *Message, number, gateway string, by OptOut) (bool, error) {
	word := by
	if word == "" && m.Channel == SMS {
		word = OptWord(withoutOurs(m.Body, number))
	}
	if word == "" || m.FromAddress == "" {
		return false, nil
	}
	out := word == OptedOut
	want := map[Purpose]bool{Survey: !out, Reminder: !out}
	if out {
		want[Marketing] = false
	}
	words := map[Purpose]string{}
	for p := range want {
		words[p] = m.Body
	}
	err := n.SetConsents(ctx, []string{m.FromAddress}, want, Evidence{How: ByText, Origin: m.FromAddress, Wording: words})
	if err == nil {
		err = n.consented(ctx, m.FromAddress, want)
	}
	if err != nil {
		return false, err
	}
	if by != "" {
		// The gateway answers by itself, and would refuse a word of ours.
		return true, n.mirror(ctx, m.FromAddress, gateway, out)
	}
	return true, n.confirmOpt(ctx, subject, m, number, out)
}

// withoutOurs takes out of a text what a customer may put beside an opt-out word
// because a text of ours asked for it: the code of the visit, and the number to
// send it to ("STOP 17171").
func withoutOurs(body, number string) string {
	short := strings.TrimPrefix(number, "+")
	if at := strings.LastIndexFunc(body, unicode.IsSpace); at > 0 && short != "" {
		if last := strings.TrimPrefix(strings.TrimSpace(body[at:]), "+"); last == short {
			body = body[:at]
		}
	}
	return withoutCode(body, codesIn(body)...)
}

// consented tells the rooms what the owner of an address has said.
func (n *Notifier) consented(ctx context.Context, address string, want map[Purpose]bool) error {
	for _, h := range n.onConsent {
		if err := h(ctx, address, want); err != nil {
			return fmt.Errorf("consent handler: %w", err)
		}
	}
	return nil
}

// optOutUnplaced is optOut for a text that belongs to no conversation for certain:
// the word is about all of them.
func (n *Notifier) optOutUnplaced(ctx context.Context, in *Inbound, p Parsed) (bool, error) {
	last, err := n.lastWrittenTo(ctx, SMS, in.FromAddress)
	if err != nil {
		return false, err
	}
	subject := ""
	if last != nil {
		c, err := n.conversationOf(ctx, last.ConversationID)
		if err != nil {
			return false, err
		}
		subject = c.Subject
	}
	m := &Message{Channel: in.Channel, FromAddress: in.FromAddress, Body: in.Body, CreatedAt: in.ReceivedAt}
	opted, err := n.optOut(ctx, subject, m, in.Number, strings.TrimPrefix(in.Source, "hook:"), p.OptOut)
	if err != nil || !opted {
		return false, err
	}
	in.State, in.Reason = InEvent, "a word about messages, not to anybody: "+in.Body
	return true, n.saveInbound(ctx, in)
}

// mirror keeps what a gateway does with a phone.
func (n *Notifier) mirror(ctx context.Context, phone, gateway string, out bool) error {
	if out {
		return n.block(ctx, &GatewayOptOut{Phone: phone, Gateway: gateway, At: n.now()})
	}
	return n.unblock(ctx, phone, gateway)
}

// confirmOpt answers an opt-out word, once a day: two machines must not thank
// each other for ever.
func (n *Notifier) confirmOpt(ctx context.Context, subject string, m *Message, number string, out bool) error {
	occasion := "opted_out"
	if !out {
		occasion = "opted_in"
	}
	last, err := n.lastWrittenTo(ctx, SMS, m.FromAddress)
	if err != nil || subject == "" {
		return err
	}
	locale, author := m.Locale, ""
	if last != nil {
		locale, author = last.Locale, last.Author
	}
	if done, err := n.wroteLately(ctx, m.FromAddress, occasion, db.At(n.opt.Now().Add(-confirmEvery))); err != nil || done {
		return err
	}
	at, err := n.wakingNobody(n.answering(ctx, m), subject, m.FromAddress)
	if err != nil {
		return err
	}
	sent, err := n.Send(ctx, Outgoing{
		NotBefore: at, Subject: subject, Channel: SMS, To: m.FromAddress, Author: author, Occasion: occasion, Purpose: JobUpdate,
		Locale: locale, Body: templates.T(locale, "notify."+occasion, nil), AtOnce: true,
		ExpiresAt: db.At(n.opt.Now().Add(confirmEvery)),
	})
	if err != nil || number == "" {
		return err
	}
	return n.sendFrom(ctx, sent.ID, number) // the word was said to that number
}

// confirmEvery is how often at most an opt-out word is answered.
const confirmEvery = 24 * time.Hour

// gatewayRefusesPhone deals with a text that the gateway will not carry because
// the phone's owner stopped texts there.
func (n *Notifier) gatewayRefusesPhone(ctx context.Context, m *Message, failure *SendError) error {
	err := n.db.Tx(ctx, func(ctx context.Context) error { return n.mirror(ctx, m.ToAddress, m.Gateway, true) })
	if err != nil {
		return fmt.Errorf("keep that %s carries nothing to a phone: %w", m.Gateway, err)
	}
	return n.byMailInstead(ctx, m, failure.Error())
}

// byMailInstead sends what a phone no longer takes, or what no route of texts can
// ask, by e-mail, where the customer
// has an address and the text holds no secret meant for the phone; else it fails,
// and the advisor hears that the customer must be called.
func (n *Notifier) byMailInstead(ctx context.Context, m *Message, why string) error {
	mail, err := n.mailOf(ctx, m.ConversationID)
	if err != nil {
		return fmt.Errorf("find an e-mail address in place of a phone: %w", err)
	}
	if mail == "" || m.Shown != "" {
		return n.end(ctx, m, Failed, why)
	}
	return n.db.Tx(ctx, func(ctx context.Context) error {
		c, err := n.conversationOf(ctx, m.ConversationID)
		if err != nil {
			return err
		}
		if err := n.end(ctx, m, Suppressed, why+"; sent by e-mail instead"); err != nil {
			return err
		}
		_, err = n.Send(ctx, Outgoing{
			Subject: c.Subject, Version: m.SubjectVersion, Channel: Email, To: mail, Author: m.Author, Occasion: m.Occasion,
			Purpose: m.Purpose, Locale: m.Locale, MailTitle: templates.T(m.Locale, "notify.by_mail_title", map[string]any{"name": m.Author}),
			Body: m.Body, ExpiresAt: m.ExpiresAt, ByHuman: m.ByHuman, Asks: m.Asks, AsksUntil: m.AsksUntil,
		})
		return err
	})
}
