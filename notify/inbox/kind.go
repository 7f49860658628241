package inbox

import (
	"regexp"
	"strings"

	"neuvo/notify"
)

var (
	ownReference = regexp.MustCompile(`^m[0-9]{1,18}$`)
	// ownID is the left side of our Message-IDs.
	ownID = regexp.MustCompile(`^[a-z2-7]{26}$`)

	// The first group is programs' own words; the second could stand in a person's
	// subject too and counts only where nothing but a date follows; the third, which
	// people write alone as well, only before the subject that it answers.
	autoSubject = regexp.MustCompile(`(?i)^\s*\[?((automatic (reply|response)|auto[- ]?(reply|response|responder)|vacation (reply|response|responder)|out of (the )?office|ooo\s*:|automaattinen (poissaolo|loma)?vastaus\pL*|auto(maatti)?-?vastaus|poissaolo(ilmoitus|viesti)|automatiskt (svar\pL*|frånvaromeddelande|meddelande)|auto-?svar|frånvaromeddelande|automatische antwort|auto-?antwort|abwesenheits(notiz|meldung|nachricht)|automaatne (vastus|teade)|automaatvastus|automatisk svar|fraværsmelding)\b|(poissa toimistosta|poissaolo|lomavastaus|frånvaro|frånvarande|ej på kontoret|semesterhälsning|außer haus|kontorist väljas|ikke til stede|ikke på kontoret|nicht im büro|on (annual |parental |sick )?leave|on vacation|not in the office|away from (the )?office)\]?\s*(:|!|$|until\b|till\b|asti\b|saakka\b|\d)|(abwesend|lomalla|puhkusel|på semester|på ferie|im urlaub|vacation|away)\s*:|.{0,80}\bis (currently )?out of (the )?office\b|.{0,200}\((out of (the )?office|away from (the )?office|automatic reply)\)\s*$)`)
	readSubject = regexp.MustCompile(`(?i)^\s*(read|luettu|läst|gelesen|loetud|lest|read receipt|lukukuittaus|läskvitto|lesebestätigung|not read|deleted unread)\s*:|^return receipt \((displayed|deleted|processed|dispatched)\)`)
	bounceFrom  = regexp.MustCompile(`(?i)^(mailer[-_.]?daemon|postmaster|mail[-_.]?daemon|bounces?|double-bounce|microsoftexchange[0-9a-f]+)(\+[^@]*)?@|^(mailer-daemon|postmaster)$`)
	// A mailer daemon's letter under a title nobody knows is a failure where it
	// gives a permanent code (RFC 3463 section 2, class 5).
	daemon      = regexp.MustCompile(`(?i)^(mailer[-_.]?daemon|mail[-_.]?daemon)(@|$)`)
	delayTitle  = regexp.MustCompile(`(?i)delay|warning|viivästy|försen|verzöger`)
	permanent   = regexp.MustCompile(`\b5\.\d{1,3}\.\d{1,3}\b|\b5[0-7]\d[ -]`)
	bounceTitle = regexp.MustCompile(`(?i)^\s*(undeliver|undelivered mail|delivery (status notification|has failed|failure|failed|problem)|mail (delivery|system error|could not be delivered)|message (you sent )?(could not be delivered|not delivered|undeliverable)|returned mail|returned to sender|failure notice|failed mail|delivery notification|non[- ]?delivery|mail delivery (failed|failure|subsystem)|ei voi toimittaa|viestiä ei voitu toimittaa|toimittaminen epäonnistui|toimitus (ei onnistu|epäonnistui)|(sähköposti|viesti)n (toimitus|toimittaminen) (ei onnistu|epäonnistui)|ei toimitettu|perille toimittamaton|det går inte att leverera|kan inte leverera|leveransen? (misslyckades|lyckades inte)|leverans(fel| misslyckad)|meddelandet kunde inte levereras|olevererbart|unzustellbar|nicht zustellbar|zustellung fehlgeschlagen|toimetamatu|kättetoimetamatu|edastamatu|ei saa kohale toimetada|kan ikke levere|ikke levert|levering mislyktes)`)
)

// kindOf recognises what machines write, before anything is matched. own: we sent
// it ourselves; channel is SMS where a gateway handed a person's text over.
func kindOf(h header, c *content, from string, subject string, channel notify.Channel, own bool) notify.Kind {
	switch {
	case isBounce(h, c, from, subject):
		return bounceKind(c)
	case c.report == "disposition-notification", readSubject.MatchString(subject) && c.report != "" && c.report != "delivery-status":
		return notify.Receipt
	case own:
		return notify.Own
	case c.report == "feedback-report": // RFC 5965: a mail host tells of a complaint
		return notify.Auto
	case channel == notify.SMS:
		return notify.Human
	case readSubject.MatchString(subject):
		return notify.Receipt
	case isAuto(h, subject):
		return notify.Auto
	case isList(h):
		return notify.List
	}
	return notify.Human
}

// isAuto knows RFC 3834 section 5, the fields that programs used before it, and
// what they write into the subject. X-Auto-Response-Suppress asks others not to
// answer and says nothing of who wrote.
func isAuto(h header, subject string) bool {
	if word := firstWord(h.get("auto-submitted")); word != "" && word != "no" {
		return true
	}
	for _, name := range []string{"x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-autoreply-from", "x-mail-autoreply", "x-vacation"} {
		if v := firstWord(h.get(name)); v != "" && v != "no" && v != "false" {
			return true
		}
	}
	switch firstWord(h.get("precedence")) {
	case "auto_reply", "auto-reply", "autoreply":
		return true
	}
	from, _ := sender(h)
	return daemon.MatchString(from) || autoSubject.MatchString(subject)
}

func isList(h header) bool {
	if h.get("list-id") != "" || h.get("list-post") != "" || firstWord(h.get("precedence")) == "list" {
		return true
	}
	if h.get("list-unsubscribe") == "" {
		return false
	}
	// RFC 2369 section 3.2: mail that can be unsubscribed from went to many, unless
	// it answers something.
	bulk := firstWord(h.get("precedence"))
	return bulk == "bulk" || bulk == "junk" || h.get("in-reply-to")+h.get("references") == ""
}

// isBounce knows RFC 3464 reports, the fields that Gmail, Exim and others add,
// and the letters of mail systems that write plain text.
func isBounce(h header, c *content, from, subject string) bool {
	if c.report == "delivery-status" || len(c.statuses) > 0 || h.get("x-failed-recipients") != "" {
		return true
	}
	if c.report == "disposition-notification" {
		return false
	}
	if bounceFrom.MatchString(from) && !delayTitle.MatchString(subject) && permanent.MatchString(plainText(c.plain)) {
		return true
	}
	nullPath := strings.ReplaceAll(h.get("return-path"), " ", "") == "<>"
	return (bounceFrom.MatchString(from) || nullPath || from == "") && bounceTitle.MatchString(subject)
}

// bounceKind tells failures from reports of delay and success (RFC 3464 section
// 2.3.3): a delayed message may yet arrive and must not be called failed.
func bounceKind(c *content) notify.Kind {
	action := ""
	for _, group := range c.statuses {
		if a := firstWord(group.get("action")); a != "" {
			if a == "failed" {
				return notify.Bounce
			}
			action = a
		}
	}
	switch action {
	case "delayed":
		return notify.Auto
	case "delivered", "relayed", "expanded":
		return notify.Receipt
	}
	return notify.Bounce
}

// firstWord is the keyword of a field without parameters and comments.
func firstWord(value string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	if i := strings.IndexAny(value, " \t;(,"); i >= 0 {
		value = value[:i]
	}
	return value
}
