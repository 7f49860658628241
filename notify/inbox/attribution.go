package inbox

import (
	"regexp"
	"strings"
)

// The words below are those of the mail programs in Finnish, Swedish, English,
// German, Estonian and Norwegian (and Danish where it is the same word).
const (
	wroteWords = `wrote|writes|kirjoitti|kirjoittanut|skrev|schrieb|geschrieben|kirjutas|a écrit|escribió|schreef|ha scritto|escreveu|napisała?|пишет|написал`

	fromWords    = `From|Lähettäjä|Keneltä|Från|Avsändare|Von|Saatja|Kellelt|Fra|Avsender`
	dateWords    = `Sent|Date|Lähetetty|Päivämäärä|Päiväys|Pvm|Skickat|Datum|Gesendet|Saadetud|Kuupäev|Sendt|Dato`
	toWords      = `To|Vastaanottaja|Vastaanottajat|Saaja|Kenelle|Till|Mottagare|An|Adressaat|Kellele|Til`
	subjectWords = `Subject|Aihe|Otsikko|Ämne|Rubrik|Betreff|Teema|Emne`
	copyWords    = `Cc|Bcc|Reply-To|Kopio|Kopia|Koopia|Kopi|Importance|Tärkeys|Prioritet|Priority|Attachments|Liitteet`
)

var (
	wrote = regexp.MustCompile(`(?i)(^|[\s)>,])(` + wroteWords + `)(\s.*|\s*):$`)
	// Clues that "… wrote … :" is a program's line and not a sentence.
	clueDate  = regexp.MustCompile(`\b\d{1,2}[./-]\s?\d{1,2}[./-]|\b(19|20)\d\d\b`)
	clueTime  = regexp.MustCompile(`\b\d{1,2}[:.]\d{2}\b`)
	clueMail  = regexp.MustCompile(`[<(\[]?\S+@\S+[>)\]]?`)
	opener    = regexp.MustCompile(`(?i)^\W{0,3}(on\s+(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d)|(ma|ti|ke|to|pe|la|su|maanantai\w*|tiistai\w*|keskiviikko\w*|torstai\w*|perjantai\w*|lauantai\w*|sunnuntai\w*)[.,]*\s+\d{1,2}|den\s+(\S+\s+)?\d|(mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn)\w*[.,]*\s+(den\s+)?\d|am\s+(\S+\s+)?(dem\s+)?\d|kuupäev|kontakt\s|\d{1,2}\.?\s*\S{3,12}\s+20\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|20\d\d-\d\d-\d\d)`)
	separator = regexp.MustCompile(`(?i)^\W{0,3}[-_=*‐–—]{2,}\s*(on\s.{10,200}\swrote|original message|original appointment|reply message|alkuperäinen viesti|vastausviesti|ursprungligt meddelande|originalmeddelande|ursprüngliche nachricht|originalnachricht|algne (teade|sõnum|kiri)|algsõnum|opprinnelig melding|oprindelig meddelelse)\s*([-_=*‐–—]*\s*:?|-{2,}.{0,400})$`)
	forward   = regexp.MustCompile(`(?i)^\W{0,3}([-_=*]{2,}\s*(forwarded message|välitetty viesti|edelleenlähetetty viesti|edelleen lähetetty viesti|vidarebefordrat (meddelande|mejl|brev|mail)|weitergeleitete nachricht|edastatud (kiri|sõnum|teade|kirjad)|videresendt (melding|e-post)|viderebragt meddelelse)\s*[-_=*]*|(begin forwarded message|välitetty viesti alkaa|edelleenlähetetty viesti alkaa|edelleenlähetetty viesti|vidarebefordrat brev|vidarebefordrat mejl|anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|edastatud kirja algus|start på videresendt melding|videresendt melding)\s*:)$`)

	fromLine    = blockField(fromWords)
	dateLine    = blockField(dateWords)
	toLine      = blockField(toWords)
	subjectLine = blockField(subjectWords)
	otherLine   = blockField(copyWords)

	// Some programs lose the line ends of the block.
	blockOnOneLine = regexp.MustCompile(`(?i)\s(` + dateWords + `)\s?:\s.*\s(` + subjectWords + `)\s?:\s`)

	answerSubject  = regexp.MustCompile(`(?i)^\s*(\[[^\]]{1,40}\]\s*)?(re|vs|sv|aw|antw|vast)\s*:`)
	forwardSubject = regexp.MustCompile(`(?i)^\s*(\[[^\]]{1,40}\]\s*)?(fwd?|vl|vb|wg|edasi|videresendt|välitetty|vidarebefordrat|weitergeleitet|edastatud)\s*:`)
	mobile         = regexp.MustCompile(`(?i)^\W{0,3}(sent (from|using|with|via) (my|outlook|yahoo|mail for|samsung|galaxy|gmail|proton|a mobile|the mobile|iphone|ipad|android|windows|spark|boomerang|aol)\b[^!?]{0,90}|sent from \S{1,20}( for \S{1,20})?|get (outlook|bluemail|the outlook)\b.{0,100}|lähetetty .{0,40}(iphone|ipad|puhelimes|samsung|galaxy|android|huawei|nokia|oneplus|outlook|windows|mobiili|laitteest|yahoo|gmail|sähköpost|tableti)\S*.{0,60}|hanki outlook.{0,100}|hae outlook.{0,100}|lataa outlook.{0,100}|skickat från .{0,90}|skickades från .{0,90}|(hämta|skaffa) outlook.{0,100}|(diese nachricht wurde )?von meinem .{0,90} gesendet\.?|gesendet (von|mit|über|aus) .{0,90}|(holen sie sich|hole dir|laden sie) outlook.{0,100}|outlook für (ios|android).{0,80}|saadetud (minu|mu|outlook|rakendusest|seadmest|telefonist|iphone|samsung|galaxy).{0,80}|(hankige|hangi) outlook.{0,100}|sendt fra (min|mitt|outlook|samsung|galaxy|yahoo|e-post).{0,80}|(skaff deg|hent|få) outlook.{0,100})$`)
	rule           = regexp.MustCompile(`^\s*[-_=*—]{5,}\s*$`)
)

func blockField(words string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)^[>\s*_|]*(?:` + words + `)[*_]*\s?:[*_]*(?:\s+(.*))?$`)
}

// maxProbe is how much of a line the patterns look at; attributions are
// shorter (RFC 5322 section 2.1.1 lines, wrapped).
const maxProbe = 500

func isForwardSeparator(s string) bool {
	return len(s) < maxProbe && forward.MatchString(strings.TrimSpace(s))
}

func isOriginalSeparator(s string) bool {
	return len(s) < maxProbe && separator.MatchString(strings.TrimSpace(s))
}

// attribution tells how many lines from i on are "NAME wrote on DATE:", 0 for
// none. Programs wrap it at about 76 columns, so up to four lines count as one.
// certain: it can stand over a quotation that is not marked with ">".
func attribution(lines []line, i int) (n int, certain bool) {
	last := -1
	for k := i; k < len(lines) && k < i+4; k++ {
		text := strings.TrimSpace(lines[k].text)
		if text == "" || len(text) > maxProbe || isQuoteLine(text) {
			break
		}
		if strings.HasSuffix(text, ":") {
			last = k
			break
		}
	}
	if last < 0 {
		return 0, false
	}
	first := strings.TrimSpace(lines[i].text)
	var joined strings.Builder
	for k := i; k <= last; k++ {
		joined.WriteString(strings.TrimSpace(lines[k].text))
		joined.WriteByte(' ')
	}
	text := strings.TrimSpace(joined.String())
	if len(text) > maxProbe || !wrote.MatchString(text) {
		return 0, false
	}
	mail, date, clock := clueMail.MatchString(text), clueDate.MatchString(text), clueTime.MatchString(text)
	if !mail && !date && !clock {
		return 0, false
	}
	starts := opener.MatchString(first)
	if last > i && !starts && !strings.Contains(first, "@") && !wroteWord.MatchString(first) {
		return 0, false
	}
	if !mail && (len(text) > 160 || sentenceEnd.MatchString(text)) {
		return last - i + 1, false
	}
	return last - i + 1, mail || (date && clock) || (starts && (date || clock))
}

// sentenceEnd is what prose has and an attribution has not; the abbreviations of
// weekdays and months have a number after their stop.
var sentenceEnd = regexp.MustCompile(`\p{Ll}{2}[.!?] \p{Lu}`)

var wroteWord = regexp.MustCompile(`(?i)(^|\s)(` + wroteWords + `)(\s|:|$)`)

// headerBlock tells whether the lines from i on are the From, Sent, To, Subject
// block that Outlook, Samsung and others put over the message they answer.
func headerBlock(lines []line, i int) bool {
	text := lines[i].text
	if len(text) > maxProbe || !strings.Contains(text, ":") || !fromLine.MatchString(text) {
		return false
	}
	if blockOnOneLine.MatchString(text) {
		return true
	}
	date, other := false, false
	fields := 0
	for k := i + 1; k < len(lines) && k < i+12 && fields < 8; k++ {
		text := lines[k].text
		switch {
		case strings.TrimSpace(text) == "" || len(text) > maxProbe:
			continue
		case dateLine.MatchString(text):
			date = true
		case toLine.MatchString(text), subjectLine.MatchString(text):
			other = true
		case otherLine.MatchString(text):
		}
		fields++
		if date && other {
			return true
		}
	}
	return false
}

// isQuoteLine tells a line that a mail program marked as quoted.
func isQuoteLine(text string) bool {
	text = strings.TrimLeft(text, " \t")
	if strings.HasPrefix(text, ">") {
		return !strings.HasPrefix(text, ">>>>>>>>>>>>") || len(text) > 12
	}
	// Some programs indent a quotation with a bar.
	return strings.HasPrefix(text, "| ")
}
