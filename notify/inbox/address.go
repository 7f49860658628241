package inbox

import (
	"cmp"
	"mime"
	"net/mail"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"neuvo/notify"
)

// maxRecipients and maxReferences bound what one message can make us look up.
const (
	maxRecipients = 200
	maxReferences = 200
)

var (
	looseAddress = regexp.MustCompile(`[^\x00-\x20\x7f\x{FFFD}<>"',;:()\[\]\\]+@[^\x00-\x20\x7f\x{FFFD}<>"',;:()\[\]\\]+`)
	angleAddress = regexp.MustCompile(`<\s*([^\s<>"]+@[^\s<>"]+?)\s*>`)
	messageID    = regexp.MustCompile(`<([^<>]{1,998})>`)
	gatewayLocal = regexp.MustCompile(`^\+?[0-9]{5,15}$`)
)

// addresses reads an address list. What RFC 5322 forbids and people send (a
// comma in an unquoted name, a missing bracket) is searched for addresses.
func addresses(value string) []mail.Address {
	if value == "" {
		return nil
	}
	value = oneLine(decodeCharset("", []byte(value))) // encoded words are still closed
	parser := mail.AddressParser{WordDecoder: &mime.WordDecoder{}}
	if list, err := parser.ParseList(value); err == nil {
		out := make([]mail.Address, 0, len(list))
		for _, a := range list {
			out = append(out, mail.Address{Name: decodeHeader(a.Name), Address: a.Address})
		}
		return out
	}
	// A name that needs another charset makes the strict reader refuse: read the
	// addresses from the undecoded text, where no encoded word can fake one.
	var out []mail.Address
	if found := angleAddress.FindAllStringSubmatchIndex(value, maxRecipients); found != nil {
		last := 0
		for _, m := range found {
			name := decodeHeader(strings.Trim(value[last:m[0]], " \t,;\"'"))
			out = append(out, mail.Address{Name: strings.Trim(name, `"`), Address: value[m[2]:m[3]]})
			last = m[1]
		}
		return out
	}
	for _, a := range looseAddress.FindAllString(value, maxRecipients) {
		out = append(out, mail.Address{Address: strings.Trim(a, ".")})
	}
	return out
}

// recipientHeaders in the order of trust: what the last mail server added says
// more than what the sender wrote.
var recipientHeaders = []string{
	"Delivered-To", "X-Original-To", "X-Forwarded-To", "Envelope-To", "X-Envelope-To", "To", "Cc",
}

func recipients(h header) []notify.Recipient {
	var out []notify.Recipient
	seen := map[notify.Recipient]bool{}
	for _, name := range recipientHeaders {
		for _, value := range h.all(strings.ToLower(name)) {
			for _, a := range addresses(value) {
				r := notify.Recipient{Header: name, Address: a.Address}
				if !seen[r] && len(out) < maxRecipients {
					seen[r] = true
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// author is who the From field says wrote the message, in lower case, and a name
// for people. Nothing stands in for a missing From: no mail server vouches for
// what Sender or Reply-To hold (RFC 7489 section 3.1).
func author(h header) (address, name string) {
	for _, value := range h.all("from") {
		if list := addresses(value); len(list) > 0 {
			return strings.ToLower(list[0].Address), list[0].Name
		}
	}
	address, name = sender(h)
	return "", cmp.Or(name, address)
}

// authors tells how many different addresses the From fields hold.
func authors(h header) int {
	seen := map[string]bool{}
	for _, value := range h.all("from") {
		for _, a := range addresses(value) {
			seen[strings.ToLower(a.Address)] = true
		}
	}
	return len(seen)
}

// sender is author with Sender in place of a missing From: enough to tell a
// machine by, never to tell a customer by.
func sender(h header) (address, name string) {
	for _, field := range []string{"from", "sender"} {
		for _, value := range h.all(field) {
			if list := addresses(value); len(list) > 0 {
				return strings.ToLower(list[0].Address), list[0].Name
			}
		}
	}
	return "", ""
}

// gatewayNumber tells whether an address is NUMBER@domain of the e-mail-to-SMS
// gateway, and gives the number in E.164. A number without a country code is
// read in country; where that is not set it is given as it stands.
func gatewayNumber(address, domain, country string) (string, bool) {
	local, host, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok || domain == "" || host != strings.ToLower(strings.TrimSuffix(domain, ".")) || !gatewayLocal.MatchString(local) {
		return "", false
	}
	switch {
	case strings.HasPrefix(local, "+"):
		return local, true
	case strings.HasPrefix(local, "00"):
		return "+" + local[2:], true
	case strings.HasPrefix(local, "0") && country != "":
		if n, err := phonenumbers.Parse(local, country); err == nil && phonenumbers.IsPossibleNumber(n) {
			return phonenumbers.Format(n, phonenumbers.E164), true
		}
		return local, true
	case strings.HasPrefix(local, "0"):
		return local, true
	}
	return "+" + local, true
}

// ids reads Message-IDs: what stands in angle brackets, blanks from folding
// taken out, whatever is between them (commas too); without any brackets the
// words with an "@".
func ids(value string) []string {
	value = clean(value)
	var out []string
	seen := map[string]bool{}
	add := func(id string) {
		id = strings.Join(strings.Fields(id), "")
		if id != "" && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	if found := messageID.FindAllStringSubmatch(value, -1); found != nil {
		for _, m := range found {
			add(m[1])
		}
	} else {
		for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(" \t,;<>\"()", r) }) {
			if strings.Contains(word, "@") {
				add(word)
			}
		}
	}
	// The newest stand last; they are the ones worth keeping.
	return out[max(0, len(out)-maxReferences):]
}

func firstID(value string) string {
	if list := ids(value); len(list) > 0 {
		return list[0]
	}
	return ""
}

// domainOf gives the right side of an address or Message-ID, in lower case.
func domainOf(id string) string {
	return strings.ToLower(id[strings.LastIndexByte(id, '@')+1:])
}
