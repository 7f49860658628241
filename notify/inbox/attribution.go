package inbox

import (
	"regexp"
	"strings"
)

// The words below are those of the mail programs in Finnish, Swedish, English,
// German, Estonian and Norwegian (and Danish where it is the same word).
const (
	wroteWords = `wrote|writes|kirjoitti|kirjoittanut|skrev|schrieb|geschrieben|kirjutas|a écrit|escribió|schreef|ha scritto|escreveu|napisał\(?a?\)?|napsal\(?a?\)?|пишет|написала?|пише|rašė|parašė|rakstīja|yazdı|写道|quoting|zitat von|citerar|lainaus`

	fromWords    = `From|Lähettäjä|Keneltä|Från|Avsändare|Von|Absender|Saatja|Kellelt|Fra|Avsender|Afsender|De|Van|Da|Od|От`
	dateWords    = `Sent|Date|Lähetetty|Lähetysaika|Päivämäärä|Päiväys|Pvm|Skickat|Datum|Gesendet|Saadetud|Kuupäev|Sendt|Dato|Envoyé|Enviado|Fecha|Verzonden|Inviato|Data|Wysłano|Отправлено|Дата`
	toWords      = `To|Vastaanottaja|Vastaanottajat|Saaja|Kenelle|Till|Mottagare|An|Adressaat|Kellele|Til|Modtager|À|Para|Aan|Do|Кому`
	subjectWords = `Subject|Aihe|Otsikko|Ämne|Rubrik|Betreff|Teema|Emne|Objet|Asunto|Onderwerp|Oggetto|Temat|Тема`
	copyWords    = `Cc|Bcc|Reply-To|Kopio|Kopia|Koopia|Kopi|Importance|Tärkeys|Prioritet|Priority|Attachments|Liitteet|Bilagor|Anlagen|Vastausosoite|Svar till|Antwort an`
)

var (
	wrote = regexp.MustCompile(`(?i)(^|[\s)>,])(` + wroteWords + `)(\s.*|\s*):$`)
	// Clues that "… wrote … :" is a program's line and not a sentence.
	clueDate  = regexp.MustCompile(`\b\d{1,2}[./-]\s?\d{1,2}[./-]|\b(19|20)\d\d\b`)
	clueTime  = regexp.MustCompile(`\b\d{1,2}[:.]\d{2}\b`)
	clueMail  = regexp.MustCompile(`[<(\[]?\S+@\S+[>)\]]?`)
	clueAngle = regexp.MustCompile(`[<(\[]\s*(?:mailto:)?[^\s<>]+@[^\s<>]+\s*[>)\]]`)
	// startsOn is the beginning of "23 Nov 2026 10:02 NAME <ADDRESS>:", which has
	// no verb.
	startsOn = regexp.MustCompile(`(?i)^\W{0,3}(\pL{2,12}[.,]*\s+)?(\d{1,2}[.]?\s*\pL{3,12}[.,]*\s+20\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|20\d\d[-/.年]\s?\d{1,2}[-/.月]|\pL{3,12}\s+\d{1,2},?\s+20\d\d)`)
	toMe     = regexp.MustCompile(`(?i)\b(minulle|mulle|meille|to (me|us)|wrote me|till? (mig|oss|meg)|mig|oss|mir|uns|meile)\b`)
	// bareAttribution stands over a marked quotation only.
	bareAttribution = regexp.MustCompile(`(?i)^[^.!?:]{2,50}\s(wrote|kirjoitti|skrev|schrieb|kirjutas)\s?:$`)
	opener          = regexp.MustCompile(`(?i)^\W{0,3}(on\s+(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d)|(ma|ti|ke|to|pe|la|su|maanantai\w*|tiistai\w*|keskiviikko\w*|torstai\w*|perjantai\w*|lauantai\w*|sunnuntai\w*)[.,]*\s+\d{1,2}|den\s+(\S+\s+)?\d|(mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn)\w*[.,]*\s+(den\s+)?\d|am\s+(\S+\s+)?(dem\s+)?\d|kuupäev|kontakt\s|\d{1,2}\.?\s*\S{3,12}\s+20\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|20\d\d-\d\d-\d\d)`)
	separator       = regexp.MustCompile(`(?i)^\W{0,3}[-_=*‐–—]{2,}\s*(on\s.{10,200}\swrote|original message|original appointment|reply message|alkuperäinen viesti|vastausviesti|ursprungligt meddelande|originalmeddelande|ursprüngliche nachricht|originalnachricht|algne (teade|sõnum|kiri)|algsõnum|opprinnelig melding|oprindelig meddelelse)\s*([-_=*‐–—]*\s*:?|-{2,}.{0,400})$`)
	// Some telephones leave the dashes away; a block of fields must follow.
	bareWords = regexp.MustCompile(`(?i)^\s*(original message|alkuperäinen viesti|ursprungligt meddelande|ursprüngliche nachricht|algne (teade|sõnum|kiri)|opprinnelig melding|oprindelig meddelelse)\s*:?\s*$`)
	// runOn is an attribution with the older message on the same line.
	runOn   = regexp.MustCompile(`(?i)(?:^|\s)(?:on\s|den\s|am\s|le\s|el\s|il\s|op\s|\pL{2,12}[.,]*\s+\d{1,2}|\d{1,2}[./ ]).{6,120}?[<(]?[^\s<>()]+@[^\s<>()]+[>)]?,?\s(?:` + wroteWords + `)\s?:(?:\s|$)`)
	forward = regexp.MustCompile(`(?i)^\W{0,3}([-_=*]{2,}\s*(forwarded message|välitetty viesti|edelleenlähetetty viesti|edelleen lähetetty viesti|vidarebefordrat (meddelande|mejl|brev|mail)|weitergeleitete nachricht|edastatud (kiri|sõnum|teade|kirjad)|videresendt (melding|e-post|meddelelse|besked|mail)|message transféré|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|wiadomość przekazana|пересылаемое сообщение|viderebragt meddelelse)\s*[-_=*]*|(begin forwarded message|välitetty viesti alkaa|edelleenlähetetty viesti alkaa|edelleenlähetetty viesti|vidarebefordrat brev|vidarebefordrat mejl|anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|edastatud kirja algus|start på videresendt melding|videresendt melding)\s*:)$`)

	fromLine    = blockField(fromWords)
	dateLine    = blockField(dateWords)
	toLine      = blockField(toWords)
	subjectLine = blockField(subjectWords)
	otherLine   = blockField(copyWords)

	// Some programs lose the line ends of the block.
	blockOnOneLine = regexp.MustCompile(`(?i)\s(` + dateWords + `)\s?:\s.*\s(` + subjectWords + `)\s?:\s`)

	answerSubject  = regexp.MustCompile(`(?i)^\s*(\[[^\]]{1,40}\]\s*)?(re|vs|sv|aw|antw|vast)\s*:`)
	forwardSubject = regexp.MustCompile(`(?i)^\s*(\[[^\]]{1,40}\]\s*)?(fwd?|vl|vb|wg|edasi|videresendt|välitetty|vidarebefordrat|weitergeleitet|edastatud)\s*:`)
	mobile         = regexp.MustCompile(`(?i)^\W{0,3}(sent (from|using|with|via) \[?(the )?(my|outlook|yahoo|mail for|samsung|galaxy|gmail|proton|a mobile|the mobile|iphone|ipad|android|windows|spark|boomerang|aol|fairemail|k-9|edison|bluemail|mailbird|em client|tutanota|tuta|blackberry|nokia|huawei|xiaomi|oneplus|pixel|mailspring|superhuman|hey|fastmail|zoho|thunderbird)\b[^!?]{0,110}|sent from \S{1,20}( for \S{1,20})?|get (outlook|bluemail|the outlook)\b.{0,100}|lähetetty .{0,40}(iphone|ipad|puhelimes|samsung|galaxy|android|huawei|nokia|oneplus|outlook|windows|mobiili|laitteest|yahoo|gmail|sähköpost|tableti)\S*.{0,60}|hanki outlook.{0,100}|hae outlook.{0,100}|lataa outlook.{0,100}|skickat från .{0,90}|skickades från .{0,90}|(hämta|skaffa) outlook.{0,100}|(diese nachricht wurde )?von meinem .{0,90} gesendet\.?|gesendet (von|mit|über|aus) .{0,90}|(holen sie sich|hole dir|laden sie) outlook.{0,100}|outlook für (ios|android).{0,80}|saadetud (minu|mu|outlook|rakendusest|seadmest|telefonist|iphone|samsung|galaxy).{0,80}|(hankige|hangi) outlook.{0,100}|sendt fra (min|mitt|outlook|samsung|galaxy|yahoo|e-post).{0,80}|(skaff deg|hent|få|last ned) outlook.{0,100}|.{0,40}\boutlook\b.{0,40}<?https://aka\.ms/\S{1,40})$`)
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

// bareSeparator tells "Original Message" without dashes from a sentence: fields
// or a quotation follow it.
func bareSeparator(lines []line, i int) bool {
	if len(lines[i].text) > maxProbe || !bareWords.MatchString(lines[i].text) {
		return false
	}
	for k := i + 1; k < len(lines) && k < i+4; k++ {
		if strings.TrimSpace(lines[k].text) != "" {
			return headerBlock(lines, k) > 0 || isQuoteLine(lines[k].text) || fromLine.MatchString(lines[k].text)
		}
	}
	return false
}

func isOriginalSeparator(s string) bool {
	return len(s) < maxProbe && separator.MatchString(strings.TrimSpace(s))
}

// attribution tells how many lines from i on are "NAME wrote on DATE:", 0 for
// none. Programs wrap it at about 76 columns, so up to four lines count as one.
// certain: it can stand over a quotation that is not marked with ">".
func attribution(lines []line, i int) (n int, certain bool) {
	var joined strings.Builder
	for k := i; k < len(lines) && k < i+4; k++ {
		text := strings.TrimSpace(lines[k].text)
		if text == "" || len(text) > maxProbe || isQuoteLine(text) {
			return 0, false
		}
		joined.WriteString(text)
		colon := strings.HasSuffix(text, ":")
		// Where the colon is missing, only a marked quotation proves what it is.
		if colon || quoteFollows(lines, k+1) {
			whole := joined.String()
			if !colon {
				whole += ":"
			}
			certain, ok := attributes(whole, strings.TrimSpace(lines[i].text), k > i)
			if !ok {
				return 0, false
			}
			return k - i + 1, certain && colon
		}
		joined.WriteByte(' ')
	}
	return 0, false
}

// attributes tells whether a text is an attribution; first is its first line,
// where it has several.
func attributes(text, first string, several bool) (certain, ok bool) {
	if len(text) > maxProbe {
		return false, false
	}
	if toMe.MatchString(text) {
		return false, false // "Pekka wrote to me on …": a person tells it
	}
	mail, date, clock := clueMail.MatchString(text), clueDate.MatchString(text), clueTime.MatchString(text)
	if !wrote.MatchString(text) {
		// "23 Nov 2026 10:02 Liisa <liisa@example.com>:" does without a verb, and
		// so do programs in languages that are not listed here.
		ok = clock && date && clueAngle.MatchString(text)
		return ok && startsOn.MatchString(text), ok
	}
	if !mail && !date && !clock {
		return false, bareAttribution.MatchString(text)
	}
	starts := opener.MatchString(first)
	if several && !starts && !strings.Contains(first, "@") && !wroteWord.MatchString(first) && !(clueDate.MatchString(first) && clueTime.MatchString(first)) {
		return false, false
	}
	if !mail && (len(text) > 160 || sentenceEnd.MatchString(text)) {
		return false, true
	}
	return mail || (date && clock) || (starts && (date || clock)), true
}

// runsOn gives what stands before an attribution that shares its line with the
// message it is about, as some telephones and converters write it.
func runsOn(text string) (before string, ok bool) {
	if !strings.Contains(text, "@") || !strings.Contains(text, ":") {
		return "", false
	}
	if len(text) > maxProbe {
		text = strings.ToValidUTF8(text[:maxProbe], "")
	}
	at := runOn.FindStringIndex(text)
	if at == nil || !clueTime.MatchString(text[at[0]:at[1]]) {
		return "", false
	}
	return strings.TrimSpace(text[:at[0]]), true
}

// sentenceEnd is what prose has and an attribution has not; the abbreviations of
// weekdays and months have a number after their stop.
var sentenceEnd = regexp.MustCompile(`\p{Ll}{2}[.!?] \p{Lu}`)

var wroteWord = regexp.MustCompile(`(?i)(^|\s)(` + wroteWords + `)(\s|:|$)`)

// headerBlock tells how many lines from i on are the From, Sent, To, Subject
// block that Outlook, Samsung and others put over the message they answer, 0
// where there is none. Most begin with the sender, some with the date.
func headerBlock(lines []line, i int) int {
	text := lines[i].text
	if len(text) > maxProbe || !strings.Contains(text, ":") {
		return 0
	}
	from, date := fromLine.MatchString(text), dateLine.MatchString(text)
	if !from && !date && !subjectLine.MatchString(text) {
		return 0
	}
	if from && blockOnOneLine.MatchString(text) {
		return 1
	}
	var to, subject, address bool
	end, gap := i, false
	for k, fields := i, 0; k < len(lines) && k < i+14 && fields < 9; k++ {
		text := lines[k].text
		if strings.TrimSpace(text) == "" {
			gap = true
			continue
		}
		switch {
		case len(text) > maxProbe:
			continue
		case fromLine.MatchString(text):
			from = true
		case dateLine.MatchString(text):
			date = true
		case toLine.MatchString(text):
			to = true
		case subjectLine.MatchString(text):
			subject = true
		case otherLine.MatchString(text):
		case gap && from && date:
			k = len(lines) // an empty line and then no field: the block is over
			continue
		default: // a long list of recipients goes on
			fields++
			continue
		}
		gap = false
		address = address || strings.Contains(text, "@")
		end = k
		fields++
	}
	first := fromLine.MatchString(lines[i].text)
	if from && date && (to || subject) && (first || address) || from && subject && to && address {
		return end - i + 1
	}
	return 0
}

// initials of the one who is quoted stand before the mark in some programs.
var initials = regexp.MustCompile(`^\p{Lu}{2,3}> `)

// isQuoteLine tells a line that a mail program marked as quoted.
func isQuoteLine(text string) bool {
	text = strings.TrimLeft(text, " \t")
	if strings.HasPrefix(text, ">") {
		return !strings.HasPrefix(text, ">>>>>>>>>>>>") || len(text) > 12
	}
	// Some programs indent a quotation with a bar.
	return strings.HasPrefix(text, "| ") || initials.MatchString(text)
}
