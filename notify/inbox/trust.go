package inbox

import (
	"regexp"
	"strings"

	"neuvo/notify"
)

// ourFields begin so; whoever else writes one is not believed.
const ourFields = "x-neuvo-"

// withoutOurs drops the fields that only this program may write. They stay in the
// raw message.
func (h header) withoutOurs() header {
	var out header
	for _, f := range h {
		if !strings.HasPrefix(f.name, ourFields) {
			out = append(out, f)
		}
	}
	return out
}

// fromUs tells whether a message says that it comes from our domain, or from
// nobody, and bears our own header or one of our Message-IDs: what we sent and
// some mail system brought back. Colleagues who write from the same domain have
// Message-IDs of another shape.
func fromUs(h header, opt ParseOptions) bool {
	from, _ := sender(h)
	if opt.OwnDomain == "" || from != "" && !within(domainOf(from), opt.OwnDomain) {
		return false
	}
	if ownReference.MatchString(h.get(strings.ToLower(notify.OwnHeader))) {
		return true
	}
	local, domain, _ := strings.Cut(firstID(h.get("message-id")), "@")
	return ownID.MatchString(local) && strings.EqualFold(domain, opt.OwnDomain)
}

// within tells whether a domain is another or below it.
func within(domain, parent string) bool {
	parent = strings.ToLower(parent)
	return domain == parent || strings.HasSuffix(domain, "."+parent)
}

// severalAuthors is why a message is held that names several addresses in From:
// mail servers look at one of them only, and nobody knows at which.
const severalAuthors = "From holds several addresses"

// forged tells what is wrong with the address in From, "" where nothing is known to
// be: what our own mail server found, or that there is more than one. Of the
// Authentication-Results fields (RFC 8601) only the topmost counts, and only where
// it bears the configured server's name: whatever stands below came from outside
// (section 5).
func forged(h header, server string) string {
	if authors(h) > 1 {
		return severalAuthors
	}
	if server == "" {
		return ""
	}
	value := h.get("authentication-results")
	parts, whole := resultParts(value)
	name := strings.Fields(parts[0]) // a version may follow it
	if len(name) == 0 || !strings.EqualFold(name[0], server) {
		return ""
	}
	for _, result := range parts[1:] {
		method, rest, _ := strings.Cut(result, "=")
		method, _, _ = strings.Cut(strings.TrimSpace(method), "/")
		if strings.EqualFold(strings.TrimSpace(method), "dmarc") && firstWord(rest) == "fail" {
			return "dmarc=fail"
		}
	}
	// A bracket or quotation mark that the sender slipped in and nothing closes
	// swallows the rest.
	if !whole && anyFail.MatchString(value) {
		return "dmarc=fail"
	}
	return ""
}

var anyFail = regexp.MustCompile(`(?i)\bdmarc\s*=\s*fail\b`)

// resultParts cuts an Authentication-Results field at its semicolons, without its
// comments and with quoted strings emptied: the sender's own words stand in both,
// and must neither add a result nor hide one. whole is false where one of them is
// never closed.
func resultParts(value string) (parts []string, whole bool) {
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == ';':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(parts, b.String()), depth == 0 && !quoted
}
