package demo

import (
	"net/mail"
	"strings"
)

// Number writes a phone number as the phones are listed: "+" and digits.
// "00" is the international prefix; a single leading 0 is read as Finnish,
// which is what the demo workshop's customers type. "" for what is no number.
func Number(raw string) string {
	var digits strings.Builder
	for i, r := range strings.TrimSpace(raw) {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && i == 0, r == ' ', r == '-', r == '(', r == ')':
		default:
			return ""
		}
	}
	n := digits.String()
	switch {
	case strings.HasPrefix(strings.TrimSpace(raw), "+"):
	case strings.HasPrefix(n, "00"):
		n = n[2:]
	case strings.HasPrefix(n, "0"):
		n = "358" + n[1:]
	}
	// E.164 has at most 15 digits; fewer than 5 are short codes, not phones.
	if len(n) < 5 || len(n) > 15 {
		return ""
	}
	return "+" + n
}

// Mailbox writes an e-mail address as the mailboxes are listed: lower-cased,
// without a name. "" for what is no address.
func Mailbox(raw string) string {
	a, err := mail.ParseAddress(strings.TrimSpace(raw))
	if err != nil {
		return ""
	}
	return strings.ToLower(a.Address)
}

// domainOf is what stands after the @.
func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// localOf is what stands before the @.
func localOf(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return address[:i]
	}
	return address
}
