package inbox

import (
	"regexp"
	"slices"
	"strings"
)

// What stands around a letter without being part of it: the lines that mail
// systems put on top ("this came from outside"), and at its end the adverts of
// programs and telephones, the notes of virus scanners, and the law that firms
// put below everything.

var (
	// legalWords by what they speak of; a paragraph that has words of three groups
	// is no customer's.
	legalWords = []*regexp.Regexp{
		regexp.MustCompile(`(?i)confidential|privileged|luottamukselli|salassapidettäv|konfidentiel|sekretess|vertraulich|konfidentsiaal|konfidensiel|fortrolig|confidentiel`),
		regexp.MustCompile(`(?i)intended (solely |only |exclusively )?for|intended recipient|addressee|individual or entity|tarkoitettu|vastaanottaj|avsedd|mottagare|adressat|bestimmt|empfänger|adressaadi|üksnes|mottaker|tiltenkt|modtager|destinataire`),
		regexp.MustCompile(`(?i)in error|by mistake|not the (intended|named)|erehdyksessä|vahingossa|virheellisesti|etkä ole|ette ole|av misstag|felaktigt|inte är rätt|irrtümlich|nicht der richtige|versehentlich|ekslik|kogemata|feilaktig|ved en feil|ved en fejl|par erreur`),
		regexp.MustCompile(`(?i)notify the sender|inform the sender|contact the sender|delete (it|this|the)|destroy|ilmoit\pL+ (siitä |asiasta )?lähettäjälle|poist\pL+ viesti|tuho\pL+|hävit\pL+|meddela avsändaren|kontakta avsändaren|radera|förstör|informieren sie|vernichten|löschen|teavita\pL*|kustuta\pL*|slett\pL*|informer avsender|supprimer`),
		regexp.MustCompile(`(?i)unauthori[sz]ed|strictly (forbidden|prohibited)|dissemination|disclosure|copying|distribution of|liabilit|warrant|jakaminen|kopioi\pL*|kielletty|luvaton|otillåten|spridning|kopiering|förbjud|unbefugt|weitergabe|nicht gestattet|keelatud|levitami\pL*|ulovlig|forbudt|interdit`),
		regexp.MustCompile(`(?i)(this|the) (e-?mail|message|communication)|tämä (sähköposti|viesti)|detta (e-post|mejl|meddelande)|diese (e-?mail|nachricht)|käesolev|see (e-kiri|kiri|sõnum)|denne (e-post|melding|e-mail|mail|meddelelse)|ce (message|courriel)`),
	}
	legalTitle = regexp.MustCompile(`(?i)^\W*(disclaimer|confidentiality( notice)?|legal notice|privacy notice|vastuuvapauslauseke|luottamuksellisuus\pL*|ansvarsfriskrivning|sekretess\pL*|haftungsausschluss|vertraulichkeits\pL*)\b\W{0,5}$`)

	// scanner is a line that a scanner or a mail host writes below.
	scanner = regexp.MustCompile(`(?i)^\W{0,4}(virus-free\b.{0,60}|virus-?(fri|vapaa)\b.{0,60}|this (e-?mail|message) (has been|was) (checked|scanned)\b.{0,200}|(no virus found|checked by avg)\b.{0,200}|tämä (sähköposti|viesti) on tarkistettu\b.{0,200}|(det här|detta) (mejlet|e-postmeddelandet|meddelandet) (har )?(kontrollerats|skannats)\b.{0,200}|diese e-?mail wurde (von|auf) .{0,200}|(please )?(consider|think of) (the|our) environment\b.{0,200}|(please )?think (before you print|green)\b.{0,120}|(save|p) ?(paper|trees?)\b.{0,120}|(ajattele|säästä) (ympäristöä|luontoa|paperia)\b.{0,160}|tänk på miljön\b.{0,160}|bitte (denken|prüfen) sie .{0,30}(umwelt|ausdruck).{0,160}|<?https?://www\.(avast|avg)\.com/\S*)$`)

	// banner is what a host puts on top of what comes from outside.
	banner  = regexp.MustCompile(`(?i)^\W{0,6}(caution|warning|external( e-?mail| sender| message)?|attention|varoitus|huomio|huom|ulkoinen (viesti|sähköposti|lähettäjä)|obs|varning|extern(t|e)? (mejl|e-?post|e-?mail|nachricht)|achtung|you don't often get e-?mail from|some people who received this message don't often get|et saa usein sähköpostia|du får inte ofta e-?post|sie erhalten nicht (oft|häufig)|some content in this message|this (message|e-?mail) (was sent|originated|came|is) from (outside|an external)|tämä (viesti|sähköposti) (on tullut|tuli|on lähetetty) (organisaation|yrityksen|talon) ulkopuolelta|det här (mejlet|meddelandet) kommer från)\b`)
	outside = regexp.MustCompile(`(?i)outside|external|don't often|ulkopuole|ulkoinen|et saa usein|utanför|extern|får inte ofta|nicht (oft|häufig)|aka\.ms/learnaboutsender|außerhalb`)
	aMail   = regexp.MustCompile(`(?i)e-?mail|message|sender|links?\b|attachment|organi[sz]ation|sähköposti|viesti|lähettäjä|linkke|liitte|mejl|e-?post|meddelande|avsändare|länk|nachricht|absender|anhäng`)

	// byline is a name behind a stroke, on the last line.
	byline = regexp.MustCompile(`^(?:[-–—~/]{1,2} ?)(\p{Lu}[\pL'.-]*)( \p{Lu}[\pL'.-]*){0,2}$`)
)

// withoutArmour takes the frame of a signed text off (RFC 9580 section 7): its
// head, its signature, and the strokes that it put before lines with strokes.
func withoutArmour(lines []line) []line {
	begin := -1
	for i, l := range lines[:min(len(lines), 200)] {
		if strings.TrimSpace(l.text) == "-----BEGIN PGP SIGNED MESSAGE-----" {
			begin = i
			break
		}
	}
	if begin < 0 {
		return lines
	}
	out, until := append([]line(nil), lines[:begin]...), "" // an empty line ends the head
	for skip, i := true, begin+1; i < len(lines); i++ {
		l := lines[i]
		text := strings.TrimSpace(l.text)
		switch {
		case skip:
			skip = text != until
		case text == "-----BEGIN PGP SIGNATURE-----":
			skip, until = true, "-----END PGP SIGNATURE-----"
		default:
			l.text = strings.TrimPrefix(l.text, "- ")
			out = append(out, l)
		}
	}
	return out
}

// maxBanner lines on top of a message may belong to a host's warning.
const maxBanner = 6

// withoutBanner takes a host's warning off the top.
func withoutBanner(lines []line) []line {
	for i, n := 0, 0; i < len(lines) && n < 2; i++ {
		text := strings.TrimSpace(lines[i].text)
		if text == "" || rule.MatchString(text) {
			continue
		}
		n++
		if len(text) > maxProbe || lines[i].mark != own || !banner.MatchString(text) {
			continue
		}
		end, all := i, ""
		for end < len(lines) && end < i+maxBanner && len(lines[end].text) <= maxProbe && strings.TrimSpace(lines[end].text) != "" {
			all += " " + lines[end].text
			end++
		}
		if outside.MatchString(all) && aMail.MatchString(all) && !blank(lines[end:]) {
			return append(slices.Clone(lines[:i]), lines[end:]...)
		}
		return lines
	}
	return lines
}

// withoutSignature takes off the end of a segment: what follows the line "-- "
// (RFC 3676 section 4.3, and "--" where a program ate the blank), the adverts
// of telephones and programs, legal text, and rules that stood over a quotation.
// sender is who wrote, in lower case: his name behind a stroke is a signature.
func withoutSignature(s segment, sender string) string {
	s = withoutLaw(s)
	for i, l := range s {
		bare := strings.TrimRight(l, " \t")
		if bare == "--" && (l == "-- " || len(s)-i <= 12 && !framed(s[i+1:])) {
			if strings.TrimSpace(strings.Join(s[:i], "")) != "" {
				s = s[:i]
			}
			break
		}
		// A rule over nothing but a card is the same.
		if rule.MatchString(bare) && i > 0 && len(s)-i <= maxCard+4 && card(s[i+1:]) && strings.TrimSpace(strings.Join(s[:i], "")) != "" {
			s = s[:i]
			break
		}
	}
	for len(s) > 0 {
		end := strings.TrimSpace(s[len(s)-1])
		switch {
		case end == "", rule.MatchString(end):
		case len(end) < 300 && (mobile.MatchString(end) || scanner.MatchString(end)):
		case len(end) < 60 && len(s) > 1 && signedBy(end, sender):
			sender = ""
		default:
			return paragraph(s)
		}
		s = s[:len(s)-1]
	}
	return ""
}

// framed tells that a line "--" has a twin below: what stands between is set off
// and no signature.
func framed(below segment) bool {
	return slices.ContainsFunc(below, func(l string) bool { return strings.TrimRight(l, " \t") == "--" })
}

// signedBy tells a stroke and the sender's name.
func signedBy(l, sender string) bool {
	m := byline.FindStringSubmatch(l)
	return m != nil && len(m[1]) > 2 && strings.Contains(sender, strings.ToLower(m[1]))
}

// withoutLaw takes the paragraphs of legal text off, with what stands below them,
// where anything is written above.
func withoutLaw(s segment) segment {
	for begin := 0; begin < len(s); {
		if strings.TrimSpace(s[begin]) == "" {
			begin++
			continue
		}
		end := begin
		for end < len(s) && strings.TrimSpace(s[end]) != "" {
			end++
		}
		text := strings.Join(s[begin:end], " ")
		if legalTitle.MatchString(s[begin]) || legal(text) {
			if strings.TrimSpace(strings.Join(s[:begin], "")) != "" {
				return s[:begin]
			}
			return s
		}
		begin = end
	}
	return s
}

// maxLaw bytes of a paragraph are looked at.
const maxLaw = 3000

func legal(text string) bool {
	if len(text) < 90 {
		return false
	}
	text, groups := strings.ToValidUTF8(text[:min(len(text), maxLaw)], ""), 0
	for _, words := range legalWords {
		groups += boolInt(words.MatchString(text))
	}
	return groups >= 3
}
