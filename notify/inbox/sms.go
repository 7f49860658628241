package inbox

import (
	"regexp"
	"strings"
)

// What e-mail-to-SMS gateways put around a text (English, Finnish, Swedish).
var (
	smsField    = regexp.MustCompile(`(?i)^\s*(sender|from|number|phone|to|recipient|date|time|received|sent|lähettäjä|numero|puhelin|vastaanottaja|päiväys|päivämäärä|pvm|aika|saapunut|vastaanotettu|lähetetty|avsändare|från|nummer|telefon|till|mottagare|datum|tid|mottaget|skickat)\s*:\s*(.*)$`)
	smsText     = regexp.MustCompile(`(?i)^\s*(text|message|body|sms|viesti|teksti|meddelande|innehåll)\s*:\s*(.*)$`)
	smsOriginal = regexp.MustCompile(`(?i)^[\s>]*[-_=*]*\s*(your |the )?(original message|original text|original sms|in reply to|alkuperäinen viesti|vastaus viestiin|alkuperäinen tekstiviesti|ursprungligt meddelande|originalmeddelande|ursprungligt sms|svar på)\b.{0,80}$`)
	smsNumber   = regexp.MustCompile(`\+?\d[\d \-]{5,}`)
	numberOrDay = regexp.MustCompile(`\d{4}|\d{1,2}[.:]\d{2}`)
)

// unwrapSMS gives the text that the person typed out of what a gateway made of
// it: fields of sender and date around it and the message it answers below. A
// text that only looks a little like that is left alone.
func unwrapSMS(text string) string {
	lines := strings.Split(text, "\n")
	start, fields, number := 0, 0, false
	for start < len(lines) {
		l := strings.TrimSpace(lines[start])
		if m := smsField.FindStringSubmatch(l); m != nil && numberOrDay.MatchString(m[2]) {
			fields++
			number = number || smsNumber.MatchString(m[2])
		} else if l != "" {
			break
		}
		start++
	}
	if fields < 2 && !number {
		start, fields = 0, 0
	}
	body := append([]string(nil), lines[start:]...)
	if fields > 0 && len(body) > 0 {
		if m := smsText.FindStringSubmatch(body[0]); m != nil {
			body[0] = m[2]
		}
	}
	for i, l := range body {
		if smsOriginal.MatchString(l) && strings.TrimSpace(strings.Join(body[:i], "")) != "" {
			body = body[:i]
			break
		}
	}
	body = withoutTrailer(withoutQuoted(body))
	if out := strings.TrimSpace(paragraph(body)); out != "" {
		return out
	}
	return strings.TrimSpace(text)
}

// withoutQuoted takes what is marked as quoted off the end.
func withoutQuoted(body []string) []string {
	end := len(body)
	for end > 0 && (strings.TrimSpace(body[end-1]) == "" || strings.HasPrefix(strings.TrimSpace(body[end-1]), ">")) {
		end--
	}
	if end == 0 {
		return body
	}
	return body[:end]
}

// withoutTrailer takes sender and date off where a gateway puts them below;
// one of them must be a number, or it is the customer who writes "Time: 10:30".
func withoutTrailer(body []string) []string {
	for i, l := range body {
		if i > 0 && strings.TrimRight(l, " ") == "--" {
			body = body[:i]
			break
		}
	}
	end, number := len(body), false
	for end > 0 {
		l := strings.TrimSpace(body[end-1])
		m := smsField.FindStringSubmatch(l)
		if l != "" && !rule.MatchString(l) && (m == nil || !numberOrDay.MatchString(m[2])) {
			break
		}
		number = number || (m != nil && smsNumber.MatchString(m[2]))
		end--
	}
	if number {
		return body[:end]
	}
	return body
}
