package inbox

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"

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

// forged tells what our own mail server found wrong with the address in From, ""
// where it says nothing. Of the Authentication-Results fields (RFC 8601) only the
// topmost counts, and only where it bears the configured server's name: whatever
// stands below came from outside (section 5).
func forged(h header, server string) string {
	if server == "" {
		return ""
	}
	id, results, err := authres.Parse(h.get("authentication-results"))
	if err != nil || !strings.EqualFold(id, server) {
		return ""
	}
	for _, r := range results {
		if d, ok := r.(*authres.DMARCResult); ok && d.Value == authres.ResultFail {
			return "dmarc=fail"
		}
	}
	return ""
}
